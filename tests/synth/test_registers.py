"""The two registers, the consents and the truth: form, errors and figures are as `linkage.synth` states."""

from __future__ import annotations

import csv
import io
import math
from datetime import date

import pandas as pd
import pytest
from stdnum.nl import bsn, onderwijsnummer

from linkage import synth
from linkage.errors import InputError
from linkage.synth import consent, courses, damage, gemeente, population, school

COUNT = 20_000
OVERLAP = 0.08
REFERENCE = date(2026, 10, 1)
SCHOOL = (
    "Studentnummer;PGN;Voornamen;Roepnaam;Tussenvoegsel;Achternaam;Geboortedatum;Geslacht;Postcode;Huisnummer;"
    "Niveau;Leerweg;Diplomadatum;Schooljaar"
)
GEMEENTE = (
    "clientnummer,bsn,voornamen,voorvoegsel,geslachtsnaam,geboortedatum,geslacht,postcode,huisnummer,gemeentecode,"
    "regeling,ingangsdatum,einddatum"
)


@pytest.fixture(scope="module")
def scenario() -> synth.Scenario:
    return synth.graduates(COUNT, seed=1, overlap=OVERLAP, reference_date=REFERENCE)


@pytest.fixture(scope="module")
def students(scenario) -> pd.DataFrame:
    return scenario.school.to_pandas()


@pytest.fixture(scope="module")
def clients(scenario) -> pd.DataFrame:
    return scenario.gemeente.to_pandas()


@pytest.fixture(scope="module")
def pairs(scenario, students, clients) -> pd.DataFrame:
    """Both rows of every person in both registers, side by side."""
    truth = scenario.truth.to_pandas()
    left = students.iloc[truth.school_row - 1].reset_index(drop=True)
    right = clients.iloc[truth.gemeente_row - 1].reset_index(drop=True)
    return pd.concat([left, right], axis=1)


@pytest.fixture(scope="module")
def paths(scenario, tmp_path_factory) -> synth.Files:
    return synth.write(scenario, tmp_path_factory.mktemp("synth"))


def near(found: float, rate: float, count: int) -> bool:
    """Whether a share lies within five standard errors of its rate."""
    return abs(found - rate) <= 5 * math.sqrt(rate * (1 - rate) / count) + 1 / count


def iso(dutch: pd.Series) -> pd.Series:
    """dd-mm-yyyy as yyyymmdd."""
    return dutch.str[6:] + dutch.str[3:5] + dutch.str[:2]


def test_tables_have_the_stated_columns(scenario):
    assert ";".join(scenario.school.column_names) == SCHOOL
    assert ",".join(scenario.gemeente.column_names) == GEMEENTE
    assert scenario.consent.column_names == ["Studentnummer", "doel", "status", "datum", "geldig_tot", "kanaal"]
    assert scenario.truth.column_names == ["person", "school_row", "gemeente_row"]
    for table in (scenario.school, scenario.gemeente, scenario.consent):
        assert {str(field.type) for field in table.schema} == {"string"}
        assert all(column.null_count == 0 for column in table.columns)
    assert {str(field.type) for field in scenario.truth.schema} == {"int64"}
    assert scenario.school.num_rows == scenario.gemeente.num_rows == COUNT


def test_files_look_like_their_source(scenario, paths):
    raw = paths.school.read_bytes()
    text = raw.decode("cp1252")
    assert raw.count(b"\r\n") == raw.count(b"\n") == COUNT + 1
    assert text.splitlines()[0] == SCHOOL
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    other = paths.gemeente.read_bytes()
    assert not other.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in other
    assert other.decode("utf-8").splitlines()[0] == GEMEENTE
    for path, separator, encoding, table in (
        (paths.school, ";", "cp1252", scenario.school),
        (paths.gemeente, ",", "utf-8", scenario.gemeente),
        (paths.consent, ";", "utf-8", scenario.consent),
        (paths.truth, ",", "utf-8", scenario.truth),
    ):
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline=""), delimiter=separator))
        assert rows[0] == table.column_names
        assert rows[1:] == [[str(value) for value in row.values()] for row in table.to_pylist()]


def test_files_stand_where_stated(paths):
    folder = paths.truth.parent
    assert paths.school == folder / "school" / "studenten.csv"
    assert paths.consent == folder / "school" / "toestemming.csv"
    assert paths.gemeente == folder / "gemeente" / "uitkeringen.csv"
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        *("studenten.csv", "toestemming.csv", "truth.csv", "uitkeringen.csv"),
    ]


def test_same_seed_same_bytes(tmp_path):
    def written(name: str, seed: int) -> list[bytes]:
        files = synth.write(synth.graduates(300, seed=seed), tmp_path / name)
        return [path.read_bytes() for path in (files.school, files.gemeente, files.consent, files.truth)]

    first = written("a", 4)
    assert first == written("b", 4)
    assert all(one != other for one, other in zip(first, written("c", 5), strict=True))


