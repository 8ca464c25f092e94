"""RFC 9497, RFC 9380 and Wycheproof, whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import pytest

import vectors
from crypto.oprf.published import groups, pieces, read, suite_of
from linkage.crypto.oprf import hash_to_curve
from linkage.crypto.oprf.group import NotAnElement
from linkage.crypto.oprf.p256 import P256


def test_every_vector_of_rfc9497_for_both_suites_and_modes() -> None:
    seen = 0
    for group in groups():
        suite = suite_of(group)
        key = suite.derive_key(bytes.fromhex(group["seed"]), bytes.fromhex(group["keyInfo"]))
        assert suite.group.scalar_to_bytes(key).hex() == group["skSm"]
        assert suite.public_key(key).hex() == group.get("pkSm", suite.public_key(key).hex())
        for vector in group["vectors"]:
            inputs = pieces(vector["Input"])
            blinds = [suite.group.scalar_from_bytes(blind) for blind in pieces(vector["Blind"])]
            blinded = suite.blind(suite.points(inputs), blinds)
            evaluated = suite.evaluate(key, blinded)
            assert blinded == b"".join(pieces(vector["BlindedElement"]))
            assert evaluated == b"".join(pieces(vector["EvaluationElement"]))
            assert suite.outputs(inputs, suite.unblind(evaluated, blinds)) == pieces(vector["Output"])
            assert suite.direct(key, inputs) == pieces(vector["Output"])
            seen += len(inputs)
            if suite.mode:
                _check_proof(suite, key, blinded, evaluated, vector["Proof"])
    assert seen == 12


def _check_proof(suite: Any, key: int, blinded: bytes, evaluated: bytes, published: dict[str, str]) -> None:
    random = suite.group.scalar_from_bytes(bytes.fromhex(published["r"]))
    proof = suite.prove(key, blinded, evaluated, random=random)
    assert proof.hex() == published["proof"]
    suite.verify(suite.public_key(key), blinded, evaluated, proof)


def test_hash_to_curve_of_rfc9380() -> None:
    published = read("rfc9380-P256_XMD_SHA-256_SSWU_RO.json")
    dst = published["dst"].encode()
    for vector in published["vectors"]:
        message = vector["msg"].encode()
        numbers = hash_to_curve.hash_to_field([message], dst, hash_to_curve.P, 2)
        assert numbers == [int(u, 16) for u in vector["u"]]
        mapped = [(int(vector[q]["x"], 16), int(vector[q]["y"], 16)) for q in ("Q0", "Q1")]
        assert hash_to_curve.map_to_curve(numbers) == mapped
        assert hash_to_curve.hash_to_p256([message], dst) == [(int(vector["P"]["x"], 16), int(vector["P"]["y"], 16))]
    assert len(published["vectors"]) == 5


def test_expand_message_of_rfc9380() -> None:
    published = read("rfc9380-expand_message_xmd_SHA256.json")
    for vector in published["tests"]:
        expand = hash_to_curve.expander(hashlib.sha256, published["DST"].encode(), int(vector["len_in_bytes"], 16))
        assert expand(vector["msg"].encode()).hex() == vector["uniform_bytes"]
    assert len(published["tests"]) == 10


def test_multiplication_on_p256_against_wycheproof() -> None:
    """Points that lie elsewhere are refused; x of every product is the shared secret that is published."""
    group, seen = P256(), Counter[str]()
    for case in vectors.wycheproof("ecdh_secp256r1_ecpoint"):
        public, key = bytes.fromhex(case["public"]), int(case["private"], 16)
        try:
            element = group.decode(public) if public[:1] in (b"\2", b"\3") else public[1:]
            if len(element) != group.work_bytes:
                raise NotAnElement(1)
            product = group.multiply(element, [key])
        except NotAnElement:
            assert case["result"] != "valid", case["tcId"]
            seen["refused"] += 1
            continue
        assert case["result"] in ("valid", "acceptable"), case["tcId"]
        assert product[:32].hex() == case["shared"]
        assert group.decode(group.encode(product)) == product  # y fits x
        seen["right"] += 1
    assert seen == {"right": 331, "refused": 24}


def test_tags_longer_than_255_bytes_are_hashed_first() -> None:
    long = b"x" * 256
    short = hashlib.sha256(b"H2C-OVERSIZE-DST-" + long).digest()
    expand, same = (hash_to_curve.expander(hashlib.sha256, dst, 32) for dst in (long, short))
    assert expand(b"abc") == same(b"abc")


def test_no_more_bytes_than_there_are() -> None:
    with pytest.raises(ValueError, match="more bytes"):
        hash_to_curve.expander(hashlib.sha256, b"dst", 256 * 32)
