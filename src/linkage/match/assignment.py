"""From candidate pairs to links.

Rules kept here:

- Greedy one-to-one: pairs in falling order of score, each row taken at most once. Optimal one-to-one: the largest
  sum of scores. Many-to-one: every left row its best right row. Many-to-many: all of them.
- Ties are broken by what the two records look like, not by where they stand: the same records in another order,
  or with the sides exchanged, give the same links (tests/match/test_stages.py). Only records whose encodings
  are equal bit for bit are told apart by position.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from linkage.errors import Refused
from linkage.links import CandidatePairs
from linkage.match import kernels

MOST_CELLS = 1 << 24
"""Rows on one side times rows on the other that one component of the optimal assignment may have."""


def one_to_one(pairs: CandidatePairs, left_look: NDArray[np.uint64], right_look: NDArray[np.uint64]) -> CandidatePairs:
    """Choose pairs greedily so that no row is used twice.

    Args:
        pairs: candidates.
        left_look: ``uint64[n]`` from `look`, for breaking ties.
        right_look: ``uint64[m]`` likewise.
    """
    order = ranked(pairs, left_look, right_look)
    keep = order[kernels.chosen(pairs.left[order], pairs.right[order], len(left_look), len(right_look))]
    return pairs[keep]


def one_to_one_optimal(
    pairs: CandidatePairs, left_look: NDArray[np.uint64], right_look: NDArray[np.uint64]
) -> CandidatePairs:
    """Choose pairs so that no row is used twice and the sum of scores is the largest there is.

    Solved for every set of rows that candidates connect, by itself (Jonker and Volgenant 1987, as in
    ``scipy.optimize.linear_sum_assignment``). Greedy takes the best pair first, and may leave two persons with none or
    with a worse one where this finds one for both; a single wrong pair with a high score costs it less.
    Arguments and result as of `one_to_one`, in the order of `ranked`.
    """
    if not len(pairs):
        return pairs
    order = ranked(pairs, left_look, right_look)
    best = pairs[order]
    chosen = [_best(best, some, left_look, right_look) for some in _components(best.left, best.right)]
    return best[np.sort(np.concatenate(chosen))]


def many_to_one(pairs: CandidatePairs, left_look: NDArray[np.uint64], right_look: NDArray[np.uint64]) -> CandidatePairs:
    """Give every left row its best right row, which may serve several. Arguments and result as of `one_to_one`."""
    order = ranked(pairs, left_look, right_look)
    keep = np.sort(np.unique(pairs.left[order], return_index=True)[1])
    return pairs[order[keep]]


def many_to_many(
    pairs: CandidatePairs, left_look: NDArray[np.uint64], right_look: NDArray[np.uint64]
) -> CandidatePairs:
    """Take every pair, in the order of `ranked`. Arguments as of `one_to_one`."""
    return pairs[ranked(pairs, left_look, right_look)]


METHODS = {
    "one-to-one": one_to_one, "one-to-one-optimal": one_to_one_optimal, "many-to-one": many_to_one,
    "many-to-many": many_to_many,
}  # fmt: skip
"""How pairs become links, by the word for it in a protocol."""


def ranked(pairs: CandidatePairs, left_look: NDArray[np.uint64], right_look: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Pairs in falling order of score, ties by what the two rows look like and then by position."""
    a, b = left_look[pairs.left], right_look[pairs.right]
    return np.lexsort((pairs.right, pairs.left, np.maximum(a, b), np.minimum(a, b), -pairs.score))


def _components(left: NDArray[np.int64], right: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Places of the pairs of each set of rows that pairs connect, in order of their first pair."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, i = np.unique(left, return_inverse=True)
    _, j = np.unique(right, return_inverse=True)
    size = int(i.max()) + int(j.max()) + 2
    edges = coo_array((np.ones(len(i), np.int8), (i, j + int(i.max()) + 1)), shape=(size, size))
    label = connected_components(edges, directed=False)[1][i]
    places = np.argsort(label, kind="stable")
    return np.split(places, np.flatnonzero(np.diff(label[places])) + 1)


def _best(
    pairs: CandidatePairs, some: NDArray[np.int64], left_look: NDArray[np.uint64], right_look: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Places of the pairs chosen within one component."""
    from scipy.optimize import linear_sum_assignment

    if len(some) == 1:
        return some
    rows, i = np.unique(pairs.left[some], return_inverse=True)
    columns, j = np.unique(pairs.right[some], return_inverse=True)
    if len(rows) * len(columns) > MOST_CELLS:
        raise Refused(
            f"{len(rows)} by {len(columns)} rows hang together by pairs at or above the threshold",
            hint="Agree on a higher threshold, or on assignment one-to-one, which takes the best pair first.",
        )
    by_row, by_column = np.argsort(left_look[rows], kind="stable"), np.argsort(right_look[columns], kind="stable")
    table = np.zeros((len(rows), len(columns)))
    place = np.full(table.shape, -1, dtype=np.int64)
    table[i, j], place[i, j] = pairs.score[some], some
    table, place = table[np.ix_(by_row, by_column)], place[np.ix_(by_row, by_column)]
    if right_look[columns].min() < left_look[rows].min():  # the same answer with the sides exchanged
        table, place = table.T, place.T
    found = place[linear_sum_assignment(table, maximize=True)]
    return np.asarray(found[found >= 0], dtype=np.int64)


def look(rows: NDArray[np.uint64] | NDArray[np.uint8]) -> NDArray[np.uint64]:
    """One number per row that depends on its bits alone: the first 64 bits of BLAKE2b."""
    data = np.ascontiguousarray(rows)
    digests = b"".join(hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in data)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
