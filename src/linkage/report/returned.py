"""A list of re-contact as its relation holder reads it.

Rules kept here:

- The screen tells how many; references stand in the file alone.
- What found or not found means is said beside it, and why these people may be approached.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from linkage import spreadsheet
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Recontact
from linkage.report.lang import Lang
from linkage.report.words import word


@dataclass(frozen=True)
class Contacts:
    """A list that was opened."""

    protocol: Protocol = field(repr=False)
    output: Recontact
    digest: str
    """Of the list, as the ledgers name it."""
    heading: str
    """Of the column that the references came from."""
    references: tuple[str, ...] = field(repr=False)
    """Own references of the persons who may be approached today, sorted."""
    left_out: int
    """Persons on the list who may no longer be approached."""
    by: str
    """Function of who approved it."""
    on: str
    """Day of that, yyyy-mm-dd."""
    why: str
    """What the approver added; may be empty."""
    opened: str
    """Day on which consent was looked at, yyyy-mm-dd."""


def as_csv(contacts: Contacts, lang: Lang) -> str:
    """One line per person: reference, reason, day of approval, and the day on which consent was looked at."""
    heads = [contacts.heading, *(word(key, lang) for key in ("list_reason", "list_approved", "list_opened"))]
    about = [contacts.output.reason, contacts.on, contacts.opened]
    return spreadsheet.as_csv([heads, *([reference, *about] for reference in contacts.references)])


def rule(output: Recontact, protocol: Protocol, lang: Lang) -> str:
    """What comes back to whom, in a sentence or two."""
    sources = f" {word('or', lang)} ".join(protocol.party(name).name for name in output.found_in)
    return word(
        f"list_{output.when.replace('-', '_')}", lang, party=protocol.party(output.to[0]).name, sources=sources,
        approver=protocol.party(output.approved_by).name, reason=output.reason,
    )  # fmt: skip


def as_text(contacts: Contacts, lang: Lang) -> str:
    """For a terminal: how many, never who."""
    lines = [
        str(getattr(contacts.output.title, lang)),
        rule(contacts.output, contacts.protocol, lang),
        word("list_count", lang, count=len(contacts.references), day=contacts.opened, left_out=contacts.left_out),
        word("list_decided", lang, by=contacts.by, on=contacts.on) + (f": {contacts.why}" if contacts.why else ""),
    ]
    return "\n  ".join(lines)


def as_data(contacts: Contacts) -> dict[str, Any]:
    """For ``--json``."""
    return {
        "output": contacts.output.name, "list": contacts.digest, "persons": len(contacts.references),
        "left out": contacts.left_out, "approved by": contacts.by, "approved on": contacts.on,
        "reason": contacts.output.reason, "opened": contacts.opened,
    }  # fmt: skip
