"""The registry at the desk: giving, withdrawing, asking where somebody stands, and giving account."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from linkage import cli, files
from linkage.consent.registry import Registry
from simulator import PASSPHRASE, Simulator

Desk = Callable[..., tuple[int, str, str]]
WHO = "stud-4711"
PURPOSE = "graduates-on-benefits"


@pytest.fixture
def desk(
    agreed: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    monkeypatch.setenv("LINKAGE_PASSPHRASE_FILE", str(files.write(tmp_path / "pass", PASSPHRASE)))
    monkeypatch.setattr("linkage.roles.home.today", lambda: __import__("datetime").date(2026, 11, 20))

    def run(*arguments: str, typed: str = WHO + "\n") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as exit_:
            cli.main(["consent", *arguments, "--home", str(agreed.homes["mbo"].path)])
        captured = capsys.readouterr()
        assert WHO not in captured.out + captured.err, "the reference is never shown"
        return int(exit_.value.code or 0), captured.out, captured.err

    return run


def test_giving_withdrawing_and_asking_take_one_command_each(desk: Desk) -> None:
    out = desk("status", "--person", "--lang", "nl")[1].strip()
    nothing = "er is nooit iets vastgelegd; instemming met overdracht, iets anders dan toestemming: niet gevraagd."
    assert out.endswith(f"(peildatum 2026-10-01) als toestemming nodig is: {nothing}")
    code, out, _ = desk(
        "give", "--method", "formulier", "--on", "2026-09-01", "--notice", "2026-08", "--until", "2027-01-01"
    )
    assert (code, out.strip()) == (0, f"given for {PURPOSE} on 2026-09-01")
    code, out, _ = desk("status", "--person", "--lang", "nl")
    assert out.strip() == (
        f"Deze persoon mag, wat toestemming betreft, meedoen aan {PURPOSE} (peildatum 2026-10-01): toestemming gegeven "
        "op 2026-09-01, via formulier, bij privacyverklaring 2026-08, geldig tot en met 2027-01-01; instemming met "
        "overdracht, iets anders dan toestemming: niet gevraagd."
    )
    code, out, _ = desk("withdraw", "--reference-file", "-")
    assert (code, out.strip()) == (0, f"withdrawn for {PURPOSE} on 2026-11-20")
    data = json.loads(desk("status", "--person", "--json")[1])
    assert (data["standing"], data["last"]["at"]) == ("withdrawn", "2026-11-20")
    assert "reference" not in data["last"]
    code, _, err = desk("withdraw")
    assert code == 1
    assert "nothing is given that could be withdrawn" in err


def test_instemming_is_given_and_withdrawn_apart(desk: Desk, agreed: Simulator) -> None:
    desk("give", "--on", "2026-09-01")
    desk("give", "--instemming", "--on", "2026-09-02", "--method", "gesprek")
    assert "gegeven." in desk("status", "--person", "--lang", "nl")[1]
    desk("withdraw", "--instemming")
    data = json.loads(desk("status", "--person", "--json")[1])
    assert (data["standing"], data["instemming"]) == ("given", "withdrawn")
    assert [e.facts["kind"] for e in agreed.homes["mbo"].ledger.entries() if e.act == "record-consent"] == [
        "consent", "instemming", "instemming",
    ]  # fmt: skip


def test_consent_below_sixteen_needs_the_representative(desk: Desk) -> None:
    desk("give", "--on", "2026-09-01", "--age", "15")
    assert "UAVG art. 5" in desk("status", "--person", "--lang", "nl")[1]
    desk("give", "--on", "2026-09-01", "--age", "15", "--representative")
    assert json.loads(desk("status", "--person", "--json")[1])["standing"] == "given"


@pytest.mark.parametrize(
    "standing", ["requested", "deferred", "refused", "revoked", "expired", "invalidated", "unknown"]
)
@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_standing_has_its_sentence(desk: Desk, agreed: Simulator, standing: str, lang: str) -> None:
    from linkage.consent.event import Event

    Registry(agreed.homes["mbo"].consent).add([Event(WHO, PURPOSE, "2026-09-01", standing)])
    code, out, _ = desk("status", "--person", "--lang", lang)
    assert code == 0
    assert out.count("\n") == 1
    assert "2026-09-01" in out


@pytest.mark.parametrize(
    ("arguments", "typed", "message"),
    [
        pytest.param(["give", "--on", "2026-11-21"], WHO, "still to come", id="tomorrow"),
        pytest.param(["give", "--on", "1-9-2026"], WHO, "yyyy-mm-dd", id="a day in another order"),
        pytest.param(["give", "--reference-file", "-"], "a\nb\n", "", id="the first line of standard input counts"),
        pytest.param(["give", "--reference-file", "-"], "", "reference of one person", id="nobody"),
    ],
)
def test_what_cannot_be_is_refused(desk: Desk, arguments: list[str], typed: str, message: str) -> None:
    code, _, err = desk(*arguments, typed=typed)
    assert code == (2 if message else 0)
    assert message in err


def test_a_workbook_is_imported_with_instemming_and_told_what_is_odd(
    desk: Desk, agreed: Simulator, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Studentnummer", "doel", "status", "datum", "soort", "leeftijd", "bewijs", "geldig_tot", "kanaal"])
    sheet.append(
        [4711, PURPOSE, "Ja", __import__("datetime").date(2026, 9, 1), "toestemming", 17, "map 3", None, "brief"]
    )
    sheet.append([4711, PURPOSE, "ja", "2026-09-01", "Instemming", 17, "map 3", None, "brief"])
    sheet.append([4712, PURPOSE, "nee", "2026-09-01", None, None, None, None, None])
    sheet.row_dimensions[4].hidden = True
    book.save(tmp_path / "lijst.xlsx")
    text = files.shipped("config/mbo.yml").read_text("utf-8")
    more = "  kind: soort\n  age: leeftijd\n  evidence: bewijs\n  words: {toestemming: consent}\n  statuses:\n"
    config = files.write(tmp_path / "c.yml", text.replace("  statuses:\n", more).encode())
    code, out, err = desk("import", str(tmp_path / "lijst.xlsx"), "--config", str(config), "--json")
    assert (code, json.loads(out)) == (0, {"events": 3, "new": 3, "changed": 0, "absent": 0})
    assert "E206" in err, "a hidden row is read, and told"
    registry = Registry(agreed.homes["mbo"].consent)
    assert registry.standing(PURPOSE, "2026-10-01") == {"4711": "given", "4712": "refused"}
    assert registry.standing(PURPOSE, "2026-10-01", "instemming") == {"4711": "given"}
    (first, _), *_ = registry.history("4711")
    assert (first.age, first.evidence, first.method) == ("17", "map 3", "brief")
    assert desk("import", str(tmp_path / "lijst.xlsx"), "--config", str(config), "--sheet", "Blad9")[0] == 2
    assert desk("import", str(tmp_path / "lijst.xlsx"), "--config", str(config), "--sheet", "sheet")[0] == 0


@pytest.mark.parametrize(("form", "start"), [("csv", "\ufeffreference;purpose"), ("dpv", '{\n "@context"')])
def test_an_account_is_written_for_the_organisation(
    desk: Desk, agreed: Simulator, tmp_path: Path, form: str, start: str
) -> None:
    out = tmp_path / "account"
    assert desk("export", "--format", form, "--out", str(out))[0] == 1, "nothing was recorded"
    desk("give", "--on", "2026-09-01", "--method", "form")
    code, _, err = desk("export", "--format", form, "--out", str(out), "--address", "Straat 1")
    assert code == 0
    assert "holds references of persons" in err
    text = out.read_text("utf-8")
    assert text.startswith(start)
    assert WHO in text
    entry = agreed.homes["mbo"].ledger.entries()[-1]
    assert (entry.act, entry.facts["form"], entry.facts["events"]) == ("export-consent", form, 1)


def test_no_reference_stands_in_the_ledger(desk: Desk, agreed: Simulator) -> None:
    desk("give", "--on", "2026-09-01", "--evidence", f"form of {WHO}")
    desk("withdraw")
    assert WHO.encode() not in agreed.homes["mbo"].ledger.path.read_bytes()
