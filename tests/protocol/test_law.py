"""Unlawful and malformed set-ups: each is refused with its own code and a sentence that names the article."""

from __future__ import annotations

import re

import pytest

import protocols
from linkage.findings import Severity
from linkage.protocol import lint
from protocols import carded, edited

Edits = list[tuple[str, str]]
SHIPPED = carded(protocols.HASHED)
NUMBER_OF_MBO = SHIPPED[SHIPPED.index("    bsn_basis:") : SHIPPED.index("    consent: required")]
TOKENS_OF_MBO = SHIPPED[SHIPPED.index("    discloses:") : SHIPPED.index("    bsn_basis:")]
COUNTS_TO_MBO = SHIPPED[SHIPPED.index("      - to: mbo\n") : SHIPPED.index("      - to: gemeente\n")]
LAW_OF_GEMEENTE = SHIPPED[SHIPPED.index("      law: Wabb") : SHIPPED.index("    consent: not-required")]
LAW_OF_MBO = "law: WEB art. 9.2.6 (declared by the parties; have it confirmed for your own case)"
TASK = "article: 6(1)(e), law: WEB art. 9.2.8 and 9.2.10"
CONSENT = "article: 6(1)(a), law: null"
ANOTHER = (
    "      - to: {to}\n        what: {what}\n"
    "        basis: {{article: {article}, law: {law}, decided_by: Privacy officer, decided_on: 2026-08-20}}\n"
)
HEALTH = ('values: ["1", "2", "3", "4"]', 'values: ["1", "2", "3", "Wajong"]')
FLAG = "  - {name: %s, kind: category, send: %s, parties: [mbo]%s}\n"
JA_NEE = ', values: ["ja", "nee"], label: {nl: %s, en: %s}'
DATES_OF_MBO = "  - {name: diploma-date, kind: date, send: none, parties: [mbo]}\n"


def flagged(name: str, send: str, label: str = "") -> tuple[str, str]:
    """One more field of the school."""
    said = JA_NEE % (label or name, label or name) if send in ("category", "blinded") else ""
    return DATES_OF_MBO, DATES_OF_MBO + FLAG % (name, send, said)


CRIME = ('values: ["1", "2", "3", "4"]', 'values: ["1", "2", "3", "detentie"]')


def beside(first: str, **disclosure: str) -> tuple[str, str]:
    """One more direction behind the heading of a list."""
    return first, first + ANOTHER.format(**disclosure)


BACK = list(protocols.TO_RECONTACT)
"""Edits that make re-contact of it: what is wrong there comes after these."""
TO_MBO = "      - {to: mbo, what: rows, basis:"
TO_APPROVER = "      - {to: approver, what: counts, basis:"
SOME = "basis: {{article: 6(1)(e), law: WEB art. 9.2.12, decided_by: FG, decided_on: 2026-08-20}}}}\n"
MBO_LIST = SHIPPED[SHIPPED.index("    discloses:  ") : SHIPPED.index("      - to: unit\n")]
GEMEENTE_LIST = "Participatiewet art. 7\n    card: sha256:" + "1" * 64 + "\n    discloses:\n"
ANOTHER_ROW = "      - {{to: {to}, what: {what}, " + SOME
UNIT_LIST = "    discloses:\n      - to: mbo\n"

