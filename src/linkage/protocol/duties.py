"""Lint rules on who is answerable for what, from when, and until when.

Rules kept here: a rule that rests on law names its article, in the finding too; an error is a form that cannot hold.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from linkage.findings import Severity
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Partition
from linkage.protocol.rule import Seen, rule

_CONTRACT = re.compile(r"overeenkomst|contract|agreement|convenant", re.IGNORECASE)
_NUMBERED = re.compile(r"\d")
_BROAD_QUOTA = 1_000_000
"""Rows; no gemeente has as many inhabitants, no school as many students."""
_AFTERWARDS = timedelta(days=366)
"""So long after the protocol the linkage secret may be kept at most."""
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")


@rule("P105", Severity.ERROR, "GDPR art. 7(1)")
def consent_not_asked(p: Protocol) -> Seen:
    """A party that rests on consent, art. 6(1)(a), must check it per person: `consent: required`."""
    for party in p.custodians:
        rests = any(d.basis.article == "6(1)(a)" for d in party.discloses)
        if rests and party.consent != "required":
            yield f"parties.{party.id}.consent", "the basis is 6(1)(a), but consent is not required of each row"


@rule("P106", Severity.ERROR, "GDPR art. 4(5) and 25(1)")
def unit_with_data(p: Protocol) -> Seen:
    """The linkage unit may not be a custodian or key-holder: it would hold tokens and the means to open them."""
    other = sorted(set(p.unit.roles) & {"custodian", "key-holder"})
    if other:
        yield f"parties.{p.unit.id}.roles", f"the linkage unit is also {' and '.join(other)}"


@rule("P107", Severity.ERROR, "GDPR art. 35(1)")
def dpia_missing(p: Protocol) -> Seen:
    """Combining data of several bodies about vulnerable people is on the AP's list: a DPIA comes first (art. 35)."""
    if p.dpia.outcome in ("not-acceptable", "not-done"):
        yield "dpia.outcome", f"the DPIA is {p.dpia.outcome}"


@rule("P108", Severity.ERROR, "GDPR art. 5(1)(a)")
def dates_out_of_order(p: Protocol) -> Seen:
    """A period ends after it begins, decisions precede it, and the secret is destroyed after the reference date."""
    if p.valid.last < p.valid.first:
        yield "valid", f"ends {p.valid.last}, before it begins {p.valid.first}"
    for n, day in enumerate(p.reference_dates):
        if not p.valid.first <= day <= p.valid.last:
            yield "waves.dates" if n else "reference_date", f"{day} lies outside {p.valid.first} to {p.valid.last}"
    if p.retention.secret_destroyed_on < p.reference_dates[-1]:
        yield "retention.secret_destroyed_on", "the secret is destroyed before the last reference date"
    decided = [(f"parties.{x.id}.discloses", d.basis.decided_on) for x in p.parties for d in x.discloses]
    decided += [(f"parties.{x.id}.bsn_basis", x.bsn_basis.decided_on) for x in p.parties if x.bsn_basis]
    for where, day in [*decided, ("dpia.advised_on", p.dpia.advised_on)]:
        if day > p.valid.last:
            yield where, f"decided {day}, after the protocol ends"


@rule("P109", Severity.WARNING)
def card_missing(p: Protocol) -> Seen:
    """Until every party's key card is named, nobody can sign and nothing can be sealed."""
    for party in p.parties:
        if party.card is None:
            yield f"parties.{party.id}.card", "no key card yet: `linkage protocol new --card` fills it in"


@rule("P110", Severity.WARNING)
def quota_without_bound(p: Protocol) -> Seen:
    """A quota bounds how many people a custodian can ask about by making rows up. Set it little above the rows that
    are expected; above a million it bounds nothing, but for the largest national registers."""
    for party in p.custodians:
        if party.quota is not None and party.quota > _BROAD_QUOTA:
            yield (
                f"parties.{party.id}.quota",
                f"{party.quota:,} rows; more than {_BROAD_QUOTA:,} bounds hardly anything",
            )


@rule("P150", Severity.ERROR, "GDPR art. 4(7) and 24")
def no_controller(p: Protocol) -> Seen:
    """Somebody decides on purpose and means, and answers for it."""
    if not any(party.legal_role in ("controller", "joint-controller") for party in p.parties):
        yield "parties", "no party is controller"


@rule("P151", Severity.ERROR, "GDPR art. 26(1)")
def joint_with_nobody(p: Protocol) -> Seen:
    """Joint controllers are two or more, with an arrangement between them."""
    joint = [party.id for party in p.parties if party.legal_role == "joint-controller"]
    if len(joint) == 1:
        yield f"parties.{joint[0]}.legal_role", "a joint controller without another one"


@rule("P152", Severity.ERROR, "GDPR art. 28(10) and 29")
def processor_with_records_of_its_own(p: Protocol) -> Seen:
    """A custodian decides to disclose its records, so it is a controller; a processor acts on instructions."""
    for party in p.custodians:
        if party.legal_role == "processor":
            yield f"parties.{party.id}.legal_role", "a custodian cannot be a processor of its own records"


@rule("P153", Severity.ERROR, "GDPR art. 4(7) and 4(9)")
def custodian_as_mere_recipient(p: Protocol) -> Seen:
    """Who sends records of persons is controller of them, whatever it also receives."""
    for party in p.custodians:
        if party.legal_role == "recipient":
            yield f"parties.{party.id}.legal_role", "a custodian is a controller, not only a recipient"


