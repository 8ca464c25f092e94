"""Matching, beside anonlink in the same run: `python benchmarks/match.py [--peer FOLDER] [--largest ROWS] ...`.

Every figure is a ratio on one machine at one moment, of processor time where both sides use one core, so that other
work on the machine weighs on both alike. Nothing here is asserted but that both find the same number of pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numba
import numpy as np
from numba import njit
from numpy.typing import NDArray
from registers import filters

from linkage.match import blocking, comparison, lanes
from linkage.match.comparison import Rule
from linkage.match.work import Work
from linkage.protocol.stages import AllPairs, SampledBits

DICE, AGREEMENT = 0.8, 0.54
PEER = ("anonlink==0.15.3",)
PEER_BUILDS_WITH = ("numpy<2", "cython<3.1", "setuptools<80", "wheel")
"""anonlink has wheels for few platforms and builds with nothing newer."""
ROUNDS = 3
Seconds = tuple[float, float]
T = TypeVar("T")


def timed(run: Callable[[], T]) -> tuple[Seconds, T]:
    """Wall and processor seconds of one run, and what it gave."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    return (time.perf_counter() - wall, time.process_time() - cpu), result


def machine() -> str:
    """What the figures belong to."""
    info = Path("/proc/cpuinfo").read_text("utf-8") if sys.platform == "linux" else ""
    model = (re.findall(r"model name\s*: (.+)", info) or [platform.processor()])[0]
    way = "byte shuffles (AVX2)" if lanes.LOOKUP else "ctpop"
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"
    return f"{model}, {os.cpu_count()} cores, sketches by {way}; {versions}; load {os.getloadavg()[0]:.1f}"


