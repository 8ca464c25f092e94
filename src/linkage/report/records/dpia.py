"""Sections of the Rijksmodel DPIA 3.0 as far as a signed protocol fills them in, in the order of the model, in Dutch.

Rules kept here:

- Numbers, titles, questions and choices are the model's (docs/spec/records.md names the source); the model is Dutch, so
  this record is.
- What the protocol does not say is a line for people to write: necessity and proportionality, interests, locations,
  likelihood and impact of risks. Nothing is judged here.
- Answers to questions that repeat once per processing are told as text in the section's field for additional
  information, so that the form of the Rijk takes the file whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from linkage.protocol import lint
from linkage.protocol.fields import FieldSpec
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Party
from linkage.report import guarantee
from linkage.report.records import terms
from linkage.report.records.dpia_words import (
    BASIS,
    CATEGORY,
    COMPATIBLE,
    GROUND,
    PARTS,
    QUESTIONS,
    ROLE,
    SAID,
    SECTIONS,
    SHOWN,
    STILL_TO_WRITE,
)  # fmt: skip
from linkage.report.records.words import day

MODEL = "urn:nl:dpia:3.0"
SCHEMA = "https://github.com/MinBZK/par-dpia-form/blob/main/schemas/assessment-output.v2.schema.json"
NUMBERS = ("bsn", "education-number")
"""Kinds of field that are national identification numbers."""
_SINGLE = ("2.1", "3.1", "12.3.2", "16.1")
"""Groups whose answers the form takes as they stand; the others hang on its own list of processings."""

Answers = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class Section:
    """One section of the model."""

    id: str
    groups: Mapping[str, tuple[Answers, ...]] = field(default_factory=dict)
    """Id of a question that repeats, to its answers: id of a part to a text, or to several choices."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Id of a question to its text."""

    @property
    def title(self) -> str:
        """As in the model."""
        return SECTIONS[self.id]

    @property
    def todo(self) -> tuple[str, ...]:
        """What people must still write."""
        return STILL_TO_WRITE.get(self.id, ())


def sections(protocol: Protocol) -> list[Section]:
    """Every section of the model, in its order; those that only people can write are empty."""
    made = {one.id: one for one in _filled(protocol)}
    return [made.get(number, Section(number)) for number in SECTIONS]


def as_markdown(protocol: Protocol) -> str:
    """The sections for people: a table per question that repeats, and what is left to write."""
    lines = [f"# {SAID['head'].format(title=protocol.title.nl)}", "", SAID["intro"].format(digest=protocol.digest), ""]
    for one in sections(protocol):
        lines += [f"## {one.id}. {one.title}", ""]
        for group in one.groups.values():
            lines += [*_table(group), ""]
        for number, text in one.texts.items():
            heading = [] if number == one.id else [f"**{number} {QUESTIONS[number]}**", ""]
            lines += [*heading, *(f"{line}  " for line in SHOWN.get(text, text).splitlines()), ""]
        lines += [f"- [ ] {SAID['todo'].format(text=text)}" for text in one.todo] + [""] * bool(one.todo)
    return "\n".join(lines)


def as_data(protocol: Protocol, at: str) -> dict[str, Any]:
    """The answers in the form's own format for keeping and exchange.

    Args:
        protocol: which is agreed.
        at: when it was made, RFC 3339.
    """
    answers: dict[str, Any] = {}
    for one in sections(protocol):
        texts = dict(one.texts)
        for number, group in one.groups.items():
            if number in _SINGLE:
                answers[number] = [
                    {"_index": n, **{key: _answer(value, at) for key, value in row.items()}}
                    for n, row in enumerate(group)
                ]
            else:
                told = "\n".join(_told(row) for row in group)
                texts[f"{one.id}.2"] = "\n".join(filter(None, [told, texts.get(f"{one.id}.2", "")]))
        answers |= {number: _answer(text, at) for number, text in texts.items()}
    return {"$schema": SCHEMA, "metadata": {"urn": MODEL, "createdAt": at}, "answers": answers}


