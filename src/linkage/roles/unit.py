"""What the linkage unit does: take packages in, match, release.

Rules kept here:

- It reaches neither the encoder nor the linkage secret (import contract in pyproject.toml); what its folder holds
  is searched by tests/roles/test_unit.py.
- Packages stay sealed at rest; encodings are in memory while they are matched, and links name random handles only.
- Only what the protocol's outputs allow is released, and only to their recipients; nothing that with an earlier release
  would tell a few persons apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage import arriving, canonical, files
from linkage.crypto.envelope import Package, open_body, read
from linkage.crypto.identity import Identity
from linkage.disclosure import answer as answers
from linkage.disclosure.answer import Seen, Size
from linkage.disclosure.history import History, numbers
from linkage.disclosure.past import Past
from linkage.disclosure.persons import Matched, part, persons
from linkage.disclosure.protect import Counted
from linkage.disclosure.release import Release
from linkage.errors import Refused, Untrusted
from linkage.links import Conflict, Coverage, Judged
from linkage.match import match as match_encodings
from linkage.match import resume as resumes
from linkage.match.work import Progress
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Table
from linkage.roles import agreement, exchange, keeping
from linkage.roles.folder import Linkage
from linkage.roles.home import Home
from linkage.roles.keeping import Kept
from linkage.tables import Encodings


@dataclass(frozen=True)
class Outcome:
    """What `match` found, for the unit's own eyes."""

    rows: Mapping[str, int]
    """Rows per custodian."""
    links: Mapping[str, int]
    """Links per stage."""
    judged: Sequence[Judged]
    """How good the fuzzy stages are expected to be."""
    coverage: Sequence[Coverage]
    """Which pairs the fuzzy stages compared, and why these."""
    groups: int
    """Persons that two or more custodians have."""
    conflicts: Sequence[Conflict]
    """What stages say against each other."""


def take_encodings(home: Home, identity: Identity, linkage: Linkage, path: Path) -> Package:
    """Verify a custodian's package, check that it opens and fits the protocol, and keep it sealed.

    Raises:
        Refused, Untrusted: see `linkage.roles.exchange.take_in_pieces`; also encodings that differ from the protocol's
            layout, that have more rows than the sender's quota, other rows than announced, or that do not say by which
            linkage secret they were made.
    """
    protocol = agreement.in_effect(home, linkage)
    must_be_unit(home, protocol)

    def keep(pieces: Iterator[bytes], package: Package) -> None:
        party = package.header.sender
        rows = exchange.rows_of(package.header, protocol, where=package.name)
        layout = protocol.layout(party)
        found = arriving.batches(pieces, party=party, protocol_digest=protocol.digest, layout=layout)
        if sum(map(len, found)) != rows:
            raise Untrusted(f"holds another number of rows than the {rows:,} it announces", where=path.name)
        files.copy(package.path, linkage.received(party))

    return exchange.take_in_pieces(home, identity, linkage, path, exchange.ENCODINGS, keep)


def match(
    home: Home, identity: Identity, linkage: Linkage, *, progress: Callable[[Progress], None] | None = None,
    engine: str = "local", master: str | None = None,
) -> Outcome:  # fmt: skip
    """Match the newest packages of all custodians and keep the links. A run that was stopped goes on where it was.

    Args:
        home: of the linkage unit.
        identity: its keys.
        linkage: which linkage.
        progress, engine, master: as of `linkage.match.match`. The ledger tells which engine it was.

    Raises:
        Refused: the protocol is not in effect, a custodian's package is not here, or they were made with different
            linkage secrets; or see `linkage.match.match`.
        InputError: see there.
    """
    protocol = agreement.in_effect(home, linkage)
    must_be_unit(home, protocol)
    encodings = [_encodings(home, identity, linkage, party.id) for party in protocol.custodians]
    refuse_other_secrets(linkage)
    packages = _packages(linkage)
    _same_keys(linkage)
    links = match_encodings(
        encodings, protocol, resume=_unfinished(linkage, packages), progress=progress, engine=engine, master=master
    )
    files.write(linkage.links, keeping.to_bytes(links, encodings, packages))
    per_stage = {f"{n + 1} {name}": int((links.stage == n).sum()) for n, name in enumerate(links.stages)}
    home.ledger.append(
        identity, "match", protocol=protocol.digest, links=exchange.file_digest(linkage.links),
        packages=packages, engine=engine, **protocol.wave,
        rows={e.party: len(e) for e in encodings}, groups=links.groups,
        comparisons=[_recorded(c) for c in links.coverage],
        thresholds=[
            {"stage": one.stage, "parties": list(one.parties), "threshold": str(one.threshold)} for one in links.judged
        ],
        conflicts=[
            {"stage": c.stage, "parties": list(c.parties), "kind": c.kind, "found": len(c), "looked_at": c.looked_at}
            for c in links.conflicts if len(c)
        ],
    )  # fmt: skip
    return Outcome(
        {e.party: len(e) for e in encodings}, per_stage, links.judged, links.coverage, links.groups, links.conflicts
    )


