"""Numbers by oblivious PRF between organisations: the honest way, and everything that somebody can do wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import protocols
import simulator
from linkage import files
from linkage.crypto import envelope
from linkage.crypto.oprf import bulk, message
from linkage.crypto.oprf.memory import suite_of
from linkage.crypto.oprf.message import Message
from linkage.encode.config import AliasConfig
from linkage.errors import InputError, Refused, Untrusted
from linkage.roles import agreement, auditor, blinding, custodian, exchange, keeping, keyholder, signing
from linkage.roles.asked import Desk
from linkage.roles.custodian import Asked, Tokenised
from simulator import LONG, Simulator

FAST = {("matching", "stages", 0, "token"): "oprf-ristretto255-sha512"}


@pytest.fixture(scope="session")
def _fast(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    made = Simulator(tmp_path_factory.mktemp("fast"), people=150).found()
    return made.agree(made.protocol(FAST | {("parties", 0, "quota"): "120"})).synthesise()


@pytest.fixture
def fast(_fast: Simulator, tmp_path: Path, copied: Callable[[Simulator, Path], Simulator]) -> Simulator:
    """Everybody has signed and told its public key, with the fast suite; one's own copy."""
    return copied(_fast, tmp_path)


def ask(s: Simulator, party: str = "mbo", path: Path | None = None, *, again: bool = False) -> Asked | Tokenised:
    home, identity, config = s.homes[party], s.identities[party], s.config(party)
    if config.consent is not None and s.made is not None:
        custodian.import_consent(home, identity, s.made.consent, config)
    file = path or s.input(party)
    return custodian.tokenise(home, identity, s.linkage(party), file, config, ask_again=again)


def desk(s: Simulator, party: str = "mbo") -> Desk:
    return Desk(s.homes[party], s.identities[party], s.linkage(party))


def request_of(made: Asked | Tokenised) -> Path:
    assert isinstance(made, Asked)
    (path,) = made.waiting.requests
    return path


def answer(s: Simulator, path: Path, holder: str = "gemeente") -> keyholder.Answered:
    return keyholder.answer(s.homes[holder], s.identities[holder], s.linkage(holder), path)


def acts(s: Simulator, party: str, act: str) -> list[Any]:
    return [e.facts for e in s.homes[party].ledger.entries() if e.act == act]


def test_one_round_trip_by_next_alone(fast: Simulator) -> None:
    for party in ("mbo", "gemeente"):
        made = ask(fast, party)
        assert isinstance(made, Asked)
        assert made.waiting.holders == (({"mbo", "gemeente"} - {party}).pop(),)
    assert any(step.kind == "wait" and step.text.endswith("about the numbers") for step in fast.step("mbo"))
    fast.carry()
    matched = fast.match()
    assert matched.links["1 exact"] > 0
    fast.carry()
    assert fast.linkage("mbo").result("on-benefits").exists()
    outcomes, crossed = auditor.verify_ledgers([home.path for home in fast.homes.values()])
    assert all(outcome.holds for outcome in outcomes)
    assert not crossed


def test_what_is_kept_between_is_sealed_and_gone_afterwards(fast: Simulator) -> None:
    request = request_of(ask(fast))
    at = desk(fast)
    state = at.state()
    assert state is not None
    assert state.seed not in at.state_path.read_bytes()
    made = answer(fast, request)
    blinding.take_answer(at, made.package)
    assert isinstance(custodian.go_on(at.home, at.identity, at.linkage), Tokenised)
    kept = [path.name for path in at.linkage.folder.rglob("*") if path.is_file()]
    assert not [name for name in kept if "state" in name or "request" in name or name == "gemeente.package"]
    (gone,) = acts(fast, "mbo", "destroy-blinding")
    assert gone["request"] == acts(fast, "gemeente", "oprf-answer")[0]["request"]
    assert custodian.go_on(at.home, at.identity, at.linkage) is None


def test_the_public_key_must_be_here_first(tmp_path: Path) -> None:
    s = Simulator(tmp_path, people=60).found()
    for party, home in s.homes.items():
        signing.sign(home, s.identities[party], s.protocol(FAST))
    s.move()
    for party in ("mbo", "gemeente"):
        s.step(party)  # takes in the signatures, seals its share, makes its key
    for path in (s.homes["mbo"].path / "outbox" / "gemeente").glob("*.share.package"):
        path.rename(s.homes["gemeente"].inbox / path.name)
    s.step("gemeente")
    s.synthesise()
    with pytest.raises(Refused, match="public key of mbo is not here yet"):
        ask(s, "gemeente")
    assert any("for the public key of mbo" in step.text for step in s.step("gemeente"))
    assert not list(s.homes["gemeente"].path.glob("outbox/*/*request*"))


