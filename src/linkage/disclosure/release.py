"""From links to a release: counts, with the small ones hidden.

Rules kept here (docs/spec/disclosure.md):

- A count below the minimum is hidden, zero included, and so is a count that leaves fewer than the minimum out:
  "all of them" and "none of them" are statements about each person in the cell.
- Only cells and the grand total are released, no row or column totals. Further cells are hidden until the total says
  of a small count no more than that it is small, to a reader who knows these rules: at least `minimum` values stay
  possible (tests/disclosure/test_adversary.py tries every table). Where no cells suffice, the total is hidden.
- Which further cell is hidden follows from where it stands, not from its size, and a release does not say which of
  its hidden figures were small: both would tell something about them.
- What is shown is rounded to a multiple of the protocol's base, after hiding was decided on exact counts.
- Exact counts never leave this module.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from linkage import canonical
from linkage.errors import InputError, LinkageError, Untrusted
from linkage.links import Judged
from linkage.protocol.model import Aim, Fuzzy, Output, Protocol
from linkage.tables import Encodings

Status = Literal["shown", "hidden"]
SHOWN_FROM = 10
"""Quality is shown of stages with at least so many times the minimum of links."""


@dataclass(frozen=True)
class Figure:
    """One number of a release."""

    value: int | None
    """The rounded count; None when hidden."""
    status: Status
    """Shown; or hidden, because it or what it leaves out is small, or to protect another."""

    def __post_init__(self) -> None:
        if (self.status == "shown") != (self.value is not None):
            raise ValueError("a figure is shown or hidden")


@dataclass(frozen=True)
class Cell:
    """One cell of the table."""

    categories: Mapping[str, str]
    """Field to category."""
    persons: Figure
    """Persons of the counted party in this cell that took part."""
    linked: Figure
    """How many of them are linked."""


@dataclass(frozen=True)
class Expected:
    """How good the links of one fuzzy stage are expected to be: estimates with their 95 % intervals, in hundredths."""

    stage: int
    """Place of the stage in the protocol, from 0."""
    parties: tuple[str, str]
    """Whose rows were compared."""
    threshold: float
    """What links had to reach."""
    chosen: bool
    """Whether the linkage unit chose it."""
    right: tuple[float, float, float]
    """Share of links that join one person's rows: estimate, low, high."""
    found: tuple[float, float, float]
    """Share of pairs of one person, among the rows that the stage saw, that are linked: estimate, low, high."""
    strangers: Literal["numbers", "registers"]
    """What pairs of different persons were known by: ``numbers`` or ``registers``."""
    same: Literal["numbers", "scores"]
    """What pairs of one person were known by: ``numbers`` or ``scores``."""


@dataclass(frozen=True)
class Release:
    """What a recipient gets."""

    protocol: str
    """Digest of the protocol."""
    output: str
    """Name of the output in the protocol."""
    parties: Mapping[str, int | None]
    """Rows each custodian took part with, rounded; None when hidden. Of the counted party: the rows in the table."""
    cells: tuple[Cell, ...]
    """In the protocol's order of categories."""
    total: Cell
    """The grand total; its categories are empty."""
    minimum: int
    rounding: int
    expected: tuple[Expected, ...]
    """How good the links are expected to be; only of stages with so many links that no few persons show through."""

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.to_bytes({"release": 1, **asdict(self)})


def from_bytes(data: bytes, *, where: str) -> Release:
    """Read `Release.to_bytes` strictly.

    Raises:
        Untrusted: not a release.
    """
    try:
        value = canonical.from_bytes(data, where=where)
        if value.pop("release") != 1:
            raise ValueError
        release = TypeAdapter(Release).validate_json(canonical.to_bytes(value), strict=True)
        if release.to_bytes() != data:  # keys that a release does not have
            raise ValueError
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted("not a release: damaged or altered", where=where) from None
    return release


