"""The custodian has not noticed, or does not like, the newer protocol."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"another protocol"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    path = forging.forged(simulator, simulator.identities["mbo"], b"x", protocol="sha256:" + "01" * 32)
    return forging.to_unit(simulator, path)
