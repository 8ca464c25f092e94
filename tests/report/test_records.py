"""Records of a linkage: the published fields and no others, what protocol and ledger say, and nothing of a person."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from stdnum.nl import bsn

import linkage
import protocols
import published
from linkage.ledger.entries import Entry
from linkage.protocol.model import Protocol
from linkage.report.lang import Lang
from linkage.report.records import account as accounts
from linkage.report.records import dpia, letter, register, terms, trace
from linkage.report.records.account import ACTS, Account
from linkage.report.records.dpia_words import QUESTIONS, SECTIONS, STILL_TO_WRITE
from linkage.report.records.letter_words import LETTER
from linkage.report.records.words import WORDS, say
from linkage.roles import listed, records
from simulator import NAMES, Simulator

LANGUAGES: tuple[Lang, ...] = ("nl", "en")
PARTIES = tuple(NAMES)
STATE = letter.State("2026-11-25", 12, "cm9vdA==", "ABCD-EFGH")
P = protocols.edited()
AT = "2026-11-25T09:14:00+00:00"


def of(played: Simulator, party: str) -> Account:
    return records.account(played.homes[party], played.linkage(party))


def entry(index: int, act: str, at: str = AT, **facts: Any) -> Entry:
    return Entry(index, "", at, "mbo", act, P.digest, facts, "linkage 0.1.0", b"%d" % index * 200)


def account(*entries: Entry, protocol: Protocol = P, party: str = "mbo") -> Account:
    return accounts.of(protocol, party, entries)


def every_record(played: Simulator, party: str, lang: Lang) -> dict[str, str]:
    """All that is written of one organisation's part, but lines about persons."""
    found, protocol = of(played, party), played.linkage(party).protocol
    said, row = letter.letter(found, STATE, lang), register.row(found, lang)
    return {
        "log": "".join(trace.to_text(trace.lines(found, lang))),
        "register": register.as_csv(row) + register.as_text(row) + json.dumps(register.as_data(found, lang)),
        "dpia": dpia.as_markdown(protocol) + json.dumps(dpia.as_data(protocol, AT)),
        "letter": letter.as_text(said) + letter.as_html(said) + json.dumps(letter.as_data(said)),
    }


# lines for the Logboek Dataverwerkingen


@pytest.mark.parametrize("party", PARTIES)
def test_lines_have_the_published_fields_and_no_others(played: Simulator, party: str) -> None:
    every = [json.loads(line) for line in trace.to_text(trace.lines(of(played, party), "nl"))]
    assert len(every) > 4
    for line in every:
        assert {name for name, must in published.LDV_LINE.items() if must} <= set(line) <= set(published.LDV_LINE)
        assert published.LDV_TRACE.fullmatch(line["trace_id"])
        assert all(published.LDV_SPAN.fullmatch(line[name]) for name in ("span_id", "parent_span_id") if name in line)
        assert line["status"] in published.LDV_STATUS
        assert line["name"].strip()
        assert type(line["start_time"]) is type(line["end_time"]) is int
        assert 1_700_000_000_000 < line["start_time"] <= line["end_time"] < 1 << 64
        assert set(line["resource"]) == published.LDV_RESOURCE
        assert set(line["attributes"]) <= published.LDV_ATTRIBUTES
        assert line["attributes"]["dpl.core.processing_activity_id"].startswith("urn:linkage:protocol:sha256:")
        assert not {"dpl.core.data_subject_id", "dpl.core.data_subject_id_type"} & set(line["attributes"])
    assert len({line["span_id"] for line in every}) == len(every)


def test_one_trace_for_the_whole_linkage_and_a_receiver_points_at_the_senders_line(played: Simulator) -> None:
    lines = {party: list(trace.lines(of(played, party), "en")) for party in PARTIES}
    assert {line["trace_id"] for every in lines.values() for line in every} == {
        trace.trace_id(of(played, "mbo").protocol)
    }
    spans = {line["span_id"]: party for party, every in lines.items() for line in every}
    pointed = 0
    for party, every in lines.items():
        for line in every:
            sender = line["attributes"].get("dpl.core.foreign_operation.processor", "").rpartition("party:")[2]
            if "parent_span_id" in line:
                of_whom = spans[line["parent_span_id"]]
                assert of_whom == (next(p for p, number in NAMES.items() if number == sender) if sender else party)
                pointed += bool(sender)
    assert pointed >= 6
    assert len(spans) == sum(map(len, lines.values())), "no span is used by two organisations"


