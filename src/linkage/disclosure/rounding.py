"""Rounding to a base, and what a rounded figure says of the exact one.

Rules kept here:

- To the nearest multiple, halves up, and never to zero or below the first multiple that is at least the minimum: a
  shown count never looks smaller than the minimum, and zero is shown as zero.
- `least_and_most` is the exact inverse: the counts that are shown as a figure (tests/disclosure/test_release.py).
"""

from __future__ import annotations


def rounded(count: int, minimum: int, base: int) -> int:
    """The multiple that a count is shown as."""
    return max((count + base // 2) // base * base, _floor(minimum, base)) if count else 0


def least_and_most(figure: int, minimum: int, base: int) -> tuple[int, int]:
    """The smallest and the largest count of at least the minimum, or zero, that is shown as this figure."""
    if not figure:
        return 0, 0
    low = minimum if figure == _floor(minimum, base) else max(minimum, figure - base // 2)
    return low, figure + base - base // 2 - 1


def _floor(minimum: int, base: int) -> int:
    return (minimum + base - 1) // base * base
