"""What came in, and what to do next.

Rules kept here:

- A file in the inbox is known by its content, never by its name. What was taken in leaves the inbox; what was
  refused stays, with the reason.
- `step` does all that needs no decision by a person, and asks for what does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto import envelope, succession
from linkage.crypto.identity import Identity
from linkage.errors import InputError, LinkageError, printable
from linkage.roles import (
    agreement,
    approver,
    blinding,
    ceremony,
    codebook,
    contacts,
    exchange,
    keyholder,
    listed,
    recipient,
    trust,
)
from linkage.roles.asked import Desk
from linkage.roles.folder import Linkage
from linkage.roles.home import Home
from linkage.roles.steps import Step, counted, due, to_destroy

Kind = Literal["rotation", "revocation", "card", "protocol", "signature", "package"]
ORDER: tuple[Kind, ...] = ("rotation", "revocation", "card", "protocol", "signature", "package")
PACKAGES = (
    exchange.SHARE, keyholder.PUBLIC, keyholder.REQUEST, keyholder.ANSWER, exchange.ENCODINGS, exchange.CODEBOOK,
    exchange.RELEASE, listed.REQUEST, listed.APPROVAL, listed.LIST,
)  # fmt: skip
SNIFF = 4_096


def step(home: Home, identity: Identity) -> list[Step]:
    """Take in what came, do what needs no decision, and say what is next."""
    found = [*_take_all(home, identity), *_cards(home)]
    if not home.linkages():
        found.append(Step("wait", "for a protocol: drop it in inbox/, or make one with `linkage protocol new`"))
    for linkage in home.linkages():
        found += to_destroy(home, linkage) + due(home, identity, linkage)
    return found


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
        return f"answered {header.sender} about {counted(made.elements)}; send {made.package.name}"
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
