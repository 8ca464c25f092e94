"""Which figures of a table are hidden.

Rules kept here (docs/spec/disclosure.md):

- A count below the minimum is hidden, zero included, and so is a count that leaves fewer than the minimum out: "all of
  them" and "none of them" are statements about each person in the cell. Where the protocol says so, zero and all show.
- A table whose only sum is the grand total follows a rule that holds against a reader who knows it: at least `minimum`
  values stay possible for a small count (tests/disclosure/test_adversary.py tries every table).
- With subtotals, no sum has one hidden part, and what subtraction gives of a sum counts at least `minimum` persons on
  both sides; then `bounds` proves that every hidden small count keeps its values, and more is hidden until it does.
- Which further figure is hidden follows from where it stands and from what is hidden already, never from its size: if
  it were the smallest, "no larger than any that is shown" would give single counts away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.disclosure.bounds import KINDS, Exact, Figure, Known, Reader
from linkage.disclosure.rounding import least_and_most, rounded
from linkage.disclosure.table import Counts, Frame
from linkage.protocol.protections import Suppression

Flags = NDArray[np.bool_]
TURNS = 2
"""How often more cells are hidden to widen a range, before sums are."""


@dataclass(frozen=True)
class Hidden:
    """What is not shown of a table."""

    persons: Flags
    """``bool[figures]``"""
    part: Flags
    """``bool[figures]``"""


def small(count: Counts, rule: Suppression) -> Flags:
    """Which counts are too small to be told."""
    return (count < rule.minimum) & ((count > 0) | (rule.zero_and_full == "hide"))


def hide(frame: Frame, persons: Counts, part: Counts | None, rule: Suppression) -> Hidden:
    """Decide what is hidden.

    Args:
        frame: the table.
        persons: ``int64[cells]``: persons per cell.
        part: ``int64[cells]``: the part of them that is asked for; None where none is.
        rule: what the protocol says.
    """
    table = _Table(frame, persons, part, rule)
    if rule.zero_and_full == "hide" and len(frame.families) == 2 and not frame.margins:
        table.one_total()
    else:
        table.small()
        table.protect_sums()
    narrow = table.too_narrow(table.wanted())
    turn = 0
    while narrow:  # what is wide enough stays so when more is hidden
        for one in narrow:
            table.protect(*one, wholes=turn >= TURNS)
        table.protect_sums()
        turn += 1
        narrow = table.too_narrow(narrow)
    return Hidden(*table.hidden)


class _Table:
    """Exact figures, and which of them are hidden so far: 0 is persons, 1 is the part of them that is asked for."""

    def __init__(self, frame: Frame, persons: Counts, part: Counts | None, rule: Suppression) -> None:
        self.frame, self.rule = frame, rule
        self.kinds = (0,) if part is None else (0, 1)
        part = np.zeros_like(persons) if part is None else part
        self.exact = Exact(part, persons - part)
        self.figures = frame.figures(persons), frame.figures(part)
        left = self.figures[0] - self.figures[1]
        self.sides = (self.figures[:1], (self.figures[1], left))
        self.primary = tuple(np.logical_or.reduce([small(side, rule) for side in sides]) for sides in self.sides)
        self.hidden = [np.zeros(len(frame), np.bool_) for _ in range(2)]
        self.of: dict[int, list[int]] = {}
        for n, one in enumerate(frame.sums):
            for figure in (one.whole, *one.parts.tolist()):
                self.of.setdefault(figure, []).append(n)

    def one_total(self) -> None:
        """Cells and their total, by the rule that stands against a reader who knows it."""
        cells = [figures[:-1].tolist() for figures in self.figures]
        persons = one_total(cells[0], None, self.rule.minimum)
        part = one_total(cells[1], cells[0], self.rule.minimum) if 1 in self.kinds else np.ones_like(persons)
        self.hidden = [persons, part]

    def small(self) -> None:
        """Hide what is small, and a part with its whole."""
        part = self.primary[0] | self.primary[1] if 1 in self.kinds else np.ones_like(self.primary[0])
        self.hidden = [self.primary[0].copy(), part]

    def protect_sums(self) -> None:
        """Hide until no sum gives a hidden figure, or a small number of persons, away."""
        for kind in self.kinds:
            if kind:
                self.hidden[1] |= self.hidden[0]
            waiting = list(range(len(self.frame.sums)))[::-1]
            queued = set(waiting)
            while waiting:
                n = waiting.pop()
                queued.discard(n)
                while not self._safe(kind, n):
                    for other in self.of[self._hide_in(kind, n)]:
                        if other != n and other not in queued:
                            waiting.append(other)
                            queued.add(other)

    def protect(self, kind: str, figure: int, *, wholes: bool) -> None:
        """Hide one more figure beside one that is known too well: a part of the nearest sum whose whole is shown, or
        the whole."""
        at = 0 if kind == "persons" else 1
        level = [figure]
        while level:
            above = [n for one in level for n in self.of.get(one, ()) if self.frame.sums[n].whole != one]
            for n in above:
                whole = self.frame.sums[n].whole
                if not self.hidden[at][whole]:
                    if wholes:
                        self.hidden[at][whole] = True
                    else:
                        self._hide_in(at, n)
                    return
            level = sorted({self.frame.sums[n].whole for n in above})
        self.hidden[0][figure] = self.hidden[at][figure] = True  # a part is known too well through its persons

    def wanted(self) -> list[Figure]:
        """The hidden figures that are small."""
        return [
            (KINDS[kind], int(figure))
            for kind in self.kinds
            for figure in np.flatnonzero(self.hidden[kind] & self.primary[kind])
        ]

    def too_narrow(self, wanted: list[Figure]) -> list[Figure]:
        """Hidden figures of which a reader knows too much."""
        if not wanted:
            return []
        reader = Reader(self.frame, known(self.frame, *self.figures, Hidden(*self.hidden), self.rule))
        return reader.too_narrow(wanted, self.exact, self.rule.minimum)

    def _safe(self, kind: int, n: int) -> bool:
        one, hidden = self.frame.sums[n], self.hidden[kind]
        parts = one.parts[hidden[one.parts]]
        if hidden[one.whole]:
            return len(parts) > 0
        if not len(parts):
            return True
        sums = [int(side[parts].sum()) for side in self.sides[kind]]
        return len(parts) > 1 and min(sums) >= self.rule.minimum

    def _hide_in(self, kind: int, n: int) -> int:
        """Hide one more part of a sum, or the whole when none is left. Returns which."""
        one, hidden = self.frame.sums[n], self.hidden[kind]
        open_ = one.parts[~hidden[one.parts]]
        if len(open_):
            taken = np.flatnonzero(hidden[one.parts])
            first = int(taken[0]) if len(taken) else 0
            around = np.roll(one.parts, -first)
            around = around[~hidden[around]]
            chosen = int(max(around, key=lambda f: self._met(kind, int(f), n)))  # the first of the best
        else:
            chosen = one.whole
        hidden[chosen] = True
        return chosen

    def _met(self, kind: int, figure: int, n: int) -> int:
        """In how many other sums this figure stands beside a hidden one."""
        hidden, sums = self.hidden[kind], self.frame.sums
        return sum(bool(hidden[sums[m].parts].any() or hidden[sums[m].whole]) for m in self.of[figure] if m != n)


def known(frame: Frame, persons: Counts, part: Counts, hidden: Hidden, rule: Suppression) -> Known:
    """What a reader knows of every figure from what is shown of it.

    Args:
        frame: the table.
        persons, part: ``int64[figures]``: exact.
        hidden: what is not shown.
        rule: gives minimum and rounding.
    """
    found = []
    for count, away in ((persons, hidden.persons), (part, hidden.part)):
        ends = [
            least_and_most(rounded(int(c), rule.minimum, rule.rounding), rule.minimum, rule.rounding) for c in count
        ]
        low, high = np.asarray(ends, np.float64).reshape(-1, 2).T
        found.append(np.stack([np.where(away, 0, low), np.where(away, np.inf, high)]))
    left = np.stack([np.zeros(len(frame)), np.full(len(frame), np.inf)])
    if rule.zero_and_full == "hide":  # a part that is shown leaves the minimum out
        left[0][~hidden.part] = rule.minimum
    return Known(found[0], found[1], left)


def one_total(counts: list[int], of: list[int] | None, minimum: int) -> Flags:
    """What is hidden of cells and, last, their total.

    Args:
        counts: exact count per cell.
        of: of how many persons in the cell; None where the count is of all persons.
        minimum: the smallest count that may be shown.
    """
    sides = [counts] if of is None else [counts, [n - c for n, c in zip(of, counts, strict=True)]]
    few = [any(side[i] < minimum for side in sides) for i in range(len(counts))]
    total_hidden = any(sum(side) < minimum for side in sides)
    plain: set[int] = set()
    if of is not None:  # a part of a hidden count says something about it, and is hidden with it
        *cells, total = one_total(of, None, minimum).tolist()
        plain = {i for i, away in enumerate(cells) if not away}
        few = [s or i not in plain for i, s in enumerate(few)]
        total_hidden |= total
    hidden = {i for i, s in enumerate(few) if s}
    further = _further(few) if hidden else []
    needed = 0
    while hidden and not total_hidden and not _enough(sides, hidden, further[:needed], plain, minimum):
        needed += 1
        total_hidden = needed > len(further)
        hidden |= set(further[:needed])
    return np.asarray([*(i in hidden for i in range(len(counts))), total_hidden], np.bool_)


def _further(few: list[bool]) -> list[int]:
    """Cells that may be hidden to protect the small ones: those after the first small one, round to the start."""
    first = few.index(True)
    around = [(first + step) % len(few) for step in range(1, len(few))]
    return [i for i in around if not few[i]]


def _enough(sides: list[list[int]], hidden: set[int], further: list[int], plain: set[int], minimum: int) -> bool:
    """Whether the sum of the hidden counts, known by subtraction from the total, leaves the small ones open.

    Small ones alone: any of them may be 0 to minimum - 1 while the rest make up the sum. With further cells, which
    hold at least the minimum each and leave it out: these make up the sum, whatever the small ones are. Decided on
    what a reader knows: sums, and persons in the cells of `plain`; else the decision itself would tell something.
    """
    sums = [sum(side[i] for i in hidden) for side in sides]
    if not further:
        most = (len(hidden) - 1) * (minimum - 1)
        if len(sides) == 2:  # nor can the rest make up more than it has persons
            most = min(most, sum(sums) - max((sum(side[i] for side in sides) for i in hidden & plain), default=0))
        return minimum <= min(sums) <= most
    room = sum(side[i] for side in sides for i in further)
    least = len(further) * minimum
    return any(s >= least + minimum - 1 and (len(sides) == 1 or room - s >= least) for s in sums)
