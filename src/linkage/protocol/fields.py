"""The agreed record: what columns there are, and how each leaves."""

from __future__ import annotations

from typing import Literal

from linkage.protocol.base import Model, Slug, Text
from linkage.protocol.made import Made

Kind = Literal[
    "bsn", "education-number", "given-name", "initials", "surname", "prefix", "birth-date", "date", "sex",
    "postcode", "house-number", "text", "number", "category",
]  # fmt: skip


class FieldSpec(Model):
    """A column of the agreed record."""

    name: Slug
    kind: Kind
    send: Literal["exact", "bloom", "category", "blinded", "none"]
    """How it leaves: as a token, in the filter, as a category that the linkage unit can read, as the code of a category
    that only holders of the linkage secret and the recipients can read, or not at all."""
    parties: tuple[Slug, ...]
    """Which custodians have it."""
    values: tuple[str, ...] | None = None
    """The categories that may occur, in the order of the table."""
    others: tuple[str, ...] | None = None
    """Categories that may stand in rows outside the cohort: no mistakes, and in no table. Any further text is one."""
    made: Made | None = None
    """How the custodian makes these categories of other fields, on its own machine; without it they are a column."""
    label: Text | None = None
    """Heading in the table, for categories."""

    @property
    def codes(self) -> tuple[str, ...]:
        """What the linkage unit calls the categories: by their values, or ``#0``, ``#1``, ... where these are sent
        blinded, code by code."""
        every = self.values or ()
        return tuple(f"#{code}" for code in range(len(every))) if self.send == "blinded" else every
