"""Where exact and fuzzy stages say different things of the same rows.

Rules kept here:

- Nothing is changed: an exact link stays, and what speaks against it is told, with the rows.
- What would cost more comparisons than a sample allows is looked at on the first rows in the order of what they look
  like; how many were looked at is part of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from linkage.links import CandidatePairs, Conflict
from linkage.match import comparison, quality
from linkage.match.comparison import Rule
from linkage.match.exact import present, token_of
from linkage.match.fuzzy import Two, contradicted
from linkage.match.groups import Between, Positions
from linkage.match.work import Work
from linkage.protocol.stages import Fuzzy
from linkage.tables import Encodings


def by_number(two: Two, fields: Sequence[str]) -> CandidatePairs:
    """Of the pairs that earlier stages put together, those that have an equal token in any of some fields."""
    equal = np.zeros(len(two.linked[0]), np.bool_)
    for name in fields:
        one, other = (token_of(side, name)[rows] for side, rows in zip(two.sides, two.linked, strict=True))
        equal |= present(one) & (one == other)
    return CandidatePairs(two.linked[0][equal], two.linked[1][equal], np.ones(int(equal.sum())))


def links(number: int, stage: Fuzzy, two: Two, known: CandidatePairs, rule: Rule, cores: int | None) -> list[Conflict]:
    """Exact links that a fuzzy stage would not have made, or would have made otherwise.

    Args:
        number: place of the stage, from 0.
        stage: as agreed.
        two: the parties, before the stage.
        known: links by number between them.
        rule: the comparison, with the threshold of the stage.
        cores: threads to use; None for all.
    """
    left, right = two.sides
    filled = np.asarray(left.filters[known.left].any(axis=1) & right.filters[known.right].any(axis=1))
    known = known[filled]
    known = replace(known, score=comparison.scores(left.filters[known.left], right.filters[known.right], rule))
    unlike = known[np.flatnonzero(known.score < rule.threshold)]
    one, looked_at = _contested(stage, two, known, rule, cores)
    turned = Two(two.sides[::-1], two.looks[::-1], two.free[::-1], two.linked[::-1])
    back = CandidatePairs(known.right, known.left, known.score)
    other, more = _contested(stage, turned, back, rule, cores)
    rows = np.concatenate([one.left, other.right]), np.concatenate([one.right, other.left])
    return [
        Conflict(number, two.parties, "unlike", len(known), unlike.left, unlike.right),
        Conflict(number, two.parties, "contested", looked_at + more, *rows),
    ]


def _contested(
    stage: Fuzzy, two: Two, known: CandidatePairs, rule: Rule, cores: int | None
) -> tuple[CandidatePairs, int]:
    """Free rows of the right side that are more like a left row than the row it is linked with; and how many links
    were looked at."""
    left, right = two.sides
    free = np.setdiff1d(two.free[1], known.right)
    if len(stage.never_when_different) == 1:  # a row with a number of its own is another person
        free = free[~present(token_of(right, stage.never_when_different[0])[free])]
    order = np.lexsort((known.left, two.looks[0][known.left]))
    known = known[order[: quality.sample(len(free), rule)]]
    found: list[tuple[Positions, Positions]] = []
    how = Work(cores, kept=False)
    filters = left.filters[known.left], right.filters[free]
    for i, j, different in comparison.stream(*filters, rule, how):
        score = rule.score(
            different, *(comparison.popcounts(side[at]) for side, at in zip(filters, (i, j), strict=True))
        )
        more = score > known.score[i]
        found.append((known.left[i[more]], free[j[more]]))
    empty = np.zeros(0, np.int64)
    rows = [np.concatenate([part[n] for part in found]) if found else empty for n in (0, 1)]
    order = np.lexsort(rows[::-1])
    pairs = CandidatePairs(rows[0][order], rows[1][order], np.zeros(len(order)))
    return pairs[~contradicted(stage, left, right, pairs)], len(known)


def crossed(
    number: int, every: Sequence[Encodings], between: Sequence[Between], refused: Sequence[CandidatePairs]
) -> list[Conflict]:
    """Pairs of a fuzzy stage whose groups cannot be one person."""
    return [
        Conflict(number, (every[f.left].party, every[f.right].party), "crossed", len(f.pairs), pairs.left, pairs.right)
        for f, pairs in zip(between, refused, strict=True)
    ]
