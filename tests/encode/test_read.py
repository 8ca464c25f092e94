"""Reading: what people's files look like, what is made of them, and what is never said about them."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage.encode import normalise
from linkage.encode.read import REFERENCE, Columns, Records, from_table, read
from linkage.errors import InputError
from linkage.findings import Severity

COLUMNS = Columns({"bsn": ("BSN", "Burgerservicenummer"), "surname": ("Achternaam",)})
FIELDS = ("bsn", "surname")
SENTINEL = "Xylofoonstra"
SHARED_FOLDER = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def case(story: str, *values: object) -> object:
    return pytest.param(*values, id=story)


def load(folder: Path, data: bytes | str, columns: Columns = COLUMNS, name: str = "export.csv") -> Records:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(path, columns, tuple(columns.names))


def refusal(folder: Path, data: bytes | str, columns: Columns = COLUMNS, name: str = "export.csv") -> InputError:
    with pytest.raises(InputError) as caught:
        load(folder, data, columns, name)
    return caught.value


def parquet(**columns: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def said(error: BaseException | None) -> Iterator[str]:
    """All that an error and what hangs on it can show."""
    while error is not None:
        yield from (str(error), repr(error), *(repr(arg) for arg in error.args), repr(vars(error)))
        yield from said(error.__cause__)
        error = error.__context__


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter"),
    [
        case("Dutch Excel, CSV", "BSN;Achternaam\r\n1;Müller\r\n2;Vos\r\n".encode("cp1252"), "cp1252", ";"),
        case("Excel, CSV UTF-8", "\ufeffBSN;Achternaam\r\n1;Müller\r\n2;Vos\r\n".encode(), "utf-8", ";"),
        case("database, UTF-8 and commas", "BSN,Achternaam\n1,Müller\n2,Vos\n".encode(), "utf-8", ","),
        case("Unicode text of Excel", "BSN\tAchternaam\r\n1\tMüller\r\n2\tVos\r\n".encode("utf-16"), "utf-16", "\t"),
        case(
            "UTF-16, big end first", b"\xfe\xff" + "BSN|Achternaam\n1|Müller\n2|Vos".encode("utf-16-be"), "utf-16", "|"
        ),
        case("sep line", "sep=|\r\nBSN|Achternaam\r\n1|Müller\r\n2|Vos\r\n".encode(), "utf-8", "|"),
        case("sep line in a row of cells", "SEP=;;;\nBSN;Achternaam\n1;Müller\n2;Vos\n".encode(), "utf-8", ";"),
        case("all quoted", '"BSN","Achternaam"\n"1","Müller"\n"2","Vos"\n'.encode(), "utf-8", ","),
        case("no last line end", "BSN;Achternaam\n1;Müller\n2;Vos".encode(), "utf-8", ";"),
        case("old Mac line ends", "BSN;Achternaam\r1;Müller\r2;Vos\r".encode(), "utf-8", ";"),
        case("commas in the cells of a ; file", "BSN;Achternaam;x\n1;Müller;1,5\n2;Vos;2,5\n".encode(), "utf-8", ";"),
        case("comma in a heading of a ; file", "BSN;Achternaam;a,b\n1;Müller;1\n2;Vos;2\n".encode(), "utf-8", ";"),
        case("headings in other capitals, spaced", "bsn ; ACHTERNAAM\n1;Müller\n2;Vos\n".encode(), "utf-8", ";"),
        case("blank lines before the headings", "\n\nBSN;Achternaam\n1;Müller\n2;Vos\n".encode(), "utf-8", ";"),
        case("unnamed columns that are not used", "BSN;Achternaam;;\n1;Müller;;\n2;Vos;;\n".encode(), "utf-8", ";"),
    ],
)
def test_files_as_people_save_them(tmp_path: Path, data: bytes, encoding: str, delimiter: str) -> None:
    records = load(tmp_path, data)
    assert records.table.to_pydict() == {"bsn": ["1", "2"], "surname": ["Müller", "Vos"]}
    assert (records.encoding, records.delimiter, records.source) == (encoding, delimiter, "export.csv")
    assert records.rows.tolist() == [1, 2]
    assert records.findings == ()
    assert len(records) == 2


def test_given_encoding_and_delimiter_are_taken(tmp_path: Path) -> None:
    asked = Columns(COLUMNS.names, encoding="CP850", delimiter=";")
    records = load(tmp_path, "BSN;Achternaam\n1;Müller\n".encode("cp850"), asked)
    assert records.table["surname"].to_pylist() == ["Müller"]
    assert records.encoding == "cp850"


def test_quoted_cells_hold_delimiters_quotes_and_lines(tmp_path: Path) -> None:
    records = load(tmp_path, 'BSN;Achternaam\n1;"a;b"\n2;"say ""no"""\n3;"two\nlines"\n\n5;Vos\n')
    assert records.table["surname"].to_pylist() == ["a;b", 'say "no"', "two\nlines", "Vos"]
    assert records.rows.tolist() == [1, 2, 3, 5]


