"""What a fuzzy stage can see of strangers, and of the rows of one person, before it decides.

Rules kept here:

- Rows that have a number on both sides are labelled for free: equal numbers are one person, different numbers are
  two. That holds as far as rows without a number are written as carelessly as rows with one.
- Without enough of them, two rows of one register stand for two persons; a row that is there twice spoils that, so
  rows with equal numbers are left out.
- Samples are the first rows in the order of what they look like: the order in which rows came does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from linkage.links import CandidatePairs
from linkage.match import comparison, threshold
from linkage.match.comparison import Rule
from linkage.match.threshold import Seen, Strangers
from linkage.match.work import Work

WORDS_COMPARED = 3_000_000_000
"""64-bit words of filters that are compared to see strangers: half a minute at the most."""
SAMPLE_ROWS = 1_000
"""Rows of each side whose scores tell where the floor is."""
LEAST_ROWS = 2_000
"""Rows that a threshold is chosen on at least, where all pairs are too many: fewer have too few links to tell."""
ENOUGH = 1_000
"""Rows with a number that either side must have for strangers to be known by numbers."""

Positions = NDArray[np.int64]
Filters = NDArray[np.uint64]
Tokens = NDArray[np.void]


class Rows:
    """One side of a stage: rows that may be linked, in the order of what they look like."""

    def __init__(self, filters: Filters, tokens: Tokens, free: Positions, looks: NDArray[np.uint64]) -> None:
        """Args: ``uint64[n, words]`` filters, a number's token per row, positions still free, and looks of all."""
        filled = np.asarray(filters.any(axis=1))
        self.filters, self.tokens = filters, tokens
        every = np.argsort(looks, kind="stable")
        every = every[filled[every]]
        self.free = every[np.isin(every, free)]
        self.numbered = every[tokens[every] != b""]


def floor(sides: tuple[Rows, Rows], rule: Rule) -> float:
    """The lowest score worth looking at."""
    a, b = (side.filters[side.free[:SAMPLE_ROWS]] for side in sides)
    if not len(a) or not len(b):
        return threshold.floor(np.zeros(0), (1, 1))
    rows = [comparison.scores(np.broadcast_to(row, b.shape), b, rule) for row in a]
    return threshold.floor(np.concatenate(rows), (len(sides[0].free), len(sides[1].free)))


def observe(
    sides: tuple[Rows, Rows], rule: Rule, links: CandidatePairs, compared: int, same: tuple[Positions, Positions],
    votes: int, cores: int | None,
) -> Seen:  # fmt: skip
    """All that the threshold of a stage is chosen or judged by.

    Args:
        sides: the two sides.
        rule: the comparison, at the lowest score of interest.
        links: what assignment gave, at that score.
        compared: pairs that the stage compared.
        same: positions of rows that equal numbers joined.
        votes: of the profile hardened; 1 otherwise.
        cores: threads to use; None for all.
    """
    left, right = sides
    source: Literal["registers", "numbers"]
    strangers: list[Strangers]
    if min(len(left.numbered), len(right.numbered)) >= ENOUGH:
        source, strangers = "numbers", [_across(left, right, rule, cores)]
    else:
        source, strangers = "registers", [_within(side, rule, cores) for side in sides]
    known = None
    filled = left.filters[same[0]].any(axis=1) & right.filters[same[1]].any(axis=1)
    if filled.any():
        known = comparison.scores(left.filters[same[0][filled]], right.filters[same[1][filled]], rule)
    scores = np.sort(links.score)[::-1]
    return Seen(scores, strangers, source, compared, (len(left.free), len(right.free)), known, votes)


def _within(side: Rows, rule: Rule, cores: int | None) -> Strangers:
    """Rows of one register, each with every other."""
    some = side.free[: sample(len(side.free), rule)]
    pairs = comparison.all_pairs(side.filters[some], side.filters[side.free], rule, Work(cores))
    a, b = some[pairs.left], side.free[pairs.right]
    equal = (side.tokens[a] == side.tokens[b]) & (side.tokens[a] != b"")
    return Strangers(pairs.score[(a != b) & ~equal], len(some) * max(len(side.free) - 1, 0))


def _across(left: Rows, right: Rows, rule: Rule, cores: int | None) -> Strangers:
    """Rows with a number against rows of the other side with a different one."""
    most = max(math.isqrt(WORDS_COMPARED // rule.words), 1)
    a, b = left.numbered, right.numbered
    a, b = a[: max(most, sample(len(b), rule))], b[: max(most, sample(len(a), rule))]
    pairs = comparison.all_pairs(left.filters[a], right.filters[b], rule, Work(cores))
    different = left.tokens[a[pairs.left]] != right.tokens[b[pairs.right]]
    return Strangers(pairs.score[different], len(a) * len(b))


def sample(others: int, rule: Rule) -> int:
    """Rows that may be compared with so many others."""
    return max(WORDS_COMPARED // max(others * rule.words, 1), 1)


def sampled(sides: tuple[Rows, Rows], rule: Rule) -> tuple[Positions, Positions]:
    """Rows of the shorter side that may be compared with all of the other, and these: of either side, whichever is
    called left."""
    left, right = sides[0].free, sides[1].free
    if len(right) < len(left):
        return left, right[: max(sample(len(left), rule), LEAST_ROWS)]
    return left[: max(sample(len(right), rule), LEAST_ROWS)], right


def same_number(tokens: Sequence[Tokens], linked: tuple[Positions, Positions]) -> tuple[Positions, Positions]:
    """Those of the linked rows that have the same number."""
    one, other = tokens[0][linked[0]], tokens[1][linked[1]]
    equal = (one == other) & (one != b"")
    return linked[0][equal], linked[1][equal]
