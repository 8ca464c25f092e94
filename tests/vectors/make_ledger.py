"""Writes `ledger.json`, the vectors of docs/spec/ledger.md for other implementations; README.md says what is in it.

Run as ``python tests/vectors/make_ledger.py`` from the top of the repository. tests/ledger/test_vectors.py fails when
the file is not, byte for byte, what this would write. Ed25519 is deterministic, so it is the same on every machine.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from ledger.books import MBO, PROTOCOL, UNIT, entries, receipt, shown, written
from linkage import canonical
from linkage.crypto import signature
from linkage.ledger import checkpoint, export, tree, witness
from making import as_text

FILE = Path(__file__).parent / "ledger.json"


def sent(number: int) -> list[dict[str, Any]]:
    """The acts of sending a package and of having sealed it."""
    common = {"type": "encodings", "sequence": number}
    return [
        {"act": "send", "facts": {**common, "to": ["unit"]}},
        {"act": "sealed", "facts": {**common, "package": "sha256:" + f"{number:02x}" * 32}},
    ]


HISTORY: list[dict[str, Any]] = [
    {"act": "init", "protocol": None, "facts": {"card": MBO.card.fingerprint}},
    {"act": "tokenise", "facts": {"judged": {"included": 14797, "consent: no": 350}, "bad_cells": 0}},
    *sent(1),
    {"act": "trust-card", "protocol": None, "facts": {"about": "unit", "how": "“telefoon” é\t\\"}},
    *sent(2),
]
LEDGER = written(*HISTORY)
FORK = written(*HISTORY[:4], *({**change, "software": "linkage 0.1.1"} for change in HISTORY[4:]))
WITNESS = written(receipt(shown(LEDGER, 3), type="encodings", package="sha256:" + "01" * 32), owner=UNIT)


def told(data: bytes, size: int) -> dict[str, Any]:
    """What the header of the package says that entry `size - 1` sends."""
    return witness.tell(entries(data)[:size], MBO.card, ["unit"])


def lines(data: bytes) -> list[bytes]:
    """The lines of a ledger, with their ends."""
    return data.splitlines(keepends=True)


def refused() -> Iterator[tuple[str, bytes, str]]:
    """Ledgers that do not hold, each with its story and the code of the finding in this implementation."""
    every = lines(LEDGER)
    yield "a changed count", LEDGER.replace(b"14797", b"14798"), "L103"
    yield "a changed last signature", LEDGER[:-10] + b"AAAA" + LEDGER[-6:], "L103"
    yield "a signature in the middle changed", LEDGER.replace(every[1][-91:-3], every[2][-91:-3], 1), "L101"
    yield "an entry removed", b"".join(every[:2] + every[3:]), "L101"
    yield "two entries swapped", b"".join([every[0], every[2], every[1], *every[3:]]), "L101"
    yield "an entry repeated", LEDGER + every[-1], "L101"
    yield "the first entry removed", b"".join(every[1:]), "L101"
    yield "a space", LEDGER.replace(b'"index":1,', b'"index": 1,'), "L101"
    yield "signed by another", written(*HISTORY, signers=[MBO] * 6 + [UNIT]), "L103"
    yield "another party", written(*HISTORY[:-1], {**HISTORY[-1], "party": "gemeente"}), "L102"
    yield "back-dated", written({}, {"at": "2026-09-01T11:59:59+00:00"}), "L107"
    yield "dated before its card", written({"at": "2026-08-01T00:00:00+00:00"}), "L107"
    yield "nothing", b"", "L105"


def steps() -> Iterator[tuple[str, dict[str, Any], str | None]]:
    """What packages of this party say, to a reader that has recorded the checkpoint of size 3."""
    yield "grown", told(LEDGER, 6), None
    yield "the same", {**told(LEDGER, 3), "proofs": {}}, None
    yield "another history", told(FORK, 6), None  # the first four entries are the same
    early = written(*({**change, "software": "linkage 0.1.2"} for change in HISTORY))
    yield "another history from the beginning", told(early, 6), "fork"
    yield "another history of the same size", told(early, 3), "fork"
    yield "no proof", {**told(LEDGER, 6), "proofs": {}}, "no-proof"
    yield "shrunk", {"checkpoint": shown(LEDGER, 2).note, "proofs": {}}, "shrunk"


def sections() -> Iterator[tuple[str, Any]]:
    """The members of the file in their order."""
    read = entries(LEDGER)
    levels = {size: tree.levels(entry.leaf for entry in read[:size]) for size in range(1, len(read) + 1)}
    yield "format", 1
    yield "signing key", hashlib.sha256(b"mbo").hexdigest()
    yield "card", canonical.from_bytes(MBO.card.to_bytes())
    yield "protocol", PROTOCOL
    yield "origin", checkpoint.origin(MBO.card)
    yield "ledger", [line.decode() for line in lines(LEDGER)]
    yield "leaves", [entry.leaf.hex() for entry in read]
    yield "checkpoints", [shown(LEDGER, size).note for size in levels]
    yield (
        "inclusion",
        [
            {"index": index, "size": size, "proof": texts(tree.inclusion(levels[size], index))}
            for size in levels
            for index in range(size)
        ],
    )
    yield (
        "consistency",
        [
            {"first": first, "size": size, "proof": texts(tree.consistency(levels[size], first))}
            for size in levels
            for first in range(1, size + 1)
        ],
    )
    yield "exported", (export.head([MBO.card], shown(LEDGER, len(read))) + LEDGER).decode()
    yield "proof", export.prove(io.BytesIO(LEDGER), [MBO.card], 1).decode()
    yield "witness", WITNESS.decode()
    yield "headers", [{"story": story, "ledger": said, "refused": why} for story, said, why in steps()]
    yield "refused", [{"story": story, "ledger": data.decode(), "finding": code} for story, data, code in refused()]


def texts(proof: list[bytes]) -> list[str]:
    """Hashes in base64."""
    return [signature.to_text(part) for part in proof]


def text() -> str:
    """The file."""
    return as_text(sections())


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="\n")
