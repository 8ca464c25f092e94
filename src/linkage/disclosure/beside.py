"""Whether two releases may stand beside each other.

Rules kept here (docs/spec/disclosure.md, "Releases beside each other"):

- Under one protocol persons are compared: of every sum of figures of the one and of the other, the persons counted in
  one and not in the other are none, or at least the minimum; whichever kind of figures these are.
- Where tokens differ (other protocols, other keys of key-holders) or rows cannot be known again, figures are compared
  by their exact counts: equal, or at least the minimum apart.
- Figures for days further apart than `SAME_MOMENT` answer different questions, but for states of one and the same day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from linkage.disclosure.differences import NOBODY, fewest
from linkage.disclosure.past import Columns, Past, Units

SAME_MOMENT = 31
"""Days: figures for reference dates further apart answer different questions."""


def difference(new: Past, past: Past, minimum: int) -> str:
    """What differs too little between two releases; empty when nothing does."""
    a, b = new.about, past.about
    apart = abs((date.fromisoformat(a.reference_date) - date.fromisoformat(b.reference_date)).days)
    again = set(filter(None, a.moments)) & set(filter(None, b.moments))  # states of one day, told again later
    if not set(a.of) & set(b.of) or {a.method, b.method} != {"suppression"} or (apart >= SAME_MOMENT and not again):
        return ""
    known = a.tokens == b.tokens != "" and apart < SAME_MOMENT
    if known and (found := _among_persons(new, past, minimum)):
        return found
    if known and a.of == b.of:
        return ""
    ours, theirs = new.counts(), past.counts()
    if a.protocol != b.protocol and (coded := new.in_code | past.in_code):
        ours, theirs = _by_size(ours, coded), _by_size(theirs, coded)
    for (kind, key), count in ours.items():
        if apart >= SAME_MOMENT and not any(name.startswith("on ") for name, _ in key):
            continue
        if 0 < abs(count - theirs.get((kind, key), count)) < minimum:
            return f"{WORDS[kind]}, {', '.join(f'{f} {v}' for f, v in sorted(key)) or 'grand total'}"
    return ""


def _among_persons(new: Past, past: Past, minimum: int) -> str:
    """The same, of any figures of one release and any of the other: who is counted as a person here may be counted as
    found there."""
    every = np.union1d(new.rows, past.rows)
    placed = [(other, _placed(every, past, then)) for other, then in past.units()]
    for kind, now in new.units():
        here = _placed(every, new, now)
        for other, then in placed:
            if fewest(here, then, minimum):
                return WORDS[kind] if kind == other else f"{WORDS[kind]}, beside {WORDS[other]} there"
    return ""


WORDS = {"persons": "persons counted", "part": "persons asked for", "left": "the other persons"}


def _by_size(counts: Mapping[tuple[str, Columns], int], coded: set[str]) -> dict[tuple[str, Columns], int]:
    """Counts of which some columns have codes that mean something else in another protocol: the codes of alike counts
    make way for their ranks by size, so that what hardly changed is compared with itself."""
    alike: dict[tuple[str, Columns], list[int]] = {}
    for (kind, key), count in counts.items():
        name = kind, frozenset((column, "#" if column in coded else value) for column, value in key)
        alike.setdefault(name, []).append(count)
    return {
        (kind, key | {("rank", str(rank))} if key & {(column, "#") for column in coded} else key): count
        for (kind, key), every in alike.items()
        for rank, count in enumerate(sorted(every))
    }


def _placed(every: NDArray[np.bytes_], of: Past, units: Units) -> Units:
    """Per person of either release its unit in one."""
    result = np.full(len(every), NOBODY, np.int64)
    result[np.searchsorted(every, of.rows)] = units
    return result
