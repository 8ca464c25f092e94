"""The `clk` profile: one keyed Bloom filter over all fields of a record.

Rules kept here (docs/spec/encoding.md):

- Every token draws its bits at random under the field's own subkey: HMAC-SHA512(subkey, token || counter) gives
  sixteen 32-bit numbers u, and u * bits / 2^32 rounded down is a position. Never double hashing (Niedermeyer et
  al., J. Privacy and Confidentiality 2014: its few patterns can be listed).
- A token of strength s draws s squared times the field's positions: strength and field together are its weight.
- Each distinct value is tokenised once and each distinct token drawn once, in memory of this call only. The bits of a
  distinct value are set once where there is room for them, and its rows take them over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.crypto.mac import macs
from linkage.encode.column import Column, cut_into_tokens, has_enough
from linkage.encode.cut import Cut, pieces
from linkage.encode.distinct import side_by_side
from linkage.encode.harden import hardened
from linkage.protocol.profiles import Clk, ClkField

PER_BLOCK: Final = 16
"""Positions that one HMAC-SHA512 output gives: 64 bytes in 32-bit numbers, little-endian."""
BALANCE: Final = "#balance"
"""Where the key of keyed permutations stands among the keys of fields; no field can be called so."""
TABLE_BYTES: Final = 1 << 26
"""Memory for the bits of a field's distinct values. A field with more has its bits set row by row instead."""
BLOCK_ROWS: Final = 16_384
"""Rows that a core encodes at a time."""


class ClkFilters:
    """The filters of some records: tokens are cut and drawn when it is made, and rows encoded when asked for."""

    def __init__(
        self, columns: Mapping[str, Column], encoding: Clk, keys: Mapping[str, bytes], *, cores: int | None = None
    ) -> None:
        """Args as of `filters`."""
        self._columns, self._encoding, self._cores = columns, encoding, cores
        self._key = keys.get(BALANCE, b"")
        specs = [spec for spec in encoding.fields if spec.field in columns]
        self._fields = side_by_side(
            lambda spec: _field(columns[spec.field], spec, encoding.bits, keys[spec.field]), specs, cores
        )

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """``uint64[n, bits / 64]``: the filters of rows, in the order in which they are asked for."""
        result = np.zeros((len(rows), self._encoding.bits // 64), dtype=np.uint64)
        blocks = [slice(first, first + BLOCK_ROWS) for first in range(0, len(rows), BLOCK_ROWS)]
        side_by_side(lambda block: self._encode(result[block], rows[block]), blocks, self._cores)
        return hardened(result, self._encoding.hardening, self._key) if self._encoding.hardening else result

    def _encode(self, result: NDArray[np.uint64], rows: NDArray[np.int64]) -> None:
        from linkage.encode import kernels

        enough = has_enough(self._columns, self._encoding, rows)
        for drawn in self._fields:
            codes = np.where(enough, drawn.codes[rows], np.int32(-1))
            if drawn.table is not None:
                kernels.or_rows(result, codes, drawn.table)
            else:
                kernels.set_bits(result, codes, drawn.cut.starts, drawn.cut.token_of, drawn.starts, drawn.positions)


def filters(
    columns: Mapping[str, Column], encoding: Clk, keys: Mapping[str, bytes], *, cores: int | None = None
) -> NDArray[np.uint64]:
    """Encode all rows.

    Args:
        columns: the fields of the encoding that this party has.
        encoding: the protocol's parameters.
        keys: subkey per field, 32 bytes each, and that of `BALANCE` where the protocol balances.
        cores: threads to use; None for all. The bits do not depend on it.

    Returns:
        ``uint64[n, filter_bits / 64]``; all zero for rows with fewer than `fields_needed` fields.
    """
    rows = np.arange(len(next(iter(columns.values()))))
    return ClkFilters(columns, encoding, keys, cores=cores).of(rows)


def positions(key: bytes, tokens: Sequence[str], count: int, bits: int) -> NDArray[np.uint32]:
    """The bits of tokens: ``uint32[tokens, count]``, drawn with replacement."""
    blocks = -(-count // PER_BLOCK)
    numbered = [bytes([block]) for block in range(blocks)]
    stream = b"".join(macs(key, "sha512", (token.encode() + block for token in tokens for block in numbered)))
    numbers = np.frombuffer(stream, dtype="<u4").reshape(len(tokens), blocks * PER_BLOCK)[:, :count]
    return np.asarray((numbers.astype(np.uint64) * np.uint64(bits)) >> np.uint64(32), dtype=np.uint32)


@dataclass(frozen=True, eq=False)
class _Field:
    """One field, ready to be encoded."""

    codes: NDArray[np.int32]
    cut: Cut
    starts: NDArray[np.int64]
    """Where each token's positions begin."""
    positions: NDArray[np.uint32]
    table: NDArray[np.uint64] | None
    """The bits of each distinct value, where they fit in `TABLE_BYTES`."""


def _field(column: Column, spec: ClkField, bits: int, key: bytes) -> _Field:
    from linkage.encode import kernels

    cut = cut_into_tokens(column, spec.q)
    counts = spec.positions * cut.strengths.astype(np.int64) ** 2
    starts = np.append(0, np.cumsum(counts))
    spots = np.empty(starts[-1], dtype=np.uint32)
    for count in np.unique(counts):
        chosen = np.flatnonzero(counts == count)
        drawn = [positions(key, piece, int(count), bits) for piece in pieces(cut.tokens.take(pa.array(chosen)))]
        spots[starts[chosen][:, np.newaxis] + np.arange(count)] = np.concatenate(drawn)
    if len(column.values) * bits // 8 > TABLE_BYTES:
        return _Field(column.codes, cut, starts, spots, None)
    table = np.zeros((len(column.values), bits // 64), dtype=np.uint64)
    kernels.set_bits(table, np.arange(len(table), dtype=np.int32), cut.starts, cut.token_of, starts, spots)
    return _Field(column.codes, cut, starts, spots, table)
