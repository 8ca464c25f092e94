"""Lint rules: each is set off by one edit, and by nothing in the shipped protocol."""

from __future__ import annotations

import inspect
import re

import pytest

import protocols
from linkage import canonical
from linkage.findings import Severity
from linkage.protocol import Protocol, lint
from linkage.protocol.load import loads
from protocols import carded, edited

HASHED, CLK, WITHOUT_NUMBER = map(carded, (protocols.HASHED, protocols.CLK, protocols.WITHOUT_NUMBER))
SHIPPED = carded(protocols.SHIPPED)
STATED = {"P201", "P209", "P211", "P230"}
"""What the protocol with a keyed hash admits about itself, besides it: a young profile, a threshold of the run, codes
that show how often they occur."""
OPRF = {"P209", "P211", "P220", "P222", "P230"}
"""What the shipped protocol admits: instead of a keyed hash, what key-holders can and cannot prevent."""
ALWAYS = STATED | {"P202"}
"""With the other profile: that filters are plain."""


def codes(protocol: Protocol) -> set[str]:
    return {finding.code for finding in lint.check(protocol)}


NUMBER_OF_MBO = HASHED[HASHED.index("    bsn_basis:") : HASHED.index("    consent: required")]
TOKENS_OF_MBO = HASHED[HASHED.index("    discloses:") : HASHED.index("    bsn_basis:")]
COUNTS_TO_MBO = HASHED[HASHED.index("      - to: mbo\n") : HASHED.index("      - to: gemeente\n")]
LAW_OF_GEMEENTE = HASHED[HASHED.index("      law: Wabb") : HASHED.index("    consent: not-required")]
TWO_FIELDS = [
    (f"  - {{name: {name}, kind: {name}, send: bloom, parties: [mbo, gemeente]}}\n", "")
    for name in ("given-name", "postcode")
] + [(f"    - {{field: {name}, q: 2, weight: 1}}\n", "") for name in ("given-name", "postcode")]
AIM = "threshold: {aim: balance}"
DECIDED = (
    "minimum_decision: null",
    "minimum_decision: {decided_by: Privacy officer, decided_on: 2026-08-20, reason: agreed with the parties}",
)
METHOD = SHIPPED[SHIPPED.index("      method: suppression") : SHIPPED.index("      margins: []")]
KEYED = (
    "      method: cell-key\n      minimum: 10\n      minimum_decision: null\n      rounding: 5\n"
    "      largest_noise: 5\n"
)
POOL = SHIPPED[SHIPPED.index("    pool: ") : SHIPPED.index("\nretention:")]
PRIVATE = [
    (METHOD, "      method: differential-privacy\n      epsilon: 1\n      budget: 2\n"),
    (POOL, "    pool: null\n"),
    (AIM, "threshold: 0.55"),
]

