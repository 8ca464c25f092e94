"""From candidate pairs to links.

Rules kept here:

- Greedy one-to-one: pairs in falling order of score, each row taken at most once.
- Ties are broken by what the two records look like, not by where they stand: the same records in another order,
  or with the sides exchanged, give the same links (tests/match/test_stages.py). Only records whose encodings
  are equal bit for bit are told apart by position.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from linkage.tables import CandidatePairs


def one_to_one(pairs: CandidatePairs, left_look: NDArray[np.uint64], right_look: NDArray[np.uint64]) -> CandidatePairs:
    """Choose pairs greedily so that no row is used twice.

    Args:
        pairs: candidates.
        left_look: ``uint64[n]`` from `look`, for breaking ties.
        right_look: ``uint64[m]`` likewise.
    """
    a, b = left_look[pairs.left], right_look[pairs.right]
    order = np.lexsort((pairs.right, pairs.left, np.maximum(a, b), np.minimum(a, b), -pairs.score))
    taken_left, taken_right = set[int](), set[int]()
    chosen = []
    for k, i, j in zip(order.tolist(), pairs.left[order].tolist(), pairs.right[order].tolist(), strict=True):
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            chosen.append(k)
    keep = np.asarray(chosen, dtype=np.int64)
    return CandidatePairs(pairs.left[keep], pairs.right[keep], pairs.score[keep])


def look(rows: NDArray[np.uint64] | NDArray[np.uint8]) -> NDArray[np.uint64]:
    """One number per row that depends on its bits alone: the first 64 bits of BLAKE2b."""
    data = np.ascontiguousarray(rows)
    digests = b"".join(hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in data)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
