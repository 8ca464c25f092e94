"""From two sets of filters to candidate pairs.

Rules kept here:

- All pairs, exact: nothing is approximated. The threshold is a fraction; the bits that a pair must share follow
  from it in integers of any size, before the compiled loop.
- The answer does not depend on the number of cores or on the size of blocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from linkage.match import kernels
from linkage.tables import CandidatePairs

BLOCK_ROWS = 2_048
"""Left rows a thread takes at a time."""
ROOM = 1 << 16
"""Pairs a thread keeps before it hands them over; more where a single left row may have more."""

Positions = NDArray[np.int64]
Kernel = Callable[..., tuple[int, int]]
Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint32]]


def dice_pairs(
    left: NDArray[np.uint64], right: NDArray[np.uint64], threshold: float, *, cores: int | None = None
) -> CandidatePairs:
    """All pairs with Dice similarity of at least the threshold: twice the common bits by the bits of both.

    Args:
        left: ``uint64[n, words]``.
        right: ``uint64[m, words]``.
        threshold: as written in the protocol; 0.8 means 4/5 exactly.
        cores: threads to use; None for all.

    Returns:
        Pairs sorted by falling score, then left, then right position.
    """
    left_bits, right_bits = _bits(left), _bits(right)
    needed = _needed(threshold, 64 * (left.shape[1] + right.shape[1]))
    i, j, common = _all_pairs(kernels.dice_block, left, left_bits, right, right_bits, needed, cores)
    score = 2.0 * common / np.maximum(left_bits[i].astype(np.float64) + right_bits[j], 1)
    return _sorted(i, j, score)


def agreement_pairs(
    left: NDArray[np.uint64], right: NDArray[np.uint64], threshold: float, *, cores: int | None = None
) -> CandidatePairs:
    """All pairs whose share of equal bits is at least the threshold. Arguments and result as of `dice_pairs`."""
    bits = 64 * left.shape[1]
    allowed = _allowed(threshold, bits)
    left_bits, right_bits = _bits(left), _bits(right)
    i, j, different = _all_pairs(kernels.agreement_block, left, left_bits, right, right_bits, allowed, cores)
    return _sorted(i, j, 1.0 - different / max(bits, 1))


SIMILARITIES = {"dice": dice_pairs, "agreement": agreement_pairs}
"""The comparison of each similarity that a protocol can name."""


def _all_pairs(
    kernel: Kernel, left: NDArray[np.uint64], left_bits: NDArray[np.uint32], right: NDArray[np.uint64],
    right_bits: NDArray[np.uint32], limits: Positions, cores: int | None,
) -> Pairs:  # fmt: skip
    """Run a kernel over blocks of left rows on all cores; results in order of blocks."""

    def block(first: int) -> list[Pairs]:
        rows = slice(first, first + BLOCK_ROWS)
        return [
            (found_left + first, found_right, count)
            for found_left, found_right, count in _scan(kernel, left[rows], left_bits[rows], right, right_bits, limits)
        ]

    with ThreadPoolExecutor(cores or os.cpu_count() or 1) as pool:
        found = [pairs for pieces in pool.map(block, range(0, len(left), BLOCK_ROWS)) for pairs in pieces]
    i = np.concatenate([f[0] for f in found]) if found else np.zeros(0, np.int64)
    j = np.concatenate([f[1] for f in found]) if found else np.zeros(0, np.int64)
    count = np.concatenate([f[2] for f in found]) if found else np.zeros(0, np.uint32)
    return i, j, count


def _sorted(i: Positions, j: Positions, score: NDArray[np.float64]) -> CandidatePairs:
    order = np.lexsort((j, i, -score))
    return CandidatePairs(i[order], j[order], score[order])


def _bits(filters: NDArray[np.uint64]) -> NDArray[np.uint32]:
    return np.asarray(np.bitwise_count(filters).sum(axis=1), dtype=np.uint32)


def reached(
    similarity: str, left: NDArray[np.uint64], right: NDArray[np.uint64], threshold: float
) -> NDArray[np.bool_]:
    """``bool[n]``: whether row i of left and row i of right reach the threshold; as exact as all pairs."""
    if similarity == "agreement":
        far = _bits(left ^ right) > _allowed(threshold, 64 * left.shape[1])[0]
    else:
        needed = _needed(threshold, 64 * (left.shape[1] + right.shape[1]))
        far = _bits(left & right) < needed[_bits(left).astype(np.int64) + _bits(right)]
    return np.asarray(~far & (_bits(left) > 0) & (_bits(right) > 0))


def _allowed(threshold: float, bits: int) -> Positions:
    """Bits in which two filters may differ to agree in a share of them."""
    limit = Fraction(str(threshold))
    return np.asarray([bits - -(-limit.numerator * bits // limit.denominator)], np.int64)


def _needed(threshold: float, most: int) -> Positions:
    """Bits that two filters must share, by their bits together: Dice is 2 * common / both."""
    limit = Fraction(str(threshold))
    return np.asarray([-(-limit.numerator * both // (2 * limit.denominator)) for both in range(most + 1)], np.int64)


def _scan(
    kernel: Kernel,
    left: NDArray[np.uint64],
    left_bits: NDArray[np.uint32],
    right: NDArray[np.uint64],
    right_bits: NDArray[np.uint32],
    limits: Positions,
) -> Iterator[Pairs]:
    """Run the kernel over one block of left rows, emptying its buffers as often as they fill."""
    room = max(len(right), ROOM)
    start = 0
    while start < len(left):
        out = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint32)
        found, start = kernel(left, left_bits, right, right_bits, limits, start, *out)
        yield out[0][:found], out[1][:found], out[2][:found]
