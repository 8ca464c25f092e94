"""The linkage secret, made of the shares of all custodians; and the ones who try to spoil or bend it."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from linkage import canonical, files, protocol
from linkage.crypto import envelope, signature
from linkage.crypto import secret as secrets
from linkage.errors import LinkageError, Refused, Untrusted
from linkage.roles import agreement, ceremony, exchange, kept, signing
from linkage.roles import home as homes
from linkage.roles.folder import Linkage
from linkage.roles.home import Home
from protocols import SHIPPED
from simulator import NAMES, Simulator

OTHERS = ("waalwijk", "arnhem", "zeist")


@dataclass
class Ring(Simulator):
    """Two custodians or more, and the linkage unit."""

    def template_file(self) -> Path:
        block = SHIPPED[SHIPPED.index("  - id: gemeente") : SHIPPED.index("  - id: unit")]
        extra = [party for party in self.numbers if party not in NAMES]
        bare = block[: block.index("    cohort:")] + "    cohort: []\n\n"
        parties = "".join(bare.replace("id: gemeente", f"id: {party}") for party in extra)
        text = SHIPPED.replace("  - id: unit", parties + "  - id: unit")
        text = text.replace("parties: [mbo, gemeente]", f"parties: [mbo, gemeente{''.join(f', {p}' for p in extra)}]")
        return files.write(self.folder / "template.yml", text.encode())

    @property
    def custodians(self) -> list[str]:
        return [party for party in self.homes if party != "unit"]

    def secrets(self) -> set[bytes]:
        return {ceremony.linkage_secret(*self.at(party)) for party in self.custodians}

    def at(self, party: str) -> tuple[Home, Any, Linkage]:
        return self.homes[party], self.identities[party], self.linkage(party)

    def texts(self, party: str) -> str:
        return "\n".join(map(str, self.step(party)))

    def shown(self, party: str) -> tuple[bytes, dict[str, str]]:
        """A custodian's own share before the secret is made, and the commitments that it saw."""
        home, identity, linkage = self.at(party)
        share = kept.open_(identity, linkage, ceremony.KEPT_SHARE, linkage.share(party))
        return share, ceremony._seen(home, linkage)

    def forge(self, sender: str, reader: str, share: bytes, seen: dict[str, str], name: str = "x") -> Path:
        """A share package, well sealed and signed by its sender, dropped in the reader's inbox."""
        home, identity, linkage = self.at(sender)
        letter = exchange.Letter(exchange.SHARE, [self.homes[reader].card], ceremony._share_to_bytes(share, seen))
        path = self.homes[reader].inbox / f"{name}.package"
        exchange.send(home, identity, linkage, letter, path)
        return path

    def sign_again(self, party: str, share: bytes) -> bytes:
        """A second signature of a cheating custodian, with a commitment to another share."""
        home, identity, linkage = self.at(party)
        digest, card = linkage.protocol.digest, home.card.fingerprint
        committed = secrets.commitment(share, digest, party, card)
        body = agreement.Signed(party, card, homes.today().isoformat(), committed).body(digest)
        signed = identity.sign(agreement.SIGNATURE_TYPE, canonical.to_bytes(body))
        return canonical.to_bytes({**body, "signature": signature.to_text(signed)})


def ring(folder: Path, count: int = 2) -> Ring:
    """So many custodians; everybody has signed, and nothing has travelled yet."""
    more = {party: f"KvK:1234567{n}" for n, party in enumerate(OTHERS[: count - 2])}
    made = Ring(folder, numbers={**NAMES, **more})
    made.found()
    made.sign()
    return made


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Ring:
    return ring(tmp_path_factory.mktemp("signed"))


def copied(first: Ring, folder: Path) -> Ring:
    """The same organisations in other folders, to be spoilt."""
    shutil.copytree(first.folder, folder, dirs_exist_ok=True)
    there = {party: Home(folder / party) for party in first.homes}
    return Ring(folder, numbers=first.numbers, homes=there, identities=dict(first.identities))


