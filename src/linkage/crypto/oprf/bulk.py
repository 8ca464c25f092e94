"""Requests of any size over all cores: make one, answer one, check and finish one.

Rules kept here:

- No result depends on the number of cores or the size of a piece, but for proofs, which are random.
- libsodium works outside Python's lock, so its pieces run in threads; P-256 needs Python's integers for half of its
  work, so its pieces run in processes of their own once there are enough of them.
- One proof covers `PROOF_ROWS` elements of a request, in its order.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

from linkage.crypto.oprf import blinding
from linkage.crypto.oprf.group import NotAnElement, parts
from linkage.crypto.oprf.rfc9497 import Suite
from linkage.crypto.oprf.steps import STEPS, Parts, packed
from linkage.crypto.oprf.worker import Worker
from linkage.errors import Untrusted

PROOF_ROWS: Final = 1024
"""Elements under one proof, and rows of a piece."""
ENOUGH: Final = 2 * PROOF_ROWS
"""Rows from which processes of their own repay their start."""


def request(
    suite: Suite, inputs: Sequence[bytes], seed: bytes, *, own_key: int | None = None, canaries: int = 0,
    cores: int | None = None,
) -> tuple[bytes, list[bytes]]:  # fmt: skip
    """Blind every input.

    Args:
        suite: the suite and mode.
        inputs: one per row, in the caller's order.
        seed: see `blinding`.
        own_key: this party's own key, when it is a key-holder itself: its outputs need no blinding.
        canaries: elements of known answer to hide among the rows.
        cores: to use; None for all.

    Returns:
        The elements as they are sent, and the outputs under the own key, in the order of the inputs.
    """
    size = suite.group.wire_bytes
    key = suite.group.scalar_to_bytes(own_key) if own_key else b""
    pieces = [
        (packed(inputs[first : first + PROOF_ROWS]), seed, first.to_bytes(8, "big"), key)
        for first in range(0, len(inputs), PROOF_ROWS)
    ]
    done = _run(suite, "start", pieces, len(inputs), cores)
    extra = blinding.scalars(seed, len(inputs), canaries, suite.group.order)
    elements = b"".join(blinded for blinded, _ in done) + suite.group.encode(suite.group.base(extra))
    places = blinding.order_of(seed, len(inputs) + canaries)
    return blinding.placed(elements, places, size), parts(b"".join(own for _, own in done), suite.output_bytes)


def answer(suite: Suite, key: int, elements: bytes, *, cores: int | None = None) -> tuple[bytes, bytes]:
    """Evaluate every element of a request, in its order; in mode VOPRF with a proof for each piece.

    Raises:
        NotAnElement: an element that is not canonical, not in the group, or the identity.
    """
    step = PROOF_ROWS * suite.group.wire_bytes
    own = suite.group.scalar_to_bytes(key)
    pieces = [(own, elements[at : at + step]) for at in range(0, len(elements), step)]
    done = _run(suite, "answer", pieces, len(elements) // suite.group.wire_bytes, cores)
    return b"".join(evaluated for evaluated, _ in done), b"".join(proof for _, proof in done)


def check(
    suite: Suite, public: bytes, elements: bytes, evaluated: bytes, proofs: bytes, *, cores: int | None = None
) -> None:
    """Check the proofs of an answer.

    Raises:
        Untrusted: a proof does not hold, is missing or left over, or an element is none.
    """
    step = PROOF_ROWS * suite.group.wire_bytes
    starts = range(0, len(elements), step)
    proofs_of = parts(proofs, suite.proof_bytes)
    if len(evaluated) != len(elements) or len(proofs_of) != len(starts):
        raise Untrusted("an answer of another length than the request")
    pieces = [
        (public, elements[at : at + step], evaluated[at : at + step], proof)
        for at, proof in zip(starts, proofs_of, strict=True)
    ]
    _run(suite, "check", pieces, len(elements) // suite.group.wire_bytes, cores)


def check_canaries(suite: Suite, public: bytes, evaluated: bytes, seed: bytes, rows: int, canaries: int) -> None:
    """Check the elements of known answer: a canary's element is r times the generator, its answer r times the key's.

    Raises:
        Untrusted: one of them is wrong, or the answer has another length than the request.
    """
    size = suite.group.wire_bytes
    if len(evaluated) != (rows + canaries) * size:
        raise Untrusted("an answer of another length than the request")
    places = blinding.order_of(seed, rows + canaries)
    found = blinding.returned(evaluated, places, size)[rows * size :]
    extra = blinding.scalars(seed, rows, canaries, suite.group.order)
    key = suite.group.decode(public)
    if suite.group.encode(suite.group.multiply(key * canaries, extra)) != found:
        raise Untrusted("a row whose answer was known beforehand was answered wrongly")


def outputs(
    suite: Suite, inputs: Sequence[bytes], seed: bytes, evaluated: bytes, *, canaries: int = 0, cores: int | None = None
) -> list[bytes]:
    """Unblind an answer: one output per input, in the order of the inputs.

    Raises:
        NotAnElement: an element that is not canonical, not in the group, or the identity.
        Untrusted: the answer has another length than the request.
    """
    size = suite.group.wire_bytes
    if len(evaluated) != (len(inputs) + canaries) * size:
        raise Untrusted("an answer of another length than the request")
    rows = blinding.returned(evaluated, blinding.order_of(seed, len(inputs) + canaries), size)[: len(inputs) * size]
    pieces = [
        (packed(inputs[at : at + PROOF_ROWS]), seed, at.to_bytes(8, "big"), rows[at * size : (at + PROOF_ROWS) * size])
        for at in range(0, len(inputs), PROOF_ROWS)
    ]
    done = _run(suite, "finish", pieces, len(inputs), cores)
    return parts(b"".join(made for (made,) in done), suite.output_bytes)


def direct(suite: Suite, key: int, inputs: Sequence[bytes], *, cores: int | None = None) -> list[bytes]:
    """Outputs by whoever has the key, one per input."""
    own = suite.group.scalar_to_bytes(key)
    pieces = [(own, packed(inputs[at : at + PROOF_ROWS])) for at in range(0, len(inputs), PROOF_ROWS)]
    done = _run(suite, "direct", pieces, len(inputs), cores)
    return parts(b"".join(made for (made,) in done), suite.output_bytes)


def _run(suite: Suite, step: str, pieces: Sequence[Parts], rows: int, cores: int | None) -> list[Parts]:
    """One step over all pieces, results in their order."""
    count = min(cores or os.cpu_count() or 1, len(pieces))
    if count <= 1 or (not suite.group.without_lock and rows < ENOUGH):
        return [_one(suite, None, step, piece, at) for at, piece in enumerate(pieces)]
    with _runners(suite, count) as runners, ThreadPoolExecutor(count) as pool:

        def one(piece: Parts, at: int) -> Parts:
            runner = runners.get()
            try:
                return _one(suite, runner, step, piece, at)
            finally:
                runners.put(runner)

        return list(pool.map(one, pieces, range(len(pieces))))


def _one(suite: Suite, runner: Worker | None, step: str, piece: Parts, at: int) -> Parts:
    """A step over the piece at a place, here or in a process."""
    try:
        return STEPS[step](suite, *piece) if runner is None else runner.run(step, piece)
    except NotAnElement as error:
        raise NotAnElement(at * PROOF_ROWS + error.number) from None


@contextmanager
def _runners(suite: Suite, count: int) -> Iterator[queue.SimpleQueue[Worker | None]]:
    """Where pieces are run: processes, or None for this one."""
    free: queue.SimpleQueue[Worker | None] = queue.SimpleQueue()
    with ExitStack() as stack:
        for _ in range(count):
            if suite.group.without_lock:
                free.put(None)
                continue
            worker = Worker(suite.identifier, suite.mode)
            stack.callback(worker.close)
            free.put(worker)
        yield free
