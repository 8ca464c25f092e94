"""A run that is stopped goes on where it was and gives the same links; its folder says nothing and goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import protocols
from linkage.errors import InputError, Refused
from linkage.links import Links
from linkage.match import comparison, match, resume, work
from linkage.match.comparison import Rule
from linkage.match.resume import Block, Run, State
from linkage.match.work import Progress, Work
from linkage.protocol.load import loads
from linkage.tables import Encodings

RULE = Rule("dice", 0.5, 2)
SHIPPED = loads(protocols.CLK.encode(), name="p.yml")
FUZZY_ONLY = SHIPPED.model_copy(
    update={"matching": SHIPPED.matching.model_copy(update={"stages": SHIPPED.matching.stages[1:]})}
)


def rows_of(seed: int, rows: int = 200) -> comparison.Filters:
    return np.random.default_rng(seed).integers(0, 2**64, (rows, 2), dtype=np.uint64)


def found(links: Links) -> list[tuple[int, int, float, int]]:
    columns = (links.left, links.right, links.score, links.stage)
    return list(zip(*(c.tolist() for c in columns), strict=True))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many blocks of few rows."""
    monkeypatch.setattr(comparison, "SLICE_ROWS", 10)


def pair(seed: int = 3) -> list[Encodings]:
    sides = []
    for party, start in (("mbo", 0), ("gemeente", 1)):
        draw = np.random.default_rng([seed, start])
        base = np.random.default_rng(seed).integers(0, 2**64, (120, 16), dtype=np.uint64)
        own = base ^ (draw.integers(0, 2**64, (120, 16), dtype=np.uint64) & np.uint64(0x0101010101010101))
        handles = draw.integers(0, 256, (120, 16), dtype=np.uint8)
        codes = {name: np.zeros(120, np.int16) for name, _ in FUZZY_ONLY.layout(party).categories}
        tokens = {"bsn": np.zeros((120, 16), np.uint8)}
        sides.append(Encodings(party, FUZZY_ONLY.digest, handles, tokens, own, codes))
    return sides


class Stopped(Exception):
    """As a person who presses Ctrl-C, only sooner."""


def stop_after(blocks: int) -> Callable[[Progress], None]:
    seen = []

    def tell(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) > blocks:
            raise Stopped

    return tell


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("blocks", [0, 1, 5])
@pytest.mark.parametrize("cores", [1, 2])
def test_a_stopped_run_goes_on_and_gives_the_same_links(blocks: int, cores: int, tmp_path: Path) -> None:
    encodings, folder = pair(), tmp_path / "state"
    whole = match(encodings, FUZZY_ONLY)
    assert len(whole) == 120
    with pytest.raises(Stopped):
        match(encodings, FUZZY_ONLY, resume=folder, progress=stop_after(blocks), cores=cores)
    kept = len(list(folder.rglob("*.block")))
    assert blocks <= kept < 12
    told: list[Progress] = []
    links = match(encodings, FUZZY_ONLY, resume=folder, progress=told.append)
    assert found(links) == found(whole)
    assert told[0].done == kept * 10 * 120  # finished blocks are not done again
    assert told[-1].done == told[-1].total == 120 * 120
    assert not folder.exists()


@pytest.mark.usefixtures("small")
def test_what_a_stopped_run_leaves_is_for_its_owner_and_holds_no_filter(tmp_path: Path) -> None:
    encodings, folder = pair(), tmp_path / "state"
    with pytest.raises(Stopped):
        match(encodings, FUZZY_ONLY, resume=folder, progress=stop_after(4))
    paths = [p for p in folder.rglob("*") if p.is_file()]
    assert len(paths) > 3
    if os.name == "posix":
        assert {p.stat().st_mode & 0o777 for p in paths} == {0o600}
        assert {p.stat().st_mode & 0o777 for p in folder.rglob("*") if p.is_dir()} == {0o700}
    data = b"".join(p.read_bytes() for p in paths)
    for e in encodings:
        for row in (*e.filters, *e.handles):
            assert row.tobytes() not in data


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "gone"])
def test_a_block_without_a_good_file_is_done_again(harm: str, tmp_path: Path) -> None:
    a, b = rows_of(1), rows_of(2)
    whole = comparison.all_pairs(a, b, RULE, Work())
    state = State(tmp_path / "part")
    comparison.all_pairs(a, b, RULE, Work(state=state))
    path = sorted(state.folder.iterdir())[3]
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes({"cut": data[:-8], "flip": data[:-1] + bytes([data[-1] ^ 1]), "empty": b""}[harm])
    again = comparison.all_pairs(a, b, RULE, Work(state=state))
    assert (again.left == whole.left).all()
    assert (again.right == whole.right).all()
    assert (again.score == whole.score).all()


