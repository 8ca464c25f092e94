"""What RFC 9497 asks of a prime-order group (section 2.1), for many elements at a time.

Rules kept here:

- Elements stand side by side in one string of bytes. On the wire an element has its one canonical encoding; while it
  is worked on a group may hold it in a longer form that spares it a square root (`wire_bytes`, `work_bytes`).
- The identity has no encoding here: nothing that is it, or that leads to it, is taken or given.
- A scalar is a number from 1 up to the order. Key and blinding scalars meet an element only inside the library's own
  multiplication.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from linkage.errors import Untrusted


class Group(Protocol):
    """A group of prime order with a hash into it."""

    order: int
    wire_bytes: int
    """Bytes of an element in a file, Ne of RFC 9497."""
    work_bytes: int
    """Bytes of an element while it is worked on."""
    without_lock: bool
    """Whether its work lets other threads of Python run."""

    def hash_to_group(self, messages: Sequence[bytes], dst: bytes) -> bytes:
        """HashToGroup of each message, in working form."""

    def hash_to_scalar(self, message: bytes, dst: bytes) -> int:
        """HashToScalar; may be 0."""

    def multiply(self, elements: bytes, scalars: Sequence[int]) -> bytes:
        """Each element times its scalar; one scalar alone is for all.

        Raises:
            NotAnElement: bytes that encode no element, or that encode the identity.
        """

    def base(self, scalars: Sequence[int]) -> bytes:
        """Each scalar times the generator, in working form."""

    def add(self, left: bytes, right: bytes) -> bytes:
        """Sums, element by element.

        Raises:
            NotAnElement: no element, or a sum that is the identity.
        """

    def encode(self, elements: bytes) -> bytes:
        """From working form to the wire."""

    def decode(self, wire: bytes) -> bytes:
        """From the wire to working form.

        Raises:
            NotAnElement: not canonical, not in the group, or the identity.
        """

    def scalar_to_bytes(self, scalar: int) -> bytes:
        """SerializeScalar."""

    def scalar_from_bytes(self, data: bytes) -> int:
        """DeserializeScalar.

        Raises:
            NotAnElement: not below the order.
        """


class NotAnElement(Untrusted):
    """Bytes that are no element of the group (or scalar of it), or are its identity."""

    def __init__(self, number: int) -> None:
        super().__init__(f"element {number} is not canonical, not in the group, or its identity")
        self.number = number
        """Which of the elements, counted from 1."""


def inverses(values: Sequence[int], modulus: int) -> list[int]:
    """Inverse of each value, none of which is 0, with one inversion and three products each (Montgomery 1987).

    >>> inverses([2, 3, 4], 11)
    [6, 4, 3]
    """
    products, product = [], 1
    for value in values:
        products.append(product)
        product = product * value % modulus
    inverse = pow(product, -1, modulus)
    result = [0] * len(products)
    for at in range(len(products) - 1, -1, -1):
        result[at] = products[at] * inverse % modulus
        inverse = inverse * values[at] % modulus
    return result


def parts(data: bytes, size: int) -> list[bytes]:
    """Bytes cut into pieces of one size.

    Raises:
        Untrusted: the length is no multiple of the size.
    """
    if len(data) % size:
        raise Untrusted(f"expected a multiple of {size} bytes, got {len(data)}")
    return [data[at : at + size] for at in range(0, len(data), size)]
