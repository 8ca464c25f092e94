"""Lint rules on legal bases, person numbers and what is disclosed: set-ups that cannot be right, whoever decided them.

Rules kept here:

- Every rule names its article, in the finding too. What needs judgement is a warning; an error is a form that cannot
  hold.
- Texts are searched for what they plainly say (a repealed article, consent where a law belongs), never judged further:
  a protocol without findings is well-formed, not lawful.
- GDPR is Regulation (EU) 2016/679; UAVG, Wabb and WEB as consolidated on 2026-01-01.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

from linkage.findings import Severity
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Disclosure, Party
from linkage.protocol.rule import Seen, rule

_CONSENT = re.compile(r"toestemming|consent|instemming|6\(1\)\(a\)", re.IGNORECASE)
_GDPR = re.compile(r"\b(AVG|GDPR)\b", re.IGNORECASE)
_NATIONAL = re.compile(r"\b(WEB|Wabb|UAVG|SUWI|PW|WVO|WPO|WHW|WRO|Wet|Besluit|Regeling|Participatiewet|wet)\b|wet\b")
_ARTICLE = re.compile(r"\d")
_OLD_WEB = re.compile(r"\bWEB\b.*\b8\.3(\.\d+)?")
_WEB_MOVED = "2026-01-01"
_WGS = re.compile(r"\bWGS\b|gegevensverwerking door samenwerkingsverbanden", re.IGNORECASE)
_ABOUT_PERSONS = ("StudentGuidanceManagement", "ServiceProvision", "SocialAssistanceManagement", "PersonalisedBenefits")
"""DPV purposes in which something is done for or about a person."""
_IDENTITY = ("bsn", "education-number", "given-name", "initials", "surname", "prefix", "birth-date", "postcode", "text")


def _directions(p: Protocol) -> Iterator[tuple[Party, str, Disclosure]]:
    """Every direction of disclosure with its place."""
    for party in p.parties:
        for disclosure in party.discloses:
            yield party, f"parties.{party.id}.discloses", disclosure


@rule("P101", Severity.ERROR, "UAVG art. 46(1)")
def bsn_without_law(p: Protocol) -> Seen:
    """A BSN may be processed only where a law says so (UAVG art. 46); hashing one is processing it."""
    for party in p.custodians:
        used = [f.name for f in p.fields_of(party.id, "exact", "bloom") if f.kind == "bsn"]
        if used and party.bsn_basis is None:
            yield (
                f"parties.{party.id}",
                f"field '{used[0]}' is a BSN, but bsn_basis names no law; drop the field or name it",
            )


@rule("P102", Severity.ERROR, "GDPR art. 6(3)")
def task_without_law(p: Protocol) -> Seen:
    """GDPR art. 6(3): the bases of art. 6(1)(c) and (e) must be laid down by law, so the law must be named."""
    for party in p.parties:
        for d in party.discloses:
            if d.basis.article in ("6(1)(c)", "6(1)(e)") and d.basis.law is None:
                yield f"parties.{party.id}.discloses", f"{d.basis.article} towards {d.to} names no law"


@rule("P103", Severity.ERROR, "GDPR art. 6(1), last sentence")
def authority_with_legitimate_interest(p: Protocol) -> Seen:
    """GDPR art. 6(1), last sentence: a public authority cannot rest its task on legitimate interest, (f)."""
    for party in p.parties:
        for d in party.discloses:
            if party.public_authority and d.basis.article == "6(1)(f)":
                yield f"parties.{party.id}.discloses", f"6(1)(f) towards {d.to} by a public authority"


@rule("P104", Severity.ERROR, "GDPR art. 6(1)")
def direction_without_basis(p: Protocol) -> Seen:
    """Every direction of disclosure needs its own basis: tokens to the unit, counts to each recipient; in re-contact
    rows to the relation holder, and to the approver the count on which it decides."""
    for party in p.custodians:
        if not any(d.to == p.unit.id and d.what == "tokens" for d in party.discloses):
            yield f"parties.{party.id}.discloses", f"no basis for tokens to {p.unit.id}"
    told = {(d.what, d.to) for d in p.unit.discloses}
    wanted = [("counts", name) for output in p.tables for name in output.to]
    for output in p.lists:
        wanted += [*(("rows", name) for name in output.to), ("counts", output.approved_by)]
    for what, name in dict.fromkeys(wanted):
        if (what, name) not in told:
            yield f"parties.{p.unit.id}.discloses", f"no basis for {what} to {name}"


@rule("P120", Severity.ERROR, "UAVG art. 46(1)")
def consent_as_a_cure_for_number_use(p: Protocol) -> Seen:
    """A number that a law prescribes may be used to carry out that law or for what a law says; nobody can consent to
    more. Without such a law, link without the number: `graduates-without-number` is the protocol to start from."""
    for party in p.parties:
        if party.bsn_basis and _CONSENT.search(party.bsn_basis.law):
            yield f"parties.{party.id}.bsn_basis", "consent is no basis for using the BSN: name a law, or use no number"


@rule("P121", Severity.ERROR, "GDPR art. 87, UAVG art. 46(1)")
def number_on_the_regulation_alone(p: Protocol) -> Seen:
    """The GDPR leaves national numbers to national law, so an article of the GDPR alone gives no right to use one."""
    for party in p.parties:
        law = party.bsn_basis.law if party.bsn_basis else ""
        if _GDPR.search(law.replace("UAVG", "")) and not _NATIONAL.search(law):
            yield f"parties.{party.id}.bsn_basis", "the GDPR gives no right to use the BSN: name the national law"


@rule("P122", Severity.ERROR, "Wabb art. 10")
def task_of_authorities_claimed_by_another(p: Protocol) -> Seen:
    """Wabb art. 10 lets public authorities use the BSN for their task. Others may use it only where another law
    prescribes it (Wabb art. 1(d)(2), UAVG art. 46)."""
    for party in p.parties:
        if party.bsn_basis and not party.public_authority and re.search(r"Wabb art\. ?10\b", party.bsn_basis.law):
            yield f"parties.{party.id}.bsn_basis", "Wabb art. 10 is for public authorities, which this party is not"


@rule("P123", Severity.ERROR, "UAVG art. 46(1), WEB art. 9.2.6")
def education_number_without_law(p: Protocol) -> Seen:
    """An onderwijsnummer is a number that a law prescribes, as the BSN is: its uses are those that the law names."""
    for party in p.custodians:
        used = [f.name for f in p.fields_of(party.id, "exact", "bloom") if f.kind == "education-number"]
        if used and party.bsn_basis is None:
            yield f"parties.{party.id}", f"field '{used[0]}' is an onderwijsnummer, but bsn_basis names no law"


@rule("P124", Severity.ERROR, "GDPR art. 25(2)")
def number_basis_for_the_unit(p: Protocol) -> Seen:
    """The linkage unit sees no BSN and needs none; a basis to use one would say that it does."""
    if p.unit.bsn_basis is not None:
        yield f"parties.{p.unit.id}.bsn_basis", "the linkage unit may not use the BSN"


@rule("P125", Severity.ERROR, "GDPR art. 6(3)")
def consent_named_as_a_law(p: Protocol) -> Seen:
    """A duty or task by law rests on a law; consent is another basis, art. 6(1)(a), with conditions of its own."""
    for _, where, d in _directions(p):
        if d.basis.article in ("6(1)(c)", "6(1)(e)") and d.basis.law and _CONSENT.search(d.basis.law):
            yield where, f"{d.basis.article} towards {d.to} names consent where the law belongs"


@rule("P126", Severity.ERROR, "GDPR art. 6(3)")
def law_without_article(p: Protocol) -> Seen:
    """Which task or duty is meant can be checked only when the article is named with the law."""
    for _, where, d in _directions(p):
        if d.basis.law is not None and not _ARTICLE.search(d.basis.law):
            yield where, f"the basis towards {d.to} names a law without its article"
    for party in p.parties:
        if party.bsn_basis and not _ARTICLE.search(party.bsn_basis.law):
            yield f"parties.{party.id}.bsn_basis", "names a law without its article"


@rule("P127", Severity.ERROR, "WEB art. 9.2.1 to 9.2.13")
def repealed_articles(p: Protocol) -> Seen:
    """WEB art. 8.3.1 to 8.3.3 lapsed on 1 January 2026; their rules stand, changed, in art. 9.2.1 to 9.2.13."""
    if p.reference_date < _WEB_MOVED:
        return
    named = [(where, d.basis.law) for _, where, d in _directions(p)]
    named += [(f"parties.{party.id}.bsn_basis", party.bsn_basis.law) for party in p.parties if party.bsn_basis]
    named += [(f"parties.{party.id}.legal_task", party.legal_task) for party in p.parties]
    for where, law in named:
        if law and _OLD_WEB.search(law):
            yield where, "WEB art. 8.3 lapsed on 2026-01-01: name the article that replaced it"


@rule("P128", Severity.ERROR, "GDPR art. 6(3)")
def partnerships_act(p: Protocol) -> Seen:
    """The Wet gegevensverwerking door samenwerkingsverbanden is for the four partnerships that it names (FEC, iCOV,
    RIEC, Zorg- en Veiligheidshuizen), and a linkage of schools and gemeenten is none of them."""
    for _, where, d in _directions(p):
        if d.basis.law and _WGS.search(d.basis.law):
            yield where, f"the basis towards {d.to} is the WGS, which is for four other partnerships"


@rule("P129", Severity.ERROR, "GDPR art. 6(1)(d), recital 46")
def vital_interest_for_counts(p: Protocol) -> Seen:
    """Art. 6(1)(d) protects a life in danger where no other basis can; no count does that."""
    for _, where, d in _directions(p):
        if d.basis.article == "6(1)(d)":
            yield where, f"vital interest is no basis for {d.what} towards {d.to}"


@rule("P130", Severity.ERROR, "GDPR art. 6(1)(b)")
def contract_of_an_authority(p: Protocol) -> Seen:
    """A public authority that carries out its task has no contract with the person that would need the disclosure."""
    for party, where, d in _directions(p):
        if party.public_authority and d.basis.article == "6(1)(b)":
            yield where, f"6(1)(b) towards {d.to} by a public authority"


@rule("P131", Severity.WARNING, "GDPR art. 7(4), recital 43")
def consent_asked_by_an_authority(p: Protocol) -> Seen:
    """Consent to a public authority is seldom free, and cannot make up for a law that is not there (AP, 2016). Have the
    privacy officer write down why refusing has no effect and whose interest it serves."""
    for party, where, d in _directions(p):
        if party.public_authority and d.basis.article == "6(1)(a)":
            yield where, f"consent towards {d.to} is asked by a public authority"


@rule("P132", Severity.ERROR, "GDPR art. 5(1)(a) and 7(3)")
def consent_beside_another_basis(p: Protocol) -> Seen:
    """Who asks consent and would go on without it misleads the person: one direction has one basis."""
    for party in p.parties:
        bases: dict[tuple[str, str], set[str]] = {}
        for d in party.discloses:
            bases.setdefault((d.to, d.what), set()).add(d.basis.article)
        for (to, what), articles in bases.items():
            if "6(1)(a)" in articles and len(articles) > 1:
                yield (
                    f"parties.{party.id}.discloses",
                    f"{what} to {to} rest on consent and on {len(articles) - 1} other",
                )


@rule("P133", Severity.ERROR, "GDPR art. 7(1)")
def consent_that_nobody_asks(p: Protocol) -> Seen:
    """Who rests on consent must be able to show it. A party without records of persons has asked nobody; rows that go
    back to a custodian can rest on the consent that this one asked for."""
    asking = [party.id for party in p.custodians if party.consent == "required"]
    for party, where, d in _directions(p):
        theirs = d.what == "rows" and d.to in asking
        if d.basis.article == "6(1)(a)" and "custodian" not in party.roles and not theirs:
            yield where, f"{d.what} to {d.to} rest on consent, but {party.id} knows nobody who could have given it"


@rule("P134", Severity.ERROR, "GDPR art. 5(1)(c) and 25(1)")
def tokens_past_the_unit(p: Protocol) -> Seen:
    """Tokens go to the linkage unit alone: whoever has records and secret reads the tokens of another custodian."""
    for party, where, d in _directions(p):
        if d.what == "tokens" and p.unit.id not in (d.to, party.id):
            yield where, f"tokens go to {d.to}, which is not the linkage unit"


@rule("P135", Severity.ERROR, "GDPR art. 5(1)(b) and 89(1)")
def rows_out_of_statistics(p: Protocol) -> Seen:
    """In statistics nothing about single persons comes back: the linkage unit discloses counts and no rows, and nobody
    else passes rows on."""
    for party, where, d in _directions(p) if p.mode == "statistics" else ():
        if d.what == "rows" or (d.what == "tokens" and party.id == p.unit.id):
            yield where, f"the mode is statistics, but rows go to {d.to}"


@rule("P136", Severity.ERROR, "GDPR art. 89(1), recital 162")
def cells_for_single_persons(p: Protocol) -> Seen:
    """A table with more cells than there can be persons is a list of rows under another name."""
    for output in p.tables:
        columns = (*output.by, *p.axes(output))
        cells = prod(len(p.values(output, name)) for name in columns)
        most = sum(p.party(name).quota or 0 for name in output.of)
        if cells > most:
            yield f"outputs.{output.name}.by", f"{cells:,} cells for at most {most:,} persons: rows, not statistics"


@rule("P137", Severity.ERROR, "GDPR art. 5(1)(b), recital 162")
def statistics_for_a_purpose_about_persons(p: Protocol) -> Seen:
    """Further use for statistics is compatible because nothing is done about a person. A purpose that consists of doing
    so needs another compatibility, and its own basis."""
    name = re.split(r"[#/]", p.purpose.dpv)[-1]
    if p.purpose.compatibility == "statistics" and name in _ABOUT_PERSONS:
        yield "purpose.dpv", f"{name} is about persons, and the compatibility is statistics"


@rule("P138", Severity.ERROR, "GDPR art. 6(4)")
def compatible_by_consent_of_nobody(p: Protocol) -> Seen:
    """Further use on the ground of consent needs a custodian that asks for it."""
    asked = any(party.consent == "required" for party in p.custodians)
    if p.purpose.compatibility == "consent" and not asked:
        yield "purpose.compatibility", "compatible by consent, but no custodian requires consent"


@rule("P139", Severity.ERROR, "GDPR art. 6(4) and 23(1)")
def compatible_by_no_law(p: Protocol) -> Seen:
    """Further use on the ground of a law needs that law, in one of the bases."""
    if p.purpose.compatibility == "law" and not any(d.basis.law for _, _, d in _directions(p)):
        yield "purpose.compatibility", "compatible by law, but no basis names one"


@rule("P142", Severity.ERROR, "GDPR art. 4(5) and 5(1)(c)")
def identity_in_clear(p: Protocol) -> Seen:
    """What identifies a person leaves as a token or in the filter, never as a category that can be read."""
    for field in p.fields:
        if field.send in ("category", "blinded") and field.kind in _IDENTITY:
            how = "in clear" if field.send == "category" else "as the code of a category"
            yield f"fields.{field.name}", f"a {field.kind} would leave {how}"