UNLAWFUL: list[tuple[str, str, str, Edits]] = [
    # code, what is wrong, the article that the sentence names, the edits that bring it about
    ("P101", "a BSN without any law", "UAVG art. 46(1)", [(NUMBER_OF_MBO, "    bsn_basis: null\n")]),
    ("P102", "a public task without its law", "art. 6(3)", [(TASK, "article: 6(1)(e), law: null")]),
    ("P102", "a legal duty without its law", "art. 6(3)", [(CONSENT, "article: 6(1)(c), law: null")]),
    ("P103", "legitimate interest of an authority in its task", "art. 6(1), last sentence",
     [(TASK, "article: 6(1)(f), law: WEB art. 9.2.8")]),
    ("P104", "tokens in a direction without a basis", "art. 6(1)", [(TOKENS_OF_MBO, "    discloses: []\n")]),
    ("P104", "the school learns counts, and no basis says so", "art. 6(1)", [(COUNTS_TO_MBO, "")]),
    ("P105", "consent as basis, and nobody is asked", "art. 7(1)", [("consent: required ", "consent: not-required ")]),
    ("P106", "a linkage unit that holds a key", "art. 4(5)", [("[linkage-unit]", "[linkage-unit, key-holder]")]),
    ("P107", "no DPIA", "art. 35(1)", [("outcome: acceptable-with-measures", "outcome: not-done")]),
    ("P107", "a DPIA that says no", "art. 35(1)", [("outcome: acceptable-with-measures", "outcome: not-acceptable")]),
    ("P108", "a basis decided after the end", "art. 5(1)(a)",
     [("decided_on: 2026-08-20", "decided_on: 2027-09-01")]),
    ("P120", "consent as a cure for BSN use", "UAVG art. 46(1)", [(LAW_OF_MBO, "law: Toestemming van de student")]),
    ("P120", "instemming as a cure for BSN use", "UAVG art. 46(1)", [(LAW_OF_MBO, "law: Instemming, WEB art. 9.2.13")]),
    ("P121", "a BSN on the GDPR alone", "GDPR art. 87", [(LAW_OF_MBO, "law: AVG art. 6 lid 1 onder e")]),
    ("P122", "a school that claims the task of authorities", "Wabb art. 10", [(LAW_OF_MBO, "law: Wabb art. 10")]),
    ("P123", "an onderwijsnummer without a law", "WEB art. 9.2.6",
     [("kind: bsn,", "kind: education-number,"), (NUMBER_OF_MBO, "    bsn_basis: null\n")]),
    ("P124", "a linkage unit that may use the BSN", "art. 25(2)",
     [("bsn_basis: null             # it never",
       "bsn_basis: {law: WRO art. 21, decided_by: FG, decided_on: 2026-08-20} # it never")]),
    ("P125", "consent where the law of a task belongs", "art. 6(3)",
     [(TASK, "article: 6(1)(e), law: Toestemming art. 7")]),
    ("P126", "a law without its article", "art. 6(3)", [(TASK, "article: 6(1)(e), law: Participatiewet")]),
    ("P126", "a law for the BSN without its article", "art. 6(3)", [("law: Wabb art. 10", "law: Wabb")]),
    ("P127", "articles that lapsed in 2026", "WEB art. 9.2.1", [(TASK, "article: 6(1)(e), law: WEB art. 8.3.2")]),
    ("P127", "a task that lapsed", "WEB art. 9.2.1", [("WEB art. 9.2.12", "WEB art. 8.3.1")]),
    ("P128", "the act of other partnerships", "art. 6(3)", [(TASK, "article: 6(1)(e), law: WGS art. 1.1")]),
    ("P129", "a count to save a life", "art. 6(1)(d)", [(CONSENT, "article: 6(1)(d), law: null")]),
    ("P130", "an authority's contract with the person", "art. 6(1)(b)", [(TASK, "article: 6(1)(b), law: null")]),
    ("P132", "consent, and otherwise a task", "7(3)",
     [beside(MBO_LIST, to="unit", what="tokens", article="6(1)(e)", law="WEB art. 9.2.12")]),
    ("P133", "consent that nobody asked: everyone gets a count", "art. 7(1)",
     [("basis: {article: 6(1)(e), law: WEB art. 9.2.10", "basis: {article: 6(1)(a), law: null")]),
    ("P134", "the gemeente learns tokens of the school", "25(1)",
     [beside(MBO_LIST, to="gemeente", what="tokens", article="6(1)(e)", law="WEB art. 9.2.12")]),
    ("P135", "statistics with rows that come back", "89(1)",
     [(UNIT_LIST, UNIT_LIST.replace("      - to: mbo\n", "") + ANOTHER.format(
         to="mbo", what="tokens", article="6(1)(e)", law="WEB art. 9.2.10") + "      - to: mbo\n")]),
    ("P135", "statistics with rows that are passed on", "89(1)",
     [beside(MBO_LIST, to="gemeente", what="rows", article="6(1)(e)", law="WEB art. 9.2.12")]),
    ("P104", "rows that come back without a basis", "art. 6(1)", [*BACK, (TO_MBO, TO_MBO.replace("rows", "counts"))]),
    ("P104", "an approver is told a count without a basis", "art. 6(1)",
     [*BACK, (TO_APPROVER, TO_APPROVER.replace("approver", "gemeente"))]),
    ("P143", "the gemeente gets rows of the school", "5(1)(c)",
     [*BACK, (TO_MBO, ANOTHER_ROW.format(to="gemeente", what="rows") + TO_MBO)]),
    ("P143", "tokens come back instead of rows", "5(1)(c)",
     [*BACK, (TO_MBO, ANOTHER_ROW.format(to="mbo", what="tokens") + TO_MBO)]),
    ("P143", "the gemeente gives its rows away", "5(1)(c)",
     [*BACK, beside(GEMEENTE_LIST, to="mbo", what="rows", article="6(1)(e)", law="WEB art. 9.2.12")]),
    ("P144", "people who never consented are approached", "7(1)",
     [*BACK, ("consent: required ", "consent: not-required ")]),
    ("P145", "people are approached for statistics", "recital 162",
     [*BACK, ("compatibility: consent ", "compatibility: statistics ")]),
    ("P146", "a school approaches people in no task", "6(3)",
     [*BACK, ("Loopbaanbegeleiding na diplomering, WEB art. 9.2.12", "Loopbaanbegeleiding")]),
    ("P147", "people are handed over who did not agree", "9.2.13(2)",
     [*BACK, beside(MBO_LIST, to="gemeente", what="rows", article="6(1)(e)", law="WEB art. 9.2.13")]),
    ("P148", "the linkage unit approves its own list", "art. 24(1)",
     [*BACK, ("value: \"99999998\"", "value: \"99999999\"")]),
    ("P148", "the school approves its own list", "art. 24(1)",
     [*BACK, ("{scheme: KvK, value: \"99999998\"}", "{scheme: BRIN, value: 99ZZ}")]),
    ("P149", "a category leaves for a list", "art. 5(1)(c)",
     [*BACK, ("{name: level, kind: category, send: none, parties: [mbo]}",
              "{name: level, kind: category, send: category, parties: [mbo], values: [\"1\", \"2\", \"3\", \"4\"]}")]),
    ("P136", "statistics with a cell per person", "recital 162", [("quota: 50000 ", "quota: 11 ")]),
    ("P137", "statistics in order to guide persons", "art. 5(1)(b)",
     [("dpv: https://w3id.org/dpv#PublicPolicyMaking", "dpv: https://w3id.org/dpv/sector/education#StudentGuidanceManagement")]),
    ("P138", "compatible by the consent of nobody", "art. 6(4)",
     [("compatibility: statistics ", "compatibility: consent "), ("consent: required ", "consent: not-required "),
      (CONSENT, "article: 6(1)(f), law: null")]),
    ("P139", "compatible by a law that nobody names", "art. 6(4)",
     [("compatibility: statistics ", "compatibility: law "), (TASK, "article: 6(1)(a), law: null"),
      ("law: WEB art. 9.2.10", "law: null"), ("law: WEB art. 9.2.10", "law: null")]),
    ("P140", "a category that tells of a handicap", "art. 9(1)", [HEALTH]),
    ("P141", "a category that tells of a prison", "art. 10", [CRIME]),
    ("P170", "the mentor's judgement in clear", "art. 9(1)", [flagged("kwetsbaar", "category")]),
    ("P170", "the same as a code", "art. 9(1)", [flagged("vulnerable", "blinded")]),
    ("P170", "the same as a token", "art. 9(1)", [flagged("ggz-diagnose", "exact")]),
    ("P170", "the same under a name that says nothing", "art. 9(1)",
     [flagged("flag-7", "category", "Psychische problematiek")]),
    ("P142", "a postcode in clear", "5(1)(c)",
     [("    kind: category\n    send: blinded\n    parties: [mbo]\n    values: [\"1\"",
       "    kind: postcode\n    send: category\n    parties: [mbo]\n    values: [\"1\"")]),
    ("P150", "nobody is controller", "art. 4(7)",
     [("legal_role: controller", "legal_role: recipient"), ("legal_role: controller", "legal_role: recipient")]),
    ("P151", "joint with nobody", "art. 26(1)", [("legal_role: controller", "legal_role: joint-controller")]),
    ("P152", "a school as processor of its own records", "art. 28(10)",
     [("legal_role: controller", "legal_role: processor")]),
    ("P153", "a school as mere recipient", "art. 4(7)", [("legal_role: controller", "legal_role: recipient")]),
    ("P154", "a linkage unit as mere recipient", "art. 4(8)", [("legal_role: processor", "legal_role: recipient")]),
    ("P155", "a processor without a contract", "art. 28(3)",
     [("Verwerker volgens overeenkomst 2026-17, AVG art. 28", "Koppelt gegevens")]),
    ("P156", "an authority without a task by law", "art. 6(3)",
     [(" Doorstroompunt en uitvoering Participatiewet art. 7", "")]),
    ("P157", "the school is its own linkage unit", "art. 4(7)",
     [('number: {scheme: KvK, value: "99999999"}', "number: {scheme: BRIN, value: 99ZZ}")]),
    ("P158", "a disclosure to oneself", "art. 4(9)",
     [beside(MBO_LIST, to="mbo", what="counts", article="6(1)(e)", law="WEB art. 9.2.12")]),
    ("P159", "a DPIA made afterwards", "art. 35(1)", [("advised_on: 2026-08-19", "advised_on: 2026-10-19")]),
    ("P160", "a basis decided afterwards", "art. 5(1)(a)", [("decided_on: 2026-08-20", "decided_on: 2026-10-20")]),
    ("P160", "a law for the BSN decided on afterwards", "art. 5(1)(a)",
     [(LAW_OF_GEMEENTE, LAW_OF_GEMEENTE.replace("2026-08-21", "2026-10-01"))]),
    ("P161", "tokens that outlive their result", "art. 5(1)(e)", [("packages: P30D", "packages: P6Y")]),
    ("P162", "results that outlive their account", "art. 5(2)", [("ledger: P7Y", "ledger: P4Y11M")]),
    ("P163", "a secret that is never destroyed", "art. 5(1)(e)",
     [("secret_destroyed_on: 2026-12-31", "secret_destroyed_on: 2028-09-01")]),
]  # fmt: skip
DOUBTFUL: list[tuple[str, str, str, Edits]] = [
    ("P131", "an authority that asks consent", "art. 7(4)", [(TASK, CONSENT)]),
    ("P171", "a package of the vulnerable only", "9(1)",
     [flagged("kwetsbaar", "none"), ("    cohort:                     #",
      '    cohort:\n      - {field: kwetsbaar, one_of: [ja], when_missing: out}   #')]),
    ("P164", "consent of children", "UAVG art. 5(1)", [("age_from: 16", "age_from: 15")]),
    ("P165", "tokens kept from wave to wave", "art. 5(1)(e)",
     [("reference_date: 2026-10-01", "reference_date: 2026-10-01\n"
       "waves: {dates: [2027-04-01], tokens: kept, kept_until: 2027-04-01}")]),
]  # fmt: skip
CASES = [
    pytest.param(code, article, edits, id=f"{code} {story}") for code, story, article, edits in UNLAWFUL + DOUBTFUL
]


