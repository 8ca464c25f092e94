"""Files for an auditor: the whole ledger, or one entry with its proof."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.books import MBO, UNIT, ledger_of, shown, written
from linkage import canonical
from linkage.errors import InputError, LinkageError
from linkage.ledger import export, verify
from linkage.ledger.cross import crosscheck
from linkage.ledger.verify import Verified


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return ledger_of(tmp_path_factory.mktemp("ledger"), 7).path.read_bytes()


def exported(data: bytes, size: int = 7) -> bytes:
    return export.head([MBO.card], shown(data, size)) + data


def check(data: bytes) -> Verified:
    return export.check_ledger(io.BytesIO(data), where="x.ledger")


def test_an_exported_ledger_holds_by_itself_and_is_the_ledger_behind_one_line(whole: bytes) -> None:
    data = exported(whole)
    result = check(data)
    assert (result.party, result.size, result.findings, crosscheck([result])) == ("mbo", 7, (), ())
    assert data.split(b"\n", 1)[1] == whole
    assert export.kind(data.splitlines()[0]) == export.LEDGER


def test_a_tail_cut_off_an_exported_ledger_is_found_without_a_witness(whole: bytes) -> None:
    lines = exported(whole).splitlines(keepends=True)
    result = check(b"".join(lines[:-1]))
    assert result.holds
    assert [finding.code for finding in crosscheck([result])] == ["L104"]


def test_a_checkpoint_of_another_history_is_found(whole: bytes) -> None:
    other = written(*({} for _ in range(7)))
    result = check(export.head([MBO.card], shown(other, 7)) + whole)
    assert [finding.code for finding in crosscheck([result])] == ["L109"]
    forged = check(export.head([MBO.card], shown(written({}, owner=UNIT), 1, UNIT)) + whole)
    assert [finding.code for finding in crosscheck([forged])] == ["L113"]


def test_every_flipped_bit_of_an_exported_ledger_is_found() -> None:
    data = exported(written({}, {}), 2)
    for i in range(len(data)):
        for bit in (1, 4, 64):
            spoilt = data[:i] + bytes([data[i] ^ bit]) + data[i + 1 :]
            try:
                result = check(spoilt)
            except LinkageError:
                continue
            assert result.findings or crosscheck([result]), (i, bit)


@pytest.mark.parametrize("index", range(7))
def test_a_proof_shows_one_entry_and_nothing_of_the_others(whole: bytes, index: int) -> None:
    data = export.prove(io.BytesIO(whole), [MBO.card], index)
    result = export.check_proof(data, where="p")
    assert result.findings == ()
    assert result.entry is not None
    assert result.shown is not None
    assert (result.entry.index, result.entry.facts["rows"], result.shown.size) == (index, index, 7)
    assert export.kind(data) == export.PROOF
    for other in {*range(7)} - {index}:
        assert b'"rows":%d' % other not in data
    assert crosscheck([result]) == ()


def test_a_proof_is_held_against_the_ledger_and_its_witnesses(whole: bytes) -> None:
    proof = export.check_proof(export.prove(io.BytesIO(whole), [MBO.card], 2), where="p")
    ledger = verify.verify(io.BytesIO(whole), [MBO.card])
    assert crosscheck([proof, ledger]) == ()
    cut = verify.verify(io.BytesIO(b"".join(whole.splitlines(keepends=True)[:5])), [MBO.card])
    assert [finding.code for finding in crosscheck([proof, cut])] == ["L104"]
    other = verify.verify(io.BytesIO(written(*({} for _ in range(9)))), [MBO.card])
    assert [finding.code for finding in crosscheck([proof, other])] == ["L109"]


def test_every_flipped_bit_of_a_proof_is_found(whole: bytes) -> None:
    data = export.prove(io.BytesIO(whole), [MBO.card], 4)
    for i in range(len(data)):
        for bit in (1, 4, 64):
            spoilt = data[:i] + bytes([data[i] ^ bit]) + data[i + 1 :]
            try:
                assert not export.check_proof(spoilt, where="p").holds, (i, bit)
            except LinkageError:
                continue


def test_an_entry_of_another_ledger_or_party_has_no_proof_here(whole: bytes) -> None:
    value = canonical.from_bytes(export.prove(io.BytesIO(whole), [MBO.card], 4))
    other = canonical.from_bytes(export.prove(io.BytesIO(written(*({} for _ in range(7)))), [MBO.card], 4))
    mixed = canonical.to_bytes({**value, "entry": other["entry"]})
    assert [f.code for f in export.check_proof(mixed, where="p").findings] == ["L115"]
    theirs = canonical.from_bytes(export.prove(io.BytesIO(written({}, owner=UNIT)), [UNIT.card], 0))
    foreign = canonical.to_bytes({**theirs, "cards": value["cards"]})
    assert [f.code for f in export.check_proof(foreign, where="p").findings] == ["L103", "L102"]


def test_nothing_is_proved_of_a_ledger_that_does_not_hold(whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    for spoilt in (
        whole.replace(b'"rows":3', b'"rows":4'),
        b"".join(lines[:2] + lines[3:]),
        b"".join([*lines[:3], b"nonsense\n", *lines[4:]]),
        b"".join([*lines[:-1], b"nonsense\n"]),
    ):
        with pytest.raises(LinkageError):
            export.prove(io.BytesIO(spoilt), [MBO.card], 1)


def test_an_unfinished_line_is_no_entry_to_prove(whole: bytes) -> None:
    cut = whole[:-5]
    assert export.check_proof(export.prove(io.BytesIO(cut), [MBO.card], 5), where="p").findings == ()
    with pytest.raises(InputError, match="entries 0 to 5"):
        export.prove(io.BytesIO(cut), [MBO.card], 6)


@pytest.mark.parametrize("index", [-1, 7, 10**9])
def test_there_is_no_proof_of_an_entry_that_is_not_there(whole: bytes, index: int) -> None:
    with pytest.raises(InputError, match="entries 0 to 6"):
        export.prove(io.BytesIO(whole), [MBO.card], index)


@pytest.mark.parametrize(
    "change",
    [
        {"cards": []}, {"cards": None}, {"cards": [1]}, {"checkpoint": 1}, {"siblings": None}, {"siblings": ["x"]},
        {"entry": {}}, {"entry": None}, {"more": 1}, {"linkage-ledger-proof": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_proof_of_another_form_is_refused(whole: bytes, change: dict[str, Any]) -> None:
    value = canonical.from_bytes(export.prove(io.BytesIO(whole), [MBO.card], 4))
    with pytest.raises(LinkageError):
        export.check_proof(canonical.to_bytes({**value, **change}), where="p")


def test_cards_of_two_parties_are_not_of_one_ledger(whole: bytes) -> None:
    with pytest.raises(LinkageError, match="more than one party"):
        check(export.head([MBO.card, UNIT.card], shown(whole, 7)) + whole)


@given(st.binary(max_size=60) | st.builds(lambda x: b'{"cards":[' + x, st.binary(max_size=60)))
def test_any_bytes_are_refused_or_judged(data: bytes) -> None:
    for checker in (check, lambda d: export.check_proof(d, where="p")):
        with pytest.raises(LinkageError):
            checker(data)


def test_what_a_file_is_is_told_by_its_first_line(whole: bytes, tmp_path: Path) -> None:
    assert export.kind(whole.splitlines()[0]) == ""
    assert export.kind(b"") == export.kind(b'{"cards":[]}') == ""
