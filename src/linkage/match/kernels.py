"""Compiled loops over filters. They take arrays, return arrays, and know nothing of the project.

The slow, obvious twin of each stands in tests/reference.py and must give the same answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray


@intrinsic
def _popcount(_typing: Any, _value: Any) -> Any:  # pragma: no cover  # compiled
    """Bits set in a 64-bit word: the machine's own instruction, by LLVM's ctpop."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        function = builder.module.declare_intrinsic("llvm.ctpop", [word])
        return builder.call(function, [arguments[0]])

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
def dice_block(  # noqa: PLR0913, PLR0917  # a kernel takes arrays, not objects
    left: NDArray[np.uint64],
    left_bits: NDArray[np.uint32],
    right: NDArray[np.uint64],
    right_bits: NDArray[np.uint32],
    needed: NDArray[np.int64],
    start: int,
    out_left: NDArray[np.int64],
    out_right: NDArray[np.int64],
    out_common: NDArray[np.uint32],
) -> tuple[int, int]:  # pragma: no cover  # compiled
    """Pairs that share as many bits as they need. A pair with an empty filter is never one.

    Args:
        left, right: ``uint64[n, words]`` filters.
        left_bits, right_bits: ``uint32[n]`` their popcounts.
        needed: ``int64[...]``: bits that must be common, by the bits of both filters together.
        start: first left row to compare.
        out_left, out_right, out_common: room for results; a whole left row must fit, so at least ``len(right)``.

    Returns:
        Results written, and the first left row not yet compared (``len(left)`` when done).
    """
    found = 0
    words = left.shape[1]
    for i in range(start, left.shape[0]):
        if found + right.shape[0] > out_left.shape[0]:
            return found, i
        bits_i = np.int64(left_bits[i])
        if bits_i == 0:
            continue
        for j in range(right.shape[0]):
            bits_j = np.int64(right_bits[j])
            need = needed[bits_i + bits_j]
            # at most min(bits) can be common, so most pairs need no look at their words
            if bits_j == 0 or min(bits_i, bits_j) < need:
                continue
            common = np.int64(0)
            for w in range(words):
                common += np.int64(_popcount(left[i, w] & right[j, w]))  # type: ignore[call-arg]
            if common >= need:
                out_left[found] = i
                out_right[found] = j
                out_common[found] = common
                found += 1
    return found, left.shape[0]


@njit(cache=True, nogil=True)
def agreement_block(  # noqa: PLR0913, PLR0917  # a kernel takes arrays, not objects
    left: NDArray[np.uint64],
    left_bits: NDArray[np.uint32],
    right: NDArray[np.uint64],
    right_bits: NDArray[np.uint32],
    allowed: NDArray[np.int64],
    start: int,
    out_left: NDArray[np.int64],
    out_right: NDArray[np.int64],
    out_different: NDArray[np.uint32],
) -> tuple[int, int]:  # pragma: no cover  # compiled
    """Pairs that differ in few enough bits. A pair with an empty filter is never one.

    Args:
        left, right: ``uint64[n, words]`` filters.
        left_bits, right_bits: ``uint32[n]`` their popcounts.
        allowed: ``int64[1]``: bits that may differ.
        start: first left row to compare.
        out_left, out_right, out_different: room for results; at least ``len(right)``.

    Returns:
        Results written, and the first left row not yet compared (``len(left)`` when done).
    """
    found = 0
    words = left.shape[1]
    for i in range(start, left.shape[0]):
        if found + right.shape[0] > out_left.shape[0]:
            return found, i
        if left_bits[i] == 0:
            continue
        for j in range(right.shape[0]):
            different = np.int64(0)
            for w in range(words):
                different += np.int64(_popcount(left[i, w] ^ right[j, w]))  # type: ignore[call-arg]
            if different <= allowed[0] and right_bits[j] != 0:
                out_left[found] = i
                out_right[found] = j
                out_different[found] = different
                found += 1
    return found, left.shape[0]
