"""What the linkage unit holds, may do and refuses."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.csv as pc
import pytest
from stdnum.nl import bsn

from linkage.crypto.envelope import Package
from linkage.disclosure.protect import Figure
from linkage.disclosure.release import Cell, Release
from linkage.errors import InputError, Refused, Untrusted
from linkage.roles import ceremony, custodian, exchange, keeping, post, recipient, unit
from linkage.roles.home import Home
from simulator import Simulator


def _everything(folder: Path) -> bytes:
    """All bytes under a folder, file after file, names too."""
    return b"\n".join(str(p).encode() + b"\n" + p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def _opened(played: Simulator) -> bytes:
    """All that the unit can open with its keys: the plaintext of every package it received."""
    home, identity, linkage = played.homes["unit"], played.identities["unit"], played.linkage("unit")
    return b"".join(unit._encodings(home, identity, linkage, party).to_bytes() for party in ("mbo", "gemeente"))


def _values(played: Simulator, columns: set[str]) -> set[str]:
    found = set()
    for party, encoding, delimiter in (("mbo", "cp1252", ";"), ("gemeente", "utf-8", ",")):
        table = pc.read_csv(
            played.input(party),
            pc.ReadOptions(encoding=encoding),
            pc.ParseOptions(delimiter=delimiter),
            pc.ConvertOptions(strings_can_be_null=False, column_types={}),
        )
        for name in columns & set(table.column_names):
            found |= {str(value) for value in table.column(name).to_pylist() if value}
    return found


def test_its_folder_and_all_it_can_open_hold_no_number_that_passes_the_11_proof(played: Simulator) -> None:
    data = _everything(played.homes["unit"].path) + _opened(played)
    alone = re.findall(rb"(?<![0-9A-Za-z+/=])\d{9}(?![0-9A-Za-z+/=])", data)
    assert [n for n in alone if bsn.is_valid(n.decode())] == []
    for number in _values(played, {"PGN", "bsn"}):
        assert number.encode() not in data


def test_its_folder_and_all_it_can_open_hold_no_name_date_postcode_or_reference(played: Simulator) -> None:
    data = _everything(played.homes["unit"].path) + _opened(played)
    names = _values(played, {"Achternaam", "Voornamen", "Roepnaam", "geslachtsnaam", "voornamen"})
    protocol = played.folder.joinpath("protocol.yml").read_text("utf-8")
    long_names = {n for n in names if len(n) >= 6 and n not in protocol}
    assert len(long_names) > 200, "the search must have something to look for"
    for name in long_names:
        for spelling in {name, name.lower(), name.upper()}:
            assert spelling.encode() not in data
    others = _values(
        played, {"Geboortedatum", "geboortedatum", "Postcode", "postcode", "Studentnummer", "clientnummer"}
    )
    for value in {v for v in others if len(v) >= 6}:
        assert value.encode() not in data


def test_its_folder_and_all_it_can_open_do_not_hold_the_linkage_secret(played: Simulator) -> None:
    secret = custodian.linkage_secret(played.homes["mbo"], played.identities["mbo"], played.linkage("mbo"))
    other = custodian.linkage_secret(
        played.homes["gemeente"], played.identities["gemeente"], played.linkage("gemeente")
    )
    assert secret == other
    data = _everything(played.homes["unit"].path) + _opened(played)
    assert secret not in data
    assert secret.hex().encode() not in data
    assert not played.linkage("unit").secret.exists()


def test_a_share_or_secret_that_came_to_it_by_mistake_does_not_open(played: Simulator, tmp_path: Path) -> None:
    copy = tmp_path / "unit"
    shutil.copytree(played.homes["unit"].path, copy)
    home, identity = Home(copy), played.identities["unit"]
    stray = home.inbox / "share.package"
    shutil.copy(played.linkage("mbo").sent_share, stray)
    with pytest.raises(Refused, match="may not hold the linkage secret"):
        ceremony.take(home, identity, home.linkage(), stray)
    with pytest.raises(Refused, match="not sealed to unit"):
        exchange.take_in(home, identity, home.linkage(), stray, exchange.SHARE, lambda body, package: None)
    shutil.copy(played.linkage("mbo").secret, stray)
    with pytest.raises(InputError, match="type of package"):
        post.take_package(home, identity, stray)
    with pytest.raises(Refused, match="not sealed to unit"):
        exchange.take_in(home, identity, home.linkage(), stray, ceremony.KEPT_SECRET, lambda body, package: None)


def test_importing_what_the_unit_uses_does_not_import_the_encoder_or_the_secret() -> None:
    code = (
        "import sys, linkage.roles.unit, linkage.match\n"
        "bad = [m for m in sys.modules if m.startswith(('linkage.encode', 'linkage.crypto.secret', 'linkage.synth'))]\n"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _scores(links: bytes) -> list[float]:
    scores: list[float] = keeping.from_bytes(links).table["score"].to_pylist()
    return scores


def test_links_point_at_the_right_people(played: Simulator) -> None:
    assert played.truth is not None
    links = played.linkage("unit").links.read_bytes()
    row = {
        party: {h.tobytes(): int(r) for h, r in zip(t.handles, t.rows, strict=True)} for party, t in played.sent.items()
    }
    kept = keeping.from_bytes(links)
    found = {(row["mbo"][a], row["gemeente"][b]) for a, b in kept.pairs("mbo", "gemeente")}
    every = zip(played.truth["school_row"].to_pylist(), played.truth["gemeente_row"].to_pylist(), strict=True)
    true = {(a, b) for a, b in every if a in row["mbo"].values() and b in row["gemeente"].values()}
    assert len(true) > 5
    assert len(found & true) / len(true) > 0.9
    by_number = [n for n, score in enumerate(_scores(links)) if score == 1]
    handles = [kept.table[side].to_pylist() for side in ("left", "right")]
    assert len(by_number) > 15
    assert {(row["mbo"][handles[0][n]], row["gemeente"][handles[1][n]]) for n in by_number} <= true
    assert len(found - true) <= 10, "among 400 rows a few links by likeness are chance, and are told to be uncertain"


def test_a_linkage_without_a_number_from_beginning_to_end(tmp_path: Path) -> None:
    played = Simulator(tmp_path, people=1500, template="graduates-without-number").found().synthesise()
    played.agree(played.protocol({("id",): "graduates-on-benefits"}))  # what the synthetic people consent to
    for party in ("mbo", "gemeente"):
        played.tokenise(party)
    played.carry()
    played.match()
    played.carry()
    (answer,) = recipient.results(played.linkage("mbo"))
    assert played.opened("mbo").tokens == {}
    entry = next(e for e in played.homes["unit"].ledger.entries() if e.act == "match")
    (chosen,) = entry.facts["thresholds"]
    assert (chosen["stage"], chosen["parties"]) == (0, ["mbo", "gemeente"])
    assert 0.5 < float(chosen["threshold"]) < 1
    assert entry.facts["comparisons"] == [{"stage": 0, "parties": ["mbo", "gemeente"], "method": "all-pairs"}]
    assert all(one.chosen and one.strangers == "registers" for one in answer.expected)
    ((judged, scores),) = keeping.from_bytes(played.linkage("unit").links.read_bytes()).seen
    assert scores.counts.sum() == judged.links
    assert scores.counts[: int(judged.threshold * 100)].sum() == 0
    assert bool(answer.expected) == (judged.links >= 100)
    assert all(one.scores for one in answer.expected)


def test_it_does_not_match_before_every_package_is_here(agreed: Simulator) -> None:
    agreed.tokenise("mbo")
    agreed.carry()
    with pytest.raises(Refused, match="no package of gemeente"):
        unit.match(agreed.homes["unit"], agreed.identities["unit"], agreed.linkage("unit"))


def test_nobody_else_can_match_or_release(agreed: Simulator) -> None:
    with pytest.raises(Refused, match="unit is the linkage unit"):
        unit.match(agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo"))
    with pytest.raises(Refused, match="unit is the linkage unit"):
        unit.release(agreed.homes["gemeente"], agreed.identities["gemeente"], agreed.linkage("gemeente"))


def test_it_does_not_release_links_of_packages_that_were_replaced(agreed: Simulator) -> None:
    home, identity = agreed.homes["unit"], agreed.identities["unit"]
    for party in ("mbo", "gemeente"):
        agreed.tokenise(party)
    agreed.carry()
    unit.match(home, identity, agreed.linkage("unit"))
    agreed.tokenise("mbo")
    agreed.carry()
    with pytest.raises(Refused, match="other packages came in"):
        unit.release(home, identity, agreed.linkage("unit"))


def test_damaged_links_are_refused(agreed: Simulator) -> None:
    for data in (b"", b"not arrow", played_links(agreed)[:100]):
        with pytest.raises(Untrusted, match="not a file of links"):
            keeping.from_bytes(data)


def played_links(simulator: Simulator) -> bytes:
    """The links of a linkage played in this simulator."""
    for party in ("mbo", "gemeente"):
        simulator.tokenise(party)
    simulator.carry()
    simulator.match()
    return simulator.linkage("unit").links.read_bytes()


def test_a_recipient_reads_what_was_released_and_nothing_else(played: Simulator) -> None:
    for party in ("mbo", "gemeente"):
        (release,) = recipient.results(played.linkage(party))
        assert release.protocol == played.linkage(party).protocol.digest
        shown = [c.part.value for c in release.cells if c.part.value is not None]
        assert all(value >= 10 and value % 5 == 0 for value in shown)
    with pytest.raises(Refused, match="no result"):
        recipient.results(played.linkage("unit"))


def test_a_release_that_does_not_come_from_the_unit_is_refused(agreed: Simulator) -> None:
    home, identity, linkage = agreed.homes["gemeente"], agreed.identities["gemeente"], agreed.linkage("gemeente")
    letter = exchange.Letter(exchange.RELEASE, [agreed.homes["mbo"].card], b"{}", {})
    forged = agreed.folder / "forged.package"
    exchange.send(home, identity, linkage, letter, forged)
    with pytest.raises(Refused, match="comes from unit"):
        recipient.take_release(agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo"), forged)
    assert not list(agreed.linkage("mbo").folder.glob("results/*"))


def test_a_release_that_is_no_release_is_refused(agreed: Simulator) -> None:
    home, identity, linkage = agreed.homes["unit"], agreed.identities["unit"], agreed.linkage("unit")
    letter = exchange.Letter(exchange.RELEASE, [agreed.homes["mbo"].card], b'{"release":1}', {})
    forged = agreed.folder / "forged.package"
    exchange.send(home, identity, linkage, letter, forged)
    with pytest.raises((Untrusted, InputError)):
        recipient.take_release(agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo"), forged)
    assert not list(agreed.linkage("mbo").folder.glob("results/*"))


@pytest.mark.parametrize("party", ["mbo", "gemeente"])
def test_links_of_packages_that_were_replaced_since_are_not_released(agreed: Simulator, party: str) -> None:
    played_links(agreed)
    agreed.tokenise(party)
    agreed.carry()
    with pytest.raises(Refused, match="other packages came in"):
        unit.release(agreed.homes["unit"], agreed.identities["unit"], agreed.linkage("unit"))
    decide = [str(step) for step in agreed.step("unit") if step.kind == "decide"]
    assert len(decide) == 1
    assert "linkage match" in decide[0]


@pytest.mark.parametrize(
    "change",
    [
        {"protection": {"method": "suppression", "minimum": 1, "rounding": 1}},
        {"parties": {"mbo": None, "stranger": None}},
        {"by": ("school-year",)},
        {"total": Cell({}, Figure(3, "shown"), Figure(None, "hidden"))},
    ],
    ids=["other-limits", "other-parties", "other-table", "small-figure"],
)
def test_a_release_that_the_protocol_does_not_allow_is_refused_by_its_recipient(
    agreed: Simulator, change: dict[str, object]
) -> None:
    played_links(agreed)
    (honest,) = (r for r, path in _released(agreed) if path.parent.name == "mbo")
    forged = replace(honest, **change)
    letter = exchange.Letter(exchange.RELEASE, [agreed.homes["mbo"].card], forged.to_bytes(), {"output": "on-benefits"})
    path = agreed.folder / "forged.package"
    exchange.send(agreed.homes["unit"], agreed.identities["unit"], agreed.linkage("unit"), letter, path)
    with pytest.raises(Untrusted, match="other limits or another table"):
        recipient.take_release(agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo"), path)


def _released(simulator: Simulator) -> list[tuple[Release, Path]]:
    return unit.release(simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"))


def test_a_file_that_is_swapped_while_it_is_taken_in_changes_nothing(agreed: Simulator) -> None:
    home, identity, linkage = agreed.homes["unit"], agreed.identities["unit"], agreed.linkage("unit")
    old = agreed.tokenise("mbo").package.read_bytes()
    new = agreed.tokenise("mbo").package.read_bytes()
    dropped = home.inbox / "x.package"
    dropped.write_bytes(new)
    kept = []

    def keep(body: bytes, package: Package) -> None:
        dropped.write_bytes(old)  # somebody who can write in the inbox
        kept.append(package.path.read_bytes())

    exchange.take_in(home, identity, linkage, dropped, exchange.ENCODINGS, keep)
    assert kept == [new]
    assert not list((linkage.folder / "incoming").iterdir())


def small_change(simulator: Simulator) -> None:
    """One graduate less in the school's file."""
    path = simulator.input("mbo")
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], *lines[2:]]))


