"""The one way an object becomes bytes and a digest.

Rules kept here:

- Bytes are RFC 8785 (JSON Canonicalization Scheme); a digest is SHA-256 over them, written ``sha256:<hex>``.
- Reading is strict: bytes that are not their own canonical form are refused, so that one value has one
  spelling and a signature covers what was read (proved by tests/test_canonical.py).
- What is plainly canonical (ASCII, no fraction, no long number) is told so by the standard library, an order of
  magnitude faster; all else, and every refusal, goes the long way (a property there: both ways say the same).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NoReturn

import rfc8785

from linkage.errors import InputError

DIGEST_PREFIX = "sha256:"
LARGEST = 2**53 - 1
"""Whole numbers beyond this are not exact in every reader of JSON (RFC 8785 section 3.2.2.3)."""


def to_bytes(value: Any) -> bytes:
    """Canonical bytes of a JSON value (RFC 8785).

    Raises:
        InputError: the value holds something JSON cannot say exactly (NaN, an integer above 2^53, a lone surrogate).
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise InputError(f"value has no canonical form: {type(error).__name__}") from None


def from_bytes(data: bytes, *, where: str = "") -> Any:
    """Read canonical JSON strictly.

    Raises:
        InputError: not UTF-8, not JSON, a duplicate key, or not in canonical form.
    """
    try:
        return _plain(data)
    except (ValueError, RecursionError):
        pass  # not plain: the long way judges
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_int=_whole, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise InputError("not valid JSON", where=where) from None
    try:
        canonical = to_bytes(value)
    except InputError as error:
        raise InputError(error.message, where=where) from None
    if canonical != data:
        raise InputError("JSON is not in canonical form (RFC 8785)", where=where)
    return value


def digest(value: Any) -> str:
    """``sha256:<hex>`` over the canonical bytes of a JSON value."""
    return digest_bytes(to_bytes(value))


def digest_bytes(data: bytes) -> str:
    """``sha256:<hex>`` over bytes as they are."""
    return DIGEST_PREFIX + hashlib.sha256(data).hexdigest()


def _plain(data: bytes) -> Any:
    """The value, where the standard library writes it back to the same bytes as RFC 8785 would.

    Names in ASCII sort alike by code point and by UTF-16 unit; strings in ASCII are escaped alike; whole numbers of at
    most fifteen digits are exact; a name given twice is not written twice.

    Raises:
        ValueError: not so, which says nothing of the data.
    """
    if not data.isascii():
        raise ValueError
    text = data.decode("ascii")
    value, end = _DECODER.raw_decode(text)
    if end != len(text) or _ENCODER.encode(value) != text:
        raise ValueError
    return value


def _not_plain(text: str) -> NoReturn:
    raise ValueError(text)


def _short(digits: str) -> int:
    return int(digits) if len(digits) < 16 else _not_plain(digits)


_DECODER = json.JSONDecoder(parse_int=_short, parse_float=_not_plain, parse_constant=_not_plain)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _whole(digits: str) -> int | float:
    """A whole number; beyond `LARGEST` it can only be the spelling of a double."""
    double = float(digits)
    return int(digits) if abs(double) <= LARGEST else double


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
