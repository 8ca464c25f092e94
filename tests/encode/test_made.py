"""Categories made on the custodian's machine: what is certain, and at every edge which side it falls on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import protocols
from linkage import regions
from linkage.crypto.codes import codes
from linkage.encode import encode
from linkage.encode.column import Column
from linkage.encode.made import Category, category
from linkage.encode.normalise import BadValue, amount, number
from linkage.encode.prepare import Prepared, prepare
from linkage.encode.read import from_table
from linkage.errors import InputError
from linkage.protocol.fields import FieldSpec
from linkage.protocol.load import loads
from linkage.protocol.made import Bands, Region, Running
from linkage.protocol.model import Protocol

DAY = "2026-10-01"
NORTH, SOUTH = "AM01", "AM35"


def column(kind: str, texts: Sequence[str | None]) -> Column:
    values = sorted({text for text in texts if text is not None})
    return Column(kind, np.asarray([-1 if t is None else values.index(t) for t in texts], np.int32), values)


def spec(made: Bands | Region | Running, *values: str) -> FieldSpec:
    return FieldSpec(name="made", kind="category", send="none", parties=("a",), values=values, made=made)


# --- bands ---


def bands(starts: Sequence[float], texts: Sequence[str | None]) -> list[str | None]:
    said = spec(Bands(method="bands", of="hours", starts=tuple(starts)), *map(str, range(len(starts) + 1)))
    return category(said, {"hours": column("number", texts)}, DAY).column.texts()


NUMBERS = st.decimals(-10, 500, places=2).map(lambda d: number(str(d)))
STARTS = st.lists(st.integers(0, 5_000).map(lambda n: n / 10), min_size=1, max_size=5, unique=True).map(sorted)


@given(STARTS, st.lists(st.none() | NUMBERS, max_size=20))
def test_the_band_is_the_number_of_starts_at_or_below(starts: list[float], texts: list[str | None]) -> None:
    written = [Fraction(str(start)) for start in starts]
    expected = [None if t is None else str(sum(start <= Fraction(t) for start in written)) for t in texts]
    assert bands(starts, texts) == expected


def test_a_band_begins_at_its_start_exactly() -> None:
    assert bands([12, 20.1], ["11.99", "12", "20.09", "20.1", "-3", "0", "9" * 100]) == [
        "0",
        "1",
        "1",
        "2",
        "0",
        "0",
        "2",
    ]


# --- amounts ---


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12,5", "12.5"), ("12.5", "12.5"), ("1.234,50", "1234.5"), ("1,234.50", "1234.5"), ("1.234.567", "1234567"),
        ("-1.234,5", "-1234.5"), ("1234,567", "1234.567"), ("0,375", "0.375"), ("1.234,567", "1234.567"),
        ("n.v.t.", None), ("012", "12"), (" 32 ", "32"),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(text: str, value: str | None) -> None:
    assert amount(text) == value


@pytest.mark.parametrize(
    "text", ["1.234", "1,234", "-12.500", "32 uur", "EUR 12", "1.23.456", "1,234,56", "1.234.5", "12-20", "1e3", "12,"]
)
def test_what_has_two_readings_or_none_is_bad(text: str) -> None:
    with pytest.raises(BadValue) as caught:
        amount(text)
    assert text not in caught.value.reason


@given(st.decimals(-(10**9), 10**9, places=2))
def test_an_amount_is_the_number_however_it_is_written(value: Any) -> None:
    dutch = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    for text in (dutch, f"{value:,.2f}", f"{value:.2f}", f"{value:.2f}".replace(".", ",")):
        assert amount(text) == number(f"{value:.2f}")


# --- running ---


def running(pairs: Sequence[tuple[str | None, str | None]], on: str = DAY) -> Category:
    said = spec(Running.model_validate({"method": "running", "from": "first", "until": "last", "on": on}), "yes", "no")
    first, last = ([pair[n] for pair in pairs] for n in (0, 1))
    return category(said, {"first": column("date", first), "last": column("date", last)}, DAY)


def days(text: str | None) -> list[date]:
    """Every day that a date in a register can be."""
    assert text is not None
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    every = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return [d for d in every if d.year == year and month in (0, d.month) and day in (0, d.day)]


PARTIAL = st.dates(date(2025, 6, 1), date(2027, 12, 31)).flatmap(
    lambda d: st.sampled_from([f"{d:%Y%m%d}", f"{d:%Y%m}00", f"{d:%Y}0000"])
)


@given(st.lists(st.tuples(PARTIAL, st.none() | PARTIAL), max_size=8), st.dates(date(2026, 1, 1), date(2027, 6, 1)))
def test_running_is_what_holds_for_every_day_that_first_and_last_can_be(
    pairs: list[tuple[str, str | None]], on: date
) -> None:
    expected: list[str | None] = []
    for first, last in pairs:
        ends = [on] if last is None else days(last)
        told = {begin <= on <= end for begin in days(first) for end in ends}
        expected.append(None if len(told) == 2 else "yes" if told == {True} else "no")
    found = running(pairs, on.isoformat())
    assert found.column.texts() == expected
    assert found.notes.get("day-unclear", 0) == expected.count(None)


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        pytest.param("20261001", "20261001", "yes", id="first and last day are days on which it runs"),
        pytest.param("20260901", "20260930", "no", id="ended the day before"),
        pytest.param("20261002", None, "no", id="begins the day after"),
        pytest.param("20200101", None, "yes", id="without a last day it still runs"),
        pytest.param("20261000", None, None, id="a first day in the month, not known which"),
        pytest.param("20260900", None, "yes", id="a first day in the month before"),
        pytest.param(None, "20260930", "no", id="ended before, whenever it began"),
        pytest.param(None, "20261231", None, id="without a first day it cannot be told"),
        pytest.param(None, None, None, id="nothing known"),
        pytest.param("20260801", "20260731", "no", id="ended before it began: it never ran"),
    ],
)
def test_edges_of_running(first: str | None, last: str | None, told: str | None) -> None:
    for on in (DAY, "reference-date"):
        assert running([(first, last)], on).column.texts() == [told]


def test_a_month_ends_on_its_own_last_day() -> None:
    for month, on in (("20260400", "2026-04-30"), ("20260200", "2026-02-28"), ("20280200", "2028-02-29")):
        assert running([(month, None)], on).column.texts() == ["yes"]
        assert running([("20250101", month)], on).column.texts() == [None]


def test_what_is_odd_about_a_period_is_counted_and_an_empty_row_is_not() -> None:
    found = running([(None, None), ("20261000", None), ("20260801", "20260731"), ("20200101", None)])
    assert found.notes == {"day-unclear": 1, "ends-before": 1}


# --- regions ---


def region(texts: Sequence[str | None], *values: str, level: str = "labour-market", year: int = 2026) -> Category:
    said = spec(Region.model_validate({"method": "region", "of": "town", "level": level, "year": year}), *values)
    return category(said, {"town": column("category", texts)}, DAY)


TABLE = regions.table(2026)
CODES = st.sampled_from(TABLE.codes("gemeente"))


@given(st.lists(CODES, max_size=10), st.sets(st.sampled_from(TABLE.codes("labour-market")), min_size=1))
def test_a_municipality_is_rolled_up_to_the_region_of_the_year_or_to_none(towns: list[str], listed: set[str]) -> None:
    values = tuple(sorted(listed))
    own = [TABLE.region(town, "labour-market") for town in towns]
    for written in (towns, [f"GM{town}" for town in towns], [town.lstrip("0") for town in towns]):
        found = region(written, *values)
        assert found.column.texts() == [code if code in listed else None for code in own]
        assert found.notes.get("not-listed", 0) == sum(code not in listed for code in own)
        assert not found.bad


def test_values_may_be_names_of_regions_and_cells_names_of_municipalities() -> None:
    town = TABLE.members(NORTH)[0]
    name, town_name = TABLE.name(NORTH), TABLE.name(town)
    assert name
    assert town_name
    found = region([town, town_name, None, "", "0000", "onbekend", "1999"], name)
    assert found.column.texts() == [name, name, None, None, None, None, None]
    assert (found.notes, found.bad) == ({"abroad": 1}, {})


def test_a_municipality_itself_is_a_category_however_its_code_is_written() -> None:
    found = region(["193", "GM0193", "0193", "Zwolle", "0166", "0160.0", ""], "Zwolle", "0166", level="gemeente")
    assert found.column.texts() == ["Zwolle", "Zwolle", "Zwolle", "Zwolle", "0166", None, None]
    assert (found.notes, found.bad) == ({"not-listed": 1}, {})


def test_a_code_that_is_not_of_the_year_is_bad_and_its_reason_does_not_show_it() -> None:
    gone = next(m.old for m in regions.mergers() if m.since <= "2026-01-01")
    found = region([gone, "9998", "Xylofoonlaan 7"], NORTH)
    assert len(found.bad) == 3
    assert found.column.texts() == [None, None, None]
    for reason in found.bad.values():
        assert "2026" in reason
        assert not any(text in reason for text in (gone, "9998", "Xylofoon"))


def test_where_the_table_is_silent_there_is_no_region() -> None:
    table = regions.table(2020)
    known = table.codes("rmc")[0]
    silent = next(town for town in table.codes("gemeente") if table.region(town, "rmc") is None)
    found = region([silent, table.members(known)[0]], known, level="rmc", year=2020)
    assert (found.column.texts(), found.notes) == ([None, known], {"no-region": 1})


# --- in a protocol ---

COLUMNS = """  - {name: hours, kind: number, send: none, parties: [mbo]}
  - {name: town, kind: category, send: none, parties: [mbo]}
  - name: hours-band
    kind: category
    send: category
    parties: [mbo]
    values: ["under-12", "12-32", "32-up"]
    made: {method: bands, of: hours, starts: [12, 32]}
  - name: region
    kind: category
    send: blinded
    parties: [mbo]
    values: [AM01, AM35]
    made: {method: region, of: town, level: labour-market, year: 2026}
  - name: region-too
    kind: category
    send: none
    parties: [mbo]
    values: [AM35]
    made: {method: region, of: town, level: labour-market, year: 2026}
