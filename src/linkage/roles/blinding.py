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
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linkage import canonical, files
from linkage.crypto import signature
from linkage.crypto.envelope import Package, read
from linkage.crypto.oprf import blinding, bulk, message
from linkage.crypto.oprf.group import parts
from linkage.crypto.oprf.memory import key_of, suite_of
from linkage.crypto.oprf.message import Message
from linkage.crypto.oprf.steps import packed
from linkage.crypto.oprf.token import Numbers, material, oprf_inputs
from linkage.errors import Refused, Untrusted
from linkage.protocol.stages import Exact
from linkage.roles import agreement, exchange, kept, keyholder
from linkage.roles.asked import STATE, Desk, Export, State

if TYPE_CHECKING:
    from linkage.encode.prepare import Prepared

Rows = NDArray[np.bool_]
"""``bool[n]``: some of the rows of a file."""


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
    included: Rows = field(repr=False)
    """Rows that may take part and that the key-holders were asked about."""
    left_out: int
    """Rows that may take part by now and were not asked about."""
    content: Mapping[str, str]
    """For the package's header: digest of all public keys, which must be the same for all custodians."""


def take_public_key(desk: Desk, path: Path) -> None:
    """Keep a key-holder's public keys. They stay what they are: another key later is refused.

    Raises:
        Refused: not from a key-holder, or other keys than it told before.
        Untrusted: not public keys of the protocol's suites.
    """

    def keep(body: bytes, package: Package) -> None:
        holder = package.header.sender
        if holder not in desk.holders:
            raise Refused(f"{holder} is no key-holder of this protocol", where=path.name)
        keys = message.read(body, "public-key", ["keys"], where=path.name).facts["keys"]
        if set(keys) != {stage.token for stage in desk.protocol.oprf_stages}:
            raise Untrusted("public keys for other tokens than the protocol has", where=path.name)
        for stage in desk.protocol.oprf_stages:
            group = suite_of(stage).group
            group.decode(signature.from_text(keys[stage.token], group.wire_bytes, where=path.name))
        target, data = desk.public_path(holder), canonical.to_bytes(keys)
        if target.exists() and files.read(target) != data:
            raise Refused(f"{holder} told another public key before", where=path.name)
        files.write(target, data)

    exchange.take_in(desk.home, desk.identity, desk.linkage, path, keyholder.PUBLIC, keep)


def outputs(desk: Desk, export: Export, prepared: Prepared, included: Rows) -> Waiting | Unblinded:
    """Ask the key-holders, or go on with what was asked; give all that the tokens need once the answers are here.

    Args:
        desk: whose numbers.
        export: the file that was given.
        prepared: its rows.
        included: which of them may take part today.

    Raises:
        Refused: a public key is not here yet, or another file is under way.
    """
    if not desk.stages:
        return Unblinded(None, included, 0, {})
    state = desk.state()
    if state is None:
        state = _ask(desk, export, prepared, included)
    elif state.facts["input"] != exchange.file_digest(export.path):
        raise Refused(
            "the key-holders were asked about another file, or this file has changed since",
            where=export.path.name,
            hint="Give that file as it was. To ask again about this one, which counts against the quota: --ask-again.",
        )
    waiting = desk.missing_answers
    if waiting:
        name = f"{desk.protocol.id}.{desk.home.card.party}.oprf-request.package"
        sent = tuple(desk.home.send(desk.request_path, holder, name) for holder in waiting)
        return Waiting(desk.elements(), tuple(waiting), sent)
    return _unblind(desk, state, prepared, included)


