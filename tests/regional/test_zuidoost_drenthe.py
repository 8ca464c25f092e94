"""Zuidoost-Drenthe: some fifty graduates a year, consent at the diploma, figures so small that years are pooled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import pilots
from counted import Links, Wave
from linkage.disclosure.protect import BELOW
from linkage.roles import keeping
from linkage.synth import region
from pilots import Pilot, on

NAME = "zuidoost-drenthe"
REGISTERS = {"school": "school-1", "gemeente": "gemeente-0114"}
NO_LINK_BY_CHANCE = Links(share=0, persons=1)
"""Some ten persons are linked by name alone: one of them may be missed, or one too many found."""


def played(folder: Path, seed: int) -> tuple[Pilot, Wave]:
    """The linkage of one year, on the registers of Emmen."""
    made = region(3_000, seed=seed, schools=1, gemeenten=["0114"], reference_dates=[date(2026, 10, 1)], work=False)
    pilot = Pilot.of(folder, NAME, REGISTERS, made)
    return pilot, pilot.wave()


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pilot, Wave]]:
    with on("2026-10-05"):
        yield played(tmp_path_factory.mktemp(NAME), seed=2)


def test_nothing_is_wrong_with_the_protocol() -> None:
    pilots.sound(NAME, accepted=())


def test_of_so_few_the_release_says_fewer_than_ten_of_about_so_many(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    release = pilot.release("on-benefits")
    assert release.by == (), "by year every count would be small"
    assert release.total.part == BELOW
    persons, part = wave.compared(release, NO_LINK_BY_CHANCE)
    assert (persons.figure.value, persons.true) == (130, 130)
    assert part.right
    assert part.true == 8
    assert keeping.from_bytes(pilot.linkage("unit").links.read_bytes()).pairs("school", "gemeente")


def test_one_more_is_a_figure(tmp_path: Path) -> None:
    with on("2026-10-05"):
        pilot, wave = played(tmp_path, seed=3)
        persons, part = wave.compared(pilot.release("on-benefits"), NO_LINK_BY_CHANCE)
    assert persons.right
    assert part.right
    assert part.figure.value == 15


def test_who_did_not_consent_stays_at_the_school(year: tuple[Pilot, Wave]) -> None:
    pilot, wave = year
    judged = pilot.sent["school"].plan.judged
    assert {"consent: refused", "consent: requested", "consent: withdrawn"} <= set(judged)
    assert sum(judged.values()) == 2 * judged["rows"], "every row once, with its reason"
    assert pilot.region is not None
    said = pilot.region.consent["school-1"].to_pylist()
    standing = {event["Studentnummer"]: event["status"] for event in said}  # the last one counts
    assert {standing[row["Studentnummer"]] for _, row in wave.rows["school"]} == {"given"}
    assert len(pilot.opened("school")) == judged["included"] == len(wave.rows["school"])
    entries = list(pilot.homes["gemeente"].ledger.entries()) + list(pilot.homes["unit"].ledger.entries())
    assert not any("refused" in str(entry.facts) for entry in entries), "reasons are the school's own"


def test_folders_are_well_kept(year: tuple[Pilot, Wave]) -> None:
    pilots.well_kept(year[0])
