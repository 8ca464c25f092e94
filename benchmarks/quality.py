"""Quality of links, beside the peers in the same run.

    python benchmarks/quality.py [--rows N] [--seeds N] [--peers FOLDER] [--leakage]

Hard synthetic registers without a number (`linkage.synth.hard`), and FEBRL 4 where ../shared/data/febrl is there. For
each: F1 at the threshold the tool chose without the truth, F1 at the best threshold, and what the tool expected. With
`--peers`, clkhash + anonlink on the same registers (F1 at its best threshold, which a user would not know) and Splink
on the clear text (at probability 0.5 and at its best), each in an environment of its own in that folder. With
`--leakage`, what attackers without the key make of the filters (tests/attacks/attacker.py), for the table in
docs/spec/encoding.md.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import yaml
from numpy.typing import NDArray

from linkage import encode, files
from linkage.crypto.secret import create
from linkage.match import match
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.synth.hard import Hard, hard

ROOT = Path(__file__).parent.parent
FEBRL = ROOT.parent / "shared" / "data" / "febrl"
PEERS = {"clkhash": ("clkhash==0.18.3", "anonlink==0.15.3"), "splink": ("splink==5.0.0", "pandas", "pyarrow")}
FIELDS = ("given-name", "surname", "birth-date", "sex", "postcode", "house-number")
CLK: dict[str, Any] = {"profile": "clk", "bits": 1024}
HARDENED: dict[str, Any] = {"profile": "hardened", "bits": 8192, "votes": 4}
Truth = tuple[NDArray[np.int64], NDArray[np.int64]]


def protocol(encoding: dict[str, Any], fields: Sequence[str] = FIELDS) -> Protocol:
    """The shipped protocol without a number, with another encoding and other fields."""
    data = yaml.safe_load(files.shipped("protocols/graduates-without-number.yml").read_text("utf-8"))
    data = copy.deepcopy(data)
    weight = {"positions": 5} if encoding["profile"] == "clk" else {"weight": 1}
    prf = "hmac-sha512" if encoding["profile"] == "clk" else "hmac-sha512-shake256"
    chosen = [{"field": f, "q": 2, **weight} for f in fields]
    data["encoding"] = {**encoding, "rules": 2, "prf": prf, "fields_needed": 3, "fields": chosen}
    stage: dict[str, Any] = {"stage": "fuzzy", "threshold": {"aim": "balance"}, "never_when_different": []}
    stage |= (
        {"similarity": "tversky", "larger_weight": 0.2} if encoding["profile"] == "clk" else {"similarity": "agreement"}
    )
    data["matching"]["stages"] = [stage]
    keep = [f for f in data["fields"] if f["send"] in ("category", "blinded")]
    data["fields"] = [{"name": f, "kind": f, "send": "bloom", "parties": ["mbo", "gemeente"]} for f in fields] + keep
    for party in data["parties"]:
        party["cohort"] = []
    return loads(yaml.safe_dump(data, sort_keys=False).encode(), name="benchmark")


def best_f1(left: Sequence[int], right: Sequence[int], scores: Sequence[float], truth: Truth) -> tuple[float, float]:
    """F1 at the best threshold after greedy one to one, and that threshold."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    taken: tuple[set[int], set[int]] = set(), set()
    right_ones = []
    kept = []
    for k in order.tolist():
        if left[k] not in taken[0] and right[k] not in taken[1]:
            taken[0].add(left[k])
            taken[1].add(right[k])
            right_ones.append(truth[0][left[k]] == truth[1][right[k]])
            kept.append(scores[k])
    hits, number = np.cumsum(right_ones), np.arange(1, len(kept) + 1)
    f1 = 2 * hits / (number + len(np.intersect1d(*truth)))
    return float(f1.max()), float(kept[int(f1.argmax())])


def ours(data: Hard, agreed: Protocol) -> str:
    """Our links: at the chosen threshold, at the best one, and what was expected."""
    start, secret = time.perf_counter(), create()
    level = {name: pa.array(["1"] * len(data.left)) for name in ("level",)}
    year = pa.array(["2022/2023"] * len(data.left))
    left = data.left.append_column("level", level["level"]).append_column("school-year", year)
    sides = [
        encode.encode(table, agreed, party=party, secret=secret, bad_cells="leave-out")
        for party, table in (("mbo", left), ("gemeente", data.right))
    ]
    links = match(sides, agreed)
    seconds = time.perf_counter() - start
    truth = data.left_person, data.right_person
    frame = links.to_pandas()
    hits = (truth[0][frame.left] == truth[1][frame.right]).sum()
    precision, recall = hits / len(frame), hits / len(np.intersect1d(*truth))
    stage = agreed.matching.stages[0].model_copy(update={"threshold": max(links.judged[0].threshold - 0.05, 0.5)})
    if agreed.encoding.profile == "hardened":
        stage = stage.model_copy(update={"threshold": links.judged[0].threshold - 0.005})
    lower = agreed.model_copy(update={"matching": agreed.matching.model_copy(update={"stages": (stage,)})})
    object.__setattr__(lower, "__dict__", {**lower.__dict__, "digest": agreed.digest})
    every = match(sides, lower).to_pandas()
    top, at = best_f1(every.left.tolist(), every.right.tolist(), every.score.tolist(), truth)
    one, chosen = links.judged[0], 2 * precision * recall / (precision + recall)
    return (
        f"F1 {chosen:.4f} at {one.threshold:.4f} as chosen (precision {precision:.4f}, recall {recall:.4f}), "
        f"best {top:.4f} at {at:.4f}; expected precision {one.precision:.3f} ({one.precision_low:.3f} to "
        f"{one.precision_high:.3f}), recall {one.recall:.3f} ({one.recall_low:.3f} to {one.recall_high:.3f}); "
        f"{seconds:.0f} s"
    )


