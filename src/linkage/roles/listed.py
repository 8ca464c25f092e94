"""What travels in re-contact: the request about a list, the approver's decision on it, and the list.

Rules kept here (docs/spec/recontact.md):

- A list is known by its digest. It holds a random salt, so that who knows the handles and not the list cannot try out
  which of them it names.
- A decision is a signature of its own over the list's digest, so that it holds for exactly this list, whoever passes it
  on, and for no other.
- Counts are told as in `told`; a handle stands in a list and nowhere else.
- Reading is strict: one spelling of each.
- Nothing here reaches the linkage secret: the linkage unit uses this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, TypeVar

from pydantic import TypeAdapter

from linkage import canonical
from linkage.crypto import signature
from linkage.crypto.identity import Identity
from linkage.disclosure.rounding import rounded
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.ledger import entries
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Recontact
from linkage.roles import agreement
from linkage.roles.folder import Linkage
from linkage.roles.home import Home
from linkage.tables import HANDLE_BYTES

LIST, REQUEST, APPROVAL = "recontact-list", "recontact-request", "recontact-approval"
"""Types of the packages: to the relation holder, to the approver, and back to the linkage unit."""
ASKED, DECIDED, ANSWERED = "request-approval", "decide-list", "take-approval"
RETURNED, TAKEN, OPENED = "return-list", "take-list", "open-list"
"""Acts in the ledgers: of linkage unit, approver, unit; of unit, relation holder, relation holder."""
SIGNED: Final = "application/vnd.linkage.approval.v1+json"
FEWEST = 10
"""Rows that are told as a number at all, and rows a source must have; the usual minimum of a cell."""
ROUNDED_TO = 5
SALT_BYTES = 32
MAX_WORDS = 200
"""Letters of a reason or a function."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HANDLE = re.compile(rf"[0-9a-f]{{{2 * HANDLE_BYTES}}}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True)
class Listing:
    """Which of its own rows a relation holder is to get back."""

    protocol: str
    output: str
    package: str
    """Digest of the relation holder's package that the handles are of."""
    salt: str = field(repr=False)
    """Base64 of 32 random bytes."""
    handles: tuple[str, ...] = field(repr=False)
    """In hexadecimal, sorted, each once."""

    @property
    def digest(self) -> str:
        """By which request and decision name it."""
        return canonical.digest(asdict(self))


@dataclass(frozen=True)
class Request:
    """What the approver learns: that there is a list, and about how long it is."""

    protocol: str
    output: str
    list: str
    """Digest of the list."""
    rows: int | str
    """As in `told`."""


@dataclass(frozen=True)
class Approval:
    """What a person at the approver decided on one list."""

    protocol: str
    output: str
    list: str
    decision: Literal["approve", "refuse"]
    reason: str
    """Why; empty where the protocol's own reason is all there is to say."""
    by: str
    """Function of the person, not a name."""
    on: str
    """Day, yyyy-mm-dd."""
    party: str
    card: str
    """Fingerprint of the approver's card."""


@dataclass(frozen=True)
class Approved:
    """A list with the decision that lets it go."""

    listing: Listing
    approval: str
    """The decision as its signer wrote it: canonical JSON."""


def told(rows: int) -> int | str:
    """A number of rows as it is told: to a multiple of five, or that there are few."""
    return rounded(rows, FEWEST, ROUNDED_TO) if rows >= FEWEST else f"fewer than {FEWEST}"


def to_bytes(kind: str, value: Listing | Request | Approved) -> bytes:
    """Canonical JSON of a value, under the name of its type."""
    return canonical.to_bytes({kind: 1, **asdict(value)})


def from_bytes(kind: str, form: type[T], data: bytes, *, where: str) -> T:
    """Read `to_bytes` strictly.

    Raises:
        Untrusted: not such a value.
    """
    try:
        value = canonical.from_bytes(data, where=where)
        if value.pop(kind) != 1:
            raise ValueError
        read = TypeAdapter(form).validate_json(canonical.to_bytes(value), strict=True)
        if canonical.to_bytes({kind: 1, **asdict(read)}) != data:  # type: ignore[call-overload]
            raise ValueError
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted(f"not a {kind}: damaged or altered", where=where) from None
    return read


