"""A party id that the protocol does not have."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import InputError
from simulator import Simulator

EXPECT = InputError, r"names no party 'uwv'"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    return forging.to_unit(simulator, forging.forged(simulator, forging.stranger(simulator, "uwv"), b"x"))