@dataclass(frozen=True)
class Planned:
    """One output as it would be released."""

    release: Release
    """What its recipients would get."""
    past: Past
    """What the unit keeps, to compare later releases with."""
    facts: Mapping[str, Any]
    """What the ledger would say."""


def plan(home: Home, identity: Identity, linkage: Linkage) -> tuple[History, list[Planned]]:
    """Answer the protocol's outputs, and check every answer against all earlier releases; nothing is released.

    Raises:
        Refused: the protocol is not in effect, nothing was matched yet, or other packages came in since; too few
            persons are counted; a budget is spent; or, beside an earlier release, few persons could be told apart.
        Untrusted: the history of releases is lost or altered.
    """
    protocol = agreement.in_effect(home, linkage)
    must_be_unit(home, protocol)
    if protocol.mode != "statistics":
        raise Refused(f"{protocol.id} was agreed as {protocol.mode}: no counts are released under it")
    kept, links = matched(home, identity, linkage)
    history = History(home.path / "history", home.ledger.entries())
    result: list[Planned] = []
    for output in protocol.tables:
        keys = exchange.keys(read(linkage.received(output.of[0])).header)
        one = _planned(protocol, output, links, keys, kept.seen, history, result)
        result += [one] if one else []
    return history, result


def matched(home: Home, identity: Identity, linkage: Linkage) -> tuple[Kept, Matched]:
    """What matching left, of the packages that are here.

    Raises:
        Refused: nothing was matched yet, or other packages came in since.
    """
    if not linkage.links.exists():
        raise Refused("nothing was matched yet", hint="Run `linkage match` first.")
    kept = keeping.from_bytes(files.read(linkage.links))
    if kept.packages != _packages(linkage):
        raise Refused("other packages came in since these were matched", hint="Run `linkage match` again.")
    encodings = {p.id: _encodings(home, identity, linkage, p.id) for p in linkage.protocol.custodians}
    return kept, Matched(encodings, {party: kept.members(of) for party, of in encodings.items()})


def _planned(
    protocol: Protocol, output: Table, matched: Matched, keys: Mapping[str, str], seen: Sequence[Seen],
    history: History, earlier: Sequence[Planned],
) -> Planned | None:  # fmt: skip
    before = history.states_before(protocol, output, lambda: persons(protocol, output, matched, None).known_by)
    if before is None:
        return None  # nobody was in a state before the first wave
    found = persons(protocol, output, matched, before)
    counted = Counted(found, part(output, found, matched), history.noise_key)
    sizes = {p: Size(len(e), int(matched.met(p, output.of).sum())) for p, e in matched.encodings.items()}
    spent = history.spend(protocol, output, [one.facts for one in earlier])
    answer, table = answers.answer(protocol, output, counted, sizes, seen)
    others = {party: size.rows for party, size in sizes.items() if party not in output.of or len(output.of) > 1}
    answer = history.without_near_sizes(answer, protocol, others)
    shown = {party: rows for party, rows in others.items() if answer.parties[party] is not None}
    past = history.of(protocol, output, table, counted, shown, keys)
    history.refuse_difference(past, protocol, output, [one.past for one in earlier])
    facts = {
        "output": output.name, "question": output.question, "to": list(output.to),
        "of": list(numbers(protocol, output)), "by": list(answer.by), "cells": len(answer.cells),
        "hidden": sum(1 for figure in table.asked[: len(answer.cells)] if figure.value is None),
        "method": output.protection.method, **protocol.wave, **spent,
    }  # fmt: skip
    return Planned(answer, past, facts)


