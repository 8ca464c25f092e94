"""Packages: what is sealed is opened by its readers, under its protocol, and by nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crypto.parcels import (
    CHUNK,
    HASH,
    LABEL,
    NOTE,
    OTHER,
    PROTOCOL,
    READER,
    SENDER,
    TYPE,
    header_of,
    opened,
    parts,
    sealed,
)
from linkage.crypto import envelope, signature
from linkage.errors import InputError, LinkageError, Refused, Untrusted

BSN = "999990019"
SHARED_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "encodings.package"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 << 20])
def test_what_is_sealed_is_opened(path: Path, size: int) -> None:
    body = os.urandom(size)
    data = sealed(path, body)
    assert opened(path) == body
    assert len(parts(data)[1]) == 24 + 32 + size + 16 * (size // CHUNK + 1)  # C2SP chunked-encryption


@pytest.mark.parametrize("size", [1, 7, 1000, CHUNK - 1, CHUNK + 1])
def test_pieces_of_any_size_are_one_body(path: Path, size: int) -> None:
    body = os.urandom(50_000 if size > 1 else 2000)
    sealed(path, (body[i : i + size] for i in range(0, len(body), size)))
    assert opened(path) == body
    sealed(path, [b"", body[:10], b"", b"", body[10:], b""])
    assert opened(path) == body


def test_the_header_says_in_clear_what_the_sender_said(path: Path) -> None:
    sealed(path, b"x", READER, OTHER)
    header = header_of(path)
    assert (header.type, header.protocol, header.sequence) == (TYPE, PROTOCOL, 1)
    assert (header.ledger, header.content) == (LABEL.ledger, LABEL.content)
    assert (header.sender, header.sender_card) == ("mbo", SENDER.card.fingerprint)
    assert [(party, card) for party, card, _ in header.recipients] == [
        ("unit", READER.card.fingerprint),
        ("gemeente", OTHER.card.fingerprint),
    ]


def test_every_reader_opens_it_and_nobody_else(path: Path) -> None:
    sealed(path, b"the body", READER, OTHER)
    assert [opened(path, reader) for reader in (READER, OTHER)] == [b"the body"] * 2
    with pytest.raises(Refused, match=r"not sealed to mbo \(this card\) but to unit, gemeente"):
        opened(path, SENDER)


def test_a_reader_with_the_same_name_and_another_card_does_not_open_it(path: Path) -> None:
    from crypto.parcels import TODAY
    from linkage.crypto import identity

    sealed(path, b"the body")
    namesake = identity.create("unit", "Koppeleenheid", "KvK:99999999", today=TODAY)
    with pytest.raises(Refused, match="not sealed to unit"):
        opened(path, namesake)
    thief = replace(namesake, card=READER.card)  # shows the right card, has another key
    with pytest.raises(Untrusted, match="the seal does not hold"):
        opened(path, thief)


def test_another_protocol_is_refused_before_anything_is_opened(path: Path) -> None:
    sealed(path, b"the body")
    with pytest.raises(Refused, match=r"another protocol: expected sha256:eeee.*got sha256:abab"):
        opened(path, protocol="sha256:" + "ee" * 32)


def test_another_type_is_refused(path: Path) -> None:
    sealed(path, b"the body")
    with pytest.raises(Refused, match="expected a package of type release, got encodings"):
        opened(path, type_="release")


def test_another_sender_is_refused(path: Path) -> None:
    sealed(path, b"the body")
    with pytest.raises(Untrusted, match="signed with another card"):
        opened(path, sender=OTHER)
    with pytest.raises(Untrusted, match="signed with another card"):
        envelope.verify(envelope.read(path), OTHER.card)
    # a card that shows another party and the sender's key
    with pytest.raises(Untrusted, match="signed with another card"):
        envelope.verify(envelope.read(path), replace(SENDER.card, party="gemeente"))


def test_two_seals_of_the_same_body_share_nothing(path: Path) -> None:
    body = bytes(64) * 100
    one, two = (parts(sealed(path, body))[1] for _ in range(2))
    blocks = [{data[i : i + 16] for i in range(0, len(data), 16)} for data in (one, two)]
    assert blocks[0] & blocks[1] == set()
    assert len(blocks[0]) == -(-len(one) // 16)  # equal blocks of the body are not equal when sealed
    same = sum(a == b for a, b in zip(one, two, strict=True))
    assert same < len(one) * 0.02


def test_nothing_of_the_body_stands_in_the_file(path: Path) -> None:
    word = b"Xylofoonstra"
    data = sealed(path, word * 5000)
    assert not any(word[i : i + 6] in data for i in range(len(word) - 5))


def test_the_content_key_is_new_and_wrapped_for_each_reader(path: Path) -> None:
    sealed(path, b"x", READER, OTHER)
    first = [key for _, _, key in header_of(path).recipients]
    sealed(path, b"x", READER, OTHER)
    assert len({*first, *(key for _, _, key in header_of(path).recipients)}) == 4
    assert {len(key) for key in first} == {80}


def test_is_package() -> None:
    assert envelope.is_package(envelope.MAGIC + b"anything")
    assert not any(map(envelope.is_package, [b"", b"PK\x03\x04", envelope.MAGIC[:-1], b"linkage-package v2\n"]))


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), RuntimeError("the encoder failed")])
def test_a_body_that_fails_half_way_leaves_no_file(path: Path, fault: Exception) -> None:
    def body() -> object:
        yield b"x" * 100_000
        raise fault

    with pytest.raises((InputError, RuntimeError)):
        envelope.seal(path, body(), SENDER, [READER.card], LABEL)  # type: ignore[arg-type]
    assert os.listdir(path.parent) == []


@pytest.mark.skipif(os.name != "posix", reason="limits are of POSIX")
def test_a_disk_that_fills_up_while_sealing_leaves_no_file(path: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from crypto.parcels import sealed
from linkage.errors import InputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    sealed(Path({str(path)!r}), b"x" * 100_000)
except InputError as error:
    print("refused")
"""
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tests, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("refused\n", "")
    assert os.listdir(path.parent) == []