def test_numbers_in_the_registers(students, clients):
    number = students.PGN
    education = number[number.str.startswith("10")]
    assert near((number == "").mean(), school.NO_NUMBER, COUNT)
    assert len(education) == round(COUNT * population.EDUCATION_NUMBER)
    assert education.map(onderwijsnummer.is_valid).all()
    assert number[number.str.startswith("999")].map(bsn.is_valid).all()
    assert number[number != ""].is_unique
    assert set(number.str[:3].where(~number.str.startswith("10"), "10")) == {"", "10", "999"}
    assert near((clients.bsn == "").mean(), gemeente.NO_NUMBER, COUNT)
    assert clients.bsn[clients.bsn != ""].map(bsn.is_valid).all()
    assert clients.bsn[clients.bsn != ""].is_unique
    assert clients.clientnummer.is_unique
    assert students.Studentnummer.is_unique


def test_the_truth_is_true(scenario, students, clients, pairs):
    assert len(pairs) == round(COUNT * OVERLAP)
    for column in scenario.truth.to_pandas():
        assert scenario.truth.to_pandas()[column].is_unique
    known = pairs[pairs.PGN.str.startswith("999") & (pairs.bsn != "")]
    assert len(known) > 0.9 * len(pairs)
    assert (known.bsn == known.PGN).all()
    shared = set(students.PGN[students.PGN.str.startswith("999")]) & set(clients.bsn)
    assert shared == set(known.bsn)


def test_pairs_differ_about_as_often_as_the_rates_say(pairs):
    count = len(pairs)
    full = ~pairs.geboortedatum.str.endswith("00")
    dates = (iso(pairs.Geboortedatum) != pairs.geboortedatum)[full].mean()
    assert 0.003 < dates < 0.03
    assert near((pairs.Postcode.str.replace(" ", "") != pairs.postcode).mean(), school.MOVED_SINCE, count)
    assert near((pairs.Geslacht != pairs.geslacht).mean(), school.WRONG_SEX + gemeente.WRONG_SEX, count)
    same_name = pairs.Tussenvoegsel + "|" + pairs.Achternaam == pairs.voorvoegsel + "|" + pairs.geslachtsnaam
    assert 0.80 < same_name.mean() < 0.95
    assert near((pairs.Voornamen == "").mean(), school.NO_GIVEN, count)
    assert (pairs.Roepnaam != pairs.voornamen.str.split(" ").str[0]).mean() > 0.1


def test_prefixes_are_written_in_many_ways(students, clients):
    prefixed = students[(students.Tussenvoegsel != "") | students.Achternaam.str.contains("van |, ", regex=True)]
    after = students.Achternaam.str.contains(", (?:van|de|ten|ter|den|El|Al)", regex=True).sum()
    assert near(after / len(prefixed), school.PREFIX_STYLES["after"], len(prefixed))
    assert students.Achternaam.str.startswith("v.d. ").any()
    assert students.Tussenvoegsel.isin(["v.d."]).any()
    assert students.Tussenvoegsel.isin(["Van Den", "Van Der", "Van"]).any()
    assert students.Achternaam.str.contains(r"-van ", regex=True).any()
    assert clients.geslachtsnaam.str.startswith("van ").any()


def test_letters_the_code_page_lacks_are_question_marks(students, clients):
    names = students.Achternaam + students.Voornamen + students.Roepnaam
    assert names.str.contains("?", regex=False).sum() > 20
    assert not (clients.geslachtsnaam + clients.voornamen).str.contains("?", regex=False).any()
    assert clients.geslachtsnaam.map(damage.plain).ne(clients.geslachtsnaam).any()
    dutch = students.Voornamen.str.contains("é|ë|ï", regex=True)
    assert dutch.any()


def test_students(students):
    assert set(students.Niveau) == {"1", "2", "3", "4"}
    assert set(students.Leerweg) == {"bol", "bbl"}
    graduated = students.Diplomadatum != ""
    assert (graduated == (students.Schooljaar != "")).all()
    assert near(1 - graduated.mean(), courses.NO_DIPLOMA, COUNT)
    assert set(students.Schooljaar) == {"", "2022/2023", "2023/2024", "2024/2025"}
    diploma = students[graduated]
    assert (diploma.Diplomadatum.str[6:] == diploma.Schooljaar.str[5:]).all()
    years = REFERENCE.year - students.Geboortedatum.str[6:].astype(int)
    assert years.between(15, 32).all()
    assert near((students.Voornamen == "").mean(), school.NO_GIVEN, COUNT)
    assert students.Postcode.str.fullmatch(r"[1-9]\d{3} [A-Z]{2}").all()


def test_partly_unknown_dates(students, clients):
    assert students.Geboortedatum.str.startswith("00-").any()
    assert clients.geboortedatum.str.endswith("0000").any()
    assert (clients.geboortedatum.str.endswith("00") & ~clients.geboortedatum.str.endswith("0000")).any()
    assert clients.geboortedatum.str.endswith("00").mean() < 0.01
    assert not clients.geboortedatum.str.startswith("0000").any()


