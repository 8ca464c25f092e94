"""An adversary on the way: packages changed, repeated, redirected, forged. Nobody takes them in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from linkage import files
from linkage.crypto import envelope
from linkage.crypto.envelope import Label
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.roles import agreement, auditor, custodian, exchange, unit
from linkage.roles.home import Home
from simulator import CHEAP, PASSPHRASE, Simulator


def _take(simulator: Simulator, path: Path) -> None:
    unit.take_encodings(simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"), path)


def _refused_whole(
    simulator: Simulator, path: Path, kind: type[LinkageError], match: str | None = None
) -> LinkageError:
    """The package is refused, nothing of it is kept, and the ledger does not say it was received."""
    home = simulator.homes["unit"]
    before = len(home.ledger.entries())
    with pytest.raises(kind, match=match) as caught:
        _take(simulator, path)
    assert not simulator.linkage("unit").received("mbo").exists()
    assert len(home.ledger.entries()) == before
    return caught.value


def test_a_flipped_bit_anywhere_is_refused(agreed: Simulator) -> None:
    made = agreed.tokenise("mbo").package
    data = made.read_bytes()
    spoilt = agreed.folder / "spoilt.package"
    regions = [3, 20, 22, 60, 300, 900, 1200, len(data) // 2, len(data) - 65, len(data) - 64, len(data) - 1]
    for position in regions:
        changed = bytearray(data)
        changed[position] ^= 4
        files.write(spoilt, bytes(changed))
        error = _refused_whole(agreed, spoilt, LinkageError)
        assert isinstance(error, InputError if position < len(envelope.MAGIC) else (Untrusted, Refused))


def test_a_truncated_or_lengthened_package_is_refused(agreed: Simulator) -> None:
    data = agreed.tokenise("mbo").package.read_bytes()
    spoilt = agreed.folder / "spoilt.package"
    for length in (0, 10, 21, 200, 1000, len(data) - 16_384, len(data) - 64, len(data) - 1):
        _refused_whole(agreed, files.write(spoilt, data[:length]), LinkageError)
    _refused_whole(agreed, files.write(spoilt, data + b"\0"), Untrusted, "signature does not hold")


def test_a_package_is_taken_in_once_and_an_older_one_never(agreed: Simulator) -> None:
    first = shutil.copy(agreed.tokenise("mbo").package, agreed.folder / "first.package")
    second = shutil.copy(agreed.tokenise("mbo").package, agreed.folder / "second.package")
    _take(agreed, second)
    for path in (second, first):
        with pytest.raises(Refused, match="taken in already"):
            _take(agreed, path)


def test_a_package_of_another_protocol_is_refused(agreed: Simulator) -> None:
    other = agreed.protocol({("valid", "until"): "2090-12-30"}, name="other.yml")
    for party, home in agreed.homes.items():
        agreement.sign(home, agreed.identities[party], other)
    agreed.carry()
    homes = agreed.homes
    digest = next(x for x in homes["mbo"].linkages() if x.protocol.valid.last == "2090-12-30").protocol.digest
    mine = homes["mbo"].linkage(digest)
    custodian.import_consent(homes["mbo"], agreed.identities["mbo"], agreed.made.consent, agreed.config("mbo"))  # type: ignore[union-attr]
    made = custodian.tokenise(homes["mbo"], agreed.identities["mbo"], mine, agreed.input("mbo"), agreed.config("mbo"))
    first = next(x for x in homes["unit"].linkages() if x.protocol.digest != digest)
    package = agreed.answered("mbo", made, digest).package
    with pytest.raises(Refused, match="another protocol"):
        unit.take_encodings(homes["unit"], agreed.identities["unit"], first, package)


def test_a_package_sealed_to_another_party_does_not_open(agreed: Simulator) -> None:
    made = agreed.tokenise("mbo").package
    with pytest.raises(Refused, match=r"not sealed to gemeente \(this card\) but to unit"):
        exchange.take_in(
            agreed.homes["gemeente"], agreed.identities["gemeente"], agreed.linkage("gemeente"), made,
            exchange.ENCODINGS, lambda body, package: None,
        )  # fmt: skip


def test_a_stranger_with_keys_of_its_own_cannot_pass_for_a_custodian(agreed: Simulator) -> None:
    made = agreed.tokenise("mbo").package
    stranger = Home(agreed.folder / "stranger").create("mbo", "not the school", "BRIN:99ZZ", PASSPHRASE, cost=CHEAP)
    header = envelope.read(made).header
    label = Label(header.type, header.protocol, header.sequence, header.ledger, header.content)
    forged = agreed.folder / "forged.package"
    envelope.seal(forged, [b"anything"], stranger, [agreed.homes["unit"].card], label)
    _refused_whole(agreed, forged, Untrusted, "another card")


@pytest.mark.parametrize(
    "body",
    [
        lambda data: b"",
        lambda data: b"not arrow",
        lambda data: data[: len(data) // 2],
        lambda data: data[:300] + bytes(64) + data[364:],
    ],
    ids=["nothing", "not-arrow", "cut-off", "overwritten"],
)
def test_well_sealed_nonsense_of_a_custodian_is_refused(agreed: Simulator, body: Callable[[bytes], bytes]) -> None:
    home, identity, linkage = agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo")
    data = body(agreed.tokenise("mbo").encodings.to_bytes())
    letter = exchange.Letter(exchange.ENCODINGS, [agreed.homes["unit"].card], data, {})
    forged = agreed.folder / "forged.package"
    exchange.send(home, identity, linkage, letter, forged)
    _refused_whole(agreed, forged, Untrusted)


def test_the_unit_takes_no_encodings_of_a_party_without_records(agreed: Simulator) -> None:
    home, identity, linkage = agreed.homes["unit"], agreed.identities["unit"], agreed.linkage("unit")
    letter = exchange.Letter(exchange.ENCODINGS, [home.card], b"", {})
    own = agreed.folder / "own.package"
    exchange.send(home, identity, linkage, letter, own)
    _refused_whole(agreed, own, Refused, "no custodian")


def test_a_full_disk_while_sealing_leaves_no_package(agreed: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = {p.name for p in (agreed.homes["gemeente"].path / "outbox").rglob("*")}
    append = type(agreed.homes["gemeente"].ledger).append
    monkeypatch.setattr(type(agreed.homes["gemeente"].ledger), "append", lambda *a, **k: None)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        agreed.tokenise("gemeente")
    monkeypatch.undo()
    assert append is type(agreed.homes["gemeente"].ledger).append
    assert {p.name for p in (agreed.homes["gemeente"].path / "outbox").rglob("*")} - before <= {"unit"}


def test_what_receivers_saw_of_each_ledger_finds_a_cut_tail(played: Simulator, tmp_path: Path) -> None:
    folders = []
    for party, home in played.homes.items():
        shutil.copytree(home.path, tmp_path / party)
        folders.append(tmp_path / party)
    outcomes, crossed = auditor.verify_ledgers(folders)
    assert all(outcome.holds for outcome in outcomes)
    assert crossed == ()
    path = tmp_path / "mbo" / "ledger" / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    outcomes, crossed = auditor.verify_ledgers(folders)
    assert all(outcome.holds for outcome in outcomes), "cut at a line, each ledger by itself still holds"
    assert {finding.code for finding in crossed} == {"L104"}


def test_two_ledgers_of_one_party_are_never_taken_for_one(played: Simulator, tmp_path: Path) -> None:
    shutil.copytree(played.homes["unit"].path, tmp_path / "cut")
    path = tmp_path / "cut" / "ledger" / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    every = [home.path for home in played.homes.values()]
    for folders in ([*every, tmp_path / "cut"], [tmp_path / "cut", *every]):
        assert "L106" in {finding.code for finding in auditor.verify_ledgers(folders)[1]}


@pytest.mark.parametrize(
    "label",
    [
        {"type": "encodings\n  signature  holds"},
        {"type": "../x"},
        {"protocol": "sha256:1"},
        {"content": {"rows\n": 1}},
        {"content": {"rows": {"deep": 1}}},
        {"content": {"rows": -1}},
    ],
    ids=str,
)
def test_a_header_that_would_show_or_name_anything_else_is_malformed(
    agreed: Simulator, label: dict[str, object]
) -> None:
    honest = Label("encodings", agreed.linkage("mbo").protocol.digest, 1, agreed.homes["mbo"].ledger.head(), {})
    path = agreed.folder / "x.package"
    envelope.seal(path, [b"x"], agreed.identities["mbo"], [agreed.homes["unit"].card], replace(honest, **label))
    with pytest.raises(Untrusted, match="malformed header"):
        envelope.read(path)
