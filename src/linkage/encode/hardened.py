"""The `hardened` profile: each bit of a filter is the exclusive or of keyed majority votes over a record's tokens.

Rules kept here (docs/spec/encoding.md):

- Token g of a field gives pseudo-random bits r: SHAKE256 over HMAC-SHA512(subkey, token), both under a label. Ballot i
  of bit j is 1 when the tokens with r[i, j] = 1 have at least half of all votes; the bit is the exclusive or of its
  ballots. A token of strength s has s times the field's weight in votes, and so weighs s squared in a cosine. Never
  a generator seeded with fewer bits than the key has (the reference code of the paper uses 32).
- Votes are counted in bit-sliced counters, 64 bits of a filter at a time; the slow twin in tests/reference.py counts
  one by one and must give the same bits, for any number of rows at a time and of cores.

Source: Armknecht, Schaefer, "Breaking BAD? Better Call SAUL!", PoPETs 2026.2.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.crypto.mac import macs
from linkage.encode.column import Column, cut_into_tokens, has_enough
from linkage.encode.cut import Cut
from linkage.encode.distinct import side_by_side
from linkage.protocol.profiles import Hardened, HardenedField

Numbers = NDArray[np.int64]

LABEL: Final = b"linkage/v1/hardened\0"
BLOCK_ROWS: Final = 16_384
"""Rows that a core encodes at a time: bounds the memory for tokens that occur once, such as postcodes."""
TABLE_BYTES: Final = 1 << 25
"""Memory for the bits of the tokens of a field that are drawn once."""


class HardenedFilters:
    """The filters of some records: tokens are cut when it is made, and rows encoded when asked for."""

    def __init__(
        self, columns: Mapping[str, Column], encoding: Hardened, keys: Mapping[str, bytes], *, cores: int | None = None
    ) -> None:
        """Args as of `filters`."""
        self._columns, self._encoding, self._cores = columns, encoding, cores
        size = encoding.votes * encoding.bits // 8
        specs = [spec for spec in encoding.fields if spec.field in columns]
        self._fields = [_Field.of(columns[spec.field], spec, keys[spec.field], size) for spec in specs]

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """``uint64[n, bits / 64]``: the filters of rows, in the order in which they are asked for."""
        result = np.zeros((len(rows), self._encoding.bits // 64), dtype=np.uint64)
        blocks = [slice(first, first + BLOCK_ROWS) for first in range(0, len(rows), BLOCK_ROWS)]
        side_by_side(lambda block: self._encode(result[block], rows[block]), blocks, self._cores)
        return result

    def _encode(self, result: NDArray[np.uint64], rows: NDArray[np.int64]) -> None:
        """Encode some rows. All fields go into one list of values and tokens, so that the kernel sees rows."""
        from linkage.encode import kernels

        enough = has_enough(self._columns, self._encoding, rows)
        codes, starts, token_of, weights, bits = [], [np.zeros(1, np.int64)], [], [], []
        values = tokens = end = 0
        for one in self._fields:
            local, lengths, places, votes, drawn = one.of_rows(np.where(enough, one.codes[rows], np.int32(-1)))
            codes.append(np.where(local >= 0, local + values, -1))
            starts.append(end + np.cumsum(lengths))
            token_of.append(places + tokens)
            weights.append(votes)
            bits.append(drawn)
            values, tokens, end = values + len(lengths), tokens + len(drawn), end + len(places)
        bits.append(np.zeros((1, bits[0].shape[1]), dtype=np.uint64))
        kernels.majority_xor(
            result, np.stack(codes).astype(np.int32), np.concatenate(weights), np.concatenate(starts),
            np.concatenate(token_of), np.concatenate(bits), self._encoding.votes,
        )  # fmt: skip


def filters(
    columns: Mapping[str, Column], encoding: Hardened, keys: Mapping[str, bytes], *, cores: int | None = None
) -> NDArray[np.uint64]:
    """Encode all rows.

    Args:
        columns: the fields of the encoding that this party has.
        encoding: the protocol's parameters.
        keys: subkey per field, 32 bytes each.
        cores: threads to use; None for all. The bits do not depend on it.

    Returns:
        ``uint64[n, bits / 64]``; all zero for rows with fewer than `fields_needed` fields.
    """
    rows = np.arange(len(next(iter(columns.values()))))
    return HardenedFilters(columns, encoding, keys, cores=cores).of(rows)


def draw(key: bytes, token: str, size: int) -> bytes:
    """The pseudo-random bits of one token, `size` bytes: bit b is bit b % 8 of byte b // 8."""
    return bytes(_draw(key, [token], size))


def agreement(cosine: float, votes: int) -> float:
    """Share of equal bits to be expected of two records.

    Args:
        cosine: common weight over the geometric mean of both weights, 0 to 1.
        votes: h.
    """
    return (1 + (1 - 2 * math.acos(cosine) / math.pi) ** votes) / 2


@dataclass(frozen=True, eq=False)
class _Field:
    """One field, ready to be encoded."""

    codes: NDArray[np.int32]
    cut: Cut
    table: NDArray[np.uint64]
    """The bits of the first tokens, as many as fit in `TABLE_BYTES`; all others are drawn when rows need them."""
    weight: int
    """Votes of a token per unit of strength."""
    key: bytes = field(repr=False)
    size: int
    """Bytes drawn per token."""

    @classmethod
    def of(cls, column: Column, spec: HardenedField, key: bytes, size: int) -> _Field:
        """Cut the values of a column, and draw what is kept."""
        cut = cut_into_tokens(column, spec.q)
        kept = cut.tokens.slice(0, TABLE_BYTES // size).to_pylist()
        return cls(column.codes, cut, _words(_draw(key, kept, size), size), spec.weight, key, size)

    def of_rows(self, codes: NDArray[np.int32]) -> tuple[Numbers, Numbers, Numbers, Numbers, NDArray[np.uint64]]:
        """What these rows mention: value of each row, tokens per value, place of each token; votes, bits per place."""
        used, numbers = np.unique(codes[codes >= 0], return_inverse=True)
        local = np.full(len(codes), -1, dtype=np.int64)
        local[codes >= 0] = numbers
        begins = self.cut.starts[used]
        lengths = self.cut.starts[used + 1] - begins
        into = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        mentioned, places = np.unique(self.cut.token_of[np.repeat(begins, lengths) + into], return_inverse=True)
        known = mentioned < len(self.table)
        others = self.cut.tokens.take(pa.array(mentioned[~known])).to_pylist()
        bits = np.empty((len(mentioned), self.size // 8), dtype=np.uint64)
        bits[known] = self.table[mentioned[known]]
        bits[~known] = _words(_draw(self.key, others, self.size), self.size)
        votes = self.cut.strengths[mentioned].astype(np.int64) * self.weight
        return local, lengths, places.astype(np.int64, copy=False), votes, bits


def _draw(key: bytes, tokens: Sequence[str], size: int) -> bytes:
    seeds = macs(key, "sha512", (LABEL + token.encode("utf-8") for token in tokens))
    return b"".join(hashlib.shake_256(LABEL + seed).digest(size) for seed in seeds)


def _words(stream: bytes, size: int) -> NDArray[np.uint64]:
    return np.frombuffer(stream, dtype="<u8").astype(np.uint64, copy=False).reshape(-1, size // 8)