def peer(name: str, folder: Path, data: Hard) -> str:
    """A peer's links on the same registers."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / name)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if name == "clkhash":  # builds with nothing newer
            subprocess.run([*pip, "numpy<2", "cython<3.1", "setuptools<80", "wheel"], check=True)
            pip.append("--no-build-isolation")
        subprocess.run([*pip, *PEERS[name]], check=True)
    with tempfile.TemporaryDirectory() as scratch:
        paths = [Path(scratch) / f"{side}.csv" for side in ("left", "right")]
        for path, table in zip(paths, (data.left, data.right), strict=True):
            pyarrow.csv.write_csv(table, path)
        out = Path(scratch) / "pairs.json"
        start = time.perf_counter()
        script = str(Path(__file__).with_name("quality_peer.py"))
        command = [str(python), script, name, *map(str, paths), str(out)]
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - start
        left, right, scores = json.loads(out.read_text("utf-8"))
    truth = data.left_person, data.right_person
    top, at = best_f1(left, right, scores, truth)
    text = f"F1 {top:.4f} at its best threshold, {at:.3f}; {seconds:.0f} s"
    if name == "splink":
        sure = [k for k, score in enumerate(scores) if score >= 0.5]
        picked = [[side[k] for k in sure] for side in (left, right, scores)]
        hits = number = 0
        taken: tuple[set[int], set[int]] = set(), set()
        for i, j, _ in sorted(zip(*picked, strict=True), key=lambda pair: -pair[2]):
            if i not in taken[0] and j not in taken[1]:
                taken[0].add(i)
                taken[1].add(j)
                number += 1
                hits += int(truth[0][i] == truth[1][j])
        text = f"F1 {2 * hits / (number + len(np.intersect1d(*truth))):.4f} at probability 0.5, {text}"
    return text


def leakage(people: int, known: int) -> None:
    """What attackers without the key make of filters, by encoding."""
    sys.path.insert(0, str(ROOT / "tests"))
    from attacks import attacker
    from linkage.encode import clk, hardened
    from linkage.encode.column import Column
    from linkage.encode.normalise import NORMALISERS

    data = hard(people, seed=7)
    columns = {}
    for name in FIELDS[:5]:
        texts = data.left.column(name).to_pylist()
        normal = [NORMALISERS[name](text) if text else None for text in texts]
        values = list(dict.fromkeys(value for value in normal if value is not None))
        place = {value: i for i, value in enumerate(values)}
        columns[name] = Column(name, np.array([-1 if v is None else place[v] for v in normal], np.int32), values)
    cosine = attacker.cosines(list(columns.values()), 2, [1] * len(columns))
    keys = {name: os.urandom(32) for name in columns}
    sets = [
        CLK,
        *({"profile": "hardened", "bits": b, "votes": v} for v, b in ((3, 4096), (4, 4096), (4, 8192), (5, 8192))),
    ]
    for said in sets:
        encoding = protocol(said, FIELDS[:5]).encoding
        if encoding.profile == "clk":
            filters, votes = clk.filters(columns, encoding, keys), 1
        else:
            filters, votes = hardened.filters(columns, encoding, keys), encoding.votes
        found = [
            f"{n:,} known: {attacker.by_known_pairs(filters, cosine, n, votes):.2%} by known pairs, "
            f"{attacker.by_graph(filters, cosine, n):.2%} by likeness"
            for n in (known // 10, known)
        ]
        print(f"  {said}: {'; '.join(found)}", flush=True)


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--leakage", action="store_true")
    options = parser.parse_args()
    for seed in range(101, 101 + options.seeds):
        data = hard(options.rows, seed=seed)
        print(f"hard registers, {options.rows:,} a side, a quarter in both, no number, seed {seed}:")
        for said in (CLK, HARDENED):
            print(f"  {said}: {ours(data, protocol(said))}", flush=True)
        for name in PEERS if options.peers else ():
            print(f"  {name}: {peer(name, options.peers, data)}", flush=True)
    if FEBRL.is_dir():
        sys.path.insert(0, str(ROOT / "examples" / "febrl4"))
        import febrl4

        print(f"FEBRL 4: {febrl4.main(FEBRL, ROOT / 'examples' / 'febrl4' / 'protocol.yml')}")
    else:
        print(f"FEBRL 4 left out: {FEBRL.name} is not there")
    if options.leakage:
        print("attacks without the key, 5,000 persons, whole population known:")
        leakage(5_000, 1_000)


if __name__ == "__main__":
    main()
