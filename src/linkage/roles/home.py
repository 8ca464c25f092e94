"""An organisation's own folder.

Rules kept here:

- Everything an organisation keeps lies in one folder, for its owner only; nothing is kept anywhere else.
- One sub-folder per linkage, named after the protocol's id and the first signs of its digest: a changed protocol
  is another linkage.
- Between organisations only files travel: `inbox/` takes what came, `outbox/<party>/` holds what is to be sent.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from functools import cached_property
from pathlib import Path

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto import identity as identities
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused, shape
from linkage.ledger.log import Ledger
from linkage.protocol import strict_yaml
from linkage.roles import folder
from linkage.roles import known as knowing
from linkage.roles.folder import Linkage
from linkage.roles.known import Ended, Known

NUMBER = re.compile(r"(BRIN|OIN|KvK):[0-9A-Z]{4,20}")
"""Official number of an organisation, with its scheme, as protocols have it."""


def today() -> date:
    """The day on which acts are done: the organisation's own clock."""
    return date.today()  # noqa: DTZ011  # validity is in local days, as people write them


def refuse_outdated(card: Card) -> None:
    """Refuse a card that is not valid today.

    Raises:
        Refused: before its first or after its last day.
    """
    if not card.valid_from <= today().isoformat() <= card.valid_until:
        raise Refused(
            f"the card of {card.party} is valid from {card.valid_from} until {card.valid_until}, not today",
            hint="Its owner makes new keys: `linkage card rotate`.",
        )


