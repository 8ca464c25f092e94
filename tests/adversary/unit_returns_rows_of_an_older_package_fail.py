"""The unit returns an approved list of a package that was replaced since: nobody knows any longer who that was."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"another package than the newest"
VICTIM = "mbo"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    simulator.tokenise("mbo")
    return forging.to_relation_holder(simulator, forging.forged_list(simulator, one, forging.decision(simulator, one)))
