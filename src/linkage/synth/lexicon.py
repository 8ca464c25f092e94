"""The words people are made of: surnames and given names with weights, places with postcodes.

Rules kept here:

- Words come from the project's own lists (`data/README.md` says how they were made); a table is read once.
- The weight of a name follows from its rank. For Dutch surnames: ``(5 / (rank + 4)) ** 0.7`` to rank 1,000 and
  1 / rank beyond, so that the most common name has about 0.5 % of all people and the first hundred about 12 %
  (proved by tests/synth/test_people.py::test_surnames_are_as_skewed_as_in_the_netherlands).
- Draws take arrays and return positions in the tables; text is looked up at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from linkage.synth.numbers import Ints
from linkage.synth.wordmaker import dutch_tail, other_tail

Floats = npt.NDArray[np.float64]

ORIGINS = (
    "dutch", "turkish", "moroccan", "surinamese", "antillean", "polish", "arabic", "eritrean", "vietnamese", "german",
)  # fmt: skip
"""Origins of surnames; Frisian ones stand among the Dutch, with given names of their own."""
ORIGIN_SHARES = (0.80, 0.035, 0.04, 0.03, 0.015, 0.025, 0.025, 0.005, 0.005, 0.02)
"""Share of people by origin of their surname. Assumed, near the mix of a Dutch region with a city."""
NEWCOMERS = ("arabic", "eritrean")
"""Origins whose birth dates are most often partly unknown."""
FRISIAN = len(ORIGINS)
"""Position of the Frisian given names, after those of `ORIGINS`."""
FRISIAN_GIVEN = 0.3
"""Share of people with a Frisian surname who also have a Frisian given name. Assumed."""
HEAD_OFFSET, HEAD_POWER, HEAD_LENGTH = 4.0, 0.7, 1000
"""Rank law of Dutch surnames, fitted by eye to the shares of the top 1, 10, 100 and 1,000 in the count of 2007
(Meertens Instituut/CBG). Only these four figures were taken from it; the test of the skew uses the same count."""
OTHER_OFFSET, OTHER_POWER = 5.0, 0.8
"""Rank law of other surnames. Assumed."""
GIVEN_OFFSET, GIVEN_POWER = 4.0, 0.9
"""Rank law of given names. Assumed."""
WRONG_GENERATION = 0.1
"""Weight of a name outside the generation it belongs to. Assumed."""
LETTERS = "ABCDEGHJKLMNPRSTVWXZ"
"""Letters of a postcode; PostNL uses no F, I, O, Q, U and Y."""
FORBIDDEN_PAIRS = ("SA", "SD", "SS")
"""Letter pairs that PostNL never gives out."""


@dataclass(frozen=True)
class Surnames:
    """Every surname of every origin, one table."""

    prefix: pa.Array
    """Prefix (voorvoegsel), string, empty where there is none."""
    name: pa.Array
    """Surname without prefix, string."""
    frisian: npt.NDArray[np.bool_]
    """Whether the name is Frisian."""
    starts: tuple[int, ...]
    """First position of each origin, in the order of `ORIGINS`."""
    cumulative: tuple[Floats, ...]
    """Cumulative weights within each origin, ending at 1."""

    def draw(self, rng: np.random.Generator, origin: Ints) -> Ints:
        """A surname for each person, by position in `ORIGINS`."""
        chance, found = rng.random(origin.size), np.zeros(origin.size, dtype=np.int64)
        for index, (start, cumulative) in enumerate(zip(self.starts, self.cumulative, strict=True)):
            mine = origin == index
            found[mine] = start + _pick(cumulative, chance[mine])
        return found


@dataclass(frozen=True)
class GivenNames:
    """Every spelling of every given name, one table."""

    text: pa.Array
    """The spelling, string."""
    initials: pa.Array
    """Its initials with dots, string; Th, Ph, Ch and IJ give one letter, as in the BRP."""
    following: Ints
    """Position of the next spelling of the same name; its own where there is one spelling only."""
    concept: Ints
    """Number of the name a spelling belongs to."""
    call_start: Ints
    """First position of its call names in `calls`."""
    call_count: Ints
    """How many call names it has; 0 where people use the name itself."""
    calls: pa.Array
    """Call names (roepnamen), string."""
    choices: dict[tuple[int, int, int], tuple[Ints, Floats]]
    """By origin, sex (0 M, 1 V) and generation (0 old, 1 young): positions and their cumulative weights."""

    def draw(self, rng: np.random.Generator, origin: Ints, sex: Ints, young: Ints) -> Ints:
        """A given name for each person."""
        chance, found = rng.random(origin.size), np.zeros(origin.size, dtype=np.int64)
        key = (origin * 2 + sex) * 2 + young
        for (o, s, y), (positions, cumulative) in self.choices.items():
            mine = key == (o * 2 + s) * 2 + y
            found[mine] = positions[_pick(cumulative, chance[mine])]
        return found


@dataclass(frozen=True)
class Places:
    """Gemeenten and their postcodes."""

    code: pa.Array
    """Gemeentecode, four digits, string."""
    first_pc4: Ints
    """Lowest postcode area."""
    last_pc4: Ints
    """Highest postcode area."""
    everywhere: Floats
    """Cumulative weights over all places."""
    region: Floats
    """Cumulative weights over the region of the example school only."""


@lru_cache(maxsize=1)
def surnames() -> Surnames:
    """The table of surnames: the list of common names, then the tail that `wordmaker` builds."""
    common, parts = _csv("surnames.csv"), _csv("name_parts.csv")
    prefixes: list[str] = []
    names: list[str] = []
    frisian: list[bool] = []
    starts: list[int] = []
    cumulative: list[Floats] = []
    for origin in ORIGINS:
        chosen = common[common.origin.isin(["dutch", "frisian"] if origin == "dutch" else [origin])]
        head = list(zip(chosen.prefix, chosen.surname, strict=True))
        tail, marks = dutch_tail(parts) if origin == "dutch" else (other_tail(parts, origin), [])
        known = set(head)
        keep = [index for index, pair in enumerate(tail) if pair not in known]
        pairs = head + [tail[index] for index in keep]
        starts.append(len(names))
        prefixes += [str(prefix) for prefix, _ in pairs]
        names += [str(name) for _, name in pairs]
        frisian += list(chosen.origin == "frisian") + [bool(marks) and marks[index] for index in keep]
        cumulative.append(_cumulative(_dutch_weights(len(pairs)) if origin == "dutch" else _other_weights(len(pairs))))
    return Surnames(pa.array(prefixes), pa.array(names), np.array(frisian), tuple(starts), tuple(cumulative))


@lru_cache(maxsize=1)
def given_names() -> GivenNames:
    """The table of given names."""
    rows = _csv("given_names.csv")
    text: list[str] = []
    columns: dict[str, list[int]] = {"following": [], "concept": [], "start": [], "count": []}
    calls: list[str] = []
    spans: list[tuple[int, int]] = []
    for concept, (spellings, call_names) in enumerate(zip(rows.spellings, rows.call_names, strict=True)):
        forms, short = str(spellings).split("|"), [name for name in str(call_names).split("|") if name]
        first = len(text)
        text += forms
        columns["following"] += [first + (i + 1) % len(forms) for i in range(len(forms))]
        columns["concept"] += [concept] * len(forms)
        columns["start"] += [len(calls)] * len(forms)
        columns["count"] += [len(short)] * len(forms)
        calls += short
        spans.append((first, len(forms)))
    initials = pa.array(["".join(f"{word[0]}." for word in name.split()) for name in text])
    following, concept_of, start, count = (np.array(column, dtype=np.int64) for column in columns.values())
    return GivenNames(
        pa.array(text), initials, following, concept_of, start, count, pa.array(calls), _choices(rows, spans)
    )


@lru_cache(maxsize=1)
def places() -> Places:
    """The table of places."""
    rows = _csv("places.csv")
    weight = np.array(rows.weight, dtype=np.float64)
    near = np.where(rows.region.to_numpy() != "", weight, 0.0)
    first, last = (np.array(rows[name], dtype=np.int64) for name in ("first_pc4", "last_pc4"))
    return Places(pa.array(rows.gemeentecode.tolist()), first, last, _cumulative(weight), _cumulative(near))


@lru_cache(maxsize=1)
def letter_pairs() -> pa.Array:
    """The letter pairs a postcode can end with, string."""
    pairs = [a + b for a in LETTERS for b in LETTERS]
    return pa.array([pair for pair in pairs if pair not in FORBIDDEN_PAIRS])


def pick(rng: np.random.Generator, cumulative: Floats, count: int) -> Ints:
    """Draw `count` positions by cumulative weights that end at 1."""
    return _pick(cumulative, rng.random(count))


def _choices(rows: pd.DataFrame, spans: list[tuple[int, int]]) -> dict[tuple[int, int, int], tuple[Ints, Floats]]:
    """Weights per origin, sex and generation: by rank; the first spelling has half, the others share the rest."""
    found: dict[tuple[int, int, int], tuple[Ints, Floats]] = {}
    for index, origin in enumerate((*ORIGINS, "frisian")):
        for sex in (0, 1):
            chosen = np.flatnonzero(((rows.origin == origin) & (rows.sex == "MV"[sex])).to_numpy())
            for young, wrong in enumerate(("young", "old")):
                positions: list[int] = []
                weights: list[float] = []
                for rank, row in enumerate(chosen):
                    first, forms = spans[row]
                    own = (rank + 1 + GIVEN_OFFSET) ** -GIVEN_POWER
                    own *= WRONG_GENERATION if rows.generation.iloc[row] == wrong else 1.0
                    positions += range(first, first + forms)
                    weights += [own] if forms == 1 else [own / 2] + [own / 2 / (forms - 1)] * (forms - 1)
                found[index, sex, young] = (
                    np.array(positions, dtype=np.int64),
                    _cumulative(np.array(weights)),
                )
    return found


def _dutch_weights(count: int) -> Floats:
    """Weights of Dutch surnames by rank, as the module's rule says."""
    rank = np.arange(1, count + 1, dtype=np.float64)
    head = ((1 + HEAD_OFFSET) / (rank + HEAD_OFFSET)) ** HEAD_POWER
    border = ((1 + HEAD_OFFSET) / (HEAD_LENGTH + HEAD_OFFSET)) ** HEAD_POWER
    return np.where(rank <= HEAD_LENGTH, head, border * HEAD_LENGTH / rank)


def _other_weights(count: int) -> Floats:
    """Weights of other surnames by rank."""
    rank = np.arange(1, count + 1, dtype=np.float64)
    return np.asarray((rank + OTHER_OFFSET) ** -OTHER_POWER, dtype=np.float64)


def _cumulative(weights: Floats) -> Floats:
    """Cumulative weights that end at 1."""
    return np.asarray(np.cumsum(weights) / weights.sum(), dtype=np.float64)


def _pick(cumulative: Floats, chance: Floats) -> Ints:
    """Positions at which the chances fall among cumulative weights."""
    return np.minimum(np.searchsorted(cumulative, chance, side="right"), cumulative.size - 1).astype(np.int64)


def _csv(name: str) -> pd.DataFrame:
    """One of our own word lists; every column text, empty where empty."""
    with resources.files("linkage.synth").joinpath("data", name).open("r", encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)
