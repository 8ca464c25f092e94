"""One writer at a time: an exclusive lock on a file beside what is written.

Rules kept here: a second process waits until the first is done; the operating system frees the lock of one that dies.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkage import files
from linkage.errors import InputError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock for as long as the block runs.

    Raises:
        InputError: the lock file cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, files.FILE_MODE)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"cannot write the ledger: {reason}", where=str(path)) from None
    try:
        _wait(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int) -> None:
    if os.name == "posix":
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return
    import errno  # pragma: no cover  # Windows waits ten seconds a time
    import msvcrt  # pragma: no cover

    while True:  # pragma: no cover
        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        except OSError as error:
            if error.errno != errno.EDEADLOCK:
                raise
        else:
            return
