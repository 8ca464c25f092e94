"""Two attackers who hold no key: what they know, and how well they do.

Both hold a population register with everybody who is encoded, all filters, and the rules of encoding, so that they can
cut anybody into tokens and know how strong these are. For some persons they know which filter is theirs.

- `by_known_pairs` learns from those how tokens become bits, by kernel ridge regression with the kernel of the encoder
  itself: the expected product of two persons' bits. For majority-XOR that is (1 - 2t/pi)^h, t the angle between the
  persons' tokens; a linear kernel does worse (measured).
- `by_graph` never looks at a bit: it uses only how alike filters are. Each unknown filter is described by its
  likeness to the known ones, each person by the likeness of tokens to those of the known persons; the best mutual
  matches become known in their turn, round after round.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linkage.encode.column import Column, cut_into_tokens

Floats = NDArray[np.float64]
ROUNDS = 8
"""Rounds of the graph attack."""
RIDGE = (0.1, 1.0)
"""Penalties that the attacker of known pairs tries; the better one counts."""


def cosines(columns: Sequence[Column], q: int, weights: Sequence[int]) -> Floats:
    """``float64[n, n]``: cosine of the tokens of every two persons, weighted as the encoder weighs them."""
    n = len(columns[0])
    common = np.zeros((n, n))
    for column, weight in zip(columns, weights, strict=True):
        cut = cut_into_tokens(column, q)
        rows = np.zeros((n, len(cut.tokens)), dtype=np.float32)
        for row, code in enumerate(column.codes.tolist()):
            if code >= 0:
                here = cut.token_of[cut.starts[code] : cut.starts[code + 1]]
                rows[row, here] = cut.strengths[here] * weight
        common += rows @ rows.T
    size = np.sqrt(np.maximum(np.diag(common), 1e-9))
    return np.clip(common / np.outer(size, size), 0.0, 1.0)


def bits(filters: NDArray[np.uint64]) -> Floats:
    """Filters as numbers, -1 and 1."""
    return 2.0 * np.unpackbits(filters.view(np.uint8), axis=1, bitorder="little") - 1.0


def by_known_pairs(filters: NDArray[np.uint64], cosine: Floats, known: int, votes: int) -> float:
    """Share of the filters after the first `known` that are given to the right person."""
    signs, n = bits(filters), len(filters)
    kernel = (1 - 2 * np.arccos(cosine) / np.pi) ** votes
    centre = signs[:known].mean(axis=0)
    best = 0.0
    for ridge in RIDGE:
        learnt = np.linalg.solve(kernel[:known, :known] + ridge * np.eye(known), signs[:known] - centre)
        predicted = kernel[known:, :known] @ learnt
        predicted /= np.linalg.norm(predicted, axis=1, keepdims=True) + 1e-9
        guess = ((signs[known:] - centre) @ predicted.T).argmax(axis=1)
        best = max(best, float((guess == np.arange(n - known)).mean()))
    return best


def by_graph(filters: NDArray[np.uint64], cosine: Floats, known: int) -> float:
    """Share of the filters after the first `known` that are given to the right person, by likeness alone."""
    signs, n = bits(filters), len(filters)
    alike = signs @ signs.T / signs.shape[1]
    person = np.full(n, -1)  # of each filter
    person[:known] = np.arange(known)
    guess = person
    for turn in range(ROUNDS):
        seeds = np.flatnonzero(person >= 0)
        ours, theirs = _standard(alike[:, seeds]), _standard(cosine[:, person[seeds]])
        score = ours[known:] @ theirs[known:].T / len(seeds)
        guess = score.argmax(axis=1)
        mutual = np.flatnonzero(score.argmax(axis=0)[guess] == np.arange(n - known))
        margin = score[mutual, guess[mutual]]
        keep = mutual[np.argsort(-margin)[: int(len(mutual) * (turn + 1) / ROUNDS)]]
        person[known:] = -1
        person[known + keep] = known + guess[keep]
    return float((guess == np.arange(n - known)).mean())


def _standard(rows: Floats) -> Floats:
    rows = rows - rows.mean(axis=0)
    rows = rows / (rows.std(axis=0) + 1e-9)
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9))
