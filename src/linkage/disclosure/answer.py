"""From links to a release: the answer to the question "how many of these persons are known there".

Rules kept here (docs/spec/disclosure.md):

- Fewer persons than the smallest cohort are not counted at all, nor is anybody looked for among fewer than the minimum:
  a question about a handful of records is a question about persons.
- Exact counts never leave this room: figures do, and what the linkage unit keeps to compare later releases with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linkage.disclosure.protect import Counted, Figure, Table, protect
from linkage.disclosure.release import Cell, Expected, Release, limits
from linkage.disclosure.rounding import rounded
from linkage.disclosure.table import Frame
from linkage.errors import InputError, Refused
from linkage.links import Judged
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import DifferentialPrivacy, Output

SHOWN_FROM = 10
"""Quality is shown of stages with at least so many times the minimum of links."""
FEWEST = 10
"""Rows of a custodian that anybody is looked for at, where the method has no minimum of its own."""


def overlap(
    protocol: Protocol,
    output: Output,
    counted: Counted,
    others: Mapping[str, tuple[int, int]],
    judged: Sequence[Judged],
) -> tuple[Release, Table]:
    """Answer "how many of these persons are known to any of those parties".

    Args:
        protocol: gives the categories.
        output: the question, its table and its limits.
        counted: the party whose persons are counted.
        others: per other custodian its rows, and how many of these are linked with a row of the counted one.
        judged: what to expect of the fuzzy stages.

    Raises:
        InputError: the encodings are not of the party that the output counts.
        Refused: too few persons are counted, or looked for among too few.
    """
    if counted.encodings.party != output.of:
        raise InputError(f"expected encodings of {output.of}, got {counted.encodings.party}")
    inside = Frame.of(protocol, output.by, ()).codes(counted.encodings.categories, len(counted.encodings)) >= 0
    _refuse_few(output, int(inside.sum()), others)
    table = protect(protocol, output, counted)
    every = [Cell(*each) for each in zip(table.frame.categories(), table.persons, table.linked, strict=True)]
    total = every.pop()
    cells = table.frame.cells if table.frame.by else 0
    # of the counted party the same figure as the total: beside another one, subtraction would count what lies between
    sizes = {output.of: total.persons.value}
    sizes |= {party: _size(rows, met, output).value for party, (rows, met) in others.items()}
    return Release(
        protocol.digest, output.name, sizes, table.frame.by, tuple(every[:cells]), tuple(every[cells:]), total,
        limits(output), _expected(output, judged),
    ), table  # fmt: skip


def _refuse_few(output: Output, persons: int, others: Mapping[str, tuple[int, int]]) -> None:
    if persons < output.smallest_cohort:
        raise Refused(
            f"{output.name}: {output.of} has fewer persons in the table than the {output.smallest_cohort} agreed",
            hint="Wait for a larger cohort, or pool school years or regions in a new version of the protocol.",
        )
    said = output.protection
    fewest = FEWEST if isinstance(said, DifferentialPrivacy) else said.minimum
    for party in output.found_in:
        if others[party][0] < fewest:
            raise Refused(
                f"{output.name}: {party} has fewer than {fewest} rows: who is among them is not for a count to tell",
                hint="Wait until it has more, or leave it out in a new version of the protocol.",
            )


def _size(rows: int, met: int, output: Output) -> Figure:
    """Another party's rows; hidden when they, or those not linked, are few, and where every figure has noise."""
    said = output.protection
    if isinstance(said, DifferentialPrivacy) or min(rows, rows - met) < said.minimum:
        return Figure(None, "hidden")
    return Figure(rounded(rows, said.minimum, said.rounding), "shown")


def _expected(output: Output, judged: Sequence[Judged]) -> tuple[Expected, ...]:
    """Estimates, rounded so that no count can be read from them; none where every figure has noise."""
    said = output.protection
    if isinstance(said, DifferentialPrivacy):
        return ()
    asked = {output.of, *output.found_in}
    found = []
    for one in judged:
        if one.links >= SHOWN_FROM * said.minimum and asked.issuperset(one.parties):
            right = round(one.precision, 2), round(one.precision_low, 2), round(one.precision_high, 2)
            met = round(one.recall, 2), round(one.recall_low, 2), round(one.recall_high, 2)
            found.append(
                Expected(one.stage, one.parties, one.threshold, one.chosen, right, met, one.strangers, one.same)
            )
    return tuple(found)
