"""What columns, states and organisations are called in a report.

Rules kept here:

- A state is called by the labels of what was found: "work and benefits"; where only some of it was, "work only".
- In the state of who was found at none of the sources, nothing is said but that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from linkage.protocol.base import Text
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Partition, Split, Table
from linkage.report.lang import Lang
from linkage.report.words import word


def joined(names: Sequence[str], by: str) -> str:
    """``a, b and c``"""
    return f" {by} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


@dataclass(frozen=True)
class Labels:
    """Of one output of a protocol, in one language."""

    protocol: Protocol
    output: Table
    lang: Lang

    def text(self, text: Text) -> str:
        """A text of the protocol."""
        return str(getattr(text, self.lang))

    def places(self, parties: Sequence[str]) -> str:
        """Organisations of which any will do: ``A or B``."""
        return joined([self.protocol.party(party).name for party in parties], word("or", self.lang))

    def together(self, parties: Sequence[str]) -> str:
        """Organisations together: ``A and B``."""
        return joined([self.protocol.party(party).name for party in parties], word("and", self.lang))

    @property
    def splits(self) -> dict[str, Split]:
        """The splits into states, by name of the column."""
        return {split.name: split for split in self.output.splits} if isinstance(self.output, Partition) else {}

    def column(self, name: str) -> str:
        """The heading of a column."""
        if name in self.splits:
            return self.text(self.splits[name].label)
        label = self.protocol.field(name).label
        return self.text(label) if label else name

    def value(self, column: str, value: str) -> str:
        """A category, or a state in words."""
        return self._states[column][value] if column in self._states else value

    @cached_property
    def _states(self) -> dict[str, dict[str, str]]:
        return {name: self._of(split) for name, split in self.splits.items()}

    def _of(self, split: Split) -> dict[str, str]:
        values = {field.name: field.values or () for field in self.protocol.fields}
        every = (self.protocol.told(split), self.protocol.told(split, values))  # in codes, and as recipients read them
        return {split.state(way): self._state(split, way) for told in every for way in split.ways(told)}

    def _state(self, split: Split, way: tuple[str | None, ...]) -> str:
        pairs = zip(split.sought, way, strict=True)
        found = [f"{self.text(one.label)} ({v})" if v else self.text(one.label) for one, v in pairs if v is not None]
        if not found:
            return word("nowhere", self.lang)
        names = joined(found, word("and", self.lang))
        return names if len(found) == len(way) else word("only", self.lang, found=names)
