"""The postman brings a list a second time."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"taken in already"
VICTIM = "mbo"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    simulator.asked().decide()
    simulator.carry()
    simulator.release()
    (path,) = (simulator.homes["unit"].path / "outbox" / "mbo").glob("*.recontact-list.package")
    copy = forging.copied(simulator, path, "again.package")
    simulator.carry()
    return forging.to_relation_holder(simulator, copy)