def _ask(desk: Desk, export: Export, prepared: Prepared, included: Rows) -> State:
    keys, seed, own = desk.public_keys(), blinding.new_seed(), None
    if desk.home.card.party in keys:
        own = keyholder.seed_of(desk.home, desk.identity, desk.linkage)
    elements, mine, digests = {}, {}, {}
    for name, stage in desk.stages.items():
        one, inputs = suite_of(stage), _inputs(desk, prepared, name, included)
        elements[name], known = bulk.request(
            one, inputs, blinding.seed_of(seed, name), own_key=key_of(one, own, desk.protocol.digest) if own else None,
            canaries=canaries_of(stage),
        )  # fmt: skip
        mine[f"{name} own"], digests[name] = b"".join(known), _digest(inputs)
    given = exchange.file_digest(export.path)
    sequence = _send(desk, elements, keys, given)
    facts = {
        "input": given, "path": str(export.path.absolute()), "config": dict(export.config),
        "bad_cells": export.bad_cells, "request": sequence, "rows": len(included), "inputs": digests, "keys": keys,
    }  # fmt: skip
    said = Message("state", facts, {"seed": seed, "asked": np.packbits(included).tobytes(), **mine})
    kept.seal(desk.home, desk.identity, desk.linkage, STATE, said.to_bytes(), desk.state_path)
    return State(said)


