"""What the codes of blinded categories mean, for the recipients of a release.

Rules kept here (docs/spec/encoding.md, "Blinded categories"):

- Who holds the linkage secret makes its own codebook when it tokenises. A recipient that is no custodian gets one,
  sealed to it alone; the linkage unit never does, whatever the protocol says.
- Of each field the codebook comes from one custodian, the first whose persons are meant; it is taken in once, and one
  that says otherwise later is refused.
- It may come before or after the release, which is kept as it was received.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linkage import canonical, files
from linkage.crypto.codes import codes
from linkage.crypto.envelope import Package
from linkage.crypto.identity import Identity
from linkage.disclosure.reading import Codebook
from linkage.errors import LinkageError, Refused, Untrusted
from linkage.protocol.model import Protocol
from linkage.roles import agreement, exchange
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

MAX_BYTES = 16 << 20


def senders(protocol: Protocol, reader: str) -> dict[str, str]:
    """The blinded fields of the tables that a party receives: each with the custodian whose codebook of it counts.

    Empty for the linkage unit.
    """
    found: dict[str, str] = {}
    for output in protocol.tables:
        if reader in output.to and reader != protocol.unit.id:
            found = {name: parties[0] for name, parties in protocol.blinded(output).items()} | found
    return found


def awaited(protocol: Protocol, reader: str, linkage: Linkage) -> list[str]:
    """The custodians whose codebook is not here yet."""
    here = kept(linkage)
    return sorted({party for name, party in senders(protocol, reader).items() if name not in here})


def give(home: Home, identity: Identity, linkage: Linkage, secret: bytes) -> list[Path]:
    """Make this custodian's own codebook, and seal to each recipient that is none the fields that it awaits from here;
    asked again, send it again.

    Returns:
        What is to be sent.
    """
    protocol, me = linkage.protocol, home.card.party
    _keep(linkage, _made(protocol, secret, list(senders(protocol, me))))
    custodians, sent = [party.id for party in protocol.custodians], []
    for reader in protocol.party_ids:
        fields = [name for name, party in senders(protocol, reader).items() if party == me]
        if fields and reader not in custodians:
            sealed = linkage.sent_codebook(reader)
            if not sealed.exists():
                body = _to_bytes(_made(protocol, secret, fields))
                letter = exchange.Letter(exchange.CODEBOOK, [agreement.serving(home, protocol, reader)], body)
                exchange.send(home, identity, linkage, letter, sealed)
            sent.append(home.send(sealed, reader, f"{protocol.id}.{me}.codebook.package"))
    return sent


def take(home: Home, identity: Identity, linkage: Linkage, path: Path) -> None:
    """Take in a codebook.

    Raises:
        Refused: the protocol is not in effect, or none is awaited from its sender.
        Untrusted: of other fields or values than the protocol has, or other than one that was taken in before.
    """
    protocol, me = agreement.in_effect(home, linkage), home.card.party

    def keep(body: bytes, package: Package) -> None:
        sender = package.header.sender
        fields = {name for name, party in senders(protocol, me).items() if party == sender}
        if not fields or "custodian" in protocol.party(me).roles:
            raise Refused(f"{me} awaits no codebook from {sender}", where=path.name)
        told = _from_bytes(body, where=path.name)
        if set(told) != fields or any(sorted(told[name]) != sorted(_values(protocol, name)) for name in fields):
            raise Untrusted("not a codebook of the fields and values of this protocol", where=path.name)
        here = kept(linkage)
        if any(here.get(name, told[name]) != told[name] for name in fields):
            raise Untrusted(
                f"{sender} sent another codebook before",
                where=path.name,
                hint=f"Call {sender}: which of them is right? Until then do not rely on what a release here says.",
            )
        _keep(linkage, {**here, **told})

    exchange.take_in(home, identity, linkage, path, exchange.CODEBOOK, keep)


def kept(linkage: Linkage) -> Codebook:
    """The codebook that is here; empty where none is.

    Raises:
        Untrusted: it was altered or damaged.
    """
    path = linkage.codebook
    return _from_bytes(files.read(path, limit=MAX_BYTES), where=path.name) if path.exists() else {}


def _keep(linkage: Linkage, codebook: Codebook) -> None:
    if codebook:
        files.write(linkage.codebook, _to_bytes(codebook))


def _made(protocol: Protocol, secret: bytes, fields: list[str]) -> Codebook:
    """The values of some fields, in the order of their codes."""
    found = {}
    for name in fields:
        values = _values(protocol, name)
        coded = dict(zip(codes(secret, protocol.digest, name, len(values)), values, strict=True))
        found[name] = tuple(coded[code] for code in range(len(values)))
    return found


def _values(protocol: Protocol, name: str) -> tuple[str, ...]:
    return protocol.field(name).values or ()


def _to_bytes(codebook: Mapping[str, tuple[str, ...]]) -> bytes:
    return canonical.to_bytes({"linkage-codebook": 1, "values": {name: list(v) for name, v in codebook.items()}})


def _from_bytes(body: bytes, *, where: str) -> dict[str, tuple[str, ...]]:
    try:
        value: Any = canonical.from_bytes(body, where=where)
        found = {name: tuple(values) for name, values in value["values"].items()}
        if not all(isinstance(one, str) for values in found.values() for one in values):
            raise ValueError
        if _to_bytes(found) != body:
            raise ValueError
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted("not a codebook: damaged or altered", where=where) from None
    return found
