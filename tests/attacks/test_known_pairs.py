"""Known pairs and likeness, without the key: what the threat model and the linter say of both profiles, shown.

The attacks are in `attacker`. The `clk` profile must fall to them, or the documents lie; the `hardened` profile as it
is shipped must not. Small, so that it is run every time: chance is 0.1 %. The figures for more persons and other
parameters are made by `benchmarks/quality.py --leakage` and stand in docs/spec/encoding.md.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from attacks import attacker
from linkage.encode import clk, hardened
from linkage.encode.column import Column
from linkage.encode.normalise import NORMALISERS
from linkage.protocol.profiles import Clk, ClkField, Hardened, HardenedField
from linkage.synth import people

PERSONS = 1_000
KINDS = {"given-name": "voornamen", "surname": "geslachtsnaam", "birth-date": "geboortedatum", "postcode": "postcode"}
KEYS = {name: bytes([number]) * 32 for number, name in enumerate(KINDS)}
CLK = Clk(
    profile="clk", rules=2, bits=1024, prf="hmac-sha512", fields_needed=3,
    fields=tuple(ClkField(field=name, q=2, positions=5) for name in KINDS),
)  # fmt: skip
HARDENED = Hardened(
    profile="hardened", rules=2, bits=8192, prf="hmac-sha512-shake256", votes=4, fields_needed=3,
    fields=tuple(HardenedField(field=name, q=2, weight=1) for name in KINDS),
)  # fmt: skip


@pytest.fixture(scope="module")
def population() -> dict[str, Column]:
    table: pa.Table = people(PERSONS, seed=8)
    columns = {}
    for kind, name in KINDS.items():
        normal = [NORMALISERS[kind](text) if text else None for text in table.column(name).to_pylist()]
        values = list(dict.fromkeys(value for value in normal if value is not None))
        place = {value: i for i, value in enumerate(values)}
        codes = [place[value] if value is not None else -1 for value in normal]
        columns[kind] = Column(kind, np.asarray(codes, np.int64), values)
    return columns


@pytest.fixture(scope="module")
def cosine(population: dict[str, Column]) -> NDArray[np.float64]:
    return attacker.cosines(list(population.values()), 2, [1] * len(KINDS))


def test_a_plain_clk_falls_to_a_hundred_known_pairs(population: dict[str, Column], cosine: NDArray[np.float64]) -> None:
    filters = clk.filters(population, CLK, KEYS)
    assert attacker.by_known_pairs(filters, cosine, 100, 1) > 0.8
    assert attacker.by_graph(filters, cosine, 100) > 0.8


@pytest.mark.parametrize("known", [100, 300])
def test_hardened_withstands_both(population: dict[str, Column], cosine: NDArray[np.float64], known: int) -> None:
    filters = hardened.filters(population, HARDENED, KEYS)
    assert attacker.by_known_pairs(filters, cosine, known, HARDENED.votes) < 0.05
    assert attacker.by_graph(filters, cosine, known) < 0.02


def test_the_attacks_themselves_work_on_one_vote(population: dict[str, Column], cosine: NDArray[np.float64]) -> None:
    """Both do read majority votes that are not joined by exclusive or: the tests can fail."""
    filters = hardened.filters(population, HARDENED.model_copy(update={"votes": 1}), KEYS)
    assert attacker.by_known_pairs(filters, cosine, 300, 1) > 0.8
    assert attacker.by_graph(filters, cosine, 300) > 0.8
