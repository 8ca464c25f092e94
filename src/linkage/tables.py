"""The values that travel between rooms.

Rules kept here:

- Arrays, not objects per row: position `i` means the same row in every array of a value.
- Every value carries the digest of its protocol; values with different digests do not combine.
- The bytes of `Encodings` (an Arrow IPC stream) hold fixed-width numbers only: there is no place for text.
  Reading them back is strict against the layout that the protocol prescribes.
- No repr shows a token or a filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.errors import Refused, Untrusted

if TYPE_CHECKING:
    import pandas as pd

HANDLE_BYTES = 16
TOKEN_BYTES = 16
MISSING_CATEGORY = -1
BATCH_ROWS = 65_536
_END = b"\xff\xff\xff\xff\0\0\0\0"
"""How an Arrow IPC stream ends. Arrow itself takes a stream that stops after any batch for whole."""


@dataclass(frozen=True)
class Layout:
    """Which columns the encodings of one party have under a protocol."""

    tokens: tuple[str, ...]
    """Fields sent as exact tokens."""
    words: int
    """64-bit words per filter; 0 when no field is sent as bloom."""
    categories: tuple[tuple[str, int], ...]
    """Fields sent as category, with the number of values each may take."""


@dataclass(frozen=True, eq=False)
class Encodings:
    """What one custodian sends: rows without one identifying value."""

    party: str
    """Party id of the custodian."""
    protocol_digest: str
    handles: NDArray[np.uint8] = field(repr=False)
    """``uint8[n, 16]``: random row handles, new for every package."""
    tokens: Mapping[str, NDArray[np.uint8]] = field(repr=False)
    """Field to ``uint8[n, 16]``: equal values have equal tokens; all zero means no value."""
    filters: NDArray[np.uint64] = field(repr=False)
    """``uint64[n, words]``: one filter per row; all zero means no evidence."""
    categories: Mapping[str, NDArray[np.int16]] = field(repr=False)
    """Field to ``int16[n]``: index in the protocol's values, -1 for none."""
    rows: NDArray[np.int64] | None = field(default=None, repr=False)
    """``int64[n]``: row numbers as given. They stay with the custodian and are never written."""

    def __len__(self) -> int:
        return len(self.handles)

    @property
    def popcounts(self) -> NDArray[np.uint32]:
        """``uint32[n]``: bits set per filter."""
        return np.asarray(np.bitwise_count(self.filters).sum(axis=1), dtype=np.uint32)

    def to_bytes(self) -> bytes:
        """An Arrow IPC stream of fixed-width columns, without the row numbers."""
        sink = pa.BufferOutputStream()
        write([self], sink)
        return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]

    def _arrays(self) -> list[NDArray[Any]]:
        rows = [] if self.rows is None else [self.rows]
        return [self.handles, *self.tokens.values(), self.filters, *self.categories.values(), *rows]

    def _like(self, rows: int) -> Encodings:
        """Room for more rows with the same columns."""

        def room(array: NDArray[Any]) -> NDArray[Any]:
            return np.empty((rows, *array.shape[1:]), dtype=array.dtype)

        tokens = {name: room(array) for name, array in self.tokens.items()}
        categories = {name: room(array) for name, array in self.categories.items()}
        numbers = None if self.rows is None else room(self.rows)
        filters = room(self.filters)
        return Encodings(self.party, self.protocol_digest, room(self.handles), tokens, filters, categories, numbers)

    def _batch(self, rows: slice) -> pa.RecordBatch:
        columns: dict[str, pa.Array] = {"handle": _fixed(self.handles[rows])}
        columns |= {f"token:{name}": _fixed(value[rows]) for name, value in self.tokens.items()}
        if self.filters.shape[1]:
            columns["filter"] = _fixed(self.filters[rows].astype("<u8", copy=False).view(np.uint8))
        columns |= {f"category:{name}": pa.array(value[rows], pa.int16()) for name, value in self.categories.items()}
        return pa.record_batch(columns)


def write(pieces: Iterable[Encodings], to: Any) -> None:
    """Write the pieces of one party's encodings as one Arrow IPC stream, each when its turn comes.

    Args:
        pieces: at least one; all but the last have `BATCH_ROWS` rows, so that the bytes are those of the whole.
        to: a file opened for writing bytes, or an Arrow output stream. It is left open.
    """
    writer = None
    for piece in pieces:
        for first in range(0, max(len(piece), 1), BATCH_ROWS):
            batch = piece._batch(slice(first, first + BATCH_ROWS))
            writer = writer or pa.ipc.new_stream(to, batch.schema)
            if len(piece):
                writer.write_batch(batch)
    if writer is None:
        raise ValueError("no pieces")
    writer.close()


