"""Checkpoints: what an organisation signs of its ledger as a whole.

Rules kept here:

- A checkpoint is the signed note of C2SP tlog-checkpoint: origin, size and root, signed with Ed25519. It has exactly
  one signature line, under the origin's own name, and no line more; anything else is refused.
- The origin names the organisation, by party and official number, and not its key: it outlives a change of cards.
- Signing a checkpoint of a size says everything about the entries before it: two that contradict each other prove
  that somebody was shown another ledger.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import Untrusted
from linkage.ledger import tree
from linkage.protocol.base import HIGHEST_COUNT

ORIGIN = "linkage/ledger/v1/"
"""How every origin begins; so no note can pass for a typed signature (`linkage.crypto.signature`)."""
PATTERN = (
    r"(linkage/ledger/v1/[!-*,-~]{1,7000})\n(0|[1-9][0-9]{0,7})\n([A-Za-z0-9+/]{43}=)\n"
    r"\n— (linkage/ledger/v1/[!-*,-~]{1,7000}) ([A-Za-z0-9+/]{91}=)\n"
)
"""Form of the note: origin, size, root; key name, key ID with signature."""
_NOTE = re.compile(PATTERN)


@dataclass(frozen=True)
class Checkpoint:
    """A signed tree head."""

    origin: str
    """Whose ledger it is of."""
    size: int
    """Entries in it."""
    root: bytes
    """Root of their Merkle tree, 32 bytes."""
    key_id: bytes
    """Which key signed, 4 bytes."""
    signed: bytes
    """Ed25519 signature over `text`, 64 bytes."""

    @property
    def text(self) -> bytes:
        """What is signed."""
        return text(self.origin, self.size, self.root)

    @property
    def note(self) -> str:
        """The checkpoint as it travels."""
        line = f"— {self.origin} {signature.to_text(self.key_id + self.signed)}\n"
        return f"{self.text.decode()}\n{line}"

    def contradicts(self, other: Checkpoint) -> bool:
        """Whether these two alone prove two ledgers: one size, different roots."""
        return self.size == other.size and self.root != other.root


def origin(card: Card) -> str:
    """Origin of the ledger of an organisation: party and official number, percent-encoded (RFC 3986)."""
    return f"{ORIGIN}{card.party}/{quote(card.number, safe=':')}"


def text(origin: str, size: int, root: bytes) -> bytes:
    """Text of the note (C2SP tlog-checkpoint, "Note text")."""
    return f"{origin}\n{size}\n{signature.to_text(root)}\n".encode()


def sign(identity: Identity, size: int, root: bytes) -> Checkpoint:
    """Sign the ledger as it is at a size."""
    return of(identity.card, size, root, identity.sign_note(text(origin(identity.card), size, root)))


def of(card: Card, size: int, root: bytes, signed: bytes) -> Checkpoint:
    """The checkpoint with a signature that was made before; not verified."""
    name = origin(card)
    return Checkpoint(name, size, root, signature.note_key_id(name, card.signing), signed)


def parse(note: object, *, where: str) -> Checkpoint:
    """Read a note; its signature is not verified.

    Raises:
        Untrusted: not a checkpoint, or not in its one spelling.
    """
    found = _NOTE.fullmatch(note) if isinstance(note, str) else None
    if found is None or found[1] != found[4]:
        raise Untrusted("not a checkpoint of a ledger: damaged or altered", where=where)
    root = signature.from_text(found[3], tree.HASH_BYTES, where=where)
    line = signature.from_text(found[5], 4 + signature.SIGNATURE_BYTES, where=where)
    if int(found[2]) > HIGHEST_COUNT:
        raise Untrusted("not a checkpoint of a ledger: too large", where=where)
    return Checkpoint(found[1], int(found[2]), root, line[:4], line[4:])


def verify(checkpoint: Checkpoint, card: Card, *, where: str) -> None:
    """Check that a checkpoint is of the ledger of this card's organisation, and signed with its key.

    Raises:
        Untrusted: another ledger, another key, or a signature that does not hold.
    """
    if checkpoint.origin != origin(card):
        raise Untrusted(f"a checkpoint of another ledger than that of {card.party}", where=where)
    if checkpoint.key_id != signature.note_key_id(checkpoint.origin, card.signing):
        raise Untrusted(f"a checkpoint that another key signed than that on the card of {card.party}", where=where)
    signature.verify_note(card.signing, checkpoint.text, checkpoint.signed, where=where)
