"""`linkage next`: what came is known by its content, and each party is told what is wanted of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from linkage import files
from linkage.errors import InputError
from linkage.roles import post, signing
from linkage.roles.home import Home
from simulator import CHEAP, PASSPHRASE, Simulator


def test_a_new_home_waits_for_a_protocol(tmp_path: Path) -> None:
    home = Home(tmp_path)
    identity = home.create("mbo", "mbo", "BRIN:99ZZ", PASSPHRASE, cost=CHEAP)
    (step,) = post.step(home, identity)
    assert step.kind == "wait"
    assert "for a protocol" in step.text


def test_a_card_wants_a_telephone_call_and_stays_until_it_is_trusted(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path).found()
    home = Home(tmp_path / "late")
    identity = home.create("late", "late", "KvK:12345678", PASSPHRASE, cost=CHEAP)
    dropped = Path(shutil.copy(simulator.homes["mbo"].path / "card.json", home.inbox / "whatever.bin"))
    assert [s.kind for s in post.step(home, identity)] == ["decide", "wait"]
    assert dropped.exists()
    theirs = simulator.homes["mbo"].card
    home.trust(theirs, verified_by="x", how="x")
    assert post.step(home, identity)[0].text == "the card of mbo is trusted already"
    assert not dropped.exists()


def test_what_is_none_of_ours_is_named_and_left_alone(agreed: Simulator) -> None:
    inbox = agreed.homes["gemeente"].inbox
    for name, data in {"photo.jpg": b"\xff\xd8\xff", "list.csv": b"a;b\n1;2\n", "x.json": b'{"a":1}', "e": b""}.items():
        files.write(inbox / name, data)
    refused = [step for step in agreed.step("gemeente") if step.kind == "refused"]
    assert len(refused) == 4
    assert all("not a card, protocol, signature or package" in step.text for step in refused)
    assert len(list(inbox.iterdir())) == 4


def test_everything_may_come_at_once_under_any_name_and_in_any_order(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path).found()
    path = simulator.protocol()
    for party in ("mbo", "unit"):
        signing.sign(simulator.homes[party], simulator.identities[party], path)
    inbox = simulator.homes["gemeente"].inbox
    posted = sorted(p for party in ("mbo", "unit") for p in (simulator.homes[party].path / "outbox/gemeente").iterdir())
    for number, source in enumerate(reversed(posted)):
        shutil.copy(source, inbox / f"{number}.dat")
    steps = simulator.step("gemeente")
    assert [s.kind for s in steps] == ["done"] * 4 + ["decide"], list(map(str, steps))
    assert "sign it" in steps[-1].text
    assert not list(inbox.iterdir())


def test_it_waits_for_whom_it_needs(agreed: Simulator) -> None:
    texts = {party: [str(s) for s in agreed.step(party)] for party in agreed.homes}
    assert any("for the package of mbo, gemeente" in t for t in texts["unit"])
    assert any("linkage tokenise FILE" in t for t in texts["mbo"])
    assert any("for the release from unit" in t for t in texts["gemeente"])


def test_after_the_release_everybody_is_done(played: Simulator, tmp_path: Path) -> None:
    for party in ("mbo", "gemeente"):
        shutil.copytree(played.homes[party].path, tmp_path / party)
        steps = post.step(Home(tmp_path / party), played.identities[party])
        assert [s.kind for s in steps] == ["done"]
        assert "the result is here" in steps[0].text


def test_an_unknown_type_of_package_is_refused(agreed: Simulator) -> None:
    from linkage.roles import exchange

    home, identity, linkage = agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo")
    letter = exchange.Letter("birthday-card", [agreed.homes["unit"].card], b"hello", {})
    path = agreed.homes["unit"].inbox / "x.package"
    exchange.send(home, identity, linkage, letter, path)
    assert any(s.kind == "refused" and "type of package" in s.text for s in agreed.step("unit"))
    with pytest.raises(InputError, match="type of package"):
        post.take_package(agreed.homes["unit"], agreed.identities["unit"], path)


def test_a_home_without_its_empty_folders_still_works(agreed: Simulator) -> None:
    agreed.homes["unit"].inbox.rmdir()
    assert [step.kind for step in agreed.step("unit")] == ["wait"]


def test_a_file_that_comes_again_is_removed(agreed: Simulator) -> None:
    package = agreed.tokenise("mbo").package
    for expected in ("took in", "taken in before"):
        dropped = Path(shutil.copy(package, agreed.homes["unit"].inbox / "x"))
        assert any(expected in step.text and step.kind == "done" for step in agreed.step("unit"))
        assert not dropped.exists()


def test_a_name_that_steers_a_terminal_is_shown_harmless(agreed: Simulator) -> None:
    files.write(agreed.homes["unit"].inbox / "x\ndone    took in everything\x1b[31m", b"junk")
    (refused, *_) = agreed.step("unit")
    assert "\n" not in refused.text
    assert "\x1b" not in refused.text


def test_the_words_of_a_card_are_not_told_to_who_should_hear_them(tmp_path: Path) -> None:
    from linkage.crypto import card as cards

    simulator = Simulator(tmp_path).found()
    home = Home(tmp_path / "late")
    identity = home.create("late", "late", "KvK:12345678", PASSPHRASE, cost=CHEAP)
    theirs = simulator.homes["mbo"].card
    shutil.copy(simulator.homes["mbo"].path / "card.json", home.inbox / "card.json")
    text = "".join(map(str, post.step(home, identity)))
    assert cards.words(theirs.fingerprint).split()[0] + " " not in text
    assert cards.letters(theirs.fingerprint)[:9] not in text
