"""The linkage secret: made of a share of every custodian, and the subkeys made of it.

Rules kept here (docs/spec/secret.md):

- One linkage, one secret; it is held by the custodians and never by the linkage unit, whose code cannot import
  this module (import contract in pyproject.toml).
- A share is bound by its commitment before any share is shown, so that nobody can choose his own to suit the rest:
  with one honest custodian the secret is uniform (tests/crypto/test_secret.py plays the one who tries).
- The secret itself keys nothing. Every use has its own subkey: HKDF-Expand (RFC 5869) under a label that holds
  purpose, field and protocol digest, so that tokens of two linkages or two fields are unrelated.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from linkage import canonical
from linkage.crypto import signature
from linkage.errors import InputError, Untrusted

SECRET_BYTES = 32
"""Of a share and of the linkage secret."""
_LABEL = b"linkage/v1"
_SHARE, _SECRET = "linkage/share/v1", "linkage/secret/v1"


@dataclass(frozen=True)
class Committed:
    """What a custodian bound itself to when it signed the protocol."""

    party: str
    card: str
    """Fingerprint of its card, as the protocol names it."""
    commitment: str
    """``sha256:<hex>``, see `commitment`."""


def create() -> bytes:
    """A new share, or a whole secret for who needs no ceremony: 32 bytes from the operating system's generator."""
    return os.urandom(SECRET_BYTES)


def commitment(share: bytes, protocol_digest: str, party: str, card: str) -> str:
    """What binds a custodian to its share without showing it: ``sha256:<hex>``.

    SHA-256 hides 32 uniformly random bytes and binds by its collision resistance. Party and card stand inside, so
    that the commitment of another cannot be copied: its owner could not open it as one's own.

    Args:
        share: 32 uniformly random bytes.
        protocol_digest: digest of the protocol.
        party: who commits.
        card: fingerprint of its card.

    Raises:
        InputError: the share does not have 32 bytes.
    """
    if len(share) != SECRET_BYTES:
        raise InputError(f"a share of the linkage secret has {SECRET_BYTES} bytes")
    return canonical.digest([_SHARE, protocol_digest, party, card, signature.to_text(share)])


def opens(share: bytes, committed: Committed, protocol_digest: str) -> bool:
    """Whether this is the share that was committed to."""
    found = commitment(share, protocol_digest, committed.party, committed.card)
    return hmac.compare_digest(found, committed.commitment)


def combine(shares: Mapping[str, bytes], committed: Sequence[Committed], protocol_digest: str) -> bytes:
    """The linkage secret of all shares: 32 bytes, the same for everyone who saw the same commitments.

    HKDF-SHA256 (RFC 5869) over the shares in the order of party ids, without salt; info is the canonical JSON of label,
    protocol digest, and party, card and commitment of every custodian.

    Args:
        shares: party id to its share.
        committed: what each custodian bound itself to, in any order.
        protocol_digest: digest of the signed protocol.

    Raises:
        InputError: fewer than two custodians, one of them twice, or a share missing or too many.
        Untrusted: a share is not the one that was committed to.
    """
    every = sorted(committed, key=lambda one: one.party)
    parties = [one.party for one in every]
    if len(set(parties)) < max(2, len(parties)) or set(shares) != set(parties):
        raise InputError(f"expected one share of each of two or more custodians, got {len(shares)} of {len(parties)}")
    for one in every:
        if not opens(shares[one.party], one, protocol_digest):
            raise Untrusted(f"the share of {one.party} is not the one that it committed to when it signed")
    info = canonical.to_bytes([_SECRET, protocol_digest, [[one.party, one.card, one.commitment] for one in every]])
    return hkdf(b"".join(shares[party] for party in parties), "SHA256", b"", info, SECRET_BYTES)


def check(secret: bytes, protocol_digest: str) -> str:
    """A value by which holders of the secret see that theirs is the same: ``sha256:<hex>`` of a subkey of its own.

    It tells nothing of the secret, so that the linkage unit may compare it. It is no proof of holding the secret: who
    has seen it can repeat it.
    """
    return canonical.digest_bytes(subkey(secret, protocol_digest, "check", ""))


def subkey(secret: bytes, protocol_digest: str, purpose: str, field: str) -> bytes:
    """The key for one purpose and field of one linkage: 32 bytes.

    Args:
        secret: the linkage secret, 32 uniformly random bytes (so HKDF-Extract may be left out, RFC 5869 section 3.3).
        protocol_digest: digest of the signed protocol.
        purpose: ``token``, ``clk``, ``hardened``, ``category`` or ``check``.
        field: field name; empty for ``check``.

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
