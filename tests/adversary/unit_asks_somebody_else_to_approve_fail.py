"""The unit asks the municipality instead of the approver."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adversary import forging
from linkage.errors import Refused
from linkage.roles import approver, listed
from linkage.roles.listed import Request
from simulator import Simulator

EXPECT = Refused, r"approver decides about .to-call., not gemeente"
VICTIM = "gemeente"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    one = forging.listing(simulator.asked())
    body = listed.to_bytes(listed.REQUEST, Request(one.protocol, one.output, one.digest, 20))
    path = forging.forged(simulator, simulator.identities["unit"], body, to="gemeente", type=listed.REQUEST)
    at = simulator.homes["gemeente"], simulator.identities["gemeente"], simulator.linkage("gemeente")
    return partial(approver.take_request, *at, path)
