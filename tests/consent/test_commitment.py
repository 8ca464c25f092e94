"""A proof holds for one person, one outcome and one root, and tells nothing of the others."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.consent import commitment
from linkage.consent.commitment import INCLUDED, Run, Shown, holds
from linkage.ledger import tree

OUTCOMES = [INCLUDED, "consent: withdrawn", "cohort: level", INCLUDED, "no basis", INCLUDED, "consent: not asked"]
WHO = [f"s{number}" for number in range(len(OUTCOMES))]


def made() -> Run:
    return commitment.run(WHO, OUTCOMES)


def test_the_leaf_is_what_the_specification_says() -> None:
    run = Run(b"k" * 32, [("s1", INCLUDED)])
    salt = hmac.digest(b"k" * 32, (0).to_bytes(8, "big"), "sha256")
    body = json.dumps(["s1", INCLUDED], separators=(",", ":")).encode()
    assert run.root() == hashlib.sha256(b"\0" + salt + body).digest()


def test_every_person_is_shown_and_nobody_elses_reference_holds() -> None:
    run = made()
    root, size = run.root(), len(WHO)
    for who, outcome in zip(WHO, OUTCOMES, strict=True):
        (shown,) = run.show(who)
        assert shown.outcome == outcome
        assert holds(shown, who, root, size)
        for other in [*WHO, "", "s", who + " ", who.upper(), who + "0"]:
            assert holds(shown, other, root, size) == (other == who)
        for lie in {*OUTCOMES, "", "Included", "consent: given"} - {outcome}:
            assert not holds(replace(shown, outcome=lie), who, root, size)
        for wrong in (-1, 0, 1, 2 * size + 2):  # a size beside it may have the same way; the ledger says which it is
            assert not holds(shown, who, root, wrong)
        for index in set(range(-1, size + 1)) - {shown.index}:
            assert not holds(replace(shown, index=index), who, root, size)
        assert not holds(shown, who, made().root(), size), "another run has another root"
        assert not holds(replace(shown, salt=b""), who, root, size)
        assert not holds(replace(shown, salt=bytes(32)), who, root, size)
        assert not holds(replace(shown, siblings=shown.siblings[1:]), who, root, size)


def test_who_has_no_row_has_no_proof() -> None:
    assert made().show("s99") == []
    assert Run(b"k" * 32, []).root() == tree.EMPTY


def test_a_person_with_two_rows_is_shown_both() -> None:
    run = commitment.run(["a", "b", "a", None], [INCLUDED, INCLUDED, "no basis", "consent: no reference"])
    shown = run.show("a")
    assert [one.outcome for one in shown] == [INCLUDED, "no basis"]
    assert all(holds(one, "a", run.root(), 4) for one in shown)
    (nobody,) = run.show("")
    assert not holds(nobody, "", run.root(), 4), "an empty reference is nobody's"


def test_two_runs_over_the_same_rows_have_nothing_in_common() -> None:
    one, two = made(), made()
    assert one.root() != two.root()
    assert not set(one._leaves()) & set(two._leaves())
    assert not {shown.salt for who in WHO for shown in one.show(who)} & {s.salt for who in WHO for s in two.show(who)}


def test_a_proof_does_not_let_its_reader_try_the_others() -> None:
    """With the salt, the siblings and every reference and outcome there is, no other leaf is found."""
    run = made()
    (shown,) = run.show("s3")
    known = {tree.leaf_hash(shown.salt + json.dumps([who, outcome], separators=(",", ":")).encode())
             for who in WHO for outcome in OUTCOMES}  # fmt: skip
    others = set(run._leaves()) - {leaf for leaf, row in zip(run._leaves(), run.rows, strict=True) if row[0] == "s3"}
    assert not known & others
    assert not known & set(shown.siblings)


def test_places_in_the_tree_tell_nothing_of_places_in_the_file() -> None:
    many = commitment.run([str(n) for n in range(64)], [INCLUDED] * 64)
    places = [many.show(str(n))[0].index for n in range(64)]
    assert sorted(places) == list(range(64))
    assert places != list(range(64))


def test_nothing_secret_is_in_a_representation() -> None:
    run = made()
    assert run.key.hex() not in repr(run)
    assert "s3" not in repr(run)
    assert repr(run.show("s3")[0]) == f"Shown(outcome='included', index={run.show('s3')[0].index})"


@given(
    st.lists(st.tuples(st.text(max_size=3), st.sampled_from(OUTCOMES)), min_size=1, max_size=20),
    st.binary(min_size=32, max_size=32),
)
def test_each_row_of_any_run_can_be_shown(rows: list[tuple[str, str]], key: bytes) -> None:
    run = Run(key, rows)
    root = run.root()
    for who in {reference for reference, _ in rows} - {""}:
        shown = run.show(who)
        assert len(shown) == sum(reference == who for reference, _ in rows)
        assert all(holds(one, who, root, len(rows)) for one in shown)
        assert not any(holds(one, who + "x", root, len(rows)) for one in shown)


@pytest.mark.parametrize("shown", [Shown(INCLUDED, 0, bytes(32), (b"short",)), Shown(INCLUDED, 0, b"", ())])
def test_what_is_no_proof_does_not_hold(shown: Shown) -> None:
    assert not holds(shown, "a", bytes(32), 2)
