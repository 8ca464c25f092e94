"""Re-contact: one relation holder gets its own rows of consenting people back, after a second person said yes."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import protocols
from linkage import canonical, files
from linkage.crypto import envelope
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.findings import Severity
from linkage.ledger.log import Ledger
from linkage.report import returned
from linkage.roles import (
    approver,
    auditor,
    ceremony,
    contacts,
    custodian,
    exchange,
    keeping,
    kept,
    listed,
    recipient,
    recontact,
    trust,
    unit,
)
from linkage.roles import home as homes
from linkage.roles.home import Home
from linkage.roles.listed import Approval, Listing, Request
from simulator import WITH_APPROVER, Simulator

EVENTS = "Studentnummer;doel;status;datum;geldig_tot;kanaal;soort\n"


@pytest.fixture(scope="module")
def _asked(_recontact: Simulator, copied: Callable[..., Simulator], tmp_path_factory: Any) -> Simulator:
    return copied(_recontact, tmp_path_factory.mktemp("asked")).asked()


@pytest.fixture
def asked(_asked: Simulator, copied: Callable[..., Simulator], tmp_path: Path) -> Simulator:
    """The approver has the request; one's own copy, to be spoilt."""
    return copied(_asked, tmp_path)


@pytest.fixture(scope="module")
def played_back(_asked: Simulator, copied: Callable[..., Simulator], tmp_path_factory: Any) -> Simulator:
    """The school has its list. Look, do not touch."""
    s = copied(_asked, tmp_path_factory.mktemp("back"))
    s.decide()
    s.carry()
    s.release()
    s.carry()
    return s


def handles(s: Simulator) -> contacts.Handles:
    return contacts._handles(s.identities["mbo"], s.linkage("mbo"))


def linked(s: Simulator) -> set[str]:
    """References of the school's rows that the unit linked."""
    pairs = keeping.from_bytes(s.linkage("unit").links.read_bytes()).pairs("mbo", "gemeente")
    return {handles(s).references[ours.hex()] for ours, _ in pairs}


def acts(s: Simulator, party: str, act: str) -> list[Any]:
    return [e.facts for e in s.homes[party].ledger.entries() if e.act == act]


def says(s: Simulator, text: str, kind: str = "consent") -> None:
    """What persons say to the school, about consent or instemming."""
    path = files.write(s.folder / "late.csv", (EVENTS + "".join(f"{line};{kind}\n" for line in text.split())).encode())
    config = s.config("mbo")
    assert config.consent is not None
    section = config.consent.model_copy(update={"kind": "soort"})
    custodian.import_consent(s.homes["mbo"], s.identities["mbo"], path, config.model_copy(update={"consent": section}))


def test_the_school_gets_back_its_own_references_of_who_was_found(played_back: Simulator) -> None:
    (one,) = played_back.contacts()
    assert set(one.references) == linked(played_back)
    assert len(one.references) > 10
    assert one.left_out == 0
    assert list(one.references) == sorted(set(one.references))
    assert played_back.truth is not None
    assert played_back.made is not None
    lines = played_back.made.consent.read_text("utf-8").splitlines()[1:]
    gave = {line.split(";")[0] for line in lines if ";given;" in line}
    gave -= {line.split(";")[0] for line in lines if ";withdrawn;" in line}
    assert set(one.references) <= gave


def test_nobody_else_learns_a_reference_or_a_handle(played_back: Simulator) -> None:
    mine, found = handles(played_back).references, linked(played_back)
    for party in ("gemeente", "unit", "approver"):
        data, opened = everything(played_back, party)
        assert opened
        assert not any(reference.encode() in data for reference in found if len(reference) > 4)
        if party != "unit":
            assert not any(handle.encode() in data or bytes.fromhex(handle) in data for handle in mine)