def test_a_folder_of_another_run_or_of_anything_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    run = Run.open(folder, "sha256:a")
    assert Run.open(folder, "sha256:a") == run
    with pytest.raises(Refused, match="other input"):
        Run.open(folder, "sha256:b")
    with pytest.raises(Refused, match="another seed"):
        Run.open(folder, "sha256:a", "o" * 28)
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="empty folder"):
        Run.open(tmp_path, "sha256:a")
    with pytest.raises(InputError, match="28 letters"):
        Run.open(None, "sha256:a", "0x")
    assert Run.open(None, "sha256:a").seed != Run.open(None, "sha256:a").seed
    resume.clear(tmp_path)  # no run of ours: nothing happens
    assert (tmp_path / "note.txt").exists()
    resume.clear(folder)
    assert not folder.exists()


def test_other_encodings_are_another_run(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        match(pair(3), FUZZY_ONLY, resume=tmp_path / "state", progress=stop_after(0))
    with pytest.raises(Refused, match="other input"):
        match(pair(4), FUZZY_ONLY, resume=tmp_path / "state")


KILLED = """
    import sys, time
    from pathlib import Path
    import numpy as np
    from linkage.match import comparison, work
    from linkage.match.resume import State
    comparison.SLICE_ROWS = 10
    draw = np.random.default_rng
    a, b = (draw(seed).integers(0, 2**64, (200, 2), dtype=np.uint64) for seed in (1, 2))
    how = work.Work(2, State(Path(sys.argv[1])), lambda progress: time.sleep(0.05))
    comparison.all_pairs(a, b, comparison.Rule("dice", 0.5, 2), how)
"""


@pytest.mark.skipif(os.name != "posix", reason="no kill -9 there")
def test_a_run_that_is_killed_outright_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(tmp_path / "part")
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), str(state.folder)])
    while process.poll() is None and len(list(state.folder.glob("*.block"))) < 4:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    monkeypatch.setattr(comparison, "SLICE_ROWS", 10)
    done = len(list(state.folder.glob("*.block")))
    assert 4 <= done < 20
    told: list[Progress] = []
    again = comparison.all_pairs(rows_of(1), rows_of(2), RULE, Work(state=state, progress=told.append))
    whole = comparison.all_pairs(rows_of(1), rows_of(2), RULE, Work())
    assert told[0].done >= done * 10 * 200
    assert [again.left.tolist(), again.right.tolist()] == [whole.left.tolist(), whole.right.tolist()]


def test_progress_counts_up_and_estimates_the_rest() -> None:
    told: list[Progress] = []
    comparison.all_pairs(rows_of(1, 2_000), rows_of(2, 300), RULE, Work(progress=told.append, stage=1))
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert (told[0].done, told[0].seconds_left) == (0, None)
    assert told[-1].done == told[-1].total == 600_000
    assert told[-1].seconds_left == 0
    assert str(told[-1]).startswith("stage 2, left and right: 100.0% of 6e+05 comparisons")


def test_an_error_in_a_block_ends_the_run() -> None:
    def broken(number: int) -> Block:
        raise MemoryError(number)

    with pytest.raises(MemoryError):
        list(work.run([1] * 50, broken, Work(2), 10))
