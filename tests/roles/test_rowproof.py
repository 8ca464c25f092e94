"""What became of one person's row: shown to an auditor, checked offline, and false for anyone else."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linkage import canonical, cli, files
from linkage.consent.event import Event
from linkage.consent.judge import Judgement
from linkage.consent.registry import Registry
from linkage.errors import LinkageError, Refused, Untrusted
from linkage.roles import custodian, rowproof
from simulator import PASSPHRASE, Simulator

HEAD = "PGN;Voornamen;Achternaam;Geboortedatum;Postcode;Niveau;Schooljaar;Diplomadatum;Studentnummer"
ROWS = ["999990019;Sanne;Jansen;01-02-2003;1234 AB;2;2023/2024;01-07-2024;{}",
        "999990020;Bo;Vos;01-02-2002;1234 AB;3;2023/2024;01-07-2024;{}",
        "999990032;Jip;Smit;01-02-1960;1234 AB;3;2023/2024;01-07-2024;{}"]  # fmt: skip
IN, OUT, OLD = "stud-1001", "stud-1002", "stud-1003"


@pytest.fixture
def ran(agreed: Simulator) -> Simulator:
    home = agreed.homes["mbo"]
    purpose = home.linkage().protocol.id
    Registry(home.consent).add(
        [Event(who, purpose, "2026-01-01", "given") for who in (IN, OUT, OLD)]
        + [Event(OUT, purpose, "2026-02-01", "withdrawn")]
    )
    text = "\n".join([HEAD, *(row.format(who) for row, who in zip(ROWS, (IN, OUT, OLD), strict=True))])
    path = files.write(agreed.folder / "few.csv", text.encode())
    made = custodian.tokenise(home, agreed.identities["mbo"], home.linkage(), path, agreed.config("mbo"))
    agreed.answered("mbo", made)
    return agreed


def proof(ran: Simulator, who: str) -> Path:
    home = ran.homes["mbo"]
    rowproof.prove(home, home.linkage(), who, ran.folder / f"{who}.proof")
    return ran.folder / f"{who}.proof"


def test_an_auditor_sees_what_became_of_one_person_and_of_nobody_else(ran: Simulator) -> None:
    for who, outcome in ((IN, "included"), (OUT, "consent: withdrawn"), (OLD, "cohort: over age")):
        path = proof(ran, who)
        checked = rowproof.check(path, who)
        assert checked.outcomes == (outcome,)
        assert checked.entry.party == "mbo"
        assert checked.ledger.card == ran.homes["mbo"].card.fingerprint
        for other in {IN, OUT, OLD, "stud-9", ""} - {who}:
            with pytest.raises(Untrusted, match="does not hold for this reference"):
                rowproof.check(path, other)
        text = path.read_text("utf-8")
        assert not any(reference in text for reference in (IN, OUT, OLD)), "a proof holds no reference"


def test_the_ledger_has_root_and_counts_and_the_registry_the_rest(ran: Simulator) -> None:
    home = ran.homes["mbo"]
    (entry,) = [e for e in home.ledger.entries() if e.act == "tokenise"]
    root = entry.facts["commitment"]["root"]
    assert (root[:7], entry.facts["commitment"]["rows"]) == ("sha256:", 3)
    assert entry.facts["judged"] == {"rows": 3, "included": 1, "consent: withdrawn": 1, "cohort: over age": 1}
    kept = Registry(home.consent).run(root)
    assert kept is not None
    assert list(kept.rows) == [(IN, "included"), (OUT, "consent: withdrawn"), (OLD, "cohort: over age")]
    for path in home.path.rglob("*"):
        if path.is_file() and path != home.consent:
            assert kept.key not in path.read_bytes()
            assert IN.encode() not in path.read_bytes()


def alterations(value: dict[str, Any], other: dict[str, Any]) -> dict[str, dict[str, Any]]:
    def row(**changes: Any) -> dict[str, Any]:
        return {**value, "rows": [{**value["rows"][0], **changes}]}

    entry = value["entry"]
    facts, no_root = entry["entry"]["facts"], {"commitment": {"root": "sha256:" + "0" * 64, "rows": 3}}
    return {
        "another outcome": row(outcome="included"),
        "another place": row(index=(value["rows"][0]["index"] + 1) % 3),
        "another salt": row(salt=other["rows"][0]["salt"]),
        "another way": row(siblings=other["rows"][0]["siblings"]),
        "no way": row(siblings=[]),
        "no row": {**value, "rows": []},
        "another root": {**value, "entry": {**entry, "entry": {**entry["entry"], "facts": {**facts, **no_root}}}},
        "another act": {**value, "entry": {**entry, "entry": {**entry["entry"], "act": "plan"}}},
        "a row that is none": {**value, "rows": [1]},
        "an index that is true": row(index=True),
        "one key more": row(reference="x"),
        "another format": {**value, rowproof.FORMAT: 2},
        "a format that is true": {**value, rowproof.FORMAT: True},
        "no rows key": {key: kept for key, kept in value.items() if key != "rows"},
    }  # fmt: skip


def test_every_alteration_is_refused(ran: Simulator) -> None:
    value, other = (canonical.from_bytes(proof(ran, who).read_bytes()) for who in (OUT, IN))
    held = []
    for story, altered in alterations(value, other).items():
        path = files.write(ran.folder / "altered", canonical.to_bytes(altered))
        try:
            rowproof.check(path, OUT)
        except LinkageError:
            continue
        held.append(story)
    assert not held
    for data in (b"", b"{}", b"[]", b"\xff", b'{"linkage-row-proof":1}', proof(ran, OUT).read_bytes()[:-5]):
        with pytest.raises(LinkageError):
            rowproof.check(files.write(ran.folder / "altered", data), OUT)


def test_a_proof_of_an_entry_without_a_root_is_refused(ran: Simulator) -> None:
    from linkage.ledger import export, log
    from linkage.roles import auditor

    home = ran.homes["mbo"]
    value = canonical.from_bytes(proof(ran, IN).read_bytes())
    with log.opened(home.ledger.path) as stream:
        value["entry"] = canonical.from_bytes(export.prove(stream, auditor.cards_of(home.path), 0))
    with pytest.raises(Untrusted, match="does not hold"):
        rowproof.check(files.write(ran.folder / "altered", canonical.to_bytes(value)), IN)


def test_who_has_no_row_and_who_ran_nothing_get_no_proof(ran: Simulator, tmp_path: Path) -> None:
    home = ran.homes["mbo"]
    with pytest.raises(Refused, match="no row of this person"):
        rowproof.prove(home, home.linkage(), "stud-9", tmp_path / "x")
    other = ran.homes["gemeente"]
    with pytest.raises(Refused, match="no run") as caught:
        rowproof.prove(other, other.linkage(), IN, tmp_path / "x")
    assert "tokenise" in caught.value.hint
    assert not (tmp_path / "x").exists()


def test_a_file_without_references_commits_to_nothing(agreed: Simulator) -> None:
    agreed.synthesise()
    agreed.tokenise("gemeente")
    home = agreed.homes["gemeente"]
    (entry,) = [e for e in home.ledger.entries() if e.act == "tokenise"]
    assert entry.facts["commitment"] is None
    with pytest.raises(Refused) as caught:
        rowproof.prove(home, home.linkage(), IN, agreed.folder / "x")
    assert "reference" in caught.value.hint


def test_a_row_that_may_take_part_and_was_not_sent_is_not_shown_as_included(agreed: Simulator) -> None:
    judged = Judgement(np.array([1, 1, 0], bool), np.array([0, 0, 1], np.int32), {"no basis": 1})
    home = agreed.homes["mbo"]
    made = rowproof.commit(home, "sha256:x", [IN, OUT, OLD], judged, np.array([1, 0, 0], bool))
    assert made is not None
    kept = Registry(home.consent).run(made["root"])
    assert kept is not None
    assert [outcome for _, outcome in kept.rows] == ["included", rowproof.NOT_SENT, "no basis"]


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("LINKAGE_PASSPHRASE_FILE", str(files.write(tmp_path / "pass", PASSPHRASE)))

    def run(typed: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed + "\n"))
        with pytest.raises(SystemExit) as exit_:
            cli.main(["consent", *arguments])
        captured = capsys.readouterr()
        assert IN not in captured.out + captured.err
        return int(exit_.value.code or 0), captured.out + captured.err

    return run


def test_the_commands_need_no_home_to_check(
    ran: Simulator, desk: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    out, home = str(tmp_path / "p"), str(ran.homes["mbo"].path)
    code, said = desk(IN, "prove", "--out", out, "--home", home, "--lang", "nl")
    assert code == 0
    assert "doen mee" in said
    nowhere = ["--home", str(tmp_path / "nowhere")]
    code, said = desk(IN, "check-proof", out, *nowhere, "--json")
    assert code == 0
    assert json.JSONDecoder().raw_decode(said)[0]["outcomes"] == ["included"]
    code, said = desk(OUT, "check-proof", out, *nowhere)
    assert code == 1
    assert "does not hold for this reference" in said