def everything(s: Simulator, party: str) -> tuple[bytes, int]:
    """All that a party has and can open, and how many packages that were."""
    data, opened = [], 0
    for path in (p for p in s.homes[party].path.rglob("*") if p.is_file()):
        data.append(path.read_bytes())
        if envelope.is_package(data[-1]):
            header = envelope.read(path).header
            about = {"protocol": header.protocol, "type_": header.type}
            with suppress(LinkageError):
                card = s.homes[header.sender].card
                data += envelope.open_body(envelope.read(path), s.identities[party], card, **about)
                opened += 1
    return b"".join(data), opened


def test_found_and_not_found_are_all_who_took_part_and_nobody_twice(
    tmp_path: Path,
) -> None:
    others = protocols.RECONTACT.replace("when: found", "when: not-found").replace("name: to-call", "name: to-ask")
    second = others[others.index("  - name: to-ask") : others.index("retention:")]
    text = protocols.RECONTACT.replace("retention:\n", second + "retention:\n", 1)
    s = Simulator(tmp_path, WITH_APPROVER, people=250, start=text).found().agree().synthesise().asked()
    at = s.homes["approver"], s.identities["approver"], s.linkage("approver")
    with pytest.raises(InputError, match="more than one list is asked about: to-call, to-ask"):
        approver.decide(*at, approve=True, by="FG")
    for name in ("to-ask", "to-call"):
        approver.decide(*at, approve=True, by="FG", output=name)
    s.carry()
    assert [one.state for one in s.release()] == ["returned", "returned"]
    s.carry()
    call, ask = s.contacts()
    assert set(call.references) == linked(s)
    assert not set(call.references) & set(ask.references)
    assert set(call.references) | set(ask.references) == set(handles(s).references.values())
    with pytest.raises(InputError, match="expected the name of one list: to-call, to-ask"):
        contacts.write(s.homes["mbo"], s.identities["mbo"], s.linkage("mbo"), tmp_path / "x.csv", lang="nl")


def test_who_withdraws_before_tokenising_is_not_in_the_package_and_who_withdraws_later_is_left_out(
    played_back: Simulator, copied: Callable[..., Simulator], tmp_path: Path
) -> None:
    s = copied(played_back, tmp_path)
    (before,) = s.contacts()
    gone, *rest = before.references
    says(s, f"{gone};graduates-on-benefits;ingetrokken;2026-10-01;;brief")
    (after,) = s.contacts()
    assert (list(after.references), after.left_out) == (rest, 1)
    path = tmp_path / "bellen.csv"
    contacts.write(s.homes["mbo"], s.identities["mbo"], s.linkage("mbo"), path, lang="nl")
    assert gone not in path.read_text("utf-8-sig")
    assert acts(s, "mbo", "open-list")[-1]["left_out"] == "fewer than 10"
    s.tokenise("mbo")
    assert gone not in handles(s).references.values()


def test_the_file_for_excel_has_mark_semicolons_and_no_formula(
    played_back: Simulator, copied: Callable[..., Simulator], tmp_path: Path
) -> None:
    s = copied(played_back, tmp_path)
    path = tmp_path / "bellen.csv"
    made = contacts.write(s.homes["mbo"], s.identities["mbo"], s.linkage("mbo"), path, lang="nl")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    heads, *rows = csv.reader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";")
    assert heads == ["Studentnummer", "reden", "goedgekeurd op", "toestemming bekeken op"]
    assert [row[0] for row in rows] == list(made.references)
    assert {tuple(row[1:]) for row in rows} == {(made.output.reason, made.on, made.opened)}
    told = acts(s, "mbo", "open-list")[-1]
    assert told["rows"] == listed.told(len(rows))
    assert told["file"] == exchange.file_digest(path)
    evil = replace(made, references=('=cmd|"/c calc"!A1', "+1", "-1", "@x"))
    for line in returned.as_csv(evil, "en").splitlines()[1:]:
        assert line.startswith(("'", "\"'"))


