"""Normalisers: what each makes of a cell, told as one story per case."""

from __future__ import annotations

import doctest
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.encode import names, normalise
from linkage.encode.normalise import NORMALISERS, BadValue, Number

LATIN = st.text(st.sampled_from("abcdefghijkxyzéèëïöüçñåøæßĳłđABCIJØÉ '-.’´,?/"), max_size=30)
CELLS = st.one_of(st.text(max_size=40), LATIN, st.text("0123456789.,-/ :TZe'=\"+\u00a0", max_size=24))


def case(story: str, *values: object) -> object:
    return pytest.param(*values, id=story)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        case("as it should be", "111222333", Number("111222333")),
        case("dots, as printed", "1112.22.333", Number("111222333")),
        case("thousands of a spreadsheet", "111.222.333", Number("111222333")),
        case("no-break spaces", "\u00a01112\u00a022\u00a0333 ", Number("111222333")),
        case("apostrophe that makes it text in Excel", "'111222333", Number("111222333")),
        case("formula that makes it text in Excel", '="111222333"', Number("111222333")),
        case("float of a spreadsheet", "111222333.0", Number("111222333")),
        case("float with a comma", "111222333,00", Number("111222333")),
        case("leading zero lost", "12345672", Number("012345672", "repaired")),
        case("leading zero lost in a float", "12345672.0", Number("012345672", "repaired")),
        case("leading zero kept", "012345672", Number("012345672")),
        case("SGR's empty value", "000000000", Number(None, "placeholder")),
        case("a single zero", "0", Number(None, "placeholder")),
        case("nothing", "", Number(None, "placeholder")),
        case("onbekend", " Onbekend ", Number(None, "placeholder")),
        case("n.v.t.", "n.v.t.", Number(None, "placeholder")),
        case("an onderwijsnummer", "101222331", Number(None, "education-number")),
        case("a number of the BRP's test cases", "999992971", Number("999992971", "test-range")),
    ],
)
def test_bsn(text: str, expected: Number) -> None:
    assert normalise.bsn(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        case("one digit wrong", "111222334", "11-proof"),
        case("two digits swapped", "112122333", "11-proof"),
        case("letters", "11122233A", "letters"),
        case("words", "zie dossier", "letters"),
        case("power of ten by a Dutch Excel", "1,11222E+08", "power of ten"),
        case("power of ten by an English Excel", "1.11222E+08", "power of ten"),
        case("a client number of six digits is not filled up", "123456", "got 6"),
        case("seven digits in a float are not filled up with its zeros", "1234567.00", "got 7"),
        case("ten digits", "1112223334", "got 10"),
        case("minus", "-111222333", "letters or other signs"),
        case("only separators", "- - -", "letters or other signs"),
        case("digits of another script", "١١١٢٢٢٣٣٣", "letters or other signs"),
    ],
)
def test_a_bsn_that_cannot_be(text: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason):
        normalise.bsn(text)


def test_an_education_number_is_not_a_bsn() -> None:
    assert normalise.education_number("1012.22.331") == Number("101222331")
    assert normalise.education_number("111222333") == Number(None, "bsn")
    assert normalise.education_number("-") == Number(None, "placeholder")
    with pytest.raises(BadValue, match="11-proof"):
        normalise.education_number("101222332")


