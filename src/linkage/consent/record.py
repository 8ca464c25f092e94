"""An account of consent that others can read: W3C DPV 2 in JSON-LD after ISO/IEC TS 27560:2023, or CSV.

Rules kept here:

- One consent record per person, with the list of its events as they were recorded, oldest first; fields and their terms
  are those of the DPV guide to ISO/IEC TS 27560 (w3id.org/dpv/guides/consent-27560), all mandatory ones among them.
- Instemming is no consent: it stands in a property of our own beside the consent record, never as a dpv:ConsentStatus.
- What the protocol does not say is left out, not made up: the postal address is the caller's to give.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from linkage import spreadsheet
from linkage.consent.event import DPV_STATUS, DPV_TYPE, Event
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Party

History = Sequence[tuple[Event, str]]
"""Events, and when each was recorded."""

SCHEMA = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
_CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "legal-nl": "https://w3id.org/dpv/legal/nl#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "dct": "http://purl.org/dc/terms/",
    "linkage": "urn:linkage:consent:",
}
_PERSONAL_DATA = {
    "bsn": "pd:OfficialID", "education-number": "pd:OfficialID", "given-name": "pd:Name", "initials": "pd:Name",
    "surname": "pd:Name", "prefix": "pd:Name", "birth-date": "pd:BirthDate", "sex": "pd:Gender",
    "postcode": "pd:PostalCode", "house-number": "pd:PhysicalAddress",
}  # fmt: skip
"""Field kind to its category; other fields are named by their label."""
_LEGAL_ROLE = {
    "controller": "dpv:DataController", "joint-controller": "dpv:JointDataControllers",
    "processor": "dpv:DataProcessor", "recipient": "dpv:Recipient",
}  # fmt: skip


def as_csv(history: History) -> str:
    """Every event with every field, for a spreadsheet with Dutch settings: semicolons."""
    heads = [*(field.name for field in fields(Event)), "recorded"]
    return spreadsheet.as_csv([heads, *([*astuple(event), recorded] for event, recorded in history)])


def as_dpv(history: History, protocol: Protocol, party: str, *, address: str = "") -> str:
    """Consent records of one purpose as JSON-LD.

    Args:
        history: of the protocol's purpose.
        protocol: gives notice, purpose, fields, parties, retention.
        party: whose registry it is.
        address: its postal address; mandatory in ISO/IEC TS 27560, and not in a protocol.
    """
    persons: dict[str, list[tuple[Event, str]]] = {}
    for event, recorded in history:
        persons.setdefault(event.reference, []).append((event, recorded))
    shared = _shared(protocol, protocol.party(party), address)
    graph = [_record(events, protocol, party, shared) for events in persons.values()]
    return json.dumps({"@context": _CONTEXT, "@graph": graph}, ensure_ascii=False, indent=1) + "\n"


def _record(events: History, protocol: Protocol, party: str, shared: dict[str, Any]) -> dict[str, Any]:
    reference = events[0][0].reference
    name = str(uuid5(NAMESPACE_URL, f"linkage:{protocol.digest}:{party}:{reference}"))
    record = {
        "@id": f"urn:uuid:{name}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": {"@id": SCHEMA},
        "dct:identifier": name,
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": reference},
        **shared,
        "dpv:hasConsentStatus": [_event(e, at, party) for e, at in events if e.kind == "consent"],
    }
    agreed = [_agreement(e, at) for e, at in events if e.kind == "instemming"]
    return {**record, "linkage:instemming": agreed} if agreed else record


def _event(event: Event, recorded: str, party: str) -> dict[str, Any]:
    said = event.status in ("given", "renewed", "refused", "withdrawn")  # by the person; the rest by the organisation
    by = {"person": "dpv:DataSubject", "representative": "dpv:Representative"}[event.given_by]
    return {
        "@type": f"dpv:{DPV_STATUS[event.status]}",
        "dct:date": event.at,
        "dct:valid": event.valid_until or "no end recorded",
        "dpv:isImplementedByEntity": {"@type": by} if said else {"dct:identifier": party},
        "dpv:hasLegalBasis": {"@id": f"dpv:{DPV_TYPE[event.type]}"},
        **_about(event, recorded),
    }


def _agreement(event: Event, recorded: str) -> dict[str, Any]:
    """Agreement to hand-over has no term in DPV: a condition of the task in WEB art. 9.2.13(2), not a legal basis."""
    said = {"linkage:status": event.status, "dct:date": event.at, "dct:valid": event.valid_until or "no end recorded"}
    return {**said, "linkage:law": "WEB art. 9.2.13(2)", **_about(event, recorded)}


def _about(event: Event, recorded: str) -> dict[str, Any]:
    about = {
        "dpv:hasIndicationMethod": event.method,
        "dct:source": event.evidence,
        "dpv:hasNotice": event.notice and {"@type": "dpv:ConsentNotice", "dct:identifier": event.notice},
        "linkage:age": event.age and int(event.age),
        "dct:created": recorded,
    }
    return {name: value for name, value in about.items() if value != ""}


def _shared(protocol: Protocol, party: Party, address: str) -> dict[str, Any]:
    """What all records of a protocol say alike: processing and party fields."""
    controller = _party(party, protocol) | ({"dpv:hasAddress": address} if address else {})
    notice = {"@type": "dpv:ConsentNotice", "@id": protocol.notice.url, "dct:identifier": protocol.notice.version}
    return {
        "dpv:hasNotice": {**notice, "dct:language": "nl"},
        "dct:language": "nl",
        "dpv:hasLegalBasis": {"@id": "eu-gdpr:A6-1-a"},
        "dpv:hasDataController": controller,
        "dpv:hasJurisdiction": {"@id": "loc:NL"},
        "dpv:hasApplicableLaw": {"@id": "eu-gdpr:GDPR"},
        "dpv:hasAuthority": {"@id": "legal-nl:DPA-NL"},
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dpv:hasContact": protocol.contact.email},
        "dpv:hasImpactAssessment": {"@type": "dpv:DPIA", "dct:identifier": protocol.dpia.reference},
        "dpv:hasProcess": _process(protocol, party),
    }


def _process(protocol: Protocol, party: Party) -> dict[str, Any]:
    purpose = {"@id": protocol.purpose.dpv, "dct:description": {"@language": "nl", "@value": protocol.purpose.text.nl}}
    data = []
    for field in protocol.fields_of(party.id):
        label = field.label.nl if field.label else field.name
        data.append({"@type": _PERSONAL_DATA.get(field.kind, "dpv:PersonalData"), "dct:identifier": label})
    return {
        "@type": "dpv:Process",
        "dct:identifier": protocol.id,
        "dpv:hasPurpose": {**purpose, "dct:identifier": protocol.id},
        "dpv:hasPersonalData": data,
        "dpv:hasProcessing": [{"@id": f"dpv:{name}"} for name in ("Pseudonymise", "Match", "Aggregate")],
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": {"@id": "dpv:LocalLocation"}},
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": protocol.retention.packages},
        ],
        "dpv:hasRecipient": [_party(other, protocol) for other in protocol.parties if other.id != party.id],
    }


def _party(party: Party, protocol: Protocol) -> dict[str, Any]:
    return {
        "@type": _LEGAL_ROLE[party.legal_role],
        "dct:identifier": f"{party.number.scheme}:{party.number.value}",
        "dpv:hasName": party.name,
        "dpv:hasContact": protocol.contact.email,
    }
