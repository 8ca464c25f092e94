"""How alike the rows of a stage's links are, told in bars so wide that no few persons show through.

Rules kept here (docs/spec/disclosure.md):

- The first bar begins at the threshold and the last ends at 1, whatever the scores are: the least and the most alike
  pair are not told. Each bar has the minimum of links, and a twentieth of all, at least.
- Shares in twentieths, no counts: one link more or less rarely shows, and never how many there are.
- Reading is strict: bars that these rules cannot make are refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.links import Histogram

STEP = 2
"""Hundredths of a score: the narrowest bar."""
TWENTIETH = 5
"""Per cents that shares are rounded to; no bar has fewer."""
TOP = 100


@dataclass(frozen=True)
class Bar:
    """Links whose scores lie in one range."""

    low: int
    """Hundredths: the scores from here."""
    high: int
    """Hundredths: up to here, 100 included."""
    share: int
    """Per cents of the links, a multiple of five."""


def bars(scores: Histogram, threshold: float, minimum: int) -> tuple[Bar, ...]:
    """The bars of a stage.

    Args:
        scores: of its links, in hundredths.
        threshold: what links had to reach.
        minimum: fewest links that a bar may have.
    """
    counts = scores.counts.tolist()
    begin = _begin(threshold)
    every = sum(counts[begin:])
    fewest = max(minimum, -(-every * TWENTIETH // TOP))
    parts: list[tuple[int, int, int]] = []
    low, held = begin, 0
    for high in range(begin + STEP, TOP + STEP, STEP):
        held += sum(counts[high - STEP : high])
        if held >= fewest:
            parts.append((low, high, held))
            low, held = high, 0
    if not parts:
        return ()
    if parts[-1][1] < TOP:  # what is left is too little for a bar of its own
        low, _, before = parts.pop()
        parts.append((low, TOP, before + held))
    return tuple(Bar(low, high, round(TOP * n / every / TWENTIETH) * TWENTIETH) for low, high, n in parts)


def can_be(told: Sequence[Bar], threshold: float) -> bool:
    """Whether such bars are made under a threshold; none is always possible."""
    if not told:
        return True
    edges = [_begin(threshold), *(bar.high for bar in told)]
    shares = [bar.share for bar in told]
    return (
        [bar.low for bar in told] == edges[:-1]
        and edges[-1] == TOP
        and all(high > low and high % STEP == 0 for low, high in itertools.pairwise(edges))
        and all(TWENTIETH <= share <= TOP and share % TWENTIETH == 0 for share in shares)
        and abs(sum(shares) - TOP) * 2 <= TWENTIETH * len(shares)
    )


def _begin(threshold: float) -> int:
    """The step that a threshold lies in, in hundredths."""
    return min(int(threshold * TOP + 1e-9) // STEP * STEP, TOP - STEP)
