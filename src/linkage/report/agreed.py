"""A protocol as a person reads it before signing."""

from __future__ import annotations

from linkage.findings import Finding
from linkage.protocol import lint
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Output, Table
from linkage.protocol.protections import CellKey, DifferentialPrivacy
from linkage.report import asks, guarantee, returned
from linkage.report.lang import Lang
from linkage.report.words import word


def as_text(protocol: Protocol, lang: Lang) -> str:
    """Who sends what to whom, on which declared basis, and what comes out; lint findings last."""
    lines = [
        str(getattr(protocol.title, lang)),
        f"{protocol.id} {protocol.version}, {protocol.valid.first} - {protocol.valid.last}",
        *(asks.waves(protocol, lang) or [f"{word('reference_date', lang)}: {protocol.reference_date}"]),
        f"{word('purpose', lang)}: {getattr(protocol.purpose.text, lang)}",
        f"{word('digest', lang)}: {protocol.digest}",
    ]
    for party in protocol.parties:
        lines += ["", f"{party.id}: {party.name} ({', '.join(party.roles)})", f"  {party.legal_task}"]
        for field in protocol.fields_of(party.id):
            lines.append(f"  {field.name}: {guarantee.leaves(protocol, field, lang)}")
        lines += [f"  {line}" for line in asks.cohort(party.cohort, lang)]
        lines += [f"  {line}" for line in bases(protocol, party.id, lang)]
        if party.bsn_basis is not None:
            lines.append(f"  BSN: {party.bsn_basis.law}")
        if party.row_basis is not None:
            lines.append(f"  {word('row_basis', lang, table=party.row_basis.table, role=party.row_basis.role)}")
    for output in protocol.outputs:
        lines += ["", f"{getattr(output.title, lang)} -> {', '.join(output.to)}"]
        lines += [f"  {line}" for line in (*asks.question(output, protocol, lang), promise(output, protocol, lang))]
    lines += ["", word("guarantee", lang), *(f"  {line}" for line in guarantee.lines(protocol, lang))]
    findings: list[Finding] = lint.check(protocol)
    return "\n".join([*lines, "", *map(str, findings)])


def promise(output: Output, protocol: Protocol, lang: Lang) -> str:
    """What keeps small numbers from showing; of a list, to whom alone it goes, and after whose yes."""
    return rule(output, lang) if isinstance(output, Table) else returned.rule(output, protocol, lang)


def rule(output: Table, lang: Lang) -> str:
    """What keeps small numbers from showing, in a sentence or two."""
    said = output.protection
    if isinstance(said, DifferentialPrivacy):
        return word("rule_private", lang, epsilon=f"{said.epsilon:g}")
    if isinstance(said, CellKey):
        return word("rule_key", lang, minimum=said.minimum, rounding=said.rounding, noise=said.largest_noise)
    key = "rule" if said.zero_and_full == "hide" else "rule_shown"
    return word(key, lang, minimum=said.minimum, rounding=said.rounding)


def bases(protocol: Protocol, party_id: str, lang: Lang) -> list[str]:
    """The declared basis of every direction in which a party discloses."""
    rows = directions(protocol, party_id, lang)
    return [f"{a} {word('to', lang)} {b} ({what}): AVG/GDPR {art}, {law}; {by}" for a, b, what, art, law, by in rows]


def directions(protocol: Protocol, party_id: str, lang: Lang) -> list[tuple[str, str, str, str, str, str]]:
    """The same in columns: from, to, what, article, law, decided by whom and when."""
    rows: list[tuple[str, str, str, str, str, str]] = []
    for d in protocol.party(party_id).discloses:
        law = d.basis.law or word("consent" if d.basis.article == "6(1)(a)" else "no_law", lang)
        decided = word("decided", lang, who=d.basis.decided_by, day=d.basis.decided_on)
        rows.append((party_id, d.to, word(d.what, lang), d.basis.article, law, decided))
    return rows
