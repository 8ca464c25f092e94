"""The body of a package: bytes of any length, sealed and opened piece by piece.

Rules kept here:

- Cobblestone-256 (C2SP chunked-encryption): AES-256-GCM over chunks of 16 KiB, the key and the context committed to in
  the first 56 bytes. What comes out is authentic and in its place; the end of the stream is a mark of its own.
- Memory does not grow with the body (tests/crypto/test_stream.py runs under a limit): pieces are cut to `PIECE`.
- The published vectors go through these two functions (tests/crypto/test_published.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from linkage.errors import Untrusted

PIECE = 1 << 20
"""Bytes handed on at a time."""


def encrypt(key: bytes, context: bytes, pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Seal a stream.

    Args:
        key: 32 fresh random bytes, used for nothing else.
        context: what the stream is bound to; it does not open under another.
        pieces: the bytes, in pieces of any size.
    """
    encryptor = Cobblestone256Encryptor(key, context)
    for piece in _cut(pieces):
        yield encryptor.update(piece)
    yield encryptor.finalize()


def decrypt(key: bytes, context: bytes, pieces: Iterable[bytes | memoryview], *, where: str) -> Iterator[bytes]:
    """Open a stream. Every piece is authentic; whether it is whole is known only when this ends without an error.

    Raises:
        Untrusted: altered, cut off, lengthened, or sealed under another key or context.
    """
    try:
        decryptor = Cobblestone256Decryptor(key, context)
        for piece in _cut(pieces):
            yield decryptor.update(piece)
        yield decryptor.finalize()
    except (InvalidTag, ValueError):
        raise Untrusted("the seal does not hold: altered or sealed for another purpose", where=where) from None


def _cut(pieces: Iterable[bytes | memoryview]) -> Iterator[memoryview]:
    """The same bytes, no piece larger than `PIECE`."""
    for piece in pieces:
        view = memoryview(piece)
        for first in range(0, len(view), PIECE):
            yield view[first : first + PIECE]
