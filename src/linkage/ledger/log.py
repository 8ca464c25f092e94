"""One organisation's ledger: signed entries, each chained to the one before.

Rules kept here:

- One line per entry: canonical JSON of the entry and its Ed25519 signature. `previous` is the SHA-256 of the
  line before, so nothing in the middle can change, vanish or move; a cut tail shows against any later package,
  whose header tells the receiver the size and head of the sender's ledger (`linkage.ledger.verify.crosscheck`).
- Appending is durable: one write, fsync, under a lock. A line without its end is the trace of a crash and is cut
  off by the next append; a whole line never is (tests/ledger/test_log.py kills at every byte).
- Facts are counts, digests and short words. A nine-digit number that passes the 11-proof is refused, wherever it
  stands but inside a digest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from linkage import __version__, canonical, files
from linkage.crypto import signature
from linkage.crypto.identity import Identity
from linkage.errors import InputError, LinkageError, Untrusted

ENTRY_TYPE = "application/vnd.linkage.ledger-entry.v1+json"
NAME = "ledger.jsonl"
GENESIS = canonical.DIGEST_PREFIX + "0" * 64
"""What the first entry names as its predecessor."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NINE_DIGITS = re.compile(r"(?<!\d)\d{9}(?!\d)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", re.ASCII)
_KINDS: dict[str, type | tuple[type, ...]] = {
    "index": int, "previous": str, "at": str, "party": str, "act": str, "protocol": (str, type(None)), "facts": dict,
    "software": str,
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One act."""

    index: int
    """Counted from 0."""
    previous: str
    """Digest of the line before."""
    at: str
    """UTC, RFC 3339, whole seconds; the organisation's own clock."""
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
    def digest(self) -> str:
        """Digest of the line, which the next entry names."""
        return canonical.digest_bytes(self.line)


class Ledger:
    """The ledger in a folder.

    Args:
        folder: where `ledger.jsonl` lies or will lie.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def entries(self) -> list[Entry]:
        """All whole entries, chain checked, signatures not (`linkage.ledger.verify` checks both).

        Raises:
            Untrusted: an entry is malformed or the chain is broken.
        """
        if not self.path.exists():
            return []
        return parse(files.read(self.path), where=self.path.name)

    def head(self) -> dict[str, Any]:
        """Size of the ledger and digest of its last line, for a package header."""
        entries = self.entries()
        return {"size": len(entries), "head": entries[-1].digest if entries else GENESIS}

    def append(self, identity: Identity, act: str, *, protocol: str | None = None, **facts: Any) -> Entry:
        """Sign and append one act; on disk when this returns.

        Raises:
            InputError: the file cannot be written, or a fact looks like a person number.
        """
        if any(map(_holds_number, _texts([act, protocol, facts]))):
            raise InputError("a fact for the ledger looks like a person number", where=self.path.name)
        files.folder(self.path.parent)
        with _locked(self.path.with_suffix(".lock")):
            self._recover()
            head = self.head()
            body = {
                "index": head["size"], "previous": head["head"],
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "party": identity.party, "act": act, "protocol": protocol, "facts": facts,
                "software": f"linkage {__version__}",
            }  # fmt: skip
            signed = identity.sign(ENTRY_TYPE, canonical.to_bytes(body))
            line = canonical.to_bytes({"entry": body, "signature": signature.to_text(signed)})
            self._write(line + b"\n")
        return Entry(**body, line=line)

    def _write(self, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self.path, flags, files.FILE_MODE)
            try:
                while data:  # a disk that is nearly full takes a part, and says so at the next call only
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def _recover(self) -> None:
        """Cut off a last line that a crash left without its end."""
        if not self.path.exists():
            return
        data = files.read(self.path)
        if data and not data.endswith(b"\n"):
            try:
                with self.path.open("r+b") as stream:
                    stream.truncate(data.rfind(b"\n") + 1)
                    os.fsync(stream.fileno())
            except OSError as error:
                raise _cannot_write(self.path, error) from None


def parse(data: bytes, *, where: str) -> list[Entry]:
    """Entries from the bytes of a ledger file; a last line without its end is left out.

    Raises:
        Untrusted: an entry is malformed, or its index or chain does not fit.
    """
    entries: list[Entry] = []
    previous = GENESIS
    for index, line in enumerate(data.split(b"\n")[:-1]):
        entry = _entry(line, f"{where}:{index + 1}")
        if entry.index != index or entry.previous != previous:
            raise Untrusted(
                f"entry {index} does not follow the one before: changed, removed or moved", where=f"{where}:{index + 1}"
            )
        entries.append(entry)
        previous = entry.digest
    return entries


def check_signature(entry: Entry, public_key: bytes, *, where: str) -> None:
    """Check one entry's signature.

    Raises:
        Untrusted: it does not hold.
    """
    value = canonical.from_bytes(entry.line, where=where)
    signed = signature.from_text(value["signature"], signature.SIGNATURE_BYTES, where=where)
    signature.verify(public_key, ENTRY_TYPE, canonical.to_bytes(value["entry"]), signed, where=where)


def _entry(line: bytes, where: str) -> Entry:
    try:
        value = canonical.from_bytes(line)
        body = value["entry"]
        if set(value) != {"entry", "signature"} or set(body) != set(_KINDS):
            raise ValueError
        if not all(isinstance(body[key], kind) for key, kind in _KINDS.items()) or isinstance(body["index"], bool):
            raise TypeError
        if not _TIME.fullmatch(body["at"]):
            raise ValueError
        return Entry(**body, line=line)
    except (LinkageError, ValueError, TypeError, KeyError):
        raise Untrusted("not a ledger entry: damaged or altered", where=where) from None


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
    return any(_eleven(match.group()) for match in _NINE_DIGITS.finditer(_DIGEST.sub("", text)))


def _eleven(digits: str) -> bool:
    """The 11-proof of a BSN: weights 9 to 2 and -1, sum divisible by 11."""
    values = [int(d) for d in digits]
    total = sum(w * v for w, v in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), values, strict=True))
    return total % 11 == 0 and any(values)


def _cannot_write(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot write the ledger: {error.strerror or type(error).__name__}", where=str(path))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file beside the ledger; a second process waits."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, files.FILE_MODE)
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX)
        else:  # pragma: no cover  # Windows waits up to ten seconds
            import msvcrt

            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
            except OSError as error:
                raise _cannot_write(path, error) from None
        yield
    finally:
        os.close(descriptor)
