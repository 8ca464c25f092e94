"""Hardenings of a finished filter: bit for bit against sets of positions, and what chance must look like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from encode.rows import KINDS, columns
from linkage.encode import harden
from linkage.encode.clk import BALANCE, filters
from linkage.protocol.profiles import Balance, Clk, ClkField, Fold, Respond, RuleNinety

KEY = bytes(range(32))


def bits(rows: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.unpackbits(rows.astype("<u8").view(np.uint8), axis=1, bitorder="little")


@st.composite
def some(draw: st.DrawFn) -> NDArray[np.uint64]:
    words = draw(st.sampled_from([2, 4, 6]))
    seed = draw(st.integers(0, 2**32))
    return np.random.default_rng(seed).integers(0, 2**64, (draw(st.integers(1, 5)), words), dtype=np.uint64)


@settings(max_examples=60, deadline=None)
@given(rows=some())
def test_each_bit_is_what_the_definition_says(rows: NDArray[np.uint64]) -> None:
    plain = bits(rows)
    length = plain.shape[1]
    assert (bits(harden.xor_fold(rows)) == (plain[:, : length // 2] ^ plain[:, length // 2 :])).all()
    assert (bits(harden.rule_90(rows)) == (np.roll(plain, 1, axis=1) ^ np.roll(plain, -1, axis=1))).all()
    balanced = bits(harden.balance(rows, KEY))
    assert (balanced.sum(axis=1) == length).all()
    order = harden.permutation(KEY, 2 * length)
    assert sorted(order.tolist()) == list(range(2 * length))
    assert (balanced == np.hstack([plain, 1 - plain])[:, order]).all()


def test_another_key_is_another_order() -> None:
    assert (harden.permutation(KEY, 256) != harden.permutation(bytes(32), 256)).any()


@pytest.mark.parametrize("flip", [0.1, 0.4])
def test_flips_are_drawn_anew_for_every_record(flip: float) -> None:
    same = np.tile(np.random.default_rng(1).integers(0, 2**64, (1, 16), dtype=np.uint64), (2_000, 1))
    changed = bits(harden.randomised_response(same, flip)) != bits(same)
    assert abs(changed.mean() - flip / 2) < 5 * np.sqrt(flip / 2 / changed.size)
    per_position = changed.mean(axis=0)
    assert abs(per_position - flip / 2).max() < 6 * np.sqrt(flip / 2 / len(same)), (
        "no position is spared or singled out"
    )
    assert (harden.randomised_response(same, flip) != harden.randomised_response(same, flip)).any()


def test_an_empty_filter_stays_empty_and_the_length_is_as_declared() -> None:
    rows = [
        {"given-name": "an", "surname": "vos", "born": "19980317", "postcode": "1234ab"},
        {"given-name": "an", "surname": None, "born": None, "postcode": None},
    ]
    fold, turn, even = Fold(step="xor-fold"), RuleNinety(step="rule-90"), Balance(step="balance")
    for steps in ((fold,), (even,), (turn,), (fold, Respond(step="randomised-response", flip=0.2), even)):
        encoding = Clk(
            profile="clk", rules=2, bits=256, prf="hmac-sha512", fields_needed=2, hardening=steps,
            fields=tuple(ClkField(field=name, q=2, positions=3) for name in KINDS),
        )  # fmt: skip
        keys = dict.fromkeys(KINDS, KEY) | {BALANCE: KEY}
        found = filters(columns(rows), encoding, keys)
        assert found.shape == (2, encoding.filter_bits // 64)
        assert found[0].any()
        assert not found[1].any()