_NOW = "sought: [{name: benefits, label: {nl: uitkering, en: benefits}, at: [gemeente]}]"
_STATES = f"    splits:\n      - {{name: now, label: {{nl: nu, en: now}}, {_NOW}}}\n"
_OUTPUT = HASHED[HASHED.index("  - name: on-benefits") : HASHED.index("retention:")]
_FOUND_IN = _OUTPUT[_OUTPUT.index("    found_in:") : _OUTPUT.index("    by:")]
_STATUS = _OUTPUT.replace("question: overlap", "question: partition").replace(_FOUND_IN, _STATES)
_BEFORE = f"      - {{name: before, wave: previous, label: {{nl: toen, en: then}}, {_NOW}}}\n"
_MOVES = _STATUS.replace("name: on-benefits", "name: moves").replace(_STATES, _STATES + _BEFORE)
MOVING = [
    ("reference_date: 2026-10-01", "reference_date: 2026-10-01\nwaves: {dates: [2027-04-01], tokens: kept, kept_until: "
     "2027-04-01}"), ("destroyed_on: 2026-12-31", "destroyed_on: 2027-12-31"), (_OUTPUT, _STATUS + _MOVES),
]  # fmt: skip
EDITS = [
    ("P101", "mbo uses a BSN without a law", [(NUMBER_OF_MBO, "    bsn_basis: null\n")], "parties.mbo"),
    ("P102", "a public task without its law", [("law: WEB art. 9.2.8 and 9.2.10", "law: null")],
     "parties.gemeente.discloses"),
    ("P102", "a legal duty without its law", [("article: 6(1)(a)", "article: 6(1)(c)")], "parties.mbo.discloses"),
    ("P103", "an authority with an interest", [("6(1)(e), law: WEB art. 9.2.8", "6(1)(f), law: WEB art. 9.2.8")],
     "parties.gemeente.discloses"),
    ("P104", "tokens without a basis", [(TOKENS_OF_MBO, "    discloses: []\n")], "parties.mbo.discloses"),
    ("P104", "counts without a basis", [(COUNTS_TO_MBO, "")], "parties.unit.discloses"),
    ("P105", "consent not asked", [("consent: required ", "consent: not-required ")], "parties.mbo.consent"),
    ("P106", "the unit holds a key", [("[linkage-unit]", "[linkage-unit, key-holder]")], "parties.unit.roles"),
    ("P107", "a DPIA that says no", [("outcome: acceptable-with-measures", "outcome: not-acceptable")], "dpia.outcome"),
    ("P107", "no DPIA", [("outcome: acceptable-with-measures", "outcome: not-done")], "dpia.outcome"),
    ("P108", "an end before the beginning", [("until: 2027-08-31", "until: 2026-08-31")], "valid"),
    ("P108", "a reference date after the end", [("reference_date: 2026-10-01", "reference_date: 2027-09-01"),
     ("destroyed_on: 2026-12-31", "destroyed_on: 2027-12-31")], "reference_date"),
    ("P108", "a reference date before the beginning", [("reference_date: 2026-10-01", "reference_date: 2026-08-31")],
     "reference_date"),
    ("P108", "the secret destroyed too early", [("destroyed_on: 2026-12-31", "destroyed_on: 2026-09-30")],
     "retention.secret_destroyed_on"),
    ("P108", "a basis decided afterwards", [("decided_on: 2026-08-20", "decided_on: 2027-09-01")],
     "parties.mbo.discloses"),
    ("P108", "a law decided on afterwards", [(LAW_OF_GEMEENTE, LAW_OF_GEMEENTE.replace("2026", "2028"))],
     "parties.gemeente.bsn_basis"),
    ("P108", "a DPIA afterwards", [("advised_on: 2026-08-19", "advised_on: 2027-09-01")], "dpia.advised_on"),
    ("P109", "a card that is missing", [(f"card: sha256:{'1' * 64}", "card: null")], "parties.gemeente.card"),
    ("P110", "a quota that bounds nothing", [("quota: 50000 ", "quota: 1000001 ")], "parties.mbo.quota"),
    ("P203", "two fields in a filter", TWO_FIELDS, "encoding.fields"),
    ("P207", "a birth date as token", [("kind: birth-date, send: bloom", "kind: birth-date, send: exact"),
     ("    - {field: birth-date, q: 2, weight: 1}\n", "")], "fields.birth-date"),
    ("P208", "a match lost in a short filter", [("bits: 8192", "bits: 2048")], "matching.stages"),
    ("P208", "a match lost by many votes", [("votes: 4", "votes: 6")], "matching.stages"),
    ("P208", "a threshold too near to chance", [(AIM, "threshold: 0.527")], "matching.stages"),
    ("P210", "two votes per bit", [("votes: 4", "votes: 2")], "encoding.votes"),
    ("P211", "another aim", [("aim: balance", "aim: precision, at_least: 0.99")], "matching.stages"),
    ("P302", "cells of nine", [("minimum: 10", "minimum: 9"), DECIDED], "outputs.on-benefits.protection.minimum"),
    ("P302", "cells of five", [("minimum: 10", "minimum: 5"), DECIDED], "outputs.on-benefits.protection.minimum"),
    ("P303", "hardly rounded", [("rounding: 5", "rounding: 4")], "outputs.on-benefits.protection.rounding"),
    ("P305", "none and all are shown", [("zero_and_full: hide", "zero_and_full: show")],
     "outputs.on-benefits.protection.zero_and_full"),
    ("P306", "a large budget", [*PRIVATE, ("budget: 2", "budget: 4")], "outputs.on-benefits.protection.budget"),
    ("P307", "a small cohort", [("smallest_cohort: 30", "smallest_cohort: 29")], "outputs.on-benefits.smallest_cohort"),
    ("P308", "noise by cell key", [(METHOD, KEYED)], "outputs.on-benefits.protection.method"),
    ("P309", "moves under suppression", MOVING, "outputs.moves.protection.method"),
    ("P304", "counts for no recipient", [("roles: [custodian, recipient]", "roles: [custodian]")],
     "outputs.on-benefits.to"),
]  # fmt: skip


