"""Columns of any type as columns of text, the one form that normalisers read.

Rules kept here:

- A value is written as a person would: dates as yyyy-mm-dd, whole numbers without a point, nothing as null.
- Text loses the spaces around it; what is then empty is null.
- A type that has no such form (a list, a struct) is refused by name, never by value. Errors are raised outside
  `except` blocks, because Arrow's own messages quote the value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from linkage.encode import distinct
from linkage.encode.distinct import Texts
from linkage.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_CANNOT: Final = (pa.ArrowException, NotImplementedError, ValueError, TypeError, OverflowError)
"""What Arrow raises for a value that it cannot hold or cast."""


def to_texts(column: Any, where: str) -> Texts:
    """A column as codes and distinct texts, trimmed, nothing where there is nothing.

    Args:
        column: an Arrow array or chunked array of any type.
        where: file and column, for errors.

    Raises:
        InputError: the type of the column cannot be written as text.
    """
    try:
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        found = distinct.of_array(column if is_text else _written(column))
        return distinct.mapped(found, _trimmed(found.values))
    except _CANNOT:
        pass
    raise InputError(f"expected text, numbers or dates, got a column of type {column.type}", where=where)


def from_series(series: pd.Series[Any], where: str) -> Any:
    """A pandas column, whose cells may each have a type of their own, as an Arrow column that `to_texts` reads.

    Raises:
        InputError: the type of a cell cannot be written as text.
    """
    try:
        column = pa.chunked_array([pa.Array.from_pandas(series)])
    except _CANNOT:
        column = None  # several types in one column
    return _each(series, where) if column is None else column


def from_values(values: Iterable[Any], where: str) -> Any:
    """Cells that may each have a type of their own, as an Arrow column that `to_texts` reads.

    Raises:
        InputError: the type of a cell cannot be written as text.
    """
    return _each(values, where)


def _written(column: Any) -> Any:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _written(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        return _moments(pc.local_timestamp(column) if kind.tz else column)
    if pa.types.is_floating(kind):
        return _floats(column.cast(pa.float64()))
    if pa.types.is_decimal(kind):
        return pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
    if pa.types.is_date64(kind):
        return column.cast(pa.date32()).cast(pa.string())
    if pa.types.is_nested(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        raise TypeError
    return column.cast(pa.string())


def _trimmed(column: Any) -> Any:
    bare = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(bare, ""), pa.scalar(None, pa.string()), bare)


def _moments(column: Any) -> Any:
    """The date where the time is midnight; else both, for the normaliser to refuse."""
    day = column.cast(pa.date32(), safe=False)
    midnight = pc.equal(day.cast(column.type), column)
    return pc.if_else(midnight, day.cast(pa.string()), column.cast(pa.string()))


def _floats(column: Any) -> Any:
    """Whole numbers as such: a column with one empty cell makes floats of all BSNs in pandas."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**53))
    integers = pc.if_else(whole, column, 0.0).cast(pa.int64()).cast(pa.string())
    return pc.if_else(whole, integers, column.cast(pa.string()))


def _each(values: Iterable[Any], where: str) -> Any:
    """Cells of several types: the same rules, type by type."""
    kinds: dict[type, dict[int, Any]] = {}
    for at, value in enumerate(values):
        kinds.setdefault(type(value), {})[at] = value
    found: dict[int, str | None] = {}
    for kind, cells in kinds.items():
        found.update(zip(cells, _of_one_kind(list(cells.values()), kind, where), strict=True))
    return pa.chunked_array([pa.array([found[at] for at in range(len(found))], pa.string())])


def _of_one_kind(values: list[Any], kind: type, where: str) -> list[str | None]:
    try:
        written: list[str | None] = _written(pa.chunked_array([pa.array(values, from_pandas=True)])).to_pylist()
    except _CANNOT:
        pass
    else:
        return written
    raise InputError(f"expected text, numbers or dates, got a cell of type {kind.__name__}", where=where)
