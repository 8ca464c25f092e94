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
from linkage.errors import Refused
from linkage.links import CandidatePairs, Histogram
from linkage.match import assignment, comparison, kernels, work
from linkage.match.comparison import SIMILARITIES, Rule, agreement_pairs, dice_pairs
from linkage.match.work import Work

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


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    words=st.integers(1, 65),
    left=st.integers(0, 12),
    right=st.integers(0, 12),
    seeds=st.integers(1, 4),
    threshold=st.sampled_from(THRESHOLDS) | st.integers(1, 10**6).map(lambda n: n / 10**6),
    similarity=st.sampled_from(sorted(SIMILARITIES)),
)
def test_pairs_are_those_of_the_reference(
    seed: int, words: int, left: int, right: int, seeds: int, threshold: float, similarity: str
) -> None:
    draw = random.Random(seed)  # noqa: S311 -- test data
    a, b = np.split(filters(draw, left + right, words, seeds), [left])
    bits = 64 * words if similarity == "agreement" else None
    expected = reference.pairs(sets(a), sets(b), Fraction(str(threshold)), bits)
    got = found(SIMILARITIES[similarity](a, b, threshold))
    assert [pair[:2] for pair in got] == [pair[:2] for pair in expected]
    assert [pair[2] for pair in got] == pytest.approx([float(pair[2]) for pair in expected], abs=1e-15)
    if similarity == "dice":
        assert got == [(i, j, float(score)) for i, j, score in expected]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    words=st.integers(1, 20),
    bits=st.integers(1, 60),
    similarity=st.sampled_from(sorted(SIMILARITIES)),
)
def test_a_pair_exactly_at_the_threshold_is_in_and_just_above_it_is_out(
    seed: int, words: int, bits: int, similarity: str
) -> None:
    """The threshold is taken from a pair of the data, as text of 17 digits: nothing may be lost in rounding."""
    draw = np.random.default_rng(seed)
    a, b = draw.integers(1, 2**64, (2, 5, words), dtype=np.uint64)
    b[0] = a[0]
    b[0, 0] ^= np.uint64(2**bits - 1) if words > 1 else np.uint64(1)
    of = 64 * words if similarity == "agreement" else None
    score = reference.pairs(sets(a[:1]), sets(b[:1]), Fraction(0), of)
    if not score or not 0 < score[0][2] < 1:
        return
    exact = score[0][2]
    near = float(exact)
    for threshold in {near, float(np.nextafter(near, 0)), float(np.nextafter(near, 1))}:
        expected = [(0, 0)] if exact >= Fraction(str(threshold)) else []
        assert [p[:2] for p in found(SIMILARITIES[similarity](a[:1], b[:1], threshold))] == expected


LARGER = st.sampled_from((0.05, 0.2, 0.3333, 0.5)) | st.integers(500, 5000).map(lambda n: n / 10**4)


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    words=st.integers(1, 65),
    left=st.integers(0, 12),
    right=st.integers(0, 12),
    threshold=st.sampled_from(THRESHOLDS) | st.integers(1, 10**6).map(lambda n: n / 10**6),
    larger=LARGER,
)
def test_tversky_pairs_are_those_of_the_reference(
    seed: int, words: int, left: int, right: int, threshold: float, larger: float
) -> None:
    draw = random.Random(seed)  # noqa: S311 -- test data
    a, b = np.split(filters(draw, left + right, words), [left])
    expected = reference.tversky_pairs(sets(a), sets(b), Fraction(str(threshold)), Fraction(str(larger)))
    got = found(comparison.all_pairs(a, b, Rule("tversky", threshold, words, larger), Work()))
    assert got == [(i, j, float(score)) for i, j, score in expected], "scores are the nearest numbers there are"
    assert all(score >= threshold for _, _, score in got)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), words=st.integers(1, 20), lost=st.integers(0, 60), larger=LARGER)
