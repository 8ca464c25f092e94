"""Witnesses prove no more than exact ranges do, and large tables are protected by them alone."""

from __future__ import annotations

import numpy as np
import pytest

import limits
from linkage.disclosure import bounds, suppress
from linkage.disclosure.bounds import Exact, Reader
from linkage.disclosure.suppress import Hidden
from linkage.disclosure.table import Counts, Frame

BOTH = (("a",), ("b",))


def drawn(of: Frame, seed: int) -> tuple[Counts, Counts]:
    draw = np.random.default_rng(seed)
    persons = draw.poisson(draw.gamma(1.0, 20, of.cells))
    return persons, draw.binomial(persons, 0.3)


@pytest.mark.parametrize("seed", range(12))
def test_what_witnesses_prove_the_exact_range_shows(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide small counts only: then some ranges are narrow, and no witness may say otherwise."""
    of, said = limits.frame(4, 3, margins=BOTH), limits.suppression(10, (1, 5)[seed % 2], margins=BOTH)
    persons, linked = drawn(of, seed)
    figures = of.figures(persons), of.figures(linked)
    few = figures[0] < 10
    hidden = Hidden(few, few | (figures[1] < 10) | (figures[0] - figures[1] < 10))
    reader = Reader(of, suppress.known(of, *figures, hidden, said))
    wanted = [("persons", int(f)) for f in np.flatnonzero(hidden.persons)]
    wanted += [("part", int(f)) for f in np.flatnonzero(hidden.part)]
    exact = Exact(linked, persons - linked)
    ranges = {one: reader.range(*one) for one in wanted}
    narrow = {one for one, (low, high) in ranges.items() if np.floor(high + 1e-6) - np.ceil(low - 1e-6) < 9}
    assert set(reader.too_narrow(wanted, exact, 10)) == narrow
    monkeypatch.setattr(bounds, "EXACT_UP_TO", 0)
    unproved = set(reader.too_narrow(wanted, exact, 10))
    assert narrow <= unproved
    for (kind, figure), (low, high) in ranges.items():
        count = figures[0 if kind == "persons" else 1][figure]
        assert low - 1e-6 <= count <= high + 1e-6


def test_a_large_table_is_protected_by_witnesses_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "EXACT_UP_TO", 0)
    of, said = limits.frame(9, 6, margins=BOTH), limits.suppression(margins=BOTH)
    persons, linked = drawn(of, 3)
    hidden = suppress.hide(of, persons, linked, said)
    reader = Reader(of, suppress.known(of, of.figures(persons), of.figures(linked), hidden, said))
    for figure in np.flatnonzero(hidden.persons & (of.figures(persons) < 10)):
        low, high = reader.range("persons", int(figure))
        assert high - low >= 9 - 1e-6
    assert 0 < hidden.persons.mean() < 1


def test_a_range_without_end_is_told() -> None:
    of, said = limits.frame(2), limits.suppression()
    away = np.ones(len(of), np.bool_)
    reader = Reader(of, suppress.known(of, np.asarray([3, 4, 7]), np.zeros(3, np.int64), Hidden(away, away), said))
    assert reader.range("persons", 0) == (0, np.inf)
    assert reader.too_narrow([], Exact(np.zeros(2, np.int64), np.asarray([3, 4])), 10) == []


def test_what_no_table_shows_is_no_range_without_end() -> None:
    of, away = limits.frame(2), np.asarray([True, True, False])
    figures = np.asarray([20, 20, 40])
    told = suppress.known(of, figures, figures // 2, Hidden(away, away), limits.suppression())
    told.persons[0] = [50, 50, 0]
    with pytest.raises(ValueError, match="no table shows this"):
        Reader(of, told).range("persons", 0)
