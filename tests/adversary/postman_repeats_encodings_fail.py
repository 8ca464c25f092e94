"""The same package arrives twice."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"taken in already"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    path = forging.copied(simulator, simulator.tokenise("mbo").package, "again.package")
    simulator.carry()
    return forging.to_unit(simulator, path)
