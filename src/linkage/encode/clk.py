"""The `clk` profile: one keyed Bloom filter over all fields of a record.

Rules kept here (docs/spec/encoding.md):

- Every token draws its bits at random under the field's own subkey: HMAC-SHA512(subkey, token || counter) gives
  sixteen 32-bit numbers u, and u * bits / 2^32 rounded down is a position. Never double hashing (Niedermeyer et
  al., J. Privacy and Confidentiality 2014: its few patterns can be listed).
- A field's weight is the number of positions per token.
- Each distinct value is tokenised once and each distinct token drawn once, in memory of this call only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from linkage.crypto.mac import keyed
from linkage.encode.column import Column, cut_into_tokens, has_enough
from linkage.protocol.profiles import Clk, ClkField

PER_BLOCK = 16
"""Positions that one HMAC-SHA512 output gives: 64 bytes in 32-bit numbers, little-endian."""


def filters(columns: Mapping[str, Column], encoding: Clk, keys: Mapping[str, bytes]) -> NDArray[np.uint64]:
    """Encode rows.

    Args:
        columns: the fields of the encoding that this party has.
        encoding: the protocol's parameters.
        keys: subkey per field, 32 bytes each.

    Returns:
        ``uint64[n, bits / 64]``; all zero for rows with fewer than `fields_needed` fields.
    """
    enough = has_enough(columns, encoding)
    result = np.zeros((len(enough), encoding.bits // 64), dtype=np.uint64)
    for spec in encoding.fields:
        if spec.field in columns:
            _add(result, columns[spec.field], spec, encoding.bits, keys[spec.field], enough)
    return result


def positions(key: bytes, tokens: Sequence[str], count: int, bits: int) -> NDArray[np.uint32]:
    """The bits of tokens: ``uint32[tokens, count]``, drawn with replacement."""
    mac, blocks = keyed(key, "sha512"), -(-count // PER_BLOCK)
    numbered = [bytes([block]) for block in range(blocks)]
    stream = b"".join(mac(token.encode() + block) for token in tokens for block in numbered)
    numbers = np.frombuffer(stream, dtype="<u4").reshape(len(tokens), blocks * PER_BLOCK)[:, :count]
    return np.asarray((numbers.astype(np.uint64) * np.uint64(bits)) >> np.uint64(32), dtype=np.uint32)


def _add(
    result: NDArray[np.uint64], column: Column, spec: ClkField, bits: int, key: bytes, enough: NDArray[np.bool_]
) -> None:
    """Set the bits of one field in all rows."""
    from linkage.encode import kernels

    cut = cut_into_tokens(column, spec.q)
    drawn = positions(key, cut.tokens, spec.positions, bits)
    codes = np.where(enough, column.codes, -1)
    kernels.set_bits(result, codes, cut.starts, cut.token_of, drawn)
