"""Releases beside earlier ones: what would tell a few persons apart is refused, and the past cannot be lost quietly."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog

import protocols
from limits import whom
from linkage.disclosure import history as histories
from linkage.disclosure.history import History, Past
from linkage.disclosure.protect import Protected, protect
from linkage.disclosure.rounding import least_and_most
from linkage.disclosure.rows import known_by
from linkage.disclosure.table import Frame
from linkage.errors import LinkageError, Refused, Untrusted
from linkage.ledger.entries import Entry
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.tables import Encodings

P = loads(protocols.SHIPPED.encode(), name="p.yml")
NEXT = loads(protocols.SHIPPED.replace('version: "1.0"', 'version: "1.1"').encode(), name="p.yml")
THIRD = loads(protocols.SHIPPED.replace('version: "1.0"', 'version: "1.2"').encode(), name="p.yml")
CLEAR, CLEAR_NEXT = (
    loads(protocols.SHIPPED.replace(*protocols.CLEAR).replace('"1.0"', version).encode(), name="p.yml")
    for version in ('"1.0"', '"1.1"')
)
LATER = loads(protocols.SHIPPED.replace("reference_date: 2026-10-01", "reference_date: 2026-11-02").encode(), name="p")
M = 10


def sent(people: dict[int, tuple[int, int]], protocol: Protocol = P) -> Encodings:
    """A package of persons: number to level and school year; handles are new every time."""
    order = np.random.default_rng().permutation(sorted(people))
    token = [hashlib.sha256(f"{protocol.digest}{n}".encode()).digest()[:16] for n in order.tolist()]
    codes = np.asarray([people[int(n)] for n in order], np.int16).reshape(-1, 2)
    return Encodings(
        "mbo", protocol.digest, np.zeros((len(order), 16), np.uint8),
        {"bsn": np.frombuffer(b"".join(token), np.uint8).reshape(-1, 16)}, np.zeros((len(order), 1), np.uint64),
        {"level": codes[:, 0], "school-year": codes[:, 1]}, order.astype(np.int64),
    )  # fmt: skip


class Unit:
    """A linkage unit that releases, on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: list[Entry] = []
        self.shown: list[tuple[Past, Protected]] = []
        self.keys = {"secret-check": "a", "keys": "b"}

    def history(self) -> History:
        """As after a restart."""
        return History(self.folder, self.entries)

    def planned(
        self, people: dict[int, tuple[int, int]], linked: set[int], protocol: Protocol = P, **sizes: int
    ) -> tuple[History, Past, Protected]:
        encodings, output, history = sent(people, protocol), protocol.tables[0], self.history()
        assert encodings.rows is not None
        hits = np.isin(encodings.rows, sorted(linked))
        counted = whom(encodings, hits, history.noise_key)
        table = protect(protocol, output, counted)
        return history, history.of(protocol, output, table, counted, sizes, self.keys), table

    def release(
        self, people: dict[int, tuple[int, int]], linked: set[int], protocol: Protocol = P, **sizes: int
    ) -> Protected:
        history, past, table = self.planned(people, linked, protocol, **sizes)
        history.refuse_difference(past, protocol, protocol.tables[0], [])
        facts = {"history": history.keep(past), "output": "on-benefits", "of": list(past.about.of)}
        at = datetime(2026, 11, 1, tzinfo=UTC).isoformat(timespec="seconds")
        self.entries.append(Entry(len(self.entries), "", at, "unit", "release", protocol.digest, facts, "", b""))
        self.shown.append((past, table))
        return table


