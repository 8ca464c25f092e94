"""Fixtures shared by the tree."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import protocols
import vectors
from linkage.roles.home import Home
from simulator import WITH_APPROVER, Simulator


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases of the published vectors ran, file by file."""
    if vectors.COUNTS:
        terminalreporter.section("published vectors")
        for name, counts in sorted(vectors.COUNTS.items()):
            terminalreporter.line(
                f"{counts.total():6} {name}: " + ", ".join(f"{n} {what}" for what, n in counts.items())
            )


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    """A whole linkage that went well. Look, do not touch: it is shared by all tests."""
    return Simulator(tmp_path_factory.mktemp("played")).play()


@pytest.fixture(scope="session")
def _agreed(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return Simulator(tmp_path_factory.mktemp("agreed")).found().agree().synthesise()


def _copy(original: Simulator, folder: Path) -> Simulator:
    shutil.copytree(original.folder, folder, dirs_exist_ok=True)
    homes = {party: Home(folder / party) for party in original.homes}
    return replace(original, folder=folder, homes=homes, identities=dict(original.identities), sent={})


@pytest.fixture
def agreed(_agreed: Simulator, tmp_path: Path) -> Simulator:
    """Everybody has signed and the custodians hold the secret; one's own copy, to be spoilt."""
    return _copy(_agreed, tmp_path)


@pytest.fixture(scope="session")
def _recontact(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    made = Simulator(tmp_path_factory.mktemp("recontact"), WITH_APPROVER, start=protocols.RECONTACT)
    return made.found().agree().synthesise()


@pytest.fixture
def recontact(_recontact: Simulator, tmp_path: Path) -> Simulator:
    """The same under a protocol for re-contact, with an approver."""
    return _copy(_recontact, tmp_path)


@pytest.fixture(scope="session")
def copied() -> Callable[[Simulator, Path], Simulator]:
    """Copies a simulator into a folder, to be spoilt there."""
    return _copy
