"""Rows that do not stand in the order of their handles could tell the order of the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"do not stand in the order of their handles"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    simulator.tokenise("mbo")
    whole = simulator.opened("mbo")
    handles = whole.handles[::-1].copy()
    body = replace(whole, handles=handles).to_bytes()
    content = forging.announced(simulator, "mbo", len(whole))
    return forging.to_unit(simulator, forging.forged(simulator, simulator.identities["mbo"], body, content=content))
