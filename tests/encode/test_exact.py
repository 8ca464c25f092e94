"""Exact tokens: the same as by hand from the standards, on both suites; a second field that must agree; numbers that
changed."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import protocols
import reference
from encode.test_encoder import PEOPLE, SECRET, by_row, made, table
from linkage import files
from linkage.crypto.oprf.memory import key_holders, key_of, suite_of
from linkage.encode import aliases, encode
from linkage.encode.column import Column
from linkage.encode.config import AliasConfig
from linkage.errors import InputError
from linkage.match import match
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol

SEEDS = {"mbo": b"m" * 32, "gemeente": b"g" * 32}


def oprf(made: str = "oprf-p256-sha256", check: str = "canary", more: str = "") -> Protocol:
    text = protocols.SHIPPED.replace(protocols.OPRF, f"token: {made}, check: {check}, rounds: 2{more}")
    return loads(text.encode(), name="p.yml")


AGREE = oprf(more=", agree: birth-date")
KEYED_AGREE = loads(protocols.HASHED.replace("hmac-sha256}", "hmac-sha256, agree: birth-date}").encode(), name="p.yml")


def by_hand(p: Protocol, number: str, second: str | None = None) -> bytes:
    """The token of a number from RFC 9497's direct evaluation, HKDF-Extract and nothing of ours."""
    stage = p.exact_stage("bsn")
    assert stage is not None
    joined = number.encode()
    purpose = "token" if second is None else "agree"
    if stage.oprf_suite:
        one = suite_of(stage)
        asked = b"linkage/v1/oprf\0" + p.digest.encode() + b"\0bsn\0" + number.encode()
        joined = b"".join(one.direct(key_of(one, SEEDS[x.id], p.digest), [asked])[0] for x in p.key_holders)
        purpose = "oprf-" + purpose
    key = reference.subkey(SECRET, p.digest, purpose, "bsn")
    return hmac.digest(key, joined + (b"" if second is None else b"\0" + second.encode()), hashlib.sha256)[:16]


@pytest.mark.parametrize(
    "p",
    [oprf(), oprf("oprf-ristretto255-sha512"), oprf(check="dleq"), oprf("oprf-ristretto255-sha512", "dleq"), AGREE,
     KEYED_AGREE],
    ids=["p256", "ristretto255", "p256 proved", "ristretto255 proved", "p256 and birth date", "keyed and birth date"],
)  # fmt: skip
def test_tokens_are_those_made_by_hand(p: Protocol) -> None:
    found = encode(table(PEOPLE), p, party="mbo", secret=SECRET, numbers=key_holders(p, SEEDS))
    for row, person in zip(by_row(found), PEOPLE, strict=True):
        expected = [bytes(16) if person[0] is None else by_hand(p, person[0])]
        stage = p.exact_stage("bsn")
        if stage is not None and stage.agree:
            both = person[0] is not None and person[3] is not None
            expected.append(by_hand(p, str(person[0]), str(person[3]).replace("-", "")) if both else bytes(16))
        assert list(row[: len(expected)]) == expected
    assert tuple(found.tokens) == p.layout("mbo").tokens


def test_a_protocol_with_key_holders_wants_their_outputs() -> None:
    with pytest.raises(InputError, match="tokens of 'bsn' need the key-holders' outputs") as caught:
        encode(table(PEOPLE), oprf(), party="mbo", secret=SECRET)
    assert "key_holders(protocol)" in caught.value.hint


def test_two_parties_link_by_the_same_key_holders_and_by_no_others() -> None:
    p = oprf("oprf-ristretto255-sha512")
    numbers = key_holders(p)
    left = encode(table(PEOPLE), p, party="mbo", secret=SECRET, numbers=numbers)
    right = encode(table(PEOPLE[:2], "gemeente"), p, party="gemeente", secret=SECRET, numbers=numbers)
    frame = match([left, right], p).to_pandas()
    exact = frame[frame.stage == "exact"]
    assert (1, 1) in set(zip(exact.left, exact.right, strict=True))
    assert len(exact) == 2
    other = encode(table(PEOPLE[:2], "gemeente"), p, party="gemeente", secret=SECRET, numbers=key_holders(p))
    assert "exact" not in set(match([left, other], p).to_pandas().stage)


