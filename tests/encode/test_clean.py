"""Whole columns normalised at once give what each cell by itself gives."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.encode import clean, names, normalise

LETTERS = st.text("abinjIJNV xyz", max_size=10)
WORDS = st.lists(
    st.sampled_from(
        [*sorted(names.PREFIX_WORDS), *sorted(names._PLACEHOLDERS), "Jansen", "VOS", "ijs", "n", "v.d.", "e/v"]
    )
    | LETTERS,
    max_size=4,
)
WRITTEN = {
    "names": WORDS.flatmap(lambda words: st.sampled_from([" ", "-", "  ", ", ", "' "]).map(lambda s: s.join(words))),
    "numbers": st.integers(0, 10**9 - 1).map(lambda n: f"{n:09}") | st.from_regex(r"[0-9. -]{0,11}", fullmatch=True),
    "with a check digit": st.integers(0, 10**8 - 1).map(lambda n: _with_check(f"{n:08}")),
    "test ranges": st.sampled_from(["999990019", "000000012", "000000000", "111222333", "101222331", "12345672"]),
    "postcodes": st.from_regex(r"[0-9]{4} ?[A-Za-zS]{0,2}", fullmatch=True),
    "no postcodes": st.sampled_from(["1234SA", "1234 sS", "1234 SE", "0123AB"]),
    "dates": st.dates().map(lambda day: f"{day:%d-%m-%Y}"),
    "any": st.text(max_size=12),
}  # fmt: skip
TEXTS = st.lists(st.one_of(*WRITTEN.values()), max_size=8)


def _with_check(digits: str) -> str:
    """Nine digits that pass the 11-proof, where a ninth digit can make them so."""
    return digits + str(
        sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), digits, strict=True)) % 11 % 10
    )


def _one(kind: str, text: str) -> tuple[str | None, str]:
    if kind in {"bsn", "education-number"}:
        number = getattr(normalise, kind.replace("-", "_"))(text)
        return number.value, number.note
    return normalise.NORMALISERS[kind](text), ""


def _each(kind: str, texts: list[str]) -> tuple[list[str | None], dict[int, str], dict[int, str]]:
    values: list[str | None] = []
    notes, bad = {}, {}
    for at, text in enumerate(texts):
        value, note = None, ""
        try:
            value, note = _one(kind, text)
        except normalise.BadValue as error:
            bad[at] = error.reason
        if note:
            notes[at] = note
        values.append(value)
    return values, notes, bad


@pytest.mark.parametrize("kind", sorted(normalise.NORMALISERS))
@settings(max_examples=250, deadline=None)
@given(texts=TEXTS)
def test_a_column_gives_what_its_cells_give(kind: str, texts: list[str]) -> None:
    found = clean.normalised(kind, pa.array(texts, pa.string()), lambda text: _one(kind, text))
    assert (found.values.to_pylist(), found.notes, found.bad) == _each(kind, texts)


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_pieces_change_nothing(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["Vos", "van den Berg", "Müller", "nn", "Jansen-de Vries", "onbekend", "IJsbrand"]
    monkeypatch.setattr(clean, "PIECE", piece)
    for array in (
        pa.array(texts),
        pa.array(["x", *texts, "y"]).slice(1, len(texts)),
        pa.array(texts, pa.large_string()),
    ):
        found = clean.normalised("surname", array, lambda text: _one("surname", text))
        assert found.values.to_pylist() == _each("surname", texts)[0]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("given-name", ["Sanne", "Anne-Fleur", "JAN WILLEM"]),
        ("surname", ["Breedrijt", "Jansen-Vries", "VOS"]),
        ("postcode", ["1234 AB", "9711lm", "1234SE"]),
        ("bsn", ["111222333", "123456782"]),
        ("text", ["Block 12"]),
    ],
)
def test_clean_cells_are_not_looked_at_one_by_one(kind: str, texts: list[str]) -> None:
    def never(text: str) -> tuple[str | None, str]:
        raise AssertionError

    found = clean.normalised(kind, pa.array(texts), never)
    assert found.values.to_pylist() == _each(kind, texts)[0]


def test_every_form_is_of_a_kind_that_exists() -> None:
    assert set(clean.FORMS) <= set(normalise.NORMALISERS)
