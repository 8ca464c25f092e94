"""Blinding scalars and the order of a request, all from one seed.

Rules kept here:

- The seed is 32 fresh bytes of the operating system for every request; a row's scalar is SHAKE256 of the seed and the
  row's number, 512 bits reduced into 1..order-1 (bias below 2^-255). Who has the seed can unblind; who destroys it
  has destroyed every scalar. (The system's own generator stretches a seed in the same way.)
- Equal inputs in two rows, or in two requests, have unrelated scalars (tests/crypto/oprf/test_bulk.py).
- The order of the elements is random and comes from the same seed: neither rows nor canaries have a place of their own.
"""

from __future__ import annotations

import hashlib
import os
from typing import Final

import numpy as np
from numpy.typing import NDArray

SEED_BYTES: Final = 32
CANARIES: Final = 64
"""Elements of known answer under the cheaper check. Who answers a share f of the rows wrongly is found with
probability 1 - (1 - f)^64: 96 % of those who spoil one row in twenty, and everybody who answers with another key."""

_WIDE: Final = 64


def new_seed() -> bytes:
    """32 bytes from the operating system's generator."""
    return os.urandom(SEED_BYTES)


def seed_of(seed: bytes, field: str) -> bytes:
    """The seed of one field's rows."""
    return hashlib.shake_256(b"linkage/v1/oprf/field\0" + seed + field.encode()).digest(SEED_BYTES)


def scalars(seed: bytes, first: int, count: int, order: int) -> list[int]:
    """The scalars of rows `first` up to `first + count`, each from 1 up to the order."""
    start = hashlib.shake_256(b"linkage/v1/oprf/blind\0" + seed)
    result = []
    for row in range(first, first + count):
        stream = start.copy()
        stream.update(row.to_bytes(8, "big"))
        result.append(int.from_bytes(stream.digest(_WIDE), "big") % (order - 1) + 1)
    return result


def order_of(seed: bytes, count: int) -> NDArray[np.int64]:
    """``int64[count]``: which row, or canary after the last row, stands at each place of the request."""
    stream = hashlib.shake_256(b"linkage/v1/oprf/order\0" + seed).digest(8 * count)
    return np.argsort(np.frombuffer(stream, dtype=">u8"), kind="stable")


def placed(elements: bytes, places: NDArray[np.int64], size: int) -> bytes:
    """Elements in the order of the request."""
    return np.frombuffer(elements, dtype=np.uint8).reshape(-1, size)[places].tobytes()


def returned(elements: bytes, places: NDArray[np.int64], size: int) -> bytes:
    """Elements back in the order of the rows, canaries last."""
    result = np.empty((len(places), size), dtype=np.uint8)
    result[places] = np.frombuffer(elements, dtype=np.uint8).reshape(-1, size)
    return result.tobytes()
