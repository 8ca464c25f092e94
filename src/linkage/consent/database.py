"""The file in which an organisation keeps its registry: SQLite, its owner's only, in the organisation's own home.

Rules kept here:

- Rows are added and never changed or taken out; no statement of ours says UPDATE or DELETE.
- A file of an earlier version is brought up to date in one transaction, with every row it had; one of a later version
  is refused (tests/consent/test_registry.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from linkage import files
from linkage.errors import InputError

VERSION = 1
"""Of the tables below; kept in the file as ``user_version``."""

_TABLES = """
CREATE TABLE IF NOT EXISTS event (
  reference TEXT NOT NULL, purpose TEXT NOT NULL, at TEXT NOT NULL, status TEXT NOT NULL,
  valid_until TEXT NOT NULL, method TEXT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL, evidence TEXT NOT NULL,
  notice TEXT NOT NULL, age TEXT NOT NULL, given_by TEXT NOT NULL, recorded TEXT NOT NULL,
  UNIQUE (reference, purpose, at, status, valid_until, method, kind, type, evidence, notice, age, given_by)
) STRICT;
CREATE TABLE IF NOT EXISTS decision (
  rule TEXT NOT NULL, change TEXT NOT NULL, decided_by TEXT NOT NULL, decided_on TEXT NOT NULL, reason TEXT NOT NULL,
  recorded TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS run (
  root TEXT PRIMARY KEY, protocol TEXT NOT NULL, key BLOB NOT NULL, recorded TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outcome (
  root TEXT NOT NULL, place INTEGER NOT NULL, reference TEXT NOT NULL, outcome TEXT NOT NULL,
  PRIMARY KEY (root, place)
) STRICT, WITHOUT ROWID;
"""
_FROM_0 = """
INSERT INTO event SELECT reference, purpose, at, status, valid_until, method, 'consent', '', '', '', '', 'person', ''
  FROM event_0 ORDER BY rowid;
DROP TABLE event_0;
"""
"""Version 0 knew the first six columns."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database in a file, made when it is not there; closed afterwards.

    Raises:
        InputError: the file is no registry, or one of a later version.
    """
    files.folder(path.parent)
    if not path.exists():
        files.write(path, b"")  # owner only, from the first byte
    try:
        with closing(sqlite3.connect(path)) as db:
            _up_to_date(db, path)
            yield db
    except sqlite3.Error as error:
        raise InputError(f"the registry of consent cannot be used: {error}", where=path.name) from None


def _up_to_date(db: sqlite3.Connection, path: Path) -> None:
    if _version(db) == VERSION:
        return
    with db:
        db.execute("BEGIN IMMEDIATE")  # another process may be at it: looked at again under its lock
        if _version(db) > VERSION:
            raise InputError("the registry of consent was written by a later version of linkage", where=path.name)
        old = _version(db) == 0 and db.execute("SELECT 1 FROM sqlite_master WHERE name = 'event'").fetchone()
        steps = f"ALTER TABLE event RENAME TO event_0; {_TABLES} {_FROM_0}" if old else _TABLES
        for step in [*filter(str.strip, steps.split(";")), f"PRAGMA user_version = {VERSION}"]:
            db.execute(step)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