PEOPLE = {n: (n % 4, n // 4 % 3) for n in range(600)}
LINKED = {n for n in PEOPLE if n % 5 < 2}


def without(*gone: int) -> dict[int, tuple[int, int]]:
    return {n: at for n, at in PEOPLE.items() if n not in gone}


def test_the_same_again_is_allowed_and_shows_the_same(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    first = unit.release(PEOPLE, LINKED)
    for _ in range(3):
        again = unit.release(PEOPLE, LINKED)
        assert (again.persons, again.part) == (first.persons, first.part)


SMALL: list[tuple[str, dict[int, tuple[int, int]], set[int], str]] = [
    ("one withdrew", without(17), LINKED, "persons counted"),
    ("nine withdrew from one cell", without(*range(0, 108, 12)), LINKED, "persons counted"),
    ("twelve withdrew, one from each cell", without(*range(12)), LINKED, "persons counted"),
    ("one came in", {**PEOPLE, 1000: (0, 0)}, LINKED, "persons counted"),
    ("one was exchanged for another", {**without(0), 1000: (0, 0)}, LINKED, "persons counted"),
    ("one moved to another cell", {**PEOPLE, 0: (1, 1)}, LINKED, "persons counted"),
    ("a lower threshold links one more", PEOPLE, LINKED | {2}, "persons asked for"),
    ("another threshold links one instead of another", PEOPLE, (LINKED - {0}) | {12 * 2}, "persons asked for"),
    ("twenty came in, of whom one is not linked", {**PEOPLE, **dict.fromkeys(range(1000, 1020), (0, 0))},
     LINKED | set(range(1001, 1020)), "the other persons"),
    ("twenty came in, of whom three are linked", {**PEOPLE, **dict.fromkeys(range(1000, 1020), (0, 0))},
     LINKED | {1001, 1002, 1003}, "persons asked for"),
]  # fmt: skip


@pytest.mark.parametrize(("people", "linked", "said"), [pytest.param(*rest, id=story) for story, *rest in SMALL])
def test_a_difference_of_few_is_refused_with_its_reason(
    tmp_path: Path, people: dict[int, tuple[int, int]], linked: set[int], said: str
) -> None:
    unit = Unit(tmp_path)
    unit.release(PEOPLE, LINKED)
    with pytest.raises(Refused, match=f"tell fewer than 10 persons apart.*{said}") as caught:
        unit.release(people, linked)
    assert "wait until more has changed" in str(caught.value)
    assert len(list(tmp_path.glob("*.arrow"))) == 1, "nothing is kept of what was refused"


def test_many_at_once_may_come_in(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    unit.release(PEOPLE, LINKED)
    more = {**PEOPLE, **dict.fromkeys(range(1000, 1040), (0, 0))}
    unit.release(more, LINKED | set(range(1000, 1015)))
    unit.release(PEOPLE, LINKED)


def test_a_finer_table_that_tells_a_few_apart_is_refused(tmp_path: Path) -> None:
    """First pooled to levels; then a year comes to stand alone, and the withdrawals of that year show."""
    unit = Unit(tmp_path)
    small = {n: (n % 4, n // 4 % 3) for n in range(240)}
    pooled = unit.release(small, {n for n in small if n % 5 == 0})
    assert pooled.frame.by == ("level",)
    with pytest.raises(Refused):
        unit.release({n: at for n, at in small.items() if n != 3}, {n for n in small if n % 5 < 3})


def test_codes_of_another_version_are_compared_by_size(tmp_path: Path) -> None:
    """A code has another meaning under another protocol: level 0 here may be level 1 there, and need not be like it."""
    people = without(*range(0, 60, 12))  # five persons less of one level
    other = {n: ((level + 1) % 4, year) for n, (level, year) in people.items()}
    unit = Unit(tmp_path)
    unit.release(people, LINKED)
    unit.release(other, LINKED, NEXT)
    moved = {**other, 17: (other[17][0] - 1, other[17][1])}
    with pytest.raises(Refused, match="rank"):
        unit.release(moved, LINKED, THIRD)
    with pytest.raises(Refused, match="persons counted"):
        unit.release({n: at for n, at in other.items() if n != 17}, LINKED, NEXT)
    clear = Unit(tmp_path / "clear")
    clear.release(people, LINKED, CLEAR)
    with pytest.raises(Refused, match="level"):
        clear.release(other, LINKED, CLEAR_NEXT)


def test_another_version_is_compared_by_counts(tmp_path: Path) -> None:
    """Tokens of another protocol are others: one more gemeente, or a new threshold, may not add a few."""
    unit = Unit(tmp_path)
    unit.release(PEOPLE, LINKED)
    for linked, people in ((LINKED | {2}, PEOPLE), (LINKED, without(17))):
        with pytest.raises(Refused, match="persons"):
            unit.release(people, linked, NEXT)
    unit.release(PEOPLE, LINKED, NEXT)
    unit.release(without(17), LINKED, LATER)  # another moment is another question


def test_rows_that_cannot_be_known_again_are_compared_by_counts(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    unit.release(PEOPLE, LINKED)
    _, past, _ = unit.planned(without(17), LINKED)
    once = replace(past, about=replace(past.about, tokens=""))
    assert "persons counted" in histories.difference(once, unit.shown[0][0], M)
    same = replace(unit.shown[0][0], about=replace(past.about, tokens=""))
    assert not histories.difference(same, unit.shown[0][0], M)


def test_rows_under_a_new_key_of_a_key_holder_are_compared_by_counts(tmp_path: Path) -> None:
    """Every token is another one then: by tokens, everybody would have left and come back as somebody else."""
    unit = Unit(tmp_path)
    unit.release(PEOPLE, LINKED)
    unit.keys["keys"] = "c"
    history, past, _ = unit.planned(without(17), LINKED)
    past = replace(past, rows=np.array([bytes([n % 251, n // 251]) * 8 for n in range(len(past.rows))], "S16"))
    with pytest.raises(Refused, match="persons counted"):
        history.refuse_difference(past, P, P.tables[0], [])


def test_the_size_of_another_party_is_not_shown_when_it_differs_by_a_few(tmp_path: Path) -> None:
    from linkage.disclosure.release import Cell, Release, limits

    unit = Unit(tmp_path)
    unit.release(PEOPLE, LINKED, gemeente=5_000)
    total = Cell({}, unit.shown[0][1].persons[-1], unit.shown[0][1].part[-1])
    release = Release(
        P.digest,
        "on-benefits",
        P.reference_date,
        {"mbo": 600, "gemeente": 5_000},
        (),
        (),
        (),
        total,
        limits(P.tables[0]),
        (),
    )
    for rows, shown in ((5_000, 5_000), (4_999, None), (5_009, None), (5_010, 5_000)):
        found = unit.history().without_near_sizes(release, P, {"gemeente": rows})
        assert found.parties["gemeente"] == shown


def lose(unit: Unit) -> None:
    next(unit.folder.glob("*.arrow")).unlink()


def alter(unit: Unit) -> None:
    path = next(unit.folder.glob("*.arrow"))
    path.write_bytes(path.read_bytes()[:-30] + bytes(30))


def lose_key(unit: Unit) -> None:
    (unit.folder / "key").unlink()


def change_key(unit: Unit) -> None:
    (unit.folder / "key").write_bytes(bytes(32))


def cut_key(unit: Unit) -> None:
    (unit.folder / "key").write_bytes(bytes(5))


def forget(unit: Unit) -> None:
    unit.entries[0] = replace(unit.entries[0], facts={})


@pytest.mark.parametrize("spoil", [lose, alter, lose_key, change_key, cut_key, forget])
def test_an_unknown_past_is_no_empty_one(tmp_path: Path, spoil: Any) -> None:
    unit = Unit(tmp_path)
    unit.release(PEOPLE, LINKED)
    spoil(unit)
    with pytest.raises(Untrusted, match=r"lost|not in the history|changed|another key") as caught:
        unit.release(PEOPLE, LINKED)
    assert "from a copy" in str(caught.value)


def test_a_history_that_is_not_whole_is_no_history(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    unit.release({n: PEOPLE[n] for n in range(60)}, LINKED)
    data = next(tmp_path.glob("*.arrow")).read_bytes()
    assert histories.from_bytes(data, where="h").to_bytes() == data
    for cut in range(0, len(data) - 8, 37):
        with pytest.raises(LinkageError):
            histories.from_bytes(data[:cut], where="h")


def test_what_is_kept_holds_no_token_and_is_for_its_owner_only(tmp_path: Path) -> None:
    unit = Unit(tmp_path)
    unit.release(PEOPLE, LINKED)
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    tokens = sent(PEOPLE).tokens["bsn"]
    assert not any(row.tobytes() in data for row in tokens)
    assert not any(row.tobytes()[:16] in data for row in known_by(sent(PEOPLE)))
    assert all(path.stat().st_mode & 0o77 == 0 for path in tmp_path.iterdir())


def test_rows_with_one_token_are_told_apart_whatever_their_handles() -> None:
    twice = sent({1: (0, 0), 2: (1, 1), 3: (2, 2)})
    token = twice.tokens["bsn"].copy()
    token[:] = token[0]
    one = replace(twice, tokens={"bsn": token})
    order = np.asarray([2, 0, 1])
    other = replace(
        one, tokens={"bsn": token[order]}, categories={name: c[order] for name, c in one.categories.items()}
    )
    assert len({row.tobytes() for row in known_by(one)}) == 3
    assert (known_by(one)[order] == known_by(other)).all()


def intervals(unit: Unit, atoms: dict[tuple[Any, ...], int]) -> tuple[NDArray[np.float64], list[float]]:
    """What all releases say of how many of each atom are linked: rows and upper bounds of inequalities."""
    rows, most = [], []
    for n, (past, table) in enumerate(unit.shown):
        frame = past.frame
        for figure, shown in enumerate(table.part):
            if shown.value is None:
                continue
            cells = set(np.flatnonzero(np.asarray(frame.members[figure].todense()).ravel()).tolist())
            row = np.asarray([float(atom[n] in cells) for atom in atoms])
            low, high = least_and_most(shown.value, M, 5)
            rows += [row, -row]
            most += [float(high), -float(low)]
    return np.stack(rows), most


def changed(
    turn: int, draw: np.random.Generator, people: dict[int, tuple[int, int]], linked: set[int]
) -> tuple[dict[int, tuple[int, int]], set[int]]:
    """Withdrawals, a gemeente that comes in, or newcomers: a few or many, in one cell."""
    people, linked, at = dict(people), set(linked), (int(draw.integers(4)), int(draw.integers(3)))
    there = sorted(n for n, cell in people.items() if cell == at)
    match turn % 3:
        case 0:
            gone = set(draw.choice(there, int(draw.choice([1, 3, 60])), replace=False).tolist())
            return {n: cell for n, cell in people.items() if n not in gone}, linked - gone
        case 1:
            free = [n for n in there if n not in linked]
            return people, linked | set(draw.choice(free, int(draw.choice([1, 5, 20])), replace=False).tolist())
    first = max(people) + 10_000
    new = range(first, first + int(draw.choice([2, 40])))
    return people | dict.fromkeys(new, at), linked | {n for n in new if draw.random() < 0.5}


@pytest.mark.parametrize(("seed", "steady"), [(0, True), (1, False), (2, True)])
def test_twenty_releases_with_withdrawals_and_new_gemeenten_tell_of_no_few_persons(
    tmp_path: Path, seed: int, steady: bool
) -> None:
    """The attacker knows who is in which release, and subtracts all of them from each other at once."""
    draw = np.random.default_rng(seed)
    unit, people = Unit(tmp_path), {n: (n % 4, n // 4 % 3) for n in range(2400)}
    linked = {n for n in people if draw.random() < 0.4}
    unit.release(people, linked)
    refused = 0
    for turn in range(150):
        there = changed(2 * (turn % 2) if steady else turn, draw, people, linked)
        try:
            unit.release(*there)
            people, linked = there
        except Refused:
            refused += 1
        if len(unit.shown) == 20:
            break
    assert refused > 5
    assert len(unit.shown) == 20
    for (one, a), (other, b) in itertools.combinations(unit.shown, 2):
        for figure in range(min(len(a.frame), len(b.frame))):
            if a.frame.by == b.frame.by and a.part[figure].value is not None and b.part[figure].value is not None:
                sets = [
                    set(p.rows[p.part & np.isin(p.cell, np.flatnonzero(np.asarray(p.frame.members[figure].todense())))])
                    for p in (one, other)
                ]
                assert not 0 < len(sets[0] ^ sets[1]) < M
    atoms: dict[tuple[Any, ...], int] = {}
    for row in sorted(set().union(*(past.rows.tolist() for past, _ in unit.shown))):
        where = tuple(int(p.cell[np.flatnonzero(p.rows == row)[0]]) if row in p.rows else -1 for p, _ in unit.shown)
        atoms[where] = atoms.get(where, 0) + 1
    rows, most = intervals(unit, atoms)
    few = [n for n, size in enumerate(atoms.values()) if size < M]
    assert few or not steady, "there must be groups to look for"
    for n in few[:12]:
        size = list(atoms.values())[n]
        ends = [
            linprog(sign * np.eye(len(atoms))[n], A_ub=rows, b_ub=most, bounds=[(0, s) for s in atoms.values()])
            for sign in (1, -1)
        ]
        if steady:  # nobody's status changes, so one table fits all releases
            assert ends[0].status == 0
        if ends[0].status == 0:
            assert (ends[0].fun, -ends[1].fun) == pytest.approx((0, size))


def told(day: str, moments: tuple[str | None, ...], states: dict[int, tuple[int, ...]], tokens: str = "a") -> Past:
    """A release of states, everything shown: person to a state per moment, for a reference date."""
    by = tuple(f"s{n}" for n in range(len(moments)))
    frame = Frame(by, (("work", "not-found"),) * len(by), tuple((name,) for name in by) if len(by) > 1 else ())
    shown = (True,) * len(frame)
    about = histories.About(
        P.digest, "o", ("BRIN:99ZZ",), day, "suppression", "", tokens, by, frame.values, frame.margins, moments,
        shown, (False,) * len(frame), {},
    )  # fmt: skip
    people = sorted(states)
    cell = frame.codes({name: np.asarray([states[p][n] for p in people]) for n, name in enumerate(by)}, len(people))
    rows = np.asarray([f"{p:016}".encode() for p in people], "S16")
    return Past(about, rows, cell, np.zeros(len(people), np.bool_))


def test_states_of_one_day_told_again_a_year_later_tell_of_no_few_persons() -> None:
    """The earlier table, and the moves of all but who withdrew: subtracting gives the state of who did."""
    first = told("2026-10-01", ("2026-10-01",), {n: (n % 2,) for n in range(100)})
    for gone, refused in ((0, False), (1, True), (9, True), (40, False)):
        moves = {n: (n % 2, n % 3 % 2) for n in range(gone, 100)}
        later = told("2027-10-01", ("2026-10-01", "2027-10-01"), moves)
        assert bool(histories.difference(later, first, M)) == refused, gone
    other = told("2027-10-01", ("2027-10-01",), {n: (n % 2,) for n in range(1, 100)})
    assert not histories.difference(other, first, M), "another day is another question"


def test_who_is_linked_here_may_be_a_state_there() -> None:
    """One table counts the linked, another the same people by state, and three of them differ."""
    people = {n: (0 if n < 40 else 1,) for n in range(100)}
    states = told("2026-10-01", ("2026-10-01",), people)
    for linked, refused in ((40, False), (43, True), (60, False)):
        one = told("2026-10-01", (None,), dict.fromkeys(range(100), (0,)))
        about = replace(one.about, part_shown=one.about.persons_shown)
        part = np.asarray([n < linked for n in range(100)])
        assert bool(histories.difference(replace(one, about=about, part=part), states, M)) == refused, linked


def test_schools_together_after_one_of_them_alone(tmp_path: Path) -> None:
    alone = told("2026-10-01", (None,), {n: (n % 2,) for n in range(100)})
    for more, refused in ((3, True), (60, False)):
        both = told("2026-10-01", (None,), {n: (n % 2,) for n in range(100 + more)}, tokens="b")
        both = replace(both, about=replace(both.about, of=("BRIN:00AA", "BRIN:99ZZ")))
        assert bool(histories.difference(both, alone, M)) == refused
