"""Bars are drawn for a person who is watching, and for nobody else."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from linkage.cli.options import Options
from linkage.cli.watching import comparing
from linkage.match.work import Progress


class Terminal(io.StringIO):
    """Standard error of a person."""

    def isatty(self) -> bool:
        return True


def options(*, quiet: bool = False, as_json: bool = False) -> Options:
    return Options(Path("home"), as_json, "en", quiet, None, None)


def test_a_person_sees_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with comparing(options()) as tell:
        assert tell is not None
        for done in (0, 500, 1_000):
            tell(Progress(1, ("a", "b"), done, 1_000, 7, None))
        tell(Progress(2, ("a", "b"), 0, 0, 0, None))
    assert "stage 2, a and b: 1e+03 comparisons, 7 pairs" in sys.stderr.getvalue()
    assert "stage 3" not in sys.stderr.getvalue()


@pytest.mark.parametrize(("terminal", "quiet", "as_json"), [(False, 0, 0), (True, True, 0), (True, 0, True)])
def test_nobody_else_does(terminal: bool, quiet: bool, as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    with comparing(options(quiet=bool(quiet), as_json=bool(as_json))) as tell:
        assert tell is None
    assert sys.stderr.getvalue() == ""
