"""From two sets of filters to candidate pairs.

Rules kept here:

- All pairs, exact: nothing is approximated. The threshold is a fraction; the bits in which a pair may differ follow
  from it in integers of any size, before the compiled loop.
- The answer does not depend on the number of cores, on the size of blocks, or on where an earlier run was stopped.
- One kernel compares for all similarities: each is an integer test on the bits in which two filters differ, the bits
  of both together, and the gap between the bits of one and of the other (`Rule.limits`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.links import CandidatePairs, Histogram
from linkage.match import kernels, lanes, work
from linkage.match.resume import Block, Pairs
from linkage.match.work import Work

BLOCK = 1 << 29
"""Comparisons in a block, about half a second of one core; fewer where the whole is small."""
BLOCKS = 16
"""Blocks that even a small comparison is cut into, where they keep `SLICE_ROWS` rows."""
SLICE_ROWS = 512
"""Left rows that are compared with every tile in turn: their sketches stay in the second-level cache."""
ROOM = 1 << 14
"""Pairs that a thread's buffer holds before it is emptied."""
PASSING = 0.003
"""Share of pairs that sketches may let through: a longer sketch costs more than it saves. Measured."""
SAMPLE = 128
"""Rows of each side that the length of sketches is chosen on."""

Filters = NDArray[np.uint64]
Numbers = NDArray[np.int64]


class Limits(NamedTuple):
    """A pair is alike when ``different * scale <= base[both] + slope * gap``."""

    base: Numbers
    """``int64[2 * bits + 1]``, by the bits of both filters together."""
    scale: int
    slope: int

    def most(self) -> Numbers:
        """``int64[2 * bits + 1]``: bits in which a pair may differ at most, whatever its gap, up to so many bits of
        both together: the gap is never more than the bits that differ."""
        return np.maximum.accumulate(np.floor_divide(self.base, self.scale - self.slope))


