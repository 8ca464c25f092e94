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
