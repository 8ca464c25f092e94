"""What others published of the formats that records are written in: names only, each list with where it was read.

Read on 2026-11-25; docs/spec/records.md says the same for people.
"""

from __future__ import annotations

import re

LDV_LINE = {
    "trace_id": True, "span_id": True, "status": True, "name": True, "start_time": True, "end_time": True,
    "parent_span_id": False, "resource": False, "attributes": True,
}  # fmt: skip
"""Field of a line to whether it is mandatory. Logius-standaarden/logboek-dataverwerkingen, `sections/specificaties.md`
of commit 46aea1893ba05fa68e421778ea2dcd8c6b3e817d (werkversie; publishVersion 0.8.0), "Component: Logboek"."""
LDV_STATUS = {"Unset", "Ok", "Error"}
LDV_RESOURCE = {"attributes"}
LDV_ATTRIBUTES = {
    "dpl.core.processing_activity_id", "dpl.core.data_subject_id", "dpl.core.data_subject_id_type",
    "dpl.core.foreign_operation.processor",
}  # fmt: skip
"""The same page, `attributes`: the whole namespace `dpl.core`; other namespaces need an adopted extension."""
LDV_TRACE = re.compile(r"[0-9a-f]{32}")
LDV_SPAN = re.compile(r"[0-9a-f]{16}")
"""16 and 8 bytes, in the hexadecimal of W3C Trace Context."""

RVVA_VERSION = {
    "dataSubjects", "legalBasis", "measures", "name", "personalData", "version", "processingOptions", "purpose",
    "recipients", "validFrom",
}  # fmt: skip
"""`ProcessingActivityVersion` of the register API v0.1: `media/rvva-openapi.json` of commit
067ec25ee582e485d20aa88cf179f4b46acb232b of the same repository; the choices below too."""
RVVA_NESTED = {
    "measures": {"measureType", "measure", "risks"}, "personalData": {"categories", "retentionPeriod"},
    "recipients": {"legalRole", "entityId"},
}  # fmt: skip
RVVA_ACTIVITY = {"active", "latestVersion", "id"}
RVVA_ENTITY = {"type", "id", "name", "address", "postalCode", "city", "country", "phonenumber", "email"}
RVVA_CHOICES = {
    "dataSubjects": {
        "Adult", "Applicant", "Citizen", "Consumer", "Customer", "DataSubject", "Employee", "GuardianOfHuman",
        "Immigrant", "JobApplicant", "Member", "NonCitizen", "ParentOfHuman", "Participant", "Patient", "Student",
        "Subscriber", "Tourist", "User", "Visitor", "VulnerableHuman",
    },
    "legalBasis": {
        "Consent", "Contract", "DataTransferLegalBasis", "LegalObligation", "LegitimateInterest",
        "OfficialAuthorityOfController", "PublicInterest", "VitalInterest",
    },
    "processingOptions": {
        "Copy", "Disclose", "Obtain", "Organise", "Remove", "Store", "Transfer", "Transform", "Use"
    },
    "legalRole": {
        "DataController", "DataExporter", "DataImporter", "DataProcessor", "DataProtectionOfficer",
        "JointDataControllers", "ServiceConsumer", "ServiceProvider", "ThirdParty",
    },
    "measureType": {"Organisational", "Technical"},
    "type": {"LegalEntity", "NaturalPerson", "Organisation"},
}  # fmt: skip

ARTICLE_30 = {
    "controller": ["30(1)(a)", "30(1)(b)", "30(1)(c)", "30(1)(d)", "30(1)(e)", "30(1)(f)", "30(1)(g)"],
    "processor": ["30(2)(a)", "30(2)(b)", "30(2)(c)", "30(2)(d)"],
}
"""Regulation (EU) 2016/679 art. 30(1) and 30(2), point by point."""

