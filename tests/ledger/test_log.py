"""Appending to a ledger: durable, signed with all before it, whole, and without a person number."""

from __future__ import annotations

import itertools
import os
import re
import stat
import subprocess
import sys
import threading
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from ledger.books import BSN, GEMEENTE, MBO, PROTOCOL, UNIT, checked, entries, ledger_of, shown, written
from linkage import canonical, files
from linkage.errors import InputError, Untrusted
from linkage.ledger import checkpoint, tree
from linkage.ledger import entries as reading
from linkage.ledger.log import Ledger

ROOT = b64decode(f"A{BSN}{'A' * 33}=")
TESTS = Path(__file__).parents[1]
posix = pytest.mark.skipif(os.name != "posix", reason="limits and modes are of POSIX")


def elsewhere(code: str) -> subprocess.Popen[str]:
    """Run code in a process of its own, with the tests importable."""
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_new_ledger_is_empty(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ledger.entries() == []
    with pytest.raises(InputError, match="empty"):
        ledger.checkpoint(MBO.card)
    assert os.listdir(tmp_path) == []


def test_entries_say_what_was_done_and_follow_each_other(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 3)
    read = ledger.entries()
    assert [entry.index for entry in read] == [0, 1, 2]
    assert [entry.facts["rows"] for entry in read] == [0, 1, 2]
    assert {(entry.party, entry.act, entry.protocol) for entry in read} == {("mbo", "tokenise", PROTOCOL)}
    assert [entry.follows for entry in read] == ["", read[0].signature, read[1].signature]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", entry.at) for entry in read)
    assert checked(ledger.path.read_bytes()).findings == ()


def test_every_line_is_a_checkpoint_of_all_before_it(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for size in range(1, 9):
        ledger.append(MBO, "tokenise", rows=size)
        whole = ledger.checkpoint(MBO.card)
        assert (whole.size, whole.root) == (size, tree.root_of(entry.leaf for entry in ledger.entries()))
        checkpoint.verify(whole, MBO.card, where="")
    data = ledger.path.read_bytes()
    for size in range(1, 9):
        checkpoint.verify(shown(data, size), MBO.card, where="")


def test_appending_signs_what_was_there_whoever_wrote_it(tmp_path: Path) -> None:
    here, there = Ledger(tmp_path), Ledger(tmp_path)
    for number in range(6):  # each must see what the other wrote
        (here, there)[number % 2].append(MBO, "tokenise", rows=number)
    assert [entry.facts["rows"] for entry in here.entries()] == list(range(6))
    assert checked(here.path.read_bytes()).findings == ()
    shorter = written({}, {})
    here.path.write_bytes(shorter)  # another copy was put back
    here.append(MBO, "tokenise", rows=9)
    assert here.path.read_bytes().startswith(shorter)
    assert checked(here.path.read_bytes()).findings == ()


def test_appending_reads_no_line_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand appends must not read fifty million lines (benchmarks/ledger.py measures it)."""
    ledger_of(tmp_path, 30)
    read: list[bytes] = []
    real = reading._entry
    monkeypatch.setattr(reading, "_entry", lambda line: (read.append(line), real(line))[1])
    ledger = Ledger(tmp_path)
    for number in range(20):
        ledger.append(MBO, "tokenise", rows=number)
    assert len(read) == 30 + 20  # what was there, once, and what it wrote itself
    Ledger(tmp_path).append(MBO, "tokenise", rows=20)
    read.clear()
    ledger.append(MBO, "tokenise", rows=21)
    assert len(read) == 2  # the line of the other, and its own


def test_times_never_go_back_whatever_the_clock_says(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.path.write_bytes(written({"at": "2999-01-01T00:00:00+00:00"}))
    assert ledger.append(MBO, "tokenise").at == "2999-01-01T00:00:00+00:00"
    assert checked(ledger.path.read_bytes()).findings == ()


def test_a_ledger_that_was_altered_is_not_signed_again(tmp_path: Path) -> None:
    data = ledger_of(tmp_path, 3).path.read_bytes()
    for altered in (
        data.replace(b'"rows":1', b'"rows":8'),
        written({}, {}, owner=GEMEENTE),
        written({}, {}, signers=[MBO, UNIT]),
        b"".join(data.splitlines(keepends=True)[1:]),
    ):
        (tmp_path / reading.NAME).write_bytes(altered)
        with pytest.raises(Untrusted):
            Ledger(tmp_path).append(MBO, "tokenise")
        assert (tmp_path / reading.NAME).read_bytes() == altered


def test_a_new_card_signs_on_where_the_old_one_hands_over(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 2)
    ledger.append(MBO, reading.ROTATE, card=GEMEENTE.card.fingerprint)
    with pytest.raises(Untrusted, match="another card"):
        Ledger(tmp_path).append(UNIT, "tokenise")
    Ledger(tmp_path).append(GEMEENTE, "tokenise")
    Ledger(tmp_path).append(GEMEENTE, "tokenise")
    assert len(ledger.entries()) == 5


def test_a_line_longer_than_lines_can_be_is_refused(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 1)
    before = ledger.path.read_bytes()
    with pytest.raises(InputError, match="more facts"):
        ledger.append(MBO, "tokenise", note="x" * reading.MAX_LINE)
    assert ledger.path.read_bytes() == before
    ledger.append(MBO, "tokenise")
    assert checked(ledger.path.read_bytes()).findings == ()
    with pytest.raises(Untrusted, match="too long"):
        entries(before + b"x" * (reading.MAX_LINE + 2))
    assert "L101" in [f.code for f in checked(before + b"x" * (reading.MAX_LINE + 2) + b"\n").findings]


def test_reading_and_then_appending_lets_nobody_in_between(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 1)
    with ledger.held():
        other = elsewhere(f"""
from pathlib import Path
from ledger.books import MBO
from linkage.ledger.log import Ledger
print("starts", flush=True)
Ledger(Path({str(tmp_path)!r})).held().__enter__()
print("got in", len(Ledger(Path({str(tmp_path)!r})).entries()), flush=True)
""")
        assert other.stdout is not None
        assert other.stdout.readline() == "starts\n"
        ledger.append(MBO, "send", number=len(ledger.entries()))
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.3)
    assert other.communicate(timeout=60) == ("got in 2\n", "")


def test_threads_wait_for_each_other_too(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    threads = [
        threading.Thread(target=lambda: [ledger.append(MBO, "tokenise", rows=n) for n in range(5)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = checked(ledger.path.read_bytes())
    assert (result.size, result.findings) == (20, ())


@posix
def test_the_lock_of_a_process_that_is_killed_is_free(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 1)
    other = elsewhere(f"""
import time
from pathlib import Path
from linkage.ledger.log import Ledger
held = Ledger(Path({str(tmp_path)!r})).held()
held.__enter__()
print("holds", flush=True)
time.sleep(600)
""")
    assert other.stdout is not None
    assert other.stdout.readline() == "holds\n"
    other.kill()
    other.communicate()
    assert ledger.append(MBO, "tokenise").index == 1


@posix
@pytest.mark.parametrize("after", [0.0, 0.05, 0.2])
def test_a_process_killed_while_it_appends_leaves_whole_entries(tmp_path: Path, after: float) -> None:
    writer = elsewhere(f"""
from pathlib import Path
from ledger.books import MBO
from linkage.ledger.log import Ledger
ledger = Ledger(Path({str(tmp_path)!r}))
print("starts", flush=True)
for number in range(100_000):
    ledger.append(MBO, "tokenise", rows=number)
""")
    assert writer.stdout is not None
    assert writer.stdout.readline() == "starts\n"
    time.sleep(after)
    writer.kill()
    writer.communicate()
    ledger = Ledger(tmp_path)
    rows = [entry.facts["rows"] for entry in ledger.entries()]
    assert rows == list(range(len(rows)))
    ledger.append(MBO, "tokenise", rows=-1)
    assert checked(ledger.path.read_bytes()).findings == ()


def test_what_append_returns_is_what_is_read(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "a" / "ledger")
    made = [ledger.append(MBO, "init"), ledger.append(MBO, "send", protocol=PROTOCOL, to=["unit"])]
    assert ledger.entries() == made
    assert Ledger(tmp_path / "a" / "ledger").entries() == made


def test_a_line_is_canonical_json_of_the_entry_and_its_signature(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 1)
    value = canonical.from_bytes(ledger.path.read_bytes().removesuffix(b"\n"))
    assert set(value) == {"entry", "signature"}
    assert list(value["entry"]) == ["act", "at", "facts", "follows", "index", "party", "protocol", "software"]
    (entry,) = ledger.entries()
    assert entry.data == canonical.to_bytes(value["entry"])
    assert entry.signature == value["signature"]


def test_earlier_bytes_never_change(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 2)
    before = ledger.path.read_bytes()
    ledger.append(MBO, "send")
    assert ledger.path.read_bytes().startswith(before)


@posix
def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "ledger", 1)
    assert {stat.S_IMODE(path.stat().st_mode) for path in ledger.path.parent.iterdir()} == {0o600}


def test_a_crash_at_any_byte_of_the_last_line_costs_that_line_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # hundreds of times; a test of its own sees that it is called
    whole = ledger_of(tmp_path / "whole", 3).path.read_bytes()
    kept = whole.rfind(b"\n", 0, -1) + 1
    ledger = Ledger(tmp_path)
    for length in range(kept, len(whole)):
        ledger.path.write_bytes(whole[:length])
        assert [entry.facts["rows"] for entry in ledger.entries()] == [0, 1]
        ledger.append(MBO, "tokenise", rows=9)
        assert ledger.path.read_bytes().startswith(whole[:kept])
        assert [entry.facts["rows"] for entry in ledger.entries()] == [0, 1, 9]
        assert checked(ledger.path.read_bytes()).findings == ()


def test_a_crash_at_any_byte_of_the_first_line_leaves_a_ledger_that_can_begin(tmp_path: Path) -> None:
    whole = ledger_of(tmp_path / "whole", 1).path.read_bytes()
    ledger = Ledger(tmp_path)
    for length in range(0, len(whole), 7):
        ledger.path.write_bytes(whole[:length])
        assert ledger.append(MBO, "init").index == 0
        assert checked(ledger.path.read_bytes()).findings == ()


def test_a_whole_line_that_is_damaged_is_kept_and_nothing_is_appended(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 3)
    damaged = ledger.path.read_bytes().replace(b'"rows":1', b'"rows":8')
    ledger.path.write_bytes(damaged)
    with pytest.raises(Untrusted, match=r"ledger\.jsonl: the ledger was altered"):
        Ledger(tmp_path).append(MBO, "tokenise")
    assert ledger.path.read_bytes() == damaged


@posix
@pytest.mark.parametrize("room", [0, 1, 100])
def test_a_disk_that_fills_up_is_told_and_costs_nothing_but_the_new_line(tmp_path: Path, room: int) -> None:
    ledger = ledger_of(tmp_path, 2)
    before = ledger.path.read_bytes()
    process = elsewhere(f"""
import resource, signal
from pathlib import Path
from ledger.books import MBO
from linkage.errors import InputError
from linkage.ledger.log import Ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + room}, {len(before) + room}))
try:
    Ledger(Path({str(tmp_path)!r})).append(MBO, "tokenise", rows=2)
    print("appended")
