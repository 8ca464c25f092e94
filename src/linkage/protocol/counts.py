"""Lint rules on what is shown: small counts, noise, and who is told.

Rules kept here:

- A message names the output and the value that was agreed; bounds are constants with their reason.
"""

from __future__ import annotations

from linkage.findings import Severity
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Partition
from linkage.protocol.protections import DifferentialPrivacy, Suppression
from linkage.protocol.rule import Seen, rule

USUAL_COHORT = 30
"""Persons: three cells of the usual minimum. Below it a release is nearly always all hidden."""
MOST_EPSILON = 3.0
"""All releases together; above it a reader may become twenty times surer of something about one person."""


@rule("P302", Severity.WARNING)
def minimum_below_usual(p: Protocol) -> Seen:
    """Ten persons per cell is the usual minimum; five to nine is the privacy officer's decision, and no protocol can
    have less."""
    for output in p.tables:
        said = output.protection
        if not isinstance(said, DifferentialPrivacy) and said.minimum_decision is not None:
            who = said.minimum_decision.decided_by
            yield f"outputs.{output.name}.protection.minimum", f"{said.minimum}, decided by {who}; 10 is usual"


@rule("P303", Severity.WARNING)
def not_rounded(p: Protocol) -> Seen:
    """Exact counts betray single persons by subtraction when a linkage is run again after one withdrawal."""
    for output in p.tables:
        said = output.protection
        if isinstance(said, Suppression) and said.rounding < 5:
            yield (
                f"outputs.{output.name}.protection.rounding",
                f"rounded to {said.rounding}; 5 or more blunts differencing",
            )


@rule("P304", Severity.ERROR)
def told_to_no_recipient(p: Protocol) -> Seen:
    """An answer goes only to a party that the protocol makes a recipient."""
    for output in p.outputs:
        for name in output.to:
            if "recipient" not in p.party(name).roles:
                yield f"outputs.{output.name}.to", f"{name} does not have the role recipient"


@rule("P305", Severity.WARNING)
def none_and_all_are_shown(p: Protocol) -> Seen:
    """ "None of them" and "all of them" tell something of every person in a cell, and that somebody is in the cell is
    often known."""
    for output in p.tables:
        if isinstance(output.protection, Suppression) and output.protection.zero_and_full == "show":
            yield f"outputs.{output.name}.protection.zero_and_full", "cells of which nobody or everybody is linked show"


@rule("P306", Severity.WARNING)
def much_privacy_spent(p: Protocol) -> Seen:
    """Epsilon bounds how much surer a reader becomes of one person: at 1 by a factor of 2.7, at 3 of 20. All releases
    add up."""
    for output in p.tables:
        said = output.protection
        if isinstance(said, DifferentialPrivacy) and said.budget > MOST_EPSILON:
            yield (
                f"outputs.{output.name}.protection.budget",
                f"{said.budget:g} in all; more than {MOST_EPSILON:g} protects little",
            )


@rule("P307", Severity.WARNING)
def small_cohort(p: Protocol) -> Seen:
    """With fewer than about thirty persons nearly every figure is small, and what can be told of them is told better by
    somebody who knows them."""
    for output in p.outputs:
        if output.smallest_cohort < USUAL_COHORT:
            yield f"outputs.{output.name}.smallest_cohort", f"{output.smallest_cohort}; {USUAL_COHORT} is usual"


@rule("P308", Severity.INFO)
def noise_in_every_count(p: Protocol) -> Seen:
    """Noise protects what subtraction would find, and every figure is a little wrong: say so where it is used."""
    for output in p.tables:
        if not isinstance(output.protection, Suppression):
            yield f"outputs.{output.name}.protection.method", f"{output.protection.method}: every count carries noise"


@rule("P309", Severity.WARNING)
def moves_that_a_withdrawal_stops(p: Protocol) -> Seen:
    """Moves tell the states of the earlier wave once more, without those who withdrew since. With suppression nothing
    can be released after fewer than the minimum withdrew; cell-key noise stands between the two."""
    for output in p.tables:
        before = isinstance(output, Partition) and any(split.wave == "previous" for split in output.splits)
        if before and isinstance(output.protection, Suppression):
            yield f"outputs.{output.name}.protection.method", "moves under suppression: a few withdrawals stop them"
