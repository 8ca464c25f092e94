"""CSV as people save it: bytes in, columns of text out.

Rules kept here:

- Encoding: a byte order mark decides, then strict UTF-8, then Windows-1252. Never Latin-1, in which every byte
  means something, so that damage goes unseen.
- Delimiter: the line ``sep=;`` decides, then the one of ; , TAB | that cuts the first rows into as many cells as
  there are headings.
- Quoting is RFC 4180. Every row has as many cells as there are headings, or nothing is read.
- The file is held once, as bytes, and cut up batch by batch; no second copy of it is made, unless it has to be written
  in UTF-8 first.
- No error holds a cell. They are raised outside `except` blocks, because a UnicodeDecodeError carries the file and
  Arrow's errors quote the row (tests/encode/test_read.py, "sentinel").
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from linkage.encode import distinct
from linkage.encode.cells import to_texts
from linkage.encode.distinct import Texts
from linkage.errors import InputError

ENCODINGS: Final = ("utf-8", "utf-16", "cp1252", "cp850", "iso-8859-15")
"""Encodings that can be asked for; UTF-8 with or without its mark."""
DELIMITERS: Final = ";,\t|"
SAMPLE_BYTES: Final = 1 << 20
"""Headings must end within this many bytes."""
SAMPLE_ROWS: Final = 50
BLOCK_BYTES: Final = 8 << 20
"""No row is longer than what Arrow cuts off at a time."""

_MARKS: Final = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SEPARATOR: Final = re.compile(rb'"?sep=([^\r\n"])[^\r\n]*(?:\r\n|\r|\n)', re.IGNORECASE)
_SOMETHING: Final = re.compile(rb"\S")
_HINT: Final = 'In Excel: "Save as", "CSV UTF-8".'


@dataclass(frozen=True)
class Delimited:
    """A CSV file of which the headings were read and the rows were not yet."""

    source: str
    """File name, for errors."""
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    """As written, without spaces around them."""
    text: bytes = field(repr=False)
    """The file in UTF-8."""
    start: int
    """Where the rows begin in `text`: after the headings."""
    end: int
    """Where they end: before the last line ends."""
    first_line: int
    """Line of the file on which the body starts."""


def open_delimited(data: bytes, source: str, *, encoding: str | None = None, delimiter: str | None = None) -> Delimited:
    """Find encoding, delimiter and headings.

    Raises:
        InputError: empty, not text, or an encoding or delimiter that is not known here.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter not in DELIMITERS):
        raise InputError(f"no such delimiter: expected one of ; , TAB |, got {delimiter!r}", where=source)
    text, start, encoding = _utf8(data, source, encoding)
    line = 1
    if match := _SEPARATOR.match(text, start):
        delimiter = delimiter or match[1].decode("ascii", "replace")
        start, line = match.end(), 2
        if delimiter not in DELIMITERS:
            raise InputError("the line sep= names a delimiter other than ; , TAB |", where=f"{source}, line 1")
    sample = text[start : start + SAMPLE_BYTES].decode("utf-8", "ignore")
    delimiter = delimiter or _likeliest(sample, whole=len(text) - start <= SAMPLE_BYTES)
    lines = io.StringIO(sample, newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    headings = _first(reader)
    if headings is None:
        raise InputError("empty: no headings and no rows", where=source)
    start += len(sample[: lines.tell()].encode("utf-8"))
    end = len(text)
    while end > start and text[end - 1] in b"\r\n":
        end -= 1
    names = tuple(name.strip() for name in headings)
    return Delimited(source, encoding, delimiter, names, text, start, end, line + reader.line_num)


def cells(opened: Delimited, wanted: Sequence[int]) -> tuple[list[Texts], NDArray[np.int64]]:
    """The wanted columns as text, nothing for an empty cell, and the number of each row.

    Rows are numbered from 1, blank lines counted, as a spreadsheet shows them less its headings.

    Raises:
        InputError: no rows, a row with more or fewer cells than headings, quotation marks that do not pair up.
    """
    text, start, end = opened.text, opened.start, opened.end
    if not _SOMETHING.search(text, start, end):
        raise InputError("headings, but no rows", where=opened.source)
    columns = _parse(opened, wanted)
    lines = 1 + (text.count(b"\n", start, end) or text.count(b"\r", start, end))
    if columns and len(columns[0]) == lines and text.count(b'"', start, end) % 2 == 0:
        return columns, np.arange(1, lines + 1, dtype=np.int64)
    rows = _recount(opened)  # blank lines, cells of several lines, or a fault: the slow reader says which and where
    if not columns or len(columns[0]) != len(rows):
        raise InputError("cannot be cut into rows with certainty", where=opened.source, hint=_HINT)
    return columns, rows


def place(line: int, row: int) -> str:
    """Where a person finds a row: its line in the file, and its number among the rows."""
    return f"line {line} (row {row})" if row > 0 else f"line {line} (the headings)"


def _utf8(data: bytes, source: str, asked: str | None) -> tuple[bytes, int, str]:
    """The file in UTF-8, where its text begins after a mark, and the encoding it had."""
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    sure = _encoding(asked, source) if asked else marked
    tried = (sure,) if sure else ("utf-8", "cp1252")
    for name in tried:
        start = len(codecs.BOM_UTF8) if name == "utf-8" and data.startswith(codecs.BOM_UTF8) else 0
        text = _recode(data, start, name)
        if text is None:
            continue
        if (zero := text.find(b"\0")) >= 0:
            where = f"{source}, {place(*_line_and_row(text, zero))}"
            raise InputError("holds NUL bytes: not text, or UTF-16 without its mark", where=where, hint=_HINT)
        return text, start, name
    at = _first_fault(data, tried[-1])
    where = f"{source}, {place(*_line_and_row(data, at))}"
    named = sure or "UTF-8, nor in Windows-1252 (cp1252)"
    hint = _HINT if not asked else "Leave the encoding out to have it detected."
    which = f"byte 0x{data[at]:02x}" if data[at] >= 0x80 else "what stands"  # below it could be a sign of a cell
    raise InputError(f"{which} at position {at} has no meaning in {named}", where=where, hint=hint)


def _recode(data: bytes, start: int, name: str) -> bytes | None:
    """The file in UTF-8, piece by piece; itself where it is that already, None where a byte has no meaning."""
    decoder = codecs.getincrementaldecoder(name)()
    recoded = io.BytesIO()
    for at in range(start, max(len(data), start + 1), BLOCK_BYTES):
        try:
            piece = decoder.decode(data[at : at + BLOCK_BYTES], final=at + BLOCK_BYTES >= len(data))
        except UnicodeDecodeError:
            return None
        if name != "utf-8":
            recoded.write(piece.encode("utf-8"))
    return data if name == "utf-8" else recoded.getvalue()


def _first_fault(data: bytes, name: str) -> int:
    """The position of the first byte without meaning."""
    mark = len(codecs.BOM_UTF8) if name == "utf-8" and data.startswith(codecs.BOM_UTF8) else 0
    try:
        data[mark:].decode(name)
    except UnicodeDecodeError as error:
        return mark + min(error.start, len(data) - mark - 1)
    return mark


def _encoding(asked: str, source: str) -> str:
    try:
        name = codecs.lookup(asked).name.removesuffix("-sig").replace("iso8859", "iso-8859")
    except (LookupError, ValueError):
        name = ""
    if name not in ENCODINGS:
        raise InputError(f"encoding: expected one of {', '.join(ENCODINGS)}, got {asked!r}", where=source)
    return name


def _line_and_row(data: bytes, at: int) -> tuple[int, int]:
    line = 1 + (data.count(b"\n", 0, at) or data.count(b"\r", 0, at))
    headings = 2 if _SEPARATOR.match(data.removeprefix(codecs.BOM_UTF8)) else 1
    return line, line - headings


def _likeliest(sample: str, *, whole: bool) -> str:
    """The delimiter that gives most rows as many cells as the headings; of equals, the one with most cells."""

    def evenness(delimiter: str) -> tuple[float, int]:
        rows = _sample_rows(sample, delimiter)
        rows = rows if whole or len(rows) < 2 else rows[:-1]  # the sample may end within a row
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) / len(rows), width) if width > 1 else (0.0, 0)

    return max(DELIMITERS, key=evenness)


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    with suppress(csv.Error):  # an unclosed quotation mark under this delimiter: judged on the rows before it
        rows.extend(islice(reader, SAMPLE_ROWS))
    return [row for row in rows if row]


