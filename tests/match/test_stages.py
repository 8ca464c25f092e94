"""The stages of a protocol: the same links as the slow twin, and what always holds of links."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import protocols
import reference
from linkage.errors import InputError, Refused
from linkage.links import Links
from linkage.match import assignment, match
from linkage.match.stages import look
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.tables import Encodings

SHIPPED = loads(protocols.CLK.encode(), name="p.yml")
FUZZY = {"stage": "fuzzy", "similarity": "dice", "threshold": 0.8, "never_when_different": ("bsn",)}
EXACT = {"stage": "exact", "field": "bsn", "token": "hmac-sha256"}
ALL = {"method": "all-pairs"}
WORDS = SHIPPED.encoding.bits // 64
TOKENS = (bytes(16), bytes(16), b"a" * 16, b"b" * 16, b"a" + bytes(15), b"a" + bytes(14) + b"a")
ODD = settings(max_examples=150, deadline=None)


def protocol(*stages: dict[str, Any]) -> Protocol:
    said = SHIPPED.model_dump() | {"matching": {"stages": stages, "blocking": ALL, "assignment": "one-to-one"}}
    return Protocol.model_validate(said)


WHOLE, FUZZY_ONLY, EXACT_ONLY = protocol(EXACT, FUZZY), protocol(FUZZY), protocol(EXACT)
FREE = protocol(EXACT, FUZZY | {"never_when_different": ()})
PROTOCOLS = (WHOLE, FUZZY_ONLY, EXACT_ONLY, FREE)


def side(draw: random.Random, p: Protocol, party: str, bases: Sequence[int], rows: int) -> Encodings:
    """Rows whose filters are like a few others, with few different tokens."""
    bits = WORDS * 64
    kept = [draw.choice((0, 0, ~0, ~1, ~(1 << 9), ~(2**700 - 2**600))) for _ in range(rows)]
    values = [(draw.choice(bases) & keep) % (1 << bits) for keep in kept]
    filters = np.frombuffer(b"".join(v.to_bytes(bits // 8, "little") for v in values), "<u8").reshape(rows, WORDS)
    tokens = np.frombuffer(b"".join(draw.choice(TOKENS) for _ in range(rows)), np.uint8).reshape(rows, 16)
    handles = np.frombuffer(draw.randbytes(16 * rows), np.uint8).reshape(rows, 16)
    codes = {name: np.zeros(rows, np.int16) for name, _ in p.layout(party).categories}
    return Encodings(party, p.digest, handles, {"bsn": tokens}, filters, codes, np.arange(rows))


@st.composite
def both(draw: st.DrawFn) -> tuple[Protocol, Encodings, Encodings]:
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 -- test data
    p = draw(st.sampled_from(PROTOCOLS))
    bases = [chance.getrandbits(WORDS * 64) for _ in range(2)]
    left, right = (side(chance, p, party, bases, draw(st.integers(0, 9))) for party in ("mbo", "gemeente"))
    return p, left, right


def found(links: Links) -> list[tuple[int, int, float, int]]:
    columns = (links.left, links.right, links.score, links.stage)
    return list(zip(*(c.tolist() for c in columns), strict=True))


def pairs(links: Links) -> set[tuple[int, int]]:
    frame = links.to_pandas()
    return set(zip(frame.left.tolist(), frame.right.tolist(), strict=True))


def taken(encodings: Encodings, rows: Sequence[int]) -> Encodings:
    at = np.asarray(rows, dtype=np.int64)
    assert encodings.rows is not None
    return replace(
        encodings,
        handles=encodings.handles[at],
        tokens={k: v[at] for k, v in encodings.tokens.items()},
        filters=encodings.filters[at],
        categories={k: v[at] for k, v in encodings.categories.items()},
        rows=encodings.rows[at],
    )


def distinct(encodings: Encodings) -> Encodings:
    """Without rows that say the same as an earlier one: only position could tell them apart."""
    return taken(encodings, np.sort(np.unique(look(encodings), return_index=True)[1]).tolist())


def expected(p: Protocol, left: Encodings, right: Encodings) -> list[tuple[int, int, float, int]]:
    rows: list[list[dict[str, Any]]] = []
    for e in (left, right):
        bits = np.unpackbits(np.ascontiguousarray(e.filters).view(np.uint8), axis=1, bitorder="little")
        looks = look(e).tolist()
        rows.append(
            [
                {
                    "filter": frozenset(np.flatnonzero(bits[i]).tolist()),
                    "bsn": bytes(e.tokens["bsn"][i]),
                    "look": looks[i],
                }
                for i in range(len(e))
            ]
        )

    def stage(said: Any) -> Any:
        def run(a: list[int], b: list[int]) -> list[reference.Pair]:
            ours, theirs = [rows[0][i] for i in a], [rows[1][j] for j in b]
            looks = [r["look"] for r in ours], [r["look"] for r in theirs]
            if said.stage == "exact":
                return reference.exact([r["bsn"] for r in ours], [r["bsn"] for r in theirs], *looks)
            candidates = reference.pairs(
                [r["filter"] for r in ours], [r["filter"] for r in theirs], Fraction(str(said.threshold))
            )
            names = said.never_when_different
            kept = [c for c in candidates if not reference.contradict(ours[c[0]], theirs[c[1]], names)]
            return reference.one_to_one(kept, *looks)

        return run

    links = reference.match([stage(s) for s in p.matching.stages], len(left), len(right))
    return [(i, j, float(score), number) for i, j, score, number in links]


@ODD
@given(both())
def test_links_are_those_of_the_reference(given_: tuple[Protocol, Encodings, Encodings]) -> None:
    p, left, right = given_
    assert found(match([left, right], p)) == expected(p, left, right)


@ODD
@given(both())
def test_what_always_holds_of_links(given_: tuple[Protocol, Encodings, Encodings]) -> None:
    p, left, right = given_
    links = match([left, right], p, cores=1)
    assert found(links) == found(match([left, right], p, cores=2)), "the same on any number of cores"
    assert len(set(links.left.tolist())) == len(set(links.right.tolist())) == len(links), "one to one"
    for i, j, score, number in found(links):
        one, other = left.tokens["bsn"][i], right.tokens["bsn"][j]
        said = p.matching.stages[number]
        if said.stage == "exact":
            assert score == 1
            assert one.any()
            assert (one == other).all()
        else:
            assert said.threshold <= score <= 1
            different = one.any() and other.any() and (one != other).any()
            assert not (different and said.never_when_different)


@ODD
@given(both())
def test_exchanging_the_sides_changes_nothing(given_: tuple[Protocol, Encodings, Encodings]) -> None:
    p, left, right = given_
    left, right = distinct(left), distinct(right)
    assert pairs(match([left, right], p)) == {(i, j) for j, i in pairs(match([right, left], p))}


@ODD
@given(both(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(given_: tuple[Protocol, Encodings, Encodings], chance: random.Random) -> None:
    p, left, right = given_
    left, right = distinct(left), distinct(right)
    one, other = (taken(e, chance.sample(range(len(e)), len(e))) for e in (left, right))
    assert pairs(match([left, right], p)) == pairs(match([one, other], p))


def test_a_row_linked_by_its_token_is_not_compared_again() -> None:
    draw = random.Random(3)  # noqa: S311 -- test data
    bases = [draw.getrandbits(WORDS * 64)]
    left, right = (side(draw, WHOLE, party, bases, 2) for party in ("mbo", "gemeente"))
    same = np.full((2, WORDS), 7, np.uint64)
    left = replace(left, filters=same, tokens={"bsn": np.frombuffer(b"a" * 16 + bytes(16), np.uint8).reshape(2, 16)})
    right = replace(right, filters=same, tokens={"bsn": np.frombuffer(bytes(16) + b"a" * 16, np.uint8).reshape(2, 16)})
    assert found(match([left, right], WHOLE)) == [(0, 1, 1.0, 0), (1, 0, 1.0, 1)]
    assert match([left, right], WHOLE).stages == ("exact", "fuzzy")


def test_what_does_not_belong_together_is_refused() -> None:
    draw = random.Random(3)  # noqa: S311 -- test data
    left, right = (side(draw, WHOLE, party, [7], 3) for party in ("mbo", "gemeente"))
    with pytest.raises(Refused):
        match([left, replace(right, protocol_digest="sha256:" + "0" * 64)], WHOLE)
    with pytest.raises(Refused):
        match([left, right], FUZZY_ONLY)
    for wrong in ([left, left], [left], [left, right, right], []):
        with pytest.raises(InputError):
            match(wrong, WHOLE)
    narrow = replace(right, filters=right.filters[:, :-1])
    with pytest.raises(InputError, match="words"):
        match([left, narrow], WHOLE)
    with pytest.raises(InputError, match="tokens of bsn"):
        match([left, replace(right, tokens={})], WHOLE)


def test_looks_differ_where_anything_but_the_handle_differs() -> None:
    draw = random.Random(3)  # noqa: S311 -- test data
    one = side(draw, WHOLE, "mbo", [7], 1)
    assert look(one) == look(replace(one, handles=one.handles + np.uint8(1)))
    assert look(one) != look(replace(one, filters=one.filters + np.uint64(1)))
    assert look(one) != look(replace(one, tokens={"bsn": one.tokens["bsn"] + np.uint8(1)}))
    assert look(one) != look(replace(one, categories={k: v + np.int16(1) for k, v in one.categories.items()}))
    assert assignment.look(np.zeros((1, 1), np.uint8)).dtype == np.uint64
