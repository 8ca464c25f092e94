"""What one organisation did in one linkage: its protocol, its part in it, and the entries of its own ledger.

Rules kept here:

- Every act that this version writes has its place in `ACTS`; an act that is not there and names the linkage counts as
  work on personal data, so that a later version leaves nothing out unseen.
- A package is one act: the entry that reserves its number and the one that has its digest belong together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from linkage.ledger import witness
from linkage.ledger.entries import Entry
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Party

Kind = Literal["data", "package", "agreement", "consent", "account", "home"]
ACTS: Mapping[str, Kind] = {
    "tokenise": "data", "match": "data", "release": "data", "oprf-request": "data", "oprf-answer": "data",
    "oprf-refuse": "data", "oprf-wrong-answer": "data", "destroy-blinding": "data", witness.RECEIVE: "data",
    "request-approval": "data", "decide-list": "data", "take-approval": "data", "return-list": "data",
    "take-list": "data", "open-list": "data",
    witness.REFUSE: "data", witness.SEND: "package", witness.SEALED: "package", "sign-protocol": "agreement",
    "make-secret": "agreement", "destroy-secret": "agreement", "make-oprf-key": "agreement",
    "import-consent": "consent", "record-consent": "consent", "decide-basis": "consent", "export-consent": "account",
    "export-persons": "account", "init": "home", witness.TRUST: "home", "rotate-card": "home", "use-card": "home",
    "revoke-card": "home", "distrust-card": "home",
}  # fmt: skip
"""What an act is: work on personal data of the linkage; sending; making the agreement and its keys; keeping consent and
bases; giving account of persons; or a matter of the home, which is of no linkage."""
WITHOUT_DATA = ("secret-share", "oprf-public-key")
"""Types of package that hold nothing of a person."""


@dataclass(frozen=True)
class Sent:
    """A package that left."""

    entry: Entry
    """That reserved its number."""
    to: tuple[str, ...]
    """Other parties that can open it."""
    sealed_at: str = ""
    """When it was sealed; empty when it never was."""
    package: str = ""
    """Digest of the file."""
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """What it holds."""
        return str(self.entry.facts["type"])


@dataclass(frozen=True)
class Account:
    """One organisation's part in one linkage."""

    protocol: Protocol
    party: Party
    entries: tuple[Entry, ...]
    """Of its own ledger, those of this linkage; and of consent and bases, where it keeps them for it."""

    @cached_property
    def sent(self) -> tuple[Sent, ...]:
        """The packages that left, in the order in which they did."""
        sealed = {_parcel(e): e for e in self.of(witness.SEALED)}
        return tuple(self._sent(entry, sealed.get(_parcel(entry))) for entry in self.of(witness.SEND))

    @property
    def last_run(self) -> Entry | None:
        """The last time this organisation tokenised."""
        runs = self.of("tokenise")
        return runs[-1] if runs else None

    def of(self, act: str) -> list[Entry]:
        """The entries of one act."""
        return [entry for entry in self.entries if entry.act == act]

    def before(self, act: str, index: int) -> Entry | None:
        """The last entry of an act before a place in the ledger."""
        return next((entry for entry in reversed(self.of(act)) if entry.index < index), None)

    def name(self, party_id: str) -> str:
        """The name of a party; its id where the protocol does not name it."""
        return next((party.name for party in self.protocol.parties if party.id == party_id), party_id)

    def _sent(self, entry: Entry, sealed: Entry | None) -> Sent:
        to = tuple(name for name in entry.facts["to"] if name != self.party.id)
        if sealed is None:
            return Sent(entry, to)
        return Sent(entry, to, sealed.at, str(sealed.facts["package"]), sealed.facts.get("counts", {}))


def of(protocol: Protocol, party_id: str, ledger: Iterable[Entry]) -> Account:
    """The account of a party, out of its ledger.

    Raises:
        InputError: the protocol names no such party.
    """
    party = protocol.party(party_id)
    return Account(protocol, party, tuple(_concerning(protocol, party, ledger)))


def _concerning(protocol: Protocol, party: Party, ledger: Iterable[Entry]) -> Iterator[Entry]:
    """Entries that name the linkage, or that keep consent and bases which it uses."""
    asks = "required" in (party.consent, party.agreement)
    keeps = {"import-consent": asks, "decide-basis": party.row_basis is not None}
    for entry in ledger:
        about = entry.act == "record-consent" and entry.facts.get("purpose") == protocol.id
        if entry.protocol == protocol.digest or about or (entry.protocol is None and keeps.get(entry.act, False)):
            yield entry


def _parcel(entry: Entry) -> tuple[Any, Any]:
    return entry.facts["type"], entry.facts["sequence"]
