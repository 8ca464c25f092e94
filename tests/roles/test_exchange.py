"""An adversary on the way: packages changed, repeated, redirected, forged. Nobody takes them in."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linkage import files
from linkage.crypto import envelope
from linkage.crypto.header import Label
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.findings import Severity
from linkage.ledger import checkpoint
from linkage.roles import auditor, custodian, exchange, signing, unit
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
        signing.sign(home, agreed.identities[party], other)
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
    made = agreed.tokenise("mbo")
    data, content = body(agreed.opened("mbo").to_bytes()), envelope.read(made.package).header.content
    letter = exchange.Letter(exchange.ENCODINGS, [agreed.homes["unit"].card], data, content)
    forged = agreed.folder / "forged.package"
    exchange.send(home, identity, linkage, letter, forged)
    _refused_whole(agreed, forged, Untrusted)


def test_the_unit_takes_no_encodings_of_a_party_without_records(agreed: Simulator) -> None:
    home, identity, linkage = agreed.homes["unit"], agreed.identities["unit"], agreed.linkage("unit")
    letter = exchange.Letter(exchange.ENCODINGS, [home.card], b"", {"rows": 0})
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
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:9]))
    outcomes, crossed = auditor.verify_ledgers(folders)
    assert all(outcome.holds for outcome in outcomes), "cut at a line, each ledger by itself still holds"
    errors = [finding for finding in crossed if finding.severity is Severity.ERROR]
    assert {(finding.code, finding.where.split()[0]) for finding in errors} == {("L104", "unit"), ("L104", "gemeente")}


def test_a_cut_copy_beside_the_whole_ledger_is_found(played: Simulator, tmp_path: Path) -> None:
    shutil.copytree(played.homes["unit"].path, tmp_path / "cut")
    path = tmp_path / "cut" / "ledger" / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    every = [home.path for home in played.homes.values()]
    for folders in ([*every, tmp_path / "cut"], [tmp_path / "cut", *every]):
        assert {"L104", "L203"} <= {finding.code for finding in auditor.verify_ledgers(folders)[1]}


def _ledgers(simulator: Simulator) -> set[str]:
    outcomes, crossed = auditor.verify_ledgers([home.path for home in simulator.homes.values()])
    assert all(outcome.holds for outcome in outcomes)
    return {finding.code for finding in crossed}


def test_every_package_brings_a_checkpoint_that_holds_its_own_sending(agreed: Simulator) -> None:
    for number in (1, 2, 3):
        header = envelope.read(agreed.tokenise("mbo").package).header
        shown = checkpoint.parse(header.ledger["checkpoint"], where="")
        checkpoint.verify(shown, agreed.homes["mbo"].card, where="")
        sent = agreed.homes["mbo"].ledger.entries()[shown.size - 1]
        assert (sent.act, sent.facts["sequence"], len(header.ledger["proofs"])) == ("send", number, number - 1)


@pytest.mark.parametrize("order", [(0, 1, 2), (2,), (1, 2), (0, 2)])
def test_packages_may_be_missed_on_the_way(agreed: Simulator, order: tuple[int, ...]) -> None:
    paths = [shutil.copy(agreed.tokenise("mbo").package, agreed.folder / f"{n}.package") for n in range(3)]
    for number in order:
        _take(agreed, paths[number])
    assert _ledgers(agreed) <= {"L204"}  # the newest encodings are here; the linkage secret may be on its way


def test_a_ledger_put_back_from_a_copy_is_a_fork_and_evidence_of_it_is_kept_once(agreed: Simulator) -> None:
    home, unit_home = agreed.homes["mbo"], agreed.homes["unit"]
    before = home.ledger.path.read_bytes()
    made = agreed.tokenise("mbo").package
    body, content = agreed.opened("mbo").to_bytes(), envelope.read(made).header.content
    _take(agreed, made)
    home.ledger.path.write_bytes(before)  # and so its owner knows nothing of the package that it sent
    time.sleep(1.1)  # whole seconds: an act of the same second might be the very same entry
    agreed.homes["mbo"] = Home(home.path)
    size = checkpoint.parse(
        envelope.read(agreed.linkage("unit").received("mbo")).header.ledger["checkpoint"], where=""
    ).size
    while len(agreed.homes["mbo"].ledger.entries()) < size - 1:
        agreed.homes["mbo"].ledger.append(agreed.identities["mbo"], "plan")
    letter, forked = exchange.Letter(exchange.ENCODINGS, [unit_home.card], body, content), agreed.folder / "forked"
    exchange.send(agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo"), letter, forked)
    received = unit_home.ledger.entries()
    kept = agreed.linkage("unit").received("mbo").read_bytes()
    for _ in range(2):
        with pytest.raises(Untrusted, match=r"the ledger of mbo does not follow from what was seen of it: .* a fork"):
            _take(agreed, forked)
    assert agreed.linkage("unit").received("mbo").read_bytes() == kept
    (evidence,) = unit_home.ledger.entries()[len(received) :]
    assert (evidence.act, evidence.facts["why"], evidence.facts["sender"]) == ("refuse-checkpoint", "fork", "mbo")
    notes = [checkpoint.parse(evidence.facts[name], where="") for name in ("seen", "shown")]
    for note in notes:
        checkpoint.verify(note, home.card, where="")
    assert notes[0].contradicts(notes[1]), "two signatures of the school that nobody can explain away"
    assert {"L109", "L114"} <= _ledgers(agreed)
    _, crossed = auditor.verify_ledgers([unit_home.path])
    assert {"L110", "L114"} == {finding.code for finding in crossed}, "the unit's ledger alone shows it"


def test_two_that_send_at_once_do_not_share_a_number(agreed: Simulator) -> None:
    home, identity, linkage = agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo")
    letter = exchange.Letter(exchange.RELEASE, [agreed.homes["unit"].card], b"x", {})
    paths = [agreed.folder / f"{number}.package" for number in range(8)]
    threads = [
        threading.Thread(target=exchange.send, args=(Home(home.path), identity, linkage, letter, path))
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(envelope.read(path).header.sequence for path in paths) == list(range(1, 9))
    assert _ledgers(agreed) <= {"L204"}


def test_a_package_that_could_not_be_sealed_leaves_a_gap_and_no_more(
    agreed: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = envelope.seal

    def full(*given: Any) -> None:
        if given[4].type == exchange.ENCODINGS:
            raise InputError("no room")
        seal(*given)

    with monkeypatch.context() as patch:
        patch.setattr(envelope, "seal", full)
        with pytest.raises(InputError, match="no room"):
            agreed.tokenise("mbo")
    made = agreed.tokenise("mbo").package
    assert envelope.read(made).header.sequence == 2
    _take(agreed, made)
    assert _ledgers(agreed) <= {"L204"}


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
    told = {"checkpoint": agreed.homes["mbo"].ledger.checkpoint(agreed.homes["mbo"].card).note, "proofs": {}}
    honest = Label("encodings", agreed.linkage("mbo").protocol.digest, 1, told, {})
    path = agreed.folder / "x.package"
    envelope.seal(path, [b"x"], agreed.identities["mbo"], [agreed.homes["unit"].card], replace(honest, **label))
    with pytest.raises(Untrusted, match="malformed header"):
        envelope.read(path)
