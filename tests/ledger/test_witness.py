"""What a package shows of its sender's ledger, and which of it a receiver takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ledger.books import GEMEENTE, MBO, PROTOCOL, UNIT, entries, receipt, shown, written
from linkage import canonical
from linkage.crypto import header
from linkage.errors import Untrusted
from linkage.ledger import checkpoint, witness
from linkage.ledger.witness import Judged


def send(number: int, *to: str) -> dict[str, Any]:
    """The act of sending."""
    return {"act": "send", "facts": {"type": "release", "sequence": number, "to": list(to or ("unit",))}}


HISTORY = [{}, send(1), {}, {}, send(2), send(1, "gemeente"), {}, send(3, "gemeente", "unit"), {}, send(4)]
WHOLE = written(*HISTORY)


def told(data: bytes, size: int, *readers: str) -> dict[str, Any]:
    """What the package says whose sending is entry `size - 1`."""
    return witness.tell(entries(data)[:size], MBO.card, readers or ("unit",))


def unit_saw(*seen: Mapping[str, Any], before: Sequence[Mapping[str, Any]] = ()) -> bytes:
    """The unit's ledger, which took in packages that said this."""
    receipts = []
    for number, one in enumerate(seen, 1):
        judged = judge(written(*before, *receipts, owner=UNIT), one)
        receipts.append(receipt(checkpoint.parse(one["checkpoint"], where=""), number=number, **judged.facts))
    return written(*before, *receipts, owner=UNIT)


def judge(own: bytes, one: Mapping[str, Any]) -> Judged:
    """What a receiver with this ledger says."""
    return witness.judge(entries(own), MBO.card, one, where="x.package")


def test_a_package_proves_every_size_that_its_readers_were_told() -> None:
    assert list(told(WHOLE, 10)["proofs"]) == ["2", "5", "8"]
    assert list(told(WHOLE, 10, "gemeente")["proofs"]) == ["6", "8"]
    assert list(told(WHOLE, 10, "gemeente", "unit")["proofs"]) == ["2", "5", "6", "8"]
    assert told(WHOLE, 2)["proofs"] == {}
    assert told(WHOLE, 10)["checkpoint"] == shown(WHOLE, 10).note


@pytest.mark.parametrize("missed", range(8))
def test_whichever_packages_are_missed_the_next_one_follows(missed: int) -> None:
    taken = [size for bit, size in enumerate((2, 5, 8)) if not missed >> bit & 1]
    own = unit_saw(*(told(WHOLE, size) for size in taken))
    assert judge(own, told(WHOLE, 10)).why is None


@pytest.mark.parametrize("order", [(10, 2, 5, 8), (8, 2, 10, 5), (5, 10, 8, 2)])
def test_packages_may_overtake_each_other(order: Sequence[int]) -> None:
    seen: list[Mapping[str, Any]] = []
    for size in order:
        assert judge(unit_saw(*seen), told(WHOLE, size)).why is None
        seen.append(told(WHOLE, size))


def test_proofs_are_kept_only_while_something_is_on_its_way() -> None:
    assert judge(unit_saw(), told(WHOLE, 2)).facts == {"checkpoint": shown(WHOLE, 2).note}
    assert set(judge(unit_saw(told(WHOLE, 2)), told(WHOLE, 10)).facts["awaited"]) == {"5", "8"}
    assert "awaited" not in judge(unit_saw(told(WHOLE, 8)), told(WHOLE, 10)).facts


OTHER = written(*({**change, "software": "linkage 0.1.1"} for change in HISTORY))


@pytest.mark.parametrize("size", [2, 5, 8, 10])
@pytest.mark.parametrize("before", [2, 5, 8, 10])
def test_another_history_is_a_fork_and_both_checkpoints_are_kept(before: int, size: int) -> None:
    own = unit_saw(told(WHOLE, before))
    judged = judge(own, told(OTHER, size))
    assert judged.why == (
        "fork" if size >= before else "fork" if str(size) in told(WHOLE, before)["proofs"] else "shrunk"
    )
    assert judged.facts["seen"] == shown(WHOLE, before).note
    assert judged.facts["shown"] == shown(OTHER, size).note
    for note in (judged.facts["seen"], judged.facts["shown"]):
        checkpoint.verify(checkpoint.parse(note, where=""), MBO.card, where="")
    with pytest.raises(Untrusted, match="the ledger of mbo does not follow"):
        judged.refuse("mbo", "x.package")


