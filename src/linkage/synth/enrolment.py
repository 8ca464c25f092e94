"""Which student is at which of several schools.

Rules kept here:

- Everybody has one school where the course was followed that the diploma is of. Some are at a second one, in a next
  course without a diploma yet; each school knows of the other only that the student is enrolled elsewhere.
- Rows of a school stand in random order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.synth import damage
from linkage.synth.courses import Courses
from linkage.synth.draw import Mask
from linkage.synth.numbers import Ints

AT_TWO = 0.06
"""Share of the students who are at a second of the schools, where they follow a next course. Assumed."""
FURTHER = 0.12
"""Share of the students who are now at a school that does not take part. Assumed."""


@dataclass(frozen=True)
class Enrolled:
    """The students of one school."""

    person: Ints
    """Who each row is."""
    courses: Courses
    """What they follow here."""
    elsewhere: Mask
    """Who is enrolled at another school as well."""


def enrol(rng: np.random.Generator, courses: Courses, schools: int) -> list[Enrolled]:
    """Per school who its students are, in random order, and what each follows there."""
    count = courses.level.size
    home = rng.integers(0, schools, count)
    second = (home + rng.integers(1, max(schools, 2), count)) % schools
    second = np.where((second != home) & damage.chance(rng, count, AT_TWO), second, -1)
    away = (second >= 0) | damage.chance(rng, count, FURTHER)
    found = []
    for school in range(schools):
        person = rng.permutation(np.flatnonzero((home == school) | (second == school)))
        here, first = home[person] == school, courses.take(person)
        graduated = first.year > 0
        following = Courses(
            level=np.where(here, first.level, np.minimum(first.level + 1, 4)),
            bbl=first.bbl,
            year=np.where(here, first.year, 0),
            diploma=first.diploma,
            born=first.born,
        )
        found.append(Enrolled(person, following, np.where(here, away[person], ~graduated)))
    return found
