"""The vectors for other implementations (tests/vectors/encoding.json): the library and its twin agree with each."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import reference
from linkage.crypto.codes import codes
from linkage.crypto.secret import subkey
from linkage.encode import clk, hardened, sounds, tokens
from linkage.encode.column import Column
from linkage.encode.normalise import NORMALISERS
from linkage.protocol.profiles import Clk, Hardened
from making import FOLDER, maker

FILE = FOLDER / "encoding.json"


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    assert FILE.is_file(), "tests/vectors/encoding.json is missing: git restore it, do not make it anew"
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def secrets(vectors: dict[str, Any]) -> dict[str, tuple[bytes, str]]:
    return {one["name"]: (bytes.fromhex(one["secret"]), one["protocol"]) for one in vectors["secrets"]}


def test_the_file_is_what_would_be_written_byte_for_byte(vectors: dict[str, Any]) -> None:
    assert vectors["format"] == 1
    assert FILE.read_bytes() == maker("make").text().encode(), "a change of a bit is a new number of encoding.rules"


def test_every_kind_strength_fold_and_case_is_in_it(vectors: dict[str, Any]) -> None:
    cases = vectors["tokens"]
    assert {case["kind"] for case in cases} == set(tokens.TOKENISERS)
    assert {strength for case in cases for _, strength in case["tokens"]} == {1, 2, 3}
    written = " ".join(case["word"] for case in vectors["sounds"])
    assert [spelling for spelling, _ in sounds.FOLDS if spelling not in written] == []
    assert {case["kind"] for case in cases if "0000" in case["value"] or "0101" in case["value"]} >= {"birth-date"}
    for profile in ("clk", "hardened"):
        assert len(vectors[profile]) >= 4
        empty = [set(filter_) == {"0"} for case in vectors[profile] for filter_ in case["filters"]]
        assert {True, False} <= set(empty), "a filter and no filter"


def test_values_and_words_are_normal_forms(vectors: dict[str, Any]) -> None:
    for case in vectors["tokens"]:
        assert NORMALISERS[case["kind"]](case["value"]) == case["value"]
    for case in vectors["sounds"]:
        assert NORMALISERS["given-name"](case["word"]) == case["word"]
    for record in vectors["records"]:
        for name, value in record.items():
            assert value is None or NORMALISERS[vectors["kinds"][name]](value) == value


def test_sounds(vectors: dict[str, Any]) -> None:
    for case in vectors["sounds"]:
        for code in (sounds, reference):
            assert (code.sound(case["word"]), code.skeleton(case["word"])) == (case["sound"], case["skeleton"])


def test_tokens(vectors: dict[str, Any]) -> None:
    for case in vectors["tokens"]:
        what, expected = (case["kind"], case["value"], case["q"]), dict(case["tokens"])
        assert len(expected) == len(case["tokens"])
        assert {token.text: token.strength for token in tokens.tokens(*what)} == expected, what
        assert reference.tokens(*what) == expected, what


def test_codes(vectors: dict[str, Any], secrets: dict[str, tuple[bytes, str]]) -> None:
    for case in vectors["codes"]:
        what = (*secrets[case["by"]], case["field"], len(case["codes"]))
        assert list(codes(*what)) == reference.codes(*what) == case["codes"]


def test_subkeys(vectors: dict[str, Any], secrets: dict[str, tuple[bytes, str]]) -> None:
    for case in vectors["subkeys"]:
        what = (*secrets[case["by"]], case["purpose"], case["field"])
        assert subkey(*what).hex() == reference.subkey(*what).hex() == case["subkey"]


def test_exact_tokens(vectors: dict[str, Any], secrets: dict[str, tuple[bytes, str]]) -> None:
    make = maker("make")
    for case in vectors["exact"]:
        assert make.exact(case["by"], case["field"], case["value"]) == case["token"]
        assert reference.token(*secrets[case["by"]], case["field"], case["value"]).hex() == case["token"]


@pytest.mark.parametrize("profile", ["clk", "hardened"])
def test_filters(vectors: dict[str, Any], secrets: dict[str, tuple[bytes, str]], profile: str) -> None:
    for case in vectors[profile]:
        said = case["encoding"]
        keys = {one["field"]: subkey(*secrets[case["by"]], profile, one["field"]) for one in said["fields"]}
        model, module = (Clk, clk) if profile == "clk" else (Hardened, hardened)
        columns = {name: _column(vectors, name) for name in vectors["kinds"]}
        found = module.filters(columns, model.model_validate_json(json.dumps(said)), keys)  # type: ignore[attr-defined]
        assert [row.astype("<u8").tobytes().hex() for row in found] == case["filters"]
        assert [_plain(said, row, vectors["kinds"], keys) for row in vectors["records"]] == case["filters"]


def _column(vectors: dict[str, Any], name: str) -> Column:
    """One value per row, none of them shared: not how the file was made."""
    values = [record[name] for record in vectors["records"]]
    filled = np.array([value is not None for value in values])
    codes = np.where(filled, np.cumsum(filled) - 1, -1)
    return Column(vectors["kinds"][name], codes, [value for value in values if value is not None])


def _plain(said: dict[str, Any], row: dict[str, str | None], kinds: dict[str, str], keys: dict[str, bytes]) -> str:
    """The filter as the reference makes it."""
    cut: dict[str, list[tuple[str, int]] | None] = {}
    for one in said["fields"]:
        value = row[one["field"]]
        found = None if value is None else reference.tokens(kinds[one["field"]], value, one["q"])
        cut[one["field"]] = None if found is None else list(found.items())
    weights = {one["field"]: one.get("positions", one.get("weight")) for one in said["fields"]}
    bits, needed = said["bits"], said["fields_needed"]
    if said["profile"] == "clk":
        made = reference.clk(cut, weights, keys, bits, needed)
    else:
        made = reference.hardened(cut, weights, keys, bits, said["votes"], needed)
    return reference.to_bytes(made, bits).hex()