def refuse_malformed(listing: Listing, *, where: str) -> None:
    """Refuse a list whose parts cannot be.

    Raises:
        Untrusted: a handle that is none, stands twice or out of order, or another digest or salt than they are.
    """
    signature.from_text(listing.salt, SALT_BYTES, where=where)
    handles = listing.handles
    if not _DIGEST.fullmatch(listing.package) or not all(map(_HANDLE.fullmatch, handles)):
        raise Untrusted("a list of something else than handles", where=where)
    if list(handles) != sorted(set(handles)):
        raise Untrusted("a list in another order than lists have", where=where)


def output_of(protocol: Protocol, name: str, *, where: str) -> Recontact:
    """The list of that name that a protocol agrees to.

    Raises:
        Refused: the protocol is for statistics, or has no such list.
    """
    must_return_rows(protocol, where=where)
    found = next((one for one in protocol.lists if one.name == name), None)
    if found is None:
        raise Refused("a list that the protocol does not have", where=where)
    return found


def must_return_rows(protocol: Protocol, *, where: str = "") -> None:
    """Refuse every step of re-contact under a protocol for statistics: sender and receiver both check.

    Raises:
        Refused: its mode is another.
    """
    if protocol.mode != "recontact":
        raise Refused(
            f"{protocol.id} was agreed as {protocol.mode}: no row ever comes back under it",
            where=where,
            hint="Re-contact is another protocol, with consent to be approached, signed by all.",
        )


def sign(identity: Identity, approval: Approval) -> bytes:
    """The decision as it is passed on, signed.

    Raises:
        InputError: a function or reason that is empty where it may not be, too long, or cannot be shown on a line.
    """
    for name, text, needed in [("by", approval.by, True), ("reason", approval.reason, approval.decision == "refuse")]:
        if needed and not text.strip():
            raise InputError(f"--{name} is missing: name the function that decides, and why a list is refused")
        if len(text) > MAX_WORDS or not text.isprintable() or entries.holds_number(text):
            raise InputError(f"--{name}: expected a line of at most {MAX_WORDS} letters, and no person number")
    body = {"linkage-approval": 1, **asdict(approval)}
    signed = identity.sign(SIGNED, canonical.to_bytes(body))
    return canonical.to_bytes({**body, "signature": signature.to_text(signed)})


def checked(home: Home, protocol: Protocol, data: bytes, *, where: str) -> Approval:
    """A decision in these bytes, when it holds: by the approver that the protocol names, under a card that serves.

    Raises:
        Untrusted: the signature does not hold, or is by another party.
        Refused: the card has ended, or the protocol has no such list.
    """
    said, body, form = _parts(data, where)
    output = output_of(protocol, said.output, where=where)
    if said.protocol != protocol.digest or said.party != output.approved_by or not _DIGEST.fullmatch(said.list):
        raise Untrusted("a decision of another party, or under another protocol", where=where)
    card = agreement.serving(home, protocol, said.party, said.card)
    signature.verify(card.signing, SIGNED, body, form, where=where)
    first, last = max(protocol.valid.first, card.valid_from), min(protocol.valid.last, card.valid_until)
    if not (_DAY.fullmatch(said.on) and first <= said.on <= last):
        raise Untrusted("decided on a day outside the period of protocol and card", where=where)
    return said


def approval(data: bytes, *, where: str) -> Approval:
    """A decision that was checked when it came in, and kept since under one's own seal.

    Raises:
        Untrusted: not a decision.
    """
    return _parts(data, where)[0]


def _parts(data: bytes, where: str) -> tuple[Approval, bytes, bytes]:
    """The decision, the bytes that are signed, and the signature; nothing is verified."""
    try:
        value = canonical.from_bytes(data, where=where)
    except LinkageError:
        value = None
    if not isinstance(value, dict):
        raise Untrusted("not a decision: damaged or altered", where=where)
    form = signature.from_text(value.pop("signature", None), signature.SIGNATURE_BYTES, where=where)
    body = canonical.to_bytes(value)
    return from_bytes("linkage-approval", Approval, body, where=where), body, form


def write_down(home: Home, identity: Identity, linkage: Linkage, act: str, facts: Mapping[str, Any]) -> None:
    """An act about a list in the ledger, once: also when a crash came before it, or a file comes again."""
    digest = linkage.protocol.digest
    if not any(e.act == act and e.protocol == digest and e.facts == facts for e in home.ledger.entries()):
        home.ledger.append(identity, act, protocol=digest, **facts)
