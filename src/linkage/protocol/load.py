"""From a file to a checked model, with every complaint at its line and column.

Rules kept here:

- Validation never guesses: wrong type, unknown key, dangling name are each refused.
- All complaints of a file are told at once, first line first.
- `validated` serves every YAML file of ours (protocol and organisation config), so they complain alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from linkage.errors import InputError
from linkage.protocol import strict_yaml
from linkage.protocol.model import Party, Protocol
from linkage.protocol.outputs import DifferentialPrivacy, Output
from linkage.protocol.profiles import ClkField, HardenedField
from linkage.protocol.stages import Aim, Exact, Fuzzy
from linkage.protocol.strict_yaml import Document, Path

M = TypeVar("M", bound=BaseModel)
Problem = tuple[Path, str]
USUAL_MINIMUM = 10
"""Persons per cell: ACRO and CBS practice. Fewer needs a decision in the protocol."""
MOST_CUSTODIANS = 64
"""Parties of a group are kept as bits of one word (`linkage.match.groups`)."""


def load(path: str | FilePath) -> Protocol:
    """Read a protocol file.

    Raises:
        InputError: unreadable, not YAML, or not a protocol; one line per complaint with file, line, column
            and what was expected.
    """
    return from_document(strict_yaml.load(FilePath(path)))


def loads(data: bytes, *, name: str) -> Protocol:
    """Read a protocol from bytes; `name` stands for the file in messages."""
    return from_document(strict_yaml.parse(data, name=name))


def from_document(document: Document) -> Protocol:
    """The protocol in a parsed document, names checked against each other."""
    protocol = validated(Protocol, document)
    _raise(document, sorted(_dangling(protocol), key=lambda p: document.places.get(p[0], (0, 0))))
    return protocol


def validated(model: type[M], document: Document) -> M:
    """A document as a model.

    Raises:
        InputError: see `load`.
    """
    try:
        return model.model_validate(_tuples(document.data), by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [_problem(e) for e in error.errors(include_url=False, include_input=True)]
        problems = [(_in_file(path, document), text) for path, text in problems]
        inside = {path[:i] for path, _ in problems for i in range(len(path))}
        problems = [(path, text) for path, text in problems if path not in inside or "at least" not in text]
        _raise(document, sorted(problems, key=lambda p: document.places.get(p[0], (0, 0))))
        raise AssertionError from error  # pragma: no cover  # a ValidationError has at least one problem


def _tuples(value: Any) -> Any:
    """Lists as tuples, which strict pydantic wants for frozen models."""
    if isinstance(value, list):
        return tuple(_tuples(v) for v in value)
    if isinstance(value, dict):
        return {k: _tuples(v) for k, v in value.items()}
    return value


def _raise(document: Document, problems: list[Problem]) -> None:
    if not problems:
        return
    (first_path, first), *rest = problems
    more = "".join(f"\n{document.where(path)}: {text}" for path, text in rest)
    raise InputError(first + more, where=document.where(first_path))


def _in_file(path: Path, document: Document) -> Path:
    """The path without the parts that only the model knows (names of union members)."""
    real: Path = ()
    for part in path:
        if (*real, part) in document.places:
            real = (*real, part)
    return real


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
}


def _got(value: Any) -> str:
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list"}
    names |= {dict: "a mapping of keys", type(None): "nothing"}
    return names.get(type(value), type(value).__name__)


def _problem(error: Any) -> Problem:
    path: Path = error["loc"]
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "missing":
            return path[:-1], f"key '{path[-1]}' is missing"
        case "extra_forbidden":
            return path, f"unknown key '{path[-1]}'"
        case "literal_error" | "enum":
            return path, f"expected {context['expected']}, got {_shown(error['input'])}"
        case "union_tag_invalid":
            return path, f"expected {context['expected_tags']}, got {_shown(context['tag'])}"
        case "union_tag_not_found":
            return path, f"key {context['discriminator']} is missing"
        case "too_short":
            return path, f"expected at least {context['min_length']} in the list, got {context['actual_length']}"
        case "value_error":
            return path, str(context["error"])
        case "string_pattern_mismatch":
            return path, f"expected text that fits {context['pattern']}"
    if kind in _EXPECTED:
        either = " or a mapping with 'aim'" if path[-1:] == ("fixed",) else ""  # a threshold
        hint = ": put it between quotes" if kind == "string_type" and error["input"] is not None else ""
        return path, f"expected {_EXPECTED[kind]}{either}, got {_got(error['input'])}{hint}"
    message = str(error["msg"])
    return path, message[0].lower() + message[1:]


def _shown(value: Any) -> str:
    if type(value) in (int, float):
        return str(value)
    return f"'{value}'" if isinstance(value, str) and len(value) < 60 else _got(value)


def _dangling(p: Protocol) -> Iterator[Problem]:
    """Names that point nowhere, and what must be there once."""
    custodians = [party.id for party in p.custodians]
    yield from _twice(("parties",), list(p.party_ids), "party")
    yield from _twice(("fields",), [f.name for f in p.fields], "field")
    yield from _twice(("outputs",), [o.name for o in p.outputs], "output")
    yield from _twice(("encoding", "fields"), [f.field for f in p.encoding.fields], "field")
    units = len(p.with_role("linkage-unit"))
    if units != 1:
        yield ("parties",), f"expected exactly one party with role linkage-unit, got {units}"
    if not 2 <= len(custodians) <= MOST_CUSTODIANS:
        yield ("parties",), f"expected 2 to {MOST_CUSTODIANS} parties with role custodian, got {len(custodians)}"
    if p.matching.assignment == "many-to-one" and len(custodians) > 2:
        yield ("matching", "assignment"), f"expected another than many-to-one with {len(custodians)} custodians"
    yield from _parties(p)
    for i, field in enumerate(p.fields):
        for j, name in enumerate(field.parties):
            yield from _known(("fields", i, "parties", j), name, custodians, "custodian")
        if (field.send == "category") != (field.values is not None):
            yield ("fields", i), "expected 'values' exactly when send is 'category'"
    specs: Sequence[ClkField | HardenedField] = p.encoding.fields
    for i, spec in enumerate(specs):
        bloom = [f.name for f in p.fields if f.send == "bloom"]
        yield from _known(("encoding", "fields", i, "field"), spec.field, bloom, "field sent as bloom")
    yield from _unencoded(specs, p)
    for i, stage in enumerate(p.matching.stages):
        path: Path = ("matching", "stages", i)
        exact = [f.name for f in p.fields if f.send == "exact"]
        names = [stage.field] if stage.stage == "exact" else list(stage.never_when_different)
        for name in names:
            yield from _known(path, name, exact, "field sent as exact")
        if stage.stage == "fuzzy":
            yield from _fuzzy(path, stage, p.encoding.profile)
        else:
            yield from _exact(path, stage, p)
    yield from _twice(("matching", "stages"), [s.field for s in p.matching.stages if isinstance(s, Exact)], "stage of")
    yield from _outputs(p, custodians)


def _outputs(p: Protocol, custodians: Sequence[str]) -> Iterator[Problem]:
    for i, output in enumerate(p.outputs):
        path: Path = ("outputs", i)
        yield from _known((*path, "of"), output.of, custodians, "custodian")
        categories = [f.name for f in p.fields if f.send == "category" and output.of in f.parties]
        for j, name in enumerate(output.by):
            yield from _known((*path, "by", j), name, categories, f"category of {output.of}")
        others = [name for name in custodians if name != output.of]
        yield from _twice((*path, "found_in"), list(output.found_in), "custodian")
        for j, name in enumerate(output.found_in):
            yield from _known((*path, "found_in", j), name, others, f"custodian beside {output.of}")
        for j, name in enumerate(output.to):
            yield from _known((*path, "to", j), name, p.party_ids, "party")
        yield from _coarser((*path, "protection", "margins"), output.protection.margins, output.by)
        yield from _coarser((*path, "pool", "tables"), output.pool.tables if output.pool else (), output.by)
        yield from _protection((*path, "protection"), output, p)


def _coarser(path: Path, tables: Sequence[Sequence[str]], by: Sequence[str]) -> Iterator[Problem]:
    """Tables over some, not all, of the fields of another, each once."""
    for i, table in enumerate(tables):
        if list(table) != [name for name in by if name in table] or len(table) == len(by) or table in tables[:i]:
            yield (*path, i), f"expected some, not all, of {', '.join(by)}, in this order, and each list once"


def _protection(path: Path, output: Output, p: Protocol) -> Iterator[Problem]:
    said = output.protection
    if not isinstance(said, DifferentialPrivacy):
        if (said.minimum < USUAL_MINIMUM) != (said.minimum_decision is not None):
            lacks = "is missing: a minimum below 10 is the privacy officer's decision"
            means = "means nothing for a minimum of 10 or more"
            yield (*path, "minimum_decision"), lacks if said.minimum_decision is None else means
        return
    chosen = any(isinstance(stage, Fuzzy) and isinstance(stage.threshold, Aim) for stage in p.matching.stages)
    for holds, what in [
        (output.pool is None, "no pool: which table is shown would not be private"),
        (p.matching.assignment.startswith("one-to-one"), "one-to-one links: else one row changes any number of them"),
        (len(p.custodians) == 2, "two custodians: else one row changes any number of groups"),
        (not chosen, "fixed thresholds: one that is chosen from the data is not private"),
        (said.epsilon <= said.budget, "a budget of at least epsilon"),
    ]:
        if not holds:
            yield (*path, "method"), f"differential-privacy wants {what}"


def _parties(p: Protocol) -> Iterator[Problem]:
    for i, party in enumerate(p.parties):
        own = [f.name for f in p.fields_of(party.id)]
        if (party.quota is not None) != ("custodian" in party.roles):
            yield ("parties", i, "quota"), "expected a whole number for a custodian, and null for any other party"
        for j, disclosure in enumerate(party.discloses):
            yield from _known(("parties", i, "discloses", j, "to"), disclosure.to, p.party_ids, "party")
        yield from _row_basis(i, party, p)
        for j, condition in enumerate(party.cohort):
            path: Path = ("parties", i, "cohort", j)
            yield from _known((*path, "field"), condition.field, own, f"field of {party.id}")
            if len(condition.model_dump(exclude_none=True)) - 2 < 1:
                yield path, "expected a test: one_of, on_or_after, on_or_before, age_from or age_to"


def _exact(path: Path, stage: Exact, p: Protocol) -> Iterator[Problem]:
    """What an oblivious PRF needs, and what nothing else may have; a second field that is there."""
    for name in ("check", "rounds"):
        given = getattr(stage, name) is not None
        if given != bool(stage.oprf_suite):
            yield path, f"{name} {f'means nothing for {stage.token!r}' if given else 'is missing'}"
    if stage.oprf_suite and not p.key_holders:
        yield (*path, "token"), f"'{stage.token}' needs a party with role key-holder; there is none"
    if stage.oprf_suite and any("linkage-unit" in party.roles for party in p.key_holders):
        yield (*path, "token"), "the linkage unit is a key-holder; with one custodian it would read every number"
    if stage.agree is not None:
        yield from _known(
            (*path, "agree"), stage.agree, [f.name for f in p.fields if f.name != stage.field], "other field"
        )


def _row_basis(i: int, party: Party, p: Protocol) -> Iterator[Problem]:
    """Fields of the table of bases that are not there, or cannot hold what they should."""
    if party.row_basis is None:
        return
    kinds = {"diploma": ("date",), "born": ("birth-date", "date")}
    own = {f.name: f.kind for f in p.fields_of(party.id)}
    for key in ("level", "path", "diploma", "born", "enrolled"):
        name = getattr(party.row_basis, key)
        path: Path = ("parties", i, "row_basis", key)
        wanted = kinds.get(key, ("category",))
        if name is not None and name not in own:
            yield from _known(path, name, own, f"field of {party.id}")
        elif name is not None and own[name] not in wanted:
            yield path, f"expected a field of kind {' or '.join(wanted)}, got {own[name]}"


def _fuzzy(path: Path, stage: Fuzzy, profile: str) -> Iterator[tuple[Path, str]]:
    """A similarity of another profile; a parameter that is missing, or that nothing would read."""
    fits = {"clk": ("dice", "tversky"), "hardened": ("agreement",)}[profile]
    if stage.similarity not in fits:
        yield (*path, "similarity"), f"expected '{fits[0]}' for profile {profile}, got '{stage.similarity}'"
    if (stage.similarity == "tversky") != (stage.larger_weight is not None):
        said = "is missing" if stage.larger_weight is None else f"means nothing for '{stage.similarity}'"
        yield path, f"larger_weight {said}"
    if stage.larger_weight is not None and round(stage.larger_weight, 4) != stage.larger_weight:
        yield (*path, "larger_weight"), f"expected at most 4 decimals, got {stage.larger_weight}"
    if isinstance(stage.threshold, Aim) and (stage.threshold.aim == "precision") != (
        stage.threshold.at_least is not None
    ):
        said = "is missing" if stage.threshold.at_least is None else "means nothing for aim 'balance'"
        yield (*path, "threshold"), f"at_least {said}"


def _unencoded(specs: Sequence[ClkField | HardenedField], p: Protocol) -> Iterator[Problem]:
    spelt = {spec.field for spec in specs}
    for i, field in enumerate(p.fields):
        if field.send == "bloom" and field.name not in spelt:
            yield ("fields", i), f"field '{field.name}' is sent as bloom but encoding.fields does not name it"
    if p.encoding.filter_bits % 64 or not p.encoding.filter_bits:
        yield ("encoding", "hardening"), f"leaves {p.encoding.filter_bits} bits; expected a multiple of 64"


def _known(path: Path, name: str, names: Any, what: str) -> Iterator[Problem]:
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean '{close[0]}'?" if close else f"; there is {', '.join(names) or 'none'}"
        yield path, f"no {what} is called '{name}'{hint}"


def _twice(path: Path, names: list[str], what: str) -> Iterator[Problem]:
    for i, name in enumerate(names):
        if name in names[:i]:
            yield (*path, i), f"{what} '{name}' stands twice"