def test_blank_lines_and_empty_rows_keep_their_numbers_and_are_told(tmp_path: Path) -> None:
    records = load(tmp_path, "BSN;Achternaam\n1;Vos\n\n3; \n;  \n;\n6;Vos\n\n")
    assert records.rows.tolist() == [1, 3, 6]
    assert records.table["surname"].to_pylist() == ["Vos", None, "Vos"]
    assert [(finding.code, finding.severity) for finding in records.findings] == [("E203", Severity.INFO)]


def test_cells_are_trimmed_and_words_such_as_na_are_kept(tmp_path: Path) -> None:
    records = load(tmp_path, 'BSN;Achternaam\n NA ;\u00a0null\n"";NaN\n')
    assert records.table.to_pydict() == {"bsn": ["NA", None], "surname": ["null", "NaN"]}


def test_of_several_headings_the_first_with_something_in_it_counts(tmp_path: Path) -> None:
    columns = Columns({"given-name": ("Voornamen", "Doopnaam", "Roepnaam"), "bsn": ("PGN",)}, reference="Studentnr")
    records = load(tmp_path, "Studentnr;PGN;Roepnaam;Voornamen;Cijfer\ns1;1;Bo;Bob;7\ns2;2;Jo;;8\n", columns)
    assert records.table.to_pydict() == {"given-name": ["Bob", "Jo"], "bsn": ["1", "2"], REFERENCE: ["s1", "s2"]}
    assert records.headings == {"given-name": "Voornamen / Roepnaam", "bsn": "PGN", REFERENCE: "Studentnr"}
    assert records.ignored == ("Cijfer",)
    assert records.reference.to_pylist() == ["s1", "s2"]


def test_two_fields_may_share_a_heading_and_one_column_is_enough(tmp_path: Path) -> None:
    records = load(tmp_path, "PGN\n1\n\n2\n", Columns({"bsn": ("PGN",), "education-number": ("PGN",)}))
    assert records.table.to_pydict() == {"bsn": ["1", "2"], "education-number": ["1", "2"]}
    assert records.rows.tolist() == [1, 3]
    assert records.reference is None


def test_what_excel_did_to_numbers_is_repaired_and_can_be_counted(tmp_path: Path) -> None:
    records = load(tmp_path, "BSN;Achternaam\n12345672;Vos\n111222333;Vos\n")
    assert [normalise.bsn(text).note for text in records.table["bsn"].to_pylist()] == ["repaired", ""]


def test_damaged_letters_are_found_by_row(tmp_path: Path) -> None:
    rows = ["Vos", "MÃ¼ller", "J?rgens", "Wie?", "DaniÃ«l", "M\ufffdller"]
    records = load(tmp_path, "BSN;Achternaam\n" + "".join(f"1;{name}\n" for name in rows))
    assert [finding.code for finding in records.findings] == ["E201", "E202"]
    garbled, lost = records.findings
    assert garbled.where == "export.csv, column Achternaam"
    assert "2 cells, the first in row 2" in garbled.message
    assert "2 cells, the first in row 3" in lost.message