@rule("P154", Severity.ERROR, "GDPR art. 4(8) and 28(1)")
def unit_as_mere_recipient(p: Protocol) -> Seen:
    """The linkage unit processes: for the controllers under a contract, or as a controller with its own basis."""
    if p.unit.legal_role == "recipient":
        yield f"parties.{p.unit.id}.legal_role", "the linkage unit processes tokens; it is no mere recipient"


@rule("P155", Severity.ERROR, "GDPR art. 28(3)")
def processor_without_contract(p: Protocol) -> Seen:
    """A processor works under a contract; its legal task names which one."""
    for party in p.parties:
        if party.legal_role == "processor" and not _CONTRACT.search(party.legal_task):
            yield f"parties.{party.id}.legal_task", "a processor whose task names no contract (overeenkomst)"


@rule("P156", Severity.ERROR, "GDPR art. 6(3)")
def authority_without_task(p: Protocol) -> Seen:
    """A public authority acts by law: its legal task names the article."""
    for party in p.parties:
        if party.public_authority and not _NUMBERED.search(party.legal_task):
            yield f"parties.{party.id}.legal_task", "a public authority whose task names no article"


@rule("P157", Severity.ERROR, "GDPR art. 4(7) and 25(1)")
def one_organisation_as_two(p: Protocol) -> Seen:
    """Parties keep each other from knowing too much. One organisation under two names keeps nothing from itself, and
    least of all may the linkage unit be a custodian under another name."""
    seen: dict[tuple[str, str], str] = {}
    for party in p.parties:
        other = seen.setdefault((party.number.scheme, party.number.value), party.id)
        if other != party.id:
            yield f"parties.{party.id}.number", f"{party.id} and {other} have one official number"


@rule("P158", Severity.ERROR, "GDPR art. 4(9) and 4(10)")
def disclosed_to_oneself(p: Protocol) -> Seen:
    """A disclosure has another party at its end; what an organisation does with its own records is none."""
    for party in p.parties:
        if any(d.to == party.id for d in party.discloses):
            yield f"parties.{party.id}.discloses", "a disclosure to oneself"


@rule("P159", Severity.ERROR, "GDPR art. 35(1)")
def assessed_afterwards(p: Protocol) -> Seen:
    """The assessment is made before the processing; one that comes after its first day assesses what was done."""
    if p.valid.first < p.dpia.advised_on <= p.valid.last:
        yield "dpia.advised_on", f"advised {p.dpia.advised_on}, after the protocol began"


@rule("P160", Severity.ERROR, "GDPR art. 5(1)(a) and 6(1)")
def decided_afterwards(p: Protocol) -> Seen:
    """A basis is there before the first row is used, or it was not there when it was needed."""
    for party in p.parties:
        days = [(f"parties.{party.id}.discloses", d.basis.decided_on) for d in party.discloses]
        days += [(f"parties.{party.id}.bsn_basis", party.bsn_basis.decided_on)] if party.bsn_basis else []
        for where, day in days:
            if p.valid.first < day <= p.valid.last:
                yield where, f"decided {day}, after the protocol began"


@rule("P161", Severity.ERROR, "GDPR art. 5(1)(e)")
def packages_outlive_results(p: Protocol) -> Seen:
    """Tokens are kept for the result; once that is gone nothing needs them."""
    if _days(p.retention.packages) > _days(p.retention.results):
        yield "retention.packages", f"packages are kept {p.retention.packages}, results {p.retention.results}"


@rule("P162", Severity.ERROR, "GDPR art. 5(2)")
def results_outlive_their_account(p: Protocol) -> Seen:
    """The ledger shows how a result came about, for as long as there is one."""
    if _days(p.retention.ledger) < _days(p.retention.results):
        yield "retention.ledger", f"the ledger is kept {p.retention.ledger}, results {p.retention.results}"


@rule("P163", Severity.ERROR, "GDPR art. 5(1)(e) and 32(1)")
def secret_kept_for_ever(p: Protocol) -> Seen:
    """While the linkage secret exists, tokens can be opened. A year after the protocol ends nothing needs it."""
    last = date.fromisoformat(p.valid.last)
    if date.fromisoformat(p.retention.secret_destroyed_on) - last > _AFTERWARDS:
        yield "retention.secret_destroyed_on", f"more than a year after the protocol ends on {p.valid.last}"


@rule("P164", Severity.WARNING, "UAVG art. 5(1), GDPR art. 8")
def consent_of_children(p: Protocol) -> Seen:
    """Below sixteen the legal representative consents. Where consent is the basis, a cohort that says nothing of age,
    or reaches below sixteen, needs the age at consent in the registry."""
    for party in p.custodians:
        asked = any(d.basis.article == "6(1)(a)" for d in party.discloses)
        adult = any(test.age_from is not None and test.age_from >= 16 for test in party.cohort)
        if asked and not adult:
            yield f"parties.{party.id}.cohort", "consent may be of children: no test keeps rows to 16 years and over"


@rule("P165", Severity.WARNING, "GDPR art. 5(1)(e) and 25(1)")
def followed_from_wave_to_wave(p: Protocol) -> Seen:
    """Tokens that are kept let the linkage unit follow a person from wave to wave, and a leak of one wave is a leak of
    all. Keep them only where moves are asked, and no longer than these need."""
    if p.waves and p.waves.tokens == "kept":
        moves = any(s.wave == "previous" for o in p.outputs if isinstance(o, Partition) for s in o.splits)
        yield (
            "waves.tokens",
            f"tokens are kept until {p.waves.kept_until}" + ("" if moves else ", and no output needs it"),
        )


def _days(duration: str) -> int:
    """A duration in days, years and months by their longest."""
    match = _DURATION.fullmatch(duration)
    years, months, days = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return 366 * years + 31 * months + days