def test_a_release_after_one_withdrawal_is_refused_also_after_a_restart(agreed: Simulator) -> None:
    played_links(agreed)
    first = {path: release.to_bytes() for release, path in _released(agreed)}
    at = agreed.homes["unit"], agreed.identities["unit"], agreed.linkage("unit")
    rows = len(unit._encodings(*at, "mbo"))
    again = {path: release.to_bytes() for release, path in _released(agreed)}
    assert first == again, "the same packages give the same release"
    agreed.tokenise("mbo")
    agreed.carry()
    _matched(agreed)
    assert {path: release.to_bytes() for release, path in _released(agreed)} == first, "new handles, the same persons"
    home, identity = Home(agreed.homes["unit"].path), agreed.identities["unit"]
    acts = len(home.ledger.entries())
    for _ in range(12):
        small_change(agreed)
        agreed.tokenise("mbo")
        agreed.carry()
        _matched(agreed)
        home = Home(agreed.homes["unit"].path)
        if len(unit._encodings(home, identity, home.linkage(), "mbo")) != rows:  # that one had not consented
            break
    with pytest.raises(Refused, match="tell fewer than 10 persons apart"):
        unit.release(home, identity, home.linkage())
    with pytest.raises(Refused, match="tell fewer than 10 persons apart"):
        unit.plan(home, identity, home.linkage())
    assert not any(e.act in ("release", "send") for e in home.ledger.entries()[acts:])


