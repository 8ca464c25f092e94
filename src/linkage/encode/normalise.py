"""From a cell as people write it to one spelling, or to nothing.

Rules kept here:

- Text in, text or None out; None means "no evidence" and is never turned into a token. What is neither, raises
  `BadValue`, whose reason never holds the value.
- Damage is repaired only where one repair is possible (a leading zero that Excel took from a BSN). What allows two
  readings is refused, not guessed.
- A result is its own normal form: f(f(x)) == f(x) (tests/encode/test_normalise.py).
- Pure: no clock, no locale, no cache of values.

Sources are cited at each function. LO BRP is the Logisch Ontwerp Basisregistratie Personen.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from stdnum.nl import bsn as _stdnum

from linkage.encode.names import APOSTROPHES, free_text, given_name, initials, prefix, surname

Note = Literal["", "repaired", "placeholder", "education-number", "bsn", "test-range"]

NO_NUMBER: Final = frozenset(
    ("", ".", "-", "--", "?", "x", "geen", "onbekend", "unknown", "niet bekend", "nvt", "n.v.t.", "n.v.t", "null")
)
"""What people type where a number or date is not known; compared in small letters."""
FIRST_YEAR, LAST_YEAR = 1850, 2100
"""Years outside are slips of the hand; no living person was born before the first."""
EDUCATION_REMAINDER: Final = 5
"""An onderwijsnummer starts with 10 and leaves 5, a BSN leaves 0: no number is both (stdnum.nl.onderwijsnummer)."""
NUMBER_DIGITS: Final = 100
"""Digits of a number at most: no register counts further, and Python refuses to read a number of some thousands."""
TEST_RANGES: Final = ("999", "000000")
"""Numbers that the test cases of the BRP API use; in real data they say that a test file was taken by mistake."""

_FLOAT: Final = re.compile(r"([0-9]+)[.,]0+")
_SCIENTIFIC: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?e[+-]?[0-9]+")
_NUMBER: Final = re.compile(r"([+-]?)([0-9]+)(?:[.,]([0-9]+))?")
_THOUSANDS: Final = re.compile(r"([+-]?[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\2[0-9]{3})*)(?:(?!\2)[.,]([0-9]+))?")
_TWO_READINGS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_POSTCODE: Final = re.compile(r"(?:nl[ -]?)?([1-9][0-9]{3})(?: ?([a-z]{2}))?")
_HOUSE: Final = re.compile(r"0*([1-9][0-9]{0,4})(?![0-9])")
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})")
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})([-/. ])([0-9]{1,2})\2([0-9]{1,2})")
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SHORT_YEAR: Final = re.compile(r"[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{2}")
_SERIAL: Final = re.compile(r"[1-9][0-9]{4}")
_CLOCK: Final = re.compile(r"[T ]([0-9]{1,2}(?::[0-9]{2}){1,2}(?:\.[0-9]+)?)(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?$")
_SEX: Final = {
    **dict.fromkeys(("m", "man", "male", "mannelijk", "1"), "m"),
    **dict.fromkeys(("v", "f", "vrouw", "female", "vrouwelijk", "2"), "v"),
    **dict.fromkeys(("o", "0", "9", "x", "onbekend", "unknown", "-", ".", "?", ""), None),
}


class BadValue(ValueError):
    """A cell that cannot be what its column says; `reason` says why and never holds the value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Number(NamedTuple):
    """A person number and what happened to it, so that callers can count."""

    value: str | None
    """Nine digits, or None where this field has no evidence."""
    note: Note = ""
    """``repaired``: a lost leading zero was put back. ``education-number`` and ``bsn``: a sound number of the other
    kind, so not evidence here. ``test-range``: sound, but from the range that test files use."""


def bsn(text: str) -> Number:
    """A burgerservicenummer: nine digits that pass the 11-proof.

    Wet algemene bepalingen burgerservicenummer; the check is python-stdnum's (`stdnum.nl.bsn`). The length is
    judged on what was written: filling up anything shorter would make one client number in eleven a valid BSN.

    >>> bsn("1112.22.333"), bsn("12345672.0")
    (Number(value='111222333', note=''), Number(value='012345672', note='repaired'))
    """
    found = _person_number(text)
    return Number(None, "education-number") if found.value and _is_education(found.value) else found


