"""The population: numbers, households, names and places keep the rules that `linkage.synth` states."""

from __future__ import annotations

import csv
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.nl import bsn, onderwijsnummer, postcode

from linkage import synth
from linkage.errors import InputError
from linkage.synth import damage, draw, lexicon, numbers, population, wording

COUNT = 40_000
NAMES = Path(__file__).parents[2].parent / "shared" / "data" / "nl_names"
DUTCH_PEOPLE_2007 = 16_357_992
"""Inhabitants of the Netherlands on 1 January 2007 (CBS)."""


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return synth.people(COUNT, seed=7).to_pandas()


def near(found: float, rate: float, count: int) -> bool:
    """Whether a share lies within five standard errors of its rate."""
    return abs(found - rate) <= 5 * math.sqrt(rate * (1 - rate) / count) + 1 / count


def age(people: pd.DataFrame) -> pd.Series:
    return population.REFERENCE_DATE.year - people.geboortedatum.str[:4].astype(int)


def test_columns_and_types():
    table = synth.people(10, seed=1)
    assert table.column_names == [
        *("person", "household", "bsn", "onderwijsnummer", "voornamen", "roepnaam", "voorletters", "voorvoegsel"),
        *("geslachtsnaam", "partner_voorvoegsel", "partner_geslachtsnaam", "naamgebruik", "geslacht"),
        *("geboortedatum", "postcode", "huisnummer", "gemeentecode"),
    ]
    assert {str(field.type) for field in table.schema} == {"int64", "string"}
    assert table.column("person").to_pylist() == list(range(1, 11))


def test_every_bsn_is_a_test_number_and_given_once(people):
    assert people.bsn.notna().all()
    assert people.bsn.is_unique
    assert people.bsn.str.startswith("999").all()
    assert people.bsn.map(bsn.is_valid).all()


def test_the_range_holds_as_many_numbers_as_stated():
    every = numbers.shuffled_bsns(np.random.Generator(np.random.PCG64(0)))
    assert every.size == numbers.BSN_COUNT == np.unique(every).size


def test_beyond_the_range_people_have_no_bsn():
    many = synth.people(numbers.BSN_COUNT + 20_000, seed=3)
    column = many.column("bsn").drop_null().to_pylist()
    assert len(column) == len(set(column)) == numbers.BSN_COUNT
    assert many.column("bsn").null_count == 20_000


def test_education_numbers(people):
    given_out = people.onderwijsnummer.dropna()
    assert given_out.map(onderwijsnummer.is_valid).all()
    assert given_out.is_unique
    assert len(given_out) == round(COUNT * population.EDUCATION_NUMBER)
    assert not given_out.map(bsn.is_valid).any()


