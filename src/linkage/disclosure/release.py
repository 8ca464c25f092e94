"""From links to a release: counts, with the small ones hidden.

Rules kept here (docs/spec/disclosure.md):

- A count below the minimum is hidden, zero included, and so is a count that leaves fewer than the minimum out:
  "all of them" and "none of them" are statements about each person in the cell.
- Only cells and the grand total are released, no row or column totals. When a hidden cell could be found by
  subtraction from the total, the smallest shown cell is hidden as well.
- What is shown is rounded to a multiple of the protocol's base, after hiding was decided on exact counts.
- Exact counts never leave this module.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from linkage import canonical
from linkage.errors import InputError, LinkageError, Untrusted
from linkage.protocol.model import Output, Protocol
from linkage.tables import Encodings

Status = Literal["shown", "small", "complement"]


@dataclass(frozen=True)
class Figure:
    """One number of a release."""

    value: int | None
    """The rounded count; None when hidden."""
    status: Status
    """Shown; hidden because it, or what it leaves out, is small; or hidden to protect another."""


@dataclass(frozen=True)
class Cell:
    """One cell of the table."""

    categories: Mapping[str, str]
    """Field to category."""
    persons: Figure
    """Persons of the counted party in this cell that took part."""
    linked: Figure
    """How many of them are linked."""


@dataclass(frozen=True)
class Release:
    """What a recipient gets."""

    protocol: str
    """Digest of the protocol."""
    output: str
    """Name of the output in the protocol."""
    parties: Mapping[str, int | None]
    """Rows each custodian took part with, rounded; None when hidden."""
    cells: tuple[Cell, ...]
    """In the protocol's order of categories."""
    total: Cell
    """The grand total; its categories are empty."""
    minimum: int
    rounding: int

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.to_bytes({"release": 1, **asdict(self)})


def from_bytes(data: bytes, *, where: str) -> Release:
    """Read `Release.to_bytes` strictly.

    Raises:
        Untrusted: not a release.
    """
    try:
        value = canonical.from_bytes(data, where=where)
        if value.pop("release") != 1:
            raise ValueError
        cells = tuple(_cell(cell) for cell in value.pop("cells"))
        release = Release(cells=cells, total=_cell(value.pop("total")), **value)
        if release.to_bytes() != data:
            raise ValueError
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted("not a release: damaged or altered", where=where) from None
    return release


def overlap(protocol: Protocol, output: Output, counted: Encodings, linked: NDArray[np.bool_], other: int) -> Release:
    """Answer the question "how many of these persons are known to the other party".

    Args:
        protocol: gives the categories.
        output: the question, its table and its limits.
        counted: encodings of the party whose persons are counted.
        linked: ``bool[n]``: whether the row of `counted` is linked.
        other: rows of the other party.

    Raises:
        InputError: the encodings are not of the party that the output counts.
    """
    if counted.party != output.of:
        raise InputError(f"expected encodings of {output.of}, got {counted.party}")
    fields = [protocol.field(name) for name in output.by]
    spans = [range(len(field.values or ())) for field in fields]
    persons, hits = [], []
    for codes in itertools.product(*spans):
        inside = np.ones(len(counted), dtype=np.bool_)
        for field, code in zip(fields, codes, strict=True):
            inside &= counted.categories[field.name] == code
        persons.append(int(inside.sum()))
        hits.append(int((inside & linked).sum()))
    names = [
        {f.name: (f.values or ())[code] for f, code in zip(fields, codes, strict=True)}
        for codes in itertools.product(*spans)
    ]
    persons_figures = _figures(persons, [None] * len(persons), output)
    hits_figures = _figures(hits, [p - h for p, h in zip(persons, hits, strict=True)], output)
    cells = [Cell(*each) for each in zip(names, persons_figures[:-1], hits_figures[:-1], strict=True)]
    other_party = next(p.id for p in protocol.custodians if p.id != output.of)
    sizes = {output.of: _single(len(counted), output).value, other_party: _single(other, output).value}
    total = Cell({}, persons_figures[-1], hits_figures[-1])
    return Release(protocol.digest, output.name, sizes, tuple(cells), total, output.minimum, output.rounding)


def _figures(counts: list[int], left_out: list[int] | list[None], output: Output) -> list[Figure]:
    """Figures for cells and, last, their total."""
    small = [
        c < output.minimum or (rest is not None and rest < output.minimum)
        for c, rest in zip(counts, left_out, strict=True)
    ]
    total = sum(counts)
    rest = sum(r for r in left_out if r is not None) if left_out and left_out[0] is not None else None
    total_small = total < output.minimum or (rest is not None and rest < output.minimum)
    status: list[Status] = ["small" if s else "shown" for s in small]
    while not total_small and _derivable(counts, status, output.minimum):
        shown = [i for i, s in enumerate(status) if s == "shown"]
        if not shown:
            total_small = True
            break
        status[min(shown, key=lambda i: counts[i])] = "complement"
    figures = [
        Figure(_rounded(c, output), s) if s == "shown" else Figure(None, s) for c, s in zip(counts, status, strict=True)
    ]
    return [*figures, Figure(None, "small") if total_small else Figure(_rounded(total, output), "shown")]


def _derivable(counts: list[int], status: list[Status], minimum: int) -> bool:
    """Whether total minus shown cells gives away a hidden one: a single cell, or a sum below the minimum."""
    hidden = [c for c, s in zip(counts, status, strict=True) if s != "shown"]
    return len(hidden) == 1 or (len(hidden) > 1 and sum(hidden) < minimum)


def _single(count: int, output: Output) -> Figure:
    return Figure(None, "small") if count < output.minimum else Figure(_rounded(count, output), "shown")


def _rounded(count: int, output: Output) -> int:
    """To the nearest multiple of the base; halves go up, and never to zero or below the minimum's multiple."""
    base = output.rounding
    return max((count + base // 2) // base * base, (output.minimum + base - 1) // base * base if base > 1 else count)


def _cell(value: Any) -> Cell:
    return Cell(value["categories"], Figure(**value["persons"]), Figure(**value["linked"]))
