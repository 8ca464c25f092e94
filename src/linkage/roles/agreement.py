"""What holds between parties: a protocol that all have signed, with cards that are believed.

Rules kept here:

- A protocol takes effect when every party that it names has signed its digest with the card that it names, on a
  day within its period. Until then nothing is made, sealed, matched, released or taken in under it.
- Signatures are files that travel with the protocol; each is checked again whenever it counts, and what makes it void
  is said: another digest, another card, a card that ended, a day outside the period.
- A custodian commits in its signature to its share of the linkage secret (docs/spec/secret.md). A second signature
  with another commitment never replaces the first.
- Under a protocol act the card that it names and those that followed it (docs/adr/0016-cards-that-follow.md).
- Nothing here reaches the linkage secret: the linkage unit uses this module. Signing is in `linkage.roles.signing`.
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
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.protocol import strict_yaml
from linkage.protocol.load import from_document
from linkage.protocol.model import Protocol
from linkage.roles import home as homes
from linkage.roles import known as knowing
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

SIGNATURE_TYPE = "application/vnd.linkage.signature.v2+json"
Place = tuple[str | int, ...]
"""Path of a value inside a protocol."""
_KEYS = {"linkage-signature", "protocol", "party", "card", "on", "commitment", "signature"}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_IN_FLOW = re.compile(r"""([\w-]+:\s+)("[^"\n]*"|'[^'\n]*'|[^\n#,}]*[^\s#,}])""")
"""Key and scalar between braces, where a comma ends it."""
_ON_A_LINE = re.compile(r"""([\w-]+:\s+)("[^"\n]*"|'[^'\n]*'|[^\s"'{\[](?:(?!\s#)[^\n])*(?<!\s))""")
"""Key and scalar on a line of its own, where only a comment does."""
_AGAIN = "Agree on a new version of the protocol, in which `linkage protocol new` fills in the cards of today."


@dataclass(frozen=True)
class Signed:
    """A signature that holds."""

    party: str
    card: str
    """Fingerprint of the card."""
    on: str
    """Day, yyyy-mm-dd, as the signer says it."""
    commitment: str | None
    """What a custodian committed to; None of other parties."""

    def body(self, digest: str) -> dict[str, object]:
        """What is signed, under the protocol of that digest."""
        return {
            "linkage-signature": 2,
            "protocol": digest,
            "party": self.party,
            "card": self.card,
            "on": self.on,
            "commitment": self.commitment,
        }


@dataclass(frozen=True)
class Standing:
    """Whether a party has signed."""

    party: str
    signed_on: str | None
    """Day of a signature that holds, yyyy-mm-dd."""
    reason: str
    """Why there is none that holds; empty when there is one."""
    hint: str = ""
    """What can be done about it."""


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
        match = (_IN_FLOW if "{" in lines[line - 1][: column - 1] else _ON_A_LINE).match(rest)
        if match is None:
            raise InputError("expected a value on one line", where=document.where(path))
        lines[line - 1] = lines[line - 1][: column - 1] + match[1] + text + rest[match.end() :]
    text = "".join(lines)
    from_document(strict_yaml.parse(text.encode(), name=template.name))
    return text


def take_signature(home: Home, data: bytes, *, where: str) -> tuple[Linkage, str]:
    """Keep a signature that came in, after checking it. Returns linkage and signing party.

    The first that holds is kept: another one of the same party changes nothing, or is refused.

    Raises:
        Untrusted: it does not hold, or it commits to another share than the one that is here.
        Refused: the protocol or the signer's card is not here.
    """
    value = canonical.from_bytes(data, where=where)
    if not isinstance(value, dict) or set(value) != _KEYS or value["linkage-signature"] != 2:
        raise InputError("not a linkage signature (version 2)", where=where)
    linkage = home.by_digest(str(value["protocol"]))
    party = linkage.protocol.party(str(value["party"])).id
    signed = check_signature(home, linkage.protocol, party, data)
    first = _signature_here(home, linkage, party)
    if not isinstance(first, Signed):
        files.write(linkage.signature(party), data)
    elif first.commitment != signed.commitment:
        raise Untrusted(
            f"{party} signed twice, each time with another commitment to its share of the linkage secret",
            where=where,
            hint=f"Call {party} and keep both files. Begin again under a new version of the protocol.",
        )
    return linkage, party


def standings(home: Home, linkage: Linkage) -> list[Standing]:
    """Who has and who has not signed, every signature checked again."""
    result = []
    for party in linkage.protocol.party_ids:
        here = _signature_here(home, linkage, party)
        if isinstance(here, Signed):
            result.append(Standing(party, here.on, ""))
        else:
            result.append(Standing(party, None, here.message, here.hint))
    return result


def unsigned(home: Home, linkage: Linkage) -> list[str]:
    """The parties without a signature that holds, each with the reason."""
    return [f"{s.party} ({s.reason})" for s in standings(home, linkage) if s.reason]


def commitments(home: Home, linkage: Linkage) -> dict[str, Signed]:
    """The signatures of the custodians that hold, by party: each with its commitment."""
    every = {p.id: _signature_here(home, linkage, p.id) for p in linkage.protocol.custodians}
    return {party: signed for party, signed in every.items() if isinstance(signed, Signed)}


def in_effect(home: Home, linkage: Linkage) -> Protocol:
    """The protocol, when it is in effect today for this home.

    Raises:
        Refused: somebody has not signed, today lies outside its period, or the own card does not serve under it.
    """
    missing = unsigned(home, linkage)
    if missing:
        raise Refused(
            f"protocol {linkage.protocol.id} is not in effect: not signed by {', '.join(missing)}",
            hint="Every party signs the same file: `linkage protocol sign`. Then drop its signature in inbox/.",
        )
    _refuse_early(linkage.protocol)
    refuse_over(linkage.protocol)
    serving(home, linkage.protocol, home.card.party, home.card.fingerprint)  # the own keys of today
    return linkage.protocol


