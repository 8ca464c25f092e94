"""The table of a release, with the words around its figures.

Rules kept here:

- A figure is the release's, or a mark. A hidden one is never a zero or a blank, and has one mark whatever it hides:
  the release does not say which hidden figures are small, because that would tell of the others that they are not.
- A share is of shown figures: of the persons on the line, or for a state of all persons of whom the states are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from linkage.disclosure.protect import Figure
from linkage.disclosure.release import Cell, Release
from linkage.report.labels import Labels
from linkage.report.words import word


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    names: tuple[str, ...]
    """What it is about, one label per column."""
    cell: Cell
    share: float | None
    """Of shown figures; None where one is hidden, or there is nothing to divide."""
    total: bool
    """Whether it is the grand total."""

    @property
    def name(self) -> str:
        """What it is about, in one."""
        return ", ".join(filter(None, self.names))

    @property
    def figures(self) -> list[Figure]:
        """Persons, then the part that is asked for, where there is one."""
        return [one for one in (self.cell.persons, self.cell.part) if one is not None]

    @property
    def asked(self) -> Figure:
        """The figure that answers the question."""
        return self.figures[-1]

    @property
    def percent(self) -> str:
        """The share in whole per cents; empty where there is none."""
        return "" if self.share is None else percent(self.share)


def percent(share: float) -> str:
    """``12%``; ``<1%`` for what is less than half of one, and more than nothing."""
    return "<1%" if 0 < share < 0.005 else f"{100 * share:.0f}%"


@dataclass(frozen=True)
class Figures:
    """The figures of a release."""

    release: Release
    labels: Labels

    @property
    def splits(self) -> tuple[str, ...]:
        """The columns that are states."""
        return tuple(name for name in self.release.by if name in self.labels.splits)

    @property
    def categories(self) -> tuple[str, ...]:
        """The columns that are categories."""
        return tuple(name for name in self.release.by if name not in self.labels.splits)

    @property
    def divided(self) -> bool:
        """Whether the table has a column of shares."""
        return bool(self.splits) or self.labels.output.question in ("overlap", "complement")

    @property
    def headings(self) -> list[str]:
        """Labels of the columns, then persons, the part that is asked for, and its share."""
        asked = {"overlap": ["found"], "complement": ["not_found"]}.get(self.labels.output.question, [])
        keys = ["persons", *asked, *(["share"] if self.divided else [])]
        columns = [self.labels.column(name) for name in self.release.by]
        return [*(columns or [""]), *(word(key, self.labels.lang) for key in keys)]

    @property
    def names(self) -> int:
        """How many columns name a line; the rest are figures."""
        return max(1, len(self.release.by))

    @cached_property
    def lines(self) -> list[Line]:
        """Cells, subtotals, and the grand total last."""
        return [self._line(cell) for cell in (*self.release.cells, *self.release.margins, self.release.total)]

    def _line(self, cell: Cell) -> Line:
        if cell is self.release.total:
            names = (word("total", self.labels.lang), *[""] * (self.names - 1))
        else:
            every = word("all", self.labels.lang)
            said = cell.categories
            names = tuple(self.labels.value(n, said[n]) if n in said else every for n in self.release.by)
        return Line(names, cell, self._share(cell), cell is self.release.total)

    def _share(self, cell: Cell) -> float | None:
        if cell.part is not None:
            return ratio(cell.part, cell.persons)
        rest = {name: value for name, value in cell.categories.items() if name not in self.splits}
        return ratio(cell.persons, self._figure(rest)) if len(rest) < len(cell.categories) else None

    def _figure(self, categories: dict[str, str]) -> Figure:
        """The persons of all states together."""
        every = (*self.release.margins, self.release.total)
        return next(cell.persons for cell in every if dict(cell.categories) == categories)

    def family(self, columns: Iterable[str]) -> list[Line]:
        """The lines over exactly these columns."""
        wanted = set(columns)
        return [line for line in self.lines if set(line.cell.categories) == wanted]

    @property
    def total(self) -> Line:
        """The grand total."""
        return self.lines[-1]

    @property
    def mark(self) -> str:
        """Of a hidden figure."""
        return word("away", self.labels.lang, minimum=self.release.protection.get("minimum"))

    def shown(self, figure: Figure) -> str:
        """A figure as the table has it."""
        if figure.status == "below":
            return f"<{self.release.protection['minimum']}"
        return self.mark if figure.value is None else str(figure.value)

    def said(self, figure: Figure) -> str:
        """A figure as a sentence has it."""
        if figure.value is None:
            return word("away_aloud", self.labels.lang, minimum=self.release.protection.get("minimum"))
        exact = self.release.protection.get("rounding") == 1 and self.release.protection["method"] == "suppression"
        return str(figure.value) if exact else word("about", self.labels.lang, count=figure.value)


def ratio(part: Figure, whole: Figure) -> float | None:
    """A shown figure divided by another; None where it cannot be."""
    if part.value is None or not whole.value:
        return None
    return part.value / whole.value
