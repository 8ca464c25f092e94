"""How a custodian's numbers become tokens by oblivious PRF: ask the key-holders, check, unblind, destroy.

Rules kept here:

- One round trip: one request, sealed to all other key-holders at once; answers come in any order.
- The seed of the blinding scalars is kept sealed to its owner and destroyed when the package for the linkage unit is
  sealed; so are request and answers. That is written down. (A disk may keep what was removed; the seed stays sealed.)
- An answer is checked when it comes in; a key-holder that answers wrongly is named, in the ledger too.
- The same file gives the same rows: one that changed in between is refused. Whoever may no longer take part on the day
  the tokens are made is dropped; who came in since is left out and counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linkage import canonical, files
from linkage.crypto import signature
from linkage.crypto.envelope import Package, read
from linkage.crypto.identity import Identity
from linkage.crypto.oprf import blinding, bulk, message
from linkage.crypto.oprf.group import parts
from linkage.crypto.oprf.memory import key_of, suite_of
from linkage.crypto.oprf.message import Message
from linkage.crypto.oprf.rfc9497 import Suite
from linkage.crypto.oprf.steps import packed
from linkage.crypto.oprf.token import Numbers, material, oprf_inputs
from linkage.errors import InputError, Refused, Untrusted
from linkage.protocol.model import Exact, Protocol
from linkage.roles import exchange, kept, keyholder
from linkage.roles.home import Home, Linkage

if TYPE_CHECKING:
    from linkage.encode.encoder import BadCells
    from linkage.encode.prepare import Prepared

STATE = "oprf-state"
FACTS = ["input", "path", "config", "bad_cells", "request", "rows", "inputs", "keys"]
"""What the head of a state says."""


@dataclass(frozen=True)
class Export:
    """The file that is being tokenised, so that `linkage next` can go on with it."""

    path: Path
    config: Mapping[str, Any]
    """The config as data."""
    bad_cells: BadCells


@dataclass(frozen=True)
class Waiting:
    """The key-holders were asked; their answers are not all here."""

    elements: Mapping[str, int]
    """Field to number of elements."""
    holders: tuple[str, ...]
    """Key-holders whose answer is not here."""
    requests: tuple[Path, ...]
    """What is to be sent."""


@dataclass(frozen=True)
class Unblinded:
    """All that the tokens need."""

    numbers: Numbers | None = field(repr=False)
    """For `linkage.encode.encoder.tokenise`; None where no number is made a token this way."""
    included: NDArray[np.bool_] = field(repr=False)
    """Rows that may take part and that the key-holders were asked about."""
    left_out: int
    """Rows that may take part by now and were not asked about."""
    content: Mapping[str, str]
    """For the package's header: digest of all public keys, which must be the same for all custodians."""


@dataclass(frozen=True)
class State:
    """What is kept between request and answers."""

    said: Message

    @property
    def seed(self) -> bytes:
        """Of the blinding scalars."""
        return self.said.parts["seed"]

    @property
    def asked(self) -> NDArray[np.bool_]:
        """``bool[n]``: rows that took part when the key-holders were asked."""
        bits = np.frombuffer(self.said.parts["asked"], dtype=np.uint8)
        return np.unpackbits(bits, count=self.said.facts["rows"]).astype(np.bool_)

    @property
    def export(self) -> Export:
        """The file that was given."""
        facts = self.said.facts
        return Export(Path(facts["path"]), facts["config"], facts["bad_cells"])


def state_path(linkage: Linkage) -> Path:
    """Where the state is kept, sealed."""
    return linkage.folder / "oprf-state.package"


def request_path(linkage: Linkage) -> Path:
    """The request as it was sent; its sender can open it too."""
    return linkage.folder / "oprf-request.package"


def answer_path(linkage: Linkage, holder: str) -> Path:
    """A key-holder's answer, as it came."""
    return linkage.folder / "oprf-answers" / f"{holder}.package"


def public_path(linkage: Linkage, holder: str) -> Path:
    """A key-holder's public keys, as they came."""
    return linkage.folder / "oprf-public-keys" / f"{holder}.json"


def others(home: Home, protocol: Protocol) -> list[str]:
    """The key-holders that are asked: all but oneself."""
    return [party.id for party in protocol.key_holders if party.id != home.card.party]


