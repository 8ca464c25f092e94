"""The unit tells the approver how many rows exactly a list has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adversary import forging
from linkage.errors import Untrusted
from linkage.roles import approver, listed
from linkage.roles.listed import Request
from simulator import Simulator

EXPECT = Untrusted, r"counts otherwise than agreed"
VICTIM = "approver"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    body = listed.to_bytes(listed.REQUEST, Request(one.protocol, one.output, one.digest, 17))
    path = forging.forged(simulator, simulator.identities["unit"], body, to="approver", type=listed.REQUEST)
    at = simulator.homes["approver"], simulator.identities["approver"], simulator.linkage("approver")
    return partial(approver.take_request, *at, path)