DPIA_SECTIONS = [
    ("0", "Inleiding"), ("1", "Voorstel"), ("2", "Persoonsgegevens"), ("3", "Gegevensverwerking"),
    ("4", "Technieken en methoden van de gegevensverwerkingen"), ("5", "Verwerkingsdoeleinden"),
    ("6", "Betrokken partijen"), ("7", "Belangen bij de gegevensverwerkingen"), ("8", "Verwerkingslocaties"),
    ("9", "Juridisch en beleidsmatig kader"), ("10", "Bewaartermijnen"), ("11", "Rechtsgrond"),
    ("12", "Bijzondere persoonsgegevens, strafrechtelijke persoonsgegevens en nationale identificatienummers"),
    ("13", "Doelbinding"), ("14", "Noodzaak en evenredigheid"), ("15", "Rechten van de betrokkenen"),
    ("16", "Risico’s voor betrokkenen"), ("17", "Maatregelen"), ("18", "Managementsamenvatting"),
    ("19", "Versie, Status, DPIA-dossier, Documentbeheerder en Advies FG"), ("20", "Vaststelling en ondertekening"),
]  # fmt: skip
"""Tasks of the first level, in their order. MinBZK/par-dpia-form, `sources/dpia.yaml` ("DPIA Rapportagemodel
Rijksdienst", version 3.0) of commit 66c6844aecdb82572ae512ee6ac14e0432fc2398; the questions and choices below too."""
DPIA_QUESTIONS = {
    "1.1": "Voorstel", "2.1.1": "Persoonsgegeven", "2.1.2": "Categorie betrokkene",
    "2.1.3": "Categorie persoonsgegevens", "2.1.4": "Type persoonsgegeven",
    "2.1.5": "Oorspronkelijk verwerkingsdoeleinde", "2.1.6": "Bron betrokkenen", "2.1.7": "Partij naam",
    "2.1.8": "Bron tool/platform", "2.1.9": "Rechtsgrond verstrekking",
    "2.3": "Aanvullende informatie over de persoonsgegevens", "3.1.1": "Gegevensverwerking naam",
    "3.1.2": "Gegevensverwerking beschrijving", "3.1.3": "Persoonsgegevens",
    "3.2": "Aanvullende informatie over de gegevensverwerking",
    "4": "Technieken en methoden van de gegevensverwerkingen", "5.1.1": "Verwerkingsdoeleinde",
    "5.2": "Aanvullende informatie over de verwerkingsdoeleinden", "6.1.1.1": "Partij naam",
    "6.1.1.2": "Partij rol", "6.1.1.3": "Functies/afdelingen", "6.1.1.4": "Persoonsgegevens",
    "6.1.1.5": "Categorieën betrokkene", "6.2": "Aanvullende informatie over de betrokken partijen",
    "9.1.1.1": "Juridisch en/of beleidsmatig kader", "9.1.1.2": "Wetsartikelen",
    "9.2": "Aanvullende informatie over het juridische en beleidsmatig kader",
    "10.1.1.1": "Verwerkingsdoeleinde", "10.1.1.4": "Bewaartermijn/archiveringsperiode",
    "10.1.1.5": "Motivatie bewaartermijn", "10.2": "Aanvullende informatie over de bewaartermijnen",
    "11.1.1.1": "Rechtsgrond", "11.1.1.2": "Toelichting op de rechtsgrond",
    "11.2": "Aanvullende informatie over de rechtsgronden", "12.3.1": "Nationale identificatienummers",
    "12.3.2.1": "Gegevensverwerking", "12.3.2.2": "Categorie betrokkene", "12.3.2.3": "Persoonsgegevens",
    "12.3.2.4": "Uitzonderingsgrond", "13.1.1.3": "Doeleinde", "13.1.1.4": "Oorspronkelijk doeleinde",
    "13.1.1.5": "Wat is de beoordeling van de verdere verwerking?",
    "13.2": "Aanvullende informatie over de verenigbaarheid en toelaatbaarheid",
    "15.1.2": "Toelichting op procedure ter invulling van het recht van de betrokkene",
    "15.6.2": "Procedure toelichting", "15.7.2": "Procedure toelichting", "15.8.2": "Procedure toelichting",
    "16.1.1": "Beschrijving van het risico", "16.1.2": "Oorsprong",
    "17.2": "Aanvullende informatie over de maatregelen", "19.5.5": "Functie", "19.5.6": "Datum advies",
    "19.5.7": "Advies FG in document (naam document)",
}  # fmt: skip
DPIA_CHOICES = {
    "2.1.4": {"gewoon", "gevoelig", "bijzonder", "strafrechtelijk", "nationaal identificatienummer"},
    "2.1.6": {"true", "false"},
    "6.1.1.2": {
        "Verwerkingsverantwoordelijke", "Gezamenlijke verwerkingsverantwoordelijke", "Verwerker", "Sub-verwerker",
        "Derde", "Verstrekker", "Ontvanger",
    },
    "11.1.1.1": {
        "Rechtsgrond toestemming", "Rechtsgrond noodzakelijk voor de uitvoering van een overeenkoms",
        "Rechtsgrond wettelijke verplichting", "Rechtsgrond vitaal belang",
        "Rechtsgrond taak van algemeen belang", "Rechtsgrond gerechtvaardigd belang",
    },
    "12.3.1": {"true", "false"},
    "13.1.1.5": {
        "Toelaatbaar op grond van Unie- of lidstaatrechtelijk recht", "Verenigbaar met oorspronkelijk doeleinde",
        "Niet van toepassing (geen verdere verwerking)",
    },
}  # fmt: skip
DPIA_KEY = re.compile(r"[0-9]+(\.[0-9]+)*(\[[0-9]+\])?")
DPIA_URN = re.compile(r"urn:nl:[a-z]+:[0-9]+\.[0-9]+")
DPIA_REPEATS = {"2.1": "2.1", "3.1": "3.1", "12.3.2": "12.3.2", "16.1": "16.1"}
"""Groups that repeat by themselves. `schemas/assessment-output.v2.schema.json` of the same commit."""