def test_a_number_with_another_birth_date_is_counted_and_not_linked_by_number() -> None:
    numbers = key_holders(AGREE)
    people = [("123456782", "Mohamed", "El Amrani", "2001-11-02", "1234 CD", "3")]
    mixed = [("123456782", "Griet", "Kloosterman", "1955-04-30", "9999 XX", None)]
    left = encode(table(people), AGREE, party="mbo", secret=SECRET, numbers=numbers)
    right = encode(table(mixed, "gemeente"), AGREE, party="gemeente", secret=SECRET, numbers=numbers)
    links = match([left, right], AGREE)
    differs = sum(len(conflict) for conflict in links.conflicts if conflict.kind == "differs")
    assert ("exact" in set(links.to_pandas().stage), differs) == (False, 1)
    assert len(match([left, encode(table(people, "gemeente"), AGREE, party="gemeente", secret=SECRET, numbers=numbers)],
                     AGREE)) == 1  # fmt: skip


def test_the_second_field_says_nothing_without_the_number() -> None:
    """Two rows with one birth date and different numbers, or none, have unrelated second tokens."""
    people = [
        ("123456782", "a", "b", "2001-11-02", None, None), ("111222333", "a", "b", "2001-11-02", None, None),
        (None, "a", "b", "2001-11-02", None, None),
    ]  # fmt: skip
    found = made(people, p=KEYED_AGREE).tokens["bsn.birth-date"]
    assert len({bytes(token) for token in found}) == 3
    assert sum(not token.any() for token in found) == 1


def test_old_numbers_become_new_ones() -> None:
    column = Column("bsn", np.array([0, 1, -1, 0, 2]), ["111222333", "123456782", "999990019"])
    changed, rows = aliases.replaced(column, {"111222333": "123456782"})
    assert changed.texts() == ["123456782", "123456782", None, "123456782", "999990019"]
    assert rows == 2
    assert len(changed.values) == 2
    assert aliases.replaced(column, {"999990020": "123456782"}) == (column, 0)


SPEC = AliasConfig(field="bsn", file="aliases.csv", old="oud", new="nieuw")


def read(folder: Path, text: str, kind: str = "bsn") -> dict[str, str]:
    return aliases.load(files.write(folder / SPEC.file, f"oud;nieuw\n{text}".encode()), SPEC, kind)


def test_a_number_may_have_changed_twice(tmp_path: Path) -> None:
    text = "111222333;123456782\n123456782;999990019\n111222333;123456782\n"
    assert read(tmp_path, text) == {"111222333": "999990019", "123456782": "999990019"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("111222333;123456782\n123456782;111222333\n", "in a circle"),
        ("111222333;111222333\n", "replace"),
        ("111222333;123456782\n111222333;999990019\n", "row 2: this old number has another new one"),
        ("111222333;123456783\n", "row 1"),
        ("111222333;\n", "row 1: expected a number in both columns"),
        ("111222333;101222331\n", "row 1: expected a number in both columns"),
    ],
)
def test_aliases_that_cannot_be_are_refused_and_show_no_number(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path, text)
    assert "111222333" not in str(caught.value)
    assert "12345678" not in str(caught.value)


def test_aliases_are_for_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'bsn' is a surname"):
        read(tmp_path, "a;b\n", "surname")


def test_a_frame_is_encoded_as_a_table_is() -> None:
    p = oprf("oprf-ristretto255-sha512")
    numbers = key_holders(p, SEEDS)
    frame = encode(table(PEOPLE, kind=pd.DataFrame), p, party="mbo", secret=SECRET, numbers=numbers)
    same = encode(table(PEOPLE, kind=pa.Table), p, party="mbo", secret=SECRET, numbers=numbers)
    assert [row[0] for row in by_row(frame)] == [row[0] for row in by_row(same)]