def test_numbers_agree_with_the_definition_of_the_11_proof() -> None:
    draw = random.Random(11)  # noqa: S311 -- test data
    for _ in range(3000):
        digits = [draw.randrange(10) for _ in range(9)]
        text = "".join(map(str, digits))
        total = sum(w * d for w, d in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True)) % 11
        try:
            note = normalise.bsn(text).note
        except BadValue:
            assert total not in ({0, 5} if text.startswith("10") else {0})
        else:
            assert total == (5 if note == "education-number" else 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        case("prefix after a comma", "Berg, van den", "berg"),
        case("prefix abbreviated", "v.d. Berg", "berg"),
        case("prefix abbreviated, no space", "v.d.Berg", "berg"),
        case("prefix abbreviated, no dots", "vd Berg", "berg"),
        case("prefix abbreviated with a slash", "v/d Berg", "berg"),
        case("prefix before", "van den Berg", "berg"),
        case("prefix in capitals", "Van Den BERG", "berg"),
        case("prefix after, without a comma", "Berg van den", "berg"),
        case("one word stays one word", "Vandenberg", "vandenberg"),
        case("'t", "van 't Hoff", "hoff"),
        case("'t without its space", "van't Hoff", "hoff"),
        case("typographic apostrophe", "in ’t Veld", "veld"),
        case("d' stuck to the name", "d'Hondt", "hondt"),
        case("apostrophe within a name", "O'Neill", "oneill"),
        case("an accent used as an apostrophe", "O´Neill", "oneill"),
        case("two surnames", "Jansen-de Vries", "jansen vries"),
        case("wife of", "Jansen e/v de Vries", "jansen vries"),
        case("nothing but a prefix", "De", "de"),
        case("nothing but prefixes", "El, al", "el al"),
        case("diaeresis", "Käster", "kaster"),
        case("letters without a decomposition", "Øłæßđ", "olaessd"),
        case("Turkish i", "Yıldız", "yildiz"),
        case("ij as two letters", "Dijkstra", "dykstra"),
        case("ij as one letter", "Dĳkstra", "dykstra"),
        case("y for ij", "Dykstra", "dykstra"),
        case("a lost letter", "J?rgens", "jrgens"),
        case("a lost letter in Unicode", "J\ufffdrgens", "jrgens"),
        case("spaces", "  de\u00a0 Vries\t", "vries"),
        case("digits are no letters", "Vries 2", "vries"),
        case("BRP's unknown surname", ".", None),
        case("education's unknown surname", "-", None),
        case("onbekend", "Onbekend", None),
        case("nomen nescio", "N.N.", None),
        case("not applicable", "n.v.t.", None),
    ],
)
def test_surname(text: str, expected: str | None) -> None:
    assert normalise.surname(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        case("dots", "J.A.M.", "j a m"),
        case("no dots", "JAM", "j a m"),
        case("spaces", "J A M", "j a m"),
        case("letters that stand for one name", "Th.Ph.IJ.", "t p i"),
        case("the same in capitals", "TH.PH.IJ.", "t p i"),
        case("IJ among capitals", "AIJ", "a i"),
        case("names", "Theo Philip IJsbrand", "t p i"),
        case("a hyphenated name has two letters", "A.-M.", "a m"),
        case("accent", "É.", "e"),
        case("nothing", ".", None),
        case("onbekend", "onbekend", None),
        case("N.N. may be Nadia Noor", "N.N.", "n n"),
    ],
)
def test_initials(text: str, expected: str | None) -> None:
    assert normalise.initials(text) == expected