def release(home: Home, identity: Identity, linkage: Linkage) -> list[tuple[Release, Path]]:
    """Answer the protocol's outputs, small numbers hidden, sealed to each recipient.

    Raises:
        Refused, Untrusted: see `plan`; then nothing is released.
    """
    protocol = linkage.protocol
    history, planned = plan(home, identity, linkage)
    result = []
    for one in planned:
        output = next(o for o in protocol.outputs if o.name == one.release.output)
        facts = {**one.facts, "history": history.keep(one.past)}
        home.ledger.append(identity, "release", protocol=protocol.digest, **facts)
        readers = [agreement.serving(home, protocol, name) for name in output.to]
        for reader in readers:
            target = home.outbox(reader.party) / f"{protocol.id}.{output.name}.release.package"
            letter = exchange.Letter(exchange.RELEASE, [reader], one.release.to_bytes(), {"output": output.name})
            exchange.send(home, identity, linkage, letter, target)
            result.append((one.release, target))
    return result


def refuse_other_secrets(linkage: Linkage) -> None:
    """Compare what the packages that are here say of their linkage secret: the last step of the ceremony.

    Raises:
        Refused: they were made with different secrets, so nothing in them would match.
    """
    every = {p.id: linkage.received(p.id) for p in linkage.protocol.custodians}
    said = {party: str(read(path).header.content.get(exchange.CHECK)) for party, path in every.items() if path.exists()}
    if len(set(said.values())) > 1:
        raise Refused(
            f"the packages of {' and '.join(said)} were made with different linkage secrets",
            hint="Let them compare the words of `linkage secret status` by telephone. If these differ, begin again "
            "under a new version of the protocol.",
        )


def must_be_unit(home: Home, protocol: Protocol) -> None:
    """Refuse another party.

    Raises:
        Refused: this home is not of the linkage unit.
    """
    if home.card.party != protocol.unit.id:
        raise Refused(f"{protocol.unit.id} is the linkage unit of this protocol, not {home.card.party}")


def _encodings(home: Home, identity: Identity, linkage: Linkage, party: str) -> Encodings:
    path, protocol = linkage.received(party), linkage.protocol
    if not path.exists():
        raise Refused(f"no package of {party} is here yet", hint="Drop it in inbox/ and run `linkage next`.")
    package = read(path)
    card = agreement.serving(home, protocol, party, package.header.sender_card)
    pieces = open_body(package, identity, card, protocol=protocol.digest, type_=exchange.ENCODINGS)
    return arriving.read(
        pieces, party=party, protocol_digest=protocol.digest, layout=protocol.layout(party),
        rows=exchange.rows_of(package.header, protocol, where=package.name),
    )  # fmt: skip


def _same_keys(linkage: Linkage) -> None:
    """Custodians who were told different keys by a key-holder have no number in common: say so instead.

    Raises:
        Refused: the packages name different public keys.
    """
    custodians = [party.id for party in linkage.protocol.custodians if linkage.protocol.oprf_stages_of(party.id)]
    if len({read(linkage.received(party)).header.content[exchange.KEYS] for party in custodians}) > 1:
        raise Refused(
            "the packages were made with different keys of the key-holders: their numbers cannot be compared",
            hint=f"Ask {' and '.join(custodians)} to compare the ledger entries oprf-request: a key-holder told them"
            " different keys, or one of them took an older one.",
        )


def _packages(linkage: Linkage) -> dict[str, str]:
    """Digest of each custodian's newest package."""
    return {p.id: exchange.file_digest(linkage.received(p.id)) for p in linkage.protocol.custodians}


def _recorded(coverage: Coverage) -> dict[str, Any]:
    """What the ledger keeps of a comparison: enough to repeat it, and what it promised."""
    facts: dict[str, Any] = {
        "stage": coverage.stage, "parties": list(coverage.parties), "method": coverage.method
    }  # fmt: skip
    if coverage.seed is not None:
        facts |= {
            "seed": coverage.seed, "tables": coverage.tables, "width": coverage.width,
            "expected_recall": round(coverage.expected_recall, 6),
            "sample_pairs": coverage.sample_pairs, "sample_found": coverage.sample_found,
        }  # fmt: skip
    return facts


def _unfinished(linkage: Linkage, packages: Mapping[str, str]) -> Path:
    """Where the run over these packages keeps what is done; those over earlier packages are given up."""
    folder = linkage.unfinished / canonical.digest(dict(packages))[len(canonical.DIGEST_PREFIX) :][:16]
    for other in linkage.unfinished.glob("*"):
        if other != folder:
            resumes.clear(other)
    return folder
