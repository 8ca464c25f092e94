"""The unit gives the school the release that is sealed to the municipality."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"not sealed to mbo"
VICTIM = "mbo"


def attack(simulator: Simulator) -> Callable[[], object]:
    return forging.to_recipient(simulator, "mbo", forging.released(simulator, "gemeente"))
