"""The postman brings the municipality the list that is sealed to the school."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"not sealed to gemeente"
VICTIM = "gemeente"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    simulator.asked().decide()
    simulator.carry()
    simulator.release()
    (path,) = (simulator.homes["unit"].path / "outbox" / "mbo").glob("*.recontact-list.package")
    return forging.to_relation_holder(simulator, path, "gemeente")
