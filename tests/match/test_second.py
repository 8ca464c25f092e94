"""A second field that must agree before a number links: what is linked, what is counted, against a slow twin."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import protocols
from linkage.match import match
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.tables import Encodings

BASE = loads(protocols.CLK.encode(), name="p.yml")
EXACT = {"stage": "exact", "field": "bsn", "token": "hmac-sha256", "agree": "birth-date"}
Person = tuple[int, int]
"""Number and birth date, 0 for none."""


def protocol() -> Protocol:
    stages = {"stages": (EXACT,), "blocking": {"method": "all-pairs"}, "assignment": "one-to-one"}
    return Protocol.model_validate(BASE.model_dump() | {"matching": stages})


P = protocol()


def side(party: str, people: list[Person]) -> Encodings:
    """Rows with these numbers and dates."""
    tokens = {"bsn": [bytes([n]) * 16 for n, _ in people]}
    tokens["bsn.birth-date"] = [bytes([n, d] * 8) if n and d else bytes(16) for n, d in people]
    columns: dict[str, Any] = {
        name: np.frombuffer(b"".join(made), np.uint8).reshape(-1, 16) for name, made in tokens.items()
    }
    handles = np.arange(16 * len(people), dtype=np.uint8).reshape(-1, 16)
    codes = {name: np.zeros(len(people), np.int16) for name, _ in P.layout(party).categories}
    filters = np.random.default_rng(3).integers(0, 2**63, (len(people), P.layout(party).words)).astype(np.uint64)
    return Encodings(party, P.digest, handles, columns, filters, codes, np.arange(len(people)))


def linked(left: list[Person], right: list[Person]) -> tuple[list[tuple[Person, Person]], int]:
    links = match([side("mbo", left), side("gemeente", right)], P)
    pairs = zip(links.left.tolist(), links.right.tolist(), strict=True)
    return sorted((left[a], right[b]) for a, b in pairs), sum(len(c) for c in links.conflicts if c.kind == "differs")


def test_what_agrees_is_linked_what_is_missing_is_forgiven_what_differs_is_counted() -> None:
    left = [(1, 5), (2, 5), (3, 0), (4, 5), (0, 5), (6, 5)]
    right = [(1, 5), (2, 6), (3, 7), (4, 0), (0, 5), (7, 5)]
    assert linked(left, right) == ([((1, 5), (1, 5)), ((3, 0), (3, 7)), ((4, 5), (4, 0))], 1)


def test_a_row_that_agrees_goes_before_one_that_says_nothing() -> None:
    assert linked([(1, 0), (1, 5)], [(1, 5)]) == ([((1, 5), (1, 5))], 0)
    assert linked([(1, 6), (1, 5)], [(1, 5), (1, 7)]) == ([((1, 5), (1, 5))], 0)


def test_without_a_second_field_on_one_side_the_number_alone_decides() -> None:
    assert linked([(1, 0), (2, 0)], [(1, 5), (2, 6)]) == ([((1, 0), (1, 5)), ((2, 0), (2, 6))], 0)


PEOPLE = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=8)


@settings(max_examples=200, deadline=None)
@given(left=PEOPLE, right=PEOPLE)
def test_against_a_slow_twin(left: list[Person], right: list[Person]) -> None:
    """Per number: pairs with equal dates, each date once; then rows without a date, once a side; the rest conflicts."""
    expected: list[tuple[Person, Person]] = []
    conflicts = 0
    for number in (1, 2, 3):
        a, b = ([d for n, d in rows if n == number] for rows in (left, right))
        before = len(expected)
        for date in {1, 2} & set(a) & set(b):
            expected.append(((number, date), (number, date)))
            a.remove(date)
            b.remove(date)
        for one, other, turned in ((a, b, False), (b, a, True)):
            if 0 in one and other:
                taken = None if len(set(other)) > 1 else other[0]  # which of several is told by what rows look like
                pair = ((number, 0), (number, taken))
                expected.append((pair[1], pair[0]) if turned else pair)  # type: ignore[arg-type]
                one.remove(0)
                other.remove(taken) if taken is not None else other.pop()
                if taken is None:
                    return
        conflicts += bool(a and b and len(expected) == before)
    assert linked(left, right) == (sorted(expected), conflicts)


def test_order_of_rows_does_not_matter() -> None:
    people = [(1, 1), (1, 0), (2, 1), (2, 2), (3, 0), (3, 1)]
    others = [(1, 2), (2, 2), (2, 0), (3, 1), (3, 2)]
    first = linked(people, others)
    chance = random.Random(5)  # noqa: S311 -- test data
    for _ in range(5):
        assert linked(chance.sample(people, 6), chance.sample(others, 5))[1] == first[1]
