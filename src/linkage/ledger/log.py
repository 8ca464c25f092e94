"""One organisation's ledger: acts, one a line, each signed together with everything before it.

Rules kept here:

- Appending is durable: one write, fsync, under a lock. A line without its end is the trace of a crash and is cut
  off by the next append; a whole line never is (tests/ledger/test_log.py kills at every byte).
- Nothing is appended to a ledger whose last signature does not hold: it would sign what somebody altered.
- What is remembered between appends is remembered in memory, and only as long as the file is the one that was left.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from linkage import __version__, canonical, files
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Untrusted
from linkage.ledger import checkpoint, tree
from linkage.ledger.checkpoint import Checkpoint
from linkage.ledger.entries import MAX_LINE, NAME, ROTATE, Entry, entry, follow, holds_number, last_line_end, line_of
from linkage.ledger.lock import locked


@dataclass
class _End:
    """Where a ledger ends, as far as it was read."""

    edge: tree.Edge = field(default_factory=tree.Edge)
    last: Entry | None = None
    offset: int = 0
    stamp: tuple[int, int] = (0, 0)
    """Inode and time of change of the file when it was left."""

    def still(self, stat: os.stat_result) -> bool:
        """Whether the file may be the one that was left, or that one with more behind it."""
        same = (stat.st_ino, stat.st_mtime_ns) == self.stamp
        return same if stat.st_size == self.offset else stat.st_size > self.offset and stat.st_ino == self.stamp[0]

    def leave(self, stat: os.stat_result) -> None:
        """Remember the file as it is."""
        self.offset, self.stamp = stat.st_size, (stat.st_ino, stat.st_mtime_ns)


class Ledger:
    """The ledger in a folder.

    Args:
        folder: where `ledger.jsonl` lies or will lie.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._mutex = threading.RLock()
        self._depth = 0
        self._known: _End | None = None

    def entries(self) -> list[Entry]:
        """All whole entries, each following the one before; signatures are not checked (`linkage.ledger.verify` does).

        Raises:
            Untrusted: an entry is malformed or does not follow.
        """
        if not self.path.exists():
            return []
        with opened(self.path) as stream:
            return list(follow(stream, where=self.path.name))

    def checkpoint(self, card: Card) -> Checkpoint:
        """The checkpoint of the whole ledger, as its last line signs it.

        Raises:
            InputError: the ledger is empty.
        """
        edge, last = tree.Edge(), cast("Entry | None", None)
        if self.path.exists():
            with opened(self.path) as stream:
                for last in follow(stream, where=self.path.name):
                    edge.append(last.leaf)
        if last is None:
            raise InputError("the ledger is empty", where=self.path.name)
        return last.checkpoint(card, edge.root())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep everybody else from appending, for reading and then appending; a second process waits.

        Raises:
            InputError: the folder cannot be written.
        """
        files.folder(self.path.parent)
        with self._mutex:
            if self._depth:  # held by this thread already
                yield
                return
            with locked(self.path.with_suffix(".lock")):
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1

    def append(self, identity: Identity, act: str, *, protocol: str | None = None, **facts: Any) -> Entry:
        """Sign and append one act; on disk when this returns.

        Raises:
            InputError: the file cannot be written, or a fact looks like a person number.
            Untrusted: the ledger was altered.
        """
        if holds_number(act, protocol, facts):
            raise InputError("a fact for the ledger looks like a person number", where=self.path.name)
        with self.held():
            end = self._end(identity.card)
            last, self._known = end.last, None  # what is known holds again when the line is on disk
            body = {
                "index": end.edge.size, "follows": last.signature if last else "",
                "at": max(datetime.now(UTC).isoformat(timespec="seconds"), last.at if last else ""),
                "party": identity.party, "act": act, "protocol": protocol, "facts": facts,
                "software": f"linkage {__version__}",
            }  # fmt: skip
            data = canonical.to_bytes(body)
            end.edge.append(tree.leaf_hash(data))
            signed = checkpoint.sign(identity, end.edge.size, end.edge.root()).signed
            line = line_of(data, signed)
            if len(line) > MAX_LINE:
                raise InputError(f"an act with more facts than the {MAX_LINE} bytes of a line", where=self.path.name)
            end.last = made = entry(line, where=self.path.name)
            end.leave(self._write(line + b"\n"))
            self._known = end
        return made

    def set_aside(self) -> None:
        """Begin anew, for new keys: what was written under keys that are gone is kept under another name.

        Raises:
            InputError: the file cannot be moved.
        """
        if self.path.exists():
            self._known = None
            number = 1 + sum(1 for _ in self.path.parent.glob("ledger-*.jsonl"))
            try:
                self.path.rename(self.path.with_stem(f"ledger-{number}"))
            except OSError as error:
                raise _cannot("move", self.path, error) from None

    def _end(self, card: Card) -> _End:
        """Where the ledger ends: from memory, and from the lines that came since."""
        self._recover()
        end, self._known = self._known, None
        if not self.path.exists():
            return _End()
        stat = self.path.stat()
        if end is None or not end.still(stat):
            end = _End()
        if stat.st_size > end.offset:
            with opened(self.path) as stream:
                stream.seek(end.offset)
                for read in follow(stream, where=self.path.name, after=end.last):
                    end.edge.append(read.leaf)
                    end.last = read
            self._refuse_altered(end, card)
            end.leave(stat)
        return end

    def _refuse_altered(self, end: _End, card: Card) -> None:
        """Never sign what this organisation did not write: the last signature must hold, or hand over to this card."""
        last = end.last
        if last is None or (last.act == ROTATE and last.facts.get("card") == card.fingerprint):
            return
        try:
            checkpoint.verify(last.checkpoint(card, end.edge.root()), card, where=self.path.name)
        except Untrusted:
            raise Untrusted(
                "the ledger was altered, or is of another card: nothing more is written in it",
                where=self.path.name,
                hint="`linkage ledger verify` says where. Put back a copy that holds.",
            ) from None

    def _write(self, data: bytes) -> os.stat_result:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self.path, flags, files.FILE_MODE)
            try:
                while data:  # a disk that is nearly full takes a part, and says so at the next call only
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
                return os.fstat(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _cannot("write", self.path, error) from None

    def _recover(self) -> None:
        """Cut off a last line that a crash left without its end."""
        if not self.path.exists():
            return
        try:
            with self.path.open("r+b") as stream:
                end = last_line_end(stream)
                if end < stream.seek(0, os.SEEK_END):
                    stream.truncate(end)
                    os.fsync(stream.fileno())
        except OSError as error:
            raise _cannot("write", self.path, error) from None


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A ledger file to read, with our error when it cannot be."""
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise _cannot("read", path, error) from None


def _cannot(verb: str, path: Path, error: OSError) -> InputError:
    return InputError(f"cannot {verb} the ledger: {error.strerror or type(error).__name__}", where=str(path))
