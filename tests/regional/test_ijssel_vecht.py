"""IJssel-Vecht and Noordwest-Veluwe: two schools, four gemeenten, students of both, and a ladder of regions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

import pilots
from counted import Links, Wave
from linkage.errors import Refused
from linkage.roles import recipient, unit
from linkage.synth import region
from pilots import Pilot, on

NAME = "ijssel-vecht"
GEMEENTEN = {"zwolle": "0193", "kampen": "0166", "hardenberg": "0160", "harderwijk": "0243"}
REGISTERS = {"roc-a": "school-1", "roc-b": "school-2"} | {
    f"gemeente-{name}": f"gemeente-{code}" for name, code in GEMEENTEN.items()
}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pilot, Wave]]:
    day = date(2026, 10, 1)
    made = region(2_000, seed=1, schools=2, gemeenten=[*GEMEENTEN.values()], reference_dates=[day], work=False)
    with on("2026-10-05"):
        pilot = Pilot.of(tmp_path_factory.mktemp(NAME), NAME, REGISTERS, made)
        yield pilot, pilot.wave()


def test_nothing_is_wrong_with_the_protocol() -> None:
    pilots.sound(NAME, accepted=())


def test_students_of_both_schools_count_once(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    first, second = ({who for who, _ in wave.rows[school]} for school in ("roc-a", "roc-b"))
    assert len(first & second) > 30
    release = pilot.release("students")
    assert release.by == ("gemeente",)
    compared = wave.compared(release, Links())
    assert len(compared) == len(GEMEENTEN) + 1
    assert all(one.right and one.figure.value for one in compared), [*map(str, compared)]
    assert compared[-1].true == len(first | second) < len(first) + len(second) - 30


def test_where_a_gemeente_is_too_small_the_table_is_of_regions(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    release = pilot.release("on-benefits")
    assert release.by == ("rmc-region",)
    compared = wave.compared(release, Links())
    assert all(one.right and one.figure.value for one in compared), [*map(str, compared)]
    assert [*release.cells[0].categories.values(), *release.cells[1].categories.values()] == [
        "IJssel-Vecht", "Noordwest-Veluwe"
    ]  # fmt: skip


def test_regions_are_codes_to_the_linkage_unit_and_words_to_offices_without_records(year: tuple[Pilot, Wave]) -> None:
    pilot, _ = year
    _, planned = unit.plan(pilot.homes["unit"], pilot.identities["unit"], pilot.linkage("unit"))
    seen = {value for one in planned for cell in one.release.cells for value in cell.categories.values()}
    assert seen == {f"#{n}" for n in range(4)}
    told = recipient.results(pilot.linkage("doorstroompunt-nwv"))
    assert {cell.categories.get("gemeente") for cell in told[0].cells} == {name.title() for name in GEMEENTEN}
    with pytest.raises(Refused):
        recipient.results(pilot.linkage("gemeente-kampen"))


def test_a_spreadsheet_that_lost_a_zero_is_read(year: tuple[Pilot, Wave]) -> None:
    _, wave = year
    assert {row["Gemeentecode"] for _, row in wave.rows["roc-a"]} == set(GEMEENTEN.values())
    assert {row["Gemeentecode"] for _, row in wave.rows["roc-b"]} == {code[1:] for code in GEMEENTEN.values()}


def test_folders_are_well_kept(year: tuple[Pilot, Wave]) -> None:
    pilots.well_kept(year[0])
