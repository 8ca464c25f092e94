"""The JSON Schema: what editors complete is what the loader accepts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from linkage.errors import InputError
from linkage.protocol import strict_yaml
from linkage.protocol.load import from_document
from linkage.protocol.schema import json_schema
from protocols import CLK, SHIPPED, WITHOUT_NUMBER

SCHEMA = json.loads(json.dumps(json_schema(), allow_nan=False))


def objects(value: Any) -> list[dict[str, Any]]:
    """All object schemas inside a schema."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [schema for part in inside for schema in objects(part)]
    return [value, *found] if isinstance(value, dict) and value.get("type") == "object" else found


def fits(schema: dict[str, Any], value: Any) -> bool:
    """A validator of the few words of JSON Schema that pydantic uses here; an unknown word fails the test."""
    words = set(schema) - {"description", "title", "default", "discriminator", "$defs", "$schema", "$id"}
    if "$ref" in schema:
        return fits(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], value)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return any(fits(option, value) for option in schema[word])
    known = {"type", "properties", "required", "additionalProperties", "items", "enum", "const", "pattern", "minLength",
             "maxLength", "minItems", "maxItems", "minimum", "maximum", "exclusiveMinimum", "multipleOf"}  # fmt: skip
    assert words <= known, words - known
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
             "number": (int, float)}  # fmt: skip
    kind = schema.get("type")
    if kind and (not isinstance(value, types[kind]) or (isinstance(value, bool) and kind in ("integer", "number"))):
        return False
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    match value:
        case dict():
            properties = schema["properties"]
            return set(schema.get("required", ())) <= set(value) <= set(properties) and all(
                fits(properties[key], part) for key, part in value.items()
            )
        case list():
            count = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
            return count and all(fits(schema["items"], part) for part in value)
        case str():
            length = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
            return length and re.search(schema.get("pattern", ""), value, re.ASCII) is not None
        case int() | float() if not isinstance(value, bool):
            low, high = schema.get("minimum", value), schema.get("maximum", value)
            above = value > schema.get("exclusiveMinimum", float("-inf"))
            return low <= value <= high and above and value % schema.get("multipleOf", 1) in (0, value % 1)
    return True


@pytest.mark.parametrize(
    ("old", "new", "accepted"),
    [
        pytest.param("mode: statistics", "mode: statistics", True, id="the shipped protocol"),
        pytest.param("card: null", "card: sha256:" + "0" * 64, True, id="a card"),
        pytest.param("threshold: {aim: balance}", "threshold: 1", True, id="a threshold of one"),
        pytest.param("aim: balance", "aim: precision, at_least: 0.99", True, id="a precision"),
        pytest.param("aim: balance", "aim: precision, at_least: 1.0", False, id="a precision of one"),
        pytest.param("aim: balance", "aim: recall", False, id="another aim"),
        pytest.param("{aim: balance}", "{}", False, id="no aim"),
        pytest.param("{aim: balance}", "high", False, id="a threshold in words"),
        pytest.param("{aim: balance}", "[0.8]", False, id="a list of thresholds"),
        pytest.param("minimum: 10", "minimum: 1000", True, id="the largest minimum"),
        pytest.param("packages: P30D", "packages: P1Y6M", True, id="a year and a half"),
        pytest.param("mode: statistics", "mode: rows", False, id="another mode"),
        pytest.param("linkage: 1 ", "linkage: 2 ", False, id="another version"),
        pytest.param("linkage: 1 ", "linkage: true ", False, id="a version that is true"),
        pytest.param("card: null", "card: sha256:0", False, id="a short fingerprint"),
        pytest.param("card: null", "# ", False, id="no card key"),
        pytest.param("card: null", "cards: null", False, id="an unknown key"),
        pytest.param("roles: [linkage-unit]", "roles: []", False, id="no role"),
        pytest.param("bits: 8192", "bits: 8100", False, id="bits that are no words"),
        pytest.param("bits: 8192", "bits: '8192'", False, id="bits as text"),
        pytest.param("threshold: {aim: balance}", "threshold: 0", False, id="a threshold of zero"),
        pytest.param("threshold: {aim: balance}", "threshold: 1.1", False, id="a threshold above one"),
        pytest.param("minimum: 10", "minimum: 1001", False, id="a minimum too large"),
        pytest.param("packages: P30D", "packages: 30 days", False, id="a period in words"),
        pytest.param("packages: P30D", "packages: P٣D", False, id="a period in other digits"),
        pytest.param("{stage: exact, field: bsn,", "{stage: fuzzy, field: bsn,", False, id="a stage of the other kind"),
        pytest.param("by: [level, school-year]", "by: [a, b, c, d]", False, id="a table of four dimensions"),
    ],
)
def test_schema_and_loader_agree(old: str, new: str, accepted: bool) -> None:
    assert old in SHIPPED
    document = strict_yaml.parse(SHIPPED.replace(old, new, 1).encode(), name="p.yml")
    try:
        from_document(document)
        loaded = True
    except InputError:
        loaded = False
    assert (loaded, fits(SCHEMA, document.data)) == (accepted, accepted)


@pytest.mark.parametrize("text", [SHIPPED, CLK, WITHOUT_NUMBER], ids=["hardened", "clk", "without number"])
def test_shipped_protocols_fit(text: str) -> None:
    document = strict_yaml.parse(text.encode(), name="p.yml")
    assert from_document(document).linkage == 1
    assert fits(SCHEMA, document.data)


def test_no_object_takes_a_key_it_does_not_name() -> None:
    found = objects(SCHEMA)
    assert len(found) > 15
    assert all(schema["additionalProperties"] is False for schema in found)


def test_keys_are_those_of_the_file_and_not_of_the_code() -> None:
    assert set(SCHEMA["$defs"]["Period"]["properties"]) == {"from", "until"}
    assert set(SCHEMA["required"]) == set(strict_yaml.parse(SHIPPED.encode(), name="p.yml").data)


def test_the_schema_names_its_draft_and_itself() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"].endswith("/protocol-1.json")
