"""Rivierenland: graduates at the companies that take part, by names alone, because a company may not use the BSN."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

import pilots
from counted import Links, Wave
from linkage import files
from linkage.errors import Refused
from linkage.findings import Severity
from linkage.protocol import lint
from linkage.protocol.load import loads
from linkage.roles import keeping, recipient
from linkage.synth import region, regional
from pilots import Pilot, on

NAME = "rivierenland"
COMPANIES = ("metaal", "zorg", "horeca")
REGISTERS = {"mbo": "school-1", **{company: f"employers-{company}" for company in COMPANIES}}


def registers() -> regional.Region:
    """A school and, of the employers that take part, three groups: each with its own file of staff."""
    made = region(
        3_000, seed=6, schools=1, gemeenten=["0281"], reference_dates=[date(2026, 10, 1)], work=False, employers=True
    )  # fmt: skip
    staff, truth, each = made.registers["employers"], made.truth, dict(made.registers)
    group = np.array([int(name[1:]) for name in staff["Werkgever"].to_pylist()]) % len(COMPANIES)
    held = each.pop("employers") and truth["employers"].to_pylist()
    for number, company in enumerate(COMPANIES):
        rows = np.flatnonzero(group == number)
        each[f"employers-{company}"] = staff.take(pa.array(rows))
        new = {int(row) + 1: place + 1 for place, row in enumerate(rows)}
        own = [[new[row] for row in rows if row in new] for rows in held]
        truth = truth.append_column(f"employers-{company}", pa.array(own, pa.list_(pa.int64())))
    return regional.Region(each, made.consent, truth.drop_columns(["employers"]))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pilot, Wave]]:
    with on("2026-10-05"):
        pilot = Pilot.of(tmp_path_factory.mktemp(NAME), NAME, REGISTERS, registers())
        yield pilot, pilot.wave()


def test_nothing_is_wrong_with_the_protocol() -> None:
    pilots.sound(NAME, accepted=())


def test_every_figure_is_true(played: tuple[Pilot, Wave]) -> None:
    pilot, wave = played
    release = pilot.release("still-at-work")
    compared = wave.compared(release, Links(share=0.05, persons=2))
    assert [str(one) for one in compared if not one.right] == []
    shown = [one for one in compared if one.figure.value is not None and one.what == "part"]
    assert len(shown) >= 3
    assert release.total.part.value is not None


def test_names_alone_miss_a_few_and_confuse_hardly_anybody(played: tuple[Pilot, Wave]) -> None:
    pilot, wave = played
    kept = keeping.from_bytes(pilot.linkage("unit").links.read_bytes())
    who = {
        party: dict(zip(map(bytes, sent.handles), (person for person, _ in wave.rows[party]), strict=True))
        for party, sent in pilot.sent.items()
    }
    found, right, true = 0, 0, 0
    for company in COMPANIES:
        pairs = [(who["mbo"][a], who[company][b]) for a, b in kept.pairs("mbo", company)]
        found, right = found + len(pairs), right + sum(a == b for a, b in pairs)
        true += len(set(who["mbo"].values()) & set(who[company].values()))
    assert true > 300
    assert right / found > 0.97
    assert right / true > 0.95


def test_who_works_for_two_companies_counts_once(played: tuple[Pilot, Wave]) -> None:
    pilot, wave = played
    at = [{person for person, _ in wave.rows[company]} for company in COMPANIES]
    students = {person for person, _ in wave.rows["mbo"]}
    several = sum(sum(person in company for company in at) > 1 for person in students)
    assert several > 20
    (total,) = [
        one
        for one in wave.compared(pilot.release("still-at-work"), Links(share=0.05))
        if not one.about and one.what == "part"
    ]
    assert total.true == len(students & set.union(*at)) < sum(len(students & company) for company in at)
    assert total.right


def test_no_number_and_no_company_is_told_anything(played: tuple[Pilot, Wave]) -> None:
    pilot, _ = played
    agreed = pilot.linkage("unit").protocol
    assert not {field.kind for field in agreed.fields} & {"bsn", "education-number"}
    for company in COMPANIES:
        assert not pilot.opened(company).tokens
        assert not pilot.opened(company).categories
        with pytest.raises(Refused):
            recipient.results(pilot.linkage(company))


NO_LAW = "bsn_basis: null             # NL mag niet"
WABB = "bsn_basis: {law: Wabb art. 10, decided_by: Directie, decided_on: 2026-08-25}   # NL mag niet"
BSN = "fields:\n  - {name: bsn, kind: bsn, send: exact, parties: [mbo, metaal]}\n"


def test_a_company_that_would_use_the_number_is_refused() -> None:
    text = files.shipped(f"protocols/{NAME}.yml").read_text(encoding="utf-8").replace("\nfields:\n", "\n" + BSN)
    assert errors(text, "P101") == {"parties.mbo", "parties.metaal"}
    assert text.count(NO_LAW) == 1
    assert errors(text.replace(NO_LAW, WABB), "P122") == {"parties.metaal.bsn_basis"}


def errors(text: str, code: str) -> set[str]:
    """Where a rule finds an error."""
    found = lint.check(loads(text.encode(), name="p.yml"))
    return {f.where for f in found if f.code == code and f.severity is Severity.ERROR}


def test_folders_are_well_kept(played: tuple[Pilot, Wave]) -> None:
    pilots.well_kept(played[0])
