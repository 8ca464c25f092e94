"""The registers of a region: one population, rows that agree where nothing went wrong, a truth none contradicts."""

from __future__ import annotations

import csv
import io
import math
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.nl import bsn as stdnum_bsn

from linkage import regions, synth
from linkage.consent import bases
from linkage.encode.normalise import NORMALISERS
from linkage.errors import InputError
from linkage.synth import enrolment, gemeente, lives, regional, school, work
from linkage.synth.lexicon import places

PEOPLE = 20_000
SCHOOLS = ("school-1", "school-2", "school-3")
GEMEENTEN = ("0193", "0166", "0160", "0114")
DATES = (date(2025, 10, 1), date(2026, 4, 1), date(2026, 10, 1))
EXPORT = "20261001"
STUDENT = [
    *("Studentnummer", "PGN", "Voornamen", "Roepnaam", "Tussenvoegsel", "Achternaam", "Geboortedatum", "Geslacht"),
    *("Postcode", "Huisnummer", "Gemeentecode", "Niveau", "Leerweg", "Sector", "Diplomadatum", "Schooljaar"),
    "Elders ingeschreven",
]
CLIENT = [
    *("clientnummer", "bsn", "voornamen", "voorvoegsel", "geslachtsnaam", "geboortedatum", "geslacht", "postcode"),
    *("huisnummer", "gemeentecode", "regeling", "ingangsdatum", "einddatum"),
]
RELATION = [
    *("ikvnummer", "bsn", "voorletters", "voorvoegsel", "achternaam", "geboortedatum", "geslacht", "postcode"),
    *("huisnummer", "werkgever", "uren_per_week", "datum_aanvang", "datum_einde"),
]
STAFF = [
    *("Personeelsnummer", "Voornaam", "Tussenvoegsel", "Achternaam", "Geboortedatum", "Postcode", "Werkgever", "Uren"),
    *("In dienst", "Uit dienst"),
]


@pytest.fixture(scope="module")
def made() -> synth.Region:
    return synth.region(
        PEOPLE, seed=3, schools=3, gemeenten=GEMEENTEN, reference_dates=DATES, work=True, employers=True
    )


@pytest.fixture(scope="module")
def rows(made: synth.Region) -> dict[str, pd.DataFrame]:
    """Every register with the person of each row, by the truth."""
    found = {}
    for name, table in made.registers.items():
        held = made.truth.column(name).combine_chunks()
        persons = np.repeat(np.arange(1, PEOPLE + 1), held.value_lengths().to_numpy())
        at = held.flatten().to_numpy() - 1
        assert sorted(at.tolist()) == list(range(table.num_rows)), "every row is somebody's, once"
        found[name] = table.to_pandas().iloc[at].assign(person=persons).reset_index(drop=True)
    return found


@pytest.fixture(scope="module")
def truth(made: synth.Region) -> pd.DataFrame:
    return made.truth.to_pandas().set_index("person")


def near(found: float, rate: float, count: int) -> bool:
    """Whether a share lies within five standard errors of its rate."""
    return abs(found - rate) <= 5 * math.sqrt(rate * (1 - rate) / count) + 1 / count


def iso(dutch: pd.Series) -> pd.Series:
    """dd-mm-yyyy as yyyymmdd."""
    return dutch.str[6:] + dutch.str[3:5] + dutch.str[:2]


def holds(first: pd.Series, last: pd.Series, on: date) -> pd.Series:
    """Whether a period of yyyymmdd, open where the last day is empty, holds on a day."""
    today = on.strftime("%Y%m%d")
    return (first <= today) & ((last == "") | (today <= last))


def test_registers_and_columns(made: synth.Region) -> None:
    clients = [f"gemeente-{code}" for code in GEMEENTEN]
    assert list(made.registers) == [*SCHOOLS, *clients, "uwv", "employers"]
    assert list(made.consent) == list(SCHOOLS)
    expected = [STUDENT] * 3 + [CLIENT] * 4 + [RELATION, STAFF]
    for table, columns in zip(made.registers.values(), expected, strict=True):
        assert table.column_names == columns
        assert {str(field.type) for field in table.schema} == {"string"}
        assert all(column.null_count == 0 for column in table.columns)
    dated = [name for on in DATES for name in (f"state_{on}", f"hours_{on}")]
    assert made.truth.column_names == ["person", "gemeentecode", *made.registers, *dated]
    assert made.truth.num_rows == PEOPLE
    assert made.truth.schema.field("uwv").type == pa.list_(pa.int64())
    assert made.truth.schema.field("hours_2026-10-01").type == pa.int64()


