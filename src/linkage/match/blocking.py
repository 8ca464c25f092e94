"""Which pairs to compare at all, where all pairs would take too long.

Rules kept here:

- Keys come from the filters alone: some of their bits, drawn at random for every table (bit sampling, Indyk and
  Motwani, "Approximate nearest neighbors", STOC 1998). Rows are compared that have an equal key in some table, and
  every pair that is then kept is compared exactly: blocking can miss a pair, never add one.
- The bits are drawn from the run's seed by SHAKE-256. The same seed, filters and rule give the same pairs, on any
  machine and any number of cores; nothing is decided by a clock.
- No pair at or above the threshold is compared with less than the chance `FLOOR`. That is a bound: such a pair differs
  in at most D bits, wherever they are; k positions of p drawn at random meet none of them with at least the chance
  C(p - D, k) / C(p, k); and tables are drawn independently.
- The target is for the pairs that all pairs would find. How far these lie above the threshold is seen on left rows
  drawn at random, compared with all; where these have too few pairs to tell, the target is kept at the threshold
  itself. Recall is then measured on other left rows.
- All pairs where the protocol says so, where few comparisons are asked for, and where keys would not help; the reason
  is part of the result.
- A block as large as the data is split by further bits of its key, so that a table's work stays near its plan. That
  breaks the bound for pairs in such a block: what was not compared for it is counted, and the measured recall tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linkage.match import comparison, kernels, work
from linkage.match.comparison import Filters, Numbers, Rule, Side
from linkage.match.resume import Pairs
from linkage.match.work import Work
from linkage.protocol.model import AllPairs, SampledBits
from linkage.tables import CandidatePairs, Coverage

KEY_BITS = 64
"""Bits of a key that grows when its block is split, and of its row's position together."""
SPLIT_BITS = 4
"""Bits added to a key whose block is too large."""
SMALL_BLOCK = 1 << 12
"""Comparisons in a block that is never split."""
OVERSHOOT = 4
"""A table may cost so many times what the plan says before its largest blocks are split."""
USEFUL = 0.04
"""Positions where fewer than this share of rows, or more than the rest, have the bit are left out: they tell strangers
apart too seldom."""
FETCHED = 1 << 15
"""Rows that are fetched at a time: with 1,024 bits, 4 MB."""
MOST_TABLES = 2_000
"""More are not worth it: all pairs."""
WIDTHS = range(8, 33)
"""Key widths, in bits, that a plan chooses from."""
PLAN_ROWS = 1_000
"""Rows of each side that a plan is made on."""
CANDIDATE = 16.0
"""Cost of a comparison within a block, in comparisons of all pairs: measured, see benchmarks/README.md."""
ROW = 160.0
"""Cost of one row's key in one table, made and sorted, likewise."""
FLOOR = 0.9
"""Least chance of any pair at or above the threshold to be compared, also where the target could do with less."""
PLANNED_MISSES = 0.5
"""Of the misses that the target allows, the share that a plan from a sample makes use of: a sample may flatter."""
SAMPLE_COMPARISONS = 2_000_000_000
"""Comparisons spent on a sample of left rows against all, before and after: a second or two each."""
SAMPLE_ROWS = 5_000
"""Left rows of such a sample, at most."""
SAMPLE_PAIRS = 200
"""Pairs that a sample must have to plan by: fewer say too little of a recall of 0.995."""


@dataclass(frozen=True)
class Plan:
    """How many tables of which width, and what they cost."""

    tables: int
    width: int
    """Bits per key."""
    positions: Numbers = field(repr=False)
    """Bits of the filter that keys are drawn from."""
    expected_recall: float
    """Share of the pairs at or above the threshold that is expected to be compared; of a sample of them, or else as if
    all were exactly at the threshold."""
    at_threshold: float
    """Lower bound on the chance of a pair exactly at the threshold, averaged over the rows' popcounts."""
    candidates: float
    """Comparisons expected per table."""
    cost: float
    """In comparisons of all pairs."""


