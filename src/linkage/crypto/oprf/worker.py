"""A process that runs steps for another: for groups whose arithmetic keeps Python's lock.

Rules kept here:

- Only bytes pass, framed by their lengths, over pipes that no other process holds: no code, no pickled object, nothing
  in arguments or files.
- An element that is none comes back as its number; any other failure ends the process, silently, and the caller's work.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

from linkage.crypto.oprf.group import NotAnElement
from linkage.crypto.oprf.rfc9497 import Mode, suite
from linkage.crypto.oprf.steps import STEPS, Parts
from linkage.errors import LinkageError, Untrusted

DONE, NO_ELEMENT, UNTRUSTED = b"\0", b"\1", b"\2"


class Worker:
    """The caller's end: a process that serves one step at a time."""

    def __init__(self, identifier: str, mode: Mode) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(  # noqa: S603  # this very interpreter, this very module
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._suite = (identifier.encode(), bytes([mode]))

    def run(self, step: str, arguments: Sequence[bytes]) -> Parts:
        """Run a step there.

        Raises:
            Untrusted: as the step does.
            LinkageError: the process ended.
        """
        to, back = self._process.stdin, self._process.stdout
        assert to is not None and back is not None  # noqa: PT018, S101  # both are pipes
        try:
            _write(to, [*self._suite, step.encode(), *arguments])
            status, *result = _read(back)
        except (OSError, EOFError, ValueError):
            raise LinkageError("a process that computes for this one ended before its time") from None
        if status == NO_ELEMENT:
            raise NotAnElement(int.from_bytes(result[0], "big"))
        if status == UNTRUSTED:
            raise Untrusted(result[0].decode())
        return tuple(result)

    def close(self) -> None:
        """End the process; what it held goes with it."""
        self._process.kill()
        self._process.communicate()


def serve(source: IO[bytes], to: IO[bytes]) -> None:
    """Run what comes in until nothing more comes."""
    while True:
        try:
            identifier, mode, step, *arguments = _read(source)
        except EOFError:
            return
        try:
            result = [DONE, *STEPS[step.decode()](suite(identifier.decode(), Mode(mode[0])), *arguments)]
        except NotAnElement as error:
            result = [NO_ELEMENT, error.number.to_bytes(8, "big")]
        except Untrusted as error:
            result = [UNTRUSTED, error.message.encode()]
        _write(to, result)


def _write(stream: IO[bytes], parts: Sequence[bytes]) -> None:
    lengths = b"".join(len(part).to_bytes(8, "big") for part in parts)
    stream.write(len(parts).to_bytes(8, "big") + lengths + b"".join(parts))
    stream.flush()


def _read(stream: IO[bytes]) -> list[bytes]:
    count = int.from_bytes(_exactly(stream, 8), "big")
    lengths = [int.from_bytes(_exactly(stream, 8), "big") for _ in range(count)]
    return [_exactly(stream, length) for length in lengths]


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) != length:
        raise EOFError
    return data


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
