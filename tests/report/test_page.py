"""The HTML page: nothing from elsewhere, whatever the protocol says; to be read by eye, ear and on paper."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest

import samples
from linkage.disclosure.release import Release
from linkage.protocol.base import Text
from linkage.protocol.protections import DifferentialPrivacy
from linkage.report.lang import LANGUAGES, Lang
from linkage.report.page import as_html
from linkage.report.picture import Bars, Moves, picture, scores
from linkage.report.planned import OwnRows
from linkage.report.result import ReleaseFile, Report
from linkage.report.words import word

P = samples.protocol()
OWN = OwnRows("2026-11-02", {"rows": 1210, "included": 1012, "consent: withdrawn": 18})
NAMES = ["overlap", "complement", "union", "partition", "moves"]
EVERY = [(persons, name) for persons in (50, 5000) for name in NAMES]
CSS = resources.files("linkage.report").joinpath("templates", "result.css").read_text("utf-8")


def report(name: str = "overlap", persons: int = 5000, lang: Lang = "nl", own: OwnRows | None = None) -> Report:
    release = samples.every(persons)[name]
    return Report(P, release, lang, own=own, file=ReleaseFile(f"results/{name}.json", release.digest))


class Tags(HTMLParser):
    """Every start tag with its attributes, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def of(self, *tags: str) -> list[dict[str, str]]:
        return [attrs for tag, attrs in self.found if tag in tags]


@pytest.mark.parametrize(("persons", "name"), EVERY)
def test_a_page_holds_all_it_needs(persons: int, name: str) -> None:
    page = as_html(report(name, persons, own=OWN))
    assert (
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        in page
    )
    tags = {tag for tag, _ in Tags(page).found}
    assert not tags & {"script", "link", "img", "image", "iframe", "object", "embed", "form", "base", "use", "audio"}
    assert all(a["href"].startswith("#") for a in Tags(page).of("a"))
    assert not re.search(r"@import|url\((?!#)|\bsrc\s*=|\son\w+\s*=|javascript:|https?:", page, re.I)


