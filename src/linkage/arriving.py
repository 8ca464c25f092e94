"""Encodings that arrive: read from a stream, strictly, a batch at a time.

Rules kept here:

- A stream is taken as whole only when it ends with its own mark and nothing follows.
- The columns are those that the protocol prescribes, without a word of metadata; rows stand in the order of their
  handles, each once; every batch but the last has `tables.BATCH_ROWS` rows; nothing is compressed.
- Memory is that of a batch: a message that claims more than a batch can have is refused before it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage import tables
from linkage.errors import Untrusted
from linkage.tables import HANDLE_BYTES, MISSING_CATEGORY, TOKEN_BYTES, Encodings, Layout

_END = b"\xff\xff\xff\xff\0\0\0\0"
"""How an Arrow IPC stream ends. Arrow itself takes a stream that stops after any batch for whole."""
_FRAMING = 1 << 16
"""More than an Arrow message takes beside its cells."""


def batches(pieces: Iterable[bytes], *, party: str, protocol_digest: str, layout: Layout) -> Iterator[Encodings]:
    """Read the bytes of `tables.stream`, a batch at a time; all is checked when this ends without an error.

    Args:
        pieces: the bytes, in pieces of any size.
        party: whose encodings they are.
        protocol_digest: of the protocol they were sent under.
        layout: what that protocol prescribes for the party.

    Raises:
        Untrusted: not such a stream; bytes missing at its end or left over; other columns than the protocol
            prescribes; a category outside its range; rows out of the order of their handles; compressed.
    """
    feed = _Feed(pieces, tables.BATCH_ROWS * sum(layout.widths.values()) + _FRAMING)
    last, size = b"", tables.BATCH_ROWS
    for batch in _read(feed, layout, party):
        before, size = size, len(batch)
        if before < tables.BATCH_ROWS or not 0 < size <= tables.BATCH_ROWS:
            raise Untrusted(f"the encodings of {party} come in other batches than of {tables.BATCH_ROWS:,} rows")
        encodings = _encodings(batch, party, protocol_digest, layout)
        last = _in_order(encodings, last)
        if batch.nbytes > feed.taken():
            raise Untrusted(f"the encodings of {party} are compressed")
        yield encodings
    if feed.tail != _END or feed.read(1):
        raise Untrusted(f"the encodings of {party} do not end where their stream ends")


def read(
    pieces: Iterable[bytes], *, party: str, protocol_digest: str, layout: Layout, rows: int | None = None
) -> Encodings:
    """The same as one value.

    Args:
        pieces: the bytes, in pieces of any size.
        party: whose encodings they are.
        protocol_digest: of the protocol they were sent under.
        layout: what that protocol prescribes for the party.
        rows: how many there are, where it is known: then they are put in their place as they come.

    Raises:
        Untrusted: see `batches`; or another number of rows.
    """
    found = batches(pieces, party=party, protocol_digest=protocol_digest, layout=layout)
    if rows is None:
        kept = list(found)
        found, rows = iter(kept), sum(map(len, kept))
    try:
        whole = tables.joined(chain(found, [] if rows else [_none(party, protocol_digest, layout)]), rows)
        whole_and_no_more = next(found, None) is None  # the end of the stream is looked at here
    except ValueError:
        whole_and_no_more = False
    if not whole_and_no_more:
        raise Untrusted(f"the encodings of {party} are not the {rows:,} rows that were announced")
    return whole


def _read(feed: _Feed, layout: Layout, party: str) -> Iterator[Any]:
    """The batches, with our errors in place of Arrow's."""
    try:
        with pa.ipc.open_stream(feed) as reader:
            if not reader.schema.equals(layout.schema, check_metadata=True):
                raise Untrusted(f"columns differ from what the protocol prescribes for {party}")
            while True:
                batch, metadata = reader.read_next_batch_with_custom_metadata()
                batch.validate(full=True)
                if metadata or any(column.null_count for column in batch.columns):
                    raise Untrusted(f"the encodings of {party} have empty cells, or words beside them")
                yield batch
    except StopIteration:
        return
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        raise Untrusted(f"the encodings of {party} are malformed") from None


class _Feed:
    """Pieces of bytes as the file that Arrow reads."""

    closed = False

    def __init__(self, pieces: Iterable[bytes], most: int) -> None:
        self._pieces, self._most = iter(pieces), most
        self._rest = memoryview(b"")
        self._at = self._before = 0
        self.tail = b""
        """The last bytes that were read."""

    def read(self, size: int) -> bytes:
        """So many bytes, fewer only at the end."""
        if size > self._most:
            raise Untrusted("a message larger than a batch can be: damaged or altered")
        parts, missing = [], size
        while missing:
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest = memoryview(piece)
            part = self._rest[:missing]
            parts.append(part)
            missing -= len(part)
            self._rest = self._rest[len(part) :]
        data = b"".join(parts)
        self._at += len(data)
        self.tail = (self.tail + data)[-len(_END) :] if len(data) < len(_END) else data[-len(_END) :]
        return data

    def tell(self) -> int:
        """Bytes read so far."""
        return self._at

    def taken(self) -> int:
        """Bytes read since it was last asked for."""
        taken, self._before = self._at - self._before, self._at
        return taken


def _encodings(batch: Any, party: str, protocol_digest: str, layout: Layout) -> Encodings:
    filters = np.zeros((len(batch), 0), dtype=np.uint64)
    if layout.words:
        raw = _bytes_of(batch, "filter", layout.words * 8)
        filters = raw.view("<u8").astype(np.uint64, copy=False).reshape(len(batch), layout.words)
    categories = {}
    for name, size in layout.categories:
        codes = batch.column(f"category:{name}").to_numpy(zero_copy_only=False).astype(np.int16, copy=False)
        if len(codes) and (codes.min() < MISSING_CATEGORY or codes.max() >= size):
            raise Untrusted(f"category '{name}' of {party} holds a code outside the protocol's values")
        categories[name] = codes
    tokens = {name: _bytes_of(batch, f"token:{name}", TOKEN_BYTES) for name in layout.tokens}
    return Encodings(party, protocol_digest, _bytes_of(batch, "handle", HANDLE_BYTES), tokens, filters, categories)


def _in_order(encodings: Encodings, last: bytes) -> bytes:
    """Check that handles rise, from the last one of the batch before; any other order could tell that of the file."""
    keys = encodings.handles.view(f"S{HANDLE_BYTES}").reshape(-1)
    first = bytes(encodings.handles[0])
    if (keys[1:] <= keys[:-1]).any() or (last and first <= last):
        raise Untrusted(f"the rows of {encodings.party} do not stand in the order of their handles, each once")
    return bytes(encodings.handles[-1])


def _none(party: str, protocol_digest: str, layout: Layout) -> Encodings:
    def room(width: int, dtype: Any) -> NDArray[Any]:
        return np.zeros((0, width), dtype=dtype)

    tokens = {name: room(TOKEN_BYTES, np.uint8) for name in layout.tokens}
    categories: dict[str, NDArray[np.int16]] = {name: np.zeros(0, np.int16) for name, _ in layout.categories}
    filters = room(layout.words, np.uint64)
    return Encodings(party, protocol_digest, room(HANDLE_BYTES, np.uint8), tokens, filters, categories)


def _bytes_of(batch: Any, name: str, width: int) -> NDArray[np.uint8]:
    column = batch.column(name)
    flat = np.frombuffer(column.buffers()[1] or b"", dtype=np.uint8)
    return flat[column.offset * width : (column.offset + len(column)) * width].reshape(-1, width)
