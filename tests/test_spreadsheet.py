"""Rows for Excel: what was written is what is read, and nothing in it would run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.spreadsheet import FORMULA, MARK, as_csv

ESCAPED = tuple("'" + first for first in FORMULA)
CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


def bare(cell: str) -> str:
    """Without the apostrophe that stands before a formula."""
    return cell[1:] if cell.startswith(ESCAPED) else cell


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=5))
def test_cells_come_back_and_none_begins_a_formula(rows: list[list[str]]) -> None:
    text = as_csv(rows)
    assert text.startswith(MARK)
    read = list(csv.reader(io.StringIO(text.removeprefix(MARK), newline=""), delimiter=";"))
    assert [list(map(bare, row)) for row in read] == [list(map(bare, row)) for row in rows]
    assert not any(cell.startswith(FORMULA) for row in read for cell in row)


@pytest.mark.parametrize("cell", ["=1+1", "+31", "-x", "@sum", "\t=1", "\r=1", "\n=1"])
def test_what_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert next(csv.reader(io.StringIO(as_csv([[cell, ""]]).removeprefix(MARK), newline=""), delimiter=";")) == [
        "'" + cell, ""
    ]  # fmt: skip
