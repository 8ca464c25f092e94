"""The vectors of RFC 9497 and RFC 9380, as the drafts' repositories publish them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import vectors
from linkage.crypto.oprf.rfc9497 import Mode, Suite, suite

SUITES = ("P256-SHA256", "ristretto255-SHA512")


def read(name: str) -> Any:
    """A published file."""
    path = vectors.SHARED / "oprf" / name
    if not path.is_file():
        pytest.skip(f"../shared/vectors is missing: {path.name} not checked")
    return json.loads(path.read_text(encoding="utf-8"))


def groups() -> list[dict[str, Any]]:
    """What RFC 9497 gives for the two suites in the two modes."""
    found = [g for g in read("rfc9497-allVectors.json") if g["identifier"] in SUITES and g["mode"] in (0, 1)]
    assert len(found) == 4
    return found


def suite_of(group: dict[str, Any]) -> Suite:
    """The suite of a group of vectors."""
    return suite(group["identifier"], Mode(group["mode"]))


def pieces(text: str) -> list[bytes]:
    """A batch is hexadecimal with commas."""
    return [bytes.fromhex(part) for part in text.split(",")]