def missing_keys(home: Home, linkage: Linkage) -> list[str]:
    """Key-holders whose public key is not here yet."""
    return [holder for holder in others(home, linkage.protocol) if not public_path(linkage, holder).exists()]


def missing_answers(home: Home, linkage: Linkage) -> list[str]:
    """Key-holders whose answer is not here yet."""
    return [holder for holder in others(home, linkage.protocol) if not answer_path(linkage, holder).exists()]


def take_public_key(home: Home, identity: Identity, linkage: Linkage, path: Path) -> None:
    """Keep a key-holder's public keys. They stay what they are: another key later is refused.

    Raises:
        Refused: not from a key-holder, or other keys than it told before.
        Untrusted: not public keys of the protocol's suites.
    """
    protocol = linkage.protocol

    def keep(body: bytes, package: Package) -> None:
        holder = package.header.sender
        if holder not in [party.id for party in protocol.key_holders]:
            raise Refused(f"{holder} is no key-holder of this protocol", where=path.name)
        keys = message.read(body, "public-key", ["keys"], where=path.name).facts["keys"]
        if set(keys) != {stage.token for stage in protocol.oprf_stages}:
            raise Untrusted("public keys for other tokens than the protocol has", where=path.name)
        for stage in protocol.oprf_stages:
            group = suite_of(stage).group
            group.decode(signature.from_text(keys[stage.token], group.wire_bytes, where=path.name))
        target, data = public_path(linkage, holder), canonical.to_bytes(keys)
        if target.exists() and files.read(target) != data:
            raise Refused(f"{holder} told another public key before", where=path.name)
        files.write(target, data)

    exchange.take_in(home, identity, linkage, path, keyholder.PUBLIC, keep)


def outputs(
    home: Home, identity: Identity, linkage: Linkage, export: Export, prepared: Prepared, included: NDArray[np.bool_]
) -> Waiting | Unblinded:
    """Ask the key-holders, or go on with what was asked; give all that the tokens need once the answers are here.

    Raises:
        Refused: a public key is not here yet, or another file is under way.
    """
    stages = keyholder.stages_of(linkage.protocol, home.card.party)
    if not stages:
        return Unblinded(None, included, 0, {})
    state = state_of(home, identity, linkage)
    if state is None:
        state = _ask(home, identity, linkage, export, prepared, included)
    elif state.said.facts["input"] != exchange.file_digest(export.path):
        raise Refused(
            "the key-holders were asked about another file, or this file has changed since",
            where=export.path.name,
            hint="Give that file as it was. To ask again about this one, which counts against the quota: --ask-again.",
        )
    waiting = missing_answers(home, linkage)
    if waiting:
        name = f"{linkage.protocol.id}.{home.card.party}.oprf-request.package"
        sent = tuple(home.send(request_path(linkage), holder, name) for holder in waiting)
        return Waiting(_elements(home, identity, linkage), tuple(waiting), sent)
    return _unblind(home, identity, linkage, state, prepared, included)


def state_of(home: Home, identity: Identity, linkage: Linkage) -> State | None:
    """What is under way, if anything is."""
    if not state_path(linkage).exists():
        return None
    body = kept.open_(home, identity, linkage, STATE, state_path(linkage))
    return State(message.read(body, "state", FACTS, where=state_path(linkage).name))


