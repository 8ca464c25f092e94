"""The CLKs of clkhash, bit for bit, for partners who match with anonlink.

Rules kept here:

- Gives the bits that clkhash 0.18.3 gives (tests/encode/test_clkhash.py), with one exception: `xorFolds` is done as
  clkhash documents it; its own reader ignores that key and obeys `xor_folds`. `finding` says so.
- This is outside any protocol: nothing here asks for consent or writes a ledger. Double hashing is there for partners
  only (its few patterns can be listed: Niedermeyer et al. 2014).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache, reduce
from operator import or_
from typing import Final

from linkage.crypto.secret import hkdf
from linkage.encode.clkhash_schema import Comparison, Feature, Format, Hash, Missing, Schema, Strategy
from linkage.errors import InputError, shape

KEPT_TOKENS: Final = 65_536
"""Tokens per feature whose bits are kept while encoding; those of exact values, which seldom come again, are not."""


def encode(rows: Iterable[Sequence[str]], schema: Schema, secret: bytes, *, where: str = "") -> list[bytes]:
    """Encode rows as clkhash does.

    Args:
        rows: cells as text, one per feature of the schema, ignored ones too.
        schema: from `read_schema`.
        secret: the secret that the partners share.
        where: what to call the rows in errors.

    Returns:
        One CLK a row; bit 0 is the most significant bit of byte 0.

    Raises:
        InputError: a row has another number of cells, or a cell does not fit its format; names row and feature.
    """
    pickers, source = _pickers(schema, secret), f"{where}, " if where else ""
    return [_clk(row, schema, pickers, f"{source}row {number}") for number, row in enumerate(rows, 1)]


def to_file(clks: Sequence[bytes]) -> bytes:
    """The file that anonlink reads: ``{"clks": ["<base64>", ...]}``."""
    return json.dumps({"clks": [base64.b64encode(clk).decode("ascii") for clk in clks]}).encode()


def _keys(schema: Schema, secret: bytes) -> list[tuple[bytes, bytes]]:
    """Two keys a feature, ignored ones counted, feature by feature."""
    kdf = schema.config.kdf
    size, features = kdf.key_size, len(schema.features)
    stream = hkdf(secret, kdf.hash, base64.b64decode(kdf.salt), base64.b64decode(kdf.info), features * 2 * size)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    return list(zip(pieces[0::2], pieces[1::2], strict=True))


def _pickers(schema: Schema, secret: bytes) -> list[Callable[[str, int], int] | None]:
    """Per feature, the bits of a token as a number. Kept for tokens that come again, in memory of this call only."""
    length = schema.config.bits << schema.config.either_folds

    def picker(feature: Feature, key: tuple[bytes, bytes]) -> Callable[[str, int], int] | None:
        if feature.ignored or feature.hashing is None or feature.format is None:
            return None
        hash_, encoding = feature.hashing.hash, feature.format.encoding
        pick = _blake if hash_.type == "blakeHash" else _double

        def bits(token: str, count: int) -> int:
            places = pick(token.encode(encoding), key, count, length, hash_)
            return reduce(or_, (1 << length - 1 - place for place in places), 0)

        return bits if feature.hashing.comparison.type == "exact" else lru_cache(KEPT_TOKENS)(bits)

    return [picker(feature, key) for feature, key in zip(schema.features, _keys(schema, secret), strict=True)]


def _clk(row: Sequence[str], schema: Schema, pickers: Sequence[Callable[[str, int], int] | None], where: str) -> bytes:
    if len(row) != len(schema.features):
        raise InputError(f"expected {len(schema.features)} cells, got {len(row)}", where=where)
    bits, size = 0, schema.config.bits << schema.config.either_folds
    for cell, feature, picker in zip(row, schema.features, pickers, strict=True):
        if picker is None or feature.hashing is None or feature.format is None:
            continue
        text = _text(cell, feature.format, feature.hashing.missing, f"{where}, {feature.identifier}")
        tokens = list(_tokens(text, feature.hashing.comparison, f"{where}, {feature.identifier}"))
        for token, count in zip(tokens, _counts(len(tokens), feature.hashing.strategy), strict=True):
            bits |= picker(token, count)
    while size > schema.config.bits:
        size //= 2
        bits = bits >> size ^ bits & (1 << size) - 1
    return bits.to_bytes(size // 8, "big")


def _text(cell: str, written: Format, missing: Missing | None, where: str) -> str:
    """The cell as it is cut into tokens; one that does not fit its format is refused, as clkhash does."""
    if missing is not None and cell == missing.sentinel:
        return missing.sentinel if missing.replacement is None else missing.replacement
    expected, text = "", cell
    if written.type == "date":
        text, expected = _date(cell, written.format or ""), f"a date as {written.format}"
    elif written.type == "integer":
        text, expected = _integer(cell, written), "an integer within its bounds"
    elif written.type == "enum" and cell not in (written.values or ()):
        text, expected = "", "one of the values of the schema"
    elif written.type == "string" and not _is_string(cell, written):
        text, expected = "", "text of the length, case or pattern of the schema"
    if expected and not text:
        raise InputError(f"expected {expected}, got {shape(cell)}", where=where)
    try:
        text.encode(written.encoding)
    except UnicodeEncodeError:
        expected = written.encoding
    else:
        return text
    raise InputError(f"expected what can be written in {expected}, got {shape(cell)}", where=where)


def _date(cell: str, written: str) -> str:
    try:
        return datetime.strptime(cell, written).strftime("%Y%m%d")  # noqa: DTZ007  # a day, no time
    except ValueError:
        return ""


def _integer(cell: str, written: Format) -> str:
    try:
        value = int(cell, 10)
    except ValueError:
        return ""
    low, high = written.minimum, written.maximum
    return "" if (low is not None and value < low) or (high is not None and value > high) else str(value)


def _is_string(cell: str, written: Format) -> bool:
    if written.pattern is not None:
        return re.fullmatch(written.pattern, cell) is not None
    if not (written.min_length or 0) <= len(cell) <= (len(cell) if written.max_length is None else written.max_length):
        return False
    return written.case == "mixed" or cell == (cell.upper() if written.case == "upper" else cell.lower())


def _tokens(text: str, comparison: Comparison, where: str) -> Iterator[str]:
    if not text:
        return
    if comparison.type == "exact":
        yield text
    elif comparison.type == "numeric":
        yield from _numeric(text, comparison, where)
    else:
        pad = " " * (comparison.n - 1)
        padded = f"{pad}{text}{pad}"
        for at in range(len(padded) - comparison.n + 1):
            gram = padded[at : at + comparison.n]
            yield f"{at + 1} {gram}" if comparison.positional else gram


def _numeric(text: str, comparison: Comparison, where: str) -> Iterator[str]:
    """Tokens that two numbers share the more of the closer they are (Vatsalan, Christen, CIKM 2016)."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"expected a number, got {shape(text)}", where=where) from None
    scale = 10**comparison.precision
    step = int(Fraction(str(comparison.distance)) * scale)
    centre = int(value * scale) * comparison.resolution * 2
    rest = centre % step
    centre += step - rest if 2 * rest > step else -rest
    for i in range(-comparison.resolution, comparison.resolution + 1):
        yield str(centre + i * step)