def test_a_header_that_grows_too_large_is_not_written(path: Path) -> None:
    with pytest.raises(InputError, match="header larger than 65536 bytes"):
        sealed(path, b"x", label=replace(LABEL, content={"note": "x" * 65_536}))
    assert os.listdir(path.parent) == []


def test_a_card_whose_key_fits_no_lock_is_refused(path: Path) -> None:
    with pytest.raises(LinkageError, match="unit"):
        envelope.seal(path, [b"x"], SENDER, [replace(READER.card, sealing=bytes(32))], LABEL)
    assert os.listdir(path.parent) == []


def test_a_file_that_is_gone_or_a_folder_is_bad_input(path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        envelope.read(path)
    with pytest.raises(InputError, match="cannot read"):
        envelope.read(path.parent)
    sealed(path, b"x")
    package = envelope.read(path)
    path.unlink()
    with pytest.raises(InputError, match="cannot read"):
        envelope.verify(package, SENDER.card)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"ledger": {}}, id="nothing of the ledger"),
        pytest.param({"ledger": {"checkpoint": NOTE.format(3)}}, id="no proofs"),
        pytest.param({"ledger": {"checkpoint": 3, "proofs": {}}}, id="a number for a checkpoint"),
        pytest.param({"ledger": {"checkpoint": "999990019", "proofs": {}}}, id="a checkpoint that is none"),
        pytest.param({"ledger": {"checkpoint": NOTE.format(0), "proofs": {}}}, id="an empty ledger"),
        pytest.param(
            {"ledger": {"checkpoint": NOTE.format(999990019), "proofs": {}}}, id="a size that reads as a person number"
        ),
        pytest.param({"ledger": {"checkpoint": NOTE.format(3), "proofs": [HASH]}}, id="proofs of no size"),
        pytest.param({"ledger": {"checkpoint": NOTE.format(3), "proofs": {"02": []}}}, id="another spelling of a size"),
        pytest.param({"ledger": {"checkpoint": NOTE.format(3), "proofs": {"2": HASH}}}, id="no list of hashes"),
        pytest.param({"ledger": {"checkpoint": NOTE.format(3), "proofs": {"2": [BSN]}}}, id="a hash that is none"),
        pytest.param({"ledger": {"checkpoint": NOTE.format(3), "proofs": {"2": [HASH] * 65}}}, id="a proof too long"),
        pytest.param(
            {"ledger": {"checkpoint": NOTE.format(3), "proofs": {str(n): [] for n in range(1, 66)}}}, id="many proofs"
        ),
        pytest.param({"ledger": {"checkpoint": NOTE.format(3), "proofs": {}, "note": BSN}}, id="something else"),
        pytest.param({"sequence": 999990019}, id="a sequence that reads as a person number"),
        pytest.param({"sequence": 0}, id="a sequence that begins at nought"),
        pytest.param({"sequence": True}, id="a sequence that is true"),
    ],
)
def test_what_a_receiver_could_not_write_in_his_ledger_is_refused_on_reading(
    path: Path, changes: dict[str, object]
) -> None:
    sealed(path, b"x", label=replace(LABEL, **changes))
    with pytest.raises(Untrusted, match="malformed header"):
        envelope.read(path)


def survives(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        package = envelope.read(path)
    except LinkageError:
        return
    assert package.header.to_bytes() == package.header_bytes
    with pytest.raises(LinkageError):
        envelope.verify(package, SENDER.card)


JSON = st.recursive(
    st.none() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@SHARED_FOLDER
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", envelope.MAGIC, envelope.MAGIC + b"\0\0\0\2{}", envelope.MAGIC + b"\0\0\0\4null"]),
)
def test_any_bytes_are_refused_with_a_reason(path: Path, data: bytes, start: bytes) -> None:
    survives(path, start + data)


@SHARED_FOLDER
@given(st.sampled_from(["package", "type", "protocol", "sender", "recipients", "sequence", "ledger", "content"]), JSON)
def test_a_header_with_any_other_value_is_refused_with_a_reason(path: Path, key: str, value: object) -> None:
    from linkage import canonical

    good = {
        "package": 1, "type": TYPE, "protocol": PROTOCOL, "sender": {"party": "mbo", "card": SENDER.card.fingerprint},
        "recipients": [{"party": "unit", "card": READER.card.fingerprint, "key": signature.to_text(bytes(80))}],
        "sequence": 1, "ledger": dict(LABEL.ledger), "content": {},
    }  # fmt: skip
    head = canonical.to_bytes({**good, key: value})
    survives(path, envelope.MAGIC + len(head).to_bytes(4, "big") + head + bytes(200))