@pytest.fixture
def signed(original: Ring, tmp_path: Path) -> Ring:
    """Two custodians and the unit have signed; one's own copy."""
    return copied(original, tmp_path)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_any_number_of_custodians_make_one_secret_with_one_file_each(tmp_path: Path, count: int) -> None:
    made = ring(tmp_path, count)
    made.move()
    shares = [made.shown(party)[0] for party in made.custodians]
    for party in made.homes:
        made.step(party)
    outgoing = sorted(tmp_path.glob("*/outbox/*/*.share.package"))
    assert len({path.read_bytes() for path in outgoing}) == count, "the same file for every reader"
    assert len(outgoing) == count * (count - 1)
    assert not [path for path in outgoing if path.parent.name == "unit"]
    made.carry()
    (secret,) = made.secrets()
    assert secret not in shares
    checks = {ceremony.progress(made.homes[party], made.linkage(party)).check for party in made.custodians}
    assert checks == {secrets.check(secret, made.linkage("mbo").protocol.digest)}
    for party in made.custodians:
        acts = [entry.act for entry in made.homes[party].ledger.entries()]
        assert acts.count("make-secret") == 1
        assert not list((made.linkage(party).folder / "shares").glob("*")), "the shares are gone"


def test_nobody_shows_a_share_before_every_signature_is_there(signed: Ring) -> None:
    mbo = signed.homes["mbo"]
    for other in ("gemeente", "unit"):
        assert "for the signature of" in signed.texts("mbo")
        assert not list(mbo.path.glob("outbox/*/*.share.package"))
        with pytest.raises(Refused, match="not in effect"):
            ceremony.share(*signed.at("mbo"))
        for path in (signed.homes[other].path / "outbox" / "mbo").iterdir():
            shutil.copy(path, mbo.inbox / f"{other}-{path.name}")
    assert "sealed the own share" in signed.texts("mbo")
    assert "wait" in signed.texts("mbo")


def test_nothing_is_tokenised_before_the_secret_is_whole(signed: Ring) -> None:
    signed.synthesise()
    signed.move()
    for party in signed.homes:
        signed.step(party)
    for party in signed.custodians:
        with pytest.raises(Refused, match="not here yet; missing: the share of "):
            signed.tokenise(party)
    signed.carry()
    assert signed.tokenise("mbo").counts["rows"] > 0


def test_a_share_that_comes_before_a_signature_waits_in_the_inbox(signed: Ring) -> None:
    signed.move()
    late = [path for path in signed.homes["gemeente"].inbox.iterdir() if "unit-" in path.name]
    for path in late:
        path.rename(signed.folder / path.name)
    signed.step("mbo")
    signed.move()
    text = signed.texts("gemeente")
    assert "stays in inbox/: for the signature of unit" in text
    assert "refused" not in text
    for path in late:
        shutil.move(signed.folder / path.name, path)
    assert "took in the share of mbo" in signed.texts("gemeente")
    signed.carry()
    assert len(signed.secrets()) == 1


def test_files_that_come_again_at_any_moment_change_nothing(signed: Ring) -> None:
    seen: list[tuple[str, bytes]] = []
    for _ in range(4):
        for home in signed.homes.values():
            for path in sorted((home.path / "outbox").glob("*/*")):
                seen.append((path.parent.name, path.read_bytes()))
                path.unlink()
        for number, (reader, data) in enumerate(seen):
            files.write(signed.homes[reader].inbox / f"{number}.dat", data)
        for party in signed.homes:
            assert "refused" not in signed.texts(party)
    (before,) = signed.secrets()
    ceremony.share(*signed.at("mbo"))  # asked again, the same file goes out again
    signed.carry()
    assert signed.secrets() == {before}


def test_a_share_sealed_anew_after_the_secret_was_made_is_taken_for_the_same(signed: Ring) -> None:
    share, _ = signed.shown("mbo")
    signed.carry()
    (before,) = signed.secrets()
    seen = ceremony._seen(signed.homes["mbo"], signed.linkage("mbo"))
    signed.forge("mbo", "gemeente", share, seen)
    assert "took in the share of mbo" in signed.texts("gemeente")
    assert signed.secrets() == {before}


