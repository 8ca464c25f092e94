"""The header of a package: what anyone may read of it, in its one spelling.

Rules kept here:

- Canonical JSON with exactly these keys; other spellings are refused, so the signature covers what is shown.
- A value can be shown on a line and can name a file: short names, digests, counts, words. Nothing steers a terminal.
- Counts have eight digits at most, so that none can pass for a person number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linkage import canonical
from linkage.crypto import signature
from linkage.errors import LinkageError, Untrusted
from linkage.protocol.base import HIGHEST_COUNT

MAX_HEADER = 1 << 16
WRAPPED_BYTES = 80
"""HPKE encapsulated key (32), content key (32) and tag (16)."""
MAX_PROOFS = 64
"""Most proofs about the sender's ledger, and most hashes in one."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LINE = re.compile(r"[\w .:-]{1,100}")
_SIZE = re.compile(r"[1-9][0-9]{0,7}")
_HASH = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
_CHECKPOINT = re.compile(
    r"linkage/[!-~]{1,8000}\n[1-9][0-9]{0,7}\n[A-Za-z0-9+/]{43}=\n\n— [!-~]{1,8000} [A-Za-z0-9+/]{91}=\n"
)
_KEYS = {"package", "type", "protocol", "sender", "recipients", "sequence", "ledger", "content"}


@dataclass(frozen=True)
class Label:
    """What a package is, as its sender says it."""

    type: str
    """What the body is: ``secret-share``, ``encodings`` or ``release``; or what a party seals to itself."""
    protocol: str
    """Digest of the protocol it belongs to."""
    sequence: int
    """Counts the sender's packages of this type in this linkage, from 1."""
    ledger: Mapping[str, Any]
    """The sender's checkpoint, and proofs that it follows from earlier ones: the receiver becomes its witness
    (`linkage.ledger.witness` makes and judges both; here only their form is refused)."""
    content: Mapping[str, Any]
    """Facts about the body that anyone may know before opening it: counts, never data."""


@dataclass(frozen=True)
class Header(Label):
    """The part of a package that anyone can read, and that its signature covers."""

    sender: str
    """Party id of the sender."""
    sender_card: str
    """Fingerprint of the sender's card."""
    recipients: tuple[tuple[str, str, bytes], ...]
    """Party id, card fingerprint and wrapped content key of each reader."""

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.to_bytes(
            {
                "package": 1,
                "type": self.type,
                "protocol": self.protocol,
                "sender": {"party": self.sender, "card": self.sender_card},
                "recipients": [
                    {"party": party, "card": card, "key": signature.to_text(key)}
                    for party, card, key in self.recipients
                ],
                "sequence": self.sequence,
                "ledger": dict(self.ledger),
                "content": dict(self.content),
            }
        )


def from_bytes(head: bytes, *, where: str) -> Header:
    """Read a header strictly.

    Raises:
        Untrusted: not the canonical spelling of a header.
    """
    try:
        value = canonical.from_bytes(head)
        if set(value) != _KEYS or value["package"] != 1:
            raise ValueError
        header = Header(
            type=_text(value["type"], _NAME),
            protocol=_text(value["protocol"], _DIGEST),
            sequence=_count(value["sequence"], 1),
            ledger=_ledger(value["ledger"]),
            content={_text(name, _LINE): _fact(fact) for name, fact in value["content"].items()},
            sender=_text(value["sender"]["party"], _NAME),
            sender_card=_text(value["sender"]["card"], _DIGEST),
            recipients=tuple(
                (
                    _text(r["party"], _NAME),
                    _text(r["card"], _DIGEST),
                    signature.from_text(r["key"], WRAPPED_BYTES, where=where),
                )
                for r in value["recipients"]
            ),
        )
        if header.to_bytes() != head:
            raise ValueError
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted("malformed header: damaged or altered", where=where) from None
    return header


def _ledger(value: Any) -> dict[str, Any]:
    if set(value) != {"checkpoint", "proofs"} or len(value["proofs"]) > MAX_PROOFS:
        raise ValueError
    for size, proof in value["proofs"].items():
        if not _SIZE.fullmatch(size) or len(proof) > MAX_PROOFS:
            raise ValueError
    proofs = {size: [_text(part, _HASH) for part in proof] for size, proof in value["proofs"].items()}
    return {"checkpoint": _text(value["checkpoint"], _CHECKPOINT), "proofs": proofs}


def _count(value: Any, lowest: int) -> int:
    if type(value) is not int or not lowest <= value <= HIGHEST_COUNT:
        raise ValueError
    return value


def _text(value: Any, form: re.Pattern[str]) -> str:
    if not form.fullmatch(value):
        raise ValueError
    return str(value)


def _fact(value: Any) -> int | str:
    return _count(value, 0) if isinstance(value, int) else _text(value, _LINE)
