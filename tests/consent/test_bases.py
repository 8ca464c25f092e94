"""Which bases are possible for whom: the table as data, doubt, the privacy officer, and why in words."""

from __future__ import annotations

import csv
import itertools
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.consent import bases
from linkage.consent.bases import BasisRule, Decision, Facts, Range, facts, possible, table, without
from linkage.errors import InputError
from linkage.protocol.parties import RowBasis
from linkage.report.bases import explained, listed

DAY = "2026-10-01"
SPEC = RowBasis(
    table="nl-1", role="school", level="level", path="path", diploma="diploma", born="born", enrolled="at-school"
)
ROW = {"level": "2", "path": "bol", "diploma": "20260701", "born": "20050310", "at-school": "nee"}
TASK, DUTY, CONSENT = "6(1)(e)", "6(1)(c)", "6(1)(a)"
FG = Decision(
    "school-aftercare-bol2", "since_below=2", "Functionaris gegevensbescherming", "2026-08-01", "twee jaar nazorg"
)


def person(level: str, path: str | None, since: int, age: int, enrolled: bool = False) -> Facts:
    return Facts(level, path, (since, since), (age, age), enrolled)


def found(role: str, who: Facts, day: str = DAY) -> set[str]:
    return set(possible(table().of(role, day), who))


@pytest.mark.parametrize(
    ("story", "who", "school", "doorstroompunt"),
    [
        ("entree, first year", person("1", "bol", 0, 20), {DUTY, TASK, CONSENT}, {TASK, CONSENT}),
        ("entree, later", person("1", "bol", 1, 20), {CONSENT}, {TASK, CONSENT}),
        ("entree, first year, at school again", person("1", "bol", 0, 20, True), {CONSENT}, {CONSENT}),
        ("bol 2, first year", person("2", "bol", 0, 20), {DUTY, TASK, CONSENT}, {CONSENT}),
        ("bol 2, second year", person("2", "bol", 1, 20), {CONSENT}, {CONSENT}),
        ("bol 2, first year, at school again", person("2", "bol", 0, 20, True), {CONSENT}, {CONSENT}),
        ("bbl 2, first year", person("2", "bbl", 0, 20), {TASK, CONSENT}, {CONSENT}),
        ("level 3", person("3", "bbl", 0, 20), {TASK, CONSENT}, {CONSENT}),
        ("level 4, second year", person("4", "bol", 1, 22), {CONSENT}, {CONSENT}),
        ("no diploma", person("0", None, 0, 20), {CONSENT}, {TASK, CONSENT}),
        ("26", person("1", "bol", 0, 26), {DUTY, TASK, CONSENT}, {TASK, CONSENT}),
        ("27", person("1", "bol", 0, 27), {CONSENT}, set()),
    ],
)  # fmt: skip
def test_the_matrix_of_2026(story: str, who: Facts, school: set[str], doorstroompunt: set[str]) -> None:
    assert (found("school", who), found("doorstroompunt", who)) == (school, doorstroompunt)


def test_the_law_moved_with_the_year() -> None:
    young, older = person("1", "bol", 0, 22), person("1", "bol", 0, 25)
    assert TASK in found("doorstroompunt", young, "2025-12-31")
    assert TASK not in found("doorstroompunt", older, "2025-12-31"), "23 was the limit"
    assert TASK in found("doorstroompunt", older, "2026-01-01"), "27 is"
    assert found("school", young, "2025-12-31") == {CONSENT}, "aftercare became a task in 2026"
    assert found("college", older) == {TASK}


@pytest.mark.parametrize(
    ("field", "value"),
    [("level", None), ("path", None), ("diploma", None), ("born", None), ("at-school", None),
     ("at-school", "misschien"),
     ("diploma", "20250000"), ("born", "19990000"), ("diploma", "20261002")],
    ids=str,
)  # fmt: skip
def test_doubt_keeps_a_person_out(field: str, value: str | None) -> None:
    assert TASK in found("school", facts(SPEC, ROW, DAY))
    assert found("school", facts(SPEC, {**ROW, field: value}, DAY)) == {CONSENT}


