"""The stages of a protocol, run in order.

Rules kept here:

- Encodings of another protocol, or of the same party twice, are refused.
- A row linked in one stage does not enter the next.
- Of several rows with one token, the one that is linked follows from what they look like, not from where they stand:
  a custodian's rows stand in random order, and the answer may not depend on it.
- In a fuzzy stage two rows that both have a token named in `never_when_different`, and not the same one, are
  never linked: two valid numbers that differ mean two persons.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linkage.errors import InputError
from linkage.links import CandidatePairs, Coverage, Judged, Links
from linkage.match import assignment, blocking, comparison, quality, threshold
from linkage.match.comparison import Rule
from linkage.match.resume import Run
from linkage.match.work import Progress, Work
from linkage.protocol.model import Aim, AllPairs, Exact, Fuzzy, Protocol, SampledBits
from linkage.tables import Encodings, same_protocol

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class How:
    """How the stages are run: as agreed, and where nothing shapes a link, as the caller likes."""

    blocking: AllPairs | SampledBits
    """Which rows the fuzzy stages compare."""

    run: Run
    """Where finished work is kept."""
    assignment: str
    """How pairs become links, as agreed (`linkage.match.assignment.METHODS`)."""
    votes: int
    """Votes per bit of the profile hardened; 1 otherwise."""
    cores: int | None
    """Threads to use; None for all."""
    progress: Callable[[Progress], None] | None
    """Told how far a comparison is."""

    def work(self, stage: int, part: int) -> Work:
        """How one comparison of a stage is run."""
        return Work(self.cores, self.run.part(f"stage-{stage + 1}-part-{part + 1}"), self.progress, stage)


@dataclass(frozen=True)
class Sofar:
    """Where the stages are."""

    sides: tuple[Encodings, Encodings]
    looks: tuple[NDArray[np.uint64], NDArray[np.uint64]]
    """``uint64[n]`` per side, from `look`."""
    linked: tuple[Positions, Positions] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
    """Positions that are linked, left and right."""

    @property
    def free(self) -> list[Positions]:
        """Positions that no stage has linked yet, left and right."""
        sides = zip(self.sides, self.linked, strict=True)
        return [np.setdiff1d(np.arange(len(side), dtype=np.int64), linked) for side, linked in sides]

    def after(self, pairs: CandidatePairs) -> Sofar:
        """The same, with these pairs linked."""
        left, right = self.linked
        return replace(self, linked=(np.concatenate([left, pairs.left]), np.concatenate([right, pairs.right])))


def match(
    encodings: Sequence[Encodings],
    protocol: Protocol,
    *,
    cores: int | None = None,
    resume: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    seed: str | None = None,
) -> Links:
    """Link the encodings of two parties.

    Args:
        encodings: one per custodian of the protocol, in any order; the first is `left`.
        protocol: the protocol that they were made under.
        cores: threads to use; None for all. The links do not depend on it.
        resume: a folder, new or left by an earlier run over the same encodings, where finished blocks are kept until
            the links are in hand; a run that was stopped, in whatever way, goes on there and gives the same links.
            It holds positions and counts (`linkage.match.resume`). None keeps nothing.
        progress: called with a `linkage.match.work.Progress` now and then, in this thread.
        seed: 28 letters to repeat an earlier run with blocking (`Links.coverage` has it); drawn when None.

    Raises:
        Refused: encodings made under another protocol; `resume` belongs to another run; or so many pairs reach
            the threshold that it does not tell persons apart.
        InputError: not exactly one set of encodings of two different parties, or of another layout; or `resume`
            is no folder for this.
    """
    same_protocol(protocol.digest, *encodings)
    if len(encodings) != 2 or len({e.party for e in encodings}) != 2:
        raise InputError(f"expected encodings of two different parties, got {[e.party for e in encodings]}")
    left, right = encodings
    for e in encodings:
        words = protocol.layout(e.party).words
        if e.filters.shape != (len(e), words):
            raise InputError(f"expected filters of {words} words, got {e.filters.shape[1]}", where=e.party)
        expected = protocol.layout(e.party).tokens
        if set(e.tokens) != set(expected):
            raise InputError(f"expected tokens of {', '.join(expected)}, got {', '.join(e.tokens)}", where=e.party)
    how = How(
        protocol.matching.blocking,
        Run.open(resume, _digest(encodings), seed),
        protocol.matching.assignment,
        protocol.encoding.votes if protocol.encoding.profile == "hardened" else 1,
        cores,
        progress,
    )
    here = Sofar((left, right), (look(left), look(right)))
    found: list[CandidatePairs] = []
    judged: list[Judged] = []
    coverage: list[Coverage] = []
    conflicts = 0
    for number, stage in enumerate(protocol.matching.stages):
        if isinstance(stage, Exact):
            pairs, conflicting = _exact(stage, here)
            conflicts += conflicting
        else:
            pairs, one, covered = _fuzzy(stage, here, how, number)
            judged.append(one)
            coverage += covered
        found.append(pairs)
        here = here.after(pairs)
    links = Links(
        (left.party, right.party),
        protocol.digest,
        *here.linked,
        np.concatenate([pairs.score for pairs in found]),
        np.concatenate([np.full(len(pairs), n, np.int16) for n, pairs in enumerate(found)]),
        tuple(stage.stage for stage in protocol.matching.stages),
        left.rows,
        right.rows,
        judged=tuple(judged),
        coverage=tuple(coverage),
        conflicts=conflicts,
    )
    how.run.close()
    return links


def _digest(encodings: Sequence[Encodings]) -> str:
    """Of all that shapes the links: the protocol, and what the rows say; not their handles."""
    found = hashlib.sha256()
    for e in encodings:
        found.update(f"{e.party} {e.protocol_digest} {len(e)} {e.filters.shape[1]}\n".encode())
        for column in (e.filters, *(e.tokens[name] for name in sorted(e.tokens))):
            found.update(np.ascontiguousarray(column).view(np.uint8).data)
    return f"sha256:{found.hexdigest()}"


def look(encodings: Encodings) -> NDArray[np.uint64]:
    """``uint64[n]``: one number per row that depends on all that the row says, and not on its handle."""
    columns = [encodings.filters, *(encodings.tokens[name] for name in sorted(encodings.tokens))]
    columns += [encodings.categories[name][:, np.newaxis] for name in sorted(encodings.categories)]
    return assignment.look(np.hstack([np.ascontiguousarray(column).view(np.uint8) for column in columns]))


def _exact(stage: Exact, here: Sofar) -> tuple[CandidatePairs, int]:
    """Rows with the same token, and how many numbers are on both sides with a second field that differs.

    Where the stage asks a second field to agree, rows that have both take each other first; then rows of which one has
    no second field. What is left has the same number and another second field: a mix-up of persons, not a link.
    """
    first = [token_of(side, stage.field) for side in here.sides]
    if stage.second is None:
        return _pairs(*_equal(first, here.free, here.looks)), 0
    second = [token_of(side, stage.second) for side in here.sides]
    free, found = list(here.free), []
    for tokens, lacking in ((second, None), (first, 0), (first, 1)):
        asked = [rows if side != lacking else rows[~_present(second[side][rows])] for side, rows in enumerate(free)]
        a, b = _equal(tokens, asked, here.looks)
        found.append((a, b))
        free = [np.setdiff1d(rows, taken) for rows, taken in zip(free, (a, b), strict=True)]
    left, right = (np.concatenate(rows) for rows in zip(*found, strict=True))
    over = _equal(first, free, here.looks)[0]
    return _pairs(left, right), int((~np.isin(first[0][over], first[0][left])).sum())


def _equal(
    tokens: Sequence[NDArray[np.void]], free: Sequence[Positions], looks: Sequence[NDArray[np.uint64]]
) -> tuple[Positions, Positions]:
    """Free rows with the same token, one to one. A token that stands more often on one side is used once."""
    rows = []
    for token, a, seen in zip(tokens, free, looks, strict=True):
        has = a[_present(token[a])]
        ordered = has[np.lexsort((has, seen[has]))]
        rows.append(ordered[np.unique(token[ordered], return_index=True)[1]])
    a, b = rows
    _, i, j = np.intersect1d(tokens[0][a], tokens[1][b], assume_unique=True, return_indices=True)
    return a[i], b[j]


def _pairs(left: Positions, right: Positions) -> CandidatePairs:
    order = np.argsort(left)
    return CandidatePairs(left[order], right[order], np.ones(len(order)))


def _fuzzy(stage: Fuzzy, here: Sofar, how: How, number: int) -> tuple[CandidatePairs, Judged, list[Coverage]]:
    """Rows whose filters are alike enough, one to one; what to expect of them, and how they were found."""
    left, right = here.sides
    tokens = [_number(side, stage) for side in here.sides]
    sides = (
        quality.Rows(left.filters, tokens[0], here.free[0], here.looks[0]),
        quality.Rows(right.filters, tokens[1], here.free[1], here.looks[1]),
    )
    same = quality.same_number(tokens, here.linked)
    rule = Rule(stage.similarity, 1.0, left.filters.shape[1], stage.larger_weight or 0.5)
    aim = stage.threshold if isinstance(stage.threshold, Aim) else None
    allowed = _allowed(stage, left, right, *here.free)
    if isinstance(stage.threshold, Aim):
        rule = replace(rule, threshold=quality.floor(sides, rule))
        if any(blocking.too_many(len(a) * len(b), how.blocking) for a, b in allowed):
            rule = replace(rule, threshold=_on_a_sample(stage.threshold, rule, here, how, sides))
            aim = None
    else:
        rule = replace(rule, threshold=stage.threshold)
    parts = [_compare(rule, left, right, *rows, how, how.work(number, part)) for part, rows in enumerate(allowed)]
    pairs = _joined([pairs for pairs, _ in parts])
    keep = ~_contradicted(stage, left, right, pairs)
    links = assignment.METHODS[how.assignment](
        CandidatePairs(pairs.left[keep], pairs.right[keep], pairs.score[keep]), *here.looks
    )
    compared = sum(covered.possible for _, covered in parts)
    seen = quality.observe(sides, rule, links, compared, same, how.votes, how.cores)
    limit = rule.threshold if aim is None else threshold.choose(aim, seen)
    high = links.score >= limit if aim else np.ones(len(links), np.bool_)
    return (
        CandidatePairs(links.left[high], links.right[high], links.score[high]),
        threshold.judge(number, limit, isinstance(stage.threshold, Aim), seen),
        [coverage for _, coverage in parts],
    )


def _on_a_sample(aim: Aim, rule: Rule, here: Sofar, how: How, sides: tuple[quality.Rows, quality.Rows]) -> float:
    """A threshold chosen on some rows of the shorter side and all of the other, where all pairs are too many to look
    at."""
    some, every = quality.sampled(sides, rule)
    left, right = sides
    pairs = comparison.all_pairs(left.filters[some], right.filters[every], rule, Work(how.cores))
    pairs = CandidatePairs(some[pairs.left], every[pairs.right], pairs.score)
    one, other = left.tokens[pairs.left], right.tokens[pairs.right]
    keep = (one == b"") | (other == b"") | (one == other)
    links = assignment.METHODS[how.assignment](
        CandidatePairs(pairs.left[keep], pairs.right[keep], pairs.score[keep]), *here.looks
    )
    numbered = [int((side.tokens[rows] != b"").sum()) for side, rows in zip(sides, (some, every), strict=True)]
    compared = len(some) * len(every) - numbered[0] * numbered[1]  # two numbers are never linked here
    seen = quality.observe(sides, rule, links, compared, (some[:0], some[:0]), how.votes, how.cores)
    return threshold.choose(aim, replace(seen, rows=(len(some), len(every))))


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
    has_a = _present(token_of(left, stage.never_when_different[0])[a])
    has_b = _present(token_of(right, stage.never_when_different[0])[b])
    left_equal = np.isin(
        token_of(left, stage.never_when_different[0]), token_of(right, stage.never_when_different[0])[b]
    )
    twins = has_a & left_equal[a]  # an equal token left over: its twin rows were linked; compare it with all
    return [(a[~has_a | twins], b), (a[has_a & ~twins], b[~has_b])]


def _compare(
    rule: Rule, left: Encodings, right: Encodings, a: Positions, b: Positions, how: How, work: Work
) -> tuple[CandidatePairs, Coverage]:
    pairs, coverage = blocking.compare(left.filters[a], right.filters[b], rule, how.blocking, work, how.run.seed)
    return CandidatePairs(a[pairs.left], b[pairs.right], pairs.score), coverage


def _contradicted(stage: Fuzzy, left: Encodings, right: Encodings, pairs: CandidatePairs) -> NDArray[np.bool_]:
    result = np.zeros(len(pairs), dtype=np.bool_)
    for name in stage.never_when_different:
        one, other = token_of(left, name)[pairs.left], token_of(right, name)[pairs.right]
        result |= _present(one) & _present(other) & (one != other)
    return result


def token_of(encodings: Encodings, field: str) -> NDArray[np.void]:
    """``V16[n]``: a field's tokens, one comparable item per row; a party without the field has none."""
    tokens = encodings.tokens.get(field)
    if tokens is None:
        tokens = np.zeros((len(encodings), 16), np.uint8)
    return np.ascontiguousarray(tokens).view("S16").reshape(-1)


def _present(tokens: NDArray[np.void]) -> NDArray[np.bool_]:
    return np.asarray(tokens != b"", np.bool_)
