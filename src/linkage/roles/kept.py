"""What an organisation keeps for itself, sealed to its own card.

Rule kept here: who has the folder and not the passphrase reads none of it, and cannot change it unseen.
"""

from __future__ import annotations

from pathlib import Path

from linkage.crypto import envelope
from linkage.crypto.header import Label
from linkage.crypto.identity import Identity
from linkage.ledger import witness
from linkage.roles import agreement
from linkage.roles.folder import Linkage
from linkage.roles.home import Home


def seal(home: Home, identity: Identity, linkage: Linkage, type_: str, body: bytes, path: Path) -> None:
    """Keep bytes under a name, sealed to oneself."""
    told = witness.tell(home.ledger.entries(), identity.card, ())
    label = Label(type_, linkage.protocol.digest, 1, told, {})
    envelope.seal(path, [body], identity, [identity.card], label)


def open_(identity: Identity, linkage: Linkage, type_: str, path: Path) -> bytes:
    """The bytes again, of a package that this organisation sealed to itself (among others), also with keys that were
    rotated away since.

    Raises:
        Untrusted: the file was altered.
    """
    package = envelope.read(path)
    mine = identity.of(package.header.sender_card) or identity
    pieces = envelope.open_body(package, identity, mine.card, protocol=linkage.protocol.digest, type_=type_)
    return b"".join(pieces)


def from_party(home: Home, identity: Identity, linkage: Linkage, type_: str, path: Path) -> bytes:
    """The body of a package that is kept as it came from another party.

    Raises:
        Refused: the card of its sender has ended.
        Untrusted: the file was altered, or is signed by another.
    """
    package, protocol = envelope.read(path), linkage.protocol
    card = agreement.serving(home, protocol, package.header.sender, package.header.sender_card)
    return b"".join(envelope.open_body(package, identity, card, protocol=protocol.digest, type_=type_))
