"""A package never arrives: the unit waits, and says for whom; who compares the ledgers sees that it was sealed.

Nobody can tell a package that was dropped from one that is still on its way, so it is a warning and no error.
"""

from __future__ import annotations

from collections.abc import Sequence

from linkage.findings import Finding, Severity
from linkage.roles import auditor
from simulator import Simulator

EXPECT = {"L204"}


def attack(simulator: Simulator) -> Sequence[Finding]:
    simulator.tokenise("gemeente")
    simulator.tokenise("mbo").package.unlink()
    simulator.carry()
    waiting = "wait    graduates-on-benefits 1.0: for the package of mbo"
    assert [str(step) for step in simulator.step("unit")] == [waiting]
    outcomes, crossed = auditor.verify_ledgers([home.path for home in simulator.homes.values()])
    assert all(outcome.holds for outcome in outcomes)
    assert not [finding for finding in crossed if finding.severity is Severity.ERROR]
    return crossed
