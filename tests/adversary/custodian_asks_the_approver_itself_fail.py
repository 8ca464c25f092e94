"""The relation holder asks the approver about a list, past the unit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adversary import forging
from linkage.errors import Refused
from linkage.roles import approver, listed
from linkage.roles.listed import Request
from simulator import Simulator

EXPECT = Refused, r"a request comes from unit, not from mbo"
VICTIM = "approver"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    body = listed.to_bytes(listed.REQUEST, Request(one.protocol, one.output, one.digest, 20))
    path = forging.forged(simulator, simulator.identities["mbo"], body, to="approver", type=listed.REQUEST)
    at = simulator.homes["approver"], simulator.identities["approver"], simulator.linkage("approver")
    return partial(approver.take_request, *at, path)