def test_work_and_employers_are_made_where_asked_for() -> None:
    assert list(synth.region(50).registers) == [
        "school-1",
        "school-2",
        "gemeente-0193",
        "gemeente-0166",
        "gemeente-0160",
        "uwv",
    ]
    bare = synth.region(50, schools=1, gemeenten=["0114"], work=False, employers=True)
    assert list(bare.registers) == ["school-1", "gemeente-0114", "employers"]


def test_numbers_are_synthetic_valid_and_of_one_person(rows: dict[str, pd.DataFrame]) -> None:
    pairs = pd.concat(
        frame[["person", "PGN" if "PGN" in frame else "bsn"]].set_axis(["person", "bsn"], axis=1)
        for name, frame in rows.items()
        if name != "employers"
    )
    numbers = pairs[pairs.bsn.str.startswith("999")].drop_duplicates()
    assert numbers.bsn.map(stdnum_bsn.is_valid).all()
    assert numbers.bsn.is_unique
    assert numbers.person.is_unique
    others = pairs[~pairs.bsn.str.startswith("999")].bsn
    assert set(others.str[:2]) == {"", "10"}, "empty, or an onderwijsnummer"
    uwv = rows["uwv"]
    assert near((uwv.bsn == "").mean(), work.NO_NUMBER, len(uwv))


def test_employers_tell_no_number(made: synth.Region, rows: dict[str, pd.DataFrame]) -> None:
    numbers = set(rows["uwv"].bsn) - {""}
    for column in made.registers["employers"].columns:
        assert not numbers & set(column.to_pylist())


@pytest.mark.parametrize(("left", "right"), [("school-1", "uwv"), ("gemeente-0193", "uwv"), ("uwv", "employers")])
def test_rows_of_one_person_agree_where_nothing_went_wrong(
    rows: dict[str, pd.DataFrame], left: str, right: str
) -> None:
    both = rows[left].merge(rows[right], on="person", suffixes=("_l", "_r"))
    assert len(both) > 500

    def column(names: list[str]) -> list[pd.Series]:
        found = [both[name] for name in names if name in both]
        assert len(found) == 2, names
        return found

    births = column(["Geboortedatum", "geboortedatum", "geboortedatum_l", "geboortedatum_r"])
    one, other = (iso(birth) if birth.str[2].eq("-").all() else birth for birth in births)
    full = ~one.str.endswith("00") & ~other.str.endswith("00")
    assert (one == other)[full].mean() > 0.97
    codes = column(["Postcode", "postcode", "postcode_l", "postcode_r"])
    same = codes[0].str.replace(" ", "") == codes[1].str.replace(" ", "")
    assert 0.60 < same.mean() < 0.95
    names = column(["Achternaam", "achternaam", "geslachtsnaam", "achternaam_l"])
    assert (names[0] == names[1]).mean() > 0.80
    strangers = both.sample(frac=1, random_state=1).reset_index(drop=True)
    assert (strangers[births[0].name] == both[births[0].name]).mean() < 0.01


def test_schools(rows: dict[str, pd.DataFrame]) -> None:
    students = pd.concat(rows[name] for name in SCHOOLS)
    people = students.person.nunique()
    assert people == round(PEOPLE * regional.STUDENTS)
    twice = students[students.person.duplicated(keep=False)]
    assert near(twice.person.nunique() / people, enrolment.AT_TWO, people)
    assert students.groupby("person").size().max() == 2
    assert (twice.groupby("person").Diplomadatum.apply(lambda days: (days != "").sum()) <= 1).all(), (
        "one diploma at most"
    )
    graduated = students[students.Diplomadatum != ""]
    assert (iso(graduated.Diplomadatum) < "20251001").all()
    assert set(students.Leerweg) == {"bol", "bbl"}
    assert set(students.Sector) == {name for name, _ in regional.SECTORS}
    assert sum(share for _, share in regional.SECTORS) == pytest.approx(1)
    assert all(sum(shares) == pytest.approx(1) for shares in regional.LEVELS)
    for name in SCHOOLS:
        assert rows[name].Studentnummer.is_unique


