"""The header names columns that were not agreed."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"announces other columns"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    content = {**forging.announced(simulator, "mbo", 5), "column token:surname": "16 bytes"}
    return forging.to_unit(simulator, forging.forged(simulator, simulator.identities["mbo"], b"x", content=content))
