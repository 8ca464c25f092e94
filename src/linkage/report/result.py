"""A release as a person reads it: text for a terminal, data for a program, one HTML page for a file.

Rules kept here:

- Every figure comes from the release; the report computes shares from shown figures only.
- The HTML page holds everything it needs: no script, no font, no picture from elsewhere, no link that is followed.
- A reader sees beside the table what was hidden and why, who learnt what, and which basis was declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from linkage.disclosure.protect import Figure
from linkage.disclosure.release import Cell, Expected, Release
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Overlap, Table
from linkage.report import agreed, guarantee
from linkage.report.words import Lang, word

Quality = Mapping[str, Any]
"""`overlap`, `true_overlap`, `precision`, `recall`: only where the truth is known."""


@dataclass(frozen=True)
class Report:
    """A release with what its reader must know beside it."""

    protocol: Protocol
    release: Release
    lang: Lang
    quality: Quality | None = None

    @property
    def output(self) -> Table:
        """The output of the protocol that this answers."""
        return next(o for o in self.protocol.tables if o.name == self.release.output)

    @property
    def title(self) -> str:
        """The question in the reader's language."""
        return str(getattr(self.output.title, self.lang))

    @property
    def headings(self) -> list[str]:
        """Category labels, then persons, linked, share."""
        labels = []
        splits = {split.name: split.label for split in getattr(self.output, "splits", ())}
        for name in self.release.by:
            label = splits[name] if name in splits else self.protocol.field(name).label
            labels.append(str(getattr(label, self.lang)) if label else name)
        asked = {"overlap": ["linked", "share"], "complement": ["not_found", "share"]}.get(self.output.question, [])
        return [*(labels or [""]), *(word(key, self.lang) for key in ("persons", *asked))]

    @property
    def names(self) -> int:
        """How many columns name a line; the rest are figures."""
        return max(1, len(self.release.by))

    @property
    def lines(self) -> list[list[str]]:
        """The table as text: cells, subtotals, and the grand total last."""
        by, every = self.release.by, word("all", self.lang)
        cells = (*self.release.cells, *self.release.margins)
        lines = [[*(cell.categories.get(name, every) for name in by), *self._figures(cell)] for cell in cells]
        blank = [""] * (self.names - 1)
        return [*lines, [word("total", self.lang), *blank, *self._figures(self.release.total)]]

    def _figures(self, cell: Cell) -> list[str]:
        if cell.part is None:
            return [self._shown(cell.persons)]
        return [self._shown(cell.persons), self._shown(cell.part), share(cell)]

    def _shown(self, figure: Figure) -> str:
        if figure.status == "below":
            return f"<{self.release.protection['minimum']}"
        return word("hidden", self.lang) if figure.value is None else str(figure.value)

    @property
    def notes(self) -> list[str]:
        """What the reader must know about the figures."""
        rule = agreed.rule(self.output, self.lang)
        if not isinstance(self.output, Overlap):
            return [rule, *self._pooled, *(self._expected(one) for one in self.release.expected)]
        names = [self.protocol.party(party).name for party in self.output.found_in]
        found_in = f" {word('or', self.lang)} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        meaning = word("meaning", self.lang, found_in=found_in)
        told = [*self._few, rule, *self._pooled, meaning]
        return [*told, *(self._expected(one) for one in self.release.expected)]

    @property
    def _few(self) -> list[str]:
        """What can be said where the grand total of linked is itself a small number."""
        total = self.release.total
        if total.part is None or total.part.status != "below":
            return []
        minimum = self.release.protection["minimum"]
        return [word("few", self.lang, minimum=minimum, persons=total.persons.value)]

    @property
    def _pooled(self) -> list[str]:
        """Why the table is coarser than the protocol's."""
        if self.release.by == self.output.by:
            return []
        fields = [self.protocol.field(name) for name in self.output.by if name not in self.release.by]
        names = [str(getattr(f.label, self.lang)) if f.label else f.name for f in fields]
        return [word("pooled", self.lang, fields=f" {word('and', self.lang)} ".join(names))]

    def _expected(self, one: Expected) -> str:
        """One sentence on the quality of a stage."""
        shares = {"right": one.right, "found": one.found}
        hundredths = {name: [round(100 * share) for share in part] for name, part in shares.items()}
        sentence = word(
            "expected", self.lang, stage=one.stage + 1,
            right=hundredths["right"][0], right_low=hundredths["right"][1], right_high=hundredths["right"][2],
            found=hundredths["found"][0], found_low=hundredths["found"][1], found_high=hundredths["found"][2],
            strangers=word(f"strangers_{one.strangers}", self.lang), same=word(f"same_{one.same}", self.lang),
        )  # fmt: skip
        if len(self.protocol.custodians) == 2:
            return sentence
        left, right = (self.protocol.party(party).name for party in one.parties)
        return word("between", self.lang, left=left, right=right, sentence=sentence)

    @property
    def learnt(self) -> list[tuple[str, str]]:
        """Party and what it learnt."""
        told = [(self.protocol.party(p).name, word("learnt_custodian", self.lang)) for p in self.output.to]
        return [*told, (self.protocol.unit.name, word("learnt_unit", self.lang))]

    @property
    def limits(self) -> list[str]:
        """What the protocol does not protect against."""
        return [*guarantee.collusion(self.protocol, self.lang), word("pseudonymised", self.lang)]

    @property
    def bases(self) -> list[str]:
        """The declared basis of every direction of disclosure."""
        return [line for party in self.protocol.party_ids for line in agreed.bases(self.protocol, party, self.lang)]

    @property
    def quality_text(self) -> str:
        """Quality against the truth, or nothing where no truth is known."""
        if self.quality is None:
            return ""
        return word(
            "quality_text", self.lang, overlap=self.quality["overlap"], truth=self.quality["true_overlap"],
            precision=f"{self.quality['precision']:.4f}", recall=f"{self.quality['recall']:.4f}",
        )  # fmt: skip


