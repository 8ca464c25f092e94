"""The registry of consent: events per person and purpose, kept by the organisation that asked.

Rules kept here:

- Events are added and never changed: a later event overrules an earlier one, of one day the one that stops the use
  overrules, and history stays.
- A person is known by a local reference only (student or client number); the file never leaves the home folder.
- Importing the same file twice adds nothing; a row that cannot be read stops the whole import.
- States are those of the W3C Data Privacy Vocabulary (dpv:hasConsentStatus); only `given` may take part.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from linkage import files
from linkage.errors import InputError, shape

STATUSES = ("requested", "given", "refused", "withdrawn", "invalidated")
"""dpv: ConsentRequested, ConsentGiven, ConsentRefused, ConsentWithdrawn, ConsentInvalidated."""

_TABLE = """
CREATE TABLE IF NOT EXISTS event (
  reference TEXT NOT NULL, purpose TEXT NOT NULL, at TEXT NOT NULL, status TEXT NOT NULL,
  valid_until TEXT NOT NULL, method TEXT NOT NULL,
  UNIQUE (reference, purpose, at, status, valid_until, method)
) STRICT
"""


@dataclass(frozen=True)
class Event:
    """One thing a person said, or was asked."""

    reference: str
    """Local reference of the person."""
    purpose: str
    """Id of the protocol it is for."""
    at: str
    """Day, yyyy-mm-dd."""
    status: str
    """One of `STATUSES`."""
    valid_until: str = ""
    """Last day on which it holds, yyyy-mm-dd; empty for no end."""
    method: str = ""
    """How it was said, for instance ``form``."""


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
            InputError: an unknown status, or a day that is not one.
        """
        for number, event in enumerate(events, 1):
            _check(event, number)
        rows = [(e.reference, e.purpose, e.at, e.status, e.valid_until, e.method) for e in events]
        with self._open() as db, db:
            before = int(db.execute("SELECT count(*) FROM event").fetchone()[0])
            db.executemany("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
            return int(db.execute("SELECT count(*) FROM event").fetchone()[0]) - before

    def standing(self, purpose: str, on: str) -> Mapping[str, str]:
        """Where every known person stands for a purpose on a day.

        Args:
            purpose: id of the protocol.
            on: the reference date, yyyy-mm-dd; later events do not count.

        Returns:
            Reference to `given`, `requested`, `refused`, `withdrawn`, `invalidated` or `expired`.
        """
        if not self.path.exists():
            return {}
        query = (
            "SELECT reference, status, valid_until FROM event WHERE purpose = ? AND at <= ? "
            "ORDER BY at, status IN ('refused', 'withdrawn', 'invalidated'), rowid"
        )
        with self._open() as db:
            latest = {ref: (status, until) for ref, status, until in db.execute(query, (purpose, on))}
        return {
            ref: "expired" if status == "given" and until and until < on else status
            for ref, (status, until) in latest.items()
        }

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

    def counts(self, purpose: str, on: str) -> Mapping[str, int]:
        """How many persons stand where."""
        return Counter(self.standing(purpose, on).values())

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        files.folder(self.path.parent)
        if not self.path.exists():
            files.write(self.path, b"")  # owner only, from the first byte
        try:
            with closing(sqlite3.connect(self.path)) as db:
                db.execute(_TABLE)
                yield db
        except sqlite3.Error as error:
            raise InputError(f"the registry of consent cannot be used: {error}", where=self.path.name) from None


def _check(event: Event, number: int) -> None:
    where = f"row {number}"
    if not event.reference or not event.purpose:
        raise InputError("reference or purpose is empty", where=where)
    if event.status not in STATUSES:
        raise InputError(f"expected a status of {', '.join(STATUSES)}, got {shape(event.status)}", where=where)
    for name, day in (("date", event.at), ("valid until", event.valid_until)):
        if (name == "date" or day) and not _is_day(day):
            raise InputError(f"{name}: expected yyyy-mm-dd, got {shape(day)}", where=where)


def _is_day(text: str) -> bool:
    """A day of the calendar as yyyy-mm-dd: days are compared as text, so ISO 8601's other forms will not do."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
