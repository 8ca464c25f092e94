"""A dictionary of numbers in the hands of colluding parties: what a keyed hash gives away, an oblivious PRF does not.

The attacker has everything that the linkage unit ever saw and every secret of those who help it. It makes, for each
number of a dictionary that holds everybody's, whatever token those secrets let it make, and looks it up. The same
attacker must succeed against a keyed hash, and when all key-holders help: else its failure would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pytest

import protocols
from linkage import files
from linkage.crypto import envelope
from linkage.crypto.oprf import bulk, message
from linkage.crypto.oprf.blinding import CANARIES
from linkage.crypto.oprf.group import parts
from linkage.crypto.oprf.memory import key_of, suite_of
from linkage.crypto.oprf.token import PURPOSE, material, oprf_inputs, tokens
from linkage.crypto.secret import subkey
from linkage.encode.exact import KEYED
from linkage.errors import Refused
from linkage.roles import custodian, exchange, keyholder
from linkage.roles.asked import Desk
from simulator import Simulator

CUSTODIANS = ("mbo", "gemeente")
FAST = {("matching", "stages", 0, "token"): "oprf-ristretto255-sha512"}


def played(folder: Path, *, keyed: bool) -> Simulator:
    """A linkage up to the packages at the unit, on few people."""
    s = Simulator(folder, people=120).found()
    path = s.protocol({} if keyed else FAST)
    if keyed:
        text = path.read_text("utf-8")
        protocols_text = protocols.with_keyed_hash(text)
        path = files.write(s.folder / "keyed.yml", protocols_text.encode())
    s.agree(path).synthesise()
    for party in CUSTODIANS:
        s.tokenise(party)
    s.carry()
    return s


def seen_by_unit(s: Simulator, party: str) -> set[bytes]:
    """Tokens of a custodian's rows, opened with the unit's own key."""
    found = s.opened(party).tokens["bsn"]
    return {bytes(token) for token in found if token.any()}


def numbers_of(s: Simulator, party: str) -> list[bytes]:
    """The numbers that really stand in a register: the dictionary, which holds everybody's."""
    home, agreed = s.homes[party], s.linkage(party).protocol
    _, prepared, _, _ = custodian._prepare(home, agreed, s.input(party), s.config(party))
    return sorted(value.encode() for value in prepared.columns["bsn"].values.to_pylist())


def outputs(s: Simulator, holders: Sequence[str], dictionary: Sequence[bytes]) -> Mapping[str, list[bytes]]:
    """Outputs of those key-holders who lend their keys."""
    protocol = s.linkage("mbo").protocol
    stage = protocol.exact_stage("bsn")
    assert stage is not None
    one, inputs = suite_of(stage), oprf_inputs(protocol.digest, "bsn", dictionary)
    found = {}
    for holder in holders:
        seed = keyholder.seed_of(s.homes[holder], s.identities[holder], s.linkage(holder))
        found[holder] = bulk.direct(one, key_of(one, seed, protocol.digest), inputs)
    return found


def made(s: Simulator, helpers: Sequence[str], dictionary: Sequence[bytes]) -> Iterator[dict[bytes, bytes]]:
    """Every token to number that the helpers' secrets let anyone make."""
    protocol = s.linkage("mbo").protocol
    secret = custodian.linkage_secret(s.homes[helpers[0]], s.identities[helpers[0]], s.linkage(helpers[0]))
    keys = [subkey(secret, protocol.digest, purpose, "bsn") for purpose in (KEYED, PURPOSE)] + [secret]
    materials: list[Sequence[bytes]] = [dictionary]
    if protocol.oprf_stages:
        order = [party.id for party in protocol.key_holders]
        lent = outputs(s, [name for name in order if name in helpers], dictionary)
        for size in range(1, len(lent) + 1):
            materials += [material([lent[name] for name in some]) for some in combinations(lent, size)]
    for what in materials:
        for key in keys:
            yield dict(zip(map(bytes, tokens(key, what)), dictionary, strict=True))


def recovered(s: Simulator, helpers: Sequence[str], victim: str) -> float:
    """Share of the victim's tokens that the unit and its helpers read."""
    seen = seen_by_unit(s, victim)
    dictionary = numbers_of(s, victim)
    assert len(seen) > 20
    assert len(dictionary) >= len(seen)
    return max(len(seen & table.keys()) for table in made(s, helpers, dictionary)) / len(seen)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return played(tmp_path_factory.mktemp("keyed"), keyed=True)


