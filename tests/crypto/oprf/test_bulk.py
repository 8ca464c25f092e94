"""Requests of any size: the same outputs as one by one, on any number of cores; what is wrong is named."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from linkage.crypto.oprf import blinding, bulk, token, worker
from linkage.crypto.oprf.group import NotAnElement, parts
from linkage.crypto.oprf.rfc9497 import Mode, suite
from linkage.crypto.oprf.steps import packed, unpacked
from linkage.errors import InputError, LinkageError, Untrusted

NAMES = ("P256-SHA256", "ristretto255-SHA512")
CASES = [(name, mode) for name in NAMES for mode in Mode]


def inputs_of(count: int) -> list[bytes]:
    """Some inputs, the first two equal."""
    return token.oprf_inputs("sha256:" + "0" * 64, "bsn", [b"%09d" % max(i, 1) for i in range(count)])


@pytest.fixture(autouse=True)
def _short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PROOF_ROWS", 8)
    monkeypatch.setattr(bulk, "ENOUGH", 16)


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_a_request_from_end_to_end(name: str, mode: Mode) -> None:
    one, inputs, seed = suite(name, mode), inputs_of(37), blinding.new_seed()
    own, other = one.random_scalar(), one.random_scalar()
    canaries = 0 if mode else 5
    for cores in (1, 2):
        elements, outputs = bulk.request(one, inputs, seed, own_key=own, canaries=canaries, cores=cores)
        assert outputs == one.direct(own, inputs)
        evaluated, proofs = bulk.answer(one, other, elements, cores=cores)
        if mode:
            bulk.check(one, one.public_key(other), elements, evaluated, proofs, cores=cores)
        else:
            bulk.check_canaries(one, one.public_key(other), evaluated, seed, len(inputs), canaries)
        found = bulk.outputs(one, inputs, seed, evaluated, canaries=canaries, cores=cores)
        assert found == one.direct(other, inputs)


@pytest.mark.parametrize("name", NAMES)
def test_equal_inputs_and_canaries_look_like_any_other(name: str) -> None:
    """No element comes twice: not for equal inputs, not in a second request; canaries have no place of their own."""
    one, inputs = suite(name, Mode.OPRF), inputs_of(20)
    requests = [bulk.request(one, inputs, blinding.new_seed(), canaries=5)[0] for _ in range(2)]
    elements = [element for request in requests for element in parts(request, one.group.wire_bytes)]
    assert len(set(elements)) == len(elements) == 50
    assert len({tuple(blinding.order_of(blinding.new_seed(), 25)) for _ in range(9)}) == 9


def test_first_bytes_of_blinded_elements_are_even() -> None:
    """10,000 elements of one input: the lowest byte of each is spread as chance spreads it (chi square, 1 in 10^6)."""
    one, seed = suite("ristretto255-SHA512", Mode.OPRF), blinding.new_seed()
    blinds = blinding.scalars(seed, 0, 10_000, one.group.order)
    elements = one.blind(one.points([b"999990019"]) * 10_000, blinds)
    seen = np.bincount(np.frombuffer(elements, dtype=np.uint8).reshape(-1, 32)[:, 8], minlength=256)
    assert ((seen - 10_000 / 256) ** 2 / (10_000 / 256)).sum() < 380  # 255 degrees of freedom


@pytest.mark.parametrize("name", NAMES)
def test_who_answers_with_another_key_is_found(name: str) -> None:
    one, inputs, seed = suite(name, Mode.OPRF), inputs_of(10), blinding.new_seed()
    elements, _ = bulk.request(one, inputs, seed, canaries=3)
    key, other = one.random_scalar(), one.random_scalar()
    wrong, _ = bulk.answer(one, other, elements)
    with pytest.raises(Untrusted, match="answered wrongly"):
        bulk.check_canaries(one, one.public_key(key), wrong, seed, 10, 3)
    proving = suite(name, Mode.VOPRF)
    wrong, proofs = bulk.answer(proving, other, elements)
    with pytest.raises(Untrusted, match="does not hold"):
        bulk.check(proving, one.public_key(key), elements, wrong, proofs)


def test_one_spoilt_row_among_many_is_found_by_a_proof_always_by_canaries_sometimes() -> None:
    one, inputs, seed = suite("ristretto255-SHA512", Mode.VOPRF), inputs_of(20), blinding.new_seed()
    key = one.random_scalar()
    elements, _ = bulk.request(one, inputs, seed)
    good, proofs = bulk.answer(one, key, elements)
    for row in range(20):
        spoilt = good[: 32 * row] + one.public_key(5) + good[32 * row + 32 :]
        with pytest.raises(Untrusted, match="does not hold"):
            bulk.check(one, one.public_key(key), elements, spoilt, proofs)
    found = 0
    for _ in range(100):
        seed = blinding.new_seed()
        elements, _ = bulk.request(one, inputs, seed, canaries=20)
        spoilt = one.public_key(5) + bulk.answer(one, key, elements)[0][32:]
        try:
            bulk.check_canaries(one, one.public_key(key), spoilt, seed, 20, 20)
        except Untrusted:
            found += 1
    assert 20 < found < 80  # half of the elements are canaries: 5 in 10^9 outside


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_of_another_length_is_refused(name: str) -> None:
    one, inputs, seed = suite(name, Mode.VOPRF), inputs_of(10), blinding.new_seed()
    elements, _ = bulk.request(one, inputs, seed, canaries=2)
    key, size = one.random_scalar(), one.group.wire_bytes
    evaluated, proofs = bulk.answer(one, key, elements)
    for wrong in (evaluated[:-size], evaluated + evaluated[:size], b""):
        with pytest.raises(Untrusted, match="length"):
            bulk.outputs(one, inputs, seed, wrong, canaries=2)
        with pytest.raises(Untrusted, match="length"):
            bulk.check_canaries(one, one.public_key(key), wrong, seed, 10, 2)
        with pytest.raises(Untrusted, match="length"):
            bulk.check(one, one.public_key(key), elements, wrong, proofs)
    with pytest.raises(Untrusted, match="length"):
        bulk.check(one, one.public_key(key), elements, evaluated, proofs[: one.proof_bytes])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cores", [1, 2])
def test_a_bad_element_is_named_by_its_place_in_the_request(name: str, cores: int) -> None:
    one = suite(name, Mode.OPRF)
    elements, _ = bulk.request(one, inputs_of(20), blinding.new_seed())
    size = one.group.wire_bytes
    bad = elements[: 18 * size] + bytes(size) + elements[19 * size :]
    with pytest.raises(NotAnElement, match="element 19 "):
        bulk.answer(one, 3, bad, cores=cores)


def test_a_process_says_what_it_refuses_and_its_end_is_noticed() -> None:
    one = suite("P256-SHA256", Mode.VOPRF)
    far = worker.Worker(one.identifier, one.mode)
    try:
        with pytest.raises(Untrusted, match="does not hold"):
            far.run("check", [one.public_key(2), one.public_key(3), one.public_key(5), bytes([1]) * 64])
        with pytest.raises(LinkageError, match="ended before its time"):
            far.run("no such step", [])
    finally:
        far.close()


def test_a_process_imports_nothing_from_the_folder_it_is_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`linkage/` beside an export is not our code."""
    (tmp_path / "linkage").mkdir()
    (tmp_path / "linkage" / "__init__.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [entry for entry in sys.path if entry not in ("", ".")])
    far = worker.Worker("P256-SHA256", Mode.OPRF)
    try:
        assert far.run("answer", [bytes(31) + b"\1", b""]) == (b"", b"")
    finally:
        far.close()


def test_scalars_depend_on_seed_and_row_only() -> None:
    seed, order = blinding.new_seed(), 2**252
    whole = blinding.scalars(seed, 0, 10, order)
    assert whole == blinding.scalars(seed, 0, 4, order) + blinding.scalars(seed, 4, 6, order)
    assert len(set(whole)) == 10
    assert all(1 <= scalar < order for scalar in whole)
    assert not set(whole) & set(blinding.scalars(blinding.new_seed(), 0, 10, order))
    assert set(blinding.scalars(seed, 0, 50, 3)) == {1, 2}


def test_inputs_survive_packing() -> None:
    inputs = [b"", b"a", bytes(65_535)]
    assert unpacked(packed(inputs)) == inputs


def test_a_token_needs_every_output_and_the_key() -> None:
    first, second = [b"1" * 32, b"2" * 32], [b"3" * 32, b"4" * 32]
    both = token.material([first, second])
    tokens = token.tokens(b"k" * 32, both)
    assert tokens.shape == (2, token.TOKEN_BYTES)
    others = [
        token.tokens(b"l" * 32, both), token.tokens(b"k" * 32, token.material([second, first])),
        token.tokens(b"k" * 32, token.material([first, first])), token.tokens(b"k" * 32, first),
        token.tokens(b"k" * 32, [token.with_second(one, b"x") for one in both]),
    ]  # fmt: skip
    for other in others:
        assert not (tokens == other).all(axis=1).any()
    for wrong in ([], [first, second[:1]]):
        with pytest.raises(InputError, match="every key-holder"):
            token.material(wrong)