def test_a_request_beyond_the_quota_is_refused_and_recorded_once(fast: Simulator) -> None:
    asked = ask(fast)
    count = asked.waiting.elements["bsn"]  # type: ignore[union-attr]
    assert answer(fast, request_of(asked)).total == {"bsn": count}
    second = answer(fast, request_of(ask(fast, again=True)))
    assert second.total == {"bsn": 2 * count}
    rounds, quota = 2, 120
    limit = rounds * (quota + 64)
    assert 3 * count > limit
    third = request_of(ask(fast, again=True))
    for _ in range(2):
        with pytest.raises(Refused, match=rf"{3 * count:,} elements for 'bsn'; its quota allows {limit:,}"):
            answer(fast, third)
    (said,) = acts(fast, "gemeente", "oprf-refuse")
    assert (said["requester"], said["limit"]) == ("mbo", limit)
    assert [facts["total"]["bsn"] for facts in acts(fast, "gemeente", "oprf-answer")] == [count, 2 * count]


def test_a_lost_answer_is_given_again_and_counts_once(fast: Simulator) -> None:
    asked = ask(fast)
    request = request_of(asked)
    first = answer(fast, request)
    first.package.unlink()
    assert answer(fast, request).total == first.total
    request.rename(fast.homes["gemeente"].inbox / "again")
    assert any(step.text.startswith("answered mbo about") for step in fast.step("gemeente"))
    again = ask(fast)  # the same file: nothing new is asked, the request is in the outbox again
    assert request_of(again) == request
    assert len(acts(fast, "mbo", "oprf-request")) == 1
    blinding.take_answer(desk(fast), answer(fast, request).package)
    assert isinstance(ask(fast), Tokenised)


