"""One value, one spelling, one digest."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage import canonical
from linkage.errors import InputError, LinkageError

SAFE = 2**53 - 1
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-SAFE, SAFE) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


# RFC 8785 appendix B: IEEE 754 bits and their one spelling.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "spelling"), NUMBERS.items())
def test_numbers_are_spelt_as_rfc_8785_appendix_b_says(bits: str, spelling: str) -> None:
    number = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert canonical.to_bytes(number).decode() == spelling
    assert canonical.from_bytes(spelling.encode()) == number


def test_the_example_of_rfc_8785_section_3_2_2() -> None:
    value = json.loads(
        r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    )
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        r'"string":"€$\u000f\nA' + "'" + r'B\"\\\\\"/"}'
    )
    assert canonical.to_bytes(value) == expected.encode()


def test_keys_are_sorted_by_utf_16_units_as_in_rfc_8785_section_3_2_3() -> None:
    value = {"\u20ac": 5, "\r": 1, "\ufb33": 7, "1": 2, "\U0001f600": 6, "\u0080": 3, "\u00f6": 4}
    assert list(json.loads(canonical.to_bytes(value)).values()) == [1, 2, 3, 4, 5, 6, 7]


@given(JSON)
def test_what_is_written_is_read_back_the_same(value: object) -> None:
    assert canonical.from_bytes(canonical.to_bytes(value)) == value


@given(JSON)
def test_any_other_spelling_of_the_same_value_is_refused(value: object) -> None:
    data = canonical.to_bytes(value)
    for other in (b" " + data, data + b"\n", b"\xef\xbb\xbf" + data):
        with pytest.raises(InputError):
            canonical.from_bytes(other)


@given(st.binary(max_size=60) | st.text('{}[]",:0123456789.eE+-tfnrualse\\ud8\x00', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        value = canonical.from_bytes(data)
    except InputError:
        return
    assert canonical.to_bytes(value) == data


ALMOST = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('ab"\\\n\x1f\x7f /é', max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("aZé\ufb33\U0001f600", max_size=2), inner),
    max_leaves=8,
)


def long_way(data: bytes) -> object:
    """What reading says without its short cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "_plain", canonical._not_plain)
        try:
            return canonical.from_bytes(data)
        except InputError:
            return InputError


@given(ALMOST, st.booleans(), st.booleans())
def test_the_short_cut_says_what_the_long_way_says(value: object, ascii_only: bool, ordered: bool) -> None:
    spelt = json.dumps(value, ensure_ascii=ascii_only, sort_keys=ordered, separators=(",", ":")).encode()
    try:
        quick = canonical.from_bytes(spelt)
    except InputError:
        quick = InputError
    assert (quick, repr(quick)) == ((slow := long_way(spelt)), repr(slow))


@given(st.text('{}[]",:0123456789.eE+-tfnrualse\\u', max_size=30).map(str.encode))
def test_the_short_cut_takes_no_spelling_that_the_long_way_refuses(data: bytes) -> None:
    try:
        quick = canonical._plain(data)
    except (ValueError, RecursionError):
        return
    assert repr(long_way(data)) == repr(quick)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"a":1,"a":2}', id="a duplicate key"),
        pytest.param(b'{"a":{"b":1,"b":1}}', id="a duplicate key inside"),
        pytest.param(b'{"a":1,"\\u0061":1}', id="a duplicate key spelt with an escape"),
        pytest.param(b'{"b":1,"a":2}', id="keys out of order"),
        pytest.param(b'{"a": 1}', id="a space"),
        pytest.param(b'"\\u0041"', id="an escape that is not needed"),
        pytest.param(b'"\\u000A"', id="a long escape where a short one exists"),
        pytest.param(b'"\\/"', id="an escaped slash"),
        pytest.param(b"1.0", id="a whole number with a fraction"),
        pytest.param(b"1e2", id="a whole number with an exponent"),
        pytest.param(b"-0", id="minus zero"),
        pytest.param(b"01", id="a leading zero"),
        pytest.param(b"9007199254740993", id="a whole number no double holds"),
        pytest.param(b"1" + b"0" * 5000, id="a number of 5,001 digits"),
        pytest.param(b"1e400", id="a number beyond double precision"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(b"Infinity", id="infinity"),
        pytest.param(b"-Infinity", id="minus infinity"),
        pytest.param(b'"\\ud800"', id="a lone surrogate"),
        pytest.param(b'{"\\udc00":1}', id="a lone surrogate as key"),
        pytest.param(b'"\xed\xa0\x80"', id="a surrogate as bytes"),
        pytest.param(b'"\xff"', id="not UTF-8"),
        pytest.param(b'"\n"', id="a raw control character"),
        pytest.param(b"[1,]", id="a trailing comma"),
        pytest.param(b"1 2", id="two values"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="nested beyond reason"),
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        canonical.from_bytes(data, where="card.json")
    assert caught.value.where == "card.json"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(float("nan"), id="NaN"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param(2**53, id="a whole number above 2^53 - 1"),
        pytest.param(-(2**53), id="a whole number below"),
        pytest.param("\ud800", id="a lone surrogate"),
        pytest.param({"\ud800": 1, "a": 2}, id="a lone surrogate as key"),
        pytest.param({1: 2}, id="a key that is a number"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param({1, 2}, id="a set"),
        pytest.param([object()], id="an object"),
    ],
)
def test_what_json_cannot_say_exactly_is_not_written(value: object) -> None:
    with pytest.raises(LinkageError):
        canonical.to_bytes(value)


def test_a_value_inside_itself_is_not_written() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(InputError):
        canonical.to_bytes(value)


def test_a_refusal_does_not_show_the_value() -> None:
    with pytest.raises(InputError) as caught:
        canonical.to_bytes({"naam": "Xylofoonstra\ud800"})
    assert "Xylofoonstra" not in str(caught.value) + repr(caught.value.__cause__)


def test_the_digest_of_a_value_never_changes_between_releases() -> None:
    value = {"z": [1, 2.5, "é"], "a": None}
    assert canonical.digest(value) == "sha256:0534d12b8518bb48bf5ccb026dd3f9369802b26d0cebb91876ef296475c40ac4"
    assert canonical.digest({"a": None, "z": [1, 2.5, "é"]}) == canonical.digest(value)


def test_the_digest_of_bytes_is_sha_256() -> None:
    # FIPS 180-2, appendix B.1
    expected = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert canonical.digest_bytes(b"abc") == expected
