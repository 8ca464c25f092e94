"""The words of the DPIA record. Titles, questions and choices are those of the Rijksmodel DPIA 3.0; the model is Dutch.

Source: MinBZK, par-dpia-form, `sources/dpia.yaml` version 3.0 (docs/spec/records.md says which state was read).
"""

from __future__ import annotations

SECTIONS = {
    "0": "Inleiding", "1": "Voorstel", "2": "Persoonsgegevens", "3": "Gegevensverwerking",
    "4": "Technieken en methoden van de gegevensverwerkingen", "5": "Verwerkingsdoeleinden", "6": "Betrokken partijen",
    "7": "Belangen bij de gegevensverwerkingen", "8": "Verwerkingslocaties", "9": "Juridisch en beleidsmatig kader",
    "10": "Bewaartermijnen", "11": "Rechtsgrond",
    "12": "Bijzondere persoonsgegevens, strafrechtelijke persoonsgegevens en nationale identificatienummers",
    "13": "Doelbinding", "14": "Noodzaak en evenredigheid", "15": "Rechten van de betrokkenen",
    "16": "Risico’s voor betrokkenen", "17": "Maatregelen", "18": "Managementsamenvatting",
    "19": "Versie, Status, DPIA-dossier, Documentbeheerder en Advies FG", "20": "Vaststelling en ondertekening",
}  # fmt: skip
"""The model's sections, in its order."""
QUESTIONS = {
    "1.1": "Voorstel", "2.1.1": "Persoonsgegeven", "2.1.2": "Categorie betrokkene",
    "2.1.3": "Categorie persoonsgegevens", "2.1.4": "Type persoonsgegeven",
    "2.1.5": "Oorspronkelijk verwerkingsdoeleinde", "2.1.6": "Bron betrokkenen", "2.1.7": "Partij naam",
    "2.1.9": "Rechtsgrond verstrekking", "2.3": "Aanvullende informatie over de persoonsgegevens",
    "3.1.1": "Gegevensverwerking naam", "3.1.2": "Gegevensverwerking beschrijving", "3.1.3": "Persoonsgegevens",
    "3.2": "Aanvullende informatie over de gegevensverwerking",
    "4": "Technieken en methoden van de gegevensverwerkingen", "5.1.1": "Verwerkingsdoeleinde",
    "5.2": "Aanvullende informatie over de verwerkingsdoeleinden", "6.1.1.1": "Partij naam", "6.1.1.2": "Partij rol",
    "6.1.1.3": "Functies/afdelingen", "6.1.1.4": "Persoonsgegevens",
    "9.1.1.1": "Juridisch en/of beleidsmatig kader", "9.1.1.2": "Wetsartikelen",
    "10.1.1.5": "Motivatie bewaartermijn", "11.1.1.1": "Rechtsgrond", "11.1.1.2": "Toelichting op de rechtsgrond",
    "11.2": "Aanvullende informatie over de rechtsgronden", "12.3.1": "Nationale identificatienummers",
    "12.3.2.2": "Categorie betrokkene", "12.3.2.3": "Persoonsgegevens", "12.3.2.4": "Uitzonderingsgrond",
    "13.1.1.3": "Doeleinde", "13.1.1.4": "Oorspronkelijk doeleinde",
    "13.1.1.5": "Wat is de beoordeling van de verdere verwerking?",
    "13.2": "Aanvullende informatie over de verenigbaarheid en toelaatbaarheid",
    "15.1.2": "Toelichting op procedure ter invulling van het recht van de betrokkene",
    "15.6.2": "Procedure toelichting", "15.7.2": "Procedure toelichting", "15.8.2": "Procedure toelichting",
    "16.1.1": "Beschrijving van het risico", "16.1.2": "Oorsprong",
    "17.2": "Aanvullende informatie over de maatregelen", "19.5.5": "Functie", "19.5.6": "Datum advies",
    "19.5.7": "Advies FG in document (naam document)",
}  # fmt: skip
"""The model's questions that are answered here."""
ROLE = {
    "controller": "Verwerkingsverantwoordelijke", "joint-controller": "Gezamenlijke verwerkingsverantwoordelijke",
    "processor": "Verwerker", "recipient": "Ontvanger",
}  # fmt: skip
BASIS = {
    "6(1)(a)": "Rechtsgrond toestemming",
    "6(1)(b)": "Rechtsgrond noodzakelijk voor de uitvoering van een overeenkoms",  # so spelt in the model
    "6(1)(c)": "Rechtsgrond wettelijke verplichting", "6(1)(d)": "Rechtsgrond vitaal belang",
    "6(1)(e)": "Rechtsgrond taak van algemeen belang", "6(1)(f)": "Rechtsgrond gerechtvaardigd belang",
}  # fmt: skip
COMPATIBLE = {
    "statistics": "Verenigbaar met oorspronkelijk doeleinde",
    "same-purpose": "Niet van toepassing (geen verdere verwerking)",
    "law": "Toelaatbaar op grond van Unie- of lidstaatrechtelijk recht",
}
"""What the parties declared, in the model's choices; consent is none of them."""
GROUND = {"statistics": "statistiek", "same-purpose": "hetzelfde doel", "consent": "toestemming", "law": "een wet"}
SHOWN = {"true": "Ja", "false": "Nee"}
"""How the form's values of yes and no read."""
CATEGORY = {
    "bsn": "Identificatienummer", "education-number": "Identificatienummer", "given-name": "Naam", "initials": "Naam",
    "surname": "Naam", "prefix": "Naam", "birth-date": "Geboortedatum", "sex": "Geslacht", "postcode": "Adres",
    "house-number": "Adres", "date": "Datum", "category": "Kenmerk",
}  # fmt: skip
PARTS = {
    "prepare": (
        "Beoordelen en tokeniseren",
        "{custodians}: lezen de eigen registratie, beoordelen per rij of die mee mag doen en maken tokens en filters. "
        "Alleen die gaan, verzegeld, naar {unit}.",
    ),
    "numbers": (
        "Nummers omzetten met sleutelhouders",
        "{holders}: beantwoorden verblinde nummers met een eigen sleutel. Zij zien geen nummer.",
    ),
    "match": ("Koppelen", "{unit}: vergelijkt tokens en filters. Ziet willekeurige rijkenmerken en categorieën."),
    "release": ("Uitkomst vrijgeven", "{unit}: geeft de afgesproken uitkomsten vrij, beschermd zoals afgesproken."),
}
"""Name and description of each processing."""
SAID = {
    "head": "DPIA (Rijksmodel 3.0), vooraf ingevuld: {title}",
    "intro": "Ingevuld uit het protocol met kenmerk {digest}. Wat daar niet in staat, moeten mensen nog schrijven; dat "
    "staat er steeds bij. Opgegeven grondslagen zijn niet beoordeeld.",
    "todo": "Nog zelf schrijven: {text}",
    "proposal": "{title}. {purpose}",
    "order": "De verwerkingen volgen op elkaar. Peildatum: {day}.",
    "dpv": "Doel volgens W3C DPV: {iri}",
    "subject": "Persoon in de registratie van {party}",
    "other": "Overig",
    "declared": "Opgegeven door de partijen",
    "not_judged": "De grondslagen zijn opgegeven door de partijen en op vorm gecontroleerd, niet beoordeeld.",
    "no_law": "Geen wet opgegeven",
    "basis": "AVG artikel {article}",
    "encoding": "Pseudonimisering met tokens en filters (profiel {profile}); koppelen in stappen: {stages}.",
    "output": "Uitkomst: {title}; aan {to}.",
    "no_decisions": "Er is geen geautomatiseerde besluitvorming over personen.",
    "compatibility": "Opgegeven reden waarom het verdere gebruik past: {ground} (AVG artikel 5 lid 1 onder b, "
    "6 lid 4).",
    "access": "Elke bronhouder kan per persoon laten zien of diens rij meedeed (`linkage consent prove`) en logregels "
    "per persoon schrijven (`linkage record log --persons`).",
    "withdraw": "Toestemming intrekken kan bij {parties}; vanaf dat moment doet de rij niet meer mee.",
    "notice": "Privacyverklaring versie {version}: {url}",
    "collusion": "Samenspannen of lekken",
    "lint": "Controle van het protocol, bij {where} (melding in het Engels)",
}
STILL_TO_WRITE = {
    "0": ("inleiding, als u die wilt.",),
    "1": ("hoe het voorstel tot stand kwam en waarom.",),
    "2": ("klopt het type van elk gegeven? Een kenmerk kan gevoelig of bijzonder zijn.", "uit welk systeem het komt."),
    "3": ("klopt de indeling in verwerkingen met uw werkproces?",),
    "6": ("welke functies en afdelingen bij de gegevens kunnen.",),
    "7": ("de belangen van elke partij, en wat betrokkenen ervan vinden.",),
    "8": ("waar elke partij de gegevens verwerkt, en of er doorgifte buiten de EER is. Het protocol zegt dit niet.",),
    "9": ("beleid en andere wetten die gelden.",),
    "10": ("waarom deze termijnen nodig zijn.",),
    "11": ("waarom elke grondslag hier geldt.",),
    "12": ("zijn er bijzondere of strafrechtelijke gegevens, ook indirect? Zo ja: op welke uitzondering rust dat.",),
    "13": ("de beoordeling of het verdere gebruik mag, en op welk wetsartikel.",),
    "14": ("kan het met minder gegevens of op een andere manier (subsidiariteit)?",
           "staat het doel in verhouding tot de inbreuk (proportionaliteit)?"),
    "15": ("hoe uw organisatie verzoeken van betrokkenen afhandelt, en welke rechten beperkt zijn.",),
    "16": ("kans, impact en risiconiveau van elk risico, en risico’s die hier niet staan.",),
    "17": ("welke maatregel bij welk risico hoort, wat overblijft, en wie de maatregelen beheert.",),
    "18": ("de samenvatting.",),
    "19": ("versie, status, dossier en documentbeheerder.", "het advies van de FG zelf."),
    "20": ("vaststelling en ondertekening.",),
}  # fmt: skip
"""What the protocol cannot say, by section."""
