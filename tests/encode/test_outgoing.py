"""The last look at what leaves: finds person numbers and cells wherever they stand, and nothing in random bytes."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from linkage.encode import outgoing, search
from linkage.encode.outgoing import cells, enough, refuse_numbers, searched
from linkage.errors import Refused

NUMBER = "111222333"
CODECS = st.sampled_from(["ascii", "utf-16-le", "utf-16-be"])
LONG = "Van der Zwaluwenberg-Oosterhuis"

refuse_numbers(b"")  # compiled before hypothesis measures
list(searched([b""], cells([pa.array([LONG])])))


@given(before=st.binary(max_size=30), after=st.binary(max_size=30), codec=CODECS)
def test_a_number_is_found_between_any_bytes(before: bytes, after: bytes, codec: str) -> None:
    with pytest.raises(Refused):
        refuse_numbers(before + NUMBER.encode(codec) + after)


@given(before=st.text("0123456789", max_size=9), after=st.text("0123456789", max_size=9), codec=CODECS)
def test_a_number_is_found_within_a_longer_run_of_digits(before: str, after: str, codec: str) -> None:
    with pytest.raises(Refused):
        refuse_numbers(b"\xfe" + (before + NUMBER + after).encode(codec))


@settings(max_examples=300)
@given(st.lists(st.sampled_from([b"0", b"1", b"2", b"3", b"\0", b"\0001\0002\0003", b"111222333", b"x"]), max_size=60))
def test_the_search_for_numbers_finds_what_its_slow_twin_finds(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert (search.number_in(np.frombuffer(data, np.uint8)) >= 0) == reference.holds_number(data)


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


def found(data: bytes, *values: str) -> set[tuple[int, bytes]]:
    """Positions and texts, as the search sees them."""
    of = cells([pa.array(values, pa.string())])
    room = np.zeros((1000, 2), np.int64)
    count = search.texts_in(np.frombuffer(data, np.uint8), of.tables, of.heads, of.text, of.starts, of.ends, room)
    return {(at, of.text[of.starts[n] : of.ends[n]].tobytes()) for at, n in room[:count].tolist()}


WORDS = ["jansen", "janssen", "jans", "anse", "José Muñoz", "sennaj", "Ööööö", "12345", "1234567"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(
    [w.encode(c) for w in WORDS for c in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")] + [b"\0", b"x", b"\0\0"]
), max_size=12))  # fmt: skip
def test_the_search_for_texts_finds_what_its_slow_twin_finds(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert found(data, *WORDS) == reference.texts_in(data, [w for w in WORDS if len(w.encode()) >= 5])


def pieces(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The same bytes in pieces."""
    return [data[a:b] for a, b in pairwise([0, *sorted(min(cut, len(data)) for cut in cuts), len(data)])]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 400), max_size=8),
    st.integers(0, 300),
    st.sampled_from(["utf-8", "latin-1", "utf-16-le", "utf-16-be"]),
    st.sampled_from([NUMBER, LONG, "Brønsted-Ångström"]),
)
def test_borders_of_pieces_hide_nothing(cuts: list[int], at: int, codec: str, value: str) -> None:
    noise = random.Random(at).randbytes(400)  # noqa: S311
    data = noise[:at] + value.encode(codec) + noise[at:]
    with pytest.raises(Refused):
        list(searched(pieces(data, cuts), cells([pa.array([value])])))
    assert b"".join(searched(pieces(noise, cuts), cells([pa.array([value])]))) == noise


def test_a_value_in_the_names_of_columns_is_no_leak() -> None:
    body = b"..handle token:bsn filter.." + bytes(100)
    own = b"handle token:bsn filter"
    values = cells([pa.array(["handle token:bsn", "filter"])])
    assert b"".join(searched([body], values, own=own)) == body
    with pytest.raises(Refused, match="1 value of the input, the first at byte 2: nothing was sealed"):
        list(searched([body], values))


def test_the_message_holds_nothing_of_the_value() -> None:
    with pytest.raises(Refused) as caught:
        list(searched([b"xx", LONG.encode()], cells([pa.array([LONG])])))
    assert "Zwaluwen" not in str(caught.value)
    assert "Zwaluwen" not in repr(cells([pa.array([LONG])]))


SURNAMES = ["".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=5 + n % 9)) for n in range(20_000)]  # noqa: S311


@pytest.mark.parametrize("fill", [0.05, 0.25, 0.5, 0.6])
def test_filters_of_any_fill_raise_no_false_alarm(fill: float) -> None:
    """Letters have two to six bits set: whatever the fill, chance gives fewer finds than `enough` allows."""
    draw = np.random.default_rng(5)
    size = 8_000_000
    body = np.packbits(draw.random(8 * size, dtype=np.float32) < fill).tobytes()
    of = cells([pa.array(SURNAMES)])
    assert b"".join(searched(pieces(body, [1_000_000, 3_000_000]), of)) == body
    seen = outgoing._Seen(of)
    seen.look(body, 0)
    short = len(seen._values.get(5, ()))
    assert short <= size * int((of.telling == 5).sum()) * 2 ** (-outgoing.BITS_PER_BYTE * 5) * 1.5 + 5, (
        "the bound holds"
    )


def test_a_column_of_short_names_among_random_bytes_is_seen() -> None:
    draw = random.Random(3)  # noqa: S311
    rows = b"".join(draw.randbytes(400) + name.encode() for name in SURNAMES[:5_000:9])  # five letters each
    with pytest.raises(Refused, match=r"\d+ values of the input"):
        list(searched([rows], cells([pa.array(SURNAMES)])))


@pytest.mark.parametrize(
    ("places", "values", "telling", "single"),
    [
        (500_000, 400, 5, False), (500_000, 400, 10, True), (2**30, 1_000_000, 6, False), (2**30, 1_000_000, 9, False),
        (2**30, 1_000_000, 14, True), (10 * 2**30, 10_000_000, 15, True), (0, 0, 5, True),
    ],
)  # fmt: skip
def test_how_many_are_enough(places: int, values: int, telling: int, single: bool) -> None:
    """The fewest for which chance stays under one in 10^9, or a sixteenth more."""
    mean = places * values * 2 ** (-outgoing.BITS_PER_BYTE * telling)
    fewest, chance = 1, math.log(mean) if mean else -math.inf
    while chance > math.log(1e-9 / 64):
        fewest += 1
        chance += math.log(mean / fewest)
    assert fewest <= enough(places, values, telling) <= fewest * 17 / 16 + 1
    assert (fewest == 1) == single
