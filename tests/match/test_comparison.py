"""The compiled comparison and its slow twin find the same pairs with the same scores."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import reference
from linkage.match import assignment, comparison
from linkage.match.comparison import dice_pairs
from linkage.tables import CandidatePairs

Filters = NDArray[np.uint64]
THRESHOLDS = (0.5, 0.8, 0.85, 1.0, 0.333, 0.001, 0.8000000000000002)


def filters(draw: random.Random, rows: int, words: int, seeds: int = 4) -> Filters:
    """Filters that are copies of a few, with bits lost and added, some of them empty."""
    bits = words * 64
    found = []
    bases = [draw.getrandbits(bits) for _ in range(seeds)]
    for _ in range(rows):
        noise = draw.getrandbits(bits) & draw.getrandbits(bits) & draw.getrandbits(bits)
        found.append(draw.choice((0, draw.choice(bases) ^ noise, draw.choice(bases) & ~noise, draw.choice(bases))))
    data = b"".join(value.to_bytes(bits // 8, "little") for value in found)
    return np.frombuffer(data, dtype="<u8").reshape(rows, words)


def sets(rows: Filters) -> list[reference.Filter]:
    wide = np.unpackbits(rows.view(np.uint8), axis=1, bitorder="little")
    return [frozenset(np.flatnonzero(row).tolist()) for row in wide]


def found(pairs: CandidatePairs) -> list[tuple[int, int, float]]:
    return list(zip(pairs.left.tolist(), pairs.right.tolist(), pairs.score.tolist(), strict=True))


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    words=st.integers(1, 40),
    left=st.integers(0, 12),
    right=st.integers(0, 12),
    threshold=st.sampled_from(THRESHOLDS),
)
def test_pairs_are_those_of_the_reference(seed: int, words: int, left: int, right: int, threshold: float) -> None:
    draw = random.Random(seed)  # noqa: S311 -- test data
    a, b = np.split(filters(draw, left + right, words), [left])
    expected = reference.pairs(sets(a), sets(b), Fraction(str(threshold)))
    assert found(dice_pairs(a, b, threshold)) == [(i, j, float(score)) for i, j, score in expected]


def test_a_score_of_exactly_the_threshold_counts_and_one_bit_less_does_not() -> None:
    def filled(bits: int) -> Filters:
        return np.frombuffer(((1 << bits) - 1).to_bytes(128, "little"), dtype="<u8").reshape(1, 16)

    assert found(dice_pairs(filled(600), filled(400), 0.8)) == [(0, 0, 0.8)]
    assert not found(dice_pairs(filled(601), filled(400), 0.8))
    assert not found(dice_pairs(filled(600), filled(400), 0.8000000000000002))


def test_a_threshold_of_many_digits_does_not_overflow() -> None:
    full = np.full((1, 128), 2**64 - 1, np.uint64)
    half = full.copy()
    half[:, 64:] = 0
    assert found(dice_pairs(full, full, 0.8000000000000002)) == [(0, 0, 1.0)]
    assert not found(dice_pairs(full, half, 0.8000000000000002))


@pytest.mark.parametrize("rows", [1, 3, 7])
@pytest.mark.parametrize("room", [1, 40])
def test_blocks_and_full_buffers_change_nothing(rows: int, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(5)  # noqa: S311 -- test data
    a, b = filters(draw, 40, 2), filters(draw, 30, 2)
    whole = found(dice_pairs(a, b, 0.3, cores=1))
    monkeypatch.setattr(comparison, "BLOCK_ROWS", rows)
    monkeypatch.setattr(comparison, "ROOM", room)
    assert found(dice_pairs(a, b, 0.3, cores=1)) == whole
    assert found(dice_pairs(a, b, 0.3, cores=2)) == whole
    assert len(whole) > 200


def test_dice_is_a_share_and_one_for_equal_filters() -> None:
    draw = random.Random(6)  # noqa: S311 -- test data
    a = filters(draw, 60, 3)
    pairs = dice_pairs(a, a, 0.001)
    assert ((pairs.score > 0) & (pairs.score <= 1)).all()
    same = {i for i, j, score in found(pairs) if i == j and score == 1}
    assert same == set(np.flatnonzero(a.any(axis=1)).tolist())
    assert (np.diff(pairs.score) <= 0).all()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from((1.0, 0.9, 0.8))), unique_by=lambda p: p[:2]
    ),
    st.lists(st.integers(0, 3), min_size=14, max_size=14),
)
def test_assignment_is_that_of_the_reference(candidates: list[tuple[int, int, float]], looks: list[int]) -> None:
    """Few different looks, so that most ties are ties of looks too."""
    i, j, score = (np.asarray([c[k] for c in candidates]) for k in range(3))
    left, right = np.asarray(looks[:7], np.uint64), np.asarray(looks[7:], np.uint64)
    chosen = assignment.one_to_one(CandidatePairs(i.astype(np.int64), j.astype(np.int64), score), left, right)
    exact = [(a, b, Fraction(str(c))) for a, b, c in candidates]
    expected = reference.one_to_one(exact, looks[:7], looks[7:])
    assert found(chosen) == [(a, b, float(c)) for a, b, c in expected]
    assert len(set(chosen.left.tolist())) == len(set(chosen.right.tolist())) == len(chosen)


def test_a_look_depends_on_bits_alone() -> None:
    rows = np.arange(8, dtype=np.uint64).reshape(4, 2)
    twice = np.vstack([rows, rows])
    assert (assignment.look(twice)[:4] == assignment.look(rows)).all()
    assert (assignment.look(twice[::2]) == assignment.look(np.ascontiguousarray(twice[::2]))).all()
    assert len(np.unique(assignment.look(rows))) == 4
    assert assignment.look(np.zeros((0, 2), np.uint64)).shape == (0,)
