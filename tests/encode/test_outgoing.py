"""The last look at what leaves: finds person numbers wherever they stand, and nothing in random bytes."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.encode.outgoing import refuse_numbers
from linkage.errors import Refused

NUMBER = "111222333"
CODECS = st.sampled_from(["ascii", "utf-16-le", "utf-16-be"])


@given(before=st.binary(max_size=30), after=st.binary(max_size=30), codec=CODECS)
def test_a_number_is_found_between_any_bytes(before: bytes, after: bytes, codec: str) -> None:
    with pytest.raises(Refused):
        refuse_numbers(before + NUMBER.encode(codec) + after)


@given(before=st.text("0123456789", max_size=9), after=st.text("0123456789", max_size=9), codec=CODECS)
def test_a_number_is_found_within_a_longer_run_of_digits(before: str, after: str, codec: str) -> None:
    with pytest.raises(Refused):
        refuse_numbers(b"\xfe" + (before + NUMBER + after).encode(codec))


def test_a_number_is_found_after_a_run_that_holds_none() -> None:
    with pytest.raises(Refused, match="at byte 10:"):
        refuse_numbers(b"123456789 111222333")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"11122233", id="eight digits"),
        pytest.param(b"111222334", id="nine digits that fail the 11-proof"),
        pytest.param(b"000000000", id="zeros"),
        pytest.param(b"1112 22333", id="a space between"),
    ],
)
def test_what_is_no_number_passes(data: bytes) -> None:
    refuse_numbers(data)


def test_random_bytes_pass() -> None:
    refuse_numbers(random.Random(1).randbytes(5_000_000))  # noqa: S311 -- test data


@given(codec=CODECS)
def test_the_message_holds_nothing_of_the_number(codec: str) -> None:
    with pytest.raises(Refused) as caught:
        refuse_numbers(b"x" * 7 + NUMBER.encode(codec))
    said = re.sub(r"11-proof|byte \d", "", str(caught.value))
    assert not re.search(r"\d", said)
    assert caught.value.__cause__ is None
