"""All roles in one process, with real files between real folders, so that an adversary can sit anywhere.

The simulator plays an honest linkage up to any point; a test then changes, drops, repeats or forges what lies in
a folder and looks what the others do. Argon2 is set to its lowest cost: passphrases are not what is tested here.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from linkage import arriving, files
from linkage.crypto import card as cards
from linkage.crypto import envelope
from linkage.crypto.identity import Cost, Identity
from linkage.encode import config as configs
from linkage.encode.config import Config
from linkage.report.returned import Contacts
from linkage.roles import (
    agreement,
    approver,
    blinding,
    contacts,
    custodian,
    exchange,
    keyholder,
    post,
    recontact,
    signing,
    trust,
    unit,
)
from linkage.roles.asked import Desk
from linkage.roles.custodian import Asked, Tokenised
from linkage.roles.folder import Linkage
from linkage.roles.home import Home
from linkage.roles.steps import Step
from linkage.synth import graduates, write
from linkage.synth.output import Files
from linkage.tables import Encodings

CHEAP = Cost(memory_kib=64, iterations=1, lanes=1)
PASSPHRASE = b"correct horse battery"
NAMES = {"mbo": "BRIN:99ZZ", "gemeente": "OIN:00000000000000000000", "unit": "KvK:99999999"}
WITH_APPROVER = {**NAMES, "approver": "KvK:99999998"}
LONG = {("valid", "until"): "2090-12-31", ("retention", "secret_destroyed_on"): "2090-12-31"}


@dataclass
class Simulator:
    """Three organisations and the files between them; or others, by their official numbers."""

    folder: Path
    numbers: Mapping[str, str] = field(default_factory=lambda: NAMES)
    people: int = 400
    seed: int = 11
    template: str = "graduates-on-benefits"
    start: str = ""
    """Of the protocol to start from, where it is none of those that are shipped."""
    homes: dict[str, Home] = field(default_factory=dict)
    identities: dict[str, Identity] = field(default_factory=dict)
    made: Files | None = None
    truth: pa.Table | None = None
    sent: dict[str, Tokenised] = field(default_factory=dict)

    def found(self) -> Simulator:
        """Every organisation makes its keys and trusts the cards of the others."""
        for party, number in self.numbers.items():
            self.homes[party] = Home(self.folder / party)
            self.identities[party] = self.homes[party].create(
                party, f"{party} (fictief)", number, PASSPHRASE, cost=CHEAP
            )
        for party, home in self.homes.items():
            for other, theirs in self.homes.items():
                if party != other:
                    words = cards.words(theirs.card.fingerprint)
                    path = theirs.path / "card.json"
                    trust.trust(home, self.identities[party], path, heard=words, verified_by="tester", how="telephone")
        return self

    def protocol(self, changes: dict[agreement.Place, str] | None = None, name: str = "protocol.yml") -> Path:
        """The shipped protocol with these parties' cards, and changes."""
        template = self.template_file()
        every = [home.card for home in self.homes.values()]
        text = agreement.new_protocol(template, every, {**LONG, **(changes or {})})
        return files.write(self.folder / name, text.encode())

    def template_file(self) -> Path:
        """The protocol to start from."""
        if self.start:
            return files.write(self.folder / "template.yml", self.start.encode())
        return files.shipped(f"protocols/{self.template}.yml")

    def sign(self, path: Path | None = None) -> Path:
        """Everybody signs; nothing travels yet."""
        chosen = path or self.protocol()
        for party, home in self.homes.items():
            signing.sign(home, self.identities[party], chosen)
        return chosen

    def agree(self, path: Path | None = None) -> Simulator:
        """Everybody signs, and the files travel until nothing moves."""
        self.sign(path)
        self.carry()
        return self

    def synthesise(self) -> Simulator:
        """Make the registers."""
        scenario = graduates(self.people, seed=self.seed)
        self.made, self.truth = write(scenario, self.folder / "data"), scenario.truth
        return self

    def input(self, party: str) -> Path:
        """The register of a custodian."""
        assert self.made is not None
        return self.made.school if party == "mbo" else self.made.gemeente

    def tokenise(self, party: str, path: Path | None = None) -> Tokenised:
        """A custodian imports its consents and tokenises its register."""
        home, identity, config = self.homes[party], self.identities[party], self.config(party)
        if config.consent is not None:
            assert self.made is not None
            custodian.import_consent(home, identity, self.made.consent, config)
        made = custodian.tokenise(home, identity, self.linkage(party), path or self.input(party), config)
        self.sent[party] = self.answered(party, made)
        return self.sent[party]

    def opened(self, party: str) -> Encodings:
        """What the unit makes of the newest package of a custodian, taken in or not."""
        here = self.sent[party].package
        package = envelope.read(here if here.exists() else self.linkage("unit").received(party))
        card, agreed = self.homes[party].card, self.linkage(party).protocol
        reader = self.identities["unit"]
        body = envelope.open_body(package, reader, card, protocol=agreed.digest, type_=exchange.ENCODINGS)
        return arriving.read(body, party=party, protocol_digest=agreed.digest, layout=agreed.layout(party))

    def answered(self, party: str, made: Tokenised | Asked, digest: str | None = None) -> Tokenised:
        """A custodian's package; when it asked key-holders first, their answers reach it, and nothing else moves."""
        if isinstance(made, Tokenised):
            return made
        at = {name: home.linkage(digest) for name, home in self.homes.items()}
        for holder in made.waiting.holders:
            for path in (self.homes[party].path / "outbox" / holder).glob("*.oprf-request.package"):
                answer = keyholder.answer(self.homes[holder], self.identities[holder], at[holder], path)
                path.unlink()
                blinding.take_answer(Desk(self.homes[party], self.identities[party], at[party]), answer.package)
                answer.package.unlink()
        again = custodian.go_on(self.homes[party], self.identities[party], at[party])
        assert isinstance(again, Tokenised)
        return again

    def match(self) -> unit.Outcome:
        """The unit matches and releases."""
        home, identity = self.homes["unit"], self.identities["unit"]
        matched = unit.match(home, identity, self.linkage("unit"))
        unit.release(home, identity, self.linkage("unit"))
        return matched

    def release(self) -> list[recontact.Outcome]:
        """The unit asks the approver about its lists, or returns what was approved."""
        return recontact.release(self.homes["unit"], self.identities["unit"], self.linkage("unit"))

    def decide(self, *, approve: bool = True, reason: str = "") -> approver.Decided:
        """A person at the approver decides."""
        at = self.homes["approver"], self.identities["approver"], self.linkage("approver")
        return approver.decide(*at, approve=approve, by="Functionaris gegevensbescherming", reason=reason)

    def asked(self) -> Simulator:
        """Re-contact up to the request, which the approver has."""
        for party in ("mbo", "gemeente"):
            self.tokenise(party)
        self.carry()
        unit.match(self.homes["unit"], self.identities["unit"], self.linkage("unit"))
        self.release()
        self.carry()
        return self

    def returned(self) -> Simulator:
        """Re-contact to its end: the school has its list."""
        self.asked().decide()
        self.carry()
        self.release()
        self.carry()
        return self

    def contacts(self) -> list[Contacts]:
        """The lists that the school has, opened."""
        return contacts.lists(self.homes["mbo"], self.identities["mbo"], self.linkage("mbo"))

    def play(self) -> Simulator:
        """The whole main job."""
        self.found().agree().synthesise()
        for party in ("mbo", "gemeente"):
            self.tokenise(party)
        self.carry()
        self.match()
        self.carry()
        return self

    def linkage(self, party: str) -> Linkage:
        """The one linkage in a party's home."""
        return self.homes[party].linkage()

    def linkage_signature(self, party: str) -> bytes:
        """The signature file of a party, as it stands in its own home."""
        return self.linkage(party).signature(party).read_bytes()

    def config(self, party: str) -> Config:
        """The shipped config of a party."""
        return configs.load(files.shipped(f"config/{party}.yml"))

    def move(self) -> int:
        """Carry every file from outbox to inbox. Returns how many."""
        moved = 0
        for home in self.homes.values():
            for path in sorted((home.path / "outbox").glob("*/*")):
                shutil.move(path, self.homes[path.parent.name].inbox / f"{home.card.party}-{path.name}")
                moved += 1
        return moved

    def step(self, party: str) -> list[Step]:
        """A party runs `linkage next`."""
        return post.step(self.homes[party], self.identities[party])

    def carry(self) -> None:
        """Carry files and take them in until nothing moves; honest files are never refused."""
        while self.move():
            for party in self.homes:
                refused = [str(step) for step in self.step(party) if step.kind == "refused"]
                assert not refused, refused
