"""A ledger with a history, for the tests of ledgers."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from linkage import canonical
from linkage.crypto import signature
from linkage.crypto.card import CARD_TYPE, Card
from linkage.crypto.identity import Identity
from linkage.ledger import checkpoint, tree, verify
from linkage.ledger import entries as reading
from linkage.ledger.checkpoint import Checkpoint
from linkage.ledger.entries import Entry
from linkage.ledger.log import Ledger
from linkage.ledger.verify import Verified

PROTOCOL = "sha256:" + "ab" * 32
BSN = "999990019"
NOON = "2026-09-01T12:00:00+00:00"


def known(party: str, name: str, number: str) -> Identity:
    """An organisation whose keys every process of the tests knows, and everybody else too."""
    seed = hashlib.sha256(party.encode()).digest()
    signing, sealing = Ed25519PrivateKey.from_private_bytes(seed), X25519PrivateKey.from_private_bytes(seed)
    card = Card(
        party, name, number, signing.public_key().public_bytes_raw(), sealing.public_key().public_bytes_raw(),
        "2026-09-01", "2029-09-01", b"",
    )  # fmt: skip
    return Identity(
        replace(card, signed=signature.sign(signing, CARD_TYPE, canonical.to_bytes(card.body))), signing, sealing
    )


MBO = known("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ")
UNIT = known("unit", "Koppeleenheid", "KvK:99999999")
GEMEENTE = known("gemeente", "Gemeente Voorbeeldstad", "OIN:00000000000000000000")


def ledger_of(folder: Path, count: int = 3, owner: Identity = MBO) -> Ledger:
    """A ledger of some acts."""
    ledger = Ledger(folder)
    for number in range(count):
        ledger.append(owner, "tokenise", protocol=PROTOCOL, rows=number, excluded={"no-consent": 7})
    return ledger


def written(*changes: Mapping[str, Any], owner: Identity = MBO, signers: Sequence[Identity] = ()) -> bytes:
    """A whole ledger file, signed well by its owner, or line by line by others, whose entries hold anything."""
    lines: list[bytes] = []
    edge, follows = tree.Edge(), ""
    for index, change in enumerate(changes):
        signer = signers[index] if signers else owner
        body = {
            "index": index, "follows": follows, "at": NOON, "party": owner.party, "act": "tokenise",
            "protocol": PROTOCOL, "facts": {}, "software": "linkage 0.1.0", **change,
        }  # fmt: skip
        edge.append(tree.leaf_hash(canonical.to_bytes(body)))
        follows = signature.to_text(checkpoint.sign(signer, edge.size, edge.root()).signed)
        lines.append(canonical.to_bytes({"entry": body, "signature": follows}))
    return b"".join(one + b"\n" for one in lines)


def entries(data: bytes) -> list[Entry]:
    """The entries in the bytes of a ledger file."""
    return list(reading.follow(io.BytesIO(data), where=reading.NAME))


def checked(data: bytes, *owners: Identity, where: str = reading.NAME) -> Verified:
    """The outcome of verifying the bytes of a ledger file."""
    return verify.verify(io.BytesIO(data), [owner.card for owner in owners or (MBO,)], where=where)


def shown(data: bytes, size: int, owner: Identity = MBO) -> Checkpoint:
    """The checkpoint of a ledger as it was at a size, as its owner signed it."""
    read = entries(data)[:size]
    return read[-1].checkpoint(owner.card, tree.root_of(entry.leaf for entry in read))


def receipt(seen: Checkpoint, sender: str = "mbo", number: int = 1, **more: Any) -> dict[str, Any]:
    """What a receiver writes down of a package."""
    facts = {
        "sender": sender, "type": "release", "sequence": number, "package": PROTOCOL, "checkpoint": seen.note, **more,
    }  # fmt: skip
    return {"act": "receive", "facts": facts}
