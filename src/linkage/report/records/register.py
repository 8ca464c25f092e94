"""The row for the register of processing activities (GDPR art. 30), and the activity for a register that speaks DPV.

Rules kept here:

- A controller's row has what art. 30(1) lists, point by point; a processor's what art. 30(2) lists. Every column names
  its point. What protocol and ledger do not say, such as the data protection officer, is left to people and says so.
- The activity has the properties of `ProcessingActivityVersion` in the register API of the Logboek Dataverwerkingen,
  and its words are terms of W3C DPV 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from linkage import spreadsheet
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Party
from linkage.report.lang import Lang
from linkage.report.records import terms, trace
from linkage.report.records.account import Account
from linkage.report.records.words import say

DPV_BASIS = {
    "6(1)(a)": "Consent", "6(1)(b)": "Contract", "6(1)(c)": "LegalObligation", "6(1)(d)": "VitalInterest",
    "6(1)(e)": "PublicInterest", "6(1)(f)": "LegitimateInterest",
}  # fmt: skip
"""GDPR article to the term of DPV."""
DPV_ROLE = {
    "controller": "DataController", "joint-controller": "JointDataControllers", "processor": "DataProcessor",
    "recipient": "ThirdParty",
}  # fmt: skip
_ENTITY = "linkage:entity:"


@dataclass(frozen=True)
class Column:
    """One thing that a register says."""

    article: str
    """Point of GDPR art. 30, for instance ``30(1)(b)``; empty where a register usually has it and the article not."""
    name: str
    text: str


def row(account: Account, lang: Lang) -> list[Column]:
    """The row of a party, by its role: that of a processor (art. 30(2)) or of a controller (art. 30(1))."""
    made = _processor(account, lang) if account.party.legal_role == "processor" else _controller(account, lang)
    named = [Column(article, HEADINGS[key][lang], text or say("to_fill", lang)) for article, key, text in made]
    return [Column("", HEADINGS["activity"][lang], trace.activity(account.protocol)), *named]


def as_csv(columns: list[Column]) -> str:
    """Headings and one line, for Excel."""
    headings = [f"{c.name} ({c.article})" if c.article else c.name for c in columns]
    return spreadsheet.as_csv([headings, [c.text for c in columns]])


def as_text(columns: list[Column]) -> str:
    """A heading and a text below each other."""
    return "\n".join(f"{c.name}{f' ({c.article})' if c.article else ''}\n  {c.text}" for c in columns)


def as_data(account: Account, lang: Lang) -> dict[str, Any]:
    """The row, and the activity with its entities for a register API."""
    columns = [{"article": c.article, "name": c.name, "text": c.text} for c in row(account, lang)]
    return {
        "row": columns,
        "processingActivity": {
            "id": str(uuid5(NAMESPACE_URL, f"linkage:activity:{account.protocol.id}")),
            "active": True,
        },
        "processingActivityVersion": activity(account.protocol, account.party, lang),
        "entities": [_entity(party) for party in account.protocol.parties],
    }


def activity(protocol: Protocol, party: Party, lang: Lang) -> dict[str, Any]:
    """The activity of a party as a `ProcessingActivityVersion`. More recipients than one are a list."""
    number = float(".".join(protocol.version.split(".")[:2]))
    numbered = {"version": number} if str(number) == protocol.version else {}  # 1.10 and 1.2.3 are no numbers
    options = {"Obtain", "Store", "Use", "Remove"} | ({"Disclose"} if party.discloses else set())
    options |= {"Transform"} if "custodian" in party.roles else set()
    return {
        "name": f"{getattr(protocol.title, lang)} ({protocol.id} {protocol.version}, {protocol.digest})",
        **numbered,
        "validFrom": f"{protocol.valid.first}T00:00:00+00:00",
        "purpose": protocol.purpose.dpv,
        "legalBasis": sorted({DPV_BASIS[d.basis.article] for d in party.discloses}),
        "dataSubjects": ["DataSubject"],
        "personalData": {
            "categories": terms.data(protocol, party, lang),
            "retentionPeriod": protocol.retention.packages,
        },
        "processingOptions": sorted(options),
        "recipients": [
            {"legalRole": DPV_ROLE[other.legal_role], "entityId": _uuid(other)}
            for other in protocol.parties
            if other.id in {d.to for d in party.discloses}
        ],
        "measures": [{"measureType": "Technical", "measure": text} for text in terms.measures(protocol, lang)],
    }


def _controller(account: Account, lang: Lang) -> list[tuple[str, str, str]]:
    protocol, party = account.protocol, account.party
    joint = [p for p in protocol.parties if p.legal_role == "joint-controller" and p.id != party.id]
    custodians = [party] if "custodian" in party.roles else protocol.custodians
    return [
        ("", "name", _name(protocol, lang)),
        ("30(1)(a)", "controller", _who(party)),
        ("30(1)(a)", "joint", "; ".join(map(_who, joint)) if party.legal_role == "joint-controller" else "-"),
        ("30(1)(a)", "representative", ""),
        ("30(1)(a)", "officer", ""),
        ("30(1)(b)", "purposes", str(getattr(protocol.purpose.text, lang))),
        ("30(1)(c)", "subjects", "; ".join(terms.subjects(protocol, one, lang) for one in custodians)),
        ("30(1)(c)", "data", "; ".join(terms.data(protocol, party, lang))),
        ("30(1)(d)", "recipients", "; ".join(terms.recipients(protocol, party, lang)) or "-"),
        ("30(1)(e)", "transfers", ""),
        ("30(1)(f)", "retention", "; ".join(terms.retention(protocol, lang))),
        ("30(1)(g)", "measures", "; ".join(terms.measures(protocol, lang))),
        *_beside(account, lang),
    ]


def _processor(account: Account, lang: Lang) -> list[tuple[str, str, str]]:
    protocol, party = account.protocol, account.party
    controllers = [p for p in protocol.parties if p.legal_role in ("controller", "joint-controller")]
    work = "; ".join(f"{_who(one)}: {OF_PROCESSOR[lang]}" for one in controllers)
    return [
        ("", "name", _name(protocol, lang)),
        ("30(2)(a)", "processor", _who(party)),
        ("30(2)(a)", "controllers", "; ".join(map(_who, controllers))),
        ("30(2)(a)", "representative", ""),
        ("30(2)(a)", "officer", ""),
        ("30(2)(b)", "work", work),
        ("30(2)(c)", "transfers", ""),
        ("30(2)(d)", "measures", "; ".join(terms.measures(protocol, lang))),
        ("", "contract", party.legal_task),
        ("", "recipients", "; ".join(terms.recipients(protocol, party, lang)) or "-"),
        ("", "retention", "; ".join(terms.retention(protocol, lang))),
        *_beside(account, lang),
    ]


def _beside(account: Account, lang: Lang) -> list[tuple[str, str, str]]:
    """What registers usually have beside what the article lists."""
    protocol = account.protocol
    days = [entry.at[:10] for entry in account.entries]
    return [
        ("", "task", account.party.legal_task),
        ("", "bases", " ".join(terms.directions(protocol, account.party, lang)) or "-"),
        ("", "dpia", terms.dpia(protocol, lang)),
        ("", "notice", say("notice", lang, version=protocol.notice.version, url=protocol.notice.url)),
        ("", "contact", f"{protocol.contact.name}, {protocol.contact.email}"),
        ("", "agreement", f"{say('version', lang, id=protocol.id, version=protocol.version)}, {protocol.digest}"),
        ("", "valid", f"{protocol.valid.first} / {protocol.valid.last}"),
        ("", "acts", f"{days[0]} / {days[-1]}" if days else "-"),
    ]


def _name(protocol: Protocol, lang: Lang) -> str:
    return f"{getattr(protocol.title, lang)} ({protocol.id})"


def _who(party: Party) -> str:
    return f"{party.name} ({terms.number(party)})"


def _entity(party: Party) -> dict[str, Any]:
    return {"id": _uuid(party), "type": "Organisation", "name": party.name}


def _uuid(party: Party) -> str:
    return str(uuid5(NAMESPACE_URL, f"{_ENTITY}{party.number.scheme}:{party.number.value}"))


OF_PROCESSOR: dict[Lang, str] = {
    "nl": "pakketten met gepseudonimiseerde gegevens bewaren, tokens koppelen, afgesproken uitkomsten vrijgeven",
    "en": "keeping packages of pseudonymised data, matching tokens, releasing agreed results",
}
"""Categories of processing on behalf of each controller."""
HEADINGS: dict[str, dict[Lang, str]] = {
    "activity": {"nl": "Kenmerk verwerkingsactiviteit", "en": "Id of the processing activity"},
    "name": {"nl": "Naam van de verwerking", "en": "Name of the processing"},
    "controller": {"nl": "Verwerkingsverantwoordelijke", "en": "Controller"},
    "joint": {"nl": "Gezamenlijke verwerkingsverantwoordelijken", "en": "Joint controllers"},
    "representative": {"nl": "Vertegenwoordiger", "en": "Representative"},
    "officer": {
        "nl": "Functionaris gegevensbescherming en contactgegevens",
        "en": "Data protection officer and contact details",
    },
    "purposes": {"nl": "Verwerkingsdoeleinden", "en": "Purposes of the processing"},
    "subjects": {"nl": "Categorieën van betrokkenen", "en": "Categories of data subjects"},
    "data": {"nl": "Categorieën van persoonsgegevens", "en": "Categories of personal data"},
    "recipients": {"nl": "Categorieën van ontvangers", "en": "Categories of recipients"},
    "transfers": {
        "nl": "Doorgifte aan derde landen of internationale organisaties",
        "en": "Transfers to third countries or international organisations",
    },
    "retention": {"nl": "Termijnen voor wissen", "en": "Time limits for erasure"},
    "measures": {
        "nl": "Technische en organisatorische beveiligingsmaatregelen",
        "en": "Technical and organisational security measures",
    },
    "processor": {"nl": "Verwerker", "en": "Processor"},
    "controllers": {
        "nl": "Verwerkingsverantwoordelijken voor wie wordt gewerkt",
        "en": "Controllers on whose behalf it acts",
    },
    "work": {
        "nl": "Categorieën van verwerkingen per verwerkingsverantwoordelijke",
        "en": "Categories of processing per controller",
    },
    "contract": {"nl": "Verwerkersovereenkomst", "en": "Processing contract"},
    "task": {"nl": "Taak", "en": "Task"},
    "bases": {"nl": "Opgegeven grondslagen (niet beoordeeld)", "en": "Declared bases (not judged)"},
    "dpia": {"nl": "DPIA", "en": "DPIA"},
    "notice": {"nl": "Privacyverklaring", "en": "Privacy notice"},
    "contact": {"nl": "Contact over de koppeling", "en": "Contact about the linkage"},
    "agreement": {"nl": "Protocol", "en": "Protocol"},
    "valid": {"nl": "Geldig van / tot en met", "en": "Valid from / until"},
    "acts": {"nl": "Eerste / laatste handeling volgens het logboek", "en": "First / last act by the ledger"},
}
