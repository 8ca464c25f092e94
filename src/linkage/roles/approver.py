"""What an approver does in re-contact: learn that there is a list, and decide whether it goes back.

Rules kept here (docs/spec/recontact.md):

- It learns the output and about how many rows; no handle, no person.
- A decision is on one list and stands: asked again it is sent again, another answer is refused.
- The function that decided is written down, and why a list was refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto import envelope
from linkage.crypto.envelope import Package
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused, Untrusted
from linkage.protocol.outputs import Recontact
from linkage.roles import agreement, exchange, kept, listed
from linkage.roles import home as homes
from linkage.roles.folder import Linkage
from linkage.roles.home import Home
from linkage.roles.listed import Approval, Request


@dataclass(frozen=True)
class Decided:
    """A decision, and what is to be sent."""

    said: Approval
    rows: int | str
    """As the linkage unit told it."""
    package: Path


def take_request(home: Home, identity: Identity, linkage: Linkage, path: Path) -> Request:
    """Take in what the linkage unit asks about; the newest request about an output is the one that counts.

    Raises:
        Refused: not from the linkage unit, this party is not the approver, or a newer request is here.
        Untrusted: not a request of this protocol, or one that tells more than about how many rows.
    """
    protocol = agreement.in_effect(home, linkage)
    taken: list[Request] = []

    def keep(body: bytes, package: Package) -> None:
        header = package.header
        if header.sender != protocol.unit.id:
            raise Refused(f"a request comes from {protocol.unit.id}, not from {header.sender}", where=path.name)
        request = listed.from_bytes(listed.REQUEST, Request, body, where=path.name)
        output = listed.output_of(protocol, request.output, where=path.name)
        if output.approved_by != home.card.party:
            raise Refused(f"{output.approved_by} decides about '{output.name}', not {home.card.party}", where=path.name)
        few = listed.told(0)
        plain = request.rows == few if isinstance(request.rows, str) else listed.told(request.rows) == request.rows
        if request.protocol != protocol.digest or not plain:
            raise Untrusted("a request under another protocol, or that counts otherwise than agreed", where=path.name)
        here = linkage.request(output.name)
        if here.exists() and envelope.read(here).header.sequence > header.sequence:
            raise Refused(f"a newer request about '{output.name}' is here", where=path.name)
        files.copy(package.path, here)  # as it came: signed by the linkage unit
        taken.append(request)

    exchange.take_in(home, identity, linkage, path, listed.REQUEST, keep)
    return taken[0]


def requests(home: Home, identity: Identity, linkage: Linkage) -> dict[str, Request]:
    """Output to the newest request about it, for which this party decides.

    Raises:
        Untrusted: one that is kept here was altered.
    """
    found = {}
    for output in _mine(home, linkage):
        path = linkage.request(output.name)
        if path.exists():
            body = kept.from_party(home, identity, linkage, listed.REQUEST, path)
            found[output.name] = listed.from_bytes(listed.REQUEST, Request, body, where=path.name)
    return found


def decide(
    home: Home, identity: Identity, linkage: Linkage, *, approve: bool, by: str, reason: str = "",
    output: str | None = None,
) -> Decided:  # fmt: skip
    """Answer the linkage unit about a list.

    Args:
        home: of the approver.
        identity: its keys.
        linkage: which linkage.
        approve: whether the list goes back.
        by: function of the person who decides.
        reason: needed for no.
        output: which list, where there are several.

    Raises:
        Refused: nothing is asked, this party is not the approver, or the list was decided about otherwise.
        InputError: no function, or no reason for a refusal.
    """
    listed.must_return_rows(linkage.protocol)
    protocol = agreement.in_effect(home, linkage)
    request = _chosen(home, identity, linkage, output)
    path = linkage.approval(request.list)
    decision: Literal["approve", "refuse"] = "approve" if approve else "refuse"
    if not path.exists():
        said = Approval(
            protocol.digest, request.output, request.list, decision, reason, by, homes.today().isoformat(),
            home.card.party, home.card.fingerprint,
        )  # fmt: skip
        files.write(path, listed.sign(identity, said))
    data = files.read(path, limit=cards.MAX_BYTES)
    said = listed.checked(home, protocol, data, where=path.name)
    if said.decision != decision:
        raise Refused(
            f"{said.by} decided on this list on {said.on}: {said.decision}",
            hint="A decision stands. Another list is another request, which the linkage unit sends.",
        )
    facts = {"output": said.output, "list": said.list, "rows": request.rows, "decision": said.decision}
    facts |= {"by": said.by, "on": said.on, "reason": said.reason, **protocol.wave}
    listed.write_down(home, identity, linkage, listed.DECIDED, facts)
    target = home.outbox(protocol.unit.id) / f"{protocol.id}.{said.output}.{listed.APPROVAL}.package"
    reader = agreement.serving(home, protocol, protocol.unit.id)
    letter = exchange.Letter(listed.APPROVAL, [reader], data, {"output": said.output})
    exchange.send(home, identity, linkage, letter, target)
    return Decided(said, request.rows, target)


def steps(home: Home, identity: Identity, linkage: Linkage) -> list[tuple[Literal["done", "decide", "wait"], str]]:
    """What this party is to decide, decided, or waits to be asked."""
    asked, said = requests(home, identity, linkage), []
    for output in _mine(home, linkage):
        request = asked.get(output.name)
        if request is None:
            said.append(("wait", f"for the request of {linkage.protocol.unit.id} about '{output.name}'"))
        elif linkage.approval(request.list).exists():
            said.append(("done", f"decided about '{output.name}'; send what is in outbox/"))
        else:
            said.append(("decide", _question(linkage, output, request)))
    return said  # type: ignore[return-value]


def _question(linkage: Linkage, output: Recontact, request: Request) -> str:
    about = f"about {request.rows}" if isinstance(request.rows, int) else request.rows
    how = "found" if output.when == "found" else "not found"
    return (
        f"may {output.to[0]} get back {about} of its own rows, of people who are {how} at "
        f"{', '.join(output.found_in)}?\n"
        f"        Why: {output.reason} (`linkage protocol show`)\n"
        f'        linkage approve --protocol {linkage.protocol.id} --output {output.name} --by "your function"\n'
        f'        or the same with --refuse --reason "why not"'
    )


def _mine(home: Home, linkage: Linkage) -> list[Recontact]:
    return [output for output in linkage.protocol.lists if output.approved_by == home.card.party]


def _chosen(home: Home, identity: Identity, linkage: Linkage, output: str | None) -> Request:
    """The request that is meant: the one of that name, else the only one, or the only one that is open.

    Raises:
        Refused: this party is no approver, or nothing is asked.
        InputError: more than one is meant.
    """
    if not _mine(home, linkage):
        raise Refused(f"{home.card.party} approves nothing under this protocol")
    asked = {name: one for name, one in requests(home, identity, linkage).items() if output in (None, name)}
    undecided = {name: one for name, one in asked.items() if not linkage.approval(one.list).exists()}
    if not asked:
        raise Refused("nothing is asked yet", hint="Drop the request in inbox/ and run `linkage next`.")
    fits = undecided if len(undecided) == 1 else asked
    if len(fits) > 1:
        raise InputError(f"more than one list is asked about: {', '.join(fits)}", hint="Name one with --output.")
    return next(iter(fits.values()))
