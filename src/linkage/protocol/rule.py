"""What a lint rule is, and the one list of all of them.

Rules kept here:

- A rule is a stable code, a severity, a docstring that is its documentation, and a short check that yields places and
  messages. Codes are never reused.
- A rule that rests on law names the article, and so does every finding of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from linkage.findings import Finding, Severity
from linkage.protocol.model import Protocol

Seen = Iterator[tuple[str, str]]
"""Path inside the protocol, and the message."""
Check = Callable[[Protocol], Seen]


@dataclass(frozen=True)
class Rule:
    """One lint rule."""

    code: str
    """Stable identity."""
    severity: Severity
    """What it means for signing."""
    doc: str
    """Why the rule exists; printed in docs/spec/lint-rules.md."""
    check: Check
    """Yields what it sees."""
    article: str = ""
    """The article it rests on, for instance ``GDPR art. 6(3)``."""

    def findings(self, protocol: Protocol) -> list[Finding]:
        """What the rule sees in a protocol; messages end with the article."""
        cited = f" ({self.article})" if self.article else ""
        return [Finding(self.code, self.severity, where, message + cited) for where, message in self.check(protocol)]


RULES: list[Rule] = []
"""All rules, in the order in which their modules are read."""


def rule(code: str, severity: Severity, article: str = "") -> Callable[[Check], Check]:
    """Make a rule of a check, with its docstring as documentation."""

    def register(check: Check) -> Check:
        RULES.append(Rule(code, severity, " ".join((check.__doc__ or "").split()), check, article))
        return check

    return register
