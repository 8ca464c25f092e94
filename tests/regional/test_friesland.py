"""Friesland: work and benefits in the first year after the diploma; a mentor's judgement never leaves the school."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

import pilots
import protocols
from counted import Links, Wave
from linkage import files
from linkage.crypto import envelope
from linkage.errors import Refused
from linkage.findings import Severity
from linkage.protocol import lint
from linkage.protocol.load import loads
from linkage.roles import recipient
from linkage.synth import region, regional
from linkage.tables import Encodings
from pilots import Pilot, on

NAME = "friesland"
REGISTERS = {"mbo": "school-1", "leeuwarden": "gemeente-0080", "sudwest-fryslan": "gemeente-1900", "uwv": "uwv"}
DAY = "2026-06-20"
FLAG = "Kwetsbaar"
FLAG_AS_WRITTEN = "{name: vulnerable, kind: category, send: none, parties: [mbo]}"
TEXT = files.shipped(f"protocols/{NAME}.yml").read_text(encoding="utf-8")


COLUMNS = {**pilots.COLUMNS, "school": {**pilots.COLUMNS["school"], "vulnerable": (FLAG,)}}
"""The school's export has the mentor's judgement."""


def registers() -> regional.Region:
    """Two Frisian gemeenten, UWV and a school whose mentors hold every third student for vulnerable."""
    made = region(6_000, seed=5, schools=1, gemeenten=["0080", "1900"], reference_dates=[date(2026, 6, 15)])
    school = made.registers["school-1"]
    judged = pa.array(["ja" if row % 3 == 0 else "nee" for row in range(school.num_rows)])
    return regional.Region({**made.registers, "school-1": school.append_column(FLAG, judged)}, made.consent, made.truth)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pilot, Wave]]:
    with on(DAY), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pilots, "COLUMNS", COLUMNS)
        pilot = Pilot.of(tmp_path_factory.mktemp(NAME), NAME, REGISTERS, registers())
        yield pilot, pilot.wave()


def test_nothing_is_wrong_with_the_protocol() -> None:
    pilots.sound(NAME, accepted=())


def test_every_figure_is_true(played: tuple[Pilot, Wave]) -> None:
    pilot, wave = played
    release = pilot.release("work-or-benefits")
    compared = wave.compared(release, Links())
    assert [str(one) for one in compared if not one.right] == []
    shown = [one for one in compared if one.figure.value is not None]
    assert len(shown) >= 6
    assert release.by == ("path", "status"), "by level too little could be shown"
    states = {one.about["status"] for one in compared if "status" in one.about}
    assert states == {"work+benefits", "work", "benefits", "not-found"}


def test_entree_and_who_graduated_longer_ago_stay(played: tuple[Pilot, Wave]) -> None:
    pilot, wave = played
    judged = pilot.sent["mbo"].plan.judged
    assert judged["cohort: level"] > 100, "entree"
    assert judged["no basis"] >= 10, "the task of WEB art. 9.2.12 lasts a year"
    rows = [row for _, row in wave.rows["mbo"]]
    assert {row["Niveau"] for row in rows} == {"2", "3", "4"}
    ended = ["-".join(reversed(row["Diplomadatum"].split("-"))) for row in rows]
    assert min(ended) > "2025-06-15", "less than a year before the reference date"
    assert not [
        row for row in rows if (row["Niveau"], row["Leerweg"], row["Elders ingeschreven"]) == ("2", "bol", "ja")
    ]
    assert {row["Leerweg"] for row in rows} == {"bol", "bbl"}


def test_uwv_sends_a_row_for_every_job_and_gets_nothing(played: tuple[Pilot, Wave]) -> None:
    pilot, wave = played
    jobs = [person for person, _ in wave.rows["uwv"]]
    assert len(jobs) > len(set(jobs))
    with pytest.raises(Refused, match="no result is here"):
        recipient.results(pilot.linkage("uwv"))


def test_with_every_judgement_the_other_way_nothing_that_leaves_differs(
    played: tuple[Pilot, Wave], tmp_path: Path
) -> None:
    pilot, _ = played
    before, header = pilot.opened("mbo"), envelope.read(pilot.linkage("unit").received("mbo")).header
    text = pilot.input("mbo").read_bytes().decode("cp1252")
    head, *lines = text.splitlines(keepends=True)
    assert head.rstrip().endswith(FLAG)
    other = {"ja": "nee", "nee": "ja"}
    turned = [line.rpartition(";") for line in lines]
    changed = head + "".join(f"{rest};{other[flag.strip()]}\r\n" for rest, _, flag in turned)
    assert sum(a != b for a, b in zip(text.splitlines(), changed.splitlines(), strict=True)) == len(lines)
    sent = pilot.tokenise("mbo", files.write(tmp_path / "turned.csv", changed.encode("cp1252")))
    after, package = pilot.opened("mbo"), envelope.read(sent.package)
    assert contents(after) == contents(before)
    assert package.header.content == header.content
    assert package.header.content["rows"] == len(sent.rows) == len(after)


def contents(encodings: Encodings) -> list[bytes]:
    """All that every row says, its handle left out, in an order that says nothing of the file's."""
    columns = [*encodings.tokens.values(), encodings.filters, *encodings.categories.values()]
    return sorted(b"".join(column[row].tobytes() for column in columns) for row in range(len(encodings)))


@pytest.mark.parametrize("send", ["category", "blinded", "exact"])
def test_the_flag_may_not_be_sent(send: str) -> None:
    assert TEXT.count(FLAG_AS_WRITTEN) == 1
    values = "" if send == "exact" else ', values: [ja, nee], label: {nl: "Kwetsbaar", en: "Vulnerable"}'
    text = TEXT.replace(
        FLAG_AS_WRITTEN, FLAG_AS_WRITTEN.replace("send: none", f"send: {send}").replace("}", values + "}")
    )
    found = [f for f in lint.check(loads(protocols.carded(text).encode(), name="p.yml")) if f.code == "P170"]
    assert [f.severity for f in found] == [Severity.ERROR]
    assert "GDPR art. 9(1)" in found[0].message


def test_folders_are_well_kept(played: tuple[Pilot, Wave]) -> None:
    pilots.well_kept(played[0])
