"""The postman holds a request back until a newer one is here: the approver would decide about a list of the past."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adversary import forging
from linkage.errors import Refused
from linkage.roles import approver, unit
from simulator import Simulator

EXPECT = Refused, r"a newer request"
VICTIM = "approver"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    for party in ("mbo", "gemeente"):
        simulator.tokenise(party)
    simulator.carry()
    unit.match(simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"))
    (asked,) = simulator.release()
    assert asked.package is not None
    old = forging.copied(simulator, asked.package, "old.package")
    asked.package.unlink()
    simulator.release()
    simulator.carry()
    at = simulator.homes["approver"], simulator.identities["approver"], simulator.linkage("approver")
    return partial(approver.take_request, *at, old)
