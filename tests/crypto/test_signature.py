"""Signatures hold for one type, one payload and one key, in one spelling."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from linkage.crypto import signature
from linkage.errors import Untrusted

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
KIND, PAYLOAD = "application/vnd.linkage.test", b"what was agreed"
SIGNED = signature.sign(KEY, KIND, PAYLOAD)


def holds(public: bytes = PUBLIC, kind: str = KIND, payload: bytes = PAYLOAD, signed: bytes = SIGNED) -> bool:
    try:
        signature.verify(public, kind, payload, signed, where="here")
    except Untrusted:
        return False
    return True


def flips(data: bytes) -> list[bytes]:
    return [data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :] for i in range(len(data)) for bit in range(8)]


def test_a_signature_holds() -> None:
    assert holds()


def test_a_refusal_names_what_was_checked() -> None:
    with pytest.raises(Untrusted, match="here: the signature does not hold"):
        signature.verify(PUBLIC, KIND, PAYLOAD, bytes(64), where="here")


def test_a_flipped_bit_anywhere_in_signature_payload_or_key_does_not_hold() -> None:
    assert not any(holds(signed=flipped) for flipped in flips(SIGNED))
    assert not any(holds(payload=flipped) for flipped in flips(PAYLOAD))
    assert not any(holds(public=flipped) for flipped in flips(PUBLIC))


def test_a_signature_over_another_type_does_not_hold() -> None:
    assert not holds(kind=KIND + "x")
    assert not holds(kind="")
    # a type and a payload that run into each other are not the ones that were signed
    assert not holds(kind=KIND + " 15 what", payload=b"was agreed")


def test_a_signature_over_the_bare_payload_does_not_hold() -> None:
    assert not holds(signed=KEY.sign(PAYLOAD))


@pytest.mark.parametrize("signed", [b"", SIGNED[:-1], SIGNED + b"\0", SIGNED * 2, bytes(64)])
def test_a_signature_of_another_length_does_not_hold(signed: bytes) -> None:
    assert not holds(signed=signed)


@pytest.mark.parametrize("public", [b"", PUBLIC[:-1], PUBLIC + b"\0", bytes(31) + b"\xff"])
def test_a_key_that_is_none_verifies_nothing(public: bytes) -> None:
    assert not holds(public=public)


@given(st.text(max_size=20), st.binary(max_size=20), st.text(max_size=20), st.binary(max_size=20))
def test_no_two_pairs_of_type_and_payload_are_encoded_alike(one: str, a: bytes, other: str, b: bytes) -> None:
    assert (signature.pae(one, a) == signature.pae(other, b)) == ((one, a) == (other, b))


@given(st.binary(min_size=1, max_size=100))
def test_base64_is_read_back(data: bytes) -> None:
    assert signature.from_text(signature.to_text(data), len(data), where="") == data


ZERO = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ZERO[:-2] + "B=", id="bits set that are not used"),
        pytest.param(ZERO[:-1], id="no padding"),
        pytest.param(ZERO + "=", id="more padding"),
        pytest.param(ZERO + "\n", id="a line end"),
        pytest.param(" " + ZERO, id="a space"),
        pytest.param(ZERO[:4] + "\n" + ZERO[4:], id="a line end inside"),
        pytest.param("-" + ZERO[1:], id="the alphabet for addresses"),
        pytest.param("é" + ZERO[1:], id="a letter beyond ASCII"),
        pytest.param(base64.b64encode(bytes(31)).decode(), id="a byte too few"),
        pytest.param(base64.b64encode(bytes(33)).decode(), id="a byte too many"),
        pytest.param("", id="nothing"),
        pytest.param(None, id="null"),
        pytest.param(7, id="a number"),
        pytest.param([ZERO], id="a list"),
    ],
)
def test_a_second_spelling_of_the_same_bytes_is_refused(text: object) -> None:
    assert signature.from_text(ZERO, 32, where="here") == bytes(32)
    with pytest.raises(Untrusted, match="here: expected base64 of 32 bytes"):
        signature.from_text(text, 32, where="here")
