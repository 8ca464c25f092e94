"""Entries, and the lines that they stand on.

Rules kept here:

- A line is canonical JSON of an entry and a signature. The bytes of the entry are a leaf of a Merkle tree (RFC 6962);
  the signature of line i is that of the checkpoint of the first i + 1 entries. So one root and the last signature
  hold for the whole ledger, and every line ever written last is a checkpoint.
- An entry names the signature of the line before (`follows`), so the tree covers every byte but the last signature.
- Reading is strict and line by line: one form of an entry, one spelling of it, each following the one before.
- Facts are counts, digests and short words. A nine-digit number that passes the 11-proof is refused, wherever it
  stands but inside a digest or a checkpoint.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from linkage import canonical
from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.errors import LinkageError, Untrusted
from linkage.ledger import checkpoint, tree
from linkage.ledger.checkpoint import Checkpoint

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


def line_of(data: bytes, signed: bytes) -> bytes:
    """The line of an entry's canonical bytes and its signature, without its end."""
    return _OPEN + data + _MIDDLE + signature.to_text(signed).encode() + _CLOSE


def holds_number(*values: Any) -> bool:
    """Whether any text in these values, keys included, has nine digits that pass the 11-proof."""
    return any(map(_holds_number, _texts(values)))


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
    return entry(line_of(data, bytes(signature.SIGNATURE_BYTES)), where=where)


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
