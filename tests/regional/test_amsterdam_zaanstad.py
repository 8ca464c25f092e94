"""Amsterdam and Zaanstad: one count over two gemeenten, an age limit that is a setting, consent without an answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

import pilots
from counted import Links, Wave
from linkage import cli, files
from linkage.roles import custodian
from linkage.synth import region, regional
from pilots import Pilot, on
from simulator import PASSPHRASE

NAME = "amsterdam-zaanstad"
REGISTERS = {"mbo": "school-1", "amsterdam": "gemeente-0363", "zaanstad": "gemeente-0479"}
DAY = "2026-10-05"
AGE = "age_from: 18, age_to: 27"
TWICE = 300
"""Clients of Amsterdam who stand in Zaanstad's register too: moved, and not yet taken off."""


def registers() -> regional.Region:
    """Of those who were asked without an answer half say that they will decide later; some clients stand in both."""
    made = region(
        6_000, seed=7, schools=1, gemeenten=["0363", "0479"], reference_dates=[date(2026, 10, 1)], work=False
    )  # fmt: skip
    asked = made.consent["school-1"].to_pylist()
    waiting = [event for event in asked if event["status"] == "requested"]
    for event in waiting[::2]:
        event["status"] = "uitgesteld"
    here, there = made.registers["gemeente-0363"], made.registers["gemeente-0479"]
    both = pa.concat_tables([there, here.slice(0, TWICE)])
    people = {row: person for person, rows in enumerate(made.truth["gemeente-0363"].to_pylist()) for row in rows}
    rows = made.truth["gemeente-0479"].to_pylist()
    for row in range(1, TWICE + 1):
        rows[people[row]] = [*rows[people[row]], there.num_rows + row]
    at = made.truth.column_names.index("gemeente-0479")
    truth = made.truth.set_column(at, "gemeente-0479", pa.array(rows, pa.list_(pa.int64())))
    return regional.Region({**made.registers, "gemeente-0479": both}, {"school-1": pa.Table.from_pylist(asked)}, truth)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pilot, Wave]]:
    with on(DAY):
        pilot = Pilot.of(tmp_path_factory.mktemp(NAME), NAME, REGISTERS, registers())
        yield pilot, pilot.wave()


def test_nothing_is_wrong_with_the_protocol() -> None:
    pilots.sound(NAME, accepted=())


def test_every_figure_is_true(played: tuple[Pilot, Wave]) -> None:
    pilot, wave = played
    release = pilot.release("on-benefits")
    compared = wave.compared(release, Links())
    assert [str(one) for one in compared if not one.right] == []
    shown = [one for one in compared if one.figure.value is not None and one.what == "part"]
    assert len(shown) >= 3


def test_who_stands_in_both_gemeenten_counts_once(played: tuple[Pilot, Wave]) -> None:
    pilot, wave = played
    here, there = ({person for person, _ in wave.rows[party]} for party in ("amsterdam", "zaanstad"))
    students = {person for person, _ in wave.rows["mbo"]}
    assert len(students & here & there) >= 8
    every = wave.compared(pilot.release("on-benefits"), Links())
    (total,) = [one for one in every if not one.about and one.what == "part"]
    assert total.true == len(students & (here | there))
    assert total.figure.value is not None
    assert total.figure.value < len(students & here) + len(students & there) - 5
    assert total.right


def test_no_answer_is_its_own_reason_in_plan_result_and_ledger(
    played: tuple[Pilot, Wave], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pilot, wave = played
    home = pilot.homes["mbo"]
    assert pilot.region is not None
    last = {event["Studentnummer"]: event["status"] for event in pilot.region.consent["school-1"].to_pylist()}
    took = {row["Studentnummer"] for _, row in wave.rows["mbo"]}
    assert {last[number] for number in took} == {"given"}
    judged = pilot.sent["mbo"].plan.judged
    assert min(judged[f"consent: {why}"] for why in ("requested", "deferred", "refused", "not asked")) >= 3
    with on(DAY):
        again = custodian.plan(home, pilot.linkage("mbo"), pilot.input("mbo"), pilot.config("mbo")).judged
    assert Counter(again) == Counter(judged)
    (entry,) = [e.facts for e in home.ledger.entries() if e.act == "tokenise"]
    assert entry["judged"] == dict(judged)
    monkeypatch.setenv("LINKAGE_PASSPHRASE_FILE", str(files.write(tmp_path / "pass", PASSPHRASE)))
    with pytest.raises(SystemExit), on(DAY):
        cli.main(["result", "show", "--lang", "en", "--home", str(home.path)])
    shown = capsys.readouterr().out
    for why, words in [("requested", "requested"), ("deferred", "answer put off")]:
        assert re.search(rf"consent: {words} +{judged[f'consent: {why}']}\n", shown)
    for party in ("amsterdam", "zaanstad", "unit"):
        told = str([e.facts for e in pilot.homes[party].ledger.entries()])
        assert "deferred" not in told
        assert "requested" not in told


class Younger(Pilot):
    """The same agreement with another age limit."""

    def template_file(self) -> Path:
        text = files.shipped(f"protocols/{NAME}.yml").read_text(encoding="utf-8")
        assert text.count(AGE) == 3, "every custodian has it"
        return files.write(self.folder / "younger.yml", text.replace(AGE, "age_from: 18, age_to: 22").encode())


def test_the_age_limit_is_a_setting_of_the_protocol(played: tuple[Pilot, Wave], tmp_path: Path) -> None:
    pilot, _ = played
    usual = pilot.sent["mbo"].plan.judged
    with on(DAY):
        made = Younger.of(tmp_path, NAME, REGISTERS, registers())
        home, config = made.homes["mbo"], made.config("mbo")
        custodian.import_consent(home, made.identities["mbo"], made.paths["school-1/consent"], config)
        younger = custodian.plan(home, made.linkage("mbo"), made.input("mbo"), config).judged
    assert made.linkage("mbo").protocol.digest != pilot.linkage("mbo").protocol.digest
    assert younger["rows"] == usual["rows"]
    assert younger["cohort: over age"] > usual["cohort: over age"] + 50
    assert younger["included"] < usual["included"] - 50


def test_folders_are_well_kept(played: tuple[Pilot, Wave]) -> None:
    pilots.well_kept(played[0])