def test_the_map_is_sealed_to_its_owner_replaced_and_destroyed_with_the_secret(asked: Simulator) -> None:
    mine, path = handles(asked), asked.linkage("mbo").handles
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert mine.package == exchange.file_digest(asked.linkage("unit").received("mbo"))
    assert mine.heading == "Studentnummer"
    home = asked.homes["mbo"]
    for file in (p for p in home.path.rglob("*") if p.is_file() and p != home.consent):
        assert not any(ref.encode() in file.read_bytes() for ref in mine.references.values() if len(ref) > 4), file
    assert not asked.linkage("gemeente").handles.exists()
    asked.tokenise("mbo")
    newer = handles(asked)
    assert newer.package != mine.package
    assert not newer.references.keys() & mine.references.keys()
    ceremony.destroy(home, asked.identities["mbo"], asked.linkage("mbo"), early=True)
    assert not path.exists()
    with pytest.raises(Refused, match="no map from handles to references"):
        handles(asked)


def test_in_statistics_mode_no_way_back_is_kept_and_no_step_of_re_contact_does_anything(played: Simulator) -> None:
    at = {party: (home, played.identities[party], home.linkage()) for party, home in played.homes.items()}
    for _, _, linkage in at.values():
        folders = {path.name for path in linkage.folder.rglob("*")}
        assert not folders & {"handles.package", "lists", "requests", "approvals"}
    assert not [e.act for home in played.homes.values() for e in home.ledger.entries() if "list" in e.act]
    assert played.made is not None
    students = [line.split(";")[0] for line in played.made.school.read_text("cp1252").splitlines()[1:]]
    home = played.homes["mbo"]
    data = b"".join(p.read_bytes() for p in home.path.rglob("*") if p.is_file() and p != home.consent)
    assert len(students) > 100
    assert not any(number.encode() in data for number in students)
    nowhere = played.folder / "nowhere.package"
    for act in (
        lambda: recontact.release(*at["unit"]),
        lambda: recontact.plan(*at["unit"]),
        lambda: contacts.take_list(*at["mbo"], nowhere),
        lambda: contacts.lists(*at["mbo"]),
        lambda: approver.decide(*at["gemeente"], approve=True, by="FG"),
        lambda: recontact.take_approval(*at["unit"], nowhere),
    ):
        with pytest.raises(Refused, match="agreed as statistics"):
            act()
    with pytest.raises(Refused, match="returns no rows to mbo"):
        contacts.keep(*at["mbo"], contacts.Handles("", "", {}))


def test_in_re_contact_no_counts_are_released(asked: Simulator) -> None:
    at = asked.homes["unit"], asked.identities["unit"], asked.linkage("unit")
    for act in (unit.plan, unit.release):
        with pytest.raises(Refused, match="agreed as recontact: no counts"):
            act(*at)


def test_a_question_about_few_or_among_few_is_not_asked(recontact: Simulator) -> None:
    s, folder = recontact, recontact.folder
    head, *school = s.input("mbo").read_text("cp1252").splitlines()
    top, *clients = s.input("gemeente").read_text("utf-8").splitlines()
    few = files.write(folder / "few.csv", "\n".join([head, *school[:25]]).encode("cp1252"))
    small = files.write(folder / "small.csv", "\n".join([top, *clients[:11]]).encode())
    at = s.homes["unit"], s.identities["unit"], s.linkage("unit")
    for mbo, gemeente, words in (
        (few, None, r"mbo sent fewer persons than the 30 agreed"),
        (None, small, r"gemeente has fewer than 10 rows"),
    ):
        s.tokenise("mbo", mbo)
        s.tokenise("gemeente", gemeente)
        s.carry()
        unit.match(*at)
        before = len(s.homes["unit"].ledger.entries())
        with pytest.raises(Refused, match=words):
            s.release()
        assert len(s.homes["unit"].ledger.entries()) == before
        assert not s.linkage("unit").listed("to-call").exists()
        assert not list((s.homes["unit"].path / "outbox").rglob("*.package"))


