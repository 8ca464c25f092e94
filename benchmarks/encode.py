"""Encoding beside clkhash 0.18.3 in one run: `python benchmarks/encode.py --help`.

The same synthetic people, the same six fields, filters of 1,024 bits, the same number of bits per token; each in a
process of its own, from rows in memory to filters in memory. clkhash needs older libraries than ours: the script makes
a virtual environment for it. Then our own curve, from a Parquet file to a stream of encodings, with peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from linkage import encode, files
from linkage.encode.read import Columns, read
from linkage.protocol.fields import FieldSpec
from linkage.protocol.load import load
from linkage.protocol.model import Protocol
from linkage.protocol.profiles import Clk, ClkField
from linkage.synth import people

FIELDS = {
    "given-name": ("voornamen", 2, 10),
    "surname": ("geslachtsnaam", 2, 10),
    "birth-date": ("geboortedatum", 1, 12),
    "sex": ("geslacht", 1, 10),
    "postcode": ("postcode", 1, 6),
    "house-number": ("huisnummer", 1, 6),
}
"""Field kind to column of the synthetic people, length of q-grams, and bits per token."""
BITS = 1024
SECRET = bytes(range(32))
PARTY = "gemeente"
CURVE = (10_000, 100_000, 1_000_000, 10_000_000)
CHUNK = 5_000_000
"""People made at a time; more are made with another seed."""
PEER = ("clkhash==0.18.3", "setuptools<81")
PEER_CODE = """
import csv, json, multiprocessing, os, resource, sys, time
from clkhash import clk, schema
if __name__ == "__main__":
    rows = list(csv.reader(open(sys.argv[1], encoding="utf-8")))
    agreed = schema.from_json_dict(json.load(open(sys.argv[2], encoding="utf-8")))
    before = sum(os.times()[:4])
    start = time.perf_counter()
    clks = clk.generate_clks(rows, agreed, "secret", validate=False)
    seconds = time.perf_counter() - start
    assert len(clks) == len(rows)
    for child in multiprocessing.active_children():  # their work counts when they have ended
        child.join()
    work = sum(os.times()[:4]) - before
    peak = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"seconds": seconds, "work": work, "peak": sum(peak) / 1024}))
"""


def protocol() -> Protocol:
    """The shipped protocol with the six fields of this benchmark, all in one filter."""
    shipped = load(files.shipped("protocols/graduates-on-benefits.yml"))
    custodians = tuple(party.id for party in shipped.custodians)
    fields = [
        FieldSpec(name=name, kind=name, send="bloom", parties=custodians, values=None, label=None)  # type: ignore[arg-type]
        for name in FIELDS
    ]
    encoding = Clk(
        profile="clk", rules=2, bits=BITS, prf="hmac-sha512", fields_needed=3,
        fields=tuple(ClkField(field=name, q=q, positions=bits) for name, (_, q, bits) in FIELDS.items()),
    )  # fmt: skip
    return shipped.model_copy(update={"fields": tuple(fields), "encoding": encoding})


def schema() -> dict[str, Any]:
    """The same as a linkage schema of clkhash."""

    def feature(name: str, q: int, bits: int) -> dict[str, Any]:
        comparison = {"type": "ngram", "n": q, "positional": q == 1}
        hashing = {"comparison": comparison, "strategy": {"bitsPerToken": bits}, "hash": {"type": "blakeHash"}}
        return {"identifier": name, "format": {"type": "string", "encoding": "utf-8"}, "hashing": hashing}

    kdf = {"type": "HKDF", "hash": "SHA256", "salt": "c2FsdA==", "info": "aW5mbw==", "keySize": 64}
    features = [feature(name, q, bits) for name, (_, q, bits) in FIELDS.items()]
    return {"version": 3, "clkConfig": {"l": BITS, "kdf": kdf}, "features": features}


def make(rows: int, folder: Path) -> Path:
    """Synthetic people as a Parquet file, under the names of the fields."""
    path = folder / f"people-{rows}.parquet"
    with pq.ParquetWriter(path, pa.schema([(name, pa.string()) for name in FIELDS])) as writer:
        for seed, first in enumerate(range(0, rows, CHUNK), 1):
            made = people(min(CHUNK, rows - first), seed=seed)
            writer.write_table(pa.table({name: made[column] for name, (column, _, _) in FIELDS.items()}))
    return path


def peak() -> float:
    """Peak resident memory of this process, MB; not known on Windows."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text("utf-8")) if status.exists() else None
    return int(found[1]) / 1024 if found else float("nan")


