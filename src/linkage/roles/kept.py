"""What an organisation keeps for itself, sealed to its own card.

Rule kept here: who has the folder and not the passphrase reads none of it, and cannot change it unseen.
"""

from __future__ import annotations

from pathlib import Path

from linkage.crypto import envelope
from linkage.crypto.envelope import Label
from linkage.crypto.identity import Identity
from linkage.roles.home import Home, Linkage


def seal(home: Home, identity: Identity, linkage: Linkage, type_: str, body: bytes, path: Path) -> None:
    """Keep bytes under a name, sealed to oneself."""
    label = Label(type_, linkage.protocol.digest, 1, home.ledger.head(), {})
    envelope.seal(path, [body], identity, [home.card], label)


def open_(home: Home, identity: Identity, linkage: Linkage, type_: str, path: Path) -> bytes:
    """The bytes again, of a package that this organisation sealed to itself (among others).

    Raises:
        Untrusted: the file was altered.
    """
    return from_party(identity, home, linkage, type_, path, home.card.party)


def from_party(identity: Identity, home: Home, linkage: Linkage, type_: str, path: Path, party: str) -> bytes:
    """The body of a package that is kept as it came from a party.

    Raises:
        Untrusted: the file was altered.
    """
    package, digest = envelope.read(path), linkage.protocol.digest
    pieces = envelope.open_body(package, identity, home.trusted(party), protocol=digest, type_=type_)
    return b"".join(pieces)
