"""Re-contact at the command line: each person at its own desk, and what each sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage import cli, files
from simulator import PASSPHRASE, Simulator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    recontact: Simulator, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    monkeypatch.setenv("LINKAGE_PASSPHRASE_FILE", str(files.write(tmp_path / "pass", PASSPHRASE)))

    def run_(party: str, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            cli.main([*arguments, "--home", str(recontact.homes[party].path)])
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out, captured.err

    return run_


def test_from_match_to_the_file_for_excel(recontact: Simulator, run: Run, tmp_path: Path) -> None:
    for party in ("mbo", "gemeente"):
        recontact.tokenise(party)
    recontact.carry()
    assert run("unit", "match")[0] == 0
    code, out, _ = run("unit", "release", "--dry-run", "--json")
    (planned,) = json.loads(out)["planned"]
    assert (code, planned["to"], planned["approver"]) == (0, "mbo", "approver")
    code, out, _ = run("unit", "release")
    assert code == 0
    assert f"'to-call' waits for the decision of approver ({planned['rows']} rows): send" in out
    assert run("approver", "approve", "--by", "FG")[0] == 1, "nothing has come yet"
    recontact.move()
    code, out, _ = run("approver", "next")
    assert code == 0
    assert f"may mbo get back about {planned['rows']} of its own rows" in out
    assert run("approver", "approve")[0] == 2, "who decides is asked"
    code, _, err = run("approver", "approve", "--by", "FG", "--refuse")
    assert code == 2
    assert "why a list is refused" in err
    code, out, _ = run("approver", "approve", "--by", "FG", "--output", "to-call", "--json")
    assert (code, json.loads(out)["decision"]) == (0, "approve")
    code, _, err = run("approver", "approve", "--by", "FG", "--refuse", "--reason", "toch niet")
    assert code == 1
    assert "A decision stands" in err
    recontact.move()
    assert run("unit", "next")[0] == 0
    code, out, _ = run("unit", "release", "--json")
    assert (code, json.loads(out)[0]["state"]) == (0, "returned")
    assert run("mbo", "result", "show")[0] == 1
    recontact.move()
    code, out, _ = run("mbo", "next")
    assert "took in the list 'to-call'" in out
    code, out, _ = run("mbo", "result", "show", "--lang", "nl")
    assert code == 0
    assert "krijgt van de eigen rijen terug wie gevonden is bij" in out
    assert "mogen op" in out
    assert "Uw eigen rijen" in out
    told = json.loads(run("mbo", "result", "show", "--json")[1])[0]
    path = tmp_path / "bellen.csv"
    code, out, _ = run("mbo", "result", "contacts", str(path), "--lang", "nl")
    assert code == 0
    lines = path.read_text("utf-8-sig").splitlines()
    assert lines[0] == "Studentnummer;reden;goedgekeurd op;toestemming bekeken op"
    assert len(lines) - 1 == told["persons"]
    assert not any(line.split(";")[0] in out for line in lines[1:])
    assert run("mbo", "result", "contacts", str(tmp_path / "bellen.docx"))[0] == 2
    assert run("gemeente", "result", "show")[0] == 1
    assert run("gemeente", "result", "contacts", str(path))[0] == 1
    homes = [str(home.path) for home in recontact.homes.values()]
    assert run("mbo", "ledger", "verify", *homes)[0] == 0


def test_a_refusal_is_told_with_exit_code_1(recontact: Simulator, run: Run) -> None:
    recontact.asked().decide(approve=False, reason="Eerst met de coaches overleggen")
    recontact.carry()
    code, out, _ = run("unit", "release")
    assert code == 1
    assert "was refused by Functionaris gegevensbescherming" in out
    assert "Eerst met de coaches overleggen; nothing is returned" in out


def test_a_protocol_for_re_contact_is_read_before_it_is_signed(recontact: Simulator, run: Run) -> None:
    path = str(recontact.linkage("mbo").folder / "protocol.yml")
    out = run("approver", "protocol", "show", path, "--lang", "nl")[1]
    assert "niemand anders krijgt ze. Pas na goedkeuring door approver (fictief)" in out
    assert "unit aan mbo (rijen): AVG/GDPR 6(1)(e)" in out
    out = run("mbo", "protocol", "show", path, "--lang", "en")[1]
    assert "gets back those of its own rows that are found at gemeente (fictief); nobody else gets them" in out
    assert run("mbo", "protocol", "check", path)[0] == 0


def test_under_statistics_there_is_nothing_to_approve_and_nobody_to_call(
    played: Simulator, recontact: Simulator, run: Run, tmp_path: Path
) -> None:
    recontact.homes = played.homes
    for party, arguments in (
        ("gemeente", ["approve", "--by", "FG"]),
        ("mbo", ["result", "contacts", str(tmp_path / "x.csv")]),
    ):
        code, _, err = run(party, *arguments)
        assert code == 1
        assert "agreed as statistics: no row ever comes back" in err
