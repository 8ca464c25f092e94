"""A population of synthetic people, one row each.

Rules kept here:

- Made in chunks of `CHUNK` people: the work in memory beside the result stays the same at any size. A household
  never spans two chunks.
- A BSN is given once (`numbers`). The range holds 90,909; in a larger population the surplus has no BSN (null)
  and, like everybody else, an onderwijsnummer in a few cases.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from linkage.errors import InputError
from linkage.synth import wording
from linkage.synth.draw import Days, Drafts, draw_people
from linkage.synth.numbers import BSN_COUNT, Ints, chunks, shuffled_bsns, shuffled_education_numbers, spread

CHUNK = 100_000
"""People drawn at a time."""
LARGEST = 5_000_000
"""People asked for at most: their numbers stay within seven digits."""
AGES = (16, 67)
"""Ages in a population, years: from the first, below the second; all equally likely."""
EDUCATION_NUMBER = 0.005
"""Share of people who were given an onderwijsnummer by a school, because their BSN was not known then. Assumed."""
REFERENCE_DATE = date(2026, 10, 1)
"""Day on which ages are counted, where the caller names none."""


def people(count: int, *, seed: int = 1) -> pa.Table:
    """A population of Dutch people who do not exist.

    Args:
        count: number of people, 1 to 5,000,000.
        seed: any whole number from 0; the same seed gives the same people.

    Returns:
        One row per person: ``person`` (int64, from 1), ``household`` (int64: ``person`` of its first member) and
        strings ``bsn`` and ``onderwijsnummer`` (nine digits or null), ``voornamen``, ``roepnaam``, ``voorletters``,
        ``voorvoegsel``, ``geslachtsnaam``, ``partner_voorvoegsel``, ``partner_geslachtsnaam`` (empty without
        partner), ``naamgebruik`` (E, P, V, N), ``geslacht`` (M, V, O), ``geboortedatum`` (yyyymmdd, unknown parts
        zero), ``postcode`` (1234AB), ``huisnummer``, ``gemeentecode`` (four digits). Column meanings follow the BRP.

    Raises:
        InputError: `count` or `seed` is out of range.
    """
    check(count, seed)
    rng = np.random.Generator(np.random.PCG64(seed))
    pool = shuffled_bsns(rng)
    education = shuffled_education_numbers(rng, round(count * EDUCATION_NUMBER))
    sizes = chunks(count, CHUNK)
    shares = zip(spread(min(count, BSN_COUNT), sizes), spread(education.size, sizes), strict=True)
    parts, start, used, given_out = [], 1, 0, 0
    for size, (bsns, numbers) in zip(sizes, shares, strict=True):
        drafts = draw_people(rng, birth_dates(rng, size, AGES, REFERENCE_DATE), day(REFERENCE_DATE), region=False)
        bsn = scatter(rng, pool[used : used + bsns], size)
        onderwijs = scatter(rng, education[given_out : given_out + numbers], size)
        parts.append(_table(drafts, start, bsn, onderwijs))
        start, used, given_out = start + size, used + bsns, given_out + numbers
    return pa.concat_tables(parts)


def check(count: int, seed: int) -> None:
    """Refuse a number of people or a seed that cannot be used.

    Raises:
        InputError: `count` is not in 1 to `LARGEST`, or `seed` is negative.
    """
    if not 1 <= count <= LARGEST:
        raise InputError(f"number of people must be 1 to {LARGEST}, got {count}", where="people")
    if seed < 0:
        raise InputError(f"seed must be 0 or more, got {seed}", where="seed")


def birth_dates(rng: np.random.Generator, count: int, ages: tuple[int, int], reference: date) -> Days:
    """Birth dates (datetime64[D]) of people whose age on the reference date is from the first, below the second."""
    last, first = _years_before(reference, ages[0]), _years_before(reference, ages[1])
    back = int((last - first).astype(np.int64))
    return last - rng.integers(0, back, count).astype("timedelta64[D]")


def scatter(rng: np.random.Generator, numbers: Ints, count: int) -> Ints:
    """Give each number to one of `count` people at random; the others get 0."""
    found = np.zeros(count, dtype=np.int64)
    found[rng.permutation(count)[: numbers.size]] = numbers
    return found


def day(value: date) -> np.datetime64:
    """A date as numpy knows it, in days."""
    return np.datetime64(value, "D")


def _years_before(reference: date, years: int) -> np.datetime64:
    """The last birth date of somebody who is this old; in a leap year's February, up to a day early."""
    of_month = min(reference.day, 28) if reference.month == 2 else reference.day
    return np.datetime64(date(reference.year - years, reference.month, of_month), "D")


def _table(drafts: Drafts, start: int, bsn: Ints, education: Ints) -> pa.Table:
    """One chunk of the population as text."""
    return pa.table(
        {
            "person": pa.array(start + np.arange(bsn.size)),
            "household": pa.array(start + drafts.household),
            "bsn": _or_null(bsn),
            "onderwijsnummer": _or_null(education),
            "voornamen": wording.full_given(drafts.given, drafts.hyphen),
            "roepnaam": wording.call_name(drafts.given, drafts.call),
            "voorletters": wording.initials(drafts.given, drafts.hyphen),
            "voorvoegsel": wording.prefix(drafts.surname),
            "geslachtsnaam": wording.surname(drafts.surname),
            "partner_voorvoegsel": wording.prefix(drafts.partner),
            "partner_geslachtsnaam": wording.surname(drafts.partner),
            "naamgebruik": wording.NAME_USES.take(pa.array(drafts.name_use)),
            "geslacht": wording.SEXES.take(pa.array(drafts.sex)),
            "geboortedatum": wording.text(drafts.birth),
            "postcode": wording.postcode(drafts.address),
            "huisnummer": wording.text(drafts.address.house),
            "gemeentecode": wording.gemeentecode(drafts.address),
        }
    )


def _or_null(number: Ints) -> pa.Array:
    """Numbers as text, null for 0."""
    return pa.array(number, mask=number == 0).cast(pa.string())
