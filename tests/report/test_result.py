"""Reports: hidden figures stay hidden in every form, and a page needs nothing from elsewhere."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from string import Formatter
from typing import Any

import pytest

import protocols
from linkage import files
from linkage.disclosure.protect import BELOW, Figure
from linkage.disclosure.release import Cell, Expected, Release, limits
from linkage.protocol.base import Text
from linkage.protocol.load import load, loads
from linkage.report import agreed, guarantee, result
from linkage.report.result import Report, as_csv, as_data, as_html, as_json, as_text, share
from linkage.report.words import WORDS, Lang, word

P = load(files.shipped("protocols/graduates-on-benefits.yml"))
LANGUAGES: tuple[Lang, ...] = ("nl", "en")
HIDDEN = Figure(None, "hidden")
FORMS = [as_text, as_html, as_csv, as_json]


def figure(value: int | None) -> Figure:
    return HIDDEN if value is None else Figure(value, "shown")


def cell(level: str, year: str, persons: int | None, linked: int | None) -> Cell:
    return Cell({"level": level, "school-year": year}, figure(persons), figure(linked))


RELEASE = Release(
    P.digest,
    "on-benefits",
    {"mbo": 435, "gemeente": None},
    ("level", "school-year"),
    (cell("1", "2022/2023", 60, 15), cell("2", "2022/2023", 75, None), cell("3", "2023/2024", None, None)),
    (),
    Cell({}, figure(435), figure(45)),
    limits(P.outputs[0]),
    (),
)
EXPECTED = Expected(1, ("mbo", "gemeente"), 0.5432, True, (0.97, 0.93, 0.99), (0.92, 0.88, 0.96), "registers", "scores")
QUALITY = {"overlap": 42, "true_overlap": 44, "precision": 0.98, "recall": 0.96}


def report(lang: Lang = "en", **change: Any) -> Report:
    return Report(P, RELEASE, lang, **change)


def titled(title: str) -> Report:
    output = P.outputs[0].model_copy(update={"title": Text(nl=title, en=title)})
    return Report(P.model_copy(update={"outputs": (output,)}), RELEASE, "en")


@pytest.mark.parametrize("key", WORDS)
def test_every_text_is_there_in_both_languages_with_the_same_places(key: str) -> None:
    assert set(WORDS[key]) == set(LANGUAGES)
    places = [{name for _, name, _, _ in Formatter().parse(WORDS[key][lang]) if name} for lang in LANGUAGES]
    assert places[0] == places[1]
    assert all(word(key, lang, **dict.fromkeys(places[0], "x")).strip() for lang in LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_honest_words(lang: Lang) -> None:
    texts = " ".join(text[lang] for text in WORDS.values()).lower()
    assert not re.search(r"anoni|anony|rechtmatig|\blawful", texts)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_figures_are_those_of_the_release_and_no_others(form: Any, lang: Lang) -> None:
    """Digits of a page are figures, the protocol's own words, or lengths of its layout."""
    text = form(report(lang)).replace(P.digest, "")
    if form is as_html:
        text = html.unescape(re.sub(r"<style>.*?</style>", "", text, flags=re.S))
    ours = {"60", "15", "75", "435", "45", "25", "10", "5"}
    words = json.dumps(P.model_dump(mode="json")) + "".join(t[lang] for t in WORDS.values()) + "utf-8 <h1> <h2> 25.0%"
    assert {n for n in re.findall(r"\d+", text) if n not in words} <= ours
    assert {"60", "15", "75", "435", "45"} <= set(re.findall(r"\d+", text))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_as_text(lang: Lang) -> None:
    text = as_text(report(lang))
    lines = [line.split() for line in text.splitlines()]
    hidden, total = word("hidden", lang), word("total", lang)
    assert ["1", "2022/2023", "60", "15", "25%"] in lines
    assert ["2", "2022/2023", "75", hidden] in lines
    assert ["3", "2023/2024", hidden, hidden] in lines
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
    [(60, 15, "25%"), (60, None, ""), (None, 15, ""), (None, None, ""), (15, 10, "67%"), (0, 0, ""), (20, 20, "100%")],
)
def test_a_share_is_of_shown_figures(persons: int | None, linked: int | None, expected: str) -> None:
    assert share(cell("1", "2022/2023", persons, linked)) == expected


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_holds_all_it_needs(lang: Lang) -> None:
    page = as_html(report(lang, quality=QUALITY))
    assert f'<html lang="{lang}">' in page
    assert (
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        in page
    )
    assert not re.search(r"<(script|link|img|iframe|object|embed|form|base)\b|@import|url\(|\son\w+=", page, re.I)
    assert not re.search(r"(src|href|action)\s*=", page, re.I)
    assert report(lang).title in page
    assert "0.9800" in page
    assert page.count("<tr") == 5


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_says_who_learnt_what_and_on_which_declared_basis(lang: Lang) -> None:
    page = as_html(report(lang))
    for said in (*report(lang).notes, *report(lang).limits, *report(lang).bases):
        assert said.replace("'", "&#39;") in page
    assert [name for name, _ in report(lang).learnt] == [P.party(p).name for p in ("mbo", "gemeente", "unit")]