HEAD = "BSN;Achternaam\n"


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        case("nothing in it", "", "", "empty"),
        case("only a mark", b"\xef\xbb\xbf", "", "empty"),
        case("only blank lines", "\n \r\n\n", "", "empty"),
        case("headings alone", HEAD, "", "no rows"),
        case("headings and empty rows", HEAD + ";\n;\n", "", "nothing in the columns used"),
        case("a delimiter we do not know", "BSN:Achternaam\n1:Vos\n", "", "only one column found: BSN:Achternaam"),
        case(
            "no such column",
            "BSN;Achternam\n1;Vos\n",
            "",
            "no column for field surname: expected Achternaam, found BSN",
        ),
        case("a heading twice", "BSN;Achternaam;bsn \n1;Vos;2\n", "columns 1 and 3", "heading bsn is there twice"),
        case(
            "a cell too many",
            HEAD + "1;Vos\n2;Vos;x\n",
            "line 3 (row 2)",
            "expected 2 cells as there are headings, got 3",
        ),
        case("a cell too few", HEAD + "\n1\n", "line 3 (row 2)", "got 1"),
        case("too many after a sep line", "sep=;\n" + HEAD + "1;a;b\n", "line 3 (row 1)", "got 3"),
        case("too many after a cell of two lines", HEAD + '1;"a\nb"\n2;a;b\n', "line 4 (row 2)", "got 3"),
        case("a quote that stays open", HEAD + '1;"Vos\n2;Vos\n3;Vos\n', "line 2 (row 1)", "quotation mark"),
        case("a quote that stays open in the last row", HEAD + '1;Vos\n2;"Vos', "line 3 (row 2)", "quotation mark"),
        case("a quote that swallows rows", HEAD + '1;"Vos\n2;Vos\n3;"Vos\n', "line 2 (row 1)", "quotation mark"),
        case(
            "cp1252 has no such byte",
            HEAD.encode() + b"1;M\xfcller\n2;V\x81s\n",
            "line 3 (row 2)",
            "byte 0x81 at position 27",
        ),
        case(
            "UTF-8 by its mark, but broken",
            b"\xef\xbb\xbfBSN;Achternaam\n1;M\xfcller\n",
            "line 2 (row 1)",
            "byte 0xfc at position 21",
        ),
        case("UTF-16 cut short", b"\xff\xfeB\0S\0N", "line 1 (the headings)", "utf-16"),
        case("UTF-16 without its mark", HEAD.encode("utf-16-le"), "line 1 (the headings)", "NUL"),
        case("NUL in a row", HEAD + "1;Vos\n2;V\0s\n", "line 3 (row 2)", "NUL"),
        case("sep line with another sign", "sep=#\nBSN#Achternaam\n", "line 1", "sep="),
        case("Excel workbook", b"PK\x03\x04rest", "", "Excel workbook"),
        case("old Excel workbook", b"\xd0\xcf\x11\xe0rest", "", "old Excel workbook"),
        case("SPSS", b"$FL2@(#) SPSS", "", "SPSS"),
        case("packed", gzip.compress(b"BSN;Achternaam"), "", "gzip"),
        case("PDF", b"%PDF-1.7", "", "PDF"),
        case("Parquet by its first bytes alone", b"PAR1 and no more", "", "not a Parquet file"),
        case(
            "a row longer than any cell may be",
            HEAD + '1;"' + "a\n" * 70_000 + '"\n',
            "line 2 (row 1)",
            "quotation mark",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, data: bytes | str, where: str, message: str
) -> None:
    error = refusal(tmp_path, data)
    assert message in error.message
    assert where in error.where
    assert error.where.startswith("export.csv")
    assert error.exit_code == 2


def test_a_missing_column_comes_with_a_suggestion(tmp_path: Path) -> None:
    assert "Is Achternam meant?" in refusal(tmp_path, "BSN;Achternam\n1;Vos\n").hint
    error = refusal(tmp_path, HEAD + "1;Vos\n", Columns({"bsn": ("BSN",)}, reference="Studentnr"))
    assert "the local reference" in error.message


def test_a_given_delimiter_that_is_wrong_is_told(tmp_path: Path) -> None:
    error = refusal(tmp_path, HEAD + "1;Vos\n", Columns(COLUMNS.names, delimiter=","))
    assert "only one column found" in error.message
    assert "delimiter" in error.hint


