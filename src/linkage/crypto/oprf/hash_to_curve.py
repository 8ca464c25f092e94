"""Hashing to fields and to P-256, RFC 9380.

Rules kept here:

- `expand_message_xmd` is section 5.3.1, `hash_to_field` section 5.2 with k = 128 (48 bytes per number),
  `map_to_curve` the simplified SWU map of section 6.6.2 in the straight line of appendix F.2, P256_XMD:SHA-256_SSWU_RO_
  section 8.2.
- Many messages at a time: one inversion for all of them, one exponentiation per number.
- Python's integers do not take the same time for all values. A hash is computed where its input is at home, so that
  time tells only who may look at the input itself (RFC 9497 section 7.4 wants constant time; this is not).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Final

from linkage.crypto.oprf.group import inverses

P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
"""Field of P-256 (FIPS 186-4, D.1.2.3)."""
A: Final = P - 3
B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
Z: Final = P - 10
"""Non-square of the map (RFC 9380 section 8.2)."""
BYTES_PER_NUMBER: Final = 48
"""L: 256 bits and a margin of 128."""

_C1: Final = (P - 3) // 4
_C2: Final = pow(-Z % P, (P + 1) // 4, P)
"""Square root of -Z (appendix F.2.1.2)."""
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
    """Simplified SWU: a point of P-256 for each field element (appendix F.2)."""
    fractions = [_fraction(u) for u in numbers]
    bottoms = inverses([bottom for _, bottom, _ in fractions], P)
    return [(top * inverse % P, y) for (top, _, y), inverse in zip(fractions, bottoms, strict=True)]


def _fraction(u: int) -> tuple[int, int, int]:
    """x as numerator and denominator, and y."""
    tv1 = Z * u * u % P
    tv2 = (tv1 * tv1 + tv1) % P
    tv3 = B * (tv2 + 1) % P
    tv4 = A * (P - tv2 if tv2 else Z) % P
    square = tv4 * tv4 % P
    cube = square * tv4 % P
    numerator = (tv3 * tv3 * tv3 + A * tv3 * square + B * cube) % P
    is_square, y1 = _sqrt_ratio(numerator, cube)
    x, y = (tv3, y1) if is_square else (tv1 * tv3 % P, tv1 * u * y1 % P)
    return x, tv4, y if (u ^ y) & 1 == 0 else P - y


def _sqrt_ratio(u: int, v: int) -> tuple[bool, int]:
    """Square root of u / v, or of Z u / v, for a field where p mod 4 is 3 (appendix F.2.1.2)."""
    tv2 = u * v % P
    y1 = pow(v * v * tv2 % P, _C1, P) * tv2 % P
    if y1 * y1 * v % P == u:
        return True, y1
    return False, y1 * _C2 % P


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
