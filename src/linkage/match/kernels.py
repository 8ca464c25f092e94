"""Compiled loops over filters. They take arrays, return arrays, and know nothing of the project.

Rules kept here:

- What `near` returns is exact: bits are counted word by word for every pair that it lets through. The sketches
  before that only rule pairs out, and only pairs that cannot be near (the bound is at `sketches`).
- A sketch is compared in the way that suits the machine; which way it was changes no result
  (tests/match/test_kernels.py runs both). Either uses the machine's vectors: bits are counted by LLVM's ``ctpop``,
  which becomes VPOPCNT on AVX-512 with BITALG and CNT on ARM; AVX2 has no such instruction, and there a byte shuffle
  looks up sixteen counts at a time (Mula, Kurz and Lemire, "Faster population counts using AVX2 instructions",
  Computer Journal 61(1), 2018; one table per code of the left record as in André, Kermarrec and Le Scouarnec,
  "Cache locality is not enough", VLDB 2015).
- One lane holds one right record: a tile has the first code of `LANES` records, then their second codes, and so on.

The slow, obvious twin of each stands in tests/reference.py or in the tests, and must give the same answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

LANES = 128
"""Right records in a tile."""
ROWS = 2
"""Left records compared with a tile at a time, so that a tile's bytes are loaded once for both."""
_FEATURES = binding.get_host_cpu_features()
LOOKUP = bool(_FEATURES.get("avx2") and not _FEATURES.get("avx512bitalg"))
"""Whether codes are looked up by byte shuffles (AVX2) instead of counted by ``ctpop``."""
CODE_BITS = 4 if LOOKUP else 8
"""Bits of a filter in one code, which takes a byte."""
_STEP = 255 // CODE_BITS
"""Codes whose differences fit in a byte together."""
_COUNTS = np.array([[(a ^ b).bit_count() for b in range(16)] for a in range(16)], np.uint8)
"""Bits in which two codes of four bits differ; each row is a table for one byte shuffle."""

_I8, _I16, _I64 = ir.IntType(8), ir.IntType(16), ir.IntType(64)
_VECTOR = 32
"""Bytes in a vector of AVX2."""


@intrinsic
def _popcount(_typing: Any, value: Any) -> Any:  # pragma: no cover  # compiled
    """Bits set in an unsigned number: the machine's own instruction, by LLVM's ctpop."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.ctpop", [arguments[0].type])
        return builder.call(function, [arguments[0]])

    return value(value), generate


@intrinsic
def _within(_typing: Any, counts: Any, first: Any, limit: Any) -> Any:  # pragma: no cover  # compiled
    """``uint64``: which of the 64 counts (``uint16``) from `first` are at most the limit, one bit for each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, value=arguments[0])
        vector = ir.VectorType(_I16, 64)
        address = builder.bitcast(builder.gep(array.data, [arguments[1]]), vector.as_pointer())
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), arguments[2], ir.Constant(ir.IntType(32), 0))
        every = ir.Constant(ir.VectorType(ir.IntType(32), 64), [0] * 64)
        limits = builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), every)
        return builder.bitcast(builder.icmp_unsigned("<=", builder.load(address, align=2), limits), _I64)

    return types.uint64(counts, types.int64, types.uint16), generate