def education_number(text: str) -> Number:
    """An onderwijsnummer, for learners without a BSN (`stdnum.nl.onderwijsnummer`).

    The persoonsgebonden nummer of education (WEB art. 2.3.6a) is one or the other: a BSN here is counted, not used.

    >>> education_number("1012.22.331"), education_number("111222333")
    (Number(value='101222331', note=''), Number(value=None, note='bsn'))
    """
    found = _person_number(text)
    return found if found.value is None or _is_education(found.value) else Number(None, "bsn")


def date(text: str) -> str | None:
    """A date as ``yyyymmdd``, zeros for the parts that are not known (LO BRP, element 03.10).

    Day first unless the year leads, as in Dutch use; a year of two digits, or a time other than midnight (which may
    be the evening before, in another time zone), is refused.

    >>> date("17-3-1998"), date("1998-03-17 00:00:00"), date("00-03-1978"), date("00000000")
    ('19980317', '19980317', '19780300', None)
    """
    bare = _midnight(_tidy(text))
    if bare.lower() in NO_NUMBER or not bare.strip("0"):
        return None
    if whole := _FLOAT.fullmatch(bare):
        bare = whole[1]
    if match := _DAY_FIRST.fullmatch(bare):
        day, month, year = int(match[1]), int(match[3]), int(match[4])
    elif match := _YEAR_FIRST.fullmatch(bare):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
    elif match := _COMPACT.fullmatch(bare):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    elif _SHORT_YEAR.fullmatch(bare):
        raise BadValue("the year has two digits: its century is not known")
    elif _SERIAL.fullmatch(bare):
        raise BadValue("not a date but a number of days, as Excel keeps one: give the column the format of a date")
    else:
        raise BadValue("not a date: expected dd-mm-yyyy, yyyy-mm-dd or yyyymmdd")
    if (year, month, day) == (0, 0, 0):
        return None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue(f"the year is outside {FIRST_YEAR} to {LAST_YEAR}")
    if month > 12 or (month == 0 and day) or day > (calendar.monthrange(year, month)[1] if month else 0):
        raise BadValue("not a day of the calendar")
    return f"{year:04}{month:02}{day:02}"


def sex(text: str) -> str | None:
    """``m``, ``v``, or None for unknown: LO BRP element 04.10 (M, V, O) and ISO/IEC 5218 (1, 2, 0, 9).

    >>> sex("Vrouw"), sex("1"), sex("O")
    ('v', 'm', None)
    """
    bare = _tidy(text).lower().removesuffix(".0")
    if bare not in _SEX:
        raise BadValue("not a sex: expected M, V or O, or 1, 2, 0 or 9")
    return _SEX[bare]


def postcode(text: str) -> str | None:
    """A Dutch postcode, ``1234ab``, or its four digits where that is all there is.

    LO BRP element 11.60. The letters are never SA, SD or SS (python-stdnum, `stdnum.nl.postcode`).

    >>> postcode("1234 AB"), postcode("1234")
    ('1234ab', '1234')
    """
    bare = _whole(_tidy(text)).lower()
    if bare in NO_NUMBER or not bare.strip("0"):
        return None
    match = _POSTCODE.fullmatch(bare)
    if match is None:
        raise BadValue("not a Dutch postcode: expected four digits and two letters")
    if match[2] in {"sa", "sd", "ss"}:
        raise BadValue("not a Dutch postcode: these two letters are never used")
    return match[1] + (match[2] or "")


def house_number(text: str) -> str | None:
    """The house number without letter or addition: 1 to 99999 (LO BRP, element 11.20).

    >>> house_number("12-II"), house_number("0012a")
    ('12', '12')
    """
    bare = _tidy(text).lower()
    if bare in NO_NUMBER or not bare.strip("0"):
        return None
    match = _HOUSE.match(bare)
    if match is None:
        raise BadValue("not a house number: expected 1 to 99999")
    return match[1]


def category(text: str) -> str | None:
    """A code as it is, without the spaces around it; one code has one spelling in Unicode (NFC, UAX #15).

    >>> category(" BBL ")
    'BBL'
    """
    return unicodedata.normalize("NFC", text).strip() or None


