"""What a release shows: never a small number, and nothing that is not a rounded figure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import protocols
import reference
from limits import figures, suppression, whom
from linkage import canonical
from linkage.disclosure import answer as answers
from linkage.disclosure.protect import BELOW, Figure
from linkage.disclosure.release import Expected, Release, from_bytes, refuse_other
from linkage.disclosure.rounding import least_and_most, rounded
from linkage.disclosure.scores import Bar
from linkage.errors import Refused, Untrusted
from linkage.links import Histogram, Judged
from linkage.protocol.load import loads
from linkage.protocol.outputs import Table
from linkage.tables import Encodings

SHIPPED = loads(protocols.SHIPPED.replace("    send: blinded\n", "    send: category\n").encode(), name="p.yml")
LEVELS, YEARS = (SHIPPED.field(name).values or () for name in ("level", "school-year"))


def output(minimum: int = 10, rounding: int = 5, by: Sequence[str] = ("level", "school-year")) -> Table:
    said = {"protection": suppression(minimum, rounding), "by": tuple(by), "smallest_cohort": 0, "pool": None}
    return SHIPPED.tables[0].model_copy(update=said)


def scores_of(one: Judged) -> Histogram:
    """So many links: four in ten just above the threshold of `JUDGED`, the rest up to .93."""
    low = one.links * 2 // 5
    return Histogram.of(np.concatenate([np.full(low, 0.55), np.linspace(0.6, 0.93, one.links - low)]))


def overlap(
    said: Table, encodings: Encodings, hits: NDArray[np.bool_], others: dict[str, tuple[int, int]],
    judged: Sequence[Judged] = (),
) -> Release:  # fmt: skip
    counted = whom(encodings, hits, names=np.zeros((len(encodings), 32), np.uint8))
    sizes = {"mbo": answers.Size(len(encodings), 0)} | {name: answers.Size(*one) for name, one in others.items()}
    return answers.answer(SHIPPED, said, counted, sizes, [(one, scores_of(one)) for one in judged])[0]


def counted(persons: Sequence[int], without: int = 0) -> Encodings:
    """So many persons in each cell of level by school year, then some without a category."""
    codes = list(itertools.product(range(len(LEVELS)), range(len(YEARS))))
    level = [a for (a, _), n in zip(codes, persons, strict=True) for _ in range(n)] + [-1] * without
    year = [b for (_, b), n in zip(codes, persons, strict=True) for _ in range(n)] + [-1] * without
    rows = len(level)
    categories = {"level": np.asarray(level, np.int16), "school-year": np.asarray(year, np.int16)}
    return Encodings(
        "mbo", SHIPPED.digest, np.zeros((rows, 16), np.uint8), {}, np.zeros((rows, 16), np.uint64), categories
    )


def linked(persons: Sequence[int], hits: Sequence[int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray([k < h for n, h in zip(persons, hits, strict=True) for k in range(n)], dtype=np.bool_)


JUDGED = Judged(
    1, ("mbo", "gemeente"), 0.5432, True, 100, 0.9871, 0.951, 0.996, 0.8749, 0.8, 0.93, "registers", "scores"
)


def released(
    persons: Sequence[int], hits: Sequence[int], said: Table | None = None, other: int = 5_000,
    judged: Sequence[Judged] = (),
) -> Release:  # fmt: skip
    return overlap(said or output(), counted(persons), linked(persons, hits), {"gemeente": (other, sum(hits))}, judged)


CELLS = st.integers(0, 12) | st.integers(0, 80)
CELL = CELLS.flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
TABLE = st.lists(CELL, min_size=12, max_size=12)
LIMITS = st.tuples(st.sampled_from([1, 3, 5, 10]), st.sampled_from([1, 3, 5, 10]))


@settings(max_examples=150, deadline=None)
@given(TABLE, LIMITS)
def test_what_always_holds_of_a_release(table: list[tuple[int, int]], limits: tuple[int, int]) -> None:
    persons, hits = [n for n, _ in table], [h for _, h in table]
    minimum, rounding = limits
    answer = released(persons, hits, output(*limits))
    left = [n - h for n, h in table]
    for cells, total, sides in (
        ([c.persons for c in answer.cells], answer.total.persons, (persons,)),
        ([c.part for c in answer.cells], answer.total.part, (hits, left)),
    ):
        for at, figure in enumerate(cells):
            if figure.value is not None:
                assert all(side[at] >= minimum for side in sides), "small, or leaves few out"
        if total.value is not None:
            assert all(sum(side) >= minimum for side in sides)
            hidden = [at for at, figure in enumerate(cells) if figure.value is None]
            assert len(hidden) != 1
            assert not hidden or all(sum(side[at] for at in hidden) >= minimum for side in sides)
        for figure in (*cells, total):
            assert (figure.status == "shown") == (figure.value is not None)
            assert figure.value is None or (figure.value % rounding == 0 and figure.value >= minimum)
    for cell in (*answer.cells, answer.total):
        assert cell.part.value is None or cell.persons.value is not None, "a part is hidden with its whole"
        assert (cell.part.value or 0) <= (cell.persons.value or 0)
    assert from_bytes(answer.to_bytes(), where="r") == answer


@settings(max_examples=100, deadline=None)
@given(st.lists(CELLS, min_size=6, max_size=6), LIMITS)
def test_a_shown_figure_is_the_exact_one_rounded(counts: list[int], limits: tuple[int, int]) -> None:
    minimum, rounding = limits
    for figure, exact in zip(figures(counts, None, suppression(*limits)), [*counts, sum(counts)], strict=True):
        if figure.value is not None:
            lowest = -(-minimum // rounding) * rounding
            assert abs(figure.value - exact) <= rounding / 2 or figure.value == lowest >= exact


@settings(max_examples=120, deadline=None)
@given(st.sampled_from([6, 12]).flatmap(lambda n: st.lists(CELL, min_size=n, max_size=n)), LIMITS)
def test_figures_are_those_of_the_reference(table: list[tuple[int, int]], limits: tuple[int, int]) -> None:
    persons, hits = [n for n, _ in table], [h for _, h in table]
    for counts, of in ((persons, None), (hits, persons)):
        found = [f.value for f in figures(counts, of, suppression(*limits))]
        assert found == reference.release(counts, of, *limits)


def test_cells_stand_in_the_protocols_order_with_their_names() -> None:
    answer = released(list(range(20, 32)), [10] * 12)
    names = [(c.categories["level"], c.categories["school-year"]) for c in answer.cells]
    assert names == list(itertools.product(LEVELS, YEARS))
    assert [c.persons.value for c in answer.cells] == [20, 20, 20, 25, 25, 25, 25, 25, 30, 30, 30, 30]
    assert [c.part.value for c in answer.cells] == [10] * 12
    assert answer.total.persons.value == 305
    assert (answer.protocol, answer.output) == (SHIPPED.digest, "on-benefits")
    assert (answer.protection["minimum"], answer.protection["rounding"]) == (10, 5)
    assert answer.parties == {"mbo": 305, "gemeente": 5000}


@pytest.mark.parametrize(
    ("story", "hits", "total"),
    [("nobody is linked", 0, None), ("everybody is linked", 40, None), ("half are linked", 20, 240)],
)
def test_none_and_all_are_statements_about_each_person(story: str, hits: int, total: int | None) -> None:
    answer = released([40] * 12, [hits] * 12)
    assert answer.total.part.value == total
    assert all((c.part.value is None) == (total is None) for c in answer.cells)
    assert all(c.persons.value == 40 for c in answer.cells)


@pytest.mark.parametrize(
    ("story", "counts", "expected"),
    [
        ("nothing small", [20, 30], [20, 30, 50]),
        ("one small cell takes the next along", [3, 20, 30], [None, None, 30, 55]),
        ("the next one, though a smaller one is elsewhere", [10, 3, 40], [10, None, None, 55]),
        ("round to the start", [20, 30, 3], [None, 30, None, 55]),
        ("two zeros tell each other", [0, 0, 20, 30], [None, None, None, 30, 50]),
        ("small ones that make up a sum in many ways", [5, 6, 7, 30], [None, None, None, 30, 50]),
        ("small ones that are nearly at their most", [9, 9, 30], [None, None, None, 50]),
        ("nothing left to hide but the total", [3, 12], [None, None, None]),
        ("a single cell", [20], [20, 20]),
        ("a single small cell", [3], [None, None]),
        ("nobody", [0, 0], [None, None, None]),
    ],
)
def test_what_is_hidden(story: str, counts: list[int], expected: list[int | None]) -> None:
    assert [f.value for f in figures(counts, None, suppression())] == expected


def test_rows_in_no_cell_cannot_be_counted_by_subtraction() -> None:
    """Beside a total of the cells, the number of all rows would tell how many have no category."""
    encodings = counted([20] * 12, without=3)
    answer = overlap(output(rounding=1), encodings, np.arange(len(encodings)) % 2 == 0, {"gemeente": (900, 240)})
    assert answer.parties["mbo"] == answer.total.persons.value == 240


def test_the_other_party_is_counted_only_where_most_of_it_is_not_linked() -> None:
    assert released([40] * 12, [20] * 12, other=250).parties["gemeente"] == 250
    assert released([40] * 12, [20] * 12, other=249).parties["gemeente"] is None, "nearly all of them are linked"
    assert released([40] * 12, [0] * 12, output(5), other=9).parties["gemeente"] == 10


def test_one_category_and_another_partys_encodings() -> None:
    known = {"gemeente": (900, 120)}
    answer = overlap(output(by=["level"]), counted([20] * 12), linked([20] * 12, [10] * 12), known)
    assert [c.persons.value for c in answer.cells] == [60] * 4


def changed(**change: Any) -> bytes:
    value = canonical.from_bytes(released([20] * 12, [10] * 12).to_bytes())
    return canonical.to_bytes({k: v for k, v in (value | change).items() if v != "gone"})


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(released([20] * 12, [10] * 12).to_bytes()[:-1], id="cut off"),
        pytest.param(released([20] * 12, [10] * 12).to_bytes() + b"\n", id="something after"),
        pytest.param(changed(release=2), id="another version"),
        pytest.param(changed(total="gone"), id="no total"),
        pytest.param(changed(extra=1), id="an extra key"),
        pytest.param(changed(cells=[{"categories": {}}]), id="a cell without figures"),
        pytest.param(changed(cells=7), id="cells that are none"),
        pytest.param(changed(protection="10"), id="limits in text"),
        pytest.param(changed(by="level"), id="fields in text"),
        pytest.param(changed(parties=[1]), id="parties without names"),
        pytest.param(
            changed(
                total={
                    "categories": {},
                    "part": {"status": "shown", "value": None},
                    "persons": {"status": "shown", "value": 5},
                }
            ),
            id="shown, but nothing",
        ),
        pytest.param(
            changed(
                total={
                    "categories": {},
                    "part": {"status": "hidden", "value": 3},
                    "persons": {"status": "shown", "value": 5},
                }
            ),
            id="hidden, but there",
        ),
        pytest.param(
            changed(
                total={
                    "categories": {},
                    "part": {"status": "shown", "value": "<b>"},
                    "persons": {"status": "shown", "value": 5},
                }
            ),
            id="text for a figure",
        ),
    ],
)
def test_what_is_no_release_is_refused(data: bytes) -> None:
    with pytest.raises(Untrusted):
        from_bytes(data, where="r")


def good(**change: Any) -> Release:
    return released([20] * 12, [10] * 12, judged=[replace(JUDGED, **change)])


def test_what_is_expected_is_told_in_hundredths() -> None:
    answer = good()
    (one,) = answer.expected
    assert (one.stage, one.threshold, one.chosen) == (1, 0.5432, True)
    assert (one.right, one.found) == ((0.99, 0.95, 1.0), (0.87, 0.8, 0.93))
    assert (one.strangers, one.same) == ("registers", "scores")
    assert from_bytes(answer.to_bytes(), where="r") == answer
    refuse_other(answer, SHIPPED, where="r")


def test_scores_are_told_in_bars_of_many_links() -> None:
    (one,) = good().expected
    assert (one.scores[0], one.scores[-1].high) == (Bar(54, 56, 40), 100)
    assert len(one.scores) > 3


def test_scores_are_not_told_of_fewer_links_than_were_judged() -> None:
    """Between more than two custodians the links of a group are a tree."""
    few = scores_of(replace(JUDGED, links=99))
    whole = whom(counted([20] * 12), linked([20] * 12, [10] * 12), names=np.zeros((240, 32), np.uint8))
    sizes = {"mbo": answers.Size(240, 0), "gemeente": answers.Size(5_000, 120)}
    answer, _ = answers.answer(SHIPPED, output(), whole, sizes, [(JUDGED, few)])
    assert answer.expected[0].scores == ()


@pytest.mark.parametrize(
    ("links", "minimum", "shown"), [(100, 10, True), (99, 10, False), (50, 5, True), (49, 5, False)]
)
def test_what_is_expected_is_told_of_stages_with_ten_times_the_minimum_of_links(
    links: int, minimum: int, shown: bool
) -> None:
    answer = released([20] * 12, [10] * 12, output(minimum), judged=[replace(JUDGED, links=links)])
    assert len(answer.expected) == shown
    answer = replace(answer, expected=tuple(replace(one, scores=()) for one in answer.expected))
    assert str(links).encode() not in answer.to_bytes().partition(b'"expected"')[2].partition(b'"margins"')[0]


CHANGED = canonical.from_bytes(good().to_bytes())["expected"][0]


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param([CHANGED | {"right": [0.9, 0.8]}], id="no upper end"),
        pytest.param([CHANGED | {"right": [0.9, 0.8, 0.95, 1]}], id="four shares"),
        pytest.param([CHANGED | {"found": [0.9, "0.8", 0.95]}], id="a share in text"),
        pytest.param([CHANGED | {"strangers": "guesses"}], id="strangers of another source"),
        pytest.param([CHANGED | {"same": "registers"}], id="one person by another source"),
        pytest.param([CHANGED | {"stage": "1"}], id="a stage in text"),
        pytest.param([CHANGED | {"chosen": 1}], id="chosen, in numbers"),
        pytest.param([CHANGED | {"links": 12}], id="a count beside"),
        pytest.param([{k: v for k, v in CHANGED.items() if k != "threshold"}], id="no threshold"),
        pytest.param(
            [CHANGED | {"scores": [{"low": 54, "high": 100, "share": 100.5}]}], id="a share that is not whole"
        ),
        pytest.param([CHANGED | {"scores": [{"low": 54, "high": 100, "share": 100, "links": 9}]}], id="links of a bar"),
        pytest.param(CHANGED, id="no list"),
        pytest.param("gone", id="nothing at all"),
    ],
)
def test_what_is_expected_is_read_strictly(expected: Any) -> None:
    assert from_bytes(changed(expected=[CHANGED]), where="r").expected == good().expected
    with pytest.raises(Untrusted):
        from_bytes(changed(expected=expected), where="r")


ONE = good().expected[0]


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param([replace(ONE, right=(0.9, 0.8, 1.01))], id="more than all are right"),
        pytest.param([replace(ONE, right=(0.5, -0.01, 1.0))], id="less than none are right"),
        pytest.param([replace(ONE, right=(0.9, 0.95, 1.0))], id="a low end above the middle"),
        pytest.param([replace(ONE, right=(0.9, 0.8, 0.85))], id="a high end below the middle"),
        pytest.param([replace(ONE, found=(0.9, 1.0, 0.8))], id="ends exchanged"),
        pytest.param([replace(ONE, found=(1.2, 1.1, 1.3))], id="more than all are found"),
        pytest.param([replace(ONE, stage=0)], id="of an exact stage"),
        pytest.param([replace(ONE, stage=2)], id="of a stage that is not there"),
        pytest.param([replace(ONE, stage=-1)], id="of a stage before the first"),
        pytest.param([ONE, ONE], id="of one stage twice"),
        pytest.param([replace(ONE, chosen=False)], id="not chosen, where the unit was to choose"),
        pytest.param([replace(ONE, threshold=0.0)], id="a threshold of zero"),
        pytest.param([replace(ONE, threshold=1.5)], id="a threshold above one"),
        pytest.param([replace(ONE, scores=ONE.scores[1:])], id="scores that do not begin at the threshold"),
    ],
)
def test_what_cannot_be_expected_is_refused(expected: list[Expected]) -> None:
    with pytest.raises(Untrusted, match="shares that cannot be"):
        refuse_other(replace(good(), expected=tuple(expected)), SHIPPED, where="r")


def test_a_fixed_threshold_is_the_one_that_was_agreed() -> None:
    agreed = loads(protocols.CLK.replace("    send: blinded\n", "    send: category\n").encode(), name="p.yml")
    fixed = replace(ONE, chosen=False, threshold=0.8, scores=())
    refuse_other(replace(good(), expected=(fixed,)), agreed, where="r")
    for other in (replace(fixed, threshold=0.79), replace(fixed, chosen=True), replace(ONE, scores=(), threshold=0.8)):
        with pytest.raises(Untrusted, match="shares that cannot be"):
            refuse_other(replace(good(), expected=(other,)), agreed, where="r")


def test_a_release_says_hidden_and_not_why() -> None:
    """Small, or hidden to protect a small one: the difference would tell something."""
    said = released([3, 20, *[40] * 10], [0] * 12).to_bytes()
    assert b"small" not in said
    assert Figure(None, "hidden") in figures([3, 20, 40], None, suppression())


@pytest.mark.parametrize("minimum", [1, 5, 10])
@pytest.mark.parametrize("base", [1, 3, 5, 7])
def test_what_a_rounded_figure_says_is_the_inverse_of_rounding(minimum: int, base: int) -> None:
    for count in range(minimum, 100):
        figure = rounded(count, minimum, base)
        least, most = least_and_most(figure, minimum, base)
        assert {c for c in range(minimum, 200) if rounded(c, minimum, base) == figure} == set(range(least, most + 1))
    assert rounded(0, minimum, base) == 0
    assert least_and_most(0, minimum, base) == (0, 0)


def shipped_answer(persons: Sequence[int], hits: Sequence[int]) -> Release:
    """With the pool and the smallest cohort of the shipped protocol."""
    return released(persons, hits, SHIPPED.tables[0])


def test_fifty_persons_of_whom_four_are_linked_are_told_as_a_true_sentence() -> None:
    answer = shipped_answer([4, 4, 4, 5, 4, 4, 4, 4, 4, 5, 4, 4], [1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0])
    assert (answer.by, answer.cells, answer.margins) == ((), (), ())
    assert (answer.total.persons.value, answer.total.part) == (50, BELOW)
    refuse_other(answer, SHIPPED, where="r")
    assert from_bytes(answer.to_bytes(), where="r") == answer


def test_years_are_pooled_where_single_cells_are_small() -> None:
    answer = shipped_answer([30] * 12, [6] * 12)
    assert answer.by == ("level",)
    assert [cell.part.value for cell in answer.cells] == [20, 20, 20, 20]
    assert answer.total.part.value == 70
    refuse_other(answer, SHIPPED, where="r")


def test_nearly_all_is_not_told_as_few() -> None:
    answer = shipped_answer([5] * 12, [5] * 11 + [1])
    assert answer.total.part == Figure(None, "hidden")


@pytest.mark.parametrize(
    ("rows", "other", "said"), [(29, 5_000, "fewer persons in the table than the 30"), (40, 9, "fewer than 10 rows")]
)
def test_a_question_about_a_handful_is_refused(rows: int, other: int, said: str) -> None:
    with pytest.raises(Refused, match=said):
        released([rows] + [0] * 11, [0] * 12, SHIPPED.tables[0], other=other)


def test_a_single_person_is_never_counted() -> None:
    with pytest.raises(Refused):
        released([1] + [0] * 11, [1] + [0] * 11, SHIPPED.tables[0])


def test_what_a_release_may_not_say_is_refused() -> None:
    good_one = shipped_answer([30] * 12, [12] * 12)
    refuse_other(good_one, SHIPPED, where="r")
    first, *rest = good_one.cells
    for wrong in (
        replace(good_one, by=("school-year",)),
        replace(good_one, by=()),
        replace(good_one, cells=(replace(first, part=BELOW), *rest)),
        replace(good_one, cells=(replace(first, part=Figure(0, "shown")), *rest)),
        replace(good_one, cells=(replace(first, part=Figure(35, "shown")), *rest)),
        replace(good_one, cells=(replace(first, persons=Figure(None, "hidden")), *rest)),
        replace(good_one, total=replace(good_one.total, persons=BELOW)),
        replace(good_one, margins=(first,)),
        replace(good_one, protection={**good_one.protection, "minimum": 5}),
        replace(good_one, protection={**good_one.protection, "method": "cell-key"}),
    ):
        with pytest.raises(Untrusted, match="other limits or another table"):
            refuse_other(wrong, SHIPPED, where="r")
