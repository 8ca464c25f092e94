"""The CLKs of clkhash 0.18.3, bit for bit, from vectors made with it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from linkage.encode import clkhash, clkhash_schema
from linkage.errors import InputError

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "clkhash" / "clkhash_vectors.json"
SETS = ["blake_1024", "double_1024", "double_1024_ns", "double_1000", "blake_1024_xor_folds_1"]


def vectors() -> dict[str, Any]:
    if not VECTORS.exists():
        pytest.skip("../shared/vectors/clkhash is missing: agreement with clkhash was NOT checked")
    return dict(json.loads(VECTORS.read_text("utf-8")))


def schema(value: dict[str, Any]) -> clkhash_schema.Schema:
    return clkhash_schema.read_schema(json.dumps(value).encode(), where="schema.json")


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_equal(name: str) -> None:
    given = vectors()[name]
    clks = clkhash.encode(given["rows"], schema(given["schema"]), given["secret"].encode())
    assert [base64.b64encode(clk).decode() for clk in clks] == given["clks"]
    assert json.loads(clkhash.to_file(clks)) == {"clks": given["clks"]}


def test_folding_is_done_as_documented_and_said() -> None:
    """clkhash 0.18.3 gives an unfolded CLK for `xorFolds: 1`; ours is what it gives for `xor_folds: 1`."""
    documented, obeyed = vectors()["blake_1024_fold1"], vectors()["blake_1024_xor_folds_1"]
    read = schema(documented["schema"])
    clks = [base64.b64encode(c).decode() for c in clkhash.encode(documented["rows"], read, b"secret")]
    assert clks == obeyed["clks"] != documented["clks"]
    assert [finding.code for finding in read.findings] == ["E301"]
    assert schema(obeyed["schema"]).findings == ()


def minimal(**change: Any) -> dict[str, Any]:
    feature = {
        "identifier": "name",
        "format": {"type": "string"},
        "hashing": {"comparison": {"type": "ngram", "n": 2}, "strategy": {"bitsPerToken": 3}},
    }
    return {
        "version": 3,
        "clkConfig": {"l": 64, "kdf": {"type": "HKDF", "keySize": 32}},
        "features": [{**feature, **change}],
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"version": 2}, "version"),
        (minimal(colour="red"), "colour"),
        (minimal(hashing=None), "no format or no hashing"),
        (minimal(hashing={"comparison": {"type": "exact"}, "strategy": {}}), "one of bitsPerToken"),
        ({**minimal(), "clkConfig": {"l": 1000, "kdf": {"type": "HKDF"}}}, "power of two"),
        ({**minimal(), "clkConfig": {"l": 64, "kdf": {"type": "HKDF", "salt": "not base64"}}}, "base64"),
        (minimal(hashing={"comparison": {"type": "numeric"}, "strategy": {"bitsPerToken": 3}}), "thresholdDistance"),
        (minimal(format={"type": "string", "pattern": "["}), "pattern"),
    ],
    ids=["version", "unknown-key", "no-hashing", "no-strategy", "blake-length", "salt", "distance", "pattern"],
)
def test_what_clkhash_takes_in_silence_is_refused(value: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        schema(value)


def test_a_bad_cell_is_named_by_its_place_and_not_shown() -> None:
    dated = minimal(format={"type": "date", "format": "%Y-%m-%d"})
    with pytest.raises(InputError, match="row 2, name") as caught:
        clkhash.encode([["2001-03-15"], ["15 maart"]], schema(dated), b"secret")
    assert "maart" not in str(caught.value)
    with pytest.raises(InputError, match="row 1: expected 1 cells, got 2"):
        clkhash.encode([["a", "b"]], schema(minimal()), b"secret")


def test_not_json_is_said() -> None:
    with pytest.raises(InputError, match="not JSON"):
        clkhash_schema.read_schema(b"{", where="schema.json")


def one(cell: str, **change: Any) -> bytes:
    return clkhash.encode([[cell]], schema(minimal(**change)), b"secret")[0]


def test_an_integer_has_one_spelling() -> None:
    """As clkhash has it: ``int(cell)``, written again."""
    bits = {one(cell, format={"type": "integer"}) for cell in ("7", "007", "+7", " 7")}
    assert bits == {one("7")} != {one("007")}


def test_what_stands_for_no_value_is_hashed_unless_something_takes_its_place() -> None:
    """As clkhash has it: without replaceWith the sentinel itself is cut into tokens."""
    hashing = minimal()["features"][0]["hashing"]
    assert one("NULL", hashing={**hashing, "missingValue": {"sentinel": "NULL"}}) == one("NULL")
    assert one("NULL", hashing={**hashing, "missingValue": {"sentinel": "NULL", "replaceWith": "jan"}}) == one("jan")
    assert not any(one("NULL", hashing={**hashing, "missingValue": {"sentinel": "NULL", "replaceWith": ""}}))


@pytest.mark.parametrize(
    ("format_", "cell"),
    [
        ({"type": "string", "maxLength": 3}, "Quirijn"),
        ({"type": "string", "minLength": 9}, "Quirijn"),
        ({"type": "string", "case": "upper"}, "Quirijn"),
        ({"type": "string", "case": "lower"}, "Quirijn"),
        ({"type": "string", "pattern": "[a-z]*"}, "Quirijn"),
        ({"type": "string", "encoding": "ascii"}, "Quiríjn"),
        ({"type": "enum", "values": ["a"]}, "Quirijn"),
        ({"type": "integer"}, "Quirijn"),
        ({"type": "integer", "minimum": 5}, "4"),
        ({"type": "integer", "maximum": 5}, "6"),
        ({"type": "date", "format": "%Y"}, "Quirijn"),
    ],
)
def test_a_cell_that_does_not_fit_its_format_is_refused(format_: dict[str, Any], cell: str) -> None:
    with pytest.raises(InputError, match="row 1, name: expected") as caught:
        one(cell, format=format_)
    assert cell in {"4", "6"} or cell not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_number_that_is_none_is_named_by_its_place() -> None:
    numeric = {"type": "numeric", "thresholdDistance": 5}
    with pytest.raises(InputError, match="row 1, name: expected a number"):
        one("x", hashing={"comparison": numeric, "strategy": {"bitsPerToken": 3}})
