"""What disclosure control costs: figures that are hidden, persons who are in them, and time.

Beside our rule stand two naive ones: `small only` hides counts that are small, and a reader subtracts; `one more` hides
with every small count that stands alone in a row the smallest other one of its row. All are attacked by the same
linear programming over tables of two fields: a small count is found when fewer values than the minimum are left of it.

Run as `python benchmarks/disclosure.py [--tables N] [--large]`.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from linkage.disclosure import suppress
from linkage.disclosure.bounds import Reader
from linkage.disclosure.suppress import Hidden
from linkage.disclosure.table import Frame
from linkage.protocol.protections import Suppression

Counts = NDArray[np.int64]
Rule = Callable[[Frame, Counts, Counts, Suppression], Hidden]
BOTH = (("a",), ("b",))


def rule(margins: tuple[tuple[str, ...], ...], rounding: int = 5) -> Suppression:
    """The usual limits."""
    said = {"method": "suppression", "minimum": 10, "minimum_decision": None, "zero_and_full": "hide"}
    return Suppression.model_validate({**said, "rounding": rounding, "margins": margins})


def frame(*shape: int, margins: tuple[tuple[str, ...], ...]) -> Frame:
    """A table over fields a, b and c."""
    names = tuple("abc"[: len(shape)])
    return Frame(names, tuple(tuple(map(str, range(size))) for size in shape), margins)


def drawn(of: Frame, seed: int, mean: float = 40, share: float = 0.2) -> tuple[Counts, Counts]:
    """Persons and linked: cells differ much in size, as gemeenten do."""
    draw = np.random.default_rng(seed)
    persons = draw.poisson(draw.gamma(1.0, mean, of.cells))
    return persons, draw.binomial(persons, share)


def small_only(of: Frame, persons: Counts, linked: Counts, said: Suppression) -> Hidden:
    """Hide what is small and nothing else."""
    figures = of.figures(persons), of.figures(linked)
    few = figures[0] < said.minimum
    return Hidden(few, few | (figures[1] < said.minimum) | (figures[0] - figures[1] < said.minimum))


def one_more(of: Frame, persons: Counts, linked: Counts, said: Suppression) -> Hidden:
    """Hide what is small, and the smallest other cell where it stands alone in its row."""
    hidden = small_only(of, persons, linked, said)
    for count, away in ((persons, hidden.persons), (linked, hidden.part)):
        cells = away[: of.cells].reshape(of.shape)
        for row, counts in zip(cells, count.reshape(of.shape), strict=True):
            if row.sum() == 1:
                row[np.argmin(np.where(row, counts.max() + 1, counts))] = True
    return Hidden(hidden.persons, hidden.part | hidden.persons)


def found(of: Frame, persons: Counts, linked: Counts, said: Suppression, hidden: Hidden) -> tuple[int, int]:
    """How many of the hidden small counts have fewer values left than the minimum, of how many."""
    figures = of.figures(persons), of.figures(linked)
    reader = Reader(of, suppress.known(of, *figures, hidden, said))
    sides = {"persons": figures[:1], "part": (figures[1], figures[0] - figures[1])}
    narrow = every = 0
    for kind, away in (("persons", hidden.persons), ("part", hidden.part)):
        few = np.logical_or.reduce([side < said.minimum for side in sides[kind]])
        for figure in np.flatnonzero(away & few):
            low, high = reader.range(kind, int(figure))
            every += 1
            narrow += high < np.inf and np.floor(high + 1e-6) - np.ceil(low - 1e-6) + 1 < said.minimum
    return narrow, every


def compare(tables: int, rounding: int) -> None:
    """Utility and what an attacker finds, over tables of 8 by 5 with both subtotals."""
    of, said = frame(8, 5, margins=BOTH), rule(BOTH, rounding)
    print(f"{tables} tables of 8 x 5 with row and column totals, rounded to {rounding}:")
    print("  rule        shown: persons cells   people  linked cells   people   found by the attacker")
    rules: dict[str, Rule] = {"ours": suppress.hide, "one more": one_more, "small only": small_only}
    for name, one in rules.items():
        sums = np.zeros(6)
        for seed in range(tables):
            persons, linked = drawn(of, seed)
            hidden = one(of, persons, linked, said)
            p, k = ~hidden.persons[: of.cells], ~hidden.part[: of.cells]
            sums[:4] += [p.mean(), persons[p].sum() / persons.sum(), k.mean(), linked[k].sum() / linked.sum()]
            sums[4:] += found(of, persons, linked, said, hidden)
        shown = sums[:4] / tables
        print(f"  {name:10}  {shown[0]:18.1%} {shown[1]:8.1%} {shown[2]:13.1%} {shown[3]:8.1%}   "
              f"{sums[4]:.0f} of {sums[5]:.0f} small counts")  # fmt: skip


SHARES = (0.04, 0.46, 0.05, 0.45)
"""Work and benefits, work, benefits, not found: about as CBS finds them among leavers of level 2."""


def states(tables: int, rounding: int) -> None:
    """The same for everybody in one of four states, 12 categories; with the subtotals that such a table always has."""
    of, said = frame(12, 4, margins=BOTH), rule(BOTH, rounding)
    print(f"{tables} tables of 12 categories by 4 states, some 100 persons a category, rounded to {rounding}:")
    print("  rule        shown: cells   people   found by the attacker")
    for name in ("ours", "small only"):
        sums = np.zeros(4)
        for seed in range(tables):
            draw = np.random.default_rng(seed)
            persons = np.concatenate([draw.multinomial(n, SHARES) for n in draw.poisson(draw.gamma(2.0, 50, 12))])
            if name == "ours":
                hidden = suppress.hide(of, persons, None, said)
            else:
                hidden = Hidden(of.figures(persons) < said.minimum, np.ones(len(of), np.bool_))
            shown = ~hidden.persons[: of.cells]
            sums[:2] += [shown.mean(), persons[shown].sum() / persons.sum()]
            sums[2:] += found_of(of, persons, said, hidden)
        shares = sums[:2] / tables
        print(f"  {name:10}  {shares[0]:12.1%} {shares[1]:8.1%}   {sums[2]:.0f} of {sums[3]:.0f} small counts")


def found_of(of: Frame, persons: Counts, said: Suppression, hidden: Hidden) -> tuple[int, int]:
    """How many hidden small counts of persons have fewer values left than the minimum, of how many."""
    exact = of.figures(persons)
    reader = Reader(of, suppress.known(of, exact, np.zeros_like(exact), hidden, said))
    small = np.flatnonzero(hidden.persons & (exact < said.minimum))
    ends = [reader.range("persons", int(figure)) for figure in small]
    narrow = sum(high < np.inf and np.floor(high + 1e-6) - np.ceil(low - 1e-6) + 1 < said.minimum for low, high in ends)
    return narrow, len(small)


def large() -> None:
    """Ten thousand cells."""
    print(f"10,000 cells, 100 x 10 x 10; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores:")
    one, two = (("a",), ("b",), ("c",)), (("a", "b"), ("a",), ("b",), ("c",))
    for name, margins in (("grand total", ()), ("one-way totals", one), ("one-way and a x b", two)):
        of, said = frame(100, 10, 10, margins=margins), rule(margins)
        persons, linked = drawn(of, 1, mean=60, share=0.15)
        clock, used = time.perf_counter(), time.process_time()
        hidden = suppress.hide(of, persons, linked, said)
        clock, used = time.perf_counter() - clock, time.process_time() - used
        naive = small_only(of, persons, linked, said)
        print(f"  {name:18} {clock:6.1f} s ({used:.1f} s of processor); hidden persons {hidden.persons.mean():.1%} "
              f"(small {naive.persons.mean():.1%}), linked {hidden.part.mean():.1%} "
              f"(small {naive.part.mean():.1%})")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=30)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    for base in (1, 5):
        compare(options.tables, base)
        states(options.tables, base)
    if options.large:
        large()
