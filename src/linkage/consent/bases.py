"""Which legal bases are possible for a person at all: a dated table of rules, kept as data.

Rules kept here:

- What the law says stands in `data/bases-nl-1.csv`, one rule a line, with its article, the days from and until which it
  holds, and the day of the consolidated text that was read (`checked`; empty where it was not). No rule stands in code.
- A rule applies when every test it makes is surely passed: an unknown value, or a date with unknown parts that may fall
  on either side, fails it. Doubt keeps a row out.
- The privacy officer may change a rule, with function, day and reason; the change is shown wherever the rule is.
- A possible basis is not a lawful use: whether the conditions hold is for the party that declares it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from linkage import canonical, files
from linkage.consent.judge import Column, age
from linkage.errors import InputError
from linkage.protocol.parties import RowBasis

ROLES: Final = ("school", "doorstroompunt", "college", "uwv")
NUMBERS: Final = ("since_from", "since_below", "age_from", "age_below")
"""Tests that a decision of the privacy officer may set."""
Test = Literal["level", "path", "since", "age", "enrolled"]

_ENTREE: Final = {"entree": "1"}
_YES: Final = frozenset(("ja", "j", "yes", "y", "1", "true"))
_NO: Final = frozenset(("nee", "n", "no", "0", "false"))
Range = tuple[int, int]
"""The least and the most it can be, in completed years."""


@dataclass(frozen=True)
class Facts:
    """What is known of a person on the reference date; None for what is not."""

    level: str | None = None
    """Highest diploma: ``0`` for none, ``1`` for entree, to ``4``."""
    path: str | None = None
    """``bol`` or ``bbl``."""
    since: Range | None = None
    """Years since the diploma."""
    age: Range | None = None
    enrolled: bool | None = None
    """Whether the person is at school now."""


@dataclass(frozen=True)
class Decision:
    """A change of a rule by the privacy officer."""

    rule: str
    change: str
    """``off``; a test and its value as ``since_below=2``, or without value to drop it; ``as-table`` to undo all."""
    decided_by: str
    """Name of the function, not of a person."""
    decided_on: str
    reason: str


@dataclass(frozen=True)
class BasisRule:
    """One line of the table: for whom a party in a role can have these bases."""

    id: str
    role: str
    first: str
    """First day on which it holds."""
    last: str
    """Last day; empty while it does."""
    articles: tuple[str, ...]
    """Of the GDPR."""
    law: str
    levels: tuple[str, ...]
    paths: tuple[str, ...]
    numbers: Mapping[str, int]
    """Those of `NUMBERS` that it tests: years completed, at least (``_from``) or fewer than (``_below``)."""
    enrolled: bool | None
    condition: Mapping[str, str]
    """What else must hold, by language; empty for nothing."""
    checked: str
    """Day of the consolidated text that was read; empty where it was not."""
    text: Mapping[str, str]
    """What it is about, by language."""
    decisions: tuple[Decision, ...] = field(default=())
    """The privacy officer's changes that it bears."""
    off: bool = False

    def holds_on(self, day: str) -> bool:
        """Whether the rule is in force on a day, yyyy-mm-dd, and not switched off."""
        return not self.off and self.first <= day and (not self.last or day <= self.last)

    def failed(self, facts: Facts) -> tuple[Test, ...]:
        """The tests that a person does not surely pass."""
        failed: list[Test] = []
        if self.levels and facts.level not in self.levels:
            failed.append("level")
        if self.paths and facts.path not in self.paths:
            failed.append("path")
        if not self._within("since", facts.since):
            failed.append("since")
        if not self._within("age", facts.age):
            failed.append("age")
        if self.enrolled is not None and facts.enrolled is not self.enrolled:
            failed.append("enrolled")
        return tuple(failed)

    def _within(self, name: str, years: Range | None) -> bool:
        least, below = self.numbers.get(f"{name}_from"), self.numbers.get(f"{name}_below")
        if years is None:
            return least is None and below is None
        return (least is None or years[0] >= least) and (below is None or years[1] < below)


@dataclass(frozen=True)
class Table:
    """All rules, and the digest of the file they come from."""

    rules: tuple[BasisRule, ...]
    digest: str

    def of(self, role: str, day: str) -> list[BasisRule]:
        """The rules of a role that hold on a day."""
        return [rule for rule in self.rules if rule.role == role and rule.holds_on(day)]

    def decided(self, decisions: Iterable[Decision]) -> Table:
        """The table with the privacy officer's changes, in their order.

        Raises:
            InputError: a rule that is not there, or a change that cannot be.
        """
        rules = {rule.id: rule for rule in self.rules}
        original = dict(rules)
        for decision in decisions:
            if decision.rule not in rules:
                raise InputError(f"no rule is called '{decision.rule}'", hint="`linkage basis show` lists them.")
            undone = decision.change == "as-table"
            rules[decision.rule] = original[decision.rule] if undone else _changed(rules[decision.rule], decision)
        return replace(self, rules=tuple(rules.values()))


