"""Checkpoints: C2SP signed notes, in one spelling, by one key."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.books import GEMEENTE, MBO, UNIT, shown, written
from linkage.crypto import signature
from linkage.errors import Untrusted
from linkage.ledger import checkpoint, tree

NOTE = shown(written({}, {}, {}), 3).note


def test_the_example_of_c2sp_signed_note() -> None:
    name, key_id, key = ["example.com/foo", "530d903a", "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"]
    kind_and_key = b64decode(key)
    line = b64decode("Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=")
    assert kind_and_key[:1] == signature.NOTE_KIND
    assert signature.note_key_id(name, kind_and_key[1:]).hex() == key_id == line[:4].hex()
    signature.verify_note(kind_and_key[1:], b"This is an example message.\n", line[4:], where="")
    with pytest.raises(Untrusted):
        signature.verify_note(kind_and_key[1:], b"This is an example message!\n", line[4:], where="")


def test_a_checkpoint_is_a_note_of_origin_size_and_root() -> None:
    made = shown(written({}, {}, {}), 3)
    text, _, last = NOTE.partition("\n\n")
    assert text.split("\n") == ["linkage/ledger/v1/mbo/BRIN:99ZZ", "3", signature.to_text(made.root)]
    dash, name, line = last.rstrip("\n").split(" ")
    assert (dash, name) == ("—", "linkage/ledger/v1/mbo/BRIN:99ZZ")
    raw = b64decode(line)
    assert raw[:4] == signature.note_key_id(name, MBO.card.signing)
    signature.verify_note(MBO.card.signing, text.encode() + b"\n", raw[4:], where="")
    assert checkpoint.parse(NOTE, where="") == made
    assert made.note == NOTE


def test_origins_hold_no_space_or_plus_whatever_the_number_of_the_organisation_is() -> None:
    odd = replace(MBO.card, number="KvK 12+34 é/%")
    name = checkpoint.origin(odd)
    assert name == "linkage/ledger/v1/mbo/KvK%2012%2B34%20%C3%A9%2F%25"
    note = checkpoint.of(odd, 1, bytes(32), bytes(64)).note
    assert checkpoint.parse(note, where="").origin == name


def test_a_note_and_a_typed_signature_never_pass_for_each_other() -> None:
    text = checkpoint.text(checkpoint.origin(MBO.card), 3, bytes(32))
    assert text.startswith(signature.NOTE_START)
    assert not signature.pae("any", text).startswith(signature.NOTE_START)
    for other in (signature.pae("any", b"thing"), b"DSSEv1 ", b"", b"example.com/log\n3\n"):
        with pytest.raises(ValueError, match="origin"):
            MBO.sign_note(other)
    typed = MBO.sign("any", b"thing")
    with pytest.raises(Untrusted):
        signature.verify_note(MBO.card.signing, signature.pae("any", b"thing"), typed, where="")


@pytest.mark.parametrize(
    "note",
    [
        "", None, 7, NOTE[:-1], NOTE + "\n", NOTE + NOTE.splitlines()[-1] + "\n", " " + NOTE,
        NOTE.replace("\n3\n", "\n03\n"), NOTE.replace("\n3\n", "\n\n"), NOTE.replace("\n3\n", "\n-3\n"),
        NOTE.replace("\n3\n", "\n3\nextension\n"), NOTE.replace("\n3\n", "\n100000000\n"),
        NOTE.replace("—", "-"), NOTE.replace("v1/mbo", "v1/unit", 1), NOTE.replace("/ledger/", "/log/"),
        NOTE.replace("=\n\n", "\n\n"), NOTE.replace("mbo", "m bo"), NOTE.replace("mbo", "m+bo"),
        NOTE.replace("\n", "\r\n"), NOTE.replace("\n3\n", "\n３\n"),
    ],
)  # fmt: skip
def test_a_note_of_another_form_is_refused(note: object) -> None:
    with pytest.raises(Untrusted):
        checkpoint.parse(note, where="x")


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_any_other_sign_anywhere_makes_another_note_or_none(at: int, sign: str) -> None:
    changed = NOTE[:at] + sign + NOTE[at + 1 :]
    try:
        read = checkpoint.parse(changed, where="")
        checkpoint.verify(read, MBO.card, where="")
    except Untrusted:
        return
    assert changed == NOTE


def test_another_ledger_another_key_and_another_text_are_told_apart() -> None:
    made = checkpoint.parse(NOTE, where="")
    checkpoint.verify(made, MBO.card, where="")
    with pytest.raises(Untrusted, match="another ledger"):
        checkpoint.verify(made, UNIT.card, where="")
    with pytest.raises(Untrusted, match="another key"):
        checkpoint.verify(made, replace(MBO.card, signing=GEMEENTE.card.signing), where="")
    for other in (replace(made, size=4), replace(made, root=bytes(32)), replace(made, signed=bytes(64))):
        with pytest.raises(Untrusted, match="does not hold"):
            checkpoint.verify(other, MBO.card, where="")


def test_only_one_size_with_two_roots_is_a_contradiction_by_itself() -> None:
    made = checkpoint.sign(MBO, 3, tree.EMPTY)
    assert made.contradicts(checkpoint.sign(MBO, 3, bytes(32)))
    assert not made.contradicts(made)
    assert not made.contradicts(checkpoint.sign(MBO, 4, bytes(32)))
