"""Gemeenten and regions by year: what is published is there, what is not is not, and damaged codes are read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage import canonical, regions
from linkage.errors import InputError
from linkage.regions import gemeente_code, mergers, table, years

GEMEENTEN = {2020: 355, 2026: 342}
"""How many there were on 1 January: CBS, news of December 2019; and of December 2021: 345, less what ceased since."""
CEASED = {2019: 34, 2020: 0, 2021: 4, 2022: 11, 2023: 3}
"""Gemeenten that ceased in a year; with 9, 0, 1, 3 and 1 new ones that gives 355, 355, 352, 344 and 342 (CBS)."""
CHECKED = {
    2020: "sha256:534e49385a00f0d8596ba03e13ff0d60336ae09c24632d4b2b18f9ac1c2cd96d",
    2026: "sha256:64e9577f448a57750fb7de7e7661c680c5dcd8fda02c9986fbdf20dc521a9c64",
}
"""Digests of the tables as they were compared with their sources, row by row. A row that changes says so here."""
REGIONS = [(year, level) for year in years() for level in ("rmc", "labour-market")]


@pytest.mark.parametrize("year", years())
def test_as_many_gemeenten_as_published(year: int) -> None:
    codes = table(year).codes("gemeente")
    assert len(codes) == GEMEENTEN[year]
    assert all(code.isdigit() and len(code) == 4 for code in codes)
    assert len({table(year).name(code) for code in codes}) == len(codes)


@pytest.mark.parametrize(("year", "level"), REGIONS)
def test_a_gemeente_has_one_region_or_none_is_known(year: int, level: regions.Level) -> None:
    known = table(year)
    prefix = {"rmc": "MC", "labour-market": "AM"}[level]
    found = {code: known.region(code, level) for code in known.codes("gemeente")}
    assert set(found.values()) - {None} == set(known.codes(level))
    assert all(code.startswith(prefix) and len(code) == 4 and known.name(code) for code in known.codes(level))
    assert known.complete(level) == (None not in found.values())
    members = [one for code in known.codes(level) for one in known.members(code)]
    assert sorted(members) == sorted(code for code, region in found.items() if region)


def test_what_each_year_knows() -> None:
    assert years() == (2020, 2026)
    assert [table(year).complete("gemeente") for year in years()] == [True, True]
    assert [table(year).complete("rmc") for year in years()] == [False, False]
    assert [table(year).complete("labour-market") for year in years()] == [False, True]
    assert table(2020).codes("rmc") == tuple(f"MC{number:02d}" for number in range(1, 18))
    assert table(2020).codes("labour-market") == table(2026).codes("rmc") == ()
    assert len(table(2026).codes("labour-market")) == 35


def test_facts_that_are_known_from_elsewhere() -> None:
    """Names and codes of the CBS classification; gemeenten of the pilots; UWV on the north of Drenthe and Meppel."""
    old, new = table(2020), table(2026)
    assert (old.name("MC04"), old.name("MC07")) == ("Friesland Noord", "Noord- en Midden Drenthe")
    assert old.members("MC08") == ("0109", "0114", "1681"), "Coevorden, Emmen, Borger-Odoorn"
    assert old.region("0193", "rmc") == "MC10", "Zwolle in IJssel-Vecht"
    assert old.region("0080", "rmc") == "MC04", "Leeuwarden"
    assert old.region("0363", "rmc") is None, "Amsterdam: not established"
    assert {new.region(code, "labour-market") for code in ("0106", "1730", "1699")} == {"AM01"}
    assert {new.region(code, "labour-market") for code in ("0119", "1701")} == {new.region("0193", "labour-market")}
    assert len(new.members("AM02")) == 18, "all of Fryslân"
    assert new.members("0363") == ("0363",)
    assert new.members("AM99") == ()
    assert new.name("AM99") is None


def test_regions_are_not_parts_of_each_other() -> None:
    """RMC regions of 2020 whose gemeenten, where they still exist, are in two labour-market regions of 2026."""
    new = table(2026)
    crossing = [
        code
        for code in table(2020).codes("rmc")
        if len({new.region(one, "labour-market") for one in table(2020).members(code)} - {None}) > 1
    ]
    assert "MC10" in crossing


def test_mergers_lead_from_one_year_to_the_next() -> None:
    first, *later = years()
    held = set(table(first).codes("gemeente"))
    for year in later:
        for one in mergers():
            if f"{first}-01-01" < one.since <= f"{year}-01-01":
                held = held - {one.old} | {one.new}
        assert held == set(table(year).codes("gemeente"))
    assert {year: len({one.old for one in mergers() if one.since.startswith(str(year))}) for year in CEASED} == CEASED


def test_mergers_name_gemeenten_as_the_tables_do() -> None:
    for one in mergers():
        names = {table(year).name(one.new) for year in years() if f"{year}-01-01" >= one.since}
        assert names == {one.new_name}
        assert all(table(year).name(one.old) in (None, one.old_name) for year in years())
        assert all(table(year).name(one.old) is None for year in years() if f"{year}-01-01" >= one.since)


@pytest.mark.parametrize(
    ("year", "code", "heirs"),
    [
        (2026, "0457", ["0363 (Amsterdam)"]),
        (2026, "0501", ["1992 (Voorne aan Zee)"]),
        (2026, "0788", ["0757 (Boxtel)", "0824 (Oisterwijk)", "0855 (Tilburg)", "0865 (Vught)"]),
        (2020, "0017", ["0014 (Groningen)"]),
    ],
)
def test_a_gemeente_that_ceased_is_refused_with_its_successor(year: int, code: str, heirs: list[str]) -> None:
    assert table(year).region(code, "gemeente") is None
    with pytest.raises(InputError) as refused:
        table(year).check(code)
    assert all(heir in str(refused.value) for heir in heirs)
    assert str(year) in str(refused.value)


def test_a_code_of_its_year_is_given_back_and_another_is_refused() -> None:
    assert table(2020).check("0457") == "0457"
    assert table(2026).check("1992") == "1992"
    for year, code in ((2020, "1992"), (2026, "9999"), (2026, "363"), (2026, "")):
        with pytest.raises(InputError, match="no gemeente of this year"):
            table(year).check(code)


def test_a_year_without_a_table_is_an_error_that_names_those_with_one() -> None:
    with pytest.raises(InputError, match="no table of gemeenten and regions for 2021") as refused:
        table(2021)
    assert "2020, 2026" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(
            (text, "0599")
            for text in ("599", "0599", "GM0599", " 0599 ", "gm 599", "599.0", "599,0", "00599", "\u00a0599")
        ),
        ("14", "0014"),
        *((text, None) for text in ("", " ", "0", "0000", "10000", "-599", "59 9", "GM", "x599", "599.5", "١٢", "²")),
    ],
)
def test_damaged_codes(text: str, code: str | None) -> None:
    assert gemeente_code(text) == code
    assert gemeente_code(text, table(2026)) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(
            ("Súdwest-Fryslân", "1900"),
            ("SUDWEST FRYSLAN", "1900"),
            ("'s-Gravenhage", "0518"),
            ("’s-gravenhage", "0518"),
        ),
        *(
            ("Den Haag", "0518"),
            ("den bosch", "0796"),
            ("Hengelo", "0164"),
            ("Hengelo (O.)", "0164"),
            ("hengelo o", "0164"),
        ),
        *(("Bergen", None), ("Bergen (NH.)", "0373"), ("bergen l", "0893"), ("Nergenshuizen", None), ("()", None)),
        *(("Voorne aan Zee", "1992"), ("Weesp", None)),
    ],
)
def test_names_are_read_where_a_table_is_given(text: str, code: str | None) -> None:
    assert gemeente_code(text, table(2026)) == code
    assert gemeente_code(text) is None


@given(st.sampled_from(years()), st.data())
def test_every_code_and_name_of_a_year_is_read_back(year: int, data: st.DataObject) -> None:
    known = table(year)
    code = data.draw(st.sampled_from(known.codes("gemeente")))
    shown = data.draw(st.sampled_from([code, code.lstrip("0"), "GM" + code, str(float(code))]))
    assert gemeente_code(data.draw(st.sampled_from(["", " ", "\t"])) + shown) == code
    name = known.name(code)
    assert name is not None
    assert gemeente_code(data.draw(st.sampled_from([name, name.upper(), name.lower()])), known) == code


@given(st.text())
def test_any_text_gives_a_code_or_none(text: str) -> None:
    found = gemeente_code(text, table(2026))
    assert found is None or (len(found) == 4 and found.isascii() and found.isdigit())


def test_a_table_is_read_once_and_cannot_be_changed() -> None:
    assert table(2026) is table(2026)
    with pytest.raises(AttributeError):
        table(2026).year = 2027  # type: ignore[misc]
    with pytest.raises(TypeError):
        table(2026)._names["0363"] = "Mokum"  # type: ignore[index]


@pytest.mark.parametrize("year", years())
def test_the_digest_is_of_the_rows_as_the_spec_says(year: int) -> None:
    path = Path(regions.__file__).parent / "data" / f"{year}.csv"
    head, *rows = csv.reader(line for line in path.read_text("utf-8").splitlines() if line[0] != "#")
    assert head[0] == "gemeente"
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert table(year).digest == canonical.digest({"year": year, "rows": rows}) == CHECKED[year]
    for code, name in ((0, 1), (2, 3), (4, 5)):
        pairs = {(row[code], row[name]) for row in rows}
        assert len(pairs) == len({row[code] for row in rows}), "one code, one name"
        assert all(bool(one) == bool(other) for one, other in pairs)
    assert "CC BY 4.0" in path.read_text("utf-8")


def test_a_file_with_other_columns_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "1999.csv").write_text("gemeente,name\n0001,Adorp\n")
    monkeypatch.setattr(regions, "_DATA", tmp_path)
    with pytest.raises(InputError, match="not a table of regions"):
        regions._rows("1999.csv", regions._COLUMNS)


def test_the_spec_tells_the_years_and_counts() -> None:
    spec = (Path(__file__).parents[1] / "docs" / "spec" / "regions.md").read_text("utf-8")
    for year in years():
        known = table(year)
        assert f"| {year} | {len(known.codes('gemeente'))} (CBS" in spec
        assert f"| {year} | `{known.digest}` |" in spec
    assert (
        f"{sum(table(2020).region(code, 'rmc') is not None for code in table(2020).codes('gemeente'))} gemeenten"
        in spec
    )
