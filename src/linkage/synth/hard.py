"""Two registers that are hard to link: no number, and errors on both sides. What encodings are judged by.

Rules kept here:

- Brothers, sisters and twins stand on both sides, often with only one of them in the other register, so that a
  surname, an address and even a birth date in common are no proof.
- Every error happens to both registers at the same rates, in combination: a row may have several.
- The rates are assumed, and higher than any one register's we know of: quality that holds here holds in better data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.errors import InputError
from linkage.synth import damage, wording
from linkage.synth.draw import Drafts, draw_people
from linkage.synth.lexicon import given_names, surnames
from linkage.synth.numbers import Ints
from linkage.synth.population import REFERENCE_DATE, birth_dates, check, day
from linkage.synth.wording import where

AGES = (16, 30)
"""Ages, years: the young people of the monitors. About 5,000 birth dates, so that many share one."""
GIVEN_STYLES = (("full", 0.48), ("first", 0.17), ("call", 0.23), ("initials", 0.09), ("second", 0.03))
"""How a row writes given names: all, the first, the call name, initials, the second only."""
OTHER_SPELLING = 0.08
"""Share of rows with another spelling of the first given name, where it has one (Mohammed, Mohamed)."""
AS_HEARD = 0.04
"""Share of names written as they sound, given names and surnames each."""
TYPING_ERROR = 0.06
"""Share of names with a slip, given names and surnames each."""
NO_MARKS = 0.4
"""Share of names without their diacritics."""
OTHER_SURNAME = 0.05
"""Share of women with another surname: the partner's, or both in either order; beside those of the population."""
SHORT_SURNAME = 0.08
"""Share of double surnames of which only one part is written."""
MOVED = 0.20
"""Share of rows with another address."""
POSTCODE_ERROR = 0.03
"""Share of postcodes with one wrong sign."""
POSTCODE_LETTERS = "BCEGHJKLMN"
"""Letters that a slip puts in a postcode: none that could make SA, SD or SS, which no postcode has."""
SWAPPED = 0.03
"""Share of birth dates with day and month swapped, where that is a date."""
DATE_ERROR = 0.04
"""Share of birth dates with a wrong day or year."""
NO_DAY = 0.03
"""Share of birth dates written as the first of January, or with zeros."""
MISSING = {
    "given-name": 0.01,
    "surname": 0.002,
    "birth-date": 0.01,
    "sex": 0.03,
    "postcode": 0.04,
    "house-number": 0.05,
}
"""Share of empty cells."""
WRONG_SEX = 0.01
"""Share of rows with the wrong sex."""
WRONG_HOUSE = 0.03
"""Share of wrong house numbers."""
NAMES_SWAPPED = 0.001
"""Share of rows with given name and surname in each other's column."""


@dataclass(frozen=True)
class Hard:
    """Two registers and the truth."""

    left: pa.Table
    """String columns given-name, surname, birth-date, sex, postcode, house-number; empty where nothing is known."""
    right: pa.Table
    """Likewise."""
    left_person: Ints
    """``int64[n]``: who each row is."""
    right_person: Ints
    """``int64[n]``: likewise; equal numbers are one person."""


def hard(rows: int = 20_000, *, overlap: float = 0.25, seed: int = 1) -> Hard:
    """Two registers of young people without a number.

    Args:
        rows: rows in each register.
        overlap: share of each that is in the other one.
        seed: any whole number from 0; the same arguments give the same registers.

    Raises:
        InputError: an argument is out of range.
    """
    check(rows, seed)
    if not 0 <= overlap <= 1:
        raise InputError(f"overlap must be 0 to 1, got {overlap}", where="overlap")
    rng = np.random.Generator(np.random.PCG64(seed))
    both = round(rows * overlap)
    count = 2 * rows - both
    drafts = draw_people(rng, birth_dates(rng, count, AGES, REFERENCE_DATE), day(REFERENCE_DATE), region=True)
    people = rng.permutation(count)
    sides = people[:rows], people[rows - both :]
    shuffled = tuple(side[rng.permutation(rows)] for side in sides)
    return Hard(*(_register(rng, drafts.take(side)) for side in shuffled), *shuffled)


def several(people: int = 20_000, *, presence: Sequence[float], seed: int = 1) -> list[tuple[pa.Table, Ints]]:
    """Registers of several parties, each with some of the same young people, drawn for each by itself.

    Args:
        people: in all.
        presence: per party, the share of them that stands in its register.
        seed: any whole number from 0; the same arguments give the same registers.

    Returns:
        Per party a table as of `Hard.left`, and who each row is.

    Raises:
        InputError: an argument is out of range.
    """
    check(people, seed)
    if not all(0 <= share <= 1 for share in presence):
        raise InputError("shares must be 0 to 1", where="presence")
    rng = np.random.Generator(np.random.PCG64(seed))
    drafts = draw_people(rng, birth_dates(rng, people, AGES, REFERENCE_DATE), day(REFERENCE_DATE), region=True)
    found = []
    for share in presence:
        rows = rng.permutation(people)[: round(share * people)]
        found.append((_register(rng, drafts.take(rows)), rows))
    return found


