"""P-256 from `cryptography` alone, which comes as a wheel wherever Python does.

Rules kept here:

- A secret scalar meets a point only in OpenSSL's Diffie-Hellman, which gives x(kP) and takes the same time for all k.
- y comes from x(kP), x((k+1)P) and P (Brier and Joye, "Weierstrass elliptic curves and side-channel attacks", PKC
  2002, proposition 3): public numbers, in Python.
- Points are checked to lie on the curve when OpenSSL reads them; the cofactor is 1, so that is membership.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from linkage.crypto.oprf.group import NotAnElement, inverses, parts
from linkage.crypto.oprf.hash_to_curve import A, B, P, Point, add_points, hash_to_field, hash_to_p256

_CURVE: Final = SECP256R1()
_HALF: Final = 32


class P256:
    """The group of P256-SHA256 (RFC 9497 section 4.3): compressed points of SEC 1."""

    order: int = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    wire_bytes: int = 33
    work_bytes: int = 64
    """x and y: no square root when it is read again."""
    without_lock: bool = False

    def hash_to_group(self, messages: Sequence[bytes], dst: bytes) -> bytes:
        """P256_XMD:SHA-256_SSWU_RO_ (RFC 9380 section 8.2)."""
        return _joined(hash_to_p256(messages, dst))

    def hash_to_scalar(self, message: bytes, dst: bytes) -> int:
        """hash_to_field modulo the order, with L = 48 (RFC 9497 section 4.3)."""
        return hash_to_field([message], dst, self.order, 1)[0]

    def multiply(self, elements: bytes, scalars: Sequence[int]) -> bytes:
        """See `Group.multiply`."""
        points = parts(elements, self.work_bytes)
        shared = [self._pair(scalars[0])] * len(points) if len(scalars) == 1 else None
        found: list[tuple[int, int, int, int]] = []
        for at, point in enumerate(points):
            key, following = shared[at] if shared else self._pair(scalars[at])
            public = _read(b"\4" + point, at)
            x, y = _coordinates(point)
            if following is None:  # the scalar is -1
                found.append((x, y, x, -1))
                continue
            at_k, at_next = key.exchange(ECDH(), public), following.exchange(ECDH(), public)
            found.append((x, y, int.from_bytes(at_k, "big"), int.from_bytes(at_next, "big")))
        return b"".join(map(_bytes, _with_y(found)))

    def base(self, scalars: Sequence[int]) -> bytes:
        """See `Group.base`."""
        return b"".join(_work(derive_private_key(scalar, _CURVE).public_key()) for scalar in scalars)

    def add(self, left: bytes, right: bytes) -> bytes:
        """See `Group.add`."""
        pairs = [[_coordinates(point) for point in parts(side, self.work_bytes)] for side in (left, right)]
        return _joined(add_points(*pairs))

    def encode(self, elements: bytes) -> bytes:
        """Compressed form of SEC 1, section 2.3.3."""
        points = parts(elements, self.work_bytes)
        return b"".join(bytes([2 + (point[-1] & 1)]) + point[:_HALF] for point in points)

    def decode(self, wire: bytes) -> bytes:
        """Compressed form of SEC 1, section 2.3.4; the point at infinity has another length, and so no place."""
        return b"".join(_work(_read(point, at)) for at, point in enumerate(parts(wire, self.wire_bytes)))

    def scalar_to_bytes(self, scalar: int) -> bytes:
        """32 bytes, the highest first."""
        return scalar.to_bytes(_HALF, "big")

    def scalar_from_bytes(self, data: bytes) -> int:
        """See `Group.scalar_from_bytes`."""
        scalar = int.from_bytes(data, "big")
        if len(data) != _HALF or scalar >= self.order:
            raise NotAnElement(1)
        return scalar

    def _pair(self, scalar: int) -> tuple[EllipticCurvePrivateKey, EllipticCurvePrivateKey | None]:
        """Keys of k and k + 1; None where k + 1 is the order."""
        key = derive_private_key(scalar, _CURVE)
        return key, derive_private_key(scalar + 1, _CURVE) if scalar + 1 < self.order else None


def _read(encoded: bytes, at: int) -> EllipticCurvePublicKey:
    if encoded[0] not in (2, 3, 4):
        raise NotAnElement(at + 1)
    try:
        return EllipticCurvePublicKey.from_encoded_point(_CURVE, encoded)
    except ValueError:
        raise NotAnElement(at + 1) from None


def _work(public: EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


def _coordinates(point: bytes) -> Point:
    return int.from_bytes(point[:_HALF], "big"), int.from_bytes(point[_HALF:], "big")


def _bytes(point: Point) -> bytes:
    return point[0].to_bytes(_HALF, "big") + point[1].to_bytes(_HALF, "big")


def _joined(points: Sequence[Point | None]) -> bytes:
    for at, point in enumerate(points):
        if point is None:
            raise NotAnElement(at + 1)
    return b"".join(_bytes(point) for point in points if point)


def _with_y(found: Sequence[tuple[int, int, int, int]]) -> list[Point]:
    """Point kP for each (x(P), y(P), x(kP), x((k+1)P)); the last is -1 where kP is -P."""
    bottoms = inverses([2 * y % P for _, y, _, _ in found], P)
    result = []
    for (x, y, at_k, at_next), inverse in zip(found, bottoms, strict=True):
        if at_next < 0:
            result.append((x, P - y))
            continue
        apart = x - at_k
        top = 2 * B + (A + x * at_k) * (x + at_k) - at_next * apart * apart
        result.append((at_k, top * inverse % P))
    return result
