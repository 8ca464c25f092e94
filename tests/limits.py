"""Limits of disclosure control that tests use, and figures of small tables under them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from linkage.disclosure import suppress
from linkage.disclosure.persons import Persons
from linkage.disclosure.protect import HIDDEN, Counted, Figure
from linkage.disclosure.rounding import rounded
from linkage.disclosure.rows import known_by
from linkage.disclosure.table import Counts, Frame
from linkage.protocol.protections import Suppression
from linkage.tables import Encodings


def suppression(
    minimum: int = 10, rounding: int = 5, zero_and_full: str = "hide", margins: Sequence[tuple[str, ...]] = ()
) -> Suppression:
    """The rule, also with limits that no protocol may have: small ones make all tables countable."""
    return Suppression.model_construct(
        method="suppression", minimum=minimum, minimum_decision=None, rounding=rounding, zero_and_full=zero_and_full,
        margins=tuple(margins),
    )  # fmt: skip


def frame(*shape: int, margins: Sequence[tuple[str, ...]] = ()) -> Frame:
    """A table over the fields a, b and c."""
    names = tuple("abc"[: len(shape)])
    return Frame(names, tuple(tuple(map(str, range(size))) for size in shape), tuple(margins))


def table(
    of: Frame, persons: Sequence[int] | Counts, linked: Sequence[int] | Counts, said: Suppression
) -> list[Figure]:
    """The figures of persons and then those of linked."""
    counts = [np.asarray(side, np.int64) for side in (persons, linked)]
    hidden = suppress.hide(of, counts[0], counts[1], said)
    return [
        HIDDEN if away else Figure(rounded(int(count), said.minimum, said.rounding), "shown")
        for side, flags in zip(counts, (hidden.persons, hidden.part), strict=True)
        for count, away in zip(of.figures(side), flags, strict=True)
    ]


def figures(counts: list[int], of: list[int] | None, said: Suppression) -> list[Figure]:
    """Figures of cells and, last, of their total, of one kind of count."""
    away = suppress.one_total(counts, of, said.minimum)
    every = [*counts, sum(counts)]
    shown = [rounded(count, said.minimum, said.rounding) for count in every]
    return [HIDDEN if a else Figure(value, "shown") for a, value in zip(away, shown, strict=True)]


def whom(
    encodings: Encodings, hits: NDArray[np.bool_], key: bytes = b"", names: NDArray[np.uint8] | None = None
) -> Counted:
    """The rows of one custodian as persons, each by itself, and which of them are found elsewhere."""
    codes = {name: code.astype(np.int64) for name, code in encodings.categories.items()}
    rows = len(encodings)
    persons = Persons(np.where(hits, np.arange(rows), -1), known_by(encodings) if names is None else names, codes)
    return Counted(persons, hits, key)