@pytest.mark.parametrize(
    "options",
    [
        case("latin-1", {"encoding": "latin-1"}),
        case("no such encoding", {"encoding": "utf-9"}),
        case("not an encoding of text", {"encoding": "zlib"}),
        case("NUL", {"encoding": "\0"}),
        case("no such delimiter", {"delimiter": ":"}),
        case("two delimiters", {"delimiter": ";,"}),
        case("an encoding the file is not in", {"encoding": "utf-8"}),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, options: dict[str, str]) -> None:
    refusal(tmp_path, (HEAD + "1;Müller\n").encode("cp1252"), Columns(COLUMNS.names, **options))


def test_a_folder_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(InputError, match="cannot read"):
            read(path, COLUMNS, FIELDS)


def test_headings_that_look_like_data_are_masked(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"111222333;{SENTINEL};17-03-1998\n111222333;{SENTINEL};17-03-1998\n")
    assert "is the line of headings missing?" in error.message
    assert not any(secret in text for text in said(error) for secret in (SENTINEL, "111222333", "1998"))


@pytest.mark.parametrize(
    "data",
    [
        case("cell too many", HEAD + f"1;{SENTINEL};{SENTINEL}\n"),
        case("cell too few", HEAD + f"{SENTINEL}\n"),
        case("open quote", HEAD + f'1;"{SENTINEL}\n2;{SENTINEL}\n'),
        case("undefined byte", HEAD.encode() + f"1;{SENTINEL}".encode() + b"\x81\xff\n"),
        case("broken UTF-8", b"\xef\xbb\xbf" + HEAD.encode() + f"1;{SENTINEL}".encode() + b"\xff\n"),
        case("NUL", HEAD + f"1;{SENTINEL}\0\n"),
        case("broken UTF-16", (HEAD + f"1;{SENTINEL}\n").encode("utf-16") + b"\x00"),
        case("missing column", f"BSN;x\n1;{SENTINEL}\n"),
        case("heading twice", f"BSN;BSN;Achternaam\n1;{SENTINEL};{SENTINEL}\n"),
        case("one column", f"x\n{SENTINEL}\n"),
        case("damaged Parquet", parquet(BSN=["1"], Achternaam=[SENTINEL])[:-9]),
        case("Parquet of lists", parquet(BSN=["1"], Achternaam=[[SENTINEL]])),
        case("Parquet of bytes", parquet(BSN=["1"], Achternaam=[SENTINEL.encode() + b"\xff"])),
    ],
)
def test_no_error_holds_a_cell(tmp_path: Path, data: bytes | str) -> None:
    error = refusal(tmp_path, data)
    assert not any(SENTINEL in text for text in said(error))


def test_no_error_finding_or_representation_of_records_holds_a_cell(tmp_path: Path) -> None:
    records = load(tmp_path, HEAD + f"1;{SENTINEL}Ã«\n2;{SENTINEL}?a\n;\n")
    assert len(records.findings) == 3
    assert SENTINEL not in repr(records) + str(records.findings)
    for odd in ([SENTINEL], {SENTINEL: 1}, SENTINEL.encode() + b"\xff", object()):
        with pytest.raises(InputError) as caught:
            from_table(pd.DataFrame({"surname": pd.Series(["Vos", odd], dtype=object)}), ["surname"])
        assert not any(SENTINEL in text for text in said(caught.value))


def test_parquet_is_read_with_its_types(tmp_path: Path) -> None:
    data = parquet(
        BSN=pa.array([111222333, None, 12345672], pa.int64()),
        Achternaam=pa.array(["Müller", " ", "Vos"]).dictionary_encode(),
        Geboren=pa.array([dt.date(1998, 3, 17), None, dt.date(2001, 1, 1)]),
        Cijfer=[7, 8, 9],
    )
    columns = Columns(COLUMNS.names | {"birth-date": ("Geboren",)})
    records = load(tmp_path, data, columns, "export.bin")
    assert records.table.to_pydict() == {
        "bsn": ["111222333", "12345672"],
        "surname": ["Müller", "Vos"],
        "birth-date": ["1998-03-17", "2001-01-01"],
    }
    assert (records.rows.tolist(), records.ignored, records.encoding) == ([1, 3], ("Cijfer",), "")
    assert (
        "no rows"
        in refusal(tmp_path, parquet(BSN=pa.array([], pa.string()), Achternaam=pa.array([], pa.string()))).message
    )
    assert "not a Parquet" in refusal(tmp_path, HEAD, name="export.parquet").message


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        case("floats that pandas made of integers", [111222333.0, float("nan")], ["111222333", None]),
        case("decimals", [1.5, -2.0], ["1.5", "-2"]),
        case("integers", [1, 2], ["1", "2"]),
        case("nullable integers", pd.array([1, None], dtype="Int64"), ["1", None]),
        case("text", ["a ", None], ["a", None]),
        case("categories", pd.Categorical(["BOL", "BBL"]), ["BOL", "BBL"]),
        case("dates", [dt.date(1998, 3, 17), None], ["1998-03-17", None]),
        case("moments at midnight", pd.to_datetime(["1998-03-17", None]), ["1998-03-17", None]),
        case("moments in a zone", pd.to_datetime(["1998-03-17"]).tz_localize("Europe/Amsterdam"), ["1998-03-17"]),
        case("several types", [111222333, "x", None, 1.0, pd.NaT, dt.date(1998, 3, 17)],
             ["111222333", "x", None, "1", None, "1998-03-17"]),
        case("exact decimals", [Decimal("111222333.00"), Decimal("1.50")], ["111222333", "1.50"]),
        case("yes or no", [True, False], ["true", "false"]),
        case("nothing at all", [None, None], [None, None]),
        case("large whole numbers", np.array([2**53 + 1, 3], dtype=np.int64), ["9007199254740993", "3"]),
    ],
)  # fmt: skip
def test_cells_in_memory_become_text(values: object, expected: list[str | None]) -> None:
    frame = pd.DataFrame({"x": values})
    assert from_table(frame, ["x"]).table["x"].to_pylist() == expected
    if frame["x"].dtype != object or not any(isinstance(value, str) for value in frame["x"]):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        assert from_table(table, ["x"]).table["x"].to_pylist() == expected


