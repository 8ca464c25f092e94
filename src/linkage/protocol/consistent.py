"""Whether what a protocol says fits together.

Rules kept here:

- What a name points to is there, what must be there once is there once, and a key that nothing would read is refused.
- All complaints come out, each at its place in the file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date

from linkage import regions
from linkage.protocol.asked import asked
from linkage.protocol.fields import FieldSpec
from linkage.protocol.made import Bands, Region, Running
from linkage.protocol.model import Protocol
from linkage.protocol.names import Problem, known, twice
from linkage.protocol.parties import Party
from linkage.protocol.profiles import ClkField, HardenedField
from linkage.protocol.stages import Aim, Exact, Fuzzy
from linkage.protocol.strict_yaml import Path

LEAST_APART = 31
"""Days between waves: figures of nearer days are of the same moment, and a difference would tell who withdrew."""
MOST_CUSTODIANS = 64
"""Parties of a group are kept as bits of one word (`linkage.match.groups`)."""


def problems(p: Protocol) -> Iterator[Problem]:
    """Names that point nowhere, and what must be there once."""
    custodians = [party.id for party in p.custodians]
    yield from twice(("parties",), list(p.party_ids), "party")
    yield from twice(("fields",), [f.name for f in p.fields], "field")
    yield from twice(("outputs",), [o.name for o in p.outputs], "output")
    yield from twice(("encoding", "fields"), [f.field for f in p.encoding.fields], "field")
    units = len(p.with_role("linkage-unit"))
    if units != 1:
        yield ("parties",), f"expected exactly one party with role linkage-unit, got {units}"
    if not 2 <= len(custodians) <= MOST_CUSTODIANS:
        yield ("parties",), f"expected 2 to {MOST_CUSTODIANS} parties with role custodian, got {len(custodians)}"
    if p.matching.assignment == "many-to-one" and len(custodians) > 2:
        yield ("matching", "assignment"), f"expected another than many-to-one with {len(custodians)} custodians"
    yield from _parties(p)
    for i, field in enumerate(p.fields):
        for j, name in enumerate(field.parties):
            yield from known(("fields", i, "parties", j), name, custodians, "custodian")
        if field.send in ("category", "blinded") and field.values is None:
            yield ("fields", i), f"expected 'values': send is '{field.send}'"
        elif field.values is not None and field.made is None and field.send not in ("category", "blinded"):
            yield ("fields", i), "expected no 'values' unless send is 'category' or 'blinded'"
        yield from twice(("fields", i, "values"), field.values or (), "value")
        yield from _others(i, field, p)
        yield from _made(i, field, p)
    specs: Sequence[ClkField | HardenedField] = p.encoding.fields
    for i, spec in enumerate(specs):
        bloom = [f.name for f in p.fields if f.send == "bloom"]
        yield from known(("encoding", "fields", i, "field"), spec.field, bloom, "field sent as bloom")
    yield from _unencoded(specs, p)
    for i, stage in enumerate(p.matching.stages):
        path: Path = ("matching", "stages", i)
        exact = [f.name for f in p.fields if f.send == "exact"]
        names = [stage.field] if stage.stage == "exact" else list(stage.never_when_different)
        for name in names:
            yield from known(path, name, exact, "field sent as exact")
        if stage.stage == "fuzzy":
            yield from _fuzzy(path, stage, p.encoding.profile)
        else:
            yield from _exact(path, stage, p)
    yield from twice(("matching", "stages"), [s.field for s in p.matching.stages if isinstance(s, Exact)], "stage of")
    yield from asked(p)
    yield from _later(p)


def _later(p: Protocol) -> Iterator[Problem]:
    """Reference dates of later waves that do not follow each other; tokens kept for no stated time."""
    if p.waves is None:
        return
    days = (p.reference_date, *p.waves.dates)
    for i, (before, day) in enumerate(itertools.pairwise(days)):
        if (date.fromisoformat(day) - date.fromisoformat(before)).days < LEAST_APART:
            yield ("waves", "dates", i), f"expected a day at least {LEAST_APART} days after {before}, got {day}"
    if (p.waves.tokens == "kept") != (p.waves.kept_until is not None):
        said = "is missing" if p.waves.kept_until is None else "means nothing where tokens are new"
        yield ("waves",), f"kept_until {said}"


def _others(i: int, field: FieldSpec, p: Protocol) -> Iterator[Problem]:
    """Categories of rows outside the cohort that are categories of the table, or that nothing keeps outside."""
    if field.others is None:
        return
    path: Path = ("fields", i, "others")
    if field.values is None or field.made is not None:
        yield path, "means nothing without a column of 'values'"
        return
    for j, value in enumerate(field.others):
        if value in field.values or value in field.others[:j]:
            yield (*path, j), f"value '{value}' stands twice"
    for party in p.custodians:
        tests = [test.one_of for test in party.cohort if test.field == field.name and test.one_of]
        if party.id in field.parties and not any(set(test).isdisjoint(field.others) for test in tests):
            yield path, f"expected a test one_of in the cohort of {party.id} that keeps these out"


def _made(i: int, field: FieldSpec, p: Protocol) -> Iterator[Problem]:
    """A category made of fields that are not there, or of another kind than it needs; values that do not fit."""
    if field.made is None:
        return
    path: Path = ("fields", i, "made")
    kind = {"bands": "number", "region": "category", "running": "date"}[field.made.method]
    for name in field.made.fields:
        for party in field.parties:
            own = {f.name: f.kind for f in p.fields_of(party) if f.made is None}
            if name not in own:
                yield from known(path, name, own, f"field of {party} that is a column")
            elif own[name] != kind:
                yield path, f"expected a field of kind {kind}, got {own[name]}"
    values = field.values
    if values is None:
        yield ("fields", i), "expected 'values': the categories are made here"
        return
    match field.made:
        case Bands(starts=starts):
            if list(starts) != sorted(set(starts)):
                yield (*path, "starts"), "expected rising numbers"
            if len(values) != len(starts) + 1:
                yield ("fields", i, "values"), f"expected {len(starts) + 1} values, one for each band"
        case Running():
            if len(values) != 2:
                yield ("fields", i, "values"), "expected two values: running, and not"
        case Region():
            yield from _regions(i, field.made, values)
    if field.kind != "category":
        yield ("fields", i, "kind"), f"expected category for what is made, got {field.kind}"


def _regions(i: int, made: Region, values: Sequence[str]) -> Iterator[Problem]:
    """A year without a table; values that are no region of it, or that name one region twice."""
    if made.year not in regions.years():
        known_years = ", ".join(map(str, regions.years()))
        yield ("fields", i, "made", "year"), f"there is no table of regions for {made.year}; there is {known_years}"
        return
    path: Path = ("fields", i, "values")
    codes = made.codes(values)
    for j, code in enumerate(codes):
        if code is None:
            yield (*path, j), f"expected code or name of a region of level {made.level} in {made.year}"
        elif code in codes[:j]:
            yield (*path, j), f"region {code} stands twice"


def _parties(p: Protocol) -> Iterator[Problem]:
    for i, party in enumerate(p.parties):
        own = [f.name for f in p.fields_of(party.id)]
        if (party.quota is not None) != ("custodian" in party.roles):
            yield ("parties", i, "quota"), "expected a whole number for a custodian, and null for any other party"
        for j, disclosure in enumerate(party.discloses):
            yield from known(("parties", i, "discloses", j, "to"), disclosure.to, p.party_ids, "party")
        yield from _row_basis(i, party, p)
        for j, condition in enumerate(party.cohort):
            path: Path = ("parties", i, "cohort", j)
            yield from known((*path, "field"), condition.field, own, f"field of {party.id}")
            if len(condition.model_dump(exclude_none=True)) - 2 < 1:
                yield path, "expected a test: one_of, on_or_after, on_or_before, age_from or age_to"


def _exact(path: Path, stage: Exact, p: Protocol) -> Iterator[Problem]:
    """What an oblivious PRF needs, and what nothing else may have; a second field that is there."""
    for name in ("check", "rounds"):
        given = getattr(stage, name) is not None
        if given != bool(stage.oprf_suite):
            yield path, f"{name} {f'means nothing for {stage.token!r}' if given else 'is missing'}"
    if stage.oprf_suite and not p.key_holders:
        yield (*path, "token"), f"'{stage.token}' needs a party with role key-holder; there is none"
    if stage.oprf_suite and any("linkage-unit" in party.roles for party in p.key_holders):
        yield (*path, "token"), "the linkage unit is a key-holder; with one custodian it would read every number"
    if stage.agree is not None:
        yield from known(
            (*path, "agree"), stage.agree, [f.name for f in p.fields if f.name != stage.field], "other field"
        )


def _row_basis(i: int, party: Party, p: Protocol) -> Iterator[Problem]:
    """Fields of the table of bases that are not there, or cannot hold what they should."""
    if party.row_basis is None:
        return
    kinds = {"diploma": ("date",), "born": ("birth-date", "date")}
    own = {f.name: f.kind for f in p.fields_of(party.id)}
    for key in ("level", "path", "diploma", "born", "enrolled"):
        name = getattr(party.row_basis, key)
        path: Path = ("parties", i, "row_basis", key)
        wanted = kinds.get(key, ("category",))
        if name is not None and name not in own:
            yield from known(path, name, own, f"field of {party.id}")
        elif name is not None and own[name] not in wanted:
            yield path, f"expected a field of kind {' or '.join(wanted)}, got {own[name]}"


def _fuzzy(path: Path, stage: Fuzzy, profile: str) -> Iterator[tuple[Path, str]]:
    """A similarity of another profile; a parameter that is missing, or that nothing would read."""
    fits = {"clk": ("dice", "tversky"), "hardened": ("agreement",)}[profile]
    if stage.similarity not in fits:
        yield (*path, "similarity"), f"expected '{fits[0]}' for profile {profile}, got '{stage.similarity}'"
    if (stage.similarity == "tversky") != (stage.larger_weight is not None):
        said = "is missing" if stage.larger_weight is None else f"means nothing for '{stage.similarity}'"
        yield path, f"larger_weight {said}"
    if stage.larger_weight is not None and round(stage.larger_weight, 4) != stage.larger_weight:
        yield (*path, "larger_weight"), f"expected at most 4 decimals, got {stage.larger_weight}"
    if isinstance(stage.threshold, Aim) and (stage.threshold.aim == "precision") != (
        stage.threshold.at_least is not None
    ):
        said = "is missing" if stage.threshold.at_least is None else "means nothing for aim 'balance'"
        yield (*path, "threshold"), f"at_least {said}"


def _unencoded(specs: Sequence[ClkField | HardenedField], p: Protocol) -> Iterator[Problem]:
    spelt = {spec.field for spec in specs}
    for i, field in enumerate(p.fields):
        if field.send == "bloom" and field.name not in spelt:
            yield ("fields", i), f"field '{field.name}' is sent as bloom but encoding.fields does not name it"
    if p.encoding.filter_bits % 64 or not p.encoding.filter_bits:
        yield ("encoding", "hardening"), f"leaves {p.encoding.filter_bits} bits; expected a multiple of 64"
