"""A fuzzy stage between two parties: rows whose filters are alike enough.

Rules kept here:

- Two rows that both have a token named in `never_when_different`, and not the same one, are never linked: two valid
  numbers that differ mean two persons.
- A threshold that is aimed at is chosen for these two parties, from their scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from linkage.links import CandidatePairs, Coverage, Judged
from linkage.match import assignment, blocking, comparison, quality, threshold
from linkage.match.comparison import Rule
from linkage.match.exact import present, token_of
from linkage.match.groups import Positions
from linkage.match.resume import Run
from linkage.match.work import Engine, Progress, Work
from linkage.protocol.stages import Aim, AllPairs, Fuzzy, SampledBits
from linkage.tables import Encodings


@dataclass(frozen=True)
class How:
    """How stages are run: as agreed, and where nothing shapes a link, as the caller likes."""

    blocking: AllPairs | SampledBits
    """Which rows are compared."""
    run: Run
    """Where finished work is kept."""
    assignment: str
    """How pairs become links, as agreed (`linkage.match.assignment.METHODS`)."""
    votes: int
    """Votes per bit of the profile hardened; 1 otherwise."""
    least: float
    """No threshold below this is chosen (`linkage.protocol.profiles.Hardened.chance`); 0 for other profiles."""
    cores: int | None
    """Threads to use; None for all."""
    progress: Callable[[Progress], None] | None
    """Told how far a comparison is."""
    engine: Engine | None
    """What does the comparisons that links are made of; None for threads."""

    def work(self, stage: int, parties: tuple[str, str], part: int) -> Work:
        """How one comparison of a stage is run."""
        state = self.run.part(f"stage-{stage + 1}-part-{part + 1}")
        return Work(self.cores, state, self.progress, stage, parties, engine=self.engine)


@dataclass(frozen=True)
class Two:
    """Two parties before a stage."""

    sides: tuple[Encodings, Encodings]
    looks: tuple[NDArray[np.uint64], NDArray[np.uint64]]
    """``uint64[n]`` per side (`linkage.match.assignment.look`)."""
    free: tuple[Positions, Positions]
    """Positions that may yet be linked with a row of the other side."""
    linked: tuple[Positions, Positions]
    """Positions, pair by pair, that earlier stages have put together."""

    @property
    def parties(self) -> tuple[str, str]:
        """Who they are."""
        return self.sides[0].party, self.sides[1].party


@dataclass(frozen=True)
class Alike:
    """What a stage found between two parties."""

    pairs: CandidatePairs
    """What is to be linked."""
    rule: Rule
    """How alike they had to be."""
    judged: Judged
    coverage: list[Coverage]


def alike(stage: Fuzzy, two: Two, how: How, number: int, part: int) -> Alike:
    """Rows whose filters are alike enough, assigned as agreed; what to expect of them, and how they were found.

    Args:
        stage: as agreed.
        two: the parties.
        how: how to run.
        number: place of the stage, from 0.
        part: which two parties, from 0; names the folders of a run that can be resumed.

    Raises:
        Refused: more pairs than `linkage.match.work.most_pairs`.
    """
    left, right = two.sides
    tokens = [_number(side, stage) for side in two.sides]
    sides = (
        quality.Rows(left.filters, tokens[0], two.free[0], two.looks[0]),
        quality.Rows(right.filters, tokens[1], two.free[1], two.looks[1]),
    )
    same = quality.same_number(tokens, two.linked)
    rule = Rule(stage.similarity, 1.0, left.filters.shape[1], stage.larger_weight or 0.5)
    aim = stage.threshold if isinstance(stage.threshold, Aim) else None
    allowed = _allowed(stage, left, right, *two.free)
    if isinstance(stage.threshold, Aim):
        rule = replace(rule, threshold=quality.floor(sides, rule))
        if any(blocking.too_many(len(a) * len(b), how.blocking) for a, b in allowed):
            rule = replace(rule, threshold=_on_a_sample(stage.threshold, rule, two, how, sides))
            aim = None
    else:
        rule = replace(rule, threshold=stage.threshold)
    works = [how.work(number, two.parties, 2 * part + n) for n in range(len(allowed))]
    parts = [_compare(rule, two, *rows, how, work) for rows, work in zip(allowed, works, strict=True)]
    pairs = _joined([pairs for pairs, _ in parts])
    pairs = pairs[~contradicted(stage, left, right, pairs)]
    links = assignment.METHODS[how.assignment](pairs, *two.looks)
    best = _best(pairs, two, how)
    compared = sum(covered.possible for _, covered in parts)
    seen = quality.observe(sides, rule, best, compared, same, how.votes, how.cores)
    seen = replace(seen, least=how.least)
    limit = rule.threshold if aim is None else threshold.choose(aim, seen)
    return Alike(
        links[links.score >= limit] if aim else links,
        replace(rule, threshold=limit),
        threshold.judge(number, two.parties, limit, isinstance(stage.threshold, Aim), seen),
        [covered for _, covered in parts],
    )


def _on_a_sample(aim: Aim, rule: Rule, two: Two, how: How, sides: tuple[quality.Rows, quality.Rows]) -> float:
    """A threshold chosen on some rows of the shorter side and all of the other, where all pairs are too many to look
    at."""
    some, every = quality.sampled(sides, rule)
    left, right = sides
    pairs = comparison.all_pairs(left.filters[some], right.filters[every], rule, Work(how.cores))
    pairs = CandidatePairs(some[pairs.left], every[pairs.right], pairs.score)
    one, other = left.tokens[pairs.left], right.tokens[pairs.right]
    links = _best(pairs[(one == b"") | (other == b"") | (one == other)], two, how)
    numbered = [int((side.tokens[rows] != b"").sum()) for side, rows in zip(sides, (some, every), strict=True)]
    compared = len(some) * len(every) - numbered[0] * numbered[1]  # two numbers are never linked here
    seen = quality.observe(sides, rule, links, compared, (some[:0], some[:0]), how.votes, how.cores)
    return threshold.choose(aim, replace(seen, rows=(len(some), len(every)), least=how.least))


def _best(pairs: CandidatePairs, two: Two, how: How) -> CandidatePairs:
    """The pairs that a threshold is chosen and judged by: assigned as agreed, and one to one where all are kept."""
    method = "one-to-one" if how.assignment == "many-to-many" else how.assignment
    return assignment.METHODS[method](pairs, *two.looks)


def _joined(parts: Sequence[CandidatePairs]) -> CandidatePairs:
    return CandidatePairs(
        np.concatenate([p.left for p in parts]),
        np.concatenate([p.right for p in parts]),
        np.concatenate([p.score for p in parts]),
    )


def _number(encodings: Encodings, stage: Fuzzy) -> NDArray[np.void]:
    """The tokens of the number that tells persons apart in this stage, where there is just one."""
    names = stage.never_when_different
    return token_of(encodings, names[0]) if len(names) == 1 else np.zeros(len(encodings), "S16")


def _allowed(
    stage: Fuzzy, left: Encodings, right: Encodings, a: Positions, b: Positions
) -> list[tuple[Positions, Positions]]:
    """Which rows to compare with which. Where one field rules out pairs of two different tokens, and equal ones
    are linked already, a pair needs a side without the token: far fewer comparisons, the same links."""
    if len(stage.never_when_different) != 1:
        return [(a, b)]
    has_a = present(token_of(left, stage.never_when_different[0])[a])
    has_b = present(token_of(right, stage.never_when_different[0])[b])
    left_equal = np.isin(
        token_of(left, stage.never_when_different[0]), token_of(right, stage.never_when_different[0])[b]
    )
    twins = has_a & left_equal[a]  # an equal token left over: its twin rows were linked; compare it with all
    return [(a[~has_a | twins], b), (a[has_a & ~twins], b[~has_b])]


def _compare(rule: Rule, two: Two, a: Positions, b: Positions, how: How, work: Work) -> tuple[CandidatePairs, Coverage]:
    left, right = two.sides
    pairs, coverage = blocking.compare(left.filters[a], right.filters[b], rule, how.blocking, work, how.run.seed)
    return CandidatePairs(a[pairs.left], b[pairs.right], pairs.score), coverage


def contradicted(stage: Fuzzy, left: Encodings, right: Encodings, pairs: CandidatePairs) -> NDArray[np.bool_]:
    """``bool[m]``: which pairs are of two persons by their numbers."""
    result = np.zeros(len(pairs), dtype=np.bool_)
    for name in stage.never_when_different:
        one, other = token_of(left, name)[pairs.left], token_of(right, name)[pairs.right]
        result |= present(one) & present(other) & (one != other)
    return result