@intrinsic
def _look_up(  # arrays and their bounds
    _typing: Any, codes: Any, tile: Any, counts: Any, out: Any, first: Any, last: Any
) -> Any:  # pragma: no cover  # compiled
    """Add to ``out[r * LANES + j]`` the bits in which row r and lane j of the tile differ in codes first to last.

    The code of a row names a table of sixteen counts; a byte shuffle takes 32 lanes' counts out of it at once.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = [context.make_array(signature.args[n])(context, builder, value=arguments[n]) for n in range(4)]
        row_bytes = builder.extract_value(arrays[0].strides, 0)
        vector, half = ir.VectorType(_I8, _VECTOR), ir.VectorType(_I8, 16)
        wide = ir.VectorType(_I16, _VECTOR)
        twice = ir.Constant(ir.VectorType(ir.IntType(32), _VECTOR), list(range(16)) * 2)
        shuffle = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(vector, [vector, vector]), "llvm.x86.avx2.pshuf.b"
        )

        def number(value: int) -> Any:
            return ir.Constant(_I64, value)

        def load(base: Any, offset: Any, kind: Any) -> Any:
            return builder.load(builder.bitcast(builder.gep(base, [offset]), kind.as_pointer()), align=1)

        cells = [(r, v) for r in range(ROWS) for v in range(LANES // _VECTOR)]
        entry, loop, done = builder.block, builder.append_basic_block("codes"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(_I64)
        k.add_incoming(arguments[4], entry)
        sums = {cell: builder.phi(vector) for cell in cells}
        tables = []
        for r in range(ROWS):
            code = builder.load(builder.gep(arrays[0].data, [builder.add(builder.mul(row_bytes, number(r)), k)]))
            table = load(arrays[2].data, builder.shl(builder.zext(code, _I64), number(4)), half)
            tables.append(builder.shuffle_vector(table, ir.Constant(half, ir.Undefined), twice))
        start = builder.mul(k, number(LANES))
        lanes = [load(arrays[1].data, builder.add(start, number(v * _VECTOR)), vector) for v in range(LANES // _VECTOR)]
        following = builder.add(k, number(1))
        k.add_incoming(following, loop)
        added = {}
        for r, v in cells:
            added[r, v] = builder.add(sums[r, v], builder.call(shuffle, [tables[r], lanes[v]]))
            sums[r, v].add_incoming(ir.Constant(vector, [0] * _VECTOR), entry)
            sums[r, v].add_incoming(added[r, v], loop)
        builder.cbranch(builder.icmp_signed("<", following, arguments[5]), loop, done)
        builder.position_at_end(done)
        for r, v in cells:
            place = builder.bitcast(builder.gep(arrays[3].data, [number(r * LANES + v * _VECTOR)]), wide.as_pointer())
            before = builder.load(place, align=2)
            builder.store(builder.add(before, builder.zext(added[r, v], wide)), place, align=2)
        return context.get_dummy_value()

    return types.void(codes, tile, counts, out, types.int64, types.int64), generate


@njit(cache=True, nogil=True)
def add_by_popcount(  # a kernel takes arrays, not objects
    codes: NDArray[np.uint8], tile: NDArray[np.uint8], scratch: NDArray[np.uint8], out: NDArray[np.uint16],
    first: int, last: int,
) -> None:  # pragma: no cover  # compiled  # fmt: skip
    """Add the differing bits of `ROWS` rows and the lanes of a tile, by population count; any machine.

    Args:
        codes: ``uint8[ROWS, codes]``, of any number of bits per code.
        tile: ``uint8[codes, LANES]``.
        scratch: ``uint8[LANES]``.
        out: ``uint16[ROWS * LANES]``, added to.
        first, last: the codes counted; their bits together must be at most 255.
    """
    for r in range(ROWS):
        for j in range(LANES):
            scratch[j] = 0
        for k in range(first, last):
            code = codes[r, k]
            for j in range(LANES):
                scratch[j] += _popcount(np.uint8(code ^ tile[k, j]))  # type: ignore[call-arg]
        for j in range(LANES):
            out[r * LANES + j] += scratch[j]


@njit(cache=True, nogil=True)
def add_by_lookup(  # a kernel takes arrays, not objects
    codes: NDArray[np.uint8], tile: NDArray[np.uint8], _scratch: NDArray[np.uint8], out: NDArray[np.uint16],
    first: int, last: int,
) -> None:  # pragma: no cover  # compiled  # fmt: skip
    """As `add_by_popcount`, by byte shuffles: codes of four bits, and a machine with AVX2."""
    _look_up(codes, tile, _COUNTS, out, first, last)  # type: ignore[call-arg]


_add = add_by_lookup if LOOKUP else add_by_popcount


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
        for first in range(0, codes.shape[1], _STEP):
            _add(codes[row : row + ROWS], right_tiles[t], scratch, counts, first, min(first + _STEP, codes.shape[1]))
        for i in range(row, row + rows):
            limit = most[left_bits[i] + right_bits[high - 1]]
            for part in range(0, LANES, 64):
                place = np.int64((i - row) * LANES + part)
                bound = np.uint16(min(max(limit, 0), 65535))
                mask: np.uint64 = _within(counts, place, bound)  # type: ignore[call-arg]
                while mask:
                    lowest = mask & (~mask + np.uint64(1))
                    j = low + part + np.int64(_popcount(lowest - np.uint64(1)))
                    mask ^= lowest
                    if j >= high:
                        break
                    different = np.int64(0)
                    for w in range(half):  # most are strangers, and that shows soon
                        different += np.int64(_popcount(left[i, w] ^ right[j, w]))
                    if different > limit:
                        continue
                    for w in range(half, left.shape[1]):
                        different += np.int64(_popcount(left[i, w] ^ right[j, w]))
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
                    different += np.int64(_popcount(left[i, w] ^ right[j, w]))  # type: ignore[call-arg]
                if different > limit:
                    continue
                for w in range(half, words):
                    different += np.int64(_popcount(left[i, w] ^ right[j, w]))  # type: ignore[call-arg]
                if different * scale <= base[both] + slope * gap:
                    out_left[found] = i
                    out_right[found] = j
                    out_different[found] = different
                    found += 1
        block, skip = block + 1, 0
    return found, block, 0
