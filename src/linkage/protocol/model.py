"""The protocol: everything that was agreed, as one frozen value.

Rules kept here:

- Every key is spelt out in the file; nothing that shapes a bit, a link or a cell has a default.
- Unknown keys are refused. Dates stay text as written (ISO 8601, yyyy-mm-dd).
- `Protocol.digest` is SHA-256 over the RFC 8785 bytes of the model, so comments and layout may change and
  nothing else may. Two parties hold the same protocol exactly when their digests are equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PrivateAttr, StringConstraints

from linkage import canonical
from linkage.errors import InputError
from linkage.protocol.base import Day, Duration, Line, Model, One, Slug, Text
from linkage.protocol.fields import FieldSpec
from linkage.protocol.made import Running
from linkage.protocol.outputs import Output, Partition, Recontact, Split, Table
from linkage.protocol.parties import Party, Role
from linkage.protocol.profiles import Encoding
from linkage.protocol.stages import Exact, Matching

if TYPE_CHECKING:
    from linkage.tables import Layout

NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})


class Period(Model):
    """From the first day up to and including the last."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="until")


class Purpose(Model):
    """Why this linkage is done (GDPR art. 5(1)(b))."""

    text: Text
    dpv: Annotated[str, StringConstraints(pattern=r"^https://w3id\.org/dpv[/#][A-Za-z0-9_/#.-]+$")]
    """IRI in the W3C Data Privacy Vocabulary."""
    original: Line
    """What the data were collected for."""
    compatibility: Literal["statistics", "same-purpose", "consent", "law"]
    """Why the further use is compatible (GDPR art. 5(1)(b), 6(4), 89(1))."""


class Waves(Model):
    """The later reference dates of a monitor that follows a cohort; each is a linkage of its own under one protocol."""

    dates: tuple[Day, ...] = Field(min_length=1, max_length=24)
    """Reference dates after the first, in order. A wave begins on its reference date and ends where the next begins."""
    tokens: Literal["new", "kept"]
    """Whether tokens are made anew in every wave, so that nobody is followed from one to the next, or are kept."""
    kept_until: Day | None
    """Last day on which a wave with the kept tokens may begin; later ones get new tokens. Null where all are new."""


class Retention(Model):
    """When what goes (GDPR art. 5(1)(e))."""

    packages: Duration
    results: Duration
    ledger: Duration
    secret_destroyed_on: Day


class Dpia(Model):
    """Data protection impact assessment (GDPR art. 35)."""

    reference: Line
    outcome: Literal["acceptable", "acceptable-with-measures", "not-acceptable", "not-done"]
    advised_by: Line
    advised_on: Day


class Notice(Model):
    """The privacy notice that names this linkage and its linkage unit (GDPR art. 13, 14)."""

    version: Line
    url: Line


class Contact(Model):
    """Whom to ask."""

    name: Line
    email: Line