@pytest.mark.parametrize("party", ["mbo", "gemeente"])
def test_whatever_step_a_crash_hits_the_next_run_ends_with_the_same_secret(
    original: Ring, tmp_path: Path, party: str
) -> None:
    """Dies at every rename and every write to the ledger, one after the other."""
    for place in itertools.count():
        one = copied(original, tmp_path / f"{party}-{place}")
        committed = one.shown(party)[1][party]
        died = _dying(one, party, place)
        one.step(party)
        one.carry()
        assert len(one.secrets()) == 1
        assert ceremony._seen(*one.at(party)[::2])[party] == committed, "no share was drawn anew"
        made = [e for e in one.homes[party].ledger.entries() if e.act == "make-secret"]
        assert len(made) == 1
        if not died:
            assert place > 8, "there was something to die at"
            break


def _dying(one: Ring, party: str, place: int) -> bool:
    """Play until nothing moves; the `place`-th durable step of a party, and all after it in that run, fail."""
    calls, real_replace, real_write = 0, os.replace, os.write
    mine = str(one.homes[party].path)

    def counted(path: object) -> None:
        nonlocal calls
        if str(path).startswith(mine):
            calls += 1
            if calls > place:
                raise OSError(28, "No space left on device")

    def replace(source: Any, target: Any) -> None:
        counted(target)
        real_replace(source, target)

    def write(descriptor: int, data: bytes) -> int:
        if data.startswith(b'{"entry"') and f'"party":"{party}"'.encode() in data:
            counted(mine)
        return real_write(descriptor, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replace)
        patch.setattr(os, "write", write)
        while one.move():
            for who in one.homes:
                try:
                    one.step(who)
                except LinkageError:
                    assert who == party
    return calls > place


def test_a_share_that_was_not_committed_to_is_refused_with_the_name_of_whom_to_call(signed: Ring) -> None:
    signed.move()
    for party in ("gemeente", "unit"):
        signed.step(party)
    _, seen = signed.shown("gemeente")
    shutil.rmtree(signed.homes["gemeente"].path / "outbox")
    signed.forge("gemeente", "mbo", bytes(32), seen)
    signed.step("mbo")
    text = signed.texts("mbo")
    assert "refused x.package: the share of gemeente is not the one that it committed to" in text
    assert ceremony.progress(signed.homes["mbo"], signed.linkage("mbo")).missing == ("the share of gemeente",)
    with pytest.raises(Untrusted) as caught:
        ceremony.take(*signed.at("mbo"), signed.homes["mbo"].inbox / "x.package")
    assert "Call gemeente" in caught.value.hint
    assert "new version of the protocol" in caught.value.hint


def test_the_share_or_the_commitment_of_another_cannot_be_made_ones_own(signed: Ring) -> None:
    """A custodian without a share of its own would make the secret one that others choose."""
    mine, seen = signed.shown("mbo")
    card = signed.homes["gemeente"].card.fingerprint
    digest = signed.linkage("gemeente").protocol.digest
    assert not secrets.opens(mine, secrets.Committed("gemeente", card, seen["mbo"]), digest)
    body = agreement.Signed("gemeente", card, homes.today().isoformat(), seen["mbo"]).body(digest)
    signed_ = signed.identities["gemeente"].sign(agreement.SIGNATURE_TYPE, canonical.to_bytes(body))
    data = canonical.to_bytes({**body, "signature": signature.to_text(signed_)})
    files.write(signed.homes["gemeente"].outbox("mbo") / "graduates-on-benefits.gemeente.signature.json", data)
    signed.move()
    signed.step("mbo")
    signed.forge("gemeente", "mbo", mine, {"mbo": seen["mbo"], "gemeente": seen["mbo"]})
    assert "the share of gemeente is not the one that it committed to" in signed.texts("mbo")


def test_a_custodian_that_shows_two_commitments_stops_everything_and_is_named(tmp_path: Path) -> None:
    """Split view: arnhem shows mbo one commitment and gemeente another, and opens each as it should."""
    made = ring(tmp_path, 4)
    other = secrets.create()
    own, _ = made.shown("arnhem")
    twice = made.sign_again("arnhem", other)
    made.move()
    for path in made.homes["gemeente"].inbox.glob("arnhem-*.signature.json"):
        files.write(path, twice)
    for party in made.homes:
        made.step(party)
    shutil.rmtree(made.homes["arnhem"].path / "outbox")
    view = {party: ceremony._seen(made.homes[party], made.linkage(party)) for party in ("mbo", "gemeente")}
    made.forge("arnhem", "mbo", own, view["mbo"])
    made.forge("arnhem", "gemeente", other, view["gemeente"])
    made.move()
    for party, honest in (("mbo", "gemeente"), ("gemeente", "mbo")):
        text = made.texts(party)
        assert "took in the share of arnhem" in text, "each by itself looks right"
        assert f"{honest} was shown another commitment of arnhem than this home: arnhem gave two" in text
        with pytest.raises(Refused, match=f"missing: the share of {honest}"):
            ceremony.linkage_secret(*made.at(party))


