"""Normalising a table: bad cells are told without their values, and whatever was done is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import protocols
from linkage.encode import encode
from linkage.encode.prepare import MAX_SHOWN, Prepared, prepare
from linkage.encode.read import REFERENCE, from_table
from linkage.errors import InputError, Refused
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol

P = loads(protocols.HASHED.encode(), name="p.yml")
FIELDS = tuple(f.name for f in P.fields_of("mbo"))
GOOD = {
    "bsn": "111222333",
    "given-name": "Sanne",
    "surname": "Berg",
    "birth-date": "17-03-1998",
    "postcode": "1234 AB",
    "level": "4",
    "school-year": "2022/2023",
    "diploma-date": "2023-07-01",
}


def records(*changes: dict[str, Any], reference: bool = False) -> Any:
    rows = [{**GOOD, **change} for change in changes]
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in FIELDS}
    if reference:
        columns[REFERENCE] = pa.array([row.get(REFERENCE) for row in rows], pa.string())
    return from_table(pa.table(columns), [*FIELDS, *([REFERENCE] if reference else [])], source="export.csv")


def prepared(*changes: dict[str, Any]) -> Prepared:
    return prepare(records(*changes), P, "mbo")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("bsn", "111222334", id="a number that fails the 11-proof"),
        pytest.param("birth-date", "31-02-1998", id="a day that does not exist"),
        pytest.param("postcode", "Xylofoonlaan 7", id="an address for a postcode"),
        pytest.param("level", "Entree", id="a category that was not agreed"),
        pytest.param("school-year", "2019/2020", id="a year that was not agreed"),
    ],
)
def test_a_bad_cell_is_told_by_place_and_shape(field: str, value: str) -> None:
    found = prepared({}, {field: value}, {})
    assert found.bad_count == 1
    assert (found.bad[0].code, found.bad[0].where) == ("E101", f"export.csv, row 1, column {field}")
    assert found.columns[field].texts()[1] is None
    with pytest.raises(InputError) as caught:
        encode(records({}, {field: value}, {}), P, party="mbo", secret=bytes(32))
    for text in (str(found.bad[0]), str(caught.value), repr(caught.value), repr(found)):
        assert value not in text
    assert caught.value.__context__ is None
    assert f"export.csv, row 1, column {field}" in str(caught.value)


def test_a_category_outside_the_cohort_is_no_bad_cell_where_the_protocol_names_it() -> None:
    """And a slip in it still is: nobody is left out by a typing mistake."""
    level = 'values: ["1", "2", "3", "4"]'
    text = protocols.HASHED.replace(level, 'values: ["2", "3", "4"]\n    others: ["1", entree]')
    agreed = loads(text.replace('one_of: ["1", "2", "3", "4"]', 'one_of: ["2", "3", "4"]').encode(), name="p.yml")
    table = records({}, {"level": "1"}, {"level": "entree"}, {"level": "niveau 2"})
    found = prepare(table, agreed, "mbo")
    assert [finding.where for finding in found.bad] == ["export.csv, row 3, column level"]
    assert found.columns["level"].texts() == ["4", "1", "entree", None]
    sent = encode(table, agreed, party="mbo", secret=bytes(32), bad_cells="leave-out")
    assert sent.rows is not None
    codes = dict(zip(sent.rows.tolist(), sent.categories["level"].tolist(), strict=True))
    assert codes[0] >= 0
    assert {codes[row] for row in (1, 2, 3) if row in codes} <= {-1}


def test_bad_cells_left_out_are_empty_cells() -> None:
    bad, empty = {"bsn": "1", "postcode": "x1"}, {"bsn": None, "postcode": None}
    one, other = (
        encode(records({}, row), P, party="mbo", secret=bytes(32), bad_cells="leave-out") for row in (bad, empty)
    )
    for a, b in ((one.tokens["bsn"], other.tokens["bsn"]), (one.filters, other.filters)):
        assert sorted(map(bytes, a)) == sorted(map(bytes, b))
    assert prepared({}, bad).bad_count == 2


def test_many_bad_cells_are_counted_and_the_first_listed() -> None:
    found = prepared(*[{"bsn": str(n), "level": "9"} for n in range(1, 31)])
    assert (found.bad_count, len(found.bad)) == (60, MAX_SHOWN)
    with pytest.raises(InputError, match="and 40 more"):
        encode(records(*[{"bsn": str(n), "level": "9"} for n in range(1, 31)]), P, party="mbo", secret=bytes(32))


def test_an_unknown_way_with_bad_cells_is_refused() -> None:
    with pytest.raises(InputError, match="leave-out"):
        encode(records({"bsn": "1"}), P, party="mbo", secret=bytes(32), bad_cells="Refuse")  # type: ignore[arg-type]


def test_what_was_repaired_or_is_no_evidence_is_counted_by_row() -> None:
    found = prepared(
        {"bsn": "12345672"}, {"bsn": "12345672"}, {"bsn": "101222331"}, {"bsn": "000000000"}, {"bsn": "999992971"}, {}
    )
    assert found.counts == {"bsn: repaired": 2, "bsn: education-number": 1, "bsn: placeholder": 1, "bsn: test-range": 1}
    values = found.columns["bsn"].texts()
    assert values == ["012345672", "012345672", None, None, "999992971", "111222333"]


def test_values_are_held_once_and_rows_by_code() -> None:
    found = prepared({"surname": "Van Den BERG"}, {"surname": "berg"}, {"surname": None}, {"surname": "Jansen"})
    column = found.columns["surname"]
    assert (column.values.to_pylist(), column.codes.tolist()) == (["berg", "jansen"], [0, 0, -1, 1])
    assert column.present.tolist() == [True, True, False, True]
    assert found.rows.tolist() == [0, 1, 2, 3]
    assert len(found) == 4


def test_a_column_with_nothing_in_it() -> None:
    found = prepared({"postcode": None}, {"postcode": " "})
    assert found.columns["postcode"].texts() == [None, None]
    assert not found.bad


def test_references_are_kept_for_the_registry_and_shown_nowhere() -> None:
    rows = [{REFERENCE: " s1 "}, {REFERENCE: None}, {REFERENCE: ""}]
    found = prepare(records(*rows, reference=True), P, "mbo")
    assert found.references == ["s1", None, None]
    assert "s1" not in repr(found)
    assert prepared({}).references is None
    assert np.array_equal(found.rows, [0, 1, 2])


def test_no_bsn_is_touched_without_a_law() -> None:
    def lawless(protocol: Protocol, **changes: object) -> Protocol:
        parties = tuple(party.model_copy(update={"bsn_basis": None, **changes}) for party in protocol.parties)
        return protocol.model_copy(update={"parties": parties})

    with pytest.raises(Refused, match=r"UAVG art\. 46") as caught:
        prepare(records({}), lawless(P), "mbo")
    assert "graduates-without-number" in caught.value.hint
    with pytest.raises(Refused):
        encode(records({}), lawless(P), party="mbo", secret=bytes(32))
    without = loads(protocols.WITHOUT_NUMBER.encode(), name="p.yml")
    assert without.party("mbo").bsn_basis is None
    names = [f.name for f in without.fields_of("mbo")]
    row = {**GOOD, "sex": "v", "house-number": "1"}
    made = prepare(from_table(pa.table({name: [row[name]] for name in names}), names), without, "mbo")
    assert len(made) == 1, "the mode without a number needs none"
