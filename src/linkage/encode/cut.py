"""The distinct values of a column, cut into tokens.

Rules kept here:

- `tokens.tokens` says what the tokens of a value are. Where values share parts, the parts are cut once instead: the
  words of names and their q-grams, the area of a postcode, the year of a date. Both give the same tokens
  (tests/encode/test_cut.py).
- A distinct token gets one number, whatever the number of values; a value has each of its tokens once.
- A kind that is not known here is cut value by value.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.encode import distinct, tokens
from linkage.encode.distinct import Texts
from linkage.encode.tokens import Token, Tokeniser

PIECE: Final = 1 << 16
"""Texts that are Python strings at a time."""
ALPHABET: Final = 1 << 16
"""Different letters of which four fit in one number; words with more of them are cut one by one."""


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
    if q < 1 or kind not in tokens.TOKENISERS:
        return _by_value(kind, values, q)  # which refuses
    if kind in tokens.BY_WORD:
        return _by_word(*tokens.BY_WORD[kind], values, q)
    if kind in tokens.BY_GRAM:
        return _by_gram(tokens.BY_GRAM[kind], values, q)
    if kind in tokens.BY_PLACE:
        return _by_place(tokens.BY_PLACE[kind], values, q)
    return _by_value(kind, values, q)


def pieces(texts: Any) -> Iterator[list[str]]:
    """An Arrow array of text as lists of at most `PIECE` strings."""
    for first in range(0, len(texts), PIECE):
        yield texts.slice(first, PIECE).to_pylist()


def _by_value(kind: str, values: Any, q: int) -> Cut:
    return _numbered([(values, lambda value: tokens.tokens(kind, value, q))])


def _by_word(first: Tokeniser, later: Tokeniser, values: Any, q: int) -> Cut:
    """First words and later words, each distinct one once."""
    starts, words = _words(values)
    leads, at = np.unique(words.codes[starts[:-1]], return_inverse=True)
    part_of = words.codes.copy()
    part_of[starts[:-1]] = at + len(words.values)
    firsts = words.values.take(pa.array(leads))
    parts = _numbered([(words.values, _with(later, q)), (firsts, _with(first, q))])
    return _union(starts, part_of, parts)


def _by_gram(marks: Callable[[Sequence[str]], Iterable[tuple[Token, ...]]], values: Any, q: int) -> Cut:
    """Each distinct word as two parts: its q-grams and its marks."""
    starts, words = _words(values)
    of_words = [marked for piece in pieces(words.values) for marked in marks(piece)]
    marked = _numbered([(pa.array(range(len(of_words)), pa.int32()), of_words.__getitem__)])
    part_of = np.stack([words.codes, words.codes + np.int32(len(words.values))], axis=1).reshape(-1)
    return _union(2 * starts, part_of, _together([_grams(words.values, q), marked]))


def _by_place(places: Sequence[tuple[int, int, Tokeniser]], values: Any, q: int) -> Cut:
    """The parts of a value at fixed places, each distinct one once."""
    size = pc.utf8_length(values)
    cuts, columns, parts = [], [], 0
    for first, end, tokenise in places:
        part = pc.if_else(pc.less(size, end), pa.scalar(None, pa.string()), pc.utf8_slice_codeunits(values, first, end))
        found = distinct.of_array(part)
        if tokenise is tokens.exact:
            cuts.append(_themselves(found.values))
        else:
            cuts.append(_numbered([(found.values, _with(tokenise, q))]))
        columns.append(np.where(found.codes >= 0, found.codes + np.int32(parts), np.int32(-1)))
        parts += len(found.values)
    table = np.stack(columns, axis=1)
    starts = np.append(0, np.cumsum((table >= 0).sum(axis=1)))
    return _union(starts, table[table >= 0], _together(cuts))


def _with(tokenise: Tokeniser, q: int) -> Callable[[str], Iterable[Token]]:
    return lambda text: tokenise(text, q)


def _words(values: Any) -> tuple[NDArray[np.int64], Texts]:
    """Where the words of each value begin, and all words."""
    words = pc.split_pattern(values, " ")
    starts = np.append(0, np.cumsum(pc.list_value_length(words).to_numpy(zero_copy_only=False))).astype(np.int64)
    return starts, distinct.of_array(words.flatten())


def _grams(words: Any, q: int) -> Cut:
    """The q-grams of words, all at once: what `tokens.q_grams` gives for each by itself."""
    padding = tokens.PAD * (q - 1)
    text = "".join(f"{padding}{word}{padding}" for piece in pieces(words) for word in piece)
    alphabet, letters = np.unique(np.frombuffer(text.encode("utf-32-le"), dtype="<u4"), return_inverse=True)
    if len(alphabet) > ALPHABET:
        return _numbered([(words, _with(tokens.q_grams, q))])
    sizes = pc.utf8_length(words).to_numpy(zero_copy_only=False).astype(np.int64) + (q - 1)  # q-grams of each word
    starts = np.append(0, np.cumsum(sizes))
    at = np.arange(starts[-1]) + np.repeat(np.arange(len(sizes)) * (q - 1), sizes)  # where each begins in the text
    spelt = np.stack([letters[at + place] for place in range(q)], axis=1).astype(np.uint64)
    packed = np.zeros(len(at), dtype=np.uint64)
    for place in range(q):
        packed = packed << np.uint64(16) | spelt[:, place]
    _, seen, numbers = np.unique(packed, return_index=True, return_inverse=True)
    names = ["".join(map(chr, alphabet[gram])) for gram in spelt[seen].astype(np.int64)]
    return Cut(pa.array(names, pa.string()), starts, numbers.astype(np.int32), np.ones(len(names), np.int8))


def _themselves(texts: Any) -> Cut:
    """Distinct texts that are each one token: what `tokens.exact` gives."""
    count_ = len(texts)
    return Cut(
        texts.cast(pa.string()), np.arange(count_ + 1), np.arange(count_, dtype=np.int32), np.ones(count_, np.int8)
    )


def _together(cuts: Sequence[Cut]) -> Cut:
    """Parts cut in several ways, one after the other, with one number for each token."""
    found = distinct.of_array(pa.concat_arrays([one.tokens for one in cuts]))
    strengths = np.zeros(len(found.values), np.int8)
    strengths[found.codes] = np.concatenate([one.strengths for one in cuts])
    starts, numbers, first, end = [np.zeros(1, np.int64)], [], 0, 0
    for one in cuts:
        starts.append(one.starts[1:] + end)
        numbers.append(found.codes[first + one.token_of])
        first, end = first + len(one.tokens), end + len(one.token_of)
    return Cut(found.values, np.concatenate(starts), np.concatenate(numbers), strengths)


def _numbered(parts: Iterable[tuple[Any, Callable[[Any], Iterable[Token]]]]) -> Cut:
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
