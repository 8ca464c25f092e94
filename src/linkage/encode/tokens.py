"""From a normalised value to the tokens that stand for it in an encoding.

Rules kept here:

- Tokens decide quality: a slip that people make often must cost little, and two different values must share little.
- A token has a strength, 1 to 3: evidence that seldom errs and tells people apart is strong. A token of strength s
  weighs s squared, in both profiles. The strengths were found by measurement (docs/adr/0009-tokens-that-weigh.md).
- Tokens of a value are distinct, in the order in which they are first seen, and depend on nothing else.
- No value, no token: an unknown part of a date leaves nothing behind that another unknown part could match.
- A change of these rules is a new number of `encoding.rules` in the protocol.
- Tokens are not yet tagged by field; the encoder's subkey per field does that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from linkage.encode.sounds import consonants, sound, sounds
from linkage.errors import InputError

PAD: Final = "_"
"""Stands before and after a word, so that its ends weigh as much as its middle; no normalised word holds it."""
STRONGEST: Final = 3
"""Highest strength of a token."""


class Token(NamedTuple):
    """A piece of evidence."""

    text: str
    """What is hashed, under the field's subkey."""
    strength: int = 1
    """1 to `STRONGEST`; the token weighs its square. Within a kind, one text always has one strength."""


def tokens(kind: str, value: str, q: int) -> tuple[Token, ...]:
    """The tokens of a normalised value.

    Args:
        kind: field kind, as in a protocol.
        value: what the normaliser of this kind gave.
        q: letters per q-gram, for the kinds that are cut into q-grams.

    Raises:
        InputError: the kind does not exist, or q is below 1.

    >>> [token.text for token in tokens("prefix", "van", 2)]
    ['_v', 'va', 'an', 'n_']
    """
    if kind not in TOKENISERS:
        raise InputError(f"no such field kind: expected one of {', '.join(TOKENISERS)}, got {kind!r}")
    if q < 1:
        raise InputError(f"a q-gram has at least 1 letter, got q = {q}")
    return tuple(dict.fromkeys(TOKENISERS[kind](value, q))) if value else ()


def q_grams(value: str, q: int) -> Iterator[Token]:
    """Runs of q letters of each word by itself, so that the order of words does not matter.

    >>> [token.text for token in q_grams("de vos", 2)]
    ['_d', 'de', 'e_', '_v', 'vo', 'os', 's_']
    """
    padding = PAD * (q - 1)
    for word in value.split():
        padded = f"{padding}{word}{padding}"
        yield from (Token(padded[at : at + q]) for at in range(len(padded) - q + 1))


def given_name(value: str, q: int) -> Iterator[Token]:
    """The first initial, the initial of every name, and the q-grams of the first name as it sounds.

    One register has "Sanne Maria", another "S.M.", a third "Maria": initials are what they share. Only the first name
    gives q-grams, because the others are left out more often than they are written.

    >>> [f"{token.text}/{token.strength}" for token in given_name("an bo", 2)]
    ['^a/2', '.a/2', '_a/1', 'an/1', 'n_/1', '.b/2']
    """
    first, *others = value.split()
    yield Token("^" + first[0], 2)
    yield Token("." + first[0], 2)
    if len(first) > 1:
        yield from q_grams(sound(first), q)
    for word in others:
        yield from later_name(word, q)


def later_name(word: str, q: int) -> Iterator[Token]:
    """What a given name after the first adds.

    >>> [token.text for token in later_name("bo", 2)]
    ['.b']
    """
    yield Token("." + word[0], 2)


def initials(value: str, q: int) -> Iterator[Token]:
    """One token per letter: registers drop later initials and swap them.

    >>> [token.text for token in initials("j a m", 2)]
    ['.j', '.a', '.m']
    """
    yield from (Token("." + letter, 2) for letter in value.split())


def surname(value: str, q: int) -> Iterator[Token]:
    """Of every part of the surname: its q-grams, its skeleton of sounds, and how it begins.

    The parts are a set: "Jansen-Vos", "Vos-Jansen" and "Vos" share all that they have in common.

    >>> [f"{token.text}/{token.strength}" for token in surname("vos", 2)]
    ['_v/1', 'vo/1', 'os/1', 's_/1', '=fs/2', '<fos/1']
    """
    yield from q_grams(value, q)
    for marks in surname_marks(value.split()):
        yield from marks


def surname_marks(words: Sequence[str]) -> Iterator[tuple[Token, ...]]:
    """Of each word of a surname, what it has beside its q-grams.

    >>> [[token.text for token in marks] for marks in surname_marks(["vos"])]
    [['=fs', '<fos']]
    """
    return ((Token("=" + consonants(folded), 2), Token("<" + folded[:3])) for folded in sounds(words))


def no_marks(words: Sequence[str]) -> Iterator[tuple[Token, ...]]:
    """A word that has its q-grams and nothing else.

    >>> list(no_marks(["vos"]))
    [()]
    """
    return (() for _ in words)