@pytest.mark.parametrize(
    ("diploma", "years"),
    [("20251001", (1, 1)), ("20251002", (0, 0)), ("20251000", (0, 1)), ("20250000", (0, 1)), ("20240000", (1, 2)),
     ("20261001", (0, 0)), ("20261002", None), ("20261000", None), (None, None)],
)  # fmt: skip
def test_a_year_is_over_on_its_anniversary(diploma: str | None, years: Range | None) -> None:
    assert facts(SPEC, {**ROW, "diploma": diploma}, DAY).since == years


@pytest.mark.parametrize(("word", "level"), [("entree", "1"), ("Entree", "1"), ("1", "1"), ("4", "4"), ("hbo", "hbo")])
def test_words_of_levels(word: str, level: str) -> None:
    assert facts(SPEC, {**ROW, "level": word}, DAY).level == level


def test_rows_without_a_declared_basis_are_found() -> None:
    rows = [ROW, {**ROW, "diploma": "20250901"}, {**ROW, "level": None}, ROW]
    columns = {name: [row[name] for row in rows] for name in SPEC.fields}
    for declared, expected in (
        ({TASK}, [False, True, True, False]), ({CONSENT}, [False] * 4), ({DUTY, TASK}, [False, True, True, False]),
        (set(), [True] * 4), ({"6(1)(f)"}, [True] * 4),
    ):  # fmt: skip
        out = without(SPEC, frozenset(declared), columns, DAY, table())
        assert out.dtype == np.bool_
        assert out.tolist() == expected


def test_the_privacy_officer_changes_a_rule_and_the_change_shows() -> None:
    second_year = person("2", "bol", 1, 20)
    changed = table().decided([FG])
    rules = changed.of("school", DAY)
    assert possible(rules, second_year) == {DUTY, TASK, CONSENT}
    assert possible(table().of("school", DAY), second_year) == {CONSENT}, "the table itself stays"
    (line,) = [text for text in explained(rules, second_year, "nl") if "bol niveau 2" in text]
    assert line.startswith("Wel: ")
    assert "gewijzigd (since_below=2) door Functionaris gegevensbescherming op 2026-08-01: twee jaar nazorg" in line
    off = table().decided([FG, replace(FG, change="off")])
    assert "school-aftercare-bol2" not in {rule.id for rule in off.of("school", DAY)}
    undone = table().decided([FG, replace(FG, change="off"), replace(FG, change="as-table")])
    assert undone == table()
    dropped = table().decided([replace(FG, change="age_below=")])
    assert possible(dropped.of("school", DAY), person("2", "bol", 0, 40)) == {DUTY, TASK, CONSENT}


@pytest.mark.parametrize("change", ["on", "since_below=x", "since_below=-1", "levels=3", "since_below=9999", ""])
def test_a_change_that_cannot_be_is_refused(change: str) -> None:
    with pytest.raises(InputError, match="expected a change"):
        table().decided([replace(FG, change=change)])
    with pytest.raises(InputError, match="no rule is called"):
        table().decided([replace(FG, rule="school-nazorg")])


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("role", bases.ROLES)
def test_every_answer_is_explained_with_articles_and_no_claim_of_lawfulness(role: str, lang: str) -> None:
    rules = table().of(role, DAY)
    kinds = itertools.product(
        "01234", ("bol", "bbl", None), ((0, 0), (1, 1), None), ((20, 20), (27, 27), None), (True, False, None)
    )
    for kind in itertools.islice(kinds, 0, None, 7):
        said = explained(rules, Facts(*kind), lang)  # type: ignore[arg-type]
        assert len(said) == len(rules) + 2
        assert all(re.search(r"art\. [0-9]", line) for line in said[1:-1])
        assert not re.search(r"rechtmatig|toegestaan|lawful|allowed", " ".join(said))
        for rule, failed in ((rule, rule.failed(Facts(*kind))) for rule in rules):  # type: ignore[arg-type]
            (line,) = [text for text in said if rule.text[lang] in text and rule.law in text]  # type: ignore[index]
            assert line.startswith({True: ("Niet:", "Not possible:"), False: ("Wel:", "Possible:")}[bool(failed)])
            assert line.count(";") >= len(failed) - 1