@pytest.mark.parametrize(("code", "article", "edits"), CASES)
def test_a_set_up_is_refused_with_its_code_and_article(code: str, article: str, edits: Edits) -> None:
    found = [finding for finding in lint.check(edited(*edits)) if finding.code == code]
    assert found
    doubtful = code in {code for code, *_ in DOUBTFUL}
    assert {f.severity for f in found} == {Severity.WARNING if doubtful else Severity.ERROR}
    assert all(article in finding.message for finding in found)
    assert all(re.search(r"[.)]$", finding.message) for finding in found)


def test_there_are_many_and_each_rule_of_law_is_among_them() -> None:
    assert len({code for code, *_ in UNLAWFUL}) >= 40
    tried = {code for code, *_ in UNLAWFUL + DOUBTFUL}
    ours = {rule.code for rule in lint.RULES if "P120" <= rule.code < "P2"}
    assert ours <= tried
    errors = {rule.code for rule in lint.RULES if rule.severity is Severity.ERROR and rule.code.startswith("P1")}
    assert errors <= tried


@pytest.mark.parametrize(
    "rule", [r for r in lint.RULES if r.code < "P2" and r.severity is Severity.ERROR], ids=lambda r: r.code
)
def test_every_error_of_law_cites_an_article(rule: lint.Rule) -> None:
    assert re.match(r"(GDPR|UAVG|Wabb|WEB) art\. [0-9]", rule.article)


