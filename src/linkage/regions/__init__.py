"""Gemeenten and the regions they belong to, by year: what a table of counts may be rolled up by.

Rules kept here:

- A code says nothing without a year: gemeenten merge and regions are redrawn. There is one table per year, and a year
  that was not established from a public source has none; `years` says which there are.
- No row is guessed. Where the source is silent the region is None, and `Table.complete` says so for a whole level.
  Which year knows what, and from where: docs/spec/regions.md and the head of each file in `data/`.
- A gemeente that ceased is never quietly taken for its successor; the error names what took it up, since when.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from linkage import canonical
from linkage.errors import InputError

Level = Literal["gemeente", "rmc", "labour-market"]
LEVELS: Final[tuple[Level, ...]] = ("gemeente", "rmc", "labour-market")
"""From fine to coarse. ``rmc`` is the region of the Doorstroompunt (RMC until 2026), CBS code MCnn; ``labour-market``
the arbeidsmarktregio, CBS code AMnn. An RMC region need not lie within one labour-market region."""

_DATA: Final = Path(__file__).parent / "data"
_COLUMNS: Final = ("gemeente", "name", "rmc", "rmc_name", "labour_market", "labour_market_name")
_CODE: Final = re.compile(r"(?:GM ?)?0*([1-9]\d{0,3})(?:[.,]0+)?", re.IGNORECASE)
"""A gemeente code with or without prefix and leading zeros, or as the fraction a spreadsheet makes of it."""
_ADDITION: Final = re.compile(r" \([A-Z]+\.\)$")
"""What CBS adds to tell two places of one name apart, as in ``Bergen (NH.)``."""
_EVERYDAY: Final = MappingProxyType({"den haag": "0518", "den bosch": "0796"})
"""Names that people write in place of the official ones."""


@dataclass(frozen=True)
class Merger:
    """A gemeente that ceased to be, and one that took it up, whole or in part."""

    since: str
    """First day without it, ``yyyy-mm-dd``."""
    old: str
    """Its code."""
    old_name: str
    new: str
    """Code of the gemeente that it, or a part of it, belongs to since."""
    new_name: str


@dataclass(frozen=True)
class Table:
    """The gemeenten of one year, on 1 January, and their regions."""

    year: int
    digest: str
    """``sha256:<hex>`` of all rows (`canonical.digest`): two organisations with the same digest roll up alike."""
    _regions: Mapping[Level, Mapping[str, str]] = field(repr=False)
    """Per level, the region of each gemeente that has one."""
    _names: Mapping[str, str] = field(repr=False)
    _spelled: Mapping[str, str | None] = field(repr=False)
    """Code by name as people type it; None where two gemeenten share the name."""

    def codes(self, level: Level) -> tuple[str, ...]:
        """The codes of a level, sorted: gemeenten as four digits, regions as MCnn or AMnn; empty if none is known."""
        return tuple(sorted(set(self._regions[level].values())))

    def region(self, gemeente: str, level: Level) -> str | None:
        """The region of a gemeente; None where the source does not say, or for a code that is not of this year."""
        return self._regions[level].get(gemeente)

    def members(self, code: str) -> tuple[str, ...]:
        """The gemeenten of a region (or of itself), sorted; empty for an unknown code."""
        return tuple(sorted({one for held in self._regions.values() for one, found in held.items() if found == code}))

    def complete(self, level: Level) -> bool:
        """Whether every gemeente of the year has a region of this level in the table."""
        return len(self._regions[level]) == len(self._regions["gemeente"])

    def name(self, code: str) -> str | None:
        """The name of a gemeente or region of this year."""
        return self._names.get(code)

    def find(self, name: str) -> str | None:
        """The code of the gemeente of this name; case, diacritics and hyphens do not matter. None where two share it.

        >>> table(2026).find("sudwest fryslan")
        '1900'
        """
        return self._spelled.get(_spelling(name))

    def check(self, gemeente: str) -> str:
        """Give back the code of a gemeente of this year.

        Raises:
            InputError: no gemeente of the year has this code; where it ceased to be, the message names its successor.
        """
        if gemeente in self._regions["gemeente"]:
            return gemeente
        gone = [one for one in mergers() if one.old == gemeente and one.since <= f"{self.year}-01-01"]
        if gone:
            heirs = ", ".join(f"{one.new} ({one.new_name})" for one in gone)
            raise InputError(
                f"gemeente {gemeente} ({gone[0].old_name}) ceased to be on {gone[0].since}; it went to {heirs}",
                where=f"regions of {self.year}",
                hint="Use the code that holds in this year, or the table of an earlier year.",
            )
        raise InputError(
            "no gemeente of this year has this code",
            where=f"regions of {self.year}",
            hint="Check the code and the year.",
        )


@cache
def years() -> tuple[int, ...]:
    """The years for which there is a table, ascending."""
    return tuple(sorted(int(path.stem) for path in _DATA.glob("[0-9]*.csv")))


@cache
def table(year: int) -> Table:
    """The table of a year; read once.

    Raises:
        InputError: there is none for this year.
    """
    if year not in years():
        known = ", ".join(map(str, years()))
        raise InputError(
            f"no table of gemeenten and regions for {year}", where="regions", hint=f"There are tables for {known}."
        )
    rows = _rows(f"{year}.csv", _COLUMNS)
    regions: dict[Level, Mapping[str, str]] = {
        level: MappingProxyType({row["gemeente"]: row[column] for row in rows if row[column]})
        for level, column in zip(LEVELS, ("gemeente", "rmc", "labour_market"), strict=True)
    }
    pairs = (("gemeente", "name"), ("rmc", "rmc_name"), ("labour_market", "labour_market_name"))
    names = {row[code]: row[name] for row in rows for code, name in pairs if row[code]}
    return Table(
        year=year,
        digest=canonical.digest({"year": year, "rows": [[row[column] for column in _COLUMNS] for row in rows]}),
        _regions=MappingProxyType(regions),
        _names=MappingProxyType(names),
        _spelled=MappingProxyType(_spellings({row["gemeente"]: row["name"] for row in rows})),
    )


@cache
def mergers() -> tuple[Merger, ...]:
    """Every gemeente that ceased since 2019, by date; one that was divided stands once for every part."""
    rows = _rows("mergers.csv", ("since", "old", "old_name", "new", "new_name"))
    return tuple(Merger(**row) for row in rows)


def gemeente_code(text: str, table: Table | None = None) -> str | None:
    """Read a gemeente code, damaged as registers damage it; None where the text is none.

    Reads ``0599``, ``599``, ``GM0599`` and ``599.0``, with spaces around. With a table it reads a name too. It does not
    say whether the code is one of some year: `Table.check` does.

    >>> gemeente_code(" 599 "), gemeente_code("GM0599"), gemeente_code("Rotterdam")
    ('0599', '0599', None)
    """
    cell = " ".join(text.split())
    if (found := _CODE.fullmatch(cell)) and cell.isascii():
        return found[1].zfill(4)
    return table.find(cell) if table and cell else None


def _rows(name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a file of ours, below its head of lines with ``#``."""
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    reader = csv.DictReader(line for line in lines if not line.startswith("#"))
    if tuple(reader.fieldnames or ()) != columns:
        raise InputError("not a table of regions as this version ships it", where=name, hint="Install linkage anew.")
    return list(reader)


def _spellings(names: Mapping[str, str]) -> dict[str, str | None]:
    """Code by spelling; a name without the addition of CBS counts where it belongs to one gemeente only."""
    found: dict[str, str | None] = {}
    for code, name in names.items():
        for spelling in {_spelling(name), _spelling(_ADDITION.sub("", name))}:
            found[spelling] = None if spelling in found else code
    for spelling, code in _EVERYDAY.items():
        if code in names:
            found.setdefault(spelling, code)
    return found


def _spelling(name: str) -> str:
    """A name in small letters without diacritics, points, apostrophes and brackets; hyphens and slashes are spaces."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(" " if sign in "-/" else sign for sign in parts if sign.isalnum() or sign in " -/")
    return " ".join(plain.split())
