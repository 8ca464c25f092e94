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

from linkage.links import CandidatePairs, Conflict
from linkage.match.groups import Between, Groups, Positions
from linkage.tables import Encodings

Tokens = NDArray[np.void]


def equal(field: str, every: Sequence[Encodings], groups: Groups) -> list[Between]:
    """The pairs that equal tokens of a field make, among rows that may yet be linked; for any two parties.

    Args:
        field: sent as exact.
        every: the encodings of all parties.
        groups: of their rows.
    """
    tokens = [token_of(e, field) for e in every]
    parties = range(len(every))
    rows = []
    for party in parties:
        free = np.unique(np.concatenate([groups.open(party, other) for other in parties if other != party]))
        has = free[present(tokens[party][free])]
        rows.append(has[np.lexsort((has, groups.looks[groups.first[party] + has]))])
    firsts = [at[np.unique(token[at], return_index=True)[1]] for token, at in zip(tokens, rows, strict=True)]
    found = []
    for p, q in combinations(parties, 2):
        left, right = _equal(tokens[p], firsts[p], tokens[q], firsts[q])
        parts = [(left, right)]
        if not groups.once[p]:
            parts.append(_equal(tokens[p], np.setdiff1d(rows[p], firsts[p]), tokens[q], firsts[q]))
        if not groups.once[q]:
            parts.append(_equal(tokens[q], np.setdiff1d(rows[q], firsts[q]), tokens[p], firsts[p])[::-1])
        left, right = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
        order = np.lexsort((right, left))
        found.append(Between(p, q, CandidatePairs(left[order], right[order], np.ones(len(order)))))
    return found


def crossed(stage: int, field: str, every: Sequence[Encodings], groups: Groups) -> list[Conflict]:
    """Rows with equal tokens that are not in one group, of every token one row per party: one that is linked, if any.

    Args:
        stage: its place, from 0.
        field, every, groups: as of `equal`, after the stage.
    """
    tokens = [token_of(e, field) for e in every]
    size = np.bincount(np.concatenate([groups.of(party) for party in range(len(every))]), minlength=1)
    firsts = []
    for party, token in enumerate(tokens):
        has = np.flatnonzero(present(token))
        alone = size[groups.of(party)[has]] == 1
        at = has[np.lexsort((has, groups.looks[groups.first[party] + has], alone))]
        firsts.append(at[np.unique(token[at], return_index=True)[1]])
    found = []
    for p, q in combinations(range(len(every)), 2):
        left, right = _equal(tokens[p], firsts[p], tokens[q], firsts[q])
        apart = groups.of(p)[left] != groups.of(q)[right]
        parties = every[p].party, every[q].party
        found.append(Conflict(stage, parties, "crossed", len(left), left[apart], right[apart]))
    return found


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
