"""The peer of benchmarks/match.py, run by the Python of its own environment: anonlink over filters in files.

Reads lines ``left.npy right.npy threshold`` from standard input and answers each with a line of JSON. It does not
import linkage.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")  # anonlink imports pkg_resources

import anonlink  # noqa: E402
import numpy as np  # noqa: E402
from bitarray import bitarray  # noqa: E402


def clks(path: str) -> list[bitarray]:
    """One bitarray per row, as anonlink wants them."""
    found = []
    for row in np.load(path):
        bits = bitarray()
        bits.frombytes(row.tobytes())
        found.append(bits)
    return found


for line in sys.stdin:
    left, right, threshold = line.split()
    sides = [clks(left), clks(right)]
    start = time.perf_counter(), time.process_time()
    pairs = anonlink.candidate_generation.find_candidate_pairs(
        sides, anonlink.similarities.dice_coefficient_accelerated, float(threshold), k=None
    )
    seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    print(json.dumps({"wall": seconds[0], "cpu": seconds[1], "pairs": len(pairs[0])}), flush=True)