def measure_table(path: Path) -> dict[str, float]:
    """From a table in memory to encodings in memory; the best of three, after a small one that compiles."""
    agreed, table = protocol(), pq.read_table(path)
    encode.encode(table.slice(0, 1_000), agreed, party=PARTY, secret=SECRET)
    seconds, work = [], []
    for _ in range(3):
        start, before = time.perf_counter(), time.process_time()
        made = encode.encode(table, agreed, party=PARTY, secret=SECRET)
        seconds.append(time.perf_counter() - start)
        work.append(time.process_time() - before)
        assert made.filters.any(axis=1).mean() > 0.9  # noqa: S101 -- it did the work
        del made
    return {"seconds": min(seconds), "work": min(work), "peak": peak()}


def measure_file(path: Path) -> dict[str, float]:
    """From a file to a stream that is thrown away."""
    agreed = protocol()
    warm = pa.table({name: pa.array(["1"] * 10) for name in FIELDS})
    encode.encode(warm, agreed, party=PARTY, secret=SECRET, bad_cells="leave-out")
    with Path(os.devnull).open("wb") as nowhere:
        start = time.perf_counter()
        records = read(path, Columns(), list(FIELDS))
        reading = time.perf_counter() - start
        encode.stream(records, agreed, nowhere, party=PARTY, secret=SECRET)
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "reading": reading, "peak": peak()}


def peer(folder: Path) -> Path | None:
    """The Python of clkhash's own environment; None where it cannot be made."""
    python = folder / "clkhash" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder / "clkhash", with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEER]
        if subprocess.run(install, check=False).returncode:
            return None
    return python


def run(*command: str) -> dict[str, float]:
    """Run a measurement in a process of its own."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def beside_clkhash(rows: int, work: Path, cache: Path) -> None:
    """Print both in one run: ours, theirs, ours again."""
    path = make(rows, work)
    cells, agreed = work / "people.csv", work / "schema.json"
    options = pyarrow.csv.WriteOptions(include_header=False)
    pyarrow.csv.write_csv(pq.read_table(path), cells, options)
    agreed.write_text(json.dumps(schema()), "utf-8")
    script = work / "peer.py"
    script.write_text(PEER_CODE, "utf-8")
    python = peer(cache)
    ours = run(sys.executable, __file__, "--measure", "table", "--file", str(path))
    theirs = run(str(python), str(script), str(cells), str(agreed)) if python else None
    again = run(sys.executable, __file__, "--measure", "table", "--file", str(path))
    speeds = [rows / one["seconds"] for one in (ours, again)]
    works = [one["work"] for one in (ours, again)]
    print(f"encode {rows:,} people, {len(FIELDS)} fields, {BITS:,} bits:")
    most = max(ours["peak"], again["peak"])
    print(f"  ours    {np.mean(speeds):9,.0f} records/s, {np.mean(works):6.1f} s of processor, peak {most:6,.0f} MB")
    if theirs is None:
        print("  clkhash cannot be installed here")
        return
    speed, work = rows / theirs["seconds"], theirs["work"]
    print(f"  clkhash {speed:9,.0f} records/s, {work:6.1f} s of processor, peak {theirs['peak']:6,.0f} MB")
    print(
        f"  ratio   {np.mean(speeds) / speed:9.1f} (before and after: {speeds[0] / speed:.1f}, {speeds[1] / speed:.1f})"
    )
    print(f"  ratio of processor time {work / np.mean(works):.1f}, which other work on the machine changes least")


def curve(largest: int, work: Path) -> None:
    """Print how time and memory grow with the number of rows."""
    print("from a Parquet file to a stream of encodings:")
    for rows in [rows for rows in CURVE if rows <= largest]:
        path = make(rows, work)
        found = run(sys.executable, __file__, "--measure", "file", "--file", str(path))
        path.unlink()
        print(
            f"  {rows:>10,} rows {rows / found['seconds']:9,.0f} records/s, {found['seconds']:6.1f} s"
            f" (reading {found['reading']:5.1f} s), peak {found['peak']:6,.0f} MB"
        )


def machine() -> str:
    """What this was measured on."""
    info = Path("/proc/cpuinfo").read_text("utf-8") if sys.platform == "linux" else ""
    model = (re.findall(r"model name\s*: (.+)", info) or [platform.processor()])[0]
    load_ = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, pyarrow {pa.__version__}"
    return f"{model}, {os.cpu_count()} cores{load_}; {versions}"


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="people for both; default 1,000,000")
    parser.add_argument("--largest", type=int, default=1_000_000, help="end of our curve; up to 10,000,000")
    parser.add_argument("--cache", type=Path, help="folder that keeps the environment of clkhash for the next run")
    parser.add_argument("--measure", choices=["table", "file"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps({"table": measure_table, "file": measure_file}[options.measure](options.file)))
        return
    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        beside_clkhash(options.rows, work, options.cache or work)
        curve(options.largest, work)


if __name__ == "__main__":
    main()
