"""Packages: what travels between organisations, sealed to its readers and signed by its sender.

Rules kept here (format in docs/spec/package.md):

- ``magic | header length | header | body | signature``. The header is canonical JSON in clear; the body is a
  Cobblestone-256 stream (C2SP chunked-encryption) under a fresh content key; the content key is wrapped for each
  reader with HPKE (RFC 9180, X25519, HKDF-SHA256, ChaCha20-Poly1305).
- Sender, readers, purpose, protocol and sequence stand inside the HPKE info and, through the header, inside the
  stream's context: a body stripped of its header or signed again by another does not open.
- Nothing comes out unless the signature over all bytes held; the body is decrypted in a second pass.
- No negotiation: one suite per version.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from linkage import canonical, files
from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import InputError, LinkageError, Refused, Untrusted

MAGIC = b"linkage-package v1\n"
PACKAGE_TYPE = "application/vnd.linkage.package.v1"
MAX_HEADER = 1 << 16
CHUNK = 1 << 20
WRAPPED_BYTES = 80
"""HPKE encapsulated key (32), content key (32) and tag (16)."""

MAX_COUNT = 99_999_999
"""Highest sequence and ledger size: a receiver writes them down, and his ledger takes no nine digits."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LINE = re.compile(r"[\w .:-]{1,100}")
"""Words that the header may show: nothing that steers a terminal or names another folder."""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
MAX_PROOFS = 64
"""Most proofs about the sender's ledger, and most hashes in one."""
_SIZE = re.compile(r"[1-9][0-9]{0,7}")
_HASH = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
_CHECKPOINT = re.compile(
    r"linkage/[!-~]{1,8000}\n[1-9][0-9]{0,7}\n[A-Za-z0-9+/]{43}=\n\n— [!-~]{1,8000} [A-Za-z0-9+/]{91}=\n"
)
_KEYS = {"package", "type", "protocol", "sender", "recipients", "sequence", "ledger", "content"}


@dataclass(frozen=True)
class Label:
    """What a package is, as its sender says it."""

    type: str
    """What the body is: ``secret-share``, ``encodings`` or ``release``; or what a party seals to itself."""
    protocol: str
    """Digest of the protocol it belongs to."""
    sequence: int
    """Counts the sender's packages of this type in this linkage, from 1."""
    ledger: Mapping[str, Any]
    """The sender's checkpoint, and proofs that it follows from earlier ones: the receiver becomes its witness
    (`linkage.ledger.witness` makes and judges both; here only their form is refused)."""
    content: Mapping[str, Any]
    """Facts about the body that anyone may know before opening it: counts, never data."""


@dataclass(frozen=True)
class Header(Label):
    """The part of a package that anyone can read, and that its signature covers."""

    sender: str
    """Party id of the sender."""
    sender_card: str
    """Fingerprint of the sender's card."""
    recipients: tuple[tuple[str, str, bytes], ...]
    """Party id, card fingerprint and wrapped content key of each reader."""

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.to_bytes(
            {
                "package": 1,
                "type": self.type,
                "protocol": self.protocol,
                "sender": {"party": self.sender, "card": self.sender_card},
                "recipients": [
                    {"party": party, "card": card, "key": signature.to_text(key)}
                    for party, card, key in self.recipients
                ],
                "sequence": self.sequence,
                "ledger": dict(self.ledger),
                "content": dict(self.content),
            }
        )


@dataclass(frozen=True)
class Package:
    """A package file whose frame has been read; nothing in it is trusted until `verify`."""

    path: Path
    header: Header
    header_bytes: bytes
    body_start: int
    """Offset of the body in the file."""
    body_length: int
    """Bytes of the sealed body."""

    @property
    def name(self) -> str:
        """File name for messages."""
        return self.path.name


