"""Hashing to fields and to P-256, RFC 9380.

Rules kept here:

- `expand_message_xmd` is section 5.3.1, `hash_to_field` section 5.2 with k = 128 (48 bytes per number),
  `map_to_curve` the simplified SWU map of section 6.6.2, P256_XMD:SHA-256_SSWU_RO_ section 8.2.
- Many messages at a time: one inversion for all of them. Square roots are OpenSSL's, who opens compressed points.
- Python's integers do not take the same time for all values. A hash is computed where its input is at home, so that
  time tells only who may look at the input itself (RFC 9497 section 7.4 wants constant time; this is not).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from linkage.crypto.oprf.group import inverses

P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
"""Field of P-256 (FIPS 186-4, D.1.2.3)."""
A: Final = P - 3
B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
Z: Final = P - 10
"""Non-square of the map (RFC 9380 section 8.2)."""
BYTES_PER_NUMBER: Final = 48
"""L: 256 bits and a margin of 128."""

_CURVE: Final = SECP256R1()
_MAX_DST: Final = 255

Point = tuple[int, int]


def expander(new: Callable[..., Any], dst: bytes, length: int) -> Callable[[bytes], bytes]:
    """expand_message_xmd with everything but the message fixed.

    Args:
        new: constructor of a hash of the SHA-2 family.
        dst: domain separation tag; longer than 255 bytes is hashed first (section 5.3.3).
        length: bytes wanted, at most 255 hashes.
    """
    if len(dst) > _MAX_DST:
        dst = new(b"H2C-OVERSIZE-DST-" + dst).digest()
    tail = dst + bytes([len(dst)])
    size = new().digest_size
    blocks = -(-length // size)
    if blocks > 255 or length > 65_535:
        raise ValueError("more bytes than expand_message_xmd gives")
    padded = new(bytes(new().block_size))
    ending = length.to_bytes(2, "big") + b"\0" + tail

    def expand(message: bytes) -> bytes:
        first = padded.copy()
        first.update(message + ending)
        start = int.from_bytes(first.digest(), "big")
        block: bytes = new(first.digest() + b"\1" + tail).digest()
        result = block
        for number in range(2, blocks + 1):
            mixed = (start ^ int.from_bytes(block, "big")).to_bytes(size, "big")
            block = new(mixed + bytes([number]) + tail).digest()
            result += block
        return result[:length]

    return expand


def hash_to_field(messages: Sequence[bytes], dst: bytes, modulus: int, count: int) -> list[int]:
    """`count` numbers below the modulus per message, by SHA-256."""
    expand = expander(hashlib.sha256, dst, count * BYTES_PER_NUMBER)
    cuts = [slice(at, at + BYTES_PER_NUMBER) for at in range(0, count * BYTES_PER_NUMBER, BYTES_PER_NUMBER)]
    return [int.from_bytes(uniform[cut], "big") % modulus for uniform in map(expand, messages) for cut in cuts]


def hash_to_p256(messages: Sequence[bytes], dst: bytes) -> list[Point | None]:
    """hash_to_curve for P-256; None would be the point at infinity. The cofactor is 1."""
    mapped = map_to_curve(hash_to_field(messages, dst, P, 2))
    return add_points(mapped[::2], mapped[1::2])


def map_to_curve(numbers: Sequence[int]) -> list[Point]:
    """Simplified SWU: a point of P-256 for each field element (section 6.6.2).

    One of two x lies on the curve, and the sign of y is that of the number: a compressed point, which OpenSSL opens.
    """
    squares = [Z * u * u % P for u in numbers]
    tails = [(tv1 * tv1 + tv1) % P for tv1 in squares]
    bottoms = inverses([A * (P - tail if tail else Z) % P for tail in tails], P)
    points = []
    for u, tv1, tail, inverse in zip(numbers, squares, tails, bottoms, strict=True):
        x = B * (tail + 1) * inverse % P
        point = _lifted(x, u & 1) or _lifted(tv1 * x % P, u & 1)
        assert point is not None  # noqa: S101  # either x or Z u^2 x is on the curve
        points.append(point)
    return points


def _lifted(x: int, parity: int) -> Point | None:
    """The point with this x and this parity of y; None where no point has this x."""
    try:
        point = EllipticCurvePublicKey.from_encoded_point(_CURVE, bytes([2 + parity]) + x.to_bytes(32, "big"))
    except ValueError:
        return None
    return x, int.from_bytes(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[33:], "big")


def add_points(left: Sequence[Point], right: Sequence[Point]) -> list[Point | None]:
    """Sums of points of P-256, one inversion for all; None is the point at infinity."""
    slopes = []
    for (x1, y1), (x2, y2) in zip(left, right, strict=True):
        if x1 != x2:
            slopes.append((y2 - y1, x2 - x1))
        elif y1 == y2 and y1:
            slopes.append((3 * x1 * x1 + A, 2 * y1))
        else:
            slopes.append((0, 0))
    bottoms = inverses([bottom % P or 1 for _, bottom in slopes], P)
    result: list[Point | None] = []
    for (x1, y1), (x2, _), (top, bottom), inverse in zip(left, right, slopes, bottoms, strict=True):
        slope = top * inverse % P
        x = (slope * slope - x1 - x2) % P
        result.append((x, (slope * (x1 - x) - y1) % P) if bottom else None)
    return result
