"""Codes of blinded categories: the same for all who hold the secret, and any order as likely as any other."""

from __future__ import annotations

import math
from collections import Counter
from itertools import permutations
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import reference
from linkage.crypto.codes import codes
from linkage.crypto.secret import subkey

SPEC = Path(__file__).parents[2] / "docs/spec/encoding.md"
DIGEST = "sha256:" + "00" * 32
SECRETS = st.binary(min_size=32, max_size=32)


@given(SECRETS, st.integers(0, 300), st.sampled_from(["level", "rmc-region"]))
def test_codes_are_those_of_the_specification_and_every_code_is_given_once(s: bytes, count: int, field: str) -> None:
    found = codes(s, DIGEST, field, count)
    assert sorted(found) == list(range(count))
    assert list(found) == reference.codes(s, DIGEST, field, count)


def test_every_order_is_as_likely_as_any_other() -> None:
    draws = 6_000
    seen = Counter(codes(n.to_bytes(32, "big"), DIGEST, "level", 4) for n in range(draws))
    assert set(seen) == set(permutations(range(4)))
    expected = draws / math.factorial(4)
    assert sum((n - expected) ** 2 / expected for n in seen.values()) < 60  # chi-square, 23 degrees: 1 in 30,000


def test_another_secret_field_or_protocol_is_another_order() -> None:
    s = bytes(range(32))
    mine = codes(s, DIGEST, "level", 40)
    for other in (
        codes(bytes(32), DIGEST, "level", 40),
        codes(s, "sha256:" + "01" * 32, "level", 40),
        codes(s, DIGEST, "school-year", 40),
    ):
        assert other != mine


def test_the_specification_shows_what_is_made() -> None:
    shown = " ".join(map(str, codes(bytes(range(32)), DIGEST, "level", 4)))
    assert f"codes of level, 4 values = {shown}\n" in SPEC.read_text("utf-8")
    key = subkey(bytes(range(32)), DIGEST, "category", "level").hex()
    assert f"category subkey of level = {key}\n" in SPEC.read_text("utf-8")
