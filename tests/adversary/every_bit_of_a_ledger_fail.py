"""Every single flipped bit of a small ledger is found."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from linkage.errors import Untrusted
from linkage.ledger import verify
from linkage.ledger.log import Ledger
from simulator import Simulator

EXPECT = Untrusted, "all of them"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    ledger, card = Ledger(simulator.folder / "small"), simulator.homes["mbo"].card
    for number in range(2):
        ledger.append(simulator.identities["mbo"], "tokenise", rows=number)
    data = ledger.path.read_bytes()

    def clean(changed: bytes) -> bool:
        outcome = verify.verify(BytesIO(changed), [card])
        return outcome.holds and not outcome.findings

    def act() -> None:
        assert clean(data)
        flips = ((at, bit) for at in range(len(data)) for bit in range(8))
        passed = [(at, bit) for at, bit in flips if clean(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])]
        assert passed == []
        raise Untrusted("all of them")

    return act
