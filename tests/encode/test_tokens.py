"""Tokens: what a slip costs, what weighs, and that nothing else decides them."""

from __future__ import annotations

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from encode.rows import NORMALISED
from linkage.encode import tokens as module
from linkage.encode.normalise import NORMALISERS
from linkage.encode.tokens import STRONGEST, TOKENISERS, Token, tokens
from linkage.errors import InputError


def weights(kind: str, text: str) -> dict[str, int]:
    """The tokens of a cell as people write it, and what each weighs."""
    value = NORMALISERS[kind](text)
    return {token.text: token.strength**2 for token in tokens(kind, value or "", 2)}


def alike(kind: str, one: str, other: str) -> float:
    """Cosine of two cells: the weight in common over the geometric mean of both."""
    a, b = weights(kind, one), weights(kind, other)
    return sum(a[text] for text in a.keys() & b.keys()) / math.sqrt(sum(a.values()) * sum(b.values()))


def written(said: str) -> tuple[Token, ...]:
    """Tokens as the tests write them: a strength above 1 stands behind the text, as in ``m03/2``."""
    cut = [token.partition("/") for token in said.split()]
    return tuple(Token(text, int(strength or 1)) for text, _, strength in cut)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param("surname", "vos", "_v vo os s_ =fs/2 <fos", id="grams as written, the rest as heard"),
        pytest.param(
            "surname", "jansen vos",
            "_j ja an ns se en n_ _v vo os s_ =insn/2 <ian =fs/2 <fos", id="every part of a surname",
        ),
        pytest.param("surname", "meyer", "_m me ey ye er r_ =mr/2 <mie", id="ij, as it is normalised"),
        pytest.param("surname", "vos vos", "_v vo os s_ =fs/2 <fos", id="what repeats counts once"),
        pytest.param("surname", "o", "_o o_ =o/2 <o", id="a surname of one letter"),
        pytest.param("prefix", "van de", "_v va an n_ _d de e_", id="words are padded one by one"),
        pytest.param("text", "st kilda 12", "_s st t_ _k ki il ld da a_ _1 12 2_", id="free text with a number"),
        pytest.param("text", "aaaa", "_a aa a_", id="grams that repeat count once"),
        pytest.param("given-name", "an", "^a/2 .a/2 _a an n_", id="a given name has its initial"),
        pytest.param("given-name", "sanne maria", "^s/2 .s/2 _s sa an ne e_ .m/2", id="later names are an initial"),
        pytest.param("given-name", "s m", "^s/2 .s/2 .m/2", id="a name of one letter is an initial"),
        pytest.param("given-name", "philip", "^p/2 .p/2 _f fi il li ip p_", id="grams as heard, initial as written"),
        pytest.param("given-name", "jan jan", "^j/2 .j/2 _i ia an n_", id="a name given twice"),
        pytest.param("initials", "j a j", ".j/2 .a/2", id="initials are letters"),
        pytest.param("birth-date", "19980317", "y1998/2 m03/2 x03-17/3 ~1997 ~1998 ~1999", id="a whole date"),
        pytest.param("birth-date", "19981203", "y1998/2 m12/2 x03-12/3 ~1997 ~1998 ~1999", id="x in order"),
        pytest.param("birth-date", "19980404", "y1998/2 m04/2 x04-04/3 ~1997 ~1998 ~1999", id="day and month equal"),
        pytest.param("birth-date", "19780300", "y1978/2 m03/2 ~1977 ~1978 ~1979", id="no day, no token of a day"),
        pytest.param("birth-date", "19680000", "y1968/2 ~1967 ~1968 ~1969", id="a year alone"),
        pytest.param("birth-date", "19680101", "y1968/2 ~1967 ~1968 ~1969", id="the first of January is a year alone"),
        pytest.param("date", "20000101", "y2000/2 ~1999 ~2000 ~2001", id="so it is in any date"),
        pytest.param("birth-date", "19680100", "y1968/2 m01/2 ~1967 ~1968 ~1969", id="January, day not known"),
        pytest.param("birth-date", "18500102", "y1850/2 m01/2 x01-02/3 ~1849 ~1850 ~1851", id="the first year"),
        pytest.param("sex", "v", "v/2", id="sex"),
        pytest.param("postcode", "1234ab", "1234/2 1234ab", id="a postcode and its area"),
        pytest.param("postcode", "1234", "1234/2", id="an area alone"),
        pytest.param("house-number", "12", "12", id="a house number is one token"),
        pytest.param("bsn", "111222333", "111222333", id="a person number is one token"),
        pytest.param("education-number", "101222331", "101222331", id="an education number is one token"),
        pytest.param("category", "BBL", "BBL", id="a category is one token"),
        pytest.param("number", "12", "=12/2 ~10 ~11 ~12 ~13 ~14", id="a number and those near it"),
        pytest.param("number", "12.75", "=12.75/2 ~10 ~11 ~12 ~13 ~14", id="decimals are cut off"),
        pytest.param("number", "1", "=1/2 ~-1 ~0 ~1 ~2 ~3", id="near zero"),
        pytest.param("number", "-3.5", "=-3.5/2 ~-5 ~-4 ~-3 ~-2 ~-1", id="below zero, decimals are cut off"),
        pytest.param("number", "-0.5", "=-0.5/2 ~-2 ~-1 ~0 ~1 ~2", id="there is no zero below zero"),
        pytest.param("surname", "", "", id="no value, no token"),
    ],
)  # fmt: skip
def test_tokens(kind: str, value: str, expected: str) -> None:
    assert tokens(kind, value, 2) == written(expected)


