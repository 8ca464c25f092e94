"""No version is negotiated: only the first is read."""

from __future__ import annotations

from collections.abc import Callable

from adversary import forging
from linkage import files
from linkage.errors import InputError
from simulator import Simulator

EXPECT = InputError, r"not a linkage package"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    path = simulator.tokenise("mbo").package
    return forging.to_unit(simulator, files.write(path, path.read_bytes().replace(b"v1\n", b"v2\n", 1)))