def share(cell: Cell) -> str:
    """Linked as a share of persons, in whole per cents of the shown figures; empty when one is hidden."""
    if cell.part is None or cell.persons.value is None or cell.part.value is None or not cell.persons.value:
        return ""
    return f"{100 * cell.part.value / cell.persons.value:.0f}%"


def as_data(report: Report) -> dict[str, Any]:
    """The release with its labels, for ``--json``."""
    return {
        "title": report.title,
        "reference_date": report.release.reference_date,
        "rows": dict(report.release.parties),
        **{key: value for key, value in asdict(report.release).items() if key != "parties"},
        "notes": report.notes,
        "learnt": dict(report.learnt),
        "limits": report.limits,
    }


def as_text(report: Report) -> str:
    """The report for a terminal; sentences are folded at 96 columns."""
    import textwrap

    lines = report.lines
    widths = [max(len(row[i]) for row in [report.headings, *lines]) for i in range(len(report.headings))]

    def row(cells: list[str]) -> str:
        cut = [
            c.ljust(w) if i < report.names else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  " + "  ".join(cut).rstrip()

    rule = "  " + "  ".join("-" * w for w in widths)
    cells = [*map(row, lines[:-1]), rule] if len(lines) > 1 else []
    table = [row(report.headings), rule, *cells, row(lines[-1])]

    def fold(text: str, first: str = "  ") -> str:
        return textwrap.fill(text, 96, initial_indent=first, subsequent_indent="  " + " " * (len(first) - 2))

    parts = [report.title, f"{word('reference_date', report.lang)} {report.release.reference_date}", "", *table, ""]
    parts += [fold(note) for note in report.notes]
    parts += ["", word("learnt", report.lang)]
    parts += [fold(f"{name}: {text}", "  - ") for name, text in report.learnt]
    parts += [fold(text, "  - ") for text in report.limits]
    if report.quality is not None:
        parts += ["", word("quality", report.lang), fold(report.quality_text)]
    return "\n".join(parts)


def as_html(report: Report) -> str:
    """The report as one self-contained page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("linkage.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )

    def say(key: str) -> str:
        return word(key, report.lang)

    release = report.release
    bars = [_bar(cell) for cell in (*release.cells, *release.margins, release.total)]
    return environment.get_template("result.html").render(report=report, word=say, bars=bars)


def _bar(cell: Cell) -> float | None:
    """Length of the bar in per cents of persons; None when a figure is hidden."""
    text = share(cell)
    return float(text.rstrip("%")) if text else None


def as_json(report: Report) -> str:
    """`as_data` as text."""
    import json

    return json.dumps(as_data(report), ensure_ascii=False, indent=2) + "\n"


def as_csv(report: Report) -> str:
    """The table as Excel with Dutch settings opens it: UTF-8 with mark, semicolons, the notes below.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection).
    """
    rows = [report.headings, *report.lines, [], *([note] for note in report.notes)]
    return "\ufeff" + "".join(";".join(map(_excel_cell, row)) + "\r\n" for row in rows)


def _excel_cell(text: str) -> str:
    safe = "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
    return '"' + safe.replace('"', '""') + '"' if any(c in safe for c in ';"\r\n') else safe
