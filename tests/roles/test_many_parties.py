"""Two schools and three towns, from cards to releases: a person at several of them is one group, and counts once."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from linkage import files
from linkage.disclosure.persons import Matched
from linkage.encode.config import Config
from linkage.protocol.load import load
from linkage.roles import agreement, keeping, recipient
from linkage.roles.keeping import Kept
from simulator import LONG, Simulator

SCHOOLS = {"school-a": (0.0, 0.6), "school-b": (0.4, 1.0)}
TOWNS = {"town-c": (0.0, 0.5), "town-d": (0.4, 0.8), "town-e": (0.7, 1.0)}
"""Which part of the rows of the synthetic register each has: some people stand in two."""
PARTS = {**SCHOOLS, **TOWNS}
NUMBERS = {party: f"KvK:1000000{n}" for n, party in enumerate([*PARTS, "unit"])}


class Plain(yaml.SafeDumper):
    """Writes every value out."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class Many(Simulator):
    """Five custodians, each with a part of a register of the two that are shipped."""

    def protocol(self, changes: dict[agreement.Place, str] | None = None, name: str = "protocol.yml") -> Path:
        said = load(files.shipped("protocols/graduates-on-benefits.yml")).model_dump(mode="json", by_alias=True)
        school, town, unit = said["parties"]
        counts = unit["discloses"][0]
        unit["discloses"] = [{**counts, "to": party} for party in PARTS]
        schools, towns = ([{**one, "id": party} for party in of] for one, of in ((school, SCHOOLS), (town, TOWNS)))
        for one in (schools[1], *towns[1:]):
            one["roles"] = [role for role in one["roles"] if role != "key-holder"]  # school-a and town-c answer all
        said["parties"] = [*schools, *towns, unit]
        said["matching"]["stages"][0]["token"] = "oprf-ristretto255-sha512"
        of = {"mbo": list(SCHOOLS), "gemeente": list(TOWNS)}
        for one in said["fields"]:
            one["parties"] = [party for kind in one["parties"] for party in of[kind]]
        asked = {**said["outputs"][0], "by": ["level"], "pool": None, "found_in": list(TOWNS)}
        said["outputs"] = [{**asked, "name": f"of-{s}", "of": [s], "to": [s, *TOWNS]} for s in SCHOOLS]
        template = self.folder / "template.yml"
        template.write_text(yaml.dump(said, Dumper=Plain, sort_keys=False, width=10_000), encoding="utf-8")
        every = [home.card for home in self.homes.values()]
        text = agreement.new_protocol(template, every, {**LONG, **(changes or {})})
        return files.write(self.folder / name, text.encode())

    def input(self, party: str) -> Path:
        assert self.made is not None
        path = self.folder / f"{party}.csv"
        head, *lines = (self.made.school if party in SCHOOLS else self.made.gemeente).read_bytes().splitlines(True)
        first, last = (round(share * len(lines)) for share in PARTS[party])
        path.write_bytes(head + b"".join(lines[first:last]))
        return path

    def config(self, party: str) -> Config:
        shipped = super().config("mbo" if party in SCHOOLS else "gemeente")
        return shipped.model_copy(update={"party": party})


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Many:
    """A whole linkage of five custodians."""
    many = Many(tmp_path_factory.mktemp("many"), numbers=NUMBERS, people=1_500)
    many.found().agree().synthesise()
    for party in PARTS:
        many.tokenise(party)
    many.carry()
    many.match()
    many.carry()
    return many


@pytest.fixture(scope="module")
def kept(played: Many) -> Kept:
    return keeping.from_bytes(played.linkage("unit").links.read_bytes())


def persons(played: Many) -> dict[str, dict[bytes, tuple[str, int]]]:
    """Who each handle is: by the row of the school's register, or of the town's where no school has the person."""
    assert played.truth is not None
    assert played.made is not None
    pairs = zip(played.truth["gemeente_row"].to_pylist(), played.truth["school_row"].to_pylist(), strict=True)
    at_school = dict(pairs)
    found = {}
    for party, sent in played.sent.items():
        register = played.made.school if party in SCHOOLS else played.made.gemeente
        first = round(PARTS[party][0] * (len(register.read_bytes().splitlines()) - 1))
        rows = [first + int(row) for row in sent.rows.tolist()]
        names = [("school", r) if party in SCHOOLS or r in at_school else ("town", r) for r in rows]
        if party in TOWNS:
            names = [("school", at_school[r]) if kind == "school" else (kind, r) for kind, r in names]
        found[party] = dict(zip(map(bytes, sent.handles), names, strict=True))
    return found


def test_everybody_agreed_and_nobody_was_refused(played: Many) -> None:
    assert set(played.sent) == set(PARTS)
    secrets = {played.linkage(party).folder for party in PARTS}
    assert len(secrets) == 5


def test_groups_are_the_people(played: Many, kept: Kept) -> None:
    who = persons(played)
    found, true = set(), set()
    for left, right in combinations(PARTS, 2):
        found |= {(left, right, a, b) for a, b in kept.pairs(left, right)}
        at = {person: handle for handle, person in who[right].items()}
        true |= {(left, right, handle, at[person]) for handle, person in who[left].items() if person in at}
    assert len(true) > 500
    assert len(found & true) / len(found) > 0.94, "some hundred rows a side: a few links by likeness are chance"
    assert len(found & true) / len(true) > 0.98
    every = {(left, right) for left, right, _, _ in found & true}
    assert {("school-a", "school-b"), ("town-c", "town-d"), ("school-a", "town-e")} <= every


def test_a_person_of_two_towns_counts_once(played: Many, kept: Kept) -> None:
    who = persons(played)
    opened = {party: played.opened(party) for party in PARTS}
    matched = Matched(opened, {party: kept.members(sent) for party, sent in opened.items()})
    for school in SCHOOLS:
        sent, linked = opened[school], matched.met(school, TOWNS)
        known = {person for town in TOWNS for person in who[town].values()}
        true = [who[school][bytes(handle)] in known for handle in sent.handles]
        assert sum(true) > 20
        assert sum(a == b for a, b in zip(linked.tolist(), true, strict=True)) >= len(true) - 10
        (release,) = [r for r in recipient.results(played.linkage(school)) if r.output == f"of-{school}"]
        assert set(release.parties) == set(PARTS)
        shown = release.total.part.value
        assert shown is not None
        assert abs(shown - int(linked.sum())) <= 2, "rounded to 5"


def test_each_recipient_gets_its_own_and_no_other(played: Many) -> None:
    assert {r.output for r in recipient.results(played.linkage("school-a"))} == {"of-school-a"}
    assert {r.output for r in recipient.results(played.linkage("town-d"))} == {"of-school-a", "of-school-b"}


def test_what_the_unit_wrote_down(played: Many) -> None:
    entry = next(e for e in played.homes["unit"].ledger.entries() if e.act == "match")
    assert set(entry.facts["rows"]) == set(PARTS)
    assert entry.facts["groups"] > 200
    assert {tuple(one["parties"]) for one in entry.facts["thresholds"]} == set(combinations(PARTS, 2))
