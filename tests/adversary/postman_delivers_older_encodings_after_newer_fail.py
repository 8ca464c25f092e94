"""Packages of one custodian arrive in another order: the older one must not replace the newer."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"a repeat or an older one"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    old = forging.copied(simulator, simulator.tokenise("mbo").package, "old.package")
    simulator.tokenise("mbo")
    simulator.carry()
    return forging.to_unit(simulator, old)
