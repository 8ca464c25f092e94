"""What keeps small numbers from showing, as the protocol says it.

Rules kept here:

- A protection is told apart by its `method`, and has its own keys and no others.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from linkage.protocol.base import Day, Line, Model, Slug


class SmallerMinimum(Model):
    """The privacy officer's decision that counts of five to nine persons may be shown."""

    decided_by: Line
    """Name of the function, not of a person."""
    decided_on: Day
    reason: Line


class Suppression(Model):
    """Small counts are hidden, others hidden with them until no reader can compute one, and the rest is rounded."""

    method: Literal["suppression"]
    minimum: Annotated[int, Field(ge=5, le=1000)]
    """Smallest count of persons that may be shown; below ten only with `minimum_decision`. As many values, at least,
    stay possible for every hidden count that is small."""
    minimum_decision: SmallerMinimum | None
    """For a minimum below ten, and only there."""
    rounding: Annotated[int, Field(ge=1, le=100)]
    """Shown counts are rounded to a multiple of this."""
    zero_and_full: Literal["hide", "show"]
    """Whether "none of them" and "all of them", statements about everybody in a cell, are hidden like small counts."""
    margins: tuple[Annotated[tuple[Slug, ...], Field(min_length=1)], ...]
    """Subtotals beside the grand total: each names the fields that are kept."""


class CellKey(Model):
    """Every count gets noise that depends on who is counted: the same persons, the same noise."""

    method: Literal["cell-key"]
    minimum: Annotated[int, Field(ge=5, le=1000)]
    """Counts that are below this after the noise are hidden."""
    minimum_decision: SmallerMinimum | None
    rounding: Annotated[int, Field(ge=1, le=100)]
    largest_noise: Annotated[int, Field(ge=2, le=50)]
    """A count changes by this much at most; the noise has mean zero and half of this as its variance."""
    margins: tuple[Annotated[tuple[Slug, ...], Field(min_length=1)], ...]


class DifferentialPrivacy(Model):
    """Every cell gets discrete Laplace noise, new for every release, and every release is paid from a budget."""

    method: Literal["differential-privacy"]
    epsilon: Annotated[float, Field(ge=0.01, le=10)]
    """What one release costs; half of it for the persons, half for the linked."""
    budget: Annotated[float, Field(ge=0.01, le=100)]
    """What all releases about the counted party under this protocol may cost together."""
    margins: tuple[Annotated[tuple[Slug, ...], Field(min_length=1)], ...]
    """Sums of the noisy cells; they cost nothing."""


Protection = Annotated[Suppression | CellKey | DifferentialPrivacy, Field(discriminator="method")]
