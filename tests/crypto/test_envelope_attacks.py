"""Packages in hostile hands: no flipped bit, cut, swap or new signature opens as anything but the original."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from crypto.parcels import CHUNK, LABEL, NOTE, OTHER, READER, SENDER, header_of, joined, opened, outcome, parts, sealed
from linkage.crypto import envelope
from linkage.crypto.header import Label
from linkage.errors import Refused, Untrusted

BODY = bytes(range(256)) * 400  # six full chunks and a part


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "encodings.package"


def flipped(data: bytes, i: int, bit: int = 0) -> bytes:
    return data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1 :]


def borders(data: bytes) -> list[int]:
    """Offsets at which a chunk of the sealed body begins, and where the body ends."""
    start = len(data) - 64 - len(parts(data)[1])
    return [start, start + 24, *range(start + 56, len(data) - 64, CHUNK + 16), len(data) - 64]


def test_every_flipped_bit_of_a_small_package_is_refused(path: Path) -> None:
    data = sealed(path, b"tiny", label=Label("e", LABEL.protocol, 1, LABEL.ledger, {}))
    reader = {"protocol": LABEL.protocol, "type_": "e"}
    assert outcome(data, **reader) == opened(path, **reader) == b"tiny"
    places = [(i, bit) for i in range(len(data)) for bit in range(8)]
    assert [place for place in places if outcome(flipped(data, *place), **reader) is not None] == []


def test_a_flipped_bit_around_every_border_of_a_large_package_is_refused(path: Path) -> None:
    data = sealed(path, BODY)
    assert outcome(data) == BODY
    places = {place + step for place in borders(data) for step in (-17, -16, -1, 0, 1)} | {
        0,
        18,
        19,
        22,
        23,
        len(data) - 1,
    }
    assert len(places) > 40
    assert [place for place in places if outcome(flipped(data, place)) is not None] == []


def test_a_package_cut_anywhere_is_refused(path: Path) -> None:
    data = sealed(path, b"tiny")
    assert [i for i in range(len(data)) if outcome(data[:i]) is not None] == []


def test_a_large_package_cut_at_a_border_is_refused(path: Path) -> None:
    data = sealed(path, BODY)
    for place in borders(data):
        assert outcome(data[:place]) is None
        assert (outcome(data[:place] + data[-64:]) is None) == (place < len(data) - 64)  # the end is put back


@pytest.mark.parametrize("more", [b"\0", b"\n", b"x" * 64, b"linkage-package v1\n"])
def test_a_package_with_more_behind_it_or_before_it_is_refused(path: Path, more: bytes) -> None:
    data = sealed(path, b"the body")
    assert outcome(data + more) is None
    assert outcome(more + data) is None
    assert outcome(data[:-64] + more + data[-64:]) is None


def test_two_packages_glued_together_are_refused(path: Path) -> None:
    data = sealed(path, b"the body")
    assert outcome(data + data) is None


def test_an_empty_header_and_a_giant_one_are_refused(path: Path) -> None:
    data = sealed(path, b"the body")
    magic = len(envelope.MAGIC)
    for length in (b"\0\0\0\0", b"\0\1\0\1", b"\xff\xff\xff\xff"):
        path.write_bytes(data[:magic] + length + data[magic + 4 :])
        with pytest.raises(Untrusted, match="header length out of range"):
            envelope.read(path)


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 0, 1), (1, 2), (0, 2), (0, 1, 2, 2)], ids=str)
def test_chunks_moved_repeated_or_removed_do_not_open_even_when_the_sender_signs_them(
    path: Path, order: list[int]
) -> None:
    header, body, _ = parts(sealed(path, BODY[: 2 * CHUNK + 100]))
    chunks = [body[56 : 56 + CHUNK + 16], body[56 + CHUNK + 16 : 56 + 2 * CHUNK + 32], body[56 + 2 * CHUNK + 32 :]]
    assert outcome(joined(header, body[:56] + b"".join(chunks), SENDER)) == BODY[: 2 * CHUNK + 100]
    assert outcome(joined(header, body[:56] + b"".join(chunks[i] for i in order), SENDER)) is None


def test_a_damaged_body_does_not_open_even_when_the_sender_signs_it(path: Path) -> None:
    header, body, _ = parts(sealed(path, b"the body"))
    for i in range(len(body)):
        path.write_bytes(joined(header, flipped(body, i), SENDER))
        with pytest.raises(Untrusted, match="the seal does not hold"):
            opened(path)


def test_a_body_under_the_header_of_another_package_does_not_open_even_when_the_sender_signs_it(path: Path) -> None:
    one = parts(sealed(path, b"the body of one"))
    two = parts(sealed(path, b"the body of two", label=replace(LABEL, sequence=2)))
    assert outcome(joined(two[0], two[1], SENDER)) == b"the body of two"
    assert outcome(joined(one[0], two[1], SENDER)) is None
    assert outcome(joined(two[0], one[1], SENDER)) is None
    assert outcome(joined(one[0], two[1], SENDER)[:-64] + two[2]) is None


CHANGES = {
    "type": "release",
    "protocol": "sha256:" + "00" * 32,
    "sequence": 2,
    "ledger": {"checkpoint": NOTE.format(4), "proofs": {}},
    "content": {"rows": 49},
}


@pytest.mark.parametrize("key", CHANGES)
def test_a_label_changed_afterwards_does_not_open_even_when_the_sender_signs_it(path: Path, key: str) -> None:
    body = parts(sealed(path, b"the body"))[1]
    header = replace(header_of(path), **{key: CHANGES[key]})
    path.write_bytes(joined(header.to_bytes(), body, SENDER))
    with pytest.raises(Untrusted, match="the seal does not hold"):
        opened(path, protocol=header.protocol, type_=header.type)


def test_a_package_signed_again_by_another_is_not_theirs(path: Path) -> None:
    """Who strips a signature and signs as himself cannot pass off the body as his own."""
    header, body, _ = parts(sealed(path, b"the body"))
    stolen = replace(header_of(path), sender="gemeente", sender_card=OTHER.card.fingerprint)
    path.write_bytes(joined(header, body, OTHER))  # the sender's header, the thief's signature
    for sender in (SENDER, OTHER):
        with pytest.raises(Untrusted):
            opened(path, sender=sender)
    path.write_bytes(joined(stolen.to_bytes(), body, OTHER))  # the thief's header and signature
    envelope.verify(envelope.read(path), OTHER.card)
    with pytest.raises(Untrusted, match="the seal does not hold"):
        opened(path, sender=OTHER)


def test_a_reader_cannot_pass_a_body_on_under_his_own_name(path: Path) -> None:
    """A reader knows the content key, so he can wrap it again; the body is bound to the first header."""
    body = parts(sealed(path, b"the body", OTHER))[1]
    header = header_of(path)
    info = envelope._info(header, SENDER.card.fingerprint, OTHER.card.fingerprint)
    content_key = envelope._SUITE.decrypt(header.recipients[0][2], OTHER.sealing, info)
    info = envelope._info(header, OTHER.card.fingerprint, READER.card.fingerprint)
    wrapped = envelope._SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(READER.card.sealing), info)
    mine = replace(
        header, sender="gemeente", sender_card=OTHER.card.fingerprint,
        recipients=(("unit", READER.card.fingerprint, wrapped),),
    )  # fmt: skip
    path.write_bytes(joined(mine.to_bytes(), body, OTHER))
    envelope.verify(envelope.read(path), OTHER.card)
    with pytest.raises(Untrusted, match="the seal does not hold"):
        opened(path, sender=OTHER)


def test_a_reader_struck_out_or_added_afterwards_breaks_the_signature(path: Path) -> None:
    _, body, signed = parts(sealed(path, b"the body", READER, OTHER))
    header = header_of(path)
    for recipients in (header.recipients[:1], header.recipients[::-1], header.recipients * 2, ()):
        head = replace(header, recipients=recipients).to_bytes()
        assert outcome(joined(head, body, SENDER)[:-64] + signed) is None


def test_a_package_sealed_to_nobody_says_so(path: Path) -> None:
    envelope.seal(path, [b"x"], SENDER, [], LABEL)
    with pytest.raises(Refused, match="but to nobody"):
        opened(path)


def test_a_file_that_changes_while_it_is_read_gives_no_false_byte(path: Path) -> None:
    body = bytes(3 << 20)
    data = sealed(path, body)
    pieces = envelope.open_body(envelope.read(path), READER, SENDER.card, protocol=LABEL.protocol, type_=LABEL.type)
    first = next(pieces)
    assert body.startswith(first)
    path.write_bytes(flipped(data, len(data) - 300))
    with pytest.raises(Untrusted):
        list(pieces)
    path.write_bytes(data)
    pieces = envelope.open_body(envelope.read(path), READER, SENDER.card, protocol=LABEL.protocol, type_=LABEL.type)
    next(pieces)
    path.write_bytes(data[: 2 << 20])
    with pytest.raises(Untrusted, match=r"encodings\.package"):
        list(pieces)


def test_an_error_names_the_file_and_shows_no_key(path: Path) -> None:
    data = sealed(path, b"the body")
    path.write_bytes(flipped(data, len(data) - 70))
    with pytest.raises(Untrusted) as caught:
        opened(path)
    assert caught.value.where == path.name
    assert caught.value.__cause__ is None
    assert str(path.parent) not in str(caught.value)
