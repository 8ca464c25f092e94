"""One organisation's ledger: acts, one a line, each signed together with everything before it.

Rules kept here:

- A line is canonical JSON of an entry and a signature. The bytes of the entry are a leaf of a Merkle tree (RFC 6962);
  the signature of line i is that of the checkpoint of the first i + 1 entries. So one root and the last signature
  hold for the whole ledger, and every line ever written last is a checkpoint.
- An entry names the signature of the line before (`follows`), so the tree covers every byte but the last signature.
- Appending is durable: one write, fsync, under a lock. A line without its end is the trace of a crash and is cut
  off by the next append; a whole line never is (tests/ledger/test_log.py kills at every byte).
- Nothing is appended to a ledger whose last signature does not hold: it would sign what somebody altered.
- What is remembered between appends is remembered in memory, and only as long as the file is the one that was left.
- Facts are counts, digests and short words. A nine-digit number that passes the 11-proof is refused, wherever it
  stands but inside a digest or a checkpoint.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from linkage import __version__, canonical, files
from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import InputError, LinkageError, Untrusted
from linkage.ledger import checkpoint, tree
from linkage.ledger.checkpoint import Checkpoint
from linkage.ledger.lock import locked

NAME = "ledger.jsonl"
ROTATE = "rotate-card"
"""The act that takes a new card into use: `card` is the fingerprint of the one that signs the entries after it."""
MAX_LINE = 1 << 20
"""Bytes of a line; longer ones are refused."""

_OPEN, _MIDDLE, _CLOSE = b'{"entry":', b',"signature":"', b'"}'
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{85}[AQgw]==")
"""Base64 of 64 bytes in its one spelling."""
_TAIL = len(_MIDDLE) + 88 + len(_CLOSE)
_OPAQUE = re.compile(rf"sha256:[0-9a-f]{{64}}|{checkpoint.PATTERN}|[A-Za-z0-9+/]{{43}}=")
_NINE_DIGITS = re.compile(r"(?<!\d)\d{9}(?!\d)")
_TIME_SIGNS = len("2026-10-02T09:14:00+00:00")
_NAMES = ("act", "at", "facts", "follows", "index", "party", "protocol", "software")
_TYPES = ((str, str, dict, str, int, str, str, str), (str, str, dict, str, int, str, type(None), str))


@dataclass(frozen=True, slots=True)
class Entry:
    """One act."""

    index: int
    """Counted from 0."""
    follows: str
    """Signature of the line before; empty in the first."""
    at: str
    """UTC, RFC 3339, whole seconds; the organisation's own clock, never before the entry above."""
    party: str
    act: str
    """What was done, for instance ``tokenise``."""
    protocol: str | None
    """Digest of the protocol it was done under."""
    facts: Mapping[str, Any]
    """Counts, digests and words."""
    software: str
    line: bytes
    """The line as it stands in the file, without its end."""

    @property
    def data(self) -> bytes:
        """Canonical bytes of the entry, without its signature."""
        return self.line[len(_OPEN) : -_TAIL]

    @property
    def leaf(self) -> bytes:
        """Hash of these bytes, a leaf of the tree."""
        return tree.leaf_hash(self.data)

    @property
    def signature(self) -> str:
        """Signature of the checkpoint of all entries up to this one, base64."""
        return self.line[-_TAIL + len(_MIDDLE) : -len(_CLOSE)].decode("ascii")

    def checkpoint(self, card: Card, root: bytes) -> Checkpoint:
        """The checkpoint that this line signs, given the card and the root; not verified."""
        signed = signature.from_text(self.signature, signature.SIGNATURE_BYTES, where=NAME)
        return checkpoint.of(card, self.index + 1, root, signed)


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
        if any(map(_holds_number, _texts([act, protocol, facts]))):
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
            line = _OPEN + data + _MIDDLE + signature.to_text(signed).encode() + _CLOSE
            if len(line) > MAX_LINE:
                raise InputError(f"an act with more facts than the {MAX_LINE} bytes of a line", where=self.path.name)
            end.last = made = _entry(line)
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