def test_a_ledger_that_shrunk_is_refused() -> None:
    own = unit_saw(told(WHOLE, 10))
    assert judge(own, witness.tell(entries(WHOLE)[:4], MBO.card, ["unit"])).why == "shrunk"
    cut = written(*HISTORY[:3], send(2))
    assert judge(own, told(cut, 4)).why == "shrunk"


def test_without_a_proof_from_what_was_seen_nothing_is_taken() -> None:
    own = unit_saw(told(WHOLE, 5))
    assert judge(own, {**told(WHOLE, 10), "proofs": {}}).why == "no-proof"
    lame = told(WHOLE, 10)
    for proof in ([], lame["proofs"]["2"], lame["proofs"]["5"][:-1], ["x"], [7]):
        assert judge(own, {**lame, "proofs": {**lame["proofs"], "5": proof}}).why == "fork"


def test_the_same_checkpoint_again_is_no_contradiction() -> None:
    assert judge(unit_saw(told(WHOLE, 5)), {**told(WHOLE, 5), "proofs": {}}).why is None


def test_what_was_seen_in_another_linkage_counts() -> None:
    own = unit_saw(told(WHOLE, 5), before=[{"protocol": "sha256:" + "cd" * 32}])
    assert judge(own, told(OTHER, 10)).why == "fork"


def test_a_checkpoint_that_another_signed_is_not_judged_at_all() -> None:
    by_unit = written(*HISTORY, owner=UNIT)
    with pytest.raises(Untrusted, match="another ledger"):
        judge(unit_saw(), witness.tell(entries(by_unit), UNIT.card, ["unit"]))
    forged = replace(GEMEENTE, card=replace(GEMEENTE.card, party="mbo", number=MBO.card.number))
    data = written(*HISTORY, owner=forged)
    with pytest.raises(Untrusted, match="another key"):
        judge(unit_saw(), witness.tell(entries(data), forged.card, ["unit"]))


def test_what_was_seen_counts_until_a_person_trusts_another_card() -> None:
    def trust(card: str) -> dict[str, Any]:
        return {"act": "trust-card", "facts": {"about": "mbo", "card": "sha256:" + card * 64}}

    one, two = receipt(shown(WHOLE, 5)), receipt(shown(OTHER, 8), number=2)
    for before, why in (
        ([one], "fork"),
        ([trust("a"), one], "fork"),
        ([trust("a"), one, trust("a")], "fork"),  # the same card again changes nothing
        ([trust("a"), one, trust("b")], None),
        ([trust("a"), one, trust("b"), two], None),
        (
            [trust("a"), one, {"act": "trust-card", "facts": {"about": "gemeente", "card": "sha256:" + "c" * 64}}],
            "fork",
        ),
    ):
        assert judge(written(*before, owner=UNIT), told(OTHER, 10)).why == why


def test_what_a_package_says_fits_in_its_header_however_much_was_sent() -> None:
    data = written(*(send(number) for number in range(1, 120)))
    said = told(data, 119)
    assert len(said["proofs"]) == witness.PROOFS
    assert list(said["proofs"])[-1] == "118"
    longest = 2 * 27  # hashes, in a ledger of 100 million entries
    assert len(canonical.to_bytes(said)) < header.MAX_HEADER // 2
    assert witness.PROOFS * (longest // 2 + 1) * 47 + 9000 < header.MAX_HEADER
    assert header._ledger(said) == said


def test_a_witness_writes_down_what_it_was_shown() -> None:
    (entry,) = entries(written(receipt(shown(WHOLE, 5), awaited={"2": []}), owner=UNIT))
    (statement,) = witness.statements(entry)
    assert (statement.witness, statement.sender, statement.seen) == ("unit", "mbo", shown(WHOLE, 5))
    facts = {"sender": "mbo", "why": "fork", "package": PROTOCOL, "seen": shown(WHOLE, 5).note,
             "shown": shown(OTHER, 8).note}  # fmt: skip
    (refusal,) = entries(written({"act": "refuse-checkpoint", "facts": facts}, owner=UNIT))
    assert [s.seen for s in witness.statements(refusal)] == [shown(WHOLE, 5), shown(OTHER, 8)]
    assert witness.statements(entries(WHOLE)[0]) == []
