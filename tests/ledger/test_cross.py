"""What several ledgers say about each other: cut, written anew, forked, back-dated, not witnessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ledger.books import GEMEENTE, MBO, NOON, PROTOCOL, UNIT, checked, receipt, shown, written
from linkage.crypto.identity import Identity
from linkage.findings import Finding, Severity
from linkage.ledger import checkpoint
from linkage.ledger.cross import crosscheck
from linkage.ledger.verify import Verified

DIGEST = "sha256:" + "cd" * 32


def parcel(act: str, number: int = 1, kind: str = "release", **more: Any) -> dict[str, Any]:
    """The act of sending, or of having sealed."""
    rest: dict[str, Any] = {"to": ["unit", "gemeente"]} if act == "send" else {"package": PROTOCOL}
    return {"act": act, "facts": {"type": kind, "sequence": number, **rest, **more}}


HISTORY = [{}, parcel("send"), parcel("sealed"), {}]
OWN = written(*HISTORY)
OTHER = written(*({**change, "software": "linkage 0.1.1"} for change in HISTORY))


def theirs(*changes: Mapping[str, Any], owner: Identity = UNIT) -> Verified:
    """The ledger of a witness."""
    result = checked(written(*changes, owner=owner), owner)
    assert result.findings == ()
    return result


def own(data: bytes = OWN) -> Verified:
    """The ledger of the sender, which by itself holds."""
    result = checked(data)
    assert result.findings == ()
    return result


def found(*outcomes: Verified) -> list[Finding]:
    """What comparing finds, in whatever order the ledgers are given."""
    forwards, backwards = crosscheck(outcomes), crosscheck(outcomes[::-1])
    assert sorted(f.code for f in forwards) == sorted(f.code for f in backwards)
    return list(forwards)


def codes(*outcomes: Verified) -> list[str]:
    return [finding.code for finding in found(*outcomes)]


def test_ledgers_that_agree_are_not_complained_of() -> None:
    unit, gemeente = theirs(receipt(shown(OWN, 2))), theirs({}, receipt(shown(OWN, 2)), owner=GEMEENTE)
    assert codes(own(), unit, gemeente) == []
    assert codes(own()) == codes(unit) == codes(unit, gemeente) == []
    every = [receipt(shown(OWN, size), number=1) for size in range(2, 5)]
    assert codes(own(), theirs(*every)) == []


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_cut_tail_is_found_by_whoever_was_shown_more(left: int) -> None:
    cut = own(b"".join(OWN.splitlines(keepends=True)[:left]))
    for seen in range(1, 5):
        said = found(cut, theirs({}, receipt(shown(OWN, seen))))
        assert ("L104" in [f.code for f in said]) == (seen > left)
        if seen > left:
            (finding,) = [f for f in said if f.code == "L104"]
            assert (finding.where, finding.severity) == ("unit entry 1", Severity.ERROR)


def test_a_history_that_its_owner_wrote_anew_is_found() -> None:
    longer = written(*({**change, "software": "x"} for change in [*HISTORY, {}, {}]))
    assert codes(own(longer), theirs(receipt(shown(OWN, 4)))) == ["L109"]


def test_a_fork_shown_to_two_parties_is_found_without_the_ledger_of_who_made_it() -> None:
    unit, gemeente = theirs(receipt(shown(OWN, 3))), theirs(receipt(shown(OTHER, 3)), owner=GEMEENTE)
    (finding,) = found(unit, gemeente)
    assert (finding.code, finding.where, finding.severity) == ("L110", "mbo", Severity.ERROR)
    assert "unit entry 0 and gemeente entry 0 were shown different ledgers of mbo with 3 entries" in finding.message
    later = theirs(receipt(shown(OTHER, 4)), owner=GEMEENTE)
    assert codes(unit, later) == []  # two sizes: nobody can tell without more
    assert codes(unit, later, own()) == ["L109"]
    assert codes(unit, later, own(OTHER)) == ["L109"]


def test_a_fork_shown_to_one_party_twice_is_found_in_its_refusal() -> None:
    facts = {
        "sender": "mbo", "why": "fork", "package": DIGEST, "seen": shown(OWN, 3).note, "shown": shown(OTHER, 4).note,
    }  # fmt: skip
    unit = theirs(receipt(shown(OWN, 3)), {"act": "refuse-checkpoint", "facts": facts})
    assert codes(unit) == ["L114"]
    assert sorted(codes(unit, own())) == ["L109", "L114"]
    late = {**facts, "why": "shrunk", "shown": shown(OWN, 2).note}
    (finding,) = found(theirs(receipt(shown(OWN, 3)), {"act": "refuse-checkpoint", "facts": late}))
    assert (finding.code, finding.severity) == ("L202", Severity.WARNING)


def test_two_ledgers_of_one_party_must_be_one() -> None:
    shorter = b"".join(OWN.splitlines(keepends=True)[:2])
    assert codes(own(), own(OTHER)) == ["L106"]
    assert codes(own(), own(OTHER[: OTHER.index(b"\n") + 1])) == ["L106"]
    (finding,) = found(own(), own(shorter))
    assert (finding.code, finding.severity) == ("L203", Severity.WARNING)
    assert codes(own(), own()) == []
    assert sorted(codes(own(), own(shorter), theirs(receipt(shown(OWN, 4))))) == ["L104", "L203"]


def test_a_checkpoint_that_its_owner_never_signed_is_found() -> None:
    made_up = replace(shown(OWN, 3), root=bytes(32))
    (finding,) = found(own(), theirs({}, receipt(made_up)))
    assert (finding.code, finding.where) == ("L113", "unit entry 1")
    foreign = receipt(shown(written({}, owner=GEMEENTE), 1, GEMEENTE))
    assert "L113" in codes(own(), theirs(foreign))
    pretended = replace(GEMEENTE, card=replace(GEMEENTE.card, party="mbo", number=MBO.card.number))
    assert "L113" in codes(own(), theirs(receipt(checkpoint.sign(pretended, 2, bytes(32)))))


@pytest.mark.parametrize(
    ("happened", "witnessed", "false"),
    [
        (NOON, NOON, False),
        ("2026-09-01T13:00:00+00:00", NOON, False),  # clocks differ
        ("2026-09-01T13:00:01+00:00", NOON, True),
        (NOON, "2026-12-01T12:00:00+00:00", False),
    ],
)
def test_an_entry_dated_before_what_it_saw_is_found(happened: str, witnessed: str, false: bool) -> None:
    data = written({}, {**parcel("send"), "at": happened}, {**parcel("sealed"), "at": happened})
    unit = theirs({}, {**receipt(shown(data, 2)), "at": witnessed})
    assert codes(own(data), unit) == (["L108"] if false else [])


def test_what_was_sealed_and_never_taken_in_has_no_witness() -> None:
    after = {"at": "2026-09-01T12:00:01+00:00"}
    gone_on, gemeente = theirs({}, after), theirs(receipt(shown(OWN, 2)), owner=GEMEENTE)
    (finding,) = found(own(), gone_on, gemeente)
    assert (finding.code, finding.where, finding.severity) == ("L111", "unit", Severity.ERROR)
    (finding,) = found(own(), theirs({}), gemeente)
    assert (finding.code, finding.where, finding.severity) == ("L204", "unit", Severity.WARNING)
    assert codes(own(), gone_on) == ["L111"]  # the gemeente's ledger is not here to be asked
    assert codes(own(written({}, parcel("send"))), gone_on) == []  # it was never sealed
    assert codes(own(written({}, parcel("send", to=["gemeente"]), parcel("sealed"))), gone_on) == []


def test_of_encodings_the_newest_is_enough() -> None:
    def sent(number: int, kind: str) -> list[dict[str, Any]]:
        return [parcel("send", number, kind, to=["unit"]), parcel("sealed", number, kind)]

    for kind, expected in (("encodings", []), ("release", ["L111"])):
        data = written(*sent(1, kind), *sent(2, kind))
        taken = {**receipt(shown(data, 3), number=2, type=kind), "at": "2026-09-01T12:00:01+00:00"}
        assert codes(own(data), theirs(taken)) == expected


def test_what_was_taken_in_and_never_sent_is_found() -> None:
    assert codes(own(), theirs(receipt(shown(OWN, 2), number=2))) == ["L204", "L112"]
    assert codes(own(), theirs(receipt(shown(OWN, 2)), receipt(shown(OWN, 2), type="encodings"))) == ["L112"]
    assert codes(own(), theirs(receipt(shown(OWN, 2), package=DIGEST))) == ["L112"]
    to_gemeente = written({}, parcel("send", to=["gemeente"]), parcel("sealed"))
    assert codes(own(to_gemeente), theirs(receipt(shown(to_gemeente, 2)))) == ["L112"]
    unsealed = written({}, parcel("send"))  # killed between sealing and writing so
    assert codes(own(unsealed), theirs(receipt(shown(unsealed, 2), package=DIGEST))) == []


def test_a_ledger_that_cannot_be_read_is_not_compared() -> None:
    broken = checked(OWN.splitlines(keepends=True)[1])
    assert [f.code for f in broken.findings] == ["L101"]
    assert codes(broken, theirs(receipt(shown(OWN, 4)))) == []
