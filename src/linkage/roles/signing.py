"""What a party does to agree: sign the protocol, and as a custodian commit to its share of the linkage secret.

Rules kept here:

- A protocol with a lint error, without the card of a party, or with another card of one's own is not signed.
- One protocol is signed once: asked again, the same signature goes out again, so that nobody commits twice.
"""

from __future__ import annotations

from pathlib import Path

from linkage import canonical, files
from linkage.crypto import card as cards
from linkage.crypto import signature
from linkage.crypto.identity import Identity
from linkage.errors import LinkageError, Refused
from linkage.findings import Severity
from linkage.protocol import lint
from linkage.protocol.model import Protocol
from linkage.roles import agreement, ceremony
from linkage.roles import home as homes
from linkage.roles.folder import Linkage
from linkage.roles.home import Home


def sign(home: Home, identity: Identity, path: Path) -> Linkage:
    """Sign a protocol for one's own party and put protocol and signature in every other party's outbox.

    Raises:
        Refused: lint errors, a card that is missing or not one's own, or a day outside the period.
        InputError: not a protocol, or one that does not name this party.
    """
    linkage = home.adopt(path)
    protocol, me = linkage.protocol, home.card.party
    if not _signed(home, linkage):
        _refuse_unfit(home, protocol, path.name)
        custodian = "custodian" in protocol.party(me).roles
        committed = ceremony.commit(home, identity, linkage) if custodian else None
        one = agreement.Signed(me, home.card.fingerprint, homes.today().isoformat(), committed)
        body = one.body(protocol.digest)
        signed = identity.sign(agreement.SIGNATURE_TYPE, canonical.to_bytes(body))
        files.write(linkage.signature(me), canonical.to_bytes({**body, "signature": signature.to_text(signed)}))
    _write_down(home, identity, linkage)
    for other in protocol.party_ids:
        if other != me:
            home.send(linkage.folder / "protocol.yml", other, f"{protocol.id}.{me}.protocol.yml")
            home.send(linkage.signature(me), other, f"{protocol.id}.{me}.signature.json")
    return linkage


def _signed(home: Home, linkage: Linkage) -> bool:
    """Whether this party's signature is here and holds."""
    path = linkage.signature(home.card.party)
    if not path.exists():
        return False
    data = files.read(path, limit=cards.MAX_BYTES)
    try:
        agreement.check_signature(home, linkage.protocol, home.card.party, data)
    except LinkageError:
        return False
    return True


def _write_down(home: Home, identity: Identity, linkage: Linkage) -> None:
    """The ledger entry of the signature, also when a crash came between the two."""
    protocol = linkage.protocol
    if not any(e.act == "sign-protocol" and e.protocol == protocol.digest for e in home.ledger.entries()):
        own = agreement.commitments(home, linkage).get(home.card.party)
        facts = {"id": protocol.id, "version": protocol.version, "commitment": own.commitment if own else None}
        home.ledger.append(identity, "sign-protocol", protocol=protocol.digest, **facts)


def _refuse_unfit(home: Home, protocol: Protocol, where: str) -> None:
    errors = [f for f in lint.check(protocol) if f.severity is Severity.ERROR]
    if errors:
        raise Refused("a protocol with errors is not signed:\n" + "\n".join(map(str, errors)), where=where)
    for party in protocol.parties:
        if party.card is None:
            raise Refused(
                f"names no card of {party.id}",
                where=where,
                hint="Fill it in with `linkage protocol new TEMPLATE --card FILE`.",
            )
    if protocol.party(home.card.party).card != home.card.fingerprint:
        raise Refused(f"names another card of {home.card.party} than the one of this home", where=where)
    home.trusted(home.card.party)  # not revoked, and valid today
    agreement.refuse_over(protocol)
