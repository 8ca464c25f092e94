"""A package that never arrives is not detected as dropped: the unit waits, and says for whom."""

from __future__ import annotations

from linkage.roles import auditor
from simulator import Simulator


def attack(simulator: Simulator) -> None:
    simulator.tokenise("gemeente")
    simulator.tokenise("mbo").package.unlink()
    simulator.carry()
    assert [str(step) for step in simulator.step("unit")] == [
        "wait    graduates-on-benefits 1.0: for the package of mbo"
    ]
    outcomes, crossed = auditor.verify_ledgers([home.path for home in simulator.homes.values()])
    assert all(outcome.holds for outcome in outcomes)
    assert crossed == ()
    sent = [e for e in simulator.homes["mbo"].ledger.entries() if e.act == "send"]
    assert sent, "only a person who compares what was sent with what was received sees it"
