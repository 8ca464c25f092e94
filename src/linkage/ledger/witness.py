"""How organisations watch each other's ledgers grow.

Rules kept here:

- A sender shows its checkpoint, which holds the very act of sending, and proves that every ledger it showed these
  readers before is the beginning of it (`tell`): from whichever of them a reader saw last, it can follow.
- A receiver writes down what it was shown, and so is its witness. It takes in nothing from a sender whose ledger does
  not follow from what was recorded, in whatever linkage, and keeps both checkpoints as evidence (`judge`).
- Packages may overtake each other: proofs of sizes that were told but not seen yet are kept with the receipt.
- What was recorded of a party counts until a person trusts another card of it: other keys begin another ledger. A card
  that the one before it signed goes on with the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.errors import LinkageError, Untrusted
from linkage.ledger import checkpoint, tree
from linkage.ledger.checkpoint import Checkpoint
from linkage.ledger.entries import Entry

SEND, SEALED, RECEIVE, REFUSE, TRUST = "send", "sealed", "receive", "refuse-checkpoint", "trust-card"
PROOFS = 32
"""Earlier sizes a package proves, the latest ones told to its readers: at most 42 kB of a header of 64 kB."""

Why = Literal["fork", "shrunk", "no-proof"]
_REASONS: Mapping[Why, str] = {
    "fork": "it is not the ledger that was shown before, grown: a fork",
    "shrunk": "it is shorter than the ledger that was shown before: shrunk, or a package from long ago",
    "no-proof": "it brings no proof that the ledger shown before is its beginning",
}


@dataclass(frozen=True)
class Statement:
    """What one party wrote down of another's ledger."""

    witness: str
    """Who wrote it down."""
    index: int
    """Its entry."""
    at: str
    sender: str
    """Whose ledger it is about."""
    seen: Checkpoint
    awaited: Mapping[str, list[str]] = field(default_factory=dict)
    """Proofs from sizes that were told before and not seen yet, by size."""


@dataclass(frozen=True)
class Judged:
    """Outcome of comparing a package's checkpoint with what was recorded of its sender."""

    why: Why | None
    """Why it does not follow; None where it does."""
    facts: Mapping[str, Any]
    """What the receiver writes down of it."""

    def refuse(self, sender: str, where: str) -> None:
        """Refuse what does not follow.

        Raises:
            Untrusted: with the reason.
        """
        if self.why:
            raise Untrusted(
                f"the ledger of {sender} does not follow from what was seen of it: {_REASONS[self.why]}",
                where=where,
                hint=f"Both checkpoints are kept (`linkage ledger show`). Ask {sender} how this can be.",
            )


def tell(entries: Sequence[Entry], card: Card, readers: Iterable[str]) -> dict[str, Any]:
    """What a package says of its sender's ledger.

    Args:
        entries: the whole ledger; the last entry is the act of sending.
        card: of the sender.
        readers: parties that the package is for.
    """
    levels = tree.levels(entry.leaf for entry in entries)
    told = sorted({e.index + 1 for e in entries[:-1] if e.act == SEND and set(e.facts["to"]) & set(readers)})
    return {
        "checkpoint": entries[-1].checkpoint(card, levels[-1][0]).note,
        "proofs": {str(size): list(map(signature.to_text, tree.consistency(levels, size))) for size in told[-PROOFS:]},
    }


def judge(entries: Iterable[Entry], card: Card, told: Mapping[str, Any], *, where: str) -> Judged:
    """Compare what a package says of its sender's ledger with what was recorded of it.

    Args:
        entries: the receiver's own ledger.
        card: of the sender, trusted.
        told: `ledger` of the package's header.
        where: name of the package, for messages.

    Raises:
        Untrusted: the checkpoint is not signed by the sender.
    """
    shown = checkpoint.parse(told["checkpoint"], where=where)
    checkpoint.verify(shown, card, where=where)
    recorded = _recorded(entries, card.party)
    last = max(recorded, key=lambda one: one.seen.size, default=None)
    base = last.seen.size if last else 0
    awaited = {size: proof for size, proof in told["proofs"].items() if base < int(size) < shown.size}
    facts = {"checkpoint": shown.note, **({"awaited": awaited} if awaited else {})}
    if last is None:
        return Judged(None, facts)
    why = _breach(shown, told["proofs"], recorded, last)
    return Judged(why, {"why": why, "seen": last.seen.note, "shown": shown.note} if why else facts)


def statements(entry: Entry) -> list[Statement]:
    """What an entry says of another party's ledger.

    Raises:
        Untrusted: it says it in another form than this version writes.
    """
    facts = entry.facts
    notes = {RECEIVE: ("checkpoint",), REFUSE: ("seen", "shown")}.get(entry.act, ())
    if not notes:
        return []
    sender, awaited = facts.get("sender"), facts.get("awaited", {})
    if not isinstance(sender, str) or not isinstance(awaited, dict):
        raise Untrusted("not what a witness writes down", where=f"entry {entry.index}")
    where = f"entry {entry.index}"
    return [
        Statement(entry.party, entry.index, entry.at, sender, checkpoint.parse(facts.get(n), where=where), awaited)
        for n in notes
    ]


def _recorded(entries: Iterable[Entry], party: str) -> list[Statement]:
    """What was taken in of a party's ledger since a person last trusted another card of it, not one that followed."""
    found: list[Statement] = []
    card: Any = None
    for entry in entries:
        if entry.act == TRUST and entry.facts.get("about") == party and entry.facts.get("card") != card:
            follows = card is not None and entry.facts.get("before") == card  # new keys, the same ledger
            found, card = found if follows else [], entry.facts.get("card")
        elif entry.act == RECEIVE and entry.facts.get("sender") == party:
            found += statements(entry)
    return found


def _breach(
    shown: Checkpoint, proofs: Mapping[str, list[str]], recorded: Sequence[Statement], last: Statement
) -> Why | None:
    """Why a checkpoint does not follow from those recorded; None where it does."""
    seen = last.seen
    if any(shown.contradicts(one.seen) for one in recorded):
        return "fork"
    if any(shown.size == one.seen.size for one in recorded):
        return None
    if shown.size > seen.size:
        if str(seen.size) not in proofs:
            return "no-proof"
        return None if _follows(seen, shown, proofs[str(seen.size)]) else "fork"
    later = next((one for one in recorded if one.seen.size > shown.size and str(shown.size) in one.awaited), None)
    if later is None:
        return "shrunk"
    return None if _follows(shown, later.seen, later.awaited[str(shown.size)]) else "fork"


def _follows(earlier: Checkpoint, later: Checkpoint, proof: list[str]) -> bool:
    try:
        hashes = [signature.from_text(text, tree.HASH_BYTES, where="proof") for text in proof]
    except LinkageError:
        return False
    return tree.consistent(earlier.size, later.size, earlier.root, later.root, hashes)
