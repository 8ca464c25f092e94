"""The unit got one list approved, and returns the list of a later package with that decision."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Untrusted
from linkage.roles import unit
from simulator import Simulator

EXPECT = Untrusted, r"approved another list than this one"
VICTIM = "mbo"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    old = forging.listing(simulator.asked())
    simulator.tokenise("mbo")
    simulator.carry()
    unit.match(simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"))
    simulator.release()
    simulator.carry()
    new = forging.listing(simulator)
    assert new.digest != old.digest
    return forging.to_relation_holder(simulator, forging.forged_list(simulator, new, forging.decision(simulator, old)))
