"""Cards, protocols and signatures: who may be believed about what."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from linkage import canonical, files, protocol
from linkage.crypto import card as cards
from linkage.crypto import signature
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.findings import Severity
from linkage.protocol import lint
from linkage.protocol.load import loads
from linkage.roles import agreement, custodian, signing, trust
from linkage.roles import home as homes
from linkage.roles.home import Home
from simulator import CHEAP, LONG, PASSPHRASE, Simulator


@pytest.fixture
def founded(tmp_path: Path) -> Simulator:
    return Simulator(tmp_path).found()


def test_keys_are_never_overwritten(founded: Simulator) -> None:
    key = founded.homes["mbo"].key.read_bytes()
    with pytest.raises(Refused, match="already"):
        founded.homes["mbo"].create("mbo", "again", "BRIN:99ZZ", PASSPHRASE, cost=CHEAP)
    assert founded.homes["mbo"].key.read_bytes() == key


def test_the_home_opens_with_its_passphrase_only(founded: Simulator) -> None:
    assert founded.homes["mbo"].unlock(PASSPHRASE).party == "mbo"
    with pytest.raises(Untrusted, match="wrong passphrase"):
        founded.homes["mbo"].unlock(b"some other passphrase")


def test_a_folder_that_is_no_home_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a home folder"):
        Home(tmp_path).unlock(PASSPHRASE)


def test_wrong_words_on_the_telephone_are_refused_and_nothing_is_kept(founded: Simulator, tmp_path: Path) -> None:
    home = Home(tmp_path / "late")
    identity = home.create("late", "late", "KvK:12345678", PASSPHRASE, cost=CHEAP)
    path = founded.homes["mbo"].path / "card.json"
    with pytest.raises(Untrusted, match="not the fingerprint"):
        trust.trust(home, identity, path, heard=cards.words(home.card.fingerprint), verified_by="x", how="x")
    with pytest.raises(Refused, match="no trusted card of mbo"):
        home.trusted("mbo")


def test_an_expired_card_is_refused(founded: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "today", lambda: date(2099, 1, 1))
    with pytest.raises(Refused, match="valid from"):
        founded.homes["mbo"].trusted("unit")


def test_a_protocol_without_cards_or_with_lint_errors_is_not_signed(founded: Simulator, tmp_path: Path) -> None:
    home, identity = founded.homes["mbo"], founded.identities["mbo"]
    with pytest.raises(Refused, match="names no card of mbo"):
        signing.sign(home, identity, files.shipped("protocols/graduates-on-benefits.yml"))
    text = founded.protocol().read_text("utf-8").replace("outcome: acceptable-with", "outcome: not-done #")
    bad = files.write(tmp_path / "bad.yml", text.encode())
    with pytest.raises(Refused, match="P107"):
        signing.sign(home, identity, bad)


def test_a_protocol_that_names_another_card_of_mine_is_not_signed(founded: Simulator) -> None:
    text = founded.protocol().read_text("utf-8")
    swapped = text.replace(founded.homes["mbo"].card.fingerprint, "sha256:" + "0" * 64)
    path = files.write(founded.folder / "swapped.yml", swapped.encode())
    with pytest.raises(Refused, match="another card of mbo"):
        signing.sign(founded.homes["mbo"], founded.identities["mbo"], path)


def test_a_party_that_is_not_named_cannot_sign(founded: Simulator, tmp_path: Path) -> None:
    home = Home(tmp_path / "stranger")
    identity = home.create("stranger", "stranger", "KvK:12345678", PASSPHRASE, cost=CHEAP)
    with pytest.raises(InputError, match="names no party 'stranger'"):
        signing.sign(home, identity, founded.protocol())


def test_nothing_is_in_effect_until_the_last_has_signed(founded: Simulator) -> None:
    path = founded.protocol()
    for party in ("mbo", "gemeente"):
        linkage = signing.sign(founded.homes[party], founded.identities[party], path)
        founded.carry()
        with pytest.raises(Refused, match=r"not in effect: not signed by .*unit"):
            agreement.in_effect(founded.homes[party], linkage)
    signing.sign(founded.homes["unit"], founded.identities["unit"], path)
    founded.carry()
    for party, home in founded.homes.items():
        assert agreement.in_effect(home, founded.linkage(party)).id == "graduates-on-benefits"


def test_a_changed_protocol_is_another_linkage_and_nobody_signed_it(agreed: Simulator) -> None:
    text = (agreed.linkage("mbo").folder / "protocol.yml").read_text("utf-8")
    changed = files.write(agreed.folder / "changed.yml", text.replace("minimum: 10", "minimum: 11").encode())
    old = {party: agreed.linkage_signature(party) for party in agreed.homes}
    linkage = agreed.homes["mbo"].adopt(changed)
    assert [s.signed_on for s in agreement.standings(agreed.homes["mbo"], linkage)] == [None, None, None]
    for party, data in old.items():  # the old signatures do not serve the new digest
        files.write(linkage.signature(party), data)
    with pytest.raises(Refused, match="not in effect"):
        agreement.in_effect(agreed.homes["mbo"], linkage)


def test_a_comment_may_change_and_the_signatures_hold(agreed: Simulator) -> None:
    linkage = agreed.linkage("mbo")
    text = (linkage.folder / "protocol.yml").read_text("utf-8")
    other = files.write(agreed.folder / "commented.yml", ("# read on Monday\n" + text).encode())
    assert protocol.load(other).digest == linkage.protocol.digest


@pytest.mark.parametrize("change", ["protocol", "party", "card", "on", "signature", "extra"])
def test_a_signature_file_that_was_changed_does_not_hold(agreed: Simulator, change: str) -> None:
    value = json.loads(agreed.linkage_signature("gemeente"))
    old = value.get(change, "")
    value[change] = {"on": "2020-01-01", "party": "unit"}.get(
        change, old[:-4] + ("AAA=" if old[-4:] != "AAA=" else "BBB=")
    )
    home = agreed.homes["mbo"]
    with pytest.raises(LinkageError):
        agreement.take_signature(home, canonical.to_bytes(value), where="changed")
    files.write(agreed.linkage("mbo").signature("gemeente"), canonical.to_bytes(value))
    standing = {s.party: s.reason for s in agreement.standings(home, agreed.linkage("mbo"))}
    assert standing["gemeente"], "a changed signature counts as none"


def test_outside_its_period_nothing_is_done(agreed: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "today", lambda: date(2026, 8, 31))
    monkeypatch.setattr(homes, "refuse_outdated", lambda card: None)
    with pytest.raises(Refused, match="valid from 2026-09-01 until 2090-12-31; today is 2026-08-31"):
        custodian.tokenise(
            agreed.homes["gemeente"], agreed.identities["gemeente"], agreed.linkage("gemeente"),
            agreed.input("gemeente"), agreed.config("gemeente"),
        )  # fmt: skip


def test_a_new_protocol_keeps_the_comments_and_changes_only_what_was_asked(founded: Simulator) -> None:
    template = files.shipped("protocols/graduates-on-benefits.yml")
    before = template.read_text("utf-8").splitlines()
    after = agreement.new_protocol(template, [founded.homes["mbo"].card], LONG).splitlines()
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == 5  # valid.until, name, number (one line), card, destroy date
    assert all(a.partition("#")[2] == b.partition("#")[2] for a, b in changed)
    with pytest.raises(InputError, match=r"no parties\.9"):
        agreement.new_protocol(template, [], {("parties", 9, "name"): "x"})


def test_a_name_with_a_comma_in_it_is_replaced_whole(founded: Simulator, tmp_path: Path) -> None:
    text = files.shipped("protocols/graduates-on-benefits.yml").read_text("utf-8")
    name = "    name: ROC Voorbeeldstad (fictief)"
    template = files.write(
        tmp_path / "p.yml", text.replace(name, f"{name}, sector {{zorg}} no#1  # de school").encode()
    )
    made = agreement.new_protocol(template, [founded.homes["mbo"].card], {})
    assert '    name: "mbo (fictief)"  # de school\n' in made


@pytest.mark.parametrize("name", ["graduates-on-benefits", "graduates-without-number"])
def test_of_every_shipped_protocol_a_new_one_is_made(name: str, founded: Simulator) -> None:
    template = files.shipped(f"protocols/{name}.yml")
    text = agreement.new_protocol(template, [home.card for home in founded.homes.values()], LONG)
    made = loads(text.encode(), name="p.yml")
    assert made.id == name
    assert {party.card for party in made.parties} == {home.card.fingerprint for home in founded.homes.values()}
    assert not [f for f in lint.check(made) if f.severity is Severity.ERROR or f.code == "P109"]


def test_the_passphrase_is_the_same_on_every_keyboard(tmp_path: Path) -> None:
    from linkage.cli.options import Options

    spellings = ["de ré is zoek vandaag", "de re\u0301 is zoek vandaag"]
    read = []
    for number, text in enumerate(spellings):
        path = files.write(tmp_path / str(number), text.encode() + b"\n")
        read.append(Options(tmp_path, False, "nl", True, path, None).passphrase())
    assert read[0] == read[1]


def test_a_protocol_that_was_changed_in_the_home_is_found_and_never_replaced(agreed: Simulator) -> None:
    home, linkage = agreed.homes["mbo"], agreed.linkage("mbo")
    path = linkage.folder / "protocol.yml"
    original = path.read_bytes()
    for data in (original.replace(b"minimum: 10", b"minimum: 5 "), b"not: yaml: at all"):
        path.write_bytes(data)
        with pytest.raises(Untrusted, match=r"changed after it was taken in") as caught:
            home.linkages()
        assert linkage.folder.name in str(caught.value)
        with pytest.raises(Untrusted, match=r"changed after it was taken in"):
            home.adopt(files.write(agreed.folder / "again.yml", original))
        assert path.read_bytes() == data, "what is here is never overwritten"
    path.write_bytes(original)
    assert home.linkage().protocol == linkage.protocol


def test_an_unsigned_protocol_does_not_stand_in_the_way_of_the_signed_one(agreed: Simulator) -> None:
    home, signed = agreed.homes["mbo"], agreed.linkage("mbo")
    other = home.adopt(agreed.protocol({("version",): '"1.1"'}, name="other.yml"))
    assert other.folder != signed.folder
    assert home.linkage().folder == signed.folder
    assert home.linkage(other.protocol.digest).folder == other.folder


def test_after_its_last_day_the_secret_is_not_used(agreed: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "today", lambda: date(2091, 1, 1))
    with pytest.raises(Refused, match="was to be destroyed on 2090-12-31"):
        custodian.linkage_secret(agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo"))


def test_an_interrupted_init_can_be_done_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create("mbo", "mbo", "BRIN:99ZZ", PASSPHRASE, cost=CHEAP)
    home.key.unlink()  # as if it had stopped before its last step
    again = Home(tmp_path)
    again.create("mbo", "mbo", "BRIN:99ZZ", PASSPHRASE, cost=CHEAP)
    assert Home(tmp_path).unlock(PASSPHRASE).card == Home(tmp_path).card
    assert (tmp_path / "config.yml").exists()
    assert [e.act for e in again.ledger.entries()] == ["init"], "under the new keys"
    assert (tmp_path / "ledger" / "ledger-1.jsonl").exists(), "nothing that was written is thrown away"


@pytest.mark.parametrize("number", ["99ZZ", "BRIN:", "brin:99ZZ", "BSN:123456789", "KvK:12 34"])
def test_an_official_number_of_another_form_is_refused_before_keys_are_made(tmp_path: Path, number: str) -> None:
    with pytest.raises(InputError, match="expected a number as BRIN"):
        Home(tmp_path / "home").create("mbo", "mbo", number, PASSPHRASE, cost=CHEAP)
    assert not (tmp_path / "home").exists()


def _reason(simulator: Simulator, at: str, party: str) -> str:
    return {s.party: s.reason for s in agreement.standings(simulator.homes[at], simulator.linkage(at))}[party]


def _signed_by(simulator: Simulator, party: str, changes: dict[str, object]) -> bytes:
    """A signature of a party over other content, signed well by its own key."""
    body = {k: v for k, v in json.loads(simulator.linkage_signature(party)).items() if k != "signature"} | changes
    signed = simulator.identities[party].sign(agreement.SIGNATURE_TYPE, canonical.to_bytes(body))
    return canonical.to_bytes({**body, "signature": signature.to_text(signed)})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"protocol": "sha256:" + "0" * 64}, "signs another protocol: any change makes another digest"),
        ({"party": "unit"}, "signs with another party or card than the protocol names"),
        ({"card": "sha256:" + "0" * 64}, "signs with another party or card than the protocol names"),
        ({"on": "2020-01-01"}, "signed on 2020-01-01, outside the period of protocol and card"),
        ({"on": "2091-01-01"}, "signed on 2091-01-01, outside the period of protocol and card"),
        ({"on": "2027-xx-xx"}, "signed on 2027-xx-xx, outside the period"),
        ({"commitment": None}, "a custodian, and nobody else, commits"),
        ({"commitment": "sha256:1"}, "a custodian, and nobody else, commits"),
        ({"linkage-signature": 1}, "malformed"),
        ({"linkage-signature": True}, "malformed"),
        ({"more": 1}, "malformed"),
    ],
    ids=str,
)
def test_a_signature_that_is_void_says_why(agreed: Simulator, changes: dict[str, object], reason: str) -> None:
    """Well signed by its owner, and yet it does not count."""
    data = _signed_by(agreed, "gemeente", changes)
    files.write(agreed.linkage("mbo").signature("gemeente"), data)
    assert reason in _reason(agreed, "mbo", "gemeente")
    with pytest.raises(Refused, match="not in effect: not signed by gemeente"):
        agreement.in_effect(agreed.homes["mbo"], agreed.linkage("mbo"))


def test_the_linkage_unit_commits_to_no_share(agreed: Simulator) -> None:
    files.write(
        agreed.linkage("mbo").signature("unit"), _signed_by(agreed, "unit", {"commitment": "sha256:" + "0" * 64})
    )
    assert "nobody else, commits to a share" in _reason(agreed, "mbo", "unit")


def test_who_signed_another_version_is_told_apart_from_who_did_not_sign(agreed: Simulator) -> None:
    new = agreed.protocol({("version",): '"1.1"'}, name="new.yml")
    home = agreed.homes["mbo"]
    linkage = signing.sign(home, agreed.identities["mbo"], new)
    old = agreed.linkage("unit").protocol.digest
    reasons = {s.party: s.reason for s in agreement.standings(home, linkage)}
    assert reasons["mbo"] == ""
    assert reasons["unit"].startswith("signed another text, version 1.0, digest sha256:")
    home.linkage(old).signature("unit").unlink()
    assert {s.party: s.reason for s in agreement.standings(home, linkage)}["unit"] == "no signature here"


def test_the_first_signature_that_holds_is_kept(agreed: Simulator) -> None:
    before = agreed.linkage("mbo").signature("gemeente").read_bytes()
    tomorrow = (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011
    later = _signed_by(agreed, "gemeente", {"on": tomorrow})
    agreement.take_signature(agreed.homes["mbo"], later, where="later")
    assert agreed.linkage("mbo").signature("gemeente").read_bytes() == before
    agreed.linkage("mbo").signature("gemeente").write_bytes(b"spoilt")
    agreement.take_signature(agreed.homes["mbo"], before, where="again")
    assert _reason(agreed, "mbo", "gemeente") == "", "one that does not hold is replaced"


def test_parties_who_agree_early_sign_early_and_wait(founded: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = date.today() + timedelta(days=30)  # noqa: DTZ011  # local days, as in `homes.today`
    early = {("valid", "from"): ahead.isoformat(), ("reference_date",): ahead.isoformat()}
    founded.agree(founded.protocol(early))
    (waits,) = [step for step in founded.step("gemeente") if step.kind == "wait" and "valid from" in step.text]
    assert f"signed by all; it is valid from {ahead.isoformat()}" in waits.text
    with pytest.raises(Refused, match="is valid from"):
        agreement.in_effect(founded.homes["gemeente"], founded.linkage("gemeente"))
    monkeypatch.setattr(homes, "today", lambda: ahead)
    assert agreement.in_effect(founded.homes["gemeente"], founded.linkage("gemeente"))
