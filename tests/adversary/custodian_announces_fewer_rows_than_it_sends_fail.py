"""The header stays within the quota; the body does not hold what it says."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"another number of rows than the 5 it announces"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    simulator.tokenise("mbo")
    body = simulator.opened("mbo").to_bytes()
    content = forging.announced(simulator, "mbo", 5)
    return forging.to_unit(simulator, forging.forged(simulator, simulator.identities["mbo"], body, content=content))
