"""The commands of the ledger, as an owner and an auditor give them."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage import cli, files
from linkage.ledger.log import Ledger
from simulator import Simulator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; gives exit code, output and the rest."""

    def run_(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            cli.main(["ledger", *map(str, arguments)])
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out, captured.err

    return run_


@pytest.fixture
def homes(played: Simulator, tmp_path: Path) -> dict[str, Path]:
    """Copies of the homes after a whole linkage, to be spoilt."""
    for party, home in played.homes.items():
        shutil.copytree(home.path, tmp_path / party)
    return {party: tmp_path / party for party in played.homes}


def lines(home: Path) -> tuple[Path, list[bytes]]:
    path = home / "ledger" / "ledger.jsonl"
    return path, path.read_bytes().splitlines(keepends=True)


def test_the_ledgers_of_a_whole_linkage_are_verified_together(run: Run, homes: dict[str, Path]) -> None:
    code, out, err = run("verify", *homes.values())
    assert (code, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()] == ["mbo", "gemeente", "unit", "ledger verified"]


def test_a_home_a_ledger_file_and_an_export_say_the_same(run: Run, homes: dict[str, Path], tmp_path: Path) -> None:
    path, every = lines(homes["mbo"])
    export, bare = tmp_path / "mbo.ledger", tmp_path / "elsewhere" / "some.jsonl"
    files.write(bare, path.read_bytes())
    assert run("export", export, "--home", homes["mbo"])[0] == 0
    assert export.read_bytes().split(b"\n", 1)[1] == path.read_bytes()
    if os.name == "posix":
        assert stat.S_IMODE(export.stat().st_mode) == 0o600
    card = homes["mbo"] / "card.json"
    said = [
        run("verify", homes["mbo"]),
        run("verify", path),
        run("verify", export),
        run("verify", export, "--card", card),
        run("verify", bare, "--card", card),
        run("verify", "--home", homes["mbo"]),
    ]
    assert {(code, out) for code, out, _ in said} == {said[0][:2]}
    assert said[0][0] == 0
    assert f"mbo: {len(every)} entries" in said[0][1]


def test_an_entry_is_proved_without_the_rest(run: Run, homes: dict[str, Path], tmp_path: Path) -> None:
    _, every = lines(homes["mbo"])
    for index in range(len(every)):
        proof = tmp_path / f"{index}.proof"
        assert run("prove", str(index), proof, "--home", homes["mbo"])[0] == 0
        code, out, _ = run("verify", proof)
        assert code == 0
        assert f"mbo: one entry of {len(every)}, card " in out
        assert out.endswith("proof verified\n")
    shown = json.loads(run("verify", tmp_path / "3.proof", "--json")[1])
    assert (shown["verified"], shown["entries"], shown["proofs"][0]["index"]) == (True, {}, 3)
    code, _, err = run("prove", "99", tmp_path / "99.proof", "--home", homes["mbo"])
    assert (code, "no entry 99" in err) == (2, True)
    assert not (tmp_path / "99.proof").exists()


def test_everything_is_compared_with_everything(run: Run, homes: dict[str, Path], tmp_path: Path) -> None:
    export, proof = tmp_path / "mbo.ledger", tmp_path / "p"
    run("export", export, "--home", homes["mbo"])
    run("prove", "10", proof, "--home", homes["mbo"])
    assert run("verify", export, proof, homes["gemeente"], homes["unit"])[0] == 0
    path, every = lines(homes["mbo"])
    path.write_bytes(b"".join(every[:8]))
    code, out, _ = run("verify", *homes.values(), export, proof, "--json")
    found = json.loads(out)["findings"]
    assert code == 1
    saw = [finding["where"] for finding in found if finding["code"] == "L104"]
    assert {"mbo.ledger", "p"} < set(saw)  # the export, the proof, and the unit's receipt
    assert any(where.startswith("unit entry") for where in saw)


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (lambda every: [every[0], *every[2:]], {"L101"}),
        (lambda every: [every[0], every[2], every[1], *every[3:]], {"L101"}),
        (lambda every: [line.replace(b'"act":"make-secret"', b'"act":"made-secret"') for line in every], {"L103"}),
        (lambda every: every[:6], {"L104"}),
    ],
    ids=["removed", "reordered", "changed", "cut"],
)
def test_a_spoilt_ledger_is_told_with_exit_code_1(
    run: Run, homes: dict[str, Path], spoil: Callable[[list[bytes]], list[bytes]], codes: set[str]
) -> None:
    path, every = lines(homes["mbo"])
    path.write_bytes(b"".join(spoil(every)))
    code, out, _ = run("verify", *homes.values())
    assert code == 1
    assert out.splitlines()[-1] == "ledger NOT verified"
    found = {f["code"] for f in json.loads(run("verify", *homes.values(), "--json")[1])["findings"]}
    assert codes <= found


def test_another_card_than_the_one_that_was_compared_is_told(
    run: Run, homes: dict[str, Path], played: Simulator, tmp_path: Path
) -> None:
    from linkage.roles.home import Home
    from simulator import CHEAP, PASSPHRASE

    Home(tmp_path / "other").create("mbo", "not the school", "BRIN:99ZZ", PASSPHRASE, cost=CHEAP)
    code, out, _ = run("verify", tmp_path / "other", "--card", homes["mbo"] / "card.json")
    assert code == 1
    assert "L116" in out
    assert run("verify", tmp_path / "other")[0] == 0  # by itself it holds: whose card it is, a person must know


def test_what_cannot_be_verified_is_wrong_use(run: Run, homes: dict[str, Path], tmp_path: Path) -> None:
    bare = files.write(tmp_path / "far" / "away" / "x.jsonl", lines(homes["mbo"])[0].read_bytes())
    for arguments, message in (
        ([bare], "no card beside this ledger"),
        ([tmp_path / "nothing"], "cannot read the ledger"),
        ([tmp_path], "cannot read the ledger"),
        ([homes["mbo"], "--card", tmp_path / "no-card"], "no-card"),
    ):
        code, out, err = run("verify", *arguments)
        assert (code, out) == (2, "")
        assert message in err


def test_show_steers_no_terminal_and_shortens_no_word(run: Run, played: Simulator, homes: dict[str, Path]) -> None:
    Ledger(homes["mbo"] / "ledger").append(
        played.identities["mbo"],
        "trust-card",
        about="unit",
        how="\x1b[2Jx\nledger verified",
        verified_by="a long function name",
    )
    code, out, _ = run("show", "--home", homes["mbo"])
    last = out.splitlines()[-1]
    assert (code, "\x1b" in out) == (0, False)
    assert "?[2Jx?ledger verified" in last or "?[2Jx size" in last
    assert "a long function name" in last
    receipts = [line for line in out.splitlines() if " receive " in line]
    assert "checkpoint linkage/ledger/v1/unit/KvK:99999999 size " in receipts[-1]
    data = json.loads(run("show", "--json", "--home", homes["mbo"])[1])
    assert data[-1]["facts"]["how"] == "\x1b[2Jx\nledger verified"
