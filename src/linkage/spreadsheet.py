"""Rows as a file that a spreadsheet with Dutch settings opens: semicolons, UTF-8 with mark, nothing that it would run.

Rule kept here: a cell that would be taken for a formula gets an apostrophe in front (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, or skips before one."""
MARK = "\ufeff"
"""By which Excel knows UTF-8."""


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """The rows, one a line; an empty one is a blank line."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for row in rows:
        writer.writerow(["'" + cell if cell.startswith(FORMULA) else cell for cell in row])
    return MARK + out.getvalue()
