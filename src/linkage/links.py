"""What matching finds: candidate pairs, links, and what is known of how they were found.

Rules kept here:

- Arrays, not objects per pair: position `i` means the same pair in every array of a value.
- Rows are positions in the encodings that were matched; no token and no filter is held here.
- Links are evidence, groups are persons: rows that links connect, at however many parties, are one group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class CandidatePairs:
    """Pairs that reached the threshold, sorted by falling score."""

    left: NDArray[np.int64]
    """``int64[m]``: position in the left encodings."""
    right: NDArray[np.int64]
    """``int64[m]``: position in the right encodings."""
    score: NDArray[np.float64]
    """``float64[m]``: similarity, 0 to 1."""

    def __len__(self) -> int:
        return len(self.left)

    def __getitem__(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> CandidatePairs:
        return CandidatePairs(self.left[kept], self.right[kept], self.score[kept])


@dataclass(frozen=True)
class Judged:
    """How good one fuzzy stage is expected to be between two parties, without knowing who is who. Shares lie between 0
    and 1."""

    stage: int
    """Place of the stage in the protocol, from 0."""
    parties: tuple[str, str]
    """Left and right."""
    threshold: float
    """What links had to reach: as agreed, or as chosen in this run."""
    chosen: bool
    """Whether the unit chose it."""
    links: int
    """Links of the stage; with many-to-many the best of each row."""
    precision: float
    """Expected share of links that join one person's rows."""
    precision_low: float
    """Lower end of its 95 % interval."""
    precision_high: float
    """Upper end."""
    recall: float
    """Expected share of the pairs of one person, among the rows that this stage saw, that are linked."""
    recall_low: float
    """Lower end of its 95 % interval."""
    recall_high: float
    """Upper end."""
    strangers: Literal["numbers", "registers"]
    """Where pairs of different persons were taken from: ``numbers`` (rows with different numbers, across the two
    registers) or ``registers`` (rows of one register, which holds nobody twice)."""
    same: Literal["numbers", "scores"]
    """Where pairs of one person were taken from: ``numbers`` (equal numbers) or ``scores`` (how scores thin out)."""


Kind = Literal["unlike", "contested", "crossed", "differs"]


@dataclass(frozen=True, eq=False)
class Conflict:
    """Where what two stages say of the same rows does not go together. Nothing is changed for it: people look."""

    stage: int
    """Place in the protocol, from 0, of the stage that saw it."""
    parties: tuple[str, str]
    """Left and right."""
    kind: Kind
    """``unlike``: linked by an exact token, yet less alike than this fuzzy stage asks. ``contested``: likewise linked,
    yet more like another row that is free. ``crossed``: a pair that this stage would link, were its rows not in two
    groups that cannot be one person (two rows of one party, or two different numbers). ``differs``: equal numbers with
    another second field, where the stage asks it to agree; not linked by number."""
    looked_at: int
    """Links (``unlike``, ``contested``) or pairs (``crossed``) that were looked at."""
    left: NDArray[np.int64] = field(repr=False)
    """``int64[k]``: the pairs found: position in the left encodings. ``contested``: with the row that is more alike."""
    right: NDArray[np.int64] = field(repr=False)
    """``int64[k]``: position in the right encodings."""

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True, eq=False)
class Histogram:
    """How often scores occur, 0 to 1 in equal steps."""

    counts: NDArray[np.int64]
    """``int64[bins]``: the scores from ``i / bins``, below ``(i + 1) / bins``; the last bin has 1 too."""

    @classmethod
    def of(cls, scores: NDArray[np.float64], bins: int = 100) -> Histogram:
        """Count scores between 0 and 1."""
        place = np.minimum((np.asarray(scores) * bins + 1e-9).astype(np.int64), bins - 1)  # 0.29 * 100 < 29
        return cls(np.bincount(place, minlength=bins).astype(np.int64))

    def __add__(self, other: Histogram) -> Histogram:
        return Histogram(self.counts + other.counts)

    @property
    def edges(self) -> NDArray[np.float64]:
        """``float64[bins + 1]``: where the bins begin, and 1."""
        return np.arange(len(self.counts) + 1) / len(self.counts)


@dataclass(frozen=True)
class Coverage:
    """Which pairs one comparison of a fuzzy stage looked at, and how many of all alike pairs that finds."""

    stage: int
    """Place of the stage in the protocol, from 0."""
    parties: tuple[str, str]
    """Left and right."""
    method: str
    """``all-pairs`` or ``sampled-bits``."""
    why: str
    """Why this method."""
    possible: int
    """Pairs of rows with a filter: what all pairs compares."""
    compared: int
    """Comparisons made; a pair met in several tables counts as often."""
    pairs: int
    """Pairs at or above the threshold that were found."""
    tables: int = 0
    """Tables of sampled bits."""
    width: int = 0
    """Bits per key."""
    seed: str | None = None
    """What the bits were drawn from: with it, the run can be repeated."""
    expected_recall: float = 1.0
    """Share of the pairs at or above the threshold that the tables are expected to meet."""
    at_threshold: float = 1.0
    """Lower bound of that chance for a pair exactly at the threshold; those above it are met more often."""
    sample_pairs: int = 0
    """Pairs that all pairs finds for left rows drawn at random."""
    sample_found: int = 0
    """Of these, pairs that were found."""
    split: int = 0
    """Comparisons spared by splitting blocks that were too large; where there are many, the bound does not hold."""