def _filled(p: Protocol) -> Iterator[Section]:
    laws = dict.fromkeys(filter(None, [*(d.basis.law for x in p.parties for d in x.discloses), *_number_laws(p)]))
    yield Section("1", {}, {"1.1": SAID["proposal"].format(title=p.title.nl, purpose=p.purpose.text.nl)})
    yield Section("2", {"2.1": tuple(_data(p))}, {"2.3": _leaves(p)})
    yield Section("3", {"3.1": tuple(_processing(p))}, {"3.2": SAID["order"].format(day=day(p.reference_date, "nl"))})
    yield Section("4", {}, {"4": _techniques(p)})
    yield Section("5", {"5.1": ({"5.1.1": p.purpose.text.nl},)}, {"5.2": SAID["dpv"].format(iri=p.purpose.dpv)})
    yield Section("6", {"6.1": tuple(_party(p, party) for party in p.parties)})
    yield Section("9", {"9.1": tuple({"9.1.1.1": SAID["declared"], "9.1.1.2": law} for law in laws)})
    yield Section("10", {"10.1": tuple({"10.1.1.5": text} for text in terms.retention(p, "nl"))})
    yield Section("11", {"11.1": tuple(_grounds(p))}, {"11.2": SAID["not_judged"]})
    yield _special(p)
    ground = GROUND.get(p.purpose.compatibility, p.purpose.compatibility)
    yield Section("13", {"13.1": (_purposes(p),)}, {"13.2": SAID["compatibility"].format(ground=ground)})
    yield Section("15", {}, _rights(p))
    yield Section("16", {"16.1": tuple(_risks(p))})
    yield Section("17", {}, {"17.2": "\n".join(terms.measures(p, "nl"))})
    advised = {"19.5.5": p.dpia.advised_by, "19.5.6": p.dpia.advised_on, "19.5.7": p.dpia.reference}
    yield Section("19", {}, advised)


def _data(p: Protocol) -> Iterator[Answers]:
    for one in p.fields:
        for name in one.parties:
            party = p.party(name)
            told = [d.basis for d in party.discloses if d.to == p.unit.id]
            yield {
                "2.1.1": _field(one, party), "2.1.2": SAID["subject"].format(party=party.name),
                "2.1.3": CATEGORY.get(one.kind, SAID["other"]),
                "2.1.4": "nationaal identificatienummer" if one.kind in NUMBERS else "gewoon",
                "2.1.5": p.purpose.original, "2.1.6": "true", "2.1.7": party.name,
                "2.1.9": "; ".join(_basis(basis.article, basis.law) for basis in told),
            }  # fmt: skip


def _basis(article: str, law: str | None) -> str:
    said = SAID["basis"].format(article=terms.article(article, "nl"))
    return f"{said}; {law}" if law else said


def _field(one: FieldSpec, party: Party) -> str:
    return f"{terms.label(one, 'nl')} ({party.id})"


def _leaves(p: Protocol) -> str:
    return "\n".join(f"{terms.label(one, 'nl')}: {guarantee.leaves(p, one, 'nl')}" for one in p.fields)


def _processing(p: Protocol) -> Iterator[Answers]:
    """The processings by role; who does each stands in its description."""
    every = tuple(_field(one, p.party(name)) for one in p.fields for name in one.parties)
    sent = tuple(_field(f, p.party(name)) for f in p.fields if f.send != "none" for name in f.parties)
    numbers = tuple(_field(f, p.party(name)) for f in p.fields if f.send == "exact" for name in f.parties)
    names = {role: ", ".join(one.name for one in p.with_role(role)) for role in ("custodian", "key-holder")}
    for number, key in enumerate(PARTS, 1):
        which = {"prepare": every, "numbers": numbers if p.oprf_stages else (), "match": sent, "release": sent}[key]
        if which:
            title, text = PARTS[key]
            said = text.format(custodians=names["custodian"], holders=names["key-holder"], unit=p.unit.name)
            yield {"3.1.1": f"{number}. {title}", "3.1.2": said, "3.1.3": which}


