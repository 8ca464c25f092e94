"""The file in which the linkage unit keeps its links between matching and releasing.

Rules kept here:

- It names random handles, parties and groups; no token, no filter, no category.
- It says which packages it was made of: links of other packages are not released.
- Reading is strict: what is no such file is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import TypeAdapter

from linkage import canonical
from linkage.errors import LinkageError, Untrusted
from linkage.links import Histogram, Judged, Links
from linkage.tables import HANDLE_BYTES, Encodings

ABOUT = b"about"
_PARTY, _HANDLE = pa.dictionary(pa.int16(), pa.string()), pa.binary(HANDLE_BYTES)
_SCHEMA = pa.schema(
    [
        ("left_party", _PARTY), ("left", _HANDLE), ("right_party", _PARTY), ("right", _HANDLE),
        ("group", pa.int64()), ("score", pa.float64()), ("stage", pa.int16()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """A file of links."""

    packages: Mapping[str, str]
    """Custodian to the digest of its package."""
    judged: Sequence[Judged]
    """What to expect of the links."""
    table: pa.Table = field(repr=False)
    """One row per linked pair; pairs of one group have its number."""

    @property
    def seen(self) -> list[tuple[Judged, Histogram]]:
        """What to expect of every fuzzy stage between two parties, and the scores of the links kept of it."""
        return [(one, self._scores(one)) for one in self.judged]

    def _scores(self, one: Judged) -> Histogram:
        left, right = one.parties
        columns = (("stage", one.stage), ("left_party", left), ("right_party", right))
        wanted = [pc.equal(self.table[name], value) for name, value in columns]
        rows = self.table.filter(pc.and_(pc.and_(wanted[0], wanted[1]), wanted[2]))
        return Histogram.of(rows["score"].to_numpy())

    def pairs(self, left: str, right: str) -> list[tuple[bytes, bytes]]:
        """The handles of all pairs of rows, of two parties, that are in one group."""
        ours, theirs = self._by_group(left), self._by_group(right)
        return [(a, b) for group, some in ours.items() for a in some for b in theirs.get(group, ())]

    def members(self, of: Encodings) -> NDArray[np.int64]:
        """``int64[n]``: the group of every row of a party, -1 for a row that is linked with none."""
        position = {handle.tobytes(): i for i, handle in enumerate(of.handles)}
        result = np.full(len(of), -1, np.int64)
        for group, handles in self._by_group(of.party).items():
            result[[position[handle] for handle in handles]] = group
        return result

    def _by_group(self, party: str) -> dict[int, list[bytes]]:
        """The handles of a party in every group that it has rows in."""
        found: dict[int, dict[bytes, None]] = {}
        for side in ("left", "right"):
            rows = self.table.filter(pc.equal(self.table[f"{side}_party"], party))
            for group, handle in zip(rows["group"].to_pylist(), rows[side].to_pylist(), strict=True):
                found.setdefault(group, {})[handle] = None
        return {group: list(handles) for group, handles in found.items()}


def to_bytes(links: Links, encodings: Sequence[Encodings], packages: Mapping[str, str]) -> bytes:
    """An Arrow IPC stream of the links.

    Args:
        links: what was found.
        encodings: of the parties, in the order of the links.
        packages: custodian to the digest of its package.
    """
    handles = np.concatenate([e.handles for e in encodings])
    first = np.concatenate([[0], np.cumsum(links.sizes)]).astype(np.int64)

    def side(parties: NDArray[np.int16], rows: NDArray[np.int64]) -> list[pa.Array]:
        words = pa.DictionaryArray.from_arrays(pa.array(parties, pa.int16()), pa.array(links.parties, pa.string()))
        found = pa.py_buffer(np.ascontiguousarray(handles[first[parties] + rows]))
        return [words, pa.FixedSizeBinaryArray.from_buffers(_HANDLE, len(rows), [None, found])]

    columns: list[Any] = [*side(links.left_party, links.left), *side(links.right_party, links.right)]
    columns += [pa.array(links.group), pa.array(links.score), pa.array(links.stage)]
    about = {"packages": dict(packages), "judged": [asdict(one) for one in links.judged]}
    batch = pa.record_batch(columns, schema=_SCHEMA.with_metadata({ABOUT: canonical.to_bytes(about)}))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def from_bytes(data: bytes) -> Kept:
    """Read `to_bytes`.

    Raises:
        Untrusted: not a file of links.
    """
    try:
        with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
            if not reader.schema.equals(_SCHEMA):
                raise ValueError
            table = reader.read_all()
        said = canonical.from_bytes((table.schema.metadata or {})[ABOUT])
        judged = TypeAdapter(list[Judged]).validate_json(canonical.to_bytes(said["judged"]), strict=True)
        packages = TypeAdapter(dict[str, str]).validate_json(canonical.to_bytes(said["packages"]), strict=True)
    except (LinkageError, pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        raise Untrusted("not a file of links: damaged or altered") from None
    return Kept(packages, judged, table)
