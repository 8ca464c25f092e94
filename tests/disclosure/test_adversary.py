"""What a reader who knows every rule can work out: all tables that give the same release, tried one by one.

A hidden count that is small, or leaves few out, must keep at least `minimum` possible values. Nothing is left out of
what the reader knows: persons and linked together, the total, which cells are hidden, and the rule that hid them.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import pytest

from limits import figures, suppression
from linkage.protocol.protections import Suppression

Shown = tuple[int | None, ...]
Table = tuple[tuple[int, ...], tuple[int, ...]]


def tables(cells: int, most: int) -> Iterator[tuple[int, ...]]:
    return (t for t in itertools.product(range(most + 1), repeat=cells) if sum(t) <= most)


def shown(counts: tuple[int, ...], of: tuple[int, ...] | None, said: Suppression) -> Shown:
    return tuple(f.value for f in figures(list(counts), None if of is None else list(of), said))


@pytest.mark.parametrize(("minimum", "rounding"), [(2, 1), (3, 1), (3, 2), (4, 1), (4, 3)])
@pytest.mark.parametrize(("cells", "most"), [(2, 20), (3, 18), (4, 14), (5, 11)])
def test_persons(cells: int, most: int, minimum: int, rounding: int) -> None:
    said = suppression(minimum, rounding)
    same: dict[Shown, list[tuple[int, ...]]] = defaultdict(list)
    for counts in tables(cells, most):
        same[shown(counts, None, said)].append(counts)
    for answer, worlds in same.items():
        if answer[-1] is None or answer[-1] + rounding > most:
            continue  # worlds with more persons than were tried give this release too
        for at in range(cells):
            if answer[at] is None and any(world[at] < minimum for world in worlds):
                assert len({world[at] for world in worlds}) >= minimum, (answer, at)


@pytest.mark.parametrize(
    ("cells", "most", "minimum", "rounding"),
    [
        (2, 15, 2, 1),
        (2, 15, 3, 1),
        (2, 15, 3, 2),
        (2, 18, 4, 1),
        (3, 11, 2, 1),
        (3, 14, 3, 1),
        (3, 12, 3, 2),
        (4, 9, 3, 1),
    ],
)
def test_persons_and_linked(cells: int, most: int, minimum: int, rounding: int) -> None:
    said = suppression(minimum, rounding)
    same: dict[Shown, list[Table]] = defaultdict(list)
    for persons in tables(cells, most):
        whole = shown(persons, None, said)
        for hits in itertools.product(*(range(n + 1) for n in persons)):
            same[whole + shown(hits, persons, said)].append((persons, hits))
    for answer, worlds in same.items():
        total = answer[cells]
        if total is None or total + rounding > most:
            continue
        for at in range(cells):
            if answer[at] is None and any(persons[at] < minimum for persons, _ in worlds):
                assert len({persons[at] for persons, _ in worlds}) >= minimum, (answer, at)
            few = any(min(hits[at], persons[at] - hits[at]) < minimum for persons, hits in worlds)
            if answer[cells + 1 + at] is None and few:
                assert len({hits[at] for _, hits in worlds}) >= minimum, (answer, at)


@pytest.mark.parametrize(
    ("cells", "most", "minimum", "rounding"), [(2, 16, 3, 1), (3, 11, 3, 1), (3, 12, 4, 2), (4, 8, 3, 1)]
)
def test_a_custodian_who_counted_its_own_persons(cells: int, most: int, minimum: int, rounding: int) -> None:
    """Knowing all persons exactly, it still finds no small linked count, unless there is nobody to link."""
    said = suppression(minimum, rounding)
    for persons in tables(cells, most):
        same: dict[Shown, list[tuple[int, ...]]] = defaultdict(list)
        for hits in itertools.product(*(range(n + 1) for n in persons)):
            same[shown(hits, persons, said)].append(hits)
        for answer, worlds in same.items():
            for at in range(cells):
                few = any(min(hits[at], persons[at] - hits[at]) < minimum for hits in worlds)
                if answer[at] is None and few and persons[at]:
                    assert len({hits[at] for hits in worlds}) >= 2, (persons, answer, at)