@pytest.fixture(scope="module")
def oblivious(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return played(tmp_path_factory.mktemp("oblivious"), keyed=False)


@pytest.mark.parametrize(("helper", "victim"), [CUSTODIANS, CUSTODIANS[::-1]])
def test_unit_and_one_custodian_read_every_number_of_a_keyed_hash(keyed: Simulator, helper: str, victim: str) -> None:
    assert recovered(keyed, [helper], victim) == 1.0


@pytest.mark.parametrize(("helper", "victim"), [CUSTODIANS, CUSTODIANS[::-1]])
def test_unit_and_one_custodian_read_no_number_by_oblivious_prf(oblivious: Simulator, helper: str, victim: str) -> None:
    """Not even the helper's own numbers' neighbours: a token of the victim is reached from no secret of the helper."""
    assert recovered(oblivious, [helper], victim) == 0.0


def test_unit_and_all_key_holders_read_every_number(oblivious: Simulator) -> None:
    """The residual that no software prevents; it also shows that the attacker above makes its tokens rightly."""
    for victim in CUSTODIANS:
        assert recovered(oblivious, CUSTODIANS, victim) == 1.0


def test_blinded_elements_and_answers_do_not_give_a_number_away(
    oblivious: Simulator, tmp_path: Path, copied: Callable[[Simulator, Path], Simulator]
) -> None:
    """A key-holder that helps has the request, too: no element of it is an element of the dictionary times its key, and
    none comes twice, in one request or in two."""
    s = copied(oblivious, tmp_path)
    home, identity, linkage = s.homes["gemeente"], s.identities["gemeente"], s.linkage("gemeente")
    protocol = linkage.protocol
    stage = protocol.exact_stage("bsn")
    assert stage is not None
    one = suite_of(stage)
    requests = []
    for _ in range(2):
        asked = custodian.tokenise(home, identity, linkage, s.input("gemeente"), s.config("gemeente"), ask_again=True)
        assert isinstance(asked, custodian.Asked)
        package = envelope.read(asked.waiting.requests[0])
        body = b"".join(
            envelope.open_body(
                package, s.identities["mbo"], home.card, protocol=protocol.digest, type_=keyholder.REQUEST
            )
        )
        requests.append(parts(message.read(body, "request", ["keys"], where="r").parts["bsn"], 32))
        assert len(requests[-1]) == asked.waiting.elements["bsn"]
    flat = [element for request in requests for element in request]
    assert len(set(flat)) == len(flat)
    points = one.points(oprf_inputs(protocol.digest, "bsn", numbers_of(s, "gemeente")))
    seed = keyholder.seed_of(s.homes["mbo"], s.identities["mbo"], s.linkage("mbo"))
    times_key = one.group.multiply(points, [key_of(one, seed, protocol.digest)])
    known = {*parts(points, 32), *parts(times_key, 32)}
    assert not known & set(flat)


def test_guesses_within_the_quota_cost_a_question_each_and_are_counted(
    oblivious: Simulator, tmp_path: Path, copied: Callable[[Simulator, Path], Simulator]
) -> None:
    """What remains: a custodian may ask about people who are none of its own, up to its quota, on record."""
    s = copied(oblivious, tmp_path)
    stage = s.linkage("mbo").protocol.oprf_stages[0]
    most = keyholder.limit(s.linkage("mbo").protocol, stage, "gemeente")
    answered = [e.facts["total"]["bsn"] for e in s.homes["mbo"].ledger.entries() if e.act == "oprf-answer"]
    assert answered[-1] <= most
    left = most - answered[-1]
    one = suite_of(stage)
    desk = Desk(s.homes["gemeente"], s.identities["gemeente"], s.linkage("gemeente"))
    body = message.Message("request", {"keys": desk.public_keys()}, {"bsn": one.public_key(5) * (left + 1)}).to_bytes()
    path = s.folder / "guesses.package"
    letter = exchange.Letter(keyholder.REQUEST, [s.homes["mbo"].card], body, {"elements": left + 1})
    exchange.send(desk.home, desk.identity, desk.linkage, letter, path)
    with pytest.raises(Refused, match="its quota allows"):
        keyholder.answer(s.homes["mbo"], s.identities["mbo"], s.linkage("mbo"), path)
    assert most == 2 * (100_000 + CANARIES)
