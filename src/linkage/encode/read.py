"""Reading an organisation's own file, and keeping only the columns the protocol asks for.

Rules kept here:

- A file is read once and never changed: CSV and workbooks whole, for an encoding is that of all bytes; Parquet batch by
  batch.
  Columns that no field needs are dropped while reading, and a text is held once for all its rows (`distinct`).
- Nothing is ignored in silence: what was detected, what was used, what was left out is in `Records`.
- No error, finding or representation holds a cell. Headings are shown, unless they look like data, which is what
  they are in a file without a heading line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage import files
from linkage.encode import cells, delimited, distinct, workbook
from linkage.encode.distinct import Texts
from linkage.errors import InputError, shape
from linkage.findings import Finding, Severity

if TYPE_CHECKING:
    import pandas as pd

REFERENCE: Final = "#reference"
"""Name of the column that holds the local reference; no protocol field can be called so."""

_PARQUET: Final = b"PAR1"
_UNREADABLE: Final = (pa.ArrowException, OSError, ValueError, KeyError, TypeError)
"""What Arrow raises for a damaged Parquet file."""
_FOREIGN: Final = {
    b"PK\x03\x04": ("a zip file, or a damaged Excel workbook", 'In Excel: "Save as", "CSV UTF-8".'),
    b"\xd0\xcf\x11\xe0": (
        "an old Excel workbook, or one with a password",
        'In Excel: "Save as", "Excel workbook (.xlsx)", without a password.',
    ),
    b"$FL2": ("an SPSS file", 'In SPSS: "Save as", "Comma delimited (*.csv)".'),
    b"\x1f\x8b": ("a gzip file", "Unpack it first."),
    b"%PDF": ("a PDF", "Ask for the data behind it as CSV."),
}
_MOJIBAKE: Final = "Ã[\u0080-¿‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ€]|â‚¬|â€|Â[\u00a0-¿]"
_LOST: Final = r"\x{FFFD}|\pL\?\pL"


@dataclass(frozen=True)
class Columns:
    """Which headings hold which protocol field in one organisation's files."""

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Field to headings, compared without capitals and spaces around them. Of those in the file, the first with
    something in it counts, row by row: Voornamen, else Roepnaam. A field not named here is its own heading."""
    reference: str | None = None
    """Heading of the local reference (student or client number), for the consent registry only."""
    encoding: str | None = None
    """None: detect. Else one of `delimited.ENCODINGS`."""
    delimiter: str | None = None
    """None: detect. Else one of ; , TAB |."""
    sheet: str | None = None
    """Name of the sheet in a workbook. None: the one that is meant without doubt."""


@dataclass(frozen=True, eq=False)
class Records:
    """The cells that a linkage needs, and how they were found."""

    table: pa.Table = field(repr=False)
    """One dictionary column of text per field, null for an empty cell; `REFERENCE` too where it was asked for."""
    rows: NDArray[np.int64] = field(repr=False)
    """Row numbers as a person sees them: in a file, 1 is the first row after the headings (blank lines count, and are
    not here); in a workbook, what Excel shows; in memory, rows count from 0, so that ``frame.iloc[row]`` is the row."""
    source: str
    """File name without folders, or ``table``."""
    encoding: str = ""
    """As detected or given; empty where the format says it."""
    delimiter: str = ""
    """As detected or given; empty where there is none."""
    headings: Mapping[str, str] = field(default_factory=dict)
    """Field to the heading it was taken from, or several with " / " between them."""
    ignored: tuple[str, ...] = ()
    """Headings that were not used, and whose cells were not kept."""
    findings: tuple[Finding, ...] = ()
    """E201 letters garbled, E202 letters lost, E203 empty rows of a file left out; E204 to E207 of `workbook`."""
    sheet: str = ""
    """Name of the sheet of a workbook that was read."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def reference(self) -> pa.ChunkedArray | None:
        """The local reference of each row, where it was asked for."""
        return self.table.column(REFERENCE) if REFERENCE in self.table.column_names else None


