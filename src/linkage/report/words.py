"""The words of plans and agreements, in Dutch (B1) and English; those of results stand in `result_words`.

Rules kept here:

- Every text exists in both languages, under one key (tests/report/test_words.py).
- Honest words: pseudonymised, not anonymous; declared basis, not lawful.
"""

from __future__ import annotations

from linkage.report.lang import Lang, Texts
from linkage.report.result_words import RESULT_WORDS

WORDS: Texts = {
    "rows": {"nl": "rijen", "en": "rows"},
    "protocol": {"nl": "Protocol", "en": "Protocol"},
    "reference_date": {"nl": "Peildatum", "en": "Reference date"},
    "purpose": {"nl": "Doel", "en": "Purpose"},
    "digest": {"nl": "Kenmerk van het protocol", "en": "Digest of the protocol"},
    "rule": {
        "nl": "Aantallen onder {minimum} zijn verborgen. Ook verborgen: aantallen waarbij minder dan {minimum} "
        "personen buiten beeld blijven, en aantallen waaruit een verborgen aantal te berekenen zou zijn. De rest is "
        "afgerond op {rounding}; getallen tellen daarom niet precies op.",
        "en": "Counts below {minimum} are hidden. Also hidden: counts that leave fewer than {minimum} persons out, "
        "and counts from which a hidden one could be computed. The rest is rounded to {rounding}, so figures do not "
        "add up exactly.",
    },
    "rule_shown": {
        "nl": "Aantallen van 1 tot {minimum} zijn verborgen. Ook verborgen: aantallen waarbij 1 tot {minimum} personen "
        "buiten beeld blijven, en aantallen waaruit een verborgen aantal te berekenen zou zijn. ‘Niemand’ en "
        "‘iedereen’ zijn niet verborgen. De rest is afgerond op {rounding}; getallen tellen daarom niet precies op.",
        "en": "Counts from 1 to below {minimum} are hidden. Also hidden: counts that leave 1 to fewer than {minimum} "
        "persons out, and counts from which a hidden one could be computed. ‘Nobody’ and ‘everybody’ are not hidden. "
        "The rest is rounded to {rounding}, so figures do not add up exactly.",
    },
    "rule_key": {
        "nl": "Bij elk aantal is een toevallig getal van hooguit {noise} opgeteld of afgetrokken. Dezelfde personen "
        "krijgen altijd hetzelfde getal. Wat daarna onder {minimum} ligt is verborgen; de rest is afgerond op "
        "{rounding}. Getallen tellen daarom niet precies op.",
        "en": "A random number of at most {noise} was added to or taken from every count. The same persons always get "
        "the same number. What is below {minimum} after that is hidden; the rest is rounded to {rounding}. So figures "
        "do not add up exactly.",
    },
    "rule_private": {
        "nl": "Bij elk aantal is toevallige ruis opgeteld (differentiële privacy, epsilon {epsilon} voor deze tabel). "
        "Elk getal zit er dus een beetje naast; kleine getallen zeggen weinig.",
        "en": "Random noise was added to every count (differential privacy, epsilon {epsilon} for this table). So "
        "every figure is a little off, and small figures say little.",
    },
    "collusion": {
        "nl": "Spannen {unit} en één bronhouder samen, dan kunnen zij alle BSN's en namen terugrekenen: de BSN is "
        "versleuteld met één sleutel (de zwakke vorm).",
        "en": "If {unit} and one custodian collude, they can recover every BSN and name: the BSN is hashed under one "
        "key (the weak mode).",
    },
    "numbers_oprf": {
        "nl": "{field}: een token met de sleutels van {holders} ({suite}), die alleen verblinde nummers zien.",
        "en": "{field}: a token made with the keys of {holders} ({suite}), who see blinded numbers only.",
    },
    "numbers_keyed": {
        "nl": "{field}: een hash onder één sleutel, de zwakke vorm.",
        "en": "{field}: a hash under one key, the weak mode.",
    },
    "collusion_unit": {
        "nl": "{unit} alleen: ziet welke rijen hetzelfde nummer hebben, geen nummer.",
        "en": "{unit} alone: sees which rows have the same number, no number.",
    },
    "collusion_quota": {
        "nl": "{unit} met {party}: kan nummers alleen raden door ernaar te vragen, tot het quotum; elke vraag wordt "
        "geteld en vastgelegd bij {others}.",
        "en": "{unit} with {party}: can guess numbers only by asking about them, up to the quota; each question is "
        "counted and recorded at {others}.",
    },
    "collusion_all": {
        "nl": "{unit} met alle sleutelhouders ({holders}) en het koppelgeheim: alle nummers.",
        "en": "{unit} with all key-holders ({holders}) and the linkage secret: every number.",
    },
    "sent_oprf": {
        "nl": "gaat weg als token, gemaakt met de sleutelhouders",
        "en": "leaves as a token, made with the key-holders",
    },
    "guarantee": {"nl": "Wat dit protocol belooft", "en": "What this protocol guarantees"},
    "asked_since": {"nl": "niet gevraagd aan de sleutelhouders", "en": "not asked of the key-holders"},
    "collusion_names": {
        "nl": "Spannen {unit} en één bronhouder samen, dan kunnen zij namen terugzoeken met een woordenboek: wie de "
        "sleutel heeft, kan van elke naam het filter maken.",
        "en": "If {unit} and one custodian collude, they can look names up by dictionary: whoever has the key can make "
        "the filter of any name.",
    },
    "pseudonymised": {
        "nl": "De verstuurde gegevens zijn gepseudonimiseerd. Het blijven persoonsgegevens.",
        "en": "What was sent is pseudonymised. It remains personal data.",
    },
    "declared": {
        "nl": "Opgegeven grondslagen (niet beoordeeld door deze software)",
        "en": "Declared legal bases (not judged by this software)",
    },
    "no_law": {"nl": "geen wet genoemd", "en": "no law named"},
    "consent": {"nl": "toestemming", "en": "consent"},
    "read_as": {"nl": "{source}, gelezen als {how}", "en": "{source}, read as {how}"},
    "leaves_reference": {
        "nl": "zoekt de toestemming bij een rij, blijft hier",
        "en": "finds the consent of a row, stays here",
    },
    "reference": {"nl": "kenmerk", "en": "reference"},
    "not_used": {"nl": "niet gebruikt, blijft hier", "en": "not used, stays here"},
    "took_part_of": {
        "nl": "{party}: {included} van {rows} rijen deden mee (niet: {left_out})",
        "en": "{party}: {included} of {rows} rows took part (left out: {left_out})",
    },
    "per_stage": {"nl": "{count} in stap {stage}", "en": "{count} in stage {stage}"},
    "report": {"nl": "rapport", "en": "report"},
    "row_basis": {
        "nl": "rijen zonder mogelijke grondslag blijven hier: tabel {table}, als {role} (`linkage basis show`)",
        "en": "rows without a possible basis stay here: table {table}, as {role} (`linkage basis show`)",
    },
    "own_rows": {
        "nl": "Uw eigen rijen, verwerkt op {day} (deze aantallen blijven hier)",
        "en": "Your own rows, processed on {day} (these counts stay here)",
    },
    "plan_rows": {"nl": "rijen", "en": "rows"},
    "plan_cells": {"nl": "cellen", "en": "cells"},
    "bad_cells": {"nl": "{count} foute cellen", "en": "{count} bad cells"},
    "more": {"nl": "en nog {count}", "en": "and {count} more"},
    "included": {"nl": "doen mee", "en": "included"},
    "cohort": {"nl": "buiten de groep", "en": "cohort"},
    "not given": {"nl": "niet gegeven", "en": "not given"},
    "not asked": {"nl": "niet gevraagd", "en": "not asked"},
    "no reference": {"nl": "geen kenmerk", "en": "no reference"},
    "requested": {"nl": "gevraagd, geen antwoord", "en": "requested"},
    "refused": {"nl": "geweigerd", "en": "refused"},
    "withdrawn": {"nl": "ingetrokken", "en": "withdrawn"},
    "expired": {"nl": "verlopen", "en": "expired"},
    "invalidated": {"nl": "ongeldig verklaard", "en": "invalidated"},
    "revoked": {"nl": "door een ander ingetrokken", "en": "revoked by another"},
    "deferred": {"nl": "antwoord uitgesteld", "en": "answer put off"},
    "unknown": {"nl": "onbekend", "en": "unknown"},
    "given": {"nl": "gegeven", "en": "given"},
    "under age": {"nl": "jonger dan 16 jaar bij het geven", "en": "under 16 when given"},
    "not asked of key-holders": {
        "nl": "niet voorgelegd aan de sleutelhouders",
        "en": "not asked of key-holders",
    },
    "no agreement to hand-over": {
        "nl": "geen instemming met overdracht",
        "en": "no agreement to hand-over",
    },
    "list_reason": {"nl": "reden", "en": "reason"},
    "list_approved": {"nl": "goedgekeurd op", "en": "approved on"},
    "list_opened": {"nl": "toestemming bekeken op", "en": "consent looked at on"},
    "list_found": {
        "nl": "{party} krijgt van de eigen rijen terug wie gevonden is bij {sources}; niemand anders krijgt ze. Pas "
        "na goedkeuring door {approver}. Reden: {reason}",
        "en": "{party} gets back those of its own rows that are found at {sources}; nobody else gets them. Only after "
        "approval by {approver}. Reason: {reason}",
    },
    "list_not_found": {
        "nl": "{party} krijgt van de eigen rijen terug wie niet gevonden is bij {sources}; niemand anders krijgt ze. "
        "Pas na goedkeuring door {approver}. Niet gevonden is iets anders dan ‘heeft geen werk’ of ‘heeft geen "
        "uitkering’. Reden: {reason}",
        "en": "{party} gets back those of its own rows that are not found at {sources}; nobody else gets them. Only "
        "after approval by {approver}. Not found is not the same as ‘has no work’ or ‘receives no benefit’. Reason: "
        "{reason}",
    },
    "list_count": {
        "nl": "{count} personen mogen op {day} worden benaderd; {left_out} niet meer, want hun toestemming of "
        "instemming geldt niet meer",
        "en": "{count} persons may be approached on {day}; {left_out} no longer, as their consent or agreement has "
        "ended",
    },
    "list_decided": {"nl": "goedgekeurd door {by} op {on}", "en": "approved by {by} on {on}"},
    "no basis": {"nl": "geen mogelijke grondslag", "en": "no possible basis"},
    "placeholder identity": {"nl": "geen identiteit ingevuld", "en": "placeholder identity"},
    "over age": {"nl": "te oud", "en": "over age"},
    "basis_some": {
        "nl": "Mogelijke grondslagen voor deze persoon: AVG art. {articles}.",
        "en": "Bases that are possible for this person: GDPR art. {articles}.",
    },
    "basis_none": {
        "nl": "Geen grondslag mogelijk: de rij van deze persoon doet niet mee.",
        "en": "No basis is possible: the row of this person does not take part.",
    },
    "basis_yes": {"nl": "Wel: {text} ({basis})", "en": "Possible: {text} ({basis})"},
    "basis_no": {"nl": "Niet: {text} ({basis}), want {why}", "en": "Not possible: {text} ({basis}), for {why}"},
    "basis_rule": {"nl": "{text} ({basis}), vanaf {why}", "en": "{text} ({basis}), from {why}"},
    "basis_until": {"nl": " tot en met {day}", "en": " up to and including {day}"},
    "basis_if": {"nl": "; voorwaarde: {condition}", "en": "; condition: {condition}"},
    "basis_unread": {
        "nl": "; de wettekst is hiervoor niet gelezen",
        "en": "; the text of the law was not read for this",
    },
    "basis_read": {"nl": "; gelezen: de wettekst van {day}", "en": "; read: the text of the law of {day}"},
    "basis_changed": {
        "nl": "; gewijzigd ({change}) door {who} op {day}: {reason}",
        "en": "; changed ({change}) by {who} on {day}: {reason}",
    },
    "basis_confirm": {
        "nl": "Afgeleid uit wetteksten, niet beoordeeld: laat het bevestigen door uw functionaris gegevensbescherming.",
        "en": "Derived from texts of law, not judged: have it confirmed by your data protection officer.",
    },
    "basis_level": {"nl": "het niveau is {got}, niet {wanted}", "en": "the level is {got}, not {wanted}"},
    "basis_path": {"nl": "de leerweg is {got}, niet {wanted}", "en": "the learning path is {got}, not {wanted}"},
    "basis_since": {
        "nl": "het diploma is {got} jaar oud (hele jaren), en dat moet {bound} zijn",
        "en": "the diploma is {got} full years old, and must be {bound}",
    },
    "basis_age": {
        "nl": "de leeftijd is {got} jaar, en die moet {bound} zijn",
        "en": "the age is {got} years, and must be {bound}",
    },
    "at_least": {"nl": "{years} of meer", "en": "{years} or more"},
    "fewer": {"nl": "minder dan {years}", "en": "fewer than {years}"},
    "basis_enrolled": {"nl": "de persoon staat ingeschreven op een school", "en": "the person is enrolled at a school"},
    "basis_not_known_enrolled": {
        "nl": "niet bekend is of de persoon op een school staat ingeschreven",
        "en": "it is not known whether the person is enrolled at a school",
    },
    "person_in": {
        "nl": "Deze persoon mag, wat toestemming betreft, meedoen aan {purpose} (peildatum {on}): {why}; instemming "
        "met overdracht, iets anders dan toestemming: {agreed}.",
        "en": "As far as consent goes, this person may take part in {purpose} (reference date {on}): {why}; agreement "
        "to hand-over (instemming), which is not consent: {agreed}.",
    },
    "person_out": {
        "nl": "Deze persoon doet niet mee aan {purpose} (peildatum {on}) als toestemming nodig is: {why}; instemming "
        "met overdracht, iets anders dan toestemming: {agreed}.",
        "en": "Where consent is needed, this person does not take part in {purpose} (reference date {on}): {why}; "
        "agreement to hand-over (instemming), which is not consent: {agreed}.",
    },
    "stands_never": {"nl": "er is nooit iets vastgelegd", "en": "nothing was ever recorded"},
    "stands_later": {
        "nl": "er is pas op {at} iets vastgelegd, na de peildatum",
        "en": "nothing was recorded until {at}, after the reference date",
    },
    "stands_given": {"nl": "toestemming gegeven op {at}", "en": "consent was given on {at}"},
    "stands_method": {"nl": "via {how}", "en": "by {how}"},
    "stands_notice": {"nl": "bij privacyverklaring {notice}", "en": "under privacy notice {notice}"},
    "stands_until": {"nl": "geldig tot en met {until}", "en": "valid up to and including {until}"},
    "stands_requested": {"nl": "gevraagd op {at}, nog geen antwoord", "en": "asked on {at}, no answer yet"},
    "stands_deferred": {"nl": "het antwoord is op {at} uitgesteld", "en": "the answer was put off on {at}"},
    "stands_refused": {"nl": "geweigerd op {at}", "en": "refused on {at}"},
    "stands_withdrawn": {"nl": "ingetrokken op {at}", "en": "withdrawn on {at}"},
    "stands_revoked": {"nl": "door een ander ingetrokken op {at}", "en": "revoked by another on {at}"},
    "stands_expired": {"nl": "verlopen (laatste bericht {at})", "en": "expired (last record {at})"},
    "stands_invalidated": {"nl": "ongeldig verklaard op {at}", "en": "invalidated on {at}"},
    "stands_unknown": {"nl": "niet bekend (bericht van {at})", "en": "not known (record of {at})"},
    "stands_under_age": {
        "nl": "gegeven op {at} door iemand jonger dan 16 jaar, zonder wettelijk vertegenwoordiger (UAVG art. 5)",
        "en": "given on {at} by somebody under 16, without the legal representative (UAVG art. 5)",
    },
    "repaired": {"nl": "voorloopnul hersteld", "en": "repaired"},
    "placeholder": {"nl": "niet ingevuld", "en": "placeholder"},
    "education-number": {
        "nl": "onderwijsnummer, niet op nummer te koppelen",
        "en": "education number, not linkable by number",
    },
    "alias": {"nl": "oud nummer, vervangen", "en": "old number, replaced"},
    "test-range": {"nl": "testnummer", "en": "test-range"},
    "to": {"nl": "aan", "en": "to"},
    "tokens": {"nl": "tokens", "en": "tokens"},
    "counts": {"nl": "aantallen", "en": "counts"},
    "sent_exact": {"nl": "gaat weg als token met sleutel", "en": "leaves as a keyed token"},
    "sent_bloom": {"nl": "gaat weg als bits in één filter", "en": "leaves as bits in one filter"},
    "sent_category": {"nl": "gaat weg als categorie", "en": "leaves as a category"},
    "sent_blinded": {
        "nl": "gaat weg als code van een categorie, die de koppeleenheid niet kan lezen",
        "en": "leaves as the code of a category, which the linkage unit cannot read",
    },
    "made_here": {"nl": "hier gemaakt van {of}", "en": "made here of {of}"},
    "abroad": {"nl": "woont in het buitenland", "en": "lives abroad"},
    "no-region": {"nl": "regio van de gemeente niet bekend", "en": "region of the municipality not known"},
    "not-listed": {"nl": "regio die niet in het protocol staat", "en": "region that the protocol does not list"},
    "day-unclear": {"nl": "begin of einde niet zeker genoeg", "en": "first or last day not certain enough"},
    "ends-before": {"nl": "eindigt voor het begint", "en": "ends before it begins"},
    "collusion_blinded": {
        "nl": "{unit} alleen: ziet codes van {fields} en hoe vaak elke voorkomt, waaruit soms te raden is welke code "
        "wat betekent; met één bronhouder of ontvanger leest het ze alle.",
        "en": "{unit} alone: sees codes of {fields} and how often each occurs, from which it can sometimes be guessed "
        "which is which; with one custodian or recipient it reads them all.",
    },
    "sent_none": {"nl": "blijft hier", "en": "stays here"},
    "decided": {"nl": "besloten door {who} op {day}", "en": "decided by {who} on {day}"},
}


def word(key: str, lang: Lang, **values: object) -> str:
    """A text in a language, its places filled in."""
    text = (RESULT_WORDS if key in RESULT_WORDS else WORDS)[key][lang]
    return text.format(**values) if values else text
