"""Signatures over typed bytes, and over notes.

Rules kept here:

- What is signed is the DSSE pre-authentication encoding of type and bytes, so that a signature over one kind of
  thing never holds for another (secure-systems-lab/dsse, protocol.md, version 1).
- A note (C2SP signed-note) is signed as it stands, because others verify it too. Its text begins with `NOTE_START`,
  which no pre-authentication encoding does, so one key can sign both and neither passes for the other.
- Bytes are verified as they came, and only then read.
- A key of small order is no key: signatures under it hold for many messages and can be made by anyone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from linkage.errors import Untrusted

SIGNATURE_BYTES = 64
NOTE_START = b"linkage/"
"""How every note that is signed here begins; a pre-authentication encoding begins with ``DSSEv1``."""
NOTE_KIND = b"\x01"
"""Signature type of Ed25519 in notes (C2SP signed-note, "Signature types")."""
_SMALL = frozenset(
    bytes.fromhex(text)
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
"""The points of small order of Curve25519 in every spelling, without the bit of their sign (as libsodium has them)."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE v1 pre-authentication encoding: ``DSSEv1 len type len payload``."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(key: Ed25519PrivateKey, payload_type: str, payload: bytes) -> bytes:
    """Sign bytes of a type with Ed25519 (RFC 8032). Returns 64 bytes."""
    return key.sign(pae(payload_type, payload))


def verify(public_key: bytes, payload_type: str, payload: bytes, signature: bytes, *, where: str) -> None:
    """Check a signature.

    Args:
        public_key: 32 bytes, Ed25519.
        payload_type: the type that the signer must have meant.
        payload: the bytes as they came.
        signature: 64 bytes.
        where: what is being checked, for the message.

    Raises:
        Untrusted: the signature does not hold.
    """
    try:
        if public_key[:31] + bytes([public_key[31] & 0x7F]) in _SMALL:
            raise ValueError("small order")
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, pae(payload_type, payload))
    except (InvalidSignature, ValueError, IndexError):
        raise Untrusted("the signature does not hold: altered, damaged, or signed by another", where=where) from None


def sign_note(key: Ed25519PrivateKey, text: bytes) -> bytes:
    """Sign the text of a note (C2SP signed-note, "Ed25519 signatures"). Returns 64 bytes.

    Raises:
        ValueError: the text does not begin as notes of ours do.
    """
    if not text.startswith(NOTE_START):
        raise ValueError("a note begins with its origin")
    return key.sign(text)


def verify_note(public_key: bytes, text: bytes, signature: bytes, *, where: str) -> None:
    """Check the signature of a note.

    Raises:
        Untrusted: it does not hold, or the text could be another kind of thing.
    """
    try:
        if text.startswith(b"DSSEv1 "):
            raise ValueError
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
    except (InvalidSignature, ValueError):
        raise Untrusted("the signature does not hold: altered, damaged, or signed by another", where=where) from None


def note_key_id(name: str, public_key: bytes) -> bytes:
    """The four bytes by which a note names a key (C2SP signed-note, "Signatures")."""
    return hashlib.sha256(name.encode() + b"\n" + NOTE_KIND + public_key).digest()[:4]


def to_text(data: bytes) -> str:
    """Bytes as base64 (RFC 4648, with padding)."""
    return base64.b64encode(data).decode("ascii")


def from_text(text: object, length: int, *, where: str) -> bytes:
    """Base64 of exactly `length` bytes, in its one canonical spelling.

    Raises:
        Untrusted: not text, not base64, another length, or a second spelling of the same bytes.
    """
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != length or to_text(data) != text:
        raise Untrusted(f"expected base64 of {length} bytes", where=where)
    return data
