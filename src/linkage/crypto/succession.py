"""What an owner says of its own card: that another follows it, or that it is not to be believed any longer.

Rules kept here (docs/spec/package.md):

- A rotation is signed by the old key and by the new one: who has only one of them cannot make it. It shows both cards
  whole, so that it can be checked without anything else.
- A revocation is signed by the key that it ends. Whoever has that key may end it; nobody else can.
- Both are canonical JSON, read strictly; a card keeps its party and its official number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from linkage import canonical
from linkage.crypto import card as cards
from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import InputError, LinkageError, Untrusted

ROTATION_TYPE = "application/vnd.linkage.rotation.v1+json"
REVOCATION_TYPE = "application/vnd.linkage.revocation.v1+json"
MAX_BYTES = 4 * cards.MAX_BYTES
MAX_REASON = 200


@dataclass(frozen=True)
class Rotation:
    """One card follows another."""

    old: Card
    new: Card
    on: str
    """Day, yyyy-mm-dd, as the owner says it."""
    by_old: bytes
    by_new: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The part that is signed."""
        return {"linkage-rotation": 1, "old": _value(self.old), "new": _value(self.new), "on": self.on}

    def to_bytes(self) -> bytes:
        """The rotation file."""
        signed = {"old": signature.to_text(self.by_old), "new": signature.to_text(self.by_new)}
        return canonical.to_bytes({**self.body, "signatures": signed})


@dataclass(frozen=True)
class Revocation:
    """A card is not to be believed any longer."""

    card: Card
    on: str
    """Day, yyyy-mm-dd, as the owner says it."""
    reason: str
    """One printable line."""
    signed: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The part that is signed."""
        return {"linkage-revocation": 1, "of": _value(self.card), "on": self.on, "reason": self.reason}

    def to_bytes(self) -> bytes:
        """The revocation file."""
        return canonical.to_bytes({**self.body, "signature": signature.to_text(self.signed)})


def rotate(old: Identity, new: Identity, *, on: str) -> Rotation:
    """Let the card of `new` follow the one of `old`."""
    unsigned = canonical.to_bytes(Rotation(old.card, new.card, on, b"", b"").body)
    return Rotation(old.card, new.card, on, old.sign(ROTATION_TYPE, unsigned), new.sign(ROTATION_TYPE, unsigned))


def revoke(identity: Identity, *, on: str, reason: str) -> Revocation:
    """End the card of these keys.

    Raises:
        InputError: the reason is not one printable line of at most 200 signs.
    """
    _refuse_reason(reason, where="reason")
    unsigned = Revocation(identity.card, on, reason, b"")
    signed = identity.sign(REVOCATION_TYPE, canonical.to_bytes(unsigned.body))
    return Revocation(identity.card, on, reason, signed)


def rotation_from_bytes(data: bytes, *, where: str) -> Rotation:
    """Read a rotation file and check both signatures.

    Raises:
        InputError: not a rotation.
        Untrusted: a signature does not hold, or the cards are of different organisations.
    """
    value = _read(data, {"linkage-rotation", "old", "new", "on", "signatures"}, "linkage-rotation", where)
    signed = value["signatures"]
    if not isinstance(signed, dict) or set(signed) != {"old", "new"}:
        raise InputError("not a linkage rotation (version 1)", where=where)
    by_old, by_new = (
        signature.from_text(signed[key], signature.SIGNATURE_BYTES, where=where) for key in ("old", "new")
    )
    said = Rotation(_card(value["old"], where), _card(value["new"], where), value["on"], by_old, by_new)
    if (said.old.party, said.old.number) != (said.new.party, said.new.number):
        raise Untrusted("the new card is of another organisation than the old one", where=where)
    unsigned = canonical.to_bytes(said.body)
    signature.verify(said.old.signing, ROTATION_TYPE, unsigned, by_old, where=where)
    signature.verify(said.new.signing, ROTATION_TYPE, unsigned, by_new, where=where)
    return said


def revocation_from_bytes(data: bytes, *, where: str) -> Revocation:
    """Read a revocation file and check its signature.

    Raises:
        InputError: not a revocation.
        Untrusted: the signature does not hold.
    """
    value = _read(data, {"linkage-revocation", "of", "on", "reason", "signature"}, "linkage-revocation", where)
    _refuse_reason(value["reason"], where=where)
    signed = signature.from_text(value["signature"], signature.SIGNATURE_BYTES, where=where)
    said = Revocation(_card(value["of"], where), value["on"], value["reason"], signed)
    signature.verify(said.card.signing, REVOCATION_TYPE, canonical.to_bytes(said.body), signed, where=where)
    return said


def _read(data: bytes, keys: set[str], kind: str, where: str) -> dict[str, Any]:
    value = canonical.from_bytes(data, where=where)
    try:
        if set(value) != keys or type(value[kind]) is not int or value[kind] != 1:
            raise ValueError
        if date.fromisoformat(value["on"]).isoformat() != value["on"]:
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise InputError(f"not a {kind.replace('-', ' ')} (version 1)", where=where) from None
    return dict(value)


def _refuse_reason(reason: object, *, where: str) -> None:
    if not isinstance(reason, str) or not 0 < len(reason) <= MAX_REASON or not reason.isprintable():
        raise InputError(f"a reason is one printable line of at most {MAX_REASON} signs", where=where)


def _value(card: Card) -> Any:
    return canonical.from_bytes(card.to_bytes())


def _card(value: Any, where: str) -> Card:
    try:
        return cards.from_bytes(canonical.to_bytes(value), where=where)
    except LinkageError:
        raise
    except (ValueError, TypeError):
        raise InputError("holds something else than a card", where=where) from None
