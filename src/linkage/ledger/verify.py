"""What an outsider can check of a ledger, offline.

Rules kept here:

- `verify` needs the ledger file and the organisation's card, nothing else.
- `crosscheck` compares several ledgers: each receiver wrote down the size and head of the sender's ledger that
  it saw, so a tail cut off, or a history rewritten after the fact, is found by whoever received anything since.
- Neither says that entries are true, nor that nothing was left out before it was written.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.crypto.card import Card
from linkage.errors import LinkageError
from linkage.findings import Finding, Severity
from linkage.ledger import log
from linkage.ledger.log import Entry


@dataclass(frozen=True)
class Verified:
    """Outcome of a check."""

    party: str
    card: str
    """Fingerprint of the card that it was checked with: whether that card is theirs is for a person to know."""
    entries: Sequence[Entry]
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether no error was found."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def verify(data: bytes, card: Card, *, where: str = log.NAME) -> Verified:
    """Check chain, signatures and party of every entry in the bytes of a ledger file."""
    findings = []
    if data and not data.endswith(b"\n"):
        message = "the last line has no end: a crash while writing; the next act cuts it off"
        findings.append(Finding("L201", Severity.WARNING, where, message))
    try:
        entries = log.parse(data, where=where)
    except LinkageError as error:
        return Verified(
            card.party, card.fingerprint, (), (*findings, Finding("L101", Severity.ERROR, error.where, error.message))
        )
    if not entries:
        findings.append(
            Finding("L105", Severity.ERROR, where, "the ledger is empty: a home writes its first act itself")
        )
    for entry in entries:
        place = f"{where}:{entry.index + 1}"
        if entry.party != card.party:
            findings.append(Finding("L102", Severity.ERROR, place, f"entry of {entry.party}, not of {card.party}"))
        try:
            log.check_signature(entry, card.signing, where=place)
        except LinkageError as error:
            findings.append(Finding("L103", Severity.ERROR, place, error.message))
    for before, after in itertools.pairwise(entries):
        if after.at < before.at:
            message = f"written at {after.at}, before the entry above it ({before.at})"
            findings.append(Finding("L202", Severity.WARNING, f"{where}:{after.index + 1}", message))
    return Verified(card.party, card.fingerprint, entries, tuple(findings))


def crosscheck(ledgers: Mapping[str, Sequence[Entry]]) -> tuple[Finding, ...]:
    """Compare what receivers saw of each sender's ledger with that ledger.

    Args:
        ledgers: party id to its entries; parties that are not given cannot be checked.
    """
    findings = []
    for witness, entries in ledgers.items():
        for entry in entries:
            sender = entry.facts.get("sender")
            if "sender_ledger" not in entry.facts or not isinstance(sender, str) or sender not in ledgers:
                continue
            what = _contradiction(entry.facts["sender_ledger"], ledgers[sender])
            if what:
                message = f"the ledger of {sender} {what} what {witness} saw at {entry.at}: cut or rewritten"
                findings.append(Finding("L104", Severity.ERROR, f"{witness} entry {entry.index}", message))
    return tuple(findings)


def _contradiction(seen: Any, own: Sequence[Entry]) -> str:
    """How a ledger contradicts what somebody saw of it; empty when it does not."""
    match seen:
        case {"size": int(size), "head": str(head)} if size >= 0 and not isinstance(size, bool):
            if size > len(own):
                return "is shorter than"
            return "" if head == (own[size - 1].digest if size else log.GENESIS) else "differs from"
    return "cannot be compared with"