def follow(stream: BinaryIO, *, where: str, after: Entry | None = None) -> Iterator[Entry]:
    """Entries of a ledger file, one by one; a last line without its end is left out.

    Args:
        stream: at the first line, or behind that of `after`.
        where: name of the file, for messages.
        after: the entry that stands before.

    Raises:
        Untrusted: an entry is malformed, or does not follow the one before.
    """
    index, before = (after.index + 1, after.signature) if after else (0, "")
    for line in lines(stream):
        try:
            read = _entry(line)
        except _NO_ENTRY:
            raise _damaged(f"{where} entry {index}") from None
        if read.index != index or read.follows != before:
            raise Untrusted(
                "does not follow the entry before: removed, moved, repeated or altered", where=f"{where} entry {index}"
            )
        yield read
        index, before = index + 1, read.signature


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines of a ledger file without their ends, not read; one that has no end is left out.

    Raises:
        Untrusted: a line longer than lines are.
    """
    while (line := stream.readline(MAX_LINE + 2)).endswith(b"\n"):
        yield line[:-1]
    if len(line) > MAX_LINE:
        raise Untrusted("not a ledger entry: the line is too long", where=NAME)


def leaf_of(line: bytes) -> bytes:
    """Leaf hash of a line that was not read: right where it is the line of an entry."""
    return tree.leaf_hash(line[len(_OPEN) : -_TAIL])


def entry(line: bytes, *, where: str) -> Entry:
    """The entry of one line, without its end.

    Raises:
        Untrusted: it is malformed.
    """
    try:
        return _entry(line)
    except _NO_ENTRY:
        raise _damaged(where) from None


def bare(data: bytes, *, where: str) -> Entry:
    """An entry from its canonical bytes alone; what stands for its signature says nothing.

    Raises:
        Untrusted: it is malformed.
    """
    return entry(_OPEN + data + _MIDDLE + b"A" * 86 + b"==" + _CLOSE, where=where)


def last_line_end(stream: BinaryIO) -> int:
    """Offset behind the last line that has its end."""
    position = stream.seek(0, os.SEEK_END)
    while position:
        start = max(0, position - MAX_LINE)
        stream.seek(start)
        found = stream.read(position - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A ledger file to read, with our error when it cannot be."""
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise _cannot("read", path, error) from None


_NO_ENTRY = (LinkageError, ValueError, TypeError, KeyError, AttributeError)


def _entry(line: bytes) -> Entry:
    """The entry of a line; raises one of `_NO_ENTRY` when it is none."""
    value = canonical.from_bytes(line)
    body = value["entry"]
    if len(value) != 2 or tuple(body) != _NAMES or tuple(map(type, body.values())) not in _TYPES:
        raise ValueError  # canonical JSON has its names in order
    at = body["at"]
    if not _SIGNATURE.fullmatch(value["signature"]) or len(at) != _TIME_SIGNS or not at.endswith("+00:00"):
        raise ValueError
    if datetime.fromisoformat(at).isoformat() != at:
        raise ValueError
    return Entry(**body, line=line)


def _texts(value: Any) -> Iterator[str]:
    """Every key and value inside a value, as text."""
    if isinstance(value, Mapping):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    else:
        yield str(value)


def _holds_number(text: str) -> bool:
    return any(_eleven(match.group()) for match in _NINE_DIGITS.finditer(_OPAQUE.sub("", text)))


def _eleven(digits: str) -> bool:
    """The 11-proof of a BSN: weights 9 to 2 and -1, sum divisible by 11."""
    values = [int(d) for d in digits]
    total = sum(w * v for w, v in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), values, strict=True))
    return total % 11 == 0 and any(values)


def _damaged(where: str) -> Untrusted:
    return Untrusted("not a ledger entry: damaged or altered", where=where)


def _cannot(verb: str, path: Path, error: OSError) -> InputError:
    return InputError(f"cannot {verb} the ledger: {error.strerror or type(error).__name__}", where=str(path))
