"""Whom two releases tell apart: the smallest group that is in a sum of figures of one and not of the other.

Rules kept here:

- A unit is what one release tells by itself: a shown cell, or cells that are only known together by subtraction. A
  reader can add units of either release and subtract the sums; what remains is the persons in one sum and not in the
  other. Drawn as a graph (units of both releases, joined by the persons who are in both, and one node for who is in
  none), such a difference is a cut, so the smallest difference that is not empty is a smallest cut of a component.
- Units with the same persons in both releases are one node: that difference is empty, and what a unit tells by itself
  was judged when it was released.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

NOBODY = -1
"""The unit of a person who is counted in no figure that can be known."""
Edges = dict[tuple[int, int], int]


def fewest(now: NDArray[np.int64], past: NDArray[np.int64], minimum: int) -> int | None:
    """The size of a difference that is not empty and smaller than the minimum; None when there is none.

    Args:
        now: ``int64[n]``: per person the unit in one release, `NOBODY` for none.
        past: ``int64[n]``: per person the unit in the other.
        minimum: the smallest difference that may be.
    """
    edges = _edges(now, past)
    while True:
        heavy = [pair for pair, weight in edges.items() if weight >= minimum]
        if not heavy:
            break
        edges = _contracted(edges, heavy)
    if not edges:
        return None
    degree: dict[int, int] = defaultdict(int)
    for pair, weight in edges.items():
        for node in pair:
            degree[node] += weight
    least = min(degree.values())
    return least if least < minimum else _least_flow(edges, minimum)


def _edges(now: NDArray[np.int64], past: NDArray[np.int64]) -> Edges:
    """How many persons join two nodes: units of `now` are numbers from 0, those of `past` from -2 down."""
    below = np.where(past < 0, NOBODY, -2 - past)
    pairs, weights = np.unique(np.stack([now, below], axis=1), axis=0, return_counts=True)
    size = {int(n): int(c) for side in (now, below) for n, c in zip(*np.unique(side, return_counts=True), strict=True)}
    joined = zip(pairs.tolist(), weights.tolist(), strict=True)
    edges = {(a, b): weight for (a, b), weight in joined if a != b}  # who is in none joins nothing
    same = [pair for pair, n in edges.items() if NOBODY not in pair and size[pair[0]] == size[pair[1]] == n]
    return _contracted(edges, same)


def _contracted(edges: Edges, pairs: list[tuple[int, int]]) -> Edges:
    """The graph with these pairs made one node each; parallel edges are added up."""
    nodes = {node: n for n, node in enumerate(sorted({node for pair in edges for node in pair}))}
    ends = np.asarray([[nodes[a], nodes[b]] for a, b in pairs], np.int64).reshape(-1, 2)
    matrix = sparse.coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(nodes),) * 2)
    names = csgraph.connected_components(matrix, directed=False)[1].tolist()
    found: Edges = defaultdict(int)
    for (a, b), weight in edges.items():
        x, y = sorted((names[nodes[a]], names[nodes[b]]))
        if x != y:
            found[x, y] += weight
    return dict(found)


def _least_flow(edges: Edges, minimum: int) -> int | None:
    """The smallest cut below the minimum, by flows from one node of every component to all its others."""
    nodes = {node: n for n, node in enumerate(sorted({node for pair in edges for node in pair}))}
    ends = np.asarray([[nodes[a], nodes[b]] for a, b in edges], np.int32)
    weights = np.asarray(list(edges.values()), np.int32)
    both = sparse.csr_matrix(
        (np.tile(weights, 2), (np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]])), shape=(len(nodes),) * 2
    )
    count, component = csgraph.connected_components(both, directed=False)
    for part in range(count):
        root, *others = np.flatnonzero(component == part).tolist()
        for other in others:
            flow = int(csgraph.maximum_flow(both, root, other).flow_value)
            if flow < minimum:
                return flow
    return None
