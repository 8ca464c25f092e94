"""An organisation's own keys, and the file that holds them.

Rules kept here:

- Two keys, never one for both: Ed25519 signs, X25519 opens.
- At rest: Argon2id (RFC 9106, second recommended choice) over the passphrase, XChaCha20-Poly1305 over the keys,
  the file's own parameters as associated data. Reading is strict and refuses costs that would stall a machine.
- No key is ever in a repr, an exception or a log.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from linkage import canonical
from linkage.crypto import box, signature
from linkage.crypto.card import CARD_TYPE, Card, refuse_form
from linkage.errors import InputError, Untrusted

CARD_YEARS = 3
MIN_PASSPHRASE = 12
"""Characters; Argon2id slows guesses, it does not repair a short passphrase."""


@dataclass(frozen=True)
class Cost:
    """Work of Argon2id."""

    memory_kib: int
    """Memory in KiB."""
    iterations: int
    lanes: int


RFC9106_SECOND = Cost(memory_kib=65_536, iterations=3, lanes=4)
"""RFC 9106 section 4, second recommended option: 64 MiB, t=3, p=4. About half a second."""
HIGHEST = Cost(memory_kib=1 << 20, iterations=16, lanes=16)
"""More than this is refused when reading a key file: 1 GiB."""


@dataclass(frozen=True)
class Identity:
    """An organisation's keys in memory."""

    card: Card
    """What others see of it."""
    signing: Ed25519PrivateKey = field(repr=False)
    sealing: X25519PrivateKey = field(repr=False)
    former: tuple[Identity, ...] = field(default=(), repr=False)
    """The keys that were rotated away, newest first: they open what was sealed to them."""

    def of(self, card: str) -> Identity | None:
        """These or the former keys that belong to a card of this fingerprint; None when there are none."""
        return next((one for one in (self, *self.former) if one.card.fingerprint == card), None)

    @property
    def party(self) -> str:
        """Its id in protocols."""
        return self.card.party

    def sign(self, payload_type: str, payload: bytes) -> bytes:
        """Sign typed bytes (64 bytes, Ed25519)."""
        return signature.sign(self.signing, payload_type, payload)

    def sign_note(self, text: bytes) -> bytes:
        """Sign the text of a note (64 bytes, Ed25519); only the ledger's checkpoints are notes."""
        return signature.sign_note(self.signing, text)


def create(party: str, name: str, number: str, *, today: date) -> Identity:
    """Make new keys from the operating system's generator, and the card that shows them.

    Raises:
        InputError: a party, name or number that a card cannot hold.
    """
    signing, sealing = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    until = today.replace(year=today.year + CARD_YEARS, day=min(today.day, 28))
    unsigned = Card(
        party, name, number, signing.public_key().public_bytes_raw(), sealing.public_key().public_bytes_raw(),
        today.isoformat(), until.isoformat(), b"",
    )  # fmt: skip
    refuse_form(unsigned, where=party)
    signed = signature.sign(signing, CARD_TYPE, canonical.to_bytes(unsigned.body))
    return Identity(Card(**{**unsigned.__dict__, "signed": signed}), signing, sealing)


def followed(old: Identity, new: Identity) -> Identity:
    """The new keys, with the old ones behind them to open what was sealed to these."""
    return replace(new, former=(replace(old, former=()), *old.former))


def to_key_file(identity: Identity, passphrase: bytes, *, cost: Cost = RFC9106_SECOND) -> bytes:
    """The identity, former keys too, as an encrypted key file.

    Raises:
        InputError: the passphrase has fewer than 12 characters.
    """
    if len(passphrase.decode("utf-8", "replace")) < MIN_PASSPHRASE:
        raise InputError(
            f"the passphrase has fewer than {MIN_PASSPHRASE} characters",
            hint="Use a sentence, or four or more words picked by chance.",
        )
    head = {
        "linkage-key": 2,
        "card": signature.to_text(identity.card.to_bytes()),
        "former": [signature.to_text(one.card.to_bytes()) for one in identity.former],
        "kdf": {**cost.__dict__, "name": "argon2id", "salt": signature.to_text(os.urandom(16))},
        "aead": "xchacha20-poly1305",
    }
    every = (identity, *identity.former)
    keys = b"".join(one.signing.private_bytes_raw() + one.sealing.private_bytes_raw() for one in every)
    sealed = box.close(_derive(passphrase, head["kdf"]), keys, canonical.to_bytes(head))
    return canonical.to_bytes({**head, "box": signature.to_text(sealed)})


def from_key_file(data: bytes, passphrase: bytes, *, where: str) -> Identity:
    """Open a key file, of version 2 or of version 1, which had no former keys.

    Raises:
        InputError: not a key file.
        Untrusted: wrong passphrase, or the file was altered.
    """
    value = canonical.from_bytes(data, where=where)
    keys = {"linkage-key", "card", "kdf", "aead", "box"}
    version = value.get("linkage-key") if isinstance(value, dict) else None
    if type(version) is not int or {1: keys, 2: keys | {"former"}}.get(version) != set(value):
        raise InputError("not a linkage key file (version 1 or 2)", where=where)
    head = {key: part for key, part in value.items() if key != "box"}
    shown = [head["card"], *(head["former"] if isinstance(head.get("former"), list) else ())]
    try:
        sealed = signature.from_text(value["box"], box.NONCE + 64 * len(shown) + box.TAG, where=where)
        opened = box.opened(_derive(passphrase, head["kdf"]), sealed, canonical.to_bytes(head))
    except (ValueError, TypeError, KeyError):
        raise Untrusted("wrong passphrase, or the key file was altered", where=where) from None
    newest, *former = (_restored(text, opened[64 * i : 64 * i + 64], where) for i, text in enumerate(shown))
    return replace(newest, former=tuple(former))


def _restored(text: Any, keys: bytes, where: str) -> Identity:
    from linkage.crypto import card as cards

    raw = signature.from_text(text, _length(text), where=where)
    return Identity(
        cards.from_bytes(raw, where=where),
        Ed25519PrivateKey.from_private_bytes(keys[:32]),
        X25519PrivateKey.from_private_bytes(keys[32:]),
    )


def _length(text: Any) -> int:
    return len(text) // 4 * 3 - text[-2:].count("=") if isinstance(text, str) else 0


def _derive(passphrase: bytes, kdf: Any) -> bytes:
    cost = Cost(kdf["memory_kib"], kdf["iterations"], kdf["lanes"])
    if set(kdf) != {"name", "salt", *cost.__dict__} or kdf["name"] != "argon2id":
        raise ValueError("unknown key derivation")
    if not all(1 <= kdf[name] <= highest for name, highest in vars(HIGHEST).items()):
        raise ValueError("cost out of range")
    salt = signature.from_text(kdf["salt"], 16, where="salt")
    return Argon2id(
        salt=salt, length=32, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib
    ).derive(passphrase)
