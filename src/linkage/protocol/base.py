"""The words that protocol and config are made of: short names, lines, days, and the strict base of every model.

Rule kept here: frozen, no unknown keys, no conversion: text is text and a number is a number.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticKnownError


def _day(text: str) -> str:
    if len(text) != 10:
        raise ValueError("expected a day as yyyy-mm-dd")
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        day = ""
    if day != text:  # Python also reads weeks: 2026-W40-4
        raise ValueError("expected a day of the calendar as yyyy-mm-dd")
    return text


def _whole(value: object) -> object:
    if type(value) is not int:  # Literal[1] alone takes true and 1.0 for 1
        raise PydanticKnownError("int_type")
    return value


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
"""A short name: lower case letters, digits and single hyphens."""
One = Annotated[Literal[1], BeforeValidator(_whole)]
"""A version of which there is only the first."""
Two = Annotated[Literal[2], BeforeValidator(_whole)]
"""A version of which only the second is in use."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=500)]
"""Text a person reads."""
Day = Annotated[str, AfterValidator(_day)]
"""A day, yyyy-mm-dd, kept as written."""
Fingerprint = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""Digest of a key card."""
Duration = Annotated[str, StringConstraints(pattern=r"^P([0-9]{1,3}Y)?([0-9]{1,3}M)?([0-9]{1,4}D)?$", min_length=3)]
"""ISO 8601 duration in years, months and days, for instance P30D."""
HIGHEST_COUNT = 99_999_999
"""Counts that packages and ledgers show have eight digits at most, so that none can pass for a person number."""


class Model(BaseModel):
    """Base: frozen, strict types, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Text(Model):
    """The same sentence in Dutch and in English."""

    nl: Line
    en: Line
