"""The hardened filter: bit for bit as the reference says, and as the formula of its similarity says."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from encode.rows import DIGEST, KINDS, ROWS, SECRET, Person, columns, cut
from linkage.crypto.secret import subkey
from linkage.encode import hardened
from linkage.encode.column import Column
from linkage.match.comparison import agreement_pairs
from linkage.protocol.profiles import Hardened, HardenedField

KEYS = {name: subkey(SECRET, DIGEST, "hardened", name) for name in KINDS}
SPEC = Path(__file__).parents[2] / "docs/spec/encoding.md"


def profile(bits: int = 256, votes: int = 4, needed: int = 2, weights: Sequence[int] = (1, 2, 3, 1)) -> Hardened:
    fields = tuple(HardenedField(field=f, q=2, weight=w) for f, w in zip(KINDS, weights, strict=True))
    return Hardened(
        profile="hardened", rules=2, bits=bits, prf="hmac-sha512-shake256", votes=votes, fields_needed=needed,
        fields=fields,
    )  # fmt: skip


def encoded(rows: Sequence[Person], encoding: Hardened, keys: Mapping[str, bytes] = KEYS) -> list[bytes]:
    return [row.astype("<u8").tobytes() for row in hardened.filters(columns(rows), encoding, keys)]


@settings(max_examples=40, deadline=None)
@given(
    ROWS,
    st.sampled_from((64, 192)),
    st.integers(1, 5),
    st.integers(1, 4),
    st.lists(st.integers(1, 5), min_size=4, max_size=4),
)
def test_filters_are_those_of_the_reference(
    rows: list[Person], bits: int, votes: int, needed: int, weights: list[int]
) -> None:
    by_name = dict(zip(KINDS, weights, strict=True))
    expected = [reference.hardened(cut(row), by_name, KEYS, bits, votes, needed) for row in rows]
    assert encoded(rows, profile(bits, votes, needed, weights)) == [reference.to_bytes(f, bits) for f in expected]


@settings(max_examples=20, deadline=None)
@given(rows=ROWS, size=st.integers(1, 4))
def test_blocks_and_cores_change_no_bit(rows: list[Person], size: int) -> None:
    whole = encoded(rows, profile())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hardened, "BLOCK_ROWS", size)
        for cores in (1, 2):
            found = hardened.filters(columns(rows), profile(), KEYS, cores=cores)
            assert [row.astype("<u8").tobytes() for row in found] == whole
    assert [encoded([row], profile())[0] for row in rows] == whole


def _words(words: Sequence[str]) -> dict[str, Column]:
    """Rows with one field of free text each: the rest is empty."""
    empty = Column("surname", np.full(len(words), -1, np.int64), [])
    text = Column("text", np.arange(len(words)), list(words))
    return {name: text if name == "surname" else empty for name in KINDS}


def test_unrelated_rows_agree_in_half_their_bits_and_equal_rows_in_all() -> None:
    chance = np.random.default_rng(3)
    words = ["".join(chance.choice(list("abcdefghiklmnoprstuvwz"), 14)) for _ in range(60)]
    bits = 2048
    filters = hardened.filters(_words(words), profile(bits, needed=1), KEYS)
    share = [1 - int(np.bitwise_count(filters[i] ^ filters[j]).sum()) / bits for i in range(60) for j in range(i)]
    sigma = 1 / (2 * math.sqrt(bits))
    assert abs(np.mean(share) - 0.5) < 0.005  # a few q-grams are shared by chance
    assert max(share) < 0.5 + 6 * sigma
    assert (hardened.filters(_words(words), profile(bits, needed=1), KEYS) == filters).all()


@pytest.mark.parametrize("votes", [1, 2, 3, 4])
def test_agreement_follows_the_formula_of_the_paper(votes: int) -> None:
    """Two texts of 40 words that share 36: cosine 0.9 of their tokens, within 5 sigma of what is expected."""
    chance = np.random.default_rng(votes)

    def word() -> str:
        return "".join(chance.choice(list("abcdefghiklmnoprstuvwz"), 9))

    shares, cosines = [], []
    bits = 4096
    for _ in range(6):
        common = [word() for _ in range(36)]
        pair = [" ".join([*common, *(word() for _ in range(4))]) for _ in range(2)]
        sets = [
            set(hardened.cut_into_tokens(Column("text", np.zeros(1, np.int64), [text]), 2).tokens.to_pylist())
            for text in pair
        ]
        cosines.append(len(sets[0] & sets[1]) / math.sqrt(len(sets[0]) * len(sets[1])))
        a, b = hardened.filters(_words(pair), profile(bits, votes, 1), KEYS)
        shares.append(1 - int(np.bitwise_count(a ^ b).sum()) / bits)
    expected = np.mean([profile(bits, votes).agreement(cosine) for cosine in cosines])
    assert abs(np.mean(shares) - expected) < 5 / (2 * math.sqrt(6 * bits)) + 0.01


def test_strength_and_weight_count_squared() -> None:
    """Persons who share no more than a birth date: what they share weighs its votes squared."""
    chance = np.random.default_rng(4)
    bits, weights = 4096, dict(zip(KINDS, (1, 2, 3, 1), strict=True))
    shares, squared, plain = [], [], []

    def name() -> str:
        return "".join(chance.choice(list("abdefgiklmnoprstu"), 8))

    for _ in range(30):
        one: Person = {"given-name": name(), "surname": name(), "born": "19980317", "postcode": "1234ab"}
        other: Person = {**one, "given-name": name(), "surname": name(), "postcode": "5678cd"}
        a, b = hardened.filters(columns([one, other]), profile(bits, 1, weights=tuple(weights.values())), KEYS)
        shares.append(1 - int(np.bitwise_count(a ^ b).sum()) / bits)
        votes = [
            {
                (field, text): weights[field] * strength
                for field, tokens in cut(row).items()
                for text, strength in tokens
            }
            for row in (one, other)
        ]
        for cosines, power in ((squared, 2), (plain, 1)):
            sizes = [sum(v**power for v in side.values()) for side in votes]
            common = sum(v**power for token, v in votes[0].items() if token in votes[1])
            cosines.append(common / math.sqrt(sizes[0] * sizes[1]))
    expected, otherwise = (np.mean([profile(bits, 1).agreement(c) for c in cosines]) for cosines in (squared, plain))
    assert abs(np.mean(shares) - expected) < 0.02
    assert abs(np.mean(shares) - otherwise) > 0.08


def test_another_secret_protocol_or_field_gives_unrelated_bits() -> None:
    person = {"given-name": "an", "surname": "vos", "born": "19980317", "postcode": "1234ab"}
    bits = 4096
    own = encoded([person], profile(bits))[0]
    others = [
        {name: subkey(bytes(32), DIGEST, "hardened", name) for name in KINDS},
        {name: subkey(SECRET, "sha256:" + "11" * 32, "hardened", name) for name in KINDS},
        {name: subkey(SECRET, DIGEST, "clk", name) for name in KINDS},
        dict(zip(KINDS, [KEYS["surname"], KEYS["born"], KEYS["postcode"], KEYS["given-name"]], strict=True)),
    ]
    for keys in others:
        other = encoded([person], profile(bits), keys)[0]
        differ = sum((x ^ y).bit_count() for x, y in zip(own, other, strict=True))
        assert abs(differ / bits - 0.5) < 5 / (2 * math.sqrt(bits))


@pytest.mark.parametrize("needed", [1, 2, 3, 4])
def test_a_row_with_too_few_fields_has_an_empty_filter(needed: int) -> None:
    person: dict[str, str | None] = {"given-name": "an", "surname": "vos", "born": None, "postcode": None}
    assert any(encoded([person], profile(needed=needed))[0]) == (needed <= 2)


@settings(deadline=None)
@given(st.data(), st.sampled_from((0.5, 0.51, 0.6, 0.625, 1.0, 0.3333)))
def test_agreement_pairs_are_those_of_the_reference(data: st.DataObject, threshold: float) -> None:
    row = st.sets(st.integers(0, 63), max_size=64).map(frozenset)
    left, right = data.draw(st.lists(row, max_size=5)), data.draw(st.lists(row, max_size=5))
    pack = [np.array([sum(1 << p for p in r) for r in side], dtype=np.uint64).reshape(-1, 1) for side in (left, right)]
    found = agreement_pairs(pack[0], pack[1], threshold)
    scored = [(i, j, reference.agreement(a, b, 64)) for i, a in enumerate(left) for j, b in enumerate(right) if a and b]
    expected = sorted((p for p in scored if p[2] >= Fraction(str(threshold))), key=lambda p: (-p[2], p[0], p[1]))
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [p[:2] for p in expected]
    assert np.allclose(found.score, [float(p[2]) for p in expected])


def test_the_vector_of_the_specification() -> None:
    facts = dict(re.findall(r"^([a-z =]+?) += (.+)$", SPEC.read_text("utf-8"), re.MULTILINE))
    key = subkey(SECRET, DIGEST, "hardened", "surname")
    assert facts["hardened subkey of surname"] == key.hex()
    for token in ("vo", "=fs"):
        assert facts[f"drawn for {token}"] == hardened.draw(key, token, 32)[:16].hex()
    person: dict[str, str | None] = {"given-name": None, "surname": "vos", "born": None, "postcode": None}
    assert facts["hardened filter of vos"] == encoded([person], profile(64, 4, 1))[0].hex()