def test_a_key_holder_that_answers_wrongly_is_caught_and_named(
    fast: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_of(ask(fast))
    right = bulk.answer
    monkeypatch.setattr(bulk, "answer", lambda one, key, data: right(one, key + 1, data))
    made = answer(fast, request)
    for _ in range(2):
        with pytest.raises(Untrusted, match="gemeente answered wrongly"):
            blinding.take_answer(desk(fast), made.package)
    (said,) = acts(fast, "mbo", "oprf-wrong-answer")
    assert said["key_holder"] == "gemeente"
    made.package.rename(fast.homes["mbo"].inbox / "answer")
    assert any(step.kind == "refused" and "gemeente answered wrongly" in step.text for step in fast.step("mbo"))
    monkeypatch.undo()
    blinding.take_answer(desk(fast), answer(fast, request).package)
    assert isinstance(ask(fast), Tokenised)


def test_one_number_with_two_answers_is_caught_where_no_canary_was_hit(
    fast: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two rows with one number are a check that nobody can see beforehand."""
    text = fast.input("gemeente").read_text("utf-8-sig")
    head, *lines = text.splitlines()
    path = files.write(fast.folder / "twice.csv", "\n".join([head, *lines, *lines]).encode())
    request = request_of(ask(fast, "gemeente", path))
    at = desk(fast, "gemeente")
    monkeypatch.setattr(bulk, "check_canaries", lambda *arguments: None)
    right = bulk.answer

    def spoilt(one: Any, key: int, data: bytes) -> tuple[bytes, bytes]:
        evaluated, proofs = right(one, key, data)
        half = len(evaluated) // 64 * 32
        return right(one, key + 1, data[:half])[0] + evaluated[half:], proofs

    monkeypatch.setattr(bulk, "answer", spoilt)
    blinding.take_answer(at, answer(fast, request, "mbo").package)
    with pytest.raises(Untrusted, match="mbo answered wrongly: one number, two answers"):
        ask(fast, "gemeente", path)


def test_another_file_or_a_changed_one_is_refused(fast: Simulator) -> None:
    ask(fast)
    changed = files.write(fast.folder / "changed.csv", fast.input("mbo").read_bytes() + b"\n")
    with pytest.raises(Refused, match="another file, or this file has changed") as caught:
        ask(fast, path=changed)
    assert "--ask-again" in caught.value.hint
    assert isinstance(ask(fast, path=changed, again=True), Asked)
    assert len(acts(fast, "mbo", "destroy-blinding")) == 1


def test_next_says_so_when_the_file_has_gone(fast: Simulator) -> None:
    file = files.write(fast.folder / "moved.csv", fast.input("mbo").read_bytes())
    request = request_of(ask(fast, path=file))
    blinding.take_answer(desk(fast), answer(fast, request).package)
    file.rename(fast.folder / "moved again.csv")
    (step,) = [step for step in fast.step("mbo") if step.kind == "decide"]
    assert "all answers are here: linkage tokenise FILE (cannot read" in step.text
    assert isinstance(ask(fast, path=fast.folder / "moved again.csv"), Tokenised)


def test_who_withdraws_between_asking_and_answering_does_not_leave(fast: Simulator) -> None:
    asked = ask(fast)
    at = desk(fast)
    blinding.take_answer(at, answer(fast, request_of(asked)).package)
    assert fast.made is not None
    events = fast.made.consent.read_text("utf-8").splitlines()
    given = [line for line in events[1:] if ";given;" in line or ";gegeven;" in line or ";ja;" in line]
    who = sorted({line.split(";")[0] for line in given})
    later = [";".join([one, *given[0].split(";")[1:2], "ingetrokken", "2026-11-01", "", "x"]) for one in who]
    path = files.write(fast.folder / "later.csv", "\n".join([events[0], *later[: len(later) // 2]]).encode())
    custodian.import_consent(at.home, at.identity, path, fast.config("mbo"))
    made = ask(fast)
    assert isinstance(made, Tokenised)
    before = asked.plan.judged["included"]  # type: ignore[union-attr]
    assert 0 < made.counts["rows"] < before
    assert made.left_out == 0


def test_who_came_in_since_is_left_out_and_counted(fast: Simulator) -> None:
    """Somebody is asked for consent again, and gives it, while the key-holders answer."""
    home, identity, config = fast.homes["mbo"], fast.identities["mbo"], fast.config("mbo")
    assert fast.made is not None
    events = fast.made.consent.read_text("utf-8").splitlines()
    few = files.write(fast.folder / "few.csv", "\n".join(events[: len(events) // 2]).encode())
    custodian.import_consent(home, identity, few, config)
    asked = custodian.tokenise(home, identity, fast.linkage("mbo"), fast.input("mbo"), config)
    blinding.take_answer(desk(fast), answer(fast, request_of(asked)).package)
    made = ask(fast)  # imports all of them
    assert isinstance(made, Tokenised)
    assert made.left_out > 0
    assert made.counts["rows"] == asked.plan.judged["included"]  # type: ignore[union-attr]
    assert acts(fast, "mbo", "tokenise")[-1]["left_out"] == made.left_out


def test_a_second_public_key_is_refused(fast: Simulator) -> None:
    home, identity, linkage = fast.homes["gemeente"], fast.identities["gemeente"], fast.linkage("gemeente")
    for kept in ("oprf-key.package", "oprf-public-key.package"):
        (linkage.folder / kept).unlink()
    (path,) = keyholder.announce(home, identity, linkage)
    with pytest.raises(Refused, match="told another public key before"):
        blinding.take_public_key(desk(fast), path)
    with pytest.raises(Refused, match="asks for another key than this home's"):
        answer(fast, request_of(ask(fast)))


def test_a_public_key_that_is_no_element_is_refused(fast: Simulator) -> None:
    at = desk(fast)
    at.public_path("gemeente").unlink()
    home, identity, linkage = fast.homes["gemeente"], fast.identities["gemeente"], fast.linkage("gemeente")
    cases: list[tuple[dict[str, str], str]] = [
        ({"oprf-ristretto255-sha512": "A" * 43 + "="}, "element 1"),
        ({"oprf-p256-sha256": "A" * 44}, "other tokens"),
        ({"oprf-ristretto255-sha512": "AAAA"}, "base64 of 32 bytes"),
    ]
    for number, (keys, said) in enumerate(cases):
        letter = exchange.Letter(
            keyholder.PUBLIC, [fast.homes["mbo"].card], Message("public-key", {"keys": keys}, {}).to_bytes()
        )
        path = fast.folder / f"{number}.package"
        exchange.send(home, identity, linkage, letter, path)
        with pytest.raises(Untrusted, match=said):
            blinding.take_public_key(at, path)
    assert at.missing_keys == ["gemeente"]


def test_custodians_with_different_keys_are_told_so_by_the_unit(
    fast: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast.tokenise("mbo")
    linkage = fast.linkage("gemeente")
    (linkage.folder / "oprf-key.package").unlink()  # told the school one key, and uses another for itself
    keyholder.announce(fast.homes["gemeente"], fast.identities["gemeente"], linkage)
    (fast.homes["gemeente"].path / "outbox" / "mbo").rename(fast.folder / "not sent")
    fast.tokenise("gemeente")
    fast.carry()
    with pytest.raises(Refused, match="made with different keys"):
        fast.match()


def forged(s: Simulator, body: bytes, name: str = "forged") -> Path:
    """A request that the school really signed, with any content."""
    path = s.folder / f"{name}.package"
    letter = exchange.Letter(keyholder.REQUEST, [s.homes["gemeente"].card], body, {"elements": 1})
    exchange.send(s.homes["mbo"], s.identities["mbo"], s.linkage("mbo"), letter, path)
    return path


def test_bad_elements_are_refused_and_nothing_is_counted(fast: Simulator) -> None:
    keys = desk(fast).public_keys()
    good = suite_of(desk(fast).stages["bsn"]).public_key(5)
    cases = {
        "the identity": (Message("request", {"keys": keys}, {"bsn": good + bytes(32)}), "element 2 "),
        "not canonical": (Message("request", {"keys": keys}, {"bsn": b"\xff" * 32}), "element 1 "),
        "a piece of one": (Message("request", {"keys": keys}, {"bsn": good + b"1"}), "elements of 32 bytes"),
        "none": (Message("request", {"keys": keys}, {"bsn": b""}), "elements of 32 bytes"),
        "of another field": (Message("request", {"keys": keys}, {"name": good}), "other fields"),
        "an answer": (Message("answer", {"request": 1}, {"bsn": good}), "not an OPRF request"),
    }
    for name, (said, refusal) in cases.items():
        with pytest.raises(Untrusted, match=refusal):
            answer(fast, forged(fast, said.to_bytes(), name))
    assert not acts(fast, "gemeente", "oprf-answer")


def test_every_damaged_byte_of_a_head_is_noticed() -> None:
    data = Message("request", {"keys": {}}, {"bsn": b"12", "other": b"3"}).to_bytes()
    assert message.read(data, "request", ["keys"], where="r").parts == {"bsn": b"12", "other": b"3"}
    for at in range(len(data) - 3):
        broken = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            found = message.read(broken, "request", ["keys"], where="r")
        except Untrusted:
            continue
        assert found.to_bytes() == broken  # another name of a part; what reads it refuses that
        assert set(found.parts) != {"bsn", "other"}
    for broken in (data[:-1], data + b"1", b"", data[:20]):
        with pytest.raises(Untrusted, match="not an OPRF request"):
            message.read(broken, "request", ["keys"], where="r")


def test_answers_of_another_request_or_party_are_refused(fast: Simulator) -> None:
    first = answer(fast, request_of(ask(fast)))
    old = first.package.rename(fast.folder / "old.package")
    ask(fast, again=True)
    with pytest.raises(Refused, match="not under way here"):
        blinding.take_answer(desk(fast), old)
    letter = exchange.Letter(
        keyholder.ANSWER, [fast.homes["mbo"].card], Message("answer", {"request": 1}, {}).to_bytes()
    )
    from_unit = fast.folder / "unit.package"
    exchange.send(fast.homes["unit"], fast.identities["unit"], fast.linkage("unit"), letter, from_unit)
    with pytest.raises(Refused, match="unit is no key-holder"):
        blinding.take_answer(desk(fast), from_unit)


def test_only_key_holders_answer_and_only_until_the_key_is_destroyed(
    fast: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_of(ask(fast))
    with pytest.raises(Refused, match="unit is no key-holder"):
        answer(fast, request, "unit")
    last = LONG[("retention", "secret_destroyed_on")]
    day = date.fromisoformat(last) + timedelta(days=1)
    monkeypatch.setattr("linkage.roles.home.today", lambda: day)
    with pytest.raises(Refused, match="was to be destroyed on"):
        keyholder.seed_of(fast.homes["gemeente"], fast.identities["gemeente"], fast.linkage("gemeente"))
    steps = [step.text for step in fast.step("gemeente")]
    assert not any("made this home's key" in text for text in steps)


def test_a_request_cannot_be_opened_by_the_unit_nor_changed(fast: Simulator) -> None:
    request = request_of(ask(fast))
    package = envelope.read(request)
    assert [party for party, _, _ in package.header.recipients] == ["gemeente", "mbo"]
    with pytest.raises(Refused, match="not sealed to unit"):
        b"".join(
            envelope.open_body(
                package, fast.identities["unit"], fast.homes["mbo"].card,
                protocol=fast.linkage("unit").protocol.digest, type_=keyholder.REQUEST,
            )
        )  # fmt: skip
    data = bytearray(request.read_bytes())
    data[-100] ^= 1
    with pytest.raises(Untrusted):
        answer(fast, files.write(fast.folder / "changed.package", bytes(data)))


def test_the_unit_holds_no_key_and_none_of_what_was_asked(fast: Simulator) -> None:
    for party in ("mbo", "gemeente"):
        fast.tokenise(party)
    fast.carry()
    fast.match()
    names = {path.name for path in fast.homes["unit"].path.rglob("*")}
    assert not {name for name in names if "oprf" in name or "secret" in name}
    assert keeping.from_bytes(fast.linkage("unit").links.read_bytes()).pairs("mbo", "gemeente")


def test_a_run_that_dies_while_it_seals_can_be_run_again(fast: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    at = desk(fast)
    blinding.take_answer(at, answer(fast, request_of(ask(fast))).package)

    def full(*arguments: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exchange, "send", full)
    with pytest.raises(OSError, match="No space left"):
        ask(fast)
    assert at.under_way
    monkeypatch.undo()
    assert isinstance(ask(fast), Tokenised)
    assert not at.under_way


def test_old_numbers_are_asked_about_as_new_ones(fast: Simulator) -> None:
    """Aliases stay at home; plan and ledger count them."""
    home, config = fast.homes["gemeente"], fast.config("gemeente")
    spec = AliasConfig(field="bsn", file="aliases.csv", old="oud", new="nieuw")
    asked = config.model_copy(update={"aliases": spec})
    _, prepared, _, _ = custodian._prepare(home, fast.linkage("gemeente").protocol, fast.input("gemeente"), config)
    old, new = prepared.columns["bsn"].values.to_pylist()[:2]
    files.write(home.path / "aliases.csv", f"oud;nieuw\n{old};{new}\n".encode())
    plan = custodian.plan(home, fast.linkage("gemeente"), fast.input("gemeente"), asked)
    assert plan.notes["bsn: alias"] >= 1
    for change, said in (({"file": "../aliases.csv"}, "without a path"), ({"field": "name"}, "does not have")):
        wrong = config.model_copy(update={"aliases": spec.model_copy(update=change)})
        with pytest.raises(InputError, match=said):
            custodian.plan(home, fast.linkage("gemeente"), fast.input("gemeente"), wrong)


THIRD = """
  - id: notary
    name: Sleutelbewaarder (fictief)
    number: {scheme: KvK, value: "88888888"}
    public_authority: false
    roles: [key-holder]
    legal_role: processor
    legal_task: Bewaart een sleutel, AVG art. 28
    card: null
    discloses: []
    bsn_basis: null
    consent: not-required
    quota: null
    cohort: []

# The agreed record."""


def test_a_key_holder_that_is_no_custodian_answers_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party holds a key and nothing else: it sees no secret, no record and no result."""
    monkeypatch.setitem(simulator.NAMES, "notary", "KvK:88888888")
    s = Simulator(tmp_path, people=60).found()
    text = protocols.SHIPPED.replace("\n# The agreed record.", THIRD, 1).replace("roles: [custodian, key-holder, ",
                                                                                "roles: [custodian, ", 1)  # fmt: skip
    template = files.write(tmp_path / "template.yml", text.replace("check: canary", "check: dleq").encode())
    cards = [home.card for home in s.homes.values()]
    s.agree(files.write(tmp_path / "four.yml", agreement.new_protocol(template, cards, LONG | FAST).encode()))
    s.synthesise()
    for party, holders in (("mbo", {"gemeente", "notary"}), ("gemeente", {"notary"})):
        made = ask(s, party)
        assert isinstance(made, Asked)
        assert set(made.waiting.holders) == holders
    s.carry()
    assert s.match().links["1 exact"] > 0
    assert {facts["requester"] for facts in acts(s, "notary", "oprf-answer")} == {"mbo", "gemeente"}
    assert not {path.name for path in s.homes["notary"].path.rglob("*secret*")}
    assert not acts(s, "notary", "tokenise")
