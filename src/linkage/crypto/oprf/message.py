"""What key-holders are asked and answer: bytes with a short head, read strictly.

Rules kept here (docs/spec/exact-tokens.md):

- ``name of the kind | 4 bytes length | head | parts``: the head is canonical JSON and says how long each part is; the
  parts stand behind it without a gap, and nothing stands behind the last.
- A reader names the kind it expects; nothing of the content decides what is done with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkage import canonical
from linkage.errors import LinkageError, Untrusted

MAX_HEAD = 1 << 16


@dataclass(frozen=True)
class Message:
    """A request, an answer, or what is kept between them."""

    kind: str
    """``request``, ``answer`` or ``state``."""
    facts: Mapping[str, Any]
    """What the head says besides lengths."""
    parts: Mapping[str, bytes] = field(repr=False)
    """Name to bytes."""

    def to_bytes(self) -> bytes:
        """The message as it is sealed."""
        parts = [{"name": name, "bytes": len(data)} for name, data in self.parts.items()]
        head = canonical.to_bytes({"facts": dict(self.facts), "parts": parts})
        return b"".join([_magic(self.kind), len(head).to_bytes(4, "big"), head, *self.parts.values()])


def read(data: bytes, kind: str, facts: Sequence[str], *, where: str) -> Message:
    """Read a message of a kind.

    Args:
        data: what was sealed.
        kind: what it must be.
        facts: the keys that its head must have, and no others.
        where: for messages.

    Raises:
        Untrusted: anything else than such a message, whole and in its one spelling.
    """
    try:
        magic = _magic(kind)
        start = len(magic) + 4
        length = int.from_bytes(data[len(magic) : start], "big")
        if not data.startswith(magic) or not 0 < length <= MAX_HEAD:
            raise ValueError
        head = canonical.from_bytes(data[start : start + length])
        at, parts = start + length, {}
        for part in head["parts"]:
            parts[part["name"]] = data[at : at + part["bytes"]]
            at += part["bytes"]
        made = Message(kind, head["facts"], parts)
        if set(made.facts) != set(facts) or made.to_bytes() != data:
            raise ValueError
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted(f"not an OPRF {kind} (version 1): damaged or altered", where=where) from None
    return made


def _magic(kind: str) -> bytes:
    return f"linkage-oprf-{kind} v1\n".encode()
