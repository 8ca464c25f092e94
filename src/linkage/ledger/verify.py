"""What an outsider can check of one ledger, offline.

Rules kept here:

- `verify` needs the ledger file and the organisation's card, nothing else. It reads line by line, so that a ledger of a
  million entries takes seconds and little memory (benchmarks/ledger.py).
- One root and the last signature vouch for every byte before it. Where they do not hold, the earlier signatures tell
  up to where the ledger is as it was signed.
- Nobody can see from a ledger alone that its tail was cut, or that its owner wrote it anew: others can
  (`linkage.ledger.cross`). Nothing here says that entries are true, nor that all that was done was written.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, BinaryIO

from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.errors import LinkageError, Untrusted
from linkage.findings import Finding, Severity
from linkage.ledger import checkpoint, entries, tree, witness
from linkage.ledger.checkpoint import Checkpoint
from linkage.ledger.entries import Entry
from linkage.ledger.witness import Statement

_TIME_SIGNS = 25
"""Of a time as entries have it."""
_ENDING = 2
"""Bytes between a signature and the line feed of its line."""

Parcel = tuple[str, str, int]
"""Which package: protocol, type and sequence of a sender."""


@dataclass
class Sent:
    """What a sender wrote down of a package."""

    to: tuple[str, ...]
    sealed_at: str = ""
    """When it was sealed; empty when that was not written."""
    package: str = ""
    """Digest of the file."""


@dataclass(frozen=True)
class Received:
    """What a receiver wrote down of a package."""

    sender: str
    parcel: Parcel
    package: str
    seen: Statement


@dataclass
class Record:
    """What is kept of a ledger for comparing it with others: no more than 57 bytes for most entries."""

    leaves: bytearray = field(default_factory=bytearray)
    """Hashes of all entries."""
    times: bytearray = field(default_factory=bytearray)
    ends: array[int] = field(default_factory=lambda: array("Q"))
    """Offset behind each line."""
    statements: list[Statement] = field(default_factory=list)
    """What this ledger says of others."""
    refusals: list[tuple[int, str, str]] = field(default_factory=list)
    """Entries that refuse a checkpoint: index, sender, why."""
    sent: dict[Parcel, Sent] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def roots(self, sizes: Sequence[int]) -> dict[int, bytes]:
        """Roots of the ledger as it was at some sizes."""
        return tree.roots(tree.hashes(self.leaves), sizes)

    def at(self, index: int) -> str:
        """Time of an entry."""
        return self.times[index * _TIME_SIGNS : (index + 1) * _TIME_SIGNS].decode("ascii")

    def take(self, entry: Entry) -> None:
        """Keep what is needed of an entry.

        Raises:
            Untrusted: an act between parties in another form than this version writes.
        """
        self.leaves += entry.leaf
        self.times += entry.at.encode("ascii")
        self.ends.append((self.ends[-1] if self.ends else 0) + len(entry.line) + 1)
        if entry.act in _KEPT:
            try:
                self._exchange(entry)
            except (KeyError, TypeError, ValueError, LinkageError):
                raise Untrusted(f"not what `{entry.act}` says in this version") from None

    def _exchange(self, entry: Entry) -> None:
        facts: Mapping[str, Any] = entry.facts
        seen = witness.statements(entry)
        self.statements += seen
        if entry.act == witness.REFUSE:
            self.refusals.append((entry.index, str(facts["sender"]), str(facts["why"])))
            return
        parcel = (str(entry.protocol), str(facts["type"]), int(facts["sequence"]))
        if entry.act == witness.SEND:
            self.sent[parcel] = Sent(tuple(facts["to"]))
        elif entry.act == witness.SEALED:
            self.sent[parcel].sealed_at, self.sent[parcel].package = entry.at, str(facts["package"])
        else:
            self.received.append(Received(str(facts["sender"]), parcel, str(facts["package"]), seen[0]))


_KEPT = frozenset({witness.SEND, witness.SEALED, witness.RECEIVE, witness.REFUSE})


@dataclass(frozen=True)
class Verified:
    """Outcome of a check of one ledger, or of one entry of one."""

    cards: tuple[Card, ...]
    """Cards that it was checked with, the first one first: whether they are theirs is for a person to know."""
    size: int
    """Whole entries read."""
    findings: tuple[Finding, ...]
    where: str
    """Name of the file, for messages."""
    shown: Checkpoint | None = None
    """A checkpoint that came with the file, beside its lines."""
    entry: Entry | None = None
    """The one entry, where only that was shown."""
    record: Record = field(default_factory=Record, repr=False)

    @property
    def party(self) -> str:
        """Whose ledger it is."""
        return self.cards[0].party

    @property
    def card(self) -> str:
        """Fingerprint of the card that signs last."""
        return self.cards[-1].fingerprint

    @property
    def holds(self) -> bool:
        """Whether no error was found."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def whole(self) -> bool:
        """Whether all its entries could be read, so that others can be compared with it."""
        return self.entry is None and self.size > 0 and not any(f.code == "L101" for f in self.findings)


