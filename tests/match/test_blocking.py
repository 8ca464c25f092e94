"""Sampled bits against all pairs: what they find, promise, leave out, and say of themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import protocols
from linkage.errors import Refused
from linkage.links import CandidatePairs
from linkage.match import blocking, comparison, match, sampled, work
from linkage.match.comparison import Rule
from linkage.match.work import Progress, Work
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.protocol.stages import AllPairs, SampledBits
from linkage.tables import Encodings

Filters = NDArray[np.uint64]
SEED = "abcdefghijklmnopqrstuvwxyzab"
RULE = Rule("dice", 0.8, 16)
AGREED = SampledBits(method="sampled-bits", target_recall=0.995, all_pairs_up_to=0)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys cost nothing, so that they are worth it on few rows."""
    monkeypatch.setattr(blocking, "ROW", 0.0)
    monkeypatch.setattr(blocking, "CANDIDATE", 0.0001)


def registers(rows: int, seed: int = 1, noise: tuple[int, int] = (0, 110)) -> tuple[Filters, Filters]:
    """Two sides of the same rows in another order, some 350 of 1,024 bits set, some of these moved elsewhere."""
    draw = np.random.default_rng(seed)
    share = draw.beta(3, 5, 1_024)
    bits = draw.random((rows, 1_024)) < share
    other = bits.copy()
    for row in other:
        moved = draw.integers(*noise)
        row[draw.choice(np.flatnonzero(row), min(moved, row.sum()), replace=False)] = False
        row[draw.choice(np.flatnonzero(~row), moved, replace=False)] = True
    other = other[draw.permutation(rows)]
    left, right = (np.packbits(side, axis=1, bitorder="little").view("<u8").astype(np.uint64) for side in (bits, other))
    return left, right


def codes(pairs: CandidatePairs) -> list[tuple[int, int, float]]:
    return list(zip(pairs.left.tolist(), pairs.right.tolist(), pairs.score.tolist(), strict=True))


@pytest.mark.usefixtures("cheap")
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(0, 60), key=st.integers(0, 2**64))
def test_nothing_is_added_and_scores_are_those_of_all_pairs(seed: int, rows: int, key: int) -> None:
    left, right = registers(rows, seed)
    every = codes(comparison.dice_pairs(left, right, 0.8))
    pairs, coverage = blocking.compare(left, right, RULE, AGREED, Work(), f"{key:032x}")
    assert set(codes(pairs)) <= set(every)
    assert codes(pairs) == [pair for pair in every if pair in set(codes(pairs))]  # the same order
    assert coverage.pairs == len(pairs)


@pytest.mark.usefixtures("cheap")
def test_the_target_is_met_and_told() -> None:
    left, right = registers(3_000)
    every = codes(comparison.dice_pairs(left, right, 0.8))
    pairs, coverage = blocking.compare(left, right, RULE, AGREED, Work(), SEED)
    assert 1_500 < len(every) < 3_000
    assert len(pairs) >= 0.995 * len(every)
    assert (coverage.method, coverage.possible, coverage.seed) == ("sampled-bits", 9_000_000, SEED)
    assert coverage.compared < coverage.possible / 5
    assert coverage.expected_recall >= 0.995
    assert coverage.at_threshold >= blocking.FLOOR
    assert (coverage.sample_pairs, coverage.sample_found) == (len(every), len(pairs))  # so few rows are all sampled
    assert coverage.split == 0
    assert f"{coverage.tables} tables of {coverage.width} bits" in coverage.why


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize(("larger", "threshold"), [(0.05, 0.94), (0.2, 0.9), (0.5, 0.85)])
def test_tversky_by_sampled_bits_is_that_of_all_pairs(larger: float, threshold: float) -> None:
    left, right = registers(2_000, noise=(0, 60))
    draw = np.random.default_rng(9)
    fuller = draw.random(2_000) < 0.5  # one of the two records says more
    right = np.where(
        fuller[:, np.newaxis], right | (draw.integers(0, 2**64, (2_000, 16), dtype=np.uint64) & right << 1), right
    )
    rule = Rule("tversky", threshold, 16, larger)
    every = codes(comparison.all_pairs(left, right, rule, Work()))
    pairs, coverage = blocking.compare(left, right, rule, AGREED, Work(), SEED)
    assert coverage.method == "sampled-bits"
    assert codes(pairs) == [pair for pair in every if pair in set(codes(pairs))]
    assert len(pairs) >= 0.995 * len(every) > 500


