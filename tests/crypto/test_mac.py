"""HMAC of many messages under one key: what `hmac` of the standard library gives, and what is published."""

from __future__ import annotations

import hmac
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from linkage.crypto.mac import macs


@given(st.binary(max_size=300), st.lists(st.binary(max_size=300), max_size=4), st.sampled_from(["sha256", "sha512"]))
def test_it_is_the_hmac_of_the_standard_library(
    key: bytes, messages: list[bytes], hash_name: Literal["sha256", "sha512"]
) -> None:
    assert list(macs(key, hash_name, messages)) == [hmac.digest(key, message, hash_name) for message in messages]


@pytest.mark.parametrize("size", [63, 64, 65, 127, 128, 129])
def test_keys_around_the_size_of_a_block(size: int) -> None:
    assert list(macs(b"k" * size, "sha256", [b"m"])) == [hmac.digest(b"k" * size, b"m", "sha256")]
    assert list(macs(b"k" * size, "sha512", [b"m"])) == [hmac.digest(b"k" * size, b"m", "sha512")]


def test_published_vectors() -> None:
    for case in vectors.wycheproof("hmac_sha256"):
        (tag,) = macs(bytes.fromhex(case["key"]), "sha256", [bytes.fromhex(case["msg"])])
        assert (tag[: case["group"]["tagSize"] // 8].hex() == case["tag"]) == (case["result"] == "valid"), case["tcId"]
