"""One thing a person said about the use of their records, or was asked.

Rules kept here:

- States are those of the W3C Data Privacy Vocabulary 2 (dpv:hasConsentStatus). Only `given` and `renewed` allow use.
- Consent (toestemming, GDPR art. 6(1)(a)) and agreement to hand-over (instemming, WEB art. 9.2.13(2), a condition of a
  statutory task) are different kinds of event: neither ever counts as the other.
- Below sixteen the legal representative consents (UAVG art. 5(1)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

from linkage.errors import InputError, shape

Kind = Literal["consent", "instemming"]
KINDS: Final = ("consent", "instemming")

DPV_STATUS: Final = MappingProxyType(
    {
        "unknown": "ConsentUnknown",
        "requested": "ConsentRequested",
        "deferred": "ConsentRequestDeferred",
        "refused": "ConsentRefused",
        "given": "ConsentGiven",
        "renewed": "RenewedConsentGiven",
        "expired": "ConsentExpired",
        "invalidated": "ConsentInvalidated",
        "revoked": "ConsentRevoked",
        "withdrawn": "ConsentWithdrawn",
    }
)
"""Status to its term in DPV; ``revoked`` is done by another than the person, ``withdrawn`` by the person."""
STATUSES: Final = tuple(DPV_STATUS)
ALLOWING: Final = ("given", "renewed")
STOPPING: Final = ("refused", "withdrawn", "revoked", "invalidated", "expired")
"""Of one day they overrule the others."""

DPV_TYPE: Final = MappingProxyType(
    {"": "Consent", "informed": "InformedConsent", "expressed": "ExpressedConsent",
     "explicit": "ExplicitlyExpressedConsent", "implied": "ImpliedConsent"}
)  # fmt: skip
"""Type of consent to its term in DPV; empty where it was not recorded."""
GIVEN_BY: Final = ("person", "representative")
AGE_OF_CONSENT: Final = 16
"""Years; UAVG art. 5(1), GDPR art. 8(1)."""


@dataclass(frozen=True)
class Event:
    """One thing a person said, or was asked."""

    reference: str
    """Local reference of the person."""
    purpose: str
    """Id of the protocol it is for."""
    at: str
    """Day, yyyy-mm-dd."""
    status: str
    """One of `STATUSES`."""
    valid_until: str = ""
    """Last day on which it holds, yyyy-mm-dd; empty for no end."""
    method: str = ""
    """How it was said, for instance ``form``."""
    kind: str = "consent"
    """``consent`` or ``instemming``."""
    type: str = ""
    """One of `DPV_TYPE`."""
    evidence: str = ""
    """Where the proof is (GDPR art. 7(1)), for instance the number of a form in the archive."""
    notice: str = ""
    """Version of the privacy notice that the person saw (GDPR art. 13)."""
    age: str = ""
    """Completed years on that day; empty where it was not recorded."""
    given_by: str = "person"
    """``person``, or ``representative`` for the legal one."""

    @property
    def standing(self) -> str:
        """What the event amounts to by itself: its status, `given` for a renewal, `under age` where it cannot hold."""
        if self.status not in ALLOWING:
            return self.status
        too_young = self.age and int(self.age) < AGE_OF_CONSENT and self.given_by == "person"
        return "under age" if too_young and self.kind == "consent" else "given"


def check(event: Event, where: str) -> None:
    """Refuse an event that cannot be.

    Raises:
        InputError: an empty reference or purpose, a word that is not one of those above, or a day or age that is none.
    """
    if not event.reference or not event.purpose:
        raise InputError("reference or purpose is empty", where=where)
    for name, value, words in (
        ("status", event.status, STATUSES), ("kind", event.kind, KINDS), ("type", event.type, tuple(DPV_TYPE)),
        ("given by", event.given_by, GIVEN_BY),
    ):  # fmt: skip
        if value not in words:
            known = ", ".join(filter(None, words))
            raise InputError(f"expected a {name} of {known}, got {shape(value)}", where=where)
    for name, day in (("date", event.at), ("valid until", event.valid_until)):
        if (name == "date" or day) and not is_day(day):
            raise InputError(f"{name}: expected yyyy-mm-dd, got {shape(day)}", where=where)
    if event.age and not (event.age.isascii() and event.age.isdecimal() and int(event.age) <= 120):
        raise InputError(f"age: expected whole years, got {shape(event.age)}", where=where)


def is_day(text: str) -> bool:
    """A day of the calendar as yyyy-mm-dd: days are compared as text, so ISO 8601's other forms will not do."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
