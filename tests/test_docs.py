"""Documents cannot drift: pages made of code are compared, transcripts are executed, links are followed."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

import console

ROOT = Path(__file__).parents[1]
PROSE = sorted(p for p in ROOT.rglob("*.md") if not {".venv", "node_modules", "demo"} & set(p.relative_to(ROOT).parts))


def _make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "docs" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["commands.md", "spec/findings.md", "spec/lint-rules.md", "spec/protocol.schema.json"])
def test_pages_made_of_code_are_what_the_code_says(page: str) -> None:
    assert (ROOT / "docs" / page).read_text("utf-8") == _make().PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("path", PROSE, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / target).exists(), target


@pytest.mark.skipif(shutil.which("bash") is None, reason="the transcript is of a shell")
def test_the_readme_transcript_is_what_happens(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "protocols", tmp_path / "protocols")
    assert console.run(ROOT / "README.md", tmp_path, loose=True) >= 4


def test_the_library_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102  # our own document
    table = names["table"]
    assert list(table.columns) == ["left", "right", "score", "stage"]  # type: ignore[attr-defined]
    assert len(table) == 2  # type: ignore[arg-type]
