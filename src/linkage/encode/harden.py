"""Hardenings of a finished `clk` filter, for partners who ask for them (docs/spec/encoding.md).

Rules kept here:

- They hide how often a bit is set, and nothing else: likeness and the relations between filters stay, so known pairs
  and graph matching read a hardened CLK as they read a plain one (lint P212, docs/threat-model.md).
- An empty filter stays empty: it must go on being like no other.
- Chance comes from the operating system, anew for every record: flips from a fixed seed are a constant mask.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from linkage.protocol.profiles import Balance, Fold, Hardening, Respond, RuleNinety

LABEL: Final = b"linkage/v1/clk/balance\0"
STEPS: Final = 1 << 16
"""Chances are drawn in steps of 1 / 65,536."""

Filters = NDArray[np.uint64]


def hardened(filters: Filters, steps: Sequence[Hardening], key: bytes) -> Filters:
    """Apply the protocol's hardenings in order.

    Args:
        filters: ``uint64[n, words]``.
        steps: what the protocol agreed.
        key: 32 bytes, for keyed permutations.

    Returns:
        ``uint64[n, ...]``: `Clk.filter_bits` bits.
    """
    empty = ~filters.any(axis=1)
    for step in steps:
        match step:
            case Fold():
                filters = xor_fold(filters)
            case RuleNinety():
                filters = rule_90(filters)
            case Balance():
                filters = balance(filters, key)
            case Respond():
                filters = randomised_response(filters, step.flip)
    filters[empty] = 0
    return filters


def xor_fold(filters: Filters) -> Filters:
    """The exclusive or of both halves (Schnell and Borgs, "XOR-folding for hardening Bloom filters", 2016)."""
    half = filters.shape[1] // 2
    return np.ascontiguousarray(filters[:, :half] ^ filters[:, half:])


def rule_90(filters: Filters) -> Filters:
    """Each bit becomes the exclusive or of its two neighbours, round the end (cellular automaton 90; Schnell, 2017)."""
    one, rest = np.uint64(1), np.uint64(63)
    up = (filters << one) | (np.roll(filters, 1, axis=1) >> rest)
    down = (filters >> one) | (np.roll(filters, -1, axis=1) << rest)
    return np.asarray(up ^ down)


def balance(filters: Filters, key: bytes) -> Filters:
    """The filter and its complement, all bits in a keyed order: every filter has as many ones (Schnell, Borgs 2016)."""
    order = permutation(key, 128 * filters.shape[1])
    both = np.unpackbits(np.hstack([filters, ~filters]).astype("<u8").view(np.uint8), axis=1, bitorder="little")
    packed = np.packbits(np.take(both, order, axis=1), axis=1, bitorder="little")
    return np.ascontiguousarray(packed).view("<u8").astype(np.uint64)


def randomised_response(filters: Filters, flip: float) -> Filters:
    """Each bit is with probability `flip` replaced by a fair coin (BLIP: Alaggan, Gambs, Kermarrec, SSS 2012)."""
    n, words = filters.shape
    mask = np.zeros((n, words), dtype=np.uint64)
    limit = round(flip * STEPS)
    for word in range(words):
        draws = np.frombuffer(os.urandom(n * 128), dtype=np.uint16).reshape(n, 64)
        mask[:, word] = np.packbits(draws < limit, axis=1, bitorder="little").view("<u8").reshape(n)
    coins = np.frombuffer(os.urandom(n * words * 8), dtype=np.uint64).reshape(n, words)
    return np.asarray((filters & ~mask) | (coins & mask))


def permutation(key: bytes, size: int) -> NDArray[np.int64]:
    """A keyed order of `size` places: that of as many 64-bit numbers of SHAKE256, little-endian."""
    numbers = np.frombuffer(hashlib.shake_256(LABEL + key).digest(8 * size), dtype="<u8")
    return np.argsort(numbers, kind="stable")
