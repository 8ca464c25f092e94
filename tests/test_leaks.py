"""Nothing that identifies a person comes out: not in a result, an error, a log, a ledger or a temporary file.

The inputs are full of bad rows, so that every complaint has a value that it could show. All that the commands
print, and every file they leave, is then searched for the names, dates, postcodes and numbers of the input.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from stdnum.nl import bsn

from linkage import cli, files
from simulator import PASSPHRASE, Simulator

NAMES = ["Xanthippe", "Quirijnsen", "Wolfertdinck", "Zwaluwenburg"]
NUMBERS = ["999990019", "999990020", "99999A031"]
DATES = ["30-02-2003", "17-04-2002"]
POSTCODES = ["9731QX", "0012QX"]
HEAD = "PGN;Voornamen;Achternaam;Geboortedatum;Postcode;Niveau;Schooljaar;Diplomadatum;Studentnummer"
ROWS = [
    "999990019;Xanthippe;Quirijnsen;17-04-2002;9731QX;2;2023/2024;01-07-2024;stud-77",
    "999990020;Xanthippe;Wolfertdinck;30-02-2003;9731QX;2;2023/2024;01-07-2024;stud-78",
    "99999A031;Xanthippe;Zwaluwenburg;17-04-2002;0012QX;Quirijnsen;2023/2024;30-02-2003;stud-79",
]
CONSENT = "Studentnummer;doel;status;datum;geldig_tot;kanaal\n"
SECRETS = [*NAMES, *NUMBERS, *DATES, "20020417", *POSTCODES, "stud-77", "stud-78", "stud-79"]


@pytest.fixture
def desk(
    agreed: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run a command in this process, with its own folder for temporary files; gives exit code and all output."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("LINKAGE_PASSPHRASE_FILE", str(files.write(tmp_path / "pass", PASSPHRASE)))

    def run(party: str, *arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as exit_:
            cli.main([*arguments, "--home", str(agreed.homes[party].path)])
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out + captured.err

    return run


def _search(text: str, what: str) -> None:
    for secret in SECRETS:
        assert secret.lower() not in text.lower(), f"{what} shows an input value"
    for number in re.findall(r"(?<![0-9A-Za-z+/=])\d{9}(?![0-9A-Za-z+/=])", text):
        assert not bsn.is_valid(number), f"{what} shows a number that passes the 11-proof"


def test_no_command_shows_a_value_of_a_bad_file(
    agreed: Simulator, desk: Callable[..., tuple[int, str]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    inputs = {
        "bad-cells": "\n".join([HEAD, *ROWS]),
        "ragged": "\n".join([HEAD, *ROWS, ROWS[0] + ";Zwaluwenburg"]),
        "no-heading": "\n".join(ROWS),
        "wrong-delimiter": "\n".join([HEAD, *ROWS]).replace(";", "^"),
        "open-quote": "\n".join([HEAD, '"' + ROWS[0], *ROWS]),
        "not-text": HEAD + "\n" + "\x00".join(ROWS),
    }
    config = str(files.shipped("config/mbo.yml"))
    folder = tmp_path / "exports"
    consents = files.write(
        folder / "consent.csv", (CONSENT + "stud-77;graduates-on-benefits;Quirijnsen;17-04-2002;;x\n").encode()
    )
    outputs = [desk("mbo", "consent", "import", str(consents), "--config", config)]
    for name, content in inputs.items():
        path = str(files.write(folder / f"{name}.csv", content.encode()))
        for command in (["plan"], ["plan", "--json"], ["tokenise"], ["tokenise", "--bad-cells", "leave-out"]):
            outputs.append(desk("mbo", *command, path, "--config", config))
        outputs.append(desk("mbo", "protocol", "check", path))
        outputs.append(desk("mbo", "inspect", path))
        outputs.append(desk("mbo", "card", "show", path))
        outputs.append(desk("mbo", "consent", "import", path, "--config", config))
    outputs.append(desk("mbo", "ledger", "show"))
    assert {code for code, _ in outputs} >= {0, 1, 2}
    assert sum(code != 0 for code, _ in outputs) > len(inputs) * 4
    for _, text in outputs:
        assert "fault in linkage" not in text, text
        _search(text, "an output")
    _search(caplog.text, "a log")
    _search_files([p for p in tmp_path.rglob("*") if p.is_file() and folder not in p.parents and "data" not in p.parts])


def test_a_whole_linkage_leaves_no_value_in_any_file(
    agreed: Simulator, desk: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    good = [ROWS[0], ROWS[0].replace("999990019", "999990032").replace("stud-77", "stud-78")]
    more = [f"stud-{n}" for n in range(100, 140)]  # of fewer persons nothing would be released
    good += [ROWS[0].replace("999990019", "").replace("stud-77", who) for who in more]
    folder = tmp_path / "exports"
    path = str(files.write(folder / "export.csv", "\n".join([HEAD, *good]).encode()))
    events = "".join(f"{who};graduates-on-benefits;ja;2026-01-01;;form\n" for who in ("stud-77", "stud-78", *more))
    consents = str(files.write(folder / "consent.csv", (CONSENT + events).encode()))
    config = str(files.shipped("config/mbo.yml"))
    outputs = [
        desk("mbo", "consent", "import", consents, "--config", config),
        desk("mbo", "tokenise", path, "--config", config),
    ]
    assert [code for code, _ in outputs] == [0, 0], outputs
    agreed.tokenise("gemeente")
    agreed.carry()
    outputs += [desk("unit", "match"), desk("unit", "release")]
    agreed.carry()
    outputs += [desk("mbo", "result", "show"), desk("mbo", "result", "export", str(tmp_path / "answer.html"))]
    outputs += [desk("mbo", "ledger", "verify"), desk("unit", "status", "--json"), desk("mbo", "secret", "status")]
    outputs += [desk("mbo", "record", name) for name in ("log", "register", "dpia", "letter")]
    assert [code for code, _ in outputs] == [0] * len(outputs), outputs
    for _, text in outputs:
        _search(text, "an output")
    registry = agreed.homes["mbo"].consent
    kept = [p for p in tmp_path.rglob("*") if p.is_file() and folder not in p.parents and "data" not in p.parts]
    _search_files([p for p in kept if p != registry])  # the registry knows local references, and nothing else
    text = registry.read_bytes().decode("latin-1")
    assert not any(value in text for value in [*NAMES, *NUMBERS, *POSTCODES])


def _search_files(paths: list[Path]) -> None:
    assert len(paths) > 20
    for path in paths:
        if path.name != "consent.sqlite":
            _search(path.read_bytes().decode("latin-1"), path.name)


def test_a_fault_of_ours_shows_its_kind_and_place_and_no_value(
    agreed: Simulator, desk: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ValueError(f"cannot handle {ROWS[0]}")

    monkeypatch.setattr("linkage.encode.prepare.prepare", broken)
    path = str(files.write(tmp_path / "exports" / "export.csv", "\n".join([HEAD, ROWS[0]]).encode()))
    code, text = desk("mbo", "plan", path, "--config", str(files.shipped("config/mbo.yml")))
    assert code == cli.FAULT
    assert "ValueError" in text
    _search(text, "a fault")


def test_no_command_shows_a_value_of_a_workbook_or_a_persons_reference(
    agreed: Simulator, desk: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    folder = files.folder(tmp_path / "exports")
    config = str(files.shipped("config/mbo.yml"))
    outputs = []
    for name, spoil in {"bad-cells": "", "error": "A2", "merged": "B2:B3"}.items():
        book = openpyxl.Workbook()
        for line in [HEAD, *ROWS]:
            book.active.append(line.split(";"))
        if name == "error":
            book.active[spoil], book.active[spoil].data_type = "#N/A", "e"
        elif spoil:
            book.active.merge_cells(spoil)
        book.save(folder / f"{name}.xlsx")
        for command in (["plan"], ["tokenise"], ["consent", "import"]):
            outputs.append(desk("mbo", *command, str(folder / f"{name}.xlsx"), "--config", config))
    who = str(files.write(folder / "who", b"stud-77\n"))
    for command in (
        ["give"],
        ["status"],
        ["withdraw"],
        ["prove", "--out", str(tmp_path / "proof")],
        ["check-proof", who],
    ):
        outputs.append(desk("mbo", "consent", *command, "--reference-file", who))
    assert {code for code, _ in outputs} == {0, 1, 2}
    for _, text in outputs:
        assert "fault in linkage" not in text, text
        _search(text, "an output")
    registry = agreed.homes["mbo"].consent
    kept = [p for p in tmp_path.rglob("*") if p.is_file() and folder not in p.parents and "data" not in p.parts]
    _search_files([p for p in kept if p != registry])
