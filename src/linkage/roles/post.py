"""What came in, and what to do next.

Rules kept here:

- A file in the inbox is known by its content, never by its name. What was taken in leaves the inbox; what was
  refused stays, with the reason.
- `step` does all that needs no decision by a person, and asks for what does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto import envelope, succession
from linkage.crypto.identity import Identity
from linkage.errors import InputError, LinkageError, printable
from linkage.ledger import witness
from linkage.roles import (
    agreement,
    approver,
    blinding,
    ceremony,
    codebook,
    contacts,
    custodian,
    exchange,
    keyholder,
    listed,
    recipient,
    trust,
)
from linkage.roles import home as homes
from linkage.roles.asked import Desk
from linkage.roles.home import Home, Linkage

Kind = Literal["rotation", "revocation", "card", "protocol", "signature", "package"]
ORDER: tuple[Kind, ...] = ("rotation", "revocation", "card", "protocol", "signature", "package")
PACKAGES = (
    exchange.SHARE, keyholder.PUBLIC, keyholder.REQUEST, keyholder.ANSWER, exchange.ENCODINGS, exchange.CODEBOOK,
    exchange.RELEASE, listed.REQUEST, listed.APPROVAL, listed.LIST,
)  # fmt: skip
SNIFF = 4_096


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


def step(home: Home, identity: Identity) -> list[Step]:
    """Take in what came, do what needs no decision, and say what is next."""
    steps = [*_take_all(home, identity), *_cards(home)]
    if not home.linkages():
        steps.append(Step("wait", "for a protocol: drop it in inbox/, or make one with `linkage protocol new`"))
    for linkage in home.linkages():
        steps += _to_destroy(home, linkage) + _continue(home, identity, linkage)
    return steps


def _cards(home: Home) -> list[Step]:
    """Warn of cards that end soon: a person makes new keys, or asks for them."""
    return [
        Step("decide" if party == home.card.party else "wait", text) for party, text in trust.expiring(home).items()
    ]


def kind_of(path: Path) -> Kind:
    """What a file is, by its content.

    Raises:
        InputError: none of ours.
    """
    with exchange.opened(path) as stream:
        head = stream.read(SNIFF)
    if envelope.is_package(head):
        return "package"
    if head.startswith(b"{"):
        if b'"linkage-rotation":1' in head:
            return "rotation"
        if b'"linkage-revocation":1' in head:
            return "revocation"
        if b'"linkage-card":1' in head:
            return "card"
        if b'"linkage-signature":2' in head:
            return "signature"
    elif path.suffix in (".yml", ".yaml") or b"\nlinkage:" in head:
        return "protocol"
    raise InputError("not a card, protocol, signature or package of linkage", where=path.name)


def _take_all(home: Home, identity: Identity) -> Iterator[Step]:
    found: list[tuple[int, int, Path]] = []
    for path in sorted(p for p in files.folder(home.inbox).iterdir() if p.is_file() and not p.name.startswith(".")):
        try:
            kind = kind_of(path)
            inner = PACKAGES.index(envelope.read(path).header.type) if kind == "package" else 0
            found.append((ORDER.index(kind), inner, path))
        except (LinkageError, ValueError) as error:
            yield Step("refused", f"{printable(path.name)}: {getattr(error, 'message', 'unknown type of package')}")
    for order, _, path in sorted(found):
        try:
            yield _take(home, identity, path, ORDER[order])
        except LinkageError as error:
            yield Step("refused", f"{printable(path.name)}: {error.message}")


def _take(home: Home, identity: Identity, path: Path, kind: Kind) -> Step:
    if kind == "card":
        return _card(home, path)
    if kind == "rotation":
        new = trust.take_rotation(home, identity, files.read(path, limit=succession.MAX_BYTES), where=path.name)
        text = f"the card of {new.party} is followed by a new one, which the old one signed"
    elif kind == "revocation":
        gone = trust.take_revocation(home, identity, files.read(path, limit=succession.MAX_BYTES), where=path.name)
        text = f"{gone.party} revoked a card: nothing signed with it is taken in any longer"
    elif kind == "protocol":
        agreed = home.adopt(path).protocol
        text = f"took in protocol {agreed.id} {agreed.version}, digest {agreed.digest[:19]}..."
    elif kind == "signature":
        linkage, party = agreement.take_signature(home, files.read(path, limit=cards.MAX_BYTES), where=path.name)
        text = f"took in the signature of {party} under {linkage.protocol.id}"
    elif exchange.taken_already(home, exchange.file_digest(path)) and not _asks(path):
        text = f"removed {printable(path.name)}: it was taken in before"
    elif early := _early(home, path):
        return early
    else:
        text = take_package(home, identity, path)
    path.unlink()
    return Step("done", text)


def _asks(path: Path) -> bool:
    """Whether a package is a request, which is answered again when it comes again: its answer may have been lost."""
    return envelope.read(path).header.type == keyholder.REQUEST


def take_package(home: Home, identity: Identity, path: Path) -> str:
    """Take in a package of any type, by the role that it is for. Returns what it was.

    Raises:
        Refused, Untrusted: see `linkage.roles.exchange`.
    """
    header = envelope.read(path).header
    linkage = home.by_digest(header.protocol)
    if header.type == exchange.SHARE:
        ceremony.take(home, identity, linkage, path)
        return f"took in the share of {header.sender} of the linkage secret"
    if header.type == keyholder.PUBLIC:
        blinding.take_public_key(Desk(home, identity, linkage), path)
        return f"took in the public key of {header.sender}"
    if header.type == keyholder.REQUEST:
        made = keyholder.answer(home, identity, linkage, path)
        return f"answered {header.sender} about {_counted(made.elements)}; send {made.package.name}"
    if header.type == keyholder.ANSWER:
        blinding.take_answer(Desk(home, identity, linkage), path)
        return f"took in the answer of {header.sender}, and checked it"
    if header.type == exchange.ENCODINGS:
        from linkage.roles import unit

        unit.take_encodings(home, identity, linkage, path)
        return f"took in {header.content.get('rows')} encoded rows from {header.sender}"
    if header.type == exchange.CODEBOOK:
        codebook.take(home, identity, linkage, path)
        return f"took in the codebook of {header.sender}"
    if header.type == exchange.RELEASE:
        kept = recipient.take_release(home, identity, linkage, path)
        return f"took in the release '{kept.stem}': `linkage result show`"
    if header.type in (listed.REQUEST, listed.APPROVAL, listed.LIST):
        return _take_recontact(home, identity, linkage, path)
    raise InputError("a type of package that this version does not know", where=path.name)


def _take_recontact(home: Home, identity: Identity, linkage: Linkage, path: Path) -> str:
    type_ = envelope.read(path).header.type
    if type_ == listed.REQUEST:
        request = approver.take_request(home, identity, linkage, path)
        return f"took in the request about '{request.output}'"
    if type_ == listed.APPROVAL:
        from linkage.roles import recontact

        said = recontact.take_approval(home, identity, linkage, path)
        return f"took in the decision of {said.party} about '{said.output}': {said.decision}"
    output = contacts.take_list(home, identity, linkage, path)
    return f"took in the list '{output}': `linkage result show`, then `linkage result contacts FILE.csv`"


def _early(home: Home, path: Path) -> Step | None:
    """A share that came before the last signature stays in the inbox until that is here."""
    header = envelope.read(path).header
    if header.type == exchange.SHARE:
        missing = agreement.unsigned(home, home.by_digest(header.protocol))
        if missing:
            return Step("wait", f"{printable(path.name)} stays in inbox/: for the signature of {', '.join(missing)}")
    return None


def _card(home: Home, path: Path) -> Step:
    card = cards.from_bytes(files.read(path, limit=cards.MAX_BYTES), where=path.name)
    try:
        known = home.trusted(card.party).fingerprint == card.fingerprint
    except LinkageError:
        known = False
    if known:
        path.unlink()
        return Step("done", f"the card of {card.party} is trusted already")
    return Step(
        "decide",
        f"card of {card.party} ({card.name}): call them at a number you know, let them read you the words of their\n"
        f"        `linkage card show`, and run with what you hear:\n"
        f'        linkage card trust "{path}" --home "{home.path}" --verified-by "your function" --fingerprint "..."',
    )


def _continue(home: Home, identity: Identity, linkage: Linkage) -> list[Step]:
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


def _to_destroy(home: Home, linkage: Linkage) -> list[Step]:
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


def _counted(elements: Mapping[str, int]) -> str:
    return " and ".join(f"{count:,} elements of '{field}'" for field, count in elements.items())


def _acts(home: Home, linkage: Linkage) -> dict[str, int]:
    """What was done in this linkage, and in the wave that lasts today, each act with its last place in the ledger."""
    of = [e for e in home.ledger.entries() if e.protocol == linkage.protocol.digest]
    now = linkage.protocol.reference_date
    return {e.act: e.index for e in of if e.facts.get("wave", now) == now}
