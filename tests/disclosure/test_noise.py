"""Noise: the same for the same persons, exactly distributed, and drawn without a floating point."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import limits
import protocols
from limits import whom
from linkage.disclosure import answer as answers
from linkage.disclosure import noise, privacy
from linkage.disclosure.answer import Size
from linkage.disclosure.history import History
from linkage.disclosure.protect import Counted, protect
from linkage.disclosure.release import Release, from_bytes, refuse_other
from linkage.errors import InputError, Refused
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.protocol.protections import CellKey
from linkage.tables import Encodings

KEY = bytes(range(32))
METHOD = protocols.SHIPPED[
    protocols.SHIPPED.index("      method: suppression") : protocols.SHIPPED.index("    # where fewer")
]
POOL = protocols.SHIPPED[protocols.SHIPPED.index("    pool: ") : protocols.SHIPPED.index("\nretention:")]
KEYED = """      method: cell-key
      minimum: 10
      minimum_decision: null
      rounding: 1
      largest_noise: 5
      margins: [[level]]
"""


def edited(*changes: tuple[str, str]) -> Protocol:
    text = protocols.SHIPPED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return loads(text.encode(), name="p.yml")


def private(epsilon: float = 1, budget: float = 2, *more: tuple[str, str]) -> Protocol:
    method = f"      method: differential-privacy\n      epsilon: {epsilon}\n      budget: {budget}\n"
    method += "      margins: [[level]]\n"
    fixed = ("threshold: {aim: balance}", "threshold: 0.55")
    return edited((METHOD, method), (POOL, "    pool: null\n"), fixed, *more)


def counted(protocol: Protocol, people: int = 600, handles: int = 1) -> Counted:
    """Persons over twelve cells, in an order of their handles; two in five are linked."""
    order = np.random.default_rng(handles).permutation(people)
    tokens = np.frombuffer(b"".join(int(n + 1).to_bytes(16, "big") for n in order), np.uint8).reshape(-1, 16)
    codes = {"level": (order % 4).astype(np.int16), "school-year": (order // 4 % 3).astype(np.int16)}
    encodings = Encodings(
        "mbo",
        protocol.digest,
        np.zeros((people, 16), np.uint8),
        {"bsn": tokens},
        np.zeros((people, 1), np.uint64),
        codes,
    )
    return whom(encodings, order % 5 < 2, KEY)


def answer(protocol: Protocol, who: Counted) -> Release:
    return answers.answer(protocol, protocol.tables[0], who, {"mbo": Size(600, 0), "gemeente": Size(5_000, 240)}, ())[0]


def test_the_same_persons_get_the_same_noise_in_whatever_package_and_table() -> None:
    agreed = edited((METHOD, KEYED))
    first, again = (answer(agreed, counted(agreed, handles=seed)) for seed in (1, 2))
    assert first.to_bytes() == again.to_bytes()
    pooled = edited(
        (METHOD, KEYED.replace("[[level]]", "[]")),
        ("by: [level, school-year]", "by: [level]"),
        (POOL, "    pool: null\n"),
    )
    coarse = answer(pooled, counted(pooled))
    assert [c.persons for c in coarse.cells] == [c.persons for c in first.margins]
    refuse_other(first, agreed, where="r")
    assert from_bytes(first.to_bytes(), where="r") == first
    assert first.margins[0].categories == {"level": "#0"}


def test_one_person_more_changes_the_noise_and_another_key_does() -> None:
    agreed = edited((METHOD, KEYED))
    rule = agreed.outputs[0].protection
    assert isinstance(rule, CellKey)
    tables = [
        protect(agreed, agreed.outputs[0], counted(agreed, people)).persons[-1].value for people in range(600, 640)
    ]
    off = [value - exact for value, exact in zip(tables, range(600, 640), strict=True) if value is not None]
    assert len(off) == 40
    assert max(map(abs, off)) <= rule.largest_noise
    assert len(set(off)) > 3
    other = Counted(**{**vars(counted(agreed)), "key": bytes(32)})
    assert answer(agreed, other).cells != answer(agreed, counted(agreed)).cells


@pytest.mark.parametrize("count", [0, 1, 2, 3, 8, 500])
def test_cell_key_noise_is_that_of_fair_coins(count: int) -> None:
    """Mean zero, half as much variance as the largest, never below zero, none for nobody."""
    keys = np.arange(6_000, dtype=np.uint64)
    found = noise.perturbed(KEY, np.full(6_000, count), keys, 4)
    most = min(count, 4)
    assert found.min() >= 0
    assert abs(found - count).max() <= most
    expected = [6_000 * math.comb(2 * most, k) / 4**most for k in range(2 * most + 1)]
    seen = np.bincount(found - count + most, minlength=2 * most + 1)
    if most:
        assert stats.chisquare(seen, expected).pvalue > 1e-4
    else:
        assert (found == 0).all()


def test_record_keys_are_a_mac_of_the_row() -> None:
    rows = np.arange(64, dtype=np.uint8).reshape(2, 32)
    # HMAC-SHA-256(key, "record" || row), first eight bytes, little-endian
    assert [hex(int(k)) for k in noise.record_keys(KEY, rows)] == VECTOR
    assert (noise.record_keys(bytes(32), rows) != noise.record_keys(KEY, rows)).all()


VECTOR = ["0x429ab44c578664a8", "0x4140170231a978b9"]
"""From `openssl dgst -sha256 -mac HMAC`."""


@pytest.mark.parametrize(
    ("scale", "seed"), [(Fraction(1, 2), 1), (Fraction(2), 2), (Fraction(7, 3), 3), (Fraction(10), 4)]
)
def test_discrete_laplace_has_exactly_its_distribution(scale: Fraction, seed: int) -> None:
    source = random.Random(seed)  # noqa: S311  # a fixed source, so that the test is the same every time
    drawn = Counter(privacy.discrete_laplace(scale, source.randrange) for _ in range(8_000))
    p = math.exp(-1 / scale)
    most = int(4 * scale) + 2
    chance = {x: (1 - p) / (1 + p) * p ** abs(x) for x in range(-most, most + 1)}
    seen = [drawn[x] for x in chance] + [sum(n for x, n in drawn.items() if abs(x) > most)]
    expected = [8_000 * c for c in chance.values()]
    expected.append(8_000 - sum(expected))
    assert stats.chisquare(seen, expected).pvalue > 1e-3


def test_the_source_of_chance_is_the_operating_system() -> None:
    import inspect
    import secrets

    assert inspect.signature(privacy.noisy).parameters["below"].default is secrets.randbelow
    assert "float" not in inspect.getsource(privacy).split('"""', 2)[2]


