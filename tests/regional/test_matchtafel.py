"""Matchtafel: which candidates are known at the table already, told to the school alone, after a second person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

import pilots
from linkage import files
from linkage.encode import config as configs
from linkage.encode.config import Config
from linkage.errors import InputError, Refused
from linkage.protocol.load import loads
from linkage.report.returned import Contacts
from linkage.roles import approver, contacts, listed, recipient, recontact, unit
from linkage.synth import region, regional
from pilots import Pilot, on

NAME = "matchtafel"
REGISTERS = {"mbo": "school-1", "gemeente": "gemeente-0513", "uwv": "uwv"}
TEXT = files.shipped(f"protocols/{NAME}.yml").read_text(encoding="utf-8")
AGREES = 5
"""All but one of so many who consent agree to be handed over as well."""


@dataclass
class Table(Pilot):
    """The parties at the table; the school's file of consent tells instemming too."""

    def config(self, party: str) -> Config:
        plain = super().config(party)
        if plain.consent is None:
            return plain
        said = plain.model_dump(by_alias=True) | {"consent": {**plain.consent.model_dump(), "kind": "soort"}}
        return configs.from_data(said)

    def asked(self) -> list[recontact.Outcome]:
        """Everybody sends, the unit links and asks the approver."""
        for party in self.registers:
            self.tokenise(party)
        return self.linked()

    def linked(self) -> list[recontact.Outcome]:
        """The unit links what it has and asks the approver."""
        self.carry()
        unit.match(self.homes["unit"], self.identities["unit"], self.linkage("unit"))
        return self.release_lists()

    def release_lists(self) -> list[recontact.Outcome]:
        made = recontact.release(self.homes["unit"], self.identities["unit"], self.linkage("unit"))
        self.carry()
        return made

    def decide(self, *, approve: bool = True, reason: str = "") -> approver.Decided:
        at = self.homes["toezicht"], self.identities["toezicht"], self.linkage("toezicht")
        made = approver.decide(*at, approve=approve, by="Functionaris gegevensbescherming", reason=reason)
        self.carry()
        return made

    def lists(self, party: str) -> list[Contacts]:
        """The lists that a party has, opened; none where none is here."""
        with suppress(Refused):
            return contacts.lists(self.homes[party], self.identities[party], self.linkage(party))
        return []


def candidates() -> regional.Region:
    """Registers around Gouda; of who gave consent, most agree to be handed over as well."""
    made = region(2_200, seed=4, schools=1, gemeenten=["0513"], reference_dates=[date(2026, 10, 1)])
    events = made.consent["school-1"].to_pylist()
    told = [{**event, "soort": "consent"} for event in events]
    given = [event for event in events if event["status"] == "given"]
    told += [{**event, "soort": "instemming"} for n, event in enumerate(given) if n % AGREES]
    return regional.Region(made.registers, {"school-1": pa.Table.from_pylist(told)}, made.truth)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """From cards to the list in the school's hands."""
    with on("2026-10-05"):
        made = Table.of(tmp_path_factory.mktemp(NAME), NAME, REGISTERS, candidates())
        assert isinstance(made, Table)
        (asked,) = made.asked()
        assert asked.state == "asked"
        made.decide()
        (returned,) = made.release_lists()
        assert returned.state == "returned"
        yield made


def people(table: Table, party: str) -> set[int]:
    return {person for person, _ in table._who(party)}


def test_nothing_is_wrong_with_the_protocol() -> None:
    pilots.sound(NAME, accepted=())


def test_the_school_gets_its_own_candidates_who_are_known(table: Table) -> None:
    (one,) = table.lists("mbo")
    ours = {row["Studentnummer"]: person for person, row in table._who("mbo")}
    known = people(table, "gemeente") | people(table, "uwv")
    true = {reference for reference, person in ours.items() if person in known}
    assert 10 <= len(true) < len(ours)
    assert 50 <= len(ours) <= 100, "as many as a region has in a year"
    found = set(one.references)
    assert found <= set(ours), "its own and no other"
    assert found <= true, "nobody is said to be known who is not"
    assert len(true - found) <= 1, "of a row in thirty no number is known"


def test_only_who_consented_and_agreed_takes_part(table: Table) -> None:
    judged = table.sent["mbo"].plan.judged
    assert judged["no agreement to hand-over"] >= 5
    assert {"consent: refused", "consent: requested"} <= set(judged)
    assert table.region is not None
    kinds: dict[tuple[str, str], str] = {}
    for event in table.region.consent["school-1"].to_pylist():
        kinds[event["Studentnummer"], event["soort"]] = event["status"]
    for _, row in table._who("mbo"):
        number = row["Studentnummer"]
        assert (kinds[number, "consent"], kinds[number, "instemming"]) == ("given", "given")


def test_nobody_else_gets_a_row_or_a_count(table: Table) -> None:
    for party in ("gemeente", "uwv", "toezicht", "unit"):
        assert not table.linkage(party).handles.exists()
        with suppress(Refused):
            assert not recipient.results(table.linkage(party))
        assert not table.lists(party)
    (asked,) = [e.facts for e in table.homes["toezicht"].ledger.entries() if e.act == "decide-list"]
    assert asked["rows"] == listed.told(len(table.lists("mbo")[0].references)), "about how many, to decide on"
    pilots.well_kept(table)


def test_a_list_that_was_refused_stays_and_a_question_about_one_or_a_few_is_refused(
    table: Table, tmp_path: Path
) -> None:
    taken = sorted(table.sent["mbo"].rows.tolist())
    with on("2026-10-05"):
        made = Table.of(tmp_path, NAME, REGISTERS, candidates())
        assert isinstance(made, Table)
        made.asked()
        made.decide(approve=False, reason="Eerst het gesprek met de jongeren afwachten")
        assert [one.state for one in made.release_lists()] == ["refused"]
        lines = made.input("mbo").read_bytes().splitlines(keepends=True)
        for rows in (1, 29):  # the school sends so many, the others what they sent before
            some = b"".join([lines[0], *(lines[row] for row in taken[:rows])])
            made.tokenise("mbo", files.write(tmp_path / f"{rows}.csv", some))
            assert len(made.sent["mbo"].rows) == rows
            with pytest.raises(Refused, match="fewer persons than the 30 agreed"):
                made.linked()
        assert not made.lists("mbo")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            "mode: recontact ", "mode: statistics ", "'recontact' is no question of mode statistics", id="mode"
        ),
        pytest.param("smallest_cohort: 30 ", "smallest_cohort: 1 ", "greater than or equal to 10", id="one"),
    ],
)
def test_another_mode_and_a_question_about_one_are_no_protocol(old: str, new: str, said: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(InputError, match=said):
        loads(TEXT.replace(old, new).encode(), name="p.yml")


COUNT = """question: overlap
    of: [mbo]
    to: [mbo]
    found_in: [gemeente, uwv]
    by: []
    smallest_cohort: 10
    protection:
      {method: suppression, minimum: 10, minimum_decision: null, rounding: 5, zero_and_full: hide, margins: []}
    pool: null
"""


def test_a_count_in_place_of_the_list_is_no_protocol() -> None:
    counted = TEXT[: TEXT.index("question: recontact")] + COUNT + TEXT[TEXT.index("\nretention:") :]
    with pytest.raises(InputError, match="'overlap' is no question of mode recontact"):
        loads(counted.encode(), name="p.yml")
    assert loads(TEXT.encode(), name="p.yml").tables == ()