def compare(
    left: Filters, right: Filters, rule: Rule, agreed: AllPairs | SampledBits, how: Work, seed: str
) -> tuple[CandidatePairs, Coverage]:
    """The pairs that a rule takes for alike, by all pairs or by sampled bits, as agreed.

    Args:
        left: ``uint64[n, words]`` filters.
        right: ``uint64[m, words]``.
        rule: when two filters are alike.
        agreed: the protocol's blocking.
        how: how to run; changes nothing.
        seed: what keys are drawn from (`linkage.match.resume.Run`).

    Returns:
        Pairs sorted by falling score, then left, then right position; and how they were found.

    Raises:
        Refused: more pairs than `linkage.match.work.most_pairs`.
    """
    ours, theirs = Side.of(left), Side.of(right)
    possible = len(ours) * len(theirs)
    found, why = None, "agreed"
    if isinstance(agreed, SampledBits) and not too_many(possible, agreed):
        why = f"{possible:.3g} comparisons, and up to {agreed.all_pairs_up_to:.3g} all are made"
    elif isinstance(agreed, SampledBits):
        seen = _sample(ours, theirs, rule, how, _drawn(seed, "plan", np.sort(ours.order)))
        found, why = plan(ours, theirs, rule, agreed.target_recall, seen)
    if found is None:
        pairs = comparison.collected(left, right, rule, comparison.stream(left, right, rule, how))
        return pairs, Coverage(how.stage, "all-pairs", why, possible, possible, len(pairs))
    tables = _Tables(ours, theirs, rule, found, seed)
    pairs = comparison.collected(left, right, rule, tables.run(how))
    sample = _sample(ours, theirs, rule, how, _drawn(seed, "measure", np.sort(ours.order)))
    known = np.isin(_codes(sample, right), _codes((pairs.left, pairs.right), right)).sum()
    compared, spared = (sum(one[n] for one in tables.counts.values()) for n in (0, 1))
    return pairs, Coverage(
        how.stage, "sampled-bits", why, possible, compared, len(pairs), tables=found.tables, width=found.width,
        seed=seed, expected_recall=found.expected_recall, at_threshold=found.at_threshold,
        sample_pairs=len(sample[0]), sample_found=int(known), split=spared,
    )  # fmt: skip


def too_many(comparisons: int, agreed: AllPairs | SampledBits) -> bool:
    """Whether the protocol wants fewer comparisons than these."""
    return isinstance(agreed, SampledBits) and comparisons > agreed.all_pairs_up_to


def plan(
    left: Side, right: Side, rule: Rule, target: float, seen: tuple[Numbers, Numbers] | None = None
) -> tuple[Plan | None, str]:
    """The cheapest tables that keep the target, or None where all pairs cost less; and why.

    Args:
        left: one side.
        right: the other.
        rule: when two filters are alike.
        target: share of the pairs at or above the threshold to find.
        seen: positions of a sample of these pairs, where there is one.
    """
    if not len(left) or not len(right):
        return None, "a side without filters"
    ours, theirs = left.sample(PLAN_ROWS), right.sample(PLAN_ROWS)
    positions = _useful(ours, theirs)
    bits = np.concatenate([comparison.popcounts(ours), comparison.popcounts(theirs)])
    differ = rule.limits().most()[2 * bits]
    apart = differ
    if seen is not None and len(seen[0]) >= SAMPLE_PAIRS:
        apart = _apart(left.filters[seen[0]], right.filters[seen[1]], positions)
        target = 1 - PLANNED_MISSES * (1 - target)
    shares, weights = _agreements(ours, theirs, positions)
    every = float(len(left)) * len(right)
    best: Plan | None = None
    for width in WIDTHS:
        hit = _all_agree(len(positions), differ, width)
        likely = _all_agree(len(positions), apart, width)
        least, wanted = _tables(hit, FLOOR), _tables(likely, target)
        if least is None or wanted is None:
            continue
        tables = max(least, wanted)
        candidates = every * float((shares**width * weights).sum())
        cost = tables * (ROW * (len(left) + len(right)) + CANDIDATE * candidates)
        if best is None or cost < best.cost:
            recall, bound = (float((1 - (1 - chance) ** tables).mean()) for chance in (likely, hit))
            best = Plan(tables, width, positions, recall, bound, candidates, cost)
    alike, strangers = 1 - differ.mean() / max(len(positions), 1), float((shares * weights).sum())
    said = f"in {len(positions)} useful bits a pair at the threshold agrees {alike:.0%}, strangers {strangers:.0%}"
    if best is None or best.cost >= every:
        return None, f"{said}: no keys cost less than all pairs"
    return best, f"{said}: {best.tables} tables of {best.width} bits cost {best.cost / every:.1%} of all pairs"


