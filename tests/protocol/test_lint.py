"""Lint rules: each is set off by one edit, and by nothing in the shipped protocol."""

from __future__ import annotations

import functools
import inspect
import re

import pytest

from linkage import canonical, files
from linkage.findings import Severity
from linkage.protocol import Protocol, lint
from linkage.protocol.load import loads

SHIPPED = files.shipped("protocols/graduates-on-benefits.yml").read_text(encoding="utf-8")
for number in range(3):  # the cards that `linkage protocol new` fills in
    SHIPPED = SHIPPED.replace("card: null", f"card: sha256:{str(number) * 64}", 1)

STATED = {"P201", "P202"}
"""What the shipped protocol admits about itself: a keyed hash, and plain filters."""
ALWAYS = STATED | {"P209"}
"""With the other profile: that it is young."""


@functools.cache
def edited(*edits: tuple[str, str]) -> Protocol:
    text = SHIPPED
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return loads(text.encode(), name="p.yml")


def codes(protocol: Protocol) -> set[str]:
    return {finding.code for finding in lint.check(protocol)}


NUMBER_OF_MBO = SHIPPED[SHIPPED.index("    bsn_basis:") : SHIPPED.index("    consent: required")]
TOKENS_OF_MBO = SHIPPED[SHIPPED.index("    discloses:") : SHIPPED.index("    bsn_basis:")]
COUNTS_TO_MBO = SHIPPED[SHIPPED.index("      - to: mbo\n") : SHIPPED.index("      - to: gemeente\n")]
LAW_OF_GEMEENTE = SHIPPED[SHIPPED.index("      law: Wabb") : SHIPPED.index("    consent: not-required")]
TWO_FIELDS = [
    (f"  - {{name: {name}, kind: {name}, send: bloom, parties: [mbo, gemeente]}}\n", "")
    for name in ("given-name", "postcode")
] + [
    ("    - {field: given-name, q: 2, positions: 10}\n", ""),
    ("    - {field: postcode, q: 1, positions: 6}\n", ""),
    ("positions: 10", "positions: 30"),
]

CLK = SHIPPED[SHIPPED.index("  profile: clk") : SHIPPED.index("matching:")]
HARDENED = """  profile: hardened
  rules: 2
  bits: 4096
  prf: hmac-sha512-shake256
  votes: 4
  fields_needed: 3
  fields:
    - {field: given-name, q: 2, weight: 3}
    - {field: surname, q: 2, weight: 3}
    - {field: birth-date, q: 1, weight: 4}
    - {field: postcode, q: 1, weight: 2}

"""
TO_HARDENED = [(CLK, HARDENED), ("similarity: dice, threshold: 0.80", "similarity: agreement, threshold: 0.54")]

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
    ("P203", "two fields in a filter", TWO_FIELDS, "encoding.fields"),
    ("P204", "a filter that is nearly empty", [("bits: 1024", "bits: 8192")], "encoding"),
    ("P204", "a filter that is nearly full", [("positions: 10", "positions: 64"), ("positions: 10", "positions: 64")],
     "encoding"),
    ("P205", "a short filter", [("bits: 1024", "bits: 960")], "encoding.bits"),
    ("P206", "a low threshold", [("threshold: 0.80", "threshold: 0.74")], "matching.stages"),
    ("P207", "a birth date as token", [("kind: birth-date, send: bloom", "kind: birth-date, send: exact"),
     ("    - {field: birth-date, q: 1, positions: 12}\n", ""), ("positions: 10", "positions: 20")],
     "fields.birth-date"),
    ("P208", "a margin too small", [*TO_HARDENED, ("bits: 4096", "bits: 2048")], "matching.stages"),
    ("P209", "a young profile", TO_HARDENED, "encoding.profile"),
    ("P210", "two votes per bit", [*TO_HARDENED, ("votes: 4", "votes: 2")], "encoding.votes"),
    ("P301", "cells of four", [("minimum: 10", "minimum: 4")], "outputs.on-benefits.minimum"),
    ("P302", "cells of nine", [("minimum: 10", "minimum: 9")], "outputs.on-benefits.minimum"),
    ("P302", "cells of five", [("minimum: 10", "minimum: 5")], "outputs.on-benefits.minimum"),
    ("P303", "hardly rounded", [("rounding: 5", "rounding: 4")], "outputs.on-benefits.rounding"),
    ("P304", "counts for no recipient", [("roles: [custodian, recipient]", "roles: [custodian]")],
     "outputs.on-benefits.to"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "edits", "where"), [pytest.param(c, e, w, id=f"{c} {s}") for c, s, e, w in EDITS])
def test_an_edit_sets_off_its_rule_and_no_other(code: str, edits: list[tuple[str, str]], where: str) -> None:
    found = lint.check(edited(*edits))
    assert {finding.code for finding in found} - ALWAYS == {code} - ALWAYS
    assert code in {finding.code for finding in found}
    assert where in {finding.where for finding in found if finding.code == code}


@pytest.mark.parametrize(
    ("code", "edits"),
    [
        pytest.param("P201", [("- {stage: exact, field: bsn, token: hmac-sha256}", "")],
                     id="P201 needs an exact stage"),
        pytest.param("P207", [("kind: bsn,", "kind: education-number,")], id="P207 lets education numbers be"),
        pytest.param("P101", [("kind: bsn,", "kind: education-number,"), (NUMBER_OF_MBO, "    bsn_basis: null\n")],
                     id="P101 is about BSN alone"),
        pytest.param("P103", [("6(1)(a), law: null", "6(1)(f), law: null")], id="P103 is about authorities alone"),
        pytest.param("P102", [("6(1)(a), law: null", "6(1)(b), law: null")], id="P102 is about duties and tasks alone"),
        pytest.param("P206", [("threshold: 0.80", "threshold: 0.75")], id="P206 lets 0.75 be"),
        pytest.param("P301", [("minimum: 10", "minimum: 5")], id="P301 lets five be"),
        pytest.param("P108", [("reference_date: 2026-10-01", "reference_date: 2026-09-01")],
                     id="P108 lets the first day be"),
        pytest.param("P108", [("advised_on: 2026-08-19", "advised_on: 2027-08-31")], id="P108 lets the last day be"),
    ],
)  # fmt: skip
def test_a_rule_does_not_see_what_is_not_there(code: str, edits: list[tuple[str, str]]) -> None:
    assert code not in codes(edited(*edits))


def test_the_shipped_protocol_has_no_error_and_states_its_two_prices() -> None:
    found = lint.check(edited())
    assert {finding.code for finding in found} == STATED
    assert {finding.severity for finding in found} == {Severity.WARNING}


def test_the_shipped_protocol_wants_cards() -> None:
    text = files.shipped("protocols/graduates-on-benefits.yml").read_bytes()
    assert codes(loads(text, name="p.yml")) == STATED | {"P109"}


def test_every_rule_is_tried_above() -> None:
    assert {code for code, *_ in EDITS} | STATED == {rule.code for rule in lint.RULES}


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
        finding.code for finding in lint.check(edited(("minimum: 10", "minimum: 4"), ("rounding: 5", "rounding: 1")))
    ]
    assert found == sorted(found) == ["P201", "P202", "P301", "P303"]


def test_linting_changes_nothing_and_tells_the_same_twice() -> None:
    agreed = edited(("minimum: 10", "minimum: 4"))
    before = agreed.digest
    assert lint.check(agreed) == lint.check(agreed)
    assert agreed.digest == before == canonical.digest(agreed.model_dump(mode="json", by_alias=True, exclude_none=True))
