"""A protocol that one party has not signed is not in effect."""

from __future__ import annotations

from collections.abc import Callable

from linkage.errors import Refused
from linkage.roles import unit
from simulator import Simulator

EXPECT = Refused, r"not in effect: not signed by gemeente"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    simulator.linkage("unit").signature("gemeente").unlink()
    return lambda: unit.match(simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"))
