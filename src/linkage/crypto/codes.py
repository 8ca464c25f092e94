"""Codes of categories that travel blinded.

Rules kept here (docs/spec/encoding.md, "Blinded categories"):

- Whoever holds the linkage secret makes the same codes, so that the categories of two custodians agree; the linkage
  unit, which cannot import the secret, sees which rows have the same code, and no more.
- Every order of the values is equally likely, and each field of each linkage has its own.
"""

from __future__ import annotations

import hmac

from linkage.crypto.secret import subkey


def codes(secret: bytes, protocol_digest: str, field: str, count: int) -> tuple[int, ...]:
    """The code of each value of a field: a permutation of 0 to ``count - 1`` in the order of the protocol's values.

    A value's code is its rank when all are sorted by HMAC-SHA256 of their place under the field's ``category`` subkey:
    the outputs of a PRF are in any order with the same chance (tests/crypto/test_codes.py).

    Args:
        secret: the linkage secret, 32 bytes.
        protocol_digest: digest of the signed protocol.
        field: field name.
        count: how many values it has, at most 32,767.
    """
    key = subkey(secret, protocol_digest, "category", field)
    order = sorted(range(count), key=lambda place: hmac.digest(key, place.to_bytes(2, "big"), "sha256"))
    found = [0] * count
    for code, place in enumerate(order):
        found[place] = code
    return tuple(found)
