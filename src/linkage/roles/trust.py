"""Whose card is whose: what a person does to believe a card, to replace the own one, and to stop believing one.

Rules kept here (docs/adr/0016-cards-that-follow.md):

- A card is believed because a person compared its fingerprint over another way than the file came, or because the
  card that was believed before signed it. One that nobody compared is refused unless that is asked for with a reason.
- A card that follows another takes no telephone call; two that follow the same one are refused with a loud word.
- A revoked card takes with it what rests on it alone, and never comes back.
- New keys are there from the moment the key file is: what was not done after that is done when asked again.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto import identity as identities
from linkage.crypto import succession
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused, Untrusted
from linkage.roles import home as homes
from linkage.roles import known as knowing
from linkage.roles.home import Home
from linkage.roles.known import Ended, Known

WARN_DAYS = 60
"""How long before its last day a card is warned of."""
CALL = "Call them at a number you know, and trust the card that they use now with `linkage card trust`."


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
        Refused: the owner revoked this card, or it says that it is of the own party.
        InputError: nobody is named who compared.
    """
    card = _candidate(home, path)
    if not cards.heard(card.fingerprint, heard):
        raise Untrusted(
            f"what was read out is not the fingerprint of this card of {card.party}",
            where=path.name,
            hint="Call them at a number you know. If it differs again, the file is not theirs: do not use it.",
        )
    if not verified_by.strip():
        raise InputError("say who compared the fingerprint: the function of a person")
    return _keep(home, identity, card, verified_by, how)


def trust_unverified(home: Home, identity: Identity, path: Path, *, reason: str) -> Card:
    """Use a card that nobody compared. Everything that depends on it says so, and so does the ledger.

    Raises:
        Refused: the owner revoked this card, or it says that it is of the own party.
        InputError: no reason is given.
    """
    if not reason.strip():
        raise InputError("say why a card is used that nobody compared")
    return _keep(home, identity, _candidate(home, path), "", reason)


def rotate(home: Home, passphrase: bytes, *, cost: identities.Cost | None = None) -> tuple[Identity, list[Path]]:
    """Make new keys, and a rotation for every party that is known; the old keys are kept to open older packages.

    Asked again after it stopped half-way, it goes on. Returns the identity and the files to send: rotations; the card
    too when the old one is not valid any longer, and the card alone when it was revoked: then the others must call.

    Raises:
        Untrusted: wrong passphrase.
    """
    identity = home.unlock(passphrase, unfinished=True)
    now = homes.today()
    if identity.card == home.card:
        card = identity.card
        fresh = identities.create(card.party, card.name, card.number, today=now)
        said = succession.rotate(identity, fresh, on=now.isoformat())
        files.write(_rotation(home, fresh.card), said.to_bytes())
        identity = identities.followed(identity, fresh)
        data = identities.to_key_file(identity, passphrase, cost=cost or identities.RFC9106_SECOND)
        files.write(home.key, data)
    return identity, _finish(home, identity)


def _finish(home: Home, identity: Identity) -> list[Path]:
    """All that follows from new keys, as often as it takes. The own card file is written last."""
    old, new = identity.former[0], identity.card
    facts = {"card": new.fingerprint, "before": old.card.fingerprint}
    if not any(e.act == "rotate-card" and e.facts == facts for e in home.ledger.entries()):
        home.ledger.append(old, "rotate-card", **facts)  # the last entry that the old key signs
    if not any(e.act == "use-card" and e.facts["card"] == new.fingerprint for e in home.ledger.entries()):
        home.ledger.append(identity, "use-card", card=new.fingerprint)  # the first of the new one
    now, every = homes.today().isoformat(), home.known(new.party)
    before = knowing.find(every, old.card.fingerprint)
    every = knowing.added(every, Known(new, "its owner", now, "made here", old.card.fingerprint))
    home.keep_known(new.party, every)
    home.show(new)
    sources = {}
    if before and before.ended is None:
        sources[f"{new.party}.rotation.json"] = _rotation(home, new)
    if before is None or before.ended or not before.valid_on(now):  # nobody takes the old card's word alone
        sources[f"{new.party}.card.json"] = home.path / "card.json"
    return [home.send(path, party, name) for party in home.known_parties() for name, path in sources.items()]


def take_rotation(home: Home, identity: Identity, data: bytes, *, where: str) -> Card:
    """Believe the card that follows one that is believed. Returns the new card.

    Raises:
        Untrusted: a signature does not hold, or another card follows the same one.
        Refused: the card that it rests on is not known here, has ended, or is not valid today.
    """
    said = succession.rotation_from_bytes(data, where=where)
    party, new, old = said.new.party, said.new, said.old.fingerprint
    if party == home.card.party:
        raise Refused("a rotation of the own card comes from this home, not to it", where=where)
    every = home.known(party)
    before, here = knowing.find(every, old), knowing.find(every, new.fingerprint)
    if here and here.follows == old:
        return new
    if before is None:
        raise Refused(f"rests on a card of {party} that is not trusted here", where=where, hint=CALL)
    if before.ended and not (here and before.ended.why == "replaced"):
        raise Refused(f"the card of {party} that it rests on was {before.ended}", where=where, hint=CALL)
    if any(one.follows == old for one in every) or (here and here.ended):
        raise Untrusted(f"another card of {party} than this one follows the same card already", where=where, hint=CALL)
    if not here:  # else a person vouches for the new card, and the old one only has to lead to it
        homes.refuse_outdated(before.card)
    how = "signed by the card before it"
    home.ledger.append(
        identity, "trust-card", about=party, card=new.fingerprint, verified_by="rotation", how=how, before=old
    )
    known = Known(new, here.verified_by if here else "", homes.today().isoformat(), here.how if here else how, old)
    home.keep_known(party, knowing.followed(every, known))
    return new


