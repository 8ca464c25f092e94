"""The unit sends links where the protocol allows counts."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"not a release"
VICTIM = "mbo"


def attack(simulator: Simulator) -> Callable[[], object]:
    forging.released(simulator, "mbo")
    links = simulator.linkage("unit").links.read_bytes()
    return forging.to_recipient(
        simulator, "mbo", forging.forged(simulator, simulator.identities["unit"], links, to="mbo", type="release")
    )