except InputError as error:
    print("refused")
""")
    assert process.communicate(timeout=60) == ("refused\n", "")
    assert len(ledger.entries()) == 2
    ledger.append(MBO, "tokenise", rows=2)
    after = ledger.path.read_bytes()
    assert after.startswith(before)
    assert checked(after).findings == ()


@pytest.mark.parametrize("name", ["ledger.lock", "ledger.jsonl"])
def test_a_ledger_that_cannot_be_written_is_bad_input(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError):
        Ledger(tmp_path).append(MBO, "init")


def test_the_line_is_on_disk_when_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path)
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.fstat(fd).st_size), real(fd))[1])
    ledger.append(MBO, "init")
    assert ledger.path.stat().st_size in synced


def test_processes_that_append_at_once_wait_for_each_other(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from linkage.crypto import identity
from linkage.ledger.log import Ledger
me = identity.from_key_file(Path({str(tmp_path / "key")!r}).read_bytes(), b"correct horse battery", where="key")
for number in range(20):
    Ledger(Path({str(tmp_path)!r})).append(me, "tokenise", writer={{}}, number=number)
"""
    from linkage.crypto.identity import Cost, to_key_file

    files.write(tmp_path / "key", to_key_file(MBO, b"correct horse battery", cost=Cost(8, 1, 1)))
    writers = [elsewhere(code.format(name)) for name in (1, 2)]
    assert [writer.communicate(timeout=60) for writer in writers] == [("", "")] * 2
    result = checked((tmp_path / reading.NAME).read_bytes())
    assert result.findings == ()
    seen = [(entry.facts["writer"], entry.facts["number"]) for entry in Ledger(tmp_path).entries()]
    assert sorted(seen) == list(itertools.product([1, 2], range(20)))


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"note": BSN}, id="as text"),
        pytest.param({"note": int(BSN)}, id="as a number"),
        pytest.param({"note": float(BSN)}, id="as a float"),
        pytest.param({"note": f"row of {BSN}."}, id="inside a sentence"),
        pytest.param({"note": f"row\n{BSN}"}, id="on a line of its own"),
        pytest.param({"note": f"\t{BSN}"}, id="behind a tab"),
        pytest.param({"note": f"BSN{BSN}"}, id="behind letters"),
        pytest.param({"note": f"{BSN}.csv"}, id="as a file name"),
        pytest.param({"note": f"export_{BSN}_2.csv"}, id="inside a file name"),
        pytest.param({"counts": [1, {"x": [BSN]}]}, id="deep inside"),
        pytest.param({BSN: 1}, id="as a key"),
        pytest.param({"counts": {BSN: 1}}, id="as a key inside"),
        pytest.param({"note": "".join(chr(ord("０") + int(d)) for d in BSN)}, id="in wide digits"),
        pytest.param({"note": "111222333"}, id="another one"),
    ],
)
def test_a_person_number_is_refused_and_not_shown(tmp_path: Path, facts: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="looks like a person number") as caught:
        Ledger(tmp_path).append(MBO, "tokenise", **facts)
    assert BSN not in str(caught.value)
    assert not (tmp_path / reading.NAME).exists()


