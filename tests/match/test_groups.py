"""Rows of many parties: the same groups as the slow twin, what always holds of them, and what is told of conflicts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import protocols
import reference
from linkage.errors import InputError, Refused
from linkage.links import Conflict, Links
from linkage.match import match, work
from linkage.match.stages import look
from linkage.protocol.model import Protocol
from linkage.tables import Encodings

ODD = settings(max_examples=120, deadline=None)
PARTIES = ("school-a", "school-b", "town-c", "town-d")
EXACT = {"stage": "exact", "field": "bsn", "token": "hmac-sha256"}
STUDENT = {"stage": "exact", "field": "student-number", "token": "hmac-sha256"}
FUZZY = {"stage": "fuzzy", "similarity": "dice", "threshold": 0.8, "never_when_different": ("bsn",)}
TOKENS = (bytes(16), bytes(16), b"a" * 16, b"b" * 16, b"c" * 16)
WORDS = 16


def protocol(assignment: str = "one-to-one", *stages: dict[str, Any], parties: Sequence[str] = PARTIES) -> Protocol:
    return protocols.many(parties, assignment, stages or (EXACT, FUZZY))


AGREED = {method: protocol(method) for method in ("one-to-one", "one-to-one-optimal", "many-to-many")}


def encodings(p: Protocol, party: str, rows: Sequence[tuple[bytes, int]], more: Sequence[bytes] = ()) -> Encodings:
    """Rows as number and filter, and a second number."""
    data = b"".join((value % (1 << 64 * WORDS)).to_bytes(8 * WORDS, "little") for _, value in rows)
    size, columns = len(rows), {"bsn": [number for number, _ in rows]}
    if "student-number" in p.layout(party).tokens:
        columns["student-number"] = list(more) or [bytes(16)] * size
    return Encodings(
        party,
        p.digest,
        np.arange(size * 16, dtype=np.uint8).reshape(size, 16),
        {name: np.frombuffer(b"".join(values), np.uint8).reshape(size, 16) for name, values in columns.items()},
        np.frombuffer(data, "<u8").reshape(size, WORDS),
        {name: np.zeros(size, np.int16) for name, _ in p.layout(party).categories},
        100 + np.arange(size),
    )


@st.composite
def registers(draw: st.DrawFn, distinct: bool = False) -> tuple[str, list[list[tuple[bytes, int]]]]:
    """Rows of every party: few numbers, filters like a few others."""
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 -- test data
    bases = [chance.getrandbits(64 * WORDS) for _ in range(3)]
    keeps = (0, ~0, ~1, ~(1 << 9), ~(2**700 - 2**600), ~(2**300 - 2**150))
    seen = set[tuple[bytes, int]]()
    parties = []
    for _ in PARTIES:
        rows = []
        for _ in range(draw(st.integers(0, 5))):
            row = chance.choice(TOKENS), chance.choice(bases) & chance.choice(keeps)
            if not (distinct and row in seen):
                rows.append(row)
                seen.add(row)
        parties.append(rows)
    return draw(st.sampled_from(sorted(AGREED))), parties


def made(p: Protocol, parties: Sequence[Sequence[tuple[bytes, int]]]) -> list[Encodings]:
    return [encodings(p, name, rows) for name, rows in zip(PARTIES, parties, strict=True)]


def together(links: Links) -> set[frozenset[tuple[str, int]]]:
    """Groups of two rows and more, as the table says them."""
    table = links.groups_to_arrow()
    found: dict[int, set[tuple[str, int]]] = {}
    for group, party, row in zip(*(table[name].to_pylist() for name in ("group", "party", "row")), strict=True):
        found.setdefault(group, set()).add((party, row - 100))
    return set(map(frozenset, found.values()))


def expected(method: str, parties: Sequence[Sequence[tuple[bytes, int]]]) -> set[frozenset[tuple[str, int]]]:
    p = AGREED[method]
    every = made(p, parties)
    looks = [look(e).tolist() for e in every]
    number = {(n, i): rows[i][0] for n, rows in enumerate(parties) for i in range(len(rows))}
    filters = [[frozenset(b for b in range(64 * WORDS) if value >> b & 1) for _, value in rows] for rows in parties]
    alone = method != "many-to-many"
    choose: Callable[..., list[reference.Pair]] = reference.one_to_one
    if not alone:
        choose = lambda pairs, *_: list(pairs)  # noqa: E731 -- the plainest way to say it

    def exact(opened: list[list[list[int]]]) -> list[tuple[int, int, int, int, Fraction]]:
        result = []
        for p, q in combinations(range(len(parties)), 2):
            ours, theirs = (
                [i for i in range(len(parties[a])) if any(i in opened[a][b] for b in range(len(parties)) if b != a)]
                for a in (p, q)
            )
            if alone:
                ours, theirs = (first(a, rows) for a, rows in ((p, ours), (q, theirs)))
            result += [
                (p, i, q, j, Fraction(1)) for i in ours for j in theirs if number[p, i] == number[q, j] != bytes(16)
            ]
        return result

    def first(party: int, rows: list[int]) -> list[int]:
        ordered = sorted(rows, key=lambda i: (looks[party][i], i))
        return [i for n, i in enumerate(ordered) if number[party, i] not in [number[party, k] for k in ordered[:n]]]

    def fuzzy(opened: list[list[list[int]]]) -> list[tuple[int, int, int, int, Fraction]]:
        result = []
        for p, q in combinations(range(len(parties)), 2):
            a, b = opened[p][q], opened[q][p]
            candidates = [
                (i, j, score)
                for i, j, score in reference.pairs(
                    [filters[p][i] for i in a], [filters[q][j] for j in b], Fraction(4, 5)
                )
                if not one_number({(p, a[i]), (q, b[j])})
            ]
            chosen = choose(candidates, [looks[p][i] for i in a], [looks[q][j] for j in b])
            result += [(p, a[i], q, b[j], score) for i, j, score in chosen]
        return result

    def one_number(group: set[tuple[int, int]]) -> bool:
        return len({number[place] for place in group} - {bytes(16)}) > 1

    stages = [(exact, lambda group: True), (fuzzy, lambda group: not one_number(group))]
    found = reference.groups(looks, stages, [alone] * len(parties))
    named = [frozenset((PARTIES[n], i) for n, i in group) for group in found]
    return {group for group in named if len({party for party, _ in group}) > 1}


@ODD
@given(registers())
def test_groups_are_those_of_the_reference(given_: tuple[str, list[list[tuple[bytes, int]]]]) -> None:
    method, parties = given_
    if method == "one-to-one-optimal":
        method = "one-to-one"
    links = match(made(AGREED[method], parties), AGREED[method])
    assert together(links) == expected(method, parties)


@ODD
@given(registers())
def test_what_always_holds_of_groups(given_: tuple[str, list[list[tuple[bytes, int]]]]) -> None:
    method, parties = given_
    links = match(made(AGREED[method], parties), AGREED[method], cores=1)
    for group in together(links):
        rows = [(party, PARTIES.index(party), i) for party, i in group]
        assert len({party for party, _, _ in rows}) > 1, "a group is of more than one party"
        numbers = {parties[n][i][0] for _, n, i in rows} - {bytes(16)}
        assert len(numbers) < 2, "two numbers are two persons"
        if method != "many-to-many":
            assert len({party for party, _, _ in rows}) == len(rows), "one row per party"
    assert len(links) == sum(len(group) - 1 for group in together(links)), "the pairs of a group form a tree"
    assert (links.left_party < links.right_party).all()
    order = list(zip(links.stage.tolist(), (-links.score).tolist(), strict=True))
    assert order == sorted(order), "in order of stage and falling score"


@ODD
@given(registers(distinct=True), st.randoms(use_true_random=False))
def test_order_of_parties_and_of_rows_changes_nothing(
    given_: tuple[str, list[list[tuple[bytes, int]]]], chance: random.Random
) -> None:
    method, parties = given_
    every = made(AGREED[method], parties)
    turned = []
    for e in chance.sample(every, len(every)):
        at = np.array(chance.sample(range(len(e)), len(e)), np.int64)
        tokens = {name: value[at] for name, value in e.tokens.items()}
        codes = {name: value[at] for name, value in e.categories.items()}
        assert e.rows is not None
        turned.append(replace(e, tokens=tokens, filters=e.filters[at], categories=codes, rows=e.rows[at]))
    assert together(match(turned, AGREED[method])) == together(match(every, AGREED[method]))


def ones(first: int, last: int) -> int:
    return (1 << last) - (1 << first)


def test_a_person_at_two_schools_and_in_two_towns_is_one_group() -> None:
    """By number where there is one, by likeness where not; the neighbour stays a person of its own."""
    jan, neighbour = ones(0, 300), ones(400, 700)
    rows = [
        [(b"a" * 16, jan), (b"b" * 16, neighbour)],
        [(bytes(16), jan & ~1)],
        [(b"a" * 16, jan & ~ones(0, 40)), (bytes(16), neighbour & ~1)],
        [(bytes(16), jan & ~2)],
    ]
    links = match(made(AGREED["one-to-one"], rows), AGREED["one-to-one"])
    group = {("school-a", 0), ("school-b", 0), ("town-c", 0), ("town-d", 0)}
    assert together(links) == {frozenset(group), frozenset({("school-a", 1), ("town-c", 1)})}
    assert links.groups == 2
    assert links.linked("school-a", ["town-c", "town-d"]).tolist() == [True, True]
    assert links.linked("school-a", ["town-d"]).tolist() == [True, False]
    assert links.linked("town-d", ["town-c"]).tolist() == [True], "through the schools"
    frame = links.to_pandas()
    assert frame.columns.tolist() == ["left_party", "left", "right_party", "right", "score", "stage"]
    assert frame.iloc[0].tolist() == ["school-a", 100, "town-c", 100, 1.0, "exact"]
    assert links.groups_to_pandas().columns.tolist() == ["group", "party", "row"]
    with pytest.raises(InputError, match="no party is called 'town-x'"):
        links.linked("town-x", ["town-c"])


def test_several_rows_of_a_person_at_one_school() -> None:
    """Two diplomas are two rows: one person where the protocol says so, and one row left over where not."""
    jan = ones(0, 300)
    rows = [[(b"a" * 16, jan), (b"a" * 16, jan & ~1)], [], [(b"a" * 16, jan & ~2)], [(bytes(16), jan & ~4)]]
    whole = {("school-a", 0), ("school-a", 1), ("town-c", 0), ("town-d", 0)}
    several = match(made(AGREED["many-to-many"], rows), AGREED["many-to-many"])
    assert together(several) == {frozenset(whole)}
    assert several.linked("school-a", ["town-c"]).all()
    assert several.judged[1].links <= 1, "judged by the best pair of each row"
    once = match(made(AGREED["one-to-one"], rows), AGREED["one-to-one"])
    for group in together(once):
        assert len([party for party, _ in group if party == "school-a"]) == 1


def test_many_to_one_gives_every_row_its_number() -> None:
    """Both rows of a pupil go to the one row of the town, by number and by likeness."""
    p = protocol("many-to-one", parties=("school-a", "town-c"))
    jan = ones(0, 300)
    left = encodings(p, "school-a", [(b"a" * 16, jan), (b"a" * 16, jan & ~1), (bytes(16), jan & ~2)])
    right = encodings(p, "town-c", [(b"a" * 16, jan), (bytes(16), ones(500, 800))])
    links = match([left, right], p)
    assert sorted(zip(links.left.tolist(), links.right.tolist(), links.stage.tolist(), strict=True)) == [
        (0, 0, 0), (1, 0, 0), (2, 0, 1),
    ]  # fmt: skip


def conflict(links: Links, stage: int, kind: str, parties: tuple[str, str] = ("school-a", "town-c")) -> Conflict:
    return next(c for c in links.conflicts if (c.stage, c.kind, c.parties) == (stage, kind, parties))


def two(rows: Sequence[Sequence[tuple[bytes, int]]], *stages: dict[str, Any]) -> Links:
    p = protocol("one-to-one", *stages, parties=("school-a", "town-c"))
    return match([encodings(p, name, some) for name, some in zip(p.party_ids, rows, strict=False)], p)


def test_a_link_by_number_between_rows_that_are_unlike_is_told() -> None:
    jan, other = ones(0, 300), ones(400, 700)
    links = two([[(b"a" * 16, jan), (b"b" * 16, jan)], [(b"a" * 16, other), (b"b" * 16, jan), (b"c" * 16, 0)]])
    unlike = conflict(links, 1, "unlike")
    assert (len(unlike), unlike.looked_at) == (1, 2)
    assert (unlike.left.tolist(), unlike.right.tolist()) == ([0], [0])
    assert links.score.tolist() == [1, 1], "and stays a link"


@pytest.mark.parametrize("turned", [False, True])
def test_a_link_by_number_that_another_row_contests_is_told(turned: bool) -> None:
    """The number says one row, names and dates say another, which has no number."""
    jan, stranger = ones(0, 300), ones(400, 700)
    rows = [[(b"a" * 16, jan)], [(b"a" * 16, stranger), (bytes(16), jan & ~1), (b"b" * 16, jan)]]
    contested = conflict(two(rows[::-1] if turned else rows), 1, "contested")
    assert contested.looked_at == 2, "from either side"
    found = [contested.left.tolist(), contested.right.tolist()]
    assert (found[::-1] if turned else found) == [[0], [1]], "not the third: another number is another person"


def test_a_number_that_would_join_rows_that_are_linked_otherwise_is_told() -> None:
    p = protocol("one-to-one", EXACT, STUDENT, FUZZY, parties=("school-a", "town-c"))
    left = encodings(p, "school-a", [(b"a" * 16, 0)], [b"s" * 16])
    right = encodings(p, "town-c", [(b"a" * 16, 0), (bytes(16), 0)], [bytes(16), b"s" * 16])
    links = match([left, right], p)
    assert (links.left.tolist(), links.right.tolist()) == ([0], [0])
    crossed = conflict(links, 1, "crossed")
    assert (crossed.left.tolist(), crossed.right.tolist(), crossed.looked_at) == ([0], [1], 1)
    assert len(conflict(links, 0, "crossed")) == 0


def test_rows_that_would_be_two_of_one_party_stay_apart_and_are_told() -> None:
    """School b's row is like one of school a, whose number is in town d, and like another row of town d."""
    jan = ones(0, 300)
    rows = [
        [(b"a" * 16, jan)],
        [(bytes(16), jan & ~ones(0, 30))],
        [],
        [(b"a" * 16, 0), (bytes(16), jan & ~ones(0, 60))],
    ]
    links = match(made(AGREED["one-to-one"], rows), AGREED["one-to-one"])
    told = [c for c in links.conflicts if c.kind == "crossed" and len(c)]
    assert [(c.parties, c.left.tolist(), c.right.tolist()) for c in told] == [(("school-b", "town-d"), [0], [1])]
    assert together(links) == {frozenset({("school-a", 0), ("town-d", 0), ("school-b", 0)})}


