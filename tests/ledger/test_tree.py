"""The tree: published cases, every one; a slow twin; and nothing but the right proof is taken."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from linkage.ledger import tree
from reference import merkle_root

COUNTS = {"inclusion": 98, "consistency": 98, "subtreeinclusion": 204, "subtreeconsistency": 118}
"""Files in transparency-dev/merkle, testdata, at the commit that ../shared/vectors/README.md names."""
EMPTY_SUBTREES = 6
"""Of the last: an empty subtree is a beginning of everything, which says nothing; linkage refuses it."""


def cases(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Every file of a kind, with its name."""
    folder = vectors.SHARED / "merkle" / kind
    if not folder.is_dir():
        pytest.skip(f"../shared/vectors is missing: {COUNTS[kind]} cases of Merkle {kind} NOT checked")
    return [
        (path.relative_to(folder).as_posix(), json.loads(path.read_text("utf-8"))) for path in folder.rglob("*.json")
    ]


def judged(kind: str, case: dict[str, Any]) -> bool:
    """What our functions say of a case."""
    root, proof = ("root", "root2")["root2" in case], [b64decode(part) for part in case["proof"] or []]
    if kind.endswith("inclusion"):
        return tree.included(
            b64decode(case["leafHash"]), case["leafIdx"], case.get("treeSize", case.get("end")), proof,
            b64decode(case[root]), start=case.get("start", 0),
        )  # fmt: skip
    first, size = (case["size1"], case["size2"]) if "size1" in case else (case["end"], case["size"])
    return tree.consistent(
        first, size, b64decode(case["root1"]), b64decode(case["root2"]), proof, start=case.get("start", 0)
    )


@pytest.mark.parametrize("kind", COUNTS)
def test_every_published_case_is_judged_as_it_should_be(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    for name, case in cases(kind):
        empty = not case["wantErr"] and case.get("start", -1) == case.get("end")
        assert judged(kind, case) == (not case["wantErr"] and not empty), name
        seen["refused on purpose" if empty else "refused" if case["wantErr"] else "accepted"] += 1
    with capsys.disabled():
        print(f"\n  Merkle {kind}: {dict(seen)}")
    assert seen.total() == COUNTS[kind]
    assert seen["refused on purpose"] == (EMPTY_SUBTREES if kind == "subtreeconsistency" else 0)
    assert min(seen["accepted"], seen["refused"]) > 5


def leaves(size: int, mark: bytes = b"") -> list[bytes]:
    """Hashes of leaves that are all different."""
    return [tree.leaf_hash(mark + number.to_bytes(4, "big")) for number in range(size)]


def test_roots_are_those_of_the_definition() -> None:
    every = leaves(70)
    sizes = tree.roots(every, [*range(71), 99])
    assert sizes == {size: merkle_root(every[:size]) for size in range(71)}
    for size in range(71):
        assert tree.root_of(every[:size]) == sizes[size]
        assert size == 0 or tree.levels(every[:size])[-1] == [sizes[size]]
    assert tree.roots(every, []) == {}
    assert list(tree.hashes(b"".join(every))) == every


def test_the_root_of_rfc_6962_of_nothing_and_of_one_empty_leaf() -> None:
    assert tree.EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.root_of([]) == tree.EMPTY
    assert tree.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_every_proof_of_small_trees_holds_and_no_other_index_or_size_does() -> None:
    every = leaves(20)
    for size in range(1, 21):
        levels, root = tree.levels(every[:size]), merkle_root(every[:size])
        for index in range(size):
            proof = tree.inclusion(levels, index)
            fits = [i for i in range(-1, size + 2) if tree.included(every[index], i, size, proof, root)]
            assert fits == [index]
        for first in range(1, size + 1):
            proof, earlier = tree.consistency(levels, first), merkle_root(every[:first])
            fits = [s for s in range(-1, size + 2) if tree.consistent(s, size, earlier, root, proof)]
            assert fits == [first]


@given(st.integers(1, 3000), st.data())
def test_proofs_of_any_tree_hold_and_break_with_any_change(size: int, data: st.DataObject) -> None:
    every = leaves(size)
    levels = tree.levels(every)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, earlier = tree.root_of(every), tree.root_of(every[:first])
    inclusion, consistency = tree.inclusion(levels, index), tree.consistency(levels, first)
    assert tree.included(every[index], index, size, inclusion, root)
    assert tree.consistent(first, size, earlier, root, consistency)
    assert len(consistency) <= 2 * size.bit_length()
    for changed in _changed(inclusion, data):
        assert not tree.included(every[index], index, size, changed, root)
    for changed in _changed(consistency, data):
        assert not tree.consistent(first, size, earlier, root, changed)


def _changed(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    other = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, b""]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        other += [proof[:at] + proof[at + 1 :], [*proof[:at], flipped, *proof[at + 1 :]], [*proof[:at], b"x"]]
    return other


@given(st.integers(1, 500), st.integers(1, 500), st.integers(0, 499))
def test_two_trees_that_part_have_no_proof(size: int, first: int, differ: int) -> None:
    first, differ = min(first, size), min(differ, first - 1, size - 1)
    if differ >= first:
        return
    every = leaves(size)
    forked = [*every[:differ], *leaves(first, b"other")[differ:first]]
    proof = tree.consistency(tree.levels(every), first)
    assert not tree.consistent(first, size, tree.root_of(forked), tree.root_of(every), proof)


@pytest.mark.parametrize("index", [-1, 5, 6])
def test_there_is_no_proof_of_what_is_not_there(index: int) -> None:
    levels = tree.levels(leaves(5))
    with pytest.raises(IndexError):
        tree.inclusion(levels, index)
    with pytest.raises(IndexError):
        tree.consistency(levels, index + (index == 5) if index > 0 else 0)


def test_a_leaf_does_not_pass_for_a_node() -> None:
    a, b = leaves(2)
    assert tree.leaf_hash(a + b) != tree.node_hash(a, b)
