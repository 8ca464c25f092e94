"""How a package leaves and how one comes in: the same for every role.

Rules kept here:

- The act is written to the ledger before its package is sealed, so the package's header carries a ledger that
  holds it; the file's digest follows in an entry of its own.
- A package is taken in once: a number of the same sender, type and linkage that was taken in is a replay.
- What the header says of the sender's ledger is written down: the receiver is its witness.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from linkage import canonical, files
from linkage.crypto import envelope
from linkage.crypto.card import Card
from linkage.crypto.envelope import Header, Label, Package
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused
from linkage.protocol.model import Protocol
from linkage.roles.home import Home, Linkage

SECRET, ENCODINGS, RELEASE = "linkage-secret", "encodings", "release"


@dataclass(frozen=True)
class Letter:
    """What is to be sealed."""

    type: str
    """`SECRET`, `ENCODINGS` or `RELEASE`."""
    readers: Sequence[Card]
    """Who can open it."""
    body: bytes = field(repr=False)
    content: Mapping[str, Any] = field(default_factory=dict)
    """Counts that the header shows to everyone."""


def send(home: Home, identity: Identity, linkage: Linkage, letter: Letter, path: Path) -> str:
    """Seal a package and write it down. Returns the digest of the file."""
    digest = linkage.protocol.digest
    sequence = 1 + sum(
        1 for e in home.ledger.entries() if e.act == "send" and e.protocol == digest and e.facts["type"] == letter.type
    )
    label = Label(letter.type, digest, sequence, home.ledger.head(), letter.content)
    sealed = envelope.seal(path, [letter.body], identity, letter.readers, label)
    home.ledger.append(
        identity, "send", protocol=digest, type=letter.type, sequence=sequence, package=sealed,
        to=[card.party for card in letter.readers],
    )  # fmt: skip
    return sealed


def expect(home: Home, linkage: Linkage, package: Package) -> Card:
    """Check everything about a package that can be checked without opening it. Returns the sender's card.

    Raises:
        Refused: another protocol, a sender the protocol does not name, a card it does not name, or a replay.
        Untrusted: the signature does not hold.
    """
    header, protocol = package.header, linkage.protocol
    if header.protocol != protocol.digest:
        raise Refused(f"belongs to another protocol than {linkage.folder.name}", where=package.name)
    party = protocol.party(header.sender)
    card = home.trusted(party.id)
    if card.fingerprint != party.card:
        raise Refused(f"the protocol names another card of {party.id} than the trusted one", where=package.name)
    envelope.verify(package, card)
    taken = [e.facts["sequence"] for e in _taken(home, header)]
    # new encodings replace older ones, so an older number is refused too; releases may come in any order
    if header.sequence in taken or (header.type == ENCODINGS and header.sequence < max(taken, default=0)):
        raise Refused(
            f"number {header.sequence} of the {header.type} packages of {party.id}, but number {max(taken)} was taken "
            "in already: a repeat or an older one",
            where=package.name,
        )
    return card


def within_quota(protocol: Protocol, party_id: str, rows: int, *, where: str = "") -> None:
    """Refuse more rows than one package of a custodian may hold: sender and linkage unit both check.

    Raises:
        Refused: more rows than the protocol's quota, or a party that has none because it is no custodian.
    """
    quota = protocol.party(party_id).quota
    if quota is None:
        raise Refused(f"{party_id} is no custodian of this protocol", where=where)
    if rows > quota:
        raise Refused(
            f"{party_id} sends {rows:,} rows; its quota is {quota:,}",
            where=where,
            hint="A larger quota is a new version of the protocol, which every party signs.",
        )


def take_in(
    home: Home, identity: Identity, linkage: Linkage, path: Path, type_: str, keep: Callable[[bytes, Package], None]
) -> Package:
    """Open a package, keep what it holds, and write that down, in this order.

    Args:
        home: who receives.
        identity: whose key opens it.
        linkage: the linkage it must belong to.
        path: the file.
        type_: what it must be.
        keep: takes the body, and the package whose file may be copied; raises when the body is not what it should be,
            and then nothing was taken in.
    """
    with _private_copy(linkage, path) as copy:
        package = envelope.read(copy)
        card = expect(home, linkage, package)
        body = b"".join(envelope.open_body(package, identity, card, protocol=linkage.protocol.digest, type_=type_))
        keep(body, package)
        header = package.header
        home.ledger.append(
            identity, "receive", protocol=header.protocol, type=header.type, sender=header.sender,
            sequence=header.sequence, package=file_digest(copy), sender_ledger=dict(header.ledger),
        )  # fmt: skip
        return package


@contextmanager
def _private_copy(linkage: Linkage, path: Path) -> Iterator[Path]:
    """The file as it is now: whoever can write in the inbox cannot change it while it is checked and kept."""
    folder = files.folder(linkage.folder / "incoming" / secrets.token_hex(8))
    try:
        with files.atomic(folder / path.name) as stream, opened(path) as original:
            shutil.copyfileobj(original, stream)
        yield folder / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def taken_already(home: Home, digest: str) -> bool:
    """Whether this very file was taken in before."""
    return any(entry.act == "receive" and entry.facts["package"] == digest for entry in home.ledger.entries())


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A file to read, with our error when it cannot be."""
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise InputError(f"cannot read: {error.strerror}", where=path.name) from None


def file_digest(path: Path) -> str:
    """``sha256:<hex>`` of a file, read in pieces."""
    import hashlib

    with opened(path) as stream:
        return canonical.DIGEST_PREFIX + hashlib.file_digest(stream, "sha256").hexdigest()


def _taken(home: Home, header: Header) -> list[Any]:
    return [
        entry
        for entry in home.ledger.entries()
        if entry.act == "receive"
        and entry.protocol == header.protocol
        and entry.facts["sender"] == header.sender
        and entry.facts["type"] == header.type
    ]
