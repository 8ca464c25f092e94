"""Published vectors, through the primitives that linkage uses."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections import Counter
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from nacl.exceptions import CryptoError
from nacl.secret import Aead

import vectors
from linkage.crypto import envelope, identity, secret, signature
from linkage.errors import Untrusted


def chunked() -> list[dict[str, Any]]:
    """The vectors of chunked encryption, whose ciphertexts are published compressed."""
    cases = vectors.wycheproof("c2sp_chunked_encryption_aes_256_gcm")
    return [{**case, "ct": zlib.decompress(bytes.fromhex(case["ct"]))} for case in cases]


def test_chunked_encryption_opens_what_it_must_and_nothing_else() -> None:
    seen: Counter[str] = Counter()
    for case in chunked():
        key, context, sealed = bytes.fromhex(case["key"]), bytes.fromhex(case["ctx"]), case["ct"]
        try:
            decryptor = envelope.Cobblestone256Decryptor(key, context)
            opened = decryptor.update(sealed) + decryptor.finalize()
        except (InvalidTag, ValueError):  # what `envelope.open_body` takes for a broken seal
            assert case["result"] == "invalid", case["tcId"]
        else:
            assert case["result"] == "valid", case["tcId"]
            assert (len(opened), hashlib.sha512(opened).hexdigest()) == (case["msgLength"], case["msgSha512"])
        seen[case["result"]] += 1
    assert seen == {"valid": 10, "invalid": 25}


@pytest.mark.parametrize("size", [1, 1000, 16_384, 16_400, 100_003])
def test_chunked_encryption_does_not_care_how_it_is_fed(size: int) -> None:
    for case in [case for case in chunked() if case["result"] == "valid" and len(case["ct"]) < 1000 * size]:
        sealed = case["ct"]
        decryptor = Cobblestone256Decryptor(bytes.fromhex(case["key"]), bytes.fromhex(case["ctx"]))
        digest = hashlib.sha512()
        for i in range(0, len(sealed), size):
            digest.update(decryptor.update(sealed[i : i + size]))
        digest.update(decryptor.finalize())
        assert digest.hexdigest() == case["msgSha512"]


def test_ed25519_signatures_hold_or_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    # the vectors sign bare messages, so the pre-authentication encoding is left out, and only that
    monkeypatch.setattr(signature, "pae", lambda _, payload: payload)
    for case in vectors.wycheproof("ed25519"):
        key, message, signed = (bytes.fromhex(h) for h in (case["group"]["publicKey"]["pk"], case["msg"], case["sig"]))
        try:
            signature.verify(key, "any", message, signed, where="vector")
            signature.verify_note(key, message, signed, where="vector")
            held = True
        except Untrusted:
            held = False
        assert held == (case["result"] == "valid"), case["tcId"]
        if not held:
            with pytest.raises(Untrusted):
                signature.verify_note(key, message, signed, where="vector")


def test_ed25519_of_rfc_8032_section_7_1_test_3() -> None:
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
    )
    public = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
    assert key.public_key().public_bytes_raw().hex() == public
    assert key.sign(bytes.fromhex("af82")).hex() == (
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(key.sign(b""), b"")


def test_x25519_shared_secrets() -> None:
    refused = 0
    for case in vectors.wycheproof("x25519"):
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(case["private"]))
        public = X25519PublicKey.from_public_bytes(bytes.fromhex(case["public"]))
        if "ZeroSharedSecret" in case["flags"]:
            with pytest.raises(ValueError, match="Error computing shared key"):
                private.exchange(public)
            refused += 1
        else:
            assert private.exchange(public).hex() == case["shared"], case["tcId"]
    assert refused > 10


def test_xchacha20_poly1305_as_key_files_use_it() -> None:
    seen: Counter[str] = Counter()
    for case in vectors.wycheproof("xchacha20_poly1305"):
        key, nonce, aad, message, sealed, tag = (
            bytes.fromhex(case[part]) for part in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        box = Aead(key)
        try:
            opened = (
                box.decrypt(nonce + sealed + tag, aad) if len(nonce) == 24 else box.decrypt(sealed + tag, aad, nonce)
            )
        except (CryptoError, ValueError):  # what `identity.from_key_file` takes for a wrong passphrase
            assert case["result"] == "invalid", case["tcId"]
        else:
            assert (case["result"], opened) == ("valid", message), case["tcId"]
            assert box.encrypt(message, aad, nonce) == nonce + sealed + tag
        seen[case["result"]] += 1
    assert seen == {"valid": 246, "invalid": 69}


def extract(salt: bytes, material: bytes) -> bytes:
    """HKDF-Extract of RFC 5869, which linkage leaves out because its secret is uniformly random."""
    return hmac.digest(salt or bytes(32), material, "sha256")


def test_hkdf_expand_as_subkeys_use_it() -> None:
    for case in vectors.wycheproof("hkdf_sha256"):
        material, salt, info = (bytes.fromhex(case[part]) for part in ("ikm", "salt", "info"))

        def derive(key: bytes, info: bytes = info, size: int = case["size"]) -> str:
            return HKDFExpand(algorithm=hashes.SHA256(), length=size, info=info).derive(key).hex()

        if case["result"] == "valid":
            assert derive(extract(salt, material)) == case["okm"], case["tcId"]
        else:
            with pytest.raises(ValueError, match="derive"):
                derive(extract(salt, material))
    assert secret.HKDFExpand is HKDFExpand


def test_argon2id_of_rfc_9106_section_5_3() -> None:
    derived = Argon2id(
        salt=b"\2" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\4" * 12, secret=b"\3" * 8
    ).derive(b"\1" * 32)
    assert derived.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert identity.Argon2id is Argon2id


@pytest.mark.parametrize(
    ("kind", "payload", "encoded"),
    [
        pytest.param("http://example.com/HelloWorld", b"hello world",
                     b"DSSEv1 29 http://example.com/HelloWorld 11 hello world", id="the example of DSSE protocol.md"),
        pytest.param("", b"", b"DSSEv1 0  0 ", id="nothing of no type"),
        pytest.param("é", "é".encode(), b"DSSEv1 2 \xc3\xa9 2 \xc3\xa9", id="lengths count bytes"),
    ],
)  # fmt: skip
def test_pre_authentication_encoding(kind: str, payload: bytes, encoded: bytes) -> None:
    assert signature.pae(kind, payload) == encoded
