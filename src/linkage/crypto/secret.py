"""The linkage secret, and the subkeys made of it.

Rules kept here:

- One linkage, one secret; it is held by the custodians and never by the linkage unit, whose code cannot import
  this module (import contract in pyproject.toml).
- The secret itself keys nothing. Every use has its own subkey: HKDF-Expand (RFC 5869) under a label that holds
  purpose, field and protocol digest, so that tokens of two linkages or two fields are unrelated.
"""

from __future__ import annotations

import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from linkage.errors import InputError

SECRET_BYTES = 32
_LABEL = b"linkage/v1"


def create() -> bytes:
    """A new linkage secret: 32 bytes from the operating system's generator."""
    return os.urandom(SECRET_BYTES)


def subkey(secret: bytes, protocol_digest: str, purpose: str, field: str) -> bytes:
    """The key for one purpose and field of one linkage: 32 bytes.

    Args:
        secret: the linkage secret, 32 uniformly random bytes (so HKDF-Extract may be left out, RFC 5869 section 3.3).
        protocol_digest: digest of the signed protocol.
        purpose: ``token``, ``clk`` or ``hardened``.
        field: field name.

    Raises:
        InputError: the secret does not have 32 bytes.
    """
    if len(secret) != SECRET_BYTES:
        raise InputError(f"a linkage secret has {SECRET_BYTES} bytes; make one with linkage.crypto.secret.create()")
    info = b"\0".join([_LABEL, purpose.encode(), field.encode(), protocol_digest.encode()])
    return HKDFExpand(algorithm=hashes.SHA256(), length=32, info=info).derive(secret)


def hkdf(secret: bytes, hash_name: str, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF (RFC 5869) for formats of others; our own subkeys come from `subkey`.

    Args:
        secret: the input keying material.
        hash_name: ``SHA256`` or ``SHA512``.
        salt: may be empty.
        info: may be empty.
        length: bytes wanted.
    """
    algorithm = {"SHA256": hashes.SHA256(), "SHA512": hashes.SHA512()}[hash_name]
    return HKDF(algorithm=algorithm, length=length, salt=salt or None, info=info).derive(secret)