def test_tversky_exactly_at_the_threshold_is_in_and_just_above_it_is_out(
    seed: int, words: int, lost: int, larger: float
) -> None:
    """By the kernel of all pairs, by that of sampled bits, and pair by pair."""
    draw = np.random.default_rng(seed)
    a, b = draw.integers(1, 2**64, (2, 1, words), dtype=np.uint64)
    b[0] = a[0]
    b[0, 0] &= ~np.uint64(2**lost - 1)
    exact = reference.tversky(sets(a)[0], sets(b)[0], Fraction(str(larger)))
    if not 0 < exact <= 1:
        return
    near = float(exact)
    for threshold in {near, float(np.nextafter(near, 0)), min(float(np.nextafter(near, 1)), 1.0)}:
        rule = Rule("tversky", threshold, words, larger)
        expected = [(0, 0)] if exact >= Fraction(str(threshold)) else []
        for one, other in ((a, b), (b, a)):
            assert [p[:2] for p in found(comparison.all_pairs(one, other, rule, Work()))] == expected
            limits, bits = rule.limits(), [comparison.popcounts(side) for side in (one, other)]
            out = tuple(np.empty(4, np.int64) for _ in range(3))
            block = np.array([[0, 1, 0, 1]], np.int64)
            count = kernels.near_in_blocks(one, bits[0], other, bits[1], block, *limits, limits.most(), (0, 0), *out)[0]
            assert count == len(expected)
            apart = comparison.popcounts(one ^ other)
            assert rule.reached(apart, *bits).tolist() == [bool(expected)]


def test_tversky_with_one_half_is_dice() -> None:
    draw = random.Random(12)  # noqa: S311 -- test data
    a, b = filters(draw, 60, 3), filters(draw, 50, 3)
    for threshold in (0.3, 0.5, 0.8, 1.0):
        half = found(comparison.all_pairs(a, b, Rule("tversky", threshold, 3, 0.5), Work()))
        assert half == found(dice_pairs(a, b, threshold))


@pytest.mark.parametrize("larger", [0.05, 0.2, 0.5])
def test_tversky_of_one_is_for_equal_filters_alone(larger: float) -> None:
    """A filter within another is nearly, but never quite, the same."""
    whole = np.full((1, 16), 2**64 - 1, np.uint64)
    less = whole.copy()
    less[0, 15] >>= np.uint64(1)
    for one, other, same in ((whole, whole, True), (less, less, True), (whole, less, False), (less, whole, False)):
        assert len(comparison.all_pairs(one, other, Rule("tversky", 1.0, 16, larger), Work())) == same


