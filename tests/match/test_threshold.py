"""The threshold chosen from scores alone: each step against plain counting, and against what must hold."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import protocols
from linkage.match import threshold
from linkage.match.threshold import Scores, Seen, Strangers
from linkage.protocol.load import loads
from linkage.protocol.profiles import Hardened
from linkage.protocol.stages import Aim

ODD = settings(max_examples=150, deadline=None)
AB = ("a", "b")
BALANCE = Aim(aim="balance")
SCORE = st.integers(1, 1000).map(lambda n: n / 1000)


def precision(at_least: float) -> Aim:
    return Aim(aim="precision", at_least=at_least)


def seen_of(links: Any, strangers: Any = (), pairs: int = 1_000_000, rows: tuple[int, int] = (1000, 1000)) -> Seen:
    """Links, and strangers of one register."""
    kept = np.sort(np.asarray(links, np.float64))[::-1]
    one = Strangers(np.asarray(strangers, np.float64), pairs)
    return Seen(kept, [one], "registers", rows[0] * rows[1], rows, None)


@st.composite
def seen(draw: st.DrawFn) -> Seen:
    rows = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    links = draw(st.lists(SCORE, max_size=min(rows)))
    strangers = [
        Strangers(np.asarray(draw(st.lists(SCORE, max_size=30)), np.float64), draw(st.integers(30, 5000)))
        for _ in range(draw(st.integers(1, 2)))
    ]
    same = draw(st.none() | st.lists(SCORE, min_size=1, max_size=20))
    known = None if same is None else np.asarray(same)
    ordered = np.sort(np.asarray(links, np.float64))[::-1]
    votes = draw(st.sampled_from((1, 4)))
    return Seen(ordered, strangers, "registers", rows[0] * rows[1], rows, known, votes)


def separate(right: int = 400, wrong: int = 300, rows: int = 1000) -> Seen:
    """Right links around 0.8, strangers that thin out from 0.5 on; wrong links are some of these."""
    draw = np.random.default_rng(4)
    strangers = 0.5 + draw.exponential(0.03, 20_000)
    links = np.concatenate([np.clip(draw.normal(0.8, 0.05, right), 0, 1), draw.choice(strangers, wrong)])
    return seen_of(links, strangers, rows**2, (rows, rows))


@ODD
@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=300), st.integers(1, 10**7), st.integers(1, 10**7))
def test_the_floor_lets_a_few_pairs_per_row_through(scores: list[float], left: int, right: int) -> None:
    sample = np.asarray(scores)
    found = threshold.floor(sample, (left, right))
    assert 0 < found <= 1
    assert found == round(found, threshold.DIGITS)
    share = min(threshold.CANDIDATES_PER_ROW * (left + right), threshold.MOST_CANDIDATES) / (left * right)
    through = (sample >= min(found, sample.max())).mean()
    if share >= 1:
        assert found == 0.0001
    else:
        assert through >= share - 1 / len(scores), "no fewer than wanted, as far as a sample tells"


def test_the_floor_of_a_large_sample_is_where_it_should_be() -> None:
    sample = np.arange(1_000_000) / 1_000_000
    assert threshold.floor(sample, (20_000, 20_000)) == 0.9989  # rounded down, to be below
    assert threshold.floor(sample, (400, 20_000)) == 0.9744
    assert threshold.floor(sample, (1_000_000, 100_000)) == 0.9999, "never more pairs than anybody can choose among"
    assert threshold.floor(np.zeros(0), (5, 5)) == 0.0001


@ODD
@given(seen())
def test_right_and_wrong_links_are_all_links_and_never_less_than_none(case: Seen) -> None:
    right, wrong = threshold._right_and_wrong(case, case.links)
    number = np.array([(case.links >= score).sum() for score in case.links])
    assert right + wrong == pytest.approx(number)
    assert (right >= 0).all()
    assert (wrong >= 0).all()


@ODD
@given(seen(), st.sampled_from((BALANCE, precision(0.5), precision(0.9), precision(0.9999))))
def test_what_always_holds_of_a_threshold(case: Seen, aim: Aim) -> None:
    chosen = threshold.choose(aim, case)
    assert 0 < chosen <= 1
    assert chosen == round(chosen, threshold.DIGITS)
    for columns in (case.strangers, case.strangers[::-1]):  # either register may be called left
        other = replace(case, strangers=columns, rows=case.rows[::-1])
        assert threshold.choose(aim, other) == chosen
        assert threshold.judge(1, AB, chosen, True, other) == threshold.judge(1, AB, chosen, True, case)


@ODD
@given(seen(), SCORE, st.booleans())
def test_what_always_holds_of_a_judgement(case: Seen, limit: float, chosen: bool) -> None:
    said = threshold.judge(2, AB, limit, chosen, case)
    assert (said.stage, said.threshold, said.chosen) == (2, limit, chosen)
    assert said.links == sum(score >= limit for score in case.links.tolist())
    assert 0 <= said.precision_low <= said.precision <= said.precision_high <= 1
    assert 0 <= said.recall_low <= said.recall <= said.recall_high <= 1
    assert (said.strangers, said.same) == ("registers", "scores" if case.same is None else "numbers")
    if case.same is not None:
        assert said.recall == (case.same >= limit).mean()


@ODD
@given(seen(), SCORE)
def test_more_strangers_are_never_better(case: Seen, limit: float) -> None:
    more = [Strangers(np.append(s.scores, 1.0), s.pairs) for s in case.strangers]
    before, after = (threshold.judge(0, AB, limit, False, c) for c in (case, replace(case, strangers=more)))
    assert after.precision <= before.precision + 1e-9


def test_balance_lies_between_the_right_links_and_the_strangers() -> None:
    case = separate()
    chosen = threshold.choose(BALANCE, case)
    assert 0.62 < chosen < 0.72
    said = threshold.judge(0, AB, chosen, True, case)
    assert 380 <= said.links <= 410
    assert said.precision > 0.97
    assert said.recall > 0.95


def test_a_precision_is_kept_and_a_higher_one_asks_a_higher_threshold() -> None:
    case = separate()
    limits = [threshold.choose(precision(wanted), case) for wanted in (0.5, 0.8, 0.95, 0.99, 0.999)]
    assert limits == sorted(limits)
    for wanted, limit in zip((0.5, 0.8, 0.95, 0.99, 0.999), limits, strict=True):
        assert threshold.judge(0, AB, limit, True, case).precision >= wanted - 0.003  # a threshold has four decimals
        below = threshold.judge(0, AB, limit - 0.02, True, case)
        assert below.precision < wanted


def test_a_precision_that_cannot_be_had_links_nothing() -> None:
    case = seen_of([0.6, 0.59], [0.95] * 500, 1000)
    assert threshold.choose(precision(0.9), case) == 1.0
    assert threshold.choose(BALANCE, case) == 1.0


@pytest.mark.parametrize("aim", [BALANCE, precision(0.9)])
def test_without_a_link_the_threshold_is_one(aim: Aim) -> None:
    case = seen_of([], [0.5] * 10)
    assert threshold.choose(aim, case) == 1.0
    said = threshold.judge(0, AB, 1.0, True, case)
    assert (said.links, said.precision, said.precision_low, said.precision_high) == (0, 1.0, 0.0, 1.0)
    assert (said.recall_low, said.recall_high) == (0.0, 1.0)


def test_links_with_one_score_stand_or_fall_together() -> None:
    """Counted one by one, the first of many equal scores would look better than it is."""
    strangers = [0.7] * 100
    case = seen_of([0.9] * 50 + [0.7] * 100, strangers, 1_000_000)
    assert threshold.choose(BALANCE, case) == 0.9
    assert threshold.choose(precision(0.9), case) == 0.9


def test_strangers_of_whom_all_are_linked_do_not_explain_each_other() -> None:
    """A short register against a long one: all of its rows find somebody at the floor."""
    draw = np.random.default_rng(2)
    candidates = 0.4 + draw.exponential(0.03, (300, 200)).max(axis=1)
    strangers = 0.4 + draw.exponential(0.03, 60_000)
    case = seen_of(candidates, strangers, 60_000, (300, 200))
    chosen = threshold.choose(BALANCE, case)
    assert (case.links >= chosen).sum() < 20
    everything = threshold.judge(0, AB, 0.4, True, case)
    assert everything.links == 300
    assert everything.precision < 0.05


def test_rows_that_found_their_own_person_are_linked_to_no_stranger() -> None:
    """Nearly everybody is in both registers: the few rows left over meet few strangers, even low down."""
    case = seen_of([0.9] * 990 + [0.5] * 5, [0.5] * 2000, 1_000_000)
    right, wrong = threshold._right_and_wrong(case, np.array([0.9, 0.5]))
    assert right[0] == 990
    assert wrong[1] < 0.5
    assert threshold.choose(BALANCE, case) == 0.5


def test_the_longer_register_says_more_about_strangers() -> None:
    long = Strangers(np.full(500, 0.7), 1_000_000)
    short = Strangers(np.zeros(0), 10_000)
    case = replace(seen_of([0.7] * 100), strangers=[long, short])
    said = threshold.judge(0, AB, 0.7, False, case)
    assert said.precision == 0, "500 in a million pairs of strangers: all 100 links are expected to be wrong"
    assert said.precision_high > 0.9, "but the short register, where none was seen among few, leaves it open"


def test_nothing_to_compare_strangers_with_is_said() -> None:
    case = replace(seen_of([0.9]), strangers=[Strangers(np.zeros(0), 0)] * 2, rows=(1, 1), compared=1)
    said = threshold.judge(0, AB, 0.8, False, case)
    assert (said.precision_low, said.precision_high) == (0.0, 1.0)


def test_recall_from_scores_is_near_what_a_fixed_shape_misses() -> None:
    """Right links whose scores thin out as a bell; the windows above the threshold say what lies below."""
    draw = np.random.default_rng(6)
    for limit in (0.62, 0.66):
        whole = draw.normal(0.8, 0.08, 20_000)
        case = seen_of(whole[whole >= 0.5], [], 10**12, (30_000, 30_000))
        said = threshold.judge(0, AB, limit, False, case)
        assert said.recall_low <= (whole >= limit).mean() <= said.recall_high
        assert said.recall_high - said.recall_low < 0.08


def test_a_handful_of_links_says_little_of_recall() -> None:
    said = threshold.judge(0, AB, 0.8, False, seen_of([0.9]))
    assert said.recall_low < 0.2
    assert said.recall_high == 1


@pytest.mark.parametrize("votes", [2, 4, 8])
def test_scores_of_votes_are_spread_and_squeezed_back(votes: int) -> None:
    case = replace(seen_of([]), votes=votes)
    cosine = np.linspace(0, 1, 50)
    agreement = (1 + (1 - 2 * np.arccos(cosine) / math.pi) ** votes) / 2
    assert case.squeezed(case.spread(agreement)) == pytest.approx(agreement)
    assert case.spread(agreement) == pytest.approx(1 - 2 * np.arccos(cosine) / math.pi, abs=1e-3)
    assert case.spread(np.array([0.3])) == 0


def _cumulative(count: int, mean: float) -> float:
    return sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count + 1))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 10, 50, 400])
def test_poisson_interval_is_that_of_the_tails(count: int) -> None:
    """The exact interval puts 2.5 % in either tail; the approximation is within a third of that."""
    low, high = threshold.poisson(count)
    assert low <= count <= high
    assert _cumulative(count, high) == pytest.approx(0.025, abs=0.008)
    if count:
        assert 1 - _cumulative(count - 1, low) == pytest.approx(0.025, abs=0.0125)
    else:
        assert low == 0


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0, 1)]
)
def test_wilson_interval(hits: int, of: int, low: float, high: float) -> None:
    assert threshold.wilson(hits, of) == pytest.approx((low, high), abs=1e-4)


@ODD
@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_interval_holds_the_share(case: tuple[int, int]) -> None:
    hits, of = case
    low, high = threshold.wilson(hits, of)
    assert 0 <= low <= hits / of + 1e-12
    assert hits / of - 1e-12 <= high <= 1
    other = threshold.wilson(of - hits, of)
    assert (1 - other[1], 1 - other[0]) == pytest.approx((low, high))


def test_strangers_are_counted_from_their_own_score_up() -> None:
    strangers = Strangers(np.array([0.5, 0.7, 0.7, 0.9]), 10)
    at: Scores = np.array([0.4, 0.5, 0.7, 0.70001, 1.0])
    assert strangers.at_least(at).tolist() == [4, 4, 3, 1, 0]


def test_with_a_handful_of_rows_nothing_is_linked_that_chance_explains() -> None:
    """Seven rows without a number, and strangers too few to show that two unlike filters get as far."""
    few = replace(seen_of([0.5231, 0.5228, 0.5225, 0.5221, 0.5219], [0.5201], 500, (7, 20)), compared=140)
    assert threshold.choose(BALANCE, few) < 0.53, "nothing but the bound keeps them out"
    bound = 0.5 + 5 / (2 * math.sqrt(8192))
    assert threshold.choose(BALANCE, replace(few, least=bound)) == 1.0
    one = replace(few, links=np.asarray([0.61, *few.links]), least=bound)
    assert threshold.choose(BALANCE, one) in (1.0, 0.61), "a clear link may stand, and nothing below the bound with it"


def test_the_bound_is_that_of_chance() -> None:
    """Unlike filters of so many bits: five deviations above one half."""
    encoding = loads(protocols.SHIPPED.encode(), name="p.yml").encoding
    assert isinstance(encoding, Hardened)
    assert encoding.chance == pytest.approx(0.5 + 5 / (2 * math.sqrt(encoding.bits)))
    draw = np.random.default_rng(3)
    agree = 1 - np.unpackbits(draw.integers(0, 256, (20_000, encoding.bits // 8), np.uint8), axis=1).mean(axis=1)
    assert agree.max() < encoding.chance
