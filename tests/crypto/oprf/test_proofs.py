"""Proofs hold for what was done and for nothing else; another implementation agrees."""

from __future__ import annotations

import secrets

import pytest
import voprf.ristretto as peer

from linkage.crypto.oprf.group import parts
from linkage.crypto.oprf.rfc9497 import Mode, Suite, suite
from linkage.errors import InputError, Untrusted

NAMES = ("P256-SHA256", "ristretto255-SHA512")


def answered(one: Suite, rows: int = 5) -> tuple[int, bytes, bytes, bytes]:
    """A key, a request, its answer and the proof."""
    key = one.random_scalar()
    blinded = one.blind(one.points([b"%d" % i for i in range(rows)]), [one.random_scalar() for _ in range(rows)])
    evaluated = one.evaluate(key, blinded)
    return key, blinded, evaluated, one.prove(key, blinded, evaluated)


@pytest.mark.parametrize("name", NAMES)
def test_a_proof_holds_for_its_own_elements_and_key_only(name: str) -> None:
    one = suite(name, Mode.VOPRF)
    key, blinded, evaluated, proof = answered(one)
    public, size = one.public_key(key), one.group.wire_bytes
    one.verify(public, blinded, evaluated, proof)
    swapped = evaluated[size : 2 * size] + evaluated[:size] + evaluated[2 * size :]
    other = one.evaluate(one.random_scalar(), blinded)
    for wrong in (swapped, other, evaluated[:-size] + other[-size:]):
        with pytest.raises(Untrusted, match="does not hold"):
            one.verify(public, blinded, wrong, proof)
    with pytest.raises(Untrusted, match="does not hold"):
        one.verify(one.public_key(one.random_scalar()), blinded, evaluated, proof)
    with pytest.raises(Untrusted, match="does not hold"):
        suite(name, Mode.OPRF).verify(public, blinded, evaluated, proof)  # another mode is another function


@pytest.mark.parametrize("name", NAMES)
def test_every_damaged_byte_of_a_proof_is_noticed(name: str) -> None:
    one = suite(name, Mode.VOPRF)
    key, blinded, evaluated, proof = answered(one, 1)
    for at in range(0, len(proof), 5):
        damaged = bytearray(proof)
        damaged[at] ^= 1
        with pytest.raises(Untrusted):
            one.verify(one.public_key(key), blinded, evaluated, bytes(damaged))
    for broken in (proof[:-1], proof + b"\0", bytes(len(proof)), b""):
        with pytest.raises(Untrusted):
            one.verify(one.public_key(key), blinded, evaluated, broken)


def test_a_proof_of_nothing_is_none() -> None:
    one = suite("P256-SHA256", Mode.VOPRF)
    with pytest.raises(InputError, match="covers 1 to"):
        one.prove(3, b"", b"")


def test_seed_and_input_have_their_sizes() -> None:
    one = suite("P256-SHA256", Mode.OPRF)
    with pytest.raises(InputError, match="32 bytes"):
        one.derive_key(b"short", b"")
    with pytest.raises(InputError, match="at most"):
        one.points([bytes(65_536)])


def test_voprf_answers_what_we_blind_and_blinds_what_we_answer() -> None:
    """Against the Rust implementation of the same RFC, both ways."""
    ours = suite("ristretto255-SHA512", Mode.VOPRF)
    seed, info = secrets.token_bytes(32), b"any"
    theirs, key = peer.Evaluator.from_seed(seed, info), ours.derive_key(seed, info)
    assert theirs.public_key.serialize() == ours.public_key(key)
    inputs = [b"%09d" % secrets.randbelow(10**9) for _ in range(20)]
    known = [theirs.evaluate_known_input(one) for one in inputs]
    assert ours.direct(key, inputs) == known

    blinds = [ours.random_scalar() for _ in inputs]
    blinded = ours.blind(ours.points(inputs), blinds)
    batch = theirs.evaluate_batch([peer.BlindedInput.deserialize(one) for one in parts(blinded, 32)])
    proof, evaluated = batch.serialize()[:64], batch.serialize()[64:]
    ours.verify(ours.public_key(key), blinded, evaluated, proof)
    assert ours.outputs(inputs, ours.unblind(evaluated, blinds)) == known

    clients, sent = zip(*(peer.Client.blind(one) for one in inputs), strict=True)
    asked = b"".join(one.serialize() for one in sent)
    answer = ours.evaluate(key, asked)
    answered = peer.VerifiableBatchOutput.deserialize(ours.prove(key, asked, answer) + answer)
    assert peer.Client.finalize_batch(list(clients), answered, theirs.public_key) == known
