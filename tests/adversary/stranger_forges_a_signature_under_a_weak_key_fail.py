"""A card with a key of small order: anyone could sign under it, so it is no card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from linkage.crypto import card as cards
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"the signature does not hold"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    card = replace(simulator.homes["mbo"].card, signing=b"\1" + bytes(31), signed=b"\1" + bytes(63), party="uwv")
    return lambda: cards.from_bytes(card.to_bytes(), where="card")
