"""The unit puts one more person on a list that was approved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adversary import forging
from linkage.errors import Untrusted
from linkage.roles import contacts
from simulator import Simulator

EXPECT = Untrusted, r"approved another list than this one"
VICTIM = "mbo"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    mine = contacts._handles(simulator.identities["mbo"], simulator.linkage("mbo")).references
    more = next(handle for handle in sorted(mine) if handle not in one.handles)
    other = replace(one, handles=tuple(sorted([*one.handles, more])))
    return forging.to_relation_holder(
        simulator, forging.forged_list(simulator, other, forging.decision(simulator, one))
    )