def _ask(
    home: Home, identity: Identity, linkage: Linkage, export: Export, prepared: Prepared, included: NDArray[np.bool_]
) -> State:
    protocol = linkage.protocol
    missing = missing_keys(home, linkage)
    if missing:
        raise Refused(
            f"the public key of {', '.join(missing)} is not here yet",
            hint="They send it by `linkage next`. Drop the file in inbox/ and run `linkage next`.",
        )
    keys = _public_keys(home, identity, linkage)
    own = home.card.party in [party.id for party in protocol.key_holders]
    seed, elements, kept_parts, digests = blinding.new_seed(), {}, {}, {}
    for name, stage in keyholder.stages_of(protocol, home.card.party).items():
        one, inputs = suite_of(stage), _inputs(protocol, prepared, name, included)
        key = key_of(one, keyholder.seed_of(home, identity, linkage), protocol.digest) if own else None
        elements[name], mine = bulk.request(
            one, inputs, blinding.seed_of(seed, name), own_key=key, canaries=canaries_of(stage)
        )
        kept_parts[f"{name} own"], digests[name] = b"".join(mine), _digest(inputs)
    holders = others(home, protocol)
    counts = {name: len(data) // suite_of(stage).group.wire_bytes for (name, data), stage in zip(
        elements.items(), keyholder.stages_of(protocol, home.card.party).values(), strict=True)}  # fmt: skip
    given = exchange.file_digest(export.path)
    home.ledger.append(
        identity, "oprf-request", protocol=protocol.digest, input=given, elements=counts, to=holders,
        keys=canonical.digest(keys),
    )  # fmt: skip
    readers = [home.trusted(holder) for holder in holders]
    letter = exchange.Letter(
        keyholder.REQUEST, [*readers, home.card], Message("request", {"keys": keys}, elements).to_bytes(),
        {"elements": sum(counts.values())},
    )  # fmt: skip
    exchange.send(home, identity, linkage, letter, request_path(linkage))
    facts = {
        "input": given, "path": str(export.path.absolute()), "config": dict(export.config),
        "bad_cells": export.bad_cells, "request": read(request_path(linkage)).header.sequence, "rows": len(included),
        "inputs": digests, "keys": keys,
    }  # fmt: skip
    said = Message("state", facts, {"seed": seed, "asked": np.packbits(included).tobytes(), **kept_parts})
    kept.seal(home, identity, linkage, STATE, said.to_bytes(), state_path(linkage))
    return State(said)


def canaries_of(stage: Exact) -> int:
    """Rows of known answer that a request has under a stage."""
    return blinding.CANARIES if stage.check == "canary" else 0


def take_answer(home: Home, identity: Identity, linkage: Linkage, path: Path) -> None:
    """Check a key-holder's answer and keep it as it came.

    Raises:
        Refused: not from a key-holder, or nothing that it answers is under way.
        Untrusted: the key-holder answered wrongly; this is written down, with its name.
    """

    def keep(body: bytes, package: Package) -> None:
        holder, state = package.header.sender, state_of(home, identity, linkage)
        if holder not in others(home, linkage.protocol):
            raise Refused(f"{holder} is no key-holder that this home asked", where=path.name)
        said = message.read(body, "answer", ["request"], where=path.name)
        if state is None or said.facts["request"] != state.said.facts["request"]:
            raise Refused("answers a request that is not under way here", where=path.name)
        try:
            _check(home, identity, linkage, state, holder, said)
        except Untrusted as error:
            wrong = exchange.file_digest(package.path)
            home.ledger.append(
                identity, "oprf-wrong-answer", protocol=linkage.protocol.digest, key_holder=holder, package=wrong
            )
            raise Untrusted(
                f"{holder} answered wrongly: {error.message}",
                where=path.name,
                hint=f"Nothing was made of it. It is in the ledger; ask {holder} what happened.",
            ) from None
        files.write(answer_path(linkage, holder), files.read(package.path))

    exchange.take_in(home, identity, linkage, path, keyholder.ANSWER, keep)


def _check(home: Home, identity: Identity, linkage: Linkage, state: State, holder: str, said: Message) -> None:
    """Check every field of an answer by the protocol's check."""
    stages = keyholder.stages_of(linkage.protocol, home.card.party)
    if set(said.parts) != {part for name in stages for part in (name, f"{name} proofs")}:
        raise Untrusted("an answer about other fields than were asked")
    asked = _request(home, identity, linkage).parts
    for name, stage in stages.items():
        one, evaluated, proofs = suite_of(stage), said.parts[name], said.parts[f"{name} proofs"]
        public = signature.from_text(
            state.said.facts["keys"][holder][stage.token], one.group.wire_bytes, where="public key"
        )
        rows = len(asked[name]) // one.group.wire_bytes - canaries_of(stage)
        if stage.check == "dleq":
            bulk.check(one, public, asked[name], evaluated, proofs)
        else:
            bulk.check_canaries(one, public, evaluated, blinding.seed_of(state.seed, name), rows, canaries_of(stage))


