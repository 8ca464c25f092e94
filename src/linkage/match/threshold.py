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
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from linkage.links import Judged
from linkage.protocol.stages import Aim

CANDIDATES_PER_ROW = 10
"""Pairs per row that the floor lets through: strangers enough to measure, links of one person nearly all. Where rows
are very many, fewer (`MOST_CANDIDATES`)."""
DIGITS = 4
"""Decimals of a threshold that is chosen."""
MOST_CANDIDATES = 1 << 22
"""Pairs that the floor lets through at most: some 4 million are a few hundred MB to choose among."""
LEAST_PRECISION = 0.5
"""Share of right links that must be certain (95 %) for anything to be linked, whatever the aim: where hardly anybody is
in both registers, the best expected F1 would be that of a heap of wrong links."""
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
    source: Literal["registers", "numbers"]
    """Where they come from."""
    compared: int
    """Pairs that the stage compared."""
    rows: tuple[int, int]
    """Rows of either side that could be linked."""
    same: Scores | None
    """Scores of pairs of one person, known by equal numbers; None where there are none."""
    votes: int = 1
    """For agreement, votes per bit: they squeeze the scores of unlike records together, which is undone before looking
    at how scores thin out (`linkage.protocol.profiles.Hardened.agreement`)."""

    least: float = 0.0
    """Links below this are by chance: however few strangers were there to say so, none is taken for right."""

    def spread(self, scores: Scores) -> Scores:
        """Scores on a scale on which they thin out evenly."""
        return np.asarray(np.maximum(2 * scores - 1, 0.0) ** (1 / self.votes)) if self.votes > 1 else scores

    def squeezed(self, spread: Scores) -> Scores:
        """Back from `spread`."""
        return np.asarray((spread**self.votes + 1) / 2) if self.votes > 1 else spread


def floor(sample: Scores, rows: tuple[int, int]) -> float:
    """The score that about `CANDIDATES_PER_ROW` pairs per row reach, `MOST_CANDIDATES` at most.

    Args:
        sample: scores of random pairs.
        rows: rows of either side.
    """
    share = min(CANDIDATES_PER_ROW * sum(rows), MOST_CANDIDATES) / max(rows[0] * rows[1], 1)
    if share >= 1 or not len(sample):
        return _rounded_down(0)
    quantile = float(np.quantile(sample, 1 - share))
    return _rounded_down(quantile)


def choose(aim: Aim, seen: Seen) -> float:
    """The threshold that serves an aim, `DIGITS` decimals; 1 where nothing is worth linking."""
    if not len(seen.links):
        return 1.0
    right, wrong = _right_and_wrong(seen, seen.links)
    number = right + wrong  # links at or above each score, those with the same score among them
    good = number - _wrong_at_most(seen, seen.links) >= LEAST_PRECISION * number
    good &= seen.links >= seen.least
    wrong = np.minimum(wrong + np.sqrt(wrong), number)  # few links: the best of many noisy sums is too good to be true
    right = number - wrong
    if aim.aim == "precision":
        good &= right >= (aim.at_least or 1.0) * number
    places = np.flatnonzero(good)
    if not len(places):
        return 1.0
    best = places[-1] if aim.aim == "precision" else places[np.argmax((right / (number + right.max()))[places])]
    return _rounded_down(float(seen.links[best]))


def judge(stage: int, parties: tuple[str, str], threshold: float, chosen: bool, seen: Seen) -> Judged:
    """What to expect of the links at or above a threshold."""
    links = int((seen.links >= threshold).sum())
    at = np.array([threshold])
    right = float(_right_and_wrong(seen, at)[0][0])
    scale = float(_scale(seen, _found(seen, at))[0])
    counts = [(int(s.at_least(at)[0]), s.pairs) for s in seen.strangers if s.pairs]
    low = min((poisson(count)[0] / pairs * scale for count, pairs in counts), default=0.0)
    high = max((poisson(count)[1] / pairs * scale for count, pairs in counts), default=math.inf)
    precision = (1.0, 0.0, 1.0)
    if links:
        middle, least, most = (1 - min(wrong, links) / links for wrong in (links - right, high, low))
        precision = middle, least, most
    recall, source = _recall(threshold, right, seen)
    return Judged(stage, parties, threshold, chosen, links, *precision, *recall, seen.source, source)


def _rounded_down(score: float) -> float:
    """To `DIGITS` decimals, and above 0."""
    return max(math.floor(score * 10.0**DIGITS), 1) / 10.0**DIGITS


