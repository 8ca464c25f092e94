"""Reports: hidden figures stay hidden in every form, and a page needs nothing from elsewhere."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest

import protocols
from linkage import canonical, files
from linkage.disclosure.protect import BELOW, Figure
from linkage.disclosure.release import Cell, Expected, Release, limits
from linkage.disclosure.scores import Bar
from linkage.protocol.load import load, loads
from linkage.report import agreed, guarantee
from linkage.report.lang import LANGUAGES, Lang
from linkage.report.page import as_html
from linkage.report.planned import OwnRows
from linkage.report.result import ReleaseFile, Report, as_data, as_json
from linkage.report.result_words import RESULT_WORDS
from linkage.report.sheets import as_csv
from linkage.report.text import as_text
from linkage.report.words import WORDS, word

P = load(files.shipped("protocols/graduates-on-benefits.yml"))
HIDDEN = Figure(None, "hidden")
FORMS = [as_text, as_html, as_csv, as_json]


def figure(value: int | None) -> Figure:
    return HIDDEN if value is None else Figure(value, "shown")


def cell(level: str, year: str, persons: int | None, linked: int | None) -> Cell:
    return Cell({"level": level, "school-year": year}, figure(persons), figure(linked))


SIZES = {"mbo": 435, "gemeente": None}
RELEASE = Release(
    P.digest,
    "on-benefits",
    P.reference_date,
    SIZES,
    ("level", "school-year"),
    (cell("1", "2022/2023", 60, 15), cell("2", "2022/2023", 75, None), cell("3", "2023/2024", None, None)),
    (),
    Cell({}, figure(435), figure(45)),
    limits(P.tables[0]),
    (),
)
EXPECTED = Expected(
    1, ("mbo", "gemeente"), 0.5432, True, (0.97, 0.93, 0.99), (0.92, 0.88, 0.96), "registers", "scores",
    (Bar(54, 60, 40), Bar(60, 100, 60)),
)  # fmt: skip
QUALITY = {"overlap": 42, "true_overlap": 44, "precision": 0.98, "recall": 0.96}


FILE = ReleaseFile("results/on-benefits.json", RELEASE.digest)


def report(lang: Lang = "en", **change: Any) -> Report:
    return Report(P, RELEASE, lang, file=FILE, **change)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_figures_are_those_of_the_release_and_no_others(form: Any, lang: Lang) -> None:
    """Digits of a page are figures, the protocol's own words, or lengths of its layout."""
    text = form(report(lang)).replace(P.digest, "").replace(RELEASE.digest, "")
    if form is as_html:
        text = re.sub(r"<style>.*?</style>|<svg.*?</svg>|</?h[12]>", "", text, flags=re.S)
        text = html.unescape(text)
    ours = {"60", "15", "75", "435", "45", "25", "10", "5"}
    every = "".join(text for both in (WORDS, RESULT_WORDS) for t in both.values() for text in t.values())
    words = json.dumps(P.model_dump(mode="json")) + every + "utf-8"
    assert {n for n in re.findall(r"\d+", text) if n not in words} <= ours
    assert {"60", "15", "75", "435", "45"} <= set(re.findall(r"\d+", text))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_as_text(lang: Lang) -> None:
    text = as_text(report(lang))
    lines = [line.split() for line in text.splitlines()]
    hidden, total = ["<10", word("or", lang), word("hidden", lang)], word("total", lang)
    assert ["1", "2022/2023", "60", "15", "25%"] in lines
    assert ["2", "2022/2023", "75", *hidden] in lines
    assert ["3", "2023/2024", *hidden, *hidden] in lines
    assert [total, "435", "45", "10%"] in lines
    assert max(map(len, text.splitlines())) <= 100


def test_data_holds_nothing_for_what_is_hidden() -> None:
    data = as_data(report())
    assert [c["part"] for c in data["cells"]] == [
        {"value": 15, "status": "shown"},
        {"value": None, "status": "hidden"},
        {"value": None, "status": "hidden"},
    ]
    assert data["rows"] == {"mbo": 435, "gemeente": None}
    assert json.loads(as_json(report())) == json.loads(json.dumps(data))


@pytest.mark.parametrize(
    ("persons", "linked", "expected"),
    [
        (60, 15, "25%"),
        (60, None, ""),
        (None, 15, ""),
        (None, None, ""),
        (15, 10, "67%"),
        (0, 0, ""),
        (20, 20, "100%"),
        (9000, 10, "<1%"),
    ],
)
def test_a_share_is_of_shown_figures(persons: int | None, linked: int | None, expected: str) -> None:
    one = Report(P, replace(RELEASE, cells=(cell("1", "2022/2023", persons, linked),)), "en")
    assert one.lines[0].percent == expected