def _send(desk: Desk, elements: Mapping[str, bytes], keys: Mapping[str, keyholder.Keys], given: str) -> int:
    """Seal the request to all other key-holders and to oneself. Returns its number."""
    counts = {name: len(data) // suite_of(desk.stages[name]).group.wire_bytes for name, data in elements.items()}
    desk.home.ledger.append(
        desk.identity, "oprf-request", protocol=desk.protocol.digest, input=given, elements=counts, to=desk.holders,
        keys=canonical.digest(keys),
    )  # fmt: skip
    readers = [*(agreement.serving(desk.home, desk.protocol, holder) for holder in desk.holders), desk.home.card]
    body = Message("request", {"keys": keys}, elements).to_bytes()
    letter = exchange.Letter(keyholder.REQUEST, readers, body, {"elements": sum(counts.values())})
    exchange.send(desk.home, desk.identity, desk.linkage, letter, desk.request_path)
    return read(desk.request_path).header.sequence


def canaries_of(stage: Exact) -> int:
    """Rows of known answer that a request has under a stage."""
    return blinding.CANARIES if stage.check == "canary" else 0


def take_answer(desk: Desk, path: Path) -> None:
    """Check a key-holder's answer and keep it as it came.

    Raises:
        Refused: not from a key-holder, or nothing that it answers is under way.
        Untrusted: the key-holder answered wrongly; this is written down, with its name.
    """

    def keep(body: bytes, package: Package) -> None:
        holder, state = package.header.sender, desk.state()
        if holder not in desk.holders:
            raise Refused(f"{holder} is no key-holder that this home asked", where=path.name)
        said = message.read(body, "answer", ["request"], where=path.name)
        if state is None or said.facts["request"] != state.facts["request"]:
            raise Refused("answers a request that is not under way here", where=path.name)
        try:
            _check(desk, state, holder, said.parts)
        except Untrusted as error:
            _write_down(desk, holder, exchange.file_digest(package.path))
            raise Untrusted(
                f"{holder} answered wrongly: {error.message}",
                where=path.name,
                hint=f"Nothing was made of it. It is in the ledger; ask {holder} what happened.",
            ) from None
        files.write(desk.answer_path(holder), files.read(package.path))

    exchange.take_in(desk.home, desk.identity, desk.linkage, path, keyholder.ANSWER, keep)


def _write_down(desk: Desk, holder: str, package: str) -> None:
    """A wrong answer, once: its file stays in the inbox and is looked at again."""
    act = "oprf-wrong-answer"
    if not any(e.act == act and e.facts["package"] == package for e in desk.home.ledger.entries()):
        desk.home.ledger.append(desk.identity, act, protocol=desk.protocol.digest, key_holder=holder, package=package)


def _check(desk: Desk, state: State, holder: str, answer: Mapping[str, bytes]) -> None:
    """Check every field of an answer as the protocol says."""
    if set(answer) != {part for name in desk.stages for part in (name, f"{name} proofs")}:
        raise Untrusted("an answer about other fields than were asked")
    request = desk.request()
    for name, stage in desk.stages.items():
        one, evaluated = suite_of(stage), answer[name]
        size = one.group.wire_bytes
        public = signature.from_text(state.facts["keys"][holder][stage.token], size, where="public key")
        if stage.check == "dleq":
            bulk.check(one, public, request[name], evaluated, answer[f"{name} proofs"])
            continue
        canaries = canaries_of(stage)
        rows = len(request[name]) // size - canaries
        bulk.check_canaries(one, public, evaluated, blinding.seed_of(state.seed, name), rows, canaries)


def _unblind(desk: Desk, state: State, prepared: Prepared, included: Rows) -> Unblinded:
    rows = state.rows
    if len(prepared) != len(rows):
        raise Refused("the file reads otherwise than when the key-holders were asked", hint="Ask again: --ask-again.")
    made: dict[str, dict[bytes, bytes]] = {}
    for name in desk.stages:
        inputs = _inputs(desk, prepared, name, rows)
        if _digest(inputs) != state.facts["inputs"][name]:
            raise Refused(
                f"column '{name}' reads otherwise than when the key-holders were asked",
                hint="Another version of linkage, or other aliases? To ask again, which counts: --ask-again.",
            )
        by_holder = [_of_holder(desk, state, name, party.id, inputs) for party in desk.protocol.key_holders]
        start = len(oprf_inputs(desk.protocol.digest, name, [b""])[0])
        made[name] = {one[start:]: joined for one, joined in zip(inputs, material(by_holder), strict=True)}

    def numbers(name: str, values: Sequence[bytes]) -> list[bytes]:
        return [made[name][value] for value in values]

    left_out = int((included & ~rows).sum())
    return Unblinded(numbers, included & rows, left_out, {exchange.KEYS: canonical.digest(state.facts["keys"])})


def _of_holder(desk: Desk, state: State, name: str, holder: str, inputs: list[bytes]) -> list[bytes]:
    """One key-holder's output for each row; equal numbers must have equal outputs."""
    stage = desk.stages[name]
    one = suite_of(stage)
    if holder == desk.home.card.party:
        return parts(state.said.parts[f"{name} own"], one.output_bytes)
    path = desk.answer_path(holder)
    body = kept.from_party(desk.home, desk.identity, desk.linkage, keyholder.ANSWER, path)
    evaluated = message.read(body, "answer", ["request"], where=path.name).parts[name]
    made = bulk.outputs(one, inputs, blinding.seed_of(state.seed, name), evaluated, canaries=canaries_of(stage))
    any_of = dict(zip(inputs, made, strict=True))
    if any(any_of[value] != output for value, output in zip(inputs, made, strict=True)):
        raise Untrusted(f"{holder} answered wrongly: one number, two answers", where=path.name)
    return made


def destroy(desk: Desk) -> None:
    """Remove seed, request and answers, and write that down; nothing happens when there are none."""
    if not desk.under_way:
        return
    request = exchange.file_digest(desk.request_path)
    for path in (desk.state_path, desk.request_path, *(desk.answer_path(holder) for holder in desk.holders)):
        path.unlink(missing_ok=True)
    desk.home.ledger.append(desk.identity, "destroy-blinding", protocol=desk.protocol.digest, request=request)


def _inputs(desk: Desk, prepared: Prepared, name: str, rows: Rows) -> list[bytes]:
    """What is evaluated, for every one of these rows that has a number, in the order of the file."""
    column = prepared.columns[name]
    values = [value.encode() for value in column.values.to_pylist()]
    codes = column.codes[np.flatnonzero(rows & column.present)]
    return oprf_inputs(desk.protocol.digest, name, [values[code] for code in codes.tolist()])


def _digest(inputs: Sequence[bytes]) -> str:
    return canonical.DIGEST_PREFIX + hashlib.sha256(packed(inputs)).hexdigest()
