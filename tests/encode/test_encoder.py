"""What leaves: the same bits for the same people, and nothing that says who they are."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.nl import bsn

import protocols
import reference
from linkage import arriving
from linkage.encode import encode
from linkage.encode.encoder import counts, tokenise
from linkage.encode.prepare import prepare
from linkage.encode.read import from_table
from linkage.encode.tokens import tokens
from linkage.errors import InputError
from linkage.match import match
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.protocol.profiles import Clk
from linkage.tables import Encodings

P = loads(protocols.HASHED.encode(), name="p.yml")
PLAIN = loads(protocols.CLK.encode(), name="p.yml")
SHORT = loads(protocols.HASHED.replace("bits: 8192", "bits: 128").encode(), name="p.yml")
SECRET = bytes(range(32))
MBO = ("bsn", "given-name", "surname", "birth-date", "postcode", "level", "school-year", "diploma-date")
GEMEENTE = (*MBO[:5], "scheme", "benefit-start", "benefit-end")
WEIGHTS = {f.field: f for f in P.encoding.fields}
NUMBERS = [f"{n:08}" for n in range(11122230, 11122330)]
SOUND = [n + str(d) for n in NUMBERS for d in range(10) if bsn.is_valid(n + str(d))]
NAMES = st.text("abcdefgy", min_size=1, max_size=8)
PERSONS = st.lists(
    st.tuples(
        st.none() | st.sampled_from(SOUND),
        st.none() | NAMES.filter(lambda text: text not in {"x", "nn"}),
        st.none() | NAMES.map(lambda text: text + "stra"),
        st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2010, 1, 1)).map(str),
        st.none() | st.from_regex(r"[1-9][0-9]{3}[A-C]{2}", fullmatch=True),
        st.none() | st.sampled_from(["1", "2", "3", "4"]),
    ),
    min_size=1,
    max_size=6,
)
PEOPLE = [
    ("111222333", "Sanne", "van den Berg", "1998-03-17", "1234 AB", "4"),
    ("123456782", "Mohamed", "El Amrani", "2001-11-02", "1234 CD", "3"),
    (None, "Daan", "Vossenberg", "2000-02-29", "5678 EF", None),
    ("111222333", None, "Jansen", None, None, "1"),
]


def table(people: list[tuple[str | None, ...]], party: str = "mbo", *, kind: type = pa.Table) -> Any:
    names = MBO if party == "mbo" else GEMEENTE
    said = {name: [p[i] for p in people] for i, name in enumerate(names[:5])}
    said |= {name: [None] * len(people) for name in names[5:]}
    if party == "mbo":
        said["level"] = [p[5] for p in people]
    as_text = {name: pa.array(column, pa.string()) for name, column in said.items()}
    return pa.table(as_text) if kind is pa.Table else pd.DataFrame(said)


def made(
    people: list[tuple[str | None, ...]], party: str = "mbo", p: Protocol = P, secret: bytes = SECRET
) -> Encodings:
    return encode(table(people, party), p, party=party, secret=secret)


def by_row(e: Encodings) -> list[tuple[Any, ...]]:
    """What each row says, in the order as given."""
    assert e.rows is not None
    order = np.argsort(e.rows)
    columns = (*e.tokens.values(), e.filters, *e.categories.values())
    return [tuple(np.asarray(column[i]).tobytes() for column in columns) for i in order]


@pytest.mark.parametrize("p", [PLAIN, SHORT], ids=["clk", "hardened"])
@settings(max_examples=40, deadline=None)
@given(people=PERSONS)
def test_encodings_are_those_of_the_reference(p: Protocol, people: list[tuple[str | None, ...]]) -> None:
    fields = {f.field: f for f in p.encoding.fields}
    keys = {name: reference.subkey(SECRET, p.digest, p.encoding.profile, name) for name in fields}
    prepared = prepare(from_table(table(people), MBO), p, "mbo")
    values = {name: column.texts() for name, column in prepared.columns.items()}
    order = [*reference.codes(SECRET, p.digest, "level", 4), -1]
    for i, (token, filter_, level, year) in enumerate(by_row(made(people, p=p))):
        assert token == reference.token(SECRET, p.digest, "bsn", values["bsn"][i])
        cut = {
            name: None if (value := values[name][i]) is None else tokens(p.field(name).kind, value, spec.q)
            for name, spec in fields.items()
        }
        if isinstance(p.encoding, Clk):
            weights = {f.field: f.positions for f in p.encoding.fields}
            expected = reference.clk(cut, weights, keys, p.encoding.bits, 3)
        else:
            weights = {f.field: f.weight for f in p.encoding.fields}
            expected = reference.hardened(cut, weights, keys, p.encoding.bits, p.encoding.votes, 3)
        assert filter_ == reference.to_bytes(expected, p.encoding.bits)
        assert np.frombuffer(level, np.int16)[0] == order[int(people[i][5] or 0) - 1]
        assert np.frombuffer(year, np.int16)[0] == -1


def test_both_parties_make_the_same_of_the_same_person() -> None:
    one, other = by_row(made(PEOPLE)), by_row(made(PEOPLE, "gemeente"))
    assert [row[:2] for row in one] == [row[:2] for row in other]


@pytest.mark.parametrize(
    ("story", "change"),
    [
        ("another secret", {"secret": bytes(32)}),
        ("another protocol", {"p": P.model_validate(P.model_dump() | {"version": "2.0"})}),
    ],
)
def test_another_secret_or_protocol_gives_unrelated_encodings(story: str, change: dict[str, Any]) -> None:
    one, other = made(PEOPLE), made(PEOPLE, **change)
    a, b = by_row(one)[0], by_row(other)[0]
    assert not {t.tobytes() for t in one.tokens["bsn"] if t.any()} & {t.tobytes() for t in other.tokens["bsn"]}
    x, y = (int.from_bytes(row[1], "little") for row in (a, b))
    chance = x.bit_count() * y.bit_count() / P.encoding.bits
    assert abs((x & y).bit_count() - chance) < 6 * chance**0.5


def test_two_runs_share_no_handle_and_no_order() -> None:
    people = PEOPLE * 30
    one, other = made(people), made(people)
    assert by_row(one) == by_row(other)
    assert not {h.tobytes() for h in one.handles} & {h.tobytes() for h in other.handles}
    assert one.rows is not None
    assert other.rows is not None
    assert one.rows.tolist() != other.rows.tolist()
    assert sorted(one.rows.tolist()) == list(range(120)) != one.rows.tolist()


def test_only_rows_that_take_part_leave_and_none_is_fine() -> None:
    prepared = prepare(from_table(table(PEOPLE), MBO), P, "mbo")
    some = tokenise(prepared, np.array([False, True, False, True]), P, SECRET)
    assert some.rows is not None
    assert sorted(some.rows.tolist()) == [1, 3]
    none = tokenise(prepared, np.zeros(4, np.bool_), P, SECRET)
    assert len(none) == 0
    assert len(arriving.read([none.to_bytes()], party="mbo", protocol_digest="", layout=P.layout("mbo"))) == 0


def test_counts_are_those_of_the_rows() -> None:
    assert counts(made(PEOPLE)) == {"rows": 4, "with bsn": 3, "repeated bsn": 1, "with filter": 3}


def test_nothing_that_says_who_someone_is_is_in_the_bytes_or_the_repr() -> None:
    encodings = made(PEOPLE * 50)
    data, shown = encodings.to_bytes(), repr(encodings).encode()
    cells = {cell for person in PEOPLE for cell in person[:5] if cell}
    for cell in cells | {cell.replace(" ", "").lower() for cell in cells} | {"19980317", "17-03-1998", "berg"}:
        for codec in ("utf-8", "utf-16-le", "utf-16-be"):
            assert cell.encode(codec) not in data
            assert cell.encode(codec) not in shown
    for run in re.findall(rb"(?=(\d{9}))", data + shown):
        assert not bsn.is_valid(run.decode())
    assert SECRET not in data
    assert encodings.rows is not None
    assert np.sort(encodings.rows).tobytes() not in data


def test_numbers_dates_and_gaps_of_pandas_and_arrow_are_those_of_text() -> None:
    years = ("2022/2023", None, "2022/2023", "2024/2025")
    text = table(PEOPLE).set_column(6, "school-year", pa.array(years))
    frame = text.to_pandas()
    frame["bsn"] = frame["bsn"].astype(float)  # what one empty cell makes of a column of numbers
    frame["birth-date"] = pd.to_datetime(frame["birth-date"])
    frame["level"] = frame["level"].astype(float)
    days = [None if day is None else dt.date.fromisoformat(day) for day in text["birth-date"].to_pylist()]
    numbers = [None if number is None else int(number) for number in text["bsn"].to_pylist()]
    typed = text.set_column(3, "birth-date", pa.array(days, pa.date32())).set_column(0, "bsn", pa.array(numbers))
    frame.index = pd.Index([9, 8, 7, 6])
    expected = by_row(encode(text, P, party="mbo", secret=SECRET))
    for data in (frame, typed, text.to_pandas(), table(PEOPLE, kind=pd.DataFrame).assign(**{"school-year": years})):
        assert by_row(encode(data, P, party="mbo", secret=SECRET)) == expected


def test_links_name_rows_as_iloc_does() -> None:
    left = table(PEOPLE[:3], kind=pd.DataFrame)
    left.index = pd.Index(["c", "a", "b"])
    right = table([PEOPLE[2], PEOPLE[0]], "gemeente", kind=pd.DataFrame)
    right.index = pd.Index([70, 80])
    encodings = [encode(left, P, party="mbo", secret=SECRET), encode(right, P, party="gemeente", secret=SECRET)]
    for link in match(encodings, P).to_pandas().itertuples():
        assert left.iloc[link.left]["surname"] == right.iloc[link.right]["surname"]
    assert len(match(encodings, P)) == 2


def test_a_secret_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match="32 bytes"):
        made(PEOPLE, secret=b"short")
