"""How one organisation runs: which column is which field, and how its consent file reads.

Rules kept here:

- Nothing in a config can change a token, a link or a cell; that is the protocol's alone.
- The same strict YAML as protocols: unknown keys are refused with line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from linkage import canonical
from linkage.errors import InputError
from linkage.protocol import strict_yaml
from linkage.protocol.base import Line, Model, Slug
from linkage.protocol.load import validated


class ConsentConfig(Model):
    """How the file with consent events reads."""

    reference: Line
    """Heading of the local reference."""
    purpose: Line
    status: Line
    at: Line
    valid_until: Line | None
    method: Line | None
    kind: Line | None = None
    """Heading that tells consent from ``instemming``; without it all is consent."""
    type: Line | None = None
    evidence: Line | None = None
    notice: Line | None = None
    age: Line | None = None
    """Heading of the completed years at consent."""
    given_by: Line | None = None
    sheet: Line | None = None
    """Name of the sheet, for a workbook with more than one that can be meant."""
    statuses: dict[
        str,
        Literal[
            "unknown", "requested", "deferred", "refused", "given", "renewed", "expired", "invalidated", "revoked",
            "withdrawn",
        ],
    ]  # fmt: skip
    """The file's own words for the states of consent, in lower case."""
    words: dict[str, Line] = Field(default_factory=dict)
    """Its own words for kind, type and who gave it, in lower case: ``{toestemming: consent}``."""


class AliasConfig(Model):
    """How the file with changed numbers reads: it stays in the home folder and never leaves."""

    field: Slug
    """The field whose numbers are meant."""
    file: Line
    """Its name in the home folder."""
    old: Line
    """Heading of the number as it was."""
    new: Line
    """Heading of the number that took its place."""


class Config(Model):
    """One organisation's config file."""

    version: Literal[1] = Field(alias="linkage-config")
    party: Slug
    """The party in the protocol whose records these are."""
    encoding: Literal["auto", "utf-8", "cp1252"]
    delimiter: Literal["auto", ";", ",", "tab", "|"]
    sheet: Line | None = None
    """Name of the sheet, for a workbook with more than one that can be meant."""
    reference: Line | None
    """Heading of the local reference (student or client number): it finds the consent of a row and never leaves."""
    columns: dict[Slug, tuple[Line, ...]]
    """Field to headings, tried in order; the first that is filled in a row counts."""
    consent: ConsentConfig | None
    aliases: AliasConfig | None = None
    """Numbers that changed (a BSN given twice, or after misuse), so that old and new are one person."""


def from_data(data: Mapping[str, Any]) -> Config:
    """A config as it was kept, from `Config.model_dump`.

    Raises:
        InputError: kept by another version of linkage.
    """
    try:
        return Config.model_validate_json(canonical.to_bytes(dict(data)), by_alias=True, by_name=False)
    except ValidationError:
        raise InputError("the kept config is of another version of linkage", hint="Give the file again.") from None


def load(path: Path) -> Config:
    """Read a config file.

    Raises:
        InputError: unreadable or not a config; names line and column.
    """
    return validated(Config, strict_yaml.load(path))
