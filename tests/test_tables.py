"""Encodings as bytes: what was written is read, and what is not exactly that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import arriving
from linkage.errors import Refused, Untrusted
from linkage.links import Histogram, Links
from linkage.tables import BATCH_ROWS, Encodings, Layout, same_protocol

LAYOUT = Layout(("bsn",), 2, (("level", 4),))
DIGEST = "sha256:" + "00" * 32


def made(rows: int, seed: int = 1) -> Encodings:
    draw = np.random.default_rng(seed)
    return Encodings(
        "mbo",
        DIGEST,
        np.sort(np.frombuffer(draw.bytes(rows * 16), "S16")).view(np.uint8).reshape(-1, 16),
        {"bsn": np.frombuffer(draw.bytes(rows * 16), np.uint8).reshape(-1, 16)},
        draw.integers(0, 2**64, (rows, 2), dtype=np.uint64),
        {"level": draw.integers(-1, 4, rows).astype(np.int16)},
        np.arange(rows),
    )


def back(data: bytes, layout: Layout = LAYOUT) -> Encodings:
    return arriving.read([data], party="mbo", protocol_digest=DIGEST, layout=layout)


def stream(columns: dict[str, pa.Array], metadata: dict[str, str] | None = None) -> bytes:
    table = pa.table(columns).replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def columns(rows: int = 3) -> dict[str, pa.Array]:
    table = pa.ipc.open_stream(made(rows).to_bytes()).read_all()
    return {name: table.column(name).combine_chunks() for name in table.column_names}


@pytest.mark.parametrize("rows", [0, 1, 7, BATCH_ROWS, BATCH_ROWS + 1])
def test_what_was_written_is_read(rows: int) -> None:
    given_, read = made(rows), back(made(rows).to_bytes())
    assert (read.party, read.protocol_digest, len(read)) == ("mbo", DIGEST, rows)
    assert np.array_equal(read.handles, given_.handles)
    assert np.array_equal(read.tokens["bsn"], given_.tokens["bsn"])
    assert np.array_equal(read.filters, given_.filters)
    assert np.array_equal(read.categories["level"], given_.categories["level"])
    assert read.rows is None, "row numbers stay with the custodian"
    assert read.to_bytes() == given_.to_bytes()


def linked(rows: bool) -> Links:
    at = np.array([2, 0, 1])
    known = (np.array([7, 8, 9]), np.array([1, 2, 3])) if rows else ()
    stage = np.array([0, 1, 1], np.int16)
    return links_of(("mbo", "gemeente"), at, at[::-1].copy(), np.array([1.0, 0.29, 0.8]), stage, rows=known)


def links_of(
    parties: tuple[str, ...], left: np.ndarray, right: np.ndarray, score: np.ndarray, stage: np.ndarray, **more: Any
) -> Links:
    """Links of two parties, three rows each."""
    one, other = np.zeros(len(left), np.int16), np.ones(len(left), np.int16)
    return Links(parties, DIGEST, (3, 3), one, left, other, right, score, stage, ("exact", "fuzzy"), **more)


@pytest.mark.parametrize("rows", [True, False])
def test_links_as_arrow_and_as_pandas_say_the_same(rows: bool) -> None:
    table = linked(rows).to_arrow()
    frame = linked(rows).to_pandas()
    assert table.column_names == list(frame.columns) == ["left", "right", "score", "stage"]
    assert table.to_pydict() == frame.to_dict("list")
    assert table["left"].to_pylist() == ([9, 7, 8] if rows else [2, 0, 1])
    assert [str(table.schema.field(n).type) for n in ("left", "score")] == ["int64", "double"]
    none = links_of(("a", "b"), *(np.zeros(0, np.int64),) * 2, np.zeros(0), np.zeros(0, np.int16))
    assert none.to_arrow().num_rows == len(none.to_pandas()) == 0


def test_a_histogram_counts_every_score_once_in_its_bin() -> None:
    links = linked(rows=True)
    assert np.flatnonzero(links.histogram().counts).tolist() == [29, 80, 99]
    assert np.flatnonzero(links.histogram(1).counts).tolist() == [29, 80]
    every = np.arange(101) / 100
    assert Histogram.of(every).counts.tolist() == [1] * 99 + [2]
    assert (Histogram.of(every) + Histogram.of(every)).counts.sum() == 202
    assert Histogram.of(every, 4).edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert not Histogram.of(np.zeros(0)).counts.any()


def test_popcounts() -> None:
    encodings = made(5)
    assert encodings.popcounts.tolist() == [sum(int(w).bit_count() for w in row) for row in encodings.filters]


def test_handles_alone() -> None:
    plain = Encodings("mbo", DIGEST, made(4).handles, {}, np.zeros((4, 0), np.uint64), {})
    read = back(plain.to_bytes(), Layout((), 0, ()))
    assert read.filters.shape == (4, 0)
    assert not read.tokens
    assert not read.categories


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param(Layout((), 2, (("level", 4),)), id="a token that was not agreed"),
        pytest.param(Layout(("bsn", "other"), 2, (("level", 4),)), id="a token missing"),
        pytest.param(Layout(("bsn",), 3, (("level", 4),)), id="filters of another length"),
        pytest.param(Layout(("bsn",), 0, (("level", 4),)), id="filters where none were agreed"),
        pytest.param(Layout(("bsn",), 2, (("year", 4),)), id="another category"),
        pytest.param(Layout(("bsn",), 2, (("level", 2),)), id="a category out of range"),
    ],
)
def test_another_layout_is_refused(layout: Layout) -> None:
    with pytest.raises(Untrusted):
        back(made(50).to_bytes(), layout)


def test_a_stream_by_another_hand_is_read_when_it_keeps_the_layout() -> None:
    assert len(back(stream(columns()))) == 3


@pytest.mark.parametrize(
    ("story", "change"),
    [
        ("an extra column", {"name": pa.array(["Vos", "Vos", "Vos"])}),
        ("a column of text", {"category:level": pa.array(["1", "2", "3"])}),
        ("a null", {"category:level": pa.array([0, None, 1], pa.int16())}),
        ("a null handle", {"handle": pa.array([b"a" * 16, None, b"b" * 16], pa.binary(16))}),
        ("a handle twice", {"handle": pa.array([b"a" * 16, b"b" * 16, b"b" * 16], pa.binary(16))}),
        ("another order", {"handle": pa.array([b"a" * 16, b"c" * 16, b"b" * 16], pa.binary(16))}),
        ("a category too high", {"category:level": pa.array([0, 4, 1], pa.int16())}),
        ("a category too low", {"category:level": pa.array([0, -2, 1], pa.int16())}),
        ("a wider category", {"category:level": pa.array([0, 1, 1], pa.int32())}),
        ("shorter tokens", {"token:bsn": pa.array([b"a" * 8] * 3, pa.binary(8))}),
    ],
)
def test_other_columns_are_refused(story: str, change: dict[str, pa.Array]) -> None:
    with pytest.raises(Untrusted):
        back(stream(columns() | change))


def test_columns_in_another_order_and_metadata_are_refused() -> None:
    with pytest.raises(Untrusted):
        back(stream(dict(reversed(columns().items()))))
    with pytest.raises(Untrusted):
        back(stream(columns(), {"note": "a place for text"}))


def test_a_compressed_stream_is_refused() -> None:
    """One value has one spelling, and a small file that swells is refused."""
    rows = 2_000
    table = pa.table(columns(rows) | {"category:level": pa.array([0] * rows, pa.int16())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    with pytest.raises(Untrusted, match="compressed"):
        back(sink.getvalue().to_pybytes())


def test_every_truncation_is_refused() -> None:
    data = made(5).to_bytes()
    for end in range(len(data)):
        with pytest.raises(Untrusted):
            back(data[:end])


def test_a_stream_without_its_last_batch_is_refused() -> None:
    data, first = made(BATCH_ROWS + 1).to_bytes(), made(BATCH_ROWS).to_bytes()
    length = next(n for n in range(len(first) - 8, len(data)) if data[n : n + 4] == b"\xff\xff\xff\xff")
    with pytest.raises(Untrusted):
        back(data[:length])


@pytest.mark.parametrize("extra", [b"x", b"\0" * 8, b"Vos;1998-03-17", b"\xff\xff\xff\xff\0\0\0\0"])
def test_nothing_may_follow_the_end(extra: bytes) -> None:
    with pytest.raises(Untrusted):
        back(made(5).to_bytes() + extra)


def test_a_flipped_bit_is_refused_or_gives_a_value_of_the_same_layout() -> None:
    """What was altered inside a cell is for the package's signature to find; nothing else may come of it."""
    data, refused = made(3).to_bytes(), 0
    for at in range(len(data)):
        for bit in (0, 4, 7):
            altered = bytearray(data)
            altered[at] ^= 1 << bit
            try:
                read = back(bytes(altered))
            except Untrusted:
                refused += 1
            else:
                assert (len(read), read.filters.shape, read.handles.shape) == (3, (3, 2), (3, 16))
    assert refused > len(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Untrusted):
        back(data)