def _matched(simulator: Simulator) -> None:
    unit.match(simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"))


def _matched_first(simulator: Simulator) -> None:
    """Matched, and nothing released yet."""
    for party in ("mbo", "gemeente"):
        simulator.tokenise(party)
    simulator.carry()
    _matched(simulator)


def test_a_lost_history_stops_the_next_release(agreed: Simulator) -> None:
    played_links(agreed)
    _released(agreed)
    for path in (agreed.homes["unit"].path / "history").glob("*.arrow"):
        path.unlink()
    with pytest.raises(Untrusted, match="not in the history here"):
        _released(agreed)


def test_killed_before_the_ledger_knew_nothing_was_released(agreed: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The history is on disk first: what the ledger does not name was never sent, and does not count."""
    _matched_first(agreed)
    home = agreed.homes["unit"]
    with monkeypatch.context() as broken:
        broken.setattr(type(home.ledger), "append", lambda *a, **k: (_ for _ in ()).throw(InputError("killed")))
        with pytest.raises(InputError, match="killed"):
            _released(agreed)
    assert not list((home.path / "outbox").glob("*/*.release.package"))
    assert len(_released(agreed)) == 2


def test_a_plan_releases_nothing(agreed: Simulator) -> None:
    _matched_first(agreed)
    home, before = agreed.homes["unit"], len(agreed.homes["unit"].ledger.entries())
    _, (planned,) = unit.plan(home, agreed.identities["unit"], agreed.linkage("unit"))
    assert planned.facts["method"] == "suppression"
    assert len(home.ledger.entries()) == before
    assert not list((home.path / "outbox").glob("*/*.release.package"))
