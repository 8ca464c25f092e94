"""What a package says of itself, and what of that can be checked without opening it.

Rules kept here:

- No key is used and no passphrase is needed: the header is in clear, and cards are public.
- What the sender claims, what the protocol here says, and what was checked stand apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linkage import canonical
from linkage.crypto import envelope
from linkage.crypto.card import Card
from linkage.crypto.envelope import Package
from linkage.crypto.header import Header
from linkage.errors import LinkageError, Refused, Untrusted
from linkage.protocol.model import Protocol
from linkage.roles import exchange
from linkage.roles import known as knowing
from linkage.roles.home import Home


@dataclass(frozen=True)
class Inspected:
    """One package, unopened."""

    header: Header
    """As its sender says."""
    sizes: Mapping[str, int]
    """Bytes of the file, its header and its sealed body."""
    digests: Mapping[str, str]
    """SHA-256 of the file, its header and its sealed body."""
    signature: str
    """What came of checking it."""
    checked: bool
    """Whether the signature was checked, over all bytes, and holds."""
    protocol: Protocol | None = field(repr=False)
    """The protocol it belongs to, when it is here."""
    fits: str
    """How what it announces compares with that protocol."""
    mine: bool
    """Whether it is sealed to the card of this home."""

    def as_data(self) -> dict[str, Any]:
        """For ``--json``."""
        header, agreed = self.header, self.protocol
        return {
            "type": header.type,
            "from": {"party": header.sender, "card": header.sender_card},
            "to": [{"party": party, "card": card} for party, card, _ in header.recipients],
            "number": header.sequence,
            "protocol": {
                "digest": header.protocol,
                "here": agreed is not None,
                **({"id": agreed.id, "version": agreed.version, "purpose": agreed.purpose.dpv} if agreed else {}),
            },
            "content": dict(header.content),
            "fits": self.fits,
            "ledger": dict(header.ledger),
            "sizes": dict(self.sizes),
            "digests": dict(self.digests),
            "signature": self.signature,
            "checked": self.checked,
            "mine": self.mine,
        }

    def as_rows(self) -> dict[str, object]:
        """For a terminal: names and values."""
        header, agreed = self.header, self.protocol
        known = f"{agreed.id} {agreed.version}, here" if agreed else "not here"
        rows: dict[str, object] = {
            "type": header.type,
            "from": f"{header.sender}, card {header.sender_card}",
            **{f"to {party}": f"card {card}" for party, card, _ in header.recipients},
            "number": header.sequence,
            "protocol": f"{header.protocol} ({known})",
            **({"purpose": agreed.purpose.dpv} if agreed else {}),
            **dict(header.content),
            "announced": self.fits,
            "its ledger": "{1} entries, root {2}".format(*header.ledger["checkpoint"].split("\n")),
            "its ledger follows from": ", ".join(header.ledger["proofs"]) or "none shown before",
            **{f"bytes of {name}": f"{size:,}" for name, size in self.sizes.items()},
            **{f"digest of {name}": digest for name, digest in self.digests.items()},
            "signature": self.signature,
            "sealed to this home": "yes" if self.mine else "no",
        }
        return rows


def inspect(path: Path, home: Home | None = None, card: Card | None = None) -> Inspected:
    """Read a package without opening it.

    Args:
        path: the file.
        home: whose trusted cards and protocols are looked at; none for an outsider.
        card: the card to check the signature with, instead of the one that the home trusts. Whose card it is, is for
            a person to know.

    Raises:
        InputError: not a package.
        Untrusted: a malformed package, or one whose signature does not hold.
    """
    package = envelope.read(path)
    header, agreed = package.header, _protocol(package, home)
    signature, checked = _checked(package, home, card)
    return Inspected(
        header=header,
        sizes=_sizes(package),
        digests=_digests(package),
        signature=signature,
        checked=checked,
        protocol=agreed,
        fits=_compared(header, agreed),
        mine=home is not None and not _own(home).isdisjoint(one for _, one, _ in header.recipients),
    )


def _protocol(package: Package, home: Home | None) -> Protocol | None:
    try:
        return home.by_digest(package.header.protocol).protocol if home else None
    except LinkageError:
        return None


def _own(home: Home) -> set[str]:
    """Fingerprints of the cards of this home, of former ones too: what was sealed to them can be opened."""
    return {one.fingerprint for one in home.known(home.card.party)}


def _checked(package: Package, home: Home | None, card: Card | None) -> tuple[str, bool]:
    whose = "given" if card else "trusted"
    if card is None:
        if home is None:
            return "not checked: no card was given, and no home is here to trust one", False
        known = knowing.find(home.known(package.header.sender), package.header.sender_card)
        if known and known.ended:
            return f"not checked: the card of {package.header.sender} was {known.ended}", False
        try:
            card = known.card if known else home.trusted(package.header.sender)
        except Untrusted:
            raise
        except Refused as error:
            return f"not checked: {error.message}", False
    envelope.verify(package, card)
    return f"holds over all bytes, by the {whose} card of {card.party}", True


def _sizes(package: Package) -> dict[str, int]:
    return {
        "file": package.path.stat().st_size,
        "header": len(package.header_bytes),
        "sealed body": package.body_length,
    }


def _digests(package: Package) -> dict[str, str]:
    whole, body, left = hashlib.sha256(), hashlib.sha256(), package.body_length
    with exchange.opened(package.path) as file:
        whole.update(file.read(package.body_start))
        while piece := file.read(1 << 20):
            whole.update(piece)
            body.update(piece[:left])
            left = max(0, left - len(piece))
    found = {"file": whole.hexdigest(), "header": hashlib.sha256(package.header_bytes).hexdigest()}
    return {
        name: canonical.DIGEST_PREFIX + digest for name, digest in (found | {"sealed body": body.hexdigest()}).items()
    }


def _compared(header: Header, agreed: Protocol | None) -> str:
    """Whether rows and columns are those that the protocol allows."""
    if header.type != exchange.ENCODINGS:
        return "nothing to compare: no encodings"
    if agreed is None:
        return "not compared: the protocol is not here"
    try:
        exchange.rows_of(header, agreed, where="")
    except LinkageError as error:
        return error.message
    return "the columns that the protocol prescribes, within the quota"