class _Tables:
    """Every table is a block of work."""

    def __init__(self, left: Side, right: Side, rule: Rule, planned: Plan, seed: str) -> None:
        self.left, self.right, self.plan, self.seed = left, right, planned, seed
        self.pairs = work.most_pairs(len(left.filters), len(right.filters))
        self.limits = rule.limits()
        self.most = self.limits.most()
        self.bits = tuple(comparison.popcounts(side.filters) for side in (left, right))
        self.counts: dict[int, tuple[int, int]] = {}
        """Per table done here: comparisons made, and spared by splitting blocks."""
        self.known = np.zeros(0, np.int64)

    def run(self, how: Work) -> Iterator[Pairs]:
        """The pairs of every table, each pair once."""
        size = max(1, round(self.plan.candidates))
        yield from work.run([size] * self.plan.tables, self.table, how, self.pairs, self.fresh)

    def fresh(self, pairs: Pairs) -> Pairs:
        """Leave out what another table gave."""
        codes = _codes(pairs[:2], self.right.filters)
        place = np.searchsorted(self.known, codes)
        new = np.ones(len(codes), np.bool_)
        inside = place < len(self.known)
        new[inside] = self.known[place[inside]] != codes[inside]
        order = np.argsort(codes[new])
        self.known = np.insert(self.known, place[new][order], codes[new][order])
        return pairs[0][new], pairs[1][new], pairs[2][new]

    def table(self, number: int) -> Pairs:
        """The pairs within the blocks of one table."""
        blocks, rows, spared = self.blocks(number)
        self.counts[number] = int(_comparisons(blocks).sum()), spared
        found: list[Pairs] = []
        pairs = 0
        weights = np.cumsum(blocks[:, 1] - blocks[:, 0] + blocks[:, 3] - blocks[:, 2]) // FETCHED
        for part in np.split(blocks, np.flatnonzero(np.diff(weights)) + 1):
            for piece in self.part(part, rows):
                found.append(piece)
                pairs += len(piece[0])
                work.too_many(pairs, self.pairs)
        empty = np.zeros(0, np.int64)
        left, right, different = (np.concatenate([f[n] for f in found]) if found else empty for n in range(3))
        return left, right, different

    def part(self, blocks: Numbers, rows: tuple[Numbers, Numbers]) -> Iterator[Pairs]:
        """The pairs within some blocks. Their rows are fetched first: one by one they would be waited for."""
        at = [every[_within(blocks[:, 2 * n : 2 * n + 2])] for n, every in enumerate(rows)]
        filters = [np.take(side.filters, here, axis=0) for side, here in zip((self.left, self.right), at, strict=True)]
        bits = [every[here] for every, here in zip(self.bits, at, strict=True)]
        sizes = blocks[:, 1::2] - blocks[:, ::2]
        ends = np.cumsum(sizes, axis=0)
        moved = np.column_stack([ends[:, 0] - sizes[:, 0], ends[:, 0], ends[:, 1] - sizes[:, 1], ends[:, 1]])
        out = tuple(np.empty(max(comparison.ROOM, int(sizes[:, 1].max(initial=0))), np.int64) for _ in range(3))
        place = 0, 0
        while place[0] < len(moved):
            count, block, skip = kernels.near_in_blocks(
                filters[0], bits[0], filters[1], bits[1], moved,
                self.limits.base, self.limits.scale, self.limits.slope, self.most, place, *out,
            )  # fmt: skip
            place = block, skip
            if count:
                yield at[0][out[0][:count]], at[1][out[1][:count]], out[2][:count].copy()

    def blocks(self, number: int) -> tuple[Numbers, tuple[Numbers, Numbers], int]:
        """Where rows with equal keys stand in both sides' rows, which are put in order of key; and comparisons spared
        by splitting."""
        most = KEY_BITS - max(len(side.filters) for side in (self.left, self.right)).bit_length()
        drawn = _drawn(self.seed, f"table {number}", self.plan.positions)[:most]
        sides = [_Keyed(side.filters, np.sort(side.order)) for side in (self.left, self.right)]
        budget = OVERSHOOT * self.plan.candidates + len(self.left) + len(self.right)
        done, rows, spared, before = list[Numbers](), (list[Numbers](), list[Numbers]()), 0, 0
        first, last = 0, self.plan.width
        while True:
            for side in sides:
                side.grow(drawn[first:last])
            runs = _runs(sides[0].keys, sides[1].keys)
            sizes = _comparisons(runs)
            spared += before - int(sizes.sum()) if before else 0
            large = _large(sizes, budget) if last < len(drawn) else np.zeros(len(runs), np.bool_)
            offsets = np.array([sum(map(len, r)) for r in rows]).repeat(2)
            done.append(runs[~large] + offsets)
            for kept, side in zip(rows, sides, strict=True):
                kept.append(side.rows)
            if not large.any():
                return np.concatenate(done), (np.concatenate(rows[0]), np.concatenate(rows[1])), spared
            before = int(sizes[large].sum())
            budget -= int(sizes[~large].sum())
            sides = [side.only(runs[large][:, 2 * n : 2 * n + 2]) for n, side in enumerate(sides)]
            first, last = last, min(last + SPLIT_BITS, len(drawn))


