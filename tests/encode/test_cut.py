"""Values cut by their parts have the tokens that `tokens.tokens` gives, each once and as strong."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.encode import cut, names, normalise, sounds, tokens
from linkage.errors import InputError

WORDS = st.sampled_from([*sorted(names.PREFIX_WORDS), "Jansen", "IJsbrand", "ijs", "ee"]) | st.text(
    "abijé 'x1-", max_size=8
)
CELLS = st.one_of(
    st.lists(WORDS, max_size=4).map(" ".join),
    st.text(max_size=10),
    st.from_regex(r"[1-9][0-9]{3} ?([A-Z]{2})?", fullmatch=True),
    st.dates().map(str) | st.sampled_from(["00-00-1978", "00-03-1978"]),
    st.integers(0, 99_999).map(str) | st.sampled_from(["111222333", "101222331", "M", "v", "j.a.m.", "12,50"]),
)


def _values(kind: str, texts: list[str]) -> list[str]:
    """What the normaliser of the kind makes of them, and so what is ever cut."""
    found = []
    for text in texts:
        try:
            value = normalise.NORMALISERS[kind](text)
        except normalise.BadValue:
            continue
        found += [] if value is None else [value]
    return found


def _each(made: cut.Cut) -> list[list[tokens.Token]]:
    """The tokens of each value with their strengths."""
    names_ = [tokens.Token(*one) for one in zip(made.tokens.to_pylist(), made.strengths.tolist(), strict=True)]
    ends = zip(made.starts[:-1], made.starts[1:], strict=True)
    return [[names_[token] for token in made.token_of[first:end]] for first, end in ends]


@pytest.mark.parametrize("kind", sorted(tokens.TOKENISERS))
@settings(max_examples=150, deadline=None)
@given(texts=st.lists(CELLS, max_size=8), q=st.integers(1, 4))
def test_tokens_are_those_of_each_value(kind: str, texts: list[str], q: int) -> None:
    values = _values(kind, texts)
    made = cut.cut(kind, pa.array(values, pa.string()), q)
    found = _each(made)
    assert [sorted(one) for one in found] == [sorted(tokens.tokens(kind, value, q)) for value in values]
    numbers = made.tokens.to_pylist()
    assert len(set(numbers)) == len(numbers) or len(set(values)) < len(values)


@pytest.mark.parametrize("q", [1, 2, 3, 4])
def test_more_letters_than_fit_are_cut_one_by_one(q: int, monkeypatch: pytest.MonkeyPatch) -> None:
    values = pa.array(["vos jansen", "\U0001f1a0 \u0398", "jansen"])
    at_once = _each(cut.cut("text", values, q))
    monkeypatch.setattr(cut, "ALPHABET", 3)
    assert _each(cut.cut("text", values, q)) == at_once


@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1), max_size=6))
def test_sounds_of_words_are_those_of_each_word(words: list[str]) -> None:
    assert sounds.sounds(words) == [sounds.sound(word) for word in words]


@pytest.mark.parametrize("kind", ["given-name", "surname", "postcode", "birth-date"])
def test_nothing_is_cut_into_nothing(kind: str) -> None:
    made = cut.cut(kind, pa.array([], pa.string()), 2)
    assert (len(made.tokens), made.starts.tolist(), len(made.token_of), len(made.strengths)) == (0, [0], 0, 0)


def test_values_may_be_a_slice_and_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cut, "PIECE", 2)
    values = ["anne marie", "jan", "jan willem", "marie anne"]
    for array in (pa.array(["x", *values]).slice(1), pa.array(values, pa.large_string())):
        assert _each(cut.cut("given-name", array, 2)) == [
            list(tokens.tokens("given-name", value, 2)) for value in values
        ]


def test_words_are_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def spy(word: str, q: int) -> list[tokens.Token]:
        seen.append(word)
        return [tokens.Token(word, 2)]

    monkeypatch.setattr(tokens, "BY_WORD", {"given-name": (spy, spy)})
    made = cut.cut("given-name", pa.array(["bo", "bo anne", "anne bo", "bo bo"]), 2)
    assert sorted(seen) == ["anne", "anne", "bo", "bo"], "as a first and as a later word"
    assert np.diff(made.starts).tolist() == [1, 2, 2, 1]
    assert set(made.strengths.tolist()) == {2}


def test_an_unknown_kind_or_length_is_refused() -> None:
    for kind, q in (("colour", 2), ("surname", 0), ("postcode", 0)):
        with pytest.raises(InputError):
            cut.cut(kind, pa.array(["1234"]), q)
