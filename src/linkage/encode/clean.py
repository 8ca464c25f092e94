"""Cells of a clean form, normalised by the column instead of one by one.

Rules kept here:

- The functions of `normalise` say what a cell becomes. A form is treated here only where that is plain to see: names
  of unaccented letters, postcodes, nine digits that are a BSN. Every other cell goes to them, one by one.
- Both give the same for every text (tests/encode/test_clean.py), so that it cannot matter which one a cell takes.
- Texts are looked at in pieces of `PIECE`, so that no more of them are Python objects at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.encode import names, normalise

PIECE: Final = 1 << 16
"""Texts that are Python objects at a time."""
_NAME: Final = "^[A-Za-z]+(?:[ -][A-Za-z]+)*$"
_TEXT: Final = "^[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*$"
_POSTCODE: Final = "^[1-9][0-9]{3} ?(?:[A-RT-Za-rt-z][A-Za-z]|[Ss][BCE-RT-Zbce-rt-z])$"
_NINE_DIGITS: Final = "^[0-9]{9}$"
_WEIGHTS: Final = np.array([9, 8, 7, 6, 5, 4, 3, 2, -1], dtype=np.int32)
"""Of the 11-proof (python-stdnum, `stdnum.nl.bsn`)."""


@dataclass(frozen=True, eq=False)
class Normalised:
    """What texts became."""

    values: Any = field(repr=False)
    """Arrow array of text: one normal form per text, null for no value and for a bad cell."""
    notes: Mapping[int, str]
    """Position of a text to what was repaired or is no evidence."""
    bad: Mapping[int, str]
    """Position of a text to why it cannot be what its column says."""


def normalised(kind: str, texts: Any, one: Callable[[str], tuple[str | None, str]]) -> Normalised:
    """Normalise texts.

    Args:
        kind: field kind.
        texts: Arrow array of text without nulls.
        one: value and note of one text; raises `normalise.BadValue`. Decides on all that is not clean.
    """
    parts, notes, bad = [], {}, {}
    for first in range(0, max(len(texts), 1), PIECE):
        here = np.arange(first, min(first + PIECE, len(texts)))
        piece = texts.take(pa.array(here)).cast(pa.string())  # a copy: Arrow's ascii_lower misreads some slices
        values = FORMS[kind](piece) if kind in FORMS else pa.nulls(len(piece), pa.string())
        rest = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
        found: list[str | None] = []
        for at, text in zip(rest.tolist(), piece.take(pa.array(rest)).to_pylist(), strict=True):
            value, note = None, ""
            try:
                value, note = one(text)
            except normalise.BadValue as error:
                bad[first + at] = error.reason
            if note:
                notes[first + at] = note
            found.append(value)
        place = np.arange(len(piece))
        place[rest] = len(piece) + np.arange(len(rest))
        parts.append(pa.concat_arrays([values, pa.array(found, pa.string())]).take(pa.array(place)))
    return Normalised(pa.concat_arrays(parts), notes, bad)


def name(texts: Any) -> Any:
    """Words of unaccented letters, spaces or hyphens between them: `names.given_name`, `names.prefix`."""
    return _words(texts, _NAME)


def free_text(texts: Any) -> Any:
    """The same with digits: `names.free_text`."""
    return _words(texts, _TEXT)


def surname(texts: Any) -> Any:
    """The same without any word that is a prefix: `names.surname`."""
    words = name(texts)
    parts = pc.split_pattern(words, " ")
    is_prefix = pc.is_in(parts.flatten(), pa.array(sorted(names.PREFIX_WORDS))).to_numpy(zero_copy_only=False)
    suspect = np.zeros(len(words), dtype=np.bool_)
    suspect[pc.list_parent_indices(parts).to_numpy()[is_prefix]] = True
    return _without(words, suspect)


def postcode(texts: Any) -> Any:
    """Four digits and two letters that are in use: `normalise.postcode`."""
    clean = pc.match_substring_regex(texts, _POSTCODE)
    return _only(pc.replace_substring(pc.ascii_lower(texts), " ", ""), clean)


def bsn(texts: Any) -> Any:
    """Nine digits that pass the 11-proof and call for no note: `normalise.bsn`."""
    clean = pc.match_substring_regex(texts, _NINE_DIGITS)
    written = texts.filter(clean)
    fixed = written.cast(pa.binary()).cast(pa.binary(9)).buffers()[1]
    digits = np.frombuffer(fixed, dtype=np.uint8, count=9 * len(written)).reshape(-1, 9) - np.uint8(ord("0"))
    sound = digits.astype(np.int32) @ _WEIGHTS % 11 == 0
    for start in normalise.TEST_RANGES:
        sound &= ~pc.starts_with(written, start).to_numpy(zero_copy_only=False)
    kept = clean.to_numpy(zero_copy_only=False).copy()
    kept[kept] = sound
    return _only(texts, pa.array(kept))


FORMS: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "bsn": bsn,
        "given-name": name,
        "surname": surname,
        "prefix": name,
        "postcode": postcode,
        "text": free_text,
    }
)
"""The kinds of which cells often have a clean form: normal forms of those cells, null for every other."""


def _words(texts: Any, form: str) -> Any:
    folded = pc.replace_substring(pc.replace_substring(pc.ascii_lower(texts), "-", " "), "ij", "y")
    known = pc.invert(pc.is_in(folded, pa.array(sorted(names._PLACEHOLDERS))))  # "nn" is no name
    return _only(folded, pc.and_(known, pc.match_substring_regex(texts, form)))


def _only(values: Any, clean: Any) -> Any:
    return pc.if_else(clean, values, pa.scalar(None, pa.string()))


def _without(values: Any, taken: NDArray[np.bool_]) -> Any:
    return pc.if_else(pa.array(taken), pa.scalar(None, pa.string()), values)