@pytest.mark.parametrize(("persons", "name"), EVERY)
def test_a_page_can_be_heard(persons: int, name: str) -> None:
    """WCAG 2.2: language of the page and its parts, headings in order, headed tables, words for pictures."""
    tags = Tags(as_html(report(name, persons, "en", own=OWN)))
    assert tags.of("html") == [{"lang": "en"}]
    assert [(main["id"], main["lang"]) for main in tags.of("main")] == [("nl", "nl"), ("en", "en")]
    headings = [tag for tag, _ in tags.found if re.fullmatch(r"h\d", tag)]
    half = len(headings) // 2
    assert headings == headings[:half] * 2
    assert headings[:half] == ["h1", *["h2"] * (half - 1)]
    assert all(th.get("scope") in ("col", "row") for th in tags.of("th"))
    assert all(svg["aria-hidden"] == "true" for svg in tags.of("svg"))
    pictures = [attrs for _, attrs in tags.found if attrs.get("role") == "img"]
    assert pictures
    assert all(len(one["aria-label"]) > 20 for one in pictures)
    ids = [attrs["id"] for _, attrs in tags.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert all("tabindex" in one for _, one in tags.found if one.get("role") == "region"), "scrolled by keyboard"


@pytest.mark.parametrize(("persons", "name"), EVERY)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_say_what_the_picture_shows(persons: int, name: str, lang: Lang) -> None:
    one = report(name, persons, lang)
    drawn = picture(one.figures)
    assert isinstance(drawn, Bars | Moves)
    if isinstance(drawn, Bars):
        assert all(row.said in drawn.alt for row in drawn.rows)
        assert all(sum(piece.width for piece in row.pieces if piece.kind != "whole") <= 100.01 for row in drawn.rows)
        assert all(piece.width > 0 for row in drawn.rows for piece in row.pieces)
    else:
        assert all(text in drawn.alt for _, cells in drawn.rows for text, _ in cells)
    assert html.escape(drawn.alt, quote=False) in as_html(one).replace("&#39;", "'").replace("&#34;", '"')


def test_what_is_hidden_is_hatched_and_never_nothing() -> None:
    drawn = picture(report("partition", 50).figures)
    assert isinstance(drawn, Bars)
    kinds = [piece.kind for piece in drawn.rows[0].pieces]
    assert kinds == ["rest", "away"]
    assert drawn.legend[-1] == ("away", "gearceerd: <10 of verborgen")
    few = picture(report("overlap", 50).figures)
    assert isinstance(few, Bars)
    (row,) = few.rows
    assert [(piece.kind, piece.width) for piece in row.pieces] == [("whole", 100), ("away", 20)], "below ten of fifty"
    moves = picture(report("moves", 50).figures)
    assert isinstance(moves, Moves)
    assert all(shade is None for _, cells in moves.rows for text, shade in cells if text == "<10 of verborgen")


def test_of_a_large_table_the_finest_subtotal_that_fits_is_drawn() -> None:
    release = samples.every(5000)["overlap"]
    margins = tuple(replace(cell, categories={"level": str(n)}) for n, cell in enumerate(release.cells[:4], start=1))
    drawn = picture(Report(P, replace(release, cells=release.cells * 3, margins=margins), "nl").figures)
    assert isinstance(drawn, Bars)
    assert (drawn.head, len(drawn.rows)) == ("Niveau", 4)
    total = picture(Report(P, replace(release, cells=release.cells * 3), "nl").figures)
    assert isinstance(total, Bars)
    assert [row.name for row in total.rows] == ["totaal"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_scores_are_drawn_with_their_threshold(lang: Lang) -> None:
    one = report(lang=lang)
    (expected,) = one.release.expected
    drawn = scores(one.labels, expected)
    assert drawn is not None
    assert drawn.mark == {"nl": "drempel 0,57", "en": "threshold 0.57"}[lang]
    assert drawn.bars[0][0] == 0
    assert sum(width for _, width, _ in drawn.bars) == pytest.approx(100)
    assert max(height for *_, height in drawn.bars) == 100
    begin = expected.scores[0].low
    assert drawn.threshold == pytest.approx(100 * (57.31 - begin) / (100 - begin))
    assert all(f"{bar.share} " in drawn.alt for bar in expected.scores)
    assert html.escape(drawn.alt) in as_html(one)
    none = replace(one.release, expected=(replace(expected, scores=()),))
    page = as_html(Report(P, none, lang))
    assert "<line" not in page
    assert html.escape(Report(P, none, lang).expected[0]) in page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_nothing_is_known_of_quality_that_is_said(lang: Lang) -> None:
    release: Release = replace(samples.every(5000)["overlap"], expected=())
    assert word("quality_few", lang) in as_html(Report(P, release, lang))
    numbers = P.model_copy(update={"matching": P.matching.model_copy(update={"stages": P.matching.stages[:1]})})
    assert word("quality_numbers", lang) in as_html(Report(numbers, release, lang))
    noisy = {"method": "differential-privacy", "epsilon": 1.0, "budget": 10.0, "margins": ()}
    output = P.tables[0].model_copy(update={"protection": DifferentialPrivacy.model_validate(noisy)})
    private = P.model_copy(update={"outputs": (output,)})
    page = as_html(Report(private, replace(release, protection=noisy), lang))
    assert word("quality_noise", lang) in page
    assert word("rule_private", lang, epsilon="1").split("(")[0] in page
    known = {"overlap": 42, "true_overlap": 44, "precision": 0.98, "recall": 0.96}
    assert "0.9800" in as_html(Report(P, release, lang, known))


def test_both_languages_are_there_and_the_asked_one_shows() -> None:
    for lang, other in (("nl", "en"), ("en", "nl")):
        page = as_html(report(lang=lang))
        mains = Tags(page).of("main")
        assert {main["lang"]: main["class"] for main in mains} == {lang: "first", other: "other"}
        assert [main["lang"] for main in mains] == [other, lang], "what is chosen hides what follows"
        assert all(report(lang=one).answer in html.unescape(page) for one in LANGUAGES)
    assert "main.other, main.other:target ~ main.first { display: none; }" in CSS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_says_who_learnt_what_on_which_basis_and_how_to_check(lang: Lang) -> None:
    one = report("partition", lang=lang)
    page = html.unescape(as_html(one))
    said = [*one.notes, *one.limits, *one.coverage.caveats, *one.digests.values(), one.coverage.lead]
    for text in [*said, *(cell for row in one.bases for cell in row)]:
        assert text in page
    assert "linkage protocol digest" in page
    assert "sha256sum results/partition.json" in page
    assert "certutil -hashfile results\\partition.json SHA256" in page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_own_rows_are_marked_as_staying_here_and_can_be_left_out(lang: Lang) -> None:
    plain = word("stays_here", lang).split("`")[0]
    assert plain in html.unescape(as_html(report(lang=lang, own=OWN)))
    assert plain not in html.unescape(as_html(report(lang=lang)))
    assert "1210" not in as_html(report(lang=lang))


HOSTILE = '<script>alert(\'x\')</script>" onload="x" & </title></style><img src=http://x.example>'


def hostile() -> Report:
    """A protocol whose every text attacks its reader."""
    output = samples.output("partition")
    text = Text(nl=HOSTILE, en=HOSTILE)
    splits = tuple(
        split.model_copy(
            update={"label": text, "sought": tuple(one.model_copy(update={"label": text}) for one in split.sought)}
        )
        for split in output.splits  # type: ignore[attr-defined]
    )
    parties = tuple(
        party.model_copy(
            update={
                "name": HOSTILE,
                "discloses": tuple(
                    d.model_copy(update={"basis": d.basis.model_copy(update={"law": HOSTILE, "decided_by": HOSTILE})})
                    for d in party.discloses
                ),
            }
        )
        for party in P.parties
    )
    fields = tuple(field.model_copy(update={"label": text}) for field in P.fields)
    update = {
        "outputs": (output.model_copy(update={"title": text, "splits": splits}),), "parties": parties,
        "fields": fields, "purpose": P.purpose.model_copy(update={"text": text}),
    }  # fmt: skip
    return Report(P.model_copy(update=update), samples.every(5000)["partition"], "nl", own=OWN)


def test_a_page_escapes_what_the_protocol_says() -> None:
    tags = Tags(as_html(hostile()))
    assert {tag for tag, _ in tags.found} == {tag for tag, _ in Tags(as_html(report("partition", own=OWN))).found}
    assert not any(name.startswith("on") for _, attrs in tags.found for name in attrs)


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


SCHEMES = dict(
    zip(
        ("light", "dark", "print"),
        (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{([^}]*)\}", CSS)),
        strict=True,
    )
)
TEXT = [("ink", "ground"), ("soft", "ground"), ("ink", "band"), ("soft", "band"), ("link", "ground"),
        *(("ink", f"m{n}") for n in range(5))]  # fmt: skip
DRAWN = ["whole", "part", "threshold", "rest", *(f"s{n}" for n in range(7))]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_contrast_is_aa(scheme: str) -> None:
    """Text 4.5 to 1 (WCAG 1.4.3), what is drawn 3 to 1 (1.4.11), in the light, in the dark and on paper."""
    colours = SCHEMES[scheme]
    assert set(re.findall(r"var\(--([\w-]+)\)", CSS)) <= set(colours)
    for ink, ground in TEXT:
        assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for drawn in DRAWN:
        assert contrast(colours[drawn], colours["ground"]) >= 3, drawn
    assert contrast(colours["stripe"], colours["under"]) >= 3


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