def test_a_dry_run_tells_what_would_be_asked_and_asks_nothing(asked: Simulator) -> None:
    home = asked.homes["unit"]
    before = {p: p.read_bytes() for p in home.path.rglob("*") if p.is_file()}
    (told,) = recontact_plan(asked)
    assert told == {"output": "to-call", "rows": listed.told(len(linked(asked))), "to": "mbo", "approver": "approver"}
    assert {p: p.read_bytes() for p in home.path.rglob("*") if p.is_file()} == before


def recontact_plan(s: Simulator) -> list[dict[str, Any]]:
    return recontact.plan(s.homes["unit"], s.identities["unit"], s.linkage("unit"))


def test_a_refusal_stands_and_returns_nothing(asked: Simulator) -> None:
    with pytest.raises(InputError, match="why a list is refused"):
        asked.decide(approve=False)
    asked.decide(approve=False, reason="Nog geen afspraak met de coaches")
    asked.decide(approve=False, reason="Another reason is not taken")
    with pytest.raises(Refused, match=r"decided on this list on .*: refuse"):
        asked.decide()
    asked.carry()
    (one,) = asked.release()
    assert (one.state, one.package) == ("refused", None)
    assert one.said is not None
    assert one.said.reason == "Nog geen afspraak met de coaches"
    assert not asked.move()
    assert len(acts(asked, "approver", "decide-list")) == len(acts(asked, "unit", "take-approval")) == 1
    (step,) = asked.step("unit")
    assert "was refused by Functionaris gegevensbescherming" in step.text


@pytest.mark.parametrize(
    ("by", "reason"), [("", ""), ("FG", "x" * 201), ("FG\n", ""), ("FG", "over 999990019"), ("\x1b[2J", "")]
)
def test_a_decision_says_who_and_why_on_a_line_and_names_nobody(asked: Simulator, by: str, reason: str) -> None:
    at = asked.homes["approver"], asked.identities["approver"], asked.linkage("approver")
    with pytest.raises(InputError, match=r"--by|--reason"):
        approver.decide(*at, approve=True, by=by, reason=reason)
    assert not asked.linkage("approver").folder.joinpath("approvals").exists()


def test_a_changed_list_needs_a_new_approval(asked: Simulator) -> None:
    asked.decide()
    asked.carry()
    asked.tokenise("mbo")
    asked.carry()
    with pytest.raises(Refused, match="other packages came in"):
        asked.release()
    unit.match(asked.homes["unit"], asked.identities["unit"], asked.linkage("unit"))
    (one,) = asked.release()
    assert one.state == "asked"
    asked.carry()
    first, second = (facts["list"] for facts in acts(asked, "unit", "request-approval"))
    assert first != second
    assert "may mbo get back" in next(s.text for s in asked.step("approver") if s.kind == "decide")
    asked.decide()
    asked.carry()
    assert [one.state for one in asked.release()] == ["returned"]
    asked.carry()
    assert asked.contacts()[0].digest == second


def test_every_side_writes_it_down_and_no_ledger_holds_a_handle_or_an_exact_count(
    played_back: Simulator, tmp_path: Path, copied: Callable[..., Simulator]
) -> None:
    s = copied(played_back, tmp_path)
    contacts.write(s.homes["mbo"], s.identities["mbo"], s.linkage("mbo"), tmp_path / "x.csv", lang="en")
    rows = listed.told(len(linked(s)))
    (one,) = acts(s, "unit", "request-approval")
    assert one["rows"] == rows
    wanted = {"unit": ["take-approval", "return-list"], "approver": ["decide-list"], "mbo": ["take-list", "open-list"]}
    for party, names in wanted.items():
        for name in names:
            (facts,) = acts(s, party, name)
            assert facts["list"] == one["list"]
            assert facts.get("rows", rows) == rows
    assert acts(s, "approver", "decide-list")[0]["by"] == "Functionaris gegevensbescherming"
    for home in s.homes.values():
        text = home.ledger.path.read_text("utf-8")
        assert not any(handle in text for handle in handles(s).references)
        assert not any(f'"{reference}"' in text for reference in linked(s))
    outcomes, crossed = auditor.verify_ledgers([home.path for home in s.homes.values()])
    findings = [*(f for outcome in outcomes for f in outcome.findings), *crossed]
    assert not [f for f in findings if f.severity is Severity.ERROR]