def read(path: Path, columns: Columns, fields: Sequence[str]) -> Records:
    """Read a CSV or Parquet file, or a sheet of an Excel workbook.

    Args:
        path: the file; Parquet and workbooks are known by their first bytes, all else is taken for CSV.
        columns: which heading holds which field.
        fields: the protocol fields that are needed.

    Raises:
        InputError: missing, locked, empty, damaged or of another format; a column is missing or there twice; a row has
            more or fewer cells than headings.
    """
    start = files.start(path, len(_PARQUET))
    if start == _PARQUET or path.suffix.lower() in {".parquet", ".pq"}:
        return _read_parquet(path, columns, fields)
    if start.startswith(b"PK") and workbook.is_workbook(path):
        return _read_workbook(path, columns, fields)
    for mark, (kind, hint) in _FOREIGN.items():
        if start.startswith(mark):
            raise InputError(f"expected CSV, Parquet or an Excel workbook, got {kind}", where=path.name, hint=hint)
    opened = delimited.open_delimited(
        files.read(path), path.name, encoding=columns.encoding, delimiter=columns.delimiter
    )
    used = _choose(opened.headings, columns, fields, path.name)
    wanted = sorted({at for chosen in used.values() for at in chosen})
    found, rows = delimited.cells(opened, wanted)
    texts = dict(zip(wanted, found, strict=True))
    detected = (opened.encoding, opened.delimiter)
    return _without_empty(_records(texts, used, opened.headings, rows, path.name, detected))


def from_table(table: pa.Table | pd.DataFrame, fields: Sequence[str], *, source: str = "table") -> Records:
    """Take records from memory, in columns that are named after the protocol's fields.

    Args:
        table: dates, numbers and text of any type; they become text as `cells.to_texts` says.
        fields: the protocol fields that are needed, and `REFERENCE` where the local reference is.
        source: what to call it in errors.

    Raises:
        InputError: no rows, a column is missing or there twice, or its type cannot be written as text.
    """
    is_arrow = isinstance(table, pa.Table)
    headings = tuple(str(name) for name in (table.column_names if is_arrow else table.columns))
    used = _choose(headings, Columns(), fields, source)
    rows = np.arange(len(table), dtype=np.int64)
    if not len(rows):
        raise InputError("headings, but no rows", where=source)
    wanted = sorted({at for chosen in used.values() for at in chosen})
    if is_arrow:
        arrow = [table[at] for at in wanted]
    else:
        arrow = [cells.from_series(table.iloc[:, at], f"{source}, column {headings[at]}") for at in wanted]
    pieces = range(0, len(rows), distinct.BATCH_ROWS)
    batches = ([column.slice(first, distinct.BATCH_ROWS) for column in arrow] for first in pieces)
    texts = _gathered(batches, wanted, headings, source)
    return _records(texts, used, headings, rows, source, ("", ""))


def _read_parquet(path: Path, columns: Columns, fields: Sequence[str]) -> Records:
    import pyarrow.parquet as pq

    source = path.name
    try:
        file = pq.ParquetFile(path)
        headings = tuple(file.schema_arrow.names)
    except _UNREADABLE:
        headings = ()
    if not headings:
        raise InputError("damaged, or not a Parquet file", where=source, hint="Export it again.")
    with file:
        used = _choose(headings, columns, fields, source)
        wanted = sorted({at for chosen in used.values() for at in chosen})
        count = file.metadata.num_rows
        if not count:
            raise InputError("headings, but no rows", where=source)
        try:
            batches = file.iter_batches(distinct.BATCH_ROWS, columns=[headings[at] for at in wanted])
            texts = _gathered((batch.columns for batch in batches), wanted, headings, source)
        except _UNREADABLE:
            texts = {}
    if not texts or any(len(column.codes) != count for column in texts.values()):  # the footer may count other rows
        raise InputError("damaged: its columns cannot be read", where=source, hint="Export it again.")
    rows = np.arange(1, count + 1, dtype=np.int64)
    return _without_empty(_records(texts, used, headings, rows, source, ("", "")))


def _read_workbook(path: Path, columns: Columns, fields: Sequence[str]) -> Records:
    wanted = [[_folded(heading) for heading in headings] for headings in _asked(columns, fields).values()]
    sheet = workbook.read(path, wanted, columns.sheet)
    used = _choose(sheet.headings, columns, fields, sheet.source)
    texts = {at: sheet.column(at) for at in sorted({at for chosen in used.values() for at in chosen})}
    records = _records(texts, used, sheet.headings, sheet.rows, sheet.source, ("", ""))
    findings = (*sheet.findings, *records.findings)
    return _without_empty(replace(records, findings=findings, sheet=sheet.name))