def number(text: str) -> str | None:
    """An integer or a decimal, comma or point, without needless zeros.

    Signs between thousands are refused: ``1.234,50`` and ``1,234.50`` are both in use.

    >>> number("012,50"), number("-3")
    ('12.5', '-3')
    """
    bare = _tidy(text)
    if bare.lower() in NO_NUMBER:
        return None
    match = _NUMBER.fullmatch(bare)
    if match is None:
        raise BadValue("not a number: expected digits with at most one comma or point")
    sign, whole, part = match[1], match[2].lstrip("0") or "0", (match[3] or "").rstrip("0")
    if len(whole) + len(part) > NUMBER_DIGITS:
        raise BadValue(f"not a number: more than {NUMBER_DIGITS} digits")
    size = f"{whole}.{part}" if part else whole
    return f"-{size}" if sign == "-" and size != "0" else size


def amount(text: str) -> str | None:
    """A number that stays here and is only compared with others: as `number`, and with signs between thousands.

    No bit is made of it, so it can be read as people write it. What has two readings is refused: ``1.234`` is a
    thousand in the Netherlands and little more than one elsewhere.

    >>> amount("1.234,50"), amount("1,234,567"), amount("12,5")
    ('1234.5', '1234567', '12.5')
    """
    bare = _tidy(text)
    if _TWO_READINGS.fullmatch(bare):
        raise BadValue("a point or comma before three digits, for thousands or for decimals: write it without")
    if match := _THOUSANDS.fullmatch(bare):
        whole = match[1].replace(match[2], "")
        return number(f"{whole}.{match[3]}" if match[3] else whole)
    return number(bare)


NORMALISERS: Final[Mapping[str, Callable[[str], str | None]]] = MappingProxyType(
    {
        "bsn": lambda text: bsn(text).value,
        "education-number": lambda text: education_number(text).value,
        "given-name": given_name,
        "initials": initials,
        "surname": surname,
        "prefix": prefix,
        "birth-date": date,
        "date": date,
        "sex": sex,
        "postcode": postcode,
        "house-number": house_number,
        "category": category,
        "text": free_text,
        "number": number,
    }
)
"""The normaliser of each field kind of a protocol."""


def _person_number(text: str) -> Number:
    """Nine digits that are a BSN or an onderwijsnummer."""
    digits, note = text, ""
    if not (len(text) == 9 and text.isascii() and text.isdecimal()):
        digits = _digits(text)
    if not digits.strip("0"):
        return Number(None, "placeholder")
    if len(digits) == 8:
        digits, note = "0" + digits, "repaired"
    if len(digits) != 9:
        raise BadValue(f"expected 9 digits, or 8 without the leading zero, got {len(digits)}")
    if _stdnum.checksum(digits) and not _is_education(digits):
        raise BadValue("fails the 11-proof: at least one digit is wrong")
    if note:
        return Number(digits, "repaired")
    return Number(digits, "test-range" if digits.startswith(TEST_RANGES) else "")


def _digits(text: str) -> str:
    """The digits of a number as people write it, or nothing where it is a placeholder."""
    bare = _whole(_tidy(text)).lower()
    if bare in NO_NUMBER:
        return ""
    if _SCIENTIFIC.fullmatch(bare):
        raise BadValue("Excel wrote this number as a power of ten: its last digits are lost; export the column as text")
    digits = bare.replace(".", "").replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdecimal()) or not (bare[0] + bare[-1]).isdecimal():
        raise BadValue("holds letters or other signs where only digits can stand")
    return digits


def _is_education(digits: str) -> bool:
    return digits.startswith("10") and int(_stdnum.checksum(digits)) == EDUCATION_REMAINDER


def _tidy(text: str) -> str:
    """Plain spaces and digits (NFKC makes a space of NBSP), without the signs by which Excel keeps a number a text."""
    bare = unicodedata.normalize("NFKC", text).strip()
    if bare.startswith('="') and bare.endswith('"'):
        bare = bare[2:-1]
    return bare.lstrip(APOSTROPHES).strip()


def _whole(bare: str) -> str:
    """``123456782`` of ``123456782.0``, which is how a spreadsheet or pandas writes a number without decimals."""
    match = _FLOAT.fullmatch(bare)
    return match[1] if match else bare


def _midnight(bare: str) -> str:
    """A date without its time of day, which must be midnight."""
    match = _CLOCK.search(bare)
    if match is None:
        return bare
    if match[1].strip("0:."):
        raise BadValue("has a time of day other than midnight: which day is meant is not certain")
    return bare[: match.start()]
