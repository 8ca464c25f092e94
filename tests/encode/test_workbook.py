"""Workbooks: what Excel does to a register, and what is made of it."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from linkage.encode import normalise, workbook
from linkage.encode.read import REFERENCE, Columns, Records, read
from linkage.errors import InputError
from linkage.findings import Severity

HEAD = ["Studentnummer", "BSN", "Achternaam", "Geboortedatum"]
ROWS: list[list[Any]] = [
    ["s1", 12345672, "Vos", dt.date(1998, 3, 17)],
    ["s2", "012345672", "de Wit", dt.datetime(1999, 12, 31)],  # noqa: DTZ001  # as Excel keeps a day
    [3, "'111222333", "Müller", "17-3-1998"],
]
COLUMNS = Columns(
    {"bsn": ("PGN", "BSN"), "surname": ("Achternaam",), "birth-date": ("Geboortedatum",)}, reference="Studentnummer"
)
SENTINEL = "Xylofoonstra"
Change = Callable[[Any, Any], None]


def made(folder: Path, change: Change | None = None, above: int = 0, rows: list[list[Any]] = ROWS) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Export"
    for _ in range(above):
        sheet.append(["Overzicht gediplomeerden"])
    for row in [HEAD, *rows]:
        sheet.append(row)
    if change:
        change(book, sheet)
    book.save(folder / "export.xlsx")
    return folder / "export.xlsx"


def load(path: Path, **others: Any) -> Records:
    return read(path, Columns(COLUMNS.names, reference=COLUMNS.reference, **others), tuple(COLUMNS.names))


def codes(records: Records) -> list[str]:
    return [finding.code for finding in records.findings]


def test_numbers_dates_and_texts_become_what_a_person_would_write(tmp_path: Path) -> None:
    records = load(made(tmp_path))
    assert records.table.to_pydict() == {
        "bsn": ["12345672", "012345672", "'111222333"],
        "surname": ["Vos", "de Wit", "Müller"],
        "birth-date": ["1998-03-17", "1999-12-31", "17-3-1998"],
        REFERENCE: ["s1", "s2", "3"],
    }
    assert [normalise.bsn(text).value for text in records.table["bsn"].to_pylist()] == [
        "012345672", "012345672", "111222333",
    ]  # fmt: skip
    assert records.rows.tolist() == [2, 3, 4], "as Excel shows them"
    assert (records.sheet, records.encoding, codes(records)) == ("Export", "", [])


def test_title_rows_above_the_headings_are_left_out_and_told(tmp_path: Path) -> None:
    def titled(book: Any, sheet: Any) -> None:
        sheet.merge_cells("A1:D1")  # over columns, above the headings: harmless

    records = load(made(tmp_path, titled, above=3))
    assert records.rows.tolist() == [5, 6, 7]
    assert codes(records) == ["E205"]
    assert "row 4" in records.findings[0].message


def test_hidden_and_filtered_rows_are_read_and_told(tmp_path: Path) -> None:
    def hide(book: Any, sheet: Any) -> None:
        sheet.auto_filter.ref = "A1:D4"
        sheet.row_dimensions[3].hidden = True
        sheet.row_dimensions[900].hidden = True  # nothing in it
        sheet.column_dimensions["B"].hidden = True

    records = load(made(tmp_path, hide))
    assert len(records) == 3
    (finding,) = records.findings
    assert (finding.code, finding.severity) == ("E206", Severity.WARNING)
    assert "1 hidden rows, the first is row 3" in finding.message


def test_a_row_of_totals_is_told(tmp_path: Path) -> None:
    records = load(made(tmp_path, rows=[*ROWS, ["Totaal:", None, None, 3]]))
    assert codes(records) == ["E207"]
    assert "row 5" in records.findings[0].message


def test_the_only_sheet_that_can_be_meant_is_read_and_the_others_told(tmp_path: Path) -> None:
    def more(book: Any, sheet: Any) -> None:
        book.create_sheet("Leeg", 0)
        book.create_sheet("Toelichting", 0)["A1"] = "Peildatum 1 oktober"
        old = book.create_sheet("Oud")
        old.sheet_state = "hidden"
        old.append(HEAD)

    records = load(made(tmp_path, more))
    assert records.sheet == "Export"
    assert codes(records) == ["E204"]
    assert "3 others were not, 1 of them hidden" in records.findings[0].message


def test_a_sheet_is_named_where_several_can_be_meant(tmp_path: Path) -> None:
    def twice(book: Any, sheet: Any) -> None:
        for row in (HEAD, ["x9", "111222333", "Bos", "1-1-2000"]):
            book["Sheet2"].append(row) if "Sheet2" in book.sheetnames else book.create_sheet("Sheet2").append(row)

    path = made(tmp_path, twice)
    with pytest.raises(InputError, match="more than one sheet has the headings") as caught:
        load(path)
    assert "Export, Sheet2" in str(caught.value)
    assert load(path, sheet=" sheet2").table["surname"].to_pylist() == ["Bos"]
    with pytest.raises(InputError, match="no such sheet; there are Export, Sheet2"):
        load(path, sheet="Blad1")


def merged(book: Any, sheet: Any) -> None:
    sheet.merge_cells("C2:C3")


def failed(book: Any, sheet: Any) -> None:
    sheet["B3"] = "#N/A"
    sheet["B3"].data_type = "e"


def timed(book: Any, sheet: Any) -> None:
    sheet["D3"] = dt.time(3, 4)


def again(book: Any, sheet: Any) -> None:
    sheet["A1"] = "BSN"


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        pytest.param(merged, "rows 2 to 3", "merged over rows", id="cells merged over rows"),
        pytest.param(failed, "cell B3", "error of Excel", id="a cell with an error"),
        pytest.param(timed, "column Geboortedatum", "type time", id="a time of day"),
        pytest.param(again, "columns 1 and 2", "there twice", id="a heading twice"),
        pytest.param(lambda book, sheet: sheet.delete_rows(1), "Export", "no column for", id="no headings"),
        pytest.param(lambda book, sheet: sheet.delete_rows(2, 9), "Export", "no rows", id="no rows"),
        pytest.param(lambda book, sheet: sheet.delete_rows(1, 9), "export.xlsx", "empty", id="an empty sheet"),
    ],
)
def test_what_cannot_be_read_with_certainty_is_refused_with_its_place(
    tmp_path: Path, change: Change, where: str, message: str
) -> None:
    path = made(tmp_path, change, rows=[[SENTINEL, *row[1:]] for row in ROWS])
    with pytest.raises(InputError) as caught:
        load(path)
    assert message in caught.value.message
    assert where in caught.value.where
    assert SENTINEL not in str(caught.value)


def test_an_error_in_a_column_that_is_not_used_does_no_harm(tmp_path: Path) -> None:
    def beside(book: Any, sheet: Any) -> None:
        sheet["AB1"], sheet["AB2"] = "Opzoeken", "#N/A"
        sheet["AB2"].data_type = "e"

    records = load(made(tmp_path, beside))
    assert len(records) == 3
    assert records.ignored[-1] == "Opzoeken"


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_workbook_cut_short_is_refused(tmp_path: Path, keep: float) -> None:
    path = made(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(InputError, match="damaged"):
        load(path)


def test_a_damaged_part_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path)
    spoilt = tmp_path / "spoilt.xlsx"
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(spoilt, "w") as other:
        for name in packed.namelist():
            data = packed.read(name)
            other.writestr(name, data[: len(data) // 2] if name.endswith("sheet1.xml") else data)
    with pytest.raises(InputError, match="damaged"):
        load(spoilt)


def test_a_zip_without_a_workbook_and_one_that_is_too_large_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.txt", "x")
    with pytest.raises(InputError, match="a zip file"):
        load(path)
    monkeypatch.setattr(workbook, "MOST_BYTES", 100)
    with pytest.raises(InputError, match="larger than a workbook can be"):
        load(made(tmp_path))


def test_a_date_without_its_format_is_not_guessed(tmp_path: Path) -> None:
    records = load(made(tmp_path, rows=[["s1", 12345672, "Vos", 35871]]))
    with pytest.raises(normalise.BadValue, match="not a date but a number of days"):
        normalise.date(records.table["birth-date"].to_pylist()[0])


@pytest.mark.parametrize(("letters", "place"), [("A", 0), ("Z", 25), ("AA", 26), ("AZ", 51), ("XFD", 16383)])
def test_columns_count_from_their_letters(letters: str, place: int) -> None:
    assert workbook._column(letters) == place


def rewritten(path: Path, old: bytes, new: bytes) -> Path:
    """The same workbook with its sheet's part changed."""
    spoilt = path.with_stem("rewritten")
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(spoilt, "w") as other:
        for name in packed.namelist():
            data = packed.read(name)
            other.writestr(name, data.replace(old, new) if name.endswith("sheet1.xml") else data)
    return spoilt


def test_rows_and_cells_that_do_not_say_where_they_stand(tmp_path: Path) -> None:
    def hide(book: Any, sheet: Any) -> None:
        sheet.row_dimensions[3].hidden = True

    (finding,) = load(rewritten(made(tmp_path, hide), b'<row r="3"', b"<row")).findings
    assert "the first is row 3" in finding.message
    with pytest.raises(InputError, match="without their places"):
        load(rewritten(made(tmp_path, failed), b'<c r="B3"', b"<c"))
