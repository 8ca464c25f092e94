"""Who takes part, in which role, on which ground, and with which of its rows.

Rules kept here:

- Every direction of disclosure has a basis of its own; the tool checks its form, never its truth.
- A condition of the cohort says what an empty cell means.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from linkage.protocol.base import HIGHEST_COUNT, Day, Fingerprint, Line, Model, Slug

Role = Literal["custodian", "key-holder", "linkage-unit", "recipient", "approver"]


class Decision(Model):
    """A law, and who decided when that it applies."""

    law: Line
    decided_by: Line
    """Name of the function, not of a person."""
    decided_on: Day


class Basis(Model):
    """A legal basis as declared; the tool checks its form, never its truth."""

    article: Literal["6(1)(a)", "6(1)(b)", "6(1)(c)", "6(1)(d)", "6(1)(e)", "6(1)(f)"]
    """GDPR article."""
    law: Line | None
    """The law that GDPR art. 6(3) demands for (c) and (e)."""
    decided_by: Line
    decided_on: Day


class Disclosure(Model):
    """One direction of disclosure: the same overlap told to another party is another disclosure."""

    to: Slug
    what: Literal["tokens", "counts", "rows"]
    """Tokens to the linkage unit, counts to recipients; rows, in mode recontact: a relation holder's own, back to it,
    or on from it to who takes the persons over."""
    basis: Basis


class Number(Model):
    """An organisation's official number."""

    scheme: Literal["BRIN", "OIN", "KvK"]
    value: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{4,20}$")]


class Condition(Model):
    """One test a row must pass to be in the cohort; exactly one of the tests is given."""

    field: Slug
    one_of: tuple[str, ...] | None = None
    on_or_after: Day | Literal["reference-date"] | None = None
    on_or_before: Day | Literal["reference-date"] | None = None
    age_from: Annotated[int, Field(ge=0, le=120)] | None = None
    """Years completed on the reference date. An unknown day or month counts as the last one possible."""
    age_to: Annotated[int, Field(ge=0, le=120)] | None = None
    when_missing: Literal["in", "out"]
    """What an empty cell means for this test."""


class RowBasis(Model):
    """Which field says what of a person, for the table of legal bases that are possible (docs/spec/consent.md)."""

    table: Literal["nl-1"]
    """Name of the table that comes with linkage; a later law is a later table or a later line in it."""
    role: Literal["school", "doorstroompunt", "college", "uwv"]
    """What the party is under the law."""
    level: Slug | None
    """Highest diploma: 0 for none, 1 or ``entree``, to 4."""
    path: Slug | None
    """Learning path: bol or bbl."""
    diploma: Slug | None
    """Day of the diploma."""
    born: Slug | None
    enrolled: Slug | None
    """Whether the person is at school now: ja or nee, yes or no."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are named."""
        named = (self.level, self.path, self.diploma, self.born, self.enrolled)
        return tuple(dict.fromkeys(name for name in named if name))


class Party(Model):
    """An organisation in one legal role."""

    id: Slug
    name: Line
    number: Number
    public_authority: bool
    roles: tuple[Role, ...] = Field(min_length=1)
    legal_role: Literal["controller", "joint-controller", "processor", "recipient"]
    legal_task: Line
    card: Fingerprint | None
    """Fingerprint of its key card; null until `linkage protocol new --card` fills it in."""
    discloses: tuple[Disclosure, ...]
    bsn_basis: Decision | None
    """The law under which this party may use the BSN here (UAVG art. 46)."""
    consent: Literal["required", "not-required"]
    """Consent of the person, GDPR art. 6(1)(a) and 7."""
    quota: Annotated[int, Field(ge=1, le=HIGHEST_COUNT)] | None
    """Most rows that one package of a custodian may hold, so most people it can ask about at a time by making rows up;
    null for a party that is no custodian."""
    cohort: tuple[Condition, ...]
    """Which of its rows may take part; empty for a party that sends none."""
    agreement: Literal["required", "not-required"] | None = None
    """Agreement of the person to be handed over (instemming, WEB art. 9.2.13(2)), which is not consent."""
    row_basis: RowBasis | None = None
    """Keeps rows here for which no declared basis is possible under the dated table; without it none is looked up."""
