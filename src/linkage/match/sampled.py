"""Tables of sampled bits: rows that agree in some of the bits of their filters, and the pairs among them.

Rules kept here:

- The bits are drawn from the run's seed by SHAKE-256. The same seed, filters and rule give the same pairs, on any
  machine and any number of cores; nothing is decided by a clock.
- A block as large as the data is split by further bits of its key, so that a table's work stays near its plan. That
  breaks the bound for pairs in such a block: what was not compared for it is counted, and the measured recall tells.
- Every pair that is kept is compared exactly, by `linkage.match.kernels.near_in_blocks`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage.match import comparison, kernels, work
from linkage.match.comparison import Filters, Numbers, Rule, Side
from linkage.match.resume import Block, Pairs
from linkage.match.work import Work

KEY_BITS = 64
"""Bits of a key that grows when its block is split, and of its row's position together."""
SPLIT_BITS = 4
"""Bits added to a key whose block is too large."""
SMALL_BLOCK = 1 << 12
"""Comparisons in a block that is never split."""
OVERSHOOT = 4
"""A table may cost so many times what the plan says before its largest blocks are split."""
FETCHED = 1 << 15
"""Rows that are fetched at a time: with 1,024 bits, 4 MB."""


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


class Tables:
    """Every table is a block of work. Pickled, it is filters, rule, plan and seed."""

    def __init__(self, left: Side, right: Side, rule: Rule, planned: Plan, seed: str) -> None:
        self.left, self.right, self.rule, self.plan, self.seed = left, right, rule, planned, seed
        self.pairs = work.most_pairs(len(left.filters), len(right.filters))
        self.limits = rule.limits()
        self.most = self.limits.most()
        self.bits = tuple(comparison.popcounts(side.filters) for side in (left, right))
        self.compared = self.spared = 0
        """Comparisons made in the tables that have ended, and spared by splitting blocks."""
        self.known = np.zeros(0, np.int64)

    def __reduce__(self) -> tuple[Any, ...]:
        return Tables, (self.left, self.right, self.rule, self.plan, self.seed)

    def run(self, how: Work) -> Iterator[Pairs]:
        """The pairs of every table, each pair once."""
        size = max(1, round(self.plan.candidates))
        for block in work.run([size] * self.plan.tables, self.table, how, self.pairs, self.fresh):
            self.compared += block.compared
            self.spared += block.spared
            yield block.pairs

    def fresh(self, pairs: Pairs) -> Pairs:
        """Leave out what another table gave."""
        codes = pair_codes(pairs[:2], self.right.filters)
        place = np.searchsorted(self.known, codes)
        new = np.ones(len(codes), np.bool_)
        inside = place < len(self.known)
        new[inside] = self.known[place[inside]] != codes[inside]
        order = np.argsort(codes[new])
        self.known = np.insert(self.known, place[new][order], codes[new][order])
        return pairs[0][new], pairs[1][new], pairs[2][new]

    def table(self, number: int) -> Block:
        """The pairs within the blocks of one table."""
        blocks, rows, spared = self.blocks(number)
        weights = np.cumsum(blocks[:, 1] - blocks[:, 0] + blocks[:, 3] - blocks[:, 2]) // FETCHED
        parts = np.split(blocks, np.flatnonzero(np.diff(weights)) + 1)
        pairs = work.gathered((piece for part in parts for piece in self.part(part, rows)), self.pairs)
        return Block(pairs, int(_comparisons(blocks).sum()), spared)

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
        drawn = shuffled(self.seed, f"table {number}", self.plan.positions)[:most]
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


def shuffled(seed: str, what: str, items: Numbers) -> Numbers:
    """The items in an order that the seed alone decides."""
    stream = hashlib.shake_256(f"linkage blocking 1 {seed} {what}".encode()).digest(8 * len(items))
    return items[np.argsort(np.frombuffer(stream, "<u8"), kind="stable")]


def pair_codes(pairs: tuple[Numbers, Numbers], right: Filters) -> Numbers:
    """One number per pair."""
    return pairs[0] * len(right) + pairs[1]
