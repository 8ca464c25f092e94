"""The encodings that travel between organisations.

Rules kept here:

- Arrays, not objects per row: position `i` means the same row in every array of a value.
- Every value carries the digest of its protocol; values with different digests do not combine.
- The bytes of `Encodings` (an Arrow IPC stream) hold fixed-width numbers only: there is no place for text.
  Reading them back is strict against the layout that the protocol prescribes (`linkage.arriving`).
- No repr shows a token or a filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.errors import Refused

HANDLE_BYTES = 16
TOKEN_BYTES = 16
MISSING_CATEGORY = -1
BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Layout:
    """Which columns the encodings of one party have under a protocol."""

    tokens: tuple[str, ...]
    """Fields sent as exact tokens."""
    words: int
    """64-bit words per filter; 0 when no field is sent as bloom."""
    categories: tuple[tuple[str, int], ...]
    """Fields sent as category or blinded, with the number of values each may take."""

    @property
    def schema(self) -> pa.Schema:
        """The columns, in their order."""
        fields = [("handle", pa.binary(HANDLE_BYTES))]
        fields += [(f"token:{name}", pa.binary(TOKEN_BYTES)) for name in self.tokens]
        fields += [("filter", pa.binary(self.words * 8))] if self.words else []
        fields += [(f"category:{name}", pa.int16()) for name, _ in self.categories]
        return pa.schema(fields)

    @property
    def widths(self) -> dict[str, int]:
        """Bytes of a cell, by column."""
        return {field.name: field.type.bit_width // 8 for field in self.schema}


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
    """Field to ``int16[n]``: index in the protocol's values, or a code where it is sent blinded; -1 for none."""
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
        return b"".join(stream([self]))

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


def stream(pieces: Iterable[Encodings]) -> Iterator[bytes]:
    """The pieces of one party's encodings as the bytes of one Arrow IPC stream, each made when it is asked for.

    Args:
        pieces: at least one; all but the last have `BATCH_ROWS` rows, so that the bytes are those of the whole.
    """
    sink, writer = _Sink(), None
    for piece in pieces:
        for first in range(0, max(len(piece), 1), BATCH_ROWS):
            batch = piece._batch(slice(first, first + BATCH_ROWS))
            writer = writer or pa.ipc.new_stream(sink, batch.schema)
            if len(piece):
                writer.write_batch(batch)
            yield from sink.taken()
    if writer is None:
        raise ValueError("no pieces")
    writer.close()
    yield from sink.taken()


def write(pieces: Iterable[Encodings], to: Any) -> None:
    """Write the pieces of one party's encodings as one Arrow IPC stream into a file opened for writing bytes."""
    for part in stream(pieces):
        to.write(part)


class _Sink:
    """What Arrow writes, until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def write(self, data: Any) -> int:
        """Keep a copy: Arrow may use its memory again."""
        self._parts.append(bytes(data))
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._at

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> list[bytes]:
        """What was written since it was last asked for."""
        parts, self._parts = self._parts, []
        return parts


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


def _fixed(values: NDArray[np.uint8]) -> Any:
    """``uint8[n, k]`` as a fixed-size binary column."""
    buffer = pa.py_buffer(np.ascontiguousarray(values))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(values.shape[1]), len(values), [None, buffer])
