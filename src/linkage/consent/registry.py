"""The registry of consent: events per person and purpose, kept by the organisation that asked.

Rules kept here:

- Events are added and never changed: a later event overrules an earlier one, of one day the one that stops the use
  overrules, of one day and status what was recorded last; history stays.
- A person is known by a local reference only (student or client number); the file never leaves the home folder.
- Importing the same file twice adds nothing; a row that cannot be read stops the whole import; a person whom a later
  file does not name stays, and is counted.
- Only `given` may take part; instemming is looked up apart and never stands for consent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection

from linkage.consent import database
from linkage.consent.bases import Decision
from linkage.consent.commitment import Run
from linkage.consent.event import STATUSES, STOPPING, Event, check

__all__ = ["STATUSES", "Event", "Imported", "Person", "Registry"]

_COLUMNS = ", ".join(field.name for field in fields(Event))
_MARKS = ", ".join("?" for _ in fields(Event))
_STOPS = ", ".join(f"'{status}'" for status in STOPPING)
_ORDER = f"ORDER BY at, status IN ({_STOPS}), rowid"


@dataclass(frozen=True)
class Imported:
    """What a file brought."""

    events: int
    """Read."""
    new: int
    """Not known before, the changed ones among them."""
    changed: int
    """Known before, of the same day and status, with something else about them: the last record counts."""
    absent: int
    """Persons who are in the registry under the file's purposes and not in the file; they stay."""


@dataclass(frozen=True)
class Person:
    """Where one person stands for one purpose; the value holds no reference."""

    purpose: str
    on: str
    """The reference date."""
    standing: str
    """As in `Registry.usable`, or `not asked`."""
    event: Event | None
    """What decides: the last one by today; None where nothing was ever recorded."""
    agreed: str
    """Standing of instemming by today, or `not asked`."""