def test_given_name_prefix_and_text() -> None:
    assert normalise.given_name("Anne-Fleur  José") == "anne fleur jose"
    assert normalise.given_name("IJsbrand") == normalise.given_name("Ysbrand") == "ysbrand"
    assert normalise.prefix("Van 't") == "van t"
    assert normalise.prefix("") is None
    assert NORMALISERS["text"]("Block 12, St. Kilda") == "block 12 st kilda"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        case("Dutch", "17-03-1998", "19980317"),
        case("without zeros", "7-3-1998", "19980307"),
        case("slashes", "17/03/1998", "19980317"),
        case("dots", "17.3.1998", "19980317"),
        case("ISO", "1998-03-17", "19980317"),
        case("BRP", "19980317", "19980317"),
        case("BRP in a float", "19980317.0", "19980317"),
        case("database", "1998-03-17 00:00:00", "19980317"),
        case("database with fractions and zone", "1998-03-17T00:00:00.000Z", "19980317"),
        case("Excel with time", "17-3-1998 0:00", "19980317"),
        case("day not known", "19780300", "19780300"),
        case("day and month not known", "19680000", "19680000"),
        case("day not known, Dutch", "00-03-1978", "19780300"),
        case("nothing known", "00000000", None),
        case("nothing known, Dutch", "00-00-0000", None),
        case("leap day", "29-02-2000", "20000229"),
        case("ambiguous is Dutch", "03-04-1998", "19980403"),
        case("onbekend", "onbekend", None),
    ],
)
def test_birth_date(text: str, expected: str | None) -> None:
    assert NORMALISERS["birth-date"](text) == NORMALISERS["date"](text) == expected


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        case("30 February", "birth-date", "30-02-1998", "calendar"),
        case("29 February of a common year", "birth-date", "29-02-1900", "calendar"),
        case("American order", "birth-date", "03/17/1998", "calendar"),
        case("month 13 in BRP form", "birth-date", "19981301", "calendar"),
        case("day without a month", "birth-date", "19980017", "calendar"),
        case("short year", "birth-date", "17-03-98", "two digits"),
        case("year of another era", "birth-date", "17-03-0998", "1850 to 2100"),
        case("the end of time", "birth-date", "31-12-9999", "1850 to 2100"),
        case("serial of a spreadsheet", "birth-date", "35871", "not a date"),
        case("evening before, in another zone", "birth-date", "1998-03-16T23:00:00Z", "midnight"),
        case("two separators", "birth-date", "17-03/1998", "not a date"),
        case("sex spelt out oddly", "sex", "hen", "not a sex"),
        case("foreign postcode", "postcode", "10115", "postcode"),
        case("postcode with a zero", "postcode", "0123 AB", "postcode"),
        case("letters that are never issued", "postcode", "1234 SS", "never used"),
        case("house number before its street", "house-number", "Kade 12", "house number"),
        case("house number too large", "house-number", "123456", "house number"),
        case("thousands", "number", "1.234,50", "not a number"),
        case("power of ten", "number", "1E5", "not a number"),
        case("a number of 101 digits", "number", "9" * 101, "more than 100 digits"),
        case("digits without end behind the comma", "number", "-0," + "9" * 5000, "more than 100 digits"),
    ],
)
def test_values_that_cannot_be(kind: str, text: str, reason: str) -> None:
    with pytest.raises(BadValue, match=reason) as caught:
        NORMALISERS[kind](text)
    assert text not in caught.value.reason


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        *[case(f"sex {text}", "sex", text, "m") for text in ("M", "man", "Male", "1", "1.0")],
        *[case(f"sex {text}", "sex", text, "v") for text in ("V", "vrouw", "F", "2")],
        *[case(f"sex {text or 'empty'}", "sex", text, None) for text in ("O", "0", "9", "onbekend", "")],
        case("postcode as printed", "postcode", "1234 AB", "1234ab"),
        case("postcode without its space", "postcode", "1234ab", "1234ab"),
        case("postcode with its country", "postcode", "NL-1234 AB", "1234ab"),
        case("postcode area", "postcode", "1234", "1234"),
        case("postcode area in a float", "postcode", "1234.0", "1234"),
        case("no postcode", "postcode", "0", None),
        case("house number with a letter", "house-number", "12a", "12"),
        case("house number with an addition", "house-number", "12-II", "12"),
        case("house number in a float", "house-number", "12.0", "12"),
        case("no house number", "house-number", "-", None),
        case("category is left alone", "category", " BBL niveau-2. ", "BBL niveau-2."),
        case("empty category", "category", "  ", None),
        case("comma", "number", "012,50", "12.5"),
        case("a number of 100 digits", "number", "9" * 100, "9" * 100),
        case("zeros that say nothing are not counted", "number", "0" * 5000 + "7,50" + "0" * 5000, "7.5"),
        case("point", "number", "12.0", "12"),
        case("minus nothing", "number", "-0,0", "0"),
        case("below nothing", "number", "-3", "-3"),
    ],
)
def test_other_kinds(kind: str, text: str, expected: str | None) -> None:
    assert NORMALISERS[kind](text) == expected


@pytest.mark.parametrize("kind", NORMALISERS)
@given(text=CELLS)
def test_any_text_is_a_value_nothing_or_bad_and_a_value_is_its_own_normal_form(kind: str, text: str) -> None:
    value = bad = None
    try:
        value = NORMALISERS[kind](text)
    except BadValue as error:
        bad = error
    assert value is None or (value and NORMALISERS[kind](value) == value)
    assert bad is None or (bad.args, bad.__context__) == ((bad.reason,), None)


@pytest.mark.parametrize("kind", ["given-name", "surname", "prefix", "text"])
@given(text=LATIN)
def test_capitals_and_diacritics_do_not_matter(kind: str, text: str) -> None:
    plain = text.translate(str.maketrans("éèëïöüçñåÉ", "eeeioucnaE"))
    assert NORMALISERS[kind](text) == NORMALISERS[kind](text.upper()) == NORMALISERS[kind](plain.lower())


def test_docstrings_hold() -> None:
    assert [doctest.testmod(module).failed for module in (names, normalise)] == [0, 0]
