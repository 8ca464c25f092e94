"""What a stage sees and expects without the truth, against the truth of hard synthetic registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

import protocols
from linkage.encode import encode
from linkage.links import Links
from linkage.match import assignment, comparison, match, quality
from linkage.match.comparison import Rule
from linkage.match.work import Work
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.protocol.stages import Aim, Exact, Fuzzy, SampledBits
from linkage.synth.hard import Hard, hard
from linkage.tables import Encodings

ROWS = 4_000
RULE = Rule("tversky", 0.5, 16, 0.2)
AGREED = loads(protocols.WITHOUT_NUMBER.encode(), name="p.yml")
NUMBERED = loads(protocols.CLK.encode(), name="p.yml")
SECRET = bytes(range(32))


def aimed(protocol: Protocol, **change: object) -> Protocol:
    """The protocol with another last stage, under its old digest."""
    stages = (*protocol.matching.stages[:-1], protocol.matching.stages[-1].model_copy(update=change))
    changed = protocol.model_copy(update={"matching": protocol.matching.model_copy(update={"stages": stages})})
    object.__setattr__(changed, "__dict__", {**changed.__dict__, "digest": protocol.digest})
    return changed


def encoded(table: pa.Table, party: str, protocol: Protocol = AGREED) -> Encodings:
    """A register's rows; a column that the protocol has and the register has not is empty."""
    names = [field.name for field in protocol.fields_of(party)]
    nothing = pa.array([""] * len(table))
    columns = {n: table.column(n) if n in table.column_names else nothing for n in names}
    made = encode(pa.table(columns), protocol, party=party, secret=SECRET, bad_cells="leave-out")
    assert made.rows is not None
    return taken(made, np.argsort(made.rows))  # as the register stands, so that the truth fits


def taken(e: Encodings, rows: NDArray[np.int64]) -> Encodings:
    return replace(
        e, handles=e.handles[rows], filters=e.filters[rows], rows=None,
        tokens={k: v[rows] for k, v in e.tokens.items()}, categories={k: v[rows] for k, v in e.categories.items()},
    )  # fmt: skip


@cache
def registers(overlap: float = 0.25, rows: int = ROWS) -> tuple[Hard, Encodings, Encodings]:
    truth = hard(rows, overlap=overlap, seed=3)
    return truth, encoded(truth.left, "mbo"), encoded(truth.right, "gemeente")


@cache
def linked(overlap: float = 0.25) -> Links:
    _, left, right = registers(overlap)
    return match([left, right], AGREED)