def joined(pieces: Iterable[Encodings], rows: int) -> Encodings:
    """The pieces of one party's encodings as one value; copied as they come, so that one piece is held twice at most.

    Args:
        pieces: at least one, with the same fields.
        rows: how many they have together.
    """
    whole: Encodings | None = None
    first = 0
    for piece in pieces:
        if len(piece) == rows:
            return piece
        whole = piece._like(rows) if whole is None else whole
        for target, source in zip(whole._arrays(), piece._arrays(), strict=True):
            target[first : first + len(piece)] = source
        first += len(piece)
    if whole is None or first != rows:
        raise ValueError("the pieces do not make the whole")
    return whole


def encodings_from_bytes(data: bytes, *, party: str, protocol_digest: str, layout: Layout) -> Encodings:
    """Read `Encodings.to_bytes`, strictly.

    Raises:
        Untrusted: not such a stream, bytes missing at its end or left over, other columns than the protocol
            prescribes, a category outside its range, or rows that do
            not stand in the order of their handles, each once.
    """
    expected = _schema(layout)
    source = pa.BufferReader(data)
    try:
        with pa.ipc.open_stream(source) as reader:
            if not reader.schema.equals(expected, check_metadata=True):
                raise Untrusted(f"columns differ from what the protocol prescribes for {party}")
            table = reader.read_all()
        if source.tell() != len(data) or not data.endswith(_END):
            raise Untrusted(f"the encodings of {party} do not end where their stream ends")
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError):
        raise Untrusted(f"the encodings of {party} are malformed") from None
    if any(column.null_count for column in table.columns):
        raise Untrusted(f"the encodings of {party} have empty cells")
    handles = _bytes_of(table, "handle", HANDLE_BYTES)
    keys = handles.view(f"S{HANDLE_BYTES}").reshape(-1)
    if (keys[1:] <= keys[:-1]).any():  # any other order could tell the order of the file
        raise Untrusted(f"the rows of {party} do not stand in the order of their handles, each once")
    if table.nbytes > len(data):
        raise Untrusted(f"the encodings of {party} are compressed")
    filters = np.zeros((len(handles), 0), dtype=np.uint64)
    if layout.words:
        raw = _bytes_of(table, "filter", layout.words * 8)
        filters = raw.view("<u8").astype(np.uint64, copy=False).reshape(len(handles), layout.words)
    categories = {}
    for name, size in layout.categories:
        codes = table.column(f"category:{name}").to_numpy().astype(np.int16)
        if len(codes) and (codes.min() < MISSING_CATEGORY or codes.max() >= size):
            raise Untrusted(f"category '{name}' of {party} holds a code outside the protocol's values")
        categories[name] = codes
    tokens = {name: _bytes_of(table, f"token:{name}", TOKEN_BYTES) for name in layout.tokens}
    return Encodings(party, protocol_digest, handles, tokens, filters, categories)


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


def same_protocol(expected: str, *values: Encodings | Links) -> None:
    """Refuse values that belong to another protocol.

    Raises:
        Refused: a digest differs.
    """
    for value in values:
        if value.protocol_digest != expected:
            name = value.party if isinstance(value, Encodings) else " and ".join(value.parties)
            raise Refused(
                f"expected protocol {expected[:19]}..., got {value.protocol_digest[:19]}...",
                where=name,
                hint="Each party must encode under the same signed protocol: compare `linkage protocol digest`.",
            )


def _schema(layout: Layout) -> pa.Schema:
    fields = [("handle", pa.binary(HANDLE_BYTES))]
    fields += [(f"token:{name}", pa.binary(TOKEN_BYTES)) for name in layout.tokens]
    fields += [("filter", pa.binary(layout.words * 8))] if layout.words else []
    fields += [(f"category:{name}", pa.int16()) for name, _ in layout.categories]
    return pa.schema(fields)


def _fixed(values: NDArray[np.uint8]) -> Any:
    """``uint8[n, k]`` as a fixed-size binary column."""
    buffer = pa.py_buffer(np.ascontiguousarray(values))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(values.shape[1]), len(values), [None, buffer])


def _bytes_of(table: pa.Table, name: str, width: int) -> NDArray[np.uint8]:
    chunks = [
        np.frombuffer(c.buffers()[1], dtype=np.uint8)[c.offset * width : (c.offset + len(c)) * width]
        for c in table.column(name).chunks
    ]
    joined = np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.uint8)
    return joined.reshape(-1, width)
