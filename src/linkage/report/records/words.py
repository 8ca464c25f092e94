"""The words of the records, in Dutch (B1) and English.

Rules kept here:

- Every text exists in both languages, under one key (tests/report/test_records.py).
- Honest words: pseudonymised, not anonymous; declared basis, not lawful; what people must still write says so.
"""

from __future__ import annotations

from linkage.report.lang import Lang

WORDS: dict[str, dict[Lang, str]] = {
    "to_fill": {"nl": "[zelf invullen]", "en": "[to be filled in]"},
    "day": {"nl": "{day} {month} {year}", "en": "{day} {month} {year}"},
    "months": {
        "nl": "januari februari maart april mei juni juli augustus september oktober november december",
        "en": "January February March April May June July August September October November December",
    },
    "years": {"nl": "{n} jaar", "en": "{n} years"},
    "months_of": {"nl": "{n} maanden", "en": "{n} months"},
    "days": {"nl": "{n} dagen", "en": "{n} days"},
    "and": {"nl": "en", "en": "and"},
    # acts, as names of log lines and in the letter
    "act_sign-protocol": {"nl": "Protocol ondertekend", "en": "Protocol signed"},
    "act_make-secret": {
        "nl": "Koppelgeheim gemaakt, samen met de andere bronhouders",
        "en": "Linkage secret made, together with the other custodians",
    },
    "act_destroy-secret": {"nl": "Koppelgeheim vernietigd", "en": "Linkage secret destroyed"},
    "act_make-oprf-key": {"nl": "Eigen sleutel voor nummers gemaakt", "en": "Own key for numbers made"},
    "act_oprf-request": {
        "nl": "Sleutelhouders om antwoord gevraagd over verblinde nummers",
        "en": "Key-holders asked about blinded numbers",
    },
    "act_oprf-answer": {
        "nl": "Als sleutelhouder geantwoord op verblinde nummers",
        "en": "Answered about blinded numbers as a key-holder",
    },
    "act_oprf-refuse": {
        "nl": "Als sleutelhouder geweigerd: meer gevraagd dan het quotum",
        "en": "Refused as a key-holder: more was asked than the quota",
    },
    "act_oprf-wrong-answer": {
        "nl": "Fout antwoord van een sleutelhouder niet gebruikt",
        "en": "Wrong answer of a key-holder not used",
    },
    "act_destroy-blinding": {
        "nl": "Hulpgegevens bij verblinde nummers vernietigd",
        "en": "What belonged to blinded numbers destroyed",
    },
    "act_tokenise": {
        "nl": "Eigen rijen beoordeeld; wat mee mag doen omgezet in tokens",
        "en": "Own rows judged; those that may take part tokenised",
    },
    "act_match": {"nl": "Tokens van de bronhouders gekoppeld", "en": "Tokens of the custodians matched"},
    "act_release": {"nl": "Uitkomst vrijgegeven zoals afgesproken", "en": "Result released as agreed"},
    "act_request-approval": {
        "nl": "Goedkeuring gevraagd voor een lijst met eigen rijen van een bronhouder",
        "en": "Approval asked for a list of a custodian's own rows",
    },
    "act_decide-list": {"nl": "Besloten over een lijst", "en": "Decided about a list"},
    "act_take-approval": {"nl": "Besluit over een lijst ontvangen", "en": "Decision about a list received"},
    "act_return-list": {
        "nl": "Goedgekeurde lijst teruggegeven aan de bronhouder van de rijen",
        "en": "Approved list returned to the custodian of the rows",
    },
    "act_take-list": {"nl": "Lijst met eigen rijen ontvangen", "en": "List of own rows received"},
    "act_open-list": {
        "nl": "Lijst geopend: eigen kenmerken naar een eigen bestand geschreven, na controle van de toestemming",
        "en": "List opened: own references written to a file of our own, after consent was looked at",
    },
    "act_send": {"nl": "Pakket verstuurd", "en": "Package sent"},
    "act_receive": {"nl": "Pakket ontvangen en gecontroleerd", "en": "Package received and verified"},
    "act_refuse-checkpoint": {
        "nl": "Pakket geweigerd: het logboek van de afzender klopte niet",
        "en": "Package refused: the ledger of its sender did not hold",
    },
    "act_import-consent": {
        "nl": "Bestand met toestemmingen in het register gelezen",
        "en": "File of consents read into the registry",
    },
    "act_record-consent": {"nl": "Toestemming van één persoon vastgelegd", "en": "Consent of one person recorded"},
    "act_decide-basis": {
        "nl": "Besluit over de tabel van mogelijke grondslagen",
        "en": "Decision on the table of possible bases",
    },
    "act_export-consent": {
        "nl": "Register van toestemmingen naar een eigen bestand geschreven",
        "en": "Registry of consent written to a file of our own",
    },
    "act_export-persons": {
        "nl": "Logregels per persoon naar een eigen bestand geschreven",
        "en": "Log lines per person written to a file of our own",
    },
    "type_encodings": {"nl": "tokens en filters", "en": "tokens and filters"},
    "type_release": {"nl": "uitkomst", "en": "result"},
    "type_recontact-request": {"nl": "vraag om goedkeuring van een lijst", "en": "request to approve a list"},
    "type_recontact-approval": {"nl": "besluit over een lijst", "en": "decision about a list"},
    "type_recontact-list": {"nl": "lijst met eigen rijen", "en": "list of own rows"},
    "type_oprf-request": {"nl": "vraag over verblinde nummers", "en": "request about blinded numbers"},
    "type_oprf-answer": {"nl": "antwoord over verblinde nummers", "en": "answer about blinded numbers"},
    "type_secret-share": {"nl": "deel van het koppelgeheim", "en": "share of the linkage secret"},
    "type_oprf-public-key": {"nl": "openbare sleutel", "en": "public key"},
    # terms of the agreement
    "subjects": {
        "nl": "Personen in de registratie van {party}: {task}. Groep: {cohort}",
        "en": "Persons in the records of {party}: {task}. Cohort: {cohort}",
    },
    "everyone": {"nl": "geen beperking", "en": "no restriction"},
    "test_one_of": {"nl": "{field} is {value}", "en": "{field} is {value}"},
    "test_on_or_after": {"nl": "{field} op of na {value}", "en": "{field} on or after {value}"},
    "test_on_or_before": {"nl": "{field} op of voor {value}", "en": "{field} on or before {value}"},
    "test_age_from": {"nl": "minstens {value} jaar op de peildatum", "en": "at least {value} years of age"},
    "test_age_to": {"nl": "hooguit {value} jaar op de peildatum", "en": "at most {value} years of age"},
    "reference-date": {"nl": "de peildatum", "en": "the reference date"},
    "field": {"nl": "{field} ({how})", "en": "{field} ({how})"},
    "unit_data": {
        "nl": "gepseudonimiseerde gegevens: tokens, filters en categorieën van {parties}",
        "en": "pseudonymised data: tokens, filters and categories of {parties}",
    },
    "result_data": {"nl": "uitkomsten zoals afgesproken in het protocol", "en": "results as agreed in the protocol"},
    "recipient": {"nl": "{party} ({number}): {what}", "en": "{party} ({number}): {what}"},
    "what_tokens": {"nl": "tokens, filters en categorieën", "en": "tokens, filters and categories"},
    "what_rows": {"nl": "eigen rijen van de ontvanger", "en": "the recipient's own rows"},
    "what_counts": {"nl": "aantallen uit de koppeling", "en": "counts out of the linkage"},
    "keep_packages": {"nl": "pakketten met tokens: {period}", "en": "packages of tokens: {period}"},
    "keep_results": {"nl": "uitkomsten: {period}", "en": "results: {period}"},
    "keep_ledger": {"nl": "logboek: {period}", "en": "ledger: {period}"},
    "keep_secret": {
        "nl": "koppelgeheim en sleutels: vernietigd op {day}",
        "en": "linkage secret and keys: destroyed on {day}",
    },
    "m_pseudonyms": {
        "nl": "Pseudonimisering bij de bron: geen naam, geboortedatum of nummer verlaat de organisatie leesbaar",
        "en": "Pseudonymised at the source: no name, birth date or number leaves the organisation in readable form",
    },
    "m_oprf": {
        "nl": "Nummers worden tokens met de sleutels van {holders}, die alleen verblinde nummers zien ({suite})",
        "en": "Numbers become tokens with the keys of {holders}, who see blinded numbers only ({suite})",
    },
    "m_keyed": {
        "nl": "Nummers worden tokens met één sleutel (de zwakke vorm)",
        "en": "Numbers become tokens under one key (the weak mode)",
    },
    "m_filters": {
        "nl": "Namen en andere kenmerken worden bits in één filter (profiel {profile})",
        "en": "Names and other features become bits in one filter (profile {profile})",
    },
    "m_unit": {
        "nl": "{unit} heeft het koppelgeheim niet en kan zelf geen tokens maken",
        "en": "{unit} does not have the linkage secret and cannot make tokens",
    },
    "m_packages": {
        "nl": "Pakketten zijn verzegeld voor de ontvanger en ondertekend door de afzender",
        "en": "Packages are sealed to their reader and signed by their sender",
    },
    "m_quota": {
        "nl": "Een pakket heeft hooguit {quota} rijen ({party})",
        "en": "A package has {quota} rows at most ({party})",
    },
    "m_consent": {
        "nl": "{party}: rijen zonder geldige toestemming blijven bij de bron",
        "en": "{party}: rows without valid consent stay at the source",
    },
    "m_agreement": {
        "nl": "{party}: rijen zonder instemming met overdracht blijven bij de bron",
        "en": "{party}: rows without agreement to hand-over (instemming) stay at the source",
    },
    "m_blinded": {
        "nl": "Sommige categorieën kan {unit} niet lezen",
        "en": "Some categories cannot be read by {unit}",
    },
    "m_basis": {
        "nl": "{party}: rijen zonder mogelijke grondslag blijven bij de bron",
        "en": "{party}: rows without a possible basis stay at the source",
    },
    "m_output": {"nl": "Uitkomst ‘{title}’: {rule}", "en": "Result ‘{title}’: {rule}"},
    "article": {"nl": "{article} lid {paragraph} onder {point}", "en": "{article}({paragraph})({point})"},
    "m_ledger": {
        "nl": "Elke handeling staat in een ondertekend logboek dat een ander kan controleren",
        "en": "Every act stands in a signed ledger that others can verify",
    },
    "direction": {
        "nl": "{party} verstrekt {what} aan {to}. Opgegeven grondslag: AVG artikel {article}; {law}. Besloten door "
        "{who} op {day}.",
        "en": "{party} discloses {what} to {to}. Declared basis: GDPR article {article}; {law}. Decided by {who} on "
        "{day}.",
    },
    "by_consent": {"nl": "toestemming", "en": "consent"},
    "no_law": {"nl": "geen wet genoemd", "en": "no law named"},
    "number_basis": {
        "nl": "{party} gebruikt het BSN. Opgegeven wet: {law}. Besloten door {who} op {day}.",
        "en": "{party} uses the BSN. Declared law: {law}. Decided by {who} on {day}.",
    },
    "no_number": {"nl": "geen BSN-grondslag opgegeven", "en": "no basis for the BSN declared"},
    "dpia": {
        "nl": "{reference}; uitkomst: {outcome}; advies van {who} op {day}",
        "en": "{reference}; outcome: {outcome}; advice of {who} on {day}",
    },
    "outcome_acceptable": {"nl": "aanvaardbaar", "en": "acceptable"},
    "outcome_acceptable-with-measures": {"nl": "aanvaardbaar met maatregelen", "en": "acceptable with measures"},
    "outcome_not-acceptable": {"nl": "niet aanvaardbaar", "en": "not acceptable"},
    "outcome_not-done": {"nl": "niet uitgevoerd", "en": "not done"},
    "notice": {"nl": "versie {version}, {url}", "en": "version {version}, {url}"},
    "version": {"nl": "{id} versie {version}", "en": "{id} version {version}"},
}


def say(key: str, lang: Lang, **values: object) -> str:
    """A text in a language, its places filled in."""
    return WORDS[key][lang].format(**values) if values else WORDS[key][lang]


def day(text: str, lang: Lang) -> str:
    """A day, yyyy-mm-dd, as a person writes it."""
    year, month, number = text[:10].split("-")
    return say("day", lang, day=int(number), month=say("months", lang).split()[int(month) - 1], year=year)