def test_schools_have_their_own_habits(rows: dict[str, pd.DataFrame]) -> None:
    assert set(rows["school-1"].Niveau) == set(rows["school-3"].Niveau) == {"1", "2", "3", "4"}
    assert set(rows["school-2"].Niveau) == {"entree", "2", "3", "4"}
    assert rows["school-1"].Gemeentecode.str.len().eq(4).all()
    assert rows["school-2"].Gemeentecode.str.startswith("0").sum() == 0
    assert set(rows["school-2"].Niveau) - set("234") <= set(bases._ENTREE), "the table of bases knows the word"


def test_postcode_and_gemeentecode_of_a_row_belong_together(rows: dict[str, pd.DataFrame]) -> None:
    table = places()
    ranges = dict(zip(table.code.to_pylist(), zip(table.first_pc4, table.last_pc4, strict=True), strict=True))
    for name, frame in rows.items():
        if name in ("uwv", "employers"):
            continue
        codes, postcodes = ("Gemeentecode", "Postcode") if name in SCHOOLS else ("gemeentecode", "postcode")
        for code, postcode in frame[[codes, postcodes]].drop_duplicates().itertuples(index=False):
            read = regions.gemeente_code(code)
            assert read in ranges
            assert ranges[read][0] <= int(postcode[:4]) <= ranges[read][1]
            assert regions.table(2020).check(read) == read


def test_everybody_lives_in_one_gemeente(rows: dict[str, pd.DataFrame], truth: pd.DataFrame) -> None:
    clients = pd.concat(rows[f"gemeente-{code}"] for code in GEMEENTEN)
    assert clients.person.is_unique
    assert (clients.gemeentecode.to_numpy() == truth.gemeentecode[clients.person].to_numpy()).all()
    students = truth.index <= round(PEOPLE * regional.STUDENTS)
    outside = ~truth.gemeentecode.isin(GEMEENTEN)
    assert abs(outside[students].mean() - regional.OUTSIDE) < 0.03
    first = pd.concat(rows[name] for name in SCHOOLS).drop_duplicates("person").set_index("person").Gemeentecode
    moved = (first.map(regions.gemeente_code) != truth.gemeentecode[first.index]).mean()
    assert 0.03 < moved < school.MOVED_SINCE, "some school addresses are of another gemeente"


def test_enrolment_elsewhere(rows: dict[str, pd.DataFrame]) -> None:
    students = pd.concat(rows[name] for name in SCHOOLS)
    assert set(students["Elders ingeschreven"]) == {"ja", "nee"}
    twice = students[students.person.duplicated(keep=False) & (students.Diplomadatum != "")]
    assert near((twice["Elders ingeschreven"] == "ja").mean(), 1 - regional.NOT_HEARD, len(twice))
    once = students[~students.person.duplicated(keep=False)]
    assert near((once["Elders ingeschreven"] == "ja").mean(), enrolment.FURTHER * (1 - regional.NOT_HEARD), len(once))


KINDS = {
    "bsn": ("PGN", "bsn"),
    "given-name": ("Voornamen", "voornamen", "Voornaam"),
    "initials": ("voorletters",),
    "surname": ("Achternaam", "geslachtsnaam", "achternaam"),
    "birth-date": ("Geboortedatum", "geboortedatum"),
    "sex": ("Geslacht", "geslacht"),
    "postcode": ("Postcode", "postcode"),
    "house-number": ("Huisnummer", "huisnummer"),
}
"""Kind of field: the headings under which it stands."""


@pytest.mark.parametrize("name", [*SCHOOLS, "gemeente-0193", "uwv", "employers"])
def test_every_cell_is_one_that_a_custodian_could_encode(made: synth.Region, name: str) -> None:
    table = made.registers[name]
    seen = {kind: set(headings) & set(table.column_names) for kind, headings in KINDS.items()}
    for kind, headings in seen.items():
        for heading in headings:
            for cell in set(table.column(heading).to_pylist()) - {""}:
                if not (
                    kind == "bsn" and cell.startswith("10")
                ):  # an onderwijsnummer is no BSN, and is counted as such
                    NORMALISERS[kind](cell)  # raises BadValue otherwise
    assert all(seen[kind] for kind in ("surname", "birth-date", "postcode"))


