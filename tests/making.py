"""Our own vector files: the scripts in tests/vectors that make them, and how they write them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent / "vectors"


def maker(name: str) -> ModuleType:
    """One of the scripts, without running it."""
    spec = importlib.util.spec_from_file_location(f"vectors_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_text(sections: Iterable[tuple[str, Any]]) -> str:
    """A file: one line per vector, so that a difference can be read."""
    members = []
    for name, content in sections:
        body = json.dumps(content, ensure_ascii=False)
        if isinstance(content, list):
            body = "[\n  " + ",\n  ".join(json.dumps(case, ensure_ascii=False) for case in content) + "\n]"
        members.append(f"{json.dumps(name)}: {body}")
    return "{\n" + ",\n".join(members) + "\n}\n"