@given(total=st.integers(1, 10_000_000), largest=st.integers(1, 200_000))
def test_chunks_add_up(total, largest):
    if total // largest > 10_000:
        return
    sizes = numbers.chunks(total, largest)
    assert sum(sizes) == total
    assert max(sizes) <= largest
    shares = numbers.spread(total // 3, sizes)
    assert sum(shares) == total // 3
    assert all(0 <= share <= size for share, size in zip(shares, sizes, strict=True))


def test_households_and_twins(people):
    shared = people.groupby("household")
    for column in ("geslachtsnaam", "voorvoegsel", "postcode", "huisnummer"):
        assert shared[column].nunique().max() == 1
    assert shared.size().max() == draw.LARGEST_HOUSEHOLD
    known = people[~people.geboortedatum.str.endswith("00")]
    twins = known[known.duplicated(["household", "geboortedatum"], keep=False)]
    assert 0.002 < len(twins) / COUNT < 0.03
    first = people.assign(first=people.voornamen.str.split("[ -]", regex=True).str[0])
    assert not first.duplicated(["household", "first"]).any()


def test_ages_and_unknown_dates(people):
    assert age(people).between(population.AGES[0], population.AGES[1]).all()
    no_month = people.geboortedatum.str.endswith("0000")
    no_day = people.geboortedatum.str.endswith("00") & ~no_month
    assert no_month.sum() > 10
    assert no_day.sum() > 10
    assert (no_month | no_day).mean() < 0.01
    full = people.geboortedatum[~people.geboortedatum.str.endswith("00")]
    assert pd.to_datetime(full, format="%Y%m%d", errors="raise").notna().all()


def test_addresses_exist_in_form(people):
    assert people.postcode.drop_duplicates().map(postcode.is_valid).all()
    assert people.huisnummer.astype(int).between(1, draw.LARGEST_HOUSE).all()
    assert people.gemeentecode.str.fullmatch(r"\d{4}").all()
    assert not people.postcode.str[4:].isin(lexicon.FORBIDDEN_PAIRS).any()


def test_names_are_complete(people):
    for column in ("voornamen", "roepnaam", "voorletters", "geslachtsnaam"):
        assert (people[column].str.strip() == people[column]).all()
        assert (people[column] != "").all()
    assert people.voornamen.str.contains("-", regex=False).any()
    words = people.voornamen.str.count(" ")
    assert set(words.unique()) >= {0, 1, 2}
    assert people.voorvoegsel.str.fullmatch(r"[a-zA-Z ']{0,10}").all()
    assert (people.roepnaam != people.voornamen.str.split(" ").str[0]).mean() > 0.1
    assert near((people.geslacht == "O").mean(), draw.OTHER_SEX, COUNT)


def test_initials_follow_the_brp():
    table = lexicon.given_names()
    texts = table.text.to_pylist()
    ids = np.array([[texts.index("Theo"), texts.index("Philip"), texts.index("IJsbrand")]])
    assert wording.initials(ids, np.array([False])).to_pylist() == ["T.P.I."]
    assert wording.initials(ids, np.array([True])).to_pylist() == ["T.I."]
    assert wording.full_given(ids, np.array([True])).to_pylist() == ["Theo-Philip IJsbrand"]


def test_call_names_and_spellings_belong_to_the_name(people):
    mohammed = people[people.voornamen.str.split(" ").str[0].isin(["Mohammed", "Mohamed", "Muhammad", "Mohammad"])]
    assert {"Mohammed", "Mohamed"} < set(mohammed.voornamen.str.split(" ").str[0])
    assert "Mo" in set(mohammed.roepnaam)
    elisabeth = people[people.voornamen.str.startswith("Elisabeth")]
    assert {"Lisa", "Els"} < set(elisabeth.roepnaam)


def test_partner_names_come_with_age(people):
    married = people.partner_geslachtsnaam != ""
    years = age(people)
    assert not married[years < 19].any()
    assert near(married[years > 31].mean(), draw.MARRIED[-1][1], int((years > 31).sum()))
    assert set(people.naamgebruik[~married]) == {"E"}
    assert set(people.naamgebruik[married]) == {"E", "P", "V", "N"}


def test_enough_names_of_many_origins():
    path = Path(lexicon.__file__).parent / "data"
    with (path / "surnames.csv").open(encoding="utf-8") as stream:
        surnames = list(csv.DictReader(stream))
    with (path / "given_names.csv").open(encoding="utf-8") as stream:
        first = list(csv.DictReader(stream))
    assert len(surnames) >= 350
    assert len(first) >= 300
    assert {row["origin"] for row in surnames} == {*lexicon.ORIGINS, "frisian"}
    assert len({(row["origin"], row["prefix"], row["surname"]) for row in surnames}) == len(surnames)
    assert all(row["spellings"] for row in first)
    assert len(lexicon.surnames().name) > 50_000


@pytest.mark.skipif(
    not NAMES.is_dir(), reason=f"SKEW NOT TESTED: no {NAMES.parent.parent.name}/ folder beside the project"
)
def test_surnames_are_as_skewed_as_in_the_netherlands(people):
    """Shares of the top 1, 10 and 100 names within a factor 1.5 of the count of 2007."""
    with next(NAMES.glob("top_1000*.csv")).open(encoding="utf-8") as stream:
        counts = sorted((int(row["count in 2007"]) for row in csv.DictReader(stream)), reverse=True)
    table = lexicon.surnames()
    weights = np.sort(np.diff(table.cumulative[0], prepend=0.0))[::-1] * lexicon.ORIGIN_SHARES[0]
    for top in (1, 10, 100, 1000):
        real, ours = sum(counts[:top]) / DUTCH_PEOPLE_2007, float(weights[:top].sum())
        assert real / 1.5 < ours < real * 1.5, f"top {top}: expected about {real:.4f}, got {ours:.4f}"
    drawn = Counter(people.voorvoegsel + " " + people.geslachtsnaam).most_common(100)
    found = sum(number for _, number in drawn) / COUNT
    assert found == pytest.approx(sum(counts[:100]) / DUTCH_PEOPLE_2007, rel=0.5)
    assert drawn[0][0] in {"de Jong", " Jansen", "de Vries", "van den Berg"}


def test_same_seed_same_people():
    assert synth.people(500, seed=5).equals(synth.people(500, seed=5))
    assert not synth.people(500, seed=5).equals(synth.people(500, seed=6))


@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_tiny_populations(count):
    assert synth.people(count, seed=0).num_rows == count


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (-1, 1), (population.LARGEST + 1, 1), (10, -1)])
def test_bad_arguments_are_refused(count, seed):
    with pytest.raises(InputError):
        synth.people(count, seed=seed)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), rate=st.floats(0, 1))
def test_damage_keeps_the_length_and_the_dates(seed, rate):
    rng = np.random.Generator(np.random.PCG64(seed))
    names = wording.surname(np.arange(200))
    for changed in (
        damage.typing_errors(rng, names, rate),
        damage.respelled(rng, names, rate),
        damage.without_marks(rng, names, rate),
    ):
        assert len(changed) == 200
        assert changed.null_count == 0
        assert all(changed.to_pylist())
    days = np.datetime64("1990-01-01") + rng.integers(0, 12_000, 200).astype("timedelta64[D]")
    birth = draw.as_number(days)
    for number in (damage.swapped_day_month(rng, birth, rate), damage.shifted_date(rng, birth, rate)):
        pd.to_datetime(pd.Series(number).astype(str), format="%Y%m%d", errors="raise")


def test_a_rate_of_nought_changes_nothing():
    rng = np.random.Generator(np.random.PCG64(1))
    names = wording.surname(np.arange(200))
    assert damage.typing_errors(rng, names, 0.0).equals(names)
    assert damage.typing_errors(rng, names, 1.0) != names


def test_plain_letters():
    assert damage.plain("Çelik-Łukasz Đỗ ığş") == "Celik-Lukasz Do igs"
    assert damage.shortened("van den") == "v.d."
    assert damage.shortened("El") == "El"