class Home:
    """An organisation's home folder.

    Args:
        path: the folder; `create` makes a new one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def inbox(self) -> Path:
        """Where a person drops what came in, under any name."""
        return self.path / "inbox"

    def outbox(self, party: str) -> Path:
        """Where that stands which is to be sent to a party."""
        return files.folder(self.path / "outbox" / party)

    @property
    def key(self) -> Path:
        """The encrypted key file."""
        return self.path / "key.json"

    @property
    def consent(self) -> Path:
        """The registry of consent."""
        return self.path / "consent.sqlite"

    @cached_property
    def ledger(self) -> Ledger:
        """The organisation's ledger."""
        return Ledger(self.path / "ledger")

    @cached_property
    def card(self) -> Card:
        """The organisation's own card.

        Raises:
            InputError: this folder is not a home.
        """
        path = self.path / "card.json"
        if not path.exists():
            raise InputError("not a home folder", where=str(self.path), hint="Make one with `linkage init`.")
        return cards.from_bytes(files.read(path, limit=cards.MAX_BYTES), where=path.name)

    def create(
        self, party: str, name: str, number: str, passphrase: bytes, *, cost: identities.Cost | None = None
    ) -> Identity:
        """Make the folder and the organisation's keys.

        Raises:
            Refused: there is a home already; keys are never overwritten.
            InputError: the passphrase is too short, or the folder cannot be written.
        """
        if self.key.exists():
            raise Refused(
                "there is a home here already; its keys are kept",
                where=str(self.path),
                hint="To start again, move this folder away first.",
            )
        if not NUMBER.fullmatch(number):
            raise InputError(f"expected a number as BRIN:..., OIN:... or KvK:..., got {shape(number)}", where="number")
        identity = identities.create(party, name, number, today=today())
        data = identities.to_key_file(identity, passphrase, cost=cost or identities.RFC9106_SECOND)
        files.folder(self.path)
        files.folder(self.inbox)
        with suppress(InputError):  # a config to start from, for the parties of the shipped protocol
            files.write(self.path / "config.yml", files.read(files.shipped(f"config/{party}.yml")))
        files.write(self.path / "card.json", identity.card.to_bytes())
        files.write(self.key, data)  # last: a home without a key can be made again
        self.ledger.set_aside()  # of keys that are gone, where there is one
        self.ledger.append(identity, "init", card=identity.card.fingerprint)
        return identity

    def unlock(self, passphrase: bytes, *, unfinished: bool = False) -> Identity:
        """Open the organisation's keys.

        Args:
            passphrase: as bytes.
            unfinished: also when a rotation of the card stopped half-way, so that it can be finished.

        Raises:
            Untrusted: wrong passphrase, or an altered key file.
            Refused: a rotation was not finished.
        """
        card = self.card  # says so when this is not a home
        data = files.read(self.key, limit=64 * cards.MAX_BYTES)
        identity = identities.from_key_file(data, passphrase, where=self.key.name)
        if identity.card != card and not unfinished:
            raise Refused("new keys were made, but not everything was done", hint="Run `linkage card rotate` again.")
        return identity

    def show(self, card: Card) -> None:
        """Make this the own card, which the others get."""
        files.write(self.path / "card.json", card.to_bytes())
        self.__dict__.pop("card", None)  # read anew

    def known(self, party: str) -> tuple[Known, ...]:
        """Every card of a party that was ever trusted here, oldest first; of oneself, every card of one's own.

        Raises:
            Untrusted: the record was altered or damaged.
        """
        path = self.path / "trusted" / f"{party}.json"
        if path.exists():
            return knowing.from_bytes(files.read(path, limit=64 * cards.MAX_BYTES), where=path.name)
        if party == self.card.party:
            return (Known(self.card, "its owner", self.card.valid_from, "made here"),)
        return ()

    def keep_known(self, party: str, every: Sequence[Known]) -> Path:
        """Write down what is known of the cards of a party."""
        return files.write(self.path / "trusted" / f"{party}.json", knowing.to_bytes(every))

    def known_parties(self) -> list[str]:
        """The other parties of which a card is known."""
        found = {path.stem for path in (self.path / "trusted").glob("*.json")}
        return sorted(found - {self.card.party})

    def trusted(self, party: str) -> Card:
        """The newest card of a party that is trusted here, or the own one.

        Raises:
            Refused: no card of that party is trusted, it has ended, or it is not valid today.
        """
        every = self.known(party)
        newest = knowing.current(every)
        if newest is None:
            raise Refused(
                f"the card of {party} was {every[-1].ended}" if every else f"no trusted card of {party}",
                hint="Compare its fingerprint by telephone, then `linkage card trust FILE --fingerprint ...`.",
            )
        refuse_outdated(newest.card)
        return newest.card

    def trust(self, card: Card, *, verified_by: str, how: str) -> Path:
        """Keep a card that a person verified; other cards of the party are replaced, unless it followed them."""
        every = self.known(card.party)
        before = knowing.find(every, card.fingerprint)
        now = today().isoformat()
        new = Known(card, verified_by, now, how, before.follows if before else None)
        if before is None or before.ended:
            others = [one.fingerprint for one in every if one.ended is None]
            every = knowing.ended(every, others, Ended(now, "replaced", "another card was trusted anew"))
        return self.keep_known(card.party, knowing.added(every, new))

    def linkages(self) -> list[Linkage]:
        """All linkages of this home, by name of their folder.

        Raises:
            Untrusted: a protocol here is no longer the one that was taken in.
        """
        return [folder.kept(path, today()) for path in sorted((self.path / "linkages").glob("*/protocol.yml"))]

    def linkage(self, name: str | None = None) -> Linkage:
        """The linkage of that protocol id, folder or digest; the only one, or the only signed one, without a name.

        Raises:
            Refused: there is none, or more than one that fits.
        """
        every = self.linkages()
        fits = [x for x in every if name is None or name in (x.protocol.id, x.folder.name, x.protocol.digest)]
        signed = [x for x in fits if x.signature(self.card.party).exists()]
        if len(fits) == 1 or len(signed) == 1:
            return (signed or fits)[0]
        if not fits:
            raise Refused(
                f"no linkage {name or ''} here".replace("  ", " "),
                hint="Put the protocol file in inbox/ and run `linkage next`, or sign it with `linkage protocol sign`.",
            )
        names = ", ".join(x.folder.name for x in fits)
        raise Refused(
            f"more than one linkage fits: {names}",
            hint="Name one with --protocol. To drop one, remove its folder in linkages/.",
        )

    def by_digest(self, digest: str) -> Linkage:
        """The linkage of a protocol digest.

        Raises:
            Refused: this home does not have that protocol.
        """
        for linkage in self.linkages():
            if linkage.protocol.digest == digest:
                return linkage
        raise Refused(f"belongs to a protocol that is not here: {digest[:19]}...")

    def adopt(self, path: Path) -> Linkage:
        """Take a protocol file into the home, without signing it. One that is here stays as it is.

        Raises:
            InputError: not a protocol, or one that does not name this party.
        """
        data = files.read(path, limit=strict_yaml.MAX_BYTES)
        agreed = folder.parsed(data, path.name)
        agreed.party(self.card.party)
        own = self.path / "linkages" / folder.name_of(agreed)
        target = own / "protocol.yml"
        if target.exists():
            return folder.kept(target, today())
        files.write(target, data)
        return Linkage(own, agreed.in_wave(today().isoformat()))

    def send(self, source: Path, party: str, name: str) -> Path:
        """Put a copy of a file in the outbox for a party."""
        with files.atomic(self.outbox(party) / name) as stream, source.open("rb") as original:
            shutil.copyfileobj(original, stream)
        return self.outbox(party) / name
