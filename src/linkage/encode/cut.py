"""The distinct values of a column, cut into tokens.

Rules kept here:

- `tokens.tokens` says what the tokens of a value are. Where values share parts, the parts are cut once instead: the
  words of names, the area of a postcode. Both give the same tokens (tests/encode/test_cut.py).
- A distinct token gets one number, whatever the number of values; a value has each of its tokens once.
- A kind that is not known here is cut value by value.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.encode import distinct, tokens
from linkage.encode.tokens import Token

PIECE: Final = 1 << 16
"""Texts that are Python strings at a time."""
_AREA: Final = 4
"""Digits of a postcode that are an area by themselves."""


@dataclass(frozen=True, eq=False)
class Cut:
    """The tokens of distinct values."""

    tokens: Any = field(repr=False)
    """Arrow array of distinct tokens; a token's number is its place here."""
    starts: NDArray[np.int64] = field(repr=False)
    """``int64[values + 1]``: where each value's tokens begin in `token_of`."""
    token_of: NDArray[np.int32] = field(repr=False)
    """``int32[...]``: token numbers, value after value."""
    strengths: NDArray[np.int8] = field(repr=False)
    """``int8[tokens]``: strength of each token."""


def cut(kind: str, values: Any, q: int) -> Cut:
    """Cut values into tokens.

    Args:
        kind: field kind.
        values: Arrow array of normalised values.
        q: letters per q-gram, for the kinds that are cut into q-grams.

    Raises:
        InputError: the kind does not exist, or q is below 1.
    """
    if q >= 1 and kind in tokens.BY_WORD:
        return _by_word(kind, values, q)
    if q >= 1 and kind == "postcode":
        return _by_area(values, q)
    return _by_value(kind, values, q)


def pieces(texts: Any) -> Iterator[list[str]]:
    """An Arrow array of text as lists of at most `PIECE` strings."""
    for first in range(0, len(texts), PIECE):
        yield texts.slice(first, PIECE).to_pylist()


def _by_value(kind: str, values: Any, q: int) -> Cut:
    return _numbered([(values, lambda value: tokens.tokens(kind, value, q))])


def _by_word(kind: str, values: Any, q: int) -> Cut:
    """First words and later words, each distinct one once."""
    first, later = tokens.BY_WORD[kind]
    words = pc.split_pattern(values, " ")
    found = distinct.of_array(words.flatten())
    starts = np.append(0, np.cumsum(pc.list_value_length(words).to_numpy(zero_copy_only=False))).astype(np.int64)
    part_of = found.codes
    parts = [(found.values, lambda word: later(word, q))]
    if first is not later:
        leads, at = np.unique(part_of[starts[:-1]], return_inverse=True)
        part_of = part_of.copy()
        part_of[starts[:-1]] = at + len(found.values)
        parts.append((found.values.take(pa.array(leads)), lambda word: first(word, q)))
    return _union(starts, part_of, _numbered(parts))


def _by_area(values: Any, q: int) -> Cut:
    """The tokens of the area, and the whole code where there is more than an area."""
    areas = distinct.of_array(pc.utf8_slice_codeunits(values, 0, _AREA))
    cut_areas = _by_value("postcode", areas.values, q)
    whole = pc.greater(pc.utf8_length(values), _AREA).to_numpy(zero_copy_only=False)
    number = np.arange(whole.sum())
    starts = np.append(0, np.cumsum(1 + whole)).astype(np.int64)
    part_of = np.zeros(starts[-1], dtype=np.int32)
    part_of[starts[:-1]] = areas.codes
    part_of[starts[1:][whole] - 1] = number + len(areas.values)
    parts = Cut(
        pa.concat_arrays([cut_areas.tokens, values.filter(pa.array(whole)).cast(pa.string())]),
        np.append(cut_areas.starts, cut_areas.starts[-1] + 1 + number),
        np.append(cut_areas.token_of, number + len(cut_areas.tokens)).astype(np.int32),
        np.append(cut_areas.strengths, np.ones(len(number), np.int8)),
    )
    return _union(starts, part_of, parts)


def _numbered(parts: Iterable[tuple[Any, Callable[[str], Iterable[Token]]]]) -> Cut:
    """Cut texts one by one; a token gets its number when it is first seen."""
    numbers: defaultdict[Token, int] = defaultdict(count().__next__)
    token_of, starts = array("i"), array("q", [0])
    for texts, tokenise in parts:
        for piece in pieces(texts):
            for text in piece:
                token_of.extend(map(numbers.__getitem__, tokenise(text)))
                starts.append(len(token_of))
    names = pa.array([token.text for token in numbers], pa.string())
    strengths = np.array([token.strength for token in numbers], np.int8)
    return Cut(names, np.array(starts, np.int64), np.array(token_of, np.int32), strengths)


def _union(starts: NDArray[np.int64], part_of: NDArray[np.int32], parts: Cut) -> Cut:
    """The tokens of values that have several parts, each token once per value."""
    from linkage.encode import kernels

    begins, token_of = kernels.union(starts, part_of, parts.starts, parts.token_of, len(parts.tokens))
    return Cut(parts.tokens, begins, token_of, parts.strengths)
