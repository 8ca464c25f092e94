"""What students follow and finish: level, learning path, diploma, and their age.

Rules kept here:

- The graduates are of three school years; the last ends in the calendar year before the reference date.
  With 1 October 2026 these are 2022/2023, 2023/2024 and 2024/2025.
- Level and year are skewed on purpose: a table of level by year shows cells below 10 beside large ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from linkage.synth.draw import Days, Mask
from linkage.synth.numbers import Ints
from linkage.synth.population import day

YEARS = 3
"""School years with graduates."""
YEAR_SHARES = (0.30, 0.33, 0.37)
"""Share of the graduates by school year, the oldest first. Assumed."""
LEVEL_SHARES = ((0.003, 0.275, 0.280, 0.442), (0.008, 0.272, 0.280, 0.440), (0.030, 0.270, 0.270, 0.430))
"""Share of levels 1 to 4 by school year; entree (level 1) has only just begun at this school. Assumed."""
NO_DIPLOMA = 0.12
"""Share of students without a diploma so far. Assumed."""
BBL = (0.05, 0.25, 0.30, 0.20)
"""Share of learners in the work-based path (bbl) by level. Assumed, near the national mix."""
YOUNGEST_AT_DIPLOMA = (16.8, 17.6, 18.4, 19.0)
"""Age in years of the youngest graduates by level. Assumed."""
MEAN_LATER = 1.7
"""Years that graduates are older than that, on average. Assumed."""
AGE_LIMITS = (16.0, 30.9)
"""Youngest and oldest age on the reference date, years."""
DAYS_IN_YEAR = 365.25


@dataclass(frozen=True)
class Courses:
    """Students as numbers, one entry each."""

    level: Ints
    """1 to 4."""
    bbl: Mask
    """Work-based path (bbl); otherwise school-based (bol)."""
    year: Ints
    """Calendar year in which the school year of the diploma ends; 0 without a diploma."""
    diploma: Days
    """Day of the diploma; without one the reference date, not to be shown."""
    born: Days
    """Wanted birth date."""

    def take(self, index: Ints) -> Courses:
        """The students at these positions."""
        return Courses(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})


def draw_courses(
    rng: np.random.Generator, count: int, reference: date, levels: Sequence[Sequence[float]] = LEVEL_SHARES
) -> Courses:
    """Draw what `count` students follow, whether and when they graduated, and when they were born.

    Args:
        rng: source of chance.
        count: number of students.
        reference: day on which ages are counted; every diploma lies before it.
        levels: share of levels 1 to 4 for each of the three school years, the oldest first.
    """
    today = day(reference)
    graduated = rng.random(count) >= NO_DIPLOMA
    period = np.searchsorted(np.cumsum(YEAR_SHARES)[:-1], rng.random(count), side="right")
    chance, level = rng.random(count), np.ones(count, dtype=np.int64)
    bounds = np.cumsum(np.array(levels), axis=1)[period]
    for step in range(3):
        level += chance >= bounds[:, step]
    year = reference.year - YEARS + period
    summer = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + np.timedelta64(195, "D")  # 15 July
    earlier = np.minimum(rng.exponential(25.0, count), 160).astype(np.int64).astype("timedelta64[D]")
    diploma = np.where(graduated, summer - earlier, today)
    later = rng.exponential(MEAN_LATER, count)
    at_diploma = np.array(YOUNGEST_AT_DIPLOMA)[level - 1] + later
    since = (today - diploma).astype(np.int64) / DAYS_IN_YEAR
    age = np.clip(np.where(graduated, at_diploma + since, AGE_LIMITS[0] + 0.2 + later), *AGE_LIMITS)
    born = today - np.ceil(age * DAYS_IN_YEAR).astype(np.int64).astype("timedelta64[D]")
    bbl = rng.random(count) < np.array(BBL)[level - 1]
    return Courses(level, bbl, np.where(graduated, year, 0), diploma, born)
