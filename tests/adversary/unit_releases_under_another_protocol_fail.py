"""The unit answers under a protocol that nobody here signed."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"another protocol"
VICTIM = "mbo"


def attack(simulator: Simulator) -> Callable[[], object]:
    return forging.to_recipient(
        simulator,
        "mbo",
        forging.forged(
            simulator, simulator.identities["unit"], b"{}", to="mbo", type="release", protocol="sha256:" + "00" * 32
        ),
    )
