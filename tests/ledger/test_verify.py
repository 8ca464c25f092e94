"""What an outsider finds in a ledger: every change, and what only others can know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books import MBO, PROTOCOL, UNIT, entries, ledger_of, line, written
from linkage import canonical
from linkage.errors import LinkageError
from linkage.findings import Severity
from linkage.ledger import log
from linkage.ledger.log import GENESIS, Ledger
from linkage.ledger.verify import crosscheck, verify

LATER = "2999-01-01T00:00:00+00:00"


def codes(data: bytes) -> list[str]:
    return [finding.code for finding in verify(data, MBO.card).findings]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return ledger_of(tmp_path_factory.mktemp("ledger"), 4).path.read_bytes()


def test_an_honest_ledger_holds(whole: bytes) -> None:
    result = verify(whole, MBO.card)
    assert (result.holds, result.party, len(result.entries), result.findings) == (True, "mbo", 4, ())


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    data = ledger_of(tmp_path, 2).path.read_bytes()
    assert codes(data) == []
    for i in range(len(data)):
        for bit in range(8):
            found = codes(data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :])
            assert found, (i, bit)
            # the last line end is the one bit that looks like a crash: the line before it is not taken
            assert i == len(data) - 1 or not set(found) <= {"L201", "L202"}, (i, bit)


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
    result = verify(b"".join(lines[i] for i in order), MBO.card)
    assert [finding.code for finding in result.findings] == ["L101"]
    assert not result.holds
    place = next((i for i, number in enumerate(order) if i != number), len(order)) + 1
    assert result.findings[0].where == f"ledger.jsonl:{place}"


def test_a_cut_tail_is_not_found_by_the_ledger_alone(whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    assert codes(b"".join(lines[:2])) == []
    assert codes(b"") == ["L105"]  # but a ledger that is gone is


def test_an_entry_of_another_party_is_found() -> None:
    assert codes(written({}, {"party": "gemeente"}, {})) == ["L102"]


def test_an_entry_signed_by_another_is_found(whole: bytes) -> None:
    lines = whole.splitlines()
    foreign = line(UNIT, canonical.digest_bytes(lines[-1]), index=4, party="mbo", at=LATER)
    result = verify(whole + foreign + b"\n", MBO.card)
    assert [(finding.code, finding.where) for finding in result.findings] == [("L103", "ledger.jsonl:5")]
    theirs = line(UNIT, canonical.digest_bytes(lines[-1]), index=4, at=LATER)
    assert codes(whole + theirs + b"\n") == ["L102", "L103"]


def test_a_foreign_entry_put_in_between_is_found(whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    foreign = line(UNIT, canonical.digest_bytes(lines[0][:-1]), index=1) + b"\n"
    assert codes(b"".join([lines[0], foreign, *lines[1:]])) == ["L101"]


def test_a_ledger_under_another_card_does_not_hold(whole: bytes) -> None:
    assert {finding.code for finding in verify(whole, UNIT.card).findings} == {"L102", "L103"}


def test_a_signature_over_another_kind_of_thing_is_found() -> None:
    body = canonical.from_bytes(written({}).rstrip(b"\n"))["entry"]
    signed = MBO.sign("application/vnd.linkage.card.v1+json", canonical.to_bytes(body))
    from linkage.crypto import signature

    data = canonical.to_bytes({"entry": body, "signature": signature.to_text(signed)}) + b"\n"
    assert codes(data) == ["L103"]


def test_a_clock_that_goes_backwards_is_warned_of() -> None:
    times = ["2026-09-01T12:00:00+00:00", "2026-09-01T11:59:59+00:00", "2026-09-01T11:59:59+00:00"]
    result = verify(written(*({"at": time} for time in times)), MBO.card)
    assert [(f.code, f.where, f.severity) for f in result.findings] == [("L202", "ledger.jsonl:2", Severity.WARNING)]
    assert result.holds


def test_a_last_line_without_its_end_is_warned_of(whole: bytes) -> None:
    result = verify(whole + b'{"entry":', MBO.card)
    assert [(f.code, f.severity) for f in result.findings] == [("L201", Severity.WARNING)]
    assert (result.holds, len(result.entries)) == (True, 4)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"index": False}, id="an index that is false"),
        pytest.param({"index": "0"}, id="an index that is text"),
        pytest.param({"index": 1}, id="an index that skips"),
        pytest.param({"previous": None}, id="no predecessor"),
        pytest.param({"previous": "sha256:" + "11" * 32}, id="a predecessor that is not there"),
        pytest.param({"at": 7}, id="a number for a time"),
        pytest.param({"at": "yesterday"}, id="a word for a time"),
        pytest.param({"at": "2026-09-01T12:00:00"}, id="a time of no zone"),
        pytest.param({"at": "2026-09-01T12:00:00+02:00"}, id="a time of another zone"),
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
    result = verify(data, MBO.card)
    assert len(result.entries) == 0
    assert not result.holds


def receipt(size: int, head: str, **more: Any) -> dict[str, Any]:
    """What a receiver writes down of the sender's ledger."""
    return {"act": "receive", "facts": {"sender": "mbo", "sender_ledger": {"size": size, "head": head}, **more}}


