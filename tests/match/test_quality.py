"""Estimates without the truth, against the truth of synthetic registers and against plain counting."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.match import match, quality
from linkage.match.comparison import SIMILARITIES, reached
from linkage.roles import unit
from linkage.tables import Encodings
from simulator import Simulator


@pytest.fixture(scope="module")
def encodings(played: Simulator) -> list[Encodings]:
    home, identity, linkage = played.homes["unit"], played.identities["unit"], played.linkage("unit")
    return [unit._encodings(home, identity, linkage, party) for party in ("mbo", "gemeente")]


@pytest.mark.parametrize("similarity", ["dice", "agreement"])
def test_row_by_row_is_what_all_pairs_say(similarity: str) -> None:
    draw = np.random.default_rng(4)
    left = draw.integers(0, 2**64, (60, 2), dtype=np.uint64)
    right = left ^ (
        draw.integers(0, 2**64, (60, 2), dtype=np.uint64) & draw.integers(0, 2**64, (60, 2), dtype=np.uint64)
    )
    left[3] = 0
    for threshold in (0.5, 0.7, 0.75, 1.0):
        pairs = SIMILARITIES[similarity](left, right, threshold)
        expected = {i for i, j in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True) if i == j}
        assert set(np.flatnonzero(reached(similarity, left, right, threshold)).tolist()) == expected


def test_the_pairs_with_equal_numbers_are_counted_plainly(played: Simulator, encodings: list[Encodings]) -> None:
    protocol = played.linkage("unit").protocol
    (one,) = quality.estimate(encodings, protocol, match(encodings, protocol))
    left, right = encodings
    number = {t.tobytes(): i for i, t in enumerate(right.tokens["bsn"]) if t.any()}
    same = [(i, number[t.tobytes()]) for i, t in enumerate(left.tokens["bsn"]) if t.any() and t.tobytes() in number]

    def dice(i: int, j: int) -> float:
        a, b = left.filters[i], right.filters[j]
        both = int(np.bitwise_count(a).sum() + np.bitwise_count(b).sum())
        return 2 * int(np.bitwise_count(a & b).sum()) / both if both else 0.0

    usable = [dice(i, j) for i, j in same if left.filters[i].any() and right.filters[j].any()]
    assert one.pairs == len(usable) > 5
    assert one.recall == sum(score >= 0.8 for score in usable) / len(usable)
    assert 0 <= one.recall_low <= one.recall <= one.recall_high <= 1


def test_without_equal_numbers_nothing_is_claimed(played: Simulator, encodings: list[Encodings]) -> None:
    protocol = played.linkage("unit").protocol
    left, right = encodings
    blank = {"bsn": np.zeros_like(right.tokens["bsn"])}
    nobody = Encodings(right.party, right.protocol_digest, right.handles, blank, right.filters, right.categories)
    assert quality.estimate([left, nobody], protocol, match([left, nobody], protocol)) == []


def test_more_strangers_above_a_lower_threshold_are_expected(played: Simulator, encodings: list[Encodings]) -> None:
    protocol = played.linkage("unit").protocol
    wrong = []
    for threshold in (0.8, 0.5, 0.4):
        stage = protocol.matching.stages[1].model_copy(update={"threshold": threshold})
        stages = (protocol.matching.stages[0], stage)
        changed = protocol.model_copy(update={"matching": protocol.matching.model_copy(update={"stages": stages})})
        object.__setattr__(changed, "__dict__", {**changed.__dict__, "digest": protocol.digest})
        (one,) = quality.estimate(encodings, changed, match(encodings, changed))
        wrong.append(one.wrong)
    assert wrong == sorted(wrong)
    assert wrong[0] < 1 < wrong[-1]


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (0, 0, 0, 1)])
def test_wilson(hits: int, of: int, low: float, high: float) -> None:
    assert quality.wilson(hits, of) == pytest.approx((low, high), abs=1e-4)
