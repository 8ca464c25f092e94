"""From exact counts to figures, by the method of the protocol.

Rules kept here:

- Exact counts go in and come out only beside the figures, for the linkage unit's own history.
- The table is the finest of the protocol's of which enough is shown; the grand total is always there, and where it is
  itself a small count of the part that is asked for, it says "fewer than the minimum", which is what the rule allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from linkage.disclosure import noise, privacy, suppress
from linkage.disclosure.persons import Persons
from linkage.disclosure.rounding import rounded
from linkage.disclosure.table import Counts, Frame
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Table
from linkage.protocol.protections import CellKey, DifferentialPrivacy, Protection, Suppression

Status = Literal["shown", "hidden", "below"]


@dataclass(frozen=True)
class Figure:
    """One number of a release."""

    value: int | None
    """The count as it is shown; None when it is not."""
    status: Status
    """Shown; hidden, because it or what it leaves out is small, or to protect another; or below the minimum, which is
    said of a grand total of the part that is asked for only."""

    def __post_init__(self) -> None:
        if (self.status == "shown") != (self.value is not None):
            raise ValueError("a figure is shown or hidden")


Figures = tuple[Figure, ...]
HIDDEN = Figure(None, "hidden")
BELOW = Figure(None, "below")


@dataclass(frozen=True)
class Counted:
    """Whom an output counts."""

    persons: Persons
    part: NDArray[np.bool_] | None = field(repr=False)
    """``bool[n]``: of these persons the part that the question asks for; None where it asks for none."""
    key: bytes = field(repr=False)
    """Of the linkage unit, for noise."""


@dataclass(frozen=True)
class Protected:
    """A protected table."""

    frame: Frame
    codes: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: the cell of each person, -1 for none."""
    persons: Figures
    """In the order of the frame."""
    part: Figures | None
    """The part of them that is asked for; None where none is."""

    @property
    def asked(self) -> Figures:
        """The figures that answer the question."""
        return self.persons if self.part is None else self.part


def protect(protocol: Protocol, output: Table, counted: Counted) -> Protected:
    """The table that an output shows."""
    ladder = [output.by, *(output.pool.tables if output.pool else ())]
    enough = output.pool.shown_at_least if output.pool else 0
    for by in ladder:
        table = _protected(Frame.of(protocol, output, by), output.protection, counted)
        cells = table.asked[: table.frame.cells]
        if sum(f.status == "shown" for f in cells) >= enough * len(cells):
            return table
    return _protected(Frame.of(protocol, output, ()), output.protection, counted)


def _protected(frame: Frame, rule: Protection, counted: Counted) -> Protected:
    codes = frame.codes(counted.persons.codes, len(counted.persons))
    persons = frame.counts(codes)
    part = None if counted.part is None else frame.counts(np.where(counted.part, codes, -1))
    if isinstance(rule, Suppression):
        return Protected(frame, codes, *_suppressed(frame, persons, part, rule))
    if isinstance(rule, CellKey):
        return Protected(frame, codes, *_keyed(frame, rule, counted, codes))
    if part is None:
        raise ValueError("differential privacy is for a part of the persons")
    return Protected(frame, codes, *_private(frame, persons, part, rule))


Both = tuple[Figures, Figures | None]


def _suppressed(frame: Frame, persons: Counts, part: Counts | None, rule: Suppression) -> Both:
    hidden = suppress.hide(frame, persons, part, rule)
    whole = _shown(frame.figures(persons), hidden.persons, rule)
    if part is None:
        return whole, None
    shown = _shown(frame.figures(part), hidden.part, rule)
    if shown[-1] == HIDDEN and part.sum() < rule.minimum and not hidden.persons[-1]:
        shown = (*shown[:-1], BELOW)
    return whole, shown


def _shown(counts: Counts, hidden: NDArray[np.bool_], rule: Suppression) -> Figures:
    pairs = zip(counts.tolist(), hidden.tolist(), strict=True)
    return tuple(
        HIDDEN if away else Figure(rounded(count, rule.minimum, rule.rounding), "shown") for count, away in pairs
    )


def _keyed(frame: Frame, rule: CellKey, counted: Counted, codes: NDArray[np.int64]) -> Both:
    keys = noise.record_keys(counted.key, counted.persons.known_by)

    def noisy(inside: NDArray[np.bool_]) -> Counts:
        sums = np.zeros(frame.cells, np.uint64)
        np.add.at(sums, codes[inside], keys[inside])  # modulo 2^64
        of = np.asarray(frame.members.astype(np.uint64) @ sums, np.uint64)
        counts = frame.figures(frame.counts(np.where(inside, codes, -1)))
        return noise.perturbed(counted.key, counts, of, rule.largest_noise)

    def shown(counts: Counts) -> list[Figure]:
        rounds = (rounded(c, rule.minimum, rule.rounding) for c in counts.tolist())
        return [HIDDEN if c < rule.minimum else Figure(r, "shown") for c, r in zip(counts, rounds, strict=True)]

    whole = noisy(codes >= 0)
    persons = shown(whole)
    if counted.part is None:
        return tuple(persons), None
    asked = shown(np.minimum(noisy((codes >= 0) & counted.part), whole))
    part = [HIDDEN if of == HIDDEN else one for of, one in zip(persons, asked, strict=True)]
    if part[-1] == HIDDEN and persons[-1] != HIDDEN:
        part[-1] = BELOW
    return tuple(persons), tuple(part)


def _private(frame: Frame, persons: Counts, part: Counts, rule: DifferentialPrivacy) -> Both:
    half = Fraction(str(rule.epsilon)) / 2
    whole = privacy.noisy(persons, privacy.PERSONS, half)
    less = np.minimum(privacy.noisy(part, privacy.LINKED, half), whole)
    both = [tuple(Figure(int(c), "shown") for c in frame.figures(cells)) for cells in (whole, less)]
    return both[0], both[1]
