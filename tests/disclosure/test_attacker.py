"""An attacker tries to find hidden counts: by subtotals, by subtracting releases, by other thresholds.

Small tables: every table there can be, grouped by what it shows, so that the attacker knows every rule. Large ones:
linear programming over all that is shown. Releases: sums of figures of any of them, persons and linked.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

import limits
from linkage.disclosure.differences import NOBODY, fewest
from linkage.disclosure.rounding import rounded
from linkage.disclosure.suppress import Hidden, hide
from linkage.disclosure.table import Frame
from linkage.protocol.protections import Suppression

BOTH = (("a",), ("b",))
CELL = (st.integers(0, 12) | st.integers(0, 60)).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
SHAPES: list[tuple[tuple[int, ...], tuple[tuple[str, ...], ...]]] = [
    ((6,), ()),
    ((3, 4), ()),
    ((3, 4), BOTH),
    ((4, 3), (("a",),)),
    ((2, 3, 2), (("a",), ("b",), ("c",))),
    ((2, 2, 3), (("a", "b"), ("c",))),
]


def interval(figure: int, minimum: int, base: int) -> tuple[int, int]:
    """What counts are shown as this figure: tried one by one."""
    found = [c for c in range(minimum, figure + base + minimum + 1)
             if max((c + base // 2) // base * base, -(-minimum // base) * base) == figure]  # fmt: skip
    return (0, 0) if figure == 0 else (found[0], found[-1])


class Attacker:
    """Knows what is shown of a table, and that counts add up. Written without the code that it attacks."""

    def __init__(self, shape: Sequence[int], margins: Sequence[tuple[str, ...]], shown: dict[str, dict[int, int]],
                 said: Suppression) -> None:  # fmt: skip
        cells = list(itertools.product(*map(range, shape)))
        names = "abc"[: len(shape)]
        keys: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        for family in dict.fromkeys([tuple(names), *margins, ()]):
            axes = tuple(names.index(n) for n in family)
            keys += [(axes, one) for one in itertools.product(*(range(shape[a]) for a in axes))]
        self.figures = [[n for n, c in enumerate(cells) if tuple(c[a] for a in axes) == one] for axes, one in keys]
        self.n = len(cells)
        self.rows: list[NDArray[np.float64]] = []
        self.most: list[float] = []
        for kind, figures in shown.items():
            for figure, value in figures.items():
                low, high = interval(value, said.minimum, said.rounding)
                self.at_most(self.row(kind, figure), high)
                self.at_most(-self.row(kind, figure), -low)
                if kind == "part" and said.zero_and_full == "hide":
                    self.at_most(self.row("part", figure) - self.row("persons", figure), -said.minimum)

    def at_most(self, row: NDArray[np.float64], most: float) -> None:
        self.rows.append(row)
        self.most.append(most)

    def row(self, kind: str, figure: int) -> NDArray[np.float64]:
        """Out of linked and not linked cells."""
        row = np.zeros(2 * self.n)
        for cell in self.figures[figure]:
            row[cell] = 1
            row[self.n + cell] = kind == "persons"
        return row

    def range(self, kind: str, figure: int) -> tuple[float, float]:
        """Least and most of a figure."""
        ends = []
        for sign in (1, -1):
            a, b = (np.stack(self.rows), self.most) if self.rows else (None, None)
            found = linprog(sign * self.row(kind, figure), A_ub=a, b_ub=b, bounds=(0, None))
            ends.append(sign * found.fun if found.status == 0 else sign * -np.inf)
        return ends[0], ends[1]


def protected(
    of: Frame, persons: Sequence[int], linked: Sequence[int], said: Suppression
) -> tuple[Hidden, dict[str, dict[int, int]]]:
    figures = limits.table(of, persons, linked, said)
    half = len(figures) // 2
    shown = {
        kind: {n: f.value for n, f in enumerate(part) if f.value is not None}
        for kind, part in (("persons", figures[:half]), ("part", figures[half:]))
    }
    return hide(of, np.asarray(persons), np.asarray(linked), said), shown


HARD = [(20, 12), (8, 3), (8, 5), (0, 0), (41, 27), (43, 15), (11, 3), (0, 0), (23, 18), (60, 3), (4, 3), (3, 2)]

ZEROS = [(6, 6), (35, 19), (12, 0), (58, 27), (54, 25), (54, 38), (32, 30), (9, 4), (32, 30), (12, 0), (12, 6), (0, 0)]
"""Nobody and everybody shown, and yet hidden where they protect another: "hidden" does not mean that it is not zero."""


@settings(max_examples=40, deadline=None)
@example((((3, 4), BOTH), HARD), (10, 1), "show")
@example((((2, 3, 2), (("a",), ("b",), ("c",))), ZEROS), (10, 1), "show")
@given(
    st.sampled_from(SHAPES).flatmap(
        lambda s: st.tuples(st.just(s), st.lists(CELL, min_size=int(np.prod(s[0])), max_size=int(np.prod(s[0]))))
    ),
    st.sampled_from([(10, 5), (5, 5), (10, 1), (3, 1), (3, 3)]),
    st.sampled_from(["hide", "show"]),
)
def test_no_hidden_small_count_is_bounded_tighter_than_the_minimum(
    drawn: tuple[tuple[tuple[int, ...], tuple[tuple[str, ...], ...]], list[tuple[int, int]]],
    of: tuple[int, int],
    zero_and_full: str,
) -> None:
    (shape, margins), table = drawn
    said = limits.suppression(*of, zero_and_full, margins)
    frame = limits.frame(*shape, margins=margins)
    persons, linked = [n for n, _ in table], [h for _, h in table]
    hidden, shown = protected(frame, persons, linked, said)
    attacker = Attacker(shape, margins, shown, said)
    exact = {kind: frame.figures(np.asarray(side)) for kind, side in (("persons", persons), ("part", linked))}
    for kind, away in (("persons", hidden.persons), ("part", hidden.part)):
        for figure in range(len(frame)):
            count, all_ = int(exact[kind][figure]), int(exact["persons"][figure])
            few = count < said.minimum or (kind == "part" and all_ - count < said.minimum)
            told = zero_and_full == "show" and (count == 0 or (kind == "part" and count == all_))
            if few and not told:
                assert away[figure], "a small count is shown"
                low, high = attacker.range(kind, figure)
                assert low - 1e-6 <= count <= high + 1e-6
                assert np.floor(high + 1e-6) - np.ceil(low - 1e-6) + 1 >= said.minimum, (kind, figure, low, high)


STATES: list[tuple[tuple[int, ...], tuple[tuple[str, ...], ...]]] = [
    ((4,), ()),
    ((3, 4), (("a",), ("b",))),
    ((2, 2, 4), (("a", "b"), ("a", "c"), ("a",), ("c",))),
    ((3, 4, 4), (("a",), ("b", "c"), ("b",), ("c",))),
]
"""Tables of states, the last field or the last two, with the subtotals that these always have."""


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(STATES).flatmap(
        lambda s: st.tuples(
            st.just(s),
            st.lists(st.integers(0, 12) | st.integers(0, 60) | st.just(0),
                     min_size=int(np.prod(s[0])), max_size=int(np.prod(s[0]))),
        )
    ),
    st.sampled_from([(10, 5), (5, 5), (10, 1)]),
    st.sampled_from(["hide", "show"]),
)  # fmt: skip
def test_no_small_count_of_a_state_is_bounded_tighter_than_the_minimum(
    drawn: tuple[tuple[tuple[int, ...], tuple[tuple[str, ...], ...]], list[int]],
    of: tuple[int, int],
    zero_and_full: str,
) -> None:
    """Everybody is in one state: what the others leave over is as small as what is counted."""
    (shape, margins), persons = drawn
    said = limits.suppression(*of, zero_and_full, margins)
    frame = limits.frame(*shape, margins=margins)
    away = hide(frame, np.asarray(persons), None, said).persons
    exact = frame.figures(np.asarray(persons))
    shown = {n: rounded(int(exact[n]), *of) for n in range(len(frame)) if not away[n]}
    attacker = Attacker(shape, margins, {"persons": shown}, said)
    for figure in np.flatnonzero((exact < said.minimum) & ((exact > 0) | (zero_and_full == "hide"))):
        assert away[figure], "a small count is shown"
        low, high = attacker.range("persons", int(figure))
        assert np.floor(high + 1e-6) - np.ceil(low - 1e-6) + 1 >= said.minimum, (figure, low, high)
    if zero_and_full == "hide":
        for one in frame.sums:
            most = exact[one.parts].max()
            full = one.parts[exact[one.parts] > exact[one.whole] - said.minimum]
            assert away[full].all() or away[one.whole] or most == 0, "nearly everybody is in one state, and it shows"


@pytest.mark.parametrize(
    ("shape", "most", "minimum", "rounding"),
    [((2, 2), 10, 2, 1), ((2, 2), 10, 3, 1)],
)
def test_with_subtotals_a_reader_who_knows_every_rule_finds_no_small_count(
    shape: tuple[int, ...], most: int, minimum: int, rounding: int
) -> None:
    """Of all tables that show the same, no small hidden count has one value only."""
    frame, said = limits.frame(*shape, margins=BOTH), limits.suppression(minimum, rounding, margins=BOTH)
    same: dict[tuple[int | None, ...], list[tuple[int, ...]]] = defaultdict(list)
    for persons in itertools.product(range(most + 1), repeat=frame.cells):
        if sum(persons) <= most:
            nobody = [0] * frame.cells
            same[tuple(f.value for f in limits.table(frame, persons, nobody, said)[: len(frame)])].append(persons)
    for answer, worlds in same.items():
        if answer[-1] is None or answer[-1] + rounding > most:
            continue  # larger tables than were tried show this too
        sums = [frame.figures(np.asarray(world)) for world in worlds]
        for figure in range(len(frame)):
            values = {int(one[figure]) for one in sums}
            if answer[figure] is None and min(values) < minimum:
                assert len(values) >= 2, (answer, figure, values)


COUNTS = st.lists(st.integers(0, 25), min_size=2, max_size=12)


def slow(now: NDArray[np.int64], past: NDArray[np.int64], minimum: int) -> int | None:
    """Every sum of units of one release against every sum of the other."""
    units = [sorted(set(side.tolist()) - {NOBODY}) for side in (now, past)]
    least = None
    for a in itertools.chain.from_iterable(itertools.combinations(units[0], k) for k in range(len(units[0]) + 1)):
        for b in itertools.chain.from_iterable(itertools.combinations(units[1], k) for k in range(len(units[1]) + 1)):
            apart = int((np.isin(now, a) != np.isin(past, b)).sum())
            if 0 < apart < minimum and a and b:
                least = apart if least is None else min(least, apart)
    return least


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-1, 3), st.integers(-1, 3), st.integers(1, 14)), min_size=1, max_size=9
    ),
    st.integers(2, 12),
)  # fmt: skip
def test_the_smallest_difference_is_that_of_all_sums(parts: list[tuple[int, int, int]], minimum: int) -> None:
    """Where each unit by itself counts the minimum, as shown ones do, cuts and sums are the same."""
    now = np.concatenate([np.full(n, a) for a, _, n in parts])
    past = np.concatenate([np.full(n, b) for _, b, n in parts])
    for side in (now, past):
        for unit in set(side.tolist()) - {NOBODY}:
            if (side == unit).sum() < minimum:
                side[side == unit] = NOBODY
    found, every = fewest(now, past, minimum), slow(now, past, minimum)
    assert (found is None) == (every is None)
    assert found is None or (every is not None and every <= found < minimum)