PLAIN = [
    ("P202", "plain filters", [], "encoding.profile"),
    ("P204", "a filter that is nearly empty", [("bits: 1024", "bits: 8192")], "encoding"),
    ("P204", "a filter that is nearly full", [("positions: 6}", "positions: 64}"), ("positions: 6}", "positions: 64}")],
     "encoding"),
    ("P205", "a short filter", [("bits: 1024", "bits: 960")], "encoding.bits"),
    ("P206", "a low threshold on Dice", [("threshold: 0.80", "threshold: 0.69")], "matching.stages"),
    ("P206", "a low threshold on Tversky", [("dice, threshold: 0.80", "tversky, larger_weight: 0.2, threshold: 0.6")],
     "matching.stages"),
    ("P211", "a threshold of the run", [("threshold: 0.80", AIM)], "matching.stages"),
    ("P212", "a hardening", [("bits: 1024\n", "bits: 1024\n  hardening: [{step: rule-90}]\n")], "encoding.hardening"),
]  # fmt: skip
TRIED = [(c, e, w, HASHED, s) for c, s, e, w in EDITS] + [(c, e, w, CLK, s) for c, s, e, w in PLAIN]


@pytest.mark.parametrize(
    ("code", "edits", "where", "text"), [pytest.param(*rest, id=f"{rest[0]} {story}") for *rest, story in TRIED]
)
def test_an_edit_sets_off_its_rule_and_no_other(code: str, edits: list[tuple[str, str]], where: str, text: str) -> None:
    found = lint.check(edited(*edits, text=text))
    also = {"P306": {"P308"}, "P309": {"P165"}}.get(code, set())  # a budget is of noise, and moves keep tokens
    assert {finding.code for finding in found} - ALWAYS == {code, *also} - ALWAYS
    assert code in {finding.code for finding in found}
    assert where in {finding.where for finding in found if finding.code == code}


@pytest.mark.parametrize(
    ("code", "edits"),
    [
        pytest.param("P201", [("kind: bsn,", "kind: education-number,")], id="P201 is about BSN alone"),
        pytest.param("P207", [("kind: bsn,", "kind: education-number,")], id="P207 lets education numbers be"),
        pytest.param("P101", [("kind: bsn,", "kind: education-number,"), (NUMBER_OF_MBO, "    bsn_basis: null\n")],
                     id="P101 is about BSN alone"),
        pytest.param("P103", [("6(1)(a), law: null", "6(1)(f), law: null")], id="P103 is about authorities alone"),
        pytest.param("P102", [("6(1)(a), law: null", "6(1)(b), law: null")], id="P102 is about duties and tasks alone"),
        pytest.param("P206", [(AIM, "threshold: 0.54")], id="P206 is not about agreement"),
        pytest.param("P208", [("bits: 8192", "bits: 4096")], id="P208 lets 4,096 bits be"),
        pytest.param("P208", [(AIM, "threshold: 0.528")], id="P208 lets 5 sigma be"),
        pytest.param("P208", [("votes: 4", "votes: 3"), ("bits: 8192", "bits: 2048")], id="P208 lets three votes be"),
        pytest.param("P211", [(AIM, "threshold: 0.55")], id="P211 lets a fixed threshold be"),
        pytest.param("P306", PRIVATE, id="P306 lets two be"),
        pytest.param("P108", [("reference_date: 2026-10-01", "reference_date: 2026-09-01")],
                     id="P108 lets the first day be"),
        pytest.param("P108", [("advised_on: 2026-08-19", "advised_on: 2027-08-31")], id="P108 lets the last day be"),
    ],
)  # fmt: skip
def test_a_rule_does_not_see_what_is_not_there(code: str, edits: list[tuple[str, str]]) -> None:
    assert code not in codes(edited(*edits))


