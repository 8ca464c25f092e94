"""The linkage was agreed as re-contact, and the unit sends counts of it."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage.disclosure.protect import Figure
from linkage.disclosure.release import Cell, Release
from linkage.errors import Refused
from simulator import Simulator

EXPECT = Refused, r"output .to-call. is not for mbo"
VICTIM = "mbo"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    agreed = simulator.linkage("mbo").protocol
    total = Cell({}, Figure(100, "shown"), Figure(20, "shown"))
    counts = Release(
        agreed.digest, "to-call", agreed.reference_date, {"mbo": 100, "gemeente": 100}, (), (), (), total,
        {"method": "suppression"}, (),
    )  # fmt: skip
    unit = simulator.identities["unit"]
    return forging.to_recipient(
        simulator, "mbo", forging.forged(simulator, unit, counts.to_bytes(), to="mbo", type="release")
    )