def judged(own: bytes, *receipts: dict[str, Any]) -> list[str]:
    """What the ledgers of sender and receiver say together."""
    theirs = entries(written(*receipts, owner=UNIT))
    return [finding.message for finding in crosscheck({"mbo": entries(own), "unit": theirs})]


def test_ledgers_that_agree_are_not_complained_of(whole: bytes) -> None:
    own = entries(whole)
    seen = [receipt(size, own[size - 1].digest if size else GENESIS) for size in range(5)]
    assert judged(whole, *seen) == []


def test_a_cut_tail_is_found_by_whoever_received_anything(whole: bytes) -> None:
    own = entries(whole)
    cut = b"".join(whole.splitlines(keepends=True)[:2])
    assert codes(cut) == []
    assert judged(cut, receipt(2, own[1].digest)) == []
    (message,) = judged(cut, receipt(3, own[2].digest))
    assert message.startswith("the ledger of mbo is shorter than what unit saw at 2026-09-01T12:00:00+00:00")
    assert len(judged(b"", receipt(1, own[0].digest))) == 1


def test_a_history_written_again_by_its_owner_is_found(whole: bytes) -> None:
    own = entries(whole)
    rewritten = written(*({"facts": {"rows": 1}} for _ in range(6)))
    assert codes(rewritten) == []
    (message,) = judged(rewritten, receipt(4, own[3].digest))
    assert message.startswith("the ledger of mbo differs from what unit saw")


def test_a_finding_names_the_witness_and_its_entry(whole: bytes) -> None:
    theirs = entries(written({}, receipt(9, PROTOCOL), owner=UNIT))
    (finding,) = crosscheck({"mbo": entries(whole), "unit": theirs})
    assert (finding.code, finding.severity, finding.where) == ("L104", Severity.ERROR, "unit entry 1")


def test_a_ledger_that_is_not_there_cannot_be_checked(whole: bytes) -> None:
    theirs = entries(written(receipt(9, PROTOCOL), owner=UNIT))
    assert crosscheck({"unit": theirs}) == ()
    assert crosscheck({"mbo": entries(whole)}) == ()


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"size": 4}, id="no head"),
        pytest.param({"head": GENESIS}, id="no size"),
        pytest.param({"size": "4", "head": GENESIS}, id="text for a size"),
        pytest.param({"size": 1.5, "head": GENESIS}, id="half an entry"),
        pytest.param({"size": True, "head": GENESIS}, id="a size that is true"),
        pytest.param({"size": -1, "head": GENESIS}, id="a negative size"),
        pytest.param({"size": None, "head": None}, id="nulls"),
        pytest.param({"size": 0, "head": PROTOCOL}, id="an empty ledger with a head"),
        pytest.param({"size": 4, "head": ["x"]}, id="a list for a head"),
    ],
)
def test_a_receipt_of_another_form_is_a_finding_and_not_a_crash(whole: bytes, seen: dict[str, Any]) -> None:
    theirs = {"act": "receive", "facts": {"sender": "mbo", "sender_ledger": seen}}
    assert len(judged(whole, theirs)) == 1


def test_a_chain_is_checked_whenever_it_is_read(tmp_path: Path, whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    (tmp_path / log.NAME).write_bytes(lines[0] + lines[2])
    with pytest.raises(LinkageError, match=r"ledger\.jsonl:2"):
        Ledger(tmp_path).entries()
    with pytest.raises(LinkageError):
        Ledger(tmp_path).head()
