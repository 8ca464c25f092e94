"""How good a fuzzy stage is, estimated without the truth.

Rules kept here:

- Rows that have a number on both sides are labelled for free: equal numbers are one person, different numbers are
  two. What the filters say of those pairs tells what they would say of rows without a number.
- That holds as far as rows without a number are written as carelessly as rows with one; the reader is told so.
- Estimates come with their uncertainty. Nothing here changes a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.match import comparison
from linkage.match.stages import positions_free, token_of
from linkage.protocol.model import Fuzzy, Protocol
from linkage.tables import Encodings, Links

Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""
MOST_COMPARISONS = 500_000_000
"""Pairs of rows with different numbers that are looked at; a few seconds."""


@dataclass(frozen=True)
class Estimate:
    """What the pairs with numbers say of one fuzzy stage."""

    stage: int
    """Place of the stage in the protocol, from 0."""
    pairs: int
    """Pairs with equal numbers and a filter on both sides: what recall is estimated from."""
    recall: float
    """Share of those whose filters reach the threshold."""
    recall_low: float
    """Lower end of the 95 % interval (Wilson)."""
    recall_high: float
    """Upper end of the 95 % interval (Wilson)."""
    links: int
    """Links of the stage."""
    wrong: float
    """Pairs of different persons that the stage is expected to have met above the threshold. One to one keeps about
    half of them out (synthetic registers: 9 expected, 2 to 6 wrong links), so it is no count of wrong links."""


def estimate(
    encodings: Sequence[Encodings], protocol: Protocol, links: Links, *, cores: int | None = None
) -> list[Estimate]:
    """Estimate every fuzzy stage that names one number in `never_when_different`.

    Args:
        encodings: as given to `linkage.match.match`, in the same order.
        protocol: the protocol.
        links: what `linkage.match.match` gave.
        cores: threads to use; None for all.

    Returns:
        One estimate per such stage with at least one pair of equal numbers; none where there is nothing to learn from.
    """
    found = []
    for number, stage in enumerate(protocol.matching.stages):
        if isinstance(stage, Fuzzy) and len(stage.never_when_different) == 1:
            one = _estimate(encodings[0], encodings[1], stage, number, links, cores)
            found += [one] if one.pairs else []
    return found


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, JASA 1927)."""
    if not of:
        return 0.0, 1.0
    share, z2 = hits / of, Z95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 * np.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def _estimate(
    left: Encodings, right: Encodings, stage: Fuzzy, number: int, links: Links, cores: int | None
) -> Estimate:
    field = stage.never_when_different[0]
    a, b = token_of(left, field), token_of(right, field)
    same = (a[links.left] == b[links.right]) & (a[links.left] != b"")
    i, j = links.left[same], links.right[same]
    filled = left.filters[i].any(axis=1) & right.filters[j].any(axis=1)
    i, j = i[filled], j[filled]
    hits = int(comparison.reached(stage.similarity, left.filters[i], right.filters[j], stage.threshold).sum())
    low, high = wilson(hits, len(i))
    return Estimate(
        number, len(i), hits / len(i) if len(i) else 0.0, low, high, int((links.stage == number).sum()),
        _wrong(left, right, (a, b), stage, number, links, cores),
    )  # fmt: skip


def _wrong(
    left: Encodings, right: Encodings, tokens: tuple[NDArray[np.void], NDArray[np.void]], stage: Fuzzy, number: int,
    links: Links, cores: int | None,
) -> float:  # fmt: skip
    """Rate of pairs with different numbers above the threshold, times the pairs that the stage compared."""
    a, b = (np.flatnonzero((t != b"") & e.filters.any(axis=1)) for t, e in zip(tokens, (left, right), strict=True))
    if not len(a) or not len(b):
        return 0.0
    a = a[: max(1, MOST_COMPARISONS // len(b))]  # rows stand in random order
    pairs = comparison.SIMILARITIES[stage.similarity](left.filters[a], right.filters[b], stage.threshold, cores=cores)
    different = int((tokens[0][a[pairs.left]] != tokens[1][b[pairs.right]]).sum())
    free = positions_free(left, right, links, number)
    without = [int((t[f] == b"").sum()) for t, f in zip(tokens, free, strict=True)]
    compared = without[0] * len(free[1]) + (len(free[0]) - without[0]) * without[1]
    return different / (len(a) * len(b)) * compared
