"""Piece by piece, column by column and on any number of cores: the same bits, those of the reference."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
from encode.test_encoder import MBO, PLAIN, SECRET, by_row, table
from linkage import arriving, encode, tables
from linkage.encode import cells, clean, clk, column, cut, distinct, encoder, hardened
from linkage.encode.prepare import prepare
from linkage.encode.read import Columns, from_table, read
from linkage.encode.tokens import tokens
from linkage.errors import InputError
from linkage.protocol.model import Protocol
from linkage.protocol.profiles import Hardened, HardenedField
from linkage.tables import Encodings

P = PLAIN
FIELDS = [spec.field for spec in P.encoding.fields]
HARDENED = P.model_copy(
    update={
        "encoding": Hardened(
            profile="hardened", rules=2, bits=128, prf="hmac-sha512-shake256", votes=3, fields_needed=2,
            fields=tuple(HardenedField(field=name, q=2, weight=weight) for weight, name in enumerate(FIELDS, 1)),
        )
    }
)  # fmt: skip
WORDS = ["Sanne", "van den Berg", "MOHAMED", "Müller", "Anne-Fleur", "nn", "d'Ancona", "Vos", "El Amrani", " Vos "]
CELL = {
    "bsn": st.sampled_from(["111222333", "123456782", "12345672", "999990019", "000000000", None]),
    "given-name": st.sampled_from([*WORDS, None]),
    "surname": st.sampled_from([*WORDS, None]),
    "birth-date": st.dates(dt.date(1950, 1, 1), dt.date(2010, 1, 1)).map(str) | st.sampled_from(["00-03-1978", None]),
    "postcode": st.from_regex(r"[1-9][0-9]{3} ?[A-C]{2}", fullmatch=True) | st.sampled_from(["9711", None]),
    "level": st.sampled_from(["1", "2", "3", "4", None]),
}
PEOPLE = st.lists(st.tuples(*CELL.values()), min_size=1, max_size=12)
Person = tuple[str | None, ...]


def sized(patch: pytest.MonkeyPatch, size: int) -> None:
    """Everything that is done in pieces, in pieces of a few."""
    for module, name in (
        (tables, "BATCH_ROWS"), (distinct, "BATCH_ROWS"), (distinct, "MANY"), (clean, "PIECE"), (cut, "PIECE"),
        (clk, "BLOCK_ROWS"), (hardened, "BLOCK_ROWS"),
    ):  # fmt: skip
        patch.setattr(module, name, size)
    for module in (clk, hardened):
        patch.setattr(module, "TABLE_BYTES", 300 * (size - 1))  # for one: nothing is kept


def streamed(people: list[Person], protocol: Protocol, cores: int | None) -> Encodings:
    """Written piece by piece, and read back by position instead of row number."""
    to, prepared = io.BytesIO(), prepare(from_table(table(people), MBO), protocol, "mbo")
    encoder.write(prepared, np.ones(len(prepared), np.bool_), protocol, SECRET, to, cores=cores)
    return arriving.read([to.getvalue()], party="mbo", protocol_digest=protocol.digest, layout=protocol.layout("mbo"))


def contents(encodings: Encodings) -> list[tuple[bytes, ...]]:
    """What rows say, without their order."""
    columns = (*encodings.tokens.values(), encodings.filters, *encodings.categories.values())
    return sorted(tuple(np.asarray(column[i]).tobytes() for column in columns) for i in range(len(encodings)))


def expected(people: list[Person], protocol: Protocol) -> list[tuple[bytes, ...]]:
    """The same by the reference, row by row."""
    prepared = prepare(from_table(table(people), MBO), P, "mbo")
    values = {name: made.texts() for name, made in prepared.columns.items()}
    profile, bits = protocol.encoding.profile, protocol.encoding.bits
    keys = {name: reference.subkey(SECRET, protocol.digest, profile, name) for name in FIELDS}
    rows = []
    for i in range(len(people)):
        words = {
            spec.field: None
            if (value := values[spec.field][i]) is None
            else tokens(P.field(spec.field).kind, value, spec.q)
            for spec in protocol.encoding.fields
        }
        if isinstance(protocol.encoding, Hardened):
            weights = {spec.field: spec.weight for spec in protocol.encoding.fields}
            needed = protocol.encoding.fields_needed
            filter_ = reference.hardened(words, weights, keys, bits, protocol.encoding.votes, needed)
        else:
            weights = {spec.field: spec.positions for spec in protocol.encoding.fields}
            filter_ = reference.clk(words, weights, keys, bits, protocol.encoding.fields_needed)
        level = [*reference.codes(SECRET, protocol.digest, "level", 4), -1][int(people[i][5] or 0) - 1]
        codes = [np.int16(code).tobytes() for code in (level, -1)]
        token = reference.token(SECRET, protocol.digest, "bsn", values["bsn"][i])
        rows.append((token, reference.to_bytes(filter_, bits), *codes))
    return sorted(rows)


@pytest.mark.parametrize("protocol", [P, HARDENED], ids=["clk", "hardened"])
@settings(max_examples=25, deadline=None)
@given(people=PEOPLE, size=st.integers(1, 5), cores=st.integers(1, 3))
def test_any_size_of_piece_and_any_cores_give_the_bits_of_the_reference(
    protocol: Protocol, people: list[Person], size: int, cores: int
) -> None:
    said = expected(people, protocol)
    assert contents(encode.encode(table(people), protocol, party="mbo", secret=SECRET)) == said
    with pytest.MonkeyPatch.context() as patch:
        sized(patch, size)
        assert contents(streamed(people, protocol, cores)) == said
        whole = encode.encode(table(people), protocol, party="mbo", secret=SECRET)
        assert contents(whole) == said
        assert by_row(whole) == by_row(encode.encode(table(people), protocol, party="mbo", secret=SECRET))


@pytest.mark.parametrize("rows", [0, 1, 4, 5, 9])
def test_a_stream_has_the_bytes_of_the_whole(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handles are random, so they are drawn from a fixed source here, and here only."""
    monkeypatch.setattr(tables, "BATCH_ROWS", 4)
    monkeypatch.setattr("os.urandom", lambda size: np.random.default_rng(1).bytes(size))
    people = [("111222333", "Sanne", "Berg", "1998-03-17", "1234 AB", "4")] * 9
    prepared = prepare(from_table(table(people), MBO), P, "mbo")
    included = np.arange(9) < rows
    to = io.BytesIO()
    counts = encoder.write(prepared, included, P, SECRET, to)
    whole = encoder.tokenise(prepared, included, P, SECRET)
    assert to.getvalue() == whole.to_bytes()
    assert not to.closed
    assert counts == encoder.counts(whole)
    assert counts["rows"] == rows
    assert counts["repeated bsn"] == max(rows - 1, 0)


