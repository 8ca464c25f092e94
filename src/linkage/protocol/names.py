"""Complaints about names: one that points nowhere, one that stands twice."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence

from linkage.protocol.strict_yaml import Path

Problem = tuple[Path, str]
"""Where in the file, and what is wrong there."""


def known(path: Path, name: str, names: Collection[str], what: str) -> Iterator[Problem]:
    """A name that is not among those that there are."""
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        hint = f"; did you mean '{close[0]}'?" if close else f"; there is {', '.join(names) or 'none'}"
        yield path, f"no {what} is called '{name}'{hint}"


def twice(path: Path, names: Sequence[str], what: str) -> Iterator[Problem]:
    """Names that stand twice."""
    for i, name in enumerate(names):
        if name in names[:i]:
            yield (*path, i), f"{what} '{name}' stands twice"