class _Keyed:
    """Rows of one side in order of their keys."""

    def __init__(self, filters: Filters, rows: Numbers, keys: NDArray[np.uint64] | None = None) -> None:
        self.filters, self.rows = filters, rows
        self.keys = np.zeros(len(rows), np.uint64) if keys is None else keys

    def grow(self, positions: Numbers) -> None:
        """Add bits to the keys."""
        kernels.keys(self.filters, self.rows, positions, self.keys)
        row = np.uint64(len(self.filters).bit_length())
        both = self.keys << row | self.rows.astype(np.uint64)  # one number per row, in order of key, then of row
        both.sort()
        self.keys, self.rows = both >> row, (both & ((np.uint64(1) << row) - np.uint64(1))).astype(np.int64)

    def only(self, ranges: Numbers) -> _Keyed:
        """The rows in some ranges."""
        at = _within(ranges)
        return _Keyed(self.filters, self.rows[at], self.keys[at])


def _within(ranges: Numbers) -> Numbers:
    """The places in some ranges, one range after the other."""
    sizes = ranges[:, 1] - ranges[:, 0]
    return np.asarray(np.arange(sizes.sum()) + np.repeat(ranges[:, 0] - (np.cumsum(sizes) - sizes), sizes))


def _comparisons(runs: Numbers) -> Numbers:
    return np.asarray((runs[:, 1] - runs[:, 0]) * (runs[:, 3] - runs[:, 2]))


def _large(sizes: Numbers, budget: float) -> NDArray[np.bool_]:
    """The largest blocks, beyond what the smaller ones leave of the budget."""
    order = np.argsort(sizes, kind="stable")
    large = np.zeros(len(sizes), np.bool_)
    large[order] = np.cumsum(sizes[order]) > max(budget, 0)
    return large & (sizes > SMALL_BLOCK)