def test_another_version_of_the_protocol_is_another_trace() -> None:
    other = protocols.edited(('version: "1.0"', 'version: "1.1"'))
    assert trace.trace_id(P) != trace.trace_id(other)
    assert trace.activity(P) != trace.activity(other)
    assert trace.trace_id(P) == trace.trace_id(protocols.edited())


def test_a_package_is_one_line_from_its_number_to_its_seal() -> None:
    later = "2026-11-25T09:15:30+00:00"
    found = account(
        entry(0, "tokenise", judged={}),
        entry(1, "send", type="encodings", sequence=1, to=["unit"]),
        entry(2, "sealed", later, type="encodings", sequence=1, package="sha256:" + "a" * 64),
        entry(3, "send", later, type="encodings", sequence=2, to=["unit"]),
    )
    made, sent, broken = trace.lines(found, "en")
    assert (sent["parent_span_id"], sent["end_time"] - sent["start_time"]) == (made["span_id"], 90_000)
    assert (sent["status"], broken["status"]) == ("Unset", "Error")
    assert "planned, but not made" in " ".join(letter.as_text(letter.letter(found, STATE, "en")).split())


def test_an_act_that_is_not_known_here_is_told_by_its_name() -> None:
    found = account(entry(0, "hand-over", output="a-list", to=["gemeente"]), entry(1, "receive", sender="nobody",
                    type="thing", package="sha256:" + "b" * 64))  # fmt: skip
    assert [line["name"] for line in trace.lines(found, "nl")] == ["hand-over", say("act_receive", "nl")]
    text = letter.as_text(letter.letter(found, STATE, "nl"))
    assert "hand-over. Uitkomst: a-list. Aan: gemeente." in text
    assert "thing van nobody" in text


def test_every_act_that_is_written_anywhere_has_its_place() -> None:
    source = Path(linkage.__file__).parent
    text = "".join(path.read_text("utf-8") for path in sorted((source / "roles").glob("*.py")))
    calls = re.findall(r'ledger\.append\(\s*(?:\w+\.)*\w+,\s*("[a-z-]+"|[\w.]+)', text)
    named = {"witness.SEND": "send", "witness.SEALED": "sealed", "witness.RECEIVE": "receive"}
    named |= {"witness.REFUSE": "refuse-checkpoint", "act": "oprf-wrong-answer"}
    lists = ("ASKED", "DECIDED", "ANSWERED", "RETURNED", "TAKEN", "OPENED")
    named |= {f"listed.{name}": getattr(listed, name) for name in lists}
    calls += re.findall(r"listed\.write_down\(home, identity, linkage, ([\w.]+)", text)
    assert len(calls) > 20
    assert {named.get(call, call.strip('"')) for call in calls} == set(ACTS)


def test_acts_without_personal_data_have_no_line_and_stand_in_the_letter() -> None:
    quiet = [act for act, kind in ACTS.items() if kind in ("agreement", "account", "consent")]
    found = account(*(entry(n, act, purpose=P.id) for n, act in enumerate(quiet)))
    assert list(trace.lines(found, "nl")) == []
    text = " ".join(letter.as_text(letter.letter(found, STATE, "nl")).split())
    assert all(say(f"act_{act}", "nl") in text for act in quiet)
    home = account(*(entry(n, act) for n, act in enumerate(ACTS) if ACTS[act] == "home"))
    assert list(trace.lines(home, "nl")) == []
    assert "Nog niets." in letter.as_text(letter.letter(home, STATE, "nl"))


def test_entries_of_other_linkages_are_left_out() -> None:
    other = replace(entry(0, "tokenise", judged={}), protocol="sha256:" + "0" * 64)
    consent = replace(entry(1, "record-consent", purpose="another"), protocol=None)
    ours = replace(entry(2, "record-consent", purpose=P.id), protocol=None)
    assert account(other, consent, ours).entries == (ours,)
    unasked = replace(entry(3, "import-consent"), protocol=None)
    assert account(unasked, party="gemeente").entries == ()


# nothing of a person


@pytest.fixture(scope="module")
def values(played: Simulator) -> set[str]:
    """Names, numbers, dates and postcodes of the input."""
    assert played.made is not None
    found: set[str] = set()
    for path in (played.made.school, played.made.gemeente, played.made.consent):
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252")
        head = text.split("\n", 1)[0]
        for row in csv.DictReader(io.StringIO(text), delimiter=max(";,\t", key=head.count)):
            found |= {value for name, value in row.items() if value and len(value) > 4 and _of_person(name)}
    return found


def shown(values: set[str], text: str) -> list[str]:
    """Which values stand in a text as words."""
    low = text.lower()
    parts = [value for value in values if value.lower() in low]
    return [value for value in parts if re.search(rf"(?<!\w){re.escape(value.lower())}(?!\w)", low)]


