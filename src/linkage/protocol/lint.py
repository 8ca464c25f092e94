"""Lint rules: what is wrong or weak about a protocol that is well-formed.

Rules kept here:

- Codes: P1xx law and duties, P2xx encoding and matching, P3xx outputs; each in its module.
- An error means that no party should sign; a warning wants the eye of the privacy officer; info states a limit.
- No rule says that a linkage is lawful. It says that the form holds.
"""

from __future__ import annotations

from linkage.findings import Finding
from linkage.protocol import counts, duties, law, leaks, returns, special  # noqa: F401  # their rules are RULES
from linkage.protocol.model import Protocol
from linkage.protocol.rule import RULES, Rule

__all__ = ["RULES", "Rule", "check"]


def check(protocol: Protocol) -> list[Finding]:
    """Run every rule. Findings come in order of code, then of the file."""
    return [finding for rule in sorted(RULES, key=lambda rule: rule.code) for finding in rule.findings(protocol)]
