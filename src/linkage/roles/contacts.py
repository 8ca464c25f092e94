"""What a relation holder does in re-contact: keep which row was which, take its list in, open it.

Rules kept here (docs/spec/recontact.md):

- The map from handle to reference is made in mode recontact only, at the relation holder only, sealed to itself. It
  belongs to one package; a new package replaces it, and it goes with the linkage secret.
- A list is taken in whole or not at all: from the linkage unit, of this party's newest package, with the approver's own
  signature over exactly this list.
- Consent is looked at again when the list is opened: who withdrew since is left out.
- References leave to a file that a person names, and to nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from linkage import canonical, files
from linkage.crypto.envelope import Package
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused, Untrusted
from linkage.protocol.model import Protocol
from linkage.report import returned
from linkage.report.lang import Lang
from linkage.report.returned import Contacts
from linkage.roles import agreement, consents, exchange, kept, listed
from linkage.roles import home as homes
from linkage.roles.ceremony import KEPT_HANDLES as HANDLES
from linkage.roles.folder import Linkage
from linkage.roles.home import Home
from linkage.roles.listed import LIST, Approval, Approved


@dataclass(frozen=True)
class Handles:
    """Which handle of a package is which row."""

    package: str
    """Digest of the package."""
    heading: str
    """Heading of the column with the references."""
    references: Mapping[str, str] = field(repr=False)
    """Handle in hexadecimal to the local reference of its row."""


def keeps(protocol: Protocol, party: str) -> bool:
    """Whether a custodian keeps a map: in mode recontact, and only who gets rows back."""
    return party in protocol.relation_holders


def keep(home: Home, identity: Identity, linkage: Linkage, handles: Handles) -> None:
    """Seal the map of a package to oneself, in place of the one before.

    Raises:
        Refused: the protocol returns no rows to this party.
    """
    if not keeps(linkage.protocol, home.card.party):
        raise Refused(f"{linkage.protocol.id} returns no rows to {home.card.party}")
    body = {HANDLES: 1, "package": handles.package, "heading": handles.heading, "references": dict(handles.references)}
    kept.seal(home, identity, linkage, HANDLES, canonical.to_bytes(body), linkage.handles)


def take_list(home: Home, identity: Identity, linkage: Linkage, path: Path) -> str:
    """Take in the rows that come back. Returns the output.

    Raises:
        Refused: the mode is statistics, not from the linkage unit, not for this party, or of another package than the
            newest.
        Untrusted: the approver did not approve exactly this list, or it names a row that is none of this party.
    """
    listed.must_return_rows(linkage.protocol, where=path.name)
    protocol = agreement.in_effect(home, linkage)
    taken: list[str] = []

    def keep_list(body: bytes, package: Package) -> None:
        if package.header.sender != protocol.unit.id:
            raise Refused(f"a list comes from {protocol.unit.id}, not from {package.header.sender}", where=path.name)
        said = listed.from_bytes(LIST, Approved, body, where=path.name)
        approval = _approved(home, protocol, said, where=path.name)
        _refuse_other_rows(said, _handles(identity, linkage), where=path.name)
        kept.seal(home, identity, linkage, LIST, body, linkage.listed(approval.output))
        facts = {"output": approval.output, "list": approval.list, "rows": listed.told(len(said.listing.handles))}
        facts |= {"approved_by": approval.party, "by": approval.by, "on": approval.on, **protocol.wave}
        listed.write_down(home, identity, linkage, listed.TAKEN, facts)
        taken.append(approval.output)

    exchange.take_in(home, identity, linkage, path, LIST, keep_list)
    return taken[0]


def _approved(home: Home, protocol: Protocol, said: Approved, *, where: str) -> Approval:
    """The decision that comes with a list, when it is a yes to exactly this one, for this party."""
    listing = said.listing
    output = listed.output_of(protocol, listing.output, where=where)
    if home.card.party not in output.to:
        raise Refused(f"'{output.name}' is not for {home.card.party}", where=where)
    if listing.protocol != protocol.digest:
        raise Untrusted("a list of another protocol", where=where)
    listed.refuse_malformed(listing, where=where)
    approval = listed.checked(home, protocol, said.approval.encode(), where=where)
    if approval.decision != "approve":
        raise Untrusted(f"{approval.party} refused this list", where=where)
    if (approval.list, approval.output) != (listing.digest, listing.output):
        raise Untrusted(
            f"{approval.party} approved another list than this one",
            where=where,
            hint=f"Call {approval.party} and {protocol.unit.id}; the ledgers of both name the list by its digest.",
        )
    return approval


def _refuse_other_rows(said: Approved, mine: Handles, *, where: str) -> None:
    listing = said.listing
    if listing.package != mine.package:
        raise Refused(
            "the list is of another package than the newest one that was made here",
            where=where,
            hint="Send the newest package, and let the linkage unit match and release anew.",
        )
    if not mine.references.keys() >= set(listing.handles):
        raise Untrusted("the list names rows that are none of this organisation's package", where=where)


def lists(home: Home, identity: Identity, linkage: Linkage) -> list[Contacts]:
    """The lists that are here, opened, in the order of the protocol; who may no longer be approached is left out.

    Raises:
        Refused: the protocol is not in effect, none is here, or the map is of a newer package or was to be destroyed.
    """
    listed.must_return_rows(linkage.protocol)
    agreement.in_effect(home, linkage)
    names = [output.name for output in linkage.protocol.lists if linkage.listed(output.name).exists()]
    if home.card.party not in linkage.protocol.relation_holders or not names:
        raise Refused("no list is here yet", hint="Drop it in inbox/ and run `linkage next`.")
    mine = _handles(identity, linkage)
    return [_opened(home, identity, linkage, name, mine) for name in names]


def _opened(home: Home, identity: Identity, linkage: Linkage, name: str, mine: Handles) -> Contacts:
    path, protocol, today = linkage.listed(name), linkage.protocol, homes.today().isoformat()
    said = listed.from_bytes(LIST, Approved, kept.open_(identity, linkage, LIST, path), where=path.name)
    _refuse_other_rows(said, mine, where=path.name)
    output = listed.output_of(protocol, name, where=path.name)
    approval = listed.approval(said.approval.encode(), where=path.name)
    party = protocol.party(home.card.party)
    every = sorted({mine.references[handle] for handle in said.listing.handles})
    standing = consents.standing(home, protocol, party)
    may = [reference for reference in every if standing.allows(party, reference)]
    return Contacts(
        protocol, output, said.listing.digest, mine.heading, tuple(may), len(every) - len(may), approval.by,
        approval.on, approval.reason, today,
    )  # fmt: skip


def write(
    home: Home, identity: Identity, linkage: Linkage, path: Path, *, lang: Lang, output: str | None = None
) -> Contacts:
    """Write the own references of one list to a file, and that this was done to the ledger.

    Raises:
        InputError: more than one list is here and none is named, or the file cannot be written.
        Refused: see `lists`.
    """
    found = [one for one in lists(home, identity, linkage) if output in (None, one.output.name)]
    if len(found) != 1:
        names = ", ".join(one.output.name for one in lists(home, identity, linkage))
        raise InputError(f"expected the name of one list: {names}", where="--output")
    contacts = found[0]
    files.write(path, returned.as_csv(contacts, lang).encode())
    facts: dict[str, Any] = {"output": contacts.output.name, "list": contacts.digest}
    facts |= {
        "rows": listed.told(len(contacts.references)),
        "left_out": listed.told(contacts.left_out),
        **linkage.protocol.wave,
    }
    home.ledger.append(
        identity, listed.OPENED, protocol=linkage.protocol.digest, **facts, file=exchange.file_digest(path)
    )
    return contacts


def steps(home: Home, linkage: Linkage) -> list[tuple[Literal["done", "wait"], str]]:
    """What became of the lists of this party, by its ledger; needs no key."""
    digest, now = linkage.protocol.digest, linkage.protocol.reference_date
    entries = [e for e in home.ledger.entries() if e.protocol == digest and e.facts.get("wave", now) == now]
    newest = max((e.index for e in entries if e.act == "tokenise"), default=-1)
    taken = {e.facts["output"] for e in entries if e.act == listed.TAKEN and e.index > newest}
    said: list[tuple[Literal["done", "wait"], str]] = []
    for output in linkage.protocol.lists:
        if output.name in taken and home.card.party in output.to:
            text = f"the list '{output.name}' is here: linkage result show, then linkage result contacts FILE.csv"
            said.append(("done", text))
        elif home.card.party in output.to:
            said.append(("wait", f"for the list '{output.name}' from {linkage.protocol.unit.id}"))
    return said


def _handles(identity: Identity, linkage: Linkage) -> Handles:
    last = linkage.protocol.retention.secret_destroyed_on
    if homes.today().isoformat() > last:
        raise Refused(
            f"the map from handles to references was to be destroyed on {last}", hint="Run `linkage secret destroy`."
        )
    path = linkage.handles
    if not path.exists():
        raise Refused("no map from handles to references is here", hint="It is made by `linkage tokenise`.")
    try:
        value = canonical.from_bytes(kept.open_(identity, linkage, HANDLES, path), where=path.name)
        return Handles(value["package"], value["heading"], value["references"])
    except (KeyError, TypeError, InputError):
        raise Untrusted("not a map of handles: damaged or altered", where=path.name) from None
