"""Person numbers that nobody has: BSN for tests and onderwijsnummers.

Rules kept here:

- A BSN starts with 999 and passes the 11-proof (weights 9, 8, 7, 6, 5, 4, 3, 2, -1; sum divisible by 11). Only
  90,909 numbers do both, so a larger population has people without one; none is ever given out twice.
- An onderwijsnummer starts with 10 and has the same weighted sum, equal to 5 modulo 11: by construction no BSN.
- Both are proved by tests/synth/test_people.py.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

WEIGHTS = np.array([9, 8, 7, 6, 5, 4, 3, 2], dtype=np.int64)
"""Weights of the first eight digits; the ninth has weight -1 (Logius, definition of the BSN)."""
BSN_HEAD = 999
"""First three digits of every BSN made here; test numbers of the BRP API lie in this range."""
BSN_COUNT = 90_909
"""How many nine-digit numbers start with 999 and pass the 11-proof."""
EDUCATION_HEAD = 10
"""First two digits of every onderwijsnummer."""
EDUCATION_REMAINDER = 5
"""Weighted sum of an onderwijsnummer modulo 11."""


def shuffled_bsns(rng: np.random.Generator) -> Ints:
    """All 90,909 numbers of the range in random order (int64)."""
    return rng.permutation(_complete(BSN_HEAD * 100_000 + np.arange(100_000, dtype=np.int64), remainder=0))


def shuffled_education_numbers(rng: np.random.Generator, count: int) -> Ints:
    """Random distinct onderwijsnummers (int64).

    Args:
        rng: source of chance.
        count: how many; at most 909,090 exist.
    """
    every = _complete(EDUCATION_HEAD * 1_000_000 + np.arange(1_000_000, dtype=np.int64), EDUCATION_REMAINDER)
    return rng.choice(every, size=min(count, every.size), replace=False)


def spread(total: int, sizes: list[int]) -> list[int]:
    """Share `total` over parts in proportion to their `sizes`, exactly and never above a size.

    >>> spread(5, [10, 10])
    [2, 3]
    """
    ends = np.cumsum(np.array(sizes, dtype=np.int64))
    cuts = (ends * total) // max(int(ends[-1]), 1)
    return [int(part) for part in np.diff(cuts, prepend=0)]


def chunks(total: int, largest: int) -> list[int]:
    """Cut `total` into parts of nearly equal size, none above `largest`.

    >>> chunks(5, 2)
    [1, 2, 2]
    """
    parts = -(-total // largest)
    return spread(total, [1] * parts)


def _complete(first_eight: Ints, remainder: int) -> Ints:
    """Add the ninth digit for which the weighted sum has this remainder; drop numbers for which none exists."""
    digits = first_eight[:, None] // 10 ** np.arange(7, -1, -1, dtype=np.int64) % 10
    last = (digits @ WEIGHTS - remainder) % 11
    return (first_eight * 10 + last)[last < 10]
