"""How records are compared: stages, thresholds, blocking and assignment, as the protocol says them.

Rules kept here:

- A stage is told apart by its key `stage`, a blocking by its `method`; each has its own keys and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Discriminator, Field, Tag

from linkage.protocol.base import Model, Slug

OPRF_SUITES: Final[Mapping[str, str]] = MappingProxyType(
    {"oprf-p256-sha256": "P256-SHA256", "oprf-ristretto255-sha512": "ristretto255-SHA512"}
)
"""Tokens by oblivious PRF, and their suites (RFC 9497 section 4)."""


class Exact(Model):
    """Rows whose token of this field is equal are linked."""

    stage: Literal["exact"]
    field: Slug
    token: Literal["oprf-p256-sha256", "oprf-ristretto255-sha512", "hmac-sha256"]
    """``oprf-...``: an oblivious PRF of the key-holders, joined under the linkage secret (docs/spec/exact-tokens.md).
    ``hmac-sha256``: the keyed hash, the weak mode: whoever holds the linkage secret and the tokens can try every
    BSN."""
    check: Literal["dleq", "canary"] | None = None
    """How a custodian checks a key-holder's answer, for ``oprf-...`` and only there. ``dleq``: a proof over every row.
    ``canary``: 64 rows of known answer among them; next to no work, and a few wrong answers may go unseen."""
    rounds: Annotated[int, Field(ge=1, le=100)] | None = None
    """How many times its quota of rows a custodian may ask of each key-holder in this linkage, for ``oprf-...`` and
    only there. One is used up by every `linkage tokenise` of a new export."""
    agree: Slug | None = None
    """A second field that must be equal too, where both rows have it: a valid number may be another person's."""

    @property
    def oprf_suite(self) -> str | None:
        """Name of the suite in RFC 9497; None for the keyed hash."""
        return OPRF_SUITES.get(self.token)

    @property
    def second(self) -> str | None:
        """Name of the token that says whether number and second field agree."""
        return f"{self.field}.{self.agree}" if self.agree else None


class Aim(Model):
    """A threshold that the unit chooses for every run (docs/spec/matching.md)."""

    aim: Literal["balance", "precision"]
    """``balance``: the best expected F1, as many missed as wrong links about. ``precision``: the lowest threshold at
    which the expected share of right links is at least `at_least`."""
    at_least: Annotated[float, Field(ge=0.5, le=0.9999)] | None = None
    """For ``precision``, and only there."""


def _sort_of_threshold(value: object) -> str:
    return "aimed" if isinstance(value, dict | Aim) else "fixed"  # no key of the file: `load` finds places by them


Threshold = Annotated[
    Annotated[float, Field(gt=0, le=1), Tag("fixed")] | Annotated[Aim, Tag("aimed")], Discriminator(_sort_of_threshold)
]


class Fuzzy(Model):
    """Rows still unlinked are linked when their filters are alike enough."""

    stage: Literal["fuzzy"]
    similarity: Literal["dice", "tversky", "agreement"]
    """``dice`` or ``tversky`` for the profile clk, ``agreement`` (share of equal bits) for hardened."""
    larger_weight: Annotated[float, Field(ge=0.05, le=0.5)] | None = None
    """For ``tversky``, and only there: what evidence weighs that only the fuller record has, an initial against all
    given names, one surname against two. The other record's weighs the rest; 0.5 is Dice."""
    threshold: Threshold
    """Fixed, or what the unit is to aim at when it chooses one from the scores, without knowing who is who."""
    never_when_different: tuple[Slug, ...]
    """Exact fields: two rows that both have a token of it, and not the same, are never linked here."""


Stage = Annotated[Exact | Fuzzy, Field(discriminator="stage")]


class AllPairs(Model):
    """Every row of one side is compared with every row of the other: nothing is missed."""

    method: Literal["all-pairs"]


class SampledBits(Model):
    """Rows are compared that agree in some of the bits of their filters, drawn at random for every run."""

    method: Literal["sampled-bits"]
    target_recall: Annotated[float, Field(ge=0.9, le=0.9999)]
    """Share of the pairs at or above the threshold that must be found, were they all exactly at the threshold."""
    all_pairs_up_to: Annotated[int, Field(ge=0, le=10**15)]
    """Up to this many comparisons all pairs are compared all the same; 10^12 take some ten minutes on two cores."""


Blocking = Annotated[AllPairs | SampledBits, Field(discriminator="method")]


class Matching(Model):
    """Stages in order; a row linked in one stage does not enter the next."""

    stages: tuple[Stage, ...] = Field(min_length=1)
    blocking: Blocking
    """Which rows the fuzzy stages compare."""
    assignment: Literal["one-to-one", "one-to-one-optimal", "many-to-one", "many-to-many"]
    """How pairs become links (docs/spec/matching.md). One-to-one: the best pair first, or the largest sum of scores; a
    person has one row per custodian. Many-to-one, for two custodians: every row of the first its best row of the
    second, which may serve several. Many-to-many: every pair; a person may have several rows at any custodian."""
