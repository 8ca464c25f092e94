"""What a protocol asks, as its signer reads it."""

from __future__ import annotations

import pytest

import protocols
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.report import agreed, asks
from linkage.report.lang import Lang

BY = "by: [level, school-year]"
SPLIT = (
    "splits:\n      - name: status\n        label: {nl: Situatie, en: Situation}\n        sought:\n"
    "          - {name: work, label: {nl: werk, en: work}, at: [gemeente], field: hours, only: ['12', '24']}\n"
    "          - {name: benefits, label: {nl: uitkering, en: benefits}, at: [gemeente], field: hours}\n    "
)
HOURS = "  - {name: hours, kind: category, send: category, parties: [gemeente], values: ['0', '12', '24']}\n"


def protocol(question: str, found_in: str = "", text: str = protocols.HASHED) -> Protocol:
    start = text.index("    found_in:")
    line = text[start : text.index("    by:", start)]
    said = text.replace("question: overlap", f"question: {question}").replace(line, f"    {found_in}\n")
    return loads(said.replace("  - {name: diploma-date", HOURS + "  - {name: diploma-date", 1).encode(), name="p.yml")


SENTENCES: list[tuple[str, str, Lang, list[str]]] = [
    ("overlap", "found_in: [gemeente]", "nl",
     ["Telt personen van ROC Voorbeeldstad (fictief), ieder één keer, en hoeveel van hen voorkomen bij "
      "Gemeente Voorbeeldstad (fictief).", "Uitgesplitst naar Niveau en Schooljaar.",
      "Blijft daarvan te weinig over, dan grover: Niveau; Schooljaar; alleen het totaal."]),
    ("complement", "found_in: [gemeente]", "en",
     ["Counts persons of ROC Voorbeeldstad (fictief), each once, and how many of them are not found at Gemeente "
      "Voorbeeldstad (fictief)."]),
    ("union", "", "en", ["Counts persons of ROC Voorbeeldstad (fictief), each once."]),
    ("partition", SPLIT, "en",
     ["Counts persons of ROC Voorbeeldstad (fictief), each once and in one situation.",
      '"work" is: known to Gemeente Voorbeeldstad (fictief), with hours 12 or 24.',
      '"benefits" is: known to Gemeente Voorbeeldstad (fictief), told apart by hours.']),
]  # fmt: skip


@pytest.mark.parametrize(("question", "keys", "lang", "wanted"), SENTENCES, ids=[s[0] for s in SENTENCES])
def test_every_question_in_words(question: str, keys: str, lang: Lang, wanted: list[str]) -> None:
    said = protocol(question, keys)
    lines = asks.question(said.outputs[0], said, lang)
    assert [line for line in lines if line in wanted] == wanted
    assert all(line in agreed.as_text(said, lang) for line in lines)


def test_states_are_named_and_nobody_is_said_to_have_nothing() -> None:
    said = protocol("partition", SPLIT)
    (states,) = [line for line in asks.question(said.outputs[0], said, "nl") if line.startswith("Situatie")]
    assert states.endswith("niet gevonden in de deelnemende bronnen.")
    assert "geen werk" not in states


@pytest.mark.parametrize(
    ("tokens", "wanted"),
    [("tokens: new, kept_until: null", "niemand is van de ene naar de andere te volgen"),
     ("tokens: kept, kept_until: 2027-04-01", "de koppelaar kan volgen wie vaker meedoet")],
)  # fmt: skip
def test_a_monitor_says_whether_anybody_is_followed(tokens: str, wanted: str) -> None:
    text = protocols.HASHED.replace(
        "reference_date: 2026-10-01", f"reference_date: 2026-10-01\nwaves: {{dates: [2027-04-01], {tokens}}}"
    )
    (line,) = asks.waves(loads(text.encode(), name="p.yml"), "nl")
    assert line.startswith("Peildata: 2026-10-01, 2027-04-01.")
    assert wanted in line
    assert asks.waves(protocols.edited(), "nl") == []


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [("nl", "  doet mee: level is 1, 2, 3 of 4 (leeg: doet niet mee); "
      "diploma-date op of na 2022-08-01 (leeg: doet niet mee); "
      "diploma-date op of voor de peildatum (leeg: doet niet mee); ten minste 16 jaar op de peildatum en "
      "ten hoogste 29 jaar op de peildatum (leeg: doet niet mee)"),
     ("en", "  takes part: scheme is PW, IOAW or BBZ (empty: takes no part); "
      "benefit-start on or before the reference date (empty: takes no part); "
      "benefit-end on or after the reference date (empty: takes part)")],
)  # fmt: skip
def test_which_rows_take_part(lang: Lang, wanted: str) -> None:
    assert wanted in agreed.as_text(protocols.edited(), lang).splitlines()


def test_words_are_there_in_both_languages_with_the_same_places() -> None:
    for texts in asks.WORDS.values():
        assert set(texts) == {"nl", "en"}
        places = [sorted(one.split("}")[0] for one in text.split("{")[1:]) for text in texts.values()]
        assert places[0] == places[1]
