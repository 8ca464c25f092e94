"""The figures that a table has, and which of them add up to which.

Rules kept here:

- A figure is a sum of cells. Cells come first, in the protocol's order with the last field running fastest, then the
  subtotals in the order of the protocol, then the grand total; a table over no field is its grand total alone.
- `Frame.sums` holds every way in which a reader can add: each figure with its parts in the next finer family.
- Arrays and shapes only; nothing here knows what is shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Table

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Sum:
    """A figure and its parts, as positions."""

    whole: int
    parts: NDArray[np.int64]
    """``int64[k]``"""


@dataclass(frozen=True)
class Frame:
    """The figures of one table."""

    by: tuple[str, ...]
    """Fields that span it; none for the grand total alone."""
    values: tuple[tuple[str, ...], ...]
    """The categories of each."""
    margins: tuple[tuple[str, ...], ...]
    """Subtotals: the fields that each keeps."""

    @classmethod
    def of(cls, protocol: Protocol, output: Table, by: Sequence[str]) -> Frame:
        """The table of an output over some of its categories, with the subtotals that mean something there. Splits
        stay whatever the categories; every sum over all states, and every split by itself, is a subtotal of it."""
        splits = tuple(protocol.axes(output))
        every = (*by, *splits)
        kept = [m for m in output.protection.margins if set(m) < set(by)]
        if splits:
            whole = [tuple(by)] if by else []
            kept = [*whole, *((*m, *splits) for m in kept), *kept, splits, *((name,) for name in splits)]
        margins = [m for m in dict.fromkeys(map(tuple, kept)) if set(m) < set(every)]
        return cls(every, tuple(protocol.values(output, name) for name in every), tuple(margins))

    @property
    def shape(self) -> tuple[int, ...]:
        """Categories per field."""
        return tuple(map(len, self.values))

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return int(np.prod(self.shape, dtype=np.int64))

    @cached_property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """Fields of the cells, of each subtotal, and of the grand total."""
        return tuple(dict.fromkeys([self.by, *self.margins, ()]))

    @cached_property
    def places(self) -> tuple[NDArray[np.int64], ...]:
        """Per family ``int64[cells]``: the figure that each cell is part of."""
        at = np.indices(self.shape).reshape(len(self.by), self.cells)
        first, found = 0, []
        for family in self.families:
            kept = [self.by.index(name) for name in family]
            shape = [self.shape[axis] for axis in kept]
            place = np.zeros(self.cells, np.int64)
            for axis in kept:
                place = place * self.shape[axis] + at[axis]
            found.append(first + place)
            first += int(np.prod(shape, dtype=np.int64))
        return tuple(found)

    @cached_property
    def members(self) -> Any:
        """Sparse ``[figures, cells]``: which cells a figure is the sum of."""
        rows = np.concatenate(self.places)
        columns = np.tile(np.arange(self.cells), len(self.families))
        return sparse.csr_matrix((np.ones(len(rows), np.int64), (rows, columns)), shape=(len(self), self.cells))

    def __len__(self) -> int:
        return int(self.places[-1][0]) + 1 if self.cells else 1

    def figures(self, cells: Counts) -> Counts:
        """``int64[figures]`` from ``int64[cells]``."""
        return np.asarray(self.members @ cells, np.int64)

    @cached_property
    def sums(self) -> tuple[Sum, ...]:
        """Every figure with its parts in each next finer family."""
        found = []
        for k, whole in enumerate(self.families):
            finer = [n for n, f in enumerate(self.families) if set(whole) < set(f)]
            for n in finer:
                if any(set(self.families[m]) < set(self.families[n]) for m in finer):
                    continue
                pairs = np.unique(np.stack([self.places[k], self.places[n]], axis=1), axis=0)
                starts = np.flatnonzero(pairs[1:, 0] != pairs[:-1, 0]) + 1
                found += [Sum(int(part[0, 0]), part[:, 1]) for part in np.split(pairs, starts)]
        return tuple(found)

    def categories(self) -> list[dict[str, str]]:
        """What each figure is about: field to category."""
        found = []
        for family in self.families:
            values = [self.values[self.by.index(name)] for name in family]
            found += [dict(zip(family, one, strict=True)) for one in itertools.product(*values)]
        return found

    def codes(self, columns: Mapping[str, NDArray[np.int64]], persons: int) -> NDArray[np.int64]:
        """``int64[persons]``: the cell of each person, -1 for one without a category."""
        place, none = np.zeros(persons, np.int64), np.zeros(persons, np.bool_)
        for name, size in zip(self.by, self.shape, strict=True):
            code = columns[name]
            none |= code < 0
            place = place * size + code
        return np.where(none, -1, place)

    def counts(self, codes: NDArray[np.int64]) -> Counts:
        """``int64[cells]``: how many persons each cell has."""
        return np.bincount(codes[codes >= 0], minlength=self.cells).astype(np.int64)
