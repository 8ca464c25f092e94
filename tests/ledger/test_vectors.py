"""The vectors for other implementations: what they say is what the library does, and what the specification says."""

from __future__ import annotations

import hashlib
import io
import json
from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.books import MBO, UNIT, checked, entries
from linkage.crypto import card as cards
from linkage.ledger import export, tree, witness
from linkage.ledger.cross import crosscheck
from making import FOLDER, maker
from reference import merkle_root

VECTORS: dict[str, Any] = json.loads((FOLDER / "ledger.json").read_text("utf-8"))
LEDGER = "".join(VECTORS["ledger"]).encode()


def test_the_file_is_what_its_script_would_write() -> None:
    made = maker("make_ledger").text()
    assert (FOLDER / "ledger.json").read_text("utf-8") == made, "run python tests/vectors/make_ledger.py"


def test_the_ledger_holds_line_by_line_by_the_specification_alone() -> None:
    """Nothing of the library: JSON, SHA-256, Ed25519, and the words of docs/spec/ledger.md."""
    key = Ed25519PublicKey.from_public_bytes(b64decode(VECTORS["card"]["signing"]))
    key_id = hashlib.sha256(VECTORS["origin"].encode() + b"\n\x01" + key.public_bytes_raw()).digest()[:4]
    leaves: list[bytes] = []
    follows = ""
    for index, line in enumerate(VECTORS["ledger"]):
        value = json.loads(line)
        assert (value["entry"]["index"], value["entry"]["follows"]) == (index, follows)
        data = line[len('{"entry":') : -len(f',"signature":"{value["signature"]}"}}\n')]
        assert json.loads(data) == value["entry"]
        leaves.append(hashlib.sha256(b"\0" + data.encode()).digest())
        assert leaves[-1].hex() == VECTORS["leaves"][index]
        text = f"{VECTORS['origin']}\n{index + 1}\n{b64encode(merkle_root(leaves)).decode()}\n"
        signed = b64decode(value["signature"])
        key.verify(signed, text.encode())
        last = b64encode(key_id + signed).decode()
        assert VECTORS["checkpoints"][index] == f"{text}\n— {VECTORS['origin']} {last}\n"
        follows = value["signature"]


def test_the_library_says_the_same() -> None:
    assert cards.from_bytes(MBO.card.to_bytes(), where="") == MBO.card
    assert checked(LEDGER).findings == ()
    roots = [b64decode(note.split("\n")[2]) for note in VECTORS["checkpoints"]]
    leaves = [entry.leaf for entry in entries(LEDGER)]
    for case in VECTORS["inclusion"]:
        index, size, proof = case["index"], case["size"], [b64decode(part) for part in case["proof"]]
        assert tree.included(leaves[index], index, size, proof, roots[size - 1])
    for case in VECTORS["consistency"]:
        first, size, proof = case["first"], case["size"], [b64decode(part) for part in case["proof"]]
        assert tree.consistent(first, size, roots[first - 1], roots[size - 1], proof)
    assert len(VECTORS["inclusion"]) == len(VECTORS["consistency"]) == 28
    exported = export.check_ledger(io.BytesIO(VECTORS["exported"].encode()), where="x")
    proof_file = export.check_proof(VECTORS["proof"].encode(), where="p")
    theirs = checked(VECTORS["witness"].encode(), UNIT)
    assert exported.findings == proof_file.findings == theirs.findings == ()
    assert {finding.code for finding in crosscheck([exported, proof_file, theirs])} == {
        "L204"
    }  # number 2 is on its way


@pytest.mark.parametrize("case", VECTORS["headers"], ids=lambda case: case["story"])
def test_headers_are_taken_or_refused(case: dict[str, Any]) -> None:
    own = entries(VECTORS["witness"].encode())
    assert witness.judge(own, MBO.card, case["ledger"], where="x").why == case["refused"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["story"])
def test_ledgers_that_do_not_hold_are_refused(case: dict[str, Any]) -> None:
    assert [finding.code for finding in checked(case["ledger"].encode()).findings] == [case["finding"]]