@dataclass(frozen=True)
class Rule:
    """When two filters count as alike."""

    similarity: str
    """``dice``, ``tversky`` or ``agreement``."""
    threshold: float
    """As written in the protocol; 0.8 means 4/5 exactly."""
    words: int
    """64-bit words per filter."""
    larger_weight: float = 0.5
    """For ``tversky``: what the bits that only the fuller filter has weigh; those of the other weigh the rest. At most
    four decimals, so that all is exact in 64 bits."""

    @property
    def bits(self) -> int:
        """Bits per filter."""
        return 64 * self.words

    def limits(self) -> Limits:
        """The integer test. Dice is 1 - different / both, agreement 1 - different / length, and Tversky's index
        (Tversky, "Features of similarity", 1977) common / (w * more + (1 - w) * fewer), w the `larger_weight`: with
        common = (both - different) / 2 and t the threshold, different <= (1 - t) both + t (1 - 2w) gap.
        """
        limit = Fraction(str(self.threshold))
        if self.similarity == "agreement":
            return Limits(np.full(2 * self.bits + 1, self.bits - _ceiling(limit * self.bits), np.int64), 1, 0)
        if self.similarity == "dice":
            part, whole = limit.as_integer_ratio()  # whole numbers: fractions would take most of a small comparison
            dice = [both + 2 * (-part * both // (2 * whole)) for both in range(2 * self.bits + 1)]
            return Limits(np.asarray(dice, np.int64), 1, 0)
        weight = Fraction(str(self.larger_weight))
        limit = _next_score(limit, self.bits * weight.denominator)  # passes the same pairs, in fewer digits
        lean = limit * (1 - 2 * weight)
        scale = math.lcm(limit.denominator, lean.denominator)
        per_bit = int((1 - limit) * scale)
        return Limits(np.arange(2 * self.bits + 1) * per_bit, scale, int(lean * scale))

    def score(self, different: Numbers, left_bits: Numbers, right_bits: Numbers) -> NDArray[np.float64]:
        """Similarities, by the bits that differ and the bits of either filter."""
        if self.similarity == "agreement":
            return np.asarray(1.0 - different / max(self.bits, 1))
        both = left_bits + right_bits
        if self.similarity == "dice":
            return np.asarray((both - different) / np.maximum(both, 1))
        more, fewer = np.maximum(left_bits, right_bits), np.minimum(left_bits, right_bits)
        weight = Fraction(str(self.larger_weight))  # in whole numbers: a pair at the threshold scores the threshold
        rest = weight.numerator * more + (weight.denominator - weight.numerator) * fewer
        return np.asarray((both - different) * weight.denominator / np.maximum(2 * rest, 1))

    def reached(self, different: Numbers, left_bits: Numbers, right_bits: Numbers) -> NDArray[np.bool_]:
        """``bool[n]``: whether pairs pass, exactly as in the kernel. A pair with an empty filter never does."""
        base, scale, slope = self.limits()
        near = different * scale <= base[left_bits + right_bits] + slope * np.abs(left_bits - right_bits)
        return np.asarray(near & (left_bits > 0) & (right_bits > 0))


@dataclass(frozen=True)
class Side:
    """One side's filters that are not empty, in rising order of popcount: then whole ranges can be skipped."""

    filters: Filters = field(repr=False)
    """``uint64[n, words]``, all of them, as given."""
    order: Numbers = field(repr=False)
    """Positions of those that hold a bit, in rising order of popcount."""
    bits: Numbers = field(repr=False)
    """Their popcounts, in that order."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Side.of, (self.filters,)

    @classmethod
    def of(cls, filters: Filters) -> Side:
        """Put filters in order."""
        bits = popcounts(filters)
        order = np.argsort(bits, kind="stable")
        order = order[np.searchsorted(bits[order], 1) :]
        return cls(filters, order, bits[order])

    def __len__(self) -> int:
        return len(self.order)

    def sample(self, most: int) -> Filters:
        """At most so many filters, from the lightest to the heaviest."""
        every = np.unique(np.linspace(0, max(len(self) - 1, 0), most).astype(np.int64)) if len(self) else self.order
        return self.filters[self.order[every]]


def dice_pairs(left: Filters, right: Filters, threshold: float, *, cores: int | None = None) -> CandidatePairs:
    """All pairs with Dice similarity of at least the threshold: twice the common bits by the bits of both.

    Args:
        left: ``uint64[n, words]``.
        right: ``uint64[m, words]``.
        threshold: as written in the protocol; 0.8 means 4/5 exactly.
        cores: threads to use; None for all.

    Returns:
        Pairs sorted by falling score, then left, then right position. An empty filter is in none.

    Raises:
        Refused: more pairs than `linkage.match.work.most_pairs`.
    """
    return all_pairs(left, right, Rule("dice", threshold, left.shape[1]), Work(cores))


def agreement_pairs(left: Filters, right: Filters, threshold: float, *, cores: int | None = None) -> CandidatePairs:
    """All pairs whose share of equal bits is at least the threshold. Arguments and result as of `dice_pairs`."""
    return all_pairs(left, right, Rule("agreement", threshold, left.shape[1]), Work(cores))


SIMILARITIES = {"dice": dice_pairs, "agreement": agreement_pairs}
"""The comparisons that have no parameter but the threshold."""


def all_pairs(left: Filters, right: Filters, rule: Rule, how: Work) -> CandidatePairs:
    """All pairs that a rule takes for alike; as `dice_pairs`, resumable and with progress."""
    return collected(left, right, rule, stream(left, right, rule, how))


def stream(left: Filters, right: Filters, rule: Rule, how: Work) -> Iterator[Pairs]:
    """The same pairs in pieces, in no order, for who need not keep them: positions, and bits that differ.

    Memory is bounded by the filters, a sketch of each, and the piece in hand; not by the number of comparisons.
    """
    ours, theirs = Side.of(left), Side.of(right)
    if not len(ours) or not len(theirs):
        return
    yield from _Comparison(ours, theirs, rule).run(how)


@dataclass(frozen=True)
class Summary:
    """What a report needs to know of the pairs, without the pairs."""

    possible: int
    """Comparisons made: pairs of rows with a filter."""
    pairs: int
    """Pairs at or above the threshold."""
    left_rows: int
    """Left rows in at least one of them."""
    right_rows: int
    """Right rows likewise."""
    scores: Histogram
    """Their scores."""


def summary(left: Filters, right: Filters, rule: Rule, how: Work) -> Summary:
    """Count all pairs that a rule takes for alike, however many; memory does not grow with them."""
    bits, others = popcounts(left), popcounts(right)
    seen = np.zeros(len(left), np.bool_), np.zeros(len(right), np.bool_)
    scores, pairs = Histogram.of(np.zeros(0)), 0
    for i, j, different in stream(left, right, rule, replace(how, kept=False)):
        seen[0][i] = seen[1][j] = True
        scores += Histogram.of(rule.score(different, bits[i], others[j]))
        pairs += len(i)
    possible = int((bits > 0).sum()) * int((others > 0).sum())
    return Summary(possible, pairs, int(seen[0].sum()), int(seen[1].sum()), scores)


def collected(left: Filters, right: Filters, rule: Rule, pieces: Iterator[Pairs]) -> CandidatePairs:
    """Pieces of pairs as one value, with scores, best first."""
    found = list(pieces)
    empty = np.zeros(0, np.int64)
    i, j, different = (np.concatenate([piece[n] for piece in found]) if found else empty for n in range(3))
    del found
    score = rule.score(different, popcounts(left)[i], popcounts(right)[j])
    order = np.lexsort((j, i, -score))
    return CandidatePairs(i[order], j[order], score[order])


def scores(left: Filters, right: Filters, rule: Rule) -> NDArray[np.float64]:
    """``float64[n]``: the similarity of row i of left and row i of right."""
    return rule.score(popcounts(left ^ right), popcounts(left), popcounts(right))


def popcounts(filters: Filters) -> Numbers:
    """``int64[n]``: bits set per filter."""
    return np.asarray(np.bitwise_count(filters).sum(axis=1), dtype=np.int64)


class _Comparison:
    """All left rows against all right rows, block by block.

    Pickled, it is filters, rule, and rows per block. The rest is made anew: sketches are of one machine's vectors.
    """

    def __init__(self, left: Side, right: Side, rule: Rule, rows: int | None = None) -> None:
        self.left, self.right, self.rule = left, right, rule
        self.pairs = work.most_pairs(len(left.filters), len(right.filters))
        self.limits = rule.limits()
        self.most = self.limits.most()
        self.codes = _codes(left.sample(SAMPLE), right.sample(SAMPLE), self.most)
        self.filters = np.ascontiguousarray(right.filters[right.order])
        self.tiles = kernels.tiles(kernels.sketches(self.filters, self.codes, lanes.CODE_BITS))
        most_rows = max(BLOCK // len(right), 1)
        self.rows = rows or min(max(-(-len(left) // BLOCKS), SLICE_ROWS), most_rows)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Comparison, (self.left, self.right, self.rule, self.rows)

    def run(self, how: Work) -> Iterator[Pairs]:
        """The pairs of every block, in no order."""
        starts = range(0, len(self.left), self.rows)
        sizes = [min(self.rows, len(self.left) - start) * len(self.right) for start in starts]
        for block in work.run(sizes, self.block, how, self.pairs):
            yield block.pairs

    def block(self, number: int) -> Block:
        """One block of left rows; pairs in order of the kernel."""
        end = min((number + 1) * self.rows, len(self.left))
        starts = range(number * self.rows, end, SLICE_ROWS)
        pieces = (piece for start in starts for piece in self._slice(start, min(start + SLICE_ROWS, end)))
        left, right, different = work.gathered(pieces, self.pairs)
        compared = (end - number * self.rows) * len(self.right)
        return Block((self.left.order[left], self.right.order[right], different), compared)

    def _slice(self, start: int, last: int) -> Iterator[Pairs]:
        """Left rows start to last against every tile; positions are those in order of popcount."""
        filters = self.left.filters[self.left.order[start:last]]
        codes = kernels.sketches(filters, self.codes, lanes.CODE_BITS)
        codes = np.vstack([codes, np.zeros((-len(codes) % lanes.ROWS, self.codes), np.uint8)])
        step, steps = 0, len(codes) // lanes.ROWS * len(self.tiles)
        out = tuple(np.empty(max(ROOM, lanes.ROWS * lanes.LANES), np.int64) for _ in range(3))
        while step < steps:
            count, step = kernels.near(
                filters, self.left.bits[start:last], codes, self.filters, self.right.bits, self.tiles,
                self.limits.base, self.limits.scale, self.limits.slope, self.most, step, *out,
            )  # fmt: skip
            if count:
                yield out[0][:count] + start, out[1][:count].copy(), out[2][:count].copy()


def _codes(left: Filters, right: Filters, most: Numbers) -> int:
    """Codes per sketch: the fewest that let through `PASSING` of the pairs of a sample, else as many as fit."""
    per_word = 64 // lanes.CODE_BITS
    limits = most[popcounts(left)[:, np.newaxis] + popcounts(right)]

    def passing(codes: int) -> float:
        ours, theirs = (kernels.sketches(side, codes, lanes.CODE_BITS) for side in (left, right))
        different = np.array([np.bitwise_count(row ^ theirs).sum(axis=1, dtype=np.int64) for row in ours])
        return float((different <= limits).mean())

    low, high = 1, 4 * min(left.shape[1], 65_535 // 64)  # quarters of a word; a count must fit in 16 bits
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if passing(middle * per_word // 4) <= PASSING else (middle + 1, high)
    return low * per_word // 4


def _next_score(limit: Fraction, most: int) -> Fraction:
    """The least fraction that is not below a limit and has a denominator of `most` or less (Farey)."""
    near = limit.limit_denominator(most)
    if near >= limit:
        return near
    first = -pow(near.numerator, -1, near.denominator) % near.denominator
    denominator = most - (most - first) % near.denominator
    return Fraction(near.numerator * denominator + 1, near.denominator * denominator)


def _ceiling(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
