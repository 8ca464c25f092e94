"""What anyone does before a linkage: exchange cards, agree on a protocol, sign it.

Rules kept here:

- A protocol takes effect when every party that it names has signed its digest with the card that it names, on a
  day within its period. Until then nothing is made, sealed, matched or released under it.
- A protocol with a lint error is not signed.
- Signatures are files that travel with the protocol; each is checked against a card that a person verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from linkage import canonical, files
from linkage.crypto import card as cards
from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.findings import Severity
from linkage.protocol import lint, strict_yaml
from linkage.protocol.load import from_document
from linkage.protocol.model import Protocol
from linkage.roles import home as homes
from linkage.roles.home import Home, Linkage

SIGNATURE_TYPE = "application/vnd.linkage.signature.v1+json"
Place = tuple[str | int, ...]
"""Path of a value inside a protocol."""
_KEYS = {"linkage-signature", "protocol", "party", "card", "on", "signature"}


@dataclass(frozen=True)
class Standing:
    """Whether a party has signed."""

    party: str
    signed_on: str | None
    """Day of a signature that holds, yyyy-mm-dd."""
    reason: str
    """Why there is none that holds; empty when there is one."""


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


def new_protocol(template: Path, cards_of: Iterable[Card], changes: Mapping[Place, str]) -> str:
    """A protocol of one's own, made of another: comments and layout stay.

    Args:
        template: the protocol to start from.
        cards_of: cards of its parties; each fills in its party's name, number and fingerprint.
        changes: path of a scalar to its new text, for instance ``("valid", "from")`` to ``2027-01-01``.

    Raises:
        InputError: a card of a party that the template does not name, or a path that is not a scalar on one line.
    """
    document = strict_yaml.load(template)
    ids = from_document(document).party_ids
    wanted = dict(changes)
    for card in cards_of:
        if card.party not in ids:
            raise InputError(f"the template names no party '{card.party}'; it has {', '.join(ids)}")
        at = ("parties", ids.index(card.party))
        scheme, _, value = card.number.partition(":")
        wanted[(*at, "name")] = _quoted(card.name)
        wanted[(*at, "number", "scheme")] = scheme
        wanted[(*at, "number", "value")] = _quoted(value)
        wanted[(*at, "card")] = card.fingerprint
    lines = document.text.splitlines(keepends=True)
    # from the last to the first, so that earlier columns stay where they are
    for path, text in sorted(wanted.items(), key=lambda item: document.places.get(item[0], (0, 0)), reverse=True):
        if path not in document.places:
            raise InputError(f"the template has no {'.'.join(map(str, path))}", where=template.name)
        line, column = document.places[path]
        rest = lines[line - 1][column - 1 :]
        match = re.match(r"""([\w-]+:\s+)("[^"\n]*"|'[^'\n]*'|[^\n#,}]*[^\s#,}])""", rest)
        if match is None:
            raise InputError("expected a value on one line", where=document.where(path))
        lines[line - 1] = lines[line - 1][: column - 1] + match[1] + text + rest[match.end() :]
    text = "".join(lines)
    from_document(strict_yaml.parse(text.encode(), name=template.name))
    return text


def sign(home: Home, identity: Identity, path: Path) -> Linkage:
    """Sign a protocol for one's own party and put protocol and signature in every other party's outbox.

    Raises:
        Refused: lint errors, a card that is missing or not one's own, or a day outside the period.
        InputError: not a protocol, or one that does not name this party.
    """
    linkage = home.adopt(path)
    protocol = linkage.protocol
    errors = [f for f in lint.check(protocol) if f.severity is Severity.ERROR]
    if errors:
        raise Refused("a protocol with errors is not signed:\n" + "\n".join(map(str, errors)), where=path.name)
    for party in protocol.parties:
        if party.card is None:
            raise Refused(
                f"names no card of {party.id}",
                where=path.name,
                hint="Fill it in with `linkage protocol new TEMPLATE --card FILE`.",
            )
    if protocol.party(home.card.party).card != home.card.fingerprint:
        raise Refused(f"names another card of {home.card.party} than the one of this home", where=path.name)
    _within_period(protocol)
    body = _body(protocol, home.card, homes.today().isoformat())
    signed = identity.sign(SIGNATURE_TYPE, canonical.to_bytes(body))
    target = linkage.signature(home.card.party)
    files.write(target, canonical.to_bytes({**body, "signature": signature.to_text(signed)}))
    home.ledger.append(identity, "sign-protocol", protocol=protocol.digest, id=protocol.id, version=protocol.version)
    for other in protocol.party_ids:
        if other != home.card.party:
            home.send(linkage.folder / "protocol.yml", other, f"{protocol.id}.{home.card.party}.protocol.yml")
            home.send(target, other, f"{protocol.id}.{home.card.party}.signature.json")
    return linkage


