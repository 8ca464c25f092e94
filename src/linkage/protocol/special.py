"""Lint rules on what must not be known: health, offences, and judgements of how vulnerable somebody is.

Rules kept here:

- Fields and categories are recognised by their words alone. A flag under a name that says nothing passes: who writes
  the protocol knows what the column holds, and the privacy officer reads it.
- A ground of art. 9(2), or of UAVG art. 31 to 33, that a basis names is taken as declared, not judged.
- GDPR is Regulation (EU) 2016/679; UAVG as consolidated on 2026-01-01.
"""

from __future__ import annotations

import re

from linkage.findings import Severity
from linkage.protocol.fields import FieldSpec
from linkage.protocol.model import Protocol
from linkage.protocol.rule import Seen, rule

_HEALTH = re.compile(r"^(WIA|WGA|IVA|WAO|WAZ|Wajong|ZW|Ziektewet|Wlz|WMO|Wmo|doelgroepenregister)\b", re.IGNORECASE)
_CRIME = re.compile(r"^(detentie|gedetineerd|strafblad|veroordeeld|reclassering|jeugddetentie)\b", re.IGNORECASE)
_JUDGEMENT = re.compile(
    r"kwetsba|vulnerab|psychi|mentale|mental health|gehandicapt|handicap|arbeidsbeperk|disab|verslav|addict|diagnos|"
    r"autis|adhd|depressi|zorgindicatie|zorgzwaarte|ggz",
    re.IGNORECASE,
)
_ART_9 = re.compile(r"\b9\(2\)|UAVG art\. ?(2[2-9]|30)\b|UAVG.*\b24\b")
_ART_10 = re.compile(r"UAVG art\. ?3[1-3]\b|AVG art\. ?10\b|GDPR art\. ?10\b")


@rule("P140", Severity.ERROR, "GDPR art. 9(1)")
def health_in_clear(p: Protocol) -> Seen:
    """A category that tells of illness or disability is data on health. It needs a ground of art. 9(2), named in the
    basis of the party that sends it, for instance with UAVG art. 24."""
    yield from _shown(p, _HEALTH, _ART_9, "health, and no basis names a ground of art. 9(2)")


@rule("P141", Severity.ERROR, "GDPR art. 10, UAVG art. 31")
def offences_in_clear(p: Protocol) -> Seen:
    """A category that tells of punishment needs a ground of UAVG art. 31 to 33."""
    yield from _shown(p, _CRIME, _ART_10, "offences, and no basis names UAVG art. 31 to 33")


@rule("P170", Severity.ERROR, "GDPR art. 9(1)")
def vulnerable_and_sent(p: Protocol) -> Seen:
    """A mentor's judgement that somebody is vulnerable, like any word of mind or handicap, is data on health. Such a
    field stays where it is, `send: none`: it leaves neither in clear nor blinded, as a token or in the filter, unless a
    ground of art. 9(2) is named in the basis of the party that has it."""
    for field in p.fields:
        word = _judges(field)
        if word and field.send != "none" and not _grounds(p, field, _ART_9):
            yield f"fields.{field.name}.send", f"'{word}' tells of health and would leave; no basis names art. 9(2)"


@rule("P171", Severity.WARNING, "GDPR art. 5(1)(c) and 9(1)")
def selected_as_vulnerable(p: Protocol) -> Seen:
    """Where only those take part who are judged vulnerable, being in the package says it of each of them. Select by
    something else: level, learning path, school year."""
    for party in p.custodians:
        for test in party.cohort:
            if word := _judges(p.field(test.field)):
                yield f"parties.{party.id}.cohort", f"taking part tells '{word}' of everybody in the package"


def _judges(field: FieldSpec) -> str:
    """The word in a field's name, label or values, or in the name of what it is made of, that is a judgement."""
    made = field.made.fields if field.made else ()
    labels = (field.label.nl, field.label.en) if field.label else ()
    words = (field.name, *labels, *(field.values or ()), *made)
    return next((word for word in words if _JUDGEMENT.search(word.replace("-", " "))), "")


def _shown(p: Protocol, values: re.Pattern[str], ground: re.Pattern[str], tells: str) -> Seen:
    for field in p.fields:
        shown = [value for value in field.values or () if values.search(value)]
        if shown and not _grounds(p, field, ground):
            yield f"fields.{field.name}.values", f"category '{shown[0]}' tells of {tells}"


def _grounds(p: Protocol, field: FieldSpec, ground: re.Pattern[str]) -> bool:
    """Whether a basis of a party that has the field names such a ground."""
    bases = [d.basis.law or "" for name in field.parties for d in p.party(name).discloses]
    return any(map(ground.search, bases))
