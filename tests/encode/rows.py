"""Small made-up rows for the tests of both profiles, as columns and as the reference takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st

import reference
from linkage.encode import tokens
from linkage.encode.column import Column

SECRET, DIGEST = bytes(range(32)), "sha256:" + "00" * 32
KINDS = {"given-name": "given-name", "surname": "surname", "born": "birth-date", "postcode": "postcode"}
NAMES = st.text("abcdefgy ", min_size=1, max_size=12).map(lambda text: " ".join(text.split()) or "a")
DATES = st.dates().map(lambda day: day.strftime("%Y%m%d").zfill(8)) | st.sampled_from(["19780000", "19780300"])
POSTCODES = st.from_regex(r"[1-9][0-9]{3}([a-z]{2})?", fullmatch=True)
VALUES = {"given-name": NAMES, "surname": NAMES, "born": DATES, "postcode": POSTCODES}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), max_size=6)
Person = Mapping[str, str | None]


def columns(rows: Sequence[Person]) -> dict[str, Column]:
    """Each distinct value once, in order of appearance."""
    result = {}
    for name, kind in KINDS.items():
        values = list(dict.fromkeys(value for row in rows if (value := row[name]) is not None))
        codes = [-1 if (value := row[name]) is None else values.index(value) for row in rows]
        result[name] = Column(kind, np.asarray(codes, dtype=np.int64), values)
    return result


def cut(row: Person) -> reference.Row:
    return {name: None if (value := row[name]) is None else tokens.tokens(KINDS[name], value, 2) for name in KINDS}
