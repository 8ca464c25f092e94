"""An organisation shows the auditor another ledger than it showed the receiver of its package: a split view.

Found because the receiver wrote down what it saw. Nobody sees it who compares no ledgers.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from linkage.findings import Finding
from linkage.ledger.log import Ledger
from linkage.roles import auditor
from simulator import Simulator

EXPECT = {"L109"}


def attack(simulator: Simulator) -> Sequence[Finding]:
    school = simulator.homes["mbo"]
    shown = simulator.folder / "shown"
    shutil.copytree(school.path, shown)
    simulator.tokenise("mbo")  # in the ledger that the unit sees
    simulator.carry()
    other = Ledger(shown / "ledger")
    for _ in range(10):
        other.append(simulator.identities["mbo"], "plan")  # in the one that the auditor sees
    return auditor.verify_ledgers([shown, simulator.homes["unit"].path])[1]
