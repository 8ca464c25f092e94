"""Which guarantee a protocol gives for numbers and names, and what each collusion would break.

Rules kept here:

- What is said follows from the protocol alone, so that it can be read before anyone signs or sends.
- Every collusion that breaks something is named, with what it costs.
"""

from __future__ import annotations

from collections.abc import Iterable

from linkage.protocol.fields import FieldSpec
from linkage.protocol.model import Protocol
from linkage.report.lang import Lang
from linkage.report.words import word


def leaves(protocol: Protocol, field: FieldSpec, lang: Lang) -> str:
    """How a field leaves the custodian's machine."""
    stage = protocol.exact_stage(field.name)
    made_with_holders = field.send == "exact" and stage is not None and stage.oprf_suite
    sent = word("sent_oprf" if made_with_holders else f"sent_{field.send}", lang)
    return f"{made_here(field.made.fields, lang)}, {sent}" if field.made else sent


def made_here(fields: Iterable[str], lang: Lang) -> str:
    """That a field is made of others on the custodian's machine."""
    return word("made_here", lang, of=", ".join(fields))


def lines(protocol: Protocol, lang: Lang) -> list[str]:
    """How each number becomes a token, then what collusion would break."""
    made = []
    for field in protocol.fields:
        stage = protocol.exact_stage(field.name)
        if field.send != "exact":
            continue
        if stage is not None and stage.oprf_suite:
            holders = _names(protocol)
            made.append(word("numbers_oprf", lang, field=field.name, holders=holders, suite=stage.oprf_suite))
        else:
            made.append(word("numbers_keyed", lang, field=field.name))
    return [*made, *collusion(protocol, lang)]


def _blinded(protocol: Protocol, lang: Lang) -> list[str]:
    """What becomes known of categories that travel as codes."""
    fields = ", ".join(field.name for field in protocol.fields if field.send == "blinded")
    return [word("collusion_blinded", lang, unit=protocol.unit.name, fields=fields)] if fields else []


def collusion(protocol: Protocol, lang: Lang) -> list[str]:
    """What each collusion would break: of numbers the weakest way in which one is sent, of names, and of blinded
    categories."""
    unit = protocol.unit.name
    if any(f.kind == "bsn" and f.send == "exact" and not _oprf(protocol, f) for f in protocol.fields):
        return [word("collusion", lang, unit=unit), *_blinded(protocol, lang)]
    result = []
    if protocol.oprf_stages:
        result.append(word("collusion_unit", lang, unit=unit))
        result += _guesses(protocol, lang)
        result.append(word("collusion_all", lang, unit=unit, holders=_names(protocol)))
    names = [word("collusion_names", lang, unit=unit)] if any(f.send == "bloom" for f in protocol.fields) else []
    return [*result, *names, *_blinded(protocol, lang)]


def _guesses(protocol: Protocol, lang: Lang) -> list[str]:
    """What one custodian and the unit can ask, where another party answers."""
    result = []
    for custodian in protocol.custodians:
        others = [party.id for party in protocol.key_holders if party.id != custodian.id]
        if others:
            said = {"unit": protocol.unit.name, "party": custodian.id, "others": ", ".join(others)}
            result.append(word("collusion_quota", lang, **said))
    return result


def _oprf(protocol: Protocol, field: FieldSpec) -> bool:
    stage = protocol.exact_stage(field.name)
    return stage is not None and stage.oprf_suite is not None


def _names(protocol: Protocol) -> str:
    return ", ".join(party.id for party in protocol.key_holders)
