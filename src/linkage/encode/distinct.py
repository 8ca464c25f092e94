"""Columns of text as codes and distinct texts, gathered batch by batch.

Rules kept here:

- A text is held once, however many rows have it, and never as a Python object per row.
- A column of almost only different texts (person numbers) is not searched for the few that it repeats: that would cost
  more memory than the texts. A text may therefore stand twice in `Texts.values`; no bit depends on it
  (tests/encode/test_stream.py).
- Batches are taken together to `BATCH_ROWS` rows, and columns side by side on all cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_ROWS: Final = 1 << 20
"""Rows that are searched for repeated texts at a time."""
MANY: Final = 1 << 20
"""So many distinct texts, and in most rows another, are not worth a search over all batches."""
_OFFSETS: Final = 1 << 31
"""Bytes of text that Arrow's smaller offsets can reach."""
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of text."""

    codes: NDArray[np.int32] = field(repr=False)
    """``int32[n]``: index in `values`, -1 for nothing."""
    values: Any = field(repr=False)
    """Arrow array of text without nulls."""

    def __len__(self) -> int:
        return len(self.codes)

    def to_arrow(self) -> Any:
        """The same as an Arrow dictionary array, null for nothing."""
        return pa.DictionaryArray.from_arrays(pa.array(self.codes, mask=self.codes < 0), self.values)


def of_array(column: Any) -> Texts:
    """The codes and distinct values of an Arrow array or chunked array of any type that has a dictionary."""
    encoded = column.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    indices = encoded.indices.fill_null(-1) if encoded.indices.null_count else encoded.indices
    return Texts(indices.to_numpy(zero_copy_only=False).astype(np.int32), encoded.dictionary)


def mapped(texts: Texts, values: Any) -> Texts:
    """The same rows with other values, one for each that there was; null takes a value away."""
    if not values.null_count:
        return Texts(texts.codes, values)
    present = values.is_valid().to_numpy(zero_copy_only=False)
    place = np.where(present, np.cumsum(present) - 1, -1)
    return Texts(np.append(place, -1).astype(np.int32)[texts.codes], values.drop_null())  # -1 reads the last


def worth_a_search(distinct: int, rows: int) -> bool:
    """Whether texts should be compared with each other once more, to hold equal ones once."""
    return distinct <= MANY or 2 * distinct < rows


def joined(parts: Sequence[Texts]) -> Texts:
    """Parts of one column below each other."""
    if len(parts) == 1:
        return parts[0]
    values = _concatenated([part.values for part in parts])
    codes = np.concatenate([part.codes for part in parts])
    row, first = 0, 0
    for part in parts:
        mine = codes[row : row + len(part)]
        mine[mine >= 0] += first
        row, first = row + len(part), first + len(part.values)
    if not worth_a_search(len(values), len(codes)):
        return Texts(codes, values)
    found = of_array(values)
    return Texts(np.append(found.codes, np.int32(-1))[codes], found.values)


def first_filled(columns: Sequence[Texts]) -> Texts:
    """Of several columns, row by row the first that has something."""
    first, *others = columns
    codes, values = first.codes, first.values
    for other in others:
        codes = np.where(codes >= 0, codes, np.where(other.codes >= 0, other.codes + np.int32(len(values)), -1))
        values = _concatenated([values, other.values])
    return Texts(codes.astype(np.int32, copy=False), values)


def gathered(batches: Iterable[Sequence[Any]], read: Sequence[Callable[[Any], Texts]]) -> list[Texts]:
    """Columns that come in batches.

    Args:
        batches: per batch, one Arrow array or chunked array per column.
        read: per column, what makes text of it.
    """
    parts: list[list[Texts]] = [[] for _ in read]
    for columns in _enough(batches):
        found = side_by_side(lambda one: one[0](one[1]), zip(read, columns, strict=True))
        for part, texts in zip(parts, found, strict=True):
            part.append(texts)
    return [joined(parts.pop(0)) for _ in read]  # one by one: the search takes memory, and parts are let go


def side_by_side(work: Callable[[In], Out], items: Iterable[In], cores: int | None = None) -> list[Out]:
    """Do the same to every item, on all cores unless said otherwise; results in the order of the items."""
    with ThreadPoolExecutor(cores or os.cpu_count() or 1) as pool:
        return list(pool.map(work, items))


def _enough(batches: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """Batches taken together until they have `BATCH_ROWS` rows."""
    waiting: list[Sequence[Any]] = []
    for batch in chain(batches, [None]):
        if batch is not None:
            waiting.append(batch)
        if waiting and (batch is None or sum(len(columns[0]) for columns in waiting) >= BATCH_ROWS):
            yield [_below(pieces) for pieces in zip(*waiting, strict=True)]
            waiting = []


def _below(pieces: Sequence[Any]) -> Any:
    chunks = [chunk for piece in pieces for chunk in (piece.chunks if isinstance(piece, pa.ChunkedArray) else [piece])]
    return pa.chunked_array(chunks, pieces[0].type)


def _concatenated(arrays: Sequence[Any]) -> Any:
    if sum(array.nbytes for array in arrays) >= _OFFSETS or any(pa.types.is_large_string(a.type) for a in arrays):
        arrays = [array.cast(pa.large_string()) for array in arrays]
    return pa.concat_arrays(arrays)