def _of_person(heading: str) -> bool:
    parts = ("pgn", "bsn", "naam", "namen", "geboorte", "postcode", "nummer")
    return any(part in heading.lower() for part in parts)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("party", PARTIES)
def test_no_record_shows_a_value_of_the_input(played: Simulator, values: set[str], party: str, lang: Lang) -> None:
    assert len(values) > 1_500
    for name, text in every_record(played, party, lang).items():
        assert not shown(values, text), f"{name} shows a value"
        for number in re.findall(r"(?<![0-9A-Za-z+/=])\d{9}(?![0-9A-Za-z+/=])", text):
            assert not bsn.is_valid(number), f"{name} shows a number that passes the 11-proof"


def test_the_search_finds_what_is_there(played: Simulator, values: set[str]) -> None:
    found = of(played, "mbo")
    assert found.last_run is not None
    some = sorted(values)[::97]
    lines = trace.persons(found, found.last_run, [(who, "0" * 16) for who in some], "kenmerk", "nl")
    assert set(some) <= set(shown(values, "".join(trace.to_text(lines))))


# register


@pytest.mark.parametrize(("party", "kind"), [("mbo", "controller"), ("gemeente", "controller"), ("unit", "processor")])
def test_a_row_has_every_point_of_the_article(played: Simulator, party: str, kind: str) -> None:
    columns = register.row(of(played, party), "nl")
    points = list(dict.fromkeys(c.article for c in columns if c.article))
    assert points == published.ARTICLE_30[kind]
    assert all(c.text for c in columns)
    left = [c.name for c in columns if c.text == say("to_fill", "nl")]
    assert len(left) == 3, "representative, officer, transfers: people know"


def test_the_row_as_excel_opens_it(played: Simulator) -> None:
    text = register.as_csv(register.row(of(played, "mbo"), "nl"))
    assert text.startswith("\ufeff")
    head, row = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";")
    said = dict(zip(head, row, strict=True))
    assert said["Verwerkingsverantwoordelijke (30(1)(a))"] == "mbo (fictief) (BRIN 99ZZ)"
    assert said["Verwerkingsdoeleinden (30(1)(b))"].startswith("Vaststellen hoeveel gediplomeerden")
    assert (
        said["Categorieën van ontvangers (30(1)(d))"] == "unit (fictief) (KvK 99999999): tokens, filters en categorieën"
    )
    assert said["Termijnen voor wissen (30(1)(f))"].startswith("pakketten met tokens: 30 dagen; uitkomsten: 5 jaar")
    assert said["DPIA"].startswith("DPIA 2026-04 versie 1.2; uitkomst: aanvaardbaar met maatregelen")
    assert said["Privacyverklaring"].startswith("versie 2026-08, https://www.example.nl/")
    assert "AVG artikel 6 lid 1 onder a; toestemming" in said["Opgegeven grondslagen (niet beoordeeld)"]
    assert said["Protocol"] == f"graduates-on-benefits versie 1.0, {played.linkage('mbo').protocol.digest}"


def test_a_cell_is_no_formula() -> None:
    assert register.as_csv([register.Column("", "a", "=1+1")]).splitlines()[1] == "'=1+1"


@pytest.mark.parametrize("party", PARTIES)
def test_the_activity_has_the_published_properties_and_terms(played: Simulator, party: str) -> None:
    data = register.as_data(of(played, party), "nl")
    one = data["processingActivityVersion"]
    assert set(one) == published.RVVA_VERSION
    for name, inside in published.RVVA_NESTED.items():
        parts = one[name] if isinstance(one[name], list) else [one[name]]
        assert all(set(part) <= inside for part in parts)
    choices = published.RVVA_CHOICES
    assert all(set(one[name]) <= choices[name] for name in ("dataSubjects", "legalBasis", "processingOptions"))
    assert {r["legalRole"] for r in one["recipients"]} <= choices["legalRole"]
    assert {m["measureType"] for m in one["measures"]} <= choices["measureType"]
    assert set(data["processingActivity"]) <= published.RVVA_ACTIVITY
    assert all(set(e) <= published.RVVA_ENTITY and e["type"] in choices["type"] for e in data["entities"])
    assert {r["entityId"] for r in one["recipients"]} <= {e["id"] for e in data["entities"]}
    assert set(register.DPV_BASIS.values()) <= choices["legalBasis"]
    assert set(register.DPV_ROLE.values()) <= choices["legalRole"]