def test_a_page_escapes_what_the_protocol_says() -> None:
    page = as_html(titled("<script>alert('x')</script> & meer"))
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; meer" in page


def test_csv_opens_in_excel_with_dutch_settings() -> None:
    text = as_csv(report("nl"))
    assert text.startswith("\ufeffNiveau;Schooljaar;personen;gekoppeld;aandeel\r\n")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert "1;2022/2023;60;15;25%\r\n" in text
    assert "2;2022/2023;75;verborgen;\r\n" in text
    assert "totaal;;435;45;10%\r\n" in text


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_holds_no_formula(sign: str) -> None:
    odd = Cell({"level": f'{sign}HYPERLINK("x";"y")', "school-year": "=1+1"}, figure(60), figure(15))
    line = as_csv(Report(P, replace(RELEASE, cells=(odd,)), "en")).split("\r\n", 1)[1]
    assert line.startswith(f"""\"'{sign}HYPERLINK(""x"";""y"")\";'=1+1;60;""")


def test_csv_quotes_what_holds_a_delimiter() -> None:
    odd = Cell({"level": 'a;"b"\nc', "school-year": "x"}, figure(60), figure(15))
    assert as_csv(Report(P, replace(RELEASE, cells=(odd,)), "en")).splitlines()[1:3] == [
        '"a;""b""',
        'c";x;60;15;25%',
    ]


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
    (said,) = expecting(lang).notes[2:]
    if form is not as_json:
        assert said in text.replace('""', '"')
    assert said not in form(report(lang))


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


def test_a_bar_is_drawn_for_shown_figures_only() -> None:
    page = as_html(report())
    assert re.findall(r'width: ([\d.]+)%"', page) == ["25.0", "10.0"]
    assert result.word("hidden", "en") in page


def few(lang: Lang) -> Report:
    """Fifty persons, of whom fewer than ten are linked; the table is pooled down to its total."""
    total = Cell({}, figure(50), BELOW)
    return Report(P, replace(RELEASE, by=(), cells=(), margins=(), total=total, parties={}), lang)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("lang", "said", "pooled"),
    [
        ("nl", "Van de ongeveer 50 personen zijn er minder dan 10 gekoppeld. Hoeveel precies is verborgen.",
         "Deze tabel is grover dan afgesproken, want fijner zou er te veel verborgen zijn. Samengenomen: Niveau en "
         "Schooljaar."),
        ("en", "Of about 50 persons, fewer than 10 are linked. How many exactly is hidden.",
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
    assert [line.split() for line in text.splitlines()][3] == ["Level", "persons", "linked", "share"]
    margins = (Cell({"level": "1"}, figure(60), figure(15)), Cell({"school-year": "2022/2023"}, figure(75), figure(20)))
    lines = [line.split() for line in as_text(Report(P, replace(RELEASE, margins=margins), "nl")).splitlines()]
    assert ["1", "alle", "60", "15", "25%"] in lines
    assert ["alle", "2022/2023", "75", "20", "27%"] in lines
    assert as_html(Report(P, replace(RELEASE, margins=margins), "nl")).count("<tr") == 7
