"""The unit shows each custodian another protocol: a signature under one is none under the other."""

from __future__ import annotations

from collections.abc import Callable

from linkage.errors import Refused
from linkage.roles import agreement, signing
from simulator import Simulator

EXPECT = Refused, r"protocol that is not here"
VICTIM = "mbo"


def attack(simulator: Simulator) -> Callable[[], object]:
    other = simulator.protocol({("outputs", 0, "protection", "minimum"): "20"}, name="other.yml")
    signing.sign(simulator.homes["gemeente"], simulator.identities["gemeente"], other)
    (signed,) = (simulator.homes["gemeente"].path / "outbox" / "mbo").glob("*.signature.json")
    return lambda: agreement.take_signature(simulator.homes["mbo"], signed.read_bytes(), where=signed.name)
