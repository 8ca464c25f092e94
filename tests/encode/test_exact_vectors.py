"""The vectors of docs/spec/exact-tokens.md are what the library makes, and what they say of each other is true."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

import reference
from making import FOLDER, maker

ORDERS = {
    "P256-SHA256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ristretto255-SHA512": 2**252 + 27742317777372353535851937790883648493,
}


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "exact-tokens.json").read_text("utf-8"))
    return found


def test_the_file_is_what_the_library_makes(published: dict[str, Any]) -> None:
    assert (FOLDER / "exact-tokens.json").read_text("utf-8") == maker("make_exact").text()
    assert len(published["vectors"]) == 4


def test_tokens_follow_from_outputs_by_hmac_alone(published: dict[str, Any]) -> None:
    secret, digest, field = bytes.fromhex(published["secret"]), published["protocol"], published["field"]
    for vector in published["vectors"]:
        for row, (token, agree) in enumerate(zip(vector["tokens"], vector["agree"], strict=True)):
            joined = b"".join(bytes.fromhex(of_holder[row]) for of_holder in vector["outputs"])
            key = reference.subkey(secret, digest, "oprf-token", field)
            assert hmac.digest(key, joined, hashlib.sha256)[:16].hex() == token
            key = reference.subkey(secret, digest, "oprf-agree", field)
            second = b"\0" + published["seconds"][row].encode()
            assert hmac.digest(key, joined + second, hashlib.sha256)[:16].hex() == agree
        assert vector["tokens"][0] == vector["tokens"][2] != vector["tokens"][1]
        assert vector["agree"][0] != vector["agree"][2]


def test_scalars_and_order_follow_from_the_seed(published: dict[str, Any]) -> None:
    for vector in published["vectors"]:
        seed = hashlib.shake_256(
            b"linkage/v1/oprf/field\0" + bytes.fromhex(published["request_seed"]) + published["field"].encode()
        ).digest(32)
        assert seed.hex() == vector["field_seed"]
        order = ORDERS[vector["suite"]]
        ends = "big" if vector["suite"].startswith("P256") else "little"
        for row, scalar in enumerate(vector["scalars"]):
            wide = hashlib.shake_256(b"linkage/v1/oprf/blind\0" + seed + row.to_bytes(8, "big")).digest(64)
            expected = int.from_bytes(wide, "big") % (order - 1) + 1
            assert int.from_bytes(bytes.fromhex(scalar), ends) == expected  # type: ignore[arg-type]
        keys = hashlib.shake_256(b"linkage/v1/oprf/order\0" + seed).digest(8 * len(vector["scalars"]))
        ranked = sorted(range(len(vector["scalars"])), key=lambda row: keys[8 * row : 8 * row + 8])
        assert vector["order"] == ranked
