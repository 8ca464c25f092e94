"""The exact stage: rows with equal tokens.

Rules kept here:

- Where a person has one row at a party, a token that stands in several is used once: the row that is taken follows from
  what they look like, not from where they stand. A custodian's rows stand in random order, and the answer may not
  depend on it.
- Elsewhere every row is taken, with pairs enough to bring them together: not each with each, which a token that a
  whole register shares would make endless.
- Rows with equal tokens that do not end in one group are told, not joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from linkage.links import CandidatePairs, Conflict, Kind
from linkage.match.groups import Between, Groups, Positions
from linkage.protocol.stages import Exact
from linkage.tables import Encodings

Tokens = NDArray[np.void]


def stage(agreed: Exact, every: Sequence[Encodings], groups: Groups) -> list[Between]:
    """Join groups by equal tokens, and return the pairs that did.

    Where the stage asks a second field to agree, rows that have both and the same take each other first; then rows of
    which one has no second field. Equal numbers with another second field are a mix-up of persons, not a link.

    Args:
        agreed: as agreed.
        every: the encodings of all parties.
        groups: of their rows.
    """
    first = [token_of(e, agreed.field) for e in every]
    if agreed.second is None:
        return _joined(groups, equal(first, groups))
    second = [token_of(e, agreed.second) for e in every]
    numbers = np.unique(np.concatenate(second), return_inverse=True)[1] + 1
    apart = [np.where(present(np.concatenate(second)), numbers, 0)]
    lacking = [~present(token) for token in second]
    passes = [_joined(groups, equal(second, groups))]
    for sides in ((lacking, None), (None, lacking)):
        passes.append(_joined(groups, equal(first, groups, *sides), apart))
    return [
        Between(found[0].left, found[0].right, _ordered([(one.pairs.left, one.pairs.right) for one in found]))
        for found in zip(*passes, strict=True)
    ]


def equal(
    tokens: Sequence[Tokens], groups: Groups, left: Sequence[NDArray[np.bool_]] | None = None,
    right: Sequence[NDArray[np.bool_]] | None = None,
) -> list[Between]:  # fmt: skip
    """The pairs that equal tokens make, among rows that may yet be linked; for any two parties.

    Args:
        tokens: of all parties.
        groups: of their rows.
        left: per party ``bool[n]``, which of its rows count as left ones; all when None.
        right: likewise.
    """
    parties = range(len(tokens))
    rows = []
    for party in parties:
        free = np.unique(np.concatenate([groups.open(party, other) for other in parties if other != party]))
        has = free[present(tokens[party][free])]
        rows.append(has[np.lexsort((has, groups.looks_of(party)[has]))])
    ours, theirs = (
        [at if kept is None else at[kept[party][at]] for party, at in enumerate(rows)] for kept in (left, right)
    )
    found = []
    for p, q in combinations(parties, 2):
        firsts = tuple(at[np.unique(tokens[n][at], return_index=True)[1]] for n, at in ((p, ours[p]), (q, theirs[q])))
        parts = [_equal(tokens[p], firsts[0], tokens[q], firsts[1])]
        if not groups.once[p]:
            parts.append(_equal(tokens[p], np.setdiff1d(ours[p], firsts[0]), tokens[q], firsts[1]))
        if not groups.once[q]:
            parts.append(_equal(tokens[q], np.setdiff1d(theirs[q], firsts[1]), tokens[p], firsts[0])[::-1])
        found.append(Between(p, q, _ordered(parts)))
    return found


def _ordered(parts: Sequence[tuple[Positions, Positions]]) -> CandidatePairs:
    """Pairs in order of their left row."""
    left, right = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
    order = np.lexsort((right, left))
    return CandidatePairs(left[order], right[order], np.ones(len(order)))


def _joined(groups: Groups, between: list[Between], apart: Sequence[NDArray[np.int64]] = ()) -> list[Between]:
    joined, _ = groups.join(between, apart)
    return [one._replace(pairs=pairs) for one, pairs in zip(between, joined, strict=True)]


def crossed(number: int, agreed: Exact, every: Sequence[Encodings], groups: Groups) -> list[Conflict]:
    """Tokens that two parties have and that joined no row of one with a row of the other: for each a row of either,
    one that is linked, if any.

    Args:
        number: place of the stage, from 0.
        agreed, every, groups: as of `stage`, after it.
    """
    tokens = [token_of(e, agreed.field) for e in every]
    second = [token_of(e, agreed.second or "") for e in every]
    size = np.bincount(np.concatenate([groups.of(party) for party in range(len(every))]), minlength=1)
    rows, firsts = [], []
    for party, token in enumerate(tokens):
        has = np.flatnonzero(present(token))
        alone = size[groups.of(party)[has]] == 1
        rows.append(has[np.lexsort((has, groups.looks_of(party)[has], alone))])
        firsts.append(rows[-1][np.unique(token[rows[-1]], return_index=True)[1]])
    found = []
    for p, q in combinations(range(len(every)), 2):
        left, right = _equal(tokens[p], firsts[p], tokens[q], firsts[q])
        apart = ~np.isin(tokens[p][left], _settled(groups, (p, tokens[p], rows[p]), (q, tokens[q], rows[q])))
        one, other = second[p][left], second[q][right]
        differs = apart & present(one) & present(other) & (one != other)
        parties, looked_at = (every[p].party, every[q].party), len(left)
        kinds: tuple[tuple[Kind, NDArray[np.bool_]], ...] = (("crossed", apart & ~differs), ("differs", differs))
        for kind, kept in kinds[: 1 + (agreed.second is not None)]:
            found.append(Conflict(number, parties, kind, looked_at, left[kept], right[kept]))
    return found


def _settled(groups: Groups, *sides: tuple[int, Tokens, Positions]) -> Tokens:
    """Tokens that stand in one group at both parties."""
    known = np.concatenate([token[at] for _, token, at in sides])
    code = np.unique(known, return_inverse=True)[1] * (len(groups.parent) + 1)
    code += np.concatenate([groups.of(party)[at] for party, _, at in sides])
    half = len(sides[0][2])
    return known[:half][np.isin(code[:half], code[half:])]


def token_of(encodings: Encodings, field: str) -> Tokens:
    """``V16[n]``: a field's tokens, one comparable item per row; a party without the field has none."""
    tokens = encodings.tokens.get(field)
    if tokens is None:
        tokens = np.zeros((len(encodings), 16), np.uint8)
    return np.ascontiguousarray(tokens).view("S16").reshape(-1)


def present(tokens: Tokens) -> NDArray[np.bool_]:
    """``bool[n]``: which of them are tokens, not the absence of one."""
    return np.asarray(tokens != b"", np.bool_)


def _equal(left: Tokens, a: Positions, right: Tokens, b: Positions) -> tuple[Positions, Positions]:
    """Which rows of a have the token of which row of b, whose tokens are distinct and in order."""
    known = right[b]
    place = np.searchsorted(known, left[a])
    inside = np.flatnonzero(place < len(known))
    hit = inside[known[place[inside]] == left[a[inside]]]
    return a[hit], b[place[hit]]
