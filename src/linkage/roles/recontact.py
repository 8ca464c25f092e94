"""What the linkage unit does in re-contact: find the rows, ask the approver, return them to their relation holder.

Rules kept here (docs/spec/recontact.md):

- Under a protocol for statistics nothing here does anything: its mode is looked at first.
- Nothing is returned but a list that the approver approved: exactly this one, by its digest. A change is another list.
- A list goes to the one custodian whose rows it names. The approver learns about how many; the ledger too.
- A question about a handful of persons, or among a handful, is not asked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto import signature
from linkage.crypto.envelope import Package
from linkage.crypto.identity import Identity
from linkage.disclosure.persons import Matched
from linkage.errors import Refused
from linkage.ledger.entries import Entry
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Recontact
from linkage.roles import agreement, exchange, kept, listed, unit
from linkage.roles.folder import Linkage
from linkage.roles.home import Home
from linkage.roles.listed import Approval, Approved, Listing, Request

KEPT = "kept-list"
"""What the package says that keeps a list."""


@dataclass(frozen=True)
class Outcome:
    """What became of one output."""

    output: str
    state: Literal["asked", "refused", "returned"]
    """The approver was asked; it said no to this list; the list is sealed to its relation holder."""
    rows: int | str
    """As in `linkage.roles.listed.told`."""
    party: str
    """The approver, or for what is returned the relation holder."""
    package: Path | None
    """What is to be sent."""
    said: Approval | None
    """The decision, when there is one."""


def plan(home: Home, identity: Identity, linkage: Linkage) -> list[dict[str, Any]]:
    """What `release` would ask about; nothing is asked, returned or written.

    Raises:
        Refused: see `release`.
    """
    protocol = _at_the_unit(home, linkage)
    _, matched = unit.matched(home, identity, linkage)
    facts = []
    for output in protocol.lists:
        rows = listed.told(len(_handles(protocol, output, matched)))
        facts.append({"output": output.name, "rows": rows, "to": output.to[0], "approver": output.approved_by})
    return facts


def release(home: Home, identity: Identity, linkage: Linkage) -> list[Outcome]:
    """For every list of the protocol: ask the approver, or return it when this very list was approved.

    Raises:
        Refused: the mode is statistics, the protocol is not in effect, nothing was matched yet, other packages came in
            since, or too few persons are meant or looked among; then nothing was sent.
        Untrusted: a decision that is here was altered.
    """
    protocol = _at_the_unit(home, linkage)
    _, matched = unit.matched(home, identity, linkage)
    found = {output.name: _handles(protocol, output, matched) for output in protocol.lists}  # all, before any leaves
    listings = {o.name: _listing(home, identity, linkage, o, found[o.name]) for o in protocol.lists}
    return [_go_on(home, identity, linkage, output, listings[output.name]) for output in protocol.lists]


def _go_on(home: Home, identity: Identity, linkage: Linkage, output: Recontact, listing: Listing) -> Outcome:
    path, rows = linkage.approval(listing.digest), listed.told(len(listing.handles))
    if not path.exists():
        package = _ask(home, identity, linkage, output, Request(listing.protocol, output.name, listing.digest, rows))
        return Outcome(output.name, "asked", rows, output.approved_by, package, None)
    data = files.read(path, limit=cards.MAX_BYTES)
    said = listed.checked(home, linkage.protocol, data, where=path.name)
    if said.decision != "approve" or (said.list, said.output) != (listing.digest, output.name):
        return Outcome(output.name, "refused", rows, output.approved_by, None, said)
    package = _return(home, identity, linkage, output, Approved(listing, data.decode()))
    return Outcome(output.name, "returned", rows, output.to[0], package, said)


def _ask(home: Home, identity: Identity, linkage: Linkage, output: Recontact, request: Request) -> Path:
    protocol, approver = linkage.protocol, output.approved_by
    home.ledger.append(
        identity, listed.ASKED, protocol=protocol.digest, output=output.name, list=request.list, rows=request.rows,
        of=approver, **protocol.wave,
    )  # fmt: skip
    target = home.outbox(approver) / f"{protocol.id}.{output.name}.{listed.REQUEST}.package"
    reader, body = agreement.serving(home, protocol, approver), listed.to_bytes(listed.REQUEST, request)
    exchange.send(
        home, identity, linkage, exchange.Letter(listed.REQUEST, [reader], body, {"output": output.name}), target
    )
    return target


def _return(home: Home, identity: Identity, linkage: Linkage, output: Recontact, approved: Approved) -> Path:
    protocol, (holder,) = linkage.protocol, output.to
    listing = approved.listing
    home.ledger.append(
        identity, listed.RETURNED, protocol=protocol.digest, output=output.name, list=listing.digest,
        rows=listed.told(len(listing.handles)), to=holder, approved_by=output.approved_by,
        **protocol.wave,
    )  # fmt: skip
    target = home.outbox(holder) / f"{protocol.id}.{output.name}.{listed.LIST}.package"
    reader, body = agreement.serving(home, protocol, holder), listed.to_bytes(listed.LIST, approved)
    exchange.send(
        home, identity, linkage, exchange.Letter(listed.LIST, [reader], body, {"output": output.name}), target
    )
    return target


def take_approval(home: Home, identity: Identity, linkage: Linkage, path: Path) -> Approval:
    """Take in what the approver decided, and keep it as it was signed.

    Raises:
        Refused: not from the approver, about a list that it was not asked about, or otherwise than it decided before.
        Untrusted: the decision does not hold.
    """
    protocol = _at_the_unit(home, linkage)
    taken: list[Approval] = []

    def keep(body: bytes, package: Package) -> None:
        said = listed.checked(home, protocol, body, where=path.name)
        if package.header.sender != said.party:
            raise Refused(
                f"a decision of {said.party} comes from it, not from {package.header.sender}", where=path.name
            )
        if said.list not in [facts["list"] for facts in _acts(home, linkage, listed.ASKED, said.output)]:
            raise Refused("decides about a list that was not asked about", where=path.name)
        kept_here = linkage.approval(said.list)
        if kept_here.exists():
            before = listed.checked(home, protocol, files.read(kept_here, limit=cards.MAX_BYTES), where=kept_here.name)
            if before.decision != said.decision:
                raise Refused(f"{said.party} decided otherwise on this list before", where=path.name)
        files.write(kept_here, body)
        facts = {"output": said.output, "list": said.list, "decision": said.decision, "by": said.by, "on": said.on}
        listed.write_down(home, identity, linkage, listed.ANSWERED, {**facts, "reason": said.reason, **protocol.wave})
        taken.append(said)

    exchange.take_in(home, identity, linkage, path, listed.APPROVAL, keep)
    return taken[0]


def steps(home: Home, linkage: Linkage) -> list[tuple[Literal["done", "decide", "wait"], str]]:
    """What is next for every list once packages were matched, by the ledger; needs no key."""
    last_match = max((e.index for e in home.ledger.entries() if e.act == "match" and _ours(e, linkage)), default=-1)
    return [_step(home, linkage, output, last_match) for output in linkage.protocol.lists]


def _step(
    home: Home, linkage: Linkage, output: Recontact, last_match: int
) -> tuple[Literal["done", "decide", "wait"], str]:
    asked = _acts(home, linkage, listed.ASKED, output.name, after=last_match)
    if _acts(home, linkage, listed.RETURNED, output.name, after=last_match):
        return "done", f"'{output.name}' is returned to {output.to[0]}; send what is in outbox/"
    if not asked:
        return "decide", f"matched: linkage release asks {output.approved_by} about '{output.name}'"
    about = [f for f in _acts(home, linkage, listed.ANSWERED, output.name) if f["list"] == asked[-1]["list"]]
    if not about:
        return "wait", f"for the decision of {output.approved_by} about '{output.name}'; send what is in outbox/"
    if about[-1]["decision"] == "approve":
        return "decide", f"'{output.name}' was approved by {about[-1]['by']}: linkage release returns it"
    return "done", f"'{output.name}' was refused by {about[-1]['by']} on {about[-1]['on']}: {about[-1]['reason']}"


def _acts(home: Home, linkage: Linkage, act: str, output: str, after: int = -1) -> list[Mapping[str, Any]]:
    entries = [e for e in home.ledger.entries() if e.act == act and _ours(e, linkage) and e.index > after]
    return [e.facts for e in entries if e.facts["output"] == output]


def _ours(entry: Entry, linkage: Linkage) -> bool:
    """Whether an act was done in this linkage, and in the wave that lasts today."""
    now = linkage.protocol.reference_date
    return entry.protocol == linkage.protocol.digest and entry.facts.get("wave", now) == now


def _at_the_unit(home: Home, linkage: Linkage) -> Protocol:
    listed.must_return_rows(linkage.protocol)
    protocol = agreement.in_effect(home, linkage)
    unit.must_be_unit(home, protocol)
    return protocol


def _handles(protocol: Protocol, output: Recontact, matched: Matched) -> tuple[str, ...]:
    """The handles of the rows that are asked for, sorted."""
    (party,) = output.of
    groups, encodings = matched.groups[party], matched.encodings[party]
    persons = int((groups < 0).sum()) + len(np.unique(groups[groups >= 0]))
    if persons < output.smallest_cohort:
        raise Refused(
            f"{output.name}: {party} sent fewer persons than the {output.smallest_cohort} agreed: a question about a "
            "few is a question about each of them",
            hint="Wait for a larger cohort.",
        )
    for source in output.found_in:
        if len(matched.encodings[source]) < listed.FEWEST:
            raise Refused(
                f"{output.name}: {source} has fewer than {listed.FEWEST} rows: nobody is looked for among them"
            )
    there = matched.there(groups, list(output.found_in))
    chosen = there if output.when == "found" else ~there
    return tuple(sorted(handle.tobytes().hex() for handle in encodings.handles[chosen]))


def _listing(home: Home, identity: Identity, linkage: Linkage, output: Recontact, found: tuple[str, ...]) -> Listing:
    """The list of these handles: the one that is kept, or where these are others a new one, with a salt of its own."""
    path, package = linkage.listed(output.name), exchange.file_digest(linkage.received(output.of[0]))
    if path.exists():
        before = listed.from_bytes(KEPT, Listing, kept.open_(identity, linkage, KEPT, path), where=path.name)
        if (before.package, before.handles) == (package, found):
            return before
    salt = signature.to_text(os.urandom(listed.SALT_BYTES))
    made = Listing(linkage.protocol.digest, output.name, package, salt, found)
    kept.seal(home, identity, linkage, KEPT, listed.to_bytes(KEPT, made), path)
    return made
