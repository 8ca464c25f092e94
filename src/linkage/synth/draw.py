"""People as numbers: households, names, dates and addresses drawn for many at once.

Rules kept here:

- One entry per person in every array; text is looked up later (`wording`), so a million people fit in memory.
- Members of a household share surname and address; twins also share the birth date; no two members share the
  first given name (proved by tests/synth/test_people.py::test_households_and_twins).
- A birth date is int64 ``yyyymmdd``; unknown parts are zeros, as in the BRP (element 03.10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from linkage.synth.lexicon import (
    FRISIAN,
    FRISIAN_GIVEN,
    NEWCOMERS,
    ORIGIN_SHARES,
    ORIGINS,
    given_names,
    letter_pairs,
    pick,
    places,
    surnames,
)
from linkage.synth.numbers import Ints

Days = npt.NDArray[np.datetime64]
Mask = npt.NDArray[np.bool_]

# Every rate below is assumed: plausible for the Netherlands, from no register.
JOINS_HOUSEHOLD = 0.22
"""Chance that a person is placed with the one before: a brother, sister, parent or child in the same house."""
TWIN = 0.35
"""Chance that two members of a household born within two years are twins; gives about 1 % of people."""
LARGEST_HOUSEHOLD = 3
"""Members a household has at most in our registers."""
OTHER_SEX = 0.001
"""Share of people registered as neither M nor V."""
TWO_NAMES, THREE_NAMES = 0.35, 0.18
"""Shares of people with two and with three given names, Dutch origin; others have `FEWER_NAMES` times this."""
FEWER_NAMES = 0.35
"""Factor on the chance of a second or third given name for other origins."""
HYPHENATED = 0.06
"""Share of people with two or more given names of whom the first two are written with a hyphen."""
USES_CALL_NAME = 0.65
"""Share of people who go by a short form, among those whose name has one."""
MARRIED = ((20, 0.0), (25, 0.01), (30, 0.06), (200, 0.35))
"""Share of people with a (former) partner's surname on record, by age in years: below the first number of each."""
NAME_USE = {"M": (0.95, 0.02, 0.02, 0.01), "V": (0.60, 0.20, 0.17, 0.03)}
"""How married people want to be addressed: own, partner, partner-own, own-partner (BRP element 61.10: E, P, V, N)."""
NO_DAY = {"newcomer": 0.04, "other": 0.0005}
"""Share of birth dates without a day: newcomers, and everybody else."""
NO_MONTH = {"newcomer": 0.03, "other": 0.0003}
"""Share of birth dates without day and month."""
IN_REGION = 0.9
"""Share of households in the region of the example school, where a region is asked for."""
OLD_GENERATION = np.datetime64("1985-01-01")
"""Born before this date: given names of the older generation."""
MEAN_HOUSE = 45.0
"""Mean house number; numbers fall off exponentially, up to `LARGEST_HOUSE`."""
LARGEST_HOUSE = 999


@dataclass(frozen=True)
class Address:
    """Where people live."""

    place: Ints
    """Position in the table of places."""
    pc4: Ints
    """Postcode area, 1000-9999."""
    letters: Ints
    """Position in the table of letter pairs."""
    house: Ints
    """House number, from 1."""

    def take(self, index: Ints) -> Address:
        """The addresses at these positions."""
        return Address(self.place[index], self.pc4[index], self.letters[index], self.house[index])


@dataclass(frozen=True)
class Drafts:
    """People as numbers, one entry per person in every array."""

    household: Ints
    """Position of the household's first member."""
    surname: Ints
    """Position in the table of surnames."""
    partner: Ints
    """Position of the partner's surname; -1 without one."""
    name_use: Ints
    """Naamgebruik: position in ``EPVN``."""
    sex: Ints
    """Position in ``MVO``."""
    given: Ints
    """Positions of up to three given names, shape (people, 3); -1 where there is none."""
    hyphen: Mask
    """Whether the first two given names are written as one, with a hyphen."""
    call: Ints
    """Position of the call name in the table of call names; -1 where it is the first given name."""
    birth: Ints
    """Birth date, ``yyyymmdd`` with zeros for unknown parts."""
    born: Days
    """The full birth date, which a register may not know."""
    address: Address
    """Where the person lives according to the BRP."""

    def take(self, index: Ints) -> Drafts:
        """The people at these positions."""
        own = {name: getattr(self, name)[index] for name in self.__dataclass_fields__ if name != "address"}
        return replace(self, **own, address=self.address.take(index))


def draw_people(rng: np.random.Generator, born: Days, reference: np.datetime64, *, region: bool) -> Drafts:
    """Draw people for given birth dates; twins get the birth date of their twin.

    Args:
        rng: source of chance.
        born: wanted birth date of each person, datetime64[D].
        reference: the day on which ages are counted.
        region: nine in ten live in the region of the example school; otherwise anywhere in the country.
    """
    count = born.size
    leader, previous = _households(rng, count)
    born = _twins(rng, born, leader, reference)
    origin = pick(rng, np.cumsum(np.array(ORIGIN_SHARES)) / sum(ORIGIN_SHARES), count)[leader]
    surname = surnames().draw(rng, origin)[leader]
    sex = (rng.random(count) < 0.5).astype(np.int64)
    young = (born >= OLD_GENERATION).astype(np.int64)
    frisian = surnames().frisian[surname] & (rng.random(count) < FRISIAN_GIVEN)
    roots = np.where(frisian, FRISIAN, origin)
    given = _given(rng, roots, sex, young, np.stack([leader, previous]))
    partner, name_use = _marriage(rng, origin, sex, born, reference)
    sex = np.where(rng.random(count) < OTHER_SEX, 2, sex)
    return Drafts(
        household=leader,
        surname=surname,
        partner=partner,
        name_use=name_use,
        sex=sex,
        given=given,
        hyphen=(given[:, 1] >= 0) & (rng.random(count) < HYPHENATED),
        call=_call_names(rng, given[:, 0]),
        birth=_known_parts(rng, born, origin),
        born=born,
        address=draw_addresses(rng, count, region=region).take(leader),
    )