@pytest.mark.usefixtures("cheap")
def test_a_seed_is_a_result_on_any_number_of_cores() -> None:
    left, right = registers(800)
    agreed = AGREED.model_copy(update={"target_recall": 0.9})
    one, again, other = (
        blocking.compare(left, right, RULE, agreed, Work(cores), seed)
        for cores, seed in ((1, SEED), (2, SEED), (2, SEED[::-1]))
    )
    assert codes(one[0]) == codes(again[0])
    assert one[1] == again[1]
    assert other[1].compared != one[1].compared


def test_the_bound_holds_for_pairs_exactly_at_the_threshold() -> None:
    """Pairs that differ in as many bits as Dice 0.8 allows, all in one place: not where a key would look for them."""
    left = np.zeros((1, 16), np.uint64)
    left[0, :6] = 2**64 - 1
    right = left.copy()
    right[0, 5] = 0
    right[0, 6] = np.uint64(2**64 - 1)
    rule = Rule("dice", 0.8333, 16)
    assert rule.reached(np.array([128]), *(comparison.popcounts(side) for side in (left, right))).all()
    positions, width = np.arange(1_024), 12
    differ = np.array([128])
    chance = float(blocking._all_agree(1_024, differ, width)[0])
    hits = 0
    for number in range(3_000):
        drawn = sampled.shuffled(SEED, f"table {number}", positions)[:width]
        keys = [np.zeros(1, np.uint64) for _ in range(2)]
        for side, key in zip((left, right), keys, strict=True):
            sampled.kernels.keys(side, np.zeros(1, np.int64), drawn, key)
        hits += int(keys[0][0] == keys[1][0])
    assert abs(hits / 3_000 - chance) < 4 * np.sqrt(chance * (1 - chance) / 3_000)
    assert rule.limits().most()[768] == 128


@pytest.mark.parametrize("width", [1, 7, 30])
def test_enough_tables_are_taken_and_not_one_more(width: int) -> None:
    hit = blocking._all_agree(900, np.array([80, 110, 140]), width)
    for target in (0.9, 0.995):
        tables = blocking._tables(hit, target)
        assert tables is not None
        assert (1 - (1 - hit) ** tables).mean() >= target
        assert tables == 1 or (1 - (1 - hit) ** (tables - 1)).mean() < target
    assert blocking._tables(np.zeros(3), 0.9) is None


def test_filters_whose_margin_is_narrow_are_compared_with_all() -> None:
    """Hardened filters: half the bits of strangers agree, and 54 % of a pair's at the threshold."""
    draw = np.random.default_rng(2)
    left, right = draw.integers(0, 2**64, (2, 3_000, 64), dtype=np.uint64)
    right[:50] = left[:50]
    pairs, coverage = blocking.compare(left, right, Rule("agreement", 0.54, 64), AGREED, Work(), SEED)
    assert coverage.method == "all-pairs"
    assert "agrees 54%, strangers 50%: no keys cost less" in coverage.why
    assert coverage.compared == coverage.possible == 9_000_000
    assert set(zip(range(50), range(50), strict=True)) <= {pair[:2] for pair in codes(pairs)}


def test_all_pairs_where_agreed_and_where_few() -> None:
    left, right = registers(300)
    every = codes(comparison.dice_pairs(left, right, 0.8))
    for agreed, why in (
        (AllPairs(method="all-pairs"), "agreed"),
        (AGREED.model_copy(update={"all_pairs_up_to": 90_000}), "9e+04 comparisons, and up to 9e+04 all are made"),
    ):
        pairs, coverage = blocking.compare(left, right, RULE, agreed, Work(), SEED)
        assert codes(pairs) == every
        assert (coverage.method, coverage.why, coverage.compared, coverage.seed) == ("all-pairs", why, 90_000, None)


