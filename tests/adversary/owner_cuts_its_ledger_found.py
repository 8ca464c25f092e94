"""An organisation gives the auditor its ledger as it was before it sent a package."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from linkage.findings import Finding
from linkage.roles import auditor
from simulator import Simulator

EXPECT = {"L104"}


def attack(simulator: Simulator) -> Sequence[Finding]:
    earlier = simulator.folder / "earlier"
    shutil.copytree(simulator.homes["mbo"].path, earlier)
    simulator.tokenise("mbo")
    simulator.carry()
    return auditor.verify_ledgers([earlier, simulator.homes["unit"].path])[1]
