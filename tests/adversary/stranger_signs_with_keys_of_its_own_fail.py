"""A stranger calls itself the school."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"another card of mbo than the one that the protocol names"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    return forging.to_unit(simulator, forging.forged(simulator, forging.stranger(simulator, "mbo"), b"x"))
