"""A share of the secret is dropped in the unit's inbox: it is not sealed to it, and its code refuses it."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from linkage.roles import ceremony
from simulator import Simulator

EXPECT = Refused, r"may not hold the linkage secret"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    stray = forging.copied(simulator, simulator.linkage("mbo").sent_share, "share.package")
    at = simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit")
    return lambda: ceremony.take(*at, stray)