@pytest.mark.parametrize(
    ("code", "edits"),
    [
        pytest.param("P121", [(LAW_OF_MBO, "law: UAVG art. 46 met WEB art. 9.2.6")], id="P121 lets a national law be"),
        pytest.param("P122", [("law: Wabb art. 10", "law: Wabb art. 10 en 11")], id="P122 lets authorities be"),
        pytest.param("P127", [(TASK, "article: 6(1)(e), law: WEB art. 8.3.2"), ("valid: {from: 2026-09-01",
                     "valid: {from: 2025-09-01"), ("reference_date: 2026-10-01", "reference_date: 2025-12-31")],
                     id="P127 lets the old articles be before 2026"),
        pytest.param("P132", [beside(MBO_LIST, to="unit", what="counts", article="6(1)(e)", law="WEB art. 9.2.12")],
                     id="P132 is about one direction"),
        pytest.param("P136", [("quota: 50000 ", "quota: 12 ")], id="P136 lets as many cells as persons be"),
        pytest.param("P133", [*BACK, (TO_MBO + " {article: 6(1)(e), law: WEB art. 9.2.12,",
                     TO_MBO + " {article: 6(1)(a), law: null,")], id="P133 lets consent asked by the holder be"),
        *(pytest.param(code, BACK, id=f"{code} lets re-contact be") for code in
          ("P104", "P133", "P134", "P135", "P143", "P144", "P145", "P146", "P147", "P148", "P149", "P157")),
        pytest.param("P147", [*BACK, ("    consent: required ", "    agreement: required\n    consent: required "),
                     beside(MBO_LIST, to="gemeente", what="rows", article="6(1)(e)", law="WEB art. 9.2.13")],
                     id="P147 lets those be who agreed"),
        pytest.param("P143", [*BACK, beside(MBO_LIST, to="gemeente", what="rows", article="6(1)(e)",
                     law="WEB art. 9.2.13")], id="P143 lets the relation holder hand over"),
        pytest.param("P140", [HEALTH, (CONSENT, "article: 6(1)(a), law: AVG art. 9(2)(j) met UAVG art. 24")],
                     id="P140 lets a ground of art. 9(2) be"),
        pytest.param("P170", [flagged("kwetsbaar", "none")], id="P170 lets a flag that stays be"),
        pytest.param("P170", [flagged("kwetsbaar", "category"),
                     (CONSENT, "article: 6(1)(a), law: AVG art. 9(2)(a)")], id="P170 lets a ground of art. 9(2) be"),
        pytest.param("P171", [flagged("kwetsbaar", "none")], id="P171 lets a flag that selects nobody be"),
        pytest.param("P141", [CRIME, (CONSENT, "article: 6(1)(a), law: UAVG art. 32")], id="P141 lets UAVG 32 be"),
        pytest.param("P151", [("legal_role: controller", "legal_role: joint-controller")] * 2, id="P151 lets two be"),
        pytest.param("P159", [("advised_on: 2026-08-19", "advised_on: 2026-09-01")], id="P159 lets the first day be"),
        pytest.param("P161", [("packages: P30D", "packages: P5Y")], id="P161 lets equal periods be"),
        pytest.param("P162", [("ledger: P7Y", "ledger: P5Y")], id="P162 lets equal periods be"),
        pytest.param("P163", [("secret_destroyed_on: 2026-12-31", "secret_destroyed_on: 2028-08-31")],
                     id="P163 lets a year be"),
    ],
)  # fmt: skip
def test_a_rule_does_not_see_what_is_not_there(code: str, edits: Edits) -> None:
    assert code not in {finding.code for finding in lint.check(edited(*edits))}


@pytest.mark.parametrize("text", [protocols.SHIPPED, protocols.WITHOUT_NUMBER])
def test_the_shipped_protocols_set_off_none(text: str) -> None:
    assert not {finding.code for finding in lint.check(edited(text=carded(text)))} & {code for code, *_ in UNLAWFUL}
