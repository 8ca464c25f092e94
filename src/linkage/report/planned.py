"""What would leave of a file, and which rows would not take part, as a person reads it before anything leaves.

Rules kept here:

- Headings and counts are shown, never a cell.
- Reasons are those of `linkage.consent.judge`, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from linkage.findings import Finding
from linkage.protocol.model import Protocol
from linkage.report import guarantee
from linkage.report.lang import Lang
from linkage.report.words import WORDS, word


@dataclass(frozen=True)
class Plan:
    """What would leave, and what would not."""

    source: str
    """Name of the input file."""
    read_as: str
    """Encoding and delimiter."""
    headings: Mapping[str, str]
    """Field to the heading it is read from."""
    reference: str | None
    """Heading of the local reference, which finds a row's consent and stays."""
    ignored: tuple[str, ...]
    """Headings that are not used."""
    leaves: Mapping[str, str]
    """Field to how it is sent, in the words of the protocol: exact, bloom, category, blinded, none."""
    judged: Mapping[str, int]
    """Rows, included rows, and excluded rows by reason."""
    notes: Mapping[str, int]
    """Cells that were repaired or are no evidence, by field and note."""
    bad: tuple[Finding, ...]
    """The first bad cells."""
    bad_count: int
    warnings: tuple[Finding, ...]
    """What the reader noticed about the file."""
    protocol: Protocol = field(repr=False)
    """Under which it would leave."""


def as_text(plan: Plan, lang: Lang) -> str:
    """The plan for a terminal."""
    fields = {
        f"{plan.headings[name]} ({name})" if name in plan.headings else name: guarantee.leaves(
            plan.protocol, plan.protocol.field(name), lang
        )
        for name in plan.leaves
    }
    if plan.reference:
        fields[f"{plan.reference} ({word('reference', lang)})"] = word("leaves_reference", lang)
    lines = [word("read_as", lang, source=plan.source, how=plan.read_as), _listed(fields)]
    if plan.ignored:
        lines.append(f"  {word('not_used', lang)}: {', '.join(plan.ignored)}")
    lines += [word("plan_rows", lang), _listed(judged(plan.judged, lang))]
    if plan.notes:
        lines += [word("plan_cells", lang), _listed({in_words(name, lang): n for name, n in plan.notes.items()})]
    lines += [str(finding) for finding in plan.warnings]
    if plan.bad:
        lines += [word("bad_cells", lang, count=plan.bad_count), *(f"  {f.where}: {f.message}" for f in plan.bad)]
        if plan.bad_count > len(plan.bad):
            lines.append(f"  {word('more', lang, count=plan.bad_count - len(plan.bad))}")
    return "\n".join([*lines, word("guarantee", lang), *(f"  {line}" for line in guarantee.lines(plan.protocol, lang))])


def judged(counts: Mapping[str, int], lang: Lang) -> dict[str, int]:
    """Rows, included rows and excluded rows by reason, in the reader's language."""
    return {in_words(name, lang): count for name, count in counts.items()}


@dataclass(frozen=True)
class OwnRows:
    """What became of an organisation's own rows in a run, for itself."""

    day: str
    counts: Mapping[str, int]
    """Rows, included rows, and excluded rows by reason."""

    def heading(self, lang: Lang) -> str:
        """What these counts are."""
        return word("own_rows", lang, day=self.day)

    def rows(self, lang: Lang) -> dict[str, int]:
        """In the reader's language: all rows first."""
        first = {name: self.counts[name] for name in ("rows", "included") if name in self.counts}
        return judged(first | dict(self.counts), lang)

    def as_text(self, lang: Lang) -> str:
        """For a terminal."""
        return "\n".join([self.heading(lang), _listed(self.rows(lang))])


def in_words(name: str, lang: Lang) -> str:
    """A reason or note such as ``consent: withdrawn`` in words; names of fields stay as they are."""
    return ": ".join(word(part, lang) if part in WORDS else part for part in name.split(": "))


def _listed(rows: Mapping[str, object]) -> str:
    width = max((len(name) for name in rows), default=0)
    return "\n".join(f"  {name.ljust(width)}  {value}" for name, value in rows.items())