def peer_python(folder: Path) -> Path | None:
    """The Python of an environment with anonlink, made when it is not there; None where it cannot be made."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PEER_BUILDS_WITH], check=False)
        if subprocess.run([*pip, "--only-binary", "anonlink", *PEER], check=False, capture_output=True).returncode:
            subprocess.run([*pip, "--no-build-isolation", *PEER], check=False)
    return python if not subprocess.run([python, "-c", "import anonlink"], check=False).returncode else None


@njit(nogil=True)
def _xor_popcount(left: NDArray[np.uint64], right: NDArray[np.uint64], counts: NDArray[np.uint64]) -> None:
    for word in left:
        for j in range(len(right)):
            counts[j] += lanes.popcount(word ^ right[j])


def popcount_words() -> float:
    """64-bit words a second that one core combines and counts, over data that stay in its first-level cache."""
    draw = np.random.default_rng(1)
    left, right = draw.integers(0, 2**64, 100_000, dtype=np.uint64), draw.integers(0, 2**64, 1_024, dtype=np.uint64)
    counts = np.zeros(1_024, np.uint64)
    _xor_popcount(left[:1], right, counts)
    return max(len(left) * len(right) / timed(lambda: _xor_popcount(left, right, counts))[0][1] for _ in range(5))


def beside_anonlink(rows: int, folder: Path, python: Path | None) -> None:
    """All pairs at the threshold on CLKs, one core each, in turn."""
    left, right = filters(rows)
    comparison.dice_pairs(left[:300], right[:300], DICE)
    peak = popcount_words()
    ours, theirs, process = [], [], None
    for path, side in zip(("left.npy", "right.npy"), (left, right), strict=True):
        np.save(folder / path, side)
    if python:
        script = Path(__file__).with_name("anonlink_peer.py")
        process = subprocess.Popen([python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for _ in range(ROUNDS):
        seconds, pairs = timed(lambda: comparison.dice_pairs(left, right, DICE, cores=1))
        ours.append(seconds[1])
        if process and process.stdin and process.stdout:
            print(folder / "left.npy", folder / "right.npy", DICE, file=process.stdin, flush=True)
            answer = json.loads(process.stdout.readline())
            assert answer["pairs"] == len(pairs)  # noqa: S101 -- same answer
            theirs.append(answer["cpu"])
    if process:
        process.communicate()
    rate = rows * rows / min(ours)
    print(f"all pairs, {rows:,} x {rows:,} CLKs of 1,024 bits, Dice {DICE}, one core, best of {ROUNDS} in turn:")
    print(f"  {rate / 1e6:,.0f} M comparisons/s, {len(pairs):,} pairs")
    print(f"  machine: {peak / 1e9:.2f} G words/s of xor and popcount in cache, {peak / 16e6:,.0f} M whole filters/s")
    print(f"  so {rate * 16 / peak:.1f} times what counting every word could do at best")
    if theirs:
        peer = rows * rows / min(theirs)
        print(f"  anonlink 0.15.3: {peer / 1e6:,.0f} M comparisons/s: {rate / peer:.1f} times")


def whole_filters(rows: int) -> None:
    """Agreement over hardened filters: strangers differ in half their bits, so hardly a word can be spared."""
    left, right = filters(rows, "hardened")
    comparison.agreement_pairs(left[:300], right[:300], AGREEMENT)
    runs = [timed(lambda: comparison.agreement_pairs(left, right, AGREEMENT, cores=1))[0] for _ in range(ROUNDS)]
    rate, peak = rows * rows / min(cpu for _, cpu in runs), popcount_words()
    print(f"all pairs, {rows:,} x {rows:,} hardened filters of 4,096 bits, agreement {AGREEMENT}, one core:")
    print(
        f"  {rate / 1e6:,.0f} M comparisons/s, {rate * 64 / 1e9:.2f} G words/s: {rate * 64 / peak:.1f} of the machine's"
    )


def curve(largest: int, rule: Rule, profile: str, agreed: AllPairs | SampledBits) -> None:
    """Seconds on all cores by rows a side, and the exponent fitted to them."""
    left, right = filters(largest, profile)
    sizes = [n for n in (10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000) if n <= largest]
    seconds = []
    for rows in sizes:
        start = time.perf_counter()
        _, said = blocking.compare(left[:rows], right[:rows], rule, agreed, Work(), "a" * 28)
        seconds.append(time.perf_counter() - start)
        line = f"  {rows:>9,} a side: {seconds[-1]:8.2f} s, {said.pairs:,} pairs, {said.compared:.2g} comparisons"
        if said.seed:
            line += (
                f" in {said.tables} tables of {said.width} bits; recall expected {said.expected_recall:.4f},"
                f" measured {said.sample_found} of {said.sample_pairs}"
            )
        print(line, flush=True)
    if len(sizes) > 1:
        print(f"  cost grows as rows to the power {np.polyfit(np.log(sizes), np.log(seconds), 1)[0]:.2f}")
    print(f"  most memory so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


def main() -> None:
    """Print the machine, then the figures."""
    parser = argparse.ArgumentParser(description="Matching, beside anonlink in the same run.")
    parser.add_argument("--peer", type=Path, help="environment of anonlink; made there when missing")
    parser.add_argument("--largest", type=int, default=1_000_000, help="rows a side of the curve with blocking")
    parser.add_argument("--all-pairs", type=int, default=200_000, help="rows a side of the curve of all pairs")
    parser.add_argument("--hardened", type=int, default=50_000, help="rows a side of the curve of hardened filters")
    options = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as made:
        beside_anonlink(20_000, Path(made), peer_python(options.peer or Path(made) / "peer"))
    whole_filters(10_000)
    sampled = SampledBits(method="sampled-bits", target_recall=0.995, all_pairs_up_to=0)
    print(f"CLKs, Dice {DICE}, all cores, blocking by sampled bits where it is cheaper, recall 0.995:", flush=True)
    curve(options.largest, Rule("dice", DICE, 16), "clk", sampled)
    every = AllPairs(method="all-pairs")
    print(f"CLKs, Dice {DICE}, all cores, all pairs:", flush=True)
    curve(options.all_pairs, Rule("dice", DICE, 16), "clk", every)
    print(f"hardened, agreement {AGREEMENT}, all cores, all pairs:", flush=True)
    curve(options.hardened, Rule("agreement", AGREEMENT, 64), "hardened", every)


if __name__ == "__main__":
    main()
