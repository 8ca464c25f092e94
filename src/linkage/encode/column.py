"""One normalised field of many rows, each distinct value once: what both profiles encode.

Rules kept here:

- A distinct value is cut into tokens once, and a distinct token gets one number, whatever the number of rows.
- What a profile needs of a row, its values and whether they suffice, is decided here and the same for all profiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.encode.cut import Cut, cut
from linkage.protocol.profiles import Clk, Hardened


@dataclass(frozen=True, eq=False)
class Column:
    """The normalised values of one field, each distinct value once."""

    kind: str
    """Field kind."""
    codes: NDArray[np.int32] = field(repr=False)
    """``int32[n]``: index in `values`, -1 for no value."""
    values: Any = field(repr=False)
    """Distinct normalised values: an Arrow array of text; a sequence of strings becomes one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", np.asarray(self.codes, dtype=np.int32))
        if not isinstance(self.values, pa.Array):
            object.__setattr__(self, "values", pa.array(self.values, pa.string()))

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
        values = [*self.values.to_pylist(), None]  # the last one serves code -1
        return [values[code] for code in self.codes.tolist()]


def cut_into_tokens(column: Column, q: int) -> Cut:
    """Cut every distinct value of a column into tokens."""
    return cut(column.kind, column.values, q)


def has_enough(
    columns: Mapping[str, Column], encoding: Clk | Hardened, rows: NDArray[np.int64] | slice
) -> NDArray[np.bool_]:
    """``bool[n]``: whether enough fields of the encoding have a value for a filter to tell a row apart."""
    present = [columns[spec.field].codes[rows] >= 0 for spec in encoding.fields if spec.field in columns]
    return np.asarray(np.sum(present, axis=0) >= encoding.fields_needed)
