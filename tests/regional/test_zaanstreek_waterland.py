"""Zaanstreek/Waterland: entree graduates at nought, twelve and twenty-four months, and who moved in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

import pilots
from counted import Compared, Links, Wave
from linkage.consent.event import Event
from linkage.disclosure.release import Release
from linkage.roles import consents, recipient
from linkage.synth import region
from pilots import Pilot, on

NAME = "zaanstreek-waterland"
REGISTERS = {
    "school": "school-1", "gemeente-zaanstad": "gemeente-0479", "gemeente-purmerend": "gemeente-0439", "uwv": "uwv",
}  # fmt: skip
DAYS = [date(year, 10, 1) for year in (2026, 2027, 2028)]
WITHDRAWN = "2027-02-01"
LINKS = Links(share=0.05, persons=2)
"""UWV has initials, so that names hardly help there: who has no number at either place, one in thirty, is not found."""


@dataclass
class Monitor:
    """Three measurements, and who withdrew after the first."""

    pilot: Pilot
    waves: list[Wave]
    status: list[Release]
    moves: list[Release]
    tokens: list[set[bytes]]
    gone: int


@pytest.fixture(scope="module")
def monitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    made = region(3_000, seed=1, schools=1, gemeenten=["0479", "0439"], reference_dates=DAYS)
    with on("2026-10-05"):
        pilot = Pilot.of(tmp_path_factory.mktemp(NAME), NAME, REGISTERS, made)
        found = Monitor(pilot, [pilot.wave()], [pilot.release("status")], [], [tokens(pilot)], 0)
    found.gone, row = found.waves[0].rows["school"][0]
    with on(WITHDRAWN):
        withdrawal = Event(row["Studentnummer"], NAME, WITHDRAWN, "withdrawn", method="telefoon")
        assert consents.withdraw(pilot.homes["school"], pilot.identities["school"], withdrawal)
    for day in ("2027-10-05", "2028-10-05"):
        with on(day):
            found.waves.append(pilot.wave(found.waves[-1]))
            found.status.append(pilot.release("status"))
            found.moves.append(pilot.release("moves"))
            found.tokens.append(tokens(pilot))
    with on("2028-10-05"):
        yield found


def tokens(pilot: Pilot) -> set[bytes]:
    """What the linkage unit sees of numbers at the school."""
    return {row.tobytes() for row in pilot.opened("school").tokens["bsn"] if row.any()}


def shown(compared: list[Compared]) -> int:
    return sum(one.figure.value is not None for one in compared)


def test_the_one_warning_is_that_tokens_are_kept_which_moves_need() -> None:
    pilots.sound(NAME, accepted={"P165"})


def test_states_of_every_measurement(monitor: Monitor) -> None:
    for wave, release in zip(monitor.waves, monitor.status, strict=True):
        compared = wave.compared(release, LINKS)
        assert [one.about["status"] for one in compared[:4]] == ["work+benefits", "work", "benefits", "not-found"]
        assert all(one.right for one in compared), [*map(str, compared)]
        assert compared[-1].figure.value
        assert shown(compared) >= 3
    assert [release.reference_date for release in monitor.status] == [day.isoformat() for day in DAYS]


def test_moves_between_measurements(monitor: Monitor) -> None:
    for wave, release in zip(monitor.waves[1:], monitor.moves, strict=True):
        compared = wave.compared(release, LINKS)
        assert all(one.right for one in compared), [*map(str, compared)]
        cells = {tuple(one.about.values()): one for one in compared[:16]}
        assert cells["work", "work"].figure.value
        assert cells["not-found", "not-found"].figure.value
        assert shown(compared[:16]) < 16, "a move of a few persons does not show"
        assert compared[-1].true < len(monitor.waves[0].rows["school"]), "of those who took part twice"


def test_who_withdraws_takes_no_part_any_more_and_what_was_told_stands(monitor: Monitor) -> None:
    took_part = [{who for who, _ in wave.rows["school"]} for wave in monitor.waves]
    assert [monitor.gone in people for people in took_part] == [True, False, False]
    assert monitor.pilot.sent["school"].plan.judged["consent: withdrawn"] > 0
    kept = recipient.results(monitor.pilot.linkage("gemeente-purmerend"))
    assert [r for r in kept if r.output == "status"] == monitor.status


def test_tokens_are_those_of_the_first_measurement(monitor: Monitor) -> None:
    first, second, third = monitor.tokens
    assert second < first
    assert third < second


def test_a_small_job_stays_at_uwv(monitor: Monitor) -> None:
    assert min(int(row["uren_per_week"]) for wave in monitor.waves for _, row in wave.rows["uwv"]) == 12
    assert monitor.pilot.sent["uwv"].plan.judged["cohort: weekly-hours"] > 100


def test_folders_are_well_kept(monitor: Monitor) -> None:
    pilots.well_kept(monitor.pilot)
