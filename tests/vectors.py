"""Published test vectors, read where they lie beside the repository; when they are not there, tests say so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[1].parent / "shared" / "vectors"


def wycheproof(name: str) -> list[dict[str, Any]]:
    """Every test of a C2SP/wycheproof file, with its group under ``group``."""
    path = SHARED / "wycheproof" / f"{name}_test.json"
    if not path.is_file():
        pytest.skip(f"../shared/vectors is missing: {path.name} not checked")
    published = json.loads(path.read_text(encoding="utf-8"))
    cases = [{**case, "group": group} for group in published["testGroups"] for case in group["tests"]]
    assert len(cases) == published["numberOfTests"] > 0
    return cases