def refuse_other(release: Release, protocol: Protocol, *, where: str) -> None:
    """Refuse a release that is not what the protocol agreed: another limit, another table, a figure it would hide.

    Raises:
        Untrusted: the linkage unit released something else.
    """
    output = next(o for o in protocol.outputs if o.name == release.output)
    figures = [f for cell in (*release.cells, release.total) for f in (cell.persons, cell.linked)]
    shown = [f.value for f in figures if f.value is not None]
    shown += [size for size in release.parties.values() if size is not None]
    if (
        (release.minimum, release.rounding) != (output.minimum, output.rounding)
        or [dict(cell.categories) for cell in release.cells] != _table(protocol, output)
        or release.total.categories
        or set(release.parties) != {party.id for party in protocol.custodians}
        or any(value < output.minimum or value % output.rounding for value in shown)
    ):
        raise Untrusted("a release with other limits or another table than the protocol has", where=where)
    if not _can_be_expected(release.expected, protocol):
        raise Untrusted("a release with shares that cannot be, or of other stages than the protocol has", where=where)


def _can_be_expected(expected: Sequence[Expected], protocol: Protocol) -> bool:
    """Whether these are estimates of the protocol's fuzzy stages: for two parties each once, in order, under the
    threshold agreed."""
    stages = {n: stage for n, stage in enumerate(protocol.matching.stages) if isinstance(stage, Fuzzy)}
    pairs = list(itertools.combinations([party.id for party in protocol.custodians], 2))
    places = [(one.stage, pairs.index(one.parties) if one.parties in pairs else -1) for one in expected]
    if places != sorted(set(places)) or not all(stage in stages and pair >= 0 for stage, pair in places):
        return False
    for one in expected:
        agreed = stages[one.stage].threshold
        if one.chosen != isinstance(agreed, Aim) or not (one.chosen or one.threshold == agreed):
            return False
        if not 0 < one.threshold <= 1:
            return False
        if not all(0 <= low <= middle <= high <= 1 for middle, low, high in (one.right, one.found)):
            return False
    return True


def overlap(
    protocol: Protocol, output: Output, counted: Encodings, linked: NDArray[np.bool_],
    others: Mapping[str, tuple[int, int]], judged: Sequence[Judged],
) -> Release:  # fmt: skip
    """Answer the question "how many of these persons are known to any of those parties".

    Args:
        protocol: gives the categories.
        output: the question, its table and its limits.
        counted: encodings of the party whose persons are counted.
        linked: ``bool[n]``: whether the row of `counted` is linked with a row of a party it is looked for at.
        others: per other custodian its rows, and how many of these are linked with a row of `counted`.
        judged: what to expect of the fuzzy stages.

    Raises:
        InputError: the encodings are not of the party that the output counts.
    """
    if counted.party != output.of:
        raise InputError(f"expected encodings of {output.of}, got {counted.party}")
    fields = [protocol.field(name) for name in output.by]
    spans = [range(len(field.values or ())) for field in fields]
    persons, hits = [], []
    for codes in itertools.product(*spans):
        inside = np.ones(len(counted), dtype=np.bool_)
        for field, code in zip(fields, codes, strict=True):
            inside &= counted.categories[field.name] == code
        persons.append(int(inside.sum()))
        hits.append(int((inside & linked).sum()))
    persons_figures = figures(persons, None, output)
    hits_figures = figures(hits, persons, output)
    cells = [
        Cell(*each) for each in zip(_table(protocol, output), persons_figures[:-1], hits_figures[:-1], strict=True)
    ]
    total = Cell({}, persons_figures[-1], hits_figures[-1])
    # of the counted party the same figure as the total: beside another one, subtraction would count what lies between
    sizes = {output.of: total.persons.value}
    for party, (rows, met) in others.items():
        sizes[party] = _figure(rows, min(rows, rows - met) < output.minimum, output).value
    asked = {output.of, *output.found_in}
    expected = tuple(
        _expected(one) for one in judged if one.links >= SHOWN_FROM * output.minimum and asked.issuperset(one.parties)
    )
    return Release(protocol.digest, output.name, sizes, tuple(cells), total, output.minimum, output.rounding, expected)


