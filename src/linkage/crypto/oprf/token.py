"""The joined token: what the linkage unit sees of a number, made of the outputs of all key-holders.

Rules kept here (docs/spec/exact-tokens.md):

- HKDF-Extract (RFC 5869) with a subkey of the linkage secret as salt and the key-holders' outputs, in the order of the
  protocol, as keying material; the first 128 bits are the token. Each output is a standard evaluation by itself: that
  one key-holder stays honest, or the linkage secret does not leak, is enough.
- What is evaluated names protocol and field: the same number in another linkage is another input.
- A second factor is appended to the outputs under a subkey of its own: it can be tested only by who has all outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from linkage.crypto.mac import macs
from linkage.errors import InputError

TOKEN_BYTES = 16
PURPOSE = "oprf-token"
"""Purpose of the subkey of a token, and with the second factor's name behind it, of a token that agrees in that too."""

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


def joined(key: bytes, outputs: Sequence[Sequence[bytes]], seconds: Sequence[bytes] | None = None) -> NDArray[np.uint8]:
    """Tokens of rows.

    Args:
        key: subkey of the linkage secret, 32 bytes.
        outputs: per key-holder, in the order of the protocol, the output of each row.
        seconds: normalised value of the second factor of each row; None for the token of the number alone.

    Returns:
        ``uint8[n, 16]``.

    Raises:
        InputError: no key-holder, or unequal numbers of rows.
    """
    if not outputs or len({len(one) for one in outputs}) != 1:
        raise InputError("a joined token needs the outputs of every key-holder for every row")
    ends: Sequence[bytes] = seconds if seconds is not None else [b""] * len(outputs[0])
    material = (b"".join(row) for row in zip(*outputs, ends, strict=True))
    stream = b"".join(mac[:TOKEN_BYTES] for mac in macs(key, "sha256", material))
    return np.frombuffer(stream, dtype=np.uint8).reshape(-1, TOKEN_BYTES)