def test_handles_that_share_their_first_half_stand_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [bytes(8) + bytes([255 - i]) * 8 for i in range(5)]
    monkeypatch.setattr("os.urandom", lambda size: b"".join(drawn)[:size])
    handles, order = encoder._handles(5)
    assert [bytes(handle) for handle in handles[order]] == sorted(drawn)


def test_nothing_is_written_for_bad_cells() -> None:
    to = io.BytesIO()
    with pytest.raises(InputError, match="1 bad cells"):
        encode.stream(table([("1", *[None] * 5)]), P, to, party="mbo", secret=SECRET)
    assert to.getvalue() == b""
    counts = encode.stream(table([("1", *[None] * 5)]), P, to, party="mbo", secret=SECRET, bad_cells="leave-out")
    assert counts == {"rows": 1, "with bsn": 0, "repeated bsn": 0, "with filter": 0}


def test_pieces_that_do_not_make_the_whole_are_refused() -> None:
    piece = encode.encode(table([(None,) * 6] * 2), P, party="mbo", secret=SECRET)
    assert tables.joined([piece], 2) is piece
    for pieces, rows in (([], 0), ([piece], 3)):
        with pytest.raises(ValueError, match="pieces"):
            tables.joined(pieces, rows)
    with pytest.raises(ValueError, match="pieces"):
        tables.write([], io.BytesIO())


COLUMNS: dict[str, Callable[[list[str | None]], Any]] = {
    "text": lambda cells_: pa.array(cells_, pa.string()),
    "large text": lambda cells_: pa.array(cells_, pa.large_string()),
    "dictionary": lambda cells_: pa.array(cells_, pa.string()).dictionary_encode(),
    "chunks": lambda cells_: pa.chunked_array([[cell] for cell in cells_], pa.string()),
    "chunks of dictionaries": lambda cells_: pa.chunked_array(
        [pa.array([cell], pa.string()).dictionary_encode() for cell in cells_]
    ),
    "slice": lambda cells_: pa.array(["x", *cells_, "y"], pa.string()).slice(1, len(cells_)),
}


@pytest.mark.parametrize("form", COLUMNS)
@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(st.none() | st.sampled_from(["a", " a ", "b", "", " ", "ë"]), min_size=1, max_size=9),
    size=st.integers(1, 4),
    many=st.integers(0, 3),
)
def test_texts_gathered_in_batches_are_the_cells(form: str, texts: list[str | None], size: int, many: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct, "BATCH_ROWS", size)
        patch.setattr(distinct, "MANY", many)
        patch.setattr(distinct, "_OFFSETS", 4 * many)
        whole = COLUMNS[form](texts)
        batches = [[whole.slice(first, size)] for first in range(0, len(texts), size)]
        (found,) = distinct.gathered(batches, [lambda one: cells.to_texts(one, "here")])
        assert found.to_arrow().to_pylist() == [(text or "").strip() or None for text in texts]
        assert all(value is not None for value in found.values.to_pylist())
        if not distinct.worth_a_search(len(found.values), len(texts)):
            return
        again = distinct.joined([found, found])
        assert again.to_arrow().to_pylist() == found.to_arrow().to_pylist() * 2


def test_of_several_columns_the_first_filled_counts_row_by_row() -> None:
    one, two = (cells.to_texts(pa.array(texts), "") for texts in (["a", None, None, "b"], ["c", "d", None, "a"]))
    assert distinct.first_filled([one, two]).to_arrow().to_pylist() == ["a", "d", None, "b"]


def test_parquet_is_read_by_row_group(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "BATCH_ROWS", 3)
    names = ["Vos", "Berg", None, "Vos", "Müller", "MÃ¼ller", "Vos", None]
    made = pa.table({"surname": names, "bsn": [str(n) for n in range(8)]})
    pq.write_table(made, tmp_path / "x.parquet", row_group_size=2)
    records = read(tmp_path / "x.parquet", Columns(), ["surname", "bsn"])
    assert records.table["surname"].to_pylist() == names
    assert records.table["bsn"].to_pylist() == [str(n) for n in range(8)]
    assert [(f.code, f.message.split(",")[1]) for f in records.findings] == [("E201", " the first in row 6")]


def test_columns_take_lists_and_keep_no_python_text() -> None:
    made = column.Column("surname", np.array([0, -1]), ["vos"])
    assert (made.codes.dtype, made.values.type) == (np.int32, pa.string())
