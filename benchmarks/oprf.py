"""Tokens of numbers by oblivious PRF, beside OpenMined PSI in the same run.

    python benchmarks/oprf.py [--rows N] [--peers FOLDER] [--five]

For each suite: the library's own multiplications per second, and rows per second of blinding, answering, checking and
finishing, on one core and on all. Then a whole exact linkage of two custodians who are both key-holders, by processor
time of all parties together: hashing, blinding, answering, checking, unblinding, tokens, intersection. The peer,
openmined-psi 2.0.6 in an environment of its own, intersects two sets of the same size; it gives the intersection to one
of the two, and has no third party. With `--five`, five custodians with two, three and five key-holders, beside the ten
runs of PSI that five custodians need pairwise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from linkage.crypto.oprf import blinding, bulk, token
from linkage.crypto.oprf.rfc9497 import Mode, Suite, suite

Made = TypeVar("Made")
NAMES = ("ristretto255-SHA512", "P256-SHA256")
PROTOCOL = "sha256:" + "0" * 64
PEER = "openmined-psi==2.0.6"


def numbers(first: int, rows: int) -> list[bytes]:
    """What is evaluated: as many made-up numbers in a row."""
    return token.oprf_inputs(PROTOCOL, "bsn", [b"%09d" % number for number in range(first, first + rows)])


def timed(act: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds of an act by a clock."""
    start = clock()
    act()
    return clock() - start


def raw(one: Suite, rows: int) -> float:
    """Multiplications per second of the library itself on one core: elements with one scalar, x only for P-256."""
    points, scalar = one.points([b"one"]), one.random_scalar()
    if one.group.without_lock:
        return rows / timed(lambda: one.group.multiply(points * rows, [scalar]), time.process_time)
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.derive_private_key(scalar, ec.SECP256R1())
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + points)
    return rows / timed(lambda: [key.exchange(ec.ECDH(), public) for _ in range(rows)], time.process_time)


def steps(name: str, rows: int) -> None:
    """A line per mode, in rows per second."""
    library = raw(suite(name, Mode.OPRF), 5_000)
    print(f"{name}: {library:,.0f} multiplications/s by the library alone, one core")
    for mode in Mode:
        one = suite(name, mode)
        alone, together = (Steps(one, rows, cores).run() for cores in (1, None))
        said = [f"{step} {alone[step]:,.0f} ({together[step]:,.0f})" for step in alone]
        print(f"  {'proofs' if mode else 'canaries'}, rows/s on one core (on the clock, all cores): {'; '.join(said)}")
        if not mode:
            kind = "" if one.group.without_lock else ", which gives x only: the RFC's element takes two"
            print(f"    answering reaches {alone['answer'] / library:.0%} of the library{kind}")
        proofs = f" and {one.proof_bytes} for every {bulk.PROOF_ROWS:,} rows" if mode else ""
        print(f"    on file: {one.group.wire_bytes} bytes a row each way{proofs}; {token.TOKEN_BYTES} a token")


@dataclass
class Steps:
    """The steps of one request, timed."""

    one: Suite
    rows: int
    cores: int | None
    """1 is measured in processor time, all by the clock."""

    def run(self) -> dict[str, float]:
        """Step to rows per second."""
        one, rows, cores = self.one, self.rows, self.cores
        inputs, seed, key = numbers(0, rows), blinding.new_seed(), one.random_scalar()
        canaries = 0 if one.mode else blinding.CANARIES
        speeds = {}

        def timed_step(name: str, act: Callable[[], Made]) -> Made:
            clock = time.process_time if cores == 1 else time.perf_counter
            start = clock()
            made = act()
            speeds[name] = rows / (clock() - start)
            return made

        asked, _ = timed_step("ask", lambda: bulk.request(one, inputs, seed, canaries=canaries, cores=cores))
        evaluated, proofs = timed_step("answer", lambda: bulk.answer(one, key, asked, cores=cores))
        public = one.public_key(key)
        if one.mode:
            timed_step("check", lambda: bulk.check(one, public, asked, evaluated, proofs, cores=cores))
        else:
            timed_step("check", lambda: bulk.check_canaries(one, public, evaluated, seed, rows, canaries))
        timed_step("finish", lambda: bulk.outputs(one, inputs, seed, evaluated, canaries=canaries, cores=cores))
        return speeds


def linkage(name: str, rows: int, custodians: int, holders: int, mode: Mode) -> float:
    """Processor seconds of all parties of a whole exact linkage; half of the first two's numbers are common."""
    one = suite(name, mode)
    start = time.process_time()
    keys = [one.random_scalar() for _ in range(holders)]
    canaries = 0 if mode else blinding.CANARIES
    tokens = []
    for custodian in range(custodians):
        inputs, seed = numbers(custodian * rows // 2, rows), blinding.new_seed()
        own = keys[custodian] if custodian < holders else None
        asked, mine = bulk.request(one, inputs, seed, own_key=own, canaries=canaries, cores=1)
        outputs = []
        for holder, key in enumerate(keys):
            if holder == custodian:
                outputs.append(mine)
                continue
            evaluated, proofs = bulk.answer(one, key, asked, cores=1)
            if mode:
                bulk.check(one, one.public_key(key), asked, evaluated, proofs, cores=1)
            else:
                bulk.check_canaries(one, one.public_key(key), evaluated, seed, rows, canaries)
            outputs.append(bulk.outputs(one, inputs, seed, evaluated, canaries=canaries, cores=1))
        tokens.append(token.tokens(bytes(32), token.material(outputs)))
    assert common(tokens[0], tokens[1]) == rows // 2  # noqa: S101 -- the right answer, or no figure
    return time.process_time() - start


def common(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> int:
    """How many tokens are in both."""
    return len(np.intersect1d(left.view("S16"), right.view("S16")))


def peer(folder: Path, rows: int) -> dict[str, float]:
    """One run of PSI, in its own environment, made when it is not there."""
    python = folder / "psi" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "psi"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True, stderr=subprocess.DEVNULL)
    script = Path(__file__).with_name("psi_peer.py")
    done = subprocess.run([python, script, str(rows), str(rows // 2)], check=True, capture_output=True)
    said: dict[str, float] = json.loads(done.stdout)
    assert said["found"] == rows // 2  # noqa: S101
    return said


def main() -> None:
    """Print the steps, then the wholes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--five", action="store_true")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}")
    for name in NAMES:
        steps(name, min(options.rows, 10_000))
    rows = options.rows
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.peers or Path(temporary)
        psi = min(peer(folder, rows)["cpu"] for _ in range(2))
        print(f"two custodians of {rows:,} rows, processor seconds of all parties:")
        print(f"  {PEER}: {psi:.1f}")
        for name in NAMES:
            for mode in Mode:
                seconds = linkage(name, rows, 2, 2, mode)
                how = "proofs" if mode else "canaries"
                print(f"  {name}, two key-holders, {how}: {seconds:.1f}, {seconds / psi:.2f} times", flush=True)
        after = peer(folder, rows)["cpu"]
        print(f"  {PEER} once more: {after:.1f}")
        if options.five:
            print(f"five custodians of {rows:,} rows; ten runs of PSI: {10 * psi:.0f}")
            for holders in (2, 3, 5):
                seconds = linkage(NAMES[0], rows, 5, holders, Mode.OPRF)
                print(f"  {NAMES[0]}, {holders} key-holders, canaries: {seconds:.1f}, {seconds / psi / 10:.2f} times")


if __name__ == "__main__":
    main()
