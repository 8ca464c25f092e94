"""Whom an output counts: rows become persons, and persons get their categories and states.

Rules kept here:

- Rows in one group are one person, at whichever of the counted custodians they stand; a row in no group is a person.
- A person stands for its first row, by the order of the custodians in the protocol and of what rows are known by, so
  that nothing depends on handles. A category is that of the first row that has one.
- Arrays and codes only. What a code of a blinded category means is not known here, and not needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linkage.disclosure.rows import known_by
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Overlap, Partition, Sought, Split, Table
from linkage.tables import MISSING_CATEGORY, Encodings

Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Matched:
    """What matching left: the encodings, and which rows are one person."""

    encodings: Mapping[str, Encodings]
    """Per custodian."""
    groups: Mapping[str, NDArray[np.int64]] = field(repr=False)
    """Per custodian ``int64[n]``: the group of every row, -1 for none."""

    def met(self, party: str, others: tuple[str, ...]) -> Flags:
        """``bool[n]``: which rows of a custodian are in one group with a row of any of some others."""
        return self.there(self.groups[party], [name for name in others if name != party])

    def there(self, groups: NDArray[np.int64], parties: list[str]) -> Flags:
        """``bool[k]``: whether each of some groups has a row at any of some custodians."""
        at = np.concatenate([self.groups[party] for party in parties] or [np.zeros(0, np.int64)])
        return np.isin(groups, at[at >= 0]) & (groups >= 0)


@dataclass(frozen=True)
class Persons:
    """The persons that an output counts; position `i` is the same person in every array."""

    group: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: -1 for a person in no group."""
    known_by: NDArray[np.uint8] = field(repr=False)
    """``uint8[n, 32]``: what each is known by in all packages with the same tokens."""
    codes: Mapping[str, Codes] = field(repr=False)
    """Per column of the table ``int64[n]``: a code of a category or a state, -1 for none."""

    def __len__(self) -> int:
        return len(self.group)


def persons(protocol: Protocol, output: Table, matched: Matched, before: Mapping[str, Codes] | None) -> Persons:
    """The persons of an output, with the codes of every column that its tables may have.

    Args:
        protocol: what was agreed.
        output: whom it counts, and how they are told apart.
        matched: what matching left.
        before: per split of the previous wave the states that these persons had then (`History.states_before`); None
            to get the persons without any state.
    """
    rows = [matched.encodings[party] for party in output.of]
    group = np.concatenate([matched.groups[party] for party in output.of])
    names, order = _in_order(rows)
    own = np.where(group >= 0, group, -2 - np.arange(len(group)))
    _, first, person = np.unique(own[order], return_index=True, return_inverse=True)
    of = np.empty(len(group), np.int64)
    of[order] = person
    codes: dict[str, Codes] = {}
    for name in _columns(output):
        values = np.concatenate([one.categories[name] for one in rows]).astype(np.int64)
        codes[name] = _first(of, values, order, len(first))
    chosen = order[first]
    found = Persons(group[chosen], names[chosen], codes)
    if isinstance(output, Partition) and before is not None:
        for split in output.splits:
            codes[split.name] = before[split.name] if split.name in before else _states(protocol, split, found, matched)
    return found


def _in_order(rows: Sequence[Encodings]) -> tuple[NDArray[np.uint8], Codes]:
    """``uint8[n, 32]`` and ``int64[n]``: what rows of several custodians are known by, and their order by custodian and
    by that, whatever their handles."""
    names = np.concatenate([known_by(one) for one in rows])
    party = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    return names, np.lexsort((*np.ascontiguousarray(names).view(">u8").T[::-1], party))


def part(output: Table, found: Persons, matched: Matched) -> Flags | None:
    """``bool[n]``: of some persons the part that is asked for: those found elsewhere, or for a complement those who are
    not; None where no part is asked for."""
    if not isinstance(output, Overlap):
        return None
    there = matched.there(found.group, list(output.found_in))
    return ~there if output.question == "complement" else there


def _columns(output: Table) -> list[str]:
    pooled = output.pool.tables if output.pool else ()
    return list(dict.fromkeys([*output.by, *(name for table in pooled for name in table)]))


def _first(of: NDArray[np.int64], values: Codes, order: NDArray[np.int64], count: int) -> Codes:
    """Per person the value of its first row that has one."""
    result = np.full(count, MISSING_CATEGORY, np.int64)
    there = order[values[order] >= 0][::-1]  # the first comes last, and stays
    result[of[there]] = values[there]
    return result


def _states(protocol: Protocol, split: Split, found: Persons, matched: Matched) -> Codes:
    """``int64[n]``: the place of each person's state among those of a split."""
    state = np.zeros(len(found), np.int64)
    for one in split.sought:
        way, ways = _way(protocol, one, found, matched)
        state = state * ways + way
    return state


def _way(protocol: Protocol, one: Sought, found: Persons, matched: Matched) -> tuple[Codes, int]:
    """Per person the place among the ways in which something is found, not found last; and how many ways there are."""
    if one.field is None:
        return np.where(matched.there(found.group, list(one.at)), 0, 1), 2
    values = protocol.field(one.field).values or ()
    wanted = [values.index(value) for value in one.only or ()]
    groups = np.concatenate([matched.groups[party] for party in one.at])
    codes = np.concatenate([matched.encodings[party].categories[one.field] for party in one.at]).astype(np.int64)
    if one.only is not None:
        right = groups[np.isin(codes, wanted) & (groups >= 0)]
        return np.where(np.isin(found.group, right) & (found.group >= 0), 0, 1), 2
    size = len(values)
    by_group = np.full(max(int(groups.max(initial=-1)), int(found.group.max(initial=-1))) + 2, size, np.int64)
    _, order = _in_order([matched.encodings[party] for party in one.at])
    told = order[(codes >= 0)[order] & (groups >= 0)[order]][::-1]  # the first comes last, and stays
    by_group[groups[told]] = codes[told]
    return by_group[np.where(found.group >= 0, found.group, -1)], size + 1