class Protocol(Model):
    """What was agreed. Load one with `linkage.protocol.load`; never change one: make a new version."""

    linkage: One
    """Version of this format."""
    id: Slug
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)?$")]
    title: Text
    valid: Period
    purpose: Purpose
    mode: Literal["statistics", "recontact"]
    """Counts only, and no row and no handle ever comes back; or rows that one relation holder gets back of its own, and
    no counts. Never both, never changed."""
    reference_date: Day
    """The day (peildatum) on which consent, age and benefit are judged; consent must still hold on the day of use."""
    waves: Waves | None = None
    parties: tuple[Party, ...] = Field(min_length=2)
    fields: tuple[FieldSpec, ...] = Field(min_length=1)
    encoding: Encoding
    matching: Matching
    outputs: tuple[Output, ...] = Field(min_length=1)
    retention: Retention
    dpia: Dpia
    notice: Notice
    contact: Contact

    _agreed: Protocol | None = PrivateAttr(default=None)

    @cached_property
    def digest(self) -> str:
        """``sha256:<hex>`` over the RFC 8785 bytes of the protocol; keys that are null are left out."""
        if self._agreed is not None:
            return self._agreed.digest
        return canonical.digest(self.model_dump(mode="json", by_alias=True, exclude_none=True))

    @property
    def reference_dates(self) -> tuple[str, ...]:
        """The reference date of every wave, in order; one where there are no waves."""
        first = self._agreed.reference_date if self._agreed is not None else self.reference_date
        return (first, *(self.waves.dates if self.waves else ()))

    def in_wave(self, day: str) -> Protocol:
        """What was agreed, for the wave that a day lies in: with that wave's reference date, and the digest of the
        whole. Before the first reference date it is the first wave already, so that all can be made ready."""
        agreed = self._agreed or self
        began = [date for date in agreed.reference_dates if date <= day]
        if len(began) < 2:
            return agreed
        wave = agreed.model_copy(update={"reference_date": began[-1]})
        wave.__dict__.pop("digest", None)
        object.__setattr__(wave, "__pydantic_private__", {"_agreed": agreed})
        return wave

    @property
    def wave(self) -> dict[str, str]:
        """``{"wave": reference date}`` for headers and ledger where there are waves; nothing where there are none."""
        return {"wave": self.reference_date} if self.waves else {}

    @property
    def token_scope(self) -> str:
        """What tokens and filters are made for: ``sha256:<hex>``, equal wherever they can be compared. That of the
        protocol, or for a later wave with new tokens one of its own."""
        if self.waves is None or self.reference_date == self.reference_dates[0]:
            return self.digest
        if self.waves.kept_until is not None and self.reference_date <= self.waves.kept_until:
            return self.digest
        return canonical.digest({"protocol": self.digest, "wave": self.reference_date})

    def party(self, party_id: str) -> Party:
        """The party of that id.

        Raises:
            InputError: the protocol names no such party.
        """
        for party in self.parties:
            if party.id == party_id:
                return party
        raise InputError(
            f"protocol {self.id} names no party '{party_id}'; it has {', '.join(self.party_ids)}", where=party_id
        )

    @property
    def party_ids(self) -> tuple[str, ...]:
        """All party ids, in the order of the file."""
        return tuple(party.id for party in self.parties)

    def with_role(self, role: Role) -> tuple[Party, ...]:
        """The parties that have a role, in the order of the file."""
        return tuple(party for party in self.parties if role in party.roles)

    @property
    def unit(self) -> Party:
        """The linkage unit; `linkage.protocol.load` has checked that there is exactly one."""
        return self.with_role("linkage-unit")[0]

    @property
    def custodians(self) -> tuple[Party, ...]:
        """The parties that send records."""
        return self.with_role("custodian")

    @property
    def tables(self) -> tuple[Table, ...]:
        """The outputs that are counts."""
        return tuple(output for output in self.outputs if isinstance(output, Table))

    @property
    def lists(self) -> tuple[Recontact, ...]:
        """The outputs that are lists of rows; none in mode statistics."""
        return tuple(o for o in self.outputs if isinstance(o, Recontact)) if self.mode == "recontact" else ()

    @property
    def relation_holders(self) -> tuple[str, ...]:
        """The custodians that get rows of their own back."""
        return tuple(dict.fromkeys(party for output in self.lists for party in output.of))

    def axes(self, output: Table, names: Mapping[str, tuple[str, ...]] = NOTHING) -> dict[str, tuple[str, ...]]:
        """What a table is split by beside its categories: name of the split to its states.

        Args:
            output: the table.
            names: what to call the categories of a field, where that is something else than `FieldSpec.codes`.
        """
        if not isinstance(output, Partition):
            return {}
        return {split.name: split.values(self.told(split, names)) for split in output.splits}

    def told(self, split: Split, names: Mapping[str, tuple[str, ...]] = NOTHING) -> dict[str, tuple[str, ...]]:
        """Per thing sought the values that those who are found are told apart by, where there are any; see `axes`."""
        apart = {one.name: one.field for one in split.sought if one.field and not one.only}
        return {name: names.get(field) or self.field(field).codes for name, field in apart.items()}

    def values(self, output: Table, name: str, names: Mapping[str, tuple[str, ...]] = NOTHING) -> tuple[str, ...]:
        """The values of a column of a table, a category field or a split, as the linkage unit writes them; or with
        other names for the categories of some fields, see `axes`."""
        axes = self.axes(output, names)
        return axes[name] if name in axes else names.get(name) or self.field(name).codes

    def blinded(self, output: Table) -> dict[str, tuple[str, ...]]:
        """The fields sent blinded that a table may tell persons apart by: each with the custodians that send it."""
        pooled = [name for table in (output.pool.tables if output.pool else ()) for name in table]
        found = dict.fromkeys([*output.by, *pooled], output.of)
        for split in getattr(output, "splits", ()):
            found |= {one.field: one.at for one in split.sought if one.field and one.field not in found}
        return {name: parties for name, parties in found.items() if self.field(name).send == "blinded"}

    def moments(self, output: Table) -> dict[str, str]:
        """The day that the states of each split are of: the one that its categories are made for, or the reference date
        of its wave."""
        if not isinstance(output, Partition):
            return {}
        dates = self.reference_dates
        before = dates[max(dates.index(self.reference_date) - 1, 0)]
        found = {}
        for split in output.splits:
            made = [self.field(one.field).made for one in split.sought if one.field]
            days = {one.on for one in made if isinstance(one, Running)} - {"reference-date"}
            usual = before if split.wave == "previous" else self.reference_date
            found[split.name] = days.pop() if len(days) == 1 else usual
        return found

    def of_this_wave(self, output: Partition, split: Split) -> tuple[Partition, Split]:
        """Where the states of a split of the previous wave were counted then: the output that counts the same persons
        with the same things sought, and its split (`linkage.protocol.asked` has checked that there is one).

        Raises:
            StopIteration: there is none.
        """
        same = (o for o in self.outputs if isinstance(o, Partition) and o.of == output.of and o.name != output.name)
        return next((o, s) for o in same for s in o.splits if s.wave == "this" and s.sought == split.sought)

    @property
    def key_holders(self) -> tuple[Party, ...]:
        """The parties without whom no token by oblivious PRF is made."""
        return self.with_role("key-holder")

    @property
    def oprf_stages(self) -> tuple[Exact, ...]:
        """The stages whose tokens are made by oblivious PRF."""
        return tuple(s for s in self.matching.stages if isinstance(s, Exact) and s.oprf_suite)

    def exact_stage(self, field: str) -> Exact | None:
        """The stage that links by a field, if there is one; `linkage.protocol.load` has checked that there is one at
        most."""
        stages = (s for s in self.matching.stages if isinstance(s, Exact) and s.field == field)
        return next(stages, None)

    def field(self, name: str) -> FieldSpec:
        """The field of that name (checked by `linkage.protocol.load` wherever a name is used)."""
        return next(field for field in self.fields if field.name == name)

    def fields_of(self, party_id: str, *send: str) -> tuple[FieldSpec, ...]:
        """The fields a party has, of these ways of sending (all when none is named)."""
        return tuple(f for f in self.fields if party_id in f.parties and (not send or f.send in send))

    def columns_of(self, party_id: str) -> tuple[FieldSpec, ...]:
        """The fields that are columns of a party's file: all but those that it makes of them."""
        return tuple(f for f in self.fields_of(party_id) if f.made is None)

    def oprf_stages_of(self, party_id: str) -> dict[str, Exact]:
        """Field to stage, for the numbers of a custodian that are made tokens by oblivious PRF."""
        own = [field.name for field in self.fields_of(party_id, "exact")]
        return {stage.field: stage for stage in self.oprf_stages if stage.field in own}

    def layout(self, party_id: str) -> Layout:
        """The columns that this party's encodings have: fields in the order of the file."""
        from linkage.tables import Layout

        own = [f.name for f in self.fields_of(party_id)]
        tokens = tuple(f.name for f in self.fields_of(party_id, "exact"))
        stages = [self.exact_stage(name) for name in tokens]
        tokens += tuple(s.second for s in stages if s and s.second and s.agree in own)
        words = self.encoding.filter_bits // 64 if self.fields_of(party_id, "bloom") else 0
        counted = self.fields_of(party_id, "category", "blinded")
        categories = tuple((f.name, len(f.values or ())) for f in counted)
        return Layout(tokens, words, categories)
