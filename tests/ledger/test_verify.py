"""What an outsider finds in one ledger: every change."""

from __future__ import annotations

import datetime as dt
import io
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books import GEMEENTE, MBO, NOON, PROTOCOL, UNIT, checked, ledger_of, receipt, shown, written
from linkage.errors import LinkageError
from linkage.findings import Severity
from linkage.ledger import entries as reading
from linkage.ledger import verify
from linkage.ledger.log import Ledger

LATER = "2999-01-01T00:00:00+00:00"


def codes(data: bytes) -> list[str]:
    return [finding.code for finding in checked(data).findings]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return ledger_of(tmp_path_factory.mktemp("ledger"), 4).path.read_bytes()


def test_an_honest_ledger_holds(whole: bytes) -> None:
    result = checked(whole)
    assert (result.holds, result.whole, result.party, result.size, result.findings) == (True, True, "mbo", 4, ())


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    data = ledger_of(tmp_path, 3).path.read_bytes()
    assert codes(data) == []
    for i in range(len(data)):
        for bit in range(8):
            found = codes(data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :])
            assert found, (i, bit)
            # the last line end is the one bit that looks like a crash: the line before it is not taken
            assert i == len(data) - 1 or not set(found) <= {"L201"}, (i, bit)


ORDERS = {
    "the first line removed": (1, 2, 3),
    "a line in the middle removed": (0, 1, 3),
    "two lines swapped": (0, 2, 1, 3),
    "a line repeated": (0, 1, 1, 2, 3),
    "the last line repeated": (0, 1, 2, 3, 3),
    "the history written twice": (0, 1, 2, 3, 0, 1, 2, 3),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
def test_lines_removed_moved_or_repeated_are_found(whole: bytes, order: list[int]) -> None:
    lines = whole.splitlines(keepends=True)
    result = checked(b"".join(lines[i] for i in order))
    assert [finding.code for finding in result.findings] == ["L101"]
    assert not result.holds
    assert not result.whole
    place = next((i for i, number in enumerate(order) if i != number), len(order))
    assert result.findings[0].where == f"ledger.jsonl entry {place}"


@pytest.mark.parametrize("changed", range(9))
def test_a_changed_entry_is_found_and_named(tmp_path: Path, changed: int) -> None:
    data = ledger_of(tmp_path, 9).path.read_bytes()
    result = checked(data.replace(b'"rows":%d' % changed, b'"rows":7000'))
    (finding,) = result.findings
    assert (finding.code, finding.where) == ("L103", f"ledger.jsonl entry {changed}")


def test_a_changed_signature_in_the_middle_is_found(whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    lines[1] = lines[1][:-92] + lines[2][-92:]
    assert codes(b"".join(lines)) == ["L101"]


def test_a_changed_signature_with_the_entry_after_it_made_to_follow_is_found_too() -> None:
    data = written({}, {}, {})
    first, second, third = data.splitlines(keepends=True)
    signed = first[-91:-3]
    other = second[-91:-3]
    spoilt = first.replace(signed, other) + second.replace(signed, other) + third
    assert codes(spoilt) == ["L103"]


def test_a_cut_tail_is_not_found_by_the_ledger_alone(whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    assert codes(b"".join(lines[:2])) == []
    assert codes(b"") == ["L105"]  # but a ledger that is gone is


def test_an_entry_of_another_party_is_found_and_said_once() -> None:
    assert codes(written({}, {"party": "gemeente"}, {}, {"party": "unit"})) == ["L102"]


def test_an_entry_signed_by_another_is_found() -> None:
    result = checked(written({}, {}, {}, signers=[MBO, MBO, UNIT]))
    assert [(finding.code, finding.where) for finding in result.findings] == [("L103", "ledger.jsonl entry 2")]


def test_a_ledger_under_another_card_does_not_hold(whole: bytes) -> None:
    found = checked(whole, UNIT).findings
    assert [(finding.code, finding.where) for finding in found] == [
        ("L102", "ledger.jsonl entry 0"),
        ("L103", "ledger.jsonl entry 0"),
    ]


def test_a_signature_over_another_kind_of_thing_is_found() -> None:
    from linkage import canonical
    from linkage.crypto import signature

    data = written({})
    body = canonical.to_bytes(canonical.from_bytes(data.rstrip(b"\n"))["entry"])
    signed = signature.to_text(MBO.sign("application/vnd.linkage.ledger-entry.v1+json", body)).encode()
    assert codes(data[:-91] + signed + data[-3:]) == ["L103"]


def test_an_entry_dated_before_the_one_above_it_is_found() -> None:
    times = [NOON, "2026-09-01T11:59:59+00:00", "2026-09-01T11:59:59+00:00"]
    result = checked(written(*({"at": time} for time in times)))
    assert [(f.code, f.where, f.severity) for f in result.findings] == [
        ("L107", "ledger.jsonl entry 1", Severity.ERROR)
    ]


def test_an_entry_dated_before_its_card_was_made_is_found() -> None:
    assert codes(written({"at": "2026-08-31T00:00:00+00:00"})) == []  # it is the first in some other time zone
    assert codes(written({"at": "2026-08-30T23:59:59+00:00"})) == ["L107"]


def test_a_last_line_without_its_end_is_warned_of(whole: bytes) -> None:
    result = checked(whole + b'{"entry":')
    assert [(f.code, f.severity) for f in result.findings] == [("L201", Severity.WARNING)]
    assert (result.holds, result.size) == (True, 4)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"index": False}, id="an index that is false"),
        pytest.param({"index": "0"}, id="an index that is text"),
        pytest.param({"index": 1}, id="an index that skips"),
        pytest.param({"follows": None}, id="no predecessor"),
        pytest.param({"follows": "A" * 86 + "=="}, id="a predecessor that is not there"),
        pytest.param({"at": 7}, id="a number for a time"),
        pytest.param({"at": "yesterday"}, id="a word for a time"),
        pytest.param({"at": "2026-09-01T12:00:00"}, id="a time of no zone"),
        pytest.param({"at": "2026-09-01T12:00:00+02:00"}, id="a time of another zone"),
        pytest.param({"at": "2026-02-30T12:00:00+00:00"}, id="a day that is none"),
        pytest.param({"party": ["mbo"]}, id="a list for a party"),
        pytest.param({"act": None}, id="no act"),
        pytest.param({"protocol": 7}, id="a number for a protocol"),
        pytest.param({"facts": []}, id="a list for facts"),
        pytest.param({"facts": None}, id="no facts"),
        pytest.param({"software": {}}, id="a mapping for software"),
        pytest.param({"extra": 1}, id="an unknown key"),
    ],
)
def test_a_well_signed_entry_of_another_form_is_found(change: dict[str, Any]) -> None:
    assert codes(written({}, {})) == []
    assert codes(written(change, {})) == ["L101"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100) | st.text('{}[]":,0123456789\nentrysigau', max_size=100).map(str.encode))
