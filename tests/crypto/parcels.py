"""Three organisations and the packages they send, for the tests of envelopes."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import struct
from collections.abc import Iterable
from pathlib import Path

from blake3 import blake3

from linkage.crypto import envelope, identity
from linkage.crypto.header import Header, Label
from linkage.crypto.identity import Identity
from linkage.errors import LinkageError

TODAY = dt.date(2026, 9, 1)
SENDER = identity.create("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ", today=TODAY)
READER = identity.create("unit", "Koppeleenheid", "KvK:99999999", today=TODAY)
OTHER = identity.create("gemeente", "Gemeente Voorbeeldstad", "OIN:1", today=TODAY)
PROTOCOL = "sha256:" + "ab" * 32
TYPE = "encodings"
HASH, NOTE = "A" * 43 + "=", "linkage/ledger/v1/mbo/BRIN:99ZZ\n{}\n" + "A" * 43 + "=\n\n— linkage/x " + "A" * 91 + "=\n"
LABEL = Label(TYPE, PROTOCOL, 1, {"checkpoint": NOTE.format(3), "proofs": {"2": [HASH]}}, {"rows": 48})
CHUNK = 16_384
"""Plain bytes of a chunk of the stream; 16 more when sealed."""


def sealed(path: Path, body: bytes | Iterable[bytes], *readers: Identity, label: Label = LABEL) -> bytes:
    """Seal a body and return the bytes of the file."""
    pieces = [body] if isinstance(body, bytes) else body
    envelope.seal(path, pieces, SENDER, [reader.card for reader in readers or (READER,)], label)
    return path.read_bytes()


def opened(
    path: Path, reader: Identity = READER, sender: Identity = SENDER, protocol: str = PROTOCOL, type_: str = TYPE
) -> bytes:
    """Open a package; only errors of ours may come out."""
    package = envelope.read(path)
    return b"".join(envelope.open_body(package, reader, sender.card, protocol=protocol, type_=type_))


class Held:
    """A file that is never written: thousands of damaged copies are tried."""

    def __init__(self, data: bytes) -> None:
        self.data, self.name = data, "held.package"

    def open(self, mode: str) -> io.BytesIO:
        assert mode == "rb"
        return io.BytesIO(self.data)


def outcome(data: bytes, **expected: str) -> bytes | None:
    """What a reader gets of these bytes: the body, or None when they are refused."""
    try:
        return opened(Held(data), **expected)  # type: ignore[arg-type]
    except LinkageError:
        return None


def parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, sealed body and signature of a package file; of the list only its place is left."""
    start = len(envelope.MAGIC) + 4
    end = start + int.from_bytes(data[start - 4 : start], "big")
    rest = len(data) - 64 - end
    return data[start:end], data[end : len(data) - 64 - 32 * -(-rest // (envelope.SEGMENT + 32))], data[-64:]


def joined(header: bytes, body: bytes, signer: Identity) -> bytes:
    """A package file of these parts, signed anew and well."""
    segments = [body[first : first + envelope.SEGMENT] for first in range(0, len(body), envelope.SEGMENT)]
    listing = b"".join(blake3(segment).digest() for segment in segments)
    start = struct.pack(">I", len(header)) + header
    payload = start + hashlib.sha512(listing).digest() + struct.pack(">Q", len(body))
    return envelope.MAGIC + start + body + listing + signer.sign(envelope.PACKAGE_TYPE, payload)


def header_of(path: Path) -> Header:
    """The header of a package file."""
    return envelope.read(path).header
