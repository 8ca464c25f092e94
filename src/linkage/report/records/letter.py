"""A letter to the data protection officer: what this organisation did in a linkage, by its own ledger.

Rules kept here:

- Every statement comes from the signed protocol or from an entry of the organisation's own ledger; the letter says of
  which state of that ledger, so that it can be checked.
- Acts are told day by day, in the order of the ledger; an act that is not known here is told by its own name.
- Nothing says that the linkage is lawful. Counts are those of the organisation's own rows; nothing is of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linkage import canonical
from linkage.ledger import witness
from linkage.ledger.entries import Entry
from linkage.report.lang import Lang
from linkage.report.planned import in_words, judged
from linkage.report.records import terms
from linkage.report.records.account import ACTS, Account, Sent
from linkage.report.records.letter_words import LETTER
from linkage.report.records.words import WORDS, day, say

WIDTH = 88
_EMPTY: tuple[Any, ...] = (None, [], {}, "")


@dataclass(frozen=True)
class State:
    """Of which ledger the letter speaks."""

    on: str
    """Day of the letter, yyyy-mm-dd."""
    size: int
    """Entries of the whole ledger."""
    root: str
    """Its root, base64, as in the checkpoint."""
    card: str
    """Letters of the organisation's card."""


@dataclass(frozen=True)
class Part:
    """A heading, sentences, and points below it."""

    heading: str
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """A letter in one language."""

    lang: Lang
    head: tuple[str, ...]
    """Addressee, sender, day, subject."""
    parts: tuple[Part, ...]
    foot: tuple[str, ...]

    @property
    def subject(self) -> str:
        """What it is about."""
        return self.head[-1]


def letter(account: Account, state: State, lang: Lang) -> Letter:
    """The letter of one organisation about one linkage.

    Args:
        account: its part in the linkage.
        state: of its ledger.
        lang: Dutch (B1) or English.
    """
    protocol, party = account.protocol, account.party
    title = str(getattr(protocol.title, lang))
    head = (
        _in("to", lang, party=party.name), _in("from", lang, party=party.name, number=terms.number(party)),
        _in("date", lang, day=day(state.on, lang)), _in("subject", lang, title=title),
    )  # fmt: skip
    parts = (
        Part("", (_in("opening", lang), _in("intro", lang, title=title, roles=_roles(account, lang)))),
        Part(_in("agreed", lang), (), tuple(_agreed(account, lang))),
        Part(_in("bases", lang), (_in("bases_text", lang),), tuple(_bases(account, lang))),
        Part(_in("done", lang), (), tuple(_done(account, lang)) or (_in("nothing", lang),)),
        *_rows(account, lang),
        Part(_in("sent", lang), (), tuple(_sent(account, lang)) or (_in("nothing_sent", lang),)),
        Part(_in("received", lang), (), tuple(_received(account, lang)) or (_in("nothing_received", lang),)),
        Part(_in("limits", lang), tuple(_in(name, lang) for name in ("not_lawful", "pseudonymised", "people"))),
        Part(_in("check", lang), (_in("check_text", lang, size=state.size, root=state.root, card=state.card),)),
    )
    return Letter(lang, head, parts, (_in("closing", lang), say("to_fill", lang), party.name))


def as_text(one: Letter) -> str:
    """The letter as plain text, folded."""
    import textwrap

    lines = [*one.head, ""]
    fold = textwrap.TextWrapper(WIDTH, break_on_hyphens=False, break_long_words=False)
    for part in one.parts:
        lines += [part.heading, "-" * len(part.heading)] if part.heading else []
        fold.initial_indent = fold.subsequent_indent = ""
        lines += [line for text in part.sentences for line in fold.wrap(text)]
        fold.initial_indent, fold.subsequent_indent = "- ", "  "
        lines += [line for text in part.points for line in fold.wrap(text)]
        lines.append("")
    return "\n".join([*lines, *one.foot]) + "\n"