def test_what_is_spent_is_added_up_exactly() -> None:
    assert privacy.spent(["0.1"] * 3) == Fraction("0.3")
    assert privacy.spent([]) == 0


def test_a_private_release_is_near_the_truth_and_adds_up() -> None:
    agreed = private()
    found = answer(agreed, counted(agreed))
    refuse_other(found, agreed, where="r")
    assert found.parties["gemeente"] is None
    assert sum(c.persons.value or 0 for c in found.cells) == found.total.persons.value
    assert sum(c.persons.value or 0 for c in found.margins) == found.total.persons.value
    assert all((c.part.value or 0) <= (c.persons.value or 0) for c in found.cells)
    assert abs((found.total.persons.value or 0) - 600) < 120, "twelve cells with noise of scale 2"
    assert answer(agreed, counted(agreed)).cells != found.cells, "new noise for every release"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([("threshold: 0.55", "threshold: {aim: balance}")], "fixed thresholds"),
        ([("    pool: null\n", POOL)], "no pool"),
        ([("assignment: one-to-one", "assignment: many-to-one")], "one-to-one links"),
        ([("budget: 2", "budget: 0.5")], "a budget of at least epsilon"),
    ],
)
def test_what_would_not_be_private_is_no_protocol(changes: list[tuple[str, str]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        private(1, 2, *changes)


def test_the_limits_of_tests_are_those_of_protocols() -> None:
    said: Any = limits.suppression()
    assert said == protocols_rule()


def test_a_budget_is_spent_once(tmp_path: Path) -> None:
    agreed = private(0.1, 0.3)
    output, history = agreed.outputs[0], History(tmp_path, [])
    pending: list[dict[str, Any]] = []
    for _ in range(3):
        cost = history.spend(agreed, output, pending)
        assert cost == {"epsilon": "0.1"}
        pending.append({**cost, "of": ["BRIN:99ZZ"]})
    with pytest.raises(Refused, match=r"budget of mbo is spent: 0\.3 of 0\.3"):
        history.spend(agreed, output, pending)
    others = [{**one, "of": ["BRIN:00AA"]} for one in pending]
    assert history.spend(agreed, output, others) == {"epsilon": "0.1"}
    plain = edited()
    assert history.spend(plain, plain.outputs[0], pending) == {}


def protocols_rule() -> Any:
    return loads(protocols.SHIPPED.encode(), name="p.yml").outputs[0].protection
