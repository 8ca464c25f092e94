"""Rotations and revocations: who can make them, and what nobody can."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from linkage import canonical
from linkage.crypto import identity as identities
from linkage.crypto import signature, succession
from linkage.crypto.identity import Cost, Identity
from linkage.errors import InputError, LinkageError, Untrusted

TODAY = dt.date(2026, 9, 1)
PASSPHRASE = b"correct horse battery"
CHEAP = Cost(memory_kib=64, iterations=1, lanes=1)


def made(party: str = "mbo", number: str = "BRIN:99ZZ") -> Identity:
    return identities.create(party, "ROC Voorbeeldstad", number, today=TODAY)


OLD, NEW, OTHER = made(), made(), made()
ROTATION = succession.rotate(OLD, NEW, on="2026-09-02")
REVOCATION = succession.revoke(OLD, on="2026-09-02", reason="laptop stolen")


def test_both_are_read_as_they_were_written() -> None:
    assert succession.rotation_from_bytes(ROTATION.to_bytes(), where="r") == ROTATION
    assert succession.revocation_from_bytes(REVOCATION.to_bytes(), where="r") == REVOCATION


@pytest.mark.parametrize("kind", ["rotation", "revocation"])
def test_a_flipped_bit_or_a_cut_anywhere_is_refused(kind: str) -> None:
    data, read = {
        "rotation": (ROTATION.to_bytes(), succession.rotation_from_bytes),
        "revocation": (REVOCATION.to_bytes(), succession.revocation_from_bytes),
    }[kind]
    for i in range(len(data)):
        with pytest.raises(LinkageError):
            read(data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1 :], where="r")
        if i % 7 == 0:
            with pytest.raises(LinkageError):
                read(data[:i], where="r")


@pytest.mark.parametrize("forger", ["old", "new", "other"])
def test_who_has_only_one_of_the_keys_cannot_rotate(forger: str) -> None:
    have = {"old": (OLD, OTHER), "new": (OTHER, NEW), "other": (OTHER, OTHER)}[forger]
    unsigned = canonical.to_bytes(ROTATION.body)
    by_old, by_new = (one.sign(succession.ROTATION_TYPE, unsigned) for one in have)
    forged = succession.Rotation(OLD.card, NEW.card, ROTATION.on, by_old, by_new)
    with pytest.raises(Untrusted, match="the signature does not hold"):
        succession.rotation_from_bytes(forged.to_bytes(), where="r")


def test_a_signature_over_another_kind_of_thing_is_no_revocation() -> None:
    unsigned = canonical.to_bytes(REVOCATION.body)
    for signer, kind in ((OTHER, succession.REVOCATION_TYPE), (OLD, succession.ROTATION_TYPE)):
        forged = succession.Revocation(OLD.card, REVOCATION.on, REVOCATION.reason, signer.sign(kind, unsigned))
        with pytest.raises(Untrusted, match="the signature does not hold"):
            succession.revocation_from_bytes(forged.to_bytes(), where="r")


@pytest.mark.parametrize("new", [made("gemeente"), made(number="BRIN:11AA")], ids=["party", "number"])
def test_a_card_of_another_organisation_follows_none(new: Identity) -> None:
    said = succession.rotate(OLD, new, on="2026-09-02")
    with pytest.raises(Untrusted, match="another organisation"):
        succession.rotation_from_bytes(said.to_bytes(), where="r")


@pytest.mark.parametrize(
    "change",
    [
        {"on": "yesterday"}, {"on": "2026-9-2"}, {"on": 7}, {"more": 1}, {"old": {}}, {"old": 7}, {"new": None},
        {"signatures": []}, {"signatures": {"old": ""}}, {"linkage-rotation": True}, {"linkage-rotation": 2},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_rotation_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(LinkageError):
        succession.rotation_from_bytes(canonical.to_bytes({**json.loads(ROTATION.to_bytes()), **change}), where="r")


@pytest.mark.parametrize("reason", ["", "two\nlines", "x" * 201, "clears \x1b[2J"])
def test_a_reason_that_cannot_be_shown_is_refused(reason: str) -> None:
    with pytest.raises(InputError, match="one printable line"):
        succession.revoke(OLD, on="2026-09-02", reason=reason)
    unsigned = {**REVOCATION.body, "reason": reason}
    text = signature.to_text(OLD.sign(succession.REVOCATION_TYPE, canonical.to_bytes(unsigned)))
    with pytest.raises(InputError, match="one printable line"):
        succession.revocation_from_bytes(canonical.to_bytes({**unsigned, "signature": text}), where="r")


def test_a_key_file_keeps_the_keys_that_were_rotated_away() -> None:
    third = identities.followed(identities.followed(OLD, NEW), OTHER)
    data = identities.to_key_file(third, PASSPHRASE, cost=CHEAP)
    again = identities.from_key_file(data, PASSPHRASE, where="key.json")
    assert [one.card for one in (again, *again.former)] == [OTHER.card, NEW.card, OLD.card]
    for one, theirs in zip((again, *again.former), (OTHER, NEW, OLD), strict=True):
        assert one.signing.private_bytes_raw() == theirs.signing.private_bytes_raw()
        assert one.sealing.private_bytes_raw() == theirs.sealing.private_bytes_raw()
    assert again.of(OLD.card.fingerprint) == again.former[1]
    assert again.of("sha256:") is None
    fewer = {**json.loads(data), "former": json.loads(data)["former"][:1]}
    with pytest.raises(LinkageError):
        identities.from_key_file(canonical.to_bytes(fewer), PASSPHRASE, where="key.json")


def test_a_key_file_of_version_1_is_still_read() -> None:
    """Made by the first version of this software, before keys could be rotated."""
    again = identities.from_key_file(KEY_FILE_1.encode(), b"correct horse battery", where="key.json")
    assert (again.party, again.former) == ("mbo", ())
    assert again.signing.public_key().public_bytes_raw() == again.card.signing


KEY_FILE_1 = (
    '{"aead":"xchacha20-poly1305","box":"5sWs1sfoLNWl5VG8+59XTQhMdjebIpe8/QEOeenTjBOhJx19h8cSbKs5x3Ax3O0g'
    'SNO85BmkZXT4D6xYY4FXoMLXR0TalXMCc25i6LIHvH9G0qcnU6/Tu4zzkau2Q4BFheBlDZJd5OE=","card":"eyJsaW5rYWdlLW'
    "NhcmQiOjEsIm5hbWUiOiJST0MgVm9vcmJlZWxkc3RhZCIsIm51bWJlciI6IkJSSU46OTlaWiIsInBhcnR5IjoibWJvIiwic2VhbG"
    "luZyI6Ik9kN0pMQkFzNVJFNHdJMERCK20vWU9iSldLaitFNDI4aEJjeXpidC85em89Iiwic2lnbmF0dXJlIjoiRjgzOWlJb3lKMm"
    "h5VXhRZmJ4dmZJejF2OWpjei9DQWdrUE5VOXh4aHF1YzYrQ0ZlSjhyeVpXQm53dndzM1hhTXhiemNMS1lTT2hMTnNPbzB1RW1qQk"
    "E9PSIsInNpZ25pbmciOiIreEZ2QTZQQUhKOE9KdW4xR1FqVndCMndDOW5jSmEvOE1QdXlOV3RhN0RJPSIsInZhbGlkIjp7ImZyb2"
    '0iOiIyMDI2LTA5LTAxIiwidW50aWwiOiIyMDI5LTA5LTAxIn19","kdf":{"iterations":1,"lanes":1,"memory_kib":64,'
    '"name":"argon2id","salt":"qvzw4ul8xFbq7qxGjqEzvA=="},"linkage-key":1}'
)
