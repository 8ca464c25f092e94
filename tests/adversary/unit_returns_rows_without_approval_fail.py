"""The unit returns rows before anybody approved it, and signs the decision itself."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"signature does not hold"
VICTIM = "mbo"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    return forging.to_relation_holder(
        simulator, forging.forged_list(simulator, one, forging.decision(simulator, one, by="unit"))
    )
