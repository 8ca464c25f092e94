"""Questions over several parties, each beside a slow and obvious count of the same people."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import protocols
from limits import suppression
from linkage.disclosure.answer import Size, answer
from linkage.disclosure.persons import Matched, part, persons
from linkage.disclosure.protect import Counted
from linkage.disclosure.release import Release, from_bytes, refuse_other
from linkage.errors import Refused, Untrusted
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Partition, Table
from linkage.tables import Encodings

PARTIES = ("roc-a", "roc-b", "town-c", "town-d", "uwv")
SCHOOLS, TOWNS, WORK = PARTIES[:2], PARTIES[2:4], PARTIES[4:]
LEVELS, HOURS = ("1", "2", "3"), ("below 12", "12 and more")


def sought(name: str, *at: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": {"nl": name, "en": name}, "at": at, **more}


def split(*every: dict[str, Any], name: str = "status", **more: Any) -> dict[str, Any]:
    return {"name": name, "label": {"nl": name, "en": name}, "sought": every, **more}


@functools.cache
def base() -> dict[str, Any]:
    stages = [{"stage": "exact", "field": "bsn", "token": "hmac-sha256"}]
    return protocols.many(PARTIES, "many-to-many", stages).model_dump()


def agreed(question: str, **said: Any) -> Protocol:
    """A protocol with one output, between two schools, two towns and the register of work."""
    data = dict(base())
    level = {"name": "degree", "kind": "category", "send": "category", "parties": SCHOOLS, "values": LEVELS}
    hours = {"name": "hours", "kind": "category", "send": "category", "parties": WORK, "values": HOURS}
    data["fields"] = (*data["fields"], level, hours)
    old = data["outputs"][0]
    kept = {key: old[key] for key in ("name", "title", "pool")} | {"to": ("roc-a",), "smallest_cohort": 10}
    limits = suppression(10, 5).model_dump(exclude={"minimum_decision"}) | {"minimum_decision": None}
    data["outputs"] = ({**kept, "pool": None, "protection": limits, "by": ("degree",), "question": question, **said},)
    return Protocol.model_validate(data)


def exactly(protocol: Protocol) -> Table:
    """Its output, with limits that show everything: to see what is counted."""
    return protocol.tables[0].model_copy(update={"protection": suppression(1, 1, "show"), "smallest_cohort": 0})


@dataclass(frozen=True)
class Row:
    """A row of a register: whose it is, and a category."""

    person: int
    code: int


@st.composite
def registers(draw: st.DrawFn) -> Mapping[str, list[Row]]:
    """People at any of the parties; some stand twice at one, and say the same both times or once nothing."""
    most = {**dict.fromkeys(SCHOOLS, 3), **dict.fromkeys(TOWNS, 0), **dict.fromkeys(WORK, 2)}
    made = {}
    for party in PARTIES:
        codes = draw(st.dictionaries(st.integers(0, 14), st.integers(-1, most[party] - 1), max_size=12))
        rows = [Row(person, code) for person, code in codes.items()]
        again = draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []
        made[party] = rows + [Row(row.person, draw(st.sampled_from([row.code, -1]))) for row in again]
    return made


def matched(made: Mapping[str, list[Row]]) -> Matched:
    """As if every row were linked with all others of its person; who has one row is in no group."""
    often = Counter(row.person for rows in made.values() for row in rows)
    encodings, groups = {}, {}
    for party, rows in made.items():
        name = "degree" if party in SCHOOLS else "hours"
        codes = {} if party in TOWNS else {name: np.asarray([row.code for row in rows], np.int16)}
        tokens = np.zeros((len(rows), 16), np.uint8)
        tokens[:, 0] = [1 + row.person for row in rows]
        encodings[party] = Encodings(
            party, "", np.zeros((len(rows), 16), np.uint8), {"bsn": tokens},
            np.zeros((len(rows), 0), np.uint64), codes,
        )  # fmt: skip
        groups[party] = np.asarray([row.person if often[row.person] > 1 else -1 for row in rows], np.int64)
    return Matched(encodings, groups)


def there(made: Mapping[str, list[Row]], person: int, parties: tuple[str, ...]) -> bool:
    return any(row.person == person for party in parties for row in made[party])


def levels(made: Mapping[str, list[Row]], of: tuple[str, ...]) -> dict[int, int]:
    """Per person the level at the first school that has one."""
    found: dict[int, int] = {}
    for party in of:
        for row in made[party]:
            known = found.get(row.person, -1)
            found[row.person] = known if known >= 0 else row.code
    return found


def counted(protocol: Protocol, made: Mapping[str, list[Row]]) -> Release:
    output, of = exactly(protocol), matched(made)
    found = persons(protocol, output, of, {})
    sizes = {party: Size(len(rows), 0) for party, rows in made.items()}
    everybody = {party: Size(max(one.rows, 1), 0) for party, one in sizes.items()}
    return answer(protocol, output, Counted(found, part(output, found, of), b""), everybody, ())[0]


def cells(release: Release) -> dict[tuple[str, ...], tuple[int | None, int | None]]:
    return {
        tuple(cell.categories.values()): (cell.persons.value, cell.part.value if cell.part else None)
        for cell in release.cells
    }


@pytest.mark.parametrize("of", [("roc-a",), SCHOOLS, SCHOOLS[::-1]])
@pytest.mark.parametrize("question", ["overlap", "complement", "union"])
@settings(max_examples=60, deadline=None)
@given(made=registers())
def test_overlap_complement_and_union(question: str, of: tuple[str, ...], made: Mapping[str, list[Row]]) -> None:
    where = {} if question == "union" else {"found_in": (*TOWNS, "uwv")}
    release = counted(agreed(question, of=of, **where), made)
    true = {(level,): [0, 0] for level in LEVELS}
    for person, code in levels(made, of).items():
        if code >= 0:
            cell = true[(LEVELS[code],)]
            cell[0] += 1
            cell[1] += there(made, person, (*TOWNS, "uwv")) == (question == "overlap")
    assert cells(release) == {key: (n, None if question == "union" else k) for key, (n, k) in true.items()}
    assert release.total.persons.value == sum(n for n, _ in true.values())


@settings(max_examples=100, deadline=None)
@given(made=registers())
def test_the_four_way_split_counts_everybody_once(made: Mapping[str, list[Row]]) -> None:
    four = split(sought("work", "uwv"), sought("benefits", *TOWNS))
    release = counted(agreed("partition", of=SCHOOLS, splits=(four,)), made)
    names = {(True, False): "work", (True, True): "work+benefits", (False, True): "benefits"}
    true: Counter[tuple[str, str]] = Counter()
    for person, code in levels(made, SCHOOLS).items():
        if code >= 0:
            state = there(made, person, WORK), there(made, person, TOWNS)
            true[LEVELS[code], names.get(state, "not-found")] += 1
    states = ("work+benefits", "work", "benefits", "not-found")
    assert cells(release) == {key: (true[key], None) for key in itertools.product(LEVELS, states)}
    sums = {tuple(m.categories.items()): m.persons.value for m in release.margins}
    for level in LEVELS:
        assert sums[(("degree", level),)] == sum(true[level, state] for state in states)
    for state in states:
        assert sums[(("status", state),)] == sum(true[level, state] for level in LEVELS)


@settings(max_examples=100, deadline=None)
@given(made=registers())
def test_thresholds_are_categories_of_the_source(made: Mapping[str, list[Row]]) -> None:
    enough = split(sought("work", "uwv", field="hours", only=("12 and more",)), name="enough")
    bands = split(sought("work", "uwv", field="hours"), name="bands")
    release = counted(agreed("partition", of=("roc-a",), by=(), splits=(enough, bands)), made)
    true: Counter[tuple[str, str]] = Counter()
    for person in {row.person for row in made["roc-a"]}:
        codes = [row.code for row in made["uwv"] if row.person == person and row.code >= 0]
        true["work" if 1 in codes else "not-found", f"work:{HOURS[codes[0]]}" if codes else "not-found"] += 1
    assert {key: n for key, (n, _) in cells(release).items() if n} == dict(true)


def test_which_job_tells_a_person_apart_does_not_depend_on_the_order_of_rows() -> None:
    """Who has a large and a small job is in one state, in whatever order the handles put the rows."""
    jobs = [Row(person, code) for person in range(20) for code in (0, 1)]
    made = {party: [Row(40, -1)] for party in PARTIES} | {"roc-a": [Row(person, 0) for person in range(20)]}
    hours = split(sought("work", "uwv", field="hours"))
    protocol = agreed("partition", of=("roc-a",), by=(), splits=(hours,))
    states = []
    for rows in (jobs, jobs[::-1]):
        links = matched({**made, "uwv": rows})
        found = persons(protocol, protocol.tables[0], links, {})
        states.append(dict(zip(map(bytes, found.known_by), found.codes["status"].tolist(), strict=True)))
    assert states[0] == states[1]


def test_nobody_is_looked_for_among_a_handful() -> None:
    protocol = agreed("partition", of=("roc-a",), by=(), splits=(split(sought("work", "uwv")),))
    made = {party: [Row(n, 0) for n in range(40)] for party in SCHOOLS} | {party: [] for party in TOWNS}
    of = matched({**made, "uwv": [Row(1, 0)]})
    output = protocol.tables[0]
    found = persons(protocol, output, of, {})
    sizes = {party: Size(len(rows), 0) for party, rows in of.encodings.items()}
    with pytest.raises(Refused, match="uwv has fewer than 10 rows"):
        answer(protocol, output, Counted(found, None, b""), sizes, ())


def test_a_small_town_may_be_looked_at_with_others() -> None:
    """Found at any of them is one thing: few rows among many are told of only by a count of their own."""
    protocol = agreed("overlap", of=("roc-a",), by=(), found_in=TOWNS)
    made: dict[str, list[Row]] = {party: [] for party in PARTIES}
    made |= {"roc-a": [Row(n, 0) for n in range(100)], "town-c": [Row(n, -1) for n in range(3)]}
    for more, refused in ((6, True), (40, False)):
        made["town-d"] = [Row(3 + n, -1) for n in range(more)]
        of, output = matched(made), protocol.tables[0]
        found = persons(protocol, output, of, {})
        sizes = {p: Size(len(e), int(of.met(p, output.of).sum())) for p, e in of.encodings.items()}
        counted = Counted(found, part(output, found, of), b"")
        if refused:
            with pytest.raises(Refused, match="town-c and town-d have fewer than 10 rows"):
                answer(protocol, output, counted, sizes, ())
        else:
            release, _ = answer(protocol, output, counted, sizes, ())
            assert release.parties["town-c"] is None
            assert release.total.part is not None
            assert release.total.part.value == 45


def test_a_release_of_states_is_read_back_and_a_part_in_it_is_refused() -> None:
    protocol = agreed("partition", of=SCHOOLS, splits=(split(sought("work", "uwv"), sought("benefits", *TOWNS)),))
    made = {party: [Row(n, n % 3) for n in range(200)] for party in PARTIES}
    made |= {"uwv": [Row(n, 1) for n in range(0, 200, 2)], "town-c": [Row(n, -1) for n in range(120)]}
    of, output = matched(made), protocol.tables[0]
    assert isinstance(output, Partition)
    found = persons(protocol, output, of, {})
    sizes = {party: Size(len(rows), 0) for party, rows in made.items()}
    release, _ = answer(protocol, output, Counted(found, None, b""), sizes, ())
    again = from_bytes(release.to_bytes(), where="r")
    refuse_other(again, protocol, where="r")
    assert again == release
    assert release.by == ("degree", "status")
    told = from_bytes(release.to_bytes(), where="r")
    object.__setattr__(told.total, "part", told.total.persons)
    with pytest.raises(Untrusted):
        refuse_other(told, protocol, where="r")


def test_sizes_do_not_tell_who_is_at_two_schools() -> None:
    protocol = agreed("union", of=SCHOOLS)
    made: dict[str, list[Row]] = {party: [] for party in PARTIES}
    made["roc-a"] = [Row(n, n % 3) for n in range(100)]
    made["roc-b"] = [Row(97 + n, n % 3) for n in range(100)]  # three people at both
    of, output = matched(made), protocol.tables[0]
    found = persons(protocol, output, of, {})
    sizes = {p: Size(len(e), int(of.met(p, output.of).sum())) for p, e in of.encodings.items()}
    release, _ = answer(protocol, output, Counted(found, None, b""), sizes, ())
    assert release.total.persons.value == 195
    assert (release.parties["roc-a"], release.parties["roc-b"]) == (None, None)