def test_a_moment_that_is_not_midnight_is_left_for_the_normaliser_to_refuse() -> None:
    text = from_table(pd.DataFrame({"d": pd.to_datetime(["1998-03-16 23:00"])}), ["d"]).table["d"][0].as_py()
    with pytest.raises(normalise.BadValue, match="midnight"):
        normalise.date(text)


def test_records_in_memory_keep_every_row_and_their_names() -> None:
    frame = pd.DataFrame({"bsn": ["1", None], "note": ["x", "y"], REFERENCE: ["s1", "s2"]}, index=[7, 7])
    records = from_table(frame, ["bsn", REFERENCE])
    assert records.rows.tolist() == [0, 1]
    assert records.ignored == ("note",)
    assert records.reference.to_pylist() == ["s1", "s2"]
    assert len(from_table(pd.DataFrame({"bsn": [None, None]}), ["bsn"])) == 2
    assert records.source == "table"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        case("no such column", pd.DataFrame({"BSN number": ["1"]}), "only one column found"),
        case("no such column among several", pd.DataFrame({"a": ["1"], "b": ["1"]}), "no column for field bsn"),
        case("a column twice", pd.DataFrame([["1", "2"]], columns=["bsn", "bsn"]), "twice"),
        case("no rows", pd.DataFrame({"bsn": []}), "no rows"),
        case("a type without a text", pd.DataFrame({"bsn": pd.to_timedelta([1], unit="D")}), "duration"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_table(frame, ["bsn"])


@given(data=st.one_of(
    st.binary(max_size=200),
    st.text('ab;,"\n\r\té\u00a0', max_size=60).map(lambda text: (HEAD + text).encode()),
    st.binary(max_size=40).map(lambda tail: HEAD.encode() + tail),
    st.tuples(st.integers(0, 400), st.integers(0, 255)).map(
        lambda at: (good := parquet(BSN=["1"], Achternaam=["Vos"]))[: at[0]] + bytes([at[1]]) + good[at[0] + 1 :]
    ),
))  # fmt: skip
@SHARED_FOLDER
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    try:
        records = load(tmp_path, data)
    except InputError:
        return
    assert len(records) == records.table.num_rows == len(records.rows) > 0
    assert np.all(np.diff(records.rows) > 0)


def test_a_parquet_footer_that_counts_other_rows_is_refused(tmp_path: Path) -> None:
    """Minus one and two where it says one, wherever in the footer that stands."""
    good = parquet(BSN=["1"], Achternaam=["Vos"])
    refused = 0
    for at in range(len(good) - 8 - int.from_bytes(good[-8:-4], "little"), len(good) - 8):
        for count in (b"\x01", b"\x04"):
            if good[at] == 2:  # one, as Thrift writes it
                data = good[:at] + count + good[at + 1 :]
                try:
                    records = load(tmp_path, data)
                except InputError:
                    refused += 1
                else:
                    assert len(records) == records.table.num_rows == 1
    assert refused


@given(rows=st.lists(st.tuples(st.text('ab;,"\n é', max_size=8), st.text('ab;,"\n é', max_size=8)), min_size=1))
@SHARED_FOLDER
def test_what_the_csv_module_writes_is_read_back(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(rows, columns=["BSN", "Achternaam"])
    filled = [(a.strip() or None, b.strip() or None) for a, b in rows]
    expected = [(at, *row) for at, row in enumerate(filled, 1) if any(row)]
    data = frame.to_csv(index=False, sep=";", quoting=1, lineterminator="\r\n")
    if not expected:
        refusal(tmp_path, data)
        return
    records = load(tmp_path, data, Columns(COLUMNS.names, delimiter=";"))
    found = zip(records.rows.tolist(), *(column.to_pylist() for column in records.table.columns), strict=True)
    assert list(found) == expected
