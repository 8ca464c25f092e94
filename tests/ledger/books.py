"""A ledger with a history, for the tests of ledgers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from linkage import canonical
from linkage.crypto import identity, signature
from linkage.crypto.identity import Identity
from linkage.ledger import log
from linkage.ledger.log import Entry, Ledger

TODAY = dt.date(2026, 9, 1)
MBO = identity.create("mbo", "ROC Voorbeeldstad", "BRIN:99ZZ", today=TODAY)
UNIT = identity.create("unit", "Koppeleenheid", "KvK:99999999", today=TODAY)
PROTOCOL = "sha256:" + "ab" * 32
BSN = "999990019"


def ledger_of(folder: Path, count: int = 3, owner: Identity = MBO) -> Ledger:
    """A ledger of some acts."""
    ledger = Ledger(folder)
    for number in range(count):
        ledger.append(owner, "tokenise", protocol=PROTOCOL, rows=number, excluded={"no-consent": 7})
    return ledger


def line(owner: Identity, previous: str, **changes: Any) -> bytes:
    """A line signed well by its owner, with anything in it."""
    body = {
        "index": 0, "previous": previous, "at": "2026-09-01T12:00:00+00:00", "party": owner.party, "act": "tokenise",
        "protocol": PROTOCOL, "facts": {}, "software": "linkage 0.1.0", **changes,
    }  # fmt: skip
    signed = owner.sign(log.ENTRY_TYPE, canonical.to_bytes(body))
    return canonical.to_bytes({"entry": body, "signature": signature.to_text(signed)})


def written(*changes: dict[str, Any], owner: Identity = MBO) -> bytes:
    """A whole ledger file, chained and signed well, whose entries hold anything."""
    lines: list[bytes] = []
    for index, change in enumerate(changes):
        previous = canonical.digest_bytes(lines[-1]) if lines else log.GENESIS
        lines.append(line(owner, **{"previous": previous, "index": index, **change}))
    return b"".join(one + b"\n" for one in lines)


def entries(data: bytes) -> list[Entry]:
    return log.parse(data, where=log.NAME)
