"""Compiled loops over filters. They take arrays, return arrays, and know nothing of the project.

Rules kept here:

- What `near` returns is exact: bits are counted word by word for every pair that it lets through. The sketches
  before that only rule pairs out, and only pairs that cannot be near (the bound is at `sketches`).

The slow, obvious twin of each stands in tests/reference.py or in the tests, and must give the same answer.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from linkage.match.lanes import LANES, ROWS, STEP, add, popcount, within


@njit(cache=True, nogil=True)
def sketches(
    filters: NDArray[np.uint64], codes: int, code_bits: int
) -> NDArray[np.uint8]:  # pragma: no cover  # compiled
    """Fold filters into fewer bits by exclusive or.

    A bit of the sketch is the parity of some bits of the filter. Where two filters agree in all of these, so do
    their sketches; so two sketches differ in at most as many bits as the filters.

    Args:
        filters: ``uint64[n, words]``.
        codes: codes per sketch; ``64 * words / code_bits`` folds nothing.
        code_bits: bits per code, 4 or 8.

    Returns:
        ``uint8[n, codes]``.
    """
    out = np.zeros((filters.shape[0], codes), np.uint8)
    mask = np.uint64((1 << code_bits) - 1)
    for i in range(filters.shape[0]):
        k = 0
        for w in range(filters.shape[1]):
            word = filters[i, w]
            for _ in range(64 // code_bits):
                out[i, k] ^= np.uint8(word & mask)
                word >>= np.uint64(code_bits)
                k = k + 1 if k + 1 < codes else 0
    return out


@njit(cache=True, nogil=True)
def tiles(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:  # pragma: no cover  # compiled
    """Sketches as tiles: ``uint8[n, codes]`` to ``uint8[-(-n // LANES), codes, LANES]``, the last filled with zeros."""
    count = -(-codes.shape[0] // LANES)
    out = np.zeros((count, codes.shape[1], LANES), np.uint8)
    for t in range(count):
        for j in range(min(LANES, codes.shape[0] - t * LANES)):
            for k in range(codes.shape[1]):
                out[t, k, j] = codes[t * LANES + j, k]
    return out


@njit(cache=True, nogil=True)
def near(  # noqa: PLR0913, PLR0917  # a kernel takes arrays, not objects
    left: NDArray[np.uint64],
    left_bits: NDArray[np.int64],
    codes: NDArray[np.uint8],
    right: NDArray[np.uint64],
    right_bits: NDArray[np.int64],
    right_tiles: NDArray[np.uint8],
    base: NDArray[np.int64],
    scale: int,
    slope: int,
    most: NDArray[np.int64],
    start: int,
    out_left: NDArray[np.int64],
    out_right: NDArray[np.int64],
    out_different: NDArray[np.int64],
) -> tuple[int, int]:  # pragma: no cover  # compiled
    """Pairs of filters that differ in few enough bits.

    Args:
        left: ``uint64[n, words]`` filters.
        left_bits: ``int64[n]``, their popcounts.
        codes: ``uint8[even, codes]``, their sketches, with a row of anything added where n is odd.
        right: ``uint64[m, words]``, in rising order of popcount.
        right_bits: ``int64[m]``, their popcounts.
        right_tiles: `tiles` of their sketches.
        base, scale, slope: a pair passes when ``different * scale <= base[bits of both] + slope * gap``, gap being the
            difference of their popcounts.
        most: ``int64[...]``: bits in which a pair that passes may differ, up to so many bits of both.
        start: the step to begin with: a tile, and a pair of left rows.
        out_left, out_right, out_different: room for results, for at least ``ROWS * LANES`` of them.

    Returns:
        Results written, and the step to go on with; ``tiles * len(codes) / ROWS`` when done.
    """
    found = 0
    counts = np.empty(ROWS * LANES, np.uint16)
    scratch = np.empty(LANES, np.uint8)
    groups = codes.shape[0] // ROWS
    half = left.shape[1] // 2
    for step in range(start, groups * right_tiles.shape[0]):
        if found + ROWS * LANES > out_left.shape[0]:
            return found, step
        t, row = step // groups, step % groups * ROWS
        low, high = t * LANES, min((t + 1) * LANES, right.shape[0])
        rows = min(ROWS, left.shape[0] - row)
        wanted = False
        for i in range(row, row + rows):  # filters differ in at least the difference of their popcounts
            limit = most[left_bits[i] + right_bits[high - 1]]
            wanted |= right_bits[low] - limit <= left_bits[i] <= right_bits[high - 1] + limit
        if not wanted:
            continue
        counts[:] = 0
        for first in range(0, codes.shape[1], STEP):
            add(codes[row : row + ROWS], right_tiles[t], scratch, counts, first, min(first + STEP, codes.shape[1]))
        for i in range(row, row + rows):
            limit = most[left_bits[i] + right_bits[high - 1]]
            for part in range(0, LANES, 64):
                place = np.int64((i - row) * LANES + part)
                bound = np.uint16(min(max(limit, 0), 65535))
                mask: np.uint64 = within(counts, place, bound)  # type: ignore[call-arg]
                while mask:
                    lowest = mask & (~mask + np.uint64(1))
                    j = low + part + np.int64(popcount(lowest - np.uint64(1)))
                    mask ^= lowest
                    if j >= high:
                        break
                    different = np.int64(0)
                    for w in range(half):  # most are strangers, and that shows soon
                        different += np.int64(popcount(left[i, w] ^ right[j, w]))
                    if different > limit:
                        continue
                    for w in range(half, left.shape[1]):
                        different += np.int64(popcount(left[i, w] ^ right[j, w]))
                    gap = abs(left_bits[i] - right_bits[j])
                    if different * scale <= base[left_bits[i] + right_bits[j]] + slope * gap:
                        out_left[found] = i
                        out_right[found] = j
                        out_different[found] = different
                        found += 1
    return found, groups * right_tiles.shape[0]


@njit(cache=True, nogil=True)
def keys(
    filters: NDArray[np.uint64], rows: NDArray[np.int64], positions: NDArray[np.int64], out: NDArray[np.uint64]
) -> None:  # pragma: no cover  # compiled
    """Add the bits at some positions to keys, in order, from the low end.

    Args:
        filters: ``uint64[n, words]``.
        rows: ``int64[m]``: which rows.
        positions: ``int64[bits]``, at most 64 over all calls.
        out: ``uint64[m]``: shifted, and the bits put in.
    """
    for i in range(rows.shape[0]):
        key = out[i]
        for p in positions:
            key = (key << np.uint64(1)) | ((filters[rows[i], p >> 6] >> np.uint64(p & 63)) & np.uint64(1))
        out[i] = key


@njit(cache=True, nogil=True)
def near_in_blocks(  # noqa: PLR0913, PLR0917  # a kernel takes arrays, not objects
    left: NDArray[np.uint64],
    left_bits: NDArray[np.int64],
    right: NDArray[np.uint64],
    right_bits: NDArray[np.int64],
    blocks: NDArray[np.int64],
    base: NDArray[np.int64],
    scale: int,
    slope: int,
    most: NDArray[np.int64],
    start: tuple[int, int],
    out_left: NDArray[np.int64],
    out_right: NDArray[np.int64],
    out_different: NDArray[np.int64],
) -> tuple[int, int, int]:  # pragma: no cover  # compiled
    """Pairs within blocks of filters that differ in few enough bits.

    Args:
        left: ``uint64[n, words]`` filters, block after block.
        left_bits: ``int64[n]``, their popcounts.
        right, right_bits: likewise.
        blocks: ``int64[blocks, 4]``: where each block begins and ends on the left and on the right.
        base, scale, slope, most: as of `near`.
        start: block, and place among its left rows, to begin with.
        out_left, out_right, out_different: room for results, for at least as many as a block has right rows.

    Returns:
        Results written, and the block and the place to go on with; ``len(blocks), 0`` when done.
    """
    found = 0
    words = left.shape[1]
    half = words // 2
    block, skip = start
    while block < blocks.shape[0]:
        first, last, low, high = blocks[block]
        for i in range(first + skip, last):
            if found + high - low > out_left.shape[0]:
                return found, block, i - first
            for j in range(low, high):
                both, gap = left_bits[i] + right_bits[j], abs(left_bits[i] - right_bits[j])
                limit = most[both]
                different = np.int64(0)
                for w in range(half):
                    different += np.int64(popcount(left[i, w] ^ right[j, w]))  # type: ignore[call-arg]
                if different > limit:
                    continue
                for w in range(half, words):
                    different += np.int64(popcount(left[i, w] ^ right[j, w]))  # type: ignore[call-arg]
                if different * scale <= base[both] + slope * gap:
                    out_left[found] = i
                    out_right[found] = j
                    out_different[found] = different
                    found += 1
        block, skip = block + 1, 0
    return found, block, 0


@njit(cache=True, nogil=True)
def chosen(
    left: NDArray[np.int64], right: NDArray[np.int64], lefts: int, rights: int
) -> NDArray[np.bool_]:  # pragma: no cover  # compiled
    """Which pairs are taken when each comes in turn and no row is taken twice.

    Args:
        left: ``int64[m]``: left rows, in the order in which pairs have their turn.
        right: ``int64[m]``: right rows.
        lefts: rows of the left side.
        rights: rows of the right side.
    """
    taken = np.zeros(lefts, np.bool_), np.zeros(rights, np.bool_)
    result = np.zeros(len(left), np.bool_)
    for k in range(len(left)):
        if not taken[0][left[k]] and not taken[1][right[k]]:
            taken[0][left[k]] = taken[1][right[k]] = result[k] = True
    return result


REFUSED, TOGETHER, JOINED = 0, 1, 2
"""What `join` did with a pair."""


@njit(cache=True, nogil=True)
def join(
    parent: NDArray[np.int64], kept: NDArray[np.uint64], numbers: NDArray[np.int64],
    one: NDArray[np.int64], other: NDArray[np.int64],
) -> NDArray[np.uint8]:  # pragma: no cover  # compiled  # fmt: skip
    """Join groups of rows, pair by pair, where the whole can still be one person.

    Args:
        parent: ``int64[n]``: a forest, one tree per group; updated.
        kept: ``uint64[n]``: at the root of a group, a bit for every party of which it may have no other row; updated.
        numbers: ``int64[fields, n]``: at the root, the group's number of each field, 0 for none; updated.
        one: ``int64[m]``: rows, in the order in which pairs have their turn.
        other: ``int64[m]``: rows.

    Returns:
        ``uint8[m]``: `REFUSED`, `TOGETHER` (in one group before) or `JOINED`.
    """
    result = np.zeros(len(one), np.uint8)
    for k in range(len(one)):
        a, b = one[k], other[k]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        if a == b:
            result[k] = TOGETHER
            continue
        fits = not kept[a] & kept[b]
        for f in range(len(numbers)):
            fits = fits and (numbers[f, a] == 0 or numbers[f, b] == 0 or numbers[f, a] == numbers[f, b])
        if fits:
            parent[b] = a
            kept[a] |= kept[b]
            for f in range(len(numbers)):
                numbers[f, a] = max(numbers[f, a], numbers[f, b])
            result[k] = JOINED
    return result
