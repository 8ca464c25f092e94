"""No published vector is passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

import vectors

TESTS = Path(__file__).parents[1]


def files() -> list[Path]:
    """Every vector file that is there."""
    if not vectors.SHARED.is_dir():
        pytest.skip("../shared/vectors is missing: no published vector is checked")
    return [path for path in sorted(vectors.SHARED.rglob("*.json")) if path.is_file()]


def test_every_file_is_claimed() -> None:
    assert [str(path) for path in files() if vectors.claimant(path) is None] == []


def test_every_claim_has_its_file() -> None:
    names = {path.relative_to(vectors.SHARED).as_posix() for path in files()}
    claimed = {f"wycheproof/{one}_test.json" for one in vectors.WYCHEPROOF} | set(vectors.OTHERS)
    assert claimed - names == set()
    assert {name.split("/")[0] for name in names} == {*vectors.ROOM, "wycheproof"}


def test_a_file_of_nobody_would_be_seen() -> None:
    assert vectors.claimant(vectors.SHARED / "wycheproof" / "new_test.json") is None
    assert vectors.claimant(vectors.SHARED / "other" / "new.json") is None


def test_what_is_claimed_here_is_run_here() -> None:
    source = (TESTS / "tests" / "crypto" / "test_published.py").read_text("utf-8")
    assert [name for name in vectors.WYCHEPROOF if f'vectors.wycheproof("{name}")' not in source] == []
