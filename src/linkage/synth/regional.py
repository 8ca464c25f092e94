"""The registers of a region, all of one population: schools, gemeenten, UWV and employers, with consent and the truth.

Rules kept here:

- One population is made first, and what everybody lives on (`lives`); then each register draws its own rows and makes
  its own errors. The truth is what was made.
- Everybody lives in one gemeente, and postcode and gemeentecode of a row belong together. A few students live outside
  the gemeenten that take part: no register of benefits here knows them, the truth does. "Neither" in the registers is
  only "not found".
- Schools differ in their habits: one with an even number has exports that went through a spreadsheet (``entree`` for
  level 1, gemeentecodes without their first zero).
- Shares are assumed, from no register, each a named constant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from linkage.errors import InputError
from linkage.synth import damage, wording
from linkage.synth.consent import consent_table
from linkage.synth.courses import Courses, draw_courses
from linkage.synth.draw import Address, Drafts, addresses_in, as_number, draw_people
from linkage.synth.enrolment import Enrolled, enrol
from linkage.synth.gemeente import client_numbers, gemeente_table
from linkage.synth.lexicon import Floats, pick, places
from linkage.synth.lives import OTHER, Lives, draw_lives
from linkage.synth.numbers import BSN_COUNT, Ints, shuffled_bsns, shuffled_education_numbers
from linkage.synth.population import EDUCATION_NUMBER, birth_dates, check, day, scatter
from linkage.synth.school import MOVED_SINCE, school_table, student_numbers
from linkage.synth.wording import where
from linkage.synth.work import employer_table, last_day, taking_part, uwv_table

LARGEST = 500_000
"""People asked for at most: they are made in one piece."""
MOST_SCHOOLS = 20
STUDENTS = 0.4
"""Share of the people who were at one of the schools."""
NOT_HEARD = 0.10
"""Share of the students enrolled elsewhere of whom the school does not know it. Assumed."""
OUTSIDE = 0.08
"""Share of the students who live outside the gemeenten that take part, with their household. Assumed."""
LEVELS = ((0.14, 0.34, 0.20, 0.32), (0.16, 0.34, 0.20, 0.30), (0.18, 0.34, 0.20, 0.28))
"""Share of levels 1 to 4 by school year: many of entree and level 2, whom the pilots are about. Assumed."""
SECTORS = (
    ("Zorg en welzijn", 0.28), ("Economie en administratie", 0.17), ("Handel en ondernemerschap", 0.14),
    ("Techniek", 0.16), ("ICT", 0.08), ("Horeca en toerisme", 0.08), ("Logistiek", 0.05), ("Groen", 0.04),
)  # fmt: skip
"""Share of students by sector. Assumed."""
OTHER_AGES = (18, 67)
"""Ages of those who were at none of the schools, years: from the first, below the second."""
STATES = ("neither", "work", "benefits", "work and benefits")
"""What somebody lives on, on a day: the four parts of the CBS tables; work is any income relation."""
REFERENCE_DATES = (date(2025, 10, 1), date(2026, 10, 1))
GEMEENTEN = ("0193", "0166", "0160")
"""Zwolle, Kampen, Hardenberg."""


@dataclass(frozen=True)
class Region:
    """Registers of one population, consent at each school, and the truth."""

    registers: Mapping[str, pa.Table]
    """String columns, no nulls: ``school-1`` and on, ``gemeente-0193`` and so on, ``uwv``, ``employers``."""
    consent: Mapping[str, pa.Table]
    """Consent events per school, as `Scenario.consent`."""
    truth: pa.Table
    """One row per person: ``person`` (int64, from 1), ``gemeentecode`` (where they live), per register a column of its
    name with the data rows of the person (list of int64, 1 = first; none, one or several), and per reference date
    ``state_<date>`` (one of `STATES`) and ``hours_<date>`` (int64, hours per week over all income relations)."""


@dataclass(frozen=True)
class _World:
    """The population and what is true of it; students come first."""

    drafts: Drafts
    bsn: Ints
    courses: Courses
    """Of the students."""
    education: Ints
    """Onderwijsnummer of the students, 0 for nearly all."""
    sector: pa.Array
    """Of the students."""
    lives: Lives
    homes: Floats
    """Cumulative weights of the places that take part."""
    export: date
    """Day of all registers: the last reference date."""

    def somewhere(self, rng: np.random.Generator, count: int) -> Address:
        """Addresses in the region where people may have lived before."""
        return addresses_in(rng, pick(rng, self.homes, count))


def region(
    people: int = 3_000,
    *,
    seed: int = 1,
    schools: int = 2,
    gemeenten: Sequence[str] = GEMEENTEN,
    reference_dates: Sequence[date] = REFERENCE_DATES,
    work: bool = True,
    employers: bool = False,
) -> Region:
    """The registers of a region, made from one population.

    Args:
        people: the population, 1 to 500,000; four in ten were at a school. Beyond 90,909 the surplus has no BSN.
        seed: any whole number from 0; the same arguments give the same registers.
        schools: number of schools, 1 to 20. A student may be at two.
        gemeenten: codes of those that take part, each once; of the places in ``data/places.csv``.
        reference_dates: days on which the truth is told. Every diploma lies before the first; all registers are
            exported on the last. From 1990.
        work: with UWV's register.
        employers: with a register of employers, which has no BSN.

    Raises:
        InputError: an argument is out of range, or a gemeente is not one that people can be placed in.
    """
    dates = sorted(set(reference_dates))
    _check(people, seed, schools, dates)
    inside = _places(gemeenten)
    rng = np.random.Generator(np.random.PCG64(seed))
    world = _world(rng, people, inside, dates)
    made: dict[str, tuple[pa.Table, Ints]] = {}
    consent: dict[str, pa.Table] = {}
    for number, students in enumerate(enrol(rng, world.courses, schools), 1):
        table = _school(rng, world, students, spreadsheet=number % 2 == 0)
        made[f"school-{number}"] = (table, students.person)
        numbers, graduated = table.column("Studentnummer").combine_chunks(), np.flatnonzero(students.courses.year > 0)
        consent[f"school-{number}"] = consent_table(rng, numbers, students.courses.diploma, graduated, world.export)
    for code, place in zip(gemeenten, inside.tolist(), strict=True):
        made[f"gemeente-{code}"] = _gemeente(rng, world, place)
    if work:
        made["uwv"] = _uwv(rng, world)
    if employers:
        made["employers"] = _employers(rng, world)
    return Region(
        registers=MappingProxyType({name: table for name, (table, _) in made.items()}),
        consent=MappingProxyType(consent),
        truth=_truth(world, {name: person for name, (_, person) in made.items()}, dates),
    )


def _check(people: int, seed: int, schools: int, dates: Sequence[date]) -> None:
    """Refuse what cannot be made."""
    check(people, seed)
    if people > LARGEST:
        raise InputError(f"number of people must be 1 to {LARGEST}, got {people}", where="people")
    if not 1 <= schools <= MOST_SCHOOLS:
        raise InputError(f"number of schools must be 1 to {MOST_SCHOOLS}, got {schools}", where="schools")
    if not dates or dates[0].year < 1990:
        raise InputError("at least one reference date is needed, all in 1990 or later", where="reference_dates")


def _places(gemeenten: Sequence[str]) -> Ints:
    """Positions of the gemeenten in the table of places."""
    known = places().code.to_pylist()
    if not gemeenten or len(set(gemeenten)) < len(gemeenten):
        raise InputError("at least one gemeente is needed, each once", where="gemeenten")
    if strangers := sorted(set(gemeenten) - set(known)):
        raise InputError(
            f"no postcodes are known here for {', '.join(strangers)}",
            where="gemeenten",
            hint=f"Use some of {', '.join(sorted(known))}.",
        )
    return np.array([known.index(code) for code in gemeenten], dtype=np.int64)


def _world(rng: np.random.Generator, people: int, inside: Ints, dates: Sequence[date]) -> _World:
    """Make the people, where they live, what the students follow, and what everybody lives on."""
    first, export = dates[0], dates[-1]
    students = max(round(people * STUDENTS), 1)
    courses = draw_courses(rng, students, first, LEVELS)
    others = birth_dates(rng, people - students, OTHER_AGES, first)
    drafts = draw_people(rng, np.concatenate([courses.born, others]), day(first), region=False)
    homes, away = _weights(inside)
    outside = (rng.random(people) < OUTSIDE) & (np.arange(people) < students)
    place = np.where(outside[drafts.household], pick(rng, away, people), pick(rng, homes, people))
    drafts = replace(drafts, address=addresses_in(rng, place).take(drafts.household))
    level = np.concatenate([courses.level, np.full(people - students, OTHER)])
    never = np.full(people - students, np.datetime64("1900-01-01"))
    since = np.where(courses.year > 0, courses.diploma, np.datetime64("1900-01-01"))
    return _World(
        drafts=drafts,
        bsn=scatter(rng, shuffled_bsns(rng)[: min(people, BSN_COUNT)], people),
        courses=courses,
        education=scatter(rng, shuffled_education_numbers(rng, round(students * EDUCATION_NUMBER)), students),
        sector=pa.array([name for name, _ in SECTORS]).take(
            pa.array(rng.choice(len(SECTORS), students, p=[share for _, share in SECTORS]))
        ),
        lives=draw_lives(rng, drafts.born, level, np.concatenate([since, never]), export),
        homes=homes,
        export=export,
    )


def _weights(inside: Ints) -> tuple[Floats, Floats]:
    """Cumulative weights of the places that take part, and of all others (or of the same, where there are none)."""
    every = np.diff(places().everywhere, prepend=0.0)
    near = np.where(np.isin(np.arange(every.size), inside), every, 0.0)
    far = every - near
    far = far if far.any() else near
    return np.cumsum(near) / near.sum(), np.cumsum(far) / far.sum()


def _school(rng: np.random.Generator, world: _World, enrolled: Enrolled, *, spreadsheet: bool) -> pa.Table:
    """A school's register: `school_table`, and where the student lives, the sector and enrolment elsewhere."""
    person, count = enrolled.person, enrolled.person.size
    drafts = world.drafts.take(person)
    address = damage.moved(rng, drafts.address, MOVED_SINCE, world.somewhere(rng, count))
    code = wording.gemeentecode(address)
    table = school_table(
        rng, drafts, enrolled.courses, bsn=world.bsn[person], education=world.education[person], address=address
    )
    heard = enrolled.elsewhere & ~damage.chance(rng, count, NOT_HEARD)
    columns: dict[str, pa.Array] = {"Studentnummer": student_numbers(rng, count)}
    for name in table.column_names:
        columns[name] = table.column(name).combine_chunks()
        if name == "Huisnummer":
            columns["Gemeentecode"] = wording.each(code, lambda cell: cell.lstrip("0")) if spreadsheet else code
        if name == "Niveau" and spreadsheet:
            columns[name] = where(enrolled.courses.level == 1, "entree", columns[name])
        if name == "Leerweg":
            columns["Sector"] = world.sector.take(pa.array(person))
    columns["Elders ingeschreven"] = where(heard, "ja", "nee")
    return pa.table(columns)


