"""YAML: what is written is what is loaded, and every complaint names its place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linkage import files
from linkage.errors import InputError
from linkage.protocol import strict_yaml
from linkage.protocol.strict_yaml import Document

SHIPPED = files.shipped("protocols/graduates-on-benefits.yml").read_bytes()


def parse(text: str | bytes) -> Document:
    return strict_yaml.parse(text.encode() if isinstance(text, str) else text, name="p.yml")


def refusal(text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-01", "2026-10-01 10:00:00", "no", "No", "on", "off", "yes", "y", "True", "TRUE", "False", "Null",
        "NULL",
        "1e3", "1.5e3", "0x10", "0o17", "012", "00", "-012", "+1", "1_000", ".5", "5.", ".inf", ".nan", "12:30:45",
        "1:1",
        "1.2.3", "12345678901234567", "1٣", "1٣.5", "１２", "=", "<<", "1 2",
    ],
)  # fmt: skip
def test_stays_text(text: str) -> None:
    assert parse(f"a: {text}\n").data == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("0", 0), ("-0", 0), ("7", 7),
        ("-12", -12),
        ("1234567890123456", 1234567890123456), ("0.80", 0.8), ("-1.5", -1.5), ("10.0", 10.0),
    ],
)  # fmt: skip
def test_becomes_a_value(text: str, value: object) -> None:
    read = parse(f"a: {text}\n").data["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", ["true", "null", "~", "12", "0.5", "2026-10-01", ""])
@pytest.mark.parametrize("quoted", ["'{}'", '"{}"', "|-\n  {}", ">-\n  {}"])
def test_what_is_quoted_is_text(text: str, quoted: str) -> None:
    assert parse(f"a: {quoted.format(text)}\n").data == {"a": text}


def test_keys_are_text_whatever_they_look_like() -> None:
    assert parse("1: a\ntrue: b\n2026-10-01: c\nnull: d\n").data == {
        "1": "a",
        "true": "b",
        "2026-10-01": "c",
        "null": "d",
    }


def test_every_value_has_its_line_and_column() -> None:
    document = parse("a: 1\nb:\n  - x\n  - {c: 2,  d: 3}\n# a comment\ne: é\n")
    assert {path: place for path, place in document.places.items() if path} == {
        ("a",): (1, 1), ("b",): (2, 1), ("b", 0): (3, 5), ("b", 1): (4, 5), ("b", 1, "c"): (4, 6),
        ("b", 1, "d"): (4, 13),
        ("e",): (6, 1),
    }  # fmt: skip
    assert document.where(("b", 1, "d")) == "p.yml:4:13"
    assert document.where(("b", 1, "nothing", 7)) == "p.yml:4:5"
    assert document.where(("nothing",)) == "p.yml:1:1"


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["no byte order mark", "a byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["line feeds", "carriage returns"])
def test_the_editor_does_not_matter(start: bytes, end: bytes) -> None:
    document = parse(start + end.join([b"a: 1", b"b: {c: 2}"]))
    assert document.data == {"a": 1, "b": {"c": 2}}
    assert document.places["b", "c"] == (2, 5)


BOMB = "a: &a [x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", "p.yml:3:1: duplicate key 'a': it stands already on line 1", id="a key"),
        pytest.param("a: {b: 1, 'b': 2}", "p.yml:1:11: duplicate key 'b': it stands already on line 1", id="inside"),
        pytest.param("a: &x 1\n", "p.yml:1:4: anchors (&) and aliases (*)", id="an anchor"),
        pytest.param("&x a: 1\n", "p.yml:1:1: anchors (&) and aliases (*)", id="an anchor on a key"),
        pytest.param("a: *x\n", "p.yml:1:4: anchors (&) and aliases (*)", id="an alias"),
        pytest.param("<<: *x\n", "p.yml:1:5: anchors (&) and aliases (*)", id="a merge"),
        pytest.param(BOMB, "p.yml:1:4: anchors (&) and aliases (*)", id="a billion laughs"),
        pytest.param("a: !!python/object:os.system x\n", "p.yml:1:4: tags (!)", id="a tag that runs code"),
        pytest.param("a: !!str 1\n", "p.yml:1:4: tags (!)", id="a harmless tag"),
        pytest.param("!x {a: 1}\n", "p.yml:1:1: tags (!)", id="a tag on a mapping"),
        pytest.param("--- 1\n--- 2\n", "p.yml:2:1: not YAML: but found another document", id="two documents"),
        pytest.param("a: 1\n...\nb: 2\n", "p.yml:3:1: not YAML: ", id="a second document after an end"),
        pytest.param("[a]: 1\n", "p.yml:1:1: expected a text key", id="a list as key"),
        pytest.param("? {a: 1}\n: 1\n", "p.yml:1:3: expected a text key", id="a mapping as key"),
        pytest.param("", "p.yml: empty file", id="nothing"),
        pytest.param("# only a comment\n\n", "p.yml: empty file", id="only a comment"),
        pytest.param("a:\n\tb: 1\n", "p.yml:2:1: not YAML: found character '\\t'", id="a tab"),
        pytest.param("a: 1\nb: x\0y\n", "p.yml:2:5: not YAML: ", id="a zero byte"),
        pytest.param("a: \x1b[2J\n", "p.yml:1:4: not YAML: ", id="a terminal escape"),
        pytest.param('a: 1\nb: "\\UFFFFFFFF"\n', "p.yml:2:", id="an escape beyond Unicode"),
        pytest.param('a: 1\nb: "\\U00110000"\n', "p.yml:2:", id="an escape just beyond Unicode"),
        pytest.param('a: 1\nb: "\\ud800"\n', "p.yml:2:4: ", id="half a character"),
        pytest.param('a: 1\n"\\udc00": 2\n', "p.yml:2:1: ", id="half a character in a key"),
        pytest.param("%YAML 1." + "9" * 5000 + "\n--- 1\n", "p.yml:1:", id="a version of 5,000 digits"),
        pytest.param(b"a: 1\nb: \xe9\n", "p.yml:2: not UTF-8\n  Save the file as UTF-8.", id="Latin-1"),
        pytest.param("a: 1".encode("utf-16"), "p.yml:1: not UTF-8", id="UTF-16"),
        pytest.param("a: [1\n", "p.yml:2:1: not YAML: ", id="a list without its end"),
        pytest.param("a: 'x\n", "p.yml:2:1: not YAML: ", id="a quote without its end"),
        pytest.param("a: b: c\n", "p.yml:1:5: not YAML: mapping values are not allowed here", id="two colons"),
        pytest.param("- " * 10_000, "p.yml:1:65: nested deeper than 32 levels", id="10,000 lists"),
        pytest.param("[" * 10_000 + "]" * 10_000, "p.yml:1:33: nested deeper than 32 levels", id="10,000 brackets"),
        pytest.param("{a: " * 10_000, "p.yml:1:129: nested deeper than 32 levels", id="10,000 mappings"),
    ],
)  # fmt: skip
def test_refused_at_its_place(text: str | bytes, message: str) -> None:
    assert refusal(text).startswith(message)


def test_thirty_two_levels_are_read_and_no_more() -> None:
    assert parse("[" * 32 + "]" * 32).data == ast.literal_eval("[" * 32 + "]" * 32)
    assert "nested deeper than 32 levels" in refusal("[" * 33 + "]" * 33)


def test_a_file_above_one_mebibyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "p.yml"
    path.write_bytes(b"#" * strict_yaml.MAX_BYTES + b"\n")
    with pytest.raises(InputError, match="larger than the 1048576 bytes"):
        strict_yaml.load(path)
    with pytest.raises(InputError, match="cannot read"):
        strict_yaml.load(tmp_path / "none.yml")


def survives(data: bytes) -> None:
    """Bytes are a document whose every value has a place, or a complaint of ours."""
    try:
        document = parse(data)
    except InputError as error:
        str(error).encode()  # a complaint can be printed
        return
    str(document.data).encode()

    def walk(value: object, path: strict_yaml.Path) -> None:
        assert path in document.places
        assert value is None or type(value) in (dict, list, str, int, float, bool)
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, part in pairs:
            walk(part, (*path, key))

    walk(document.data, ())


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200))
@example(b"\x85")
@example(b"a\0")
def test_any_bytes_are_a_document_or_a_complaint(data: bytes) -> None:
    survives(data)


@settings(deadline=None, max_examples=200)
@given(
    st.text(st.sampled_from("abc012 \t\n\r-:?,[]{}#&*!|>'\"%@`\\~.xuU\u2028\ufeff\x85<="), max_size=60)
    | st.lists(
        st.sampled_from(["a: ", "\n", "  ", "- ", "? ", '"', "'", "\\x", "\\u12", "\\U0011", "%YAML 1.", "---",
                         "%TAG ! x\n", "...", "|", ">", "+", "2", "# ", "{", "}", "[", "]", ",", ": ", "&a", "*a",
                         "!!", "<<", "\t", "%FF"]),
        max_size=25,
    ).map("".join)
)  # fmt: skip
def test_any_text_of_the_signs_of_yaml_is_a_document_or_a_complaint(text: str) -> None:
    survives(text.encode())


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_a_damaged_protocol_file_is_a_document_or_a_complaint(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SHIPPED)))
    length = data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b"\t", b"\n", b"&", b'"', b"- ", b"{", b"\xff", b": "]))
    survives(SHIPPED[:start] + put + SHIPPED[start + length :])
