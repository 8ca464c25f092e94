"""The register of a gemeente: people on benefits, with the errors it makes.

Rules kept here:

- The gemeente copies from the BRP: own surname, all given names, partly unknown dates with zeros, and the address
  of today. It makes fewer errors than a school.
- Rates are assumed (plausible for a benefits administration, from no register), each a named constant.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from linkage.synth import damage, wording
from linkage.synth.draw import Days, Drafts, Mask, as_number
from linkage.synth.numbers import Ints
from linkage.synth.population import day
from linkage.synth.wording import where

NO_NUMBER = 0.01
"""Share of rows without a BSN. Assumed."""
FIRST_ONLY = 0.03
"""Share of rows with the first given name only. Assumed."""
INITIALS_ONLY = 0.005
"""Share of rows with initials in place of given names. Assumed."""
TYPING_ERROR = 0.005
"""Share of rows with a slip, for given names and surname each. Assumed."""
NO_MARKS = 0.05
"""Share of names without their diacritics. Assumed."""
PREFIX_BEFORE = 0.005
"""Share of rows, among those with a prefix, with the prefix in the surname column. Assumed."""
DAY_MONTH_SWAP = 0.001
"""Share of birth dates with day and month swapped, where that is possible. Assumed."""
DATE_ERROR = 0.001
"""Share of birth dates with a wrong day or year. Assumed."""
WRONG_SEX = 0.001
"""Share of rows with the wrong sex. Assumed."""
SCHEMES = (("PW", 0.94), ("BBZ", 0.97), ("IOAW", 1.0))
"""Benefit schemes and the upper bound of their share: nearly all have bijstand (PW). Assumed."""
IOAW_AGE = 50
"""Age in years from which somebody can have IOAW; younger people have PW instead."""
ENDED = 0.30
"""Share of benefits that ended before the reference date. Assumed."""
LONGEST = 8 * 365
"""Days that the oldest benefits run at most. Assumed."""
ADULT = 18
"""Age in years from which somebody can have a benefit."""


def gemeente_table(
    rng: np.random.Generator, drafts: Drafts, *, bsn: Ints, not_before: Days, reference: date
) -> pa.Table:
    """The gemeente's rows, all string columns and no nulls, without client numbers.

    Args:
        rng: source of chance.
        drafts: the people on benefits.
        bsn: BSN per person, 0 where none was given out.
        not_before: day before which the benefit did not start (a graduate's diploma), datetime64[D].
        reference: every benefit started before this day.
    """
    count = bsn.size
    number = np.where(damage.chance(rng, count, NO_NUMBER), 0, bsn)
    start, end = draw_period(rng, drafts.born, not_before, day(reference))
    old = (day(reference) - drafts.born).astype(np.int64) // 365.25 >= IOAW_AGE
    birth = damage.swapped_day_month(rng, drafts.birth, DAY_MONTH_SWAP)
    sex = damage.misread_sex(rng, drafts.sex, WRONG_SEX)
    prefix, surname = _surname(rng, drafts.surname)
    return pa.table(
        {
            "bsn": wording.text_or_empty(number),
            "voornamen": _given(rng, drafts),
            "voorvoegsel": prefix,
            "geslachtsnaam": surname,
            "geboortedatum": wording.text(damage.shifted_date(rng, birth, DATE_ERROR)),
            "geslacht": wording.SEXES.take(pa.array(sex)),
            "postcode": wording.postcode(drafts.address),
            "huisnummer": wording.text(drafts.address.house),
            "gemeentecode": wording.gemeentecode(drafts.address),
            "regeling": _scheme(rng, old),
            "ingangsdatum": wording.text(as_number(start)),
            "einddatum": wording.text_or_empty(np.where(damage.chance(rng, count, ENDED), as_number(end), 0)),
        }
    )


def client_numbers(rng: np.random.Generator, count: int) -> pa.Array:
    """Client numbers such as C0000123, each once, in random order."""
    tens = wording.text(10_000_000 + rng.permutation(count))
    return wording.each(tens, lambda value: "C" + value[1:])


def _given(rng: np.random.Generator, drafts: Drafts) -> pa.Array:
    """Given names as the gemeente has them: all, the first only, or initials."""
    style = rng.random(len(drafts.given))
    full = wording.full_given(drafts.given, drafts.hyphen)
    full = where(style < FIRST_ONLY, wording.first_given(drafts.given), full)
    full = damage.without_marks(rng, damage.typing_errors(rng, full, TYPING_ERROR), NO_MARKS)
    return where(style > 1 - INITIALS_ONLY, wording.initials(drafts.given, drafts.hyphen), full)


def _surname(rng: np.random.Generator, position: Ints) -> tuple[pa.Array, pa.Array]:
    """Prefix and own surname; now and then both in the surname column."""
    prefix, surname = wording.prefix(position), wording.surname(position)
    surname = damage.without_marks(rng, damage.typing_errors(rng, surname, TYPING_ERROR), NO_MARKS)
    before = damage.chance(rng, position.size, PREFIX_BEFORE)
    return where(before, "", prefix), where(before, wording.joined(prefix, surname), surname)


def _scheme(rng: np.random.Generator, old: Mask) -> pa.Array:
    """The benefit scheme; IOAW only for those old enough."""
    which = np.searchsorted([limit for _, limit in SCHEMES], rng.random(old.size), side="right")
    which = np.where((which == 2) & ~old, 0, which)
    return pa.array([name for name, _ in SCHEMES]).take(pa.array(which))


def draw_period(rng: np.random.Generator, born: Days, not_before: Days, today: np.datetime64) -> tuple[Days, Days]:
    """First day between adulthood or diploma and the reference date, and a last day between the first and it."""
    adult = born + np.timedelta64(round(ADULT * 365.25) + 1, "D")
    earliest = np.maximum(np.maximum(adult, not_before), today - np.timedelta64(LONGEST, "D"))
    room = np.maximum((today - earliest).astype(np.int64), 2)
    start = today - np.maximum((rng.random(born.size) * room).astype(np.int64), 2).astype("timedelta64[D]")
    left = (today - start).astype(np.int64)
    return start, start + np.maximum((rng.random(born.size) * left).astype(np.int64), 1).astype("timedelta64[D]")