def _gemeente(rng: np.random.Generator, world: _World, place: int) -> tuple[pa.Table, Ints]:
    """People of one gemeente who have or had a benefit, and who each row is."""
    lives = world.lives
    person = rng.permutation(np.flatnonzero(lives.benefit & (world.drafts.address.place == place)))
    drafts = world.drafts.take(person)
    table = gemeente_table(rng, drafts, bsn=world.bsn[person], not_before=lives.start[person], reference=world.export)
    true = {
        "ingangsdatum": wording.text(as_number(lives.start[person])),
        "einddatum": wording.text_or_empty(last_day(lives.end[person])),
    }
    for name, cells in true.items():
        table = table.set_column(table.column_names.index(name), name, cells)
    return table.add_column(0, "clientnummer", client_numbers(rng, person.size)), person


def _uwv(rng: np.random.Generator, world: _World) -> tuple[pa.Table, Ints]:
    """UWV's register and who each row is."""
    jobs = world.lives.jobs.take(rng.permutation(world.lives.jobs.person.size))
    old = world.somewhere(rng, jobs.person.size)
    drafts = world.drafts.take(jobs.person)
    return uwv_table(rng, drafts, jobs, bsn=world.bsn[jobs.person], old=old), jobs.person


def _employers(rng: np.random.Generator, world: _World) -> tuple[pa.Table, Ints]:
    """The register of the employers who take part and who each row is."""
    every = world.lives.jobs
    jobs = every.take(rng.permutation(np.flatnonzero(taking_part(rng, every))))
    old = world.somewhere(rng, jobs.person.size)
    return employer_table(rng, world.drafts.take(jobs.person), jobs, old=old), jobs.person


def _truth(world: _World, held: Mapping[str, Ints], dates: Sequence[date]) -> pa.Table:
    """Where everybody stands, and what they lived on."""
    people = world.bsn.size
    columns: dict[str, pa.Array] = {
        "person": pa.array(1 + np.arange(people)),
        "gemeentecode": wording.gemeentecode(world.drafts.address),
    }
    for name, person in held.items():
        order = np.argsort(person, kind="stable")
        starts = np.searchsorted(person[order], np.arange(people + 1))
        columns[name] = pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(order + 1))
    for on in dates:
        hours = world.lives.hours(on)
        state = (hours > 0) + 2 * world.lives.on_benefits(on)
        columns[f"state_{on}"] = pa.array(STATES).take(pa.array(state))
        columns[f"hours_{on}"] = pa.array(hours)
    return pa.table(columns)
