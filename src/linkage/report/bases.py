"""Why a person is in or out under the table of legal bases, in Dutch and English.

Rules kept here:

- Every rule is told with its article, what it tests, which test failed, and of which day the text was read, if it was.
- Nothing says that a use is lawful: a basis is possible or not possible.
"""

from __future__ import annotations

from collections.abc import Sequence

from linkage.consent.bases import BasisRule, Facts, Range
from linkage.report.lang import Lang
from linkage.report.words import word


def explained(rules: Sequence[BasisRule], person: Facts, lang: Lang) -> list[str]:
    """A sentence per rule, those that apply first, and what it comes to in front."""
    applying = [rule for rule in rules if not rule.failed(person)]
    others = [rule for rule in rules if rule not in applying]
    articles = sorted({article for rule in applying for article in rule.articles})
    head = word("basis_some", lang, articles=", ".join(articles)) if articles else word("basis_none", lang)
    said = [_line("basis_yes", rule, lang, "") for rule in applying]
    for rule in others:
        why = "; ".join(_why(test, rule, person, lang) for test in rule.failed(person))
        said.append(_line("basis_no", rule, lang, why))
    return [head, *said, word("basis_confirm", lang)]


def listed(rule: BasisRule, lang: Lang) -> str:
    """One rule of the table as a line."""
    until = word("basis_until", lang, day=rule.last) if rule.last else ""
    return f"{rule.id}: {_line('basis_rule', rule, lang, rule.first + until)}"


def _line(key: str, rule: BasisRule, lang: Lang, why: str) -> str:
    condition = rule.condition[lang] and word("basis_if", lang, condition=rule.condition[lang])
    read = word("basis_read", lang, day=rule.checked) if rule.checked else word("basis_unread", lang)
    changed = "".join(
        word("basis_changed", lang, change=d.change, who=d.decided_by, day=d.decided_on, reason=d.reason)
        for d in rule.decisions
    )
    basis = f"{rule.law}, AVG art. {' / '.join(rule.articles)}"
    return word(key, lang, text=rule.text[lang], basis=basis, why=why) + condition + read + changed + "."


def _why(test: str, rule: BasisRule, person: Facts, lang: Lang) -> str:
    if test in ("since", "age"):
        years: Range | None = person.since if test == "since" else person.age
        least, below = rule.numbers.get(f"{test}_from"), rule.numbers.get(f"{test}_below")
        bound = word("at_least", lang, years=least) if least is not None else word("fewer", lang, years=below)
        return word(f"basis_{test}", lang, got=_years(years, lang), bound=bound)
    if test == "enrolled":
        return word("basis_enrolled" if person.enrolled else "basis_not_known_enrolled", lang)
    got = {"level": person.level, "path": person.path}[test] or word("unknown", lang)
    wanted = {"level": rule.levels, "path": rule.paths}[test]
    return word(f"basis_{test}", lang, got=got, wanted=f" {word('or', lang)} ".join(wanted))


def _years(years: Range | None, lang: Lang) -> str:
    if years is None:
        return word("unknown", lang)
    return str(years[0]) if years[0] == years[1] else f"{years[0]}-{years[1]}"
