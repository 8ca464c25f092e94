"""The filter, bit for bit as the reference says, and what may not change a bit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from encode.rows import DIGEST, KINDS, ROWS, SECRET, Person, columns, cut
from linkage.crypto.secret import subkey
from linkage.encode import clk, tokens
from linkage.encode.column import Column
from linkage.protocol.profiles import Clk, ClkField

SPEC = Path(__file__).parents[2] / "docs/spec/encoding.md"
KEYS = {name: subkey(SECRET, DIGEST, "clk", name) for name in KINDS}


def profile(bits: int = 1024, needed: int = 2, positions: Sequence[int] = (10, 10, 12, 6)) -> Clk:
    fields = (ClkField(field=f, q=2, positions=k) for f, k in zip(KINDS, positions, strict=True))
    return Clk(profile="clk", rules=2, bits=bits, prf="hmac-sha512", fields_needed=needed, fields=tuple(fields))


def encoded(rows: Sequence[Person], encoding: Clk, keys: Mapping[str, bytes] = KEYS) -> list[bytes]:
    return [row.astype("<u8").tobytes() for row in clk.filters(columns(rows), encoding, keys)]


@settings(max_examples=80, deadline=None)
@given(ROWS, st.sampled_from((64, 320, 1024)), st.integers(1, 4), st.lists(st.integers(1, 40), min_size=4, max_size=4))
def test_filters_are_those_of_the_reference(rows: list[Person], bits: int, needed: int, weights: list[int]) -> None:
    expected = [reference.clk(cut(r), dict(zip(KINDS, weights, strict=True)), KEYS, bits, needed) for r in rows]
    assert encoded(rows, profile(bits, needed, weights)) == [reference.to_bytes(filter_, bits) for filter_ in expected]


@given(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=9), st.integers(1, 64), st.integers(1, 128))
def test_positions_are_those_of_the_reference(key: bytes, token: str, count: int, words: int) -> None:
    found = clk.positions(key, ["x", token], count, 64 * words)[1].tolist()
    assert found == reference.positions(key, token, count, 64 * words)
    assert all(0 <= position < 64 * words for position in found)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_and_company_of_rows_change_no_bit(rows: list[Person], chance: object) -> None:
    whole = encoded(rows, profile())
    order = list(range(len(rows)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    assert encoded([rows[i] for i in order], profile()) == [whole[i] for i in order]
    assert [encoded([row], profile())[0] for row in rows] == whole


@pytest.mark.parametrize("needed", [1, 2, 3, 4])
def test_a_row_with_too_few_fields_has_an_empty_filter(needed: int) -> None:
    person = {"given-name": "an", "surname": "vos", "born": "19980317", "postcode": "1234ab"}
    rows = [{name: person[name] if at < filled else None for at, name in enumerate(KINDS)} for filled in range(5)]
    empty = [not any(filter_) for filter_ in encoded(rows, profile(needed=needed))]
    assert empty == [filled < needed for filled in range(5)]


def test_a_party_without_a_field_has_the_bits_of_an_empty_one() -> None:
    row: Person = {"given-name": "an", "surname": "vos", "born": "19980317", "postcode": None}
    some = {name: column for name, column in columns([row]).items() if name != "postcode"}
    assert clk.filters(some, profile(), KEYS)[0].tobytes() == encoded([row], profile())[0]


def test_other_keys_give_unrelated_bits() -> None:
    """Shared bits stay near what chance gives: |a| * |b| / bits."""
    row: Person = {"given-name": "annelies", "surname": "vossenberg", "born": "19980317", "postcode": "1234ab"}

    def bits_of(keys: Mapping[str, bytes]) -> int:
        return int.from_bytes(encoded([row], profile(), keys)[0], "little")

    ours = bits_of(KEYS)
    for secret, digest in ((bytes(32), DIGEST), (SECRET, "sha256:" + "11" * 32)):
        other = bits_of({name: subkey(secret, digest, "clk", name) for name in KINDS})
        chance = ours.bit_count() * other.bit_count() / 1024
        assert abs((ours & other).bit_count() - chance) < 6 * chance**0.5
    swapped = bits_of(dict(zip(KINDS, reversed(KEYS.values()), strict=True)))
    assert (ours & swapped).bit_count() < 0.5 * ours.bit_count(), "a field's bits are its own"


def test_columns_show_no_value() -> None:
    column = Column("surname", np.array([0, -1]), ["vossenberg"])
    assert "vossenberg" not in repr(column)
    assert column.texts() == ["vossenberg", None]
    assert column.take(np.array([1, 0])).texts() == [None, "vossenberg"]
    assert column.present.tolist() == [True, False]


def test_the_vector_of_the_specification_holds() -> None:
    """Read from docs/spec/encoding.md, so that the document cannot drift."""
    said = dict(re.findall(r"^(\S+(?: \S+)*?) += (.+)$", SPEC.read_text("utf-8").split("```text\n")[1], re.M))
    assert (said["secret"], said["protocol"]) == (SECRET.hex(), DIGEST)
    assert reference.subkey(SECRET, DIGEST, "token", "bsn").hex() == said["token subkey of bsn"]
    assert reference.token(SECRET, DIGEST, "bsn", "111222333").hex() == said["token of 111222333"]
    key = subkey(SECRET, DIGEST, "clk", "surname")
    assert key.hex() == said["clk subkey of surname"]
    assert list(tokens.tokens("surname", "vos", 2)) == said["tokens of vos"].split()
    for token in tokens.tokens("surname", "vos", 2):
        drawn = " ".join(map(str, clk.positions(key, [token], 4, 256)[0]))
        assert drawn == said[f"positions of {token}"]
    fields = (ClkField(field="surname", q=2, positions=4),)
    encoding = Clk(profile="clk", rules=2, bits=256, prf="hmac-sha512", fields_needed=1, fields=fields)
    row = clk.filters({"surname": Column("surname", np.array([0]), ["vos"])}, encoding, {"surname": key})
    assert row.astype("<u8").tobytes().hex() == said["filter of vos"]
