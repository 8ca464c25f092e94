"""Rare surnames, built from parts: the long tail behind the list of common names.

Rules kept here:

- What is built does not depend on any seed: the same names in the same order, always, so that a name's rank and
  with it its weight stays the same between runs.
- Building blocks are morphemes (toponyms, trades, father's names), not a list of existing families.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

ORDER_SEED = 2026
"""Fixes the order of the tail; no run's seed comes near it."""

# How far down the tail a kind of name is pushed: the factor by which its random position is multiplied.
# Own choice, so that about three in ten people have a prefix. Assumed.
PLAIN, VAN, ARTICLE, PATRONYM, FRISIAN = 1.0, 5.0, 4.0, 0.5, 0.4

Tail = list[tuple[str, str]]


def dutch_tail(parts: pd.DataFrame) -> tuple[Tail, list[bool]]:
    """Dutch and Frisian surnames built from parts, most common first.

    Args:
        parts: the rows of ``name_parts.csv``.

    Returns:
        (prefix, surname) pairs, and for each whether it has a Frisian ending.
    """
    own, frisian = parts[parts.group == "dutch"], parts[parts.group == "frisian"]
    names: dict[tuple[str, str], tuple[float, bool]] = {}

    def put(prefix: str, name: str, push: float, is_frisian: bool = False) -> None:
        names.setdefault((prefix, name), (push, is_frisian))

    for stem in _slot(own, "patronym"):
        for end in _slot(own, "patronym_end"):
            put("", _joined(stem, end), PATRONYM)
    for stem in _slot(frisian, "stem"):
        for end in _slot(frisian, "end"):
            put("", _joined(stem, end), FRISIAN, is_frisian=True)
    places = own[own.slot == "place"]
    for stem in _slot(own, "stem"):
        for end in _slot(own, "person"):
            put("", _joined(stem, end), PLAIN)
        for article, end in zip(places.prefix, places.part, strict=True):
            place = _joined(stem, str(end))
            put("", place, PLAIN)
            put("van", place, VAN)
            if article:
                put(str(article), place, ARTICLE)
    push = np.array([value[0] for value in names.values()])
    order = np.argsort(np.random.Generator(np.random.PCG64(ORDER_SEED)).random(push.size) * push, kind="stable")
    keys, values = list(names), list(names.values())
    return [keys[i] for i in order], [values[i][1] for i in order]


def other_tail(parts: pd.DataFrame, group: str) -> Tail:
    """Surnames of another origin built from parts, in a fixed order; empty where the list of common names is all."""
    chosen = parts[parts.group == group]
    stems = chosen[chosen.slot == "stem"]
    names = dict.fromkeys(
        (str(prefix), _joined(str(stem), end))
        for prefix, stem in zip(stems.prefix, stems.part, strict=True)
        for end in _slot(chosen, "end")
    )
    keys = list(names)
    return [keys[i] for i in np.random.Generator(np.random.PCG64(ORDER_SEED)).permutation(len(keys))]


def _slot(parts: pd.DataFrame, slot: str) -> list[str]:
    """The parts of one slot, in the order of the list."""
    return [str(part) for part in parts[parts.slot == slot].part]


def _joined(stem: str, end: str) -> str:
    """Two parts as one word: a letter that would stand three times stands twice."""
    if stem[-1] == end[0] and end[0] in (stem[-2:-1], end[1:2]):
        return stem + end[1:]
    return stem + end
