"""Names by their sound: which spellings meet, which stay apart, and that any word has a sound."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from encode.rows import WORD
from linkage.encode import names, sounds
from linkage.encode.sounds import skeleton, sound

WRITTEN = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCéèëïöüçñøæßĳłđİ'-. λй名"), max_size=25) | st.text(
    max_size=9
)


@pytest.mark.parametrize(
    ("word", "heard"),
    [
        pytest.param("schmidt", "sgmit", id="sch and dt"),
        pytest.param("smit", "smit", id="nothing to fold"),
        pytest.param("christiaan", "gristian", id="ch, aa"),
        pytest.param("vagh", "fag", id="gh"),
        pytest.param("philip", "filip", id="ph"),
        pytest.param("beck", "bek", id="ck"),
        pytest.param("quinten", "kfinten", id="qu is kw, and w is f"),
        pytest.param("tariq", "tarik", id="q"),
        pytest.param("max", "maks", id="x"),
        pytest.param("thys", "tis", id="th, y"),
        pytest.param("szymon", "simon", id="sz, y"),
        pytest.param("meier", "mier", id="ei"),
        pytest.param("meyer", "mier", id="ey, or ij as it is normalised"),
        pytest.param("kuyper", "kuiper", id="uy"),
        pytest.param("youssef", "iusef", id="ou, double s"),
        pytest.param("boer", "bur", id="oe"),
        pytest.param("auke", "uke", id="au"),
        pytest.param("marie", "mari", id="ie"),
        pytest.param("vreede", "frede", id="v, ee"),
        pytest.param("kooy", "koi", id="oo, y"),
        pytest.param("ruud", "rut", id="uu, and d at the end"),
        pytest.param("zacharias", "sagarias", id="z, ch"),
        pytest.param("jacob", "iakob", id="j, c"),
        pytest.param("willem", "filem", id="w, double l"),
        pytest.param("mohammed", "moamet", id="h within a word, double m, d at the end"),
        pytest.param("hannah", "hana", id="the first h stays, the last goes"),
        pytest.param("ah", "ah", id="a word of two letters keeps its h"),
        pytest.param("ahh", "ah", id="as does a word of which two are left"),
        pytest.param("daan", "dan", id="d at the beginning stays"),
        pytest.param("d", "t", id="a letter alone is an end as well"),
        pytest.param("eee", "e", id="folded from the left, what is double then is one"),
        pytest.param("λουκασ", "λουκασ", id="another alphabet is left alone"),
    ],
)
def test_sound(word: str, heard: str) -> None:
    assert sound(word) == heard


@pytest.mark.parametrize(
    ("word", "bones"),
    [
        pytest.param("vos", "fs", id="first sound and consonants"),
        pytest.param("jansen", "insn", id="j is the sound i, and stays in front"),
        pytest.param("anna", "an", id="a vowel in front stays"),
        pytest.param("aa", "a", id="nothing but a vowel"),
        pytest.param("banana", "bnn", id="consonants that come together later stay two"),
        pytest.param("ahmed", "amt", id="without its h"),
    ],
)
def test_skeleton(word: str, bones: str) -> None:
    assert skeleton(word) == bones


@pytest.mark.parametrize(
    "names_",
    [
        "mohammed mohamed mohamet mohammad mohamad",
        "meyer meier meyyer",
        "philip filip phillip philipp filiep",
        "yusuf youssef yousef jusuf yoesoef",
        "jansen janssen iansen jaansen",
        "vries fries vreese",
        "bakker backer baker",
        "thyssen tissen tyssen",
        "schouten schauten schoeten",
        "peters peeters petersz",
    ],
)
def test_spellings_of_one_name_have_one_skeleton(names_: str) -> None:
    found = {name: skeleton(name) for name in names_.split()}
    assert len(set(found.values())) == 1, found


def test_names_that_sound_otherwise_stay_apart() -> None:
    different = ["vos", "jansen", "bakker", "smit", "visser", "meyer", "peters", "dekker", "mulder", "boer", "hendriks"]
    assert len({skeleton(name) for name in different}) == len(different)


@given(WORD)
def test_sounds_are_those_of_the_reference(word: str) -> None:
    assert (sound(word), skeleton(word)) == (reference.sound(word), reference.skeleton(word))


@given(WRITTEN)
def test_any_normalised_word_has_a_sound_and_always_the_same(text: str) -> None:
    for word in (names.given_name(text) or "").split():
        heard, bones = sound(word), skeleton(word)
        assert (heard, bones) == (sound(word), skeleton(word))
        assert heard
        assert not set("cjqvwxyz") & set(heard)
        assert bones[0] == heard[0]
        assert not sounds.VOWELS & set(bones[1:])
        assert not any(sign.isspace() or sign == "_" for sign in heard)


@given(WORD, st.sampled_from("bflmnr"), st.integers(2, 4))
def test_a_consonant_written_double_sounds_as_one(word: str, sign: str, times: int) -> None:
    assert sound(word.replace(sign, sign * times)) == sound(word)


def test_docstrings_hold() -> None:
    assert doctest.testmod(sounds).failed == 0