def revoke(home: Home, identity: Identity, *, reason: str, card: str | None = None) -> list[Path]:
    """End every card of this home, and tell every party that is known. Returns the files to send.

    All of them, because one key file holds the former keys too: who has it has them all.

    Args:
        home: whose cards.
        identity: its keys.
        reason: for the others, one line.
        card: fingerprint, words or letters of the one card to end, when only its key is in other hands.

    Raises:
        InputError: none of the own keys is of that card, or the reason is not one line.
    """
    every = (identity, *identity.former)
    gone = [one for one in every if card is None or cards.heard(one.card.fingerprint, card)]
    if not gone:
        raise InputError("none of the keys of this home is of that card")
    now, me, sources = homes.today().isoformat(), home.card.party, {}
    for one in gone:
        said, short = succession.revoke(one, on=now, reason=reason), one.card.fingerprint[7:23]
        path = files.write(home.path / "rotations" / f"{short}.revoked.json", said.to_bytes())
        sources[f"{me}.{short}.revocation.json"] = path
        home.ledger.append(identity, "revoke-card", about=me, card=one.card.fingerprint)
    fingerprints = [one.card.fingerprint for one in gone]
    home.keep_known(me, knowing.ended(home.known(me), fingerprints, Ended(now, "revoked", reason)))
    return [home.send(path, party, name) for party in home.known_parties() for name, path in sources.items()]


def take_revocation(home: Home, identity: Identity, data: bytes, *, where: str) -> Card:
    """Stop believing a card that its owner revoked, and all that rest on it alone. Returns the card.

    Raises:
        Untrusted: the signature does not hold.
        Refused: the card is not known here.
    """
    said = succession.revocation_from_bytes(data, where=where)
    party, fingerprint = said.card.party, said.card.fingerprint
    every = home.known(party)
    known = knowing.find(every, fingerprint)
    if known is None or party == home.card.party:
        raise Refused(f"is about a card of {party} that is not known here", where=where)
    if not (known.ended and known.ended.why == "revoked"):
        home.ledger.append(identity, "revoke-card", about=party, card=fingerprint)
        end = Ended(homes.today().isoformat(), "revoked", said.reason)
        home.keep_known(party, knowing.ended(every, [fingerprint], end))
    return said.card


def distrust(home: Home, identity: Identity, party: str, *, reason: str) -> None:
    """Stop believing every card of a party, for instance because its key was lost or stolen.

    Raises:
        Refused: no card of it is trusted here.
        InputError: no reason is given, or the party is the own one.
    """
    if party == home.card.party:
        raise InputError("the own card is ended with `linkage card revoke`")
    if not reason.strip() or not reason.isprintable():
        raise InputError("say why, on one line")
    every = home.known(party)
    gone = [one.fingerprint for one in every if one.ended is None]
    if not gone:
        raise Refused(f"no card of {party} is trusted here")
    home.ledger.append(identity, "distrust-card", about=party, cards=gone, reason=reason)
    end = Ended(homes.today().isoformat(), "distrusted", reason)
    home.keep_known(party, knowing.ended(every, gone, end))


def days_left(card: Card) -> int:
    """Days until the last day of a card; negative when that has passed."""
    return (date.fromisoformat(card.valid_until) - homes.today()).days


def expiring(home: Home) -> dict[str, str]:
    """What to know of cards that end within 60 days, or that have ended, by party."""
    found = {}
    for party in [home.card.party, *home.known_parties()]:
        newest = knowing.current(home.known(party))
        if newest is None:
            continue
        last, own, left = newest.card.valid_until, party == home.card.party, days_left(newest.card)
        if left <= WARN_DAYS:
            when = f"ends on {last}, in {left} days" if left >= 0 else f"ended on {last}"
            what = "make new keys with `linkage card rotate`" if own else "ask them to run `linkage card rotate`"
            found[party] = f"{'the own card' if own else f'the card of {party}'} {when}: {what}"
    return found


def _candidate(home: Home, path: Path) -> Card:
    card = cards.from_bytes(files.read(path, limit=cards.MAX_BYTES), where=path.name)
    if card.party == home.card.party:
        raise Refused("a card that says it is of the own party", where=path.name)
    known = knowing.find(home.known(card.party), card.fingerprint)
    if known and known.ended and known.ended.why == "revoked":
        raise Refused(f"this card of {card.party} was {known.ended}", where=path.name, hint="Ask for their new card.")
    return card


def _keep(home: Home, identity: Identity, card: Card, verified_by: str, how: str) -> Card:
    said = {"verified_by": verified_by, "how": how} if verified_by else {"verified_by": "nobody", "how": how}
    home.ledger.append(identity, "trust-card", about=card.party, card=card.fingerprint, **said)
    home.trust(card, verified_by=verified_by, how=how)
    return card


def _rotation(home: Home, new: Card) -> Path:
    return home.path / "rotations" / f"{new.fingerprint[7:23]}.json"