def test_no_repr_shows_a_token_or_a_filter() -> None:
    zeros = np.zeros(0, np.int64)
    links = links_of(("a", "b"), zeros, zeros, zeros.astype(float), zeros.astype(np.int16))
    assert repr(made(3)) == f"Encodings(party='mbo', protocol_digest='{DIGEST}')"
    assert "array" not in repr(links)


def test_another_protocol_is_refused_by_name() -> None:
    same_protocol(DIGEST, made(1))
    with pytest.raises(Refused) as caught:
        same_protocol("sha256:" + "11" * 32, made(1))
    assert caught.value.where == "mbo"


def test_links_name_rows_as_given_else_positions() -> None:
    one, two = np.array([1, 0]), np.array([0, 2])
    score, stage = np.array([1.0, 0.9]), np.array([0, 1], np.int16)
    links = links_of(("a", "b"), one, two, score, stage, rows=(np.array([7, 8]), None))
    frame = links.to_pandas()
    assert frame.columns.tolist() == ["left", "right", "score", "stage"]
    assert frame.to_numpy().tolist() == [[8, 0, 1.0, "exact"], [7, 2, 0.9, "fuzzy"]]


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 22])
def test_the_pieces_a_stream_comes_in_do_not_matter(size: int) -> None:
    data = made(BATCH_ROWS + 3).to_bytes()[: 10**9]
    if size < 4096:
        data = made(40).to_bytes()
    parts = (data[first : first + size] for first in range(0, len(data), size))
    assert arriving.read(parts, party="mbo", protocol_digest=DIGEST, layout=LAYOUT).to_bytes() == data


