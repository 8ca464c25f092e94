"""Published vectors, through our own functions: what a package, a key file and a token really use."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections import Counter
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

import reference
import vectors
from linkage.crypto import box, envelope, identity, secret, signature, stream
from linkage.crypto.mac import macs
from linkage.errors import Untrusted


def chunked() -> list[dict[str, Any]]:
    """The vectors of chunked encryption, whose ciphertexts are published compressed."""
    cases = vectors.wycheproof("c2sp_chunked_encryption_aes_256_gcm")
    return [{**case, "ct": zlib.decompress(bytes.fromhex(case["ct"]))} for case in cases]


def opened(case: dict[str, Any], size: int) -> tuple[int, str]:
    """Length and SHA-512 of what our stream makes of a vector, fed in pieces of a size."""
    sealed, length, digest = case["ct"], 0, hashlib.sha512()
    pieces = (sealed[first : first + size] for first in range(0, len(sealed), size))
    for piece in stream.decrypt(bytes.fromhex(case["key"]), bytes.fromhex(case["ctx"]), pieces, where="vector"):
        length += len(piece)
        digest.update(piece)
    return length, digest.hexdigest()


def test_chunked_encryption_opens_what_it_must_and_nothing_else() -> None:
    seen: Counter[str] = Counter()
    for case in chunked():
        try:
            found = opened(case, 1 << 20)
        except Untrusted:
            assert case["result"] == "invalid", case["tcId"]
        else:
            assert case["result"] == "valid", case["tcId"]
            assert found == (case["msgLength"], case["msgSha512"])
        seen[case["result"]] += 1
    vectors.ran("wycheproof/c2sp_chunked_encryption_aes_256_gcm", **seen)
    assert seen == {"valid": 10, "invalid": 25}


@pytest.mark.parametrize("size", [1, 1000, 16_384, 16_400, 100_003, 3 << 20])
def test_chunked_encryption_does_not_care_how_it_is_fed(size: int) -> None:
    for case in [case for case in chunked() if case["result"] == "valid" and len(case["ct"]) < 1000 * size]:
        assert opened(case, size) == (case["msgLength"], case["msgSha512"])


def test_ed25519_signatures_hold_or_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    # the vectors sign bare messages, so the pre-authentication encoding is left out, and only that
    monkeypatch.setattr(signature, "pae", lambda _, payload: payload)
    seen: Counter[str] = Counter()
    for case in vectors.wycheproof("ed25519"):
        key, message, signed = (bytes.fromhex(h) for h in (case["group"]["publicKey"]["pk"], case["msg"], case["sig"]))
        try:
            signature.verify(key, "any", message, signed, where="vector")
            signature.verify_note(key, message, signed, where="vector")
            held = True
        except Untrusted:
            held = False
        assert held == (case["result"] == "valid"), case["tcId"]
        seen[case["result"]] += 1
        if not held:
            with pytest.raises(Untrusted):
                signature.verify_note(key, message, signed, where="vector")
    vectors.ran("wycheproof/ed25519", **seen)
    assert seen.total() == 151


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


def test_hmac_as_tokens_use_it() -> None:
    seen: Counter[str] = Counter()
    for case in vectors.wycheproof("hmac_sha256"):
        key, message, tag = (bytes.fromhex(case[part]) for part in ("key", "msg", "tag"))
        (mac,) = macs(key, "sha256", [message])
        assert (mac[: case["group"]["tagSize"] // 8] == tag) == (case["result"] == "valid"), case["tcId"]
        seen[case["result"]] += 1
    vectors.ran("wycheproof/hmac_sha256", **seen)
    assert seen.total() == 174


def test_x25519_as_content_keys_are_wrapped() -> None:
    """The vectors give a shared secret; RFC 9180 written out (`reference.hpke_base`) makes a wrapped key of it, which
    ours must unwrap. Where there must be no shared secret, ours must neither wrap nor unwrap."""
    seen: Counter[str] = Counter()
    content_key, info = bytes(range(32)), b"info"
    for case in vectors.wycheproof("x25519"):
        private = X25519PrivateKey.from_private_bytes(bytes.fromhex(case["private"]))
        public, shared = bytes.fromhex(case["public"]), bytes.fromhex(case["shared"])
        own = private.public_key().public_bytes_raw()
        wrapped = public + reference.hpke_base(shared, public, own, info, content_key)
        if "ZeroSharedSecret" in case["flags"]:
            with pytest.raises(ValueError, match=r"unwrap|shared key"):
                envelope.unwrap(wrapped, private, info)
            with pytest.raises(ValueError, match="shared key"):
                envelope.wrap(content_key, public, info)
            seen["refused"] += 1
        else:
            assert envelope.unwrap(wrapped, private, info) == content_key, case["tcId"]
            seen["unwrapped"] += 1
    vectors.ran("wycheproof/x25519", **seen)
    assert seen == {"unwrapped": 487, "refused": 31}


def test_xchacha20_poly1305_as_key_files_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()
    for case in vectors.wycheproof("xchacha20_poly1305"):
        key, nonce, aad, message, sealed, tag = (
            bytes.fromhex(case[part]) for part in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        try:
            content = box.opened(key, nonce + sealed + tag, aad)
        except ValueError:  # what `identity.from_key_file` takes for a wrong passphrase
            assert case["result"] == "invalid", case["tcId"]
        else:
            assert (case["result"], content) == ("valid", message), case["tcId"]
            monkeypatch.setattr("nacl.secret.random", lambda size, nonce=nonce: nonce[:size])
            assert box.close(key, message, aad) == nonce + sealed + tag
        seen[case["result"]] += 1
    vectors.ran("wycheproof/xchacha20_poly1305", **seen)
    assert seen == {"valid": 246, "invalid": 69}


def test_hkdf_as_foreign_formats_use_it() -> None:
    seen: Counter[str] = Counter()
    for case in vectors.wycheproof("hkdf_sha256"):
        material, salt, info = (bytes.fromhex(case[part]) for part in ("ikm", "salt", "info"))
        if case["result"] == "valid":
            assert secret.hkdf(material, "SHA256", salt, info, case["size"]).hex() == case["okm"], case["tcId"]
        else:
            with pytest.raises(ValueError, match="derive"):
                secret.hkdf(material, "SHA256", salt, info, case["size"])
        seen[case["result"]] += 1
    vectors.ran("wycheproof/hkdf_sha256", **seen)
    assert seen.total() == 86


def test_subkeys_are_hkdf_expand_alone() -> None:
    """RFC 5869 section 3.3: the linkage secret is uniformly random, so Extract is left out."""
    key, digest = bytes(range(32)), "sha256:" + "ab" * 32
    info = b"\0".join([b"linkage/v1", b"token", b"bsn", digest.encode()])
    assert secret.subkey(key, digest, "token", "bsn") == hmac.digest(key, info + b"\1", "sha256")


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
