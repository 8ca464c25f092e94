"""Cards and the linkage secret at the command line: what a data officer types and sees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from linkage import cli, files
from linkage.crypto import card as cards
from linkage.crypto import identity as identities
from linkage.roles import home as homes
from linkage.roles.home import Home
from simulator import CHEAP, PASSPHRASE, Simulator

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LINKAGE_PASSPHRASE_FILE", str(files.write(tmp_path / "pass", PASSPHRASE)))
    monkeypatch.setattr(identities, "RFC9106_SECOND", CHEAP)

    def run_(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_:
            cli.main(list(arguments))
        captured = capsys.readouterr()
        return int(exit_.value.code or 0), captured.out, captured.err

    return run_


def at(simulator: Simulator, party: str) -> tuple[str, str]:
    return "--home", str(simulator.homes[party].path)


def test_a_card_that_nobody_compared_wants_saying_so_and_is_shown_everywhere(
    agreed: Simulator, run: Run, tmp_path: Path
) -> None:
    late = ("--home", str(tmp_path / "late"))
    assert run("init", "--party", "late", "--name", "late", "--number", "KvK:12345678", *late)[0] == 0
    card = str(agreed.homes["mbo"].path / "card.json")
    heard = cards.words(agreed.homes["mbo"].card.fingerprint)
    for wrong in (
        [], ["--unverified"], ["--fingerprint", heard], ["--verified-by", "officer"], ["--reason", "x"],
        ["--unverified", "--reason", "x", "--fingerprint", heard, "--verified-by", "officer"],
    ):  # fmt: skip
        code, _, err = run("card", "trust", card, *wrong, *late)
        assert (code, "--unverified and --reason" in err) == (2, True), wrong
    code, out, _ = run("card", "trust", card, "--unverified", "--reason", "rehearsal only", *late)
    assert (code, "NOBODY COMPARED IT" in out) == (0, True)
    assert "NOT COMPARED by anybody" in run("status", *late)[1]
    assert "verified_by nobody" in run("ledger", "show", *late)[1]
    code, out, _ = run("card", "trust", card, "--fingerprint", heard, "--verified-by", "officer", *late, "--json")
    assert (code, json.loads(out)["verified"]) == (0, True)
    assert "compared by officer on" in run("status", *late)[1]


def test_verify_and_check_say_what_a_card_rests_on_and_that_it_ends_before_the_protocol(
    agreed: Simulator, run: Run
) -> None:
    home = agreed.homes["unit"]
    agreed.homes["unit"].trust(agreed.homes["mbo"].card, verified_by="", how="rehearsal")
    code, out, _ = run("protocol", "verify", *at(agreed, "unit"))
    assert code == 0
    assert "warning: the card of mbo was NOT COMPARED by anybody" in out
    assert f"ends on {home.card.valid_until}, before the protocol does (2090-12-31)" in out
    code, out, _ = run("protocol", "check", str(agreed.folder / "protocol.yml"), *at(agreed, "unit"))
    assert (code, "parties: warning: the card of mbo was NOT COMPARED" in out) == (0, True)
    assert "warning: the card" not in run("protocol", "check", str(agreed.folder / "protocol.yml"), "--home", "no")[1]
    data = json.loads(run("protocol", "verify", *at(agreed, "unit"), "--json")[1])
    assert "NOT COMPARED" in data["mbo"]["caution"]


def test_verify_says_who_has_not_signed_and_which_signature_is_void(agreed: Simulator, run: Run) -> None:
    agreed.linkage("mbo").signature("unit").unlink()
    agreed.linkage("mbo").signature("gemeente").write_bytes(agreed.linkage("mbo").signature("mbo").read_bytes())
    code, out, _ = run("protocol", "verify", *at(agreed, "mbo"))
    assert code == 1
    assert "unit      not signed: no signature here" in out
    assert "gemeente  not signed: signs with another party or card than the protocol names" in out


def test_new_keys_and_their_words_are_made_with_one_command(agreed: Simulator, run: Run) -> None:
    before = agreed.homes["mbo"].card
    code, out, _ = run("card", "rotate", *at(agreed, "mbo"), "--json")
    made = json.loads(out)
    now = Home(agreed.homes["mbo"].path).card
    assert code == 0
    assert now != before
    assert made["words"] == cards.words(now.fingerprint)
    assert sorted(Path(path).parent.name for path in made["send"]) == ["gemeente", "unit"]
    agreed.move()
    assert "is followed by a new one" in run("next", *at(agreed, "unit"))[1]
    assert "signed by the card before it" in run("status", *at(agreed, "unit"))[1]
    package = agreed.linkage("mbo").sent_share
    assert "by the trusted card of mbo" in run("inspect", str(package), *at(agreed, "unit"))[1]


def test_a_stolen_key_is_revoked_and_the_others_are_told_what_to_do(agreed: Simulator, run: Run) -> None:
    package = Path(shutil.copy(agreed.linkage("mbo").sent_share, agreed.folder / "share.package"))
    code, out, _ = run("card", "revoke", "--reason", "laptop stolen", *at(agreed, "mbo"))
    assert (code, "call the others" in out) == (0, True)
    agreed.move()
    code, out, _ = run("next", *at(agreed, "unit"))
    assert "mbo revoked a card" in out
    assert "decide  graduates-on-benefits 1.0: not in effect: void is the signature of mbo" in out
    assert "no card: revoked on" in run("status", *at(agreed, "unit"))[1]
    assert "not checked: the card of mbo was revoked" in run("inspect", str(package), *at(agreed, "unit"))[1]
    code, _, err = run("match", *at(agreed, "unit"))
    assert (code, "laptop stolen" in err) == (1, True)
    assert run("card", "revoke", "--reason", "two\nlines", *at(agreed, "unit"))[0] == 2


def test_a_party_that_lost_its_keys_is_distrusted_by_the_others(agreed: Simulator, run: Run) -> None:
    code, out, _ = run("card", "distrust", "mbo", "--reason", "keys lost in a move", *at(agreed, "unit"))
    assert (code, out.strip()) == (0, "no card of mbo is trusted any longer")
    code, _, err = run("match", *at(agreed, "unit"))
    assert (code, "keys lost in a move" in err) == (1, True)
    assert run("card", "distrust", "unit", "--reason", "x", *at(agreed, "unit"))[0] == 2


def test_a_card_that_ends_soon_is_warned_of_wherever_one_looks(
    agreed: Simulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date.fromisoformat(agreed.homes["mbo"].card.valid_until) - timedelta(days=10)
    assert run("card", "show", *at(agreed, "mbo"))[2] == ""
    monkeypatch.setattr(homes, "today", lambda: day)
    assert "warning: this card is valid from" in run("card", "show", *at(agreed, "mbo"))[2]
    code, out, _ = run("status", *at(agreed, "mbo"))
    assert (code, "warning: the own card ends on" in out, "warning: the card of unit ends" in out) == (0, True, True)
    assert "decide  the own card ends on" in run("next", *at(agreed, "mbo"))[1]


def test_the_state_of_the_secret_is_told_without_a_passphrase(
    agreed: Simulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINKAGE_PASSPHRASE_FILE")
    shown = [json.loads(run("secret", "status", *at(agreed, party), "--json")[1]) for party in ("mbo", "gemeente")]
    assert shown[0] == shown[1]
    assert shown[0]["here"]
    code, out, _ = run("secret", "status", *at(agreed, "mbo"))
    assert (code, cards.words(shown[0]["check"]) in out) == (0, True)
    code, _, err = run("secret", "status", *at(agreed, "unit"))
    assert (code, "no custodian" in err) == (1, True)


def test_what_is_missing_of_the_secret_is_told_with_whom_to_ask(tmp_path: Path, run: Run) -> None:
    simulator = Simulator(tmp_path).found()
    simulator.sign()
    simulator.move()
    assert run("next", *at(simulator, "mbo"))[0] == 0
    code, out, _ = run("secret", "status", *at(simulator, "mbo"))
    assert code == 1
    assert "missing     the share of gemeente" in out
    code, out, _ = run("secret", "share", *at(simulator, "mbo"))
    assert code == 0
    assert "send " in out
    assert "missing: the share of gemeente" in out


def test_the_secret_is_destroyed_when_asked_for_in_so_many_words(agreed: Simulator, run: Run) -> None:
    code, _, err = run("secret", "destroy", *at(agreed, "mbo"))
    assert (code, "--early" in err) == (1, True)
    code, out, _ = run("secret", "destroy", "--early", *at(agreed, "mbo"))
    assert (code, "remove mailed shares and backups yourself" in out) == (0, True)
    code, out, _ = run("secret", "status", *at(agreed, "mbo"))
    assert (code, "destroyed on" in out) == (1, True)
    assert "was destroyed on" in run("next", *at(agreed, "mbo"))[1]
