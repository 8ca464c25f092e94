"""Another custodian makes a release of its own."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"a release comes from unit"
VICTIM = "mbo"


def attack(simulator: Simulator) -> Callable[[], object]:
    path = forging.forged(simulator, simulator.identities["gemeente"], b"{}", to="mbo", type="release")
    return forging.to_recipient(simulator, "mbo", path)
