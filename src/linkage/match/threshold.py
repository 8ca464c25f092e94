"""A threshold without the truth, and what to expect of it.

Rules kept here (docs/spec/matching.md):

- Two rows of one register are two persons: how alike such rows are tells how alike strangers across the registers
  are, brothers, sisters and twins among them. Where rows have a number on both sides, rows with different numbers
  say it better, and rows with equal numbers say how alike the rows of one person are.
- What is counted among strangers is scaled to the pairs that the stage compared, less those of rows that have found
  their own person. Links beyond what strangers explain are taken for right.
- An estimate carries its uncertainty: that of the counts (Poisson, 95 %), and of one register against the other.
- Nothing depends on the order of rows or on which register is called left: samples are taken in the order of what
  rows look like.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linkage.protocol.model import Aim
from linkage.tables import Judged

CANDIDATES_PER_ROW = 10
"""Pairs per row that the floor lets through: strangers enough to measure, links of one person nearly all."""
DIGITS = 4
"""Decimals of a threshold that is chosen."""
ROUNDS = 30
"""Steps in which the number of right links settles."""
Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""
WINDOWS = 4
"""The scores between the threshold and the middle of the right links are cut into so many windows; the two lowest
tell how right links thin out below."""

Scores = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Strangers:
    """Pairs of different persons."""

    scores: Scores = field(repr=False)
    """Their scores, those at or above the floor only."""
    pairs: int
    """Pairs that were looked at."""

    def at_least(self, scores: Scores) -> NDArray[np.int64]:
        """How many score as high as each of these."""
        ordered = np.sort(self.scores)
        return np.asarray(len(ordered) - np.searchsorted(ordered, scores, side="left"))


@dataclass(frozen=True, eq=False)
class Seen:
    """All that a threshold is chosen from."""

    links: Scores = field(repr=False)
    """Scores of the pairs that assignment gave, falling."""
    strangers: Sequence[Strangers]
    """Of one register, of the other; or of both, across."""
    source: str
    """``registers`` or ``numbers``: where they come from."""
    compared: int
    """Pairs that the stage compared."""
    rows: tuple[int, int]
    """Rows of either side that could be linked."""
    same: Scores | None
    """Scores of pairs of one person, known by equal numbers; None where there are none."""
    votes: int = 1
    """For agreement, votes per bit: they squeeze the scores of unlike records together, which is undone before looking
    at how scores thin out (`linkage.protocol.profiles.Hardened.agreement`)."""

    def spread(self, scores: Scores) -> Scores:
        """Scores on a scale on which they thin out evenly."""
        return np.asarray(np.maximum(2 * scores - 1, 0.0) ** (1 / self.votes)) if self.votes > 1 else scores

    def squeezed(self, spread: Scores) -> Scores:
        """Back from `spread`."""
        return np.asarray((spread**self.votes + 1) / 2) if self.votes > 1 else spread


def floor(sample: Scores, rows: tuple[int, int]) -> float:
    """The score that about `CANDIDATES_PER_ROW` pairs per row reach.

    Args:
        sample: scores of random pairs.
        rows: rows of either side.
    """
    share = CANDIDATES_PER_ROW * sum(rows) / max(rows[0] * rows[1], 1)
    if share >= 1 or not len(sample):
        return _rounded_down(0)
    quantile = float(np.quantile(sample, 1 - share))
    return _rounded_down(quantile)


def choose(aim: Aim, seen: Seen) -> float:
    """The threshold that serves an aim, `DIGITS` decimals; 1 where nothing is worth linking."""
    if not len(seen.links):
        return 1.0
    right, wrong = _right_and_wrong(seen, seen.links)
    number = np.arange(1, len(seen.links) + 1)
    if aim.aim == "balance":
        best = int(np.argmax(2 * right / (number + right.max())))
    else:
        good = np.flatnonzero(1 - wrong / number >= (aim.at_least or 1.0))
        if not len(good):
            return 1.0
        best = int(good[-1])
    return _rounded_down(float(seen.links[best]))


def judge(stage: int, threshold: float, chosen: bool, seen: Seen) -> Judged:
    """What to expect of the links at or above a threshold."""
    links = int((seen.links >= threshold).sum())
    at = np.array([threshold])
    right = float(_right_and_wrong(seen, at)[0][0])
    scale = _scale(seen, right)
    counts = [(int(s.at_least(at)[0]), s.pairs) for s in seen.strangers if s.pairs]
    low = min((poisson(count)[0] / pairs for count, pairs in counts), default=0.0) * scale
    high = max((poisson(count)[1] / pairs for count, pairs in counts), default=0.0) * scale
    middle, least, most = (1 - min(wrong, links) / links if links else 1.0 for wrong in (links - right, high, low))
    recall, source = _recall(threshold, right, seen)
    return Judged(stage, threshold, chosen, links, middle, least, most, *recall, seen.source, source)


def _rounded_down(score: float) -> float:
    """To `DIGITS` decimals, and above 0."""
    return max(math.floor(score * 10.0**DIGITS), 1) / 10.0**DIGITS


def poisson(count: int) -> tuple[float, float]:
    """95 % interval of a mean, from one count (Byar's approximation; Breslow and Day 1987, equation 2.17)."""
    lower = count * (1 - 1 / (9 * count) - Z95 / (3 * math.sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    return max(lower, 0.0), more * (1 - 1 / (9 * more) + Z95 / (3 * math.sqrt(more))) ** 3


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 1927)."""
    if not of:
        return 0.0, 1.0
    share, z2 = hits / of, Z95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def _right_and_wrong(seen: Seen, at: Scores) -> tuple[Scores, Scores]:
    """Expected right and wrong links that reach each of some scores."""
    number = len(seen.links) - np.searchsorted(seen.links[::-1], at, side="left")
    rates = [s.at_least(at) / s.pairs for s in seen.strangers if s.pairs]
    rate = np.asarray(np.mean(rates, axis=0) if rates else np.zeros(len(at)), dtype=np.float64)
    right: Scores = number.astype(np.float64)
    for _ in range(ROUNDS):
        right = np.asarray(number - np.minimum(rate * _scale(seen, float(right.max(initial=0.0))), number), np.float64)
    return right, number - right


def _scale(seen: Seen, right: float) -> float:
    """Pairs of rows that have not found their own person: only they can be linked to a stranger."""
    left, other = (1 - min(right / max(rows, 1), 1.0) for rows in seen.rows)
    return seen.compared * left * other


def _recall(threshold: float, right: float, seen: Seen) -> tuple[tuple[float, float, float], str]:
    """Share of the pairs of one person that reach a threshold, with its interval, and where it comes from."""
    if seen.same is not None:
        hits = int((seen.same >= threshold).sum())
        return (hits / len(seen.same), *wilson(hits, len(seen.same))), "numbers"
    above = seen.links[seen.links >= threshold]
    if not len(above):
        return (0.0, 0.0, 1.0), "scores"
    lowest, middle = seen.spread(np.array([threshold, np.median(above)]))
    edges = lowest + max(middle - lowest, 10.0**-DIGITS) / WINDOWS * np.arange(3)
    reaching = _right_and_wrong(seen, seen.squeezed(edges))[0]
    first, second = (max(float(reaching[n] - reaching[n + 1]), 0.0) for n in (0, 1))
    missed = [_below(max(first + z * math.sqrt(first), 0), max(second - z * math.sqrt(second), 0)) for z in (0, 2, -2)]
    return tuple(right / (right + m) if right else 0.0 for m in missed), "scores"  # type: ignore[return-value]


def _below(first: float, second: float) -> float:
    """Pairs below a score, when the windows above it hold `first` and then `second`, and go on thinning out so; where
    they do not thin out, three times what the lowest window holds."""
    return min(first * first / (second - first), 3 * first) if second > first else 3 * first