def test_who_knows_every_handle_and_not_the_salt_cannot_try_out_which_a_list_names(asked: Simulator) -> None:
    s = asked
    path, identity = s.linkage("unit").listed("to-call"), s.identities["unit"]
    body = kept.open_(identity, s.linkage("unit"), recontact.KEPT, path)
    listing = listed.from_bytes(recontact.KEPT, Listing, body, where="")
    assert listing.digest == acts(s, "unit", "request-approval")[0]["list"]
    assert replace(listing, salt="A" * 43 + "=").digest != listing.digest
    assert len(json.loads(body)["salt"]) == 44
    s.release()
    assert kept.open_(identity, s.linkage("unit"), recontact.KEPT, path) == body, "the same list"


class Stopped(Exception):
    """The power goes."""


STOPS = [
    ("unit", "request-approval"), ("unit", "send"), ("unit", "sealed"), ("approver", "receive"),
    ("approver", "decide-list"), ("approver", "send"), ("unit", "take-approval"), ("unit", "receive"),
    ("unit", "return-list"), ("mbo", "take-list"), ("mbo", "receive"),
]  # fmt: skip


@pytest.mark.parametrize(("party", "act"), STOPS)
def test_a_step_that_was_stopped_is_done_again_and_nothing_is_lost(
    recontact_matched: Simulator, monkeypatch: pytest.MonkeyPatch, party: str, act: str
) -> None:
    s, real, stopped = recontact_matched, Ledger.append, []

    def append(ledger: Ledger, identity: Any, name: str, **facts: Any) -> Any:
        about = facts.get("type", "recontact").startswith("recontact")
        if name == act and about and identity.party == party and not stopped:
            stopped.append(name)
            raise Stopped
        return real(ledger, identity, name, **facts)

    monkeypatch.setattr(Ledger, "append", append)

    def carry() -> None:
        for one in s.homes:
            s.step(one)
        s.carry()

    for step in (s.release, carry, s.decide, carry, s.release, carry):
        try:
            step()
        except Stopped:
            step()
    assert stopped
    assert set(s.contacts()[0].references) == linked(s)
    outcomes, crossed = auditor.verify_ledgers([home.path for home in s.homes.values()])
    findings = [*(f for outcome in outcomes for f in outcome.findings), *crossed]
    assert not [f for f in findings if f.severity is Severity.ERROR]


@pytest.fixture(scope="module")
def _matched(_recontact: Simulator, copied: Callable[..., Simulator], tmp_path_factory: Any) -> Simulator:
    s = copied(_recontact, tmp_path_factory.mktemp("matched"))
    for party in ("mbo", "gemeente"):
        s.tokenise(party)
    s.carry()
    unit.match(s.homes["unit"], s.identities["unit"], s.linkage("unit"))
    return s


@pytest.fixture
def recontact_matched(_matched: Simulator, copied: Callable[..., Simulator], tmp_path: Path) -> Simulator:
    """The unit has matched; one's own copy."""
    return copied(_matched, tmp_path)


