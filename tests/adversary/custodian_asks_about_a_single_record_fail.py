"""A relation holder sends one row to learn of one person whether the municipality knows it."""

from __future__ import annotations

from collections.abc import Callable

from linkage import files
from linkage.errors import Refused
from linkage.roles import unit
from simulator import Simulator

EXPECT = Refused, r"fewer persons than the 30 agreed"
VICTIM = "unit"
FIXTURE = "recontact"


def attack(simulator: Simulator) -> Callable[[], object]:
    taken = simulator.tokenise("mbo").rows
    head, *rows = simulator.input("mbo").read_text("cp1252").splitlines()
    one = files.write(simulator.folder / "one.csv", f"{head}\n{rows[int(taken[0]) - 1]}\n".encode("cp1252"))
    simulator.tokenise("mbo", one)
    simulator.tokenise("gemeente")
    simulator.carry()
    unit.match(simulator.homes["unit"], simulator.identities["unit"], simulator.linkage("unit"))
    return simulator.release
