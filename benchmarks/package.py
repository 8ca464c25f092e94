"""Sealing and opening packages against the bare AEAD, over the same bytes, from file to file, in the same run.

The bare AEAD is Cobblestone-256 alone: no recipients, no signature, no digests. Both write their output with fsync and
read it from the file; a package is verified as a whole before a byte of it comes out. Memory is that of a process of
its own for each (ru_maxrss), less what it had before the first byte.

    python benchmarks/package.py [--gib 2] [--rounds 3] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from linkage.crypto import envelope, identity
from linkage.crypto.header import Label
from linkage.crypto.stream import PIECE

TODAY = dt.date(2026, 9, 1)
PROTOCOL = "sha256:" + "ab" * 32
CHECKPOINT = f"linkage/ledger/v1/mbo/KvK:99999999\n1\n{'A' * 43}=\n\n— mbo {'A' * 91}=\n"
LABEL = Label("encodings", PROTOCOL, 1, {"checkpoint": CHECKPOINT, "proofs": {}}, {"rows": 1})
KEY, CONTEXT = bytes(32), bytes(64)


def body(gib: float) -> Iterator[bytes]:
    """Bytes as random as encodings are, drawn once."""
    piece = os.urandom(PIECE)
    return (piece for _ in range(int(gib * 1024)))


def bare_seal(path: Path, gib: float) -> None:
    """The AEAD alone, into a file."""
    encryptor = Cobblestone256Encryptor(KEY, CONTEXT)
    with path.open("wb") as file:
        for piece in body(gib):
            file.write(encryptor.update(piece))
        file.write(encryptor.finalize())
        file.flush()
        os.fsync(file.fileno())


def bare_open(path: Path, gib: float) -> None:
    """The AEAD alone, from a file."""
    decryptor = Cobblestone256Decryptor(KEY, CONTEXT)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            decryptor.update(piece)
    decryptor.finalize()


def work(which: str, folder: Path, gib: float) -> tuple[Callable[[], object], Path]:
    """One of the four to be measured, and the file it makes or reads."""
    if which.startswith("bare"):
        path = folder / "bare"
        return (lambda: bare_seal(path, gib)) if which == "bare seal" else (lambda: bare_open(path, gib)), path
    path = folder / "whole.package"
    both = folder / "mbo.key", folder / "unit.key"
    sender, reader = (identity.from_key_file(key.read_bytes(), b"a passphrase", where=key.name) for key in both)

    def opened() -> None:
        package = envelope.read(path)
        for _ in envelope.open_body(package, reader, sender.card, protocol=PROTOCOL, type_=LABEL.type):
            pass

    return (lambda: envelope.seal(path, body(gib), sender, [reader.card], LABEL)) if which == "seal" else opened, path


def child(which: str, folder: Path, gib: float) -> None:
    """Measure one in this process: seconds, seconds of all cores, and growth of memory in MiB on standard output."""
    job, _ = work(which, folder, gib)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, busy = time.perf_counter(), time.process_time()
    job()
    print(
        time.perf_counter() - start,
        time.process_time() - busy,
        (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    )


def main() -> None:
    """Measure all four, and print rates and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gib", type=float, default=2.0, help="size of the body; default 2")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many; default 3")
    parser.add_argument("--folder", help="where the files are written; default the folder for temporary files")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], Path(given.child[1]), given.gib)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        for party in ("mbo", "unit"):
            made = identity.create(party, party, "KvK:99999999", today=TODAY)
            cost = identity.Cost(64, 1, 1)
            (folder / f"{party}.key").write_bytes(identity.to_key_file(made, b"a passphrase", cost=cost))
        best: dict[str, float] = {}
        work_of: dict[str, float] = {}
        for number in range(given.rounds):
            for which in ("bare seal", "seal", "bare open", "open"):
                command = [sys.executable, __file__, "--gib", str(given.gib), "--child", which, name]
                said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
                best[which] = min(best.get(which, 1e9), float(said[0]))
                work_of[which] = min(work_of.get(which, 1e9), float(said[1]))
                if not number:
                    print(f"{which:10} {given.gib / float(said[0]):6.2f} GiB/s, memory +{float(said[2]):.0f} MiB")
    for which in ("seal", "open"):
        rate, bare = given.gib / best[which], given.gib / best[f"bare {which}"]
        busy = work_of[which] / work_of[f"bare {which}"]
        said = f"ratio {rate / bare:.2f}; {busy:.1f} times the work of the bare AEAD, on all cores together"
        print(f"{which}: {rate:.2f} GiB/s, bare AEAD {bare:.2f} GiB/s, {said}")


if __name__ == "__main__":
    main()
