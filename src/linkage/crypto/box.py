"""Small secrets at rest: XChaCha20-Poly1305 under a key of 32 bytes.

Rule kept here: the nonce is drawn for every box (24 bytes, so that draws never meet) and stands before the ciphertext.
"""

from __future__ import annotations

from nacl.exceptions import CryptoError
from nacl.secret import Aead

NONCE, TAG = 24, 16
"""Bytes that a box has beside its content."""


def close(key: bytes, content: bytes, associated: bytes) -> bytes:
    """Nonce, ciphertext and tag.

    Args:
        key: 32 bytes.
        content: what is kept secret.
        associated: what is only bound to it.
    """
    return bytes(Aead(key).encrypt(content, associated))


def opened(key: bytes, box: bytes, associated: bytes) -> bytes:
    """The content of a box.

    Raises:
        ValueError: another key, other associated bytes, or altered.
    """
    try:
        return Aead(key).decrypt(box, associated)
    except CryptoError:
        raise ValueError("the box does not open") from None
