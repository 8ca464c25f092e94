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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linkage.errors import InputError
from linkage.match import assignment, comparison
from linkage.match.comparison import Rule
from linkage.match.resume import Run
from linkage.match.work import Progress, Work
from linkage.protocol.model import Exact, Fuzzy, Protocol
from linkage.tables import CandidatePairs, Encodings, Links, same_protocol

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class How:
    """How the stages are run. Nothing here changes a link."""

    run: Run
    """Where finished work is kept."""
    cores: int | None
    """Threads to use; None for all."""
    progress: Callable[[Progress], None] | None
    """Told how far a comparison is."""

    def work(self, stage: int, part: int) -> Work:
        """How one comparison of a stage is run."""
        return Work(self.cores, self.run.part(f"stage-{stage + 1}-part-{part + 1}"), self.progress, stage)


def match(
    encodings: Sequence[Encodings],
    protocol: Protocol,
    *,
    cores: int | None = None,
    resume: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
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
    how = How(Run.open(resume, _digest(encodings)), cores, progress)
    looks = look(left), look(right)
    free = [np.arange(len(left), dtype=np.int64), np.arange(len(right), dtype=np.int64)]
    found: list[tuple[int, CandidatePairs]] = []
    for number, stage in enumerate(protocol.matching.stages):
        if isinstance(stage, Exact):
            pairs = _exact(stage, left, right, free, looks)
        else:
            pairs = _fuzzy(stage, left, right, free, looks, how, number)
        found.append((number, pairs))
        free = [np.setdiff1d(free[0], pairs.left), np.setdiff1d(free[1], pairs.right)]
    links = Links(
        (left.party, right.party),
        protocol.digest,
        np.concatenate([p.left for _, p in found]),
        np.concatenate([p.right for _, p in found]),
        np.concatenate([p.score for _, p in found]),
        np.concatenate([np.full(len(p), n, np.int16) for n, p in found]),
        tuple(stage.stage for stage in protocol.matching.stages),
        left.rows,
        right.rows,
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


def positions_free(left: Encodings, right: Encodings, links: Links, stage: int) -> tuple[Positions, Positions]:
    """The rows of both sides that no stage before this one linked."""
    before = links.stage < stage
    every = np.arange(len(left), dtype=np.int64), np.arange(len(right), dtype=np.int64)
    return np.setdiff1d(every[0], links.left[before]), np.setdiff1d(every[1], links.right[before])


def look(encodings: Encodings) -> NDArray[np.uint64]:
    """``uint64[n]``: one number per row that depends on all that the row says, and not on its handle."""
    columns = [encodings.filters, *(encodings.tokens[name] for name in sorted(encodings.tokens))]
    columns += [encodings.categories[name][:, np.newaxis] for name in sorted(encodings.categories)]
    return assignment.look(np.hstack([np.ascontiguousarray(column).view(np.uint8) for column in columns]))


def _exact(
    stage: Exact, left: Encodings, right: Encodings, free: Sequence[Positions], looks: Sequence[NDArray[np.uint64]]
) -> CandidatePairs:
    """Rows with the same token. A token that stands more often on one side is used once."""
    tokens = token_of(left, stage.field), token_of(right, stage.field)
    rows = []
    for token, a, seen in zip(tokens, free, looks, strict=True):
        has = a[_present(token[a])]
        ordered = has[np.lexsort((has, seen[has]))]
        rows.append(ordered[np.unique(token[ordered], return_index=True)[1]])
    a, b = rows
    _, i, j = np.intersect1d(tokens[0][a], tokens[1][b], assume_unique=True, return_indices=True)
    order = np.argsort(a[i])
    return CandidatePairs(a[i][order], b[j][order], np.ones(len(order)))


def _fuzzy(
    stage: Fuzzy, left: Encodings, right: Encodings, free: Sequence[Positions], looks: Sequence[NDArray[np.uint64]],
    how: How, number: int,
) -> CandidatePairs:  # fmt: skip
    """Rows whose filters are alike enough, one to one."""
    parts = [
        _compare(stage, left, right, rows, others, how.work(number, part))
        for part, (rows, others) in enumerate(_allowed(stage, left, right, *free))
    ]
    pairs = CandidatePairs(
        np.concatenate([p.left for p in parts]),
        np.concatenate([p.right for p in parts]),
        np.concatenate([p.score for p in parts]),
    )
    keep = ~_contradicted(stage, left, right, pairs)
    pairs = CandidatePairs(pairs.left[keep], pairs.right[keep], pairs.score[keep])
    return assignment.one_to_one(pairs, *looks)


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


def _compare(stage: Fuzzy, left: Encodings, right: Encodings, a: Positions, b: Positions, how: Work) -> CandidatePairs:
    rule = Rule(stage.similarity, stage.threshold, left.filters.shape[1])
    pairs = comparison.all_pairs(left.filters[a], right.filters[b], rule, how)
    return CandidatePairs(a[pairs.left], b[pairs.right], pairs.score)


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
    return tokens != b""  # type: ignore[no-any-return]