def test_a_package_never_leaves_without_its_map(recontact: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    real = kept.seal

    def seal(home: Home, identity: Any, linkage: Any, type_: str, *rest: Any) -> None:
        if type_ == contacts.HANDLES:
            raise Stopped
        real(home, identity, linkage, type_, *rest)

    monkeypatch.setattr(kept, "seal", seal)
    with pytest.raises(Stopped):
        recontact.tokenise("mbo")
    assert not list((recontact.homes["mbo"].path / "outbox" / "unit").glob("*.mbo.package"))
    monkeypatch.undo()
    made = recontact.tokenise("mbo")
    assert handles(recontact).package == made.digest


def test_where_another_acts_only_who_agreed_to_it_takes_part_and_may_be_approached(tmp_path: Path) -> None:
    text = protocols.RECONTACT.replace("    consent: required ", "    agreement: required\n    consent: required ", 1)
    s = Simulator(tmp_path, WITH_APPROVER, start=text).found().agree().synthesise()
    assert s.made is not None
    lines = [line.split(";")[0] for line in s.made.consent.read_text("utf-8").splitlines()[1:]]
    agreed, not_agreed = lines[::2], lines[1::2]
    yes = [f"{who};graduates-on-benefits;ja;2026-09-01;;brief" for who in agreed]
    says(s, " ".join(yes), "instemming")
    made = s.tokenise("mbo")
    assert made.plan.judged["no agreement to hand-over"] > 20
    took = set(handles(s).references.values())
    assert len(took) > 50
    assert took <= set(agreed)
    s.returned()
    (one,) = s.contacts()
    gone = one.references[0]
    says(s, f"{gone};graduates-on-benefits;ingetrokken;2026-10-01;;brief", "instemming")
    (after,) = s.contacts()
    assert (after.left_out, gone in after.references) == (1, False)
    assert not set(not_agreed) & set(after.references)


def test_what_to_do_next_is_said_at_every_desk(recontact_matched: Simulator) -> None:
    s = recontact_matched

    def said(party: str, kind: str) -> str:
        return " ".join(step.text for step in s.step(party) if step.kind == kind)

    assert "for the request of unit about 'to-call'" in said("approver", "wait")
    assert "matched: linkage release asks approver about 'to-call'" in said("unit", "decide")
    s.release()
    s.carry()
    assert "for the decision of approver about 'to-call'" in said("unit", "wait")
    question = said("approver", "decide")
    rows = listed.told(len(linked(s)))
    assert f"may mbo get back about {rows} of its own rows, of people who are found at gemeente?" in question
    assert "linkage approve --protocol graduates-on-benefits --output to-call --by" in question
    assert "for the list 'to-call' from unit" in said("mbo", "wait")
    s.decide()
    s.carry()
    assert "'to-call' was approved by Functionaris gegevensbescherming: linkage release" in said("unit", "decide")
    assert "decided about 'to-call'" in said("approver", "done")
    s.release()
    s.carry()
    assert "'to-call' is returned to mbo" in said("unit", "done")
    assert "the list 'to-call' is here: linkage result show" in said("mbo", "done")
    assert not said("gemeente", "wait")
    s.tokenise("mbo")
    assert "for the list 'to-call' from unit" in said("mbo", "wait")
    with pytest.raises(Refused, match="another package than the newest"):
        s.contacts()


def test_a_kept_file_that_was_altered_is_not_believed(played_back: Simulator, copied: Any, tmp_path: Path) -> None:
    s = copied(played_back, tmp_path)
    for party, path, read in (
        ("mbo", s.linkage("mbo").handles, s.contacts),
        ("mbo", s.linkage("mbo").listed("to-call"), s.contacts),
        ("unit", s.linkage("unit").listed("to-call"), s.release),
        ("unit", next((s.linkage("unit").folder / "approvals").iterdir()), s.release),
        ("approver", s.linkage("approver").request("to-call"), s.decide),
    ):
        data = path.read_bytes()
        path.write_bytes(data[:-70] + bytes([data[-70] ^ 1]) + data[-69:])
        with pytest.raises(Untrusted):
            read()
        path.write_bytes(data)
        assert party


LISTING = Listing("sha256:" + "1" * 64, "to-call", "sha256:" + "2" * 64, "A" * 43 + "=", ("0" * 32, "f" * 32))
REQUEST = Request("sha256:" + "1" * 64, "to-call", "sha256:" + "3" * 64, 20)


def test_values_are_read_in_one_spelling() -> None:
    for kind, value in (("kept-list", LISTING), (listed.REQUEST, REQUEST)):
        data = listed.to_bytes(kind, value)
        assert listed.from_bytes(kind, type(value), data, where="") == value
        plain = json.loads(data)
        bad: list[Any] = [{**plain, kind: 2}, {**plain, "more": 1}, {**plain, "output": 1}, [], None]
        bad += [{k: v for k, v in plain.items() if k != name} for name in plain]
        for other in (*map(canonical.to_bytes, bad), data + b" ", data[:-1], b""):
            with pytest.raises(Untrusted, match=f"not a {kind}"):
                listed.from_bytes(kind, type(value), other, where="x")


@pytest.mark.parametrize(
    "change",
    [
        {"handles": ("f" * 32, "0" * 32)}, {"handles": ("0" * 32, "0" * 32)}, {"handles": ("0" * 31,)},
        {"handles": ("g" * 32,)}, {"handles": ("999990019",)}, {"package": "x"}, {"salt": ""},
    ],
)  # fmt: skip
def test_a_list_of_something_else_than_handles_is_no_list(change: dict[str, Any]) -> None:
    listed.refuse_malformed(LISTING, where="")
    with pytest.raises(Untrusted):
        listed.refuse_malformed(replace(LISTING, **change), where="")


def test_few_rows_are_told_as_few_and_others_to_a_multiple_of_five() -> None:
    assert [listed.told(n) for n in (0, 1, 9)] == ["fewer than 10"] * 3
    assert [listed.told(n) for n in (10, 12, 13, 99)] == [10, 10, 15, 100]


@pytest.mark.parametrize(
    "change",
    [
        {"party": "gemeente"}, {"decision": "maybe"}, {"on": "2026-08-31"}, {"on": "2091-01-01"}, {"on": "today"},
        {"protocol": "sha256:" + "0" * 64}, {"list": "x"},
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_is_not_believed(asked: Simulator, change: dict[str, str]) -> None:
    s = asked
    protocol, home = s.linkage("unit").protocol, s.homes["unit"]
    said = Approval(
        protocol.digest, "to-call", "sha256:" + "3" * 64, "approve", "", "FG", homes.today().isoformat(), "approver",
        s.homes["approver"].card.fingerprint,
    )  # fmt: skip
    good = listed.sign(s.identities["approver"], said)
    assert listed.checked(home, protocol, good, where="") == said
    with pytest.raises(LinkageError):
        listed.checked(home, protocol, listed.sign(s.identities["approver"], replace(said, **change)), where="")  # type: ignore[arg-type]
    with pytest.raises(LinkageError):
        listed.checked(home, protocol, listed.sign(s.identities["unit"], said), where="")
    for spoilt in (good[:-1], b"[]", b"{}", re.sub(b'"FG"', b'"GF"', good)):
        with pytest.raises(Untrusted):
            listed.checked(home, protocol, spoilt, where="")


def test_the_results_of_statistics_have_no_place_in_re_contact(played_back: Simulator) -> None:
    with pytest.raises(Refused, match="no result is here"):
        recipient.results(replace(played_back.linkage("mbo"), folder=played_back.folder / "none"))


def test_when_the_approvers_keys_may_be_stolen_no_list_is_opened(
    played_back: Simulator, copied: Callable[..., Simulator], tmp_path: Path
) -> None:
    s = copied(played_back, tmp_path)
    trust.revoke(s.homes["approver"], s.identities["approver"], reason="laptop gestolen")
    s.carry()
    with pytest.raises(Refused, match="not in effect"):
        s.contacts()
    with pytest.raises(LinkageError):
        s.release()
