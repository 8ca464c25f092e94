"""How a package leaves and how one comes in: the same for every role.

Rules kept here:

- What is sent, and that it is sent, is written to the ledger before its package is sealed, so the checkpoint in the
  package's header holds it, and its number is nobody else's; the file's digest follows in an entry of its own.
- A package is taken in once: a number of the same sender, type and linkage that was taken in is a replay.
- A body goes through in pieces, out and in, so that its size does not matter; small ones come whole (`take_in`).
- What the header shows of the sender's ledger must follow from what was seen of it; it is written down, and so the
  receiver is its witness.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from linkage import canonical, files
from linkage.crypto import envelope
from linkage.crypto.card import Card
from linkage.crypto.envelope import Package
from linkage.crypto.header import Header, Label
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused, Untrusted
from linkage.ledger import witness
from linkage.ledger.entries import Entry
from linkage.protocol.model import Protocol
from linkage.roles import agreement
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

SHARE, ENCODINGS, CODEBOOK, RELEASE = "secret-share", "encodings", "codebook", "release"
CHECK = "secret-check"
"""What the header of encodings says of the linkage secret they were made with: equal where the secret is."""
KEYS = "keys"
"""What it says of the key-holders' public keys, where numbers are made tokens with them: equal where the keys are."""
MOST_AT_ONCE = 1 << 28
"""Bytes of a body that is taken in whole; a larger one is refused where it should be small."""


@dataclass(frozen=True)
class Letter:
    """What is to be sealed."""

    type: str
    """`SHARE`, `ENCODINGS`, `CODEBOOK` or `RELEASE`."""
    readers: Sequence[Card]
    """Who can open it."""
    body: bytes | Iterable[bytes] = field(repr=False)
    """Whole, or in pieces that are made when they are asked for."""
    content: Mapping[str, Any] = field(default_factory=dict)
    """Facts that the header shows to everyone."""
    counted: Callable[[], Mapping[str, int]] | None = field(default=None, repr=False)
    """Counts for the ledger that are known once the body is drawn."""
    sealed: Callable[[str], None] | None = field(default=None, repr=False)
    """Called with the digest of the file before it lies where it may be fetched: for what must be kept beside it."""


def send(home: Home, identity: Identity, linkage: Linkage, letter: Letter, path: Path) -> str:
    """Write down that a package is sent, and seal it. Returns the digest of the file."""
    digest, ledger = linkage.protocol.digest, home.ledger
    readers = [card.party for card in letter.readers]
    with ledger.held():
        sequence = 1 + max(
            (
                e.facts["sequence"]
                for e in ledger.entries()
                if e.act == witness.SEND and e.protocol == digest and e.facts["type"] == letter.type
            ),
            default=0,
        )
        ledger.append(identity, witness.SEND, protocol=digest, type=letter.type, sequence=sequence, to=readers)
        told = witness.tell(ledger.entries(), identity.card, readers)
    label = Label(letter.type, digest, sequence, told, letter.content)
    body = [letter.body] if isinstance(letter.body, bytes) else letter.body
    staged = files.folder(linkage.folder / "outgoing") / f"{secrets.token_hex(8)}.package"
    try:
        envelope.seal(staged, body, identity, letter.readers, label)
        sealed = file_digest(staged)  # before it lies where others may fetch it
        if letter.sealed is not None:
            letter.sealed(sealed)
        files.move(staged, path)
    finally:
        staged.unlink(missing_ok=True)
    ledger.append(
        identity, witness.SEALED, protocol=digest, type=letter.type, sequence=sequence, package=sealed,
        **({} if letter.counted is None else {"counts": dict(letter.counted())}),
    )  # fmt: skip
    return sealed


def sender_of(home: Home, linkage: Linkage, package: Package) -> Card:
    """The card that a package is signed with, when it serves under the protocol. Checks no signature.

    Raises:
        Refused: another protocol, a sender the protocol does not name, or a card that has ended.
        Untrusted: a card that does not serve under the protocol.
    """
    header, protocol = package.header, linkage.protocol
    if header.protocol != protocol.digest:
        raise Refused(f"belongs to another protocol than {linkage.folder.name}", where=package.name)
    party = protocol.party(header.sender)
    return agreement.serving(home, protocol, party.id, header.sender_card)


def announced(protocol: Protocol, party_id: str, rows: int) -> dict[str, Any]:
    """What the header of a package of encodings says of its body: rows, the wave where there are waves, and the bytes
    of a cell of each column."""
    widths = protocol.layout(party_id).widths
    return {"rows": rows, **protocol.wave, **{f"column {name}": f"{width} bytes" for name, width in widths.items()}}


def keys(header: Header) -> dict[str, str]:
    """What the header of a package of encodings says of the secrets that its tokens were made with."""
    return {name: str(header.content[name]) for name in (CHECK, KEYS) if name in header.content}


