"""The texts of protocols that tests start from."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from linkage import files
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol

SHIPPED = files.shipped("protocols/graduates-on-benefits.yml").read_text(encoding="utf-8")
"""Numbers by oblivious PRF, hardened filters, and a threshold that the unit chooses."""
WITHOUT_NUMBER = files.shipped("protocols/graduates-without-number.yml").read_text(encoding="utf-8")
"""Plain filters, Tversky's index, no number."""

_CLK = """  profile: clk
  rules: 2
  bits: 1024
  prf: hmac-sha512
  fields_needed: 3
  fields:
    - {field: given-name, q: 2, positions: 6}
    - {field: surname, q: 2, positions: 6}
    - {field: birth-date, q: 2, positions: 6}
    - {field: postcode, q: 2, positions: 6}

"""


OPRF = "token: oprf-p256-sha256, check: canary, rounds: 2"
"""How the first one makes tokens of numbers."""


def with_keyed_hash(text: str = SHIPPED) -> str:
    """A protocol with numbers by keyed hash instead: no key-holder is needed to make a token."""
    assert OPRF in text
    return text.replace(OPRF, "token: hmac-sha256").replace("roles: [custodian, key-holder, ", "roles: [custodian, ")


HASHED = with_keyed_hash()
BLINDED = '    send: blinded\n    parties: [mbo]\n    values: ["1"'
CLEAR = (BLINDED, BLINDED.replace("blinded", "category"))
"""An edit: levels that the linkage unit can read."""


def with_clk() -> str:
    """That one with plain filters and a fixed threshold on Dice: small, and read by other software."""
    hardened = HASHED[HASHED.index("  profile: hardened") : HASHED.index("matching:")]
    fuzzy = "similarity: agreement, threshold: {aim: balance}"
    assert fuzzy in HASHED
    return HASHED.replace(hardened, _CLK).replace(fuzzy, "similarity: dice, threshold: 0.80")


CLK = with_clk()


_BASIS = "{article: 6(1)(e), law: WEB art. 9.2.12, decided_by: Privacy officer gemeente, decided_on: 2026-08-21}"
_ADDED = """  - id: approver
    name: Toezichthouder Voorbeeld (fictief)
    number: {scheme: KvK, value: "99999998"}
    public_authority: false
    roles: [approver]
    legal_role: processor
    legal_task: Beslist over lijsten volgens overeenkomst 2026-18, AVG art. 28
    card: null
    discloses: []
    bsn_basis: null
    consent: not-required
    quota: null
    cohort: []

# The agreed record."""
_ASKED = """outputs:
  - name: to-call
    title: {nl: Gediplomeerden om te bellen, en: Graduates to call}
    question: recontact
    of: [mbo]
    to: [mbo]
    found_in: [gemeente]
    when: found
    smallest_cohort: 30
    approved_by: approver
    reason: Begeleiding naar werk, waarvoor bij het diploma toestemming is gevraagd

"""
TO_RECONTACT: tuple[tuple[str, str], ...] = (
    ("compatibility: statistics ", "compatibility: consent "),
    ("mode: statistics ", "mode: recontact "),
    (SHIPPED[SHIPPED.index("      - to: mbo\n") : SHIPPED.index("    bsn_basis: null             # it never")],
     f"      - {{to: mbo, what: rows, basis: {_BASIS}}}\n      - {{to: approver, what: counts, basis: {_BASIS}}}\n"),
    ("# The agreed record.", _ADDED),
    (SHIPPED[SHIPPED.index("  - name: level\n") : SHIPPED.index("  - {name: diploma-date")],
     "  - {name: level, kind: category, send: none, parties: [mbo]}\n"),
    (SHIPPED[SHIPPED.index("outputs:\n") : SHIPPED.index("retention:\n")], _ASKED),
)  # fmt: skip
"""Edits that make one for re-contact of a protocol for statistics: the school gets its own rows back."""


def recontact(text: str = HASHED) -> str:
    """The one with a keyed hash, or another, for re-contact."""
    for old, new in TO_RECONTACT:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


RECONTACT = recontact()


def many(parties: Sequence[str], assignment: str, stages: Sequence[Mapping[str, Any]]) -> Protocol:
    """Plain filters and two numbers, between any number of custodians; all pairs."""
    said = loads(CLK.encode(), name="p.yml").model_dump()
    custodian, unit = (said["parties"][n] for n in (1, 2))
    said["parties"] = (*({**custodian, "id": name, "cohort": ()} for name in parties), unit)
    agreed = [{**field, "parties": tuple(parties)} for field in said["fields"] if field["send"] != "none"]
    said["fields"] = (*agreed, {**agreed[0], "name": "student-number", "kind": "education-number"})
    said["outputs"] = (
        {**said["outputs"][0], "of": (parties[0],), "found_in": tuple(parties[1:]), "to": tuple(parties)},
    )
    said["matching"] = {"stages": tuple(stages), "blocking": {"method": "all-pairs"}, "assignment": assignment}
    return Protocol.model_validate(said)


def carded(text: str) -> str:
    """With the cards that `linkage protocol new` fills in."""
    for number in range(text.count("card: null")):
        text = text.replace("card: null", f"card: sha256:{str(number) * 64}", 1)
    return text


@functools.cache
def edited(*edits: tuple[str, str], text: str = carded(HASHED)) -> Protocol:
    """The one with a keyed hash, with cards, or another, after edits that each must find their place."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return loads(text.encode(), name="p.yml")
