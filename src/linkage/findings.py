"""Findings: what a check saw, as a value that can be branched on and printed.

Rules kept here:

- A finding never stops anything by itself; the caller decides what its severity means.
- `code` is stable for ever once released, with a family letter in front (docs/spec/findings.md lists them).
- `message` never holds an identifier, a token or a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: an error stops an act, a warning wants a person's eye, info is for the record."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing a check saw."""

    code: str
    """Stable identity of the rule, for instance ``P101``."""
    severity: Severity
    """What it means for the act under way."""
    where: str
    """File, line, row, column or the path inside a value; never the value itself."""
    message: str
    """What was seen, why it matters and what to do."""

    def __str__(self) -> str:
        return f"{self.where}: {self.severity} {self.code}: {self.message}"

    def as_dict(self) -> dict[str, str]:
        """The finding as plain data for ``--json``."""
        return {key: str(value) for key, value in asdict(self).items()}


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The gravest severity among findings, or None when there are none."""
    seen = {finding.severity for finding in findings}
    return next((severity for severity in Severity if severity in seen), None)
