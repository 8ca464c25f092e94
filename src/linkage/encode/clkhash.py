"""The CLKs of clkhash, bit for bit, for partners who match with anonlink.

Rules kept here:

- Reads linkage schema version 3 strictly: an unknown key or value is refused, where clkhash takes it in silence.
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
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.crypto.secret import hkdf
from linkage.errors import InputError, shape
from linkage.findings import Finding, Severity


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Kdf(_Model):
    """How keys come from the shared secret."""

    type: Literal["HKDF"]
    hash: Literal["SHA256", "SHA512"] = "SHA256"
    salt: str = ""
    info: str = ""
    key_size: Annotated[int, Field(ge=1, le=64)] = Field(default=64, alias="keySize")


class ClkConfig(_Model):
    """Length and folding of the filter."""

    bits: Annotated[int, Field(ge=8, le=65536)] = Field(alias="l")
    folds: Annotated[int, Field(ge=0, le=10)] = Field(default=0, alias="xorFolds")
    obeyed_folds: Annotated[int, Field(ge=0, le=10)] = Field(default=0, alias="xor_folds")
    kdf: Kdf


class Format(_Model):
    """How the value is written."""

    type: Literal["string", "integer", "date", "enum"]
    encoding: Literal["ascii", "utf-8", "utf-16", "utf-32"] = "utf-8"
    case: Literal["upper", "lower", "mixed"] = "mixed"
    min_length: int | None = Field(default=None, alias="minLength")
    max_length: int | None = Field(default=None, alias="maxLength")
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    values: tuple[str, ...] | None = None
    format: str | None = None
    description: str | None = None


class Comparison(_Model):
    """How the value is cut into tokens."""

    type: Literal["ngram", "exact", "numeric"]
    n: Annotated[int, Field(ge=1)] = 2
    positional: bool = False
    distance: float = Field(default=0, alias="thresholdDistance")
    resolution: int = 1
    precision: int = Field(default=0, alias="fractional_precision")


class Strategy(_Model):
    """How many bits a token sets: the same for each, or a number shared out."""

    per_token: Annotated[int, Field(ge=1)] | None = Field(default=None, alias="bitsPerToken")
    per_feature: Annotated[int, Field(ge=1)] | None = Field(default=None, alias="bitsPerFeature")


class Hash(_Model):
    """How a token picks its bits."""

    type: Literal["blakeHash", "doubleHash"] = "blakeHash"
    prevent_singularity: bool = False


class Missing(_Model):
    """What stands for no value, and what takes its place."""

    sentinel: str
    replacement: str | None = Field(default=None, alias="replaceWith")


class Hashing(_Model):
    """How one feature enters the filter."""

    comparison: Comparison
    strategy: Strategy
    hash: Hash = Hash()
    missing: Missing | None = Field(default=None, alias="missingValue")


class Feature(_Model):
    """One column."""

    identifier: str
    ignored: bool = False
    description: str | None = None
    format: Format | None = None
    hashing: Hashing | None = None


class Schema(_Model):
    """A linkage schema of clkhash, version 3."""

    version: Literal[3]
    config: ClkConfig = Field(alias="clkConfig")
    features: tuple[Feature, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """E301 when the schema folds: clkhash 0.18.3 itself would not."""
        if not self.config.folds:
            return ()
        message = "clkhash 0.18.3 ignores xorFolds (it reads xor_folds): a partner that runs it gets other bits"
        return (Finding("E301", Severity.WARNING, "clkConfig.xorFolds", message),)


def read_schema(data: bytes, *, where: str) -> Schema:
    """Read a linkage schema.

    Raises:
        InputError: not JSON, not version 3, or with keys and values that mean nothing to clkhash either.
    """
    try:
        schema = Schema.model_validate(json.loads(data), by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}", where=where) from None
    except ValueError:
        raise InputError("not JSON", where=where) from None
    for feature in schema.features:
        if not feature.ignored and (feature.format is None or feature.hashing is None):
            raise InputError(f"feature '{feature.identifier}' has no format or no hashing", where=where)
        if feature.hashing and (feature.hashing.strategy.per_token is None) == (
            feature.hashing.strategy.per_feature is None
        ):
            raise InputError(f"feature '{feature.identifier}': one of bitsPerToken and bitsPerFeature", where=where)
        blake = feature.hashing is not None and feature.hashing.hash.type == "blakeHash"
        if blake and schema.config.bits & (schema.config.bits - 1):
            raise InputError("blakeHash needs a length that is a power of two", where=where)
    return schema


def encode(rows: Sequence[Sequence[str]], schema: Schema, secret: bytes) -> list[bytes]:
    """Encode rows as clkhash does.

    Args:
        rows: cells as text, one per feature of the schema, ignored ones too.
        schema: from `read_schema`.
        secret: the secret that the partners share.

    Returns:
        One CLK a row; bit 0 is the most significant bit of byte 0.

    Raises:
        InputError: a row has another number of cells, or a cell does not fit its format; names row and feature.
    """
    keys = _keys(schema, secret)
    return [_clk(row, schema, keys, f"row {number}") for number, row in enumerate(rows, 1)]


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


def _clk(row: Sequence[str], schema: Schema, keys: Sequence[tuple[bytes, bytes]], where: str) -> bytes:
    if len(row) != len(schema.features):
        raise InputError(f"expected {len(schema.features)} cells, got {len(row)}", where=where)
    folds = schema.config.folds or schema.config.obeyed_folds
    length = schema.config.bits << folds
    bits = bytearray(length)
    for cell, feature, key in zip(row, schema.features, keys, strict=True):
        if feature.ignored or feature.hashing is None or feature.format is None:
            continue
        hashing = feature.hashing
        text = _text(cell, feature.format, hashing.missing, f"{where}, {feature.identifier}")
        tokens = list(_tokens(text, hashing.comparison))
        for token, count in zip(tokens, _counts(len(tokens), hashing.strategy), strict=True):
            pick = _blake if hashing.hash.type == "blakeHash" else _double
            for position in pick(token.encode(feature.format.encoding), key, count, length, hashing.hash):
                bits[position] = 1
    for _ in range(folds):
        half = len(bits) // 2
        bits = bytearray(a ^ b for a, b in zip(bits[:half], bits[half:], strict=True))
    return int("".join(map(str, bits)), 2).to_bytes(len(bits) // 8, "big")


def _text(cell: str, written: Format, missing: Missing | None, where: str) -> str:
    if missing is not None and cell == missing.sentinel:
        return missing.replacement or ""
    if written.type == "date":
        try:
            return datetime.strptime(cell, written.format or "").strftime("%Y%m%d")  # noqa: DTZ007  # a day, no time
        except ValueError:
            raise InputError(f"expected a date as {written.format}, got {shape(cell)}", where=where) from None
    return cell


def _tokens(text: str, comparison: Comparison) -> Iterator[str]:
    if not text:
        return
    if comparison.type == "exact":
        yield text
    elif comparison.type == "numeric":
        yield from _numeric(text, comparison)
    else:
        pad = " " * (comparison.n - 1)
        padded = f"{pad}{text}{pad}"
        for at in range(len(padded) - comparison.n + 1):
            gram = padded[at : at + comparison.n]
            yield f"{at + 1} {gram}" if comparison.positional else gram


def _numeric(text: str, comparison: Comparison) -> Iterator[str]:
    """Tokens that two numbers share the more of the closer they are (Vatsalan, Christen, CIKM 2016)."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"expected a number, got {shape(text)}") from None
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
