"""Compiled loops that set bits. They take arrays, return arrays, and know nothing of the project.

The slow, obvious twin stands in tests/reference.py and must give the same bits.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def set_bits(
    filters: NDArray[np.uint64],
    codes: NDArray[np.int64],
    starts: NDArray[np.int64],
    token_of: NDArray[np.int64],
    positions: NDArray[np.uint32],
) -> None:  # pragma: no cover  # compiled
    """Set, in each row's filter, the bits of all tokens of its value. Changes `filters` in place.

    Args:
        filters: ``uint64[n, words]``; bit p of a row is bit p % 64 of word p // 64.
        codes: ``int64[n]``: which distinct value the row has, -1 for none.
        starts: ``int64[values + 1]``: where each value's tokens begin in `token_of`.
        token_of: ``int64[...]``: token numbers, value after value.
        positions: ``uint32[tokens, k]``: the bits of each token.
    """
    for i in range(codes.shape[0]):
        value = codes[i]
        if value < 0:
            continue
        for t in range(starts[value], starts[value + 1]):
            for p in positions[token_of[t]]:
                filters[i, p >> 6] |= np.uint64(1) << np.uint64(p & 63)


@njit(cache=True, nogil=True)
def majority_xor(
    filters: NDArray[np.uint64],
    codes: NDArray[np.int64],
    weights: NDArray[np.int64],
    starts: NDArray[np.int64],
    token_of: NDArray[np.int64],
    bits: NDArray[np.uint64],
    votes: int,
) -> None:  # pragma: no cover  # compiled
    """Fill each row's filter with the exclusive or of `votes` majority votes of its tokens, in place.

    A row's counters are kept bit-sliced: plane p holds bit p of all counters, so that adding a token to all of them is
    a few word operations. A row without a value stays as it is.

    Args:
        filters: ``uint64[n, words]``.
        codes: ``int64[fields, n]``: which value the row has in each field, -1 for none.
        weights: ``int64[fields]``: votes per token.
        starts: ``int64[values + 1]``: where each value's tokens begin in `token_of`.
        token_of: ``int64[...]``: token numbers, value after value.
        bits: ``uint64[tokens, votes * words]``: the pseudo-random bits of each token.
        votes: votes per bit.
    """
    words = filters.shape[1]
    planes = np.zeros((32, votes * words), dtype=np.uint64)
    carry = np.zeros(votes * words, dtype=np.uint64)
    for i in range(filters.shape[0]):
        total = 0
        for f in range(codes.shape[0]):
            if codes[f, i] >= 0:
                total += weights[f] * (starts[codes[f, i] + 1] - starts[codes[f, i]])
        if total == 0:
            continue
        depth = 0
        while (1 << depth) <= total:
            depth += 1
        planes[:depth] = 0
        for f in range(codes.shape[0]):
            value = codes[f, i]
            if value >= 0:
                for t in range(starts[value], starts[value + 1]):
                    _count(planes, depth, weights[f], bits[token_of[t]], carry)
        _at_least(planes, depth, (total + 1) // 2, carry)  # 2 * votes for one >= total
        for v in range(votes):
            for w in range(words):
                filters[i, w] ^= carry[v * words + w]


@njit(cache=True, nogil=True)
def _count(
    planes: NDArray[np.uint64], depth: int, weight: int, row: NDArray[np.uint64], carry: NDArray[np.uint64]
) -> None:  # pragma: no cover  # compiled
    """Add a weight to every counter whose bit in `row` is set; `carry` is scratch."""
    for low in range(depth):
        if (weight >> low) & 1:
            carry[:] = row
            for p in range(low, depth):
                for k in range(carry.shape[0]):
                    plane = planes[p, k]
                    planes[p, k] = plane ^ carry[k]
                    carry[k] &= plane


@njit(cache=True, nogil=True)
def _at_least(
    planes: NDArray[np.uint64], depth: int, need: int, out: NDArray[np.uint64]
) -> None:  # pragma: no cover  # compiled
    """Set a bit of `out` where its counter is at least `need`: compared from the lowest plane up."""
    out[:] = ~np.uint64(0)
    for p in range(depth):
        if (need >> p) & 1:
            for k in range(out.shape[0]):
                out[k] &= planes[p, k]
        else:
            for k in range(out.shape[0]):
                out[k] |= planes[p, k]
