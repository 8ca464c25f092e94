"""The linkage secret: every use has a key of its own, and every custodian a share in it."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage import canonical
from linkage.crypto import secret
from linkage.crypto.secret import Committed
from linkage.errors import InputError, Untrusted

SECRET = bytes(range(32))
DIGEST = "sha256:" + "ab" * 32


def by_hand(key: bytes, info: bytes) -> bytes:
    """The first block of HKDF-Expand, RFC 5869 section 2.3: T(1) = HMAC(PRK, info | 0x01)."""
    return hmac.digest(key, info + b"\x01", "sha256")


def test_a_subkey_is_what_rfc_5869_says() -> None:
    info = b"linkage/v1\0token\0bsn\0" + DIGEST.encode()
    assert secret.subkey(SECRET, DIGEST, "token", "bsn") == by_hand(SECRET, info)
    assert (
        secret.subkey(SECRET, DIGEST, "token", "bsn").hex()
        == "76c4c433f6a41d80dfc036786a400ba50a679e3e956b60418516771ccce150a3"
    )


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)


@given(st.binary(min_size=32, max_size=32), WORD, WORD)
def test_every_subkey_is_what_rfc_5869_says(key: bytes, purpose: str, field: str) -> None:
    info = b"\0".join([b"linkage/v1", purpose.encode(), field.encode(), DIGEST.encode()])
    assert secret.subkey(key, DIGEST, purpose, field) == by_hand(key, info)


def test_no_two_uses_share_a_key() -> None:
    digests = [DIGEST, "sha256:" + "ab" * 31 + "ac"]
    uses = list(
        itertools.product([SECRET, bytes(32)], digests, ["token", "clk", "tokenb"], ["bsn", "surname", "sn", "b"])
    )
    keys = {secret.subkey(*use) for use in uses}
    assert len(keys) == len(uses)
    assert all(len(key) == 32 for key in keys)
    assert SECRET not in keys


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="a linkage secret has 32 bytes"):
        secret.subkey(bytes(length), DIGEST, "token", "bsn")


def test_a_new_secret_is_new_every_time() -> None:
    made = {secret.create() for _ in range(100)}
    assert (len(made), {len(one) for one in made}) == (100, {32})


# The ceremony: shares, commitments and what is made of them (docs/spec/secret.md).

PARTIES = ["arnhem", "gemeente", "mbo", "waalwijk", "zeist"]


def custodians(count: int, digest: str = DIGEST) -> tuple[dict[str, bytes], list[Committed]]:
    """So many shares, and what was committed to."""
    shares = {party: secret.create() for party in PARTIES[:count]}
    cards = {party: f"sha256:{number:064x}" for number, party in enumerate(PARTIES)}
    bound = [Committed(p, cards[p], secret.commitment(one, digest, p, cards[p])) for p, one in shares.items()]
    return shares, bound


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_secret_of_shares_is_hkdf_of_rfc_5869_over_them_in_order(count: int) -> None:
    shares, bound = custodians(count)
    info = canonical.to_bytes(["linkage/secret/v1", DIGEST, [[c.party, c.card, c.commitment] for c in bound]])
    extracted = hmac.digest(bytes(32), b"".join(shares[party] for party in sorted(shares)), "sha256")
    assert secret.combine(shares, bound, DIGEST) == by_hand(extracted, info)


def test_the_order_in_which_shares_come_does_not_matter() -> None:
    shares, bound = custodians(3)
    made = {
        secret.combine(dict(some), list(other), DIGEST)
        for some in itertools.permutations(shares.items())
        for other in itertools.permutations(bound)
    }
    assert len(made) == 1


def test_every_share_card_party_and_protocol_changes_the_secret() -> None:
    shares, bound = custodians(3)
    made = {secret.combine(shares, bound, DIGEST)}
    for party in shares:
        other = {**shares, party: secret.create()}
        again = [Committed(c.party, c.card, secret.commitment(other[c.party], DIGEST, c.party, c.card)) for c in bound]
        made.add(secret.combine(other, again, DIGEST))
    elsewhere = "sha256:" + "12" * 32
    again = [Committed(c.party, c.card, secret.commitment(shares[c.party], elsewhere, c.party, c.card)) for c in bound]
    made.add(secret.combine(shares, again, elsewhere))
    renewed = [Committed(c.party, DIGEST, secret.commitment(shares[c.party], DIGEST, c.party, DIGEST)) for c in bound]
    made.add(secret.combine(shares, renewed, DIGEST))
    assert len(made) == 6
    assert all(len(one) == 32 for one in made)


def test_a_share_that_was_not_committed_to_makes_nothing_and_its_owner_is_named() -> None:
    shares, bound = custodians(3)
    for party in shares:
        with pytest.raises(Untrusted, match=f"the share of {party} is not the one that it committed to"):
            secret.combine({**shares, party: secret.create()}, bound, DIGEST)
    with pytest.raises(Untrusted):
        secret.combine(shares, bound, "sha256:" + "cd" * 32)


def test_a_custodian_that_sees_all_other_shares_first_cannot_choose_the_secret() -> None:
    """The last mover wants a secret that begins with two zero bits, as one in four does: he has committed."""
    lucky = 0
    for _ in range(200):
        shares, bound = custodians(2)
        wanted = next(
            (one for one in (secret.create() for _ in range(40)) if _as_if({**shares, "gemeente": one})[0] < 64), None
        )
        assert wanted is not None, "without commitments he would nearly always have found one"
        with pytest.raises(Untrusted):
            secret.combine({**shares, "gemeente": wanted}, bound, DIGEST)
        lucky += secret.combine(shares, bound, DIGEST)[0] < 64
    assert 20 < lucky < 85  # 50 expected; 6 standard deviations are 37


def _as_if(shares: dict[str, bytes]) -> bytes:
    bound = [Committed(p, DIGEST, secret.commitment(one, DIGEST, p, DIGEST)) for p, one in shares.items()]
    return secret.combine(shares, bound, DIGEST)


def test_a_commitment_belongs_to_one_party_card_and_protocol() -> None:
    share = secret.create()
    every = itertools.product([share, secret.create()], [DIGEST, "sha256:" + "ab" * 31 + "ac"], ["mbo", "gemeente"])
    made = {secret.commitment(one, digest, party, card) for one, digest, party in every for card in (DIGEST, "sha256:")}
    assert len(made) == 16


@pytest.mark.parametrize("wrong", ["one", "none", "missing", "extra", "twice"])
def test_fewer_or_other_shares_than_custodians_make_nothing(wrong: str) -> None:
    shares, bound = custodians(3)
    change = {
        "one": lambda: ({"arnhem": shares["arnhem"]}, bound[:1]),
        "none": lambda: ({}, []),
        "missing": lambda: ({p: s for p, s in shares.items() if p != "mbo"}, bound),
        "extra": lambda: (shares, bound[:2]),
        "twice": lambda: (shares, [*bound, bound[0]]),
    }[wrong]
    with pytest.raises(InputError, match="expected one share of each"):
        secret.combine(*change(), DIGEST)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_share_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="a share of the linkage secret has 32 bytes"):
        secret.commitment(bytes(length), DIGEST, "mbo", DIGEST)


def test_a_check_value_differs_with_the_secret_and_is_no_subkey() -> None:
    one = secret.check(SECRET, DIGEST)
    assert one == "sha256:" + hashlib.sha256(by_hand(SECRET, b"linkage/v1\0check\0\0" + DIGEST.encode())).hexdigest()
    assert one != secret.check(bytes(32), DIGEST) != secret.check(bytes(32), "sha256:" + "cd" * 32)
    assert secret.subkey(SECRET, DIGEST, "check", "").hex() not in one


VECTORS = Path(__file__).parents[1] / "vectors" / "secret.json"


def test_the_vectors_for_other_implementations_hold() -> None:
    assert VECTORS.is_file(), "tests/vectors/secret.json is missing: git restore it, do not make it anew"
    value = json.loads(VECTORS.read_text("utf-8"))
    assert value["format"] == 1
    assert len(value["ceremonies"]) == 3
    for one in value["ceremonies"]:
        shares = {c["party"]: bytes.fromhex(c["share"]) for c in one["custodians"]}
        bound = [Committed(c["party"], c["card"], c["commitment"]) for c in one["custodians"]]
        for c in one["custodians"]:
            assert secret.commitment(shares[c["party"]], one["protocol"], c["party"], c["card"]) == c["commitment"]
        assert secret.combine(shares, bound, one["protocol"]).hex() == one["secret"]
        assert secret.check(bytes.fromhex(one["secret"]), one["protocol"]) == one["check"]
