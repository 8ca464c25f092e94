"""How one organisation runs: which column is which field, and how its consent file reads.

Rules kept here:

- Nothing in a config can change a token, a link or a cell; that is the protocol's alone.
- The same strict YAML as protocols: unknown keys are refused with line and column.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

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


def load(path: Path) -> Config:
    """Read a config file.

    Raises:
        InputError: unreadable or not a config; names line and column.
    """
    return validated(Config, strict_yaml.load(path))
