"""Whether the questions of a protocol can be asked of its parties and fields.

Rules kept here:

- Only what a custodian sends can be counted, and only at another custodian can its persons be looked for.
- A linkage for statistics returns no rows, and one for re-contact no counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linkage.protocol.made import Region
from linkage.protocol.model import Protocol
from linkage.protocol.names import Problem, known, twice
from linkage.protocol.outputs import Output, Overlap, Partition, Recontact, Sought, Split, Table
from linkage.protocol.protections import DifferentialPrivacy
from linkage.protocol.stages import Aim, Fuzzy
from linkage.protocol.strict_yaml import Path

USUAL_MINIMUM = 10
"""Persons per cell: ACRO and CBS practice. Fewer needs a decision in the protocol."""
COUNTED = ("category", "blinded")
"""How fields are sent that a table can be made of."""


def asked(p: Protocol) -> Iterator[Problem]:
    """What is wrong with the outputs."""
    custodians = [party.id for party in p.custodians]
    for i, output in enumerate(p.outputs):
        path: Path = ("outputs", i)
        for key, names, there, what in [
            ("of", output.of, custodians, "custodian"),
            ("to", output.to, p.party_ids, "party"),
        ]:
            yield from twice((*path, key), names, what)
            for j, name in enumerate(names):
                yield from known((*path, key, j), name, there, what)
        if isinstance(output, Recontact) != (p.mode == "recontact"):
            yield (*path, "question"), f"'{output.question}' is no question of mode {p.mode}"
        if isinstance(output, Overlap | Recontact):
            yield from _elsewhere((*path, "found_in"), output.found_in, output, p)
        if isinstance(output, Table):
            yield from _table(path, output, p)
        if isinstance(output, Partition):
            yield from _splits(path, output, p)
        if isinstance(output, Recontact):
            yield from _recontact(path, output, p)


def _elsewhere(path: Path, names: Sequence[str], output: Output, p: Protocol) -> Iterator[Problem]:
    """Custodians at which nobody can be looked for, as the persons are their own."""
    yield from twice(path, names, "custodian")
    others = [party.id for party in p.custodians if party.id not in output.of]
    for j, name in enumerate(names):
        yield from known((*path, j), name, others, f"custodian beside {', '.join(output.of)}")


def _table(path: Path, output: Table, p: Protocol) -> Iterator[Problem]:
    own = [
        f.name for f in p.fields if f.send in COUNTED and all(party in f.parties for party in output.of)
    ]  # a category that one of them lacks would count its persons in no cell
    yield from twice((*path, "by"), output.by, "category")
    for j, name in enumerate(output.by):
        yield from known((*path, "by", j), name, own, f"category of {', '.join(output.of)}")
    yield from _coarser((*path, "protection", "margins"), output.protection.margins, output.by)
    if output.pool and set(output.by) <= set(own):
        regions = {f.name: f.made.of for f in p.fields if isinstance(f.made, Region)}
        yield from _pooled((*path, "pool", "tables"), output.pool.tables, output.by, own, regions)
    yield from _protection((*path, "protection"), output, p)


def _coarser(path: Path, tables: Sequence[Sequence[str]], by: Sequence[str]) -> Iterator[Problem]:
    """Tables over some, not all, of the fields of another, each once."""
    for i, table in enumerate(tables):
        if list(table) != [name for name in by if name in table] or len(table) == len(by) or table in tables[:i]:
            yield (*path, i), f"expected some, not all, of {', '.join(by)}, in this order, and each list once"


def _pooled(
    path: Path, tables: Sequence[Sequence[str]], by: Sequence[str], own: Sequence[str], regions: dict[str, str]
) -> Iterator[Problem]:
    """The same, where a municipality may be rolled up to its region instead of left out."""
    made_of = {name: regions.get(name, name) for name in own}
    for i, table in enumerate(tables):
        finer = [next((b for b in by if b == name or made_of.get(b) == made_of.get(name)), "") for name in table]
        plain = finer == [name for name in by if name in finer]
        if not plain or tuple(table) == tuple(by) or table in tables[:i] or not set(table) <= set(own):
            yield (
                (*path, i),
                (
                    f"expected some, not all, of {', '.join(by)} or regions these are rolled up to, in this order, and "
                    "each list once"
                ),
            )


def _protection(path: Path, output: Table, p: Protocol) -> Iterator[Problem]:
    said = output.protection
    if not isinstance(said, DifferentialPrivacy):
        if (said.minimum < USUAL_MINIMUM) != (said.minimum_decision is not None):
            lacks = "is missing: a minimum below 10 is the privacy officer's decision"
            means = "means nothing for a minimum of 10 or more"
            yield (*path, "minimum_decision"), lacks if said.minimum_decision is None else means
        return
    chosen = any(isinstance(stage, Fuzzy) and isinstance(stage.threshold, Aim) for stage in p.matching.stages)
    for holds, what in [
        (output.pool is None, "no pool: which table is shown would not be private"),
        (p.matching.assignment.startswith("one-to-one"), "one-to-one links: else one row changes any number of them"),
        (len(p.custodians) == 2, "two custodians: else one row changes any number of groups"),
        (not chosen, "fixed thresholds: one that is chosen from the data is not private"),
        (isinstance(output, Overlap), "the question overlap or complement: it is proved for these"),
        (said.epsilon <= said.budget, "a budget of at least epsilon"),
    ]:
        if not holds:
            yield (*path, "method"), f"differential-privacy wants {what}"


def _splits(path: Path, output: Partition, p: Protocol) -> Iterator[Problem]:
    names = [split.name for split in output.splits]
    yield from twice((*path, "splits"), names, "split")
    for i, split in enumerate(output.splits):
        here: Path = (*path, "splits", i)
        if split.name in [field.name for field in p.fields]:
            yield (*here, "name"), f"a field is called '{split.name}' too"
        yield from twice((*here, "sought"), [one.name for one in split.sought], "name")
        if split.wave == "previous" and p.waves is None:
            yield (*here, "wave"), "there is no previous wave: the protocol has no waves"
        if split.wave == "previous" and p.waves is not None and p.waves.tokens == "new":
            yield (*here, "wave"), "nobody can be followed from the previous wave: tokens are new in every wave"
        if split.wave == "previous" and not _told_then(output, split, p):
            yield (
                (*here, "wave"),
                "expected another output that counts these persons by the same things sought, in this wave: from it "
                "the states are known in the next",
            )
        for j, one in enumerate(split.sought):
            yield from _sought((*here, "sought", j), one, output, p)
    if all(split.wave == "previous" for split in output.splits):
        yield (*path, "splits"), "expected a split of this wave"


def _told_then(output: Partition, split: Split, p: Protocol) -> bool:
    return any(
        other.of == output.of and other.name != output.name and any(
            s.wave == "this" and s.sought == split.sought for s in other.splits
        )
        for other in p.outputs if isinstance(other, Partition)
    )  # fmt: skip


def _sought(path: Path, one: Sought, output: Output, p: Protocol) -> Iterator[Problem]:
    yield from _elsewhere((*path, "at"), one.at, output, p)
    if one.field is None:
        if one.only is not None:
            yield (*path, "only"), "means nothing without a field"
        return
    there = {f.name: f for f in p.fields if f.send in COUNTED and set(one.at) <= set(f.parties)}
    yield from known((*path, "field"), one.field, there, f"category of {', '.join(one.at)}")
    field = there.get(one.field)
    if field and one.only is not None:
        if field.send == "blinded":
            yield (*path, "only"), f"the linkage unit cannot read '{one.field}': it is sent blinded"
        for j, value in enumerate(one.only):
            yield from known((*path, "only", j), value, field.values or (), f"value of {one.field}")


def _recontact(path: Path, output: Recontact, p: Protocol) -> Iterator[Problem]:
    if len(output.of) != 1 or output.to != output.of:
        yield (
            (*path, "to"),
            "expected the one custodian whose rows they are, in 'of' and in 'to': nobody else gets them",
        )
    yield from known((*path, "approved_by"), output.approved_by, p.party_ids, "party")
    if output.approved_by in p.party_ids and "approver" not in p.party(output.approved_by).roles:
        yield (*path, "approved_by"), f"{output.approved_by} does not have the role approver"
    if output.approved_by in (p.unit.id, *output.of):
        yield (*path, "approved_by"), "expected a second person: neither the linkage unit nor who gets the rows"
