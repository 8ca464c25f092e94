"""Software that does not check its own quota sends one row too many."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"mbo sends 50,001 rows; its quota is 50,000"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    content = forging.announced(simulator, "mbo", 50_001)
    return forging.to_unit(simulator, forging.forged(simulator, simulator.identities["mbo"], b"x", content=content))
