"""Key files: open with the passphrase, or not at all."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from linkage import canonical
from linkage.crypto import identity as identities
from linkage.crypto.identity import Cost, Identity
from linkage.errors import InputError, LinkageError, Untrusted

CHEAP = Cost(memory_kib=8, iterations=1, lanes=1)
PASSPHRASE = b"correct horse battery staple"
OWNER = identities.create("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ", today=dt.date(2026, 9, 1))
FILE = identities.to_key_file(OWNER, PASSPHRASE, cost=CHEAP)


def read(data: bytes, passphrase: bytes = PASSPHRASE) -> Identity:
    return identities.from_key_file(data, passphrase, where="key.json")


def changed(**kdf: Any) -> bytes:
    value = json.loads(FILE)
    value["kdf"].update(kdf)
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def secrets_of(identity: Identity) -> list[bytes]:
    return [identity.signing.private_bytes_raw(), identity.sealing.private_bytes_raw()]


def test_a_key_file_opens_with_its_passphrase() -> None:
    opened = read(FILE)
    assert opened.card == OWNER.card
    assert secrets_of(opened) == secrets_of(OWNER)


def test_keys_and_card_belong_together() -> None:
    assert OWNER.signing.public_key().public_bytes_raw() == OWNER.card.signing
    assert OWNER.sealing.public_key().public_bytes_raw() == OWNER.card.sealing


@pytest.mark.parametrize("wrong", [b"", PASSPHRASE[:-1], PASSPHRASE + b" ", PASSPHRASE.upper(), b"\0" * 28])
def test_another_passphrase_opens_nothing(wrong: bytes) -> None:
    with pytest.raises(Untrusted, match="wrong passphrase, or the key file was altered") as caught:
        read(FILE, wrong)
    assert (caught.value.where, caught.value.__cause__, caught.value.__suppress_context__) == ("key.json", None, True)


def test_every_flipped_bit_is_refused() -> None:
    for i in range(len(FILE)):
        for bit in range(0, 8, 1 if i % 8 == 0 else 5):
            with pytest.raises(LinkageError):
                read(FILE[:i] + bytes([FILE[i] ^ 1 << bit]) + FILE[i + 1 :])


def test_every_truncation_is_refused() -> None:
    for i in range(len(FILE)):
        with pytest.raises(LinkageError):
            read(FILE[:i])


def test_a_card_of_another_in_the_file_is_refused() -> None:
    other = identities.create("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ", today=dt.date(2026, 9, 1))
    theirs = json.loads(identities.to_key_file(other, PASSPHRASE, cost=CHEAP))
    with pytest.raises(Untrusted):
        read(canonical.to_bytes({**json.loads(FILE), "card": theirs["card"]}))
    with pytest.raises(Untrusted):
        read(canonical.to_bytes({**json.loads(FILE), "box": theirs["box"]}))


@pytest.mark.parametrize(
    "kdf",
    [
        pytest.param({"memory_kib": 1 << 30}, id="a terabyte of memory"),
        pytest.param({"memory_kib": (1 << 20) + 1}, id="a kibibyte more than a gibibyte"),
        pytest.param({"iterations": 17}, id="seventeen rounds"),
        pytest.param({"iterations": 1 << 50}, id="rounds for ever"),
        pytest.param({"lanes": 17}, id="seventeen lanes"),
    ],
)
def test_a_cost_that_would_stall_the_machine_is_refused_before_it_is_run(
    kdf: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities, "Argon2id", lambda **_: pytest.fail("the derivation was begun"))
    with pytest.raises(Untrusted):
        read(changed(**kdf))


@pytest.mark.parametrize(
    "kdf",
    [
        pytest.param({"memory_kib": 0}, id="no memory"),
        pytest.param({"memory_kib": -8}, id="negative memory"),
        pytest.param({"iterations": 0}, id="no rounds"),
        pytest.param({"iterations": -1}, id="negative rounds"),
        pytest.param({"lanes": 0}, id="no lanes"),
        pytest.param({"lanes": -1}, id="negative lanes"),
        pytest.param({"lanes": 2}, id="more lanes than memory"),
        pytest.param({"memory_kib": 8.5}, id="half a kibibyte"),
        pytest.param({"memory_kib": "8"}, id="memory as text"),
        pytest.param({"memory_kib": None}, id="null memory"),
        pytest.param({"iterations": True}, id="true rounds"),
        pytest.param({"name": "scrypt"}, id="another derivation"),
        pytest.param({"salt": ""}, id="no salt"),
        pytest.param({"salt": None}, id="null salt"),
        pytest.param({"pepper": 1}, id="an unknown key"),
    ],
)
def test_a_cost_that_is_none_is_refused(kdf: dict[str, Any]) -> None:
    with pytest.raises(Untrusted):
        read(changed(**kdf))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b"[]", id="a list"),
        pytest.param(canonical.to_bytes({**json.loads(FILE), "linkage-key": 3}), id="another version"),
        pytest.param(canonical.to_bytes({**json.loads(FILE), "linkage-key": 1}), id="keys of another version"),
        pytest.param(canonical.to_bytes({**json.loads(FILE), "linkage-key": [2]}), id="a list for a version"),
        pytest.param(canonical.to_bytes({**json.loads(FILE), "x": 2}), id="an unknown key"),
        pytest.param(FILE + b"\n", id="a line end"),
    ],
)
def test_what_is_no_key_file_is_bad_input(data: bytes) -> None:
    with pytest.raises(InputError):
        read(data)


@pytest.mark.parametrize("part", ["kdf", "card", "box", "aead"])
@pytest.mark.parametrize("value", [None, 7, "", "x", [], {}])
def test_a_part_that_is_something_else_is_refused(part: str, value: object) -> None:
    with pytest.raises(Untrusted):
        read(canonical.to_bytes({**json.loads(FILE), part: value}))


def test_a_short_passphrase_is_refused_and_not_shown() -> None:
    with pytest.raises(InputError, match="fewer than 12 characters") as caught:
        identities.to_key_file(OWNER, b"geheim12345", cost=CHEAP)
    assert "geheim" not in str(caught.value)
    long_enough = identities.to_key_file(OWNER, b"geheim123456", cost=CHEAP)
    assert secrets_of(read(long_enough, b"geheim123456")) == secrets_of(OWNER)
    with pytest.raises(InputError):
        identities.to_key_file(OWNER, "éééééé".encode(), cost=CHEAP)  # six characters of two bytes


def test_two_files_of_the_same_keys_share_neither_salt_nor_box() -> None:
    one, two = json.loads(FILE), json.loads(identities.to_key_file(OWNER, PASSPHRASE, cost=CHEAP))
    assert one["kdf"]["salt"] != two["kdf"]["salt"]
    assert one["box"] != two["box"]


def test_no_key_is_in_the_file_in_clear_nor_in_a_repr() -> None:
    import base64

    for key in secrets_of(OWNER):
        for shown in (key, key.hex().encode(), base64.b64encode(key).rstrip(b"=")[:-1], repr(key).encode()[2:-1]):
            assert shown not in FILE
            assert shown not in (repr(OWNER) + str(OWNER) + repr(vars(OWNER)["card"])).encode()


def test_the_usual_cost_is_the_second_choice_of_rfc_9106() -> None:
    assert Cost(memory_kib=64 * 1024, iterations=3, lanes=4) == identities.RFC9106_SECOND
    kdf = json.loads(identities.to_key_file(OWNER, PASSPHRASE))["kdf"]
    assert (kdf["name"], kdf["memory_kib"], kdf["iterations"], kdf["lanes"]) == ("argon2id", 65_536, 3, 4)