def test_longer_and_shorter_grams() -> None:
    assert tokens("prefix", "van", 1) == written("v a n")
    assert tokens("prefix", "van", 3) == written("__v _va van an_ n__")
    assert tokens("surname", "vos", 1) == written("v o s =fs/2 <fos")
    assert tokens("given-name", "jan", 3) == written("^j/2 .j/2 __i _ia ian an_ n__")


def test_a_number_may_have_as_many_digits_as_the_normaliser_lets_through() -> None:
    value = NORMALISERS["number"]("-" + "9" * 100)
    assert value is not None
    near = [token.text for token in tokens("number", value, 2)]
    assert near[0] == "=-" + "9" * 100
    assert near[1:3] == ["~-1" + "0" * 99 + "1", "~-1" + "0" * 100]


def test_swapped_day_and_month_keep_the_strongest_token() -> None:
    one, other = weights("birth-date", "05-03-1998"), weights("birth-date", "03-05-1998")
    kept = one.keys() & other.keys()
    assert one.keys() - kept == {"m03"}
    assert max(one, key=one.__getitem__) in kept
    assert alike("birth-date", "05-03-1998", "03-05-1998") == 16 / 20 > alike("birth-date", "05-03-1998", "06-03-1998")


def test_a_year_that_is_one_off_keeps_all_but_the_year() -> None:
    one, other = weights("birth-date", "17-03-1998"), weights("birth-date", "17-03-1999")
    assert one.keys() & other.keys() == {"m03", "x03-17", "~1998", "~1999"}
    assert weights("birth-date", "17-03-2000").keys() & one.keys() == {"m03", "x03-17", "~1999"}
    assert weights("birth-date", "17-03-2001").keys() & one.keys() == {"m03", "x03-17"}


def test_an_unknown_day_keeps_year_and_month() -> None:
    assert alike("birth-date", "00-03-1978", "17-03-1978") == pytest.approx(11 / math.sqrt(11 * 20))
    assert alike("birth-date", "00-03-1978", "00-05-1978") == 7 / 11, "two unknown days have nothing in common"


@pytest.mark.parametrize("text", ["01-01-1978", "1978-01-01", "19780101", "1-1-1978", "00-00-1978", "19780000"])
def test_the_first_of_january_is_a_year_alone(text: str) -> None:
    assert weights("birth-date", text) == {"y1978": 4, "~1977": 1, "~1978": 1, "~1979": 1}


def test_initials_are_what_full_names_and_letters_share() -> None:
    full, short, second = (weights("given-name", text) for text in ("Sanne Maria", "S.M.", "Maria"))
    assert full.keys() & short.keys() == short.keys() == {"^s", ".s", ".m"}
    assert full.keys() & second.keys() == {".m"}
    assert alike("given-name", "Sanne Maria", "S.M.") > alike("given-name", "Sanne Maria", "W.M.")
    assert alike("initials", "J.A.M.", "M.J.A.") == 1
    assert alike("initials", "J.A.M.", "J.") == pytest.approx(1 / math.sqrt(3))


def test_parts_of_a_surname_are_a_set() -> None:
    double, swapped, one = (weights("surname", text) for text in ("Jansen-Vos", "Vos-Jansen", "Vos"))
    assert double == swapped == weights("surname", "Vos, Jansen") | one
    assert one.items() <= double.items()
    assert one.keys() | weights("surname", "Jansen").keys() == double.keys()
    assert weights("surname", "van den Berg-de Vos") == weights("surname", "Vos-v.d. Berg"), "prefixes are no part"