def test_any_bytes_are_judged_and_nothing_else_happens(data: bytes) -> None:
    result = checked(data)
    assert result.size == 0
    assert not result.holds


SEND = {"type": "release", "sequence": 1, "to": ["unit"]}


@pytest.mark.parametrize(
    ("act", "facts"),
    [
        ("send", {}),
        ("send", {**SEND, "sequence": "one"}),
        ("send", {**SEND, "to": None}),
        ("sealed", {"type": "release", "sequence": 7, "package": PROTOCOL}),
        ("receive", {}),
        ("receive", {"sender": "unit", "sender_ledger": {"size": 4}}),
        ("receive", {"sender": "unit", "checkpoint": "linkage"}),
        ("receive", {"sender": 1, "checkpoint": shown(written({}), 1).note}),
        ("receive", {"sender": "mbo", "checkpoint": shown(written({}), 1).note, "awaited": []}),
        ("refuse-checkpoint", {"sender": "unit"}),
    ],
    ids=str,
)
def test_an_act_between_parties_of_another_form_is_a_finding_and_not_a_crash(act: str, facts: dict[str, Any]) -> None:
    assert codes(written({}, {"act": act, "facts": facts})) == ["L113"]


def test_what_is_appended_between_parties_is_understood(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(MBO, "send", protocol=PROTOCOL, **SEND)
    ledger.append(MBO, "sealed", protocol=PROTOCOL, type="release", sequence=1, package=PROTOCOL)
    ledger.append(
        MBO, "receive", protocol=PROTOCOL, **receipt(shown(written({}, owner=UNIT), 1, UNIT), "unit")["facts"]
    )
    result = checked(ledger.path.read_bytes())
    assert result.findings == ()
    assert [s.package for s in result.record.sent.values()] == [PROTOCOL]
    assert [r.sender for r in result.record.received] == ["unit"]


# --- cards that follow each other ---

NEW = replace(GEMEENTE, card=replace(GEMEENTE.card, party="mbo", number="BRIN:99ZZ", valid_from="2026-09-01"))
ROTATE = {"act": reading.ROTATE, "facts": {"card": NEW.card.fingerprint}}


def rotated(*signers: Any) -> bytes:
    """A ledger whose third entry takes a new card into use."""
    return written({}, {}, ROTATE, {}, {}, signers=signers)


def test_a_card_signs_up_to_the_entry_that_hands_over_and_the_next_one_after_it() -> None:
    data = rotated(MBO, MBO, MBO, NEW, NEW)
    result = checked(data, MBO, NEW)
    assert (result.findings, result.size, result.card) == ((), 5, NEW.card.fingerprint)
    for size in (1, 2, 3, 4):
        assert checked(b"".join(data.splitlines(keepends=True)[:size]), MBO, NEW).findings == ()


@pytest.mark.parametrize(
    ("signers", "place"),
    [
        ((MBO, MBO, NEW, NEW, NEW), 2),
        ((MBO, MBO, MBO, MBO, NEW), None),
        ((MBO, MBO, MBO, NEW, MBO), 4),
        ((NEW, NEW, NEW, NEW, NEW), 0),
    ],
    ids=["the new card takes itself into use", "a middle line", "the old card goes on", "the new card all along"],
)
def test_a_card_that_signs_when_it_is_not_its_turn_is_found(signers: tuple[Any, ...], place: int | None) -> None:
    found = checked(rotated(*signers), MBO, NEW).findings
    # what a line in the middle was signed with nobody relies on: the last signature covers its bytes
    assert [(f.code, f.where) for f in found] == ([] if place is None else [("L103", f"ledger.jsonl entry {place}")])


def test_a_card_that_was_not_given_or_is_another_is_found() -> None:
    data = rotated(MBO, MBO, MBO, NEW, NEW)
    for cards in ([MBO], [MBO, UNIT]):
        found = [finding.code for finding in checked(data, *cards).findings]
        assert set(found) == {"L103"}


def test_what_is_kept_of_a_ledger_is_little_and_right(whole: bytes) -> None:
    record = checked(whole).record
    assert [len(record.leaves), len(record.times), len(record.ends)] == [4 * 32, 4 * 25, 4]
    assert dt.datetime.fromisoformat(record.at(3)).tzinfo is dt.UTC
    assert record.roots([4])[4] == shown(whole, 4).root


def test_a_ledger_is_read_from_where_the_stream_stands(whole: bytes) -> None:
    stream = io.BytesIO(b"something before\n" + whole)
    stream.readline()
    assert verify.verify(stream, [MBO.card]).findings == ()
    stream = io.BytesIO(b"something before\n" + whole.replace(b'"rows":2', b'"rows":3'))
    stream.readline()
    assert [f.where for f in verify.verify(stream, [MBO.card]).findings] == ["ledger.jsonl entry 2"]


def test_what_follows_is_checked_whenever_it_is_read(tmp_path: Path, whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    for first, second in itertools.permutations(range(4), 2):
        if (first, second) != (0, 1):
            (tmp_path / reading.NAME).write_bytes(lines[first] + lines[second])
            with pytest.raises(LinkageError, match=r"ledger\.jsonl entry [01]"):
                Ledger(tmp_path).entries()