def as_html(one: Letter) -> str:
    """The letter as one page that needs nothing from elsewhere."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("linkage.report")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("letter.html").render(letter=one)


def as_data(one: Letter) -> dict[str, Any]:
    """The letter for a program."""
    parts = [{"heading": p.heading, "sentences": list(p.sentences), "points": list(p.points)} for p in one.parts]
    return {"head": list(one.head), "parts": parts, "foot": list(one.foot)}


def _roles(account: Account, lang: Lang) -> str:
    *first, last = (_role(role, lang) for role in account.party.roles)
    return f"{', '.join(first)} {say('and', lang)} {last}" if first else last


def _role(name: str, lang: Lang) -> str:
    return _in(f"role_{name}", lang) if f"role_{name}" in LETTER else name


def _agreed(account: Account, lang: Lang) -> list[str]:
    protocol = account.protocol
    valid = [day(one, lang) for one in (protocol.valid.first, protocol.valid.last)]
    version = say("version", lang, id=protocol.id, version=protocol.version)
    return [
        _in("purpose", lang, text=getattr(protocol.purpose.text, lang)),
        _in("protocol", lang, version=version, first=valid[0], last=valid[1], digest=protocol.digest),
        _in("reference_date", lang, day=day(protocol.reference_date, lang)),
        _in("dpia", lang, text=terms.dpia(protocol, lang)),
        _in("notice", lang, text=say("notice", lang, version=protocol.notice.version, url=protocol.notice.url)),
        _in("retention", lang, text="; ".join(terms.retention(protocol, lang))),
    ]


def _bases(account: Account, lang: Lang) -> list[str]:
    """Every direction, the own ones first."""
    protocol = account.protocol
    others = [party for party in protocol.parties if party.id != account.party.id]
    to_us = [
        line
        for party in others
        for line, d in zip(terms.directions(protocol, party, lang), party.discloses, strict=False)
        if d.to == account.party.id
    ]
    return [*terms.directions(protocol, account.party, lang), *to_us]


def _done(account: Account, lang: Lang) -> list[str]:
    """What was done on which day, but for sending and receiving, which have parts of their own."""
    apart = (witness.SEND, witness.SEALED, witness.RECEIVE)
    told = [entry for entry in account.entries if entry.act not in apart and ACTS.get(entry.act) != "home"]
    return [_in("on", lang, day=day(entry.at, lang), what=_act(entry, lang)) for entry in told]


def _act(entry: Entry, lang: Lang) -> str:
    named = f"act_{entry.act}"
    text = say(named, lang) if named in WORDS else entry.act
    facts = [
        _in(_fact(key, value), lang, value=_value(value, lang))
        for key, value in entry.facts.items()
        if _fact(key, value) in LETTER and value not in _EMPTY
    ]
    return f"{text}. {' '.join(facts)}".rstrip()


def _fact(key: str, value: Any) -> str:
    """How a fact is told; the output of an export is a file."""
    is_file = key == "output" and str(value).startswith(canonical.DIGEST_PREFIX)
    return "fact_input" if is_file else f"fact_{key}"


def _rows(account: Account, lang: Lang) -> list[Part]:
    """What became of the own rows in the last run; nothing for who has none."""
    run = account.last_run
    if run is None:
        return []
    ordered = {name: run.facts["judged"][name] for name in ("rows", "included") if name in run.facts["judged"]}
    counts = judged(ordered | dict(run.facts["judged"]), lang)
    points = tuple(f"{name}: {count}" for name, count in counts.items())
    return [Part(_in("rows", lang, day=day(run.at, lang)), (_in("rows_text", lang),), points)]


def _sent(account: Account, lang: Lang) -> list[str]:
    return [_package(account, one, lang) for one in account.sent]


def _package(account: Account, one: Sent, lang: Lang) -> str:
    to = ", ".join(account.name(party) for party in one.to)
    if not one.package:
        return _in("not_sealed", lang, day=day(one.entry.at, lang), type=_type(one.type, lang), to=to)
    rows = one.counts.get("rows")
    size = _in("of_rows", lang, rows=rows) if rows is not None else ""
    when = day(one.sealed_at, lang)
    return _in("was_sent", lang, day=when, type=_type(one.type, lang), to=to, rows=size, package=one.package)


def _received(account: Account, lang: Lang) -> list[str]:
    return [
        _in("was_received", lang, day=day(entry.at, lang), type=_type(str(entry.facts["type"]), lang),
            sender=account.name(str(entry.facts["sender"])), package=entry.facts["package"])
        for entry in account.of(witness.RECEIVE)
    ]  # fmt: skip


def _type(name: str, lang: Lang) -> str:
    return say(f"type_{name}", lang) if f"type_{name}" in WORDS else name


def _value(value: Any, lang: Lang) -> str:
    """A fact as text: words and counts, lists and digests."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(part, lang)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(part, lang) for part in value)
    return in_words(str(value), lang)


def _in(key: str, lang: Lang, **values: object) -> str:
    return LETTER[key][lang].format(**values) if values else LETTER[key][lang]
