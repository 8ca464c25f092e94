"""The adversary suite: one scenario per file, its name the story, its expected outcome inside.

A file ``*_fail.py`` has ``EXPECT`` (class and words of the refusal), ``VICTIM`` (whose home must stay as it was) and
``attack``, which plays the honest part, forges, and returns the act of the victim; ``FIXTURE``, where the linkage is
another than the usual one. A file ``*_found.py`` has ``EXPECT``
(codes of findings) and ``attack``, which returns the findings of an auditor.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from linkage.errors import LinkageError
from simulator import Simulator

HERE = Path(__file__).parent
STORIES = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem not in ("test_scenarios", "forging")}


def scenario(path: Path) -> ModuleType:
    """The module of a scenario."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kept(simulator: Simulator, party: str) -> dict[Path, bytes]:
    """What a party has taken in or made: all of its home but inbox, outbox and lock."""
    home = simulator.homes[party].path
    every = {path.relative_to(home): path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"}
    return {name: path.read_bytes() for name, path in every.items() if name.parts[0] not in ("inbox", "outbox")}


@pytest.mark.parametrize("story", [name for name in STORIES if name.endswith("_fail")])
def test_is_refused_and_leaves_no_trace(story: str, request: pytest.FixtureRequest) -> None:
    told = scenario(STORIES[story])
    agreed: Simulator = request.getfixturevalue(getattr(told, "FIXTURE", "agreed"))
    kind, words = told.EXPECT
    act = told.attack(agreed)
    before = kept(agreed, told.VICTIM)
    with pytest.raises(LinkageError, match=words) as caught:
        act()
    assert type(caught.value) is kind
    assert caught.value.exit_code == (2 if kind.__name__ == "InputError" else 1)
    assert kept(agreed, told.VICTIM) == before


@pytest.mark.parametrize("story", [name for name in STORIES if name.endswith("_found")])
def test_is_found_by_an_auditor(story: str, agreed: Simulator) -> None:
    told = scenario(STORIES[story])
    assert {finding.code for finding in told.attack(agreed)} & told.EXPECT


def test_every_story_has_an_ending() -> None:
    assert len(STORIES) > 25
    for name, path in STORIES.items():
        assert name.endswith(("_fail", "_found")), name
        assert (scenario(path).__doc__ or "").strip(), name