def draw_addresses(rng: np.random.Generator, count: int, *, region: bool) -> Address:
    """Addresses for `count` households, in the region of the example school (nine in ten) or anywhere."""
    table = places()
    place = pick(rng, table.everywhere, count)
    if region:
        place = np.where(rng.random(count) < IN_REGION, pick(rng, table.region, count), place)
    return addresses_in(rng, place)


def addresses_in(rng: np.random.Generator, place: Ints) -> Address:
    """An address in each of these places (positions in the table of places)."""
    table, count = places(), place.size
    width = table.last_pc4[place] - table.first_pc4[place] + 1
    return Address(
        place=place,
        pc4=table.first_pc4[place] + (rng.random(count) ** 1.5 * width).astype(np.int64),
        letters=rng.integers(0, len(letter_pairs()), count),
        house=np.minimum(1 + rng.exponential(MEAN_HOUSE, count).astype(np.int64), LARGEST_HOUSE),
    )


def as_number(days: Days) -> Ints:
    """Dates as int64 ``yyyymmdd``."""
    months = days.astype("datetime64[M]")
    month = months.astype(np.int64)
    day = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    number: Ints = (month // 12 + 1970) * 10_000 + (month % 12 + 1) * 100 + day
    return number


def _households(rng: np.random.Generator, count: int) -> tuple[Ints, Ints]:
    """For each person the first member of the household and the member placed just before (itself if first)."""
    order, place = rng.permutation(count), np.arange(count)
    joins = rng.random(count) < JOINS_HOUSEHOLD
    joins[:1] = False
    for _ in range(2):  # the second time after those too many started a household of their own
        first = np.maximum.accumulate(np.where(joins, 0, place))
        joins &= place - first < LARGEST_HOUSEHOLD
    leader, previous = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    leader[order] = order[first]
    previous[order] = order[np.where(joins, place - 1, place)]
    return leader, previous


def _twins(rng: np.random.Generator, born: Days, leader: Ints, reference: np.datetime64) -> Days:
    """Give some members the birth date of the first, where both were born within two years and are grown up."""
    near = np.abs((born - born[leader]).astype(np.int64)) < 2 * 365
    adult = born[leader] < reference - np.timedelta64(18 * 366, "D")
    return np.where(near & adult & (rng.random(born.size) < TWIN), born[leader], born)


def _given(rng: np.random.Generator, roots: Ints, sex: Ints, young: Ints, relatives: Ints) -> Ints:
    """Up to three different given names a person; no two members of a household share the first."""
    table = given_names()
    found = np.stack([table.draw(rng, roots, sex, young) for _ in range(3)], axis=1)
    own = np.arange(roots.size)
    # Two members with one first name, or one person with a name twice: draw again. Few remain after each round.
    for _ in range(200):
        concept = table.concept[found]
        again = ((concept[relatives, 0] == concept[:, 0]) & (relatives != own)).any(axis=0)
        if not again.any():
            break
        found[again, 0] = table.draw(rng, roots[again], sex[again], young[again])
    concept = table.concept[found]
    chance = rng.random(roots.size)
    factor = np.where(roots % FRISIAN == 0, 1.0, FEWER_NAMES)
    two = (chance < (TWO_NAMES + THREE_NAMES) * factor) & (concept[:, 1] != concept[:, 0])
    three = two & (chance < THREE_NAMES * factor) & (concept[:, 2] != concept[:, 0]) & (concept[:, 2] != concept[:, 1])
    found[~two, 1] = -1
    found[~three, 2] = -1
    return found


def _call_names(rng: np.random.Generator, first: Ints) -> Ints:
    """The short form a person goes by, or -1 for the first given name itself."""
    table = given_names()
    count = table.call_count[first]
    which = (rng.random(first.size) * count).astype(np.int64)
    return np.where((count > 0) & (rng.random(first.size) < USES_CALL_NAME), table.call_start[first] + which, -1)


def _marriage(
    rng: np.random.Generator, origin: Ints, sex: Ints, born: Days, reference: np.datetime64
) -> tuple[Ints, Ints]:
    """Partner's surname (-1 for none) and naamgebruik, by age and sex."""
    age = (reference - born).astype(np.int64) // 365.25
    share = np.select([age < limit for limit, _ in MARRIED], [part for _, part in MARRIED], default=0.0)
    married = rng.random(born.size) < share
    partner = np.where(married, surnames().draw(rng, origin), -1)
    use = np.where(sex == 0, *(pick(rng, np.cumsum(np.array(NAME_USE[key])), born.size) for key in "MV"))
    return partner, np.where(married, use, 0)


def _known_parts(rng: np.random.Generator, born: Days, origin: Ints) -> Ints:
    """Birth dates as numbers, with zeros where the day, or day and month, was never known."""
    newcomer = np.isin(origin, [ORIGINS.index(name) for name in NEWCOMERS])
    full, chance = as_number(born), rng.random(born.size)
    no_month = np.where(newcomer, NO_MONTH["newcomer"], NO_MONTH["other"])
    no_day = no_month + np.where(newcomer, NO_DAY["newcomer"], NO_DAY["other"])
    return np.where(chance < no_month, full // 10_000 * 10_000, np.where(chance < no_day, full // 100 * 100, full))
