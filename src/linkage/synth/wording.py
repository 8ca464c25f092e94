"""Positions and numbers as text, for many people at once.

Rules kept here:

- Text is looked up in the tables of `lexicon`; nothing is drawn here, so the same people always read the same.
- Every function takes arrays and returns an Arrow string array of the same length, without nulls unless said.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.synth.draw import Address
from linkage.synth.lexicon import given_names, letter_pairs, places, surnames
from linkage.synth.numbers import Ints

SEXES = pa.array(["M", "V", "O"])
"""Sex as the BRP writes it (element 04.10)."""
NAME_USES = pa.array(["E", "P", "V", "N"])
"""Naamgebruik as the BRP writes it (element 61.10)."""
_TWO_DIGITS = pa.array([f"{number:02d}" for number in range(100)])


def full_given(given: Ints, hyphen: npt.NDArray[np.bool_]) -> pa.Array:
    """All given names: separated by spaces, the first two by a hyphen where marked."""
    first, second, third = (_optional(given_names().text, given[:, place]) for place in range(3))
    joint = where(hyphen, "-", where(given[:, 1] >= 0, " ", ""))
    gap = where(given[:, 2] >= 0, " ", "")
    return pc.binary_join_element_wise(first, joint, second, gap, third, "")


def first_given(given: Ints) -> pa.Array:
    """The first given name only."""
    return given_names().text.take(pa.array(given[:, 0]))


def initials(given: Ints, hyphen: npt.NDArray[np.bool_]) -> pa.Array:
    """Initials (voorletters) by the rule of the BRP: a hyphenated name, Th, Ph, Ch and IJ give one letter."""
    shown = np.where(hyphen, -1, given[:, 1])
    columns = (given[:, 0], shown, given[:, 2])
    return pc.binary_join_element_wise(*(_optional(given_names().initials, column) for column in columns), "")


def call_name(given: Ints, call: Ints) -> pa.Array:
    """The name a person goes by (roepnaam)."""
    return pc.coalesce(given_names().calls.take(_nullable(call)), first_given(given))


def prefix(position: Ints) -> pa.Array:
    """Prefix (voorvoegsel) of a surname; empty for position -1."""
    return _optional(surnames().prefix, position)


def surname(position: Ints) -> pa.Array:
    """Surname without prefix; empty for position -1."""
    return _optional(surnames().name, position)


def joined(prefixes: pa.Array, names: pa.Array) -> pa.Array:
    """Prefix and surname in one, with a space where there is a prefix."""
    return pc.utf8_trim_whitespace(pc.binary_join_element_wise(prefixes, names, " "))


def postcode(address: Address, *, gap: str = "") -> pa.Array:
    """Postcode such as 8011AB, with `gap` between digits and letters."""
    return pc.binary_join_element_wise(text(address.pc4), letter_pairs().take(pa.array(address.letters)), gap)


def gemeentecode(address: Address) -> pa.Array:
    """Gemeentecode, four digits."""
    return places().code.take(pa.array(address.place))


def dutch_date(number: Ints) -> pa.Array:
    """``dd-mm-yyyy`` from ``yyyymmdd``; unknown parts stay 00; empty for 0."""
    day, month = (_TWO_DIGITS.take(pa.array(part)) for part in (number % 100, number // 100 % 100))
    return where(number > 0, pc.binary_join_element_wise(day, month, text(number // 10_000), "-"), "")


def iso_date(number: Ints) -> pa.Array:
    """``yyyy-mm-dd`` from ``yyyymmdd``; empty for 0."""
    day, month = (_TWO_DIGITS.take(pa.array(part)) for part in (number % 100, number // 100 % 100))
    return where(number > 0, pc.binary_join_element_wise(text(number // 10_000), month, day, "-"), "")


def text(number: Ints) -> pa.Array:
    """Whole numbers as text; for dates that is ``yyyymmdd``."""
    return pc.cast(pa.array(number), pa.string())


def text_or_empty(number: Ints) -> pa.Array:
    """Whole numbers as text, empty for 0."""
    return where(number > 0, text(number), "")


def where(mask: npt.NDArray[np.bool_], yes: pa.Array | str, no: pa.Array | str) -> pa.Array:
    """Choose by row between two string arrays or constants."""
    return pc.if_else(pa.array(mask), yes, no)


def each(values: pa.Array, change: Callable[[str], str]) -> pa.Array:
    """Apply a function to every distinct value once."""
    coded = pc.dictionary_encode(values)
    return pa.array([change(value) for value in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def _nullable(position: Ints) -> pa.Array:
    """Positions with null in place of -1."""
    return pa.array(position, mask=position < 0)


def _optional(table: pa.Array, position: Ints) -> pa.Array:
    """Look up text; empty for position -1."""
    return pc.fill_null(table.take(_nullable(position)), "")
