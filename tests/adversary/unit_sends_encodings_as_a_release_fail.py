"""A package of encodings is given to a recipient: its type is another."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"expected a package of type release, got encodings"
VICTIM = "mbo"


def attack(simulator: Simulator) -> Callable[[], object]:
    path = forging.forged(simulator, simulator.identities["unit"], b"{}", to="mbo")
    return forging.to_recipient(simulator, "mbo", path)
