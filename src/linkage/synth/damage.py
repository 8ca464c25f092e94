"""What goes wrong when people and programs copy a record: typing errors, lost signs, swapped dates.

Rules kept here:

- A function changes the rows chosen at a rate and leaves the others as they are; it never changes the length.
- Rates live with the register that makes the errors (`school`, `gemeente`), each with its source.
- Only the rows that get a typing error are handled one by one; all else is done on whole arrays.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.synth.draw import Address, Mask, draw_addresses
from linkage.synth.numbers import Ints
from linkage.synth.wording import each, where

ALPHABET = "abcdefghijklmnopqrstuvwxyz"
"""Letters a slip of the finger can produce."""
SPELLINGS = (
    ("ij", "y"), ("y", "ij"), ("ck", "k"), ("sch", "sh"), ("ph", "f"), ("th", "t"), ("ks", "x"), ("sz", "s"),
    ("ui", "uy"), ("ei", "ij"), ("au", "ou"), ("ou", "au"), ("dt", "t"), ("ss", "s"), ("aa", "a"), ("oo", "o"),
    ("nn", "n"), ("c", "k"), ("z", "s"), ("v", "f"),
)  # fmt: skip
"""Sounds that Dutch writes in two ways; the first that occurs is respelled."""
ABBREVIATED = {
    "van den": "v.d.", "van der": "v.d.", "van de": "v.d.", "van": "v.", "de": "d.", "ten": "t.", "ter": "t.",
}  # fmt: skip
"""Prefixes as people shorten them."""
SPECIAL = str.maketrans({"ł": "l", "Ł": "L", "ı": "i", "đ": "d", "Đ": "D", "ø": "o", "Ø": "O", "ß": "ss"})
"""Letters that have no diacritic to drop, and what a clerk types instead."""
MOVED_NEARBY = 0.4
"""Share of moves within the same postcode area. Assumed; most moves in the Netherlands are short."""


def chance(rng: np.random.Generator, count: int, rate: float) -> Mask:
    """A mask in which each row is chosen with probability `rate`."""
    return np.asarray(rng.random(count) < rate)


def typing_errors(rng: np.random.Generator, values: pa.Array, rate: float) -> pa.Array:
    """Put one slip (letter left out, doubled, replaced or swapped) in a share of the values with 3 letters or more."""
    rows = np.flatnonzero(chance(rng, len(values), rate))
    kinds, places, letters = (rng.integers(0, limit, rows.size) for limit in (4, 1_000_000, len(ALPHABET)))
    old = values.take(pa.array(rows)).to_pylist()
    new = [_slip(*case) for case in zip(old, kinds.tolist(), places.tolist(), letters.tolist(), strict=True)]
    mask = np.zeros(len(values), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(values, pa.array(mask), pa.array(new, pa.string()))


def respelled(rng: np.random.Generator, values: pa.Array, rate: float) -> pa.Array:
    """Write a share of the values as they sound, for instance Meijer as Meyer."""
    return where(chance(rng, len(values), rate), each(values, _respell), values)


def without_marks(rng: np.random.Generator, values: pa.Array, rate: float) -> pa.Array:
    """Drop the diacritics in a share of the values."""
    return where(chance(rng, len(values), rate), each(values, plain), values)


def in_cp1252(values: pa.Array) -> pa.Array:
    """What is left after an export in code page 1252: letters it lacks become a question mark."""
    return each(values, lambda value: value.encode("cp1252", errors="replace").decode("cp1252"))


def plain(value: str) -> str:
    """A name without diacritics.

    >>> plain("Çelik-Łukasz")
    'Celik-Lukasz'
    """
    parts = unicodedata.normalize("NFKD", value.translate(SPECIAL))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def shortened(prefix: str) -> str:
    """A prefix as people shorten it: ``van den`` becomes ``v.d.``; the others stay."""
    return ABBREVIATED.get(prefix, prefix)


def swapped_day_month(rng: np.random.Generator, birth: Ints, rate: float) -> Ints:
    """Swap day and month (``yyyymmdd``) in a share of the dates, where the result is a date as well."""
    day, month = birth % 100, birth // 100 % 100
    can = (day >= 1) & (day <= 12) & (month >= 1)
    return np.where(can & chance(rng, birth.size, rate), birth // 10_000 * 10_000 + day * 100 + month, birth)


def shifted_date(rng: np.random.Generator, birth: Ints, rate: float) -> Ints:
    """Mistype one part of a share of the dates: the day, or the year, one up or down; unknown parts stay unknown."""
    day = birth % 100
    by_day = np.where(day > 1, -1, np.where(day == 1, 1, 0))
    by_year = np.where(rng.random(birth.size) < 0.5, -10_000, 10_000)
    leap_day = birth % 10_000 == 229
    step = np.where((rng.random(birth.size) < 0.5) & ~leap_day, by_year, by_day)
    return np.where(chance(rng, birth.size, rate), birth + step, birth)


def moved(rng: np.random.Generator, address: Address, rate: float, new: Address | None = None) -> Address:
    """Give a share of the people another address, some of them in the same postcode area.

    Args:
        rng: source of chance.
        address: where they live.
        rate: the share.
        new: where they go, if they do; without it the region of the example school, or anywhere.
    """
    count = address.house.size
    new = draw_addresses(rng, count, region=True) if new is None else new
    moves, near = chance(rng, count, rate), chance(rng, count, MOVED_NEARBY)
    far = moves & ~near
    return Address(
        place=np.where(far, new.place, address.place),
        pc4=np.where(far, new.pc4, address.pc4),
        letters=np.where(moves, new.letters, address.letters),
        house=np.where(moves, new.house, address.house),
    )


def misread_sex(rng: np.random.Generator, sex: Ints, rate: float) -> Ints:
    """Turn M into V or V into M (positions 0 and 1) in a share of the rows."""
    return np.where(chance(rng, sex.size, rate) & (sex < 2), 1 - sex, sex)


def respelled_given(rng: np.random.Generator, given: Ints, following: npt.NDArray[np.int64], rate: float) -> Ints:
    """Use another spelling of the first given name in a share of the rows (Mohammed, Mohamed)."""
    changed = given.copy()
    changed[:, 0] = np.where(chance(rng, len(given), rate), following[given[:, 0]], given[:, 0])
    return changed


def _slip(value: str, kind: int, place: int, letter: int) -> str:
    """One slip of the finger: a letter left out, doubled, replaced or swapped with the next."""
    if len(value) < 3:
        return value
    at = 1 + place % (len(value) - 1)  # the first letter is seldom wrong
    if kind == 0:
        return value[:at] + value[at + 1 :]
    if kind == 1:
        return value[:at] + value[at - 1].lower() + value[at:]
    if kind == 2:
        return value[:at] + ALPHABET[letter] + value[at + 1 :]
    at = min(at, len(value) - 2)
    return value[:at] + value[at + 1] + value[at] + value[at + 2 :]


def _respell(value: str) -> str:
    """The value with the first sound of `SPELLINGS` that it holds written the other way."""
    return next((value.replace(old, new, 1) for old, new in SPELLINGS if old in value[1:]), value)
