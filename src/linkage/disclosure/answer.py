"""From links to a release: the answer to a question that is counts.

Rules kept here (docs/spec/disclosure.md):

- Fewer persons than the smallest cohort are not counted at all, nor is anybody looked for among fewer than the minimum:
  a question about a handful of records is a question about persons.
- Exact counts never leave this room: figures do, and what the linkage unit keeps to compare later releases with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linkage.disclosure.protect import Counted, Protected, protect
from linkage.disclosure.release import Cell, Expected, Release, limits
from linkage.disclosure.rounding import rounded
from linkage.disclosure.scores import Bar, bars
from linkage.disclosure.table import Frame
from linkage.errors import Refused
from linkage.links import Histogram, Judged
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Table
from linkage.protocol.protections import DifferentialPrivacy

SHOWN_FROM = 10
"""Quality is shown of stages with at least so many times the minimum of links."""
FEWEST = 10
"""Rows of a custodian that anybody is looked for at, where the method has no minimum of its own."""


Seen = tuple[Judged, Histogram]
"""What to expect of a fuzzy stage between two custodians, and the scores of its links between them, in hundredths."""


@dataclass(frozen=True)
class Size:
    """How many rows a custodian took part with."""

    rows: int
    met: int
    """How many of them are linked with a row of a custodian that is counted."""


def answer(
    protocol: Protocol, output: Table, counted: Counted, sizes: Mapping[str, Size], seen: Sequence[Seen]
) -> tuple[Release, Protected]:
    """Count, hide what is small, and make it a release.

    Args:
        protocol: gives the categories.
        output: the question, its table and its limits.
        counted: the persons.
        sizes: per custodian its rows.
        seen: what the fuzzy stages found.

    Raises:
        Refused: too few persons are counted, or looked for among too few.
    """
    inside = Frame.of(protocol, output, output.by).codes(counted.persons.codes, len(counted.persons)) >= 0
    _refuse_few(output, int(inside.sum()), sizes)
    table = protect(protocol, output, counted)
    part = table.part or (None,) * len(table.persons)
    every = [Cell(*each) for each in zip(table.frame.categories(), table.persons, part, strict=True)]
    total = every.pop()
    cells = table.frame.cells if table.frame.by else 0
    return Release(
        protocol.digest, output.name, protocol.reference_date, _sizes(output, sizes, total), table.frame.by,
        tuple(every[:cells]), tuple(every[cells:]), total, limits(output), _expected(output, seen),
    ), table  # fmt: skip


def _refuse_few(output: Table, persons: int, sizes: Mapping[str, Size]) -> None:
    if persons < output.smallest_cohort:
        raise Refused(
            f"{output.name}: {' and '.join(output.of)} have fewer persons in the table than the "
            f"{output.smallest_cohort} agreed",
            hint="Wait for a larger cohort, or pool school years or regions in a new version of the protocol.",
        )
    fewest = _minimum(output)
    for parties in output.looked_at:
        if sum(sizes[party].rows for party in parties) < fewest:
            who = f"{' and '.join(parties)} {'have' if len(parties) > 1 else 'has'}"
            raise Refused(
                f"{output.name}: {who} fewer than {fewest} rows: who is among them is not for a count to tell",
                hint="Wait until there are more, or leave them out in a new version of the protocol.",
            )


def _minimum(output: Table) -> int:
    said = output.protection
    return FEWEST if isinstance(said, DifferentialPrivacy) else said.minimum


def _sizes(output: Table, sizes: Mapping[str, Size], total: Cell) -> dict[str, int | None]:
    """Rows per custodian. Where one is counted, the same figure as the total: beside another one, subtraction would
    count what lies between. Where several are, their sum less the total counts who stands at more than one."""
    if len(output.of) == 1:
        return {
            party: total.persons.value if party in output.of else _size(one, output) for party, one in sizes.items()
        }
    told = {party: _size(one, output) for party, one in sizes.items()}
    twice = [sizes[party].met for party in output.of]
    return {p: None if p in output.of and min(twice) < _minimum(output) else size for p, size in told.items()}


def _size(one: Size, output: Table) -> int | None:
    """Rows of a custodian; hidden when they, or those not linked, are few, and where every figure has noise."""
    said = output.protection
    if isinstance(said, DifferentialPrivacy) or min(one.rows, one.rows - one.met) < said.minimum:
        return None
    return rounded(one.rows, said.minimum, said.rounding)


def _expected(output: Table, seen: Sequence[Seen]) -> tuple[Expected, ...]:
    """Estimates, rounded so that no count can be read from them; none where every figure has noise."""
    said = output.protection
    if isinstance(said, DifferentialPrivacy):
        return ()
    asked = {*output.of, *output.sources}
    found = []
    for one, scores in seen:
        if one.links >= SHOWN_FROM * said.minimum and asked.issuperset(one.parties):
            right = round(one.precision, 2), round(one.precision_low, 2), round(one.precision_high, 2)
            met = round(one.recall, 2), round(one.recall_low, 2), round(one.recall_high, 2)
            told = _bars(one, scores, said.minimum)
            found.append(
                Expected(one.stage, one.parties, one.threshold, one.chosen, right, met, one.strangers, one.same, told)
            )
    return tuple(found)


def _bars(one: Judged, scores: Histogram, minimum: int) -> tuple[Bar, ...]:
    """Of many links only: between more than two custodians fewer may be kept than were judged."""
    return bars(scores, one.threshold, minimum) if scores.counts.sum() >= SHOWN_FROM * minimum else ()
