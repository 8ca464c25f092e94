"""A result for a terminal.

Rule kept here: the answer comes before the table; sentences are folded at 96 columns.
"""

from __future__ import annotations

import textwrap

from linkage.report.result import Report
from linkage.report.words import word

WIDTH = 96


def as_text(report: Report) -> str:
    """The report for a terminal."""
    lang = report.lang
    parts = [report.title, f"{word('reference_date', lang)} {report.release.reference_date}", ""]
    parts += [_fold(report.answer), "", *_table(report), "", *map(_fold, report.notes)]
    if report.coverage.lead:
        parts += ["", word("coverage", lang), *_coverage(report)]
    parts += ["", word("learnt", lang), *(_fold(f"{name}: {text}", "  - ") for name, text in report.learnt)]
    parts += [_fold(text, "  - ") for text in report.limits]
    if report.quality is not None:
        parts += ["", word("quality", lang), _fold(report.quality_text)]
    parts += ["", word("check", lang), *(f"  {name}: {value}" for name, value in report.digests.items())]
    return "\n".join(parts)


def _table(report: Report) -> list[str]:
    names = report.figures.names
    lines = [
        [*line.names, *map(report.figures.shown, line.figures), *_share(report, line.percent)] for line in report.lines
    ]
    widths = [max(len(row[i]) for row in [report.headings, *lines]) for i in range(len(report.headings))]

    def row(cells: list[str]) -> str:
        cut = [c.ljust(w) if i < names else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return "  " + "  ".join(cut).rstrip()

    rule = "  " + "  ".join("-" * w for w in widths)
    cells = [*map(row, lines[:-1]), rule] if len(lines) > 1 else []
    return [row(report.headings), rule, *cells, row(lines[-1])]


def _share(report: Report, percent: str) -> list[str]:
    return [percent] if report.figures.divided else []


def _coverage(report: Report) -> list[str]:
    rows = word("rows", report.lang)
    sources = [f"{one.name}: {one.rows} {rows}; {one.tells}" for one in report.coverage.sources]
    every = [*sources, report.coverage.lead, *report.coverage.caveats]
    return [_fold(text, "  " if text == report.coverage.lead else "  - ") for text in every]


def _fold(text: str, first: str = "  ") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent="  " + " " * (len(first) - 2))
