"""`linkage clkhash`: the file that anonlink reads, from a schema and a CSV, and what is said beside it."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from linkage import cli, files
from linkage.errors import InputError
from linkage.roles import partner

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors" / "clkhash" / "clkhash_vectors.json"


def vectors(name: str) -> dict[str, Any]:
    if not VECTORS.exists():
        pytest.skip("../shared/vectors/clkhash is missing: the file for anonlink was NOT checked")
    return dict(json.loads(VECTORS.read_text("utf-8"))[name])


class Desk:
    """A folder with a schema, a CSV and a secret, and the command."""

    def __init__(self, folder: Path, given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.out = folder / "clks.json"
        self.schema = files.write(folder / "schema.json", json.dumps(given["schema"]).encode())
        self.secret = files.write(folder / "secret", given["secret"].encode() + b"\r\n")
        self.path = folder / "rows.csv"
        self.write([[feature["identifier"] for feature in given["schema"]["features"]], *given["rows"]])

    def write(self, rows: list[list[str]], encoding: str = "utf-8") -> None:
        with self.path.open("w", encoding=encoding, newline="") as stream:
            csv.writer(stream).writerows(rows)

    def run(self, *more: str, secret: bool = True) -> tuple[int, str, str]:
        given = ["--secret-file", str(self.secret)] if secret else []
        with pytest.raises(SystemExit) as exit_:
            cli.main(["clkhash", str(self.schema), str(self.path), "--out", str(self.out), *given, *more])
        captured = self.capsys.readouterr()
        return int(exit_.value.code or 0), captured.out, captured.err


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, vectors("blake_1024"), capsys)


@pytest.mark.parametrize("name", ["blake_1024", "double_1024", "double_1000", "blake_1024_xor_folds_1"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_file_is_that_of_clkhash(
    name: str, encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = vectors(name)
    desk = Desk(tmp_path, given, capsys)
    desk.write([[feature["identifier"] for feature in given["schema"]["features"]], *given["rows"]], encoding)
    code, out, err = desk.run("--json")
    assert code == 0
    assert json.loads(desk.out.read_bytes()) == {"clks": given["clks"]}
    assert json.loads(out) == {"clks": str(desk.out), "rows": len(given["rows"]), "findings": []}
    for words in ("outside any linkage protocol", "no consent", "nothing is signed", "ledger", "doubleHash"):
        assert words in err
    if os.name == "posix":
        assert stat.S_IMODE(desk.out.stat().st_mode) == 0o600


def test_what_it_is_worth_is_said_even_when_quiet(desk: Desk) -> None:
    assert "outside any linkage protocol" in desk.run("--quiet")[2]


def test_folding_that_clkhash_ignores_is_warned_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(tmp_path, vectors("blake_1024_fold1"), capsys)
    code, out, err = desk.run("--json")
    assert code == 0
    assert "E301" in err
    assert [finding["code"] for finding in json.loads(out)["findings"]] == ["E301"]
    assert json.loads(desk.out.read_bytes())["clks"] == vectors("blake_1024_xor_folds_1")["clks"]


def test_the_secret_comes_by_file_descriptor_or_prompt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = vectors("blake_1024")["clks"]
    reading, writing = os.pipe()
    os.write(writing, b"secret\n")
    os.close(writing)
    assert desk.run("--secret-fd", str(reading), secret=False)[0] == 0
    assert json.loads(desk.out.read_bytes())["clks"] == expected
    asked: list[str] = []

    def prompt(text: str, **_: Any) -> str:
        asked.append(text)
        return "secret"

    monkeypatch.setattr("click.prompt", prompt)
    assert desk.run(secret=False)[0] == 0
    assert asked == ["Secret"]
    assert json.loads(desk.out.read_bytes())["clks"] == expected


def test_nothing_is_written_for_what_is_refused_and_no_cell_is_shown(desk: Desk) -> None:
    headings = ["id", "name", "dob", "bsn", "income"]
    good = ["1", "Quirijnsen", "2001-03-15", "111222333", "1"]
    for rows, words in (
        (
            [headings, good, ["2", "Quirijnsen", "15 Quirijnsen", "111222333", "1"]],
            "rows.csv, row 2, dob: expected a date",
        ),
        ([headings, good[:4]], "line 2 (row 1): expected 5 cells"),
        ([["id", "Quirijnsen", "dob", "bsn", "income"], good], "expected the headings of the schema"),
    ):
        desk.write(rows)
        code, out, err = desk.run()
        assert (code, out) == (2, "")
        assert words in err
        assert "Quirijnsen" not in err
        assert not desk.out.exists()


def test_an_empty_secret_and_an_unreadable_schema_are_refused(desk: Desk) -> None:
    files.write(desk.secret, b"\n")
    assert "the secret is empty" in desk.run()[2]
    files.write(desk.secret, b"secret")
    files.write(desk.schema, b"{")
    assert "not JSON" in desk.run()[2]
    assert not desk.out.exists()


def test_the_role_can_be_called_by_an_embedder(desk: Desk) -> None:
    made = partner.clkhash(desk.schema, desk.path, b"secret", desk.out)
    assert (made.path, made.rows, made.findings) == (desk.out, 2, ())
    with pytest.raises(InputError, match="cannot read"):
        partner.clkhash(desk.schema, desk.folder / "absent.csv", b"secret", desk.out)
