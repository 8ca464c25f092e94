"""JSON Schema of the protocol file, generated from the model so that the two cannot differ."""

from __future__ import annotations

from typing import Any

from linkage.protocol.model import Protocol

SCHEMA_ID = "https://linkage.example/schema/protocol-1.json"


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a protocol file, for editors that complete and check YAML."""
    schema = Protocol.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}
