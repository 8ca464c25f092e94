"""What a key-holder does: keep a key for one linkage, tell its public key, answer requests within the quota.

Rules kept here:

- The key is drawn for one linkage and never leaves this home; at rest it is sealed to its owner. The linkage unit is no
  key-holder (`linkage.protocol.load`).
- A request is answered by itself, offline, and only whole: verified, in effect, within the quota, every element sound.
- The count stands in the ledger before the answer is sealed. A request that comes again is answered again and counts
  once; a request beyond the quota is refused, and that is written down too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from linkage.crypto import envelope, signature
from linkage.crypto.envelope import Package
from linkage.crypto.identity import Identity
from linkage.crypto.oprf import bulk, message
from linkage.crypto.oprf.blinding import CANARIES
from linkage.crypto.oprf.memory import SEED_BYTES, key_of, suite_of
from linkage.crypto.oprf.message import Message
from linkage.crypto.oprf.rfc9497 import Suite
from linkage.errors import InputError, Refused, Untrusted
from linkage.protocol.model import Protocol
from linkage.protocol.stages import Exact
from linkage.roles import agreement, exchange, kept
from linkage.roles import home as homes
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

KEY, PUBLIC, REQUEST, ANSWER = "oprf-key", "oprf-public-key", "oprf-request", "oprf-answer"
"""Types of packages; the first is kept, never sent."""
Keys = dict[str, str]
"""Token, as stages name it, to the public key as base64."""


@dataclass(frozen=True)
class Answered:
    """What was answered."""

    requester: str
    elements: Mapping[str, int]
    """Field to number of elements of this request."""
    total: Mapping[str, int]
    """Field to number of elements that this requester has been answered in this linkage."""
    package: Path
    """The sealed answer in the outbox."""


def key_path(linkage: Linkage) -> Path:
    """Where the key is kept, sealed."""
    return linkage.folder / "oprf-key.package"


def limit(protocol: Protocol, stage: Exact, party: str) -> int:
    """Elements that a custodian may ask of each key-holder under a stage, in every wave: quota and canaries, times the
    rounds."""
    return (stage.rounds or 0) * ((protocol.party(party).quota or 0) + CANARIES)


def announce(home: Home, identity: Identity, linkage: Linkage) -> list[Path]:
    """Draw the key, once, and put its public part in the outbox for every custodian; asked again, put it there again.

    Raises:
        Refused: the protocol is not in effect, or this party is no key-holder.
        InputError: this machine lacks the suite's library.
    """
    protocol = _must_hold(home, linkage)
    if not key_path(linkage).exists():
        seed = os.urandom(SEED_BYTES)
        public = public_keys(protocol, seed)
        kept.seal(home, identity, linkage, KEY, seed, key_path(linkage))
        home.ledger.append(identity, "make-oprf-key", protocol=protocol.digest, keys=public)
    readers = [
        agreement.serving(home, protocol, party.id) for party in protocol.custodians if party.id != home.card.party
    ]
    if not readers:
        return []
    path = linkage.folder / "oprf-public-key.package"
    if not path.exists():
        said = Message("public-key", {"keys": public_keys(protocol, seed_of(home, identity, linkage))}, {})
        exchange.send(home, identity, linkage, exchange.Letter(PUBLIC, readers, said.to_bytes()), path)
    name = f"{protocol.id}.{home.card.party}.public-key.package"
    return [home.send(path, reader.party, name) for reader in readers]


def seed_of(home: Home, identity: Identity, linkage: Linkage) -> bytes:
    """The seed of this home's key.

    Raises:
        Refused: there is none yet, or its day of destruction has passed.
    """
    last = linkage.protocol.retention.secret_destroyed_on
    if homes.today().isoformat() > last:
        raise Refused(f"the key of this linkage was to be destroyed on {last}", hint=f"Remove {key_path(linkage)}.")
    if not key_path(linkage).exists():
        raise Refused("this home has made no key for this linkage yet", hint="Run `linkage next`.")
    return kept.open_(identity, linkage, KEY, key_path(linkage))


def public_keys(protocol: Protocol, seed: bytes) -> Keys:
    """The public keys of a seed, one for each kind of token."""
    found: Keys = {}
    for stage in protocol.oprf_stages:
        one = suite_of(stage)
        found[stage.token] = signature.to_text(one.public_key(key_of(one, seed, protocol.digest)))
    return found


def answer(home: Home, identity: Identity, linkage: Linkage, path: Path) -> Answered:
    """Answer a custodian's request and put the answer in its outbox.

    Raises:
        Refused: the protocol is not in effect, this party is no key-holder, the request is beyond the quota, or it was
            made for another key.
        Untrusted: the signature does not hold, or an element is none.
    """
    _must_hold(home, linkage)
    made: list[Answered] = []

    def keep(body: bytes, package: Package) -> None:
        made.append(_answer(home, identity, linkage, body, package))

    if exchange.taken_already(home, exchange.file_digest(path)):  # its answer was lost on the way
        keep(kept.from_party(home, identity, linkage, REQUEST, path), envelope.read(path))
    else:
        exchange.take_in(home, identity, linkage, path, REQUEST, keep)
    return made[0]


def _answer(home: Home, identity: Identity, linkage: Linkage, body: bytes, package: Package) -> Answered:
    protocol, requester = linkage.protocol, package.header.sender
    asked = message.read(body, "request", ["keys"], where=package.name)
    stages = stages_of(protocol, requester)
    if set(asked.parts) != set(stages):
        raise Untrusted(f"asks about other fields than {requester} has", where=package.name)
    seed = seed_of(home, identity, linkage)
    if asked.facts["keys"].get(home.card.party) != public_keys(protocol, seed):
        raise Refused(
            f"{requester} asks for another key than this home's",
            where=package.name,
            hint="Send the public key again with `linkage oprf announce`.",
        )
    elements = {field: _count(suite_of(stages[field]), data) for field, data in asked.parts.items()}
    digest = exchange.file_digest(package.path)
    total = _within_limit(home, identity, linkage, requester, elements, digest)
    parts: dict[str, bytes] = {}
    for field, data in asked.parts.items():
        one = suite_of(stages[field])
        evaluated, proofs = bulk.answer(one, key_of(one, seed, protocol.digest), data)
        parts |= {field: evaluated, f"{field} proofs": proofs}
    home.ledger.append(
        identity, "oprf-answer", protocol=protocol.digest, requester=requester, request=digest, elements=elements,
        total=total, **protocol.wave,
    )  # fmt: skip
    said = Message("answer", {"request": package.header.sequence}, parts)
    target = home.outbox(requester) / f"{protocol.id}.{home.card.party}.oprf-answer.package"
    letter = exchange.Letter(
        ANSWER, [agreement.serving(home, protocol, requester)], said.to_bytes(), {"elements": sum(elements.values())}
    )
    exchange.send(home, identity, linkage, letter, target)
    return Answered(requester, elements, total, target)


def stages_of(protocol: Protocol, party: str) -> dict[str, Exact]:
    """Field to stage, for the numbers of a custodian that are made tokens by oblivious PRF."""
    return protocol.oprf_stages_of(party)


def _count(one: Suite, data: bytes) -> int:
    """Elements in a part.

    Raises:
        Untrusted: none, or a length that no whole number of elements has.
    """
    count, rest = divmod(len(data), one.group.wire_bytes)
    if rest or not count:
        raise Untrusted(f"expected elements of {one.group.wire_bytes} bytes")
    return count


def _within_limit(
    home: Home, identity: Identity, linkage: Linkage, requester: str, elements: Mapping[str, int], request: str
) -> dict[str, int]:
    """What this requester will have been answered; a request that was answered before is not counted twice."""
    protocol = linkage.protocol
    entries = [e for e in home.ledger.entries() if e.protocol == protocol.digest]
    entries = [e for e in entries if e.facts.get("wave") == protocol.wave.get("wave")]
    before = {e.facts["request"]: e.facts["elements"] for e in entries if e.act == "oprf-answer"
              and e.facts["requester"] == requester}  # fmt: skip
    total = dict(elements)
    for counts in (counts for digest, counts in before.items() if digest != request):
        for field, count in counts.items():
            total[field] = total.get(field, 0) + count
    for field, count in total.items():
        stage = protocol.exact_stage(field)
        most = limit(protocol, stage, requester) if stage else 0
        if count > most:
            if not any(e.act == "oprf-refuse" and e.facts["request"] == request for e in entries):
                home.ledger.append(
                    identity, "oprf-refuse", protocol=protocol.digest, requester=requester, request=request,
                    elements=dict(elements), limit=most, **protocol.wave,
                )  # fmt: skip
            raise Refused(
                f"{requester} would have been answered {count:,} elements for '{field}'; its quota allows {most:,}",
                hint="Ask them why. A larger quota or more rounds are a new version of the protocol.",
            )
    return total


def _must_hold(home: Home, linkage: Linkage) -> Protocol:
    protocol = agreement.in_effect(home, linkage)
    if home.card.party not in [party.id for party in protocol.key_holders]:
        raise Refused(f"{home.card.party} is no key-holder of this protocol")
    if not protocol.oprf_stages:
        raise InputError("no stage of this protocol makes tokens by oblivious PRF")
    return protocol
