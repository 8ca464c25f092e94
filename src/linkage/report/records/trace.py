"""Lines for the Logboek Dataverwerkingen of Logius: one trace per linkage, the same at every party.

Rules kept here:

- A line has the fields of the standard's interface and no others, and in `attributes` those of the namespace
  `dpl.core`: other namespaces need an extension that was adopted. What a register holds is referred to, never repeated.
- The trace follows from the protocol's digest, so that the logs of all parties join without anybody telling an id. The
  span of a package follows from its digest: what a receiver writes has the sender's span as its parent.
- A line is about nobody, or about one person. Those about persons hold a local reference or a pseudonym of it, and are
  made for a custodian's own log only (`linkage.roles.records`).

Source: Logius, Logboek dataverwerkingen, werkversie 0.8.0, sections "Component: Logboek" and "Component: Applicatie".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from linkage import canonical
from linkage.ledger import witness
from linkage.ledger.entries import Entry
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Party
from linkage.report.lang import Lang
from linkage.report.records.account import ACTS, WITHOUT_DATA, Account, Sent
from linkage.report.records.words import WORDS, say

Line = dict[str, Any]
ACTIVITY, PERSON, PERSON_TYPE, PROCESSOR = (
    "dpl.core.processing_activity_id", "dpl.core.data_subject_id", "dpl.core.data_subject_id_type",
    "dpl.core.foreign_operation.processor",
)  # fmt: skip
TRACE_SIGNS, SPAN_SIGNS = 32, 16
"""Hexadecimal digits of 16 and 8 bytes."""
_MADE_BY = {
    "encodings": "tokenise", "release": "release", "oprf-request": "oprf-request", "oprf-answer": "oprf-answer",
    "recontact-request": "request-approval", "recontact-approval": "decide-list", "recontact-list": "return-list",
}  # fmt: skip
"""Type of a package to the act that made what is in it."""
_CAUSED_BY = {witness.RECEIVE: ("package", "sender"), "oprf-answer": ("request", "requester")}
"""Act to the facts that name the package it answers to, and who sent that."""


def trace_id(protocol: Protocol) -> str:
    """The trace of a linkage: 16 bytes of the digest of canonical JSON, in hexadecimal."""
    return _id({"linkage-trace": 1, "protocol": protocol.digest})[:TRACE_SIGNS]


def activity(protocol: Protocol) -> str:
    """URI of the processing activity, of one version: another protocol has another digest."""
    return f"urn:linkage:protocol:{protocol.digest}"


def lines(account: Account, lang: Lang, uri: str = "") -> Iterator[Line]:
    """The lines of one organisation about nobody in particular, in the order of its ledger.

    Args:
        account: its part in the linkage.
        lang: of the names of acts.
        uri: of the activity in the organisation's own register; ours where it is empty.
    """
    sent = {one.entry.index: one for one in account.sent}
    for entry in account.entries:
        kind = ACTS.get(entry.act, "data")
        if entry.index in sent:
            kind = "data"
        if kind == "data" and entry.protocol and entry.facts.get("type") not in WITHOUT_DATA:
            package = sent.get(entry.index)
            yield _of_package(account, package, lang, uri) if package else _of_act(account, entry, lang, uri)


def persons(
    account: Account, run: Entry, keyed: Iterable[tuple[str, str]], id_type: str, lang: Lang, uri: str = ""
) -> Iterator[Line]:
    """A line per person whose row took part in a run, each under the line of the run.

    Args:
        account: of the custodian.
        run: its entry.
        keyed: id and span of every person.
        id_type: what the ids are.
        lang, uri: as of `lines`.
    """
    whole = _of_act(account, run, lang, uri)
    for who, span in keyed:
        about = {**whole["attributes"], PERSON: who, PERSON_TYPE: id_type}
        yield _ordered({**whole, "span_id": span, "parent_span_id": whole["span_id"], "attributes": about})


def to_text(every: Iterable[Line]) -> Iterator[str]:
    """JSON, one line each."""
    for line in every:
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _of_act(account: Account, entry: Entry, lang: Lang, uri: str) -> Line:
    line = _line(account, entry, lang, uri, entry.at)
    if entry.act in _CAUSED_BY:
        package, sender = (str(entry.facts[name]) for name in _CAUSED_BY[entry.act])
        line["parent_span_id"] = _package_span(package)
        line["attributes"][PROCESSOR] = _party_uri(account, sender)
    return _ordered(line)


def _of_package(account: Account, sent: Sent, lang: Lang, uri: str) -> Line:
    line = _line(account, sent.entry, lang, uri, sent.sealed_at or sent.entry.at)
    if sent.package:
        line["span_id"] = _package_span(sent.package)
    else:
        line["status"] = "Error"  # its number was reserved, and it was never sealed
    made = account.before(_MADE_BY.get(sent.type, ""), sent.entry.index)
    if made is not None:
        line["parent_span_id"] = _span(made)
    return _ordered(line)


def _line(account: Account, entry: Entry, lang: Lang, uri: str, end: str) -> Line:
    name, _, version = entry.software.partition(" ")
    named = f"act_{entry.act}" if f"act_{entry.act}" in WORDS else ""
    return {
        "trace_id": trace_id(account.protocol), "span_id": _span(entry), "status": "Unset",
        "name": say(named, lang) if named else entry.act, "start_time": _milliseconds(entry.at),
        "end_time": _milliseconds(end),
        "resource": {"attributes": {"service.name": name, "service.version": version, "ledger.entry": entry.index}},
        "attributes": {ACTIVITY: uri or activity(account.protocol)},
    }  # fmt: skip


def _ordered(line: Line) -> Line:
    order = ("trace_id", "span_id", "parent_span_id", "status", "name", "start_time", "end_time", "resource")
    return {name: line[name] for name in (*order, "attributes") if name in line}


def _span(entry: Entry) -> str:
    return entry.leaf.hex()[:SPAN_SIGNS]


def _package_span(digest: str) -> str:
    return _id({"linkage-span": 1, "package": digest})[:SPAN_SIGNS]


def _party_uri(account: Account, party_id: str) -> str:
    found: list[Party] = [party for party in account.protocol.parties if party.id == party_id]
    return f"urn:linkage:party:{found[0].number.scheme}:{found[0].number.value}" if found else "urn:linkage:party"


def _id(value: Any) -> str:
    return canonical.digest(value).removeprefix(canonical.DIGEST_PREFIX)


def _milliseconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp()) * 1000