def test_benefits(clients):
    assert near((clients.einddatum == "").mean(), 1 - gemeente.ENDED, COUNT)
    assert clients.regeling.value_counts(normalize=True)["PW"] > 0.9
    assert set(clients.regeling) == {"PW", "BBZ", "IOAW"}
    today = REFERENCE.strftime("%Y%m%d")
    assert (clients.ingangsdatum < today).all()
    ended = clients[clients.einddatum != ""]
    assert ((ended.ingangsdatum < ended.einddatum) & (ended.einddatum < today)).all()
    years = REFERENCE.year - clients.geboortedatum.str[:4].astype(int)
    assert years.between(17, 68).all()
    assert (years[clients.regeling == "IOAW"] >= gemeente.IOAW_AGE - 1).all()


def test_the_benefit_share_falls_with_level_and_some_cells_are_small(students, pairs):
    share = pairs.Niveau.value_counts() / students.Niveau.value_counts()
    assert share["1"] > share["2"] > share["3"] > share["4"]
    cells = pairs[pairs.Schooljaar != ""].groupby(["Niveau", "Schooljaar"]).size()
    small = 12 - int((cells >= 10).sum())
    assert 1 <= small <= 4
    started = pairs[pairs.Diplomadatum != ""]
    assert (started.ingangsdatum >= iso(started.Diplomadatum)).all()


def test_hard_look_alikes_exist(students, clients, pairs):
    """Twins, brothers and sisters of students stand in the other register without being the same person."""
    both = set(pairs.bsn) - {""}
    left = students[~students.PGN.isin(both)].assign(birth=lambda rows: iso(rows.Geboortedatum))
    right = clients[~clients.bsn.isin(both)]
    family = left.merge(right, left_on=["Achternaam", "Huisnummer"], right_on=["geslachtsnaam", "huisnummer"])
    family = family[family.Postcode.str.replace(" ", "") == family.postcode]
    assert len(family) > 100
    assert (family.birth == family.geboortedatum).sum() > 3
    inside = students.duplicated(["Achternaam", "Postcode", "Huisnummer", "Geboortedatum"], keep=False)
    assert inside.sum() > 10


def test_consents(scenario, students):
    events = scenario.consent.to_pandas()
    graduated = students[students.Diplomadatum != ""]
    count, today = len(graduated), REFERENCE.isoformat()
    assert set(events.Studentnummer) <= set(graduated.Studentnummer)
    assert set(events.doel) == {consent.PURPOSE}
    assert set(events.status) == {"given", "withdrawn", "refused", "requested"}
    assert (events.datum < today).all()
    assert events.datum.str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    lines = events.status.value_counts() / count
    share = consent.OUTCOMES
    assert near(lines["given"], share["given"] + share["expired"] + share["withdrawn"], count)
    for status in ("withdrawn", "refused", "requested"):
        assert near(lines[status], share[status], count)
    assert near(1 - events.Studentnummer.nunique() / count, share["none"], count)
    expired = events[(events.geldig_tot != "") & (events.geldig_tot < today)]
    assert near(len(expired) / count, share["expired"], count)
    assert (expired.geldig_tot > expired.datum).all()
    twice = events[events.Studentnummer.duplicated(keep=False)]
    assert list(twice.status) == ["given", "withdrawn"] * (len(twice) // 2)
    assert (twice.datum.iloc[0::2].to_numpy() < twice.datum.iloc[1::2].to_numpy()).all()


@pytest.mark.parametrize("overlap", [0.0, 0.5, 1.0])
def test_any_overlap(overlap):
    found = synth.graduates(200, seed=2, overlap=overlap)
    assert found.truth.num_rows == round(200 * overlap)
    assert found.gemeente.num_rows == found.school.num_rows == 200


@pytest.mark.parametrize("people", [1, 2, 50])
def test_tiny_scenarios_can_be_written(people, tmp_path):
    files = synth.write(synth.graduates(people, seed=0), tmp_path / "new folder")
    assert files.school.read_bytes().count(b"\r\n") == people + 1
    assert files.truth.read_bytes().startswith(b"person,school_row,gemeente_row\n")


@pytest.mark.parametrize("reference", [date(1990, 1, 1), date(2024, 2, 29), date(2027, 12, 31)])
def test_any_reference_date(reference):
    found = synth.graduates(400, seed=2, reference_date=reference)
    events = found.consent.to_pandas()
    assert (events.datum < reference.isoformat()).all()
    assert (found.gemeente.to_pandas().ingangsdatum < reference.strftime("%Y%m%d")).all()


@pytest.mark.parametrize(
    "arguments",
    [
        {"people": 0},
        {"people": population.LARGEST + 1},
        {"people": 10, "seed": -1},
        {"people": 10, "overlap": -0.01},
        {"people": 10, "overlap": 1.01},
        {"people": 10, "overlap": float("nan")},
        {"people": 10, "reference_date": date(1989, 12, 31)},
    ],
)
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(InputError):
        synth.graduates(**arguments)


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(InputError):
        synth.write(synth.graduates(1), tmp_path / "taken")
