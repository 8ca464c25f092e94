"""What is answered: the questions, as the protocol says them.

Rules kept here:

- A question is told apart by its `question`, and has its own keys and no others.
- Persons are counted, never rows: rows that are linked, at one party or at several, are one person.
- Nobody is said to have no work or no benefit: who is not found is "not found in the participating sources".
"""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field

from linkage.protocol.base import HIGHEST_COUNT, Line, Model, Slug, Text
from linkage.protocol.protections import Protection

NOT_FOUND = "not-found"
"""The state of a person whom none of the sources has."""
AND = "+"
"""Between the names of what was found, in the name of a state."""
Cohort = Annotated[int, Field(ge=10, le=HIGHEST_COUNT)]


class Pool(Model):
    """Coarser tables, tried in order when too little of the finer one would be shown; the grand total is the last."""

    shown_at_least: Annotated[float, Field(gt=0, le=1)]
    """Share of the counts of a table's cells that must be shown; with less, the next table is tried."""
    tables: tuple[Annotated[tuple[Slug, ...], Field(min_length=1)], ...]
    """Each names the fields that are kept: fields of `by`, or regions that one of these is rolled up to."""


class Answer(Model):
    """What every output says."""

    name: Slug
    title: Text
    question: str
    of: tuple[Slug, ...] = Field(min_length=1)
    """The custodians whose persons are meant. Who is known to several of them is one person, with the categories of the
    first that has any."""
    to: tuple[Slug, ...] = Field(min_length=1)
    smallest_cohort: Cohort
    """Fewest persons that may be meant at all; with fewer nothing is released."""


class Table(Answer):
    """An output that is counts."""

    by: tuple[Slug, ...] = Field(max_length=3)
    """Category fields of these parties that span the table; none for totals only."""
    protection: Protection
    """What keeps small numbers from showing."""
    pool: Pool | None
    """Coarser tables for when too little would be shown; null for none."""

    @property
    def looked_at(self) -> tuple[tuple[str, ...], ...]:
        """The custodians at which persons are looked for, those together at any of which is enough."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """All of these."""
        return tuple(dict.fromkeys(party for parties in self.looked_at for party in parties))


class Overlap(Table):
    """How many of these persons are known elsewhere; or, as a complement, how many are not."""

    question: Literal["overlap", "complement"]
    found_in: tuple[Slug, ...] = Field(min_length=1)
    """The custodians they are looked for at; found at several of them, a person counts once."""

    @property
    def looked_at(self) -> tuple[tuple[str, ...], ...]:
        """The custodians at which persons are looked for."""
        return (self.found_in,)


class Union(Table):
    """How many persons several custodians have together, each counted once."""

    question: Literal["union"]


class Sought(Model):
    """One thing that is looked up of every person."""

    name: Slug
    """Word for it in the names of states: ``work``."""
    label: Text
    at: tuple[Slug, ...] = Field(min_length=1)
    """Custodians that tell: found at any of them, it holds."""
    field: Slug | None = None
    """A category of theirs that must have one of the values `only`, or by whose value those who are found are told
    apart; without it, being there is enough."""
    only: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Values of `field` that count as found. The linkage unit must be able to read these."""


class Split(Model):
    """The states of a person at one moment: everything sought, each found or not."""

    name: Slug
    """Name of the column, unlike any field's: ``status``, ``status-2025``."""
    label: Text
    sought: tuple[Sought, ...] = Field(min_length=1, max_length=3)
    wave: Literal["this", "previous"] = "this"
    """Of which wave this is the state; of the previous one as it was counted then."""

    def values(self, told: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        """The states, in the order: all found, ..., nothing found.

        Args:
            told: per name of something sought the values that it is told apart by; none where being found is enough.
        """
        return tuple(map(self.state, self.ways(told)))

    def ways(self, told: dict[str, tuple[str, ...]]) -> list[tuple[str | None, ...]]:
        """What is found in each state, as `state` takes it, in the order of `values`."""
        return list(itertools.product(*[[*(told.get(one.name) or ("",)), None] for one in self.sought]))

    def state(self, found: tuple[str | None, ...]) -> str:
        """The name of a state: per thing sought None for not found, else the value or nothing."""
        pairs = zip(self.sought, found, strict=True)
        return AND.join(f"{s.name}:{v}" if v else s.name for s, v in pairs if v is not None) or NOT_FOUND


class Partition(Table):
    """Every person in exactly one state, as CBS splits leavers: work, work and benefits, benefits, neither. With two
    splits: the moves between two moments."""

    question: Literal["partition"]
    splits: tuple[Split, ...] = Field(min_length=1, max_length=2)

    @property
    def looked_at(self) -> tuple[tuple[str, ...], ...]:
        """Per thing sought the custodians that tell it."""
        return tuple(dict.fromkeys(one.at for split in self.splits for one in split.sought))


class Recontact(Answer):
    """Which of its own rows a relation holder should look at; the rows come back to it and to nobody else."""

    question: Literal["recontact"]
    found_in: tuple[Slug, ...] = Field(min_length=1)
    """The custodians they are looked for at."""
    when: Literal["found", "not-found"]
    """Whether those come back who are found at any of these, or who are found at none."""
    approved_by: Slug
    """The party, with role approver, whose person decides before anything is returned."""
    reason: Line
    """Why the relation holder may approach these people."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The custodians at which persons are looked for."""
        return self.found_in


Output = Annotated[Overlap | Union | Partition | Recontact, Field(discriminator="question")]
"""A question, how finely it is answered, and who gets the answer."""