@pytest.mark.parametrize("lang", LANGUAGES)
def test_quality_is_told_only_where_the_truth_is_known(lang: Lang) -> None:
    assert report(lang).quality_text == ""
    assert word("quality", lang) not in as_text(report(lang))
    text = as_text(report(lang, quality=QUALITY))
    assert "0.9800" in text
    assert "44" in text


def expecting(lang: Lang, **change: Any) -> Report:
    return Report(P, replace(RELEASE, expected=(replace(EXPECTED, **change),)), lang)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_what_to_expect_of_the_links_is_told_in_every_form(form: Any, lang: Lang) -> None:
    text = html.unescape(" ".join(form(expecting(lang)).split()))
    for said_share in ("97", "93", "99", "92", "88", "96"):
        assert said_share in text
    (said,) = expecting(lang).expected
    if form is not as_json:
        assert said in text.replace('""', '"')
    assert said not in html.unescape(" ".join(form(report(lang)).split()))


def test_what_to_expect_reads_well_aloud() -> None:
    nl, en = (expecting(lang).notes[-1] for lang in LANGUAGES)
    assert nl == (
        "Stap 2 koppelt op gelijkenis. Naar schatting 97 van de 100 koppelingen zijn goed (93 tot 99). Van de personen "
        "die in deze stap nog in beide bestanden stonden, zijn naar schatting 92 van de 100 gevonden (88 tot 96). De "
        "waarheid is niet bekend. Hoe vaak vreemden op elkaar lijken, is gemeten aan rijen binnen één bestand; niemand "
        "hoort daar twee keer in te staan. Hoeveel er gemist zijn, is geschat uit hoe de scores teruglopen."
    )
    assert en == (
        "Stage 2 links by likeness. An estimated 97 in 100 of its links are right (93 to 99). Of the persons who were "
        "still in both files at this stage, an estimated 92 in 100 were found (88 to 96). The truth is not known. How "
        "often strangers look alike was measured on rows within one file, where nobody should stand twice. How many "
        "were missed is estimated from how the scores fall off."
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_was_known_by_numbers_is_told(lang: Lang) -> None:
    notes = {
        (strangers, same): expecting(lang, strangers=strangers, same=same).notes[-1]
        for strangers in ("numbers", "registers")
        for same in ("numbers", "scores")
    }
    assert len(set(notes.values())) == 4
    assert word("strangers_numbers", lang) in notes["numbers", "scores"]
    assert word("same_numbers", lang) in notes["registers", "numbers"]


def test_data_holds_what_to_expect() -> None:
    (one,) = as_data(expecting("en"))["expected"]
    assert one["right"] == (0.97, 0.93, 0.99)
    assert json.loads(as_json(expecting("en")))["expected"][0]["found"] == [0.92, 0.88, 0.96]
    assert as_data(report())["expected"] == ()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_protocol_as_a_person_reads_it(lang: Lang) -> None:
    text = agreed.as_text(P, lang)
    for said in (P.digest, P.reference_date, str(getattr(P.title, lang)), *(p.name for p in P.parties)):
        assert said in text
    for field in P.fields_of("mbo"):
        assert f"{field.name}: {guarantee.leaves(P, field, lang)}" in text
    assert word("rule", lang, minimum=10, rounding=5) in text
    assert all(line.strip() in text for party in P.party_ids for line in agreed.bases(P, party, lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_a_number_nothing_is_said_of_numbers_read_back(lang: Lang) -> None:
    other = load(files.shipped("protocols/graduates-without-number.yml"))
    names, codes, _ = Report(other, RELEASE, lang).limits
    for said in (names, codes):
        assert "BSN" not in said
        assert other.unit.name in said
    assert codes == word("collusion_blinded", lang, unit=other.unit.name, fields="level, school-year")
    assert guarantee.lines(other, lang) == [names, codes]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_each_collusion_breaks_is_said_of_the_mode_that_is_used(lang: Lang) -> None:
    keyed = loads(protocols.HASHED.encode(), name="p.yml")
    weak = guarantee.collusion(keyed, lang)
    assert weak[0] == word("collusion", lang, unit=keyed.unit.name)
    assert weak[1:] == [word("collusion_blinded", lang, unit=keyed.unit.name, fields="level, school-year")]
    assert "BSN" in weak[0]
    strong = guarantee.collusion(P, lang)
    assert strong == [line for line in Report(P, RELEASE, lang).limits if line in strong]
    assert word("collusion_all", lang, unit=P.unit.name, holders="mbo, gemeente") in strong
    for party, other in (("mbo", "gemeente"), ("gemeente", "mbo")):
        assert word("collusion_quota", lang, unit=P.unit.name, party=party, others=other) in strong
    assert word("collusion_names", lang, unit=P.unit.name) in strong
    assert "P256-SHA256" in guarantee.lines(P, lang)[0]
    assert guarantee.lines(keyed, lang)[0] == word("numbers_keyed", lang, field="bsn")


def test_a_custodian_who_is_the_only_key_holder_needs_to_ask_nobody() -> None:
    alone = "roles: [custodian, key-holder, recipient]"
    p = loads(protocols.SHIPPED.replace(alone, "roles: [custodian, recipient]", 1).encode(), name="p.yml")
    said = guarantee.collusion(p, "en")
    assert not any("with gemeente: can guess" in line for line in said)
    assert any("with mbo: can guess" in line for line in said)
    assert any("all key-holders (gemeente)" in line for line in said)


def few(lang: Lang) -> Report:
    """Fifty persons, of whom fewer than ten are linked; the table is pooled down to its total."""
    total = Cell({}, figure(50), BELOW)
    return Report(P, replace(RELEASE, by=(), cells=(), margins=(), total=total, parties=SIZES), lang)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("lang", "said", "pooled"),
    [
        ("nl", "Van de ongeveer 50 personen van ROC Voorbeeldstad (fictief) zijn er minder dan 10 gevonden bij "
         "Gemeente Voorbeeldstad (fictief). Hoeveel precies is verborgen.",
         "Deze tabel is grover dan afgesproken, want fijner zou er te veel verborgen zijn. Samengenomen: Niveau en "
         "Schooljaar."),
        ("en", "Of about 50 persons of ROC Voorbeeldstad (fictief), fewer than 10 were found at Gemeente Voorbeeldstad "
         "(fictief). How many exactly is hidden.",
         "This table is coarser than the one agreed, because a finer one would hide too much. Pooled: Level and School "
         "year."),
    ],
)  # fmt: skip
def test_few_of_many_is_a_sentence_in_every_form(form: Any, lang: Lang, said: str, pooled: str) -> None:
    text = html.unescape(" ".join(form(few(lang)).split()))
    assert said in text
    assert pooled in text
    if form is not as_json:
        assert "<10" in text


def test_a_pooled_table_and_its_subtotals() -> None:
    cells = (Cell({"level": "1"}, figure(60), figure(15)), Cell({"level": "2"}, figure(40), figure(None)))
    text = as_text(Report(P, replace(RELEASE, by=("level",), cells=cells), "en"))
    assert ["Level", "persons", "found", "share"] in [line.split() for line in text.splitlines()]
    margins = (Cell({"level": "1"}, figure(60), figure(15)), Cell({"school-year": "2022/2023"}, figure(75), figure(20)))
    lines = [line.split() for line in as_text(Report(P, replace(RELEASE, margins=margins), "nl")).splitlines()]
    assert ["1", "alle", "60", "15", "25%"] in lines
    assert ["alle", "2022/2023", "75", "20", "27%"] in lines


def test_the_answer_comes_first_in_the_data() -> None:
    data = as_data(report("nl"))
    assert next(iter(data)) == "answer"
    assert data["answer"] == report("nl").answer
    assert "435" in data["answer"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_answer_stands_before_the_table(lang: Lang) -> None:
    text = " ".join(as_text(report(lang)).split())
    assert 0 < text.index(report(lang).answer) < text.index(report(lang).headings[0])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_mark_for_all_that_is_hidden_is_explained_where_it_is_used(lang: Lang) -> None:
    mark = report(lang).figures.mark
    assert any(mark in note and "10" in note for note in report(lang).notes)
    shown = replace(RELEASE, cells=RELEASE.cells[:1])
    assert not any(mark in note for note in Report(P, shown, lang).notes)


@pytest.mark.parametrize("form", [as_text, as_html])
def test_digests_are_those_of_the_protocol_and_of_the_file(form: Any) -> None:
    kept = canonical.from_bytes(RELEASE.to_bytes())
    assert RELEASE.digest == canonical.digest(kept)
    told = set(re.findall(r"sha256:[0-9a-f]{64}", form(report())))
    assert told >= {P.digest, RELEASE.digest}
    assert RELEASE.digest not in form(Report(P, RELEASE, "en")), "no file, no digest of it"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_own_rows_are_told_apart_by_reason(lang: Lang) -> None:
    own = OwnRows("2026-11-02", {"consent: withdrawn": 18, "included": 40, "rows": 60, "cohort": 2})
    assert list(own.rows(lang).values()) == [60, 40, 18, 2]
    assert own.as_text(lang).startswith(own.heading(lang))
    assert "18" in own.as_text(lang)
