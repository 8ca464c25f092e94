"""What a recipient gets: counts, with the small ones hidden; and how one is read.

Rules kept here (docs/spec/disclosure.md):

- A release names the method that protects it, with every limit, as the protocol has it.
- Reading is strict: what is not its own canonical form, or has other keys or types, is no release.
- A recipient refuses a release that the protocol does not allow: another table or limit, or a figure it would hide.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from linkage import canonical
from linkage.disclosure import scores
from linkage.disclosure.protect import BELOW, Figure
from linkage.disclosure.scores import Bar
from linkage.disclosure.table import Frame
from linkage.errors import LinkageError, Untrusted
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Overlap, Table
from linkage.protocol.protections import DifferentialPrivacy, Suppression
from linkage.protocol.stages import Aim, Fuzzy


@dataclass(frozen=True)
class Cell:
    """One cell of the table, a subtotal, or the grand total."""

    categories: Mapping[str, str]
    """Field to category, or to ``#0``, ``#1``, ... where it is sent blinded and was not read yet; of a subtotal the
    fields that it keeps."""
    persons: Figure
    """Persons of the counted party in this cell that took part."""
    part: Figure | None
    """How many of them are found, or for a complement are not found; None where the question asks for no part."""


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
    scores: tuple[Bar, ...]
    """How alike the linked rows are, from the threshold to 1; none where too few links are kept between these two."""


@dataclass(frozen=True)
class Release:
    """What a recipient gets."""

    protocol: str
    """Digest of the protocol."""
    output: str
    """Name of the output in the protocol."""
    reference_date: str
    """Of the wave that it is about."""
    parties: Mapping[str, int | None]
    """Rows each custodian took part with, rounded; None when hidden. Where one is counted: its persons in the table."""
    by: tuple[str, ...]
    """Columns that span the table: the categories of the protocol, or coarser ones where too little would be shown, and
    the splits into states."""
    cells: tuple[Cell, ...]
    """In the protocol's order of categories; none where the grand total is all there is."""
    margins: tuple[Cell, ...]
    """Subtotals, in the protocol's order."""
    total: Cell
    """The grand total; its categories are empty."""
    protection: Mapping[str, Any]
    """Method and limits, as the protocol has them."""
    expected: tuple[Expected, ...]
    """How good the links are expected to be; only of stages with so many links that no few persons show through."""

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.to_bytes({"release": VERSION, **asdict(self)})

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` over these bytes: recipients who compare it have the same release."""
        return canonical.digest({"release": VERSION, **asdict(self)})


VERSION = 3


def limits(output: Table) -> dict[str, Any]:
    """Method and limits of an output, as a release names them."""
    return dict(output.protection.model_dump(mode="json", exclude_none=True))


def from_bytes(data: bytes, *, where: str) -> Release:
    """Read `Release.to_bytes` strictly.

    Raises:
        Untrusted: not a release.
    """
    try:
        value = canonical.from_bytes(data, where=where)
        if value.pop("release") != VERSION:
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
    output = next(o for o in protocol.tables if o.name == release.output)
    every = (*release.cells, *release.margins, release.total)
    sizes = [Figure(size, "shown") for size in release.parties.values() if size is not None]
    frame = frame_of(protocol, output, release.by)
    if (
        release.reference_date not in protocol.reference_dates
        or release.protection != limits(output)
        or frame is None
        or [dict(cell.categories) for cell in every] != frame.categories()
        or set(release.parties) != {party.id for party in protocol.custodians}
        or not all(_may_be(cell.persons, output, last=False) for cell in every)
        or not all(_is_part(cell, output, last=cell is release.total) for cell in every)
        or not all(_may_be(size, output, last=False) for size in sizes)
    ):
        raise Untrusted("a release with other limits or another table than the protocol has", where=where)
    if not _can_be_expected(release.expected, protocol):
        raise Untrusted("a release with shares that cannot be, or of other stages than the protocol has", where=where)


def frame_of(protocol: Protocol, output: Table, by: tuple[str, ...]) -> Frame | None:
    """The table of an output over these columns; None when the output may have no such table."""
    for kept in [output.by, *([*output.pool.tables, ()] if output.pool else [])]:
        frame = Frame.of(protocol, output, kept)
        if frame.by == by:
            return frame
    return None


def _may_be(figure: Figure, output: Table, *, last: bool) -> bool:
    """Whether the protocol's method makes such a figure."""
    said = output.protection
    if isinstance(said, DifferentialPrivacy):
        return figure.value is not None and figure.value >= 0
    if figure.value is None:
        return figure != BELOW or last
    zero = isinstance(said, Suppression) and said.zero_and_full == "show" and figure.value == 0
    return zero or (figure.value >= said.minimum and figure.value % said.rounding == 0)


def _is_part(cell: Cell, output: Table, *, last: bool) -> bool:
    """Whether a part is told where the question asks for one, with its persons only, and not more of them."""
    if cell.part is None or not isinstance(output, Overlap):
        return cell.part is None and not isinstance(output, Overlap)
    if not _may_be(cell.part, output, last=last):
        return False
    if cell.persons.value is None:
        return cell.part.status == "hidden"
    return cell.part.value is None or cell.part.value <= cell.persons.value


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
        if not scores.can_be(one.scores, one.threshold):
            return False
    return True
