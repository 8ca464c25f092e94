"""The answer to every question, as it is read aloud: large, small, hidden, and below the minimum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import samples
from linkage.disclosure.protect import HIDDEN, Figure
from linkage.disclosure.release import Cell, Release
from linkage.protocol.base import Text
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Split
from linkage.report.lang import LANGUAGES, Lang
from linkage.report.page import as_html
from linkage.report.result import Report
from linkage.report.sheets import as_csv, as_xlsx
from linkage.report.text import as_text

P = samples.protocol()
SHORT = {"ROC Voorbeeldstad (fictief)": "ROC", "Gemeente Voorbeeldstad (fictief)": "Gemeente", "UWV (fictief)": "UWV"}
GOLDEN: dict[tuple[int, str], tuple[str, str]] = {
    (50, "overlap"): (
        "Van de ongeveer 50 personen van ROC zijn er minder dan 10 gevonden bij Gemeente. Hoeveel precies is "
        "verborgen.",
        "Of about 50 persons of ROC, fewer than 10 were found at Gemeente. How many exactly is hidden.",
    ),
    (50, "complement"): (
        "Van de ongeveer 50 personen van ROC zijn er ongeveer 20 (40%) niet gevonden in de deelnemende bronnen "
        "(Gemeente of UWV).",
        "Of about 50 persons of ROC, about 20 (40%) were not found in the participating sources (Gemeente or UWV).",
    ),
    (50, "union"): (
        "Bij ROC en Gemeente samen zijn ongeveer 70 verschillende personen bekend.",
        "ROC and Gemeente together know about 70 different persons.",
    ),
    (50, "partition"): (
        "De ongeveer 50 personen van ROC zijn zo verdeeld: ongeveer 25 (50%) niet gevonden in de deelnemende bronnen. "
        "Van de andere groepen is het aantal kleiner dan 10 of verborgen: werk en uitkering, alleen werk en alleen "
        "uitkering.",
        "About 50 persons of ROC are divided like this: about 25 (50%) not found in the participating sources. Of the "
        "other groups the count is smaller than 10 or hidden: work and benefits, work only and benefits only.",
    ),
    (50, "moves"): (
        "Hoeveel personen van ROC op beide momenten in dezelfde groep staan, is niet te zeggen: een deel is verborgen "
        "om kleine groepen te beschermen. Van geen enkele verandering mag het aantal te zien zijn. Situatie in 2026: "
        "De ongeveer 50 personen van ROC zijn zo verdeeld: ongeveer 15 (30%) niet gevonden in de deelnemende bronnen. "
        "Van de andere groepen is het aantal kleiner dan 10 of verborgen: werk en uitkering, alleen werk en alleen "
        "uitkering.",
        "How many persons of ROC are in the same group at both moments cannot be told: some of it is hidden to protect "
        "small groups. Of no change the count may be shown. Situation in 2026: about 50 persons of ROC are divided "
        "like this: about 15 (30%) not found in the participating sources. Of the other groups the count is smaller "
        "than 10 or hidden: work and benefits, work only and benefits only.",
    ),
    (5000, "overlap"): (
        "Van de ongeveer 5000 personen van ROC zijn er ongeveer 400 (8%) gevonden bij Gemeente.",
        "Of about 5000 persons of ROC, about 400 (8%) were found at Gemeente.",
    ),
    (5000, "complement"): (
        "Van de ongeveer 5000 personen van ROC zijn er ongeveer 2165 (43%) niet gevonden in de deelnemende bronnen "
        "(Gemeente of UWV).",
        "Of about 5000 persons of ROC, about 2165 (43%) were not found in the participating sources (Gemeente or UWV).",
    ),
    (5000, "union"): (
        "Bij ROC en Gemeente samen zijn ongeveer 7000 verschillende personen bekend.",
        "ROC and Gemeente together know about 7000 different persons.",
    ),
    (5000, "partition"): (
        "De ongeveer 5000 personen van ROC zijn zo verdeeld: ongeveer 200 (4%) werk en uitkering; ongeveer 2300 (46%) "
        "alleen werk; ongeveer 200 (4%) alleen uitkering; ongeveer 2300 (46%) niet gevonden in de deelnemende bronnen.",
        "About 5000 persons of ROC are divided like this: about 200 (4%) work and benefits; about 2300 (46%) work "
        "only; about 200 (4%) benefits only; about 2300 (46%) not found in the participating sources.",
    ),
    (5000, "moves"): (
        "De grootste verandering: van ‘niet gevonden in de deelnemende bronnen’ naar ‘alleen werk’, ongeveer 600 "
        "personen. Hoeveel personen van ROC op beide momenten in dezelfde groep staan, is niet te zeggen: een deel is "
        "verborgen om kleine groepen te beschermen.",
        "The largest change: from ‘not found in the participating sources’ to ‘work only’, about 600 persons. How many "
        "persons of ROC are in the same group at both moments cannot be told: some of it is hidden to protect small "
        "groups.",
    ),
}


def short(text: str) -> str:
    for name, other in SHORT.items():
        text = text.replace(name, other)
    return text


def answers(release: Release, of: Protocol = P) -> tuple[str, str]:
    nl, en = (short(Report(of, release, lang).answer) for lang in LANGUAGES)
    return nl, en


@pytest.mark.parametrize("persons", [50, 5000])
def test_every_question_is_answered_in_a_sentence(persons: int) -> None:
    found = {(persons, name): answers(release) for name, release in samples.every(persons).items()}
    assert found == {key: said for key, said in GOLDEN.items() if key[0] == persons}


def test_who_stays_is_told_where_nothing_of_it_is_hidden() -> None:
    cells = [600, 20, 30, 40, 50, 1200, 60, 70, 80, 90, 500, 110, 120, 130, 140, 1760]
    assert answers(samples.release("moves", cells)) == (
        "Van de ongeveer 5000 personen van ROC staan er ongeveer 4060 (81%) op beide momenten in dezelfde groep. De "
        "grootste verandering: van ‘niet gevonden in de deelnemende bronnen’ naar ‘alleen uitkering’, ongeveer 140 "
        "personen.",
        "Of about 5000 persons of ROC, about 4060 (81%) are in the same group at both moments. The largest change: "
        "from ‘not found in the participating sources’ to ‘benefits only’, about 140 persons.",
    )


def test_what_is_hidden_is_said_and_why() -> None:
    nearly_all = samples.release("overlap", [5] * 12, [5] * 11 + [1])
    assert answers(nearly_all) == (
        "Hoeveel van de ongeveer 60 personen van ROC zijn gevonden bij Gemeente, is verborgen. Dat beschermt kleine "
        "groepen.",
        "How many of about 60 persons of ROC were found at Gemeente is hidden. That protects small groups.",
    )


def nothing(release: Release) -> Release:
    """With no figure at all."""

    def without(cell: Cell) -> Cell:
        return replace(cell, persons=HIDDEN, part=None if cell.part is None else HIDDEN)

    return replace(
        release, cells=tuple(map(without, release.cells)), margins=tuple(map(without, release.margins)),
        total=without(release.total), expected=(),
    )  # fmt: skip


HIDDEN_ANSWERS = {
    "overlap": "Hoeveel personen van ROC zijn gevonden bij Gemeente, is verborgen. Dat beschermt kleine groepen.",
    "complement": "Hoeveel personen van ROC zijn niet gevonden in de deelnemende bronnen (Gemeente of UWV), is "
    "verborgen. Dat beschermt kleine groepen.",
    "union": "Hoeveel verschillende personen bij ROC en Gemeente samen bekend zijn, is verborgen. Dat beschermt kleine "
    "groepen.",
    "partition": "De personen van ROC zijn verdeeld over 4 groepen, maar van geen groep is het aantal te tonen. Dat "
    "beschermt kleine groepen.",
    "moves": "Hoeveel personen van ROC op beide momenten in dezelfde groep staan, is niet te zeggen: een deel is "
    "verborgen om kleine groepen te beschermen. Van geen enkele verandering mag het aantal te zien zijn. Situatie in "
    "2026: De personen van ROC zijn verdeeld over 4 groepen, maar van geen groep is het aantal te tonen. Dat beschermt "
    "kleine groepen.",
}


@pytest.mark.parametrize("name", HIDDEN_ANSWERS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_with_everything_hidden_every_form_still_says_something_true(name: str, lang: Lang) -> None:
    release = nothing(samples.every(5000)[name])
    assert answers(release)[0] == HIDDEN_ANSWERS[name]
    report = Report(P, release, lang)
    for form in (as_text, as_csv, as_html):
        assert report.figures.mark in form(report).replace("&lt;", "<")
    assert as_xlsx(report)
    shown = [line for line in report.lines if any(f.value is not None for f in line.figures)]
    assert not shown
    assert not any(line.percent for line in report.lines)


def test_groups_that_are_shown_beside_a_hidden_total_are_mentioned() -> None:
    release = samples.every(5000)["overlap"]
    hidden = replace(release, total=Cell({}, HIDDEN, HIDDEN))
    assert answers(hidden)[0].endswith("Van 12 van de 12 groepen in de tabel is het aantal wel te zien.")
    assert answers(replace(hidden, total=Cell({}, Figure(5000, "shown"), HIDDEN)))[1].endswith(
        "Of 12 of the 12 groups in the table the count is shown."
    )


def told_apart(only: Sequence[str] | None = None) -> Protocol:
    """Work told apart by a band of hours, or counted for some bands only."""
    said = P.model_dump()
    hours = {
        "name": "hours", "kind": "category", "send": "category", "parties": ("uwv",),
        "values": ("1-11", "12-23", "24+"), "label": {"nl": "uren", "en": "hours"},
    }  # fmt: skip
    work = {"name": "work", "label": {"nl": "werk", "en": "work"}, "at": ("uwv",), "field": "hours", "only": only}
    said["fields"] = (*said["fields"], hours)
    outputs = {one["name"]: one for one in said["outputs"]}
    split = outputs["partition"]["splits"][0]
    outputs["partition"] |= {"by": (), "pool": None, "splits": ({**split, "sought": (work, split["sought"][1])},)}
    said["outputs"] = tuple(outputs.values())
    return Protocol.model_validate(said)


def partition(of: Protocol, counts: dict[str, int]) -> Release:
    (states,) = of.axes(samples.output("partition", of)).values()
    cells = tuple(Cell({"status": state}, Figure(counts.get(state, 10), "shown"), None) for state in states)
    total = Cell({}, Figure(1000, "shown"), None)
    shape = replace(samples.every(5000)["partition"], protocol=of.digest, by=("status",), margins=(), expected=())
    return replace(shape, cells=cells, total=total)


def test_states_are_called_by_their_labels() -> None:
    of = told_apart()
    labels = Report(of, partition(of, {}), "nl").labels
    names = [labels.value("status", state) for state in of.axes(labels.output)["status"]]
    assert names == [
        "werk (1-11) en uitkering", "alleen werk (1-11)", "werk (12-23) en uitkering", "alleen werk (12-23)",
        "werk (24+) en uitkering", "alleen werk (24+)", "alleen uitkering", "niet gevonden in de deelnemende bronnen",
    ]  # fmt: skip


def test_of_many_states_the_largest_are_named() -> None:
    of = told_apart()
    release = partition(of, {"work:24+": 400, "not-found": 300, "benefits": 200})
    assert answers(release, of)[0] == (
        "De ongeveer 1000 personen van ROC zijn verdeeld over 8 groepen. De grootste die we mogen tonen: ongeveer 400 "
        "(40%) alleen werk (24+); ongeveer 300 (30%) niet gevonden in de deelnemende bronnen; ongeveer 200 (20%) "
        "alleen uitkering."
    )


def test_coverage_says_which_values_count_as_found() -> None:
    of = told_apart(only=("12-23", "24+"))
    told = {one.name: one.tells for one in Report(of, partition(of, {}), "nl").coverage.sources}
    assert told["UWV (fictief)"] == "werk (12-23, 24+)"


@pytest.mark.parametrize("name", ["complement", "partition", "moves"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_not_found_comes_with_what_it_can_also_mean(name: str, lang: Lang) -> None:
    report = Report(P, samples.every(5000)[name], lang)
    assert [one.name for one in report.coverage.sources] == [party.name for party in P.custodians]
    assert "UWV (fictief)" in report.coverage.lead
    assert any("8" in text and "4" in text and "12" in text for text in report.coverage.caveats), "the share missed"
    text = " ".join(as_text(report).split())
    for said in (report.coverage.lead, *report.coverage.caveats):
        assert said in text
    assert not Report(P, samples.every(5000)["union"], lang).coverage.lead


def test_where_nothing_is_rounded_no_figure_is_about() -> None:
    output = samples.output("overlap")
    exact = output.protection.model_copy(update={"rounding": 1})
    of = P.model_copy(update={"outputs": (output.model_copy(update={"protection": exact}),)})
    release = samples.every(5000)["overlap"]
    release = replace(release, protection={**release.protection, "rounding": 1})
    assert answers(release, of)[1] == "Of 5000 persons of ROC, 400 (8%) were found at Gemeente."


LABEL = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


@settings(max_examples=25, deadline=None)
@given(LABEL, LABEL)
def test_any_labels_make_a_report_in_every_form(nl: str, en: str) -> None:
    output: Any = samples.output("partition")
    split: Split = output.splits[0]
    sought = tuple(one.model_copy(update={"label": Text(nl=nl, en=en)}) for one in split.sought)
    splits = (split.model_copy(update={"sought": sought, "label": Text(nl=nl, en=en)}),)
    of = P.model_copy(update={"outputs": (output.model_copy(update={"splits": splits}),)})
    report = Report(of, samples.every(50)["partition"], "nl")
    assert nl.split() == [] or " ".join(nl.split()) in " ".join(report.answer.split())
    for form in (as_text, as_csv, as_html, as_xlsx):
        assert form(report)