@pytest.mark.usefixtures("cheap")
def test_a_block_as_large_as_the_data_is_split_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the rows agree in most bits; a plan made on too few rows has not seen it."""
    draw = np.random.default_rng(5)
    left, right = registers(4_000, noise=(0, 20))
    for side in (left, right):
        side[:2_000, :12] = left[0, :12]
        side[:2_000, 12:] &= draw.integers(0, 2**64, (2_000, 4), dtype=np.uint64)
    rule = Rule("dice", 0.97, 16)
    every = codes(comparison.all_pairs(left, right, rule, Work()))
    monkeypatch.setattr(blocking, "PLAN_ROWS", 3)
    whole, unsplit = blocking.compare(left, right, rule, AGREED, Work(), SEED)
    monkeypatch.setattr(sampled, "OVERSHOOT", 0)
    monkeypatch.setattr(sampled, "SMALL_BLOCK", 64)
    pairs, coverage = blocking.compare(left, right, rule, AGREED, Work(), SEED)
    assert coverage.split > 0
    assert coverage.compared + coverage.split == unsplit.compared + unsplit.split
    assert coverage.compared < unsplit.compared / 2
    assert set(codes(pairs)) <= set(codes(whole)) <= set(every)
    assert coverage.sample_found == len(pairs)


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("rows", [(0, 0), (0, 4), (4, 0), (1, 1), (1, 50), (50, 1), (300, 300)])
def test_no_record_one_record_and_all_equal_filters(rows: tuple[int, int]) -> None:
    left, right = (np.full((n, 16), 0xF0F0, np.uint64) for n in rows)
    pairs, coverage = blocking.compare(left, right, RULE, AGREED, Work(), SEED)
    assert len(pairs) == rows[0] * rows[1] == coverage.pairs
    empty, coverage = blocking.compare(np.zeros_like(left), right, RULE, AGREED, Work(), SEED)
    assert (len(empty), coverage.possible) == (0, 0)


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize("threshold", [1e-6, 0.05, 1.0])
def test_a_tiny_threshold_and_one(threshold: float) -> None:
    left, right = registers(200, noise=(0, 2))
    rule = Rule("dice", threshold, 16)
    pairs, _ = blocking.compare(left, right, rule, AGREED, Work(), SEED)
    every = comparison.all_pairs(left, right, rule, Work())
    assert len(pairs) >= 0.995 * len(every)


@pytest.mark.usefixtures("cheap")
def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MOST_PAIRS", 100)
    monkeypatch.setattr(work, "MOST_PER_ROW", 0)
    monkeypatch.setattr(blocking, "SAMPLE_ROWS", 1)
    left, right = registers(300, noise=(0, 1))
    with pytest.raises(Refused, match="does not tell persons apart"):
        blocking.compare(left, right, RULE, AGREED, Work(), SEED)


class Stopped(Exception):
    """As a person who presses Ctrl-C, only sooner."""


def blocked() -> tuple[Protocol, list[Encodings]]:
    shipped = loads(protocols.CLK.encode(), name="p.yml")
    said = shipped.matching.model_copy(update={"stages": shipped.matching.stages[1:], "blocking": AGREED})
    agreed = shipped.model_copy(update={"matching": said})
    sides = []
    for party, filters in zip(("mbo", "gemeente"), registers(400), strict=True):
        handles = np.random.default_rng(len(party)).integers(0, 256, (400, 16), dtype=np.uint8)
        layout = agreed.layout(party)
        tokens = {name: np.zeros((400, 16), np.uint8) for name in layout.tokens}
        categories = {name: np.zeros(400, np.int16) for name, _ in layout.categories}
        sides.append(Encodings(party, agreed.digest, handles, tokens, filters, categories))
    return agreed, sides


@pytest.mark.usefixtures("cheap")
def test_a_stopped_run_keeps_its_seed_and_gives_the_same_links(tmp_path: Path) -> None:
    agreed, encodings = blocked()
    folder, seen = tmp_path / "state", list[Progress]()

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) > 5:
            raise Stopped

    with pytest.raises(Stopped):
        match(encodings, agreed, resume=folder, progress=stop, seed=SEED)
    kept = len(list(folder.rglob("*.block")))
    assert kept >= 5
    told = list[Progress]()
    links = match(encodings, agreed, resume=folder, progress=told.append)
    whole = match(encodings, agreed, seed=SEED)
    assert told[0].done * whole.coverage[0].tables == kept * told[0].total
    assert (links.left.tolist(), links.right.tolist()) == (whole.left.tolist(), whole.right.tolist())
    assert links.coverage[0].seed == whole.coverage[0].seed == SEED
    assert links.coverage == whole.coverage  # comparisons of the tables that were done before the stop, too
    assert whole.coverage[0].pairs > 100
    assert match(encodings, agreed).coverage[0].seed != SEED
