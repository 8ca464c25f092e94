"""The last look at what leaves.

Rules kept here:

- The plaintext of a package holds no run of nine digits that passes the 11-proof, in ASCII or UTF-16.
- Nor does it hold the cells it was made of: the values of the fields that are sent as token or filter and the local
  references, as they stood in the file and as they were normalised, in UTF-8, Latin-1 or UTF-16.
- Short values turn up in random bytes by chance. So many different ones must be found as chance would give in fewer
  than one of 10^9 packages (`enough`): in a gigabyte one of fourteen letters, or dozens of seven; in a small package
  one of ten, or half a dozen of five. A column that leaks is seen; one short name among a million filters is not.
- The bytes are looked at as they pass, in memory that does not grow with them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.encode import search
from linkage.errors import Refused

if TYPE_CHECKING:
    from linkage.encode.prepare import Prepared
    from linkage.encode.read import Records
    from linkage.protocol.model import Protocol

FALSE_ALARM = 1e-9
"""Chance of a refusal without a reason, per package."""
BITS_PER_BYTE = -math.log2(0.25**2 * 0.75**6)
"""What a byte with two to six bits set tells, 6.5 bits: a filter's bits are set independently, each with the same
chance p; such a byte comes up with at most p^2 (1-p)^6 or the mirror image of it, which is largest at p = 1/4."""
SHORTEST, LONGEST = 5, 64
"""Telling bytes without which a value is not looked for; bytes of a value that are compared."""
SEAM = 2 * LONGEST
"""Bytes around the border of two pieces that are looked at once more."""
AT_ONCE = 1 << 16
"""Finds noted per piece; a package with as many is refused long before."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Values that must not leave, ready to be looked for."""

    heads: NDArray[np.uint32] = field(repr=False)
    tables: tuple[NDArray[np.bool_], NDArray[np.bool_]] = field(repr=False)
    text: NDArray[np.uint8] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    ends: NDArray[np.int64] = field(repr=False)
    telling: NDArray[np.int64] = field(repr=False)
    """``int64[k]``: telling bytes of each value; all else is as in `search.texts_in`."""

    def __len__(self) -> int:
        return len(self.heads)


def cells_of(records: Records, prepared: Prepared, protocol: Protocol) -> Cells:
    """The values of identifying columns: as they stood, as they were normalised, and the local references."""
    arrays: list[Any] = []
    for spec in protocol.fields_of(prepared.party, "exact", "bloom"):
        arrays += [chunk.dictionary for chunk in records.table.column(spec.name).chunks]
        arrays.append(prepared.columns[spec.name].values)
    if records.reference is not None:
        arrays += [chunk.dictionary for chunk in records.reference.chunks]
    return cells(arrays)


def cells(arrays: Sequence[Any]) -> Cells:
    """Arrow arrays of text as values to look for; one that stands twice is found twice and counted once."""
    parts = [array.cast(pa.large_string()) for array in arrays]
    for array in list(parts):
        odd = array.filter(pc.invert(pc.string_is_ascii(array))).to_pylist()
        latin = [text.encode("latin-1", "ignore") for text in odd if text is not None]
        parts.append(pa.array(latin, pa.large_binary()))
    whole = pa.concat_arrays([part.cast(pa.large_binary()).drop_null() for part in parts])
    offsets, data = whole.buffers()[1:3] if len(whole) else (pa.py_buffer(bytes(8)), None)
    bounds = np.frombuffer(offsets, np.int64)[: len(whole) + 1]
    text = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    starts, ends = bounds[:-1], np.minimum(bounds[1:], bounds[:-1] + LONGEST)
    count = search.telling(text, starts, ends)
    kept = np.flatnonzero(count >= SHORTEST)
    heads = search.heads_of(text, starts[kept])
    order = np.argsort(heads, kind="stable")
    kept = kept[order]
    heads = heads[order]
    return Cells(heads, search.tables_of(heads), text, starts[kept], ends[kept], count[kept])


def enough(places: int, values: int, telling: int) -> int:
    """How many different values must be found for it not to be chance.

    Args:
        places: bytes that were looked at.
        values: how many values of that length were looked for.
        telling: their telling bytes.

    At each place each value stands by chance with at most ``2 ** (-BITS_PER_BYTE * telling)``; with `mean` the sum of
    those, `n` or more different ones are found with a chance of at most ``mean ** n / n!``. All lengths together are
    given `FALSE_ALARM`.
    """
    mean = math.log(max(places, 1)) + math.log(max(values, 1)) - BITS_PER_BYTE * telling * math.log(2)
    limit = math.log(FALSE_ALARM / LONGEST)
    found = 1
    while found * mean - math.lgamma(found + 1) > limit:
        found += 1 + found // 16
    return found


def searched(pieces: Iterable[bytes], cells: Cells, *, own: bytes = b"") -> Iterator[bytes]:
    """Hand bytes on, and refuse at the latest at their end what must not leave.

    Args:
        pieces: the bytes of a package's body.
        cells: what to look for.
        own: bytes that leave by agreement (names of columns); a value that stands there too is not looked for.

    Raises:
        Refused: a person number, or more values of the input than chance explains; says where, never what.
    """
    agreed, seen = _Seen(cells), _Seen(cells)
    agreed.look(own, 0)
    at, tail = 0, b""
    for piece in pieces:
        seam = tail + piece[:SEAM]
        for data, first in ((seam, at - len(tail)), (piece, at)):
            refuse_numbers(data, first)
            seen.look(data, first)
        at += len(piece)
        tail = (tail + piece)[-SEAM:] if len(piece) < SEAM else piece[-SEAM:]
        yield piece
    seen.judge(agreed, at)


def refuse_numbers(data: bytes, first: int = 0) -> None:
    """Refuse bytes that hold a person number. In random bytes nine digits that pass the 11-proof stand about once in
    10^13 places.

    Args:
        data: where to look.
        first: what the message is to call its first byte.

    Raises:
        Refused: somewhere stand nine digits that pass the 11-proof; the message says where, not what.
    """
    found = search.number_in(np.frombuffer(data, np.uint8))
    if found >= 0:
        raise _refusal(f"nine digits that pass the 11-proof at byte {first + found}")


class _Seen:
    """The different values that were found, by their telling bytes."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._found = np.zeros((AT_ONCE, 2), np.int64)
        self._values: dict[int, set[bytes]] = {}
        self._first: dict[int, int] = {}

    def look(self, data: bytes, first: int) -> None:
        """Look for all values in these bytes."""
        of = self._cells
        count = search.texts_in(
            np.frombuffer(data, np.uint8), of.tables, of.heads, of.text, of.starts, of.ends, self._found
        )
        for at, number in self._found[:count].tolist():
            telling = int(of.telling[number])
            self._values.setdefault(telling, set()).add(of.text[of.starts[number] : of.ends[number]].tobytes())
            self._first.setdefault(telling, first + at)

    def judge(self, agreed: _Seen, places: int) -> None:
        """Refuse when more was found than chance explains."""
        for telling, values in sorted(self._values.items(), reverse=True):
            found = len(values - agreed._values.get(telling, set()))
            sought = int((self._cells.telling == telling).sum())
            if found >= enough(places, sought, telling):
                what = "values of the input" if found > 1 else "value of the input"
                raise _refusal(f"{found} {what}, the first at byte {self._first[telling]}")


def _refusal(what: str) -> Refused:
    return Refused(
        f"{what}: nothing was sealed", hint="This is a fault in linkage: please report it, without the data."
    )