@pytest.mark.parametrize(("version", "number"), [("1.0", 1.0), ("2.5", 2.5), ("1.10", None), ("1.2.3", None)])
def test_a_version_is_a_number_only_where_it_is_one(version: str, number: float | None) -> None:
    protocol = protocols.edited(('version: "1.0"', f'version: "{version}"'))
    assert register.activity(protocol, protocol.party("mbo"), "nl").get("version") == number


def test_joint_controllers_name_each_other() -> None:
    joint = protocols.edited(
        ("legal_role: controller", "legal_role: joint-controller"),
        ("legal_role: controller", "legal_role: joint-controller"),
    )
    row = {c.name: c.text for c in register.row(account(protocol=joint), "en")}
    assert row["Joint controllers"].startswith("Gemeente Voorbeeldstad")


def test_parties_that_ask_agreement_and_parties_in_a_new_role() -> None:
    school = P.parties[0].model_copy(update={"agreement": "required", "roles": ("custodian", "approver", "watcher")})
    changed = P.model_copy(update={"parties": (school, *P.parties[1:])})
    found = account(replace(entry(0, "import-consent"), protocol=None), protocol=changed)
    assert "ROC Voorbeeldstad (fictief): rijen zonder instemming" in " ".join(terms.measures(changed, "nl"))
    text = " ".join(letter.as_text(letter.letter(found, STATE, "nl")).split())
    assert "Wij zijn daarin bronhouder, degene die teruggave goedkeurt en watcher." in text
    assert "Bestand met toestemmingen in het register gelezen" in text


# DPIA


def test_sections_titles_and_questions_are_those_of_the_model() -> None:
    assert list(SECTIONS.items()) == published.DPIA_SECTIONS
    assert set(QUESTIONS.items()) <= set(published.DPIA_QUESTIONS.items())
    assert set(STILL_TO_WRITE) <= set(SECTIONS)
    assert [one.id for one in dpia.sections(P)] == list(SECTIONS)


def test_choices_are_those_of_the_model() -> None:
    for one in dpia.sections(P):
        rows = [*(row for group in one.groups.values() for row in group), one.texts]
        for key, value in ((key, value) for row in rows for key, value in row.items()):
            assert key in published.DPIA_QUESTIONS
            assert key.split(".")[0] == one.id
            if key in published.DPIA_CHOICES:
                assert set([value] if isinstance(value, str) else value) <= published.DPIA_CHOICES[key]


def test_every_section_is_filled_in_or_says_what_people_must_write() -> None:
    for one in dpia.sections(P):
        assert one.todo or one.groups or one.texts, one.id
    for left in ("7", "8", "14", "18", "20"):
        assert STILL_TO_WRITE[left]
        assert dpia.sections(P)[int(left)] == dpia.Section(left)
    text = dpia.as_markdown(P)
    assert text.count("- [ ] Nog zelf schrijven: ") == sum(map(len, STILL_TO_WRITE.values()))
    assert re.findall(r"^## (\d+)\. (.*)$", text, re.M) == published.DPIA_SECTIONS


def test_the_protocol_stands_in_the_sections_where_it_belongs() -> None:
    text = {one.id: json.dumps([one.groups, one.texts], ensure_ascii=False) for one in dpia.sections(P)}
    for number, words in {
        "2": ["bsn (mbo)", "nationaal identificatienummer", "benefit-start (gemeente)"], "5": [P.purpose.text.nl],
        "3": ["Koppelen"], "6": ["Verwerker", "Gemeente Voorbeeldstad"], "9": ["Wabb art. 10", "WEB art. 9.2.10"],
        "10": ["30 dagen"], "11": ["Rechtsgrond toestemming", "Rechtsgrond taak van algemeen belang"],
        "12": ["gebruikt het BSN"], "13": ["Verenigbaar met oorspronkelijk doeleinde", P.purpose.original],
        "15": [P.notice.url], "16": ["P201", "P209"], "17": ["Pseudonimisering", "Aantallen onder 10"],
        "19": [P.dpia.reference, P.dpia.advised_by, P.dpia.advised_on],
    }.items():  # fmt: skip
        assert all(word in text[number] for word in words), number
    without = {one.id: one for one in dpia.sections(protocols.edited(text=protocols.carded(protocols.WITHOUT_NUMBER)))}
    assert (without["12"].texts, without["12"].groups) == ({"12.3.1": "false"}, {})