class Registry:
    """The registry in one SQLite file.

    Args:
        path: the file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, events: Sequence[Event]) -> int:
        """Add events, all or none. Returns how many were new.

        Raises:
            InputError: an event that cannot be; names its row.
        """
        return self.load(events).new

    def load(self, events: Sequence[Event]) -> Imported:
        """Add the events of a file, all or none.

        Raises:
            InputError: an event that cannot be; names its row.
        """
        for number, event in enumerate(events, 1):
            check(event, f"row {number}")
        recorded = datetime.now(UTC).isoformat(timespec="seconds")
        insert = f"INSERT OR IGNORE INTO event ({_COLUMNS}, recorded) VALUES ({_MARKS}, ?)"  # noqa: S608  # our names
        with self._open() as db, db:
            known = {_key(event) for event in _events(db, {event.purpose for event in events})}
            new = [e for e in dict.fromkeys(events) if db.execute(insert, (*astuple(e), recorded)).rowcount]
        named = {(event.reference, event.purpose) for event in events}
        absent = {(reference, purpose) for reference, purpose, *_ in known} - named
        return Imported(len(events), len(new), sum(_key(event) in known for event in new), len(absent))

    def standing(self, purpose: str, on: str, kind: str = "consent") -> Mapping[str, str]:
        """Where every known person stands for a purpose on a day.

        Args:
            purpose: id of the protocol.
            on: the reference date, yyyy-mm-dd; later events do not count.
            kind: ``consent`` or ``instemming``.

        Returns:
            Reference to `given`, `under age`, `expired`, or another status than `given` and `renewed`.
        """
        if not self.path.exists():
            return {}
        with self._open() as db:
            latest = {e.reference: e for e in _events(db, {purpose}) if e.kind == kind and e.at <= on}
        return {reference: _on(event, on) for reference, event in latest.items()}

    def usable(self, purpose: str, on: str, today: str) -> Mapping[str, str]:
        """Where every person stands for use today: it must be given on the reference date, and still be today.

        GDPR art. 7(3): a withdrawal counts from the moment it is made, whatever day the figures are about.

        Args:
            purpose: id of the protocol.
            on: the reference date, yyyy-mm-dd.
            today: the day of use, yyyy-mm-dd.
        """
        now = self.standing(purpose, max(on, today))
        then = self.standing(purpose, on)
        return {ref: status if now[ref] == "given" else now[ref] for ref, status in then.items()}

    def agreed(self, purpose: str, on: str, today: str) -> Mapping[str, str]:
        """Where every person stands with agreement to be handed over (instemming) by today, when it is done."""
        return self.standing(purpose, max(on, today), "instemming")

    def counts(self, purpose: str, on: str) -> Mapping[str, int]:
        """How many persons stand where."""
        return Counter(self.standing(purpose, on).values())

    def history(self, reference: str | None = None, purpose: str | None = None) -> list[tuple[Event, str]]:
        """Every event, and when it was recorded (UTC; empty for what an earlier version recorded), oldest first.

        Args:
            reference: of one person; None for all.
            purpose: id of one protocol; None for all.
        """
        if not self.path.exists():
            return []
        query = f"SELECT {_COLUMNS}, recorded FROM event {_ORDER}"  # noqa: S608  # our names
        with self._open() as db:
            read = [(Event(*row[:-1]), str(row[-1])) for row in db.execute(query)]
        return [(e, at) for e, at in read if reference in (None, e.reference) and purpose in (None, e.purpose)]

    def person(self, reference: str, purpose: str, on: str, today: str) -> Person:
        """Where one person stands for a purpose."""
        until = max(on, today)
        events = [e for e, _ in self.history(reference, purpose) if e.kind == "consent" and e.at <= until]
        standing = self.usable(purpose, on, today).get(reference, "not asked")
        agreed = self.agreed(purpose, on, today).get(reference, "not asked")
        return Person(purpose, on, standing, events[-1] if events else None, agreed)

    def decide(self, decision: Decision) -> None:
        """Add a decision of the privacy officer on a rule of the table of bases."""
        recorded = datetime.now(UTC).isoformat(timespec="seconds")
        with self._open() as db, db:
            db.execute("INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?)", (*astuple(decision), recorded))

    def decisions(self) -> list[Decision]:
        """The privacy officer's decisions, in the order in which they were recorded."""
        if not self.path.exists():
            return []
        with self._open() as db:
            rows = db.execute("SELECT rule, change, decided_by, decided_on, reason FROM decision ORDER BY rowid")
            return [Decision(*row) for row in rows]

    def keep_run(self, root: str, protocol: str, run: Run) -> None:
        """Keep what became of every row of a run, for `linkage.consent.commitment`."""
        recorded = datetime.now(UTC).isoformat(timespec="seconds")
        with self._open() as db, db:
            db.execute("INSERT INTO run VALUES (?, ?, ?, ?)", (root, protocol, run.key, recorded))
            rows = ((root, place, *row) for place, row in enumerate(run.rows))
            db.executemany("INSERT INTO outcome VALUES (?, ?, ?, ?)", rows)

    def run(self, root: str) -> Run | None:
        """The run with that root; None where it is not here."""
        if not self.path.exists():
            return None
        with self._open() as db:
            key = db.execute("SELECT key FROM run WHERE root = ?", (root,)).fetchone()
            rows = db.execute(
                "SELECT reference, outcome FROM outcome WHERE root = ? ORDER BY place", (root,)
            ).fetchall()
        return Run(key[0], rows) if key else None

    def _open(self) -> AbstractContextManager[Connection]:
        return database.opened(self.path)


def _events(db: Connection, purposes: Iterable[str]) -> list[Event]:
    query = f"SELECT {_COLUMNS} FROM event WHERE purpose = ? {_ORDER}"  # noqa: S608  # our names
    return [Event(*row) for purpose in purposes for row in db.execute(query, (purpose,))]


def _key(event: Event) -> tuple[str, ...]:
    return event.reference, event.purpose, event.kind, event.at, event.status


def _on(event: Event, day: str) -> str:
    over = event.standing == "given" and event.valid_until and event.valid_until < day
    return "expired" if over else event.standing
