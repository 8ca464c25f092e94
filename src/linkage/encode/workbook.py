"""Excel workbooks (.xlsx, .xlsm) as people keep them: one sheet in, headings and columns of text out.

Rules kept here:

- One sheet is read: the one that was named; else the only visible one with something in it; else the only one with all
  headings that are looked for. What is not certain is refused, with the names to choose from.
- Headings stand in the row, of the first `TITLE_ROWS`, that has most of those looked for; title rows above it are told.
- A hidden row is a row: a filter hides rows without taking them out. It is read and told.
- What a value cannot be read from with certainty is refused: a cell with an error (#N/A), cells merged over rows.
- Rows have the numbers that Excel shows. No error holds a cell.

A number keeps no leading zeros and a date is a number with a format: `cells` writes both as a person would, and the
normaliser of a BSN puts back the one zero that can be missing. ECMA-376 part 1, section 18.3, is the format.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from linkage.encode import cells
from linkage.encode.distinct import Texts
from linkage.errors import InputError, printable
from linkage.findings import Finding, Severity

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

TITLE_ROWS: Final = 50
"""Headings are looked for in so many rows."""
MOST_BYTES: Final = 1 << 30
"""A workbook that unpacks to more is refused before it is unpacked."""

_PART: Final = "xl/workbook.xml"
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_HIDDEN: Final = re.compile(rb'\bhidden="(?:1|true)"')
_NUMBER: Final = re.compile(rb'\br="(\d+)"')
_ERROR: Final = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)(\d+)"')
_ANY_ERROR: Final = re.compile(rb'<(?:\w+:)?c\b[^>]*\bt="e"')
_SHEET: Final = re.compile(rb'<(?:\w+:)?sheet\b[^>]*\b\w+:id="([^"]+)"')
_TARGET: Final = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_TOTAL: Final = ("totaal", "total", "eindtotaal", "subtotaal")
_HINT: Final = 'In Excel: "Save as", "CSV UTF-8", or save the workbook again.'


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet of which the headings were found."""

    name: str
    headings: tuple[str, ...]
    rows: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: the number of each row below the headings, as Excel shows it."""
    findings: tuple[Finding, ...]
    """E204 other sheets, E205 rows above the headings, E206 hidden rows, E207 a row of totals."""
    source: str
    errors: Mapping[int, str]
    """Column to the first cell below its heading that holds an error."""
    body: list[list[Any]] = field(repr=False)

    def column(self, at: int) -> Texts:
        """A column as text.

        Raises:
            InputError: a cell holds an error of Excel, or what is neither text, number nor date.
        """
        if at in self.errors:
            where = f"{self.source}, cell {self.errors[at]}"
            raise InputError("holds an error of Excel, such as #N/A, where a value belongs", where=where)
        where = f"{self.source}, column {self.headings[at][:60]}"
        return cells.to_texts(cells.from_values([row[at] for row in self.body], where), where)


def is_workbook(path: Path) -> bool:
    """Whether a file is a zip with a workbook in it."""
    try:
        with zipfile.ZipFile(path) as packed:
            return _PART in packed.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def read(path: Path, wanted: Sequence[Sequence[str]], sheet: str | None) -> Sheet:
    """Read one sheet of a workbook.

    Args:
        path: the file.
        wanted: per column that is looked for, the headings it can have, in small letters.
        sheet: its name; None for the one that is meant without doubt.

    Raises:
        InputError: damaged or too large; no such sheet, or several that can be meant; no rows; merged cells over rows.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    with zipfile.ZipFile(path) as packed:
        if sum(part.file_size for part in packed.infolist()) > MOST_BYTES:
            raise InputError("larger than a workbook can be here", where=path.name, hint='Save it as "CSV UTF-8".')
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            return _read(book, path, wanted, sheet)
    except CalamineError:
        pass  # its message may quote the file
    raise InputError("damaged: the workbook cannot be read", where=path.name, hint=_HINT)


def _read(book: CalamineWorkbook, path: Path, wanted: Sequence[Sequence[str]], asked: str | None) -> Sheet:
    chosen, body = _chosen(book, path.name, wanted, asked)
    source = f"{path.name}, sheet {printable(chosen.name)}"
    top = _heading_row(body, wanted)
    headings = tuple(_text(cell) for cell in body[top])
    hidden, errors = _look_inside(path, book.sheet_names.index(chosen.name), top + 1, source)
    _refuse_merged(chosen, top, source)
    rows = body[top + 1 :]
    if not any(cell != "" for row in rows for cell in row):
        raise InputError("headings, but no rows", where=source)
    findings = [*_other_sheets(book, chosen.name, path.name), *_around(rows, top, hidden, source)]
    numbers = np.arange(top + 2, top + 2 + len(rows), dtype=np.int64)
    return Sheet(chosen.name, headings, numbers, tuple(findings), source, errors, rows)


