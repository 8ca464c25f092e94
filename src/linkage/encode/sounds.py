"""Names by their sound, so that two spellings of one name share tokens.

Rules kept here:

- Works on normalised words (small letters without marks, y for ij); the result is the same on every machine.
- Not a transcription: two names that sound alike to a Dutch ear should meet, and it may cost a few that do not.
- A change here is a new number of `encoding.rules` in the protocol.

Source: the pairs of letters that Dutch spells in two ways (Leidraad, Het Groene Boekje 2015: ei/ij, au/ou, c/k, s/z,
f/v, t/th, i/y), the historic spellings that surnames kept (gh, ck, dt, sz, uy), and the commonest transliterations of
Arabic, Turkish and Slavic names (ou/oe/u, ch/gh, an h or none, double letters). Folding to sound classes is as in
Soundex and Koelner Phonetik (Postel 1969), with Dutch classes; what is gained was measured
(docs/adr/0009-tokens-that-weigh.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

FOLDS: Final = (
    ("sch", "sg"), ("tsj", "c"), ("ch", "g"), ("gh", "g"), ("ph", "f"), ("ck", "k"), ("qu", "kw"), ("q", "k"),
    ("x", "ks"), ("th", "t"), ("dt", "t"), ("sz", "s"), ("ei", "y"), ("ey", "y"), ("uy", "ui"), ("ou", "u"),
    ("oe", "u"), ("au", "u"), ("ie", "i"), ("ee", "e"), ("aa", "a"), ("oo", "o"), ("uu", "u"), ("y", "i"), ("z", "s"),
    ("v", "f"), ("j", "i"), ("w", "f"), ("c", "k"),
)  # fmt: skip
"""Replaced in this order, each everywhere in the word, from left to right without overlap."""
VOWELS: Final = frozenset("aeiou")

_DOUBLE: Final = re.compile(r"(.)\1+")
_NO_VOWELS: Final = str.maketrans(dict.fromkeys(VOWELS))


def sounds(words: Sequence[str]) -> list[str]:
    """Words with their spelling folded to sounds, all at once: folds are done on one long text.

    >>> sounds(["meyer", "meier", "philip", "filip", "mohammed", "mohamed"])
    ['mier', 'mier', 'filip', 'filip', 'moamet', 'moamet']
    """
    text = "\n".join(words)
    for spelling, folded in FOLDS:
        text = text.replace(spelling, folded)
    return [_ended(word) for word in _DOUBLE.sub(r"\1", text).split("\n")] if words else []


def sound(word: str) -> str:
    """One word with its spelling folded to sounds.

    >>> sound("meyer")
    'mier'
    """
    return sounds([word])[0]


def skeleton(word: str) -> str:
    """The first sound of a word and the consonants after it: vowels are what clerks mishear most.

    >>> [skeleton(word) for word in ("jansen", "janssen", "achmed", "ahmed")]
    ['insn', 'insn', 'agmt', 'amt']
    """
    return consonants(sound(word))


def consonants(folded: str) -> str:
    """`skeleton` of a word that is folded to sounds already.

    >>> consonants("insen")
    'insn'
    """
    return folded[:1] + folded[1:].translate(_NO_VOWELS)


def _ended(word: str) -> str:
    """The last d as it sounds, and no h within."""
    if word.endswith("d"):
        word = word[:-1] + "t"
    return word[0] + word[1:].replace("h", "") if len(word) > 2 else word
