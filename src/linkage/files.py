"""How files are written: whole or not at all, and readable by their owner only.

Rules kept here:

- A final name appears only when all bytes are on disk: temporary file in the same folder, fsync, rename.
  Whatever fails in between leaves the old file, or none, and no temporary file (tests/test_files.py).
- Everything we write is mode 0600 and every folder 0700; on Windows the user's profile protects them.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from linkage.errors import InputError

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def folder(path: Path) -> Path:
    """Make a folder (and its parents) for its owner only, and return it."""
    try:
        for part in (*reversed(path.parents), path):  # mkdir(parents=True) would give parents the default mode
            if not part.is_dir():
                part.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise _input_error(path, "make this folder", error) from None
    return path


@contextmanager
def atomic(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes its final name only when the block ends well.

    Raises:
        InputError: the folder cannot be written, or the disk is full.
    """
    temporary = folder(path.parent) / f".{path.name}.{secrets.token_hex(4)}.part"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), FILE_MODE)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _input_error(path, "write", error) from None


def write(path: Path, data: bytes) -> Path:
    """Write bytes under a name, whole or not at all, and return the path."""
    with atomic(path) as stream:
        stream.write(data)
    return path


def copy(source: Path, target: Path) -> Path:
    """Copy a file of any size, whole or not at all, and return the new path.

    Raises:
        InputError: it cannot be read, or the copy cannot be written.
    """
    try:
        original = source.open("rb")
    except OSError as error:
        raise _input_error(source, "read", error) from None
    with original, atomic(target) as stream:
        shutil.copyfileobj(original, stream, 1 << 20)
    return target


def move(source: Path, target: Path) -> Path:
    """Give a file of ours another name on the same disk, and return it.

    Raises:
        InputError: the folder cannot be written.
    """
    folder(target.parent)
    try:
        os.replace(source, target)
    except OSError as error:
        raise _input_error(target, "write", error) from None
    _sync_folder(target.parent)
    return target


def read(path: Path, *, limit: int | None = None) -> bytes:
    """Read a file whole.

    Args:
        path: the file.
        limit: refuse more bytes than this, for formats whose size is bounded.

    Raises:
        InputError: missing, unreadable, locked, or larger than `limit`.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read() if limit is None else stream.read(limit + 1)
    except OSError as error:
        raise _input_error(path, "read", error) from None
    if limit is not None and len(data) > limit:
        raise InputError(f"larger than the {limit} bytes this kind of file can have", where=path.name)
    return data


def start(path: Path, size: int) -> bytes:
    """The first bytes of a file, which tell its format.

    Raises:
        InputError: missing, unreadable or locked.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise _input_error(path, "read", error) from None


def shipped(name: str) -> Path:
    """A file that comes with linkage, for instance ``protocols/graduates-on-benefits.yml``.

    An installed package carries them in ``linkage/shipped``; a checkout has them at its top.

    Raises:
        InputError: nothing of that name is shipped.
    """
    here = Path(__file__).parent
    places = (here / "shipped" / name, here.parents[1] / name)
    for path in places:
        if path.is_file():
            return path
    there = sorted({other.stem for path in places for other in path.parent.glob(f"*{path.suffix}")})
    hint = f"There is {', '.join(there)}." if there else ""
    raise InputError("nothing of this name comes with linkage", where=name, hint=hint)


def _input_error(path: Path, verb: str, error: OSError) -> InputError:
    hint = ""
    if isinstance(error, PermissionError):
        hint = "Close it in Excel or any other program, or ask for access."
    elif isinstance(error, FileNotFoundError):
        hint = "Check the name and the folder."
    return InputError(f"cannot {verb}: {error.strerror or type(error).__name__}", where=str(path), hint=hint)


def _sync_folder(path: Path) -> None:
    if os.name != "posix":
        return  # a folder cannot be opened for fsync on Windows; the rename itself is journalled there
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
