"""Packages: what travels between organisations, sealed to its readers and signed by its sender.

Rules kept here (format in docs/spec/package.md):

- ``magic | header length | header | body | list | signature``. The header is canonical JSON in clear; the body is a
  Cobblestone-256 stream (C2SP chunked-encryption) under a fresh content key; the content key is wrapped for each
  reader with HPKE (RFC 9180, X25519, HKDF-SHA256, ChaCha20-Poly1305).
- Sender, readers, purpose, protocol and sequence stand inside the HPKE info and, through the header, inside the
  stream's context: a body stripped of its header or signed again by another does not open.
- Nothing comes out but what the sender signed: the signature covers the header, the length and a list of the BLAKE3
  digests of the body's segments; it is checked first, and each segment before it is decrypted. So a package is read
  once, however large. (SHA-2 would take many times as long as the sealing itself.)
- No negotiation: one suite per version.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from linkage import canonical, files
from linkage.crypto import signature, stream
from linkage.crypto.card import Card
from linkage.crypto.header import MAX_HEADER, Header, Label, from_bytes
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused, Untrusted

MAGIC = b"linkage-package v1\n"
SEGMENT = 1 << 20
"""Bytes of the sealed body that one digest of the list stands for; the last segment may be shorter."""
LISTED = 32
"""Bytes of one digest of the list."""
PACKAGE_TYPE = "application/vnd.linkage.package.v1"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


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
    def segments(self) -> int:
        """How many digests the list has."""
        return -(-self.body_length // SEGMENT)

    @property
    def name(self) -> str:
        """File name for messages."""
        return self.path.name


def seal(path: Path, body: Iterable[bytes], sender: Identity, recipients: Iterable[Card], label: Label) -> None:
    """Write a package, whole or not at all.

    Args:
        path: final name of the file.
        body: the bytes to seal, in pieces of any size.
        sender: who signs.
        recipients: who can open it.
        label: what it is.

    Raises:
        InputError: the file cannot be written, or the header is too large.
        Untrusted: a reader's card holds no usable key.
    """
    content_key = os.urandom(32)
    wrapped = []
    for card in recipients:
        info = _info(label, sender.card.fingerprint, card.fingerprint)
        try:
            wrapped.append((card.party, card.fingerprint, wrap(content_key, card.sealing, info)))
        except ValueError:
            raise Untrusted(f"the sealing key on the card of {card.party} is no key") from None
    full = Header(**vars(label), sender=sender.party, sender_card=sender.card.fingerprint, recipients=tuple(wrapped))
    head = full.to_bytes()
    if len(head) > MAX_HEADER:
        raise InputError(f"header larger than {MAX_HEADER} bytes")
    listing = _Listing()
    with files.atomic(path) as file:
        file.write(MAGIC + struct.pack(">I", len(head)) + head)
        for piece in stream.encrypt(content_key, hashlib.sha512(head).digest(), body):
            file.write(piece)
            listing.update(piece)
        file.write(listing.to_bytes())
        file.write(sender.sign(PACKAGE_TYPE, signed_part(head, listing.to_bytes(), listing.length)))


def read(path: Path) -> Package:
    """Read the frame of a package: enough to show what it claims to be, without opening it.

    Raises:
        InputError: cannot be read, or not a package.
        Untrusted: a package that is truncated or whose header is malformed.
    """
    try:
        with path.open("rb") as file:
            return _frame(path, file)
    except OSError as error:
        raise InputError(f"cannot read: {error.strerror}", where=str(path)) from None


def is_package(data: bytes) -> bool:
    """Whether a file that begins with these bytes is a package."""
    return data.startswith(MAGIC)


def verify(package: Package, sender: Card) -> None:
    """Check all bytes of a package without opening it.

    Raises:
        Untrusted: the card is not the sender's, or the signature does not hold.
    """
    for _ in _segments(package, check_signature(package, sender)):
        pass


def check_signature(package: Package, sender: Card) -> bytes:
    """Check the sender's signature over header and list. Returns the list, for the body to be checked against.

    Raises:
        Untrusted: the card is not the sender's, or the signature does not hold.
    """
    where = package.name
    if sender.fingerprint != package.header.sender_card or sender.party != package.header.sender:
        raise Untrusted(f"signed with another card than the one trusted for {sender.party}", where=where)
    with _at(package, package.body_start + package.body_length) as file:
        listing = file.read(LISTED * package.segments)
        signed = file.read(signature.SIGNATURE_BYTES + 1)
    payload = signed_part(package.header_bytes, listing, package.body_length)
    signature.verify(sender.signing, PACKAGE_TYPE, payload, signed, where=where)
    return listing


def open_body(package: Package, reader: Identity, sender: Card, *, protocol: str, type_: str) -> Iterator[bytes]:
    """Check a package, and decrypt its body piece by piece.

    The signature, the label and the reader are checked before this returns. Every piece is what the sender signed, in
    its place; a caller that must have the whole keeps nothing when drawing the pieces raises.

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
    listing = check_signature(package, sender)
    for _, card, wrapped in header.recipients:
        mine = reader.of(card)
        if mine is not None:
            return _decrypted(package, wrapped, mine, listing)
    others = ", ".join(party for party, _, _ in header.recipients) or "nobody"
    raise Refused(f"not sealed to {reader.party} (this card) but to {others}", where=where)