def _counts(tokens: int, strategy: Strategy) -> list[int]:
    """Bits of each token."""
    if strategy.per_feature is None:
        return [strategy.per_token or 0] * tokens
    share, more = divmod(strategy.per_feature, tokens) if tokens else (0, 0)
    return [share + 1] * more + [share] * (tokens - more)


def _blake(token: bytes, key: tuple[bytes, bytes], count: int, length: int, _: Hash) -> Iterator[int]:
    """32 positions a block: BLAKE2b under the key, salted with the block's number."""
    for at in range(count):
        block, place = divmod(at, 32)
        if place == 0:
            digest = hashlib.blake2b(token, key=key[0], salt=str(block).encode()).digest()
        yield int.from_bytes(digest[2 * place : 2 * place + 2], "little") % length


def _double(token: bytes, key: tuple[bytes, bytes], count: int, length: int, hash_: Hash) -> Iterator[int]:
    """Double hashing with HMAC-SHA1 and HMAC-MD5, as clkhash has it for old partners."""
    first = int.from_bytes(hmac.digest(key[0], token, "sha1"), "big") % length
    second = int.from_bytes(hmac.digest(key[1], token, "md5"), "big") % length
    tries = 0
    while hash_.prevent_singularity and second == 0:
        second = int.from_bytes(hmac.digest(key[1], token + chr(tries).encode(), "md5"), "big") % length
        tries += 1
    for i in range(count):
        yield (first + i * second) % length
