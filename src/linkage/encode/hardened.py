"""The `hardened` profile: each bit of a filter is the exclusive or of keyed majority votes over a record's tokens.

Rules kept here (docs/spec/encoding.md):

- Token g of a field gives pseudo-random bits r: SHAKE256 over HMAC-SHA512(subkey, token), both under a label. Vote i
  of bit j is 1 when the tokens with r[i, j] = 1 have at least half of all weight; the bit is the exclusive or of its
  votes. Never a generator seeded with fewer bits than the key has (the reference code of the paper uses 32).
- Votes are counted in bit-sliced counters, 64 bits of a filter at a time; the slow twin in tests/reference.py counts
  one by one and must give the same bits, for any number of rows at a time and of cores.

Source: Armknecht, Schaefer, "Breaking BAD? Better Call SAUL!", PoPETs 2026.2.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from linkage.encode.column import Column, Cut, cut_into_tokens, has_enough
from linkage.protocol.profiles import Hardened

LABEL = b"linkage/v1/hardened\0"
BLOCK_ROWS = 16_384
"""Rows whose tokens are drawn at a time: bounds the memory for tokens that occur once, such as postcodes."""


def filters(
    columns: Mapping[str, Column], encoding: Hardened, keys: Mapping[str, bytes], *, cores: int | None = None
) -> NDArray[np.uint64]:
    """Encode rows.

    Args:
        columns: the fields of the encoding that this party has.
        encoding: the protocol's parameters.
        keys: subkey per field, 32 bytes each.
        cores: threads to use; None for all. The bits do not depend on it.

    Returns:
        ``uint64[n, bits / 64]``; all zero for rows with fewer than `fields_needed` fields.
    """
    enough = has_enough(columns, encoding)
    result = np.zeros((len(enough), encoding.bits // 64), dtype=np.uint64)
    cuts = {s.field: cut_into_tokens(columns[s.field], s.q) for s in encoding.fields if s.field in columns}
    with ThreadPoolExecutor(cores or os.cpu_count() or 1) as pool:
        list(
            pool.map(
                lambda first: _block(
                    result[first : first + BLOCK_ROWS],
                    enough[first : first + BLOCK_ROWS],
                    {name: column.codes[first : first + BLOCK_ROWS] for name, column in columns.items()},
                    cuts, encoding, keys,
                ),
                range(0, len(enough), BLOCK_ROWS),
            )
        )  # fmt: skip
    return result


def draw(key: bytes, token: str, size: int) -> bytes:
    """The pseudo-random bits of one token, `size` bytes: bit b is bit b % 8 of byte b // 8."""
    seed = hmac.digest(key, LABEL + token.encode("utf-8"), "sha512")
    return hashlib.shake_256(LABEL + seed).digest(size)


def agreement(cosine: float, votes: int) -> float:
    """Share of equal bits to be expected of two records.

    Args:
        cosine: common weight over the geometric mean of both weights, 0 to 1.
        votes: h.
    """
    return (1 + (1 - 2 * math.acos(cosine) / math.pi) ** votes) / 2


def _block(
    result: NDArray[np.uint64], enough: NDArray[np.bool_], codes: Mapping[str, NDArray[np.int64]],
    cuts: Mapping[str, Cut], encoding: Hardened, keys: Mapping[str, bytes],
) -> None:  # fmt: skip
    """Encode some rows, in place. All fields go into one list of values and tokens, so that the kernel sees rows."""
    from linkage.encode import kernels

    size = encoding.votes * encoding.bits // 8
    value_codes, weights, starts, token_of, drawn = [], [], [np.zeros(1, np.int64)], [], []
    values = tokens = end = 0
    for spec in encoding.fields:
        if spec.field not in cuts:
            continue
        cut, mine = cuts[spec.field], np.where(enough, codes[spec.field], -1)
        used, local = np.unique(mine[mine >= 0], return_inverse=True)
        numbers = np.full(len(mine), -1, dtype=np.int64)
        numbers[mine >= 0] = local + values
        lengths = cut.starts[used + 1] - cut.starts[used]
        pieces = [cut.token_of[cut.starts[v] : cut.starts[v + 1]] for v in used]
        flat = np.concatenate(pieces) if pieces else np.zeros(0, np.int64)
        mentioned, place = np.unique(flat, return_inverse=True)
        starts.append(end + np.cumsum(lengths))
        token_of.append(place.astype(np.int64) + tokens)
        drawn += [draw(keys[spec.field], cut.tokens[t], size) for t in mentioned]
        value_codes.append(numbers)
        weights.append(spec.weight)
        values, tokens, end = values + len(used), tokens + len(mentioned), end + int(lengths.sum())
    bits = np.frombuffer(b"".join(drawn) or bytes(size), dtype="<u8").astype(np.uint64, copy=False)
    kernels.majority_xor(
        result, np.stack(value_codes), np.asarray(weights, np.int64), np.concatenate(starts),
        np.concatenate(token_of), bits.reshape(-1, size // 8), encoding.votes,
    )  # fmt: skip
