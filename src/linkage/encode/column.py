"""One normalised field of many rows, each distinct value once: what both profiles encode.

Rules kept here:

- A distinct value is cut into tokens once, and a distinct token gets one number, whatever the number of rows.
- What a profile needs of a row, its values and whether they suffice, is decided here and the same for all profiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linkage.encode import tokens
from linkage.protocol.profiles import Clk, Hardened


@dataclass(frozen=True, eq=False)
class Column:
    """The normalised values of one field, each distinct value once."""

    kind: str
    """Field kind."""
    codes: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: index in `values`, -1 for no value."""
    values: Sequence[str] = field(repr=False)
    """Distinct normalised values."""

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def present(self) -> NDArray[np.bool_]:
        """``bool[n]``: whether the row has a value."""
        return self.codes >= 0

    def take(self, rows: NDArray[np.int64]) -> Column:
        """The same column for some rows."""
        return Column(self.kind, self.codes[rows], self.values)

    def texts(self) -> list[str | None]:
        """The value of every row, None for none."""
        return [self.values[code] if code >= 0 else None for code in self.codes.tolist()]


@dataclass(frozen=True, eq=False)
class Cut:
    """The tokens of the distinct values of a column."""

    tokens: Sequence[str] = field(repr=False)
    """Distinct tokens; a token's number is its place here."""
    starts: NDArray[np.int64] = field(repr=False)
    """``int64[values + 1]``: where each value's tokens begin in `token_of`."""
    token_of: NDArray[np.int64] = field(repr=False)
    """``int64[...]``: token numbers, value after value."""


def cut_into_tokens(column: Column, q: int) -> Cut:
    """Cut every distinct value of a column into tokens."""
    numbers: dict[str, int] = {}
    token_of: list[int] = []
    starts = [0]
    for value in column.values:
        token_of.extend(numbers.setdefault(token, len(numbers)) for token in tokens.tokens(column.kind, value, q))
        starts.append(len(token_of))
    return Cut(list(numbers), np.asarray(starts, dtype=np.int64), np.asarray(token_of, dtype=np.int64))


def has_enough(columns: Mapping[str, Column], encoding: Clk | Hardened) -> NDArray[np.bool_]:
    """``bool[n]``: whether enough fields of the encoding have a value for a filter to tell the row apart."""
    filled = np.zeros(len(next(iter(columns.values()))), dtype=np.int64)
    for spec in encoding.fields:
        if spec.field in columns:
            filled += columns[spec.field].present
    return filled >= encoding.fields_needed
