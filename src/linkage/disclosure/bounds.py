"""What a reader can work out from shown figures: ranges of hidden ones, by linear programming.

Rules kept here:

- The reader knows all that is shown, that shown figures are rounded, that figures add up, that nobody is counted below
  zero or part of persons who are not counted, and what a shown figure says by being shown (`Known`). Ranges are of real
  numbers: exact for tables of one or two fields, whose whole-number ranges end where these do.
- A range is proved wide enough by witnesses: other tables that would have shown the same. One linear programme over
  some hundred hidden cells, the rest as it is, finds witnesses for many figures at once; so ten thousand cells take
  seconds. What they do not prove is decided by the exact range, and in large tables counts as too narrow
  (tests/disclosure/test_bounds.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from linkage.disclosure.table import Counts, Frame

KINDS = ("persons", "part", "left")
Figure = tuple[str, int]
"""Kind of count, and position in the frame."""
BLOCK = 400
"""Cells that one programme moves."""
ROUNDS = 6
"""How often all blocks are tried, each time others together."""
FEW_ROUNDS = 3
"""The same, where exact ranges can be computed for the rest."""
EXACT_UP_TO = 1_000
"""Cells of a table whose exact ranges are computed."""
SLACK = 1e-6


@dataclass(frozen=True)
class Known:
    """What a reader has, per kind of count ``float64[2, figures]``: the least and the most that it can be."""

    persons: NDArray[np.float64]
    part: NDArray[np.float64]
    left: NDArray[np.float64]
    """The persons that are not."""


@dataclass(frozen=True)
class Exact:
    """What there is, per kind of count ``int64[cells]``."""

    part: Counts
    left: Counts

    def figures(self, frame: Frame) -> dict[str, Counts]:
        """Per kind ``int64[figures]``."""
        cells = {"persons": self.part + self.left, "part": self.part, "left": self.left}
        return {kind: frame.figures(count) for kind, count in cells.items()}


class Reader:
    """A reader of one table.

    Args:
        frame: the table.
        known: what is shown of it.
    """

    def __init__(self, frame: Frame, known: Known) -> None:
        self.frame, self.known = frame, known

    def range(self, kind: str, figure: int) -> tuple[float, float]:
        """Least and most that a figure can be, over all tables that show the same; the most may be infinite.

        Raises:
            ValueError: no table shows this.
        """
        members = self.frame.members.astype(np.float64)
        none = sparse.csr_matrix(members.shape)
        parts = {"persons": [members, members], "part": [members, none], "left": [none, members]}
        matrix = {name: sparse.hstack(part, format="csr") for name, part in parts.items()}
        ends = np.hstack([getattr(self.known, name) for name in KINDS])
        limits = LinearConstraint(sparse.vstack([matrix[name] for name in KINDS], format="csr"), *ends)
        row = np.asarray(matrix[kind][figure].todense()).ravel()
        least, most = (milp(sign * row, constraints=limits, bounds=Bounds(0, np.inf)) for sign in (1, -1))
        if least.status != 0:  # a count is never below zero, so there is a least one, or no table at all
            raise ValueError("no table shows this: the bounds contradict each other")
        return float(least.fun), float(-most.fun) if most.status == 0 else np.inf

    def too_narrow(self, wanted: Sequence[Figure], exact: Exact, values: int) -> list[Figure]:
        """Of some hidden figures those of which fewer than so many whole values are possible.

        Args:
            wanted: the figures.
            exact: the table, from which witnesses are looked for.
            values: how many must be possible.
        """
        search = _Search(self.frame, self.known, exact, values)
        rest = search.unproved(wanted)
        if self.frame.cells > EXACT_UP_TO:
            return rest
        return [one for one in rest if not _wide(self.range(*one), values)]


class _Search:
    """Looks for witnesses around the exact table: how far its hidden cells can move, the shown ones as they are."""

    def __init__(self, frame: Frame, known: Known, exact: Exact, values: int) -> None:
        self.frame, self.known, self.values = frame, known, values
        self.cells = {"part": exact.part, "left": exact.left}
        self.figures = exact.figures(frame)
        shown = {kind: np.isfinite(getattr(known, kind)[1][: frame.cells]) for kind in KINDS}
        self.part_hidden, self.both_hidden = ~shown["part"], ~shown["part"] & ~shown["persons"]

    @cached_property
    def _members(self) -> Any:
        return self.frame.members.astype(np.float64).tocsc()

    def unproved(self, wanted: Sequence[Figure]) -> list[Figure]:
        """The figures of which no two witnesses lie far enough apart."""
        kinds = np.asarray([KINDS.index(kind) for kind, _ in wanted])
        places = np.asarray([figure for _, figure in wanted])
        far = np.zeros((2, len(wanted)))  # how far down and up some witness goes
        for seed in range(ROUNDS if self.frame.cells > EXACT_UP_TO else FEW_ROUNDS):
            draw = np.random.default_rng(seed)  # decides what is tried, and nothing that is shown
            for block in self._blocks(draw):
                open_ = far[1] - far[0] < self.values - 1 - SLACK
                if not open_.any():
                    return []
                self._try(block, kinds, places, open_, far, draw)
        open_ = far[1] - far[0] < self.values - 1 - SLACK
        return [wanted[int(n)] for n in np.flatnonzero(open_)]

    def _blocks(self, draw: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Hidden cells in blocks: whole categories of the longest field together, in an order of chance."""
        at = np.flatnonzero(self.part_hidden)
        axis = int(np.argmax(self.frame.shape)) if self.frame.by else 0
        place = np.unravel_index(at, self.frame.shape)[axis] if self.frame.by else np.zeros(len(at), np.int64)
        order = draw.permutation(int(place.max()) + 1 if len(at) else 0)
        at = at[np.argsort(order[place], kind="stable")]
        yield from np.array_split(at, max(1, round(len(at) / BLOCK)))

    def _try(
        self, block: NDArray[np.int64], kinds: NDArray[np.int64], places: NDArray[np.int64], open_: NDArray[np.bool_],
        far: NDArray[np.float64], draw: np.random.Generator,
    ) -> None:  # fmt: skip
        """Push the open figures that this block touches apart, some up and some down, and then the other way."""
        effect = self._effects(block)
        every = sparse.vstack([effect[kind] for kind in KINDS], format="csr")
        asked = kinds * len(self.frame) + places
        touched = open_ & (np.diff(every.indptr)[asked] > 0)
        if not touched.any():
            return
        rows, at = every[asked[touched]], np.flatnonzero(touched)
        limits, bounds = self._limits(effect), self._room(block)
        sign = draw.choice((-1.0, 1.0), len(at))
        for way in (sign, -sign):
            move = milp(-(rows.T @ way), constraints=limits, bounds=bounds).x
            if move is not None:
                found = rows @ move
                far[0, at], far[1, at] = np.minimum(far[0, at], found), np.maximum(far[1, at], found)

    def _effects(self, block: NDArray[np.int64]) -> dict[str, Any]:
        """Per kind a sparse ``[figures, moves]``. A move is one more in the part: of the persons there are, where these
        are shown, and beside them where they are hidden; and where they are hidden, one more that is outside it."""
        both = block[self.both_hidden[block]]
        known = ~self.both_hidden[block]
        one, more = self._members[:, block], self._members[:, both]
        hold = sparse.diags(known.astype(np.float64))
        free = sparse.diags((~known).astype(np.float64))
        return {
            "persons": sparse.hstack([one @ free, more], format="csr"),
            "part": sparse.hstack([one, sparse.csr_matrix(more.shape)], format="csr"),
            "left": sparse.hstack([-(one @ hold), more], format="csr"),
        }

    def _limits(self, effect: dict[str, Any]) -> LinearConstraint:
        rows, ends = [], []
        for kind in KINDS:
            low, high = getattr(self.known, kind) - self.figures[kind]
            touched = np.diff(effect[kind].indptr) > 0
            touched &= (getattr(self.known, kind)[0] > 0) | np.isfinite(high)
            rows.append(effect[kind][touched])
            ends.append(np.stack([low, high])[:, touched])
        return LinearConstraint(sparse.vstack(rows, format="csr"), *np.hstack(ends))

    def _room(self, block: NDArray[np.int64]) -> Bounds:
        """How far each move can go: nobody is counted below zero, and twice what is asked is enough."""
        both = block[self.both_hidden[block]]
        down = np.concatenate([self.cells["part"][block], self.cells["left"][both]]).astype(np.float64)
        up = np.full(len(down), 2.0 * self.values)
        up[: len(block)] = np.where(
            self.both_hidden[block], up[: len(block)], np.minimum(up[: len(block)], self.cells["left"][block])
        )
        return Bounds(-down, up)


def _wide(ends: tuple[float, float], values: int) -> bool:
    low, high = ends
    return high == np.inf or bool(np.floor(high + SLACK) - np.ceil(low - SLACK) >= values - 1)
