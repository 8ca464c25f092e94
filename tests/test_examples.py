"""The stories in examples/ are executed as a reader would."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

import console

ROOT = Path(__file__).parents[1]
FEBRL = ROOT.parent / "shared" / "data" / "febrl"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the story is told in bash")
def test_the_story_of_graduates_on_benefits_holds(tmp_path: Path) -> None:
    document = ROOT / "examples" / "graduates-on-benefits" / "README.md"
    assert console.run(document, tmp_path) > 40


def test_febrl4_is_linked_with_f1_of_at_least_999_in_a_thousand() -> None:
    if not FEBRL.is_dir():
        pytest.skip("../shared/data/febrl is missing: linkage quality on FEBRL 4 was NOT checked")
    folder = ROOT / "examples" / "febrl4"
    spec = importlib.util.spec_from_file_location("febrl4", folder / "febrl4.py")
    assert spec is not None
    assert spec.loader is not None
    febrl4 = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(febrl4)
    measured = febrl4.main(FEBRL, folder / "protocol.yml")
    print(f"FEBRL 4: {measured}")
    assert measured["f1"] >= 0.999
