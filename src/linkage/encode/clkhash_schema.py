"""Linkage schemas of clkhash, version 3.

Rules kept here:

- Read strictly: an unknown key or value is refused, where clkhash takes it in silence.
- What clkhash would take and could not encode, or would encode otherwise than it reads, is refused as well.
"""

from __future__ import annotations

import base64
import json
import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from linkage.errors import InputError
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

    @property
    def either_folds(self) -> int:
        """How often the filter is folded, by whichever of both names."""
        return self.folds or self.obeyed_folds


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
    if not all(map(_is_base64, (schema.config.kdf.salt, schema.config.kdf.info))):
        raise InputError("salt and info of the kdf are base64", where=where)
    for feature in schema.features:
        fault = _fault(feature, schema.config.bits)
        if fault:
            raise InputError(f"feature '{feature.identifier}': {fault}", where=where)
    return schema


def _fault(feature: Feature, bits: int) -> str:
    """What clkhash would take and could not encode, or would encode otherwise than it reads."""
    if feature.format is None or feature.hashing is None:
        return "" if feature.ignored else "no format or no hashing"
    comparison, strategy = feature.hashing.comparison, feature.hashing.strategy
    if (strategy.per_token is None) == (strategy.per_feature is None):
        return "one of bitsPerToken and bitsPerFeature"
    if feature.hashing.hash.type == "blakeHash" and bits & (bits - 1):
        return "blakeHash needs a length that is a power of two"
    if comparison.type == "numeric" and int(Fraction(str(comparison.distance)) * 10**comparison.precision) < 1:
        return "thresholdDistance must be more than 0"
    return "" if feature.format.pattern is None or _is_pattern(feature.format.pattern) else "pattern is no expression"


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True
