"""How codes of two records are compared in the lanes of the machine's vectors.

Rules kept here:

- There are two ways, and which one it was changes no result (tests/match/test_lanes.py runs both). Either uses the
  machine's vectors: bits are counted by LLVM's ``ctpop``, which becomes CNT on ARM; with AVX2, and faster also where
  AVX-512 could count, a byte shuffle looks up sixteen counts at a time (Mula, Kurz and Lemire,
  "Faster population counts using AVX2 instructions", Computer Journal 61(1), 2018; one table per code of the left
  record as in André, Kermarrec and Le Scouarnec, "Cache locality is not enough", VLDB 2015).
- One lane holds one right record: a tile has the first code of `LANES` records, then their second codes, and so on.
- numba's intrinsics take the typing context first and stand in no stub, hence the ignored types.
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
LOOKUP = bool(_FEATURES.get("avx2"))
"""Whether codes are looked up by byte shuffles (AVX2) instead of counted by ``ctpop``: twice as fast where both can."""
CODE_BITS = 4 if LOOKUP else 8
"""Bits of a filter in one code, which takes a byte."""
STEP = 255 // CODE_BITS
"""Codes whose differences fit in a byte together."""
_COUNTS = np.array([[(a ^ b).bit_count() for b in range(16)] for a in range(16)], np.uint8)
"""Bits in which two codes of four bits differ; each row is a table for one byte shuffle."""

_I8, _I16, _I64 = ir.IntType(8), ir.IntType(16), ir.IntType(64)
_VECTOR = 32
"""Bytes in a vector of AVX2."""


@intrinsic
def popcount(_typing: Any, value: Any) -> Any:  # pragma: no cover  # compiled
    """Bits set in an unsigned number: the machine's own instruction, by LLVM's ctpop."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        function = builder.module.declare_intrinsic("llvm.ctpop", [arguments[0].type])
        return builder.call(function, [arguments[0]])

    return value(value), generate


@intrinsic
def within(_typing: Any, counts: Any, first: Any, limit: Any) -> Any:  # pragma: no cover  # compiled
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
                scratch[j] += popcount(np.uint8(code ^ tile[k, j]))  # type: ignore[call-arg]
        for j in range(LANES):
            out[r * LANES + j] += scratch[j]


@njit(cache=True, nogil=True)
def add_by_lookup(  # a kernel takes arrays, not objects
    codes: NDArray[np.uint8], tile: NDArray[np.uint8], _scratch: NDArray[np.uint8], out: NDArray[np.uint16],
    first: int, last: int,
) -> None:  # pragma: no cover  # compiled  # fmt: skip
    """As `add_by_popcount`, by byte shuffles: codes of four bits, and a machine with AVX2."""
    _look_up(codes, tile, _COUNTS, out, first, last)  # type: ignore[call-arg]


add = add_by_lookup if LOOKUP else add_by_popcount
