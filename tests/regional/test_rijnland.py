"""Rijnland: who is found neither in work nor in benefits, what that says and does not, and rules that stay at home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

import pilots
from counted import Links, Wave
from linkage.consent.judge import age
from linkage.protocol.outputs import Partition
from linkage.roles import recipient
from linkage.synth import region
from pilots import Pilot, on

NAME = "rijnland"
GEMEENTEN = {"leiden": "0546", "gouda": "0513", "zoetermeer": "0637"}
REGISTERS = {"school": "school-1", "uwv": "uwv"} | {
    f"gemeente-{name}": f"gemeente-{code}" for name, code in GEMEENTEN.items()
}
DAY = "2026-05-01"
LINKS = Links(share=0.05, persons=2)
"""UWV has initials, so that names hardly help there: who has no number at either place, one in thirty, is not found."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pilot, Wave]]:
    days = [date(2026, 1, 1), date.fromisoformat(DAY)]
    made = region(4_000, seed=1, schools=1, gemeenten=[*GEMEENTEN.values()], reference_dates=days)
    with on("2026-05-11"):
        pilot = Pilot.of(tmp_path_factory.mktemp(NAME), NAME, REGISTERS, made)
        yield pilot, pilot.wave()


def truth(pilot: Pilot) -> dict[int, dict[str, Any]]:
    """What everybody lives on, whatever any register says."""
    assert pilot.region is not None
    return {one["person"]: one for one in pilot.region.truth.to_pylist()}


def test_nothing_is_wrong_with_the_protocol() -> None:
    pilots.sound(NAME, accepted=())


def test_who_is_not_found_by_gemeente(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    release = pilot.release("not-found")
    assert release.by == ("gemeente",)
    compared = wave.compared(release, LINKS)
    assert len(compared) == 2 * (len(GEMEENTEN) + 1)
    assert all(one.right and one.figure.value for one in compared), [*map(str, compared)]


def test_four_states_that_say_the_same(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    compared = wave.compared(pilot.release("status"), LINKS)
    assert all(one.right and one.figure.value for one in compared), [*map(str, compared)]
    neither = next(one for one in compared if one.about.get("status") == "not-found")
    assert neither.figure == pilot.release("not-found").total.part


def test_not_found_is_not_neither(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    true, output = truth(pilot), wave.protocol.tables[1]
    assert isinstance(output, Partition)
    lives: Counter[str] = Counter()
    for who in wave.counted(output):
        if wave.state(output, output.splits[0], who) == "not-found":
            lives[true[who][f"state_{DAY}"]] += 1
    assert lives["neither"] >= 25
    assert lives["work"] >= 10, "small jobs, and jobs under a number that a register lacks"
    assert lives["benefits"] >= 2, "older than the desk's register goes, or moved to where nobody takes part"


def test_every_source_says_how_many_it_told_of(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    release = pilot.release("not-found")
    assert set(release.parties) == set(REGISTERS)
    for party, rows in wave.rows.items():
        if party != "school":
            assert abs(len(rows) - (release.parties[party] or 0)) <= 2


def test_rules_of_age_and_postcode_stay_with_the_party_whose_they_are(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    oldest = {
        party: max(age(row["geboortedatum"], DAY) for _, row in rows)
        for party, rows in wave.rows.items() if party.startswith("gemeente")
    }  # fmt: skip
    assert oldest == {"gemeente-leiden": 26, "gemeente-gouda": 26, "gemeente-zoetermeer": 22}
    assert {row["Gemeentecode"] for _, row in wave.rows["school"]} == set(GEMEENTEN.values())
    assert pilot.opened("gemeente-zoetermeer").categories == {}
    assert set(pilot.opened("school").categories) == {"gemeente"}


def test_only_rows_with_a_basis_leave_the_school(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    judged = pilot.sent["school"].plan.judged
    assert judged["no basis"] > 100
    for _, row in wave.rows["school"]:
        day, month, of = row["Diplomadatum"].split("-")
        assert f"{of}-{month}-{day}" > "2025-05-01", "guidance is the school's task for a year"
        assert row["Elders ingeschreven"] == "nee" or row["Leerweg"] == "bbl"


def test_uwv_is_told_nothing(year: tuple[Pilot, Wave]) -> None:
    pilot, _ = year
    assert len(recipient.results(pilot.linkage("gemeente-gouda"))) == 2
    assert not list(pilot.linkage("uwv").folder.rglob("results/*"))


def test_folders_are_well_kept(year: tuple[Pilot, Wave]) -> None:
    pilots.well_kept(year[0])
