"""The answers of a linkage counted again the slow way: from registers, the rows that took part, and who each is.

Rules kept here:

- Nothing reads tokens, links or groups. Who a row is, the synthetic region says; which rows took part, each custodian's
  own tokenising; what a row says, the register as it was exported.
- A shown figure may differ from the truth by rounding, by noise where the protocol has it, and by `Links`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import linkage.regions
from linkage.disclosure.protect import Figure
from linkage.disclosure.release import Release
from linkage.protocol.made import Bands, Region, Running
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Overlap, Partition, Sought, Split, Table
from linkage.protocol.protections import CellKey, DifferentialPrivacy

Row = Mapping[str, str]
Columns = Mapping[str, tuple[str, ...]]
"""Field to headings; the first that is filled in a row counts."""


@dataclass(frozen=True)
class Links:
    """How far a count may be off because of links, which is not disclosure control's doing.

    Persons of whom a register has no number are linked by name, and a few of these not, or wrongly: of a hundred rows
    of a school three have no number, of a gemeente one, and names find four in five.
    """

    share: float = 0.02
    """Of the true count."""
    persons: int = 2
    """On top of it: among a few dozen, one missed and one wrong link are chance."""

    def of(self, count: int) -> float:
        """Persons by which a count may be off."""
        return self.persons + self.share * count


@dataclass(frozen=True)
class Compared:
    """One figure beside the truth."""

    about: Mapping[str, str]
    """Categories and states; empty for the grand total."""
    what: str
    """``persons``, or ``part``: those of them who are found, or for a complement are not."""
    figure: Figure
    true: int
    right: bool
    """Whether what is said is true within rounding, noise and the allowance for links."""

    def __str__(self) -> str:
        said = self.figure.status if self.figure.value is None else str(self.figure.value)
        return f"{' '.join(self.about.values()) or 'total'}: {self.what} {said}, true {self.true}"


@dataclass(frozen=True)
class Wave:
    """Who took part in a wave, and what is true of them."""

    protocol: Protocol
    """In this wave."""
    rows: Mapping[str, Sequence[tuple[int, Row]]]
    """Per custodian the rows that took part: who it is, and the cells as they were exported."""
    columns: Mapping[str, Columns]
    """Per custodian."""
    before: Wave | None = None

    def compared(self, release: Release, links: Links) -> list[Compared]:
        """Every figure of a release beside the truth."""
        output = next(o for o in self.protocol.tables if o.name == release.output)
        persons = [self._described(output, who, rows, release.by) for who, rows in self.counted(output).items()]
        told = [one for one in persons if None not in one.values()]  # who lacks a category is in no figure
        found = []
        for cell in (*release.cells, *release.margins, release.total):
            inside = [one for one in told if cell.categories.items() <= one.items()]
            for what, figure in [("persons", cell.persons), ("part", cell.part)]:
                if figure is not None:
                    true = len(inside) if what == "persons" else sum(one[PART] == "yes" for one in inside)
                    right = _right(figure, true, output, links)
                    found.append(Compared(cell.categories, what, figure, true, right))
        return found

    def counted(self, output: Table) -> dict[int, list[tuple[str, Row]]]:
        """Persons whom an output counts, each once, with their rows at the custodians it is about."""
        found: dict[int, list[tuple[str, Row]]] = {}
        for party in output.of:
            for who, row in self.rows[party]:
                found.setdefault(who, []).append((party, row))
        return found

    def state(self, output: Partition, split: Split, who: int) -> str | None:
        """What a person is found with; None for one who took no part then."""
        if split.wave == "previous":
            assert self.before is not None
            same = (o for o in self.protocol.tables if isinstance(o, Partition) and o.of == output.of and o != output)
            then, now = next((o, s) for o in same for s in o.splits if s.wave == "this" and s.sought == split.sought)
            there = any(who in self.before._at(party) for party in then.of)
            return self.before.state(then, now, who) if there else None
        ways = [(one.name, self._sought(one, who)) for one in split.sought]
        return "+".join(f"{name}:{way}" if way else name for name, way in ways if way is not None) or "not-found"

    def _described(
        self, output: Table, who: int, rows: Sequence[tuple[str, Row]], by: Sequence[str]
    ) -> dict[str, str | None]:
        """The categories and states of a person, and whether it is of the part that is asked for."""
        splits = {s.name: s for s in output.splits} if isinstance(output, Partition) else {}
        said: dict[str, str | None] = {}
        for name in by:
            if name in splits and isinstance(output, Partition):
                said[name] = self.state(output, splits[name], who)
            else:
                said[name] = next((v for party, row in rows if (v := self.value(party, name, row))), None)
        if isinstance(output, Overlap):
            there = any(who in self._at(party) for party in output.found_in)
            said[PART] = "yes" if there == (output.question == "overlap") else "no"
        return said

    def _sought(self, one: Sought, who: int) -> str | None:
        rows = [(party, row) for party in one.at for row in self._at(party).get(who, [])]
        if one.field is None:
            return "" if rows else None
        values = [value for party, row in rows if (value := self.value(party, one.field, row))]
        if one.only is not None:
            return "" if set(values) & set(one.only) else None
        return values[0] if values else None

    def value(self, party: str, name: str, row: Row) -> str | None:
        """The category of a row, as its custodian would say; None for none."""
        spec = self.protocol.field(name)
        values = spec.values or ()
        match spec.made:
            case None:
                found = self.cell(party, name, row)
                return found if found in values else None
            case Bands(of=of, starts=starts):
                number = self.cell(party, of, row)
                return values[sum(float(number) >= start for start in starts)] if number else None
            case Region(of=of, level=level, year=year):
                code = self.cell(party, of, row).zfill(4)
                here = regions_of(year).get(code, {})
                named = [here.get(column, "") for column in _REGION[level]]
                return next((name for name in named if name and name in values), None)
            case Running(first=first, last=last, on=on):
                day = self.protocol.reference_date if on == "reference-date" else on
                begins, ends = _day(self.cell(party, first, row)), _day(self.cell(party, last, row))
                return values[0 if begins <= day <= (ends or "9999-12-31") else 1] if begins or ends else None
        raise AssertionError

    def cell(self, party: str, name: str, row: Row) -> str:
        """The cell of a field, of the first heading that is filled."""
        return next((row[h].strip() for h in self.columns[party][name] if row[h].strip()), "")

    @cached_property
    def _people(self) -> dict[str, dict[int, list[Row]]]:
        found: dict[str, dict[int, list[Row]]] = {party: {} for party in self.rows}
        for party, rows in self.rows.items():
            for who, row in rows:
                found[party].setdefault(who, []).append(row)
        return found

    def _at(self, party: str) -> dict[int, list[Row]]:
        return self._people[party]


PART = "part"
_REGION = {
    "gemeente": ("gemeente", "name"),
    "rmc": ("rmc", "rmc_name"),
    "labour-market": ("labour_market", "labour_market_name"),
}
"""Columns of the table of a year that a value can be of."""


@cache
def regions_of(year: int) -> Mapping[str, Row]:
    """The table of a year by code of the gemeente, read without the code that is tested."""
    path = next(iter(linkage.regions.__path__)) + f"/data/{year}.csv"
    with open(path, encoding="utf-8", newline="") as lines:
        return {row["gemeente"]: row for row in csv.DictReader(line for line in lines if not line.startswith("#"))}


def _day(cell: str) -> str:
    """dd-mm-yyyy or yyyymmdd as yyyy-mm-dd."""
    if "-" in cell:
        return "-".join(reversed(cell.split("-")))
    return f"{cell[:4]}-{cell[4:6]}-{cell[6:]}" if cell else ""


def _right(figure: Figure, true: int, output: Table, links: Links) -> bool:
    """Whether a figure says something true: within rounding, noise and links when shown, possible when not."""
    said, off = output.protection, links.of(true)
    if isinstance(said, DifferentialPrivacy):
        return figure.value is not None and abs(figure.value - true) <= off + 60 / said.epsilon  # e^-15 beyond
    off += said.largest_noise if isinstance(said, CellKey) else 0
    if figure.status == "below":
        return true < said.minimum + off
    if figure.value is None:
        return True  # how much must be shown, a test says of its own protocol
    return true + off >= said.minimum and abs(figure.value - true) <= off + said.rounding / 2
