"""The school signs as the municipality."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adversary import forging
from linkage.crypto.identity import Identity
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"another card of gemeente than the one that the protocol names"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    mine, theirs = simulator.identities["mbo"], simulator.homes["gemeente"].card
    lying = Identity(replace(theirs, signing=mine.card.signing), mine.signing, mine.sealing)
    return forging.to_unit(simulator, forging.forged(simulator, lying, b"x"))
