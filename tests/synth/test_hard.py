"""The registers that are hard to link: who is where, and errors at the rates that `linkage.synth.hard` states."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from linkage.encode.normalise import NORMALISERS
from linkage.errors import InputError
from linkage.synth import hard

ROWS = 20_000
COLUMNS = {
    "given-name": "given-name", "surname": "surname", "birth-date": "birth-date", "sex": "sex", "postcode": "postcode",
    "house-number": "house-number",
}  # fmt: skip
"""Column to the kind of field that it is."""


@pytest.fixture(scope="module")
def made() -> hard.Hard:
    return hard.hard(ROWS, seed=3)


@pytest.fixture(scope="module")
def pairs(made: hard.Hard) -> tuple[pa.Table, pa.Table]:
    """The rows of everybody who is on both sides, side by side."""
    both = np.intersect1d(made.left_person, made.right_person, return_indices=True)
    return made.left.take(pa.array(both[1])), made.right.take(pa.array(both[2]))


def near(found: float, rate: float, count: int) -> bool:
    """Whether a share lies within five standard errors of its rate."""
    return abs(found - rate) <= 5 * math.sqrt(rate * (1 - rate) / count) + 1 / count


def share(mask: pa.Array) -> float:
    """Share of true."""
    return float(pc.mean(mask.cast(pa.int8())).as_py())


def test_registers_have_the_stated_columns(made: hard.Hard) -> None:
    for table, person in ((made.left, made.left_person), (made.right, made.right_person)):
        assert table.column_names == list(COLUMNS)
        assert {str(field.type) for field in table.schema} == {"string"}
        assert all(column.null_count == 0 for column in table.columns)
        assert table.num_rows == len(person) == ROWS
        assert person.dtype == np.int64


@pytest.mark.parametrize("overlap", [0, 0.25, 0.333, 1])
@pytest.mark.parametrize("rows", [1, 999])
def test_the_overlap_is_exact_and_nobody_is_in_a_register_twice(rows: int, overlap: float) -> None:
    made = hard.hard(rows, overlap=overlap)
    left, right = set(made.left_person.tolist()), set(made.right_person.tolist())
    assert len(left) == len(right) == rows
    assert len(left & right) == round(rows * overlap)


def test_same_arguments_same_registers_and_another_seed_others() -> None:
    one, again, other = hard.hard(300, seed=5), hard.hard(300, seed=5), hard.hard(300, seed=6)
    assert one.left.equals(again.left)
    assert one.right.equals(again.right)
    assert (one.left_person == again.left_person).all()
    assert (one.right_person == again.right_person).all()
    assert not one.left.equals(other.left)
    assert not one.left.equals(one.right)


def test_the_order_of_rows_tells_nothing(made: hard.Hard) -> None:
    assert (made.left_person == made.right_person).mean() < 0.01
    known = np.isin(made.left_person, made.right_person)
    halves = [known[: ROWS // 2].mean(), known[ROWS // 2 :].mean()]
    assert all(near(half, 0.25, ROWS // 2) for half in halves)


@pytest.mark.parametrize("name", COLUMNS)
def test_cells_are_empty_at_the_stated_rate(made: hard.Hard, name: str) -> None:
    for table in (made.left, made.right):
        assert near(share(pc.equal(table[name], "")), hard.MISSING[name], ROWS)


def test_given_names_are_written_in_the_stated_styles(made: hard.Hard) -> None:
    filled = made.left["given-name"].filter(pc.not_equal(made.left["given-name"], ""))
    initials = share(pc.match_substring_regex(filled, r"^(\p{Lu}\p{Ll}?\.)+$"))
    assert near(initials, dict(hard.GIVEN_STYLES)["initials"], len(filled))
    assert sum(part for _, part in hard.GIVEN_STYLES) == pytest.approx(1)


def test_two_sides_differ_in_sex_at_the_stated_rate(pairs: tuple[pa.Table, pa.Table]) -> None:
    left, right = (side["sex"] for side in pairs)
    known = pc.and_(pc.is_in(left, pa.array(["M", "V"])), pc.is_in(right, pa.array(["M", "V"])))
    differ = pc.not_equal(left, right).filter(known)
    assert near(share(differ), 2 * hard.WRONG_SEX * (1 - hard.WRONG_SEX), len(differ))


def test_two_sides_share_an_address_when_nobody_moved_or_erred(pairs: tuple[pa.Table, pa.Table]) -> None:
    for name, error in (("postcode", hard.POSTCODE_ERROR), ("house-number", hard.WRONG_HOUSE)):
        left, right = (side[name] for side in pairs)
        same = pc.equal(left, right).filter(pc.and_(pc.not_equal(left, ""), pc.not_equal(right, "")))
        rate = ((1 - hard.MOVED) * (1 - error)) ** 2
        assert rate - 0.04 < share(same) < rate + 0.05, f"{name}: by chance two differ less, never more"


def test_birth_dates_are_swapped_shifted_and_unknown_at_the_stated_rates(pairs: tuple[pa.Table, pa.Table]) -> None:
    left, right = (side["birth-date"].to_pylist() for side in pairs)
    both = [(a, b) for a, b in zip(left, right, strict=True) if a and b]
    first = sum(date.endswith("0101") for pair in both for date in pair) / (2 * len(both))
    assert abs(first - hard.NO_DAY * 2 / 3 - 1 / 365) < 0.006
    no_month = sum(date.endswith("0000") for pair in both for date in pair) / (2 * len(both))
    assert hard.NO_DAY / 3 < no_month < hard.NO_DAY / 3 + 0.02, "newcomers have some more"
    can = [(a, b) for a, b in both if a[4:6] != a[6:] and "00" < a[6:] <= "12" and "0101" not in (a[4:], b[4:])]
    swapped = sum(a == b[:4] + b[6:] + b[4:6] for a, b in can) / len(can)
    assert abs(swapped - 2 * hard.SWAPPED) < 0.03
    years = sum(abs(int(a[:4]) - int(b[:4])) == 1 and a[4:] == b[4:] for a, b in both) / len(both)
    assert abs(years - hard.DATE_ERROR) < 0.012, "half of the errors on each side"


def test_people_share_what_families_share(made: hard.Hard) -> None:
    """Brothers and sisters: a surname and an address in common are no proof."""
    homes = list(zip(*(made.left[name].to_pylist() for name in ("surname", "postcode", "house-number")), strict=True))
    full = [home for home in homes if all(home)]
    assert len(full) - len(set(full)) > ROWS / 100


@pytest.mark.parametrize("name", COLUMNS)
def test_every_cell_is_one_that_a_custodian_could_encode(made: hard.Hard, name: str) -> None:
    for cell in pc.unique(made.left[name]).to_pylist():
        NORMALISERS[COLUMNS[name]](cell)  # raises BadValue otherwise


def test_a_wrong_postcode_is_still_a_postcode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hard, "POSTCODE_ERROR", 1.0)
    made = hard.hard(3_000)
    for cell in made.left["postcode"].to_pylist():
        NORMALISERS["postcode"](cell)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        pytest.param({"rows": 0}, "people", id="nobody"),
        pytest.param({"rows": 5_000_001}, "people", id="too many"),
        pytest.param({"rows": 9, "seed": -1}, "seed", id="a negative seed"),
        pytest.param({"rows": 9, "overlap": -0.1}, "overlap", id="less than nobody on both sides"),
        pytest.param({"rows": 9, "overlap": 1.1}, "overlap", id="more than all on both sides"),
        pytest.param({"rows": 9, "overlap": math.nan}, "overlap", id="no number"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, float], what: str) -> None:
    with pytest.raises(InputError) as caught:
        hard.hard(**arguments)  # type: ignore[arg-type]
    assert caught.value.where == what


def test_several_registers_of_one_population() -> None:
    """Every register has its share, nobody twice; errors are drawn for each by itself."""
    made = hard.several(2_000, presence=[0.5, 0.3, 1.0], seed=2)
    assert [len(person) for _, person in made] == [table.num_rows for table, _ in made] == [1_000, 600, 2_000]
    assert all(len(set(person.tolist())) == len(person) for _, person in made)
    shared = len(np.intersect1d(made[0][1], made[1][1]))
    assert near(shared / 600, 0.5, 600)
    first, last = made[0], made[2]
    _, i, j = np.intersect1d(first[1], last[1], return_indices=True)
    names = [table.column("surname").take(pa.array(at)) for (table, _), at in ((first, i), (last, j))]
    assert 0.6 < share(pc.equal(*names)) < 0.95
    again = hard.several(2_000, presence=[0.5, 0.3, 1.0], seed=2)
    assert all(one[0].equals(other[0]) for one, other in zip(made, again, strict=True))
    with pytest.raises(InputError, match="0 to 1"):
        hard.several(10, presence=[0.5, 1.1])