def date(value: str, q: int) -> Iterator[Token]:
    """Month and day without their order, the month, the year, and the years beside it.

    Swapped day and month keep the strongest token; a year that is one off keeps two of three of the weak ones. A
    part that is not known (zeros, LO BRP 03.10) leaves no token; the first of January counts as not known, because
    that is how registers write it.

    >>> [f"{token.text}/{token.strength}" for token in date("19980317", 2)]
    ['y1998/2', 'm03/2', 'x03-17/3', '~1997/1', '~1998/1', '~1999/1']
    >>> [token.text for token in date("19780101", 2)] == [token.text for token in date("19780000", 2)]
    True
    """
    first, *others = year(value[:4], q)
    yield first
    yield from day(value[4:], q)
    yield from others


def day(value: str, q: int) -> Iterator[Token]:
    """Of month and day together, what a date says beside its year.

    >>> [token.text for token in day("0317", 2)], list(day("0101", 2))
    (['m03', 'x03-17'], [])
    """
    month, of_month = value[:2], value[2:]
    if value == "0101":
        return
    if month != "00":
        yield Token(f"m{month}", 2)
    if of_month != "00":
        yield Token(f"x{min(month, of_month)}-{max(month, of_month)}", 3)


def year(value: str, q: int) -> Iterator[Token]:
    """The year, and the years beside it.

    >>> [token.text for token in year("1998", 2)]
    ['y1998', '~1997', '~1998', '~1999']
    """
    middle = int(value)
    yield Token(f"y{middle}", 2)
    yield from (Token(f"~{near}") for near in (middle - 1, middle, middle + 1))


def postcode(value: str, q: int) -> Iterator[Token]:
    """The area of four digits, and the whole code: people move, and mostly nearby.

    >>> [f"{token.text}/{token.strength}" for token in postcode("1234ab", 2)]
    ['1234/2', '1234ab/1']
    """
    yield from area(value[:4], q)
    if len(value) > 4:
        yield from exact(value, q)


def area(value: str, q: int) -> Iterator[Token]:
    """The four digits of a postcode.

    >>> list(area("1234", 2))
    [Token(text='1234', strength=2)]
    """
    yield Token(value, 2)


def number(value: str, q: int) -> Iterator[Token]:
    """The number, and the whole numbers around it, so that a small difference is a small difference.

    >>> [token.text for token in number("7.5", 2)]
    ['=7.5', '~5', '~6', '~7', '~8', '~9']
    """
    yield Token(f"={value}", 2)
    middle = int(value.split(".", maxsplit=1)[0])
    yield from (Token(f"~{near}") for near in range(middle - 2, middle + 3))


def exact(value: str, q: int) -> Iterator[Token]:
    """The value itself: equal or not, with nothing in between.

    >>> list(exact("12", 2))
    [Token(text='12', strength=1)]
    """
    yield Token(value)


def sex(value: str, q: int) -> Iterator[Token]:
    """The value: half of all people share it, but brothers and sisters do not, and it seldom errs.

    >>> list(sex("m", 2))
    [Token(text='m', strength=2)]
    """
    yield Token(value, 2)


Tokeniser = Callable[[str, int], Iterator[Token]]

TOKENISERS: Final[Mapping[str, Tokeniser]] = MappingProxyType(
    {
        "bsn": exact,
        "education-number": exact,
        "given-name": given_name,
        "initials": initials,
        "surname": surname,
        "prefix": q_grams,
        "birth-date": date,
        "date": date,
        "sex": sex,
        "postcode": postcode,
        "house-number": exact,
        "category": exact,
        "text": q_grams,
        "number": number,
    }
)
"""The tokeniser of each field kind of a protocol."""

BY_WORD: Final[Mapping[str, tuple[Tokeniser, Tokeniser]]] = MappingProxyType({"given-name": (given_name, later_name)})
"""Kinds of which a value has the tokens of its words and no others: how the first word is cut, and how a later one."""
BY_GRAM: Final[Mapping[str, Callable[[Sequence[str]], Iterator[tuple[Token, ...]]]]] = MappingProxyType(
    {"surname": surname_marks, "prefix": no_marks, "text": no_marks}
)
"""Kinds of which a value has the q-grams of its words and the marks of each: how a word gets its marks."""
BY_PLACE: Final[Mapping[str, tuple[tuple[int, int, Tokeniser], ...]]] = MappingProxyType(
    {
        "birth-date": ((0, 4, year), (4, 8, day)),
        "date": ((0, 4, year), (4, 8, day)),
        "postcode": ((0, 4, area), (0, 6, exact)),
    }
)
"""Kinds of which a value has the tokens of parts that stand at fixed places: where each begins and ends, and how it is
cut. A value that ends before the end of a part has not got that part.

`cut` cuts each distinct word or part once. A kind whose tokens are not of one of these forms belongs to none; the test
that compares both ways says so (tests/encode/test_cut.py)."""