def test_a_second_signature_with_another_commitment_never_replaces_the_first(signed: Ring) -> None:
    """The one who waits to see the other's share before he fixes his own."""
    signed.move()
    signed.step("mbo")
    assert list(signed.homes["mbo"].path.glob("outbox/gemeente/*.share.package")), "mbo has shown its share"
    first = signed.linkage("mbo").signature("gemeente").read_bytes()
    twice = signed.sign_again("gemeente", secrets.create())
    path = files.write(signed.homes["mbo"].inbox / "again.json", twice)
    assert "refused again.json: gemeente signed twice" in signed.texts("mbo")
    assert path.exists(), "both files are kept"
    assert signed.linkage("mbo").signature("gemeente").read_bytes() == first


def test_a_share_under_another_protocol_is_of_no_use(signed: Ring) -> None:
    signed.carry()
    (before,) = signed.secrets()
    other = signed.protocol({("version",): '"2.0"'}, name="other.yml")
    old = signed.linkage("mbo").sent_share.read_bytes()
    signed.sign(other)
    signed.move()
    for party in signed.homes:
        signed.step(party)
    digest = protocol.load(other).digest
    linkage = signed.homes["gemeente"].linkage(digest)
    stray = files.write(signed.folder / "old.package", old)
    with pytest.raises(Refused, match="another protocol"):
        ceremony.take(signed.homes["gemeente"], signed.identities["gemeente"], linkage, stray)
    signed.carry()
    made = {
        ceremony.linkage_secret(signed.homes[p], signed.identities[p], signed.homes[p].linkage(digest))
        for p in signed.custodians
    }
    assert len(made) == 1
    assert before not in made


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        bytes(32),
        b'{"linkage-share":1,"seen":{},"share":""}',
        b'{"linkage-share":1,"seen":[],"share":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
        b'{"linkage-share":1,"more":1,"seen":{},"share":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
    ],
)
def test_well_sealed_nonsense_is_no_share(signed: Ring, body: bytes) -> None:
    signed.move()
    for party in signed.homes:
        signed.step(party)
    home, identity, linkage = signed.at("gemeente")
    path = signed.folder / "nonsense.package"
    exchange.send(home, identity, linkage, exchange.Letter(exchange.SHARE, [signed.homes["mbo"].card], body), path)
    with pytest.raises(Untrusted, match="not a share of a linkage secret"):
        ceremony.take(*signed.at("mbo"), path)
    assert not signed.linkage("mbo").share("gemeente").exists()


def test_the_unit_neither_gives_nor_takes_a_share(signed: Ring) -> None:
    signed.move()
    for party in signed.homes:
        signed.step(party)
    with pytest.raises(Refused, match="no custodian"):
        ceremony.commit(*signed.at("unit"))
    with pytest.raises(Refused, match="no custodian"):
        ceremony.share(*signed.at("unit"))
    _, seen = signed.shown("mbo")
    forged = signed.forge("unit", "mbo", secrets.create(), seen)
    with pytest.raises(Refused, match="a share comes from another custodian, not from unit"):
        ceremony.take(*signed.at("mbo"), forged)
    for path in signed.homes["unit"].path.rglob("*.package"):
        assert envelope.read(path).header.type not in (exchange.SHARE, ceremony.KEPT_SHARE, ceremony.KEPT_SECRET)


def test_nobody_shares_with_a_linkage_unit_that_calls_itself_a_custodian(signed: Ring) -> None:
    home, identity, linkage = signed.at("mbo")
    parties = [
        p.model_copy(update={"roles": (*p.roles, "custodian")}) if p.id == "unit" else p
        for p in linkage.protocol.parties
    ]
    bad = Linkage(linkage.folder, linkage.protocol.model_copy(update={"parties": tuple(parties)}))
    for act in (ceremony.commit, ceremony.share, ceremony.combine, ceremony.linkage_secret):
        with pytest.raises(Refused, match="the linkage unit may not be a custodian"):
            act(home, identity, bad)


