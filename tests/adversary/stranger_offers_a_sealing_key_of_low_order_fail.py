"""Sealed to a point of low order, everybody could open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adversary import forging
from linkage.crypto import envelope
from linkage.crypto.header import Label
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"is no key"
VICTIM = "mbo"


def attack(simulator: Simulator) -> Callable[[], object]:
    weak = replace(simulator.homes["unit"].card, sealing=bytes(32))
    told = forging.told(simulator, simulator.identities["mbo"], "unit")
    label = Label("encodings", simulator.linkage("mbo").protocol.digest, 1, told, {})
    path = simulator.folder / "weak.package"
    return lambda: envelope.seal(path, [b"x"], simulator.identities["mbo"], [weak], label)
