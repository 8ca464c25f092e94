"""The command line: exit codes, help, and what a person sees."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import openpyxl
import pytest

from linkage import cli, files
from simulator import PASSPHRASE, Simulator

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LINKAGE_PASSPHRASE_FILE", str(files.write(tmp_path / "pass", PASSPHRASE + b"\r\n")))

    def run_(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            cli.main(list(arguments))
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out, captured.err

    return run_


def _commands(group: click.Group, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*prefix, name))
        else:
            yield (*prefix, name), command


EVERY = list(_commands(cli.linkage))


@pytest.mark.parametrize(("name", "command"), EVERY, ids=[" ".join(name) for name, _ in EVERY])
def test_every_command_has_help_and_the_shared_flags(name: tuple[str, ...], command: click.Command, run: Run) -> None:
    code, out, _ = run(*name, "--help")
    assert code == 0
    assert command.help
    assert command.help.rstrip().split("\n")[0].endswith((".", ":")) or "." in command.help
    for flag in ("--json", "--lang", "--home", "--quiet"):
        assert flag in out
    options = [o for p in command.params for o in p.opts]
    assert "--secret" not in options
    assert "--passphrase" not in options


def test_every_command_stands_in_the_reference(run: Run) -> None:
    reference = (ROOT / "docs" / "commands.md").read_text("utf-8")
    listed = set(re.findall(r"^### `linkage ([a-z -]+)`", reference, re.MULTILINE))
    assert listed == {" ".join(name) for name, _ in EVERY}


def test_help_imports_nothing_heavy_and_answers_at_once() -> None:
    code = (
        "import sys\nfrom linkage import cli\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = 'numpy pandas pyarrow numba scipy pydantic yaml cryptography nacl jinja2 stdnum rich'.split()\n"
        "print('loaded:', sorted(set(heavy) & set(sys.modules)), len(sys.modules) < 350)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: linkage" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded: [] True"  # modules are what costs; times are noisy


def test_the_module_runs_where_no_script_can_be_installed() -> None:
    done = subprocess.run([sys.executable, "-m", "linkage", "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "linkage" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["nonsense"], 2, "No such command"),
        (["plan"], 2, "Missing argument"),
        (["demo", "--people", "3"], 2, "not in the range"),
        (["protocol", "check", "nowhere.yml"], 2, "cannot read"),
        (["status", "--home", "nowhere"], 2, "not a home folder"),
        (["protocol", "new", "no-such-template", "-o", "x.yml"], 2, "nothing of this name"),
        (["next", "--home", "nowhere"], 2, "linkage init"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_exit_code_2_with_a_hint(run: Run, arguments: list[str], code: int, text: str) -> None:
    got, out, err = run(*arguments)
    assert got == code
    assert out == ""
    assert text in err


def test_found_wanting_is_exit_code_1(run: Run, tmp_path: Path) -> None:
    text = (
        files.shipped("protocols/graduates-on-benefits.yml")
        .read_text("utf-8")
        .replace("outcome: acceptable-with", "outcome: not-done #")
    )
    path = files.write(tmp_path / "p.yml", text.encode())
    code, out, _ = run("protocol", "check", str(path), "--json")
    assert code == 1
    assert [f["code"] for f in json.loads(out)["findings"] if f["severity"] == "error"] == ["P107"]


def test_protocol_commands_tell_what_an_auditor_asks(run: Run, tmp_path: Path) -> None:
    path = str(files.shipped("protocols/graduates-on-benefits.yml"))
    code, out, _ = run("protocol", "digest", path)
    assert (code, len(out.strip())) == (0, 71)
    code, out, _ = run("protocol", "show", path, "--lang", "nl")
    assert code == 0
    assert "bsn: gaat weg als token, gemaakt met de sleutelhouders" in out
    assert "P220" in out
    assert "met alle sleutelhouders (mbo, gemeente) en het koppelgeheim: alle nummers" in out
    code, out, _ = run("protocol", "schema")
    assert json.loads(out)["properties"]["parties"]


def test_a_home_is_made_with_a_passphrase_from_a_file_and_shows_its_words(run: Run, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    arguments = ["--party", "mbo", "--name", "ROC", "--number", "BRIN:99ZZ", "--home", home]
    code, out, _ = run("init", *arguments, "--json")
    made = json.loads(out)
    assert code == 0
    assert len(made["words"].split()) == 8
    assert run("init", *arguments)[0] == 1, "keys are never overwritten"
    code, out, _ = run("card", "show", "--home", home, "--json")
    assert json.loads(out)["fingerprint"] == made["fingerprint"]
    assert json.loads(run("status", "--home", home, "--json")[1])["words"] == made["words"]
    short = files.write(tmp_path / "short", b"kort")
    other = [*arguments[:-1], str(tmp_path / "other"), "--passphrase-file", str(short)]
    code, _, err = run("init", *other)
    assert code == 2
    assert "12 characters" in err
    assert not (tmp_path / "other").exists()


def test_the_passphrase_can_come_by_descriptor(agreed: Simulator, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.delenv("LINKAGE_PASSPHRASE_FILE")
    reading, writing = os.pipe()
    os.write(writing, PASSPHRASE + b"\n")
    os.close(writing)
    assert run("next", "--home", str(agreed.homes["unit"].path), "--passphrase-fd", str(reading))[0] == 0
    reading, writing = os.pipe()
    os.write(writing, b"not the passphrase")
    os.close(writing)
    code, _, err = run("next", "--home", str(agreed.homes["unit"].path), "--passphrase-fd", str(reading))
    assert code == 1
    assert "wrong passphrase" in err


def test_results_go_to_standard_output_and_are_data_with_json(played: Simulator, run: Run, tmp_path: Path) -> None:
    home = str(played.homes["mbo"].path)
    code, out, err = run("result", "show", "--home", home, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)[0]["protection"]["minimum"] == 10
    own = run("result", "show", "--home", home, "--lang", "nl")[1]
    assert "Uw eigen rijen" in own
    assert "toestemming: niet gevraagd" in own
    for ending in ("html", "csv", "json"):
        path = tmp_path / f"answer.{ending}"
        assert run("result", "export", str(path), "--home", home)[0] == 0
        assert path.stat().st_size > 100
    assert run("result", "export", str(tmp_path / "answer.docx"), "--home", home)[0] == 2
    assert run("result", "show", "--home", str(played.homes["unit"].path))[0] == 1
    code, out, _ = run("ledger", "verify", *(str(h.path) for h in played.homes.values()), "--json")
    assert (code, json.loads(out)["verified"]) == (0, True)
    assert "tokenise" in run("ledger", "show", "--home", home)[1]
    assert run("protocol", "verify", "--home", home)[0] == 0
    assert json.loads(run("consent", "status", "--home", home, "--json")[1])["given"] > 100
    assert run("secret", "status", "--home", str(played.homes["unit"].path))[0] == 1


@pytest.mark.parametrize("suffix", [".html", ".xlsx"])
def test_own_rows_go_with_the_result_unless_it_is_for_others(
    played: Simulator, run: Run, tmp_path: Path, suffix: str
) -> None:
    home = str(played.homes["mbo"].path)
    texts = []
    for name, option in (("own", []), ("others", ["--for-others"])):
        path = tmp_path / f"{name}{suffix}"
        code, out, _ = run("result", "export", str(path), "--home", home, "--lang", "en", *option)
        assert (code, out) == (0, f"wrote {path}\n")
        texts.append(_words(path))
    assert "stays here" in texts[0]
    assert "stays here" not in texts[1]
    assert "persons of mbo (fictief)" in texts[1]


def _words(path: Path) -> str:
    if path.suffix == ".html":
        return path.read_text("utf-8")
    book = openpyxl.load_workbook(path)
    return " ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_digest_of_a_result_is_that_of_its_file_though_codes_in_it_were_read(played: Simulator, run: Run) -> None:
    """What the page says to compare is what `sha256sum` says, at both recipients."""
    told = set()
    for party in ("mbo", "gemeente"):
        home = played.homes[party]
        (found,) = json.loads(run("result", "show", "--home", str(home.path), "--json")[1])
        (path,) = home.linkage().folder.glob("results/*.json")
        assert found["digest"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        told.add(found["digest"])
    assert len(told) == 1


def test_a_result_is_written_in_forms_that_are_known(played: Simulator, run: Run, tmp_path: Path) -> None:
    code, _, err = run("result", "export", str(tmp_path / "answer.xls"), "--home", str(played.homes["mbo"].path))
    assert code == 2
    assert "expected a name that ends in .html, .xlsx, .csv, .json" in err
    assert not (tmp_path / "answer.xls").exists()


def test_inspect_shows_a_package_without_opening_it(agreed: Simulator, run: Run) -> None:
    package = agreed.tokenise("mbo").package
    code, out, _ = run("inspect", str(package), "--home", str(agreed.homes["gemeente"].path), "--json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["from"]["party"], [to["party"] for to in shown["to"]]) == ("mbo", ["unit"])
    assert shown["checked"]
    assert not shown["mine"]
    for place, words in ((-70, "signature does not hold"), (-10_000, "not the one that was signed")):
        data = bytearray(package.read_bytes())
        data[place] ^= 1
        spoilt = files.write(agreed.folder / "spoilt.package", bytes(data))
        code, out, err = run("inspect", str(spoilt), "--home", str(agreed.homes["gemeente"].path))
        assert (code, out) == (1, "")
        assert words in err


def test_an_auditor_without_a_home_inspects_with_a_card(agreed: Simulator, run: Run, tmp_path: Path) -> None:
    package = str(agreed.tokenise("mbo").package)
    nowhere = ["--home", str(tmp_path / "none"), "--json"]
    plain = json.loads(run("inspect", package, *nowhere)[1])
    assert (plain["checked"], plain["protocol"]["here"], plain["mine"]) == (False, False, False)
    assert "no card was given" in plain["signature"]
    right, wrong = (str(agreed.homes[party].path / "card.json") for party in ("mbo", "gemeente"))
    assert json.loads(run("inspect", package, "--card", right, *nowhere)[1])["checked"]
    code, _, err = run("inspect", package, "--card", wrong, *nowhere)
    assert code == 1
    assert "another card" in err
    assert not (tmp_path / "none").exists()


def test_synthesise_makes_the_same_files_for_the_same_seed(run: Run, tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        code, out, _ = run("synthesise", str(tmp_path / name), "--people", "60", "--seed", "5", "--json")
        assert code == 0
        made.append([Path(path).read_bytes() for path in json.loads(out).values()])
    assert made[0] == made[1]


def test_the_language_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    from linkage.cli.options import default_lang

    for name, lang in {"nl_NL.UTF-8": "nl", "Dutch_Netherlands.1252": "nl", "C.UTF-8": "en", "de_DE": "en"}.items():
        monkeypatch.setenv("LC_ALL", name)
        assert default_lang() == lang


@pytest.mark.parametrize(
    ("spoil", "code", "text"),
    [
        (lambda data: data[:-1000], 1, "signature does not hold"),
        (lambda data: data[:30], 1, "truncated"),
        (lambda data: data[:5000] + b"x" + data[5001:], 1, "not the one that was signed"),
        (lambda data: data[:25] + b"x" + data[26:], 1, "malformed header"),
        (lambda data: b"X" + data[1:], 1, "not a card, protocol, signature or package"),
        (lambda data: b"", 1, "not a card, protocol, signature or package"),
    ],
    ids=["cut-short", "cut-in-header", "flipped-in-body", "flipped-in-header", "flipped-in-magic", "empty"],
)
def test_next_refuses_what_was_damaged_on_the_way_and_leaves_it(
    agreed: Simulator, run: Run, spoil: Callable[[bytes], bytes], code: int, text: str
) -> None:
    data = agreed.tokenise("gemeente").package.read_bytes()
    unit = agreed.homes["unit"]
    dropped = files.write(unit.inbox / "came.package", spoil(data))
    got, out, _ = run("next", "--home", str(unit.path))
    assert got == code
    assert text in out
    assert dropped.exists()
    assert not agreed.linkage("unit").received("gemeente").exists()


def test_a_plan_reads_in_dutch_and_in_english_and_writes_nothing(agreed: Simulator, run: Run) -> None:
    arguments = ["plan", str(agreed.input("mbo")), "--home", str(agreed.homes["mbo"].path)]
    before = sorted(agreed.homes["mbo"].path.rglob("*"))
    code, out, _ = run(*arguments, "--lang", "nl")
    assert code == 0
    for text in (
        "PGN (bsn)",
        "gaat weg als token, gemaakt met de sleutelhouders",
        "blijft hier",
        "toestemming: niet gevraagd",
        "doen mee",
    ):
        assert text in out
    assert "leaves as a token, made with the key-holders" in run(*arguments, "--lang", "en")[1]
    data = json.loads(run(*arguments, "--json")[1])
    assert data["leaves"]["bsn"] == "exact"
    assert data["judged"]["consent: not asked"] > 0
    assert sorted(agreed.homes["mbo"].path.rglob("*")) == before


def test_key_holders_and_custodians_at_their_own_desks(agreed: Simulator, run: Run) -> None:
    """The round trip by commands: ask, answer, go on; the same file again asks nothing new."""
    homes = {party: str(home.path) for party, home in agreed.homes.items()}
    made = agreed.made
    assert made is not None
    config = str(files.shipped("config/mbo.yml"))
    run("consent", "import", str(made.consent), "--home", homes["mbo"], "--config", config)
    ask = ["tokenise", str(agreed.input("mbo")), "--home", homes["mbo"], "--config", config]
    code, out, _ = run(*ask, "--json")
    asked = json.loads(out)
    assert (code, asked["waits for"]) == (0, ["gemeente"])
    (request,) = asked["send"]
    assert run(*ask)[1].splitlines()[-1] == "waits for the answer of gemeente: drop it in inbox/ and run linkage next"
    code, out, _ = run("oprf", "answer", request, "--home", homes["unit"])
    assert code == 1
    code, out, _ = run("oprf", "answer", request, "--home", homes["gemeente"], "--json")
    answered = json.loads(out)
    assert code == 0
    assert answered["total"] == answered["elements"] == asked["asked"]
    Path(answered["send"]).rename(agreed.homes["mbo"].inbox / "answer")
    code, out, _ = run("next", "--home", homes["mbo"])
    assert code == 0
    assert "made the package for unit; send graduates-on-benefits.mbo.package" in out
    code, out, _ = run("oprf", "announce", "--home", homes["mbo"])
    assert (code, out.count("send ")) == (0, 1)
    code, _, err = run("oprf", "announce", "--home", homes["unit"])
    assert code == 1
    assert "unit is no key-holder" in err


def test_a_dry_run_says_what_would_be_released_and_releases_nothing(run: Run, played: Simulator) -> None:
    home = played.homes["unit"]
    before = len(home.ledger.entries())
    code, out, _ = run("release", "--dry-run", "--home", str(home.path))
    assert code == 0
    assert "nothing was released" in out
    assert len(home.ledger.entries()) == before
