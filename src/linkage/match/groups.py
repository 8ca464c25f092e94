"""Groups: the rows, at all parties, that are taken for one person.

Rules kept here:

- Groups only grow. A pair joins two groups when the whole can still be one person: no second row of a party that keeps
  a person once, and no two different numbers. What cannot be joined is told, never forced.
- Pairs have their turn best first; ties go by what the rows look like, then by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.links import CandidatePairs
from linkage.match import kernels

Positions = NDArray[np.int64]


class Between(NamedTuple):
    """Pairs between two parties."""

    left: int
    """Index of the left party."""
    right: int
    """Index of the right party."""
    pairs: CandidatePairs


class Groups:
    """Rows of all parties, at first each a group of its own.

    Args:
        looks: per party ``uint64[n]`` (`linkage.match.assignment.look`).
        once: per party, whether a person has one row there at most.
    """

    def __init__(self, looks: Sequence[NDArray[np.uint64]], once: Sequence[bool]) -> None:
        sizes = [len(of) for of in looks]
        self.once = tuple(once)
        self.first = list(accumulate(sizes, initial=0))
        self.looks = np.concatenate(looks)
        self.parent = np.arange(self.first[-1], dtype=np.int64)
        bits = [np.uint64(1 << party if alone else 0) for party, alone in enumerate(once)]
        self.kept = np.repeat(np.array(bits, np.uint64), sizes)

    def looks_of(self, party: int) -> NDArray[np.uint64]:
        """What the rows of a party look like."""
        return self.looks[self.first[party] : self.first[party + 1]]

    def of(self, party: int) -> Positions:
        """``int64[n]``: the group of every row of a party, named after one of its rows."""
        while not np.array_equal(up := self.parent[self.parent], self.parent):
            self.parent = up
        return self.parent[self.first[party] : self.first[party + 1]]

    def open(self, party: int, other: int) -> Positions:
        """Rows of a party that may yet be linked with a row of another one."""
        own = self.of(party)
        if not self.once[other]:
            return np.arange(len(own), dtype=np.int64)
        there = np.zeros(len(self.parent), np.bool_)
        there[self.of(other)] = True
        return np.flatnonzero(~there[own])

    def together(self, left: int, right: int) -> tuple[Positions, Positions]:
        """A row of either party of every group that has one of both: the first."""
        _, i, j = np.intersect1d(self.of(left), self.of(right), return_indices=True)
        return i, j

    def join(
        self, found: Sequence[Between], numbers: Sequence[NDArray[np.int64]] = ()
    ) -> tuple[list[CandidatePairs], list[CandidatePairs]]:
        """Join groups by pairs.

        Args:
            found: the pairs, for any two parties once.
            numbers: ``int64[n]`` each, over the rows of all parties: one number per distinct value of a field, 0 for
                none. Rows with different ones are never joined here.

        Returns:
            For each of `found`: the pairs that joined two groups, and those that could not. Pairs whose rows were in
            one group already are in neither.
        """
        one = np.concatenate([self.first[f.left] + f.pairs.left for f in found])
        other = np.concatenate([self.first[f.right] + f.pairs.right for f in found])
        score = np.concatenate([f.pairs.score for f in found])
        a, b = self.looks[one], self.looks[other]
        order = np.lexsort((other, one, np.maximum(a, b), np.minimum(a, b), -score))
        outcome = np.empty(len(order), np.uint8)
        outcome[order] = kernels.join(self.parent, self.kept, self._of_groups(numbers), one[order], other[order])
        parts = np.split(outcome, list(accumulate(len(f.pairs) for f in found))[:-1])
        joined, refused = (
            [f.pairs[part == what] for f, part in zip(found, parts, strict=True)]
            for what in (kernels.JOINED, kernels.REFUSED)
        )
        return joined, refused

    def _of_groups(self, numbers: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
        """``int64[fields, n]``: the number that each group has, at the row it is named after."""
        result = np.zeros((len(numbers), len(self.parent)), np.int64)
        for at, of_rows in enumerate(numbers):
            roots = np.concatenate([self.of(party) for party in range(len(self.once))])
            np.maximum.at(result[at], roots, of_rows)
        return result