def _techniques(p: Protocol) -> str:
    stages = ", ".join(stage.stage for stage in p.matching.stages)
    outputs = [SAID["output"].format(title=output.title.nl, to=", ".join(output.to)) for output in p.outputs]
    lines = [SAID["encoding"].format(profile=p.encoding.profile, stages=stages), *guarantee.lines(p, "nl"), *outputs]
    return "\n".join([*lines, SAID["no_decisions"]])


def _party(p: Protocol, party: Party) -> Answers:
    provides = ("Verstrekker",) if party.discloses else ()
    receives = ("Ontvanger",) if "recipient" in party.roles or party.id == p.unit.id else ()
    roles = tuple(dict.fromkeys((ROLE[party.legal_role], *provides, *receives)))
    data = tuple(_field(one, party) for one in p.fields_of(party.id))
    return {
        "6.1.1.1": f"{party.name} ({terms.number(party)})", "6.1.1.2": roles, "6.1.1.3": party.legal_task,
        **({"6.1.1.4": data} if data else {}),
    }  # fmt: skip


def _grounds(p: Protocol) -> Iterator[Answers]:
    for party in p.parties:
        said = terms.directions(p, party, "nl")
        for d, text in zip(party.discloses, said, strict=False):
            yield {"11.1.1.1": BASIS[d.basis.article], "11.1.1.2": text}


def _number_laws(p: Protocol) -> list[str]:
    return [party.bsn_basis.law for party in p.parties if party.bsn_basis]


def _special(p: Protocol) -> Section:
    used = [(one, p.party(name)) for one in p.fields if one.kind in NUMBERS for name in one.parties]
    rows: tuple[Answers, ...] = tuple(
        {"12.3.2.2": (SAID["subject"].format(party=party.name),), "12.3.2.3": (_field(one, party),),
         "12.3.2.4": " ".join(terms.number_basis(party, "nl")) or SAID["no_law"]}
        for one, party in used
    )  # fmt: skip
    texts = {"12.3.1": "true" if used else "false"}
    return Section("12", {"12.3.2": rows} if rows else {}, texts)


def _purposes(p: Protocol) -> Answers:
    judged = {"13.1.1.5": COMPATIBLE[p.purpose.compatibility]} if p.purpose.compatibility in COMPATIBLE else {}
    return {"13.1.1.3": p.purpose.text.nl, "13.1.1.4": p.purpose.original, **judged}


def _rights(p: Protocol) -> dict[str, str]:
    asked = ", ".join(party.name for party in p.custodians if party.consent == "required")
    texts = {"15.1.2": SAID["access"], "15.6.2": SAID["no_decisions"]}
    texts |= {"15.7.2": SAID["withdraw"].format(parties=asked)} if asked else {}
    return {**texts, "15.8.2": SAID["notice"].format(version=p.notice.version, url=p.notice.url)}


def _risks(p: Protocol) -> Iterator[Answers]:
    """What each collusion would break, and what the lint saw; how likely and how bad is for people to say."""
    for text in guarantee.collusion(p, "nl"):
        yield {"16.1.1": text, "16.1.2": SAID["collusion"]}
    for found in lint.check(p):
        if found.code != "P109":  # a card that is not filled in yet is no risk to anybody
            yield {"16.1.1": f"{found.code}: {found.message}", "16.1.2": SAID["lint"].format(where=found.where)}


def _table(group: tuple[Answers, ...]) -> list[str]:
    ids = list(dict.fromkeys(key for row in group for key in row))
    head = [f"{key} {QUESTIONS[key]}" for key in ids]
    body = [[_cell(row.get(key, "")) for key in ids] for row in group]
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(ids), *body)]


def _cell(value: str | tuple[str, ...]) -> str:
    text = SHOWN.get(value, value) if isinstance(value, str) else ", ".join(value)
    return " ".join(text.split()).replace("|", "\\|")


def _told(row: Answers) -> str:
    return "; ".join(f"{QUESTIONS[key]}: {_cell(value)}" for key, value in row.items())


def _answer(value: str | tuple[str, ...], at: str) -> dict[str, Any]:
    return {"value": value if isinstance(value, str) else list(value), "lastEditedAt": at}
