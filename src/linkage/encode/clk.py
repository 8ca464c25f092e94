"""The `clk` profile: one keyed Bloom filter over all fields of a record.

Rules kept here (docs/spec/encoding.md):

- Every token draws its bits at random under the field's own subkey: HMAC-SHA512(subkey, token || counter) gives
  sixteen 32-bit numbers u, and u * bits / 2^32 rounded down is a position. Never double hashing (Niedermeyer et
  al., J. Privacy and Confidentiality 2014: its few patterns can be listed).
- A field's weight is the number of positions per token.
- Each distinct value is tokenised once and each distinct token drawn once, in memory of this call only.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linkage.encode import tokens
from linkage.protocol.model import Clk, ClkField

PER_BLOCK = 16
"""Positions that one HMAC-SHA512 output gives: 64 bytes in 32-bit numbers, little-endian."""


@dataclass(frozen=True, eq=False)
class Column:
    """The normalised values of one field, each distinct value once."""

    kind: str
    """Field kind."""
    codes: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: index in `values`, -1 for no value."""
    values: Sequence[str] = field(repr=False)
    """Distinct normalised values."""

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def present(self) -> NDArray[np.bool_]:
        """``bool[n]``: whether the row has a value."""
        return self.codes >= 0

    def take(self, rows: NDArray[np.int64]) -> Column:
        """The same column for some rows."""
        return Column(self.kind, self.codes[rows], self.values)

    def texts(self) -> list[str | None]:
        """The value of every row, None for none."""
        return [self.values[code] if code >= 0 else None for code in self.codes.tolist()]


def filters(columns: Mapping[str, Column], encoding: Clk, keys: Mapping[str, bytes]) -> NDArray[np.uint64]:
    """Encode rows.

    Args:
        columns: the fields of the encoding that this party has.
        encoding: the protocol's parameters.
        keys: subkey per field, 32 bytes each.

    Returns:
        ``uint64[n, bits / 64]``; all zero for rows with fewer than `fields_needed` fields.
    """
    rows = len(next(iter(columns.values())))
    result = np.zeros((rows, encoding.bits // 64), dtype=np.uint64)
    filled = np.zeros(rows, dtype=np.int64)
    for spec in encoding.fields:
        if spec.field in columns:
            filled += columns[spec.field].present
    enough = filled >= encoding.fields_needed
    for spec in encoding.fields:
        if spec.field in columns:
            _add(result, columns[spec.field], spec, encoding.bits, keys[spec.field], enough)
    return result


def positions(key: bytes, token: str, count: int, bits: int) -> NDArray[np.uint32]:
    """The bits of one token: ``uint32[count]``, drawn with replacement."""
    blocks = -(-count // PER_BLOCK)
    data = token.encode("utf-8")
    stream = b"".join(hmac.digest(key, data + bytes([block]), "sha512") for block in range(blocks))
    numbers = np.frombuffer(stream, dtype="<u4")[:count].astype(np.uint64)
    return np.asarray((numbers * np.uint64(bits)) >> np.uint64(32), dtype=np.uint32)


def _add(
    result: NDArray[np.uint64], column: Column, spec: ClkField, bits: int, key: bytes, enough: NDArray[np.bool_]
) -> None:
    """Set the bits of one field in all rows."""
    from linkage.encode import kernels

    numbers: dict[str, int] = {}
    token_of: list[int] = []
    starts = [0]
    for value in column.values:
        token_of.extend(numbers.setdefault(token, len(numbers)) for token in tokens.tokens(column.kind, value, spec.q))
        starts.append(len(token_of))
    drawn = np.zeros((max(len(numbers), 1), spec.positions), dtype=np.uint32)
    for token, number in numbers.items():
        drawn[number] = positions(key, token, spec.positions, bits)
    codes = np.where(enough, column.codes, -1)
    kernels.set_bits(result, codes, np.asarray(starts), np.asarray(token_of, dtype=np.int64), drawn)
