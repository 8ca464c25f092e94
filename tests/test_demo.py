"""`linkage demo`, as a new user runs it, and its answer as data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.errors import Refused
from linkage.roles import demo

PEOPLE = 4_000


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    command = [sys.executable, "-m", "linkage", "demo", "--folder", str(folder), "--people", str(PEOPLE), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "matches" in done.stderr
    return dict(json.loads(done.stdout))


def test_it_finds_nearly_everybody_and_nearly_nobody_else(answer: dict[str, object]) -> None:
    assert isinstance(answer["true_overlap"], int)
    assert answer["true_overlap"] > 100
    assert isinstance(answer["precision"], float)
    assert isinstance(answer["recall"], float)
    assert answer["precision"] > 0.98
    assert answer["recall"] > 0.98


def test_its_ledger_is_verified_and_its_report_is_there(answer: dict[str, object]) -> None:
    assert answer["ledger_verified"] is True
    page = Path(str(answer["report"])).read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page


def test_its_cells_are_hidden_or_rounded(answer: dict[str, object]) -> None:
    cells = answer["cells"]
    assert isinstance(cells, list)
    assert len(cells) == 12
    values = [cell["part"]["value"] for cell in cells]
    assert any(value is None for value in values)
    assert all(value is None or (value >= 10 and value % 5 == 0) for value in values)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_bytes(b"four years of work")
    with pytest.raises(Refused, match="something else"):
        demo.run(tmp_path, people=50, seed=1, lang="nl", say=lambda text: None)
    assert (tmp_path / "thesis.docx").exists()
