"""The words of results, in Dutch (B1) and English.

Rules kept here:

- Every text exists in both languages, under one key that `words` does not have (tests/report/test_words.py).
- Who is not found is "not found in the participating sources"; of nobody it is said that they have no work or benefit.
- One mark stands for every hidden figure: the release does not say which of them are small.
"""

from __future__ import annotations

from linkage.report.lang import Texts

RESULT_WORDS: Texts = {
    # the table
    "persons": {"nl": "personen", "en": "persons"},
    "found": {"nl": "gevonden", "en": "found"},
    "not_found": {"nl": "niet gevonden", "en": "not found"},
    "share": {"nl": "aandeel", "en": "share"},
    "total": {"nl": "totaal", "en": "total"},
    "all": {"nl": "alle", "en": "all"},
    "and": {"nl": "en", "en": "and"},
    "or": {"nl": "of", "en": "or"},
    "only": {"nl": "alleen {found}", "en": "{found} only"},
    "nowhere": {
        "nl": "niet gevonden in de deelnemende bronnen",
        "en": "not found in the participating sources",
    },
    "hidden": {"nl": "verborgen", "en": "hidden"},
    "away": {"nl": "<{minimum} of verborgen", "en": "<{minimum} or hidden"},
    "away_aloud": {"nl": "minder dan {minimum} of verborgen", "en": "fewer than {minimum}, or hidden"},
    "away_meaning": {
        "nl": "‘{mark}’ betekent: het aantal is kleiner dan {minimum}, of het is verborgen om een klein aantal te "
        "beschermen. Welke van de twee het is, staat er met opzet niet bij. Het betekent niet nul.",
        "en": "‘{mark}’ means: the count is smaller than {minimum}, or it is hidden to protect a small one. Which of "
        "the two is not told, on purpose. It does not mean zero.",
    },
    "about": {"nl": "ongeveer {count}", "en": "about {count}"},
    # the answer
    "at": {"nl": "gevonden bij {places}", "en": "found at {places}"},
    "nowhere_of": {
        "nl": "niet gevonden in de deelnemende bronnen ({places})",
        "en": "not found in the participating sources ({places})",
    },
    "answer_part": {
        "nl": "Van de {persons} personen van {of} zijn er {part} ({share}) {what}.",
        "en": "Of {persons} persons of {of}, {part} ({share}) were {what}.",
    },
    "answer_few": {
        "nl": "Van de {persons} personen van {of} zijn er minder dan {minimum} {what}. Hoeveel precies is verborgen.",
        "en": "Of {persons} persons of {of}, fewer than {minimum} were {what}. How many exactly is hidden.",
    },
    "answer_hidden": {
        "nl": "Hoeveel van de {persons} personen van {of} zijn {what}, is verborgen. Dat beschermt kleine groepen.",
        "en": "How many of {persons} persons of {of} were {what} is hidden. That protects small groups.",
    },
    "answer_nothing": {
        "nl": "Hoeveel personen van {of} zijn {what}, is verborgen. Dat beschermt kleine groepen.",
        "en": "How many persons of {of} were {what} is hidden. That protects small groups.",
    },
    "answer_union": {
        "nl": "Bij {of} samen zijn {persons} verschillende personen bekend.",
        "en": "{of} together know {persons} different persons.",
    },
    "answer_union_hidden": {
        "nl": "Hoeveel verschillende personen bij {of} samen bekend zijn, is verborgen. Dat beschermt kleine groepen.",
        "en": "How many different persons {of} together know is hidden. That protects small groups.",
    },
    "some_shown": {
        "nl": "Van {shown} van de {cells} groepen in de tabel is het aantal wel te zien.",
        "en": "Of {shown} of the {cells} groups in the table the count is shown.",
    },
    "at_moment": {"nl": "{moment}: {these}", "en": "{moment}: {these}"},
    "these": {"nl": "De {persons} personen van {of}", "en": "{persons} persons of {of}"},
    "these_hidden": {"nl": "De personen van {of}", "en": "The persons of {of}"},
    "answer_states": {"nl": "{these} zijn zo verdeeld: {parts}.", "en": "{these} are divided like this: {parts}."},
    "answer_states_most": {
        "nl": "{these} zijn verdeeld over {count} groepen. De grootste die we mogen tonen: {parts}.",
        "en": "{these} are divided over {count} groups. The largest that may be shown: {parts}.",
    },
    "answer_states_hidden": {
        "nl": "{these} zijn verdeeld over {count} groepen, maar van geen groep is het aantal te tonen. Dat beschermt "
        "kleine groepen.",
        "en": "{these} are divided over {count} groups, but of no group the count may be shown. That protects small "
        "groups.",
    },
    "state": {"nl": "{count} ({share}) {state}", "en": "{count} ({share}) {state}"},
    "state_plain": {"nl": "{count} {state}", "en": "{count} {state}"},
    "states_away": {
        "nl": "Van de andere groepen is het aantal kleiner dan {minimum} of verborgen: {states}.",
        "en": "Of the other groups the count is smaller than {minimum} or hidden: {states}.",
    },
    "answer_stay": {
        "nl": "Van de {persons} personen van {of} staan er {count} ({share}) op beide momenten in dezelfde groep.",
        "en": "Of {persons} persons of {of}, {count} ({share}) are in the same group at both moments.",
    },
    "answer_stay_hidden": {
        "nl": "Hoeveel personen van {of} op beide momenten in dezelfde groep staan, is niet te zeggen: een deel is "
        "verborgen om kleine groepen te beschermen.",
        "en": "How many persons of {of} are in the same group at both moments cannot be told: some of it is hidden to "
        "protect small groups.",
    },
    "answer_move": {
        "nl": "De grootste verandering: van ‘{before}’ naar ‘{after}’, {count} personen.",
        "en": "The largest change: from ‘{before}’ to ‘{after}’, {count} persons.",
    },
    "answer_no_move": {
        "nl": "Van geen enkele verandering mag het aantal te zien zijn.",
        "en": "Of no change the count may be shown.",
    },
    "pooled": {
        "nl": "Deze tabel is grover dan afgesproken, want fijner zou er te veel verborgen zijn. "
        "Samengenomen: {fields}.",
        "en": "This table is coarser than the one agreed, because a finer one would hide too much. Pooled: {fields}.",
    },
    "meaning": {
        "nl": "‘Gevonden’ betekent: gevonden in de gegevens van {places}. Wie niet gevonden is, staat daar niet in of "
        "is door de koppeling gemist. Het is iets anders dan ‘heeft geen uitkering’.",
        "en": "‘Found’ means: found in the records of {places}. Who is not found is not in there, or was missed by the "
        "linkage. It is not the same as ‘receives no benefit’.",
    },
    "meaning_states": {
        "nl": "Iedere persoon staat in precies één groep. ‘Alleen’ betekent: van wat is opgezocht, is alleen dit "
        "gevonden.",
        "en": "Every person is in exactly one group. ‘Only’ means: of what was looked up, only this was found.",
    },
    "meaning_union": {
        "nl": "Wie bij meer dan één organisatie bekend is, telt één keer. Wie de koppeling mist, telt twee keer.",
        "en": "Who is known to more than one organisation counts once. Who is missed by the linkage counts twice.",
    },
    # the picture
    "picture": {"nl": "Het antwoord in beeld", "en": "The answer as a picture"},
    "table": {"nl": "De cijfers", "en": "The figures"},
    "alt_bars": {"nl": "Staafdiagram. {rows}.", "en": "Bar chart. {rows}."},
    "alt_moves": {"nl": "Overgangstabel. {rows}.", "en": "Table of moves. {rows}."},
    "alt_move": {"nl": "van {before} naar {after}: {count}", "en": "from {before} to {after}: {count}"},
    "alt_scores": {
        "nl": "Verdeling van de scores. Drempel {threshold}. {rows}.",
        "en": "Distribution of the scores. Threshold {threshold}. {rows}.",
    },
    "alt_score": {"nl": "van {low} tot {high}: {share} van de 100", "en": "from {low} to {high}: {share} in 100"},
    "hatched": {"nl": "gearceerd: {mark}", "en": "hatched: {mark}"},
    "of_persons": {"nl": "personen", "en": "persons"},
    "from_to": {"nl": "van (rij) naar (kolom)", "en": "from (row) to (column)"},
    "no_picture": {
        "nl": "Geen beeld: de tabel heeft daarvoor te veel groepen.",
        "en": "No picture: the table has too many groups for one.",
    },
    # coverage
    "coverage": {"nl": "Welke bronnen meededen", "en": "Which sources took part"},
    "took_part": {"nl": "Rijen die meededen", "en": "Rows that took part"},
    "source": {"nl": "bron", "en": "source"},
    "role_here": {"nl": "wat deze bron zegt", "en": "what this source tells"},
    "tells_counted": {"nl": "de personen die geteld zijn", "en": "the persons who are counted"},
    "tells_known": {"nl": "wie daar bekend is", "en": "who is known there"},
    "tells_values": {"nl": "{what} ({values})", "en": "{what} ({values})"},
    "tells_nothing": {"nl": "telt niet mee voor deze vraag", "en": "does not count for this question"},
    "cover_lead": {
        "nl": "‘Niet gevonden in de deelnemende bronnen’ zegt alleen dat iemand niet is gevonden bij {places}. Het "
        "zegt niet of iemand werk, een uitkering of iets anders heeft. Het kan ook betekenen:",
        "en": "‘Not found in the participating sources’ only says that somebody was not found at {places}. It does not "
        "say whether somebody has work, a benefit or anything else. It can also mean:",
    },
    "cover_missed": {
        "nl": "de koppeling heeft de persoon gemist; hoeveel dat er zijn, is niet geschat",
        "en": "the linkage missed the person; how many these are was not estimated",
    },
    "cover_missed_of": {
        "nl": "de koppeling heeft de persoon gemist: naar schatting {missed} van de 100 ({low} tot {high}) van wie in "
        "stap {stage} nog te vinden was{pair}",
        "en": "the linkage missed the person: an estimated {missed} in 100 ({low} to {high}) of those who could still "
        "be found in stage {stage}{pair}",
    },
    "cover_pair": {"nl": ", tussen {left} en {right}", "en": ", between {left} and {right}"},
    "cover_other": {
        "nl": "de persoon is bekend bij een organisatie die niet meedoet, of bij een andere gemeente",
        "en": "the person is known to an organisation that does not take part, or to another municipality",
    },
    "cover_gone": {
        "nl": "de persoon is verhuisd, volgt een opleiding of leeft niet meer",
        "en": "the person has moved away, is in education or has died",
    },
    "cover_left_out": {
        "nl": "de rij van de persoon deed bij die bron niet mee, bijvoorbeeld omdat een grondslag ontbrak",
        "en": "the row of the person did not take part at that source, for instance because a basis was missing",
    },
    # quality
    "quality": {"nl": "Kwaliteit van de koppeling", "en": "Quality of the linkage"},
    "quality_numbers": {
        "nl": "Er is alleen op nummer gekoppeld, niet op gelijkenis. Hoe goed dat ging, is niet geschat.",
        "en": "Rows were linked by number only, not by likeness. How good that is was not estimated.",
    },
    "quality_noise": {
        "nl": "Over de kwaliteit van de koppeling wordt niets gemeld, want elk getal heeft ruis.",
        "en": "Nothing is told of the quality of the linkage, because every figure has noise.",
    },
    "quality_few": {
        "nl": "Over de kwaliteit van de koppeling wordt niets gemeld: er zijn te weinig koppelingen op gelijkenis.",
        "en": "Nothing is told of the quality of the linkage: there are too few links by likeness.",
    },
    "between": {"nl": "Tussen {left} en {right}: {sentence}", "en": "Between {left} and {right}: {sentence}"},
    "expected": {
        "nl": "Stap {stage} koppelt op gelijkenis. Naar schatting {right} van de 100 koppelingen zijn goed "
        "({right_low} tot {right_high}). Van de personen die in deze stap nog in beide bestanden stonden, zijn naar "
        "schatting {found} van de 100 gevonden ({found_low} tot {found_high}). De waarheid is niet bekend. "
        "{strangers} {same}",
        "en": "Stage {stage} links by likeness. An estimated {right} in 100 of its links are right ({right_low} to "
        "{right_high}). Of the persons who were still in both files at this stage, an estimated {found} in 100 were "
        "found ({found_low} to {found_high}). The truth is not known. {strangers} {same}",
    },
    "strangers_numbers": {
        "nl": "Hoe vaak vreemden op elkaar lijken, is gemeten aan rijen met verschillende nummers.",
        "en": "How often strangers look alike was measured on rows with different numbers.",
    },
    "strangers_registers": {
        "nl": "Hoe vaak vreemden op elkaar lijken, is gemeten aan rijen binnen één bestand; niemand hoort daar twee "
        "keer in te staan.",
        "en": "How often strangers look alike was measured on rows within one file, where nobody should stand twice.",
    },
    "same_numbers": {
        "nl": "Hoeveel er gemist zijn, is gemeten aan rijen met gelijke nummers.",
        "en": "How many were missed was measured on rows with equal numbers.",
    },
    "same_scores": {
        "nl": "Hoeveel er gemist zijn, is geschat uit hoe de scores teruglopen.",
        "en": "How many were missed is estimated from how the scores fall off.",
    },
    "scores": {
        "nl": "Scores van de koppelingen in stap {stage}{pair}: hoe verder naar rechts, hoe meer de rijen op elkaar "
        "lijken. Links van de drempel ({threshold}) is niet gekoppeld. Aandelen zijn afgerond op 5 van de 100.",
        "en": "Scores of the links of stage {stage}{pair}: the further to the right, the more alike the rows are. To "
        "the left of the threshold ({threshold}) nothing was linked. Shares are rounded to 5 in 100.",
    },
    "threshold": {"nl": "drempel {threshold}", "en": "threshold {threshold}"},
    "quality_text": {
        "nl": "Gemeten aan de bekende waarheid van de synthetische personen: {overlap} koppelingen, {truth} echte. "
        "Precisie {precision}, volledigheid {recall}.",
        "en": "Measured against the known truth of the synthetic people: {overlap} links, {truth} true ones. "
        "Precision {precision}, recall {recall}.",
    },
    # who, on which basis, and how to check
    "learnt": {"nl": "Wie weet nu wat", "en": "Who learnt what"},
    "learnt_custodian": {
        "nl": "leert alleen deze uitkomst. Ziet geen rij en geen nummer van de ander.",
        "en": "learns only this result. Sees no row and no number of the other.",
    },
    "learnt_unit": {
        "nl": "zag rijaantallen, categorieën of codes daarvan, welke willekeurige rijkenmerken bij elkaar horen en hoe "
        "sterk filters op elkaar lijken. Geen namen, geen BSN, geen sleutel.",
        "en": "saw row counts, categories or codes of them, which random row handles belong together and how alike "
        "filters are. No names, no BSN, no key.",
    },
    "stays_here": {
        "nl": "Dit deel blijft hier: het zijn de eigen rijen van uw organisatie, en niemand anders krijgt deze "
        "aantallen. Deel het verslag zonder dit deel (`linkage result export --for-others`).",
        "en": "This part stays here: these are your organisation's own rows, and nobody else is told these counts. "
        "Pass the report on without this part (`linkage result export --for-others`).",
    },
    "own_part": {"nl": "Uw eigen rijen", "en": "Your own rows"},
    "reason": {"nl": "reden", "en": "reason"},
    "basis_from": {"nl": "van", "en": "from"},
    "basis_to": {"nl": "aan", "en": "to"},
    "basis_what": {"nl": "wat", "en": "what"},
    "basis_article": {"nl": "grondslag (AVG)", "en": "basis (GDPR)"},
    "basis_law": {"nl": "wet", "en": "law"},
    "basis_decided": {"nl": "besloten", "en": "decided"},
    "check": {"nl": "Om na te gaan", "en": "To check"},
    "digest_release": {"nl": "Kenmerk van deze uitkomst", "en": "Digest of this result"},
    "check_protocol": {
        "nl": "`linkage protocol digest BESTAND` geeft bij iedere partij het kenmerk van het protocol.",
        "en": "`linkage protocol digest FILE` gives every party the digest of the protocol.",
    },
    "check_release": {
        "nl": "`sha256sum {name}` (Windows: `certutil -hashfile {windows} SHA256`), in de "
        "map van deze koppeling, geeft bij iedere ontvanger het kenmerk van de uitkomst.",
        "en": "`sha256sum {name}` (Windows: `certutil -hashfile {windows} SHA256`), in "
        "the folder of this linkage, gives every recipient the digest of the result.",
    },
    "notes": {"nl": "Toelichting", "en": "Notes"},
    "sheet_answer": {"nl": "Antwoord", "en": "Answer"},
    "sheet_table": {"nl": "Tabel", "en": "Table"},
    "sheet_coverage": {"nl": "Bronnen", "en": "Sources"},
    "sheet_quality": {"nl": "Kwaliteit", "en": "Quality"},
    "sheet_bases": {"nl": "Grondslagen", "en": "Bases"},
    "sheet_learnt": {"nl": "Wie weet wat", "en": "Who learnt what"},
    "sheet_check": {"nl": "Kenmerken", "en": "Digests"},
    "sheet_own": {"nl": "Eigen rijen (blijft hier)", "en": "Own rows (stays here)"},
}