def right_of(truth: Hard, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(truth.left_person[left] == truth.right_person[right])


def persons(truth: Hard) -> int:
    """How many are in both registers."""
    return len(np.intersect1d(truth.left_person, truth.right_person))


@pytest.mark.parametrize("overlap", [0.05, 0.25, 0.9])
def test_the_chosen_threshold_is_nearly_the_best_one(overlap: float) -> None:
    """F1 within 0.01 of the best over all thresholds, which only the truth can tell."""
    truth, left, right = registers(overlap)
    looks = (assignment.look(left.filters), assignment.look(right.filters))
    low = replace(RULE, threshold=0.55)
    every = assignment.one_to_one(comparison.all_pairs(left.filters, right.filters, low, Work()), *looks)
    found = np.cumsum(right_of(truth, every.left, every.right))
    best = float((2 * found / (np.arange(1, len(found) + 1) + persons(truth))).max())
    links = linked(overlap)
    ours = 2 * right_of(truth, links.left, links.right).sum() / (len(links) + persons(truth))
    assert ours > best - 0.01
    assert best > 0.9


@pytest.mark.parametrize("overlap", [0.05, 0.25, 0.9])
def test_what_is_expected_is_near_the_truth(overlap: float) -> None:
    truth, left, right = registers(overlap)
    links = linked(overlap)
    (said,) = links.judged
    right_ones = right_of(truth, links.left, links.right)
    assert (said.chosen, said.links, said.strangers, said.same) == (True, len(links), "registers", "scores")
    assert said.precision == pytest.approx(right_ones.mean(), abs=0.05)
    assert said.precision_low - 0.01 <= right_ones.mean() <= said.precision_high + 0.01
    both = np.intersect1d(truth.left_person[left.filters.any(axis=1)], truth.right_person[right.filters.any(axis=1)])
    recall = right_ones.sum() / len(both)
    assert said.recall_low - 0.01 <= recall <= said.recall_high + 0.01
    assert said.recall_high - said.recall_low < 0.35


def test_a_precision_is_met() -> None:
    truth, left, right = registers()
    links = match([left, right], aimed(AGREED, threshold=Aim(aim="precision", at_least=0.99)))
    (said,) = links.judged
    assert said.precision >= 0.989  # a threshold has four decimals
    assert right_of(truth, links.left, links.right).mean() > 0.98
    assert said.threshold > linked().judged[0].threshold


def test_a_fixed_threshold_is_judged_as_well() -> None:
    _, left, right = registers()
    chosen = linked().judged[0]
    (said,) = match([left, right], aimed(AGREED, threshold=chosen.threshold)).judged
    assert (said.threshold, said.chosen, said.links) == (chosen.threshold, False, chosen.links)
    assert said.precision == pytest.approx(chosen.precision, abs=0.002)
    (lower,) = match([left, right], aimed(AGREED, threshold=0.66)).judged
    assert lower.precision < said.precision
    assert lower.recall > said.recall


def test_order_of_rows_and_exchange_of_sides_change_nothing() -> None:
    _, left, right = registers()
    links = linked()
    pairs = set(zip(links.left.tolist(), links.right.tolist(), strict=True))
    draw = np.random.default_rng(1)
    a, b = draw.permutation(len(left)), draw.permutation(len(right))
    again = match([taken(left, a), taken(right, b)], AGREED)
    assert set(zip(a[again.left].tolist(), b[again.right].tolist(), strict=True)) == pairs
    assert again.judged == links.judged
    other = match([right, left], AGREED)
    assert set(zip(other.right.tolist(), other.left.tolist(), strict=True)) == pairs
    assert [replace(one, parties=("mbo", "gemeente")) for one in other.judged] == list(links.judged)


def test_where_nobody_is_in_both_hardly_anybody_is_linked_and_nothing_is_promised() -> None:
    truth, left, right = registers(0.0)
    assert persons(truth) == 0 < min(len(left), len(right))
    links = linked(0.0)
    (said,) = links.judged
    assert len(links) < 10
    assert said.precision_low < 0.1


def test_a_short_register_of_strangers_is_not_linked_to_a_long_one() -> None:
    _, left, right = registers(0.0)
    links = match([taken(left, np.arange(200)), right], AGREED)
    (said,) = links.judged
    assert len(links) < 20
    assert said.precision_low < 0.1


def emptied(e: Encodings) -> Encodings:
    return replace(e, filters=np.zeros_like(e.filters))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda e: taken(e, np.arange(0)), id="no rows"),
        pytest.param(emptied, id="empty filters"),
        pytest.param(lambda e: taken(e, np.arange(1)), id="one row"),
        pytest.param(lambda e: taken(e, np.zeros(5, np.int64)), id="one row five times"),
    ],
)
@pytest.mark.parametrize("aim", [0.8, Aim(aim="balance"), Aim(aim="precision", at_least=0.9)])
@pytest.mark.parametrize("sampled", [False, True])
def test_hardly_anything_to_see(change: Callable[[Encodings], Encodings], aim: float | Aim, sampled: bool) -> None:
    _, left, right = registers()
    agreed = aimed(AGREED, threshold=aim)
    if sampled:
        bits = SampledBits(method="sampled-bits", target_recall=0.9, all_pairs_up_to=0)
        matching = agreed.matching.model_copy(update={"blocking": bits})
        object.__setattr__(agreed, "__dict__", {**agreed.__dict__, "matching": matching})
    for sides in ([change(left), change(right)], [change(left), right], [left, change(right)]):
        links = match([side if len(side) < 6 else taken(side, np.arange(300)) for side in sides], agreed)
        (said,) = links.judged
        assert said.links == len(links) < 6
        assert 0 <= said.precision_low <= said.precision <= said.precision_high <= 1
        assert 0 <= said.recall_low <= said.recall <= said.recall_high <= 1


def numbered(truth: Hard, share: float, protocol: Protocol = NUMBERED) -> list[Encodings]:
    """Registers where a row has its person's number with some chance."""
    sides = []
    draw = np.random.default_rng(5)
    for table, person, party in ((truth.left, truth.left_person, "mbo"), (truth.right, truth.right_person, "gemeente")):
        e = encoded(table, party, protocol)
        token = np.zeros((len(e), 16), np.uint8)
        token[:, :8] = (person + 1).astype("<u8")[:, np.newaxis].view(np.uint8).reshape(-1, 8)
        token[draw.random(len(e)) >= share] = 0
        sides.append(replace(e, tokens={"bsn": token}))
    return sides


def test_with_numbers_strangers_and_recall_come_from_them() -> None:
    truth, _, _ = registers()
    left, right = numbered(truth, 0.8)
    protocol = aimed(NUMBERED, threshold=Aim(aim="balance"))
    links = match([left, right], protocol)
    (said,) = links.judged
    assert (said.strangers, said.same, said.stage) == ("numbers", "numbers", 1)
    exact = links.stage == 0
    filled = left.filters[links.left[exact]].any(axis=1) & right.filters[links.right[exact]].any(axis=1)
    scores = comparison.scores(left.filters[links.left[exact]], right.filters[links.right[exact]], Rule("dice", 1, 16))
    assert said.recall == (scores[filled] >= said.threshold).mean(), "counted plainly"
    right_ones = right_of(truth, links.left, links.right)[~exact]
    assert said.precision_low - 0.02 <= right_ones.mean() <= said.precision_high + 0.02
    assert right_of(truth, links.left, links.right)[exact].all()


