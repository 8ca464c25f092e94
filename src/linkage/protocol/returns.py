"""Lint rules on re-contact: who may get rows back, of whom, and who says yes.

Rules kept here:

- Each names its article, in the finding too; an error is a form that cannot hold.
- They hold for mode recontact and say nothing of statistics, where P135 refuses every row.
- WEB as consolidated on 2026-01-01.
"""

from __future__ import annotations

import re

from linkage.findings import Severity
from linkage.protocol.asked import COUNTED
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Party
from linkage.protocol.rule import Seen, rule

_ARTICLE = re.compile(r"\d")


def _holders(p: Protocol) -> list[Party]:
    return [p.party(name) for name in p.relation_holders]


@rule("P143", Severity.ERROR, "GDPR art. 5(1)(b) and 5(1)(c)")
def rows_to_another(p: Protocol) -> Seen:
    """Rows go back to the relation holder whose own they are, and to nobody else; only it may pass them on."""
    for party in p.parties if p.mode == "recontact" else ():
        for d in party.discloses:
            back = party.id == p.unit.id and d.what == "rows" and d.to in p.relation_holders
            onward = party.id in p.relation_holders and d.what == "rows" and d.to != p.unit.id
            if not (back or onward) and (d.what == "rows" or (d.what == "tokens" and party.id == p.unit.id)):
                yield f"parties.{party.id}.discloses", f"{party.id} gives rows to {d.to}, which are not its own"


@rule("P144", Severity.ERROR, "GDPR art. 6(1)(a) and 7(1)")
def approached_without_consent(p: Protocol) -> Seen:
    """Who is to be approached has consented to it: the relation holder checks it of each row before it leaves, and
    again when it opens the list."""
    for party in _holders(p):
        if party.consent != "required":
            yield f"parties.{party.id}.consent", f"rows come back to {party.id}, which requires no consent"


@rule("P145", Severity.ERROR, "GDPR art. 5(1)(b) and 89(1), recital 162")
def approached_as_statistics(p: Protocol) -> Seen:
    """Statistics are compatible with any purpose because nothing is done about a person; approaching somebody is."""
    if p.mode == "recontact" and p.purpose.compatibility == "statistics":
        yield "purpose.compatibility", "the mode is recontact, and the compatibility is statistics"


@rule("P146", Severity.ERROR, "GDPR art. 5(1)(b) and 6(3)")
def holder_without_task(p: Protocol) -> Seen:
    """Who approaches people does so in a task that a law gives it, and names the article: of a school the guidance
    after the diploma, WEB art. 9.2.12."""
    for party in _holders(p):
        if not _ARTICLE.search(party.legal_task):
            yield f"parties.{party.id}.legal_task", f"{party.id} gets rows back for a task that names no article"


@rule("P147", Severity.ERROR, "WEB art. 9.2.13(2)")
def handed_over_without_agreement(p: Protocol) -> Seen:
    """Handing somebody over to another party, who then acts, needs that person's agreement (instemming), which is not
    consent: `agreement: required` keeps back who did not give it."""
    for party in _holders(p):
        for d in party.discloses:
            if d.what == "rows" and party.agreement != "required":
                yield f"parties.{party.id}.agreement", f"rows go on to {d.to}, and no agreement to it is required"


@rule("P148", Severity.ERROR, "GDPR art. 24(1) and 32(4)")
def approves_its_own_list(p: Protocol) -> Seen:
    """The second person stands outside the two who make and get the list: another organisation, by its number."""
    for output in p.lists:
        approver = p.party(output.approved_by)
        for party in (p.unit, *(p.party(name) for name in output.of)):
            if party.number == approver.number:
                yield f"outputs.{output.name}.approved_by", f"{approver.id} and {party.id} have one official number"


@rule("P149", Severity.ERROR, "GDPR art. 5(1)(c)")
def categories_that_nothing_counts(p: Protocol) -> Seen:
    """A list has no table, so no category needs to leave."""
    for field in p.fields if p.mode == "recontact" else ():
        if field.send in COUNTED:
            yield f"fields.{field.name}.send", f"'{field.name}' would leave as a category, and nothing is counted"
