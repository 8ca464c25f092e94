"""What people said, in order, and who stands where on the day."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.consent import database
from linkage.consent.event import STATUSES, STOPPING, Event
from linkage.consent.registry import Registry
from linkage.errors import InputError

PURPOSE = "graduates-on-benefits"
DAY = "2026-10-01"


def said(reference: str, at: str, status: str = "given", until: str = "", purpose: str = PURPOSE) -> Event:
    return Event(reference, purpose, at, status, until, "form")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "home" / "consent.sqlite")


@pytest.mark.parametrize(
    ("story", "events", "expected"),
    [
        ("given", [said("a", "2026-01-01")], "given"),
        ("given on the day itself", [said("a", DAY)], "given"),
        ("withdrawn later", [said("a", "2026-01-01"), said("a", "2026-02-01", "withdrawn")], "withdrawn"),
        ("withdrawn, read first", [said("a", "2026-02-01", "withdrawn"), said("a", "2026-01-01")], "withdrawn"),
        ("given again", [said("a", "2026-02-01", "withdrawn"), said("a", "2026-03-01")], "given"),
        ("the same day", [said("a", DAY), said("a", DAY, "withdrawn")], "withdrawn"),
        ("the same day, withdrawal first in the file", [said("a", DAY, "withdrawn"), said("a", DAY)], "withdrawn"),
        ("withdrawn after the day", [said("a", "2026-01-01"), said("a", "2026-10-02", "withdrawn")], "given"),
        ("asked only", [said("a", "2026-01-01", "requested")], "requested"),
        ("refused", [said("a", "2026-01-01", "refused")], "refused"),
        ("invalidated", [said("a", "2026-01-01"), said("a", "2026-05-01", "invalidated")], "invalidated"),
        ("its last day", [said("a", "2026-01-01", until=DAY)], "given"),
        ("the day after its last", [said("a", "2026-01-01", until="2026-09-30")], "expired"),
        (
            "expired and then withdrawn",
            [said("a", "2025-01-01", until="2025-12-31"), said("a", DAY, "withdrawn")],
            "withdrawn",
        ),
        ("a refusal does not expire", [said("a", "2026-01-01", "refused", "2026-02-01")], "refused"),
        ("given after the day", [said("a", "2026-10-02")], None),
        ("renewed", [said("a", "2026-01-01", until="2026-02-01"), said("a", "2026-03-01", "renewed")], "given"),
        ("renewed, and over again", [said("a", "2026-03-01", "renewed", "2026-04-01")], "expired"),
        ("revoked by another", [said("a", DAY), said("a", DAY, "revoked")], "revoked"),
        ("expired by word", [said("a", "2026-01-01"), said("a", "2026-02-01", "expired")], "expired"),
        ("put off", [said("a", "2026-01-01", "deferred")], "deferred"),
        ("at 15, by oneself", [replace(said("a", DAY), age="15")], "under age"),
        ("at 15, by the representative", [replace(said("a", DAY), age="15", given_by="representative")], "given"),
        ("at 16", [replace(said("a", DAY), age="16")], "given"),
        ("refused at 15", [replace(said("a", DAY, "refused"), age="15")], "refused"),
        ("agreed to hand-over only", [replace(said("a", DAY), kind="instemming")], None),
        ("consent, and no agreement", [said("a", DAY), replace(said("a", DAY, "refused"), kind="instemming")], "given"),
        ("for another purpose", [said("a", "2026-01-01", purpose="other")], None),
    ],
)
def test_standing(registry: Registry, story: str, events: list[Event], expected: str | None) -> None:
    assert registry.add(events) == len(events)
    assert registry.standing(PURPOSE, DAY).get("a") == expected


def test_importing_twice_adds_nothing(registry: Registry) -> None:
    events = [said("a", "2026-01-01"), said("b", "2026-01-01", "refused")]
    assert (registry.add(events), registry.add(events), registry.add(events[:1])) == (2, 0, 0)
    assert registry.counts(PURPOSE, DAY) == {"given": 1, "refused": 1}


def test_an_old_file_read_again_does_not_undo_a_withdrawal(registry: Registry) -> None:
    registry.add([said("a", DAY)])
    registry.add([said("a", DAY, "withdrawn")])
    registry.add([said("a", DAY)])
    assert registry.standing(PURPOSE, DAY) == {"a": "withdrawn"}


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(said("b", "2026-01-01", "maybe"), id="an unknown status"),
        pytest.param(said("b", "01-02-2026"), id="a day in another order"),
        pytest.param(said("b", "2026-02-30"), id="a day that does not exist"),
        pytest.param(said("b", ""), id="no day"),
        pytest.param(said("b", "20260101"), id="a day without signs, which sorts after all others"),
        pytest.param(said("b", "2026-W10-4"), id="a day of a week"),
        pytest.param(said("b", "2026-01-01", until="20270101"), id="an end without signs"),
        pytest.param(said("", "2026-01-01"), id="no reference"),
        pytest.param(replace(said("b", DAY), kind="agreement"), id="an unknown kind"),
        pytest.param(replace(said("b", DAY), type="tacit"), id="an unknown type"),
        pytest.param(replace(said("b", DAY), given_by="school"), id="given by another"),
        pytest.param(replace(said("b", DAY), age="-1"), id="an age below zero"),
        pytest.param(replace(said("b", DAY), age="seventeen"), id="an age in words"),
        pytest.param(said("b", "2026-01-01", purpose=""), id="no purpose"),
    ],
)
def test_one_row_that_cannot_be_read_stops_the_whole_import(registry: Registry, bad: Event) -> None:
    registry.add([said("z", "2026-01-01")])
    with pytest.raises(InputError) as caught:
        registry.add([said("a", "2026-01-01"), bad])
    assert caught.value.where == "row 2"
    assert set(registry.standing(PURPOSE, "9999-12-31")) == {"z"}


def test_values_are_values_and_never_sql(registry: Registry) -> None:
    name = "x'; DROP TABLE event;--"
    registry.add([said(name, "2026-01-01"), said("b", "2026-01-01", purpose=name)])
    assert registry.standing(PURPOSE, DAY) == {name: "given"}
    assert registry.standing(name, DAY) == {"b": "given"}
    assert registry.standing("' OR 1=1 --", DAY) == {}


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the user's profile to itself")
def test_the_file_is_its_owners_only(registry: Registry) -> None:
    registry.add([said("a", "2026-01-01")])
    assert stat.S_IMODE(registry.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(registry.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in registry.path.parent.iterdir()] == ["consent.sqlite"]


def test_a_file_that_is_no_registry_is_refused(registry: Registry) -> None:
    registry.path.parent.mkdir()
    registry.path.write_bytes(b"not a database, but long enough to be looked at " * 40)
    with pytest.raises(InputError, match="cannot be used"):
        registry.standing(PURPOSE, DAY)


def test_history_stays(registry: Registry) -> None:
    registry.add([said("a", "2026-01-01"), said("a", "2026-02-01", "withdrawn")])
    with closing(sqlite3.connect(registry.path)) as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (2,)
    assert registry.standing(PURPOSE, "2026-01-15") == {"a": "given"}


EVENTS = st.lists(
    st.builds(
        said,
        st.sampled_from("ab"),
        st.sampled_from(["2026-01-01", "2026-02-01", DAY, "2026-10-02"]),
        st.sampled_from(STATUSES),
        st.sampled_from(["", "2026-09-30", DAY]),
    ),
    max_size=6,
    unique=True,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_the_last_word_counts(tmp_path: Path, events: list[Event]) -> None:
    registry = Registry(tmp_path / f"{len(list(tmp_path.iterdir()))}.sqlite")
    registry.add(events)
    expected = {}
    for event in sorted(events, key=lambda e: (e.at, e.status in STOPPING)):
        if event.at <= DAY:
            allows = event.status in ("given", "renewed")
            over = allows and event.valid_until == "2026-09-30"
            expected[event.reference] = "expired" if over else "given" if allows else event.status
    assert registry.standing(PURPOSE, DAY) == expected


@pytest.mark.parametrize(
    ("story", "events", "expected"),
    [
        ("still given", [said("a", "2026-01-01")], "given"),
        ("withdrawn since", [said("a", "2026-01-01"), said("a", "2026-10-02", "withdrawn")], "withdrawn"),
        ("withdrawn today", [said("a", "2026-01-01"), said("a", "2026-11-20", "withdrawn")], "withdrawn"),
        ("expired since", [said("a", "2026-01-01", until="2026-10-15")], "expired"),
        ("given since", [said("a", "2026-01-01", "requested"), said("a", "2026-10-02")], "requested"),
        ("withdrawn tomorrow", [said("a", "2026-01-01"), said("a", "2026-11-21", "withdrawn")], "given"),
    ],
)
def test_consent_must_hold_on_the_reference_date_and_on_the_day_of_use(
    registry: Registry, story: str, events: list[Event], expected: str
) -> None:
    registry.add(events)
    assert registry.usable(PURPOSE, DAY, "2026-11-20")["a"] == expected


def test_looking_makes_no_file(registry: Registry) -> None:
    assert registry.standing(PURPOSE, DAY) == registry.usable(PURPOSE, DAY, DAY) == {}
    assert not registry.path.exists()


def test_instemming_is_looked_up_apart(registry: Registry) -> None:
    registry.add(
        [said("a", DAY), replace(said("a", DAY), kind="instemming"), replace(said("b", DAY), kind="instemming")]
    )
    assert registry.standing(PURPOSE, DAY) == {"a": "given"}
    assert registry.standing(PURPOSE, DAY, "instemming") == {"a": "given", "b": "given"}
    registry.add([replace(said("a", "2026-10-02", "withdrawn"), kind="instemming")])
    assert registry.standing(PURPOSE, "2026-10-02") == {"a": "given"}
    assert registry.standing(PURPOSE, "2026-10-02", "instemming")["a"] == "withdrawn"


def test_a_later_file_updates_and_deletes_nothing(registry: Registry) -> None:
    first = [said("a", "2026-01-01"), said("b", "2026-01-01"), said("c", "2026-01-01", purpose="other")]
    registry.load(first)
    later = [replace(first[0], evidence="form 12", valid_until="2026-09-30"), said("d", "2026-02-01")]
    counts = registry.load(later)
    assert (counts.events, counts.new, counts.changed, counts.absent) == (2, 2, 1, 1)
    assert registry.standing(PURPOSE, DAY) == {"a": "expired", "b": "given", "d": "given"}, "the last record counts"
    assert [e for e, _ in registry.history("a")] == [first[0], later[0]], "and the one before it stays"
    again = registry.load(later)
    assert (again.new, again.changed, again.absent) == (0, 0, 1)


def test_history_says_when_each_event_was_recorded(registry: Registry) -> None:
    registry.add([said("a", "2026-02-01", "withdrawn"), said("a", "2026-01-01"), said("b", "2026-01-01")])
    found = registry.history("a", PURPOSE)
    assert [event.status for event, _ in found] == ["given", "withdrawn"]
    assert all(recorded.endswith("+00:00") for _, recorded in found)
    assert registry.history("a", "other") == []
    assert len(registry.history()) == 3


def test_one_person_is_told_with_what_decides(registry: Registry) -> None:
    registry.add([said("a", "2026-01-01"), said("a", "2026-11-01", "withdrawn"), said("b", "2026-10-05")])
    found = registry.person("a", PURPOSE, DAY, "2026-11-20")
    assert (found.standing, found.agreed) == ("withdrawn", "not asked")
    assert found.event is not None
    assert found.event.at == "2026-11-01"
    late = registry.person("b", PURPOSE, DAY, "2026-11-20")
    assert (late.standing, late.event is not None) == ("not asked", True)
    nobody = registry.person("z", PURPOSE, DAY, "2026-11-20")
    assert (nobody.standing, nobody.event) == ("not asked", None)


_VERSION_0 = """
CREATE TABLE event (
  reference TEXT NOT NULL, purpose TEXT NOT NULL, at TEXT NOT NULL, status TEXT NOT NULL,
  valid_until TEXT NOT NULL, method TEXT NOT NULL,
  UNIQUE (reference, purpose, at, status, valid_until, method)
) STRICT
"""


def test_a_file_of_the_first_version_keeps_every_row(registry: Registry) -> None:
    events = [said("b", "2026-02-01", "withdrawn"), said("a", "2026-01-01"), said("b", "2026-01-01")]
    registry.path.parent.mkdir()
    with closing(sqlite3.connect(registry.path)) as db, db:
        db.execute(_VERSION_0)
        rows = [(e.reference, e.purpose, e.at, e.status, e.valid_until, e.method) for e in events]
        db.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
    assert registry.standing(PURPOSE, DAY) == {"a": "given", "b": "withdrawn"}
    assert {(event, recorded) for event, recorded in registry.history()} == {(event, "") for event in events}
    assert registry.add(events) == 0, "what was imported before is known still"
    with closing(sqlite3.connect(registry.path)) as db:
        assert db.execute("SELECT name FROM sqlite_master WHERE name = 'event_0'").fetchall() == []


def test_a_migration_that_fails_leaves_the_file_as_it_was(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.path.parent.mkdir()
    with closing(sqlite3.connect(registry.path)) as db, db:
        db.execute(_VERSION_0)
        db.execute("INSERT INTO event VALUES ('a', ?, '2026-01-01', 'given', '', '')", (PURPOSE,))
    monkeypatch.setattr(database, "_FROM_0", "; ".join([database._FROM_0, "SELECT nothing FROM nowhere"]))
    with pytest.raises(InputError, match="cannot be used"):
        registry.standing(PURPOSE, DAY)
    monkeypatch.undo()
    assert registry.standing(PURPOSE, DAY) == {"a": "given"}


def test_a_file_of_a_later_version_is_refused(registry: Registry) -> None:
    registry.add([said("a", DAY)])
    with closing(sqlite3.connect(registry.path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="later version"):
        registry.standing(PURPOSE, DAY)