@pytest.mark.parametrize(("rows", "source"), [(1_000, "numbers"), (999, "registers")])
def test_strangers_come_from_numbers_when_both_sides_have_a_thousand(rows: int, source: str) -> None:
    truth = hard(1_200, overlap=0.2, seed=4)
    left, right = numbered(truth, 1.0)
    right.tokens["bsn"][rows:] = 0
    (said,) = match([left, right], NUMBERED).judged
    assert said.strangers == source
    assert said.same == "numbers"


def test_different_numbers_are_counted_plainly_as_strangers() -> None:
    truth = hard(1_200, overlap=0.2, seed=4)
    left, right = numbered(truth, 1.0)
    looks = [assignment.look(side.filters) for side in (left, right)]
    sides = tuple(
        quality.Rows(side.filters, side.tokens["bsn"].view("S16").reshape(-1), np.arange(len(side)), look)
        for side, look in zip((left, right), looks, strict=True)
    )
    rule = Rule("dice", 0.5, 16)
    across, within = quality._across(*sides, rule, None), quality._within(sides[0], rule, None)
    bits = [np.unpackbits(s.filters.view(np.uint8), axis=1).astype(np.float32) for s in (left, right)]

    def alike(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.bool_]:
        some = (a.sum(axis=1) > 0)[:, np.newaxis] & (b.sum(axis=1) > 0)
        return np.asarray(some & (4 * (a @ b.T) >= a.sum(axis=1)[:, np.newaxis] + b.sum(axis=1)))

    different = truth.left_person[:, np.newaxis] != truth.right_person
    assert len(across.scores) == int((alike(*bits) & different).sum())
    filled = [int((b.sum(axis=1) > 0).sum()) for b in bits]
    assert across.pairs == filled[0] * filled[1]
    own = alike(bits[0], bits[0])
    np.fill_diagonal(own, val=False)
    assert len(within.scores) == int(own.sum())
    assert within.pairs == filled[0] * (filled[0] - 1)


def test_a_person_twice_in_a_register_with_a_number_is_no_stranger() -> None:
    truth = hard(300, overlap=0.2, seed=4)
    left, _ = numbered(truth, 1.0)
    twice = taken(left, np.concatenate([np.arange(300), np.arange(300)]))
    looks = assignment.look(np.hstack([twice.filters, np.arange(600, dtype=np.uint64)[:, np.newaxis]]))
    side = quality.Rows(twice.filters, twice.tokens["bsn"].view("S16").reshape(-1), np.arange(600), looks)
    assert (quality._within(side, Rule("dice", 0.5, 16), None).scores < 1).all()


def test_a_smaller_sample_sees_about_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where registers are long, only some rows are compared to see strangers."""
    _, left, right = registers()
    monkeypatch.setattr(quality, "WORDS_COMPARED", 16 * 1_000 * ROWS)
    (said,) = match([left, right], AGREED).judged
    whole = linked().judged[0]
    assert said.precision == pytest.approx(whole.precision, abs=0.03)
    assert said.threshold == pytest.approx(whole.threshold, abs=0.06)
    turned = replace(match([right, left], AGREED).judged[0], parties=said.parties)
    assert turned == said, "the same sample, whichever side is called left"


def test_beyond_all_pairs_the_threshold_is_chosen_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, left, right = registers()
    bits = SampledBits(method="sampled-bits", target_recall=0.99, all_pairs_up_to=0)
    agreed = AGREED.model_copy(update={"matching": AGREED.matching.model_copy(update={"blocking": bits})})
    object.__setattr__(agreed, "__dict__", {**agreed.__dict__, "digest": AGREED.digest})
    for least, tolerance in ((ROWS, 0.001), (2_000, 0.03)):
        monkeypatch.setattr(quality, "LEAST_ROWS", least)
        monkeypatch.setattr(quality, "WORDS_COMPARED", 16 * ROWS * least)
        links = match([left, right], agreed, seed="a" * 28)
        (said,) = links.judged
        assert said.chosen
        assert said.threshold == pytest.approx(linked().judged[0].threshold, abs=tolerance)
        ours = 2 * right_of(truth, links.left, links.right).sum() / (len(links) + persons(truth))
        assert ours > 0.95


def test_pairs_of_two_numbers_do_not_raise_the_threshold_of_a_sample() -> None:
    """They are never linked in this stage; a sample that counted them would expect far too many wrong links."""
    truth, _, _ = registers()
    sides = numbered(truth, 0.9)
    bits = SampledBits(method="sampled-bits", target_recall=0.99, all_pairs_up_to=0)
    found = []
    for blocking in (NUMBERED.matching.blocking, bits):
        stages = (NUMBERED.matching.stages[0], NUMBERED.matching.stages[1].model_copy(
            update={"threshold": Aim(aim="balance")}))  # fmt: skip
        matching = NUMBERED.matching.model_copy(update={"blocking": blocking, "stages": stages})
        agreed = NUMBERED.model_copy(update={"matching": matching})
        object.__setattr__(agreed, "__dict__", {**agreed.__dict__, "digest": NUMBERED.digest})
        assert isinstance(stages[0], Exact)
        assert isinstance(stages[1], Fuzzy)
        found.append(match(sides, agreed, seed="a" * 28).judged[0].threshold)
    assert found[1] == pytest.approx(found[0], abs=0.03)
