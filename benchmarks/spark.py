"""All pairs on this machine's cores and on Spark, in one run: `python benchmarks/spark.py [--rows N] [--rounds N]`.

A master and one worker, then two, of one core each, on this machine: what is measured is what Spark costs beside the
local engine on as many cores. Seconds are of the wall clock, of a comparison within a session that has done a small one
before. Nothing is asserted but that all find the same pairs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyspark
from registers import filters

from match import DICE, machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from cluster import Cluster, cluster
from linkage.links import CandidatePairs
from linkage.match import comparison, spark
from linkage.match.comparison import Filters, Rule
from linkage.match.work import Engine, Threads, Work

RULE = Rule("dice", DICE, 16)


def timed(left: Filters, right: Filters, engine: Engine) -> tuple[float, CandidatePairs]:
    """Seconds, and what was found."""
    start = time.perf_counter()
    pairs = comparison.all_pairs(left, right, RULE, Work(engine=engine))
    return time.perf_counter() - start, pairs


def on_spark(left: Filters, right: Filters, started: Cluster) -> tuple[float, float, CandidatePairs]:
    """Seconds until a session has done a small comparison, seconds of the whole one, and what that found."""
    start = time.perf_counter()
    with spark.engine("spark", started.url) as engine:
        assert isinstance(engine, spark.Spark)  # noqa: S101 -- for the type checker
        while engine.executors() < len(started.workers):
            time.sleep(0.1)
        timed(left[:2_000], right[:2_000], engine)
        warm = time.perf_counter() - start
        return warm, *timed(left, right, engine)


def same(one: CandidatePairs, other: CandidatePairs) -> None:
    """The engines must agree."""
    for name in ("left", "right", "score"):
        assert np.array_equal(getattr(one, name), getattr(other, name))  # noqa: S101 -- same answer


def main() -> None:
    """Print the machine, then a line per engine."""
    parser = argparse.ArgumentParser(description="All pairs on this machine's cores and on Spark.")
    parser.add_argument("--rows", type=int, default=200_000, help="rows a side")
    parser.add_argument("--rounds", type=int, default=1, help="times that all are done; the best counts")
    options = parser.parse_args()
    print(f"{machine()}; PySpark {pyspark.__version__}", flush=True)
    print(f"all pairs, {options.rows:,} x {options.rows:,} CLKs of 1,024 bits, Dice {DICE}:", flush=True)
    left, right = filters(options.rows)
    timed(left[:2_000], right[:2_000], Threads(1))
    best: dict[str, float] = {}
    every: CandidatePairs | None = None
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as made, cluster(Path(made) / "spark", workers=0, memory=1_024) as started:
            os.environ["SPARK_CONF_DIR"] = str(started.folder / "conf")
            for cores in (1, 2):
                started.start_worker()
                seconds, pairs = timed(left, right, Threads(cores))
                same(every or pairs, pairs)
                warm, on_cluster, found = on_spark(left, right, started)
                same(pairs, found)
                every = pairs
                for name, one in ((f"local {cores}", seconds), (f"spark {cores}", on_cluster)):
                    best[name] = min(one, best.get(name, one))
                print(f"  {cores} cores: local {seconds:6.1f} s; Spark {on_cluster:6.1f} s, {warm:.1f} s before that")
                print(f"  {len(pairs):,} pairs, the same from both; load {os.getloadavg()[0]:.1f}", flush=True)
    for cores in (1, 2):
        ours, theirs = best[f"local {cores}"], best[f"spark {cores}"]
        rate = options.rows**2 / theirs / 1e6
        print(f"  {cores} worker(s): {theirs / ours:.2f} times the local engine's seconds; {rate:,.0f} M comparisons/s")
    print(f"  2 workers beside 1: {best['spark 1'] / best['spark 2']:.2f} times as fast; local cores: "
          f"{best['local 1'] / best['local 2']:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