ALONE = "roles: [custodian, key-holder, recipient]"
OF_OPRF = [
    ("P221", [(ALONE, "roles: [custodian, recipient]")], "parties.gemeente.roles"),
    ("P223", [("rounds: 2", "rounds: 4")], "matching.stages"),
    ("P224", [(protocols.OPRF, "token: hmac-sha256")], "parties.mbo.roles"),
    ("P201", [(protocols.OPRF, "token: hmac-sha256")], "matching.stages"),
    ("P201", [(f"    - {{stage: exact, field: bsn, {protocols.OPRF}}}", "")], "matching.stages"),
]


@pytest.mark.parametrize(("code", "edits", "where"), OF_OPRF)
def test_an_edit_of_numbers_by_oblivious_prf_sets_off_its_rule(
    code: str, edits: list[tuple[str, str]], where: str
) -> None:
    found = lint.check(edited(*edits, text=SHIPPED))
    assert where in {finding.where for finding in found if finding.code == code}
    assert {finding.code for finding in found} - OPRF <= {"P201", "P224", code}


def test_what_is_said_of_oblivious_prfs() -> None:
    said = {f.code: f.message for f in lint.check(edited(text=SHIPPED))}
    assert "(mbo 100,000, gemeente 200,000)" in said["P220"]
    assert "all key-holders (mbo, gemeente)" in said["P220"]
    alone = {f.code: f.message for f in lint.check(edited((ALONE, "roles: [custodian, recipient]"), text=SHIPPED))}
    assert "linkage unit + this one party = every number" in alone["P221"]
    assert "P222" not in codes(edited(("check: canary", "check: dleq"), text=SHIPPED))


@pytest.mark.parametrize(
    ("code", "edits"),
    [
        pytest.param("P206", [("threshold: 0.80", "threshold: 0.70")], id="P206 lets 0.70 be"),
        pytest.param("P206", [("threshold: 0.80", AIM)], id="P206 lets the unit choose"),
        pytest.param("P208", [], id="P208 is about hardened filters alone"),
        pytest.param("P209", [], id="P209 is about hardened filters alone"),
    ],
)
def test_a_rule_does_not_see_what_is_not_there_in_plain_filters(code: str, edits: list[tuple[str, str]]) -> None:
    assert code not in codes(edited(*edits, text=CLK))


@pytest.mark.parametrize(
    ("text", "stated"),
    [(HASHED, STATED), (SHIPPED, OPRF), (WITHOUT_NUMBER, {"P202", "P211", "P230"}), (CLK, {"P201", "P202", "P230"})],
)
def test_the_shipped_protocols_have_no_error_and_state_their_prices(text: str, stated: set[str]) -> None:
    found = lint.check(loads(text.encode(), name="p.yml"))
    assert {finding.code for finding in found} == stated
    assert {finding.severity for finding in found} <= {Severity.WARNING, Severity.INFO}


