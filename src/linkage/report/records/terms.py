"""What was agreed, in sentences that several records share: persons, data, recipients, bases, retention, measures.

Rules kept here:

- Only what every version of a protocol says is read: parties, fields, bases, retention. Outputs are named by title.
- A way of protecting that is not known here is left to the release that comes of it, not described wrongly.
"""

from __future__ import annotations

import re

from linkage.protocol.fields import FieldSpec
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Condition, Party
from linkage.report import agreed, guarantee
from linkage.report.lang import Lang
from linkage.report.records.words import WORDS, day, say

_PARTS = (("years", "Y"), ("months_of", "M"), ("days", "D"))
_TESTS = ("one_of", "on_or_after", "on_or_before", "age_from", "age_to")


def number(party: Party) -> str:
    """A party's official number with its scheme."""
    return f"{party.number.scheme} {party.number.value}"


def period(duration: str, lang: Lang) -> str:
    """An ISO 8601 duration in words."""
    found = {sign: n for n, sign in re.findall(r"(\d+)([YMD])", duration)}
    said = [say(word, lang, n=int(found[sign])) for word, sign in _PARTS if sign in found]
    return f" {say('and', lang)} ".join(said)


def label(field: FieldSpec, lang: Lang) -> str:
    """How a field is called."""
    return str(getattr(field.label, lang)) if field.label else field.name


def subjects(protocol: Protocol, party: Party, lang: Lang) -> str:
    """Whose data it is: persons in the records of a custodian, and the cohort."""
    tests = "; ".join(_tested(protocol, test, lang) for test in party.cohort) or say("everyone", lang)
    return say("subjects", lang, party=party.name, task=party.legal_task, cohort=tests)


def data(protocol: Protocol, party: Party, lang: Lang) -> list[str]:
    """What is processed of these persons: its own fields at a custodian, pseudonyms at the unit, results elsewhere."""
    own = protocol.fields_of(party.id)
    if own:
        return [
            say("field", lang, field=label(f, lang), how=guarantee.leaves(protocol, f, lang)) for f in own
        ]  # what a field is called may be in one language only
    if party.id == protocol.unit.id:
        return [say("unit_data", lang, parties=", ".join(p.name for p in protocol.custodians))]
    return [say("result_data", lang)]


def recipients(protocol: Protocol, party: Party, lang: Lang) -> list[str]:
    """To whom a party discloses, and what."""
    return [
        say("recipient", lang, party=to.name, number=number(to), what=what(d.what, lang))
        for d in party.discloses
        for to in (protocol.party(d.to),)
    ]


def what(name: str, lang: Lang) -> str:
    """What is disclosed."""
    return say(f"what_{name}", lang) if f"what_{name}" in WORDS else name


def directions(protocol: Protocol, party: Party, lang: Lang) -> list[str]:
    """The declared basis of every direction in which a party discloses, and of its use of the BSN."""
    said = []
    for d in party.discloses:
        basis = d.basis
        law = basis.law or say("by_consent" if basis.article == "6(1)(a)" else "no_law", lang)
        said.append(
            say("direction", lang, party=party.name, what=what(d.what, lang), to=protocol.party(d.to).name,
                article=article(basis.article, lang), law=law, who=basis.decided_by, day=day(basis.decided_on, lang))
        )  # fmt: skip
    return [*said, *number_basis(party, lang)]


def article(text: str, lang: Lang) -> str:
    """An article as people write it: ``6(1)(a)`` is ``6 lid 1 onder a`` in Dutch."""
    parts = re.fullmatch(r"(\d+)\((\d+)\)\((\w+)\)", text)
    return say("article", lang, article=parts[1], paragraph=parts[2], point=parts[3]) if parts else text


def number_basis(party: Party, lang: Lang) -> list[str]:
    """The declared law for the use of the BSN, where there is one."""
    basis = party.bsn_basis
    if basis is None:
        return []
    return [
        say(
            "number_basis", lang, party=party.name, law=basis.law, who=basis.decided_by, day=day(basis.decided_on, lang)
        )
    ]


def retention(protocol: Protocol, lang: Lang) -> list[str]:
    """When what goes."""
    kept = protocol.retention
    said = [
        say(f"keep_{name}", lang, period=period(getattr(kept, name), lang))
        for name in ("packages", "results", "ledger")
    ]
    return [*said, say("keep_secret", lang, day=day(kept.secret_destroyed_on, lang))]


def measures(protocol: Protocol, lang: Lang) -> list[str]:
    """The measures that the protocol and the software keep (GDPR art. 32(1))."""
    said = [say("m_pseudonyms", lang)]
    for field in protocol.fields:
        stage = protocol.exact_stage(field.name)
        if field.send == "exact" and stage is not None and stage.oprf_suite:
            holders = ", ".join(party.name for party in protocol.key_holders)
            said.append(say("m_oprf", lang, holders=holders, suite=stage.oprf_suite))
        elif field.send == "exact":
            said.append(say("m_keyed", lang))
    if any(field.send == "bloom" for field in protocol.fields):
        said.append(say("m_filters", lang, profile=protocol.encoding.profile))
    if any(field.send == "blinded" for field in protocol.fields):
        said.append(say("m_blinded", lang, unit=protocol.unit.name))
    said += [say("m_unit", lang, unit=protocol.unit.name), say("m_packages", lang)]
    for party in protocol.custodians:
        said += [say("m_quota", lang, party=party.name, quota=party.quota)] if party.quota else []
        said += [say("m_consent", lang, party=party.name)] if party.consent == "required" else []
        said += [say("m_agreement", lang, party=party.name)] if party.agreement == "required" else []
        said += [say("m_basis", lang, party=party.name)] if party.row_basis is not None else []
    return [*dict.fromkeys(said), *_outputs(protocol, lang), say("m_ledger", lang)]


def _outputs(protocol: Protocol, lang: Lang) -> list[str]:
    """What keeps small numbers of each output from showing; of a list, to whom alone it goes, and after whose yes."""
    return [
        say("m_output", lang, title=getattr(output.title, lang), rule=agreed.promise(output, protocol, lang))
        for output in protocol.outputs
    ]


def dpia(protocol: Protocol, lang: Lang) -> str:
    """Reference, outcome and advice of the DPIA."""
    said = protocol.dpia
    outcome = say(f"outcome_{said.outcome}", lang)
    return say(
        "dpia", lang, reference=said.reference, outcome=outcome, who=said.advised_by, day=day(said.advised_on, lang)
    )


def _tested(protocol: Protocol, test: Condition, lang: Lang) -> str:
    """One test of a cohort in words."""
    said = []
    for name in _TESTS:
        value = getattr(test, name)
        if value is not None:
            shown = " / ".join(value) if isinstance(value, tuple) else value
            shown = say("reference-date", lang) if shown == "reference-date" else shown
            said.append(say(f"test_{name}", lang, field=label(protocol.field(test.field), lang), value=shown))
    return f" {say('and', lang)} ".join(said)
