"""The stages of a protocol, run in order.

Rules kept here:

- Encodings of another protocol, or of the same party twice, are refused.
- Links of one stage are known to the next: a row that has found its person at a party is not linked there again,
  and what two stages say against each other is told (`linkage.match.disputed`).
- What is linked depends neither on the order of rows nor on that of parties: ties go by what rows look like.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linkage.errors import InputError
from linkage.links import CandidatePairs, Conflict, Links
from linkage.match import assignment, disputed, exact, fuzzy, spark
from linkage.match.fuzzy import Alike, How, Two
from linkage.match.groups import Between, Groups
from linkage.match.resume import Run
from linkage.match.work import Progress, Work
from linkage.protocol.model import Protocol
from linkage.protocol.stages import Exact, Fuzzy
from linkage.tables import Encodings, same_protocol


def match(  # noqa: PLR0913 -- what was agreed, and how to run it
    encodings: Sequence[Encodings],
    protocol: Protocol,
    *,
    cores: int | None = None,
    resume: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    seed: str | None = None,
    engine: str = "local",
    master: str | None = None,
) -> Links:
    """Link the encodings of two or more parties.

    Args:
        encodings: of the protocol's custodians, in any order, two at least; of two the first is `left`.
        protocol: the protocol that they were made under.
        cores: threads to use; None for all. The links do not depend on it.
        resume: a folder, new or left by an earlier run over the same encodings, where finished blocks are kept until
            the links are in hand; a run that was stopped, in whatever way, goes on there and gives the same links.
            It holds positions and counts (`linkage.match.resume`). None keeps nothing.
        progress: called with a `linkage.match.work.Progress` now and then, in this thread.
        seed: 28 letters to repeat an earlier run with blocking (`Links.coverage` has it); drawn when None.
        engine: ``local``, or ``spark``: the pairs of fuzzy stages are then found on a cluster, which is sent filters
            and no token (`linkage.match.spark`). Exact stages, thresholds and assignment stay here.
        master: URL of the cluster, as ``spark://HOST:7077``; None for the Spark session that this process has.

    Raises:
        Refused: encodings made under another protocol; `resume` belongs to another run; or so many pairs reach
            the threshold that it does not tell persons apart.
        InputError: fewer than two sets of encodings, two of one party, or another layout; or `resume` is no folder
            for this; or there is no such engine, or no pyspark, Java or cluster for it.
    """
    _refuse_foreign(encodings, protocol)
    with spark.engine(engine, master) as cluster:
        return _matched(encodings, protocol, resume, seed, Work(cores, progress=progress, engine=cluster))


def _matched(
    encodings: Sequence[Encodings], protocol: Protocol, resume: Path | None, seed: str | None, work: Work
) -> Links:
    """As of `match`."""
    agreed = protocol.matching
    how = How(
        agreed.blocking,
        Run.open(resume, _digest(encodings), seed),
        agreed.assignment,
        protocol.encoding.votes if protocol.encoding.profile == "hardened" else 1,
        protocol.encoding.chance if protocol.encoding.profile == "hardened" else 0.0,
        work.cores,
        work.progress,
        work.engine,
    )
    groups = Groups([look(e) for e in encodings], _once(agreed.assignment, len(encodings)))
    found: list[tuple[int, Between]] = []
    seen: list[Alike] = []
    conflicts: list[Conflict] = []
    for number, stage in enumerate(agreed.stages):
        if isinstance(stage, Exact):
            found += [(number, one) for one in exact.stage(stage, encodings, groups)]
            conflicts += exact.crossed(number, stage, encodings, groups)
        else:
            between = []
            for part, (p, q) in enumerate(combinations(range(len(encodings)), 2)):
                two = _two(encodings, groups, p, q)
                one = fuzzy.alike(stage, two, how, number, part)
                between.append(Between(p, q, one.pairs))
                seen.append(one)
                by_number = disputed.by_number(two, [s.field for s in agreed.stages if isinstance(s, Exact)])
                conflicts += disputed.links(number, stage, two, by_number, one.rule, work.cores)
            joined, refused = groups.join(between, _numbers(stage, encodings))
            conflicts += disputed.crossed(number, encodings, between, refused)
            found += [(number, one._replace(pairs=pairs)) for one, pairs in zip(between, joined, strict=True)]
    links = _links(protocol, encodings, found, seen, conflicts)
    how.run.close()
    return links


def _refuse_foreign(encodings: Sequence[Encodings], protocol: Protocol) -> None:
    same_protocol(protocol.digest, *encodings)
    parties = [e.party for e in encodings]
    if len(encodings) < 2 or len(set(parties)) != len(parties):
        raise InputError(f"expected encodings of two or more different parties, got {parties}")
    for e in encodings:
        layout = protocol.layout(e.party)
        if e.filters.shape != (len(e), layout.words):
            raise InputError(f"expected filters of {layout.words} words, got {e.filters.shape[1]}", where=e.party)
        if set(e.tokens) != set(layout.tokens):
            raise InputError(f"expected tokens of {', '.join(layout.tokens)}, got {', '.join(e.tokens)}", where=e.party)


def _once(method: str, parties: int) -> list[bool]:
    """Per party, whether a person has one row there at most."""
    return {"many-to-one": [False, True], "many-to-many": [False] * parties}.get(method, [True] * parties)


def _two(encodings: Sequence[Encodings], groups: Groups, p: int, q: int) -> Two:
    return Two(
        (encodings[p], encodings[q]), (groups.looks_of(p), groups.looks_of(q)),
        (groups.open(p, q), groups.open(q, p)), groups.together(p, q),
    )  # fmt: skip


def _numbers(stage: Fuzzy, encodings: Sequence[Encodings]) -> list[NDArray[np.int64]]:
    """Per field that tells persons apart, ``int64[n]`` over the rows of all parties: its tokens as numbers, 0 for
    none."""
    result = []
    for name in stage.never_when_different:
        tokens = np.concatenate([exact.token_of(e, name) for e in encodings])
        result.append(np.where(exact.present(tokens), np.unique(tokens, return_inverse=True)[1] + 1, 0))
    return result


def _links(
    protocol: Protocol, encodings: Sequence[Encodings], found: Sequence[tuple[int, Between]], seen: Sequence[Alike],
    conflicts: Sequence[Conflict],
) -> Links:  # fmt: skip
    every = [one for _, one in found]
    stage = np.concatenate([np.full(len(one.pairs), number, np.int16) for number, one in found])
    pairs = CandidatePairs(*(np.concatenate([getattr(f.pairs, n) for f in every]) for n in ("left", "right", "score")))
    parties = [np.concatenate([np.full(len(f.pairs), f[n], np.int16) for f in every]) for n in (0, 1)]
    order = np.arange(len(pairs)) if len(encodings) == 2 else np.lexsort((*parties[::-1], -pairs.score, stage))
    return Links(
        tuple(e.party for e in encodings),
        protocol.digest,
        tuple(len(e) for e in encodings),
        parties[0][order], pairs.left[order], parties[1][order], pairs.right[order],
        pairs.score[order],
        stage[order],
        tuple(one.stage for one in protocol.matching.stages),
        tuple(e.rows for e in encodings),
        coverage=tuple(covered for one in seen for covered in one.coverage),
        judged=tuple(one.judged for one in seen),
        conflicts=tuple(conflicts),
    )  # fmt: skip


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
