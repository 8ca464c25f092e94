"""What an adversary with keys of its own can make, for the scenarios."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from linkage.crypto import envelope
from linkage.crypto.header import Label
from linkage.crypto.identity import Identity
from linkage.ledger import witness
from linkage.roles import contacts, exchange, kept, listed, recipient, recontact, unit
from linkage.roles import home as homes
from linkage.roles.home import Home
from linkage.roles.listed import Approval, Approved, Listing
from simulator import CHEAP, PASSPHRASE, Simulator


def copied(simulator: Simulator, path: Path, name: str) -> Path:
    """A copy that the adversary keeps."""
    return Path(shutil.copy(path, simulator.folder / name))


def stranger(simulator: Simulator, party: str) -> Identity:
    """Somebody who calls itself a party, with keys of its own."""
    return Home(simulator.folder / "stranger").create(party, "stranger", "BRIN:99ZZ", PASSPHRASE, cost=CHEAP)


def forged(simulator: Simulator, sender: Identity, body: bytes, *, to: str = "unit", **label: Any) -> Path:
    """A package with any label and body, well sealed and signed by `sender`."""
    agreed = simulator.linkage(to).protocol
    plain: dict[str, Any] = {
        "type": exchange.ENCODINGS, "protocol": agreed.digest, "sequence": 7, "content": {},
        "ledger": told(simulator, sender, to),
    }  # fmt: skip
    path = simulator.folder / "forged.package"
    envelope.seal(path, [body], sender, [simulator.homes[to].card], Label(**(plain | label)))
    return path


def told(simulator: Simulator, sender: Identity, to: str) -> Mapping[str, Any]:
    """What the sender's own ledger says of itself: forged packages differ from honest ones in nothing else."""
    homes = {
        home.card: home
        for home in (*simulator.homes.values(), Home(simulator.folder / "stranger"))
        if home.key.exists()
    }
    home = homes.get(sender.card, simulator.homes["mbo"])
    return witness.tell(home.ledger.entries(), home.card, [to])


def announced(simulator: Simulator, party: str, rows: int) -> Mapping[str, Any]:
    """What an honest header of encodings would say."""
    said = exchange.announced(simulator.linkage(party).protocol, party, rows)
    return {**said, exchange.CHECK: "equal", exchange.KEYS: "equal"}


def to_unit(simulator: Simulator, path: Path) -> partial[Any]:
    """The linkage unit takes a package in."""
    at = simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit")
    return partial(unit.take_encodings, *at, path)


def to_recipient(simulator: Simulator, party: str, path: Path) -> partial[Any]:
    """A recipient takes a release in."""
    at = simulator.homes[party], simulator.identities[party], simulator.linkage(party)
    return partial(recipient.take_release, *at, path)


def to_relation_holder(simulator: Simulator, path: Path, party: str = "mbo") -> partial[Any]:
    """A relation holder takes a list in."""
    at = simulator.homes[party], simulator.identities[party], simulator.linkage(party)
    return partial(contacts.take_list, *at, path)


def listing(simulator: Simulator) -> Listing:
    """The list that the unit keeps, honest and asked about."""
    linkage, identity = simulator.linkage("unit"), simulator.identities["unit"]
    body = kept.open_(identity, linkage, recontact.KEPT, linkage.listed("to-call"))
    return listed.from_bytes(recontact.KEPT, Listing, body, where="")


def decision(simulator: Simulator, one: Listing, *, by: str = "approver", **change: Any) -> str:
    """What somebody signs about a list, in the approver's name."""
    said = Approval(
        one.protocol, one.output, one.digest, "approve", "", "FG", homes.today().isoformat(), "approver",
        simulator.homes["approver"].card.fingerprint,
    )  # fmt: skip
    return listed.sign(simulator.identities[by], replace(said, **change)).decode()


def forged_list(simulator: Simulator, one: Listing, approval: str, *, to: str = "mbo") -> Path:
    """A list with a decision, well sealed and signed by the unit."""
    body = listed.to_bytes(listed.LIST, Approved(one, approval))
    return forged(simulator, simulator.identities["unit"], body, to=to, type=listed.LIST, content={"output": "to-call"})


def released(simulator: Simulator, party: str) -> Path:
    """An honest linkage up to the release for a party, which lies in the unit's outbox."""
    for custodian in ("mbo", "gemeente"):
        simulator.tokenise(custodian)
    simulator.carry()
    simulator.match()
    (path,) = (simulator.homes["unit"].path / "outbox" / party).glob("*.release.package")
    return path
