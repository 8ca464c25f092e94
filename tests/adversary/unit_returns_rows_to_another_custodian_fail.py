"""The unit seals an approved list to the municipality, whose rows these are not."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"not for gemeente"
VICTIM = "gemeente"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    path = forging.forged_list(simulator, one, forging.decision(simulator, one), to="gemeente")
    return forging.to_relation_holder(simulator, path, "gemeente")