@pytest.mark.parametrize("on", DATES)
def test_the_truth_is_what_the_registers_hold(rows: dict[str, pd.DataFrame], truth: pd.DataFrame, on: date) -> None:
    """Hours by UWV's rows, benefits by the rows of the gemeente of residence, for everybody; nothing was misdated."""
    uwv = rows["uwv"]
    active = uwv[holds(uwv.datum_aanvang, uwv.datum_einde, on)]
    hours = active.uren_per_week.astype(int).groupby(active.person).sum().reindex(truth.index, fill_value=0)
    assert (hours == truth[f"hours_{on}"]).all()
    clients = pd.concat(rows[f"gemeente-{code}"] for code in GEMEENTEN)
    drawing = clients.person[holds(clients.ingangsdatum, clients.einddatum, on)]
    benefits = pd.Series(truth.index.isin(drawing), truth.index)
    inside = truth.gemeentecode.isin(GEMEENTEN)
    expected = pd.Series("neither", truth.index)
    expected[hours > 0] = "work"
    expected[benefits] = "benefits"
    expected[benefits & (hours > 0)] = "work and benefits"
    state = truth[f"state_{on}"]
    assert (state == expected)[inside].all()
    assert set(state) == set(regional.STATES)
    unseen = state[~inside].isin(["benefits", "work and benefits"])
    assert unseen.any(), "on benefits where no register of ours looks"
    assert not benefits[~inside].any()


def test_lives_change_between_the_dates(truth: pd.DataFrame) -> None:
    first, last = truth[f"state_{DATES[0]}"], truth[f"state_{DATES[-1]}"]
    assert 0.1 < (first != last).mean() < 0.5
    for state in regional.STATES:
        assert (first == state).mean() > 0.01


def test_dates_and_hours(rows: dict[str, pd.DataFrame]) -> None:
    uwv, staff = rows["uwv"], rows["employers"]
    assert (uwv.datum_aanvang < EXPORT).all()
    ended = uwv[uwv.datum_einde != ""]
    assert 0 < len(ended) < len(uwv)
    assert ((ended.datum_aanvang < ended.datum_einde) & (ended.datum_einde < EXPORT)).all()
    assert set(uwv.uren_per_week.astype(int)) == {hours for hours, _ in lives.HOURS}
    assert sum(share for _, share in lives.HOURS) == pytest.approx(1)
    assert all(sum(shares) == pytest.approx(1) for shares in lives.JOBS)
    assert uwv.groupby("person").size().value_counts().index.tolist() != [1], "several income relations a person"
    clients = pd.concat(rows[f"gemeente-{code}"] for code in GEMEENTEN)
    assert (clients.ingangsdatum < EXPORT).all()
    assert near((clients.einddatum == "").mean(), 1 - gemeente.ENDED, len(clients))
    # What an employer says of a colleague is what UWV says, row by row.
    known = set(
        uwv[["person", "werkgever", "uren_per_week", "datum_aanvang", "datum_einde"]].itertuples(index=False, name=None)
    )
    staff = staff.assign(start=iso(staff["In dienst"]), end=iso(staff["Uit dienst"]))
    assert set(staff[["person", "Werkgever", "Uren", "start", "end"]].itertuples(index=False, name=None)) <= known
    assert set(staff.Werkgever) < set(uwv.werkgever)


def test_graduates_have_no_benefit_before_their_diploma(rows: dict[str, pd.DataFrame]) -> None:
    students = pd.concat(rows[name] for name in SCHOOLS)
    clients = pd.concat(rows[f"gemeente-{code}"] for code in GEMEENTEN)
    both = students[students.Diplomadatum != ""].merge(clients, on="person")
    assert len(both) > 100
    assert (both.ingangsdatum >= iso(both.Diplomadatum)).all()
    share = both[both.Niveau.isin(list("1234"))].Niveau.value_counts() / students.Niveau.value_counts()
    assert share["1"] > share["2"] > share["3"] > share["4"]


