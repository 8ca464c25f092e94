"""Which pairs to compare at all, where all pairs would take too long.

Rules kept here:

- Keys come from the filters alone: some of their bits, drawn at random for every table (bit sampling, Indyk and
  Motwani, "Approximate nearest neighbors", STOC 1998). Rows are compared that have an equal key in some table, and
  every pair that is then kept is compared exactly: blocking can miss a pair, never add one.
- No pair at or above the threshold is compared with less than the chance `FLOOR`. That is a bound: such a pair differs
  in at most D bits, wherever they are; k positions of p drawn at random meet none of them with at least the chance
  C(p - D, k) / C(p, k); and tables are drawn independently.
- The target is for the pairs that all pairs would find. How far these lie above the threshold is seen on left rows
  drawn at random, compared with all; where these have too few pairs to tell, the target is kept at the threshold
  itself. Recall is then measured on other left rows.
- All pairs where the protocol says so, where few comparisons are asked for, and where keys would not help; the reason
  is part of the result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linkage.links import CandidatePairs, Coverage
from linkage.match import comparison
from linkage.match.comparison import Filters, Numbers, Rule, Side
from linkage.match.sampled import Plan, Tables, pair_codes, shuffled
from linkage.match.work import Work
from linkage.protocol.stages import AllPairs, SampledBits

USEFUL = 0.04
"""Positions where fewer than this share of rows, or more than the rest, have the bit are left out: they tell strangers
apart too seldom."""
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
        seen = _sample(ours, theirs, rule, how, shuffled(seed, "plan", np.sort(ours.order)))
        found, why = plan(ours, theirs, rule, agreed.target_recall, seen)
    if found is None:
        pairs = comparison.collected(left, right, rule, comparison.stream(left, right, rule, how))
        return pairs, Coverage(how.stage, how.parties, "all-pairs", why, possible, possible, len(pairs))
    tables = Tables(ours, theirs, rule, found, seed)
    pairs = comparison.collected(left, right, rule, tables.run(how))
    sample = _sample(ours, theirs, rule, how, shuffled(seed, "measure", np.sort(ours.order)))
    known = np.isin(pair_codes(sample, right), pair_codes((pairs.left, pairs.right), right)).sum()
    return pairs, Coverage(
        how.stage, how.parties, "sampled-bits", why, possible, tables.compared, len(pairs),
        tables=found.tables, width=found.width, seed=seed,
        expected_recall=found.expected_recall, at_threshold=found.at_threshold,
        sample_pairs=len(sample[0]), sample_found=int(known), split=tables.spared,
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


def _sample(left: Side, right: Side, rule: Rule, how: Work, rows: Numbers) -> tuple[Numbers, Numbers]:
    """The pairs that the first of these left rows have among all."""
    rows = rows[: max(1, min(SAMPLE_ROWS, SAMPLE_COMPARISONS // len(right)))] if len(right) else rows[:0]
    pairs = comparison.all_pairs(left.filters[rows], right.filters, rule, Work(how.cores))
    return rows[pairs.left], pairs.right