def take_signature(home: Home, data: bytes, *, where: str) -> tuple[Linkage, str]:
    """Keep a signature that came in, after checking it. Returns linkage and signing party.

    Raises:
        Untrusted: it does not hold.
        Refused: the protocol or the signer's card is not here.
    """
    value = canonical.from_bytes(data, where=where)
    if not isinstance(value, dict) or set(value) != _KEYS or value["linkage-signature"] != 1:
        raise InputError("not a linkage signature (version 1)", where=where)
    linkage = home.by_digest(str(value["protocol"]))
    party = linkage.protocol.party(str(value["party"])).id
    _check_signature(home, linkage.protocol, party, data)
    files.write(linkage.signature(party), data)
    return linkage, party


def standings(home: Home, linkage: Linkage) -> list[Standing]:
    """Who has and who has not signed, every signature checked again."""
    result = []
    for party in linkage.protocol.party_ids:
        path = linkage.signature(party)
        if not path.exists():
            result.append(Standing(party, None, "no signature here"))
            continue
        try:
            day = _check_signature(home, linkage.protocol, party, files.read(path, limit=cards.MAX_BYTES))
            result.append(Standing(party, day, ""))
        except LinkageError as error:
            result.append(Standing(party, None, error.message))
    return result


def in_effect(home: Home, linkage: Linkage) -> Protocol:
    """The protocol, when it is in effect today for this home.

    Raises:
        Refused: somebody has not signed, or today lies outside its period.
    """
    missing = [f"{s.party} ({s.reason})" for s in standings(home, linkage) if s.reason]
    if missing:
        raise Refused(
            f"protocol {linkage.protocol.id} is not in effect: not signed by {', '.join(missing)}",
            hint="Every party signs the same file: `linkage protocol sign`. Then drop its signature in inbox/.",
        )
    _within_period(linkage.protocol)
    return linkage.protocol


def _within_period(protocol: Protocol) -> None:
    first, last, now = protocol.valid.first, protocol.valid.last, homes.today().isoformat()
    if not first <= now <= last:
        raise Refused(f"protocol {protocol.id} is valid from {first} until {last}; today is {now}")


def _body(protocol: Protocol, card: Card, day: str) -> dict[str, object]:
    return {
        "linkage-signature": 1,
        "protocol": protocol.digest,
        "party": card.party,
        "card": card.fingerprint,
        "on": day,
    }


def _check_signature(home: Home, protocol: Protocol, party: str, data: bytes) -> str:
    where = f"signature of {party}"
    value = canonical.from_bytes(data, where=where)
    card = home.trusted(party)
    if card.fingerprint != protocol.party(party).card:
        raise Untrusted(f"the protocol names another card of {party} than the trusted one", where=where)
    if not isinstance(value, dict) or set(value) != _KEYS:
        raise Untrusted("malformed", where=where)
    body = _body(protocol, card, str(value["on"]))
    if {key: part for key, part in value.items() if key != "signature"} != body:
        raise Untrusted("signs another protocol, party or card", where=where)
    signed = signature.from_text(value["signature"], signature.SIGNATURE_BYTES, where=where)
    signature.verify(card.signing, SIGNATURE_TYPE, canonical.to_bytes(body), signed, where=where)
    return str(value["on"])


def _quoted(text: str) -> str:
    """Text as a YAML double-quoted scalar on one line."""
    if '"' in text or "\\" in text or "\n" in text:
        raise InputError('a name or number may not hold ", \\ or a line end')
    return f'"{text}"'