def test_why_is_told_in_dutch() -> None:
    said = explained(table().of("school", DAY), person("2", "bol", 1, 27, True), "nl")
    assert said[0] == "Mogelijke grondslagen voor deze persoon: AVG art. 6(1)(a)."
    law = "(WEB art. 9.2.12(2), (3), AVG art. 6(1)(c) / 6(1)(e))"
    why = "het diploma is 1 jaar oud (hele jaren), en dat moet minder dan 1 zijn; de leeftijd is 27 jaar, en die moet "
    why += "minder dan 27 zijn; de persoon staat ingeschreven op een school; gelezen: de wettekst van 2026-01-01."
    assert f"Niet: loopbaanbegeleiding na een diploma bol niveau 2, verplicht aan te bieden {law}, want {why}" in said


def test_every_line_of_the_table_is_whole() -> None:
    rules = table().rules
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.role in bases.ROLES
        assert rule.id.startswith(f"{rule.role}-") or rule.role == "uwv"
        assert re.search(r"art\. [0-9]", rule.law)
        assert all(re.fullmatch(r"6\(1\)\([a-f]\)", article) for article in rule.articles)
        assert rule.articles
        date.fromisoformat(rule.first)
        assert not rule.last or rule.last > rule.first
        assert not rule.checked or date.fromisoformat(rule.checked)
        assert rule.text["nl"]
        assert rule.text["en"]
        assert bool(rule.condition["nl"]) == bool(rule.condition["en"])
        assert set(rule.levels) <= set("01234")
        assert set(rule.paths) <= {"bol", "bbl"}
        assert rule.enrolled in (None, False), "the words of `enrolled` are those for who must not be"
        assert rule.law in listed(rule, "nl")


def test_what_was_not_read_is_marked_and_says_so() -> None:
    unread = {rule.id for rule in table().rules if not rule.checked}
    assert unread == {
        "school-consent", "doorstroompunt-consent", "doorstroompunt-rmc-old", "uwv-to-doorstroompunt",
    }  # fmt: skip
    for rule in table().rules:
        assert ("niet gelezen" in listed(rule, "nl")) == (rule.id in unread)


def test_the_digest_is_that_of_the_file() -> None:
    path = Path(bases.__file__).parent / "data" / "bases-nl-1.csv"
    assert table().digest.startswith("sha256:")
    with path.open(encoding="utf-8") as stream:
        assert len(list(csv.reader(stream, delimiter=";"))) == len(table().rules) + 1


YEARS = st.one_of(st.none(), st.tuples(st.integers(0, 40), st.integers(0, 3)).map(lambda p: (p[0], p[0] + p[1])))
FACTS = st.builds(
    Facts, st.sampled_from([None, *"01234", "hbo"]), st.sampled_from([None, "bol", "bbl"]), YEARS, YEARS,
    st.sampled_from([None, True, False]),
)  # fmt: skip


@given(FACTS, st.sampled_from(bases.ROLES), st.sampled_from(["2025-06-01", DAY, "2030-01-01"]))
def test_knowing_less_never_makes_more_possible(who: Facts, role: str, day: str) -> None:
    rules = table().of(role, day)
    for name in ("level", "path", "since", "age", "enrolled"):
        assert possible(rules, replace(who, **{name: None})) <= possible(rules, who)


@given(FACTS, st.sampled_from(table().rules))
def test_a_range_passes_where_every_year_in_it_does(who: Facts, rule: BasisRule) -> None:
    def each(name: str) -> list[Facts]:
        years: Range | None = getattr(who, name)
        return [who] if years is None else [replace(who, **{name: (y, y)}) for y in range(years[0], years[1] + 1)]

    for name in ("since", "age"):
        assert (name in rule.failed(who)) == any(name in rule.failed(one) for one in each(name))
