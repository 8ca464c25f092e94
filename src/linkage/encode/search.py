"""Kernels that look for texts and person numbers in bytes that leave.

Rules kept here:

- Arrays in, positions out; nothing is known of what the texts are.
- A text is found as it is, and with a zero byte after each of its bytes (UTF-16, either end first, of Latin letters).
- The same finds as the slow twins in tests/reference.py (tests/encode/test_outgoing.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

HEAD_BITS = 20
"""Four bytes are looked up in a table of so many bits before the sorted heads are searched."""


@njit(cache=True, nogil=True)
def _slot(head: Any) -> Any:
    return ((head * 0x9E3779B1) & 0xFFFFFFFF) >> (32 - HEAD_BITS)


@njit(cache=True, nogil=True)
def heads_of(text: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The first four bytes of each text, as one number."""
    heads = np.empty(len(starts), np.uint32)
    for i in range(len(starts)):
        at = starts[i]
        heads[i] = text[at] | text[at + 1] << 8 | text[at + 2] << 16 | text[at + 3] << 24
    return heads


@njit(cache=True, nogil=True)
def telling(text: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many bytes of each text have two to six bits set: those that chance does not favour."""
    result = np.zeros(len(starts), np.int64)
    for i in range(len(starts)):
        for at in range(starts[i], ends[i]):
            bits, byte = 0, text[at]
            while byte:
                bits += byte & 1
                byte >>= 1
            result[i] += 2 <= bits <= 6
    return result


@njit(cache=True, nogil=True)
def tables_of(heads: NDArray[np.uint32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which two bytes begin a text (or one byte and a zero), and which slots its first four have."""
    pairs = np.zeros(1 << 16, np.bool_)
    slots = np.zeros(1 << HEAD_BITS, np.bool_)
    for head in heads:
        pairs[head & 0xFFFF] = True
        pairs[head & 0xFF] = True  # its second byte zero
        slots[_slot(head)] = True
    return pairs, slots


@njit(cache=True, nogil=True)
def texts_in(
    data: NDArray[np.uint8],
    tables: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    heads: NDArray[np.uint32],
    text: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Find texts in data.

    Args:
        data: ``uint8[n]``: where to look.
        tables: of `tables_of`.
        heads: ``uint32[k]``, sorted.
        text: ``uint8[m]``: all texts behind each other, each of four bytes at least.
        starts: ``int64[k]``: where each text begins, in the order of `heads`.
        ends: ``int64[k]``.
        found: ``int64[c, 2]``: filled with position in `data` and number of the text.

    Returns:
        How many were found; `c` at most.
    """
    pairs, slots = tables
    count, n = 0, len(data)
    for i in range(n - 3):
        if not pairs[data[i] | data[i + 1] << 8]:
            continue
        step = 1
        if data[i + 1] == 0:
            step = 2
            if i + 6 >= n or data[i + 3] or data[i + 5]:
                continue
        head = np.uint32(data[i] | data[i + step] << 8 | data[i + 2 * step] << 16 | np.uint32(data[i + 3 * step]) << 24)
        if not slots[_slot(head)]:
            continue
        low, high = 0, len(heads)
        while low < high:
            middle = (low + high) >> 1
            if heads[middle] < head:
                low = middle + 1
            else:
                high = middle
        while low < len(heads) and heads[low] == head:
            length = ends[low] - starts[low]
            same = i + step * (length - 1) < n
            k = 0
            while same and k < length:
                same = data[i + step * k] == text[starts[low] + k] and (step == 1 or not k or data[i + 2 * k - 1] == 0)
                k += 1
            if same:
                if count == len(found):
                    return count
                found[count, 0], found[count, 1] = i, low
                count += 1
            low += 1
    return count


@njit(cache=True, nogil=True)
def number_in(data: NDArray[np.uint8]) -> int:
    """Where nine digits stand that pass the 11-proof, as they are or with a zero byte between them; -1 for nowhere.

    Nine digits cover a place that 8 divides, and nine of seventeen bytes such a place or the one after it.
    """
    n = len(data)
    for probe in range(0, n, 8):
        here = 48 <= data[probe] <= 57
        after = probe + 1 < n and 48 <= data[probe + 1] <= 57
        if not here and not after:
            continue
        for step in range(1, 3):
            for at in (probe, probe + 1):
                if at < n and 48 <= data[at] <= 57:
                    first = at
                    while first > at - 8 * step and _before(data, first, step):
                        first -= step
                    while first <= at:
                        if _passes(data, first, step):
                            return first
                        first += step
    return -1


@njit(cache=True, nogil=True)
def _before(data: NDArray[np.uint8], at: int, step: int) -> bool:
    """Whether another digit of the same spelling stands before this one."""
    return at >= step and 48 <= data[at - step] <= 57 and (step == 1 or data[at - 1] == 0)


@njit(cache=True, nogil=True)
def _passes(data: NDArray[np.uint8], first: int, step: int) -> bool:
    """Whether nine digits from here on pass the 11-proof of a BSN: weights 9 to 2 and -1, their sum divisible by 11."""
    if first + 8 * step >= len(data):
        return False
    total, some = 0, False
    for k in range(9):
        digit = data[first + k * step]
        if not 48 <= digit <= 57 or (step == 2 and k and data[first + 2 * k - 1] != 0):
            return False
        some |= digit != 48
        total += (int(digit) - 48) * (9 - k if k < 8 else -1)
    return some and total % 11 == 0
