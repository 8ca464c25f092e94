"""What a linkage wants next: done where it needs no decision, else said.

Rules kept here:

- A step is done, wants a person's decision, waits for another party, or was refused; it is one line.
- Nothing is decided here: what a person must want, they say with a command of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from linkage.crypto.identity import Identity
from linkage.errors import LinkageError
from linkage.ledger import witness
from linkage.roles import (
    agreement,
    approver,
    ceremony,
    codebook,
    contacts,
    custodian,
    exchange,
    keyholder,
)
from linkage.roles import home as homes
from linkage.roles.asked import Desk
from linkage.roles.folder import Linkage
from linkage.roles.home import Home


@dataclass(frozen=True)
class Step:
    """One line of what happened or is to be done."""

    kind: Literal["done", "decide", "wait", "refused"]
    """Done just now; a person must decide; waiting for another party; not taken in."""
    text: str
    made: custodian.Tokenised | None = field(default=None, repr=False, compare=False)
    """The package that was made just now, with what only its maker knows of it."""

    def __str__(self) -> str:
        return f"{self.kind:8}{self.text}"


def due(home: Home, identity: Identity, linkage: Linkage) -> list[Step]:
    """Go on with a linkage as far as needs no decision, and say what it wants or waits for."""
    agreed, own = linkage.protocol, home.card.party
    standings = agreement.standings(home, linkage)
    open_ = [s.party for s in standings if s.reason]
    if own in open_ and not linkage.signature(own).exists():
        path = linkage.folder / "protocol.yml"
        text = f'read it (`linkage protocol show`) and sign it: linkage protocol sign "{path}"'
        return [Step("decide", f"{_name(linkage)}: {text}")]
    if open_:
        void = [s for s in standings if s.reason and linkage.signature(s.party).exists()]
        if void:
            whose = ", ".join(f"{s.party} ({s.reason})" for s in void)
            hints = " ".join(dict.fromkeys(s.hint for s in void if s.hint))
            return [
                Step("decide", f"{_name(linkage)}: not in effect: void is the signature of {whose}. {hints}".strip())
            ]
        return [Step("wait", f"{_name(linkage)}: for the signature of {', '.join(open_)}")]
    if homes.today().isoformat() > agreed.valid.last:
        return [Step("done", f"{_name(linkage)}: over; it was valid until {agreed.valid.last}")]
    if homes.today().isoformat() < agreed.valid.first:
        return [Step("wait", f"{_name(linkage)}: signed by all; it is valid from {agreed.valid.first}")]
    try:
        agreement.in_effect(home, linkage)
    except LinkageError as error:
        return [Step("refused", error.message)]
    steps = []
    if agreed.oprf_stages and own in [p.id for p in agreed.key_holders]:
        steps += _key_holder(home, identity, linkage)
    if own in [p.id for p in agreed.custodians]:
        steps += _custodian(home, identity, linkage)
    elif own != agreed.unit.id:
        steps += _results(home, linkage)
    if own == agreed.unit.id:
        steps += _unit(home, linkage)
    return steps + _approver(home, identity, linkage)


def _approver(home: Home, identity: Identity, linkage: Linkage) -> list[Step]:
    name = _name(linkage)
    try:
        return [Step(kind, f"{name}: {text}") for kind, text in approver.steps(home, identity, linkage)]
    except LinkageError as error:
        return [Step("refused", f"{name}: {error.message}")]


def _name(linkage: Linkage) -> str:
    agreed = linkage.protocol
    wave = f", wave {agreed.reference_date}" if agreed.waves else ""
    return f"{agreed.id} {agreed.version}{wave}"


def _unit(home: Home, linkage: Linkage) -> list[Step]:
    from linkage.roles import unit

    name, acts = _name(linkage), _acts(home, linkage)
    missing = [p.id for p in linkage.protocol.custodians if not linkage.received(p.id).exists()]
    try:
        unit.refuse_other_secrets(linkage)
    except LinkageError as error:
        return [Step("refused", f"{name}: {error.message}. {error.hint}")]
    if missing:
        return [Step("wait", f"{name}: for the package of {', '.join(missing)}")]
    if acts.get("match", -1) < _last_package(home, linkage):
        return [Step("decide", f"{name}: all packages are here: linkage match, then linkage release")]
    if linkage.protocol.lists:
        from linkage.roles import recontact

        return [Step(kind, f"{name}: {text}") for kind, text in recontact.steps(home, linkage)]
    if acts.get("release", -1) < acts["match"]:
        return [Step("decide", f"{name}: matched: linkage release")]
    return [Step("done", f"{name}: released; send what is in outbox/")]


def _last_package(home: Home, linkage: Linkage) -> int:
    """Place in the ledger of the newest package of a custodian; other packages come in too."""
    taken = [e for e in home.ledger.entries() if e.act == witness.RECEIVE and e.protocol == linkage.protocol.digest]
    return max((e.index for e in taken if e.facts["type"] == exchange.ENCODINGS), default=-1)


def _custodian(home: Home, identity: Identity, linkage: Linkage) -> list[Step]:
    name = _name(linkage)
    steps, complete = _secret(home, identity, linkage)
    if not complete:
        return steps
    going_on = _going_on(home, identity, linkage)
    steps += going_on
    if not going_on and "tokenise" not in _acts(home, linkage):
        steps.append(Step("decide", f"{name}: see what would leave with linkage plan FILE, then linkage tokenise FILE"))
    if linkage.protocol.lists:
        return steps + [Step(kind, f"{name}: {text}") for kind, text in contacts.steps(home, linkage)]
    return steps + _results(home, linkage)


def _results(home: Home, linkage: Linkage) -> list[Step]:
    """What a recipient waits for, or can read."""
    agreed, name, me = linkage.protocol, _name(linkage), home.card.party
    wanted = [o.name for o in agreed.tables if me in o.to]
    here = any(linkage.result(o).exists() for o in wanted)
    codebooks = codebook.awaited(agreed, me, linkage) if here or "custodian" not in agreed.party(me).roles else []
    steps = [Step("wait", f"{name}: for the codebook of {party}") for party in codebooks]
    if wanted and not here:
        steps.append(Step("wait", f"{name}: for the release from {agreed.unit.id}"))
    elif wanted and not steps:
        steps.append(Step("done", f"{name}: the result is here: linkage result show"))
    return steps


def to_destroy(home: Home, linkage: Linkage) -> list[Step]:
    """Remind of a secret whose last day has passed, whatever else holds of its protocol."""
    last = linkage.protocol.retention.secret_destroyed_on
    every = (linkage.secret, linkage.sent_share, linkage.share(home.card.party), linkage.handles)
    left = [path for path in every if path.exists()]
    if not left or homes.today().isoformat() <= last:
        return []
    return [
        Step("decide", f"{_name(linkage)}: the linkage secret was to be destroyed on {last}: linkage secret destroy")
    ]


def _secret(home: Home, identity: Identity, linkage: Linkage) -> tuple[list[Step], bool]:
    """Go on with the ceremony. Returns what was done or is wanted, and whether the secret can be used."""
    name, now = _name(linkage), ceremony.progress(home, linkage)
    if now.destroyed_on:
        return [Step("done", f"{name}: the linkage secret was destroyed on {now.destroyed_on}")], False
    if homes.today().isoformat() > now.last_day:
        return [], False
    steps = []
    try:
        if not now.here and not linkage.sent_share.exists():
            paths = ceremony.share(home, identity, linkage)
            shown = ", ".join(f"outbox/{path.parent.name}/{path.name}" for path in paths)
            steps.append(Step("done", f"{name}: sealed the own share of the linkage secret; send {shown}"))
        if ceremony.combine(home, identity, linkage):
            steps.append(Step("done", f"{name}: made the linkage secret of all shares"))
    except LinkageError as error:
        return [*steps, Step("refused", f"{name}: {error.message}. {error.hint}".rstrip(". ") + ".")], False
    now = ceremony.progress(home, linkage)
    if now.missing:
        steps.append(Step("wait", f"{name}: for {', '.join(now.missing)}"))
    return steps, now.here


def _key_holder(home: Home, identity: Identity, linkage: Linkage) -> list[Step]:
    name, last = _name(linkage), linkage.protocol.retention.secret_destroyed_on
    path = keyholder.key_path(linkage)
    if homes.today().isoformat() > last:
        gone = not path.exists()
        return [] if gone else [Step("decide", f"{name}: the key was to be destroyed on {last}: remove {path}")]
    if path.exists():
        return []
    sent = keyholder.announce(home, identity, linkage)
    told = f"; send {', '.join(p.name for p in sent)}" if sent else ""
    return [Step("done", f"{name}: made this home's key for numbers{told}")]


def _going_on(home: Home, identity: Identity, linkage: Linkage) -> list[Step]:
    """What the key-holders keep a custodian waiting for; the package, once they do not."""
    name = _name(linkage)
    desk = Desk(home, identity, linkage)
    if desk.stages and desk.missing_keys:
        return [Step("wait", f"{name}: for the public key of {', '.join(desk.missing_keys)}")]
    if not desk.under_way:
        return []
    if desk.missing_answers:
        return [Step("wait", f"{name}: for the answer of {', '.join(desk.missing_answers)} about the numbers")]
    try:
        made = custodian.go_on(home, identity, linkage)
    except LinkageError as error:
        return [Step("decide", f"{name}: all answers are here: linkage tokenise FILE ({error.message})")]
    if not isinstance(made, custodian.Tokenised):
        return []
    send = ", ".join(path.name for path in (made.package, *made.codebooks))
    return [Step("done", f"{name}: made the package for {linkage.protocol.unit.id}; send {send}", made)]


def counted(elements: Mapping[str, int]) -> str:
    """How many elements of which number."""
    return " and ".join(f"{count:,} elements of '{field}'" for field, count in elements.items())


def _acts(home: Home, linkage: Linkage) -> dict[str, int]:
    """What was done in this linkage, and in the wave that lasts today, each act with its last place in the ledger."""
    of = [e for e in home.ledger.entries() if e.protocol == linkage.protocol.digest]
    now = linkage.protocol.reference_date
    return {e.act: e.index for e in of if e.facts.get("wave", now) == now}
