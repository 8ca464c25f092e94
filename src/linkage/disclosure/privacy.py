"""Differential privacy: discrete Laplace noise, drawn exactly.

Rules kept here (docs/spec/disclosure.md):

- Whole numbers and fractions only, from the operating system's random generator: no floating point, whose rounding
  gives noise away (Mironov 2012). Algorithms 1 and 2 of Canonne, Kamath and Steinke, "The discrete Gaussian for
  differential privacy" (NeurIPS 2020); tests/disclosure/test_privacy.py compares the distribution with its formula.
- One row of the counted party more or less changes the persons of one cell by 1, and the linked of cells by `LINKED`
  together: its own, and one other row that it takes a link from or leaves one to (one-to-one links change along one
  path). Half of epsilon goes to either table.
- What is spent is added up as fractions of the decimals in the protocol.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np

from linkage.disclosure.table import Counts

PERSONS = 1
"""Sum of changes over the cells of persons when one row comes or goes."""
LINKED = 2
"""The same, over the cells of linked."""
Below = Callable[[int], int]
"""Draws a whole number from 0, below n, each equally likely."""


def noisy(counts: Counts, sensitivity: int, epsilon: Fraction, below: Below = secrets.randbelow) -> Counts:
    """``int64[cells]``: the counts with discrete Laplace noise of scale sensitivity / epsilon; negative ones become 0.

    Args:
        counts: ``int64[cells]``
        sensitivity: most that the counts change together when one row comes or goes.
        epsilon: what this costs.
        below: where chance comes from.
    """
    scale = sensitivity / epsilon
    drawn = [max(0, count + discrete_laplace(scale, below)) for count in counts.tolist()]
    return np.asarray(drawn, np.int64)


def discrete_laplace(scale: Fraction, below: Below = secrets.randbelow) -> int:
    """A whole number x with probability proportional to exp(-abs(x) / scale)."""
    while True:
        negative = below(2) == 1
        size = _geometric(1 / scale, below)
        if size or not negative:  # else zero would come twice as often
            return -size if negative else size


def spent(epsilons: Iterable[str]) -> Fraction:
    """The sum of decimals."""
    return sum(map(Fraction, epsilons), Fraction(0))


def _geometric(rate: Fraction, below: Below) -> int:
    """A whole number x, 0 or more, with probability proportional to exp(-rate * x)."""
    step = rate.denominator
    while True:
        first = below(step)
        if _happens(Fraction(first, step), below):
            break
    turns = 0
    while _happens(Fraction(1), below):
        turns += 1
    return (first + step * turns) // rate.numerator


def _happens(gamma: Fraction, below: Below) -> bool:
    """True with probability exp(-gamma), for gamma from 0 to 1."""
    k = 1
    while below(gamma.denominator * k) < gamma.numerator:  # true with probability gamma / k
        k += 1
    return k % 2 == 1
