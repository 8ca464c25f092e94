"""The linkage secret: every use has a key of its own."""

from __future__ import annotations

import hmac
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.crypto import secret
from linkage.errors import InputError

SECRET = bytes(range(32))
DIGEST = "sha256:" + "ab" * 32


def by_hand(key: bytes, info: bytes) -> bytes:
    """The first block of HKDF-Expand, RFC 5869 section 2.3: T(1) = HMAC(PRK, info | 0x01)."""
    return hmac.digest(key, info + b"\x01", "sha256")


def test_a_subkey_is_what_rfc_5869_says() -> None:
    info = b"linkage/v1\0token\0bsn\0" + DIGEST.encode()
    assert secret.subkey(SECRET, DIGEST, "token", "bsn") == by_hand(SECRET, info)
    assert (
        secret.subkey(SECRET, DIGEST, "token", "bsn").hex()
        == "76c4c433f6a41d80dfc036786a400ba50a679e3e956b60418516771ccce150a3"
    )


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)


@given(st.binary(min_size=32, max_size=32), WORD, WORD)
def test_every_subkey_is_what_rfc_5869_says(key: bytes, purpose: str, field: str) -> None:
    info = b"\0".join([b"linkage/v1", purpose.encode(), field.encode(), DIGEST.encode()])
    assert secret.subkey(key, DIGEST, purpose, field) == by_hand(key, info)


def test_no_two_uses_share_a_key() -> None:
    digests = [DIGEST, "sha256:" + "ab" * 31 + "ac"]
    uses = list(
        itertools.product([SECRET, bytes(32)], digests, ["token", "clk", "tokenb"], ["bsn", "surname", "sn", "b"])
    )
    keys = {secret.subkey(*use) for use in uses}
    assert len(keys) == len(uses)
    assert all(len(key) == 32 for key in keys)
    assert SECRET not in keys


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="a linkage secret has 32 bytes"):
        secret.subkey(bytes(length), DIGEST, "token", "bsn")


def test_a_new_secret_is_new_every_time() -> None:
    made = {secret.create() for _ in range(100)}
    assert (len(made), {len(one) for one in made}) == (100, {32})