@pytest.mark.parametrize("text", [protocols.SHIPPED, protocols.WITHOUT_NUMBER])
def test_a_shipped_protocol_wants_cards(text: str) -> None:
    assert codes(loads(text.encode(), name="p.yml")) == codes(loads(carded(text).encode(), name="p.yml")) | {"P109"}


MADE = """  - name: place
    kind: category
    send: category
    parties: [mbo]
    values: [AM01, AM35]
    made: {method: region, of: town, level: labour-market, year: 2026}
  - {name: town, kind: category, send: none, parties: [mbo]}
"""
BEFORE = "  - {name: diploma-date"
OF_LEVEL = ("of: town, level", "of: level, level")
UNIT_READS = ("    to: [mbo, gemeente]", "    to: [mbo, unit]")
OF_CATEGORIES = [
    ("P231", [protocols.CLEAR, (BEFORE, MADE + BEFORE), OF_LEVEL], "fields.level.send"),
    ("P232", [UNIT_READS], "outputs.on-benefits.to"),
]


@pytest.mark.parametrize(("code", "edits", "where"), OF_CATEGORIES)
def test_an_edit_of_categories_sets_off_its_rule(code: str, edits: list[tuple[str, str]], where: str) -> None:
    assert where in {finding.where for finding in lint.check(edited(*edits)) if finding.code == code}
    assert code not in codes(edited(protocols.CLEAR, (BEFORE, MADE + BEFORE)))


def test_of_every_field_that_travels_in_codes_it_is_said_that_they_can_be_counted() -> None:
    said = {f.where: f.message for f in lint.check(edited()) if f.code == "P230"}
    assert said == {
        "fields.level": "4 codes, and unit sees how often each occurs",
        "fields.school-year": "3 codes, and unit sees how often each occurs",
    }
    assert {f.where for f in lint.check(edited(protocols.CLEAR)) if f.code == "P230"} == {"fields.school-year"}


def test_a_blinded_category_is_of_a_kind_that_identifies_nobody() -> None:
    assert "P142" in codes(edited(("kind: category\n    send: blinded", "kind: postcode\n    send: blinded")))


def test_what_an_aim_and_a_margin_say() -> None:
    found = lint.check(edited(("bits: 8192", "bits: 2048")))
    said = {finding.code: finding.message for finding in found}
    assert said["P211"] == "the unit chooses the threshold of every run, aiming at balance"
    assert said["P208"] == "a match of cosine 0.75 is 3.8 sigma above chance; 5 wanted"


def test_every_rule_is_tried_above() -> None:
    here = {rule.code for rule in lint.RULES if not "P120" <= rule.code < "P2"}  # those: test_law.py
    assert {code for code, *_ in TRIED} | STATED | OPRF | {code for code, _, _ in (*OF_OPRF, *OF_CATEGORIES)} == here


def test_codes_are_unique_and_say_their_family() -> None:
    seen = [rule.code for rule in lint.RULES]
    assert len(set(seen)) == len(seen)
    assert all(re.fullmatch(r"P[123]\d\d", code) for code in seen)


@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.code)
def test_a_rule_is_documented_by_its_docstring(rule: lint.Rule) -> None:
    assert rule.doc == " ".join((inspect.getdoc(rule.check) or "").split())
    assert rule.doc.endswith((".", ")."))
    assert len(rule.doc) > 40


def test_findings_come_in_order_of_their_code() -> None:
    found = [
        finding.code
        for finding in lint.check(edited(("minimum: 10", "minimum: 5"), DECIDED, ("rounding: 5", "rounding: 1")))
    ]
    assert found == sorted(found) == ["P201", "P209", "P211", "P230", "P230", "P302", "P303"]


def test_linting_changes_nothing_and_tells_the_same_twice() -> None:
    agreed = edited(("minimum: 10", "minimum: 5"), DECIDED)
    before = agreed.digest
    assert lint.check(agreed) == lint.check(agreed)
    assert agreed.digest == before == canonical.digest(agreed.model_dump(mode="json", by_alias=True, exclude_none=True))