def refuse_over(protocol: Protocol) -> None:
    """Refuse to sign or act after the last day of a protocol; it can be signed before the first.

    Raises:
        Refused: it is over.
    """
    if homes.today().isoformat() > protocol.valid.last:
        raise _outside(protocol)


def _refuse_early(protocol: Protocol) -> None:
    if homes.today().isoformat() < protocol.valid.first:
        raise _outside(protocol)


def _outside(protocol: Protocol) -> Refused:
    first, last, now = protocol.valid.first, protocol.valid.last, homes.today().isoformat()
    return Refused(f"protocol {protocol.id} is valid from {first} until {last}; today is {now}")


def serving(home: Home, protocol: Protocol, party: str, fingerprint: str | None = None) -> Card:
    """The card with which a party acts under a protocol: the one that it names, or one that followed it.

    Args:
        home: who must believe it.
        protocol: names the first card.
        party: whose card.
        fingerprint: which card; the newest when it is not given.

    Raises:
        Refused: no card of that party is known, the named one has ended, or none is valid today.
        Untrusted: the card is neither the named one nor follows it.
    """
    every, named = home.known(party), protocol.party(party).card
    first = knowing.find(every, named)
    if first is None:
        home.trusted(party)  # none is trusted at all, or:
        raise Untrusted(f"the protocol names another card of {party} than the trusted one", hint=_AGAIN)
    if first.ended:
        raise Refused(f"the card of {party} that the protocol names was {first.ended}", hint=_AGAIN)
    line = knowing.line(every, named)
    chosen = knowing.find(line, fingerprint) if fingerprint else line[-1]
    if chosen is None:
        raise Untrusted(f"another card of {party} than the one that the protocol names or that followed it")
    homes.refuse_outdated(chosen.card)
    return chosen.card


def check_signature(home: Home, protocol: Protocol, party: str, data: bytes) -> Signed:
    """The signature of a party in these bytes, when it holds under a protocol.

    Raises:
        InputError, Untrusted, Refused: it does not; the message says why.
    """
    where = f"signature of {party}"
    serving(home, protocol, party)  # its card has not ended, and one is valid today
    value = canonical.from_bytes(data, where=where)
    if not isinstance(value, dict) or set(value) != _KEYS:
        raise Untrusted("malformed", where=where)
    if value["protocol"] != protocol.digest:
        raise Untrusted("signs another protocol: any change makes another digest", where=where)
    if value["party"] != party or value["card"] != protocol.party(party).card:
        raise Untrusted("signs with another party or card than the protocol names", where=where)
    signed = Signed(party, str(value["card"]), str(value["on"]), value["commitment"])
    card = next(one.card for one in home.known(party) if one.fingerprint == signed.card)
    form = signature.from_text(value["signature"], signature.SIGNATURE_BYTES, where=where)
    body = {key: part for key, part in value.items() if key != "signature"}
    if body != signed.body(protocol.digest):
        raise Untrusted("malformed", where=where)
    signature.verify(card.signing, SIGNATURE_TYPE, canonical.to_bytes(body), form, where=where)
    _check_what_it_says(signed, protocol, card, where)
    return signed


def _check_what_it_says(signed: Signed, protocol: Protocol, card: Card, where: str) -> None:
    first, last = card.valid_from, min(protocol.valid.last, card.valid_until)  # it may be signed before it begins
    if not (_DAY.fullmatch(signed.on) and first <= signed.on <= last):
        raise Untrusted(f"signed on {signed.on}, outside the period of protocol and card ({first} until {last})")
    custodian = "custodian" in protocol.party(signed.party).roles
    if not (_DIGEST.fullmatch(str(signed.commitment)) if custodian else signed.commitment is None):
        raise Untrusted("a custodian, and nobody else, commits to a share of the linkage secret", where=where)


def _signature_here(home: Home, linkage: Linkage, party: str) -> Signed | LinkageError:
    """The signature of a party that is here and holds, or why there is none."""
    path = linkage.signature(party)
    if not path.exists():
        return Refused(_elsewhere(home, linkage, party) or "no signature here")
    try:
        return check_signature(home, linkage.protocol, party, files.read(path, limit=cards.MAX_BYTES))
    except LinkageError as error:
        return error


def _elsewhere(home: Home, linkage: Linkage, party: str) -> str:
    """What to know of a party that did not sign this text, but another one of the same protocol."""
    for other in home.linkages():
        if other.protocol.id == linkage.protocol.id and other.signature(party).exists():
            return f"signed another text, version {other.protocol.version}, digest {other.protocol.digest[:19]}..."
    return ""


def cautions(home: Home, protocol: Protocol) -> dict[str, str]:
    """What to know of the cards that serve under a protocol, by party: not compared, or ending before it does."""
    found = {}
    for party in protocol.parties:
        every = home.known(party.id)
        line = knowing.line(every, party.card)
        if not line:
            continue  # a reason not to be in effect, which is said there
        said = []
        if why := knowing.unverified(every, line[-1]):
            said.append(f"the card of {party.id} was {why}")
        last = line[-1].card.valid_until
        if last < protocol.valid.last:
            said.append(f"the card of {party.id} ends on {last}, before the protocol does ({protocol.valid.last})")
        if said:
            found[party.id] = "; ".join(said)
    return found


def _quoted(text: str) -> str:
    """Text as a YAML double-quoted scalar on one line."""
    if '"' in text or "\\" in text or "\n" in text:
        raise InputError('a name or number may not hold ", \\ or a line end')
    return f'"{text}"'
