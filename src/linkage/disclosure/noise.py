"""Cell-key noise: every count a little wrong, and the same persons always equally wrong.

Rules kept here (docs/spec/disclosure.md; Fraser and Wooton, ABS 2005; SDC Handbook, section 4):

- Every row has a record key, drawn from what the row says under the linkage unit's own key; the key of a figure is the
  sum of the record keys of those it counts, so the same rows give the same noise in whatever table they are counted.
- Rows are known by their tokens, which are equal in all packages under one protocol: there, and only there, repeating
  a release does not average the noise out.
- The noise of a count c is a number of heads less its mean, of 2 min(c, largest) fair coins: mean zero, variance half
  of min(c, largest), never more than `largest`, never below zero in sum, and none for nobody.
"""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
from numpy.typing import NDArray

from linkage.disclosure.table import Counts


def record_keys(key: bytes, rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """``uint64[n]``: one key per row.

    Args:
        key: of the linkage unit.
        rows: ``uint8[n, k]``: what each row is known by.
    """
    macs = b"".join(hmac.digest(key, b"record" + row.tobytes(), "sha256")[:8] for row in rows)
    return np.frombuffer(macs, "<u8").astype(np.uint64)


def perturbed(key: bytes, counts: Counts, keys: NDArray[np.uint64], largest: int) -> Counts:
    """``int64[figures]``: the counts with their noise.

    Args:
        key: of the linkage unit.
        counts: ``int64[figures]``: exact.
        keys: ``uint64[figures]``: sums of record keys, modulo 2^64.
        largest: how much a count changes at most; up to 256.
    """
    found = []
    for count, cell in zip(counts.tolist(), keys.tolist(), strict=True):
        coins = 2 * min(count, largest)
        bits = int.from_bytes(hmac.digest(key, b"cell" + cell.to_bytes(8, "little"), hashlib.sha512), "little")
        found.append(count + (bits & ((1 << coins) - 1)).bit_count() - coins // 2)
    return np.asarray(found, np.int64)