def rows_of(header: Header, protocol: Protocol, *, where: str) -> int:
    """The rows that a header of encodings announces, when they are within the quota and all else is as agreed.

    Raises:
        Refused: no custodian, more rows than its quota, or nothing said of the linkage secret.
        Untrusted: the header announces no rows, or other columns than the protocol prescribes.
    """
    said, party = dict(header.content), header.sender
    rows = said.get("rows")
    if not isinstance(rows, int):
        raise Untrusted("the header announces no number of rows", where=where)
    within_quota(protocol, party, rows, where=where)
    if said.get("wave") != protocol.wave.get("wave"):
        raise Refused(
            f"is of wave {said.get('wave', 'none')}, and this is wave {protocol.wave.get('wave', 'none')}",
            where=where,
            hint="A wave ends where the next begins. Let its sender tokenise again.",
        )
    if said.pop(CHECK, None) is None:
        raise Refused("does not say by which linkage secret it was made", where=where)
    if protocol.oprf_stages_of(party) and said.pop(KEYS, None) is None:
        raise Refused("does not say by which keys of the key-holders it was made", where=where)
    if said != announced(protocol, party, rows):
        raise Untrusted(f"announces other columns than the protocol prescribes for {party}", where=where)
    return rows


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

    Raises:
        Refused, Untrusted: see `take_in_pieces`; also a body larger than `MOST_AT_ONCE`.
    """

    def whole(pieces: Iterator[bytes], package: Package) -> None:
        if package.body_length > MOST_AT_ONCE:
            raise Refused(f"a {type_} package of {package.body_length:,} bytes: far too large", where=package.name)
        keep(b"".join(pieces), package)

    return take_in_pieces(home, identity, linkage, path, type_, whole)


def take_in_pieces(
    home: Home,
    identity: Identity,
    linkage: Linkage,
    path: Path,
    type_: str,
    keep: Callable[[Iterator[bytes], Package], None],
) -> Package:
    """The same for a body of any size: `keep` draws it in pieces, and keeps nothing of it for good before their end.

    Raises:
        Refused: another protocol or type, a sender or card that the protocol does not name, not sealed to this home,
            or a repeat.
        Untrusted: the signature or the seal does not hold; or what the package shows of its sender's ledger does not
            follow from what was seen of it. That it was shown is then written down.
    """
    with _private_copy(linkage, path) as copy:
        package = envelope.read(copy)
        card = sender_of(home, linkage, package)
        pieces = envelope.open_body(package, identity, card, protocol=linkage.protocol.digest, type_=type_)
        digest = file_digest(copy)
        _follows(home, identity, package, card, digest)
        keep(pieces, package)
        for _ in pieces:  # what was not drawn must hold too
            pass
        header = package.header
        with home.ledger.held():  # once more: another process may have taken something in meanwhile
            seen = _follows(home, identity, package, card, digest)
            home.ledger.append(
                identity, witness.RECEIVE, protocol=header.protocol, type=header.type, sender=header.sender,
                sequence=header.sequence, package=digest, **seen,
            )  # fmt: skip
        return package


def _follows(home: Home, identity: Identity, package: Package, card: Card, digest: str) -> Mapping[str, Any]:
    """What is to be written down of the sender's ledger, when package and ledger follow from what was taken in.

    Raises:
        Untrusted: the ledger does not; the evidence is in the own ledger, once.
        Refused: the package's number was taken in already.
    """
    header = package.header
    with home.ledger.held():
        entries = home.ledger.entries()
        judged = witness.judge(entries, card, header.ledger, where=package.name)
        known = any(e.act == witness.REFUSE and e.facts["package"] == digest for e in entries)
        if judged.why and not known:
            home.ledger.append(
                identity, witness.REFUSE, protocol=header.protocol, sender=header.sender, package=digest, **judged.facts
            )
    judged.refuse(header.sender, package.name)
    _refuse_repeat(entries, package)
    return judged.facts


def _refuse_repeat(entries: Sequence[Entry], package: Package) -> None:
    header = package.header
    taken = [
        entry.facts["sequence"]
        for entry in entries
        if entry.act == witness.RECEIVE
        and entry.protocol == header.protocol
        and entry.facts["sender"] == header.sender
        and entry.facts["type"] == header.type
    ]
    # new encodings replace older ones, so an older number is refused too; releases may come in any order
    if header.sequence in taken or (header.type == ENCODINGS and header.sequence < max(taken, default=0)):
        raise Refused(
            f"number {header.sequence} of the {header.type} packages of {header.sender}, but number {max(taken)} was "
            "taken in already: a repeat or an older one",
            where=package.name,
        )


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
    return any(entry.act == witness.RECEIVE and entry.facts["package"] == digest for entry in home.ledger.entries())


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