def _expected(one: Judged) -> Expected:
    """An estimate, rounded so that no count can be read from it."""
    right = round(one.precision, 2), round(one.precision_low, 2), round(one.precision_high, 2)
    found = round(one.recall, 2), round(one.recall_low, 2), round(one.recall_high, 2)
    return Expected(one.stage, one.parties, one.threshold, one.chosen, right, found, one.strangers, one.same)


def _table(protocol: Protocol, output: Output) -> list[dict[str, str]]:
    """The categories of every cell, in the protocol's order: the last field runs fastest."""
    values = [protocol.field(name).values or () for name in output.by]
    return [dict(zip(output.by, cells, strict=True)) for cells in itertools.product(*values)]


def figures(counts: list[int], of: list[int] | None, output: Output) -> list[Figure]:
    """Figures for cells and, last, their total.

    Args:
        counts: exact count per cell.
        of: of how many persons in the cell; None where the count is of all persons.
        output: gives minimum and rounding.
    """
    sides = [counts] if of is None else [counts, [n - c for n, c in zip(of, counts, strict=True)]]
    small = [any(side[i] < output.minimum for side in sides) for i in range(len(counts))]
    total_hidden = any(sum(side) < output.minimum for side in sides)
    known: set[int] = set()
    if of is not None:  # a part of a hidden count says something about it, and is hidden with it
        *cells, total = figures(of, None, output)
        known = {i for i, cell in enumerate(cells) if cell.value is not None}
        small = [s or i not in known for i, s in enumerate(small)]
        total_hidden |= total.value is None
    hidden = {i for i, s in enumerate(small) if s}
    further = _further(small) if hidden else []
    needed = 0
    while hidden and not total_hidden and not _enough(sides, hidden, further[:needed], known, output.minimum):
        needed += 1
        total_hidden = needed > len(further)
        hidden |= set(further[:needed])
    shown = [_figure(count, i in hidden, output) for i, count in enumerate(counts)]
    return [*shown, _figure(sum(counts), total_hidden, output)]


def _further(small: list[bool]) -> list[int]:
    """Cells that may be hidden to protect the small ones: those after the first small one, round to the start."""
    first = small.index(True)
    around = [(first + step) % len(small) for step in range(1, len(small))]
    return [i for i in around if not small[i]]


def _enough(sides: list[list[int]], hidden: set[int], further: list[int], known: set[int], minimum: int) -> bool:
    """Whether the sum of the hidden counts, known by subtraction from the total, leaves the small ones open.

    Small ones alone: any of them may be 0 to minimum - 1 while the rest make up the sum. With further cells, which
    hold at least the minimum each and leave it out: these make up the sum, whatever the small ones are. Decided on
    what a reader knows: sums, and persons in the cells of `known`; else the decision itself would tell something.
    """
    sums = [sum(side[i] for i in hidden) for side in sides]
    if not further:
        most = (len(hidden) - 1) * (minimum - 1)
        if len(sides) == 2:  # nor can the rest make up more than it has persons
            most = min(most, sum(sums) - max((sum(side[i] for side in sides) for i in hidden & known), default=0))
        return minimum <= min(sums) <= most
    room = sum(side[i] for side in sides for i in further)
    least = len(further) * minimum
    return any(s >= least + minimum - 1 and (len(sides) == 1 or room - s >= least) for s in sums)


def _figure(count: int, hidden: bool, output: Output) -> Figure:
    return Figure(None, "hidden") if hidden else Figure(_rounded(count, output), "shown")


def _rounded(count: int, output: Output) -> int:
    """To the nearest multiple of the base; halves go up, and never to zero or below the minimum's multiple."""
    base = output.rounding
    return max((count + base // 2) // base * base, (output.minimum + base - 1) // base * base if base > 1 else count)