def in_batches(*sizes: int, metadata: dict[str, str] | None = None) -> bytes:
    """A stream whose batches have these sizes."""
    whole, sink, first = made(sum(sizes)), pa.BufferOutputStream(), 0
    with pa.ipc.new_stream(sink, LAYOUT.schema) as writer:
        for size in sizes:
            writer.write_batch(whole._batch(slice(first, first + size)), custom_metadata=metadata)
            first += size
    return bytes(sink.getvalue().to_pybytes())


def test_batches_are_full_but_the_last() -> None:
    assert len(back(in_batches(BATCH_ROWS, 5))) == BATCH_ROWS + 5
    for sizes in ((5, 5), (5, BATCH_ROWS), (BATCH_ROWS + 1,), (0,), (5, 0)):
        with pytest.raises(Untrusted, match=r"batches|larger than a batch"):
            back(in_batches(*sizes))


def test_words_beside_a_batch_are_refused() -> None:
    with pytest.raises(Untrusted, match="words beside them"):
        back(in_batches(5, metadata={"note": "Vos"}))


def test_a_message_that_claims_to_be_huge_is_refused_before_it_is_read() -> None:
    head = made(0).to_bytes()[:-8]
    with pytest.raises(Untrusted, match="larger than a batch"):
        back(head + b"\xff\xff\xff\xff" + (1 << 30).to_bytes(4, "little") + bytes(64))


@pytest.mark.parametrize("rows", [0, 39, 41, BATCH_ROWS])
def test_another_number_of_rows_than_announced_is_refused(rows: int) -> None:
    with pytest.raises(Untrusted, match=r"not the [0-9,]+ rows that were announced"):
        arriving.read([made(40).to_bytes()], party="mbo", protocol_digest=DIGEST, layout=LAYOUT, rows=rows)
    found = arriving.read([made(40).to_bytes()], party="mbo", protocol_digest=DIGEST, layout=LAYOUT, rows=40)
    assert len(found) == 40


def test_what_follows_a_first_full_batch_is_looked_at_before_anything_is_returned() -> None:
    data = in_batches(BATCH_ROWS)
    for spoilt in (data + b"x", data[:-8], in_batches(BATCH_ROWS, 5)):
        with pytest.raises(Untrusted):
            arriving.read([spoilt], party="mbo", protocol_digest=DIGEST, layout=LAYOUT, rows=BATCH_ROWS)


def test_an_error_of_the_one_who_decrypts_comes_through() -> None:
    def broken() -> Iterator[bytes]:
        yield made(40).to_bytes()[:900]
        raise Untrusted("the seal does not hold")

    with pytest.raises(Untrusted, match="the seal does not hold"):
        arriving.read(broken(), party="mbo", protocol_digest=DIGEST, layout=LAYOUT)
