"""Compiled loops that set bits. They take arrays, return arrays, and know nothing of the project.

The slow, obvious twin stands in tests/reference.py and must give the same bits.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

WEIGHT_BITS = 4
"""A token weighs at most 15 votes."""


@njit(cache=True, nogil=True)
def set_bits(
    filters: NDArray[np.uint64],
    codes: NDArray[np.int32],
    starts: NDArray[np.int64],
    token_of: NDArray[np.int32],
    drawn: NDArray[np.int64],
    positions: NDArray[np.uint32],
) -> None:  # pragma: no cover  # compiled
    """Set, in each row's filter, the bits of all tokens of its value. Changes `filters` in place.

    Args:
        filters: ``uint64[n, words]``; bit p of a row is bit p % 64 of word p // 64.
        codes: ``int32[n]``: which distinct value the row has, -1 for none.
        starts: ``int64[values + 1]``: where each value's tokens begin in `token_of`.
        token_of: ``int32[...]``: token numbers, value after value.
        drawn: ``int64[tokens + 1]``: where each token's bits begin in `positions`.
        positions: ``uint32[...]``: bits, token after token.
    """
    for i in range(codes.shape[0]):
        value = codes[i]
        if value < 0:
            continue
        for t in range(starts[value], starts[value + 1]):
            for j in range(drawn[token_of[t]], drawn[token_of[t] + 1]):
                p = positions[j]
                filters[i, p >> 6] |= np.uint64(1) << np.uint64(p & 63)


@njit(cache=True, nogil=True)
def or_rows(
    filters: NDArray[np.uint64], codes: NDArray[np.int32], table: NDArray[np.uint64]
) -> None:  # pragma: no cover  # compiled
    """Set, in each row's filter, the bits that the table has for its value. Changes `filters` in place.

    Args:
        filters: ``uint64[n, words]``.
        codes: ``int32[n]``: which row of the table, -1 for none.
        table: ``uint64[values, words]``.
    """
    for i in range(codes.shape[0]):
        value = codes[i]
        if value >= 0:
            for w in range(filters.shape[1]):
                filters[i, w] |= table[value, w]


@njit(cache=True, nogil=True)
def union(
    starts: NDArray[np.int64],
    part_of: NDArray[np.int32],
    token_starts: NDArray[np.int64],
    token_of: NDArray[np.int32],
    tokens: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:  # pragma: no cover  # compiled
    """The tokens of values made of parts: those of all its parts, each once, in the order in which they come.

    Args:
        starts: ``int64[values + 1]``: where each value's parts begin in `part_of`.
        part_of: ``int32[...]``: part numbers, value after value.
        token_starts: ``int64[parts + 1]``: where each part's tokens begin in `token_of`.
        token_of: ``int32[...]``: token numbers, part after part.
        tokens: how many tokens there are.

    Returns:
        Where each value's tokens begin, and the token numbers, value after value.
    """
    most = 0
    for part in part_of:
        most += token_starts[part + 1] - token_starts[part]
    found = np.empty(most, dtype=np.int32)
    begins = np.zeros(starts.shape[0], dtype=np.int64)
    seen_in = np.full(tokens, -1, dtype=np.int64)
    end = 0
    for value in range(starts.shape[0] - 1):
        for p in range(starts[value], starts[value + 1]):
            for t in range(token_starts[part_of[p]], token_starts[part_of[p] + 1]):
                token = token_of[t]
                if seen_in[token] != value:
                    seen_in[token] = value
                    found[end] = token
                    end += 1
        begins[value + 1] = end
    return begins, found[:end].copy()


@njit(cache=True, nogil=True)
def majority_xor(
    filters: NDArray[np.uint64],
    codes: NDArray[np.int32],
    weights: NDArray[np.int64],
    starts: NDArray[np.int64],
    token_of: NDArray[np.int64],
    bits: NDArray[np.uint64],
    votes: int,
) -> None:  # pragma: no cover  # compiled
    """Fill each row's filter with the exclusive or of `votes` majority votes of its tokens, in place.

    A row's counters are kept bit-sliced: plane p holds bit p of all counters, so that adding tokens to all of them is
    a few word operations. A row without a value stays as it is.

    Args:
        filters: ``uint64[n, words]``.
        codes: ``int32[fields, n]``: which value the row has in each field, -1 for none.
        weights: ``int64[tokens]``: votes of each token, below 2 ** `WEIGHT_BITS`.
        starts: ``int64[values + 1]``: where each value's tokens begin in `token_of`.
        token_of: ``int64[...]``: token numbers, value after value.
        bits: ``uint64[tokens + 1, votes * words]``: the pseudo-random bits of each token; the last row is zero.
        votes: votes per bit.
    """
    words = filters.shape[1]
    planes = np.zeros((32, votes * words), dtype=np.uint64)
    carry = np.zeros(votes * words, dtype=np.uint64)
    eight = np.empty(8, dtype=np.int64)
    for i in range(filters.shape[0]):
        total = 0
        for f in range(codes.shape[0]):
            if codes[f, i] >= 0:
                for t in range(starts[codes[f, i]], starts[codes[f, i] + 1]):
                    total += weights[token_of[t]]
        if total == 0:
            continue
        depth = 0
        while (1 << depth) <= total:
            depth += 1
        planes[: max(depth, WEIGHT_BITS + 2)] = 0
        for low in range(WEIGHT_BITS):
            waiting = 0
            for f in range(codes.shape[0]):
                if codes[f, i] < 0:
                    continue
                for t in range(starts[codes[f, i]], starts[codes[f, i] + 1]):
                    if (weights[token_of[t]] >> low) & 1:
                        eight[waiting] = token_of[t]
                        waiting += 1
                        if waiting == 8:
                            _count(planes, depth, low, bits, eight, carry)
                            waiting = 0
            if waiting:
                eight[waiting:] = bits.shape[0] - 1
                _count(planes, depth, low, bits, eight, carry)
        _at_least(planes, depth, (total + 1) // 2, carry)  # 2 * votes for one >= total
        for v in range(votes):
            for w in range(words):
                filters[i, w] ^= carry[v * words + w]


@njit(cache=True, nogil=True)
def _count(
    planes: NDArray[np.uint64],
    depth: int,
    low: int,
    bits: NDArray[np.uint64],
    rows: NDArray[np.int64],
    carry: NDArray[np.uint64],
) -> None:  # pragma: no cover  # compiled
    """Add 2 ** low to every counter whose bit is set, for eight rows of `bits` at once; `carry` is scratch.

    Full adders: of three bits of one weight, the sum keeps the weight and the majority has twice that.
    """
    a, b, c, d = bits[rows[0]], bits[rows[1]], bits[rows[2]], bits[rows[3]]
    e, f, g, h = bits[rows[4]], bits[rows[5]], bits[rows[6]], bits[rows[7]]
    ones, twos, fours = planes[low], planes[low + 1], planes[low + 2]
    for k in range(carry.shape[0]):
        one, either = ones[k], a[k] ^ b[k]
        two_a = (a[k] & b[k]) | (either & one)
        one ^= either
        either = c[k] ^ d[k]
        two_b = (c[k] & d[k]) | (either & one)
        one ^= either
        two, either2 = twos[k], two_a ^ two_b
        four_a = (two_a & two_b) | (either2 & two)
        two ^= either2
        either = e[k] ^ f[k]
        two_a = (e[k] & f[k]) | (either & one)
        one ^= either
        either = g[k] ^ h[k]
        two_b = (g[k] & h[k]) | (either & one)
        ones[k] = one ^ either
        either2 = two_a ^ two_b
        four_b = (two_a & two_b) | (either2 & two)
        twos[k] = two ^ either2
        four, either4 = fours[k], four_a ^ four_b
        carry[k] = (four_a & four_b) | (either4 & four)
        fours[k] = four ^ either4
    for p in range(low + 3, depth):
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
