"""Categories made of other fields, on the custodian's machine.

Rules kept here (docs/spec/encoding.md, "Categories made by the custodian"):

- What cannot be told for certain is no category: nothing is rounded into a band or taken for another region.
- A cell that no category can be made of is bad, as any other bad cell; what is sound and has no category is counted.
- Each distinct value is looked at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from linkage import regions
from linkage.encode.column import Column
from linkage.encode.normalise import NO_NUMBER
from linkage.errors import InputError
from linkage.protocol.days import earliest, latest
from linkage.protocol.fields import FieldSpec
from linkage.protocol.made import Bands, Region, Running

Note = Literal["abroad", "no-region", "not-listed", "day-unclear", "ends-before"]
ABROAD: Final = "1999"
"""What the BRP writes for who lives outside the Netherlands (Registratie Niet-Ingezetenen)."""
_NEVER: Final = 99_999_999
"""After every day."""


@dataclass(frozen=True, eq=False)
class Category:
    """One category of every row."""

    column: Column = field(repr=False)
    notes: Mapping[Note, int] = field(default_factory=dict)
    """Why how many rows with something in their cells have no category, or what was odd about them."""
    bad: Mapping[int, str] = field(default_factory=dict)
    """Code of a value of the field that it is made of, to why nothing can be made of it."""


def category(spec: FieldSpec, columns: Mapping[str, Column], reference_date: str) -> Category:
    """Make a category.

    Args:
        spec: a field with `made` and `values`.
        columns: normalised fields, those that it is made of among them.
        reference_date: yyyy-mm-dd.
    """
    values = spec.values or ()
    match spec.made:
        case Bands() as bands:
            return Category(_bands(bands, columns[bands.of], values))
        case Region() as region:
            return _region(region, columns[region.of], values)
        case Running() as running:
            day = reference_date if running.on == "reference-date" else running.on
            return _running(columns[running.first], columns[running.last], int(day.replace("-", "")), values)
    raise ValueError("a field that is a column")


def _bands(made: Bands, column: Column, values: Sequence[str]) -> Column:
    """Numbers and starts are compared as the decimals that they are written as."""
    starts = [Decimal(repr(start)) for start in made.starts]
    return _placed(column, [bisect_right(starts, Decimal(text)) for text in column.values.to_pylist()], values)


def _region(made: Region, column: Column, values: Sequence[str]) -> Category:
    listed = {code: place for place, code in enumerate(made.codes(values))}
    in_rows = np.bincount(column.codes + 1, minlength=len(column.values) + 1)[1:]
    places, notes, bad = [-1] * len(column.values), dict[Note, int](), dict[int, str]()
    for at, text in enumerate(column.values.to_pylist()):
        found = _region_of(text, made)
        if isinstance(found, _Bad):
            bad[at] = found.reason
            continue
        code, note = found
        places[at] = listed.get(code, -1) if code else -1
        note = note or ("not-listed" if code and places[at] < 0 else None)
        if note:
            notes[note] = notes.get(note, 0) + int(in_rows[at])
    return Category(_placed(column, places, values), notes, bad)


@dataclass(frozen=True)
class _Bad:
    reason: str


def _region_of(text: str, made: Region) -> tuple[str | None, Note | None] | _Bad:
    """The code of the region of a municipality, by the table of the year."""
    table = regions.table(made.year)
    if text.lower() in NO_NUMBER or not text.strip("0"):
        return None, None
    code = regions.gemeente_code(text, table)
    if code is None:
        return _Bad(f"not a municipality of {made.year}: expected its code of four digits, or its name")
    if code == ABROAD:
        return None, "abroad"
    try:
        table.check(code)
    except InputError:
        return _Bad(f"not the code of a municipality of {made.year}: did it merge, or is the year another one?")
    region = table.region(code, made.level)
    return region, None if region else "no-region"


def _running(first: Column, last: Column, day: int, values: Sequence[str]) -> Category:
    """Begun on the day or before, and not ended before it; a first or last day known in part may be any it can be."""
    begins, ends = _days(first, (0, _NEVER)), _days(last, (_NEVER, _NEVER))
    here, there = first.codes, last.codes
    surely = (begins[1] <= day)[here] & (ends[0] >= day)[there]
    maybe = (begins[0] <= day)[here] & (ends[1] >= day)[there]
    filled = first.present | last.present
    codes = np.where(surely & filled, 0, np.where(maybe | ~filled, -1, 1))
    found: dict[Note, NDArray[np.bool_]] = {
        "day-unclear": maybe & ~surely & filled,
        "ends-before": first.present & (begins[0][here] > ends[1][there]),
    }
    notes = {note: int(rows.sum()) for note, rows in found.items() if rows.any()}
    return Category(Column("category", codes.astype(np.int32), values), notes)


def _days(column: Column, none: tuple[int, int]) -> NDArray[np.int64]:
    """``int64[2, k + 1]``: first and last day that each distinct date can be; the last column serves code -1."""
    every = [(int(earliest(date)), int(latest(date))) for date in column.values.to_pylist()]
    return np.asarray([*every, none], np.int64).T


def _placed(column: Column, places: Sequence[int], values: Sequence[str]) -> Column:
    """The category of each row, from that of each distinct value."""
    return Column("category", np.asarray([*places, -1], np.int32)[column.codes], values)  # the last serves code -1
