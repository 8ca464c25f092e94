"""The unit gets a list approved that names rows of the municipality, and returns it to the school."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"none of this organisation"
VICTIM = "mbo"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    theirs = simulator.opened("gemeente").handles[:5]
    other = replace(one, handles=tuple(sorted(handle.tobytes().hex() for handle in theirs)))
    return forging.to_relation_holder(
        simulator, forging.forged_list(simulator, other, forging.decision(simulator, other))
    )
