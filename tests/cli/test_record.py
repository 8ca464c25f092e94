"""The commands of records, as a data officer and a linkage unit give them; lines about persons stay at a custodian."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

import published
from linkage import cli, files
from linkage.consent.commitment import INCLUDED
from linkage.consent.registry import Registry
from linkage.ledger.log import Ledger
from linkage.roles.home import Home
from simulator import PASSPHRASE, Simulator

Run = Callable[..., tuple[int, str, str]]
KEY = b"a key of the organisation"


@pytest.fixture
def homes(played: Simulator, tmp_path: Path) -> dict[str, Path]:
    """Copies of the homes after a whole linkage."""
    for party, home in played.homes.items():
        shutil.copytree(home.path, tmp_path / "homes" / party)
    return {party: tmp_path / "homes" / party for party in played.homes}


@pytest.fixture
def run(
    homes: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run `linkage record` in this process; gives exit code, output and the rest."""
    monkeypatch.setenv("LINKAGE_PASSPHRASE_FILE", str(files.write(tmp_path / "pass", PASSPHRASE)))

    def run_(party: str, *arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            cli.main(["record", *map(str, arguments), "--home", str(homes[party]), "--lang", "nl"])
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out, captured.err

    return run_


def took_part(home: Path) -> list[str]:
    """References of the rows that took part in the last run, as the registry keeps them."""
    (entry,) = [e for e in Ledger(home / "ledger").entries() if e.act == "tokenise"]
    kept = Registry(home / "consent.sqlite").run(entry.facts["commitment"]["root"])
    assert kept is not None
    return [who for who, outcome in kept.rows if outcome == INCLUDED]


@pytest.mark.parametrize(
    ("command", "ends", "starts"),
    [
        ("log", ".jsonl", '{"trace_id":"'),
        ("register", ".csv", "\ufeffKenmerk verwerkingsactiviteit;"),
        ("register", ".json", '{\n  "row": ['),
        ("dpia", ".md", "# DPIA (Rijksmodel 3.0), vooraf ingevuld: Gediplomeerden"),
        ("dpia", ".json", '{\n  "$schema": "https://github.com/MinBZK/par-dpia-form/'),
        ("letter", ".txt", "Aan: de functionaris gegevensbescherming van "),
        ("letter", ".html", "<!doctype html>"),
    ],
)
def test_each_record_is_written_and_printed(run: Run, tmp_path: Path, command: str, ends: str, starts: str) -> None:
    for party in ("mbo", "gemeente", "unit"):
        path = tmp_path / f"{party}{ends}"
        assert run(party, command, "--out", path) == (0, f"wrote {path}\n", "")
        assert path.read_text("utf-8").startswith(starts)
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        code, out, err = run(party, command)
        assert (code, bool(out.strip()), err) == (0, True, "")
        assert json.loads(run(party, command, "--json")[1])


def test_a_name_that_says_no_form_is_wrong_use(run: Run, tmp_path: Path) -> None:
    for command, name in (("letter", "x.pdf"), ("register", "x"), ("dpia", "x.docx"), ("log", "x.csv")):
        code, out, err = run("mbo", command, "--out", tmp_path / name)
        assert (code, out) == (2, "")
        assert "expected a name that ends in ." in err
        assert not (tmp_path / name).exists()


def test_a_record_of_a_spoilt_ledger_is_refused(run: Run, homes: dict[str, Path], tmp_path: Path) -> None:
    path = homes["mbo"] / "ledger" / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"bad_cells":0', b'"bad_cells":1'))
    for command in ("log", "register", "letter"):
        code, out, err = run("mbo", command, "--out", tmp_path / "x.json")
        assert (code, out) == (1, "")
        assert "this ledger does not hold" in err
    assert not (tmp_path / "x.json").exists()


def test_the_letter_names_the_state_of_the_ledger(run: Run, homes: dict[str, Path]) -> None:
    home = Home(homes["gemeente"])
    shown = home.ledger.checkpoint(home.card).note.splitlines()
    text = " ".join(run("gemeente", "letter")[1].split())
    assert f"{shown[1]} regels. Het eindkenmerk was {shown[2]}, onder de kaart " in text


def test_a_custodian_gets_a_line_per_person_under_the_line_of_the_run(
    run: Run, homes: dict[str, Path], tmp_path: Path
) -> None:
    people = took_part(homes["mbo"])
    out = tmp_path / "own" / "persons.jsonl"
    code, said, err = run("mbo", "log", "--persons", "--out", out, "--id-type", "studentnummer")
    assert (code, said) == (0, f"{len(people)} lines in {out}\n")
    assert "holds references of persons in clear" in err
    assert not any(who in said + err for who in people)
    if os.name == "posix":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [line["attributes"]["dpl.core.data_subject_id"] for line in lines] == people
    whole = [json.loads(line) for line in run("mbo", "log")[1].splitlines()]
    (parent,) = [line for line in whole if line["name"].startswith("Eigen rijen beoordeeld")]
    for line in lines:
        assert set(line) == set(published.LDV_LINE)
        assert set(line["attributes"]) == published.LDV_ATTRIBUTES - {"dpl.core.foreign_operation.processor"}
        assert line["attributes"]["dpl.core.data_subject_id_type"] == "studentnummer"
        assert (line["trace_id"], line["parent_span_id"]) == (parent["trace_id"], parent["span_id"])
        assert published.LDV_SPAN.fullmatch(line["span_id"])
    assert len({line["span_id"] for line in (*whole, *lines)}) == len(whole) + len(lines)


def test_lines_about_persons_are_written_down_with_their_number_alone(
    run: Run, homes: dict[str, Path], tmp_path: Path
) -> None:
    people = took_part(homes["mbo"])
    run("mbo", "log", "--persons", "--out", tmp_path / "p.jsonl")
    last = Ledger(homes["mbo"] / "ledger").entries()[-1]
    digest = "sha256:" + hashlib.sha256((tmp_path / "p.jsonl").read_bytes()).hexdigest()
    assert (last.act, last.facts["persons"], last.facts["output"]) == ("export-persons", len(people), digest)
    assert not any(who in json.dumps(dict(last.facts)) for who in people)
    assert "Logregels per persoon naar een eigen bestand geschreven" in " ".join(run("mbo", "letter")[1].split())
    texts = [run("mbo", command)[1] for command in ("log", "register", "dpia", "letter")]
    assert not any(f'"{who}"' in text or f" {who} " in text for text in texts for who in people)


def test_a_key_of_the_organisation_makes_pseudonyms(run: Run, homes: dict[str, Path], tmp_path: Path) -> None:
    people = took_part(homes["mbo"])
    key, out = files.write(tmp_path / "key", KEY + b"\n"), tmp_path / "p.jsonl"
    code, _, err = run("mbo", "log", "--persons", "--out", out, "--key-file", key, "--activity", "https://x.example/7")
    assert (code, err) == (0, "")
    lines = [json.loads(line)["attributes"] for line in out.read_text("utf-8").splitlines()]
    expected = [hmac.digest(KEY, who.encode(), "sha256").hex() for who in people]
    assert [line["dpl.core.data_subject_id"] for line in lines] == expected
    assert {line["dpl.core.processing_activity_id"] for line in lines} == {"https://x.example/7"}
    code, _, err = run("mbo", "log", "--persons", "--out", out, "--key-file", files.write(tmp_path / "k", b"short"))
    assert (code, "at least 16 bytes, got 5" in err) == (2, True)


@pytest.mark.parametrize(
    ("party", "where", "message", "code"),
    [
        ("unit", "p.jsonl", "unit is no custodian: it knows no person", 1),
        ("gemeente", "p.jsonl", "the last run kept no references of persons", 1),
        ("mbo", "homes/mbo/outbox/unit/p.jsonl", "not in the outbox", 1),
        ("mbo", "homes/mbo/inbox/../outbox/p.jsonl", "not in the outbox", 1),
        ("mbo", None, "go to a file, never to a screen", 2),
    ],
)
def test_lines_about_persons_are_refused_elsewhere(
    run: Run, homes: dict[str, Path], tmp_path: Path, party: str, where: str | None, message: str, code: int
) -> None:
    before = len(Ledger(homes[party] / "ledger").entries())
    to = ["--out", tmp_path / where] if where else []
    found = run(party, "log", "--persons", *to)
    assert (found[0], found[1]) == (code, "")
    assert message in found[2]
    assert not where or not (tmp_path / where).exists()
    assert len(Ledger(homes[party] / "ledger").entries()) == before


def test_before_the_first_run_there_is_nobody_to_log(agreed: Simulator, run: Run, homes: dict[str, Path]) -> None:
    homes["mbo"] = agreed.homes["mbo"].path
    code, _, err = run("mbo", "log", "--persons", "--out", agreed.folder / "p.jsonl")
    assert (code, "nothing was tokenised in this linkage yet" in err) == (1, True)
    text = " ".join(run("mbo", "letter")[1].split())
    assert "Protocol ondertekend" in text
    assert "Onze eigen rijen op" not in text