def test_any_number_of_parties_and_none_with_rows() -> None:
    parties = tuple(f"party-{n:02}" for n in range(64))
    p = protocol("one-to-one", parties=parties)
    links = match([encodings(p, name, [(b"a" * 16, 7)]) for name in parties], p)
    assert len(links) == 63
    assert links.groups == 1
    empty = match([encodings(p, name, []) for name in parties[:3]], p)
    assert (len(empty), empty.groups, empty.linked("party-00", ["party-01"]).tolist()) == (0, 0, [])


def test_progress_names_the_parties_and_a_stopped_run_goes_on(tmp_path: Any) -> None:
    p = AGREED["one-to-one"]
    chance = random.Random(4)  # noqa: S311 -- test data
    bases = [chance.getrandbits(64 * WORDS) for _ in range(40)]
    rows = [[(bytes(16), base & ~(1 << n)) for base in bases] for n in range(4)]
    every = made(p, rows)
    whole = match(every, p)
    told: list[work.Progress] = []

    def stop(progress: work.Progress) -> None:
        told.append(progress)
        if progress.parties == ("school-b", "town-d"):
            raise Refused("stopped by the test")

    with pytest.raises(Refused, match="stopped by the test"):
        match(every, p, resume=tmp_path / "run", progress=stop)
    again = match(every, p, resume=tmp_path / "run", progress=told.append)
    assert together(again) == together(whole)
    assert len(together(again)) == 40
    assert {t.parties for t in told} == set(combinations(PARTIES, 2))
    assert not (tmp_path / "run").exists()
