"""Which rows take part: every row is counted once, and doubt keeps a row out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage import files
from linkage.consent.judge import NO_AGREEMENT, Judgement, Standing, age, judge
from linkage.protocol.load import load
from linkage.protocol.parties import Condition, Party

P = load(files.shipped("protocols/graduates-on-benefits.yml"))
GOOD = {"level": "4", "diploma-date": "20230701", "birth-date": "20000317"}
FIELDS = tuple(GOOD)


def party(consent: str = "required", *cohort: Condition) -> Party:
    return P.party("mbo").model_copy(update={"consent": consent} | ({"cohort": cohort} if cohort else {}))


def judged(
    *rows: dict[str, Any],
    standing: dict[str, str] | None = None,
    who: Party | None = None,
    agreed: dict[str, str] | None = None,
) -> Judgement:
    whole = [{"ref": "a", **GOOD, **row} for row in rows]
    columns = {name: [row[name] for row in whole] for name in FIELDS}
    references = [row["ref"] for row in whole]
    known = Standing({"a": "given"} if standing is None else standing, agreed or {})
    return judge(P, who or party(), columns, len(rows), known, references)


def passes(test: dict[str, Any], value: str | None, missing: str = "out") -> bool:
    condition = Condition.model_validate({"field": "birth-date", "when_missing": missing, **test})
    return bool(judged({"birth-date": value}, who=party("not-required", condition)).included[0])


def test_a_row_is_counted_once_under_its_first_reason() -> None:
    found = judged(
        {},
        {"level": "9", "diploma-date": "20200101", "ref": None},
        {"diploma-date": "20200101", "birth-date": "19500101"},
        {"diploma-date": "20270101"},
        {"birth-date": None, "ref": "b"},
        {"ref": "b"},
        {"ref": None},
        {"ref": ""},
        {"ref": "never"},
        standing={"a": "given", "b": "withdrawn"},
    )
    assert found.included.tolist() == [True] + [False] * 8
    assert dict(found.excluded) == {
        "cohort: level": 1,
        "cohort: diploma-date": 2,
        "cohort: birth-date": 1,
        "consent: not asked": 1,
        "consent: withdrawn": 1,
        "consent: no reference": 2,
    }
    assert list(found.excluded)[:3] == ["cohort: level", "cohort: diploma-date", "cohort: birth-date"]
    assert found.summary == {"rows": 9, "included": 1, **found.excluded}


@pytest.mark.parametrize(
    "status", ["requested", "refused", "withdrawn", "expired", "invalidated", "GIVEN", "unknown", ""]
)
def test_only_given_consent_takes_part(status: str) -> None:
    found = judged({}, standing={"a": status})
    assert not found.included.any()
    assert sum(found.excluded.values()) == 1


def test_without_a_registry_or_references_nobody_has_consent() -> None:
    columns = {name: [value] for name, value in GOOD.items()}
    assert not judge(P, party(), columns, 1, None, ["a"]).included.any()
    assert judge(P, party(), columns, 1, Standing({"a": "given"}), None).excluded == {"consent: no reference": 1}
    assert judge(P, party("not-required"), columns, 1, None, None).included.all()


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        pytest.param("20000317", "2026-03-16", 25, id="the day before a birthday"),
        pytest.param("20000317", "2026-03-17", 26, id="the birthday"),
        pytest.param("20080229", "2026-02-28", 17, id="born on 29 February, a common year, the day before"),
        pytest.param("20080229", "2026-03-01", 18, id="born on 29 February, a common year, the day after"),
        pytest.param("20080229", "2028-02-29", 20, id="born on 29 February, a leap year"),
        pytest.param("20000300", "2026-03-30", 25, id="a day not known is the last of its month"),
        pytest.param("20000300", "2026-03-31", 26, id="on that last day"),
        pytest.param("20000400", "2026-04-30", 26, id="on the last day of a month of thirty"),
        pytest.param("20000000", "2026-12-30", 25, id="a month not known is December"),
        pytest.param("20000000", "2026-12-31", 26, id="on the last day of the year"),
    ],
)
def test_age(born: str, on: str, years: int) -> None:
    assert age(born, on) == years


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        pytest.param({"age_from": 18}, "20081001", True, id="18 on the reference date"),
        pytest.param({"age_from": 18}, "20081002", False, id="18 a day later"),
        pytest.param({"age_to": 29}, "19961002", True, id="30 a day later"),
        pytest.param({"age_to": 29}, "19961001", False, id="30 on the reference date"),
        pytest.param({"on_or_after": "2022-08-01"}, "20220801", True, id="on the first day"),
        pytest.param({"on_or_after": "2022-08-01"}, "20220731", False, id="before the first day"),
        pytest.param({"on_or_before": "reference-date"}, "20261001", True, id="on the reference date"),
        pytest.param({"on_or_before": "reference-date"}, "20261002", False, id="after the reference date"),
        pytest.param({"on_or_before": "reference-date"}, "20261000", False, id="perhaps after the reference date"),
        pytest.param({"on_or_before": "reference-date"}, "20260000", False, id="perhaps after it, month not known"),
        pytest.param({"on_or_before": "reference-date"}, "20260900", True, id="surely before, day not known"),
        pytest.param({"on_or_after": "2022-08-02"}, "20220800", False, id="perhaps before the first day"),
        pytest.param({"on_or_after": "2022-08-01"}, "20220800", True, id="surely not before, day not known"),
        pytest.param({"on_or_after": "2022-08-01"}, "20220000", False, id="perhaps before, month not known"),
        pytest.param({"on_or_after": "2022-01-01"}, "20220000", True, id="surely not before, month not known"),
        pytest.param({"one_of": ("x",)}, "x", True, id="one of"),
        pytest.param({"one_of": ("x",)}, "X", False, id="not one of"),
        pytest.param({"one_of": ("20000101",), "age_from": 0}, "20000102", False, id="all tests of a condition count"),
    ],
)
def test_conditions(test: dict[str, Any], value: str, expected: bool) -> None:
    assert passes(test, value) is expected


def test_what_an_empty_cell_means_is_the_protocols_to_say() -> None:
    assert passes({"age_from": 18}, None, "in")
    assert not passes({"age_from": 18}, None, "out")


def test_other_reasons_come_after_the_cohort_and_before_consent() -> None:
    columns = {name: [value] * 4 for name, value in GOOD.items()} | {"level": ["9", "4", "4", "4"]}
    failing = {"placeholder identity": np.array([1, 1, 0, 0], bool), "no basis": np.array([1, 1, 1, 0], bool)}
    found = judge(P, party(), columns, 4, Standing({"a": "withdrawn"}), ["a"] * 4, failing)
    assert list(found.excluded.items()) == [
        ("cohort: level", 1), ("placeholder identity", 1), ("no basis", 1), ("consent: withdrawn", 1),
    ]  # fmt: skip
    assert found.reasons.tolist() == [1, 2, 3, 4]


def test_who_is_too_old_is_told_apart_from_who_has_no_date() -> None:
    condition = Condition(field="birth-date", age_from=16, age_to=29, when_missing="out")
    rows = [{"birth-date": value} for value in ("19961001", "19961002", "20101002", None, "19960000")]
    found = judged(*rows, who=party("not-required", condition))
    assert dict(found.excluded) == {"cohort: over age": 1, "cohort: birth-date": 2}
    assert found.included.tolist() == [False, True, False, False, True], "never taken for older than certain"


STATES = st.sampled_from(["given", "refused", "withdrawn", "expired", "requested", "invalidated", "strange"])
ROW = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["1", "4", "9", None]),
        "diploma-date": st.sampled_from(["20230701", "20200101", "20230000", None]),
        "birth-date": st.sampled_from(["20000317", "19500101", None]),
        "ref": st.sampled_from(["a", "b", "", None]),
    }
)


@given(
    st.lists(ROW, max_size=12),
    st.dictionaries(st.sampled_from("ab"), STATES),
    st.sampled_from(["required", "not-required"]),
)
def test_included_and_excluded_add_up(rows: list[dict[str, Any]], standing: dict[str, str], consent: str) -> None:
    found = judged(*rows, standing=standing, who=party(consent))
    assert int(found.included.sum()) + sum(found.excluded.values()) == len(rows)
    assert all(found.excluded.values())
    for row, included in zip(rows, found.included.tolist(), strict=True):
        if consent == "required" and included:
            assert standing.get(row["ref"]) == "given"


def test_who_did_not_agree_to_be_handed_over_stays_and_consent_is_told_first() -> None:
    """Instemming never stands for consent, nor consent for it."""
    who = party().model_copy(update={"agreement": "required"})
    rows = [{"ref": ref} for ref in ("a", "b", "c", "d", None)]
    standing = {"a": "given", "b": "given", "c": "withdrawn", "d": "given"}
    found = judged(*rows, standing=standing, who=who, agreed={"a": "given", "b": "refused", "c": "given"})
    assert found.included.tolist() == [True, False, False, False, False]
    assert dict(found.excluded) == {"consent: withdrawn": 1, "consent: no reference": 1, NO_AGREEMENT: 2}
    free = who.model_copy(update={"consent": "not-required"})
    assert judged(*rows, who=free, agreed={"a": "given"}).excluded == {NO_AGREEMENT: 4}
    assert judged(*rows, standing=standing, who=party(), agreed={}).included.tolist() == [
        True,
        True,
        False,
        True,
        False,
    ]
    known = Standing(standing, {"a": "given"})
    assert [known.allows(who, ref) for ref in "abcdx"] == [True] + [False] * 4
    assert [known.allows(free, ref) for ref in "abx"] == [True, False, False]