def _unblind(
    home: Home, identity: Identity, linkage: Linkage, state: State, prepared: Prepared, included: NDArray[np.bool_]
) -> Unblinded:
    protocol, facts, asked = linkage.protocol, state.said.facts, state.asked
    tables: dict[str, dict[bytes, bytes]] = {}
    for name, stage in keyholder.stages_of(protocol, home.card.party).items():
        inputs = _inputs(protocol, prepared, name, asked)
        if len(prepared) != facts["rows"] or _digest(inputs) != facts["inputs"][name]:
            raise Refused(
                f"column '{name}' reads otherwise than when the key-holders were asked",
                hint="Another version of linkage, or other aliases? To ask again, which counts: --ask-again.",
            )
        one = suite_of(stage)
        by_holder = [
            _of_holder(home, identity, linkage, state, (one, name, party.id, inputs)) for party in protocol.key_holders
        ]
        start = len(oprf_inputs(protocol.digest, name, [b""])[0])
        tables[name] = {value[start:]: made for value, made in zip(inputs, material(by_holder), strict=True)}

    def numbers(name: str, values: Sequence[bytes]) -> list[bytes]:
        return [tables[name][value] for value in values]

    left_out = int((included & ~asked).sum())
    return Unblinded(numbers, included & asked, left_out, {"keys": canonical.digest(facts["keys"])})


def _of_holder(
    home: Home, identity: Identity, linkage: Linkage, state: State, what: tuple[Suite, str, str, list[bytes]]
) -> list[bytes]:
    """One key-holder's output for each row; equal numbers must have equal outputs."""
    one, name, holder, inputs = what
    if holder == home.card.party:
        return parts(state.said.parts[f"{name} own"], one.output_bytes)
    body = kept.from_party(identity, home, linkage, keyholder.ANSWER, answer_path(linkage, holder), holder)
    said = message.read(body, "answer", ["request"], where=holder)
    stage = keyholder.stages_of(linkage.protocol, home.card.party)[name]
    seed = blinding.seed_of(state.seed, name)
    made = bulk.outputs(one, inputs, seed, said.parts[name], canaries=canaries_of(stage))
    first = dict(zip(reversed(inputs), reversed(made), strict=True))
    if any(first[value] != output for value, output in zip(inputs, made, strict=True)):
        raise Untrusted(f"{holder} answered wrongly: one number, two answers")
    return made


def destroy(home: Home, identity: Identity, linkage: Linkage) -> None:
    """Remove seed, request and answers, and write that down; nothing happens when there are none."""
    if not state_path(linkage).exists():
        return
    request = exchange.file_digest(request_path(linkage))
    for path in (state_path(linkage), request_path(linkage), *(linkage.folder / "oprf-answers").glob("*")):
        path.unlink(missing_ok=True)
    home.ledger.append(identity, "destroy-blinding", protocol=linkage.protocol.digest, request=request)


def _inputs(protocol: Protocol, prepared: Prepared, name: str, rows: NDArray[np.bool_]) -> list[bytes]:
    """What is evaluated, for every one of these rows that has a number, in the order of the file."""
    column = prepared.columns[name]
    values = [value.encode() for value in column.values.to_pylist()]
    codes = column.codes[np.flatnonzero(rows & column.present)]
    return oprf_inputs(protocol.digest, name, [values[code] for code in codes.tolist()])


def _digest(inputs: Sequence[bytes]) -> str:
    return canonical.DIGEST_PREFIX + hashlib.sha256(packed(inputs)).hexdigest()


def _request(home: Home, identity: Identity, linkage: Linkage) -> Message:
    body = kept.open_(home, identity, linkage, keyholder.REQUEST, request_path(linkage))
    return message.read(body, "request", ["keys"], where=request_path(linkage).name)


def _elements(home: Home, identity: Identity, linkage: Linkage) -> dict[str, int]:
    stages = keyholder.stages_of(linkage.protocol, home.card.party)
    request = _request(home, identity, linkage)
    return {name: len(data) // suite_of(stages[name]).group.wire_bytes for name, data in request.parts.items()}


def _public_keys(home: Home, identity: Identity, linkage: Linkage) -> dict[str, keyholder.Keys]:
    """Key-holder to its public keys, one's own among them."""
    found = {}
    for party in linkage.protocol.key_holders:
        if party.id == home.card.party:
            found[party.id] = keyholder.public_keys(linkage.protocol, keyholder.seed_of(home, identity, linkage))
            continue
        keys = canonical.from_bytes(files.read(public_path(linkage, party.id)), where=party.id)
        if not isinstance(keys, dict):
            raise InputError("not public keys: altered or damaged", where=public_path(linkage, party.id).name)
        found[party.id] = keys
    return found