@cache
def table(name: str = "nl-1") -> Table:
    """A table that comes with linkage.

    Raises:
        InputError: there is none of that name.
    """
    path = Path(__file__).parent / "data" / f"bases-{name}.csv"
    data = files.read(path)
    rows = csv.DictReader(data.decode("utf-8").splitlines(), delimiter=";", strict=True)
    return Table(tuple(map(_rule, rows)), canonical.digest_bytes(data))


def possible(rules: Sequence[BasisRule], facts: Facts) -> frozenset[str]:
    """The articles of the GDPR that some rule makes possible for a person."""
    return frozenset(article for rule in rules if not rule.failed(facts) for article in rule.articles)


def facts(spec: RowBasis, row: Mapping[str, str | None], on: str) -> Facts:
    """What a row says of a person.

    Args:
        spec: which field holds what.
        row: normalised values by field; dates as yyyymmdd with 00 for unknown parts.
        on: the reference date, yyyy-mm-dd.
    """
    level, path, diploma, born, enrolled = (
        row.get(name) if name else None for name in (spec.level, spec.path, spec.diploma, spec.born, spec.enrolled)
    )
    word = (enrolled or "").lower()
    return Facts(
        level=_ENTREE.get(level.lower(), level) if level else None,
        path=path.lower() if path else None,
        since=_years(diploma, on),
        age=_years(born, on),
        enrolled=True if word in _YES else False if word in _NO else None,
    )


def without(
    spec: RowBasis, declared: frozenset[str], columns: Mapping[str, Column], on: str, known: Table
) -> NDArray[np.bool_]:
    """Which rows have none of the declared bases.

    Args:
        spec: of the party, from the protocol.
        declared: articles of the GDPR that the party declares for its tokens.
        columns: normalised values per field that `spec` names.
        on: the reference date, yyyy-mm-dd.
        known: the table, with the privacy officer's changes.

    Returns:
        ``bool[n]``: True where no declared basis is possible.
    """
    rules = known.of(spec.role, on)
    names = spec.fields
    verdicts: dict[tuple[str | None, ...], bool] = {}
    found = []
    for values in zip(*(columns[name] for name in names), strict=True):
        if values not in verdicts:
            person = facts(spec, dict(zip(names, values, strict=True)), on)
            verdicts[values] = not possible(rules, person) & declared
        found.append(verdicts[values])
    return np.array(found, dtype=np.bool_)


def _years(date: str | None, on: str) -> Range | None:
    """Years from a date to a day, at least and at most; a date after the day is none."""
    if date is None:
        return None
    earliest = date[:4] + (date[4:6] if date[4:6] != "00" else "01") + (date[6:8] if date[6:8] != "00" else "01")
    least, most = age(date, on), age(earliest, on)
    return (least, most) if least >= 0 else None


def _rule(row: dict[str, str]) -> BasisRule:
    def parts(name: str) -> tuple[str, ...]:
        return tuple(filter(None, row[name].split("|")))

    return BasisRule(
        row["id"], row["role"], row["from"], row["until"], parts("articles"), row["law"],
        parts("levels"), parts("paths"),
        {name: int(row[name]) for name in NUMBERS if row[name]},
        {"yes": True, "no": False}.get(row["enrolled"]),
        {"nl": row["condition_nl"], "en": row["condition_en"]},
        row["checked"],
        {"nl": row["nl"], "en": row["en"]},
    )  # fmt: skip


def _changed(rule: BasisRule, decision: Decision) -> BasisRule:
    rule = replace(rule, decisions=(*rule.decisions, decision))
    if decision.change == "off":
        return replace(rule, off=True)
    name, _, value = decision.change.partition("=")
    if name not in NUMBERS or not (value == "" or (value.isascii() and value.isdecimal() and len(value) <= 3)):
        known = ", ".join(f"{number}=YEARS" for number in NUMBERS)
        raise InputError(f"expected a change of off, as-table, {known}, got '{decision.change[:40]}'")
    numbers = {key: number for key, number in rule.numbers.items() if key != name}
    return replace(rule, numbers=numbers | ({name: int(value)} if value else {}))
