"""ristretto255 from libsodium, where the system has it.

Rules kept here:

- Every operation is libsodium's, which is constant time; nothing of the group is computed here. libsodium refuses
  encodings that are not canonical, the identity, and products that are the identity.
- ctypes lets go of Python's lock during a call, so that threads use all cores.
- The library is the system's own, 1.0.18 or newer. `LINKAGE_LIBSODIUM` names one elsewhere by its full path.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import os
from collections.abc import Callable, Sequence
from functools import cache

from linkage.crypto.oprf.group import NotAnElement, parts
from linkage.crypto.oprf.hash_to_curve import expander
from linkage.errors import InputError

PLACE = "LINKAGE_LIBSODIUM"
_SIZE = 32
_UNIFORM = 64
_NEEDED = (10, 3)
"""Library version of libsodium 1.0.18, the first with ristretto255."""


class Ristretto255:
    """The group of ristretto255-SHA512 (RFC 9497 section 4.1, RFC 9496).

    Raises:
        InputError: the system has no libsodium with ristretto255.
    """

    order: int = 2**252 + 27742317777372353535851937790883648493
    wire_bytes: int = _SIZE
    work_bytes: int = _SIZE
    without_lock: bool = True

    def __init__(self) -> None:
        library = _sodium()
        self._scalarmult = library.crypto_scalarmult_ristretto255
        self._scalarmult_base = library.crypto_scalarmult_ristretto255_base
        self._from_hash = library.crypto_core_ristretto255_from_hash
        self._add = library.crypto_core_ristretto255_add
        self._valid = library.crypto_core_ristretto255_is_valid_point

    def hash_to_group(self, messages: Sequence[bytes], dst: bytes) -> bytes:
        """hash_to_ristretto255: expand_message_xmd of SHA-512, then the map of RFC 9496 section 4.3.4."""
        expand = expander(hashlib.sha512, dst, _UNIFORM)
        return _each(self._from_hash, _SIZE, (b"".join(map(expand, messages)), _UNIFORM))

    def hash_to_scalar(self, message: bytes, dst: bytes) -> int:
        """64 bytes, the lowest first, modulo the order (RFC 9497 section 4.1)."""
        return int.from_bytes(expander(hashlib.sha512, dst, _UNIFORM)(message), "little") % self.order

    def multiply(self, elements: bytes, scalars: Sequence[int]) -> bytes:
        """See `Group.multiply`."""
        step = 0 if len(scalars) == 1 else _SIZE
        return _each(self._scalarmult, _SIZE, (self._packed(scalars), step), (elements, _SIZE))

    def base(self, scalars: Sequence[int]) -> bytes:
        """See `Group.base`."""
        return _each(self._scalarmult_base, _SIZE, (self._packed(scalars), _SIZE))

    def add(self, left: bytes, right: bytes) -> bytes:
        """See `Group.add`."""
        return self._no_identity(_each(self._add, _SIZE, (left, _SIZE), (right, _SIZE)))

    def encode(self, elements: bytes) -> bytes:
        """The same bytes."""
        return elements

    def decode(self, wire: bytes) -> bytes:
        """See `Group.decode`."""
        self._no_identity(wire)
        for at, element in enumerate(parts(wire, _SIZE)):
            if self._valid(element) != 1:
                raise NotAnElement(at + 1)
        return wire

    def scalar_to_bytes(self, scalar: int) -> bytes:
        """32 bytes, the lowest first."""
        return scalar.to_bytes(_SIZE, "little")

    def scalar_from_bytes(self, data: bytes) -> int:
        """See `Group.scalar_from_bytes`."""
        scalar = int.from_bytes(data, "little")
        if len(data) != _SIZE or scalar >= self.order:
            raise NotAnElement(1)
        return scalar

    def _packed(self, scalars: Sequence[int]) -> bytes:
        return b"".join([scalar.to_bytes(_SIZE, "little") for scalar in scalars])

    def _no_identity(self, elements: bytes) -> bytes:
        for at, element in enumerate(parts(elements, _SIZE)):
            if not any(element):
                raise NotAnElement(at + 1)
        return elements


def _each(call: Callable[..., int], size: int, *inputs: tuple[bytes, int]) -> bytes:
    """One call per row; an input is bytes and its step from row to row, 0 when all rows share it.

    Addresses are counted here and stay inside buffers of these very lengths: no check is left to the library.
    """
    stepping = [(data, step) for data, step in inputs if step]
    count = len(parts(*stepping[0]))
    if any(len(parts(data, step)) != count for data, step in stepping):
        raise ValueError("inputs of unequal length")
    result = ctypes.create_string_buffer(max(size * count, 1))
    kept = [(ctypes.create_string_buffer(data, len(data)), step) for data, step in inputs if data]
    starts = [(ctypes.addressof(buffer), step) for buffer, step in kept]
    to = ctypes.addressof(result)
    if len(starts) == 1:
        (one, step) = starts[0]
        outcomes = [call(to + at * size, one + at * step) for at in range(count)]
    elif count:
        (one, step), (two, stride) = starts
        outcomes = [call(to + at * size, one + at * step, two + at * stride) for at in range(count)]
    else:
        outcomes = []
    if any(outcomes):
        raise NotAnElement(1 + next(at for at, outcome in enumerate(outcomes) if outcome))
    return result.raw[: size * count]


@cache
def _sodium() -> ctypes.CDLL:
    """The system's libsodium, its functions declared."""
    name = os.environ.get(PLACE) or ctypes.util.find_library("sodium") or ctypes.util.find_library("libsodium")
    hint = (
        "Install it (Debian: libsodium23; macOS: brew install libsodium; Windows: libsodium.dll of libsodium.org, its"
        f" full path in {PLACE}), or agree on oprf-p256-sha256, which needs nothing."
    )
    if not name:
        raise InputError("ristretto255 needs libsodium, which is not on this machine", hint=hint)
    try:
        library = ctypes.CDLL(name)
        if library.sodium_init() < 0:
            raise InputError("libsodium does not start", where=name)
        version = (library.sodium_library_version_major(), library.sodium_library_version_minor())
        if version < _NEEDED:
            raise InputError("this libsodium is older than 1.0.18 and has no ristretto255", where=name, hint=hint)
        for called, arguments in (
            ("crypto_scalarmult_ristretto255", 3), ("crypto_scalarmult_ristretto255_base", 2),
            ("crypto_core_ristretto255_from_hash", 2), ("crypto_core_ristretto255_add", 3),
            ("crypto_core_ristretto255_is_valid_point", 1),
        ):  # fmt: skip
            getattr(library, called).argtypes = [ctypes.c_void_p] * arguments
            getattr(library, called).restype = ctypes.c_int
    except (OSError, AttributeError):
        raise InputError("not a libsodium with ristretto255", where=name, hint=hint) from None
    return library
