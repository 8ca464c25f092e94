"""The unit, or the postman, gives a recipient a release that it took in before."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"taken in already"
VICTIM = "mbo"


def attack(simulator: Simulator) -> Callable[[], object]:
    path = forging.copied(simulator, forging.released(simulator, "mbo"), "old.package")
    simulator.carry()
    return forging.to_recipient(simulator, "mbo", path)
