"""The linkage was agreed as statistics, and the unit returns rows."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from linkage.roles import listed
from simulator import Simulator

EXPECT = Refused, r"agreed as statistics"
VICTIM = "mbo"
FIXTURE = "agreed"


def attack(simulator: Simulator) -> Callable[[], object]:
    forging.released(simulator, "mbo")
    rows = simulator.linkage("unit").links.read_bytes()
    unit = simulator.identities["unit"]
    return forging.to_relation_holder(simulator, forging.forged(simulator, unit, rows, to="mbo", type=listed.LIST))
