"""The picture of scores: no few links show in it, and bars that cannot be are refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.disclosure.scores import STEP, Bar, bars, can_be
from linkage.links import Histogram

THRESHOLD = st.integers(1, 10_000).map(lambda n: n / 10_000)
MINIMUM = st.sampled_from([5, 10, 30])


def histogram(counts: Sequence[int]) -> Histogram:
    return Histogram(np.asarray(counts, np.int64))


@st.composite
def linked(draw: st.DrawFn) -> tuple[float, Histogram, int]:
    """Scores above a threshold, at least ten times the minimum."""
    threshold, minimum = draw(THRESHOLD), draw(MINIMUM)
    scores = draw(st.lists(st.floats(threshold, 1), min_size=1, max_size=40))
    times = draw(st.integers(10 * minimum, 20 * minimum))
    return threshold, Histogram.of(np.resize(np.asarray(scores), times)), minimum


@given(linked())
def test_every_bar_has_many_links_and_all_links_are_in_bars(drawn: tuple[float, Histogram, int]) -> None:
    threshold, scores, minimum = drawn
    told = bars(scores, threshold, minimum)
    links = [int(scores.counts[bar.low : bar.high].sum()) for bar in told]
    every = int(scores.counts.sum())
    assert sum(links) == every
    for bar, here in zip(told, links, strict=True):
        assert here >= minimum
        assert 20 * here >= every
        assert abs(bar.share - 100 * here / every) <= 2.5
    assert can_be(told, threshold)


@given(linked())
def test_the_ends_do_not_tell_of_the_least_and_the_most_alike_pair(drawn: tuple[float, Histogram, int]) -> None:
    threshold, scores, minimum = drawn
    told = bars(scores, threshold, minimum)
    assert (told[0].low, told[-1].high) == (min(int(threshold * 100 + 1e-9) // STEP * STEP, 98), 100)


def test_one_pair_apart_from_all_others_stands_in_a_bar_with_many() -> None:
    counts = [0] * 100
    counts[56], counts[80] = 1, 199
    alone = bars(histogram(counts), 0.55, 10)
    counts[56], counts[80] = 0, 200
    assert alone == bars(histogram(counts), 0.55, 10) == (Bar(54, 100, 100),)


def test_bars_as_they_are_read_by_people() -> None:
    counts = [0] * 100
    counts[60:70] = [4, 6, 10, 10, 20, 20, 15, 15, 60, 40]
    assert bars(histogram(counts), 0.6, 10) == (
        Bar(60, 62, 5), Bar(62, 64, 10), Bar(64, 66, 20), Bar(66, 68, 15), Bar(68, 100, 50),
    )  # fmt: skip
    assert bars(histogram([0] * 100), 0.6, 10) == ()


GOOD = (Bar(54, 60, 40), Bar(60, 100, 60))


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((GOOD[0],), id="no end"),
        pytest.param((GOOD[1],), id="no beginning"),
        pytest.param((replace(GOOD[0], high=58), GOOD[1]), id="a gap"),
        pytest.param((replace(GOOD[0], high=59), replace(GOOD[1], low=59)), id="half a step"),
        pytest.param((replace(GOOD[0], share=41), GOOD[1]), id="a share that is not rounded"),
        pytest.param((replace(GOOD[0], share=0), replace(GOOD[1], share=100)), id="an empty bar"),
        pytest.param((replace(GOOD[0], share=50), GOOD[1]), id="more than all"),
        pytest.param((replace(GOOD[0], low=52), GOOD[1]), id="below the threshold"),
        pytest.param((*GOOD, Bar(100, 100, 5)), id="a bar of no width"),
        pytest.param(GOOD[::-1], id="in another order"),
    ],
)
def test_bars_that_cannot_be_are_refused(told: tuple[Bar, ...]) -> None:
    assert can_be(GOOD, 0.5432)
    assert can_be((), 0.5432)
    assert not can_be(told, 0.5432)