def _decrypted(package: Package, wrapped: bytes, reader: Identity, listing: bytes) -> Iterator[bytes]:
    """The body, from the content key that was wrapped for this reader."""
    info = _info(package.header, package.header.sender_card, reader.card.fingerprint)
    try:
        content_key = unwrap(wrapped, reader.sealing, info)
    except ValueError:
        raise Untrusted("the seal does not hold: altered or sealed for another purpose", where=package.name) from None
    context = hashlib.sha512(package.header_bytes).digest()
    yield from stream.decrypt(content_key, context, _segments(package, listing), where=package.name)


def wrap(content_key: bytes, public: bytes, info: bytes) -> bytes:
    """Encapsulated key and ciphertext of HPKE: the content key for the holder of one X25519 key.

    Raises:
        ValueError: a point of low order: everybody would know the shared key.
    """
    return _SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(public), info)


def unwrap(wrapped: bytes, private: X25519PrivateKey, info: bytes) -> bytes:
    """What `wrap` wrapped.

    Raises:
        ValueError: another key or info, altered, or a point of low order.
    """
    try:
        return _SUITE.decrypt(wrapped, private, info)
    except InvalidTag:
        raise ValueError("the key does not unwrap") from None


def _info(label: Label, sender: str, recipient: str) -> bytes:
    """What the content key is bound to (HPKE info)."""
    return canonical.to_bytes(["linkage/pkg/v1", label.type, label.protocol, sender, recipient, label.sequence])


def signed_part(header: bytes, listing: bytes, body_length: int) -> bytes:
    """What the sender signs: the header, and the sealed body by its list and its length."""
    return struct.pack(">I", len(header)) + header + hashlib.sha512(listing).digest() + struct.pack(">Q", body_length)


class _Listing:
    """The digests of the segments of a body that comes in pieces."""

    def __init__(self) -> None:
        self.length = 0
        self._digests: list[bytes] = []
        self._open = blake3()

    def update(self, piece: bytes) -> None:
        """Take more of the body."""
        view = memoryview(piece)
        while view:
            part = view[: SEGMENT - self.length % SEGMENT]
            self._open.update(part)
            self.length += len(part)
            view = view[len(part) :]
            if self.length % SEGMENT == 0:
                self._digests.append(self._open.digest())
                self._open = blake3()

    def to_bytes(self) -> bytes:
        """The list of the body so far."""
        rest = [self._open.digest()] if self.length % SEGMENT else []
        return b"".join(self._digests + rest)


@contextmanager
def _at(package: Package, offset: int) -> Iterator[BufferedReader]:
    """The file, open at an offset."""
    try:
        with package.path.open("rb") as file:
            file.seek(offset)
            yield file
    except OSError as error:
        raise InputError(f"cannot read: {error.strerror}", where=str(package.path)) from None


def _segments(package: Package, listing: bytes) -> Iterator[memoryview]:
    """The sealed body, each segment compared with the list first; it is good until the next one is asked for."""
    buffer = memoryview(bytearray(min(SEGMENT, package.body_length)))
    with _at(package, package.body_start) as file:
        for number in range(package.segments):
            length = file.readinto(buffer[: package.body_length - number * SEGMENT])
            segment = buffer[:length]
            if blake3(segment).digest() != listing[number * LISTED :][:LISTED]:
                raise Untrusted("the body is not the one that was signed: altered or damaged", where=package.name)
            yield segment


def _frame(path: Path, file: BufferedReader) -> Package:
    where = path.name
    if file.read(len(MAGIC)) != MAGIC:
        raise InputError("not a linkage package (version 1)", where=where)
    head_length = int.from_bytes(file.read(4), "big")
    if not 0 < head_length <= MAX_HEADER:
        raise Untrusted("header length out of range: damaged or altered", where=where)
    head = file.read(head_length)
    start = file.tell()
    rest = file.seek(0, os.SEEK_END) - start - signature.SIGNATURE_BYTES
    length = rest - LISTED * -(-rest // (SEGMENT + LISTED))
    if len(head) < head_length or length <= 0:
        raise Untrusted("truncated: the file ends too early", where=where)
    return Package(path, from_bytes(head, where=where), head, start, length)
