"""Which rows may take part on the reference date, and why the others may not.

Rules kept here:

- Every row is judged before it is tokenised; a row that fails is counted once, under its first failing reason,
  cohort tests first (in the protocol's order), then consent, then agreement to be handed over (instemming).
- A row that cannot be judged is out: no reference, no consent, a standing of another name. A date with unknown parts
  passes a bound only where every day that it can be does; for an age it counts as the latest of them, so a person
  is never taken for older than certain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from linkage.protocol.days import earliest, latest
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Condition, Party

_WITHOUT = (
    "not asked", "unknown", "requested", "deferred", "refused", "withdrawn", "revoked", "expired", "invalidated",
    "under age", "no reference",
)  # fmt: skip
"""Why a person has no consent, in the order in which it is told."""
NO_AGREEMENT = "no agreement to hand-over"
"""Why a row stays whose person did not agree to be handed over (WEB art. 9.2.13(2)), or no longer does."""
Column = Sequence[str | None]
"""Normalised values of a field, None for no value; dates as yyyymmdd with 00 for unknown parts."""


@dataclass(frozen=True)
class Standing:
    """Reference to standing, as the registry has it; who is not named was not asked."""

    consent: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Consent, of who must give it: `Registry.usable`."""
    agreed: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Agreement to be handed over: `Registry.agreed`."""

    def allows(self, party: Party, reference: str) -> bool:
        """Whether, for what a party requires, this person may take part."""
        consents = party.consent != "required" or self.consent.get(reference) == "given"
        return consents and (party.agreement != "required" or self.agreed.get(reference) == "given")


@dataclass(frozen=True, eq=False)
class Judgement:
    """Who takes part."""

    included: NDArray[np.bool_] = field(repr=False)
    """``bool[n]``: whether the row may be tokenised."""
    reasons: NDArray[np.int32] = field(repr=False)
    """``int32[n]``: 0 for a row that takes part, else 1 + the place of its reason in `excluded`."""
    excluded: Mapping[str, int]
    """Reason to number of rows, in the order the tests were made; reasons that hit no row are left out."""

    @property
    def summary(self) -> dict[str, int]:
        """Counts for plan, report and ledger."""
        return {"rows": len(self.included), "included": int(self.included.sum()), **self.excluded}


def judge(
    protocol: Protocol, party: Party, columns: Mapping[str, Column], rows: int, standing: Standing | None,
    references: Column | None, failing: Mapping[str, NDArray[np.bool_]] = MappingProxyType({}),
) -> Judgement:  # fmt: skip
    """Judge every row of one party.

    Args:
        protocol: gives the reference date.
        party: gives cohort and consent rule.
        columns: normalised values of the fields that cohort tests name.
        rows: number of rows.
        standing: from the registry of consent; None when the party needs neither consent nor agreement.
        references: local reference per row; None when the file has none.
        failing: other reasons, each with the rows that it keeps out; they come after the cohort, before consent.
    """
    out = _Out(np.zeros(rows, dtype=np.int32), {})
    for condition in party.cohort:
        column = columns[condition.field]
        if condition.age_to is not None:
            out.drop("cohort: over age", _over(condition.age_to, column, protocol.reference_date))
        out.drop(f"cohort: {condition.field}", ~_passes(condition, column, protocol.reference_date))
    for reason, failed in failing.items():
        out.drop(reason, failed)
    known = standing or Standing()
    if party.consent == "required":
        reasons = _stands(known.consent, references, rows)
        for reason in _WITHOUT:
            out.drop(f"consent: {reason}", reasons == reason)
        out.drop("consent: not given", reasons != "given")
    if party.agreement == "required":
        out.drop(NO_AGREEMENT, _stands(known.agreed, references, rows) != "given")
    return Judgement(out.reasons == 0, out.reasons, out.excluded)


def _stands(known: Mapping[str, str], references: Column | None, rows: int) -> NDArray[np.object_]:
    stands = [known.get(r, "not asked") if r else "no reference" for r in (references or [None] * rows)]
    return np.asarray(stands, dtype=object)


@dataclass(frozen=True)
class _Out:
    reasons: NDArray[np.int32]
    excluded: dict[str, int]

    def drop(self, reason: str, failed: NDArray[np.bool_]) -> None:
        """Count the rows that fail and did not before."""
        hit = failed & (self.reasons == 0)
        if hit.any():
            places = list(self.excluded)
            place = places.index(reason) if reason in places else len(places)
            self.reasons[hit] = 1 + place
            self.excluded[reason] = self.excluded.get(reason, 0) + int(hit.sum())


def _passes(condition: Condition, column: Column, reference_date: str) -> NDArray[np.bool_]:
    verdicts = {value: _verdict(condition, value, reference_date) for value in set(column)}
    return np.fromiter((verdicts[value] for value in column), dtype=np.bool_, count=len(column))


def _over(most: int, column: Column, reference_date: str) -> NDArray[np.bool_]:
    return np.array([value is not None and age(value, reference_date) > most for value in column], dtype=np.bool_)


def _verdict(condition: Condition, value: str | None, reference_date: str) -> bool:
    if value is None:
        return condition.when_missing == "in"
    tests = []
    if condition.one_of is not None:
        tests.append(value in condition.one_of)
    if condition.on_or_after is not None:
        tests.append(earliest(value) >= _day(condition.on_or_after, reference_date))
    if condition.on_or_before is not None:
        tests.append(latest(value) <= _day(condition.on_or_before, reference_date))
    if condition.age_from is not None:
        tests.append(age(value, reference_date) >= condition.age_from)
    if condition.age_to is not None:
        tests.append(age(value, reference_date) <= condition.age_to)
    return all(tests)


def age(born: str, on: str) -> int:
    """Years completed on a day.

    Args:
        born: yyyymmdd, 00 for an unknown month or day, which counts as the last one possible.
        on: yyyy-mm-dd.
    """
    born = latest(born)
    return int(on[:4]) - int(born[:4]) - ((on[5:7] + on[8:10]) < born[4:])


def _day(bound: str, reference_date: str) -> str:
    return (reference_date if bound == "reference-date" else bound).replace("-", "")
