"""From exact counts to figures, by the method of the protocol.

Rules kept here:

- Exact counts go in and come out only beside the figures, for the linkage unit's own history.
- The table is the finest of the protocol's of which enough is shown; the grand total is always there, and where it is
  itself a small count of linked, it says "fewer than the minimum", which is what the rule allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from linkage.disclosure import noise, privacy, suppress
from linkage.disclosure.rounding import rounded
from linkage.disclosure.table import Counts, Frame
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import CellKey, DifferentialPrivacy, Output, Protection, Suppression
from linkage.tables import Encodings

Status = Literal["shown", "hidden", "below"]


@dataclass(frozen=True)
class Figure:
    """One number of a release."""

    value: int | None
    """The count as it is shown; None when it is not."""
    status: Status
    """Shown; hidden, because it or what it leaves out is small, or to protect another; or below the minimum, which is
    said of a grand total of linked only."""

    def __post_init__(self) -> None:
        if (self.status == "shown") != (self.value is not None):
            raise ValueError("a figure is shown or hidden")


HIDDEN = Figure(None, "hidden")
BELOW = Figure(None, "below")


@dataclass(frozen=True)
class Counted:
    """Whom an output counts."""

    encodings: Encodings = field(repr=False)
    linked: NDArray[np.bool_] = field(repr=False)
    """``bool[n]``: which rows are linked."""
    known_by: NDArray[np.uint8] = field(repr=False)
    """``uint8[n, 32]``: what each row is known by in all packages under the protocol."""
    key: bytes = field(repr=False)
    """Of the linkage unit, for noise."""


@dataclass(frozen=True)
class Table:
    """A protected table."""

    frame: Frame
    codes: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: the cell of each row, -1 for none."""
    persons: tuple[Figure, ...]
    """In the order of the frame."""
    linked: tuple[Figure, ...]


def protect(protocol: Protocol, output: Output, counted: Counted) -> Table:
    """The table that an output shows."""
    ladder = [output.by, *(output.pool.tables if output.pool else ())]
    enough = output.pool.shown_at_least if output.pool else 0
    for by in ladder:
        table = _protected(Frame.of(protocol, by, output.protection.margins), output.protection, counted)
        cells = table.linked[: table.frame.cells]
        if sum(f.status == "shown" for f in cells) >= enough * len(cells):
            return table
    return _protected(Frame((), (), ()), output.protection, counted)


def _protected(frame: Frame, rule: Protection, counted: Counted) -> Table:
    codes = frame.codes(counted.encodings.categories, len(counted.encodings))
    persons, linked = frame.counts(codes), frame.counts(np.where(counted.linked, codes, -1))
    if isinstance(rule, Suppression):
        return Table(frame, codes, *_suppressed(frame, persons, linked, rule))
    if isinstance(rule, CellKey):
        return Table(frame, codes, *_keyed(frame, persons, linked, rule, counted, codes))
    return Table(frame, codes, *_private(frame, persons, linked, rule))


Both = tuple[tuple[Figure, ...], tuple[Figure, ...]]


def _suppressed(frame: Frame, persons: Counts, linked: Counts, rule: Suppression) -> Both:
    hidden = suppress.hide(frame, persons, linked, rule)
    shown = [
        [HIDDEN if away else Figure(rounded(int(count), rule.minimum, rule.rounding), "shown") for count, away in pairs]
        for pairs in (
            zip(frame.figures(persons), hidden.persons, strict=True),
            zip(frame.figures(linked), hidden.linked, strict=True),
        )
    ]
    if shown[1][-1] == HIDDEN and linked.sum() < rule.minimum and not hidden.persons[-1]:
        shown[1][-1] = BELOW
    return tuple(shown[0]), tuple(shown[1])


def _keyed(
    frame: Frame, persons: Counts, linked: Counts, rule: CellKey, counted: Counted, codes: NDArray[np.int64]
) -> Both:
    keys = noise.record_keys(counted.key, counted.known_by)
    found = []
    for cells, inside in ((persons, codes >= 0), (linked, (codes >= 0) & counted.linked)):
        sums = np.zeros(frame.cells, np.uint64)
        np.add.at(sums, codes[inside], keys[inside])  # modulo 2^64
        of = np.asarray(frame.members.astype(np.uint64) @ sums, np.uint64)
        found.append(noise.perturbed(counted.key, frame.figures(cells), of, rule.largest_noise))
    found[1] = np.minimum(found[1], found[0])
    shown = [
        [HIDDEN if c < rule.minimum else Figure(rounded(int(c), rule.minimum, rule.rounding), "shown") for c in counts]
        for counts in found
    ]
    linked_shown = [HIDDEN if whole == HIDDEN else part for whole, part in zip(*shown, strict=True)]
    if linked_shown[-1] == HIDDEN and shown[0][-1] != HIDDEN:
        linked_shown[-1] = BELOW
    return tuple(shown[0]), tuple(linked_shown)


def _private(frame: Frame, persons: Counts, linked: Counts, rule: DifferentialPrivacy) -> Both:
    half = Fraction(str(rule.epsilon)) / 2
    whole = privacy.noisy(persons, privacy.PERSONS, half)
    part = np.minimum(privacy.noisy(linked, privacy.LINKED, half), whole)
    both = [tuple(Figure(int(c), "shown") for c in frame.figures(cells)) for cells in (whole, part)]
    return both[0], both[1]
