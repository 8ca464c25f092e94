"""Key cards: what others know of an organisation, and how they make sure that it is theirs.

Rules kept here:

- A card is canonical JSON, signed by the key it shows; its fingerprint is the SHA-256 of the unsigned part.
- What a card says can be shown and can name a file: the party is a short name, the rest one printable line.
- A self-signature proves that the card is whole, not whose it is: a person compares the fingerprint with the
  other organisation over another way (telephone, in person), as words or as letters.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from linkage import canonical
from linkage.crypto import signature
from linkage.errors import InputError, Untrusted

CARD_TYPE = "application/vnd.linkage.card.v1+json"
MAX_BYTES = 16_384
WORDS = 8
"""88 bits: a second card with the same words costs 2^88 tries."""
LETTERS = 24
"""120 bits of base32."""

_PARTY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}")
_KEYS = {"linkage-card", "party", "name", "number", "signing", "sealing", "valid", "signature"}


@dataclass(frozen=True)
class Card:
    """An organisation's public keys and who it says it is."""

    party: str
    """Its id in protocols."""
    name: str
    """Its name as people know it."""
    number: str
    """Official number with its scheme, for instance ``BRIN:99ZZ``."""
    signing: bytes
    """Ed25519 public key, 32 bytes."""
    sealing: bytes
    """X25519 public key, 32 bytes."""
    valid_from: str
    """First day, yyyy-mm-dd."""
    valid_until: str
    """Last day, yyyy-mm-dd."""
    signed: bytes
    """Self-signature, 64 bytes."""

    @property
    def body(self) -> dict[str, Any]:
        """The part that is signed and fingerprinted."""
        return {
            "linkage-card": 1,
            "party": self.party,
            "name": self.name,
            "number": self.number,
            "signing": signature.to_text(self.signing),
            "sealing": signature.to_text(self.sealing),
            "valid": {"from": self.valid_from, "until": self.valid_until},
        }

    @property
    def fingerprint(self) -> str:
        """``sha256:<hex>`` of the card."""
        return canonical.digest(self.body)

    def to_bytes(self) -> bytes:
        """The card file."""
        return canonical.to_bytes({**self.body, "signature": signature.to_text(self.signed)})


def from_bytes(data: bytes, *, where: str) -> Card:
    """Read a card file and check its self-signature.

    Raises:
        InputError: not a card.
        Untrusted: a card whose self-signature does not hold.
    """
    value = canonical.from_bytes(data, where=where)
    if not isinstance(value, dict) or value.get("linkage-card") != 1:
        raise InputError("not a linkage card (version 1)", where=where)
    valid = value.get("valid")
    texts = [value.get("party"), value.get("name"), value.get("number")]
    if (
        set(value) != _KEYS
        or not isinstance(valid, dict)
        or set(valid) != {"from", "until"}
        or not all(isinstance(text, str) for text in [*texts, *valid.values()])
    ):
        raise InputError("a linkage card with other keys or kinds of value than version 1 has", where=where)
    card = Card(
        party=value["party"],
        name=value["name"],
        number=value["number"],
        signing=signature.from_text(value["signing"], 32, where=where),
        sealing=signature.from_text(value["sealing"], 32, where=where),
        valid_from=valid["from"],
        valid_until=valid["until"],
        signed=signature.from_text(value["signature"], signature.SIGNATURE_BYTES, where=where),
    )
    refuse_form(card, where=where)
    if card.to_bytes() != data:  # `true` is equal to 1, but another spelling
        raise InputError("not a linkage card (version 1)", where=where)
    signature.verify(card.signing, CARD_TYPE, canonical.to_bytes(card.body), card.signed, where=where)
    return card


def refuse_form(card: Card, *, where: str) -> None:
    """Refuse what cannot be shown on one line or used as a name: a card is read before anyone trusts it.

    Raises:
        InputError: a party that is no short name, a text that is not one printable line, a day that is none.
    """
    if not _PARTY.fullmatch(card.party) or len(card.party) > 40:
        raise InputError("the party of a card is lower case letters, digits and single hyphens", where=where)
    if not all(text.isprintable() and 0 < len(text) <= 500 for text in (card.name, card.number)):
        raise InputError("name and number of a card are one printable line each, of at most 500 signs", where=where)
    for day in (card.valid_from, card.valid_until):
        try:
            same = date.fromisoformat(day).isoformat() == day
        except ValueError:
            same = False
        if not same:
            raise InputError("first and last day of a card are days of the calendar, yyyy-mm-dd", where=where)


def words(fingerprint: str) -> str:
    """The fingerprint as eight words to read out (BIP-39 English list, 11 bits a word)."""
    bits = int.from_bytes(_raw(fingerprint)[:11], "big")
    return " ".join(_word_list()[(bits >> (11 * (WORDS - 1 - i))) & 2047] for i in range(WORDS))


def letters(fingerprint: str) -> str:
    """The fingerprint as 24 letters and digits in groups of four (RFC 4648 base32)."""
    text = base64.b32encode(_raw(fingerprint)[:15]).decode("ascii")
    return "-".join(text[i : i + 4] for i in range(0, LETTERS, 4))


def heard(fingerprint: str, said: str) -> bool:
    """Whether what the other side read out, as words, letters or the whole digest, is this fingerprint."""
    plain = "".join(said.split()).lower()
    spellings = (words(fingerprint).replace(" ", ""), letters(fingerprint).lower(), fingerprint)
    return plain in spellings or plain.replace("-", "") == spellings[1].replace("-", "")


@cache
def _word_list() -> list[str]:
    from mnemonic import Mnemonic

    return list(Mnemonic("english").wordlist)


def _raw(fingerprint: str) -> bytes:
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise Untrusted("expected a fingerprint as sha256:<64 hex digits>")
    # Hashed once more under a label of its own, so that what is read aloud is not a prefix of the digest itself.
    return hashlib.sha256(b"linkage/v1/fingerprint\0" + bytes.fromhex(fingerprint[7:])).digest()
