"""What is kept of a release: who was counted in which figure, and which figures were shown.

Rules kept here:

- A person is a MAC of what the row is known by (`linkage.disclosure.history` has the key): no token, no filter.
- Reading is strict: what is no such file is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter

from linkage import canonical
from linkage.disclosure.differences import NOBODY
from linkage.disclosure.table import Frame
from linkage.errors import LinkageError, Untrusted

MAC_BYTES = 16
_SCHEMA = pa.schema([("row", pa.binary(MAC_BYTES)), ("cell", pa.int32()), ("part", pa.bool_())])
Units = NDArray[np.int64]
Columns = frozenset[tuple[str, str]]
"""What a figure is about: columns with their values."""


@dataclass(frozen=True)
class About:
    """What an earlier release was about."""

    protocol: str
    output: str
    of: tuple[str, ...]
    """Official numbers of the counted custodians."""
    reference_date: str
    method: str
    key: str
    """Digest of the unit's key, to know it by."""
    tokens: str
    """Digest of all that its tokens were made with: rows are known again where it is the same. Empty: nowhere."""
    by: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    margins: tuple[tuple[str, ...], ...]
    moments: tuple[str | None, ...]
    """Per column of the table the day that its states are of; None for a category."""
    persons_shown: tuple[bool, ...]
    """Per figure of the table."""
    part_shown: tuple[bool, ...]
    """None of it where the question asks for no part."""
    sizes: Mapping[str, int]
    """Rows of the other custodians whose number was shown, by official number."""
    blinded: tuple[str, ...] = ()
    """Columns with codes that only holders of the linkage secret of that protocol can read."""


@dataclass(frozen=True)
class Past:
    """An earlier release, or the one that is to be."""

    about: About
    rows: NDArray[np.bytes_] = field(repr=False)
    """``S16[n]``: the MAC of each row, in order."""
    cell: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: -1 for none."""
    part: NDArray[np.bool_] = field(repr=False)
    """``bool[n]``: the part of the persons that is asked for."""

    @property
    def frame(self) -> Frame:
        """The table."""
        return Frame(self.about.by, self.about.values, self.about.margins)

    def to_bytes(self) -> bytes:
        """An Arrow IPC stream."""
        rows = pa.FixedSizeBinaryArray.from_buffers(
            _SCHEMA.field(0).type, len(self.rows), [None, pa.py_buffer(self.rows.tobytes())]
        )
        columns = [rows, pa.array(self.cell, pa.int32())]
        schema = _SCHEMA.with_metadata({b"about": canonical.to_bytes(asdict(self.about))})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_batch(pa.record_batch([*columns, pa.array(self.part)], schema=schema))
        return bytes(sink.getvalue().to_pybytes())

    def states(self, split: str, rows: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """``int64[n]``: the place of the state that each of some persons had, -1 for none."""
        axis = self.frame.by.index(split)
        there = np.flatnonzero(self.cell >= 0)
        place = np.unravel_index(self.cell[there], self.frame.shape)[axis]
        at = np.minimum(np.searchsorted(self.rows[there], rows), max(len(there) - 1, 0))
        met = self.rows[there][at] == rows if len(there) else np.zeros(len(rows), np.bool_)
        return np.where(met, place[at] if len(there) else 0, -1)

    def units(self) -> Iterator[tuple[str, Units]]:
        """Kind of count, and per row the unit that it is counted in; one for every way to add cells up."""
        frame = self.frame
        shown = {"persons": np.asarray(self.about.persons_shown), "part": np.asarray(self.about.part_shown)}
        shown["left"] = shown["persons"] & shown["part"]
        inside = {"persons": self.cell >= 0, "part": self.part, "left": ~self.part}
        for kind, seen in shown.items():
            who = (self.cell >= 0) & inside[kind]
            single = seen[: frame.cells]
            for place in frame.places if len(frame.places) == 1 else frame.places[1:]:
                unit = np.where(single, np.arange(frame.cells), np.where(seen[place], place, NOBODY))
                yield kind, np.where(who, unit[self.cell], NOBODY)

    def counts(self) -> dict[tuple[str, Columns], int]:
        """The exact count of every figure that is shown, or is a sum of cells that are; a state is named by its day."""
        frame, found = self.frame, {}
        whole = Frame(frame.by, frame.values, _subsets(frame.by))
        shown = {"persons": self.about.persons_shown, "part": self.about.part_shown}
        position = {frozenset(key.items()): n for n, key in enumerate(frame.categories())}
        for kind, seen in shown.items():
            who = self.cell if kind == "persons" else np.where(self.part, self.cell, -1)
            cells = whole.figures(frame.counts(who))
            parts = np.asarray(seen[: frame.cells], np.int64)
            summed = whole.figures(parts) == whole.figures(np.ones_like(parts))
            for n, key in enumerate(frozenset(one.items()) for one in whole.categories()):
                if summed[n] or (key in position and seen[position[key]]):
                    found[kind, self._dated(key)] = int(cells[n])
        return found

    def _dated(self, key: Columns) -> Columns:
        return frozenset((self._called[name], value) for name, value in key)

    @property
    def _called(self) -> dict[str, str]:
        days = zip(self.about.by, self.about.moments, strict=True)
        return {name: f"on {day}" if day else name for name, day in days}

    @property
    def in_code(self) -> set[str]:
        """The columns, as `counts` calls them, whose values are codes that mean nothing under another protocol."""
        return {self._called[name] for name in self.about.blinded}


def from_bytes(data: bytes, *, where: str) -> Past:
    """Read `Past.to_bytes`.

    Raises:
        Untrusted: no such file.
    """
    try:
        with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
            if not reader.schema.equals(_SCHEMA):
                raise ValueError
            table = reader.read_all()
        about = TypeAdapter(About).validate_json(table.schema.metadata[b"about"], strict=True)
        rows = np.frombuffer(b"".join(table["row"].to_pylist()), f"S{MAC_BYTES}")
        return Past(about, rows, table["cell"].to_numpy().astype(np.int64), table["part"].to_numpy())
    except (LinkageError, pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        raise Untrusted("not a history of a release: damaged or altered", where=where) from None


def _subsets(by: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    every = [tuple(n for k, n in enumerate(by) if bits >> k & 1) for bits in range(1, 2 ** len(by) - 1)]
    return tuple(every)
