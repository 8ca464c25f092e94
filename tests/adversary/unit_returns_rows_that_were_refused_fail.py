"""The approver refused a list, and the unit returns it all the same."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"approver refused this list"
VICTIM = "mbo"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    said = forging.decision(simulator, one, decision="refuse", reason="not now")
    return forging.to_relation_holder(simulator, forging.forged_list(simulator, one, said))
