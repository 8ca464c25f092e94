"""The approver approves a list that the unit never asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from adversary import forging
from linkage.errors import Refused
from linkage.roles import listed, recontact
from simulator import Simulator

EXPECT = Refused, r"not asked about"
VICTIM = "unit"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    other = replace(forging.listing(simulator.asked()), handles=())
    said = forging.decision(simulator, other).encode()
    path = forging.forged(simulator, simulator.identities["approver"], said, type=listed.APPROVAL)
    return partial(
        recontact.take_approval, simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"), path
    )
