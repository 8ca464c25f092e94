"""The relation holder answers in the approver's name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adversary import forging
from linkage.errors import Untrusted
from linkage.roles import listed, recontact
from simulator import Simulator

EXPECT = Untrusted, r"signature does not hold"
VICTIM = "unit"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    said = forging.decision(simulator, forging.listing(simulator.asked()), by="mbo").encode()
    path = forging.forged(simulator, simulator.identities["mbo"], said, type=listed.APPROVAL)
    return partial(
        recontact.take_approval, simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"), path
    )
