"""A result for Excel: as CSV, and as a workbook.

Rules kept here:

- Text is text, also where it looks like a number or a formula; only shown figures are numbers (OWASP, CSV injection).
- A hidden figure is its mark, never an empty cell.
- That figures are rounded, and what is hidden, stands on the sheets themselves.
- No temporary file is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from linkage import spreadsheet
from linkage.report.result import Report
from linkage.report.words import word

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

Row = Sequence[str | int | float | None]


def as_csv(report: Report) -> str:
    """The table as Excel with Dutch settings opens it, answer and notes below."""
    lines = [[*line.names, *map(report.figures.shown, line.figures)] for line in report.lines]
    if report.figures.divided:
        lines = [[*cells, line.percent] for cells, line in zip(lines, report.lines, strict=True)]
    rows = [report.headings, *lines, [], *([note] for note in (report.answer, *report.notes))]
    return spreadsheet.as_csv(rows)


def as_xlsx(report: Report) -> bytes:
    """A workbook: answer, table, sources, quality, who learnt what, bases, digests, and own rows where given."""
    from xlsxwriter import Workbook

    buffer = BytesIO()
    with Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"title": report.title})
        pen = _Pen(book)
        for key, widths, headings, rows in _sheets(report):
            pen.sheet(word(key, report.lang), widths, headings, rows)
    return buffer.getvalue()


Sheet = tuple[str, list[int], list[str], list[Row]]
"""Key of its name, widths of its columns, headings (none for plain text), rows."""


def _sheets(report: Report) -> list[Sheet]:
    lang = report.lang
    said = report.coverage
    sources: list[Row] = [(one.name, one.rows, one.tells) for one in said.sources]
    digests: list[Row] = [*report.digests.items(), *((line,) for line in report.checks)]
    learnt: list[Row] = [*report.learnt, *((text,) for text in report.limits)]
    about = f"{word('reference_date', lang)} {report.release.reference_date}"
    notes = [(note,) for note in report.notes if note not in report.expected]
    answer: list[Row] = [(report.title,), (about,), (), (report.answer,), (), *notes]
    columns = len(report.headings) - report.figures.names
    heads = {name: [word(name, lang)] for name in ("source", "rows", "role_here", "reason")}
    bases = [word(f"basis_{key}", lang) for key in ("from", "to", "what", "article", "law", "decided")]
    sheets: list[Sheet] = [
        ("sheet_answer", [110], [], answer),
        ("sheet_table", [24] * report.figures.names + [20] * columns, report.headings, _table(report)),
        ("sheet_coverage", [40, 18, 60], [*heads["source"], *heads["rows"], *heads["role_here"]],
         [*sources, (), *((text,) for text in filter(None, (said.lead, *said.caveats)))]),
        ("sheet_quality", [110], [], [(text,) for text in _quality(report)]),
        ("sheet_learnt", [40, 90], [], learnt),
        ("sheet_bases", [34, 34, 12, 18, 40, 60], bases, list(map(tuple, report.bases))),
        ("sheet_check", [34, 80], [], digests),
    ]  # fmt: skip
    if report.own is not None:
        own: list[Row] = [*report.own.rows(lang).items(), (), (report.own.heading(lang),), (word("stays_here", lang),)]
        sheets.append(("sheet_own", [60, 12], [*heads["reason"], *heads["rows"]], own))
    return sheets


def _table(report: Report) -> list[Row]:
    figures = report.figures
    rows: list[Row] = []
    for line in report.lines:
        cells = [figures.shown(one) if one.value is None else one.value for one in line.figures]
        rows.append([*line.names, *cells, *([line.share] if figures.divided else [])])
    notes = [note for note in report.notes if note not in report.expected]
    return [*rows, (), *((note,) for note in notes)]


def _quality(report: Report) -> list[str]:
    measured = [report.quality_text] if report.quality is not None else []
    return [*measured, *report.expected] or [report.no_quality]


class _Pen:
    """Writes cells by their type: what is text is never read as anything else."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        # quote_prefix is Excel's own apostrophe: a cell stays text when somebody edits it
        self.text = book.add_format({"num_format": "@", "quote_prefix": True, "valign": "top"})
        self.long = book.add_format({"num_format": "@", "quote_prefix": True, "valign": "top", "text_wrap": True})
        self.head = book.add_format({"num_format": "@", "quote_prefix": True, "bold": True, "bottom": 1})
        self.number = book.add_format({"num_format": "0", "align": "right"})
        self.share = book.add_format({"num_format": "0%", "align": "right"})

    def sheet(self, name: str, widths: list[int], headings: list[str], rows: list[Row]) -> None:
        """A sheet of the book."""
        sheet = self.book.add_worksheet(name)
        sheet.set_paper(9)  # A4
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        for column, text in enumerate(headings):
            sheet.write_string(0, column, text, self.head)
        if headings:
            sheet.freeze_panes(1, 0)
        for at, row in enumerate(rows, start=1 if headings else 0):
            alone = len(row) == 1 and len(widths) == 1
            for column, value in enumerate(row):
                self._cell(sheet, at, column, value, self.long if alone else self.text)

    def _cell(self, sheet: Worksheet, row: int, column: int, value: Any, text: Any) -> None:
        if isinstance(value, str) and value:
            sheet.write_string(row, column, value, text)
        elif isinstance(value, int):
            sheet.write_number(row, column, value, self.number)
        elif isinstance(value, float):
            sheet.write_number(row, column, value, self.share)
