"""Cards that follow, end and expire; and cards that nobody compared."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import protocols
from linkage import files
from linkage.crypto import card as cards
from linkage.crypto import identity as identities
from linkage.crypto import succession
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.findings import Severity
from linkage.roles import agreement, auditor, ceremony, custodian, exchange, recipient, signing, trust, unit
from linkage.roles import home as homes
from linkage.roles.home import Home
from simulator import CHEAP, LONG, PASSPHRASE, Simulator


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return Simulator(tmp_path_factory.mktemp("founded")).found()


@pytest.fixture
def founded(original: Simulator, tmp_path: Path) -> Simulator:
    """Three organisations that trust each other's cards; one's own copy."""
    shutil.copytree(original.folder, tmp_path, dirs_exist_ok=True)
    there = {party: Home(tmp_path / party) for party in original.homes}
    return Simulator(tmp_path, homes=there, identities=dict(original.identities))


@pytest.fixture
def keyed(founded: Simulator) -> Simulator:
    """Everybody has signed a protocol with a keyed hash: the linkage unit is the first to whom a custodian sends."""
    template = files.write(founded.folder / "template.yml", protocols.HASHED.encode())
    text = agreement.new_protocol(template, [home.card for home in founded.homes.values()], LONG)
    return founded.agree(files.write(founded.folder / "protocol.yml", text.encode())).synthesise()


def rotate(simulator: Simulator, party: str) -> list[Path]:
    """A party makes new keys, and uses them from then on."""
    simulator.identities[party], paths = trust.rotate(simulator.homes[party], PASSPHRASE, cost=CHEAP)
    return paths


def texts(simulator: Simulator, party: str) -> str:
    return "\n".join(map(str, simulator.step(party)))


def on(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    monkeypatch.setattr(homes, "today", lambda: day)


# Rotation


def test_a_linkage_goes_on_when_every_party_rotates_in_the_middle_of_it(agreed: Simulator) -> None:
    before = {party: home.card.fingerprint for party, home in agreed.homes.items()}
    agreed.tokenise("mbo")
    for party in agreed.homes:
        assert {path.parent.name for path in rotate(agreed, party)} == set(agreed.homes) - {party}
    agreed.carry()  # mbo's package was sealed to the card that the unit rotates away
    agreed.tokenise("gemeente")
    agreed.carry()
    agreed.match()
    agreed.carry()
    for party, home in agreed.homes.items():
        assert home.card.fingerprint != before[party]
        assert agreement.in_effect(home, agreed.linkage(party))
        for other in set(agreed.homes) - {party}:
            assert home.trusted(other) == agreed.homes[other].card
            assert "signed by the card before it" in home.known(other)[-1].rests_on
    assert recipient.results(agreed.linkage("mbo"))
    assert ceremony.linkage_secret(agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo"))
    exported = agreed.folder / "mbo.ledger"
    auditor.hand_ledger(agreed.homes["mbo"], exported)
    old = agreed.folder / "old.card.json"
    old.write_bytes(agreed.homes["mbo"].known("mbo")[0].card.to_bytes())
    for paths in ([home.path for home in agreed.homes.values()], [exported]):
        outcomes, crossed = auditor.verify_ledgers(paths, [old])
        assert all(outcome.holds for outcome in outcomes), "by either card, each for its own part"
        assert not [finding for finding in crossed if finding.severity is Severity.ERROR]


def test_a_ledger_can_be_handed_over_right_after_new_keys(founded: Simulator) -> None:
    rotate(founded, "mbo")
    exported, one = founded.folder / "mbo.ledger", founded.folder / "entry.proof"
    auditor.hand_ledger(founded.homes["mbo"], exported)
    auditor.hand_proof(founded.homes["mbo"], 0, one)
    outcomes, _ = auditor.verify_ledgers([exported, one])
    assert [outcome.findings for outcome in outcomes] == [(), ()]


def test_other_keys_do_not_go_on_with_a_ledger(founded: Simulator) -> None:
    """A line signed with keys that no rotation names is found."""
    stranger = identities.create("mbo", "mbo (fictief)", "BRIN:99ZZ", today=homes.today())
    with pytest.raises(Untrusted, match="altered, or is of another card"):
        founded.homes["mbo"].ledger.append(stranger, "tokenise")


def test_ledgers_hold_over_a_rotation_and_witnesses_keep_what_they_saw_before_it(keyed: Simulator) -> None:
    keyed.tokenise("mbo")
    keyed.carry()
    rotate(keyed, "mbo")
    keyed.carry()
    before = keyed.homes["mbo"].path / "ledger" / "ledger.jsonl"
    kept = before.read_bytes()
    package = keyed.tokenise("mbo").package
    keyed.carry()
    outcomes, crossed = auditor.verify_ledgers([home.path for home in keyed.homes.values()])
    assert [f for one in outcomes for f in one.findings if f.severity is Severity.ERROR] == []
    assert [f for f in crossed if f.severity is Severity.ERROR] == []
    assert len(next(one for one in outcomes if one.party == "mbo").cards) == 2
    before.write_bytes(kept)  # what was sent since is forgotten, and something else sent under its number
    forked = Home(keyed.homes["mbo"].path)
    keyed.homes["mbo"] = forked
    forked.ledger.append(keyed.identities["mbo"], "import-consent", events=1)
    package = keyed.tokenise("mbo").package
    shutil.copy(package, keyed.homes["unit"].inbox / "fork.package")
    assert "the ledger of mbo does not follow from what was seen of it" in texts(keyed, "unit")


def test_rotated_keys_stand_in_the_ledgers(founded: Simulator) -> None:
    old = founded.homes["mbo"].card.fingerprint
    rotate(founded, "mbo")
    founded.carry()
    new = founded.homes["mbo"].card.fingerprint
    mine = [e for e in founded.homes["mbo"].ledger.entries() if e.act == "rotate-card"]
    assert [dict(e.facts) for e in mine] == [{"card": new, "before": old}]
    theirs = founded.homes["unit"].ledger.entries()[-1]
    assert (theirs.act, theirs.facts["verified_by"]) == ("trust-card", "rotation")
    assert (theirs.facts["card"], theirs.facts["before"]) == (new, old)


def test_a_package_of_the_new_keys_waits_for_the_rotation(keyed: Simulator) -> None:
    sent = rotate(keyed, "mbo")
    for path in sent:
        path.rename(keyed.folder / f"{path.parent.name}.kept")
    package = keyed.tokenise("mbo").package
    shutil.copy(package, keyed.homes["unit"].inbox / "came.package")
    assert "refused came.package: another card of mbo than the one that the protocol names" in texts(keyed, "unit")
    shutil.copy(keyed.folder / "unit.kept", keyed.homes["unit"].inbox / "z.json")
    text = texts(keyed, "unit")
    assert "the card of mbo is followed by a new one" in text
    assert "encoded rows from mbo" in text


def test_a_card_that_came_with_its_rotation_wants_no_telephone_call(founded: Simulator) -> None:
    rotate(founded, "mbo")
    shutil.copy(founded.homes["mbo"].path / "card.json", founded.homes["unit"].inbox / "a.json")
    founded.move()
    steps = founded.step("unit")
    assert all(step.kind in ("done", "wait") for step in steps), list(map(str, steps))
    assert founded.homes["unit"].trusted("mbo") == founded.homes["mbo"].card


def test_a_rotation_that_comes_twice_or_after_the_call_changes_nothing(founded: Simulator) -> None:
    (path, *_) = rotate(founded, "mbo")
    home, identity, data = founded.homes["unit"], founded.identities["unit"], path.read_bytes()
    card = founded.homes["mbo"].path / "card.json"
    heard = cards.words(founded.homes["mbo"].card.fingerprint)
    first = home.known("mbo")[0].fingerprint
    trust.trust(home, identity, card, heard=heard, verified_by="operator", how="telephone")
    assert home.known("mbo")[0].ended is not None, "a card that was compared anew replaces the one before"
    for _ in range(2):
        assert trust.take_rotation(home, identity, data, where="r").party == "mbo"
        assert [one.ended for one in home.known("mbo")] == [None, None]
        assert home.known("mbo")[1].verified_by == "operator"
        assert home.known("mbo")[1].follows == first


def test_two_cards_that_follow_one_are_refused_with_a_loud_word(founded: Simulator) -> None:
    """Who stole a key could rotate it too: the second of the two is found, whichever it is."""
    thief = identities.create("mbo", "mbo (fictief)", "BRIN:99ZZ", today=homes.today())
    said = succession.rotate(founded.identities["mbo"], thief, on=homes.today().isoformat())
    home, identity = founded.homes["unit"], founded.identities["unit"]
    rotate(founded, "mbo")
    founded.carry()
    with pytest.raises(Untrusted, match="another card of mbo than this one follows the same card") as caught:
        trust.take_rotation(home, identity, said.to_bytes(), where="r")
    assert "Call them" in caught.value.hint
    assert home.trusted("mbo") == founded.homes["mbo"].card


def test_a_rotation_of_a_card_that_is_not_believed_is_refused(
    founded: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path, *_) = rotate(founded, "mbo")
    data, home, identity = path.read_bytes(), founded.homes["unit"], founded.identities["unit"]
    own, own_identity = founded.homes["mbo"], founded.identities["mbo"]
    with pytest.raises(Refused, match="comes from this home"):
        trust.take_rotation(own, own_identity, data, where="r")
    stranger = Home(founded.folder / "late")
    late = stranger.create("late", "late", "KvK:12345678", PASSPHRASE, cost=CHEAP)
    with pytest.raises(Refused, match="rests on a card of mbo that is not trusted here"):
        trust.take_rotation(stranger, late, data, where="r")
    on(monkeypatch, date(2099, 1, 1))
    with pytest.raises(Refused, match="the card of mbo is valid from"):
        trust.take_rotation(home, identity, data, where="r")
    monkeypatch.undo()
    trust.distrust(home, identity, "mbo", reason="lost")
    with pytest.raises(Refused, match="that it rests on was distrusted"):
        trust.take_rotation(home, identity, data, where="r")


def test_a_rotation_that_dies_anywhere_is_finished_when_asked_again(original: Simulator, tmp_path: Path) -> None:
    real_replace, real_write = os.replace, os.write
    for place in itertools.count():
        folder = tmp_path / str(place)
        shutil.copytree(original.homes["mbo"].path, folder)
        home, calls = Home(folder), 0
        first = home.card

        def counted(limit: int = place) -> None:
            nonlocal calls
            calls += 1
            if calls > limit:
                raise OSError(28, "No space left on device")

        def replace(source: Any, target: Any) -> None:
            counted()
            real_replace(source, target)

        def write(descriptor: int, data: bytes) -> int:
            if data.startswith(b'{"entry"'):
                counted()
            return real_write(descriptor, data)

        died = False
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "replace", replace)
            patch.setattr(os, "write", write)
            try:
                trust.rotate(home, PASSPHRASE, cost=CHEAP)
            except InputError:
                died = True
        again = Home(folder)
        if died:
            half = again.unlock(PASSPHRASE, unfinished=True).card != again.card
            if half:
                with pytest.raises(Refused, match="not everything was done"):
                    again.unlock(PASSPHRASE)
            again_identity, paths = trust.rotate(again, PASSPHRASE, cost=CHEAP)
        else:
            again_identity, paths = again.unlock(PASSPHRASE), list((folder / "outbox").glob("*/*"))
        assert again.unlock(PASSPHRASE).card == again.card == again_identity.card != first
        assert len(paths) == 2
        assert [one.card for one in again_identity.former][-1] == first
        chain = [e.facts for e in again.ledger.entries() if e.act == "rotate-card"]
        assert chain[0]["before"] == first.fingerprint
        assert chain[-1]["card"] == again.card.fingerprint
        if not died:
            assert place > 5
            return


def test_a_new_protocol_names_the_new_card(founded: Simulator) -> None:
    old = founded.protocol()
    rotate(founded, "mbo")
    with pytest.raises(Refused, match="names another card of mbo"):
        signing.sign(founded.homes["mbo"], founded.identities["mbo"], old)
    founded.carry()
    founded.agree(founded.protocol(name="new.yml"))
    assert agreement.in_effect(founded.homes["unit"], founded.linkage("unit"))


# Revocation and distrust


def revoked(simulator: Simulator) -> None:
    trust.revoke(simulator.homes["mbo"], simulator.identities["mbo"], reason="laptop stolen")
    simulator.move()
    for party in ("gemeente", "unit"):
        assert "mbo revoked a card" in texts(simulator, party)


ENDS: dict[str, Callable[[Simulator], None]] = {
    "revoked": revoked,
    "distrusted": lambda s: (
        [trust.distrust(s.homes[p], s.identities[p], "mbo", reason="lost") for p in OTHERS] and None
    ),
}
OTHERS = ("gemeente", "unit")


@pytest.mark.parametrize("how", ENDS)
def test_after_it_has_ended_nothing_of_a_card_is_taken_in_by_anybody(agreed: Simulator, how: str) -> None:
    package = Path(shutil.copy(agreed.tokenise("mbo").package, agreed.folder / "kept.package"))
    signature = agreed.linkage_signature("mbo")
    share = agreed.linkage("mbo").sent_share
    ENDS[how](agreed)
    reason = f"the card of mbo that the protocol names was {how} on"
    at = {party: (agreed.homes[party], agreed.identities[party], agreed.linkage(party)) for party in agreed.homes}
    acts: list[Callable[[], object]] = [
        lambda: unit.take_encodings(*at["unit"], package),
        lambda: unit.match(*at["unit"]),
        lambda: unit.release(*at["unit"]),
        lambda: ceremony.take(*at["gemeente"], share),
        lambda: recipient.take_release(*at["gemeente"], package),
        lambda: agreed.tokenise("gemeente"),
        lambda: agreement.take_signature(agreed.homes["unit"], signature, where="s"),
        lambda: agreement.serving(agreed.homes["unit"], agreed.linkage("unit").protocol, "mbo"),
        lambda: exchange.sender_of(agreed.homes["unit"], agreed.linkage("unit"), envelope_of(package)),
    ]
    for act in acts:
        with pytest.raises(Refused, match=reason):
            act()
    for party in OTHERS:
        assert f"not in effect: void is the signature of mbo ({reason}" in texts(agreed, party)
        with pytest.raises(Refused, match="was"):
            agreed.homes[party].trusted("mbo")


def envelope_of(path: Path) -> Any:
    from linkage.crypto import envelope

    return envelope.read(path)


def test_who_has_a_key_file_has_the_former_keys_too_so_all_are_revoked(agreed: Simulator) -> None:
    rotate(agreed, "mbo")
    agreed.carry()
    revoked(agreed)
    home = agreed.homes["unit"]
    assert [str(one.ended)[:7] for one in home.known("mbo")] == ["revoked", "revoked"]
    with pytest.raises(Refused, match="that the protocol names was revoked"):
        agreement.in_effect(home, agreed.linkage("unit"))


def test_new_keys_after_a_theft_do_nothing_under_the_old_protocol(agreed: Simulator) -> None:
    rotate(agreed, "mbo")
    mine = agreed.homes["mbo"].card.fingerprint
    trust.revoke(agreed.homes["mbo"], agreed.identities["mbo"], reason="stolen", card=mine)
    for _ in range(2):  # with the revoked keys, and with those made after
        with pytest.raises(Refused, match="another card of mbo than the one that the protocol names"):
            agreement.in_effect(agreed.homes["mbo"], agreed.linkage("mbo"))
        rotate(agreed, "mbo")


def test_who_revoked_its_own_card_does_nothing_with_it_either(agreed: Simulator) -> None:
    revoked(agreed)
    with pytest.raises(Refused, match=r"mbo .*was revoked"):
        agreed.tokenise("mbo")
    with pytest.raises(Refused, match="was revoked"):
        signing.sign(agreed.homes["mbo"], agreed.identities["mbo"], agreed.protocol({("version",): '"2.0"'}, "two.yml"))


def test_after_a_theft_new_keys_are_believed_after_a_call_only(agreed: Simulator) -> None:
    revoked(agreed)
    (path, *_) = rotate(agreed, "mbo")
    assert path.name == "mbo.card.json", "not a rotation: nobody would take it"
    agreed.move()
    assert "decide  card of mbo" in texts(agreed, "unit")
    rotation = next((agreed.homes["mbo"].path / "rotations").glob("*[0-9a-f].json"))
    files.write(agreed.homes["unit"].inbox / "r.json", rotation.read_bytes())
    assert "refused r.json" in texts(agreed, "unit") or "revoked" in texts(agreed, "unit")
    words = cards.words(agreed.homes["mbo"].card.fingerprint)
    for party in OTHERS:
        home, identity = agreed.homes[party], agreed.identities[party]
        card = agreed.homes["mbo"].path / "card.json"
        trust.trust(home, identity, card, heard=words, verified_by="officer", how="telephone")
        for path in home.inbox.iterdir():
            path.unlink()
        with pytest.raises(Refused, match="that the protocol names was revoked"):
            agreement.in_effect(home, agreed.linkage(party))
    new = agreed.protocol({("version",): '"2.0"'}, name="two.yml")
    agreed.agree(new)
    digest = next(x for x in agreed.homes["mbo"].linkages() if x.protocol.version == "2.0").protocol.digest
    for party, home in agreed.homes.items():
        assert agreement.in_effect(home, home.linkage(digest)).version == "2.0", party


@pytest.mark.parametrize("compared", [False, True])
def test_a_revoked_card_takes_with_it_what_rests_on_it_alone(agreed: Simulator, compared: bool) -> None:
    rotate(agreed, "mbo")
    agreed.carry()
    home, identity, mbo = agreed.homes["unit"], agreed.identities["unit"], agreed.homes["mbo"]
    if compared:
        words = cards.words(mbo.card.fingerprint)
        trust.trust(home, identity, mbo.path / "card.json", heard=words, verified_by="operator", how="telephone")
    former = agreed.identities["mbo"].former[0].card
    trust.revoke(mbo, agreed.identities["mbo"], reason="found on a stick", card=cards.letters(former.fingerprint))
    agreed.move()
    assert "mbo revoked a card" in texts(agreed, "unit")
    if compared:
        assert home.trusted("mbo") == mbo.card
    else:
        with pytest.raises(Refused, match="rests on a card that was revoked"):
            home.trusted("mbo")
    with pytest.raises(Refused, match="the card of mbo that the protocol names was revoked"):
        agreement.serving(home, agreed.linkage("unit").protocol, "mbo", mbo.card.fingerprint)


def test_only_the_owner_revokes_and_a_revoked_card_never_comes_back(founded: Simulator) -> None:
    home, identity, mbo = founded.homes["unit"], founded.identities["unit"], founded.homes["mbo"]
    with pytest.raises(InputError, match="none of the keys of this home"):
        trust.revoke(home, identity, reason="x", card=mbo.card.fingerprint)
    stranger = identities.create("mbo", "not the school", "BRIN:99ZZ", today=homes.today())
    theirs = succession.revoke(stranger, on=homes.today().isoformat(), reason="x").to_bytes()
    with pytest.raises(Refused, match="not known here"):
        trust.take_revocation(home, identity, theirs, where="r")
    words = cards.words(mbo.card.fingerprint)
    revoked(founded)
    again = succession.revoke(founded.identities["mbo"], on=homes.today().isoformat(), reason="once more").to_bytes()
    before = home.known("mbo")
    assert trust.take_revocation(home, identity, again, where="r") == mbo.card
    assert home.known("mbo") == before
    with pytest.raises(Refused, match="this card of mbo was revoked on"):
        trust.trust(home, identity, mbo.path / "card.json", heard=words, verified_by="operator", how="telephone")
    with pytest.raises(Refused, match="this card of mbo was revoked on"):
        trust.trust_unverified(home, identity, mbo.path / "card.json", reason="in a hurry")


def test_a_card_that_was_distrusted_is_believed_again_after_a_call(agreed: Simulator) -> None:
    home, identity, mbo = agreed.homes["unit"], agreed.identities["unit"], agreed.homes["mbo"]
    for party, reason in (("unit", "x"), ("mbo", " "), ("mbo", "two\nlines")):
        with pytest.raises(InputError):
            trust.distrust(home, identity, party, reason=reason)
    trust.distrust(home, identity, "mbo", reason="laptop lost")
    with pytest.raises(Refused, match="no card of mbo is trusted here"):
        trust.distrust(home, identity, "mbo", reason="laptop lost")
    words = cards.words(mbo.card.fingerprint)
    trust.trust(home, identity, mbo.path / "card.json", heard=words, verified_by="operator", how="at their desk")
    assert agreement.in_effect(home, agreed.linkage("unit"))
    assert [e.act for e in home.ledger.entries()][-2:] == ["distrust-card", "trust-card"]


# Cards that nobody compared


def test_a_card_that_nobody_compared_is_used_only_with_a_reason_and_never_silently(
    founded: Simulator, tmp_path: Path
) -> None:
    home = Home(tmp_path / "late")
    identity = home.create("late", "late", "KvK:12345678", PASSPHRASE, cost=CHEAP)
    path = founded.homes["mbo"].path / "card.json"
    with pytest.raises(InputError, match="say why"):
        trust.trust_unverified(home, identity, path, reason=" ")
    with pytest.raises(Refused, match="no trusted card of mbo"):
        home.trusted("mbo")
    trust.trust_unverified(home, identity, path, reason="rehearsal")
    assert home.trusted("mbo") == founded.homes["mbo"].card
    assert home.known("mbo")[0].rests_on.startswith("NOT COMPARED by anybody")
    entry = home.ledger.entries()[-1]
    assert (entry.facts["verified_by"], entry.facts["how"]) == ("nobody", "rehearsal")
    heard = cards.words(founded.homes["mbo"].card.fingerprint)
    with pytest.raises(InputError, match="say who compared"):
        trust.trust(home, identity, path, heard=heard, verified_by=" ", how="telephone")


def test_all_that_rests_on_a_card_that_nobody_compared_says_so(founded: Simulator) -> None:
    home, identity = founded.homes["unit"], founded.identities["unit"]
    trust.distrust(home, identity, "mbo", reason="to begin anew")
    trust.trust_unverified(home, identity, founded.homes["mbo"].path / "card.json", reason="rehearsal")
    founded.agree()
    agreed = founded.linkage("unit").protocol
    assert "NOT COMPARED by anybody" in agreement.cautions(home, agreed)["mbo"]
    rotate(founded, "mbo")
    founded.carry()
    assert "NOT COMPARED by anybody" in agreement.cautions(home, agreed)["mbo"], "and so does a card that follows it"
    assert "NOT COMPARED" not in agreement.cautions(founded.homes["gemeente"], agreed).get("mbo", "")


def test_a_card_that_claims_to_be_of_the_own_party_is_refused(founded: Simulator) -> None:
    stranger = identities.create("unit", "not the unit", "KvK:99999999", today=homes.today()).card
    path = files.write(founded.folder / "card.json", stranger.to_bytes())
    for act in (
        lambda: trust.trust_unverified(founded.homes["unit"], founded.identities["unit"], path, reason="x"),
        lambda: trust.trust(
            founded.homes["unit"], founded.identities["unit"], path, heard=cards.words(stranger.fingerprint),
            verified_by="x", how="x",
        ),
    ):  # fmt: skip
        with pytest.raises(Refused, match="of the own party"):
            act()


@pytest.mark.parametrize("spoil", [b"{}", b"[]", b"", b'{"cards":[{}],"linkage-known":1}', None])
def test_a_record_of_trust_that_was_altered_is_refused(founded: Simulator, spoil: bytes | None) -> None:
    path = founded.homes["unit"].path / "trusted" / "mbo.json"
    data = path.read_bytes()
    path.write_bytes(data.replace(b"telephone", b"telephon\xff") if spoil is None else spoil)
    with pytest.raises(Untrusted, match="not a record of trust"):
        founded.homes["unit"].trusted("mbo")


# Expiry


def test_a_card_warns_sixty_days_ahead_and_is_refused_after_its_last_day(
    agreed: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = date.fromisoformat(agreed.homes["mbo"].card.valid_until)
    home = agreed.homes["unit"]
    on(monkeypatch, last - timedelta(days=61))
    assert trust.expiring(home) == {}
    on(monkeypatch, last - timedelta(days=60))
    warned = trust.expiring(home)
    assert set(warned) == set(agreed.homes)
    assert warned["unit"] == f"the own card ends on {last}, in 60 days: make new keys with `linkage card rotate`"
    assert "ask them to run `linkage card rotate`" in warned["mbo"]
    text = texts(agreed, "unit")
    assert f"decide  {warned['unit']}" in text
    assert f"wait    {warned['mbo']}" in text
    on(monkeypatch, last)
    assert agreement.in_effect(home, agreed.linkage("unit"))
    on(monkeypatch, last + timedelta(days=1))
    assert "ended on" in trust.expiring(home)["mbo"]
    with pytest.raises(Refused, match=r"not signed by mbo \(the card of mbo is valid from .* not today\)"):
        agreement.in_effect(home, agreed.linkage("unit"))


def test_a_protocol_outlives_the_card_that_it_names_when_another_followed_in_time(
    agreed: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = date.fromisoformat(agreed.homes["mbo"].card.valid_until)
    agreed_on = agreed.linkage("unit").protocol
    assert f"ends on {last}, before the protocol does" in agreement.cautions(agreed.homes["unit"], agreed_on)["mbo"]
    on(monkeypatch, last - timedelta(days=30))
    for party in agreed.homes:
        rotate(agreed, party)
    agreed.carry()
    on(monkeypatch, last + timedelta(days=30))
    for party, home in agreed.homes.items():
        assert agreement.in_effect(home, agreed.linkage(party)), "signed while the card was valid, and followed"
    assert agreed.tokenise("gemeente").counts["rows"] > 0
    agreed.carry()


def test_who_rotates_too_late_has_to_be_called_and_then_the_protocol_goes_on(
    agreed: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = date.fromisoformat(agreed.homes["mbo"].card.valid_until)
    for party in ("gemeente", "unit"):
        rotate(agreed, party)
    agreed.carry()
    on(monkeypatch, last + timedelta(days=1))
    monkeypatch.setattr(homes, "refuse_outdated", _outdated_of("mbo", homes.refuse_outdated))
    assert {path.name for path in rotate(agreed, "mbo")} == {"mbo.card.json", "mbo.rotation.json"}
    agreed.move()
    text = texts(agreed, "unit")
    assert "decide  card of mbo" in text
    assert "refused mbo-mbo.rotation.json: the card of mbo is valid from" in text
    words, card = cards.words(agreed.homes["mbo"].card.fingerprint), agreed.homes["mbo"].path / "card.json"
    home, identity = agreed.homes["unit"], agreed.identities["unit"]
    trust.trust(home, identity, card, heard=words, verified_by="operator", how="telephone")
    assert "the card of mbo is followed by a new one" in texts(agreed, "unit")
    assert agreement.in_effect(home, agreed.linkage("unit"))


def _outdated_of(party: str, real: Callable[[Any], None]) -> Callable[[Any], None]:
    """Only the card of one party is too old."""
    return lambda card: real(card) if card.party == party else None


# Wrong period, wrong party, wrong card: refused everywhere


STATES: dict[str, tuple[Callable[[Simulator, pytest.MonkeyPatch], None], str]] = {
    "before the period": (lambda s, m: _at(m, date(2026, 8, 31)), "valid from 2026-09-01 until 2090-12-31; today is"),
    "after the period": (lambda s, m: _at(m, date(2091, 1, 1)), "valid from 2026-09-01 until 2090-12-31; today is"),
    "not signed": (
        lambda s, m: [s.linkage(p).signature("gemeente").unlink() for p in s.homes] and None,
        "not in effect: not signed by gemeente",
    ),
    "card of another": (lambda s, m: _other_card(s), "the protocol names another card of gemeente than the trusted"),
}


def _at(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    on(monkeypatch, day)
    monkeypatch.setattr(homes, "refuse_outdated", lambda card: None)


def _other_card(simulator: Simulator) -> None:
    other = identities.create("gemeente", "another", "OIN:00000000000000000000", today=homes.today()).card
    for party in ("mbo", "unit"):
        path = simulator.homes[party].path / "trusted" / "gemeente.json"
        path.unlink()
        simulator.homes[party].trust(other, verified_by="x", how="x")


@pytest.mark.parametrize("state", STATES)
def test_out_of_effect_nothing_is_made_sealed_matched_released_or_taken_in(
    agreed: Simulator, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    package = agreed.tokenise("mbo").package
    share = agreed.linkage("gemeente").sent_share
    spoil, reason = STATES[state]
    spoil(agreed, monkeypatch)
    monkeypatch.setattr(ceremony, "_refuse_use", lambda home, linkage: None)  # its own last day is the same here
    at = {party: (agreed.homes[party], agreed.identities[party], agreed.linkage(party)) for party in agreed.homes}
    acts: dict[str, Callable[[], object]] = {
        "share": lambda: ceremony.share(*at["mbo"]),
        "take share": lambda: ceremony.take(*at["mbo"], share),
        "tokenise": lambda: custodian.tokenise(*at["mbo"], agreed.input("mbo"), agreed.config("mbo")),
        "take encodings": lambda: unit.take_encodings(*at["unit"], package),
        "match": lambda: unit.match(*at["unit"]),
        "release": lambda: unit.release(*at["unit"]),
        "take release": lambda: recipient.take_release(*at["mbo"], package),
    }
    for name, act in acts.items():
        with pytest.raises(Refused) as caught:
            act()
        assert reason in caught.value.message, name


def test_a_party_that_the_protocol_does_not_name_gets_nothing_in(agreed: Simulator) -> None:
    stranger = Home(agreed.folder / "late")
    identity = stranger.create("late", "late", "KvK:12345678", PASSPHRASE, cost=CHEAP)
    linkage = agreed.linkage("unit")
    letter = exchange.Letter(exchange.ENCODINGS, [agreed.homes["unit"].card], b"x", {exchange.CHECK: "x"})
    path = agreed.homes["unit"].inbox / "late.package"
    exchange.send(stranger, identity, linkage, letter, path)
    agreed.homes["unit"].trust(stranger.card, verified_by="x", how="x")
    with pytest.raises(LinkageError, match="names no party 'late'"):
        unit.take_encodings(agreed.homes["unit"], agreed.identities["unit"], linkage, path)