def test_the_form_takes_the_file() -> None:
    data = dpia.as_data(P, AT)
    assert set(data) == {"$schema", "metadata", "answers"}
    assert published.DPIA_URN.fullmatch(data["metadata"]["urn"])
    assert data["metadata"]["createdAt"] == AT
    for key, value in data["answers"].items():
        assert published.DPIA_KEY.fullmatch(key)
        elements = value if isinstance(value, list) else [{key: value}]
        assert (key in published.DPIA_REPEATS) == isinstance(value, list)
        assert [e["_index"] for e in elements if "_index" in e] == (
            list(range(len(value))) if isinstance(value, list) else []
        )
        for name, answer in ((n, a) for e in elements for n, a in e.items() if n != "_index"):
            assert name in published.DPIA_QUESTIONS, name
            assert set(answer) == {"value", "lastEditedAt"}
            assert isinstance(answer["value"], str) or all(isinstance(one, str) for one in answer["value"])
    assert "Gemeente Voorbeeldstad" in data["answers"]["6.2"]["value"], "what hangs on other lists is told as text"


# letter


def test_the_letter_says_what_was_done_to_whom_and_on_which_basis(played: Simulator) -> None:
    found = of(played, "mbo")
    data = letter.as_data(letter.letter(found, STATE, "nl"))
    parts = {part["heading"]: part["points"] for part in data["parts"]}
    text = " ".join(letter.as_text(letter.letter(found, STATE, "nl")).split())
    protocol, run = found.protocol, found.last_run
    assert run is not None
    assert data["head"][0] == "Aan: de functionaris gegevensbescherming van mbo (fictief)"
    assert "Datum: 25 november 2026" in data["head"]
    agreed = [protocol.digest, protocol.dpia.reference, "versie 2026-08", "graduates-on-benefits versie 1.0"]
    for said in (*agreed, "AVG artikel 6 lid 1 onder a; toestemming", "AVG artikel 6 lid 1 onder e; WEB art. 9.2.10"):
        assert said in text
    (rows,) = [points for heading, points in parts.items() if heading.startswith("Onze eigen rijen op")]
    counts = {point.rpartition(": ")[0]: int(point.rpartition(": ")[2]) for point in rows}
    assert counts["doen mee"] == run.facts["judged"]["included"]
    assert counts["rijen"] == sum(count for name, count in counts.items() if name != "rijen")
    (encodings,) = [line for line in parts["Wat wij hebben verstuurd, en aan wie"] if "tokens en filters" in line]
    assert (
        f"aan unit (fictief), {counts['doen mee']} rijen. Kenmerk van het bestand: {played.sent['mbo'].digest}"
        in encodings
    )
    assert any("uitkomst van unit (fictief)" in line for line in parts["Wat wij hebben ontvangen, en van wie"])
    assert run.facts["input"] in text
    assert "12 regels" in text
    assert "cm9vdA==" in text


def test_the_unit_tells_what_it_matched_and_has_no_rows_of_its_own(played: Simulator) -> None:
    text = " ".join(letter.as_text(letter.letter(of(played, "unit"), STATE, "en")).split())
    assert "In it we are linkage unit." in text
    assert "Tokens of the custodians matched." in text
    assert "result to gemeente (fictief)" in text
    assert "Our own rows" not in text


def test_the_page_of_the_letter_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    title = P.title.model_copy(update={"nl": "<script>x</script>"})
    page = letter.as_html(letter.letter(account(protocol=P.model_copy(update={"title": title})), STATE, "nl"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=|url\(|@import", page)
    assert '<html lang="nl">' in page


# words


@pytest.mark.parametrize("words", [WORDS, LETTER, register.HEADINGS], ids=["words", "letter", "headings"])
def test_every_text_is_there_in_both_languages_with_the_same_places(words: dict[str, dict[Lang, str]]) -> None:
    for key, text in words.items():
        assert tuple(text) == LANGUAGES, key
        places = [{name for _, name, _, _ in Formatter().parse(text[lang]) if name} for lang in LANGUAGES]
        assert places[0] == places[1], key


def test_honest_words() -> None:
    def texts(value: object) -> Iterator[str]:
        for part in value.values() if isinstance(value, dict) else value:  # type: ignore[attr-defined]
            if isinstance(part, str):
                yield part
            else:
                yield from texts(part)

    from linkage.report.records import dpia_words

    every = [WORDS, LETTER, register.HEADINGS, dpia_words.SAID, dpia_words.STILL_TO_WRITE, dpia_words.PARTS]
    assert not re.search(r"anoni|anony|rechtmatig|\blawful", " ".join(" ".join(texts(one)) for one in every).lower())


@pytest.mark.parametrize(
    ("duration", "nl"),
    [("P30D", "30 dagen"), ("P5Y", "5 jaar"), ("P1Y6M", "1 jaar en 6 maanden"), ("P2M", "2 maanden")],
)
def test_periods_in_words(duration: str, nl: str) -> None:
    assert terms.period(duration, "nl") == nl
