"""Whose card is whose: what a person does to believe a card, to replace the own one, and to stop believing one.

Rules kept here (docs/adr/0016-cards-that-follow.md):

- A card is believed because a person compared its fingerprint over another way than the file came, or because the
  card that was believed before signed it. One that nobody compared is refused unless that is asked for with a reason.
"""

from __future__ import annotations

from pathlib import Path

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import Untrusted
from linkage.roles.home import Home


def trust(home: Home, identity: Identity, path: Path, *, heard: str, verified_by: str, how: str) -> Card:
    """Trust a card after a person compared its fingerprint.

    Args:
        home: whose trust.
        identity: signs the ledger entry.
        path: the card file.
        heard: what the other organisation read out: words, letters or the whole fingerprint.
        verified_by: function of the person who compared.
        how: for instance ``telephone``.

    Raises:
        Untrusted: what was heard is not this card's fingerprint.
    """
    card = cards.from_bytes(files.read(path, limit=cards.MAX_BYTES), where=path.name)
    if not cards.heard(card.fingerprint, heard):
        raise Untrusted(
            f"what was read out is not the fingerprint of this card of {card.party}",
            where=path.name,
            hint="Call them at a number you know. If it differs again, the file is not theirs: do not use it.",
        )
    home.ledger.append(
        identity, "trust-card", about=card.party, card=card.fingerprint, verified_by=verified_by, how=how
    )
    home.trust(card, verified_by=verified_by, how=how)
    return card
