"""From a normalised value to the tokens that stand for it in an encoding.

Rules kept here:

- Tokens decide quality: a slip that people make often must cost few tokens, and two different values must share few.
- Tokens of a value are distinct, in the order in which they are first seen, and depend on nothing else.
- No value, no token: an unknown part of a date leaves nothing behind that another unknown part could match.
- A change of these rules is a new number of `encoding.rules` in the protocol.
- Tokens are not yet tagged by field; the encoder's subkey per field does that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from linkage.errors import InputError

PAD: Final = "_"
"""Stands before and after a word, so that its ends weigh as much as its middle; no normalised word holds it."""
INITIAL: Final = "^"
"""Marks the first letter of a given name, so that "Sanne" and "S." still share something."""


def tokens(kind: str, value: str, q: int) -> tuple[str, ...]:
    """The tokens of a normalised value.

    Args:
        kind: field kind, as in a protocol.
        value: what the normaliser of this kind gave.
        q: letters per q-gram, for the kinds that are cut into q-grams.

    Raises:
        InputError: the kind does not exist, or q is below 1.

    >>> tokens("surname", "vos", 2)
    ('_v', 'vo', 'os', 's_')
    """
    if kind not in TOKENISERS:
        raise InputError(f"no such field kind: expected one of {', '.join(TOKENISERS)}, got {kind!r}")
    if q < 1:
        raise InputError(f"a q-gram has at least 1 letter, got q = {q}")
    return tuple(dict.fromkeys(TOKENISERS[kind](value, q))) if value else ()


def q_grams(value: str, q: int) -> Iterator[str]:
    """Runs of q letters of each word by itself, so that the order of words does not matter.

    >>> list(q_grams("de vos", 2))
    ['_d', 'de', 'e_', '_v', 'vo', 'os', 's_']
    """
    padding = PAD * (q - 1)
    for word in value.split():
        padded = f"{padding}{word}{padding}"
        yield from (padded[at : at + q] for at in range(len(padded) - q + 1))


def given_name(value: str, q: int) -> Iterator[str]:
    """The first initial, and the q-grams of every first name.

    Of "Sanne" and "Susanna" little else agrees, and many registers hold no more than the initial.

    >>> list(given_name("an", 2))
    ['^a', '_a', 'an', 'n_']
    """
    yield INITIAL + value[0]
    yield from q_grams(value, q)


def initials(value: str, q: int) -> Iterator[str]:
    """One token per letter: registers drop later initials and swap them.

    >>> list(initials("j a m", 2))
    ['j', 'a', 'm']
    """
    yield from value.split()


def date(value: str, q: int) -> Iterator[str]:
    """Year, month and day; the two smaller parts without their order; the digits of the year by position.

    Swapping day and month keeps the unordered token, one wrong digit keeps all but two or three tokens, and a part
    that is not known (zeros, LO BRP 03.10) leaves none.

    >>> list(date("19980317", 2))
    ['y1998', 'm03', 'd17', 'x03-17', '1:1', '2:9', '3:9', '4:8']
    >>> list(date("19780000", 2))
    ['y1978', '1:1', '2:9', '3:7', '4:8']
    """
    year, month, day = value[:4], value[4:6], value[6:]
    yield f"y{year}"
    if month != "00":
        yield f"m{month}"
    if day != "00":
        yield f"d{day}"
        yield f"x{min(month, day)}-{max(month, day)}"
    yield from _digits(year)


def postcode(value: str, q: int) -> Iterator[str]:
    """The area of four digits, the whole code, and each digit by position: people move, and mostly nearby.

    >>> list(postcode("1234ab", 2))
    ['1234', '1234ab', '1:1', '2:2', '3:3', '4:4']
    """
    yield value[:4]
    yield value
    yield from _digits(value[:4])


def house_number(value: str, q: int) -> Iterator[str]:
    """The whole number, and each digit by position, so that one wrong digit is not a different house.

    >>> list(house_number("12", 2))
    ['=12', '1:1', '2:2']
    """
    yield f"={value}"
    yield from _digits(value)


def exact(value: str, q: int) -> Iterator[str]:
    """The value itself: equal or not, with nothing in between.

    >>> list(exact("m", 2))
    ['m']
    """
    yield value


def _digits(value: str) -> Iterator[str]:
    return (f"{at}:{digit}" for at, digit in enumerate(value, 1))


TOKENISERS: Final[Mapping[str, Callable[[str, int], Iterator[str]]]] = MappingProxyType(
    {
        "bsn": exact,
        "education-number": exact,
        "given-name": given_name,
        "initials": initials,
        "surname": q_grams,
        "prefix": q_grams,
        "birth-date": date,
        "date": date,
        "sex": exact,
        "postcode": postcode,
        "house-number": house_number,
        "category": exact,
        "text": q_grams,
        "number": exact,
    }
)
"""The tokeniser of each field kind of a protocol."""

BY_WORD: Final[Mapping[str, tuple[Callable[[str, int], Iterator[str]], Callable[[str, int], Iterator[str]]]]] = (
    MappingProxyType(
        {
            "given-name": (given_name, q_grams),
            "surname": (q_grams, q_grams),
            "prefix": (q_grams, q_grams),
            "text": (q_grams, q_grams),
        }
    )
)
"""Kinds of which a value has the tokens of its words and no others: how the first word is cut, and how each later one.
`cut` then cuts each distinct word once. A kind whose tokens are not of this form does not belong here; the test that
compares both ways says so (tests/encode/test_cut.py)."""
