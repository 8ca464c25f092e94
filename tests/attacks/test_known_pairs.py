"""Known pairs, without the key: what the threat model and the linter say of both profiles, shown.

The attacker holds a population register (all names, dates and postcodes in clear), all filters, and knows for some
persons which filter is theirs. A ridge regression from tokens to bits, learnt on those, predicts everyone's filter;
each unknown filter is then given to the person whose prediction correlates best with it. The `clk` profile must fall
to this, or the documents lie; the `hardened` profile must not. Small: 1,200 persons, so chance is below 0.1 %.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from linkage.encode import clk, hardened
from linkage.encode.column import Column, cut_into_tokens
from linkage.encode.normalise import NORMALISERS
from linkage.protocol.profiles import Clk, ClkField, Hardened, HardenedField
from linkage.synth import people

PERSONS = 1_200
KINDS = {"given-name": "voornamen", "surname": "geslachtsnaam", "birth-date": "geboortedatum", "postcode": "postcode"}
KEYS = {name: bytes([number]) * 32 for number, name in enumerate(KINDS)}
CLK = Clk(
    profile="clk", rules=2, bits=1024, prf="hmac-sha512", fields_needed=3,
    fields=tuple(ClkField(field=name, q=2, positions=10) for name in KINDS),
)  # fmt: skip
HARDENED = Hardened(
    profile="hardened", rules=2, bits=4096, prf="hmac-sha512-shake256", votes=4, fields_needed=3,
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


def _bits(filters: NDArray[np.uint64]) -> NDArray[np.float64]:
    return np.unpackbits(filters.view(np.uint8), axis=1, bitorder="little").astype(np.float64)


def _tokens(population: dict[str, Column]) -> NDArray[np.float64]:
    """``float64[persons, tokens]``: which tokens each person has; the attacker needs no key to know."""
    parts = []
    for column in population.values():
        cut = cut_into_tokens(column, 2)
        part = np.zeros((PERSONS, len(cut.tokens)))
        for row, code in enumerate(column.codes.tolist()):
            if code >= 0:
                part[row, cut.token_of[cut.starts[code] : cut.starts[code + 1]]] = 1
        parts.append(part)
    return np.hstack(parts)


def reidentified(population: dict[str, Column], filters: NDArray[np.uint64], known: int) -> float:
    """Share of the filters not known that the attack gives to the right person."""
    tokens, bits = _tokens(population), _bits(filters)
    order = np.random.default_rng(5).permutation(PERSONS)
    learn, rest = order[:known], order[known:]
    centre = bits[learn].mean(axis=0)
    kernel = tokens[learn] @ tokens[learn].T + 2.0 * np.eye(known)
    predicted = tokens @ (tokens[learn].T @ np.linalg.solve(kernel, bits[learn] - centre))

    def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = rows - rows.mean(axis=1, keepdims=True)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    best = (unit(bits[rest] - centre) @ unit(predicted[rest]).T).argmax(axis=1)
    return float((best == np.arange(len(rest))).mean())


def test_a_plain_clk_falls_to_a_hundred_known_pairs(population: dict[str, Column]) -> None:
    share = reidentified(population, clk.filters(population, CLK, KEYS), 100)
    print(f"clk, 100 known of {PERSONS}: {share:.1%}")
    assert share > 0.8


def test_hardened_withstands_five_hundred_known_pairs(population: dict[str, Column]) -> None:
    filters = hardened.filters(population, HARDENED, KEYS)
    for known in (100, 500):
        share = reidentified(population, filters, known)
        print(f"hardened, {known} known of {PERSONS}: {share:.1%}")
        assert share < 0.05


def test_the_attack_itself_works_on_one_vote(population: dict[str, Column]) -> None:
    """The same attack does read majority votes that are not joined by exclusive or: the test can fail."""
    filters = hardened.filters(population, HARDENED.model_copy(update={"votes": 1}), KEYS)
    assert reidentified(population, filters, 500) > 0.8
