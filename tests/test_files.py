"""Files are written whole or not at all, for their owner only."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from linkage import files
from linkage.errors import InputError

posix = pytest.mark.skipif(os.name != "posix", reason="modes and limits are of POSIX")
OLD, NEW = b"the old content", b"the new content " * 1000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "key.json"


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def elsewhere(code: str, target: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own; `target` is the path in it."""
    head = f"from pathlib import Path\nfrom linkage import files\ntarget = Path({str(target)!r})\n"
    return subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, check=False, timeout=60)


def test_what_is_written_is_read(target: Path) -> None:
    assert files.write(target, NEW) == target
    assert files.read(target) == NEW
    assert os.listdir(target.parent) == [target.name]


def test_a_new_file_replaces_the_old_one(target: Path) -> None:
    files.write(target, OLD)
    files.write(target, NEW)
    assert files.read(target) == NEW


@pytest.mark.parametrize("before", [None, OLD], ids=["no file before", "a file before"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_in_the_block_changes_nothing(
    target: Path, before: bytes | None, error: type[BaseException]
) -> None:
    if before is not None:
        files.write(target, before)

    def half() -> None:
        with files.atomic(target) as stream:
            stream.write(NEW)
            raise error

    with pytest.raises(error):
        half()
    assert os.listdir(target.parent) == ([] if before is None else [target.name])
    assert before is None or files.read(target) == before


@pytest.mark.parametrize("before", [None, OLD], ids=["no file before", "a file before"])
@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_full_disk_changes_nothing(
    target: Path, before: bytes | None, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if before is not None:
        files.write(target, before)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(InputError, match="cannot write: No space left") as caught:
            files.write(target, NEW)
    assert caught.value.where == str(target)
    assert os.listdir(target.parent) == ([] if before is None else [target.name])
    assert before is None or files.read(target) == before


def test_the_bytes_are_on_disk_before_the_name_is(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append("sync"), sync(fd)))
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append(f"name {Path(a).stat().st_size}"), replace(a, b)))
    files.write(target, NEW)
    assert order[:2] == ["sync", f"name {len(NEW)}"]


@posix
@pytest.mark.parametrize("size", [100, 1_000_000], ids=["while closing", "while writing"])
def test_a_disk_that_fills_up_for_real_leaves_no_file(target: Path, size: int) -> None:
    code = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
try:
    files.write(target, b"x" * {size})
except Exception as error:
    print(type(error).__name__)
"""
    done = elsewhere(code, target)
    assert (done.stdout.strip(), done.stderr) == ("InputError", "")
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("before", [None, OLD], ids=["no file before", "a file before"])
def test_a_process_that_dies_in_the_middle_of_a_write_leaves_the_final_name_alone(
    target: Path, before: bytes | None
) -> None:
    if before is not None:
        files.write(target, before)
    done = elsewhere(
        "import os\nwith files.atomic(target) as stream:\n"
        "    stream.write(b'half'); stream.flush(); os.fsync(stream.fileno()); os._exit(9)",
        target,
    )
    assert done.returncode == 9, done.stderr
    assert target.exists() == (before is not None)
    assert before is None or files.read(target) == before
    files.write(target, NEW)
    assert files.read(target) == NEW


@posix
def test_only_the_owner_can_read_what_is_written(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = files.write(tmp_path / "home" / "linkages" / "one" / "secret", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in path.parents[:3]:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder.name


@posix
def test_a_file_that_others_could_read_is_replaced_by_one_they_cannot(target: Path) -> None:
    target.write_bytes(OLD)
    target.chmod(0o644)
    files.write(target, NEW)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@posix
def test_a_link_is_replaced_and_not_followed(target: Path) -> None:
    other = target.with_name("other")
    other.write_bytes(OLD)
    target.symlink_to(other)
    files.write(target, NEW)
    assert (other.read_bytes(), target.is_symlink()) == (OLD, False)


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    files.write(tmp_path / "a" / "file", OLD)
    assert files.folder(tmp_path / "a") == tmp_path / "a"
    assert files.read(tmp_path / "a" / "file") == OLD


@pytest.mark.parametrize(("size", "fits"), [(9, True), (10, True), (11, False), (5000, False)])
def test_a_limit_is_the_most_bytes_that_are_read(target: Path, size: int, fits: bool) -> None:
    target.write_bytes(b"x" * size)
    if fits:
        assert len(files.read(target, limit=10)) == size
    else:
        with pytest.raises(InputError, match="larger than the 10 bytes"):
            files.read(target, limit=10)


def test_a_missing_file(target: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read: No such file.*\n.*Check the name") as caught:
        files.read(target)
    assert caught.value.where == str(target)


def test_a_folder_where_a_file_is_meant(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        files.read(tmp_path)
    with pytest.raises(InputError, match="cannot write"):
        files.write(tmp_path, NEW)
    assert os.listdir(tmp_path) == []
    assert [p for p in tmp_path.parent.iterdir() if p.name.endswith(".part")] == []


def test_a_file_where_a_folder_is_meant(target: Path) -> None:
    target.write_bytes(OLD)
    with pytest.raises(InputError, match="cannot make this folder"):
        files.write(target / "inside", NEW)
    assert target.read_bytes() == OLD


def test_a_locked_file_says_what_to_do(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "replace", locked)
    with pytest.raises(InputError, match="Close it in Excel"):
        files.write(target, NEW)


def test_what_comes_with_linkage_is_found_and_nothing_else() -> None:
    assert files.shipped("protocols/graduates-on-benefits.yml").is_file()
    with pytest.raises(InputError, match="nothing of this name") as caught:
        files.shipped("protocols/none.yml")
    assert "friesland, graduates-on-benefits" in str(caught.value), "what there is"
    with pytest.raises(InputError, match="nothing of this name"):
        files.shipped("nowhere/none.yml")
