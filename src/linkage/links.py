"""What matching finds: candidate pairs, links, and what is known of how they were found.

Rules kept here:

- Arrays, not objects per pair: position `i` means the same pair in every array of a value.
- Rows are positions in the encodings that were matched; no token and no filter is held here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class Judged:
    """How good one fuzzy stage is expected to be, without knowing who is who. Shares lie between 0 and 1."""

    stage: int
    """Place of the stage in the protocol, from 0."""
    threshold: float
    """What links had to reach: as agreed, or as chosen in this run."""
    chosen: bool
    """Whether the unit chose it."""
    links: int
    """Links of the stage."""
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
    method: str
    """``all-pairs`` or ``sampled-bits``."""
    why: str
    """Why this method."""
    possible: int
    """Pairs of rows with a filter: what all pairs compares."""
    compared: int
    """Comparisons made; a pair met in several tables counts as often. Tables that an earlier, stopped run did are
    left out."""
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
    """Who is linked with whom, one row per linked pair, in order of stage, falling score and position."""

    parties: tuple[str, str]
    protocol_digest: str
    left: NDArray[np.int64] = field(repr=False)
    """``int64[m]``: position in the left encodings."""
    right: NDArray[np.int64] = field(repr=False)
    """``int64[m]``: position in the right encodings."""
    score: NDArray[np.float64] = field(repr=False)
    """``float64[m]``: 1 for exact, else the similarity."""
    stage: NDArray[np.int16] = field(repr=False)
    """``int16[m]``: index in `stages`."""
    stages: tuple[str, ...]
    """Names of the protocol's stages, in order."""
    left_rows: NDArray[np.int64] | None = field(default=None, repr=False)
    """Row numbers as given, where the left encodings still know them."""
    right_rows: NDArray[np.int64] | None = field(default=None, repr=False)
    coverage: tuple[Coverage, ...] = ()
    """How the pairs of the fuzzy stages were found, one entry per comparison."""

    judged: tuple[Judged, ...] = ()
    """What to expect of each fuzzy stage."""
    conflicts: int = 0
    """Numbers that stand on both sides with a second field that had to agree and differs: not linked by number."""

    def __len__(self) -> int:
        return len(self.left)

    def to_arrow(self) -> pa.Table:
        """Columns left, right (int64: row numbers as given, else positions), score (double), stage (dictionary of
        strings)."""
        left = self.left if self.left_rows is None else self.left_rows[self.left]
        right = self.right if self.right_rows is None else self.right_rows[self.right]
        stage = pa.DictionaryArray.from_arrays(pa.array(self.stage, pa.int16()), pa.array(self.stages, pa.string()))
        return pa.table({"left": left, "right": right, "score": self.score, "stage": stage})

    def to_pandas(self) -> pd.DataFrame:
        """Columns left, right (row numbers as given, else positions), score, stage."""
        import pandas as pd

        left = self.left if self.left_rows is None else self.left_rows[self.left]
        right = self.right if self.right_rows is None else self.right_rows[self.right]
        stage = np.asarray(self.stages, dtype=object)[self.stage]
        return pd.DataFrame({"left": left, "right": right, "score": self.score, "stage": stage})

    def histogram(self, stage: int | None = None, bins: int = 100) -> Histogram:
        """Scores of all links, or of one stage's (from 0)."""
        return Histogram.of(self.score if stage is None else self.score[self.stage == stage], bins)
