"""Two registers of one population, with consent and the truth: the example that demos and tests link.

Rules kept here:

- The people are made first, then each register draws its own rows and makes its own errors; the truth is what was
  made, never what was matched.
- A BSN that stands on both sides is the same for the same person. Mixed-up BSNs (a valid number of somebody else)
  do occur in real registers and are left out here.
- Made in chunks, then shuffled: rows of one person or household do not stand together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from linkage.errors import InputError
from linkage.synth.consent import consent_table
from linkage.synth.courses import Courses, draw_courses
from linkage.synth.draw import Days, draw_people
from linkage.synth.gemeente import client_numbers, gemeente_table
from linkage.synth.numbers import BSN_COUNT, Ints, chunks, shuffled_bsns, shuffled_education_numbers, spread
from linkage.synth.population import (
    CHUNK,
    EDUCATION_NUMBER,
    REFERENCE_DATE,
    birth_dates,
    check,
    day,
    scatter,
)
from linkage.synth.school import school_table, student_numbers

BENEFIT_BY_LEVEL = (14.0, 9.0, 5.0, 3.0)
"""How often students of levels 1 to 4 have a benefit, in proportion to each other; the overlap asked for sets the
scale. Assumed: the lower the level, the more often."""
MINOR_WEIGHT = 1e-6
"""Weight of students under 18, who have no benefit: they are taken only when an overlap near 1 leaves nobody else."""
OTHER_AGES = (18, 67)
"""Ages of the other people on benefits, years: from the first, below the second."""


@dataclass(frozen=True)
class Scenario:
    """Two registers, consent and the truth."""

    school: pa.Table
    """Students, string columns: Studentnummer, PGN, Voornamen, ... as in ``studenten.csv`` (`school_table`)."""
    gemeente: pa.Table
    """People on benefits, string columns: clientnummer, bsn, voornamen, ... as in ``uitkeringen.csv``."""
    consent: pa.Table
    """Consent events, string columns: Studentnummer, doel, status, datum, geldig_tot, kanaal."""
    truth: pa.Table
    """One row per person in both registers, int64 columns: person, school_row, gemeente_row (1 = first data row)."""


@dataclass(frozen=True)
class _Chunk:
    """Part of both registers; each student of `both` is the same person as the row of the gemeente with its index."""

    school: pa.Table
    """Students."""
    gemeente: pa.Table
    """People on benefits; the first rows are those of `both`."""
    both: Ints
    """Positions of the students who are also among the people on benefits."""
    courses: Courses
    """What the students follow."""


def graduates(
    people: int = 20_000,
    *,
    seed: int = 1,
    overlap: float = 0.08,
    reference_date: date = REFERENCE_DATE,
) -> Scenario:
    """A school's students and a gemeente's people on benefits, with a known overlap.

    Args:
        people: rows in each register, 1 to 5,000,000. Up to about 47,000 everybody has a BSN to be known by; the
            range for tests holds 90,909, and beyond it the surplus, spread evenly, has none in either register.
        seed: any whole number from 0; the same arguments give the same registers.
        overlap: share of the students who are also in the gemeente's register, 0 to 1. It depends on the level as
            in `BENEFIT_BY_LEVEL`.
        reference_date: day on which ages are counted; every event lies before it. From 1990.

    Raises:
        InputError: an argument is out of range.
    """
    check(people, seed)
    if not 0 <= overlap <= 1:
        raise InputError(f"overlap must be 0 to 1, got {overlap}", where="overlap")
    if reference_date.year < 1990:
        raise InputError(f"reference date must be in 1990 or later, got {reference_date}", where="reference_date")
    rng = np.random.Generator(np.random.PCG64(seed))
    sizes = chunks(people, CHUNK)
    shared = spread(round(people * overlap), sizes)
    worlds = [2 * size - both for size, both in zip(sizes, shared, strict=True)]
    bsns = np.split(shuffled_bsns(rng), np.cumsum(spread(min(sum(worlds), BSN_COUNT), worlds)))
    education = shuffled_education_numbers(rng, round(people * EDUCATION_NUMBER))
    numbers = np.split(education, np.cumsum(spread(education.size, sizes)))
    parts = [
        _chunk(rng, (size, both), (bsns[place], numbers[place]), reference_date)
        for place, (size, both) in enumerate(zip(sizes, shared, strict=True))
    ]
    return _joined(rng, parts, reference_date)


def _chunk(rng: np.random.Generator, sizes: tuple[int, int], pools: tuple[Ints, Ints], reference: date) -> _Chunk:
    """Draw students and other people, choose who is in both, and let each register write down its own."""
    size, shared = sizes
    courses = draw_courses(rng, size, reference)
    others = birth_dates(rng, size - shared, OTHER_AGES, reference)
    drafts = draw_people(rng, np.concatenate([courses.born, others]), day(reference), region=True)
    bsn = scatter(rng, pools[0], 2 * size - shared)
    both = _on_benefits(rng, courses.level, drafts.born[:size], shared, reference)
    clients = np.concatenate([both, np.arange(size, 2 * size - shared)])
    never = np.full(size - shared, np.datetime64("1900-01-01"))
    # Without a diploma its day is the reference date: such a benefit may have started at any time.
    since = np.where(courses.year > 0, courses.diploma, np.datetime64("1900-01-01"))[both]
    students = drafts.take(np.arange(size))
    education = scatter(rng, pools[1], size)
    return _Chunk(
        school=school_table(rng, students, courses, bsn=bsn[:size], education=education),
        gemeente=gemeente_table(
            rng,
            drafts.take(clients),
            bsn=bsn[clients],
            not_before=np.concatenate([since, never]),
            reference=reference,
        ),
        both=both,
        courses=courses,
    )


def _on_benefits(rng: np.random.Generator, level: Ints, born: Days, count: int, reference: date) -> Ints:
    """Choose `count` students without replacement, weighted by level (exponential keys: the smallest win)."""
    adult = born <= day(date(reference.year - 18, reference.month, min(reference.day, 28)))
    weight = np.array(BENEFIT_BY_LEVEL)[level - 1] * np.where(adult, 1.0, MINOR_WEIGHT)
    keys = rng.exponential(size=level.size) / weight
    return np.sort(np.argsort(keys, kind="stable")[:count])


def _joined(rng: np.random.Generator, parts: list[_Chunk], reference: date) -> Scenario:
    """Shuffle each register, give out row numbers, and follow the people in both to their rows."""
    school, order = _shuffled(rng, [part.school for part in parts])
    gemeente, other_order = _shuffled(rng, [part.gemeente for part in parts])
    starts = np.cumsum([0] + [part.school.num_rows for part in parts])
    both = np.concatenate([start + part.both for start, part in zip(starts, parts, strict=False)])
    clients = np.concatenate([start + np.arange(part.both.size) for start, part in zip(starts, parts, strict=False)])
    numbers = student_numbers(rng, school.num_rows)
    diploma = np.concatenate([part.courses.diploma for part in parts])[order]
    year = np.concatenate([part.courses.year for part in parts])[order]
    clientnummer = client_numbers(rng, gemeente.num_rows)
    return Scenario(
        school=school.add_column(0, "Studentnummer", numbers),
        gemeente=gemeente.add_column(0, "clientnummer", clientnummer),
        consent=consent_table(rng, numbers, diploma, np.flatnonzero(year > 0), reference),
        truth=pa.table(
            {
                "person": both + 1,
                "school_row": _rows(order)[both],
                "gemeente_row": _rows(other_order)[clients],
            }
        ),
    )


def _shuffled(rng: np.random.Generator, parts: list[pa.Table]) -> tuple[pa.Table, Ints]:
    """All rows in random order, and which row stands at each place."""
    table = pa.concat_tables(parts)
    order = rng.permutation(table.num_rows)
    columns = {name: table.column(name).combine_chunks().take(pa.array(order)) for name in table.column_names}
    return pa.table(columns), order


def _rows(order: Ints) -> Ints:
    """Data row (from 1) at which each original row stands."""
    rows = np.empty(order.size, dtype=np.int64)
    rows[order] = np.arange(1, order.size + 1)
    return rows