def test_a_share_that_the_postman_touched_or_redirected_is_refused(signed: Ring) -> None:
    signed.move()
    for party in signed.homes:
        signed.step(party)
    data = signed.linkage("mbo").sent_share.read_bytes()
    for place in (30, len(data) // 2, len(data) - 1):
        changed = bytearray(data)
        changed[place] ^= 1
        path = files.write(signed.folder / "touched.package", bytes(changed))
        with pytest.raises(LinkageError):
            ceremony.take(*signed.at("gemeente"), path)
    path = files.write(signed.folder / "back.package", data)
    with pytest.raises(Refused, match="not sealed to mbo"):
        ceremony.take(*signed.at("mbo"), path)  # reflected to its sender


def test_different_secrets_are_found_before_anything_is_matched(signed: Ring) -> None:
    """A custodian whose secret is another one, by fault or on purpose: the check values in the headers differ."""
    signed.synthesise()
    signed.carry()
    home, identity, linkage = signed.at("gemeente")
    kept.seal(home, identity, linkage, ceremony.KEPT_SECRET, secrets.create(), linkage.secret)
    for party in signed.custodians:
        signed.tokenise(party)
    signed.move()
    text = signed.texts("unit")
    assert "the packages of mbo and gemeente were made with different linkage secrets" in text
    assert "linkage secret status" in text
    with pytest.raises(Refused, match="different linkage secrets"):
        signed.match()
    assert not signed.linkage("unit").links.exists()


def test_encodings_that_do_not_say_which_secret_they_are_of_are_refused(agreed: Simulator) -> None:
    home, identity, linkage = agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo")
    agreed.tokenise("mbo")
    body = agreed.opened("mbo").to_bytes()
    letter = exchange.Letter(exchange.ENCODINGS, [agreed.homes["unit"].card], body, {"rows": 3})
    exchange.send(home, identity, linkage, letter, agreed.homes["unit"].inbox / "x.package")
    assert any("does not say by which linkage secret" in str(step) for step in agreed.step("unit"))


def test_signing_again_sends_the_same_signature(signed: Ring) -> None:
    before = signed.linkage("mbo").signature("mbo").read_bytes()
    shutil.rmtree(signed.homes["mbo"].path / "outbox")
    signing.sign(signed.homes["mbo"], signed.identities["mbo"], signed.folder / "protocol.yml")
    assert signed.linkage("mbo").signature("mbo").read_bytes() == before
    assert [e.act for e in signed.homes["mbo"].ledger.entries()].count("sign-protocol") == 1
    assert len(list(signed.homes["mbo"].path.glob("outbox/*/*.signature.json"))) == 2


def test_a_signature_that_a_crash_kept_out_of_the_ledger_is_written_down_when_signed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Ring(tmp_path)
    one.found()
    home, identity, path = one.homes["mbo"], one.identities["mbo"], one.protocol()
    real = type(home.ledger).append

    def dies(*arguments: Any, **facts: Any) -> Any:
        if arguments[2] == "sign-protocol":
            raise OSError(28, "No space left on device")
        return real(*arguments, **facts)

    monkeypatch.setattr(type(home.ledger), "append", dies)
    with pytest.raises(OSError, match="No space left"):
        signing.sign(home, identity, path)
    monkeypatch.undo()
    before = one.linkage("mbo").signature("mbo").read_bytes()
    signing.sign(home, identity, path)
    assert one.linkage("mbo").signature("mbo").read_bytes() == before
    (entry,) = [e for e in home.ledger.entries() if e.act == "sign-protocol"]
    assert entry.facts["commitment"] == one.shown("mbo")[1]["mbo"]


def test_who_lost_its_share_is_told_to_begin_again_and_commits_to_no_other(signed: Ring) -> None:
    linkage = signed.linkage("mbo")
    linkage.share("mbo").unlink()
    signed.move()
    assert "refused graduates-on-benefits 1.0: the share that this home committed to is gone" in signed.texts("mbo")
    with pytest.raises(Refused, match="committed to is gone"):
        ceremony.commit(*signed.at("mbo"))
    linkage.signature("mbo").write_bytes(b"{}")
    with pytest.raises(Refused, match="committed to is gone"):
        signing.sign(signed.homes["mbo"], signed.identities["mbo"], signed.folder / "protocol.yml")


def _everything(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_share_is_never_in_clear_at_rest_nor_in_a_message(signed: Ring) -> None:
    shares = {party: signed.shown(party)[0] for party in signed.custodians}
    texts = []
    for _ in range(4):
        signed.move()
        texts += [signed.texts(party) for party in signed.homes]
        for value in shares.values():
            for spelling in (value, value.hex().encode(), signature.to_text(value).encode()):
                assert spelling not in _everything(signed.folder)
    (secret,) = signed.secrets()
    for value in (*shares.values(), secret):
        assert value.hex() not in "".join(texts)
        assert signature.to_text(value) not in "".join(texts)
    assert secret not in _everything(signed.folder)


def _after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homes, "today", lambda: date(2091, 1, 1))
    monkeypatch.setattr(homes, "refuse_outdated", lambda card: None)


def test_destroying_removes_every_file_of_the_secret_and_stands_in_the_ledger(signed: Ring) -> None:
    signed.move()
    for party in signed.homes:
        signed.step(party)
    for path in list((signed.homes["mbo"].path / "outbox/gemeente").glob("*.share.package")):
        shutil.copy(path, signed.homes["gemeente"].inbox / path.name)
    signed.step("gemeente")
    home, identity, linkage = signed.at("gemeente")
    left = linkage.folder / "incoming" / "0" / "share.package"  # as a crash while taking in would leave it
    files.write(left, signed.linkage("mbo").sent_share.read_bytes())
    with pytest.raises(Refused, match="may be used until 2090-12-31") as caught:
        ceremony.destroy(home, identity, linkage)
    assert "--early" in caught.value.hint
    assert ceremony.destroy(home, identity, linkage, early=True) >= 3
    for path in home.path.rglob("*.package"):
        assert envelope.read(path).header.type not in (exchange.SHARE, ceremony.KEPT_SHARE, ceremony.KEPT_SECRET)
    assert home.ledger.entries()[-1].act == "destroy-secret"
    assert "destroyed on" in signed.texts("gemeente")
    for act in (ceremony.linkage_secret, ceremony.share, ceremony.combine, ceremony.commit):
        with pytest.raises(Refused, match="was destroyed on"):
            act(home, identity, linkage)
    assert ceremony.destroy(home, identity, linkage, early=True) == 0
    assert [e.act for e in home.ledger.entries()].count("destroy-secret") == 1


def test_after_its_last_day_next_asks_to_destroy_the_secret(signed: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    signed.linkage("mbo").share("mbo").unlink()
    with pytest.raises(Refused, match="nothing of the linkage secret is here"):
        ceremony.destroy(*signed.at("mbo"), early=True)
    _after(monkeypatch)
    assert "decide  graduates-on-benefits 1.0: the linkage secret was to be destroyed on" in signed.texts("gemeente")
    assert "destroy" not in signed.texts("unit")
    with pytest.raises(Refused, match="was to be destroyed on 2090-12-31") as caught:
        ceremony.linkage_secret(*signed.at("gemeente"))
    assert "linkage secret destroy" in caught.value.hint
    assert ceremony.destroy(*signed.at("gemeente")) == 1
    assert "destroy" not in signed.texts("gemeente")


def test_progress_says_what_is_missing_and_from_whom(signed: Ring) -> None:
    def missing() -> str:
        return "; ".join(ceremony.progress(signed.homes["mbo"], signed.linkage("mbo")).missing)

    assert re.search(r"signature of gemeente \(no signature here\).*unit.*own share.*share of gemeente", missing())
    signed.move()
    signed.step("mbo")
    assert missing() == "the share of gemeente"
    signed.carry()
    now = ceremony.progress(signed.homes["mbo"], signed.linkage("mbo"))
    assert (now.here, now.missing, now.last_day, now.destroyed_on) == (True, (), "2090-12-31", None)
    with pytest.raises(Refused, match="no custodian"):
        ceremony.progress(signed.homes["unit"], signed.linkage("unit"))
