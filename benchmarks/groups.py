"""Groups of many parties: quality against the truth.

    python benchmarks/groups.py [--people N] [--seeds N]

Two schools and three towns, hard registers (`linkage.synth.hard`), half of the rows with a number. Every two rows of
one person, at any two parties, are a pair to be found. Beside the groups: what two parties at a time would give when
nobody joins their answers (pairs of a person who is in four registers are then six answers), and what chains of these
answers would give when nothing stops them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import protocols
from linkage import encode
from linkage.crypto.secret import create
from linkage.links import Links
from linkage.match import match
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.synth.hard import several
from linkage.synth.numbers import shuffled_bsns
from linkage.tables import Encodings

PRESENCE = {"school-a": 0.4, "school-b": 0.3, "town-c": 0.5, "town-d": 0.3, "town-e": 0.2}
FIELDS = ("given-name", "surname", "birth-date", "sex", "postcode", "house-number")
WITH_NUMBER = 0.5
Pairs = set[tuple[int, int]]


def protocol() -> Protocol:
    """The shipped protocol between five parties, with a keyed hash and hardened filters over six fields."""
    said: dict[str, Any] = yaml.safe_load(protocols.HASHED)
    school, unit = said["parties"][0], {**said["parties"][2], "discloses": []}
    parties = list(PRESENCE)
    said["parties"] = [*({**school, "id": name, "cohort": []} for name in parties), unit]
    said["fields"] = [
        {"name": "bsn", "kind": "bsn", "send": "exact", "parties": parties},
        *({"name": name, "kind": name, "send": "bloom", "parties": parties} for name in FIELDS),
        *({**f, "parties": parties[:1]} for f in said["fields"] if f["send"] in ("category", "blinded")),
    ]
    said["encoding"]["fields"] = [{"field": name, "q": 2, "weight": 1} for name in FIELDS]
    said["outputs"][0] |= {"of": parties[:1], "found_in": parties[2:], "to": parties[:1]}
    return loads(
        yaml.safe_dump(json.loads(json.dumps(said, default=str)), sort_keys=False).encode(), name="benchmark"
    )  # no aliases


def registers(people: int, seed: int, agreed: Protocol) -> tuple[list[Encodings], list[NDArray[np.int64]]]:
    """Encodings of every party, and who each row is."""
    rng = np.random.default_rng(seed)
    numbers = np.array([f"{number:09}" for number in shuffled_bsns(rng)[:people].tolist()], dtype=object)
    secret, found, persons = create(), [], []
    for party, (table, person) in zip(PRESENCE, several(people, presence=[*PRESENCE.values()], seed=seed), strict=True):
        has = rng.random(len(person)) < WITH_NUMBER
        more = {"bsn": np.where(has, numbers[person], ""), "level": ["1"] * len(person)}
        more["school-year"] = ["2022/2023"] * len(person)
        whole = pa.table(dict(zip(table.column_names, table.columns, strict=True)) | more)
        fields = [field.name for field in agreed.fields_of(party)]
        found.append(encode.encode(whole.select(fields), agreed, party=party, secret=secret, bad_cells="leave-out"))
        persons.append(person[found[-1].rows])
    return found, persons


def said(name: str, found: Pairs, true: Pairs, seconds: float) -> str:
    """One line of precision, recall and F1."""
    right = len(found & true)
    precision, recall = right / max(len(found), 1), right / max(len(true), 1)
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return f"  {name:32} F1 {f1:.4f} (precision {precision:.4f}, recall {recall:.4f}); {seconds:.0f} s"


def within(label: NDArray[np.int64], party: NDArray[np.int64]) -> Pairs:
    """All pairs of rows, numbered through all parties, with one label and of two parties."""
    rows = np.flatnonzero(label >= 0)
    rows = rows[np.argsort(label[rows], kind="stable")]
    groups = np.split(rows, np.flatnonzero(np.diff(label[rows])) + 1)
    return {
        (min(a, b), max(a, b)) for group in groups for a, b in combinations(group.tolist(), 2) if party[a] != party[b]
    }


def one(people: int, seed: int) -> None:
    """Groups, and two parties at a time, on one draw."""
    agreed = protocol()
    every, persons = registers(people, seed, agreed)
    first = np.concatenate([[0], np.cumsum([len(e) for e in every])])
    party = np.repeat(np.arange(len(every)), [len(e) for e in every])
    true = within(np.concatenate(persons), party)
    start = time.perf_counter()
    links = match(every, agreed)
    seconds = time.perf_counter() - start
    label = np.concatenate([links.members(name) for name in links.parties])
    print(f"{people:,} people, {len(party):,} rows at {len(every)} parties, seed {seed}; {len(true):,} true pairs:")
    print(said(f"groups ({links.groups:,})", within(label, party), true, seconds))
    start = time.perf_counter()
    apart = [(p, q, match([every[p], every[q]], agreed)) for p, q in combinations(range(len(every)), 2)]
    seconds = time.perf_counter() - start
    pairs = {(a, b) for p, q, found in apart for a, b in rows_of(first, p, q, found)}
    print(said("two at a time, not joined", pairs, true, seconds))
    edges = np.array(sorted(pairs)).T
    chained = connected_components(coo_array((np.ones(len(pairs)), edges), shape=(len(party),) * 2), directed=False)[1]
    print(said("two at a time, chained", within(chained, party), true, seconds))
    told = {kind: sum(len(c) for c in links.conflicts if c.kind == kind) for kind in ("unlike", "contested", "crossed")}
    print(f"  conflicts told: {told}", flush=True)


def rows_of(first: NDArray[np.int64], p: int, q: int, found: Links) -> list[tuple[int, int]]:
    """The links of two parties, rows numbered through all."""
    return list(zip((first[p] + found.left).tolist(), (first[q] + found.right).tolist(), strict=True))


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description="Groups of five parties against the truth.")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    for seed in range(1, 1 + options.seeds):
        one(options.people, seed)


if __name__ == "__main__":
    main()