def seal(path: Path, body: Iterable[bytes], sender: Identity, recipients: Iterable[Card], label: Label) -> str:
    """Write a package, whole or not at all.

    Args:
        path: final name of the file.
        body: the bytes to seal, in pieces of any size.
        sender: who signs.
        recipients: who can open it.
        label: what it is.

    Returns:
        Digest of the file.

    Raises:
        InputError: the file cannot be written, or the header is too large.
        Untrusted: a reader's card holds no usable key.
    """
    content_key = os.urandom(32)
    wrapped = []
    for card in recipients:
        public = X25519PublicKey.from_public_bytes(card.sealing)
        info = _info(label, sender.card.fingerprint, card.fingerprint)
        try:
            wrapped.append((card.party, card.fingerprint, _SUITE.encrypt(content_key, public, info)))
        except ValueError:  # a point of low order: everybody would know the shared key
            raise Untrusted(f"the sealing key on the card of {card.party} is no key") from None
    full = Header(**vars(label), sender=sender.party, sender_card=sender.card.fingerprint, recipients=tuple(wrapped))
    head = full.to_bytes()
    if len(head) > MAX_HEADER:
        raise InputError(f"header larger than {MAX_HEADER} bytes")
    whole, sealed, length = hashlib.sha256(), hashlib.sha512(), 0
    encryptor = Cobblestone256Encryptor(content_key, hashlib.sha512(head).digest())

    def pieces() -> Iterator[bytes]:
        for piece in body:
            yield encryptor.update(piece)
        yield encryptor.finalize()

    with files.atomic(path) as stream:

        def put(data: bytes) -> None:
            whole.update(data)
            stream.write(data)

        put(MAGIC + struct.pack(">I", len(head)) + head)
        for piece in pieces():
            sealed.update(piece)
            length += len(piece)
            put(piece)
        put(sender.sign(PACKAGE_TYPE, _signed(head, sealed.digest(), length)))
    return canonical.DIGEST_PREFIX + whole.hexdigest()


def read(path: Path) -> Package:
    """Read the frame of a package: enough to show what it claims to be, without opening it.

    Raises:
        InputError: cannot be read, or not a package.
        Untrusted: a package that is truncated or whose header is malformed.
    """
    try:
        with path.open("rb") as stream:
            return _frame(path, stream)
    except OSError as error:
        raise InputError(f"cannot read: {error.strerror}", where=str(path)) from None


def is_package(data: bytes) -> bool:
    """Whether a file that begins with these bytes is a package."""
    return data.startswith(MAGIC)


def verify(package: Package, sender: Card) -> None:
    """Check the sender's signature over header and body.

    Raises:
        Untrusted: the card is not the sender's, or the signature does not hold.
    """
    where = package.name
    if sender.fingerprint != package.header.sender_card or sender.party != package.header.sender:
        raise Untrusted(f"signed with another card than the one trusted for {sender.party}", where=where)
    digest = hashlib.sha512()
    with _body(package) as stream:
        for piece in _pieces(stream, package):
            digest.update(piece)
        signed = stream.read()
    payload = _signed(package.header_bytes, digest.digest(), package.body_length)
    signature.verify(sender.signing, PACKAGE_TYPE, payload, signed, where=where)


def open_body(package: Package, reader: Identity, sender: Card, *, protocol: str, type_: str) -> Iterator[bytes]:
    """Verify a package, and decrypt its body piece by piece.

    Everything is checked before this returns; only the decrypting waits for the caller. The pieces are authentic one
    by one; a caller that must have the whole keeps nothing when this raises.

    Args:
        package: from `read`.
        reader: whose key opens it.
        sender: the trusted card of the sender.
        protocol: digest the package must carry.
        type_: type the package must have.

    Raises:
        Refused: another protocol, another type, or sealed to somebody else.
        Untrusted: the signature or the seal does not hold.
    """
    header, where = package.header, package.name
    if header.protocol != protocol:
        raise Refused(
            f"belongs to another protocol: expected {protocol[:19]}..., got {header.protocol[:19]}...", where=where
        )
    if header.type != type_:
        raise Refused(f"expected a package of type {type_}, got {header.type}", where=where)
    verify(package, sender)
    for _, card, wrapped in header.recipients:
        mine = reader.of(card)
        if mine is not None:
            return _decrypted(package, wrapped, mine)
    others = ", ".join(party for party, _, _ in header.recipients) or "nobody"
    raise Refused(f"not sealed to {reader.party} (this card) but to {others}", where=where)


