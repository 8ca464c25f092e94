"""The ledger at size: `python benchmarks/ledger.py [--entries N] [--appends N]`.

Appends with and without waiting for the disk, then a ledger of a million entries: how long an outsider needs to verify
it, how much memory, how long a proof of one entry takes to make and to check, and what `rfc8785` alone would cost.
Figures belong to one machine at one moment.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rfc8785

from linkage import canonical
from linkage.crypto import card as cards
from linkage.crypto import identity, signature
from linkage.crypto.identity import Identity
from linkage.ledger import checkpoint, export, tree, verify
from linkage.ledger import entries as reading
from linkage.ledger.log import Ledger

PROTOCOL = "sha256:" + "ab" * 32
FACTS = {
    "input": "sha256:" + "3f" * 32, "rows": 20_000, "bad_cells": 0, "basis": ["tokens to unit: GDPR 6(1)(a)"],
    "judged": {"included": 14_797, "consent: expired": 350, "cohort: diploma-date": 2_370},
}  # fmt: skip
"""About what `tokenise` writes."""


def owner() -> Identity:
    """An organisation."""
    return identity.create(
        "mbo", "benchmark", "BRIN:99ZZ", today=dt.datetime.now(dt.UTC).date() - dt.timedelta(days=30)
    )


def timed(work: Callable[[], Any], repeat: int = 1) -> float:
    """Seconds of one call, the best of some."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


@contextmanager
def no_fsync() -> Iterator[None]:
    """Do not wait for the disk."""
    real, os.fsync = os.fsync, lambda _: None
    try:
        yield
    finally:
        os.fsync = real


def appends(folder: Path, count: int) -> None:
    """Print how fast acts are appended: the last thousand must not be slower than the first."""
    me, ledger = owner(), Ledger(folder / "appends")

    def some(number: int) -> None:
        for _ in range(number):
            ledger.append(me, "tokenise", protocol=PROTOCOL, **FACTS)

    print(f"append: {100 / timed(lambda: some(100)):,.0f} entries/s, each on disk")
    with no_fsync():
        first = timed(lambda: some(1000))
        middle = timed(lambda: some(count - 2000))
        last = timed(lambda: some(1000))
    print(
        f"  without waiting for the disk {count / (first + middle + last):,.0f} entries/s over {count:,} "
        f"(first thousand {1000 / first:,.0f}, last {1000 / last:,.0f})"
    )
    print(f"  a new process begins with {count:,} entries in {timed(lambda: fresh(ledger, me)):.2f} s")


def fresh(ledger: Ledger, me: Identity) -> None:
    """One append by a process that knows nothing yet."""
    Ledger(ledger.path.parent).append(me, "tokenise", protocol=PROTOCOL, **FACTS)


def make(path: Path, me: Identity, count: int) -> None:
    """A ledger of many entries, signed by line, written at once."""
    edge, follows, at = tree.Edge(), "", dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with path.open("wb") as stream:
        for index in range(count):
            body = {
                "index": index, "follows": follows, "at": at, "party": "mbo", "act": "tokenise", "protocol": PROTOCOL,
                "facts": {**FACTS, "rows": index}, "software": "linkage 0.1.0",
            }  # fmt: skip
            data = canonical._ENCODER.encode(body).encode()
            edge.append(tree.leaf_hash(data))
            follows = signature.to_text(checkpoint.sign(me, edge.size, edge.root()).signed)
            stream.write(b'{"entry":' + data + b',"signature":"' + follows.encode() + b'"}\n')


def peak() -> float:
    """Peak resident memory of this process, MB; not known on Windows."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text("utf-8")) if status.exists() else None
    return int(found[1]) / 1024 if found else float("nan")


def measure_verify(folder: Path) -> None:
    """Verify as an auditor does, in a process of its own."""
    card = cards.from_bytes((folder / "card.json").read_bytes(), where="card")
    with (folder / reading.NAME).open("rb") as stream:
        start, before = time.perf_counter(), time.process_time()
        result = verify.verify(stream, [card])
        seconds, work = time.perf_counter() - start, time.process_time() - before
    assert result.findings == ()  # noqa: S101 -- it did the work
    print(
        f"verify {result.size:,} entries: {seconds:.1f} s, {result.size / seconds:,.0f} entries/s; "
        f"{work:.1f} s of processor; peak {peak():,.0f} MB"
    )


def proofs(folder: Path, me: Identity, size: int) -> None:
    """Print what a proof costs: from the file, from the hashes in memory, and to check."""
    index = size * 2 // 3
    with (folder / reading.NAME).open("rb") as stream:
        start = time.perf_counter()
        data = export.prove(stream, [me.card], index)
        whole = time.perf_counter() - start
        stream.seek(0)
        leaves = list(map(reading.leaf_of, reading.lines(stream)))
    levels = tree.levels(leaves)
    proof, root = tree.inclusion(levels, index), levels[-1][0]
    making = timed(lambda: tree.inclusion(levels, index), 20)
    growth = timed(lambda: tree.consistency(levels, size // 3), 20)
    checking = timed(lambda: tree.included(leaves[index], index, size, proof, root), 20)
    file = timed(lambda: export.check_proof(data, where="proof"), 20)
    print(
        f"prove one of {size:,}: {whole:.1f} s from the file; from hashes in memory {making * 1e3:.3f} ms, that the "
        f"ledger only grew {growth * 1e3:.3f} ms\n  check it: {checking * 1e3:.3f} ms of hashes, {file * 1e3:.2f} ms "
        f"with card and signatures, a file of {len(data):,} bytes"
    )


def short_cut(folder: Path) -> None:
    """Print what the short cut of `canonical.from_bytes` saves."""
    with (folder / reading.NAME).open("rb") as stream:
        lines = [stream.readline()[:-1] for _ in range(2000)]
    quick = timed(lambda: [canonical.from_bytes(line) for line in lines], 3)
    plain = timed(lambda: [rfc8785.dumps(value) for value in map(canonical.from_bytes, lines)], 3) - quick
    print(
        f"strict reading {len(lines) / quick:,.0f} lines/s; encoding alone by rfc8785 {len(lines) / plain:,.0f} lines/s"
    )


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the large ledger; default 1,000,000")
    parser.add_argument("--appends", type=int, default=10_000, help="acts appended one by one; default 10,000")
    parser.add_argument("--verify", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.verify:
        measure_verify(options.verify)
        return
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}{load}")
    with tempfile.TemporaryDirectory() as temporary:
        folder, me = Path(temporary), owner()
        appends(folder, options.appends)
        (folder / "card.json").write_bytes(me.card.to_bytes())
        seconds = timed(lambda: make(folder / reading.NAME, me, options.entries))
        size = (folder / reading.NAME).stat().st_size
        print(f"a ledger of {options.entries:,} entries, {size / 1e6:,.0f} MB, made in {seconds:.0f} s", flush=True)
        subprocess.run([sys.executable, __file__, "--verify", str(folder)], check=True)
        proofs(folder, me, options.entries)
        short_cut(folder)


if __name__ == "__main__":
    main()