def test_consent_is_asked_by_each_school_of_its_own_graduates(
    made: synth.Region, rows: dict[str, pd.DataFrame]
) -> None:
    for name in SCHOOLS:
        events = made.consent[name].to_pandas()
        graduated = rows[name][rows[name].Diplomadatum != ""]
        assert set(events.Studentnummer) <= set(graduated.Studentnummer)
        assert events.Studentnummer.nunique() > 0.9 * len(graduated)
        assert (events.datum < "2026-10-01").all()


def test_the_order_of_rows_tells_nothing(rows: dict[str, pd.DataFrame], made: synth.Region) -> None:
    for name in made.registers:
        order = made.truth.column(name).combine_chunks().flatten().to_numpy()
        assert abs(np.corrcoef(np.arange(order.size), order)[0, 1]) < 0.1


def test_same_arguments_same_registers_and_another_seed_others() -> None:
    one, again, other = (synth.region(400, seed=seed, employers=True) for seed in (5, 5, 6))
    assert one.truth.equals(again.truth)
    assert not one.truth.equals(other.truth)
    for name, table in one.registers.items():
        assert table.equals(again.registers[name])
        assert not table.equals(other.registers[name])
    assert all(table.equals(again.consent[name]) for name, table in one.consent.items())


def test_a_register_more_does_not_change_the_others() -> None:
    without, with_work = synth.region(300, work=False), synth.region(300, work=True)
    for name, table in without.registers.items():
        assert table.equals(with_work.registers[name])
    assert without.truth["state_2026-10-01"].equals(with_work.truth["state_2026-10-01"])


@settings(max_examples=25, deadline=None)
@given(
    people=st.integers(1, 60),
    seed=st.integers(0, 2**32),
    schools=st.integers(1, 5),
    gemeenten=st.lists(st.sampled_from(places().code.to_pylist()), min_size=1, max_size=50, unique=True),
    dates=st.lists(st.dates(date(1990, 1, 1), date(2040, 12, 31)), min_size=1, max_size=4),
)
def test_any_region_can_be_made(people: int, seed: int, schools: int, gemeenten: list[str], dates: list[date]) -> None:
    made = synth.region(people, seed=seed, schools=schools, gemeenten=gemeenten, reference_dates=dates, employers=True)
    assert made.truth.num_rows == people
    for name, table in made.registers.items():
        rows = made.truth.column(name).combine_chunks().flatten().to_pylist()
        assert sorted(rows) == list(range(1, table.num_rows + 1))
    last = max(dates).strftime("%Y%m%d")
    assert all(day < last for day in made.registers["uwv"]["datum_aanvang"].to_pylist())
    states = [name for name in made.truth.column_names if name.startswith("state_")]
    assert states == [f"state_{on}" for on in sorted(set(dates))]


@pytest.mark.parametrize(
    "arguments",
    [
        {"people": 0},
        {"people": regional.LARGEST + 1},
        {"seed": -1},
        {"schools": 0},
        {"schools": regional.MOST_SCHOOLS + 1},
        {"gemeenten": ()},
        {"gemeenten": ("0193", "0193")},
        {"gemeenten": ("193",)},
        {"gemeenten": ("9999",)},
        {"reference_dates": ()},
        {"reference_dates": (date(1989, 12, 31),)},
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InputError):
        synth.region(**arguments)  # type: ignore[arg-type]


def test_files_of_a_region(tmp_path) -> None:
    made = synth.region(120, employers=True)
    paths = synth.write_region(made, tmp_path / "new")
    assert list(paths) == [*made.registers, "school-1/consent", "school-2/consent", "truth"]
    assert paths["school-2"] == tmp_path / "new" / "school-2" / "studenten.csv"
    assert paths["gemeente-0193"] == tmp_path / "new" / "gemeente-0193" / "uitkeringen.csv"
    assert paths["uwv"].name == "inkomstenverhoudingen.csv"
    for name, table in made.registers.items():
        ours = name.startswith("school") or name == "employers"
        text = paths[name].read_bytes().decode("cp1252" if ours else "utf-8")
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if ours else ","))
        assert read[0] == table.column_names
        assert read[1:] == [list(row.values()) for row in table.to_pylist()]
        assert ("\r\n" in text) == ours
    truth = list(csv.DictReader(paths["truth"].read_text("utf-8").splitlines()))
    assert [[int(row) for row in line["uwv"].split()] for line in truth] == made.truth["uwv"].to_pylist()