def test_an_act_and_a_protocol_that_are_person_numbers_are_refused_too(tmp_path: Path) -> None:
    for act, protocol in ((BSN, None), ("tokenise", BSN)):
        with pytest.raises(InputError, match="looks like a person number") as caught:
            Ledger(tmp_path).append(MBO, act, protocol=protocol)
        assert BSN not in str(caught.value)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"rows": 123456789}, id="nine digits that do not pass the 11-proof"),
        pytest.param({"rows": 0, "x": "000000000"}, id="nine noughts"),
        pytest.param({"rows": 48}, id="a count"),
        pytest.param({"package": f"sha256:{BSN}" + "0" * 55}, id="a digest that begins with such digits"),
        pytest.param({"package": "sha256:a" + BSN + "f" * 54}, id="a digest that holds such digits"),
        pytest.param({"long": "1" + BSN}, id="ten digits"),
        pytest.param({"proof": [f"{BSN}{'/' * 34}="]}, id="a hash that begins with such digits"),
        pytest.param(
            {"checkpoint": checkpoint.of(MBO.card, 3, ROOT, bytes(64)).note},
            id="a checkpoint whose root holds such digits",
        ),
    ],
)
def test_counts_and_digests_are_taken(tmp_path: Path, facts: dict[str, Any]) -> None:
    assert Ledger(tmp_path).append(MBO, "tokenise", **facts).facts == facts
