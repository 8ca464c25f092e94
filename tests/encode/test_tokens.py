"""Tokens: what a slip costs, and that nothing else decides them."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.encode import tokens as module
from linkage.encode.normalise import NORMALISERS
from linkage.encode.tokens import TOKENISERS, tokens
from linkage.errors import InputError

WORDS = st.text("abcdefghij ", max_size=20).map(lambda text: " ".join(text.split()))


def shared(kind: str, one: str, other: str) -> float:
    """Dice of the two token sets."""
    a, b = set(tokens(kind, one, 2)), set(tokens(kind, other, 2))
    return 2 * len(a & b) / (len(a) + len(b))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param("surname", "vos", "_v vo os s_", id="a word has padded ends"),
        pytest.param("surname", "de vos", "_d de e_ _v vo os s_", id="words are padded one by one"),
        pytest.param("text", "aaaa", "_a aa a_", id="what repeats counts once"),
        pytest.param("given-name", "an", "^a _a an n_", id="a given name has its initial"),
        pytest.param("initials", "j a j", "j a", id="initials are letters"),
        pytest.param("birth-date", "19980317", "y1998 m03 d17 x03-17 1:1 2:9 3:9 4:8", id="a whole date"),
        pytest.param("birth-date", "19780300", "y1978 m03 1:1 2:9 3:7 4:8", id="no day, no token of a day"),
        pytest.param("birth-date", "19680000", "y1968 1:1 2:9 3:6 4:8", id="a year alone"),
        pytest.param("postcode", "1234ab", "1234 1234ab 1:1 2:2 3:3 4:4", id="a postcode and its area"),
        pytest.param("postcode", "1234", "1234 1:1 2:2 3:3 4:4", id="an area alone"),
        pytest.param("house-number", "12", "=12 1:1 2:2", id="a house number"),
        pytest.param("sex", "v", "v", id="sex"),
        pytest.param("bsn", "111222333", "111222333", id="a person number is one token"),
        pytest.param("category", "BBL", "BBL", id="a category"),
        pytest.param("number", "12.5", "12.5", id="a number"),
        pytest.param("surname", "", "", id="no value, no token"),
    ],
)
def test_tokens(kind: str, value: str, expected: str) -> None:
    assert tokens(kind, value, 2) == tuple(expected.split())


def test_longer_and_shorter_grams() -> None:
    assert tokens("surname", "vos", 1) == ("v", "o", "s")
    assert tokens("surname", "vos", 3) == ("__v", "_vo", "vos", "os_", "s__")


def test_order_of_surnames_costs_nothing() -> None:
    assert shared("surname", "jansen vries", "vries jansen") == 1


def test_swapping_day_and_month_keeps_more_than_another_day_does() -> None:
    assert shared("birth-date", "19980305", "19980503") > shared("birth-date", "19980305", "19980617")


def test_one_wrong_digit_in_a_year_costs_less_than_half() -> None:
    assert shared("birth-date", "19980305", "19960305") == 0.75


def test_a_move_within_the_area_keeps_most_of_a_postcode() -> None:
    assert shared("postcode", "1234ab", "1234cd") > 0.8


def test_every_kind_that_can_be_normalised_can_be_tokenised() -> None:
    assert set(TOKENISERS) == set(NORMALISERS)


@pytest.mark.parametrize("kind", TOKENISERS)
@given(value=WORDS, q=st.integers(1, 4))
def test_tokens_are_distinct_and_the_same_each_time(kind: str, value: str, q: int) -> None:
    found = tokens(kind, value, q)
    assert len(set(found)) == len(found)
    assert found == tokens(kind, value, q)
    assert all(found)
    assert bool(found) == bool(value)


@given(value=WORDS.filter(bool), q=st.integers(1, 4))
def test_a_q_gram_has_q_letters_and_none_of_a_space(value: str, q: int) -> None:
    assert all(len(gram) == q and " " not in gram for gram in tokens("surname", value, q))


@pytest.mark.parametrize(
    ("kind", "q"), [pytest.param("shoe-size", 2, id="no such kind"), pytest.param("surname", 0, id="no letters")]
)
def test_wrong_use_is_refused(kind: str, q: int) -> None:
    with pytest.raises(InputError):
        tokens(kind, "vos", q)


def test_docstrings_hold() -> None:
    assert doctest.testmod(module).failed == 0
