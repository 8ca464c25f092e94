"""Encode and compare, beside a peer in the same run: `python benchmarks/bench.py [rows]`.

Figures are ratios on one machine at one moment. Each is the best of three, after one run that compiles. The peer for
encoding is the slow twin in tests/reference.py; for all pairs it is numpy with its own popcount, row by row.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import protocols
import reference
from linkage.crypto.secret import subkey
from linkage.encode import encode
from linkage.encode.normalise import NORMALISERS
from linkage.encode.tokens import tokens
from linkage.match.comparison import dice_pairs
from linkage.protocol.load import loads

PROTOCOL = loads(protocols.CLK.encode(), name="benchmark")
FIELDS = ("bsn", "given-name", "surname", "birth-date", "postcode")
SECRET = bytes(range(32))
THRESHOLD = 0.8
SLOW_ROWS = 500
"""Rows given to the reference: it is far slower, and its cost per row is the same for any number of rows."""


def people(rows: int) -> dict[str, list[str | None]]:
    """Made-up people with as many different values as a large register has; no number is anybody's."""
    draw = np.random.default_rng(7)
    letters = np.array(list("abcdefghiklmnoprstuvwz"))
    names = ["".join(draw.choice(letters, draw.integers(4, 12))) for _ in range(20_000)]
    days = np.datetime64("1990-01-01") + draw.integers(0, 6_000, rows)
    return {
        "bsn": [None] * rows,
        "given-name": [names[i] for i in draw.integers(0, 4_000, rows)],
        "surname": [names[i] for i in draw.integers(0, 20_000, rows)],
        "birth-date": [str(day) for day in days],
        "postcode": [
            f"{d} {a}{b}"
            for d, a, b in zip(draw.integers(1000, 9999, rows), *draw.choice(list("ABCEGH"), (2, rows)), strict=True)
        ],
    }


def best(run: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest run."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def slow_encode(said: dict[str, list[str | None]], rows: int) -> None:
    """The reference, from cells to tokens and filter."""
    specs = {f.field: f for f in PROTOCOL.encoding.fields}
    keys = {name: subkey(SECRET, PROTOCOL.digest, "clk", name) for name in specs}
    weights = {name: spec.positions for name, spec in specs.items()}
    for row in range(rows):
        cut = {}
        for name, spec in specs.items():
            kind = PROTOCOL.field(name).kind
            value = NORMALISERS[kind](said[name][row] or "")
            cut[name] = None if value is None else tokens(kind, value, spec.q)
        reference.token(SECRET, PROTOCOL.digest, "bsn", said["bsn"][row])
        reference.clk(cut, weights, keys, PROTOCOL.encoding.bits, PROTOCOL.encoding.fields_needed)


def numpy_pairs(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> int:
    """One left row against all right rows at a time."""
    bits = np.bitwise_count(right).sum(axis=1, dtype=np.int64)
    found = 0
    for row in left:
        common = np.bitwise_count(right & row).sum(axis=1, dtype=np.int64)
        found += int((2 * common >= THRESHOLD * (bits + int(np.bitwise_count(row).sum()))).sum())
    return found


def main(rows: int) -> None:
    """Print the machine, then a line per figure."""
    info = Path("/proc/cpuinfo").read_text("utf-8") if sys.platform == "linux" else ""
    model = (re.findall(r"model name\s*: (.+)", info) or [platform.processor()])[0]
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"
    print(f"{model}, {os.cpu_count()} cores; {versions}")
    said = people(rows)
    others = {f.name: [None] * rows for f in PROTOCOL.fields_of("gemeente") if f.name not in FIELDS}
    table = pa.table({name: pa.array(column, pa.string()) for name, column in (said | others).items()})
    encodings = encode(table, PROTOCOL, party="gemeente", secret=SECRET)
    fast = rows / best(lambda: encode(table, PROTOCOL, party="gemeente", secret=SECRET))
    slow = SLOW_ROWS / best(lambda: slow_encode(said, SLOW_ROWS), 1)
    print(f"encode {rows:,} rows, 5 fields, 1,024 bits:")
    print(f"  {fast:,.0f} records/s; reference {slow:,.0f}: {fast / slow:,.1f} times")
    left, right = encodings.filters[:4_000], encodings.filters[-10_000:]
    dice_pairs(left[:1], right[:1], THRESHOLD)
    fast = len(left) * len(right) / best(lambda: dice_pairs(left, right, THRESHOLD, cores=1))
    slow = 200 * len(right) / best(lambda: numpy_pairs(left[:200], right))
    assert numpy_pairs(left[:200], right) == len(dice_pairs(left[:200], right, THRESHOLD))  # noqa: S101 -- same answer
    print("all pairs, 1,024 bits, Dice 0.8, one core:")
    print(f"  {fast / 1e6:,.0f} M comparisons/s; numpy {slow / 1e6:,.0f} M: {fast / slow:,.1f} times")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