def _asked(columns: Columns, fields: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The headings that each field can have."""
    asked = {name: columns.names.get(name, (name,)) for name in fields}
    if columns.reference is not None:
        asked[REFERENCE] = (columns.reference,)
    return asked


def _choose(
    headings: tuple[str, ...], columns: Columns, fields: Sequence[str], source: str
) -> dict[str, tuple[int, ...]]:
    """Where each field's headings stand."""
    asked = _asked(columns, fields)
    positions: dict[str, int] = {}
    for at, heading in enumerate(headings):
        if heading and positions.setdefault(_folded(heading), at) != at:
            where = f"{source}, columns {positions[_folded(heading)] + 1} and {at + 1}"
            raise InputError(f"heading {_shown((heading,))} is there twice", where=where, hint="Rename one of them.")
    used = {
        name: tuple(positions[_folded(one)] for one in wanted if _folded(one) in positions)
        for name, wanted in asked.items()
    }
    for name, chosen in used.items():
        if not chosen:
            raise _missing(name, asked[name], headings, source)
    return used


def _missing(name: str, wanted: Sequence[str], headings: Sequence[str], source: str) -> InputError:
    if len(headings) == 1:
        return InputError(
            f"only one column found: {_shown(headings)}",
            where=source,
            hint="Is the delimiter another one than ; , TAB or |, or another one than was given?",
        )
    known = {_folded(heading): heading for heading in headings}
    close = [known[near] for one in wanted for near in difflib.get_close_matches(_folded(one), known, n=1)]
    hint = f"Is {_shown(close[:1])} meant? Say so in the column mapping." if close else "Name it in the column mapping."
    what = "the local reference" if name == REFERENCE else f"field {name}"
    message = f"no column for {what}: expected {' or '.join(wanted)}, found {_shown(headings)}"
    return InputError(message, where=source, hint=hint)


def _shown(headings: Sequence[str]) -> str:
    """Headings as a list; by their shape where they hold as many digits as a date or number of a person."""
    looks_like_data = any(len(re.findall(r"\d", heading)) >= 6 or "@" in heading for heading in headings)
    shown = [shape(heading) if looks_like_data else heading[:60] for heading in headings]
    return ", ".join(shown) + (" (masked: is the line of headings missing?)" if looks_like_data else "")


def _folded(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _gathered(
    batches: Iterable[Sequence[Any]], wanted: Sequence[int], headings: Sequence[str], source: str
) -> dict[int, Texts]:
    read = [partial(cells.to_texts, where=f"{source}, column {headings[at]}") for at in wanted]
    return dict(zip(wanted, distinct.gathered(batches, read), strict=True))


def _records(
    found: Mapping[int, Texts],
    used: Mapping[str, tuple[int, ...]],
    headings: tuple[str, ...],
    rows: NDArray[np.int64],
    source: str,
    detected: tuple[str, str],
) -> Records:
    """Merge each field's columns, and look for damaged letters."""
    texts = {name: distinct.first_filled([found[at] for at in chosen]) for name, chosen in used.items()}
    taken = {name: " / ".join(headings[at] for at in chosen) for name, chosen in used.items()}
    findings: list[Finding] = []
    for name, column in texts.items():
        findings += _damage(column, rows, f"{source}, column {taken[name]}")
    ignored = tuple(heading for at, heading in enumerate(headings) if at not in found)
    table = pa.table({name: column.to_arrow() for name, column in texts.items()})
    return Records(table, rows, source, *detected, taken, ignored, tuple(findings))


def _without_empty(records: Records) -> Records:
    """The rows with something in them: to a person a row of delimiters, which Excel likes to add, is a blank line."""
    filled = np.zeros(len(records), dtype=np.bool_)
    for column in records.table.columns:
        filled |= pc.is_valid(column).to_numpy()
    if filled.all() or not records.table.num_columns:
        return records
    if not filled.any():
        raise InputError("rows, but nothing in the columns used", where=records.source)
    message = f"{int((~filled).sum())} rows hold nothing in the columns used, and were left out"
    finding = Finding("E203", Severity.INFO, records.source, message)
    table, rows = records.table.filter(pa.array(filled)), records.rows[filled]
    return replace(records, table=table, rows=rows, findings=(*records.findings, finding))


def _damage(column: Texts, rows: NDArray[np.int64], where: str) -> list[Finding]:
    """Letters that an earlier export garbled or lost; only texts that can hold such are looked at."""
    plain = pc.and_not(pc.string_is_ascii(column.values), pc.match_substring(column.values, "?"))
    odd = np.flatnonzero(~plain.to_numpy(zero_copy_only=False))
    findings: list[Finding] = []
    if not len(odd):
        return findings
    suspects = column.values.take(pa.array(odd))
    for code, pattern, what in (
        ("E201", _MOJIBAKE, "signs such as Ã« where a letter with an accent stood: export again in its own encoding"),
        ("E202", _LOST, "? or a blank diamond where a letter was lost: the letter is left out; export again as UTF-8"),
    ):
        damaged = np.zeros(len(column.values) + 1, dtype=np.bool_)  # the last one serves code -1
        damaged[odd] = pc.match_substring_regex(suspects, pattern).to_numpy(zero_copy_only=False)
        hits = np.flatnonzero(damaged[column.codes])
        if len(hits):
            message = f"{len(hits)} cells, the first in row {rows[hits[0]]}, hold {what}"
            findings.append(Finding(code, Severity.WARNING, where, message))
    return findings