def verify(
    stream: BinaryIO, cards: Sequence[Card], *, where: str = entries.NAME, shown: Checkpoint | None = None
) -> Verified:
    """Check that a ledger is as its owner signed it.

    Args:
        stream: the ledger file, at its first line; must be able to seek.
        cards: the owner's card, or its cards in the order in which `rotate-card` took them into use.
        where: name of the file, for messages.
        shown: a checkpoint that came with the lines.
    """
    record, findings, keys, start = Record(), [], _Keys(cards), stream.tell()
    before = ""
    try:
        for entry in entries.follow(stream, where=where):
            place = f"{where} entry {entry.index}"
            try:
                record.take(entry)
            except Untrusted as error:
                findings.append(Finding("L113", Severity.ERROR, place, error.message))
            findings += keys.take(entry, place)
            if entry.at < before:
                message = f"dated {entry.at}, before the entry above it ({before}): back-dated"
                findings.append(Finding("L107", Severity.ERROR, place, message))
            before = entry.at
        findings += _unfinished(stream, where)
        if not record.ends:
            message = "the ledger is empty: a home writes its first act itself"
            findings.append(Finding("L105", Severity.ERROR, where, message))
        findings += _signatures(stream, start, record, keys, where)
    except LinkageError as error:
        findings.append(Finding("L101", Severity.ERROR, error.where or where, error.message))
    return Verified(tuple(cards), len(record.ends), tuple(findings), where, shown, record=record)


@dataclass
class _Keys:
    """Which card signs which entries."""

    cards: Sequence[Card]
    spans: list[tuple[int, Card]] = field(default_factory=list)
    """Size at which a card signs last, and the card; the card in use is not there until the end."""
    used: int = 0
    foreign: bool = False

    def take(self, entry: Entry, place: str) -> Iterator[Finding]:
        """Follow the cards from entry to entry."""
        card = self.cards[self.used]
        if entry.party != card.party and not self.foreign:
            self.foreign = True  # said once: a wrong card would be said a million times
            yield Finding("L102", Severity.ERROR, place, f"entry of {entry.party}, not of {card.party}")
        first = entry.index == (self.spans[-1][0] if self.spans else 0)
        if first and entry.at[:10] < (date.fromisoformat(card.valid_from) - timedelta(days=1)).isoformat():
            message = f"dated {entry.at}, before the first day of its card ({card.valid_from}): back-dated"
            yield Finding("L107", Severity.ERROR, place, message)
        if entry.act == entries.ROTATE:
            following = self.cards[self.used + 1 : self.used + 2]
            if not following or following[0].fingerprint != entry.facts.get("card"):
                message = "takes a card into use that was not given: entries after it cannot be checked"
                yield Finding("L103", Severity.ERROR, place, message)
            else:
                self.spans.append((entry.index + 1, card))
                self.used += 1


def _unfinished(stream: BinaryIO, where: str) -> Iterator[Finding]:
    """Whether a last line has no end. The stream stands behind the last thing that was read."""
    end = stream.seek(0, os.SEEK_END)
    if end and entries.last_line_end(stream) != end:
        message = "the last line has no end: a crash while writing; the next act cuts it off"
        yield Finding("L201", Severity.WARNING, where, message)


def _signatures(stream: BinaryIO, start: int, record: Record, keys: _Keys, where: str) -> Iterator[Finding]:
    """Check the last signature of each card, and look for the entry where it fails."""
    spans = [*keys.spans, (len(record.ends), keys.cards[keys.used])]
    roots = record.roots([size for size, _ in spans])
    held = 0
    for size, card in spans:
        if size > held and not _signs(stream, start, record, card, size, roots[size]):
            index = _first_altered(stream, start, record, card, (held, size))
            message = (
                "the signature does not hold: this entry, or one before it back to the last that was checked, was "
                "changed, or it was signed by another"
                if index == 0
                else f"the signature does not hold from here on: changed, or signed by another; it held at {index - 1}"
            )
            yield Finding("L103", Severity.ERROR, f"{where} entry {index}", message)
        held = size


def _first_altered(stream: BinaryIO, start: int, record: Record, card: Card, span: tuple[int, int]) -> int:
    """Index of an entry whose signature fails while that of the entry before it holds."""
    holds, fails = span
    while fails - holds > 1:
        size = (holds + fails) // 2
        if _signs(stream, start, record, card, size, record.roots([size])[size]):
            holds = size
        else:
            fails = size
    return fails - 1


def _signs(stream: BinaryIO, start: int, record: Record, card: Card, size: int, root: bytes) -> bool:
    """Whether line `size - 1` holds this card's signature under the first `size` entries."""
    stream.seek(start + record.ends[size - 1] - 1 - _ENDING - 88)
    try:
        signed = signature.from_text(stream.read(88).decode("ascii"), signature.SIGNATURE_BYTES, where="")
        checkpoint.verify(checkpoint.of(card, size, root, signed), card, where="")
    except LinkageError:
        return False
    return True
