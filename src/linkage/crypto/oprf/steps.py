"""The three steps of a request over a piece of its rows: what a core does at a time.

Rules kept here:

- Bytes in, bytes out: a step runs in a thread or in a process of its own, and its result does not depend on where.
- Rows are numbered over the whole request, so that a piece knows its blinding scalars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from linkage.crypto.oprf.blinding import scalars
from linkage.crypto.oprf.rfc9497 import Suite

Parts = tuple[bytes, ...]
"""Arguments or results of a step."""


def packed(inputs: Sequence[bytes]) -> bytes:
    """Inputs as one piece: two bytes of length before each."""
    return b"".join([len(one).to_bytes(2, "big") + one for one in inputs])


def unpacked(data: bytes) -> list[bytes]:
    """Inputs of `packed`."""
    result, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        result.append(data[at + 2 : end])
        at = end
    return result


def start(suite: Suite, inputs: bytes, seed: bytes, first: bytes, key: bytes) -> Parts:
    """Blinded elements, and the outputs under one's own key when there is one."""
    messages = unpacked(inputs)
    points = suite.points(messages)
    blinds = scalars(seed, int.from_bytes(first, "big"), len(messages), suite.group.order)
    blinded = suite.blind(points, blinds)
    if not key:
        return blinded, b""
    own = suite.group.encode(suite.group.multiply(points, [suite.group.scalar_from_bytes(key)]))
    return blinded, b"".join(suite.outputs(messages, own))


def answer(suite: Suite, key: bytes, blinded: bytes) -> Parts:
    """Evaluated elements, and in mode VOPRF the proof over them."""
    scalar = suite.group.scalar_from_bytes(key)
    evaluated = suite.evaluate(scalar, blinded)
    return evaluated, suite.prove(scalar, blinded, evaluated) if suite.mode else b""


def check(suite: Suite, public: bytes, blinded: bytes, evaluated: bytes, proof: bytes) -> Parts:
    """Nothing, when the proof holds."""
    suite.verify(public, blinded, evaluated, proof)
    return ()


def finish(suite: Suite, inputs: bytes, seed: bytes, first: bytes, evaluated: bytes) -> Parts:
    """Outputs of one key-holder."""
    messages = unpacked(inputs)
    blinds = scalars(seed, int.from_bytes(first, "big"), len(messages), suite.group.order)
    return (b"".join(suite.outputs(messages, suite.unblind(evaluated, blinds))),)


def direct(suite: Suite, key: bytes, inputs: bytes) -> Parts:
    """Outputs by whoever has the key."""
    return (b"".join(suite.direct(suite.group.scalar_from_bytes(key), unpacked(inputs))),)


STEPS: Final[Mapping[str, Callable[..., Parts]]] = MappingProxyType(
    {"start": start, "answer": answer, "check": check, "finish": finish, "direct": direct}
)
