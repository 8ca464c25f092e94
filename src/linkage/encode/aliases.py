"""Numbers that changed: a person's old number is replaced by the new one before anything is tokenised.

Rules kept here:

- Both are numbers of the field's kind. A new number may have changed again; a circle is refused.
- The file stays with the custodian. Rows that were replaced are counted; no number is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from linkage.encode import distinct, normalise
from linkage.encode.column import Column
from linkage.encode.config import AliasConfig
from linkage.encode.distinct import Texts
from linkage.encode.read import Columns, read
from linkage.errors import InputError

KINDS = {"bsn": normalise.bsn, "education-number": normalise.education_number}


def load(path: Path, spec: AliasConfig, kind: str) -> dict[str, str]:
    """Old number to the one that holds now.

    Args:
        path: the file.
        spec: its headings.
        kind: kind of the field.

    Raises:
        InputError: the file cannot be read, a cell is no such number, one number has two successors, or a circle;
            names the row, shows no number.
    """
    if kind not in KINDS:
        raise InputError(f"aliases are for numbers; '{spec.field}' is a {kind}", where=path.name)
    records = read(path, Columns({"old": (spec.old,), "new": (spec.new,)}), ["old", "new"])
    cells = zip(
        records.rows.tolist(), *(records.table.column(name).to_pylist() for name in ("old", "new")), strict=True
    )
    found: dict[str, str] = {}
    for row, old, new in cells:
        where = f"{records.source}, row {row}"
        numbers = [_number(kind, text, where) for text in (old, new)]
        if found.setdefault(numbers[0], numbers[1]) != numbers[1]:
            raise InputError("this old number has another new one above", where=where)
    return {old: _last(found, old, path.name) for old in found}


def replaced(column: Column, aliases: Mapping[str, str]) -> tuple[Column, int]:
    """A column with old numbers replaced, and how many rows that changed."""
    values = column.values.to_pylist()
    changed = np.asarray([value in aliases for value in values], dtype=np.bool_)
    if not changed.any():
        return column, 0
    rows = int(changed[column.codes[column.present]].sum())
    once = distinct.of_array(pa.array([aliases.get(value, value) for value in values], pa.string()))
    made = Texts(np.append(once.codes, np.int32(-1))[column.codes], once.values)
    return Column(column.kind, made.codes, made.values), rows


def _number(kind: str, text: str | None, where: str) -> str:
    try:
        value = KINDS[kind](text or "").value
    except normalise.BadValue as error:
        raise InputError(error.reason, where=where) from None
    if value is None:
        raise InputError("expected a number in both columns", where=where)
    return value


def _last(found: Mapping[str, str], old: str, where: str) -> str:
    seen = {old}
    while (new := found[old]) in found:
        if new in seen:
            raise InputError("these numbers replace each other in a circle", where=where)
        seen.add(new)
        old = new
    if new in seen:
        raise InputError("a number replaces itself", where=where)
    return new
