"""Oblivious pseudorandom functions, RFC 9497: modes OPRF and VOPRF, for many inputs at a time.

Rules kept here:

- Names and order of steps are the RFC's; mode and suite stand in every tag that is hashed (section 3.1), so that what
  one mode or suite computes means nothing in another.
- The suite and mode are given by whoever calls, never read from what is received.
- Nothing that an element's encoding does not allow is evaluated, unblinded or proved.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

from linkage.crypto.oprf.group import Group, inverses, parts
from linkage.errors import InputError, Untrusted

MAX_INPUT = (1 << 16) - 1
"""Bytes of an input; also elements under one proof."""


class Mode(IntEnum):
    """Mode of RFC 9497 section 3.1; POPRF is not among them."""

    OPRF = 0
    VOPRF = 1


@dataclass(frozen=True)
class Suite:
    """A group with its hash, in one mode."""

    identifier: str
    """Name in section 4, for instance ``P256-SHA256``."""
    group: Group
    new_hash: Callable[..., Any]
    mode: Mode

    @cached_property
    def context(self) -> bytes:
        """contextString."""
        return b"OPRFV1-" + bytes([self.mode]) + b"-" + self.identifier.encode()

    @cached_property
    def output_bytes(self) -> int:
        """Nh: bytes of an output."""
        return int(self.new_hash().digest_size)

    @property
    def proof_bytes(self) -> int:
        """Bytes of a proof: challenge and response."""
        return 2 * len(self.group.scalar_to_bytes(0))

    def random_scalar(self) -> int:
        """RandomScalar: 1 up to the order, from the operating system's generator."""
        return secrets.randbelow(self.group.order - 1) + 1

    def derive_key(self, seed: bytes, info: bytes) -> int:
        """DeriveKeyPair (section 3.2.1): the private key of a seed.

        Args:
            seed: 32 random bytes.
            info: public text that tells keys of one seed apart.

        Raises:
            InputError: a seed of another length, or no key in 256 tries.
        """
        if len(seed) != 32:
            raise InputError("a seed of an OPRF key has 32 bytes")
        start = seed + _sized(info)
        for counter in range(256):
            key = self.group.hash_to_scalar(start + bytes([counter]), b"DeriveKeyPair" + self.context)
            if key:
                return key
        raise InputError("no key in 256 tries")

    def public_key(self, key: int) -> bytes:
        """pkS on the wire."""
        return self.group.encode(self.group.base([key]))

    def points(self, inputs: Sequence[bytes]) -> bytes:
        """HashToGroup of each input, in the group's working form.

        Raises:
            InputError: an input longer than 65,535 bytes.
        """
        if any(len(one) > MAX_INPUT for one in inputs):
            raise InputError(f"an input of an OPRF has at most {MAX_INPUT} bytes")
        return self.group.hash_to_group(inputs, b"HashToGroup-" + self.context)

    def blind(self, points: bytes, blinds: Sequence[int]) -> bytes:
        """Blind (section 3.3.1): each point times its scalar, on the wire."""
        return self.group.encode(self.group.multiply(points, blinds))

    def evaluate(self, key: int, blinded: bytes) -> bytes:
        """BlindEvaluate: each element times the key, on the wire.

        Raises:
            NotAnElement: an element that is not canonical, not in the group, or the identity.
        """
        return self.group.encode(self.group.multiply(self._read(blinded), [key]))

    def unblind(self, evaluated: bytes, blinds: Sequence[int]) -> bytes:
        """Each element times the inverse of its scalar, on the wire (first half of Finalize).

        Raises:
            NotAnElement: an element that is not canonical, not in the group, or the identity.
        """
        return self.group.encode(self.group.multiply(self._read(evaluated), inverses(blinds, self.group.order)))

    def outputs(self, inputs: Sequence[bytes], elements: bytes) -> list[bytes]:
        """Second half of Finalize: hash of input and unblinded element; also of Evaluate."""
        size = self.group.wire_bytes
        middle, new = size.to_bytes(2, "big"), self.new_hash
        return [
            new(b"".join((len(one).to_bytes(2, "big"), one, middle, element, b"Finalize"))).digest()
            for one, element in zip(inputs, parts(elements, size), strict=True)
        ]

    def direct(self, key: int, inputs: Sequence[bytes]) -> list[bytes]:
        """Evaluate: outputs by whoever has the key."""
        return self.outputs(inputs, self.group.encode(self.group.multiply(self.points(inputs), [key])))

    def prove(self, key: int, blinded: bytes, evaluated: bytes, *, random: int | None = None) -> bytes:
        """GenerateProof (section 2.2.1): that every element was multiplied by the key of the public key.

        Args:
            key: private key.
            blinded: elements on the wire, at most 65,535.
            evaluated: the same, evaluated.
            random: for published vectors only; a fresh scalar when left out.
        """
        group = self.group
        composite, _ = self._composites(key, blinded, evaluated, with_second=False)
        second = group.multiply(composite, [key])
        scalar = random or self.random_scalar()
        ends = group.base([scalar]) + group.multiply(composite, [scalar])
        challenge = self._challenge(self.public_key(key), composite + second + ends)
        response = (scalar - challenge * key) % group.order
        return group.scalar_to_bytes(challenge) + group.scalar_to_bytes(response)

    def verify(self, public: bytes, blinded: bytes, evaluated: bytes, proof: bytes) -> None:
        """VerifyProof (section 2.2.2).

        Raises:
            Untrusted: the proof does not hold, or an element is none.
        """
        group = self.group
        half = self.proof_bytes // 2
        if len(proof) != 2 * half:
            raise Untrusted("a proof of another length")
        challenge, response = group.scalar_from_bytes(proof[:half]), group.scalar_from_bytes(proof[half:])
        if not challenge or not response:  # comes about once in 2^252; a forger's shortcut otherwise
            raise Untrusted("the proof does not hold")
        key = group.decode(public)
        first, second = self._composites(key, blinded, evaluated, with_second=True)
        left = group.add(group.base([response]), group.multiply(key, [challenge]))
        right = group.add(group.multiply(first, [response]), group.multiply(second, [challenge]))
        found = self._challenge(public, first + second + left + right)
        if not hmac.compare_digest(group.scalar_to_bytes(found), proof[:half]):
            raise Untrusted("the proof does not hold: not every element was evaluated with the key")

    def _composites(
        self, key: int | bytes, blinded: bytes, evaluated: bytes, *, with_second: bool
    ) -> tuple[bytes, bytes]:
        """ComputeComposites, or ComputeCompositesFast without the second: weighted sums of either side."""
        group, size = self.group, self.group.wire_bytes
        public = self.public_key(key) if isinstance(key, int) else group.encode(key)
        seed = _sized(self.new_hash(_sized(public) + _sized(b"Seed-" + self.context)).digest())
        pairs = list(zip(parts(blinded, size), parts(evaluated, size), strict=True))
        if not 0 < len(pairs) <= MAX_INPUT:
            raise InputError(f"a proof covers 1 to {MAX_INPUT} elements, not {len(pairs)}")
        tag = b"HashToScalar-" + self.context
        weights = [
            group.hash_to_scalar(seed + at.to_bytes(2, "big") + _sized(c) + _sized(d) + b"Composite", tag)
            for at, (c, d) in enumerate(pairs)
        ]
        first = self._sum(group.multiply(group.decode(blinded), weights))
        return first, self._sum(group.multiply(group.decode(evaluated), weights)) if with_second else b""

    def _sum(self, elements: bytes) -> bytes:
        """Sum of all, pairwise, so that a group adds many at a time."""
        size = self.group.work_bytes
        while len(elements) > size:
            half = len(elements) // size // 2 * size
            elements = self.group.add(elements[:half], elements[half : 2 * half]) + elements[2 * half :]
        return elements

    def _challenge(self, public: bytes, elements: bytes) -> int:
        size = self.group.wire_bytes
        text = _sized(public) + b"".join(map(_sized, parts(self.group.encode(elements), size))) + b"Challenge"
        return self.group.hash_to_scalar(text, b"HashToScalar-" + self.context)

    def _read(self, wire: bytes) -> bytes:
        """To working form; a group whose two forms are one checks each element when it multiplies it."""
        return wire if self.group.wire_bytes == self.group.work_bytes else self.group.decode(wire)


def suite(name: str, mode: Mode) -> Suite:
    """The suite of a name in a mode.

    Raises:
        InputError: no such suite, or this machine lacks the library of it.
    """
    if name == "P256-SHA256":
        from linkage.crypto.oprf.p256 import P256

        return Suite(name, P256(), hashlib.sha256, mode)
    if name == "ristretto255-SHA512":
        from linkage.crypto.oprf.ristretto import Ristretto255

        return Suite(name, Ristretto255(), hashlib.sha512, mode)
    raise InputError(f"no such OPRF suite: expected P256-SHA256 or ristretto255-SHA512, got {name!r}")


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data
