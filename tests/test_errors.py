"""Errors: what they say, what they never show, and which exit code they carry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import InputError, LinkageError, Refused, Untrusted, shape
from linkage.findings import Finding, Severity, worst


@given(st.text() | st.text(st.characters(categories=["L", "N", "M"])))
def test_a_shape_holds_no_letter_and_no_digit_of_the_value(value: str) -> None:
    assert {sign for sign in shape(value) if sign.isalnum()} <= set("9aA")


@given(st.text(st.characters(categories=["L", "N", "P", "Z"]), max_size=40))
def test_a_shape_keeps_length_and_punctuation(value: str) -> None:
    masked = shape(value)
    assert len(masked) == len(value)
    kept = [(a, b) for a, b in zip(masked, value, strict=True) if not b.isalnum()]
    assert all(a == (b if b.isprintable() else "?") for a, b in kept)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("12345678Z", "99999999A", id="a person number with a letter"),
        pytest.param("17-3-1998", "99-9-9999", id="a date"),
        pytest.param("de Vos-Smit", "aa Aaa-Aaaa", id="a name"),
        pytest.param("١٢٣", "999", id="Arabic digits"),
        pytest.param("m²½Ⅷ", "a999", id="numbers that are not digits"),
        pytest.param("\x1b[31m\n", "?[99a?", id="signs that steer a terminal"),
        pytest.param("", "", id="nothing"),
        pytest.param("1" * 40, "9" * 40, id="forty signs"),
        pytest.param("1" * 41, "9" * 40 + "...", id="forty-one signs"),
    ],
)
def test_shape(value: str, expected: str) -> None:
    assert shape(value) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(LinkageError("what"), "what", id="a message"),
        pytest.param(LinkageError("what", where="a.csv:3"), "a.csv:3: what", id="a place before it"),
        pytest.param(LinkageError("what", hint="Do this."), "what\n  Do this.", id="a hint under it"),
        pytest.param(LinkageError("what", where="a.csv", hint="Do."), "a.csv: what\n  Do.", id="both"),
    ],
)
def test_layout(error: LinkageError, expected: str) -> None:
    assert str(error) == expected


@pytest.mark.parametrize(("kind", "code"), [(LinkageError, 1), (InputError, 2), (Refused, 1), (Untrusted, 1)])
def test_the_exit_code_belongs_to_the_class(kind: type[LinkageError], code: int) -> None:
    assert kind("what").exit_code == code


def test_what_is_untrusted_is_refused_and_what_is_unreadable_is_not() -> None:
    assert issubclass(Untrusted, Refused)
    assert not issubclass(InputError, Refused)


def test_the_gravest_finding_decides() -> None:
    found = [Finding("X1", severity, "here", "seen") for severity in (Severity.INFO, Severity.ERROR, Severity.WARNING)]
    assert worst(found) is Severity.ERROR
    assert worst([found[0], found[2]]) is Severity.WARNING
    assert worst([found[0]]) is Severity.INFO
    assert worst([]) is None


def test_a_finding_can_be_printed_and_branched_on() -> None:
    finding = Finding("P101", Severity.ERROR, "parties.mbo", "no law")
    assert str(finding) == "parties.mbo: error P101: no law"
    assert finding.as_dict() == {"code": "P101", "severity": "error", "where": "parties.mbo", "message": "no law"}
