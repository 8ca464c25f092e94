"""What is told of consent to others: every mandatory field of ISO/IEC TS 27560, and no more than was recorded."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

import protocols
from linkage.consent import event, record
from linkage.consent.event import Event
from linkage.protocol.load import loads

P = loads(protocols.SHIPPED.encode(), name="p.yml")
GIVEN = Event(
    "s1", P.id, "2026-01-01", "given", "2026-12-31", "form", "consent", "explicit", "form 7", "2026-08", "17", "person"
)
HISTORY = [
    (GIVEN, "2026-01-02T09:00:00+00:00"),
    (Event("s2", P.id, "2026-01-01", "requested"), ""),
    (
        replace(GIVEN, at="2026-02-01", status="withdrawn", valid_until="", method="telephone"),
        "2026-02-01T09:00:00+00:00",
    ),
    (replace(GIVEN, kind="instemming"), "2026-01-02T09:00:00+00:00"),
]

MANDATORY = [
    "dct:conformsTo", "dct:identifier", "dpv:hasDataSubject/dct:identifier",  # header
    "dpv:hasNotice", "dct:language", "dpv:hasProcess/dpv:hasPurpose", "dpv:hasLegalBasis",
    "dpv:hasProcess/dpv:hasPersonalData", "dpv:hasDataController", "dpv:hasProcess/dpv:hasStorageCondition",
    "dpv:hasJurisdiction", "dpv:hasProcess/dpv:hasRecipient", "dpv:hasConsentControl",  # processing
    "dpv:hasDataController/dct:identifier", "dpv:hasDataController/dpv:hasAddress", "dpv:hasDataController/dpv:hasName",
    "dpv:hasDataController/dpv:hasContact", "dpv:hasDataController/@type",  # party
]  # fmt: skip
"""Of the guide's table "ISO 27560:2023, EU GDPR, and DPV", what ISO/IEC TS 27560 or the GDPR calls mandatory."""
OF_EVENT = ["dct:date", "dct:valid", "dpv:isImplementedByEntity", "dpv:hasLegalBasis", "@type"]


def graph(address: str = "Schoolstraat 1, Voorbeeldstad") -> list[dict[str, Any]]:
    found = json.loads(record.as_dpv(HISTORY, P, "mbo", address=address))
    assert found["@context"]["dpv"] == "https://w3id.org/dpv#"
    records: list[dict[str, Any]] = found["@graph"]
    return records


def at(value: Any, path: str) -> Any:
    for key in path.split("/"):
        value = value[key]
    return value


@pytest.mark.parametrize("path", MANDATORY)
def test_every_record_has_the_mandatory_fields(path: str) -> None:
    assert all(at(one, path) for one in graph())


def test_every_event_has_the_mandatory_fields_and_the_terms_of_dpv() -> None:
    first, second = graph()
    assert [e["@type"] for e in first["dpv:hasConsentStatus"]] == ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]
    assert [e["@type"] for e in second["dpv:hasConsentStatus"]] == ["dpv:ConsentRequested"]
    for one in first["dpv:hasConsentStatus"] + second["dpv:hasConsentStatus"]:
        assert all(one[field] for field in OF_EVENT)
    given = first["dpv:hasConsentStatus"][0]
    assert given["dpv:hasLegalBasis"] == {"@id": "dpv:ExplicitlyExpressedConsent"}
    assert (given["dct:valid"], given["dct:source"], given["linkage:age"]) == ("2026-12-31", "form 7", 17)
    assert given["dpv:isImplementedByEntity"] == {"@type": "dpv:DataSubject"}
    assert second["dpv:hasConsentStatus"][0]["dpv:isImplementedByEntity"] == {"dct:identifier": "mbo"}


def test_instemming_stands_beside_the_consent_record_and_has_no_term_of_consent() -> None:
    first, second = graph()
    assert [e["linkage:status"] for e in first["linkage:instemming"]] == ["given"]
    assert "Consent" not in json.dumps(
        [{k: v for k, v in e.items() if k != "dpv:hasNotice"} for e in first["linkage:instemming"]]
    )
    assert "linkage:instemming" not in second


def test_prefixes_are_declared_and_records_keep_their_name() -> None:
    text = record.as_dpv(HISTORY, P, "mbo")
    declared = set(json.loads(text)["@context"])
    used = {term.split(":")[0] for one in json.loads(text)["@graph"] for term in _terms(one)}
    assert used <= declared
    assert text == record.as_dpv(HISTORY, P, "mbo")
    assert "dpv:hasAddress" not in text, "what is not known is not made up"


def _terms(value: Any) -> set[str]:
    if isinstance(value, list):
        return {term for one in value for term in _terms(one)}
    if not isinstance(value, dict):
        return set()
    terms = {key for key in value if not key.startswith("@")}
    terms |= {value["@type"]} if "@type" in value else set()
    terms |= {value["@id"]} if "@id" in value and not value["@id"].startswith(("urn:", "http")) else set()
    return terms | {term for one in value.values() for term in _terms(one)}


def test_every_status_and_type_has_its_term() -> None:
    assert set(event.DPV_STATUS) == set(event.STATUSES)
    for term in [*event.DPV_STATUS.values(), *event.DPV_TYPE.values()]:
        assert "Consent" in term


def test_the_csv_has_all_fields_and_no_formula() -> None:
    odd = replace(GIVEN, reference="=HYPERLINK(1)", method="-x")
    text = record.as_csv([*HISTORY, (odd, "")])
    assert text.startswith("\ufeff"), "by which Excel knows UTF-8"
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert [row["status"] for row in rows] == ["given", "requested", "withdrawn", "given", "given"]
    assert [row["kind"] for row in rows] == ["consent"] * 3 + ["instemming", "consent"]
    assert (rows[-1]["reference"], rows[-1]["method"]) == ("'=HYPERLINK(1)", "'-x")
