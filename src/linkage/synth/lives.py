"""What people live on through the years: the truth of which every register shows a part.

Rules kept here:

- Jobs and benefits are drawn once, for everybody; registers copy from them and the truth is read off them, so that no
  register can contradict it but by its own errors.
- A period holds on its first and its last day and all between. The registers are exported on one day: what goes on
  then has no last day yet.
- Shares are assumed (plausible for young people from vocational education, from no register), each a named constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from linkage.synth.draw import Days, Mask
from linkage.synth.gemeente import ENDED, draw_period
from linkage.synth.numbers import Ints
from linkage.synth.population import day

OTHER = 0
"""In place of a level: not a student."""
HAS_BENEFIT = (0.30, 0.30, 0.18, 0.08, 0.05)
"""Share of people who had a benefit at some time in the last years: others, and students of levels 1 to 4. Assumed."""
JOBS = (
    (0.30, 0.45, 0.18, 0.07),
    (0.38, 0.38, 0.18, 0.06),
    (0.20, 0.45, 0.25, 0.10),
    (0.10, 0.46, 0.30, 0.14),
    (0.06, 0.46, 0.32, 0.16),
)
"""Share of people with none, one, two and three income relations in the last years, in the same order. Assumed."""
HOURS = ((4, 0.06), (8, 0.12), (12, 0.10), (16, 0.12), (20, 0.11), (24, 0.13), (32, 0.16), (36, 0.10), (40, 0.10))
"""Hours per week of an income relation. Assumed; many young people have part of a week."""
HORIZON = 4 * 365
"""Days before the export in which income relations can have begun."""
MEAN_DURATION = 2_500.0
"""Mean length of an income relation, days, were it not cut off by the export. Assumed."""
WORKING_AGE = 15
"""Age in years from which somebody can have a job."""
PEOPLE_PER_EMPLOYER = 12
"""One employer for so many people. Assumed."""
FOREVER = np.datetime64("9999-12-31")
"""Last day of what goes on."""


@dataclass(frozen=True)
class Jobs:
    """Income relations, one entry each, in the order of the people."""

    person: Ints
    """Position of the person."""
    employer: Ints
    """Number of the employer, from 1."""
    hours: Ints
    """Hours per week."""
    start: Days
    end: Days
    """Last day; `FOREVER` while it goes on."""

    def take(self, index: Ints) -> Jobs:
        """The income relations at these positions."""
        return Jobs(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Lives:
    """Jobs and benefits of a population."""

    jobs: Jobs
    benefit: Mask
    """Who had a benefit at some time."""
    start: Days
    """First day of the benefit, for everybody; it counts only for those who had one."""
    end: Days
    """Its last day; `FOREVER` while it goes on."""

    def hours(self, on: date) -> Ints:
        """Hours per week that each person works on a day, over all income relations; 0 without work."""
        jobs, today = self.jobs, day(on)
        holds = (jobs.start <= today) & (today <= jobs.end)
        return np.bincount(jobs.person[holds], jobs.hours[holds], self.benefit.size).astype(np.int64)

    def on_benefits(self, on: date) -> Mask:
        """Who has a benefit on a day."""
        return self.benefit & (self.start <= day(on)) & (day(on) <= self.end)


def draw_lives(rng: np.random.Generator, born: Days, level: Ints, not_before: Days, export: date) -> Lives:
    """Draw what people live on in the years before the registers are exported.

    Args:
        rng: source of chance.
        born: birth date of each person, datetime64[D].
        level: 1 to 4, or `OTHER`.
        not_before: day before which the benefit did not start (a graduate's diploma).
        export: day on which the registers are exported; everything began before it.
    """
    today = day(export)
    adult = born <= today - np.timedelta64(18 * 366, "D")
    benefit = adult & (rng.random(born.size) < np.array(HAS_BENEFIT)[level])
    start, end = draw_period(rng, born, not_before, today)
    ended = rng.random(born.size) < ENDED
    return Lives(_jobs(rng, born, level, today), benefit, start, np.where(ended, end, FOREVER))


def _jobs(rng: np.random.Generator, born: Days, level: Ints, today: np.datetime64) -> Jobs:
    """None to three income relations a person; they may overlap."""
    bounds = np.cumsum(np.array(JOBS), axis=1)[level]
    number = (rng.random(born.size)[:, None] >= bounds[:, :3]).sum(axis=1)
    person = np.repeat(np.arange(born.size), number)
    count = person.size
    old_enough = born[person] + np.timedelta64(round(WORKING_AGE * 365.25) + 1, "D")
    earliest = np.maximum(old_enough, today - np.timedelta64(HORIZON, "D"))
    room = np.maximum((today - earliest).astype(np.int64), 1)
    start = today - np.maximum((rng.random(count) * room).astype(np.int64), 1).astype("timedelta64[D]")
    end = start + (20 + rng.exponential(MEAN_DURATION, count)).astype(np.int64).astype("timedelta64[D]")
    hours, shares = np.array(HOURS).T
    return Jobs(
        person=person,
        employer=1 + rng.integers(0, max(born.size // PEOPLE_PER_EMPLOYER, 3), count),
        hours=rng.choice(hours.astype(np.int64), count, p=shares / shares.sum()),
        start=start,
        end=np.where(end < today, end, FOREVER),
    )
