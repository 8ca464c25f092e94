"""The words of the letter to the data protection officer, in Dutch (B1) and English.

Rule kept here: every text exists in both languages, under one key; short sentences, and no word that only we use.
"""

from __future__ import annotations

from linkage.report.lang import Lang

LETTER: dict[str, dict[Lang, str]] = {
    "to": {
        "nl": "Aan: de functionaris gegevensbescherming van {party}",
        "en": "To: the data protection officer of {party}",
    },
    "from": {"nl": "Van: {party} ({number})", "en": "From: {party} ({number})"},
    "date": {"nl": "Datum: {day}", "en": "Date: {day}"},
    "subject": {
        "nl": "Onderwerp: bevestiging van de koppeling ‘{title}’",
        "en": "Subject: confirmation of the linkage ‘{title}’",
    },
    "opening": {"nl": "Geachte functionaris,", "en": "Dear data protection officer,"},
    "intro": {
        "nl": "Onze organisatie doet mee aan de koppeling ‘{title}’. Wij zijn daarin {roles}. In deze brief leest u "
        "wat wij hebben gedaan, op welke dag, en aan wie wij iets hebben gestuurd. De gegevens komen uit het "
        "ondertekende protocol en uit ons eigen logboek.",
        "en": "Our organisation takes part in the linkage ‘{title}’. In it we are {roles}. This letter says what we "
        "did, on which day, and to whom we sent something. It is taken from the signed protocol and from our own "
        "ledger.",
    },
    "role_custodian": {"nl": "bronhouder", "en": "custodian"},
    "role_key-holder": {"nl": "sleutelhouder", "en": "key-holder"},
    "role_linkage-unit": {"nl": "koppeleenheid", "en": "linkage unit"},
    "role_recipient": {"nl": "ontvanger van de uitkomst", "en": "recipient of the result"},
    "role_approver": {"nl": "degene die teruggave goedkeurt", "en": "approver of what is returned"},
    "agreed": {"nl": "Wat is afgesproken", "en": "What was agreed"},
    "purpose": {"nl": "Doel: {text}", "en": "Purpose: {text}"},
    "protocol": {
        "nl": "Protocol: {version}, geldig van {first} tot en met {last}. Kenmerk: {digest}",
        "en": "Protocol: {version}, valid from {first} up to and including {last}. Digest: {digest}",
    },
    "reference_date": {"nl": "Peildatum: {day}", "en": "Reference date: {day}"},
    "dpia": {"nl": "DPIA: {text}", "en": "DPIA: {text}"},
    "notice": {"nl": "Privacyverklaring: {text}", "en": "Privacy notice: {text}"},
    "retention": {"nl": "Bewaartermijnen: {text}", "en": "Retention: {text}"},
    "bases": {"nl": "Welke grondslagen zijn opgegeven", "en": "Which bases were declared"},
    "bases_text": {
        "nl": "Voor elke richting is een grondslag opgegeven. Eerst wat wij verstrekken, daarna wat wij krijgen.",
        "en": "A basis was declared for every direction. First what we disclose, then what we get.",
    },
    "done": {"nl": "Wat wij hebben gedaan", "en": "What we did"},
    "nothing": {"nl": "Nog niets.", "en": "Nothing yet."},
    "on": {"nl": "{day}: {what}", "en": "{day}: {what}"},
    "rows": {"nl": "Onze eigen rijen op {day}", "en": "Our own rows on {day}"},
    "rows_text": {
        "nl": "Wij hebben per rij gekeken of die mee mag doen. Dit zijn de aantallen, met de reden waarom rijen niet "
        "meededen. Deze aantallen zijn alleen voor onze organisatie.",
        "en": "We looked at every row, whether it may take part. These are the counts, with the reason why rows did "
        "not. They are for our organisation only.",
    },
    "sent": {"nl": "Wat wij hebben verstuurd, en aan wie", "en": "What we sent, and to whom"},
    "nothing_sent": {"nl": "Wij hebben niets verstuurd.", "en": "We sent nothing."},
    "was_sent": {
        "nl": "{day}: {type} aan {to}{rows}. Kenmerk van het bestand: {package}",
        "en": "{day}: {type} to {to}{rows}. Digest of the file: {package}",
    },
    "of_rows": {"nl": ", {rows} rijen", "en": ", {rows} rows"},
    "not_sealed": {
        "nl": "{day}: {type} aan {to} was gepland, maar is niet gemaakt",
        "en": "{day}: {type} to {to} was planned, but not made",
    },
    "received": {"nl": "Wat wij hebben ontvangen, en van wie", "en": "What we received, and from whom"},
    "nothing_received": {"nl": "Wij hebben niets ontvangen.", "en": "We received nothing."},
    "was_received": {
        "nl": "{day}: {type} van {sender}. Kenmerk van het bestand: {package}",
        "en": "{day}: {type} from {sender}. Digest of the file: {package}",
    },
    "fact_input": {"nl": "Kenmerk van het bestand: {value}.", "en": "Digest of the file: {value}."},
    "fact_links": {"nl": "Kenmerk van de koppelingen: {value}.", "en": "Digest of the links: {value}."},
    "fact_rows": {"nl": "Rijen: {value}.", "en": "Rows: {value}."},
    "fact_elements": {"nl": "Aantal nummers: {value}.", "en": "Count of numbers: {value}."},
    "fact_to": {"nl": "Aan: {value}.", "en": "To: {value}."},
    "fact_requester": {"nl": "Gevraagd door: {value}.", "en": "Asked by: {value}."},
    "fact_key_holder": {"nl": "Sleutelhouder: {value}.", "en": "Key-holder: {value}."},
    "fact_sender": {"nl": "Afzender: {value}.", "en": "Sender: {value}."},
    "fact_output": {"nl": "Uitkomst: {value}.", "en": "Result: {value}."},
    "fact_cells": {"nl": "Cellen: {value}.", "en": "Cells: {value}."},
    "fact_hidden": {"nl": "Waarvan verborgen: {value}.", "en": "Of which hidden: {value}."},
    "fact_method": {"nl": "Manier van beschermen: {value}.", "en": "Method of protection: {value}."},
    "fact_events": {"nl": "Berichten: {value}.", "en": "Events: {value}."},
    "fact_new": {"nl": "Waarvan nieuw: {value}.", "en": "Of which new: {value}."},
    "fact_kind": {"nl": "Soort: {value}.", "en": "Kind: {value}."},
    "fact_status": {"nl": "Stand: {value}.", "en": "Status: {value}."},
    "fact_rule": {"nl": "Regel: {value}.", "en": "Rule: {value}."},
    "fact_change": {"nl": "Wijziging: {value}.", "en": "Change: {value}."},
    "fact_decided_by": {"nl": "Besloten door: {value}.", "en": "Decided by: {value}."},
    "fact_persons": {"nl": "Personen: {value}.", "en": "Persons: {value}."},
    "limits": {"nl": "Wat deze brief niet zegt", "en": "What this letter does not say"},
    "not_lawful": {
        "nl": "Deze brief zegt niet of de koppeling mag. Hij zegt welke grondslag is opgegeven en wie dat besloot.",
        "en": "This letter does not say whether the linkage is allowed. It says which basis was declared, and who "
        "decided it.",
    },
    "pseudonymised": {
        "nl": "Wat wij verstuurden is gepseudonimiseerd. Het blijven persoonsgegevens.",
        "en": "What we sent is pseudonymised. It remains personal data.",
    },
    "people": {
        "nl": "Ons logboek laat zien wat is vastgelegd. Of het bestand zelf klopte, moeten mensen nagaan.",
        "en": "Our ledger shows what was written down. Whether the file itself was right is for people to find out.",
    },
    "check": {"nl": "Zo controleert u deze brief", "en": "How to check this letter"},
    "check_text": {
        "nl": "Ons logboek had op dat moment {size} regels. Het eindkenmerk was {root}, onder de kaart {card}. Vraag "
        "om het logboek (‘linkage ledger export’) en controleer het met ‘linkage ledger verify’. Daar is geen "
        "wachtwoord of netwerk voor nodig.",
        "en": "Our ledger had {size} entries at that moment. Its root was {root}, under the card {card}. Ask for the "
        "ledger (`linkage ledger export`) and check it with `linkage ledger verify`. No key or network is needed for "
        "that.",
    },
    "closing": {"nl": "Met vriendelijke groet,", "en": "Yours sincerely,"},
}
