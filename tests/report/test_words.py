"""Every text is there in both languages, and promises nothing that is not so."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from linkage.report.lang import LANGUAGES, Lang
from linkage.report.result_words import RESULT_WORDS
from linkage.report.words import WORDS, word

EVERY = {**WORDS, **RESULT_WORDS}


@pytest.mark.parametrize("key", EVERY)
def test_every_text_is_there_in_both_languages_with_the_same_places(key: str) -> None:
    assert set(EVERY[key]) == set(LANGUAGES)
    places = [{name for _, name, _, _ in Formatter().parse(EVERY[key][lang]) if name} for lang in LANGUAGES]
    assert places[0] == places[1]
    assert all(word(key, lang, **dict.fromkeys(places[0], "x")).strip() for lang in LANGUAGES)


def test_no_key_has_two_texts() -> None:
    assert not set(WORDS) & set(RESULT_WORDS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_honest_words(lang: Lang) -> None:
    texts = " ".join(text[lang] for text in EVERY.values()).lower()
    assert not re.search(r"anoni|anony|rechtmatig|\blawful", texts)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_of_nobody_it_is_said_that_they_have_no_work_or_benefit(lang: Lang) -> None:
    texts = " ".join(text[lang] for text in RESULT_WORDS.values()).lower()
    without = texts.replace("anders dan ‘heeft geen uitkering’", "").replace(
        "not the same as ‘receives no benefit’", ""
    )
    assert not re.search(
        r"(geen|zonder) (werk|uitkering|baan)|(no|without) (work|benefit|job)|unemployed|werkloos", without
    )