def _first(reader: Any) -> list[str] | None:
    """The first row that is not blank."""
    try:
        return next((row for row in reader if any(cell.strip() for cell in row)), None)
    except csv.Error:
        return None


def _parse(opened: Delimited, wanted: Sequence[int]) -> list[Texts] | None:
    """Arrow's fast reader, batch by batch; None where it refuses, for its message quotes the row."""
    names = [str(at) for at in range(len(opened.headings))]
    chosen = [str(at) for at in wanted]
    text = pa.py_buffer(opened.text).slice(opened.start, opened.end - opened.start)
    quoted = opened.text.find(b'"', opened.start, opened.end) >= 0
    try:
        with pa_csv.open_csv(
            pa.BufferReader(text),
            read_options=pa_csv.ReadOptions(column_names=names, block_size=BLOCK_BYTES),
            parse_options=pa_csv.ParseOptions(delimiter=opened.delimiter, newlines_in_values=quoted),
            convert_options=pa_csv.ConvertOptions(
                include_columns=chosen,
                column_types=dict.fromkeys(chosen, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        ) as batches:
            read = partial(to_texts, where=opened.source)
            return distinct.gathered((batch.columns for batch in batches), [read] * len(chosen))
    except pa.ArrowException:
        return None


def rows(opened: Delimited) -> Iterator[list[str]]:
    """The rows that are not blank, cell by cell as they are written: the strict reader of the standard library.

    Raises:
        InputError: a row with more or fewer cells than headings, or quotation marks that do not pair up.
    """
    return (cells for _, cells in _numbered_rows(opened))


def _recount(opened: Delimited) -> NDArray[np.int64]:
    """The numbers of the rows that are not blank."""
    return np.array(array("q", (row for row, _ in _numbered_rows(opened))), dtype=np.int64)


def _numbered_rows(opened: Delimited) -> Iterator[tuple[int, list[str]]]:
    whole = io.BytesIO(opened.text)
    whole.seek(opened.start)
    lines = io.TextIOWrapper(whole, "utf-8", newline="")
    reader = csv.reader(lines, delimiter=opened.delimiter, strict=True)
    width, row, line, fault = len(opened.headings), 0, 0, ""
    try:
        for row, read in enumerate(reader, 1):
            if read and len(read) != width:
                fault = f"expected {width} cells as there are headings, got {len(read)}"
                break
            line = reader.line_num
            if read:
                yield row, read
    except csv.Error:
        row, fault = row + 1, "a quotation mark is opened in this row and not closed, or not at the end of its cell"
    if fault:
        where = f"{opened.source}, {place(opened.first_line + line, row)}"
        raise InputError(fault, where=where, hint=f"Does a cell hold the delimiter ({opened.delimiter!r})? {_HINT}")
