"""How pairs become links: against trying everything, and whatever the order of rows and sides."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import Refused
from linkage.links import CandidatePairs
from linkage.match import assignment

Pair = tuple[int, int, float]
PAIRS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.5, 0.6, 0.75, 0.9, 1.0])),
    max_size=9, unique_by=lambda pair: pair[:2],
)  # fmt: skip


def pairs(said: list[Pair]) -> CandidatePairs:
    left, right, score = (np.array([pair[n] for pair in said]) for n in range(3))
    return CandidatePairs(left.astype(np.int64), right.astype(np.int64), score.astype(np.float64))


def looks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.integers(0, 2**63, 6).astype(np.uint64), draw.integers(0, 2**63, 6).astype(np.uint64)


def said(found: CandidatePairs) -> set[tuple[int, int]]:
    return set(zip(found.left.tolist(), found.right.tolist(), strict=True))


@settings(max_examples=150, deadline=None)
@given(PAIRS, st.integers(0, 9))
def test_optimal_is_the_best_of_all_there_are(given_pairs: list[Pair], seed: int) -> None:
    found = assignment.one_to_one_optimal(pairs(given_pairs), *looks(seed))
    assert len(set(found.left.tolist())) == len(set(found.right.tolist())) == len(found)
    assert said(found) <= {pair[:2] for pair in given_pairs}
    best = 0.0
    for size in range(len(given_pairs) + 1):
        for some in itertools.combinations(given_pairs, size):
            if len({p[0] for p in some}) == len({p[1] for p in some}) == size:
                best = max(best, sum(p[2] for p in some))
    assert found.score.sum() == pytest.approx(best)
    assert found.score.tolist() == sorted(found.score.tolist(), reverse=True)


@settings(max_examples=100, deadline=None)
@given(PAIRS, st.integers(0, 9))
def test_many_to_one_gives_every_left_row_its_best(given_pairs: list[Pair], seed: int) -> None:
    found = assignment.many_to_one(pairs(given_pairs), *looks(seed))
    assert sorted(found.left.tolist()) == sorted({pair[0] for pair in given_pairs})
    for i, score in zip(found.left.tolist(), found.score.tolist(), strict=True):
        assert score == max(pair[2] for pair in given_pairs if pair[0] == i)


@pytest.mark.parametrize("method", sorted(assignment.METHODS))
@settings(max_examples=60, deadline=None)
@given(given_pairs=PAIRS, seed=st.integers(0, 9))
def test_the_order_of_pairs_changes_nothing(method: str, given_pairs: list[Pair], seed: int) -> None:
    shuffled = given_pairs.copy()
    random.Random(seed).shuffle(shuffled)  # noqa: S311 -- test data
    choose = assignment.METHODS[method]
    assert said(choose(pairs(given_pairs), *looks(seed))) == said(choose(pairs(shuffled), *looks(seed)))


@pytest.mark.parametrize("method", ["one-to-one", "one-to-one-optimal"])
@settings(max_examples=60, deadline=None)
@given(given_pairs=PAIRS, seed=st.integers(0, 9))
def test_exchanged_sides_give_the_same_links(method: str, given_pairs: list[Pair], seed: int) -> None:
    choose, (a, b) = assignment.METHODS[method], looks(seed)
    turned = [(j, i, score) for i, j, score in given_pairs]
    assert {(i, j) for j, i in said(choose(pairs(turned), b, a))} == said(choose(pairs(given_pairs), a, b))


def test_optimal_finds_two_where_greedy_finds_one() -> None:
    crossed = pairs([(0, 0, 0.9), (0, 1, 0.85), (1, 0, 0.85)])
    assert said(assignment.one_to_one(crossed, *looks(1))) == {(0, 0)}
    assert said(assignment.one_to_one_optimal(crossed, *looks(1))) == {(0, 1), (1, 0)}


def test_a_component_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "MOST_CELLS", 3)
    with pytest.raises(Refused, match="hang together"):
        assignment.one_to_one_optimal(pairs([(0, 0, 0.9), (0, 1, 0.8), (1, 1, 0.8)]), *looks(1))
