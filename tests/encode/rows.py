"""Small made-up rows for the tests of both profiles, as columns and as the reference takes them; values of kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from hypothesis import strategies as st

import reference
from linkage.encode.column import Column

SECRET, DIGEST = bytes(range(32)), "sha256:" + "00" * 32
KINDS = {"given-name": "given-name", "surname": "surname", "born": "birth-date", "postcode": "postcode"}
NAMES = st.text("abcdefgy ", min_size=1, max_size=12).map(lambda text: " ".join(text.split()) or "a")
DATES = st.dates(date(1850, 1, 1), date(2100, 12, 31)).map(lambda day: f"{day:%Y%m%d}") | st.sampled_from(
    ["19780000", "19780300", "19780101", "19780100"]
)
POSTCODES = st.from_regex(r"[1-9][0-9]{3}([a-z]{2})?", fullmatch=True)
VALUES = {"given-name": NAMES, "surname": NAMES, "born": DATES, "postcode": POSTCODES}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), max_size=6)
Person = Mapping[str, str | None]

WORD = st.text("abcdefghijklmnopqrstuvwxyzßλй", min_size=1, max_size=9)
WORDS = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
DIGITS = st.integers(0, 99_999).map(str)
NORMALISED = {
    "bsn": st.sampled_from(["111222333", "012345672"]),
    "education-number": st.just("101222331"),
    "given-name": WORDS,
    "initials": st.lists(st.sampled_from("abjmtλ"), min_size=1, max_size=4).map(" ".join),
    "surname": WORDS,
    "prefix": WORDS,
    "birth-date": DATES,
    "date": DATES,
    "sex": st.sampled_from("mv"),
    "postcode": POSTCODES,
    "house-number": st.integers(1, 99_999).map(str),
    "category": st.text(min_size=1, max_size=5),
    "text": st.lists(WORD | DIGITS, min_size=1, max_size=4).map(" ".join),
    "number": st.tuples(st.sampled_from(["", "-"]), DIGITS, st.sampled_from(["", ".5", ".05"])).map("".join),
}
"""Values of every kind, as its normaliser gives them."""


def columns(rows: Sequence[Person]) -> dict[str, Column]:
    """Each distinct value once, in order of appearance."""
    result = {}
    for name, kind in KINDS.items():
        values = list(dict.fromkeys(value for row in rows if (value := row[name]) is not None))
        codes = [-1 if (value := row[name]) is None else values.index(value) for row in rows]
        result[name] = Column(kind, np.asarray(codes, dtype=np.int64), values)
    return result


def cut(row: Person) -> reference.Row:
    """Tokens of each value with their strengths."""
    return {
        name: None if (value := row[name]) is None else list(reference.tokens(kind, value, 2).items())
        for name, kind in KINDS.items()
    }
