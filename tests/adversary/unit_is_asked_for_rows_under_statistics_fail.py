"""The linkage was agreed as statistics, and somebody at the unit runs the release of rows."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"agreed as statistics"
VICTIM = "unit"
FIXTURE = "agreed"


def attack(simulator: Simulator) -> Callable[[], object]:
    forging.released(simulator, "mbo")
    return simulator.release
