"""What a protocol asks, of whom, and which rows take part: in words, for who signs it."""

from __future__ import annotations

from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Output, Overlap, Partition, Sought, Split, Table
from linkage.protocol.parties import Condition
from linkage.report.labels import Labels, joined
from linkage.report.lang import Lang
from linkage.report.words import word

WORDS = {
    "overlap": {
        "nl": "Telt personen van {of}, ieder één keer, en hoeveel van hen voorkomen bij {there}.",
        "en": "Counts persons of {of}, each once, and how many of them are known to {there}.",
    },
    "complement": {
        "nl": "Telt personen van {of}, ieder één keer, en hoeveel van hen niet gevonden worden bij {there}.",
        "en": "Counts persons of {of}, each once, and how many of them are not found at {there}.",
    },
    "union": {
        "nl": "Telt personen van {of}, ieder één keer.",
        "en": "Counts persons of {of}, each once.",
    },
    "partition": {
        "nl": "Telt personen van {of}, ieder één keer en in één situatie.",
        "en": "Counts persons of {of}, each once and in one situation.",
    },
    "split": {"nl": "{name}: {states}.", "en": "{name}: {states}."},
    "previous": {"nl": "{name} (van de vorige peildatum): {states}.", "en": "{name} (of the wave before): {states}."},
    "sought": {"nl": '"{label}" is: bekend bij {there}{how}', "en": '"{label}" is: known to {there}{how}'},
    "only": {"nl": ", met {field} {values}", "en": ", with {field} {values}"},
    "told": {"nl": ", uitgesplitst naar {field}", "en": ", told apart by {field}"},
    "by": {"nl": "Uitgesplitst naar {columns}.", "en": "By {columns}."},
    "pooled": {
        "nl": "Blijft daarvan te weinig over, dan grover: {tables}.",
        "en": "Coarser where too little of that would show: {tables}.",
    },
    "total": {"nl": "alleen het totaal", "en": "the total alone"},
    "cohort": {"nl": "doet mee: {tests}", "en": "takes part: {tests}"},
    "one_of": {"nl": "{field} is {values}", "en": "{field} is {values}"},
    "on_or_after": {"nl": "{field} op of na {day}", "en": "{field} on or after {day}"},
    "on_or_before": {"nl": "{field} op of voor {day}", "en": "{field} on or before {day}"},
    "age_from": {"nl": "ten minste {years} jaar op de peildatum", "en": "at least {years} years on the reference date"},
    "age_to": {"nl": "ten hoogste {years} jaar op de peildatum", "en": "at most {years} years on the reference date"},
    "out": {"nl": "leeg: doet niet mee", "en": "empty: takes no part"},
    "in": {"nl": "leeg: doet mee", "en": "empty: takes part"},
    "reference-date": {"nl": "de peildatum", "en": "the reference date"},
    "waves": {
        "nl": "Peildata: {dates}. {tokens}",
        "en": "Reference dates: {dates}. {tokens}",
    },
    "new": {
        "nl": "Bij elke peildatum nieuwe tokens: niemand is van de ene naar de andere te volgen.",
        "en": "New tokens for each: nobody can be followed from one to another.",
    },
    "kept": {
        "nl": "Tot en met {until} dezelfde tokens: de koppelaar kan volgen wie vaker meedoet.",
        "en": "The same tokens up to and including {until}: the linkage unit can follow who takes part again.",
    },
}  # fmt: skip


def _say(key: str, lang: Lang, **values: object) -> str:
    return WORDS[key][lang].format(**values)


def question(output: Output, protocol: Protocol, lang: Lang) -> list[str]:
    """What is counted of whom, line by line; nothing of a list, which `linkage.report.returned` tells of."""
    if not isinstance(output, Table):
        return []
    labels = Labels(protocol, output, lang)
    there = labels.places(output.found_in) if isinstance(output, Overlap) else ""
    lines = [_say(output.question, lang, of=labels.together(output.of), there=there)]
    if isinstance(output, Partition):
        lines += [_split(split, labels) for split in output.splits]
        sought = dict.fromkeys(one for split in output.splits for one in split.sought)
        lines += [_sought(one, labels) for one in sought]
    if output.by:
        lines.append(_say("by", lang, columns=_columns(output.by, labels)))
    if output.pool:
        tables = [_columns(table, labels) for table in output.pool.tables]
        lines.append(_say("pooled", lang, tables="; ".join([*tables, _say("total", lang)])))
    return lines


def cohort(tests: tuple[Condition, ...], lang: Lang) -> list[str]:
    """Which rows of a party take part; nothing of a party that sends none."""
    said = [f"{_test(test, lang)} ({_say(test.when_missing, lang)})" for test in tests]
    return [_say("cohort", lang, tests="; ".join(said))] if said else []


def _test(test: Condition, lang: Lang) -> str:
    parts = []
    if test.one_of is not None:
        parts.append(_say("one_of", lang, field=test.field, values=joined(test.one_of, word("or", lang))))
    for key, day in (("on_or_after", test.on_or_after), ("on_or_before", test.on_or_before)):
        if day is not None:
            shown = _say("reference-date", lang) if day == "reference-date" else day
            parts.append(_say(key, lang, field=test.field, day=shown))
    for key, years in (("age_from", test.age_from), ("age_to", test.age_to)):
        if years is not None:
            parts.append(_say(key, lang, years=years))
    return joined(parts, word("and", lang))


def waves(protocol: Protocol, lang: Lang) -> list[str]:
    """The reference dates of a monitor, and whether anybody can be followed; nothing where there is one."""
    if protocol.waves is None:
        return []
    tokens = _say(protocol.waves.tokens, lang, until=protocol.waves.kept_until)
    return [_say("waves", lang, dates=", ".join(protocol.reference_dates), tokens=tokens)]


def _columns(names: tuple[str, ...], labels: Labels) -> str:
    return joined([labels.column(name) for name in names], word("and", labels.lang))


def _split(split: Split, labels: Labels) -> str:
    states = [labels.value(split.name, state) for state in labels.protocol.axes(labels.output)[split.name]]
    key = "previous" if split.wave == "previous" else "split"
    return _say(key, labels.lang, name=labels.column(split.name), states="; ".join(states))


def _sought(one: Sought, labels: Labels) -> str:
    how = ""
    if one.field and one.only:
        values = joined(one.only, word("or", labels.lang))
        how = _say("only", labels.lang, field=labels.column(one.field), values=values)
    elif one.field:
        how = _say("told", labels.lang, field=labels.column(one.field))
    return _say("sought", labels.lang, label=labels.text(one.label), there=labels.places(one.at), how=how) + "."