def _register(rng: np.random.Generator, drafts: Drafts) -> pa.Table:
    count = len(drafts.birth)
    given, surname = _given(rng, drafts), _surname(rng, drafts)
    exchanged = damage.chance(rng, count, NAMES_SWAPPED)
    address = damage.moved(rng, drafts.address, MOVED)
    house = np.where(damage.chance(rng, count, WRONG_HOUSE), 1 + rng.integers(0, 200, count), address.house)
    columns = {
        "given-name": where(exchanged, surname, given),
        "surname": where(exchanged, given, surname),
        "birth-date": _birth(rng, drafts.birth),
        "sex": wording.SEXES.take(pa.array(damage.misread_sex(rng, drafts.sex, WRONG_SEX))),
        "postcode": _postcode(rng, wording.postcode(address)),
        "house-number": wording.text(house),
    }
    return pa.table(
        {name: where(damage.chance(rng, count, MISSING[name]), "", values) for name, values in columns.items()}
    )


def _given(rng: np.random.Generator, drafts: Drafts) -> pa.Array:
    count = len(drafts.given)
    given = damage.respelled_given(rng, drafts.given, given_names().following, OTHER_SPELLING)
    style = np.searchsorted(np.cumsum([share for _, share in GIVEN_STYLES]), rng.random(count), side="right")
    second = np.where(given[:, 1] >= 0, given[:, 1], given[:, 0])
    text = wording.full_given(given, drafts.hyphen)
    text = where(style == 1, wording.first_given(given), text)
    text = where(style == 2, wording.call_name(given, drafts.call), text)
    text = where(style >= 4, wording.first_given(second[:, np.newaxis]), text)
    text = damage.respelled(rng, damage.typing_errors(rng, text, TYPING_ERROR), AS_HEARD)
    text = damage.without_marks(rng, text, NO_MARKS)
    return where(style == 3, wording.initials(given, drafts.hyphen), text)


def _surname(rng: np.random.Generator, drafts: Drafts) -> pa.Array:
    count = len(drafts.birth)
    origin = np.zeros(count, dtype=np.int64)
    partner = np.where(drafts.partner >= 0, drafts.partner, surnames().draw(rng, origin))
    use = np.where(
        (drafts.sex == 1) & damage.chance(rng, count, OTHER_SURNAME), rng.integers(1, 4, count), drafts.name_use
    )
    own = wording.joined(wording.prefix(drafts.surname), _spoilt(rng, wording.surname(drafts.surname)))
    other = wording.joined(wording.prefix(partner), _spoilt(rng, wording.surname(partner)))
    text = where(use == 1, other, own)
    text = where(use == 2, pc.binary_join_element_wise(other, own, "-"), text)
    text = where(use == 3, pc.binary_join_element_wise(own, other, "-"), text)
    bare = where(damage.chance(rng, count, SHORT_SURNAME), wording.each(text, lambda name: name.split("-")[0]), text)
    return wording.each(bare, str.strip)


def _spoilt(rng: np.random.Generator, names: pa.Array) -> pa.Array:
    names = damage.respelled(rng, damage.typing_errors(rng, names, TYPING_ERROR), AS_HEARD)
    return damage.without_marks(rng, names, NO_MARKS)


def _birth(rng: np.random.Generator, birth: Ints) -> pa.Array:
    birth = damage.shifted_date(rng, damage.swapped_day_month(rng, birth, SWAPPED), DATE_ERROR)
    style = rng.random(birth.size)
    birth = np.where(style < NO_DAY, birth // 10_000 * 10_000 + 101, birth)
    birth = np.where(style < NO_DAY / 3, birth // 10_000 * 10_000, birth)
    return wording.text(birth)


def _postcode(rng: np.random.Generator, codes: pa.Array) -> pa.Array:
    wrong = damage.chance(rng, len(codes), POSTCODE_ERROR)
    texts = codes.to_pylist()
    for row in np.flatnonzero(wrong).tolist():
        at = int(rng.integers(1, 6))
        sign = str(rng.integers(0, 10)) if at < 4 else POSTCODE_LETTERS[int(rng.integers(0, 10))]
        texts[row] = texts[row][:at] + sign + texts[row][at + 1 :]
    return pa.array(texts, pa.string())