"""
ANCHOR = "  - {name: diploma-date"
TEXT = protocols.HASHED.replace(ANCHOR, COLUMNS + ANCHOR, 1)
P: Protocol = loads(TEXT.encode(), name="p.yml")
FIELDS = [f.name for f in P.columns_of("mbo")]
GOOD = {
    "bsn": "111222333", "given-name": "Sanne", "surname": "Berg", "birth-date": "17-03-1998", "postcode": "1234 AB",
    "level": "4", "school-year": "2022/2023", "diploma-date": "2023-07-01", "hours": "32",
    "town": TABLE.members(SOUTH)[0],
}  # fmt: skip


def records(*changes: dict[str, Any]) -> Any:
    rows = [{**GOOD, **change} for change in changes]
    return from_table(pa.table({name: [row[name] for row in rows] for name in FIELDS}), FIELDS, source="export.csv")


def prepared(*changes: dict[str, Any]) -> Prepared:
    return prepare(records(*changes), P, "mbo")


def test_a_made_field_is_no_column_and_is_there_after_normalising() -> None:
    assert not {"hours-band", "region", "region-too"} & set(FIELDS)
    found = prepared({}, {"hours": "11,5"}, {"hours": None, "town": None})
    assert found.columns["hours-band"].texts() == ["32-up", "under-12", None]
    assert found.columns["region"].texts() == ["AM35", "AM35", None]


def test_a_bad_cell_is_told_once_at_the_column_it_stands_in() -> None:
    found = prepared({}, {"town": "Xylofoonlaan"}, {"hours": "32 uur"})
    told = {(f.code, f.where) for f in found.bad}
    assert told == {("E101", "export.csv, row 1, column town"), ("E101", "export.csv, row 2, column hours")}
    assert found.bad_count == 2
    assert all("Xylo" not in str(f) and "uur" not in str(f) for f in found.bad)
    with pytest.raises(InputError, match="2 bad cells"):
        encode(records({}, {"town": "Xylofoonlaan"}, {"hours": "32 uur"}), P, party="mbo", secret=bytes(32))


def test_what_has_no_category_is_counted() -> None:
    other = next(code for code in TABLE.codes("labour-market") if code not in (NORTH, SOUTH))
    found = prepared({}, {"town": TABLE.members(other)[0]}, {"town": TABLE.members(NORTH)[0]})
    assert found.counts == {"region: not-listed": 1, "region-too: not-listed": 2}


def test_what_travels_is_the_place_of_a_value_or_its_code() -> None:
    secret = bytes(range(32))
    towns = [TABLE.members(NORTH)[0], TABLE.members(SOUTH)[0], None]
    made = encode(records(*({"town": t, "hours": h} for t, h in zip(towns, ["1", "12", "40"], strict=True))), P,
                  party="mbo", secret=secret)  # fmt: skip
    assert made.rows is not None
    order = np.argsort(made.rows)
    assert list(made.categories) == [name for name, _ in P.layout("mbo").categories]
    assert made.categories["hours-band"][order].tolist() == [0, 1, 2]
    assert made.categories["region"][order].tolist() == [*codes(secret, P.digest, "region", 2), -1]