def _chosen(
    book: CalamineWorkbook, source: str, wanted: Sequence[Sequence[str]], asked: str | None
) -> tuple[CalamineSheet, list[list[Any]]]:
    """The sheet that is meant, with its cells from A1 on."""
    names = ", ".join(printable(name) for name in book.sheet_names)
    if asked is not None:
        same = [name for name in book.sheet_names if name.strip().casefold() == asked.strip().casefold()]
        if not same:
            raise InputError(f"no such sheet; there are {names}", where=source, hint="Name one of them with --sheet.")
        found = {same[0]: book.get_sheet_by_name(same[0])}
    else:
        found = {name: book.get_sheet_by_name(name) for name in _visible(book)}
    filled = {name: sheet.to_python(skip_empty_area=False) for name, sheet in found.items() if sheet.start is not None}
    if not filled:
        raise InputError("empty: no headings and no rows", where=source)
    fitting = {
        name: body for name, body in filled.items() if _found(body[_heading_row(body, wanted)], wanted) == len(wanted)
    }
    choice = filled if len(filled) == 1 else fitting
    if len(choice) != 1:
        which = "more than one sheet has" if choice else "no sheet has all of"
        hint = "Name the sheet with --sheet, or with 'sheet' in the config."
        raise InputError(f"{which} the headings looked for; there are {names}", where=source, hint=hint)
    ((name, body),) = choice.items()
    return found[name], body


def _visible(book: CalamineWorkbook) -> list[str]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _heading_row(body: list[list[Any]], wanted: Sequence[Sequence[str]]) -> int:
    """The first of the rows with most of the headings; the first with something in it where none has any."""
    scores = [_found(row, wanted) for row in body[:TITLE_ROWS]]
    if any(scores):
        return scores.index(max(scores))
    return next((at for at, row in enumerate(body) if any(cell != "" for cell in row)), 0)


def _found(row: Sequence[Any], wanted: Sequence[Sequence[str]]) -> int:
    texts = {" ".join(_text(cell).split()).casefold() for cell in row}
    return sum(not texts.isdisjoint(headings) for headings in wanted)


def _text(cell: Any) -> str:
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip()


def _look_inside(path: Path, sheet: int, top: int, source: str) -> tuple[list[int], dict[int, str]]:
    """The numbers of the hidden rows below the headings, and the first cell with an error per column.

    calamine tells neither; it takes errors for empty cells. Both are read from the sheet's own part.
    """
    with zipfile.ZipFile(path) as packed:
        part = _part(packed, sheet)
        if part is None:
            raise InputError("damaged: a sheet cannot be found", where=source, hint=_HINT)
        xml = packed.read(part)
    hidden, number = [], 0
    for row in _ROW.finditer(xml):
        given = _NUMBER.search(row[0])
        number = int(given[1]) if given else number + 1  # the number may be left out
        if number > top and _HIDDEN.search(row[0]):
            hidden.append(number)
    errors: dict[int, str] = {}
    placed = [(error[1].decode(), error[2].decode()) for error in _ERROR.finditer(xml)]
    if len(placed) != len(_ANY_ERROR.findall(xml)):
        raise InputError("holds errors of Excel, such as #N/A, without their places", where=source, hint=_HINT)
    for letters, line in placed:
        if int(line) > top:
            errors.setdefault(_column(letters), letters + line)
    return hidden, errors


def _column(letters: str) -> int:
    """A column's letters as its place from 0: A is 0, AA is 26."""
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place - 1


def _part(packed: zipfile.ZipFile, sheet: int) -> str | None:
    """The name of a sheet's part: the workbook lists sheets by an id, its relations say where each one is."""
    ids = [match[1] for match in _SHEET.finditer(packed.read(_PART))]
    names = set(packed.namelist())
    for relation in _TARGET.findall(packed.read("xl/_rels/workbook.xml.rels")):
        target = re.search(rb'\bTarget="([^"]+)"', relation)
        if target and sheet < len(ids) and b'Id="' + ids[sheet] + b'"' in relation:
            name = target[1].decode("utf-8", "replace")
            return next((one for one in (name.lstrip("/"), f"xl/{name}") if one in names), None)
    return None


def _refuse_merged(sheet: CalamineSheet, top: int, source: str) -> None:
    for (first, _), (last, _) in sheet.merged_cell_ranges or ():
        if last > top and last > first:
            where = f"{source}, rows {first + 1} to {last + 1}"
            raise InputError("cells are merged over rows: only the first row has the value", where=where)


def _other_sheets(book: CalamineWorkbook, chosen: str, source: str) -> list[Finding]:
    others = len(book.sheet_names) - 1
    if not others:
        return []
    hidden = others - len(set(_visible(book)) - {chosen})
    message = f"sheet {printable(chosen)} was read; {others} others were not, {hidden} of them hidden"
    return [Finding("E204", Severity.INFO, source, message)]


def _around(rows: list[list[Any]], top: int, hidden: list[int], source: str) -> list[Finding]:
    """What a person should know about the rows above, between and below."""
    found = []
    if top:
        message = f"the headings stand in row {top + 1}; the rows above them were left out"
        found.append(Finding("E205", Severity.INFO, source, message))
    last = max(at for at, row in enumerate(rows) if any(cell != "" for cell in row))
    filled = [number for number in hidden if number - top - 2 <= last]
    if filled:
        message = f"{len(filled)} hidden rows, the first is row {filled[0]}, were read like all others"
        found.append(Finding("E206", Severity.WARNING, source, message))
    if any(str(cell).strip().casefold().rstrip(":") in _TOTAL for cell in rows[last]):
        message = f"row {top + 2 + last}, the last one, looks like a row of totals: remove it if it is no person"
        found.append(Finding("E207", Severity.WARNING, source, message))
    return found