def test_what_only_the_fuller_filter_has_weighs_less() -> None:
    draw = np.random.default_rng(3)
    small = draw.integers(0, 2**64, (1, 16), dtype=np.uint64) & draw.integers(0, 2**64, (1, 16), dtype=np.uint64)
    large = small | draw.integers(0, 2**64, (1, 16), dtype=np.uint64)
    scores = [comparison.scores(small, large, Rule("tversky", 1.0, 16, w))[0] for w in (0.05, 0.2, 0.35, 0.5)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.9
    assert scores[-1] < 0.7


def test_tversky_of_long_filters_and_many_digits_does_not_overflow() -> None:
    full = np.full((1, 256), 2**64 - 1, np.uint64)
    half = full.copy()
    half[:, 128:] = 0
    for larger in (0.05, 0.1234, 0.4999):
        for threshold in (0.8000000000000002, 0.9999999999999999):
            rule = Rule("tversky", threshold, 256, larger)
            assert found(comparison.all_pairs(full, full, rule, Work())) == [(0, 0, 1.0)]
            expected = reference.tversky(sets(full)[0], sets(half)[0], Fraction(str(larger))) >= Fraction(
                str(threshold)
            )
            assert len(comparison.all_pairs(full, half, rule, Work())) == expected


@settings(max_examples=300)
@given(st.fractions(0, 1, max_denominator=10**17), st.integers(1, 300))
def test_the_next_score_is_the_least_that_is_not_below(limit: Fraction, most: int) -> None:
    got = comparison._next_score(limit, most)
    assert got == min(Fraction(-(-limit.numerator * d // limit.denominator), d) for d in range(1, most + 1))


@pytest.mark.parametrize("similarity", sorted(SIMILARITIES))
@pytest.mark.parametrize("rows", [(0, 0), (0, 5), (5, 0), (1, 1), (1, 300), (300, 1)])
def test_no_record_and_one_record(similarity: str, rows: tuple[int, int]) -> None:
    left, right = (np.full((n, 3), 5, np.uint64) for n in rows)
    pairs = SIMILARITIES[similarity](left, right, 1.0)
    assert len(pairs) == rows[0] * rows[1]
    assert (pairs.left.dtype, pairs.right.dtype, pairs.score.dtype) == (np.int64, np.int64, np.float64)
    assert (pairs.score == 1).all()


@pytest.mark.parametrize("similarity", sorted(SIMILARITIES))
@pytest.mark.parametrize("threshold", [1e-9, 0.8, 1.0])
def test_all_equal_and_all_empty_filters(similarity: str, threshold: float) -> None:
    same, empty = np.full((300, 2), 9, np.uint64), np.zeros((300, 2), np.uint64)
    pairs = SIMILARITIES[similarity](same, same, threshold)
    assert len(pairs) == 300 * 300
    assert (pairs.left[:301] == np.repeat([0, 1], [300, 1])).all()  # ties in order of position
    for one, other in ((empty, same), (same, empty), (empty, empty)):
        assert not len(SIMILARITIES[similarity](one, other, threshold))


def test_filters_without_a_word_are_in_no_pair() -> None:
    nothing = np.zeros((4, 0), np.uint64)
    assert not len(dice_pairs(nothing, nothing, 0.5))
    assert not len(agreement_pairs(nothing, nothing, 0.5))


@pytest.mark.parametrize("cores", [1, 2])
def test_more_pairs_than_anybody_can_choose_among_are_refused(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_PAIRS", 20_000)
    monkeypatch.setattr(work, "MOST_PER_ROW", 1)
    monkeypatch.setattr(comparison, "SLICE_ROWS", 16)
    same = np.full((200, 2), 9, np.uint64)
    with pytest.raises(Refused, match="does not tell persons apart"):
        dice_pairs(same, same, 0.8, cores=cores)
    assert len(dice_pairs(same[:100], same, 0.8, cores=cores)) == 20_000


def test_large_registers_may_have_more_pairs() -> None:
    assert work.most_pairs(10, 20) == work.MOST_PAIRS
    assert work.most_pairs(10_000_000, 10_000_000) == 80_000_000


def test_a_stream_gives_the_same_pairs_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "SLICE_ROWS", 8)
    draw = random.Random(8)  # noqa: S311 -- test data
    a, b = filters(draw, 60, 3), filters(draw, 50, 3)
    pieces = list(comparison.stream(a, b, Rule("dice", 0.4, 3), Work()))
    assert len(pieces) > 4
    streamed = sorted((i, j) for piece in pieces for i, j in zip(piece[0].tolist(), piece[1].tolist(), strict=True))
    assert streamed == sorted(pair[:2] for pair in found(dice_pairs(a, b, 0.4)))


def test_a_summary_counts_what_need_not_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(9)  # noqa: S311 -- test data
    a, b = filters(draw, 90, 3), filters(draw, 50, 3)
    pairs = dice_pairs(a, b, 0.4)
    monkeypatch.setattr(comparison, "SLICE_ROWS", 8)
    monkeypatch.setattr(work, "MOST_PER_ROW", 1)
    monkeypatch.setattr(work, "MOST_PAIRS", 500)  # of a block; the whole has more
    said = comparison.summary(a, b, Rule("dice", 0.4, 3), Work())
    assert said.pairs == len(pairs) > 600
    assert (said.left_rows, said.right_rows) == (len(np.unique(pairs.left)), len(np.unique(pairs.right)))
    assert said.possible == int(a.any(axis=1).sum()) * int(b.any(axis=1).sum())
    assert said.scores.counts.tolist() == Histogram.of(pairs.score).counts.tolist()


@pytest.mark.parametrize("similarity", sorted(SIMILARITIES))
def test_many_tiles_and_sketches_of_every_length_change_nothing(
    similarity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against plain counting in numpy, on more rows than a tile has lanes."""
    draw = np.random.default_rng(3)
    base = draw.integers(0, 2**64, (40, 16), dtype=np.uint64) & draw.integers(0, 2**64, (40, 16), dtype=np.uint64)
    noise = [draw.integers(0, 2**64, (600, 16), dtype=np.uint64) for _ in range(4)]
    rows = base[draw.integers(0, 40, 600)] ^ (noise[0] & noise[1] & noise[2] & noise[3])
    a, b = rows[:290], rows[290:]
    common = np.bitwise_count(a[:, None] & b).sum(axis=2, dtype=np.int64)
    both = np.bitwise_count(a).sum(axis=1, dtype=np.int64)[:, None] + np.bitwise_count(b).sum(axis=1, dtype=np.int64)
    alike = 10 * 2 * common >= 7 * both if similarity == "dice" else 10 * (1024 - both + 2 * common) >= 7 * 1024
    expected = sorted(zip(*(k.tolist() for k in np.nonzero(alike)), strict=True))
    assert len(expected) > 1_000
    for passing in (comparison.PASSING, 1.0, 0.0):
        monkeypatch.setattr(comparison, "PASSING", passing)
        assert sorted(pair[:2] for pair in found(SIMILARITIES[similarity](a, b, 0.7))) == expected


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
    monkeypatch.setattr(comparison, "SLICE_ROWS", rows)
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
