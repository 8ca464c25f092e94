"""Names, folded until two spellings of one name are one string.

Rules kept here:

- Only what two registers may write differently for the same person is taken away: capitals, diacritics, ij or y,
  apostrophes, hyphens, prefixes. Nothing is guessed from sound or from lists of first names.
- A placeholder ("." in the BRP, "-" in education exchanges, "onbekend") is no evidence: None, never a value.
- Every function gives its own result back unchanged when it is fed that result (tests/encode/test_normalise.py).
- This module and `prefixes.csv` shape tokens: a change is a new number of `encoding.rules` in the protocol.

Sources: Logisch Ontwerp BRP, elements 02.10 (voornamen), 02.30 (voorvoegsel, landelijke tabel 36) and 02.40
(geslachtsnaam); the name rules of the BRP API Bevragen (voorletters; search ignores capitals and diacritics);
UAX #15 for NFKD. The list of prefixes follows table 36 without being a copy of it.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from importlib import resources
from typing import Final

APOSTROPHES: Final = "'’‘‛`´ʼʻʹ′＇"
LOST: Final = "?\ufffd"
"""What an export writes for a letter that its encoding does not have: no evidence, so dropped."""

_PLACEHOLDERS: Final = frozenset({"", "onbekend", "unknown", "niet bekend", "nn", "n n", "nvt", "n v t"})
_NO_INITIALS: Final = frozenset({"onbekend", "unknown", "nvt", "n.v.t.", "niet bekend"})
_TRANSLITERATED: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "đ": "d", "þ": "th", "ð": "d", "ħ": "h", "ŧ": "t"}
)
_ELISION: Final = re.compile(
    rf"(?:\b(d|l|s|t|dal|dall|dell)[{APOSTROPHES}](?=\w)|[{APOSTROPHES}](?=[ts]\b))", re.IGNORECASE
)
_PART: Final = re.compile(r"[^\W\d_]+")
_INITIAL: Final = re.compile(r"IJ|[^\W\d_]")


class _Signs(dict[int, str | None]):
    """What becomes of each sign: a letter stays, a mark or apostrophe goes, all else is a space. Filled on use."""

    def __init__(self, *, digits: bool) -> None:
        super().__init__()
        self._digits = digits

    def __missing__(self, code: int) -> str | None:
        sign = chr(code)
        kept = sign.isalpha() or (self._digits and sign in "0123456789")
        dropped = sign in APOSTROPHES or sign in LOST or unicodedata.category(sign)[0] == "M"
        self[code] = sign if kept else None if dropped else " "
        return self[code]


_LETTERS: Final = _Signs(digits=False)
_LETTERS_AND_DIGITS: Final = _Signs(digits=True)
_ACCENT_ALONE: Final = str.maketrans("´＇", "''")  # NFKD would make a space and a mark of the first


def given_name(text: str) -> str | None:
    """First names: BRP 02.10 or the name in daily use, whichever column the custodian chose.

    >>> given_name("Anne-Fleur  José")
    'anne fleur jose'
    """
    return _known(_fold(text))


def surname(text: str) -> str | None:
    """The surname without its prefixes, wherever they stand; several surnames keep their order.

    Registers write the prefix before, after a comma, in a column of its own or not at all, so it cannot be
    evidence. A name that is nothing but prefixes ("De", "El") keeps its words. BRP 02.40 and table 36.

    >>> [surname(text) for text in ("Berg, van den", "v.d. Berg", "Van Den Berg", "Jansen-de Vries")]
    ['berg', 'berg', 'berg', 'jansen vries']
    """
    words = (prefix(text) or "").split()  # what a surname and its prefixes share: placeholders go before words do
    return _known(" ".join([word for word in words if word not in PREFIX_WORDS] or words))


def prefix(text: str) -> str | None:
    """The prefix in a column of its own (BRP 02.30).

    >>> prefix("Van Den")
    'van den'
    """
    return _known(_fold(_ELISION.sub(r"\1 ", text)))


def free_text(text: str) -> str | None:
    """Any other words: folded as names are, with their digits, for fields that no Dutch rule describes.

    >>> free_text("St. Kilda, Block 12")
    'st kilda block 12'
    """
    return _known(_fold(text, _LETTERS_AND_DIGITS))


def initials(text: str) -> str | None:
    """One letter per first name, apart: ``T.P.I.`` and ``Th.Ph.IJ.`` are the same three.

    Th, Ph, Ch and IJ stand for one name (BRP API, voorletters). Without dots a word in capitals is a row of
    initials, and a word with small letters is a name of which the first letter counts.

    >>> initials("Th.Ph.IJ."), initials("JAM"), initials("Theo Philip")
    ('t p i', 'j a m', 't p')
    """
    if text.strip().lower() in _NO_INITIALS:
        return None
    plain = "".join(sign for sign in _decomposed(text) if sign not in APOSTROPHES and sign not in LOST)
    found: list[str] = []
    for part in _PART.findall(plain):
        one = "." in plain or not part.isupper()
        found += [part] if one else _INITIAL.findall(part)
    folded = (_plain(part).strip() for part in found)
    return " ".join(part[0] for part in folded if part) or None


def _fold(text: str, signs: _Signs = _LETTERS) -> str:
    """Small letters without marks, one space between words; ij and ĳ become y last, when nothing moves any more."""
    return " ".join(_plain(text, signs).split()).replace("ij", "y")


def _plain(text: str, signs: _Signs = _LETTERS) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_ACCENT_ALONE))
    folded = unicodedata.normalize("NFKD", decomposed.casefold())
    return folded.translate(_TRANSLITERATED).translate(signs)


def _decomposed(text: str) -> str:
    """NFKD without marks, capitals kept."""
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKD", text.translate(_ACCENT_ALONE))
        if unicodedata.category(sign)[0] != "M"
    )


def _known(folded: str) -> str | None:
    return None if folded in _PLACEHOLDERS else folded


def _prefix_words() -> frozenset[str]:
    listing = resources.files(__package__).joinpath("data/prefixes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(listing.splitlines())
    return frozenset(word for row in rows for word in _fold(_ELISION.sub(r"\1 ", row["prefix"])).split())


PREFIX_WORDS: Final = _prefix_words()
"""Every word of every prefix, folded."""
