"""The joined token: what the linkage unit sees of a number, made of the outputs of all key-holders.

Rules kept here (docs/spec/exact-tokens.md):

- HKDF-Extract (RFC 5869) with a subkey of the linkage secret as salt and the key-holders' outputs, in the order of the
  protocol, as keying material; the first 128 bits are the token. Each output is a standard evaluation by itself: that
  one key-holder stays honest, or the linkage secret does not leak, is enough.
- What is evaluated names protocol and field: the same number in another linkage is another input.
- A second field is appended to the outputs under a subkey of its own: it can be tried out only by who has all outputs.
- The keyed hash is the same with the number itself in place of the outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from linkage.crypto.mac import macs
from linkage.errors import InputError

TOKEN_BYTES = 16
PURPOSE, PURPOSE_SECOND = "oprf-token", "oprf-agree"
"""Purposes of the subkeys of the linkage secret."""

Numbers = Callable[[str, Sequence[bytes]], Sequence[bytes]]
"""Field, and distinct normalised values; gives for each value the `material` of all key-holders' outputs."""

_LABEL = b"linkage/v1/oprf"


def oprf_inputs(protocol_digest: str, field: str, values: Iterable[bytes]) -> list[bytes]:
    """What is evaluated for each value.

    Args:
        protocol_digest: ``sha256:<hex>`` of the signed protocol.
        field: the field's name.
        values: normalised values.
    """
    start = b"\0".join([_LABEL, protocol_digest.encode(), field.encode(), b""])
    return [start + value for value in values]


def material(outputs: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Outputs of the key-holders, side by side for each value.

    Args:
        outputs: per key-holder, in the order of the protocol, the output of each value.

    Raises:
        InputError: no key-holder, or unequal numbers of values.
    """
    if not outputs or len({len(one) for one in outputs}) != 1:
        raise InputError("a joined token needs the outputs of every key-holder for every value")
    return [b"".join(row) for row in zip(*outputs, strict=True)]


def tokens(key: bytes, materials: Iterable[bytes]) -> NDArray[np.uint8]:
    """``uint8[n, 16]``: tokens of what was joined, or of numbers, under a subkey of 32 bytes."""
    stream = b"".join(mac[:TOKEN_BYTES] for mac in macs(key, "sha256", materials))
    return np.frombuffer(stream, dtype=np.uint8).reshape(-1, TOKEN_BYTES)


def with_second(joined: bytes, second: bytes) -> bytes:
    """What a token of number and second field is made of."""
    return joined + b"\0" + second