def _decrypted(package: Package, wrapped: bytes, reader: Identity) -> Iterator[bytes]:
    """The body, from the content key that was wrapped for this reader."""
    info = _info(package.header, package.header.sender_card, reader.card.fingerprint)
    try:
        content_key = _SUITE.decrypt(wrapped, reader.sealing, info)
        decryptor = Cobblestone256Decryptor(content_key, hashlib.sha512(package.header_bytes).digest())
        with _body(package) as stream:
            for piece in _pieces(stream, package):
                yield decryptor.update(piece)
        yield decryptor.finalize()
    except (InvalidTag, ValueError):
        raise Untrusted("the seal does not hold: altered or sealed for another purpose", where=package.name) from None


def _info(label: Label, sender: str, recipient: str) -> bytes:
    """What the content key is bound to (HPKE info)."""
    return canonical.to_bytes(["linkage/pkg/v1", label.type, label.protocol, sender, recipient, label.sequence])


def _signed(header: bytes, body_sha512: bytes, body_length: int) -> bytes:
    return struct.pack(">I", len(header)) + header + body_sha512 + struct.pack(">Q", body_length)


@contextmanager
def _body(package: Package) -> Iterator[BinaryIO]:
    """The file, open at its sealed body."""
    try:
        with package.path.open("rb") as stream:
            stream.seek(package.body_start)
            yield stream
    except OSError as error:
        raise InputError(f"cannot read: {error.strerror}", where=str(package.path)) from None


def _pieces(stream: BinaryIO, package: Package) -> Iterator[bytes]:
    length = package.body_length
    while length:
        piece = stream.read(min(CHUNK, length))
        if not piece:
            raise Untrusted("truncated while it was read", where=package.name)
        length -= len(piece)
        yield piece


def _frame(path: Path, stream: BinaryIO) -> Package:
    where = path.name
    if stream.read(len(MAGIC)) != MAGIC:
        raise InputError("not a linkage package (version 1)", where=where)
    head_length = int.from_bytes(stream.read(4), "big")
    if not 0 < head_length <= MAX_HEADER:
        raise Untrusted("header length out of range: damaged or altered", where=where)
    head = stream.read(head_length)
    start = stream.tell()
    length = stream.seek(0, os.SEEK_END) - start - signature.SIGNATURE_BYTES
    if len(head) < head_length or length <= 0:
        raise Untrusted("truncated: the file ends too early", where=where)
    return Package(path, _header(head, where), head, start, length)


def _header(head: bytes, where: str) -> Header:
    try:
        value = canonical.from_bytes(head)
        if set(value) != _KEYS or value["package"] != 1:
            raise ValueError
        header = Header(
            type=_text(value["type"], _NAME),
            protocol=_text(value["protocol"], _DIGEST),
            sequence=_count(value["sequence"], 1),
            ledger=_ledger(value["ledger"]),
            content={_text(name, _LINE): _fact(fact) for name, fact in value["content"].items()},
            sender=_text(value["sender"]["party"], _NAME),
            sender_card=_text(value["sender"]["card"], _DIGEST),
            recipients=tuple(
                (
                    _text(r["party"], _NAME),
                    _text(r["card"], _DIGEST),
                    signature.from_text(r["key"], WRAPPED_BYTES, where=where),
                )
                for r in value["recipients"]
            ),
        )
        if header.to_bytes() != head:
            raise ValueError
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted("malformed header: damaged or altered", where=where) from None
    return header


def _ledger(value: Any) -> dict[str, Any]:
    if set(value) != {"checkpoint", "proofs"} or len(value["proofs"]) > MAX_PROOFS:
        raise ValueError
    for size, proof in value["proofs"].items():
        if not _SIZE.fullmatch(size) or len(proof) > MAX_PROOFS:
            raise ValueError
    proofs = {size: [_text(part, _HASH) for part in proof] for size, proof in value["proofs"].items()}
    return {"checkpoint": _text(value["checkpoint"], _CHECKPOINT), "proofs": proofs}


def _count(value: Any, lowest: int) -> int:
    if type(value) is not int or not lowest <= value <= MAX_COUNT:
        raise ValueError
    return value


def _text(value: Any, form: re.Pattern[str]) -> str:
    if not form.fullmatch(value):
        raise ValueError
    return str(value)


def _fact(value: Any) -> int | str:
    return _count(value, 0) if isinstance(value, int) else _text(value, _LINE)
