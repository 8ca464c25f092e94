"""The encodings that travel between organisations.

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
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.errors import Refused, Untrusted

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
        return bytes(sink.getvalue().to_pybytes())

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


def same_protocol(expected: str, *values: Encodings) -> None:
    """Refuse values that belong to another protocol.

    Raises:
        Refused: a digest differs.
    """
    for value in values:
        if value.protocol_digest != expected:
            raise Refused(
                f"expected protocol {expected[:19]}..., got {value.protocol_digest[:19]}...",
                where=value.party,
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