def poisson(count: float) -> tuple[float, float]:
    """95 % interval of a mean, from one count (Byar's approximation; Breslow and Day 1987, equation 2.17)."""
    lower = count * (1 - 1 / (9 * count) - Z95 / (3 * math.sqrt(count))) ** 3 if count else 0.0
    return max(lower, 0.0), float(_upper(np.array([count]))[0])


def _upper(counts: NDArray[Any]) -> Scores:
    """Upper ends of the same for many counts."""
    more = counts + 1
    return np.asarray(more * (1 - 1 / (9 * more) + Z95 / (3 * np.sqrt(more))) ** 3)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 1927)."""
    if not of:
        return 0.0, 1.0
    share, z2 = hits / of, Z95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return min(max(0.0, middle - half), share), max(min(1.0, middle + half), share)


def _right_and_wrong(seen: Seen, at: Scores) -> tuple[Scores, Scores]:
    """Expected right and wrong links that reach each of some scores."""
    number = _reaching(seen, at)
    wrong = np.minimum(_rate(seen, at) * _scale(seen, _found(seen, at)), number)
    return np.asarray(number - wrong), np.asarray(wrong)


def _found(seen: Seen, at: Scores) -> Scores:
    """How many rows of either side have found their own person, going down the scores as far as each of some. Nobody
    has at the start: else strangers of whom all are linked would explain each other's links."""
    number, rate = _reaching(seen, seen.links), _rate(seen, seen.links)
    found = np.zeros(len(number) + 1)
    for _ in range(ROUNDS):
        right = number - np.minimum(rate * _scale(seen, found[1:]), number)
        found[1:] = np.maximum.accumulate(right)
    return np.asarray(found[_reaching(seen, at)])


def _reaching(seen: Seen, at: Scores) -> NDArray[np.int64]:
    """Links that reach each of some scores."""
    return np.asarray(len(seen.links) - np.searchsorted(seen.links[::-1], at, side="left"))


def _wrong_at_most(seen: Seen, at: Scores) -> Scores:
    """The same as the wrong links, but by the most strangers that the counts allow."""
    counts, pairs = _strangers(seen, at)
    most = _upper(counts) / pairs if pairs else np.ones(len(at))
    return np.asarray(np.minimum(most * _scale(seen, _found(seen, at)), _reaching(seen, at)))


def _rate(seen: Seen, at: Scores) -> Scores:
    """Share of the pairs of strangers that reach each of some scores."""
    counts, pairs = _strangers(seen, at)
    return np.asarray(counts / max(pairs, 1))


def _strangers(seen: Seen, at: Scores) -> tuple[NDArray[np.int64], int]:
    """How many strangers reach each of some scores, in all that was looked at; and how many that were."""
    counts = sum((s.at_least(at) for s in seen.strangers), np.zeros(len(at), np.int64))
    return np.asarray(counts), sum(s.pairs for s in seen.strangers)


def _scale(seen: Seen, found: Scores) -> Scores:
    """Pairs of rows that have not found their own person: only they can be linked to a stranger."""
    left, other = (1 - np.minimum(found / max(rows, 1), 1.0) for rows in seen.rows)
    return np.asarray(seen.compared * (left * other))


def _recall(
    threshold: float, right: float, seen: Seen
) -> tuple[tuple[float, float, float], Literal["numbers", "scores"]]:
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
    (less, more), (fewer, further) = poisson(first), poisson(second)

    def share(missed: float) -> float:
        return right / (right + missed) if right else 0.0

    return (share(_bell(first, second)), share(_evenly(more, fewer)), share(_bell(less, further))), "scores"


def _evenly(first: float, second: float) -> float:
    """Pairs below a score, when the windows above it hold `first` and then `second`, and each further one is thinner
    than the last in the same proportion: the most that a shape with one top has. Where they do not thin out, three
    times what the lowest window holds."""
    return min(first * first / (second - first), 3 * first) if second > first else 3 * first


def _bell(first: float, second: float) -> float:
    """The same when scores are a bell around their median, `WINDOWS` windows above: each proportion is then smaller
    than the last by the same factor."""
    if not first or second <= first:
        return _evenly(first, second)
    slope = math.log(first / second) / (WINDOWS - 1)
    bell = sum(first * math.exp(slope * sum(range(WINDOWS, WINDOWS + n))) for n in range(1, 20))
    return min(bell, _evenly(first, second))