def _runs(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> Numbers:
    """``int64[blocks, 4]``: where each key that both sides have begins and ends on either; keys are in order."""

    def starts(keys: NDArray[np.uint64]) -> Numbers:
        return np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)

    ours, theirs = starts(left), starts(right)
    ends, others = np.append(ours[1:], len(left)), np.append(theirs[1:], len(right))
    _, i, j = np.intersect1d(left[ours], right[theirs], assume_unique=True, return_indices=True)
    return np.column_stack([ours[i], ends[i], theirs[j], others[j]]).astype(np.int64)


def _useful(left: Filters, right: Filters) -> Numbers:
    """Positions whose bit tells strangers apart often enough."""
    rows = np.vstack([left, right])
    share = np.unpackbits(rows.astype("<u8").view(np.uint8), axis=1, bitorder="little").mean(axis=0)
    return np.flatnonzero((share >= USEFUL) & (share <= 1 - USEFUL))


def _agreements(left: Filters, right: Filters, positions: Numbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of the positions in which two filters can agree, and how often pairs of a sample do."""
    mask = _mask(positions, left.shape[1])
    ours, theirs = left & mask, right & mask
    counts = np.zeros(len(positions) + 1)
    for row in ours:
        different = np.bitwise_count(row ^ theirs).sum(axis=1, dtype=np.int64)
        counts += np.bincount(different, minlength=len(counts))
    return 1 - np.arange(len(counts)) / max(len(positions), 1), counts / counts.sum()


def _apart(left: Filters, right: Filters, positions: Numbers) -> Numbers:
    """Of the positions, how many row i of left and row i of right differ in."""
    return comparison.popcounts((left ^ right) & _mask(positions, left.shape[1]))


def _mask(positions: Numbers, words: int) -> NDArray[np.uint64]:
    mask = np.zeros(64 * words, np.uint8)
    mask[positions] = 1
    return np.packbits(mask, bitorder="little").view("<u8").astype(np.uint64)


def _all_agree(positions: int, differ: Numbers, width: int) -> NDArray[np.float64]:
    """Chance that `width` of the positions, drawn without putting back, meet none of the differing ones."""
    drawn = np.arange(width)
    return np.asarray(
        (np.maximum(positions - differ[:, np.newaxis] - drawn, 0) / np.maximum(positions - drawn, 1)).prod(axis=1)
    )


def _tables(hit: NDArray[np.float64], target: float) -> int | None:
    """The fewest tables with which pairs are compared with the target chance, on average; None where too many."""
    if (1 - (1 - hit) ** MOST_TABLES).mean() < target:
        return None
    low, high = 1, MOST_TABLES
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if (1 - (1 - hit) ** middle).mean() >= target else (middle + 1, high)
    return low


def _drawn(seed: str, what: str, items: Numbers) -> Numbers:
    """The items in an order that the seed alone decides."""
    stream = hashlib.shake_256(f"linkage blocking 1 {seed} {what}".encode()).digest(8 * len(items))
    return items[np.argsort(np.frombuffer(stream, "<u8"), kind="stable")]


def _sample(left: Side, right: Side, rule: Rule, how: Work, rows: Numbers) -> tuple[Numbers, Numbers]:
    """The pairs that the first of these left rows have among all."""
    rows = rows[: max(1, min(SAMPLE_ROWS, SAMPLE_COMPARISONS // len(right)))] if len(right) else rows[:0]
    pairs = comparison.all_pairs(left.filters[rows], right.filters, rule, Work(how.cores))
    return rows[pairs.left], pairs.right


def _codes(pairs: tuple[Numbers, Numbers], right: Filters) -> Numbers:
    """One number per pair."""
    return pairs[0] * len(right) + pairs[1]