@pytest.mark.parametrize(
    ("kind", "one", "other", "share"),
    [
        pytest.param("given-name", "Mohammed", "Mohamed", 1, id="one sound"),
        pytest.param("given-name", "Mohammed", "Mohamet", 1, id="d at the end is t"),
        pytest.param("given-name", "Philip", "Filip", 6 / 14, id="all but the initial"),
        pytest.param("given-name", "Yusuf", "Youssef", 12 / 14, id="all but one vowel"),
        pytest.param("given-name", "Yusuf", "Jusuf", 6 / 14, id="another first letter, one sound"),
        pytest.param("given-name", "Thijs", "Tijs", 1, id="th"),
        pytest.param("given-name", "Lucas", "Lukas", 1, id="c and k"),
        pytest.param("surname", "Meijer", "Meyer", 1, id="ij and y are one letter"),
        pytest.param("surname", "Meijer", "Meier", 9 / 11, id="two grams as written"),
        pytest.param("surname", "Meyer", "Meier", 9 / 11, id="likewise"),
        pytest.param("surname", "Jansen", "Janssen", 12 / math.sqrt(12 * 13), id="a double letter"),
        pytest.param("surname", "Bakker", "Backer", 10 / 12, id="ck and kk"),
    ],
)
def test_spellings_of_one_name_share_what_they_share(kind: str, one: str, other: str, share: float) -> None:
    assert alike(kind, one, other) == pytest.approx(share)
    assert alike(kind, one, other) == alike(kind, other, one)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        pytest.param("given-name", "Sanne", "Willem", id="given names"),
        pytest.param("surname", "Visser", "de Boer", id="surnames with a letter or two in common"),
        pytest.param("birth-date", "17-03-1998", "05-11-2003", id="dates"),
        pytest.param("sex", "m", "v", id="sex"),
        pytest.param("postcode", "1234 AB", "5678 AB", id="postcodes"),
        pytest.param("number", "12", "17", id="numbers five apart"),
    ],
)
def test_different_values_share_little(kind: str, one: str, other: str) -> None:
    assert alike(kind, one, other) < 0.2


def test_a_move_within_the_area_keeps_most_of_a_postcode() -> None:
    assert alike("postcode", "1234 AB", "1234 CD") == 0.8
    assert alike("postcode", "1234 AB", "1234") == pytest.approx(4 / math.sqrt(5 * 4))


def test_numbers_are_closer_the_smaller_their_difference() -> None:
    apart = [alike("number", "100", str(100 + difference)) for difference in range(6)]
    assert apart == [1, 4 / 9, 3 / 9, 2 / 9, 1 / 9, 0]


def test_every_kind_that_can_be_normalised_can_be_tokenised() -> None:
    assert set(TOKENISERS) == set(NORMALISERS) == set(NORMALISED)


@pytest.mark.parametrize("kind", TOKENISERS)
@given(data=st.data(), q=st.integers(1, 4))
def test_tokens_are_those_of_the_reference(kind: str, data: st.DataObject, q: int) -> None:
    value = data.draw(NORMALISED[kind])
    found = tokens(kind, value, q)
    assert {token.text: token.strength for token in found} == reference.tokens(kind, value, q)
    assert len({token.text for token in found}) == len(found)
    assert found == tokens(kind, value, q)
    assert all(token.text and 1 <= token.strength <= STRONGEST for token in found)
    assert found


@pytest.mark.parametrize("kind", TOKENISERS)
@given(data=st.data(), q=st.integers(1, 4))
def test_within_a_kind_a_text_has_one_strength(kind: str, data: st.DataObject, q: int) -> None:
    """An encoder draws a token once for all values of a column: it may not be strong here and weak there."""
    values = data.draw(st.lists(NORMALISED[kind], min_size=1, max_size=12))
    found = {token for value in values for token in tokens(kind, value, q)}
    assert len({token.text for token in found}) == len(found)


@given(value=NORMALISED["text"], q=st.integers(1, 4))
def test_a_q_gram_has_q_letters_and_none_of_a_space(value: str, q: int) -> None:
    assert all(len(gram.text) == q and " " not in gram.text for gram in tokens("text", value, q))


@given(value=NORMALISED["surname"], q=st.integers(1, 4))
def test_what_is_no_q_gram_of_a_surname_is_marked(value: str, q: int) -> None:
    """So that a skeleton is never taken for letters."""
    others = set(tokens("surname", value, q)) - set(tokens("text", value, q))
    assert {token.text[0] for token in others} == {"=", "<"}


@pytest.mark.parametrize(
    ("kind", "q"), [pytest.param("shoe-size", 2, id="no such kind"), pytest.param("surname", 0, id="no letters")]
)
def test_wrong_use_is_refused(kind: str, q: int) -> None:
    with pytest.raises(InputError):
        tokens(kind, "vos", q)


def test_docstrings_hold() -> None:
    assert doctest.testmod(module).failed == 0
