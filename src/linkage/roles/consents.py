"""What an organisation does with its registry of consent: read a file, write down what a person says, give an account.

Rules kept here:

- Withdrawing takes what giving takes: one act, by the same person at the same desk (GDPR art. 7(3)).
- The ledger gets counts, purposes and states; never a reference.
- An account of the registry leaves only to a file that a person names, and holds local references: it is for the
  organisation itself and for the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from linkage import files
from linkage.consent import bases, record
from linkage.consent.bases import Decision, Table
from linkage.consent.event import ALLOWING, Event, check, is_day
from linkage.consent.judge import Standing
from linkage.consent.registry import Imported, Person, Registry
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused, shape
from linkage.findings import Finding
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Party
from linkage.roles import exchange
from linkage.roles import home as homes
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

if TYPE_CHECKING:
    from linkage.encode.config import Config, ConsentConfig
    from linkage.encode.read import Records

_COLUMNS = tuple(field.name for field in fields(Event))
_DEFAULTS = {"kind": "consent", "given_by": "person"}


@dataclass(frozen=True)
class ConsentFile:
    """What a file of consent events brought."""

    counts: Imported
    findings: tuple[Finding, ...]
    """What the reader noticed about the file."""


def import_consent(home: Home, identity: Identity, path: Path, config: Config) -> ConsentFile:
    """Read a file of consent events, CSV, Parquet or a workbook, into the registry.

    Raises:
        InputError: the config names no consent file, a column is missing, or a row cannot be read; then nothing
            was imported.
    """
    from linkage.encode.read import Columns
    from linkage.encode.read import read as read_records

    if config.consent is None:
        raise InputError("the config has no section 'consent'")
    spec = config.consent
    headings = {name: (heading,) for name in _COLUMNS if (heading := getattr(spec, name)) is not None}
    records = read_records(path, Columns(headings, sheet=spec.sheet), list(headings))
    events = _events(records, list(headings), spec)
    counts = Registry(home.consent).load(events)
    home.ledger.append(identity, "import-consent", input=exchange.file_digest(path), **asdict(counts))
    return ConsentFile(counts, records.findings)


def _events(records: Records, names: Sequence[str], spec: ConsentConfig) -> list[Event]:
    columns = {name: records.table.column(name).to_pylist() for name in names}
    events = []
    for i, row in enumerate(records.rows.tolist()):
        cell = {name: (column[i] or "").strip() for name, column in columns.items()}
        status = spec.statuses.get(cell["status"].lower())
        if status is None:
            raise InputError(
                f"status {shape(cell['status'])} is not one of {', '.join(spec.statuses)}",
                where=f"{records.source}, row {row}, column {spec.status}",
            )
        for name in ("kind", "type", "given_by"):
            said = cell.get(name, "").lower()
            cell[name] = spec.words.get(said, said) or _DEFAULTS.get(name, "")
        events.append(Event(**{**cell, "status": status}))
        check(events[-1], f"{records.source}, row {row}")
    return events


def say(home: Home, identity: Identity, event: Event) -> int:
    """Write down what one person said. Returns how many events were new: 0 where it was known.

    Raises:
        InputError: an event that cannot be.
    """
    check(event, "consent")
    if event.at > homes.today().isoformat():
        raise InputError(f"the day {event.at} is still to come", where="consent")
    new = Registry(home.consent).add([event])
    home.ledger.append(identity, "record-consent", kind=event.kind, status=event.status, purpose=event.purpose, new=new)
    return new


def withdraw(home: Home, identity: Identity, said: Event, *, everywhere: bool = False) -> tuple[str, ...]:
    """Write down that a person withdraws.

    Args:
        said: the withdrawal; its purpose counts unless it is for all.
        everywhere: withdraw for every purpose for which consent (or instemming) was ever given and stands.

    Returns:
        The purposes for which it was withdrawn.

    Raises:
        Refused: nothing stands that could be withdrawn. For a single purpose it is written down all the same.
    """
    purposes: tuple[str, ...] = (said.purpose,)
    if everywhere:
        last = {
            e.purpose: e for e, _ in Registry(home.consent).history(said.reference) if e.kind == said.kind
        }  # the last of each purpose
        purposes = tuple(purpose for purpose, event in last.items() if event.status in ALLOWING)
    if not purposes:
        raise Refused("nothing is given that could be withdrawn", hint="Name the purpose with --purpose.")
    for purpose in purposes:
        say(home, identity, Event(**{**asdict(said), "purpose": purpose}))
    return purposes


def bases_of(home: Home, name: str) -> Table:
    """A table of possible bases, as the privacy officer of this home has changed it."""
    known = bases.table(name)
    rules = {rule.id for rule in known.rules}  # a decision may be about a rule of another table
    return known.decided(one for one in Registry(home.consent).decisions() if one.rule in rules)


def decide(home: Home, identity: Identity, decision: Decision, name: str = "nl-1") -> Table:
    """Record a decision of the privacy officer on a rule of the table, here and in the ledger.

    Returns:
        The table as it is now.

    Raises:
        InputError: no such rule, a change that cannot be, a day that is none or still to come, or an empty reason.
    """
    if not decision.reason.strip() or not decision.decided_by.strip():
        raise InputError("a decision has a reason and the function of who made it")
    if not is_day(decision.decided_on) or decision.decided_on > homes.today().isoformat():
        raise InputError("expected the day of the decision as yyyy-mm-dd, today at the latest")
    known = bases_of(home, name).decided([decision])
    Registry(home.consent).decide(decision)
    home.ledger.append(identity, "decide-basis", table=known.digest, **asdict(decision))
    return known


def standing(home: Home, protocol: Protocol, party: Party) -> Standing:
    """Who may take part today by what a party requires: consent on the reference date and still, agreement by now."""
    registry, today = Registry(home.consent), homes.today().isoformat()
    about = (protocol.id, protocol.reference_date, today)
    return Standing(
        registry.usable(*about) if party.consent == "required" else {},
        registry.agreed(*about) if party.agreement == "required" else {},
    )


def person(home: Home, linkage: Linkage, reference: str) -> Person:
    """Where one person stands for a linkage, on its reference date and today."""
    agreed = linkage.protocol
    return Registry(home.consent).person(reference, agreed.id, agreed.reference_date, homes.today().isoformat())


def export(home: Home, identity: Identity, linkage: Linkage, path: Path, *, form: str, address: str) -> int:
    """Write what was recorded for a linkage to a file. Returns how many events it holds.

    Args:
        path: the file; for the organisation itself, since it holds local references.
        form: ``dpv`` for consent records after ISO/IEC TS 27560 in JSON-LD, ``csv`` for a spreadsheet.
        address: postal address of the organisation, which the records must have; empty to leave it out.

    Raises:
        Refused: nothing was recorded.
    """
    history = Registry(home.consent).history(purpose=linkage.protocol.id)
    if not history:
        raise Refused(f"nothing was recorded for {linkage.protocol.id}")
    party = home.card.party
    text = record.as_csv(history) if form == "csv" else record.as_dpv(history, linkage.protocol, party, address=address)
    files.write(path, text.encode())
    facts: Mapping[str, object] = {"form": form, "events": len(history), "output": exchange.file_digest(path)}
    home.ledger.append(identity, "export-consent", protocol=linkage.protocol.digest, **facts)
    return len(history)
