"""Categories that a custodian makes of other fields on its own machine, so that the fields themselves stay there.

Rules kept here:

- A way of making is told apart by its `method`, and has its own keys and no others.
- The values that come out stand in the protocol like those of any other category. How they are made:
  docs/spec/encoding.md, "Categories made by the custodian"; `linkage.encode.made` does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from linkage import regions
from linkage.protocol.base import Day, Model, Slug
from linkage.regions import Level


class Bands(Model):
    """Bands of a number: hours a week, income a month."""

    method: Literal["bands"]
    of: Slug
    """A field of kind number."""
    starts: tuple[Annotated[float, Field(ge=0)], ...] = Field(min_length=1)
    """Where each band after the first begins, in order; the first holds all below. One value more than starts."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it is made of."""
        return (self.of,)


class Region(Model):
    """The region that a municipality is rolled up to, or the municipality itself (docs/spec/regions.md)."""

    method: Literal["region"]
    of: Slug
    """A field that holds the code of a municipality."""
    level: Level
    """``gemeente`` is the municipality itself, so that a table of these can be rolled up."""
    year: Annotated[int, Field(ge=2000, le=2100)]
    """Of the code table: municipalities and regions change every year."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it is made of."""
        return (self.of,)

    def codes(self, values: Sequence[str]) -> list[str | None]:
        """The region that each value names, by its code or its name; None for no region of that level and year.

        Raises:
            InputError: there is no table for the year.
        """
        table = regions.table(self.year)
        every = table.codes(self.level)
        named = {table.name(code): code for code in every} | {code: code for code in every}
        return [named.get(value) for value in values]


class Running(Model):
    """Whether something was running on a day: a benefit, a job. The values are those for yes and for no."""

    method: Literal["running"]
    first: Slug = Field(alias="from")
    """A field of kind date: the first day."""
    last: Slug = Field(alias="until")
    """A field of kind date: the last day; empty where it still runs."""
    on: Day | Literal["reference-date"]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it is made of."""
        return (self.first, self.last)


Made = Annotated[Bands | Region | Running, Field(discriminator="method")]
