"""The package of the municipality is put where that of the school is kept; the unit's own match refuses it."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from linkage.errors import Untrusted
from linkage.roles import unit
from simulator import Simulator

EXPECT = Untrusted, r"another card of mbo than the one that the protocol names"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    for party in ("mbo", "gemeente"):
        simulator.tokenise(party)
    simulator.carry()
    linkage = simulator.linkage("unit")
    shutil.copy(linkage.received("gemeente"), linkage.received("mbo"))
    return lambda: unit.match(simulator.homes["unit"], simulator.identities["unit"], linkage)