@dataclass(frozen=True, eq=False)
class Links:
    """Who is linked with whom at two or more parties: one row per linked pair, in order of stage, falling score and
    position. Between more than two parties the pairs of a group form a tree: no pair says what two others say."""

    parties: tuple[str, ...]
    protocol_digest: str
    sizes: tuple[int, ...]
    """Rows of each party."""
    left_party: NDArray[np.int16] = field(repr=False)
    """``int16[m]``: index in `parties`; below that of `right_party`."""
    left: NDArray[np.int64] = field(repr=False)
    """``int64[m]``: position in the encodings of that party."""
    right_party: NDArray[np.int16] = field(repr=False)
    """``int16[m]``"""
    right: NDArray[np.int64] = field(repr=False)
    """``int64[m]``"""
    score: NDArray[np.float64] = field(repr=False)
    """``float64[m]``: 1 for exact, else the similarity."""
    stage: NDArray[np.int16] = field(repr=False)
    """``int16[m]``: index in `stages`."""
    stages: tuple[str, ...]
    """Names of the protocol's stages, in order."""
    rows: tuple[NDArray[np.int64] | None, ...] = field(default=(), repr=False)
    """Row numbers as given, per party, where its encodings still know them."""
    coverage: tuple[Coverage, ...] = ()
    """How the pairs of the fuzzy stages were found, one entry per comparison."""
    judged: tuple[Judged, ...] = ()
    """What to expect of each fuzzy stage, per pair of parties."""
    conflicts: tuple[Conflict, ...] = ()
    """What does not go together, per stage and pair of parties; also where nothing was found among what was looked
    at."""

    def __len__(self) -> int:
        return len(self.left)

    @cached_property
    def _places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Left and right rows, numbered through all parties."""
        offsets = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)
        return offsets[self.left_party] + self.left, offsets[self.right_party] + self.right

    @cached_property
    def group(self) -> NDArray[np.int64]:
        """``int64[m]``: the group that each pair belongs to, from 0 in order of its first pair."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        size = sum(self.sizes)
        edges = coo_array((np.ones(len(self), np.int8), self._places), shape=(size, size))
        label = connected_components(edges, directed=False)[1][self._places[0]]
        _, first, place = np.unique(label, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[place], dtype=np.int64)

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return int(self.group.max(initial=-1)) + 1

    def members(self, party: str) -> NDArray[np.int64]:
        """``int64[n]``: the group of every row of a party; -1 for a row that is linked with none.

        Raises:
            InputError: no such party.
        """
        at = self._index(party)
        found = np.full(self.sizes[at], -1, np.int64)
        for parties, rows in ((self.left_party, self.left), (self.right_party, self.right)):
            found[rows[parties == at]] = self.group[parties == at]
        return found

    def linked(self, of: str, found_in: Iterable[str]) -> NDArray[np.bool_]:
        """``bool[n]``: whether each row of a party is in one group with a row of any of some other parties.

        Raises:
            InputError: no such party.
        """
        there = np.zeros(self.groups, np.bool_)
        for party in found_in:
            groups = self.members(party)
            there[groups[groups >= 0]] = True
        own = self.members(of)
        return np.asarray((own >= 0) & there[own]) if self.groups else own >= 0

    def _index(self, party: str) -> int:
        if party not in self.parties:
            raise InputError(f"no party is called '{party}'; there is {', '.join(self.parties)}")
        return self.parties.index(party)

    def _as_given(self, parties: NDArray[np.int16], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row numbers as given, else positions."""
        result = rows.copy()
        for at, numbers in enumerate(self.rows):
            if numbers is not None:
                result[parties == at] = numbers[rows[parties == at]]
        return result

    def to_arrow(self) -> pa.Table:
        """One row per pair: left, right (int64: row numbers as given, else positions), score (double), stage
        (dictionary of strings); with more than two parties also left_party and right_party (dictionary of strings)."""
        columns: dict[str, pa.Array | NDArray[np.int64]] = {}
        for name, parties, rows in (
            ("left", self.left_party, self.left), ("right", self.right_party, self.right),
        ):  # fmt: skip
            if len(self.parties) > 2:
                columns[f"{name}_party"] = _words(parties, self.parties)
            columns[name] = self._as_given(parties, rows)
        return pa.table({**columns, "score": self.score, "stage": _words(self.stage, self.stages)})

    def to_pandas(self) -> pd.DataFrame:
        """The same as a data frame, words as plain strings."""
        return _frame(self.to_arrow())

    def groups_to_arrow(self) -> pa.Table:
        """One row per record that is in a group, in order of group, party and row: group (int64), party (dictionary of
        strings), row (int64: number as given, else position)."""
        parts = []
        for at, party in enumerate(self.parties):
            groups = self.members(party)
            rows = np.flatnonzero(groups >= 0)
            where = np.full(len(rows), at, np.int16)
            parts.append((groups[rows], where, self._as_given(where, rows)))
        group, party_at, row = (np.concatenate([part[n] for part in parts]) for n in range(3))
        order = np.lexsort((row, party_at, group))
        return pa.table(
            {"group": group[order], "party": _words(party_at[order].astype(np.int16), self.parties), "row": row[order]}
        )

    def groups_to_pandas(self) -> pd.DataFrame:
        """The same as a data frame."""
        return _frame(self.groups_to_arrow())

    def histogram(self, stage: int | None = None, bins: int = 100) -> Histogram:
        """Scores of all links, or of one stage's (from 0)."""
        return Histogram.of(self.score if stage is None else self.score[self.stage == stage], bins)


def _words(codes: NDArray[np.int16], words: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int16()), pa.array(words, pa.string()))


def _frame(table: pa.Table) -> pd.DataFrame:
    import pandas as pd

    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        text = pa.types.is_dictionary(column.type)
        columns[name] = np.asarray(column.to_pylist(), dtype=object) if text else column.to_numpy()
    return pd.DataFrame(columns)
