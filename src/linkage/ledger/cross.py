"""What several ledgers say about each other.

Rules kept here:

- A ledger alone cannot show that its tail was cut, or that it was written anew: whoever was shown an earlier state
  wrote down its size and root, signed by its owner. Both are compared here, and parties whose ledger is not given are
  still held to what two others were shown.
- An entry is back-dated when it is earlier than something that had happened before it: the entry above it
  (`linkage.ledger.verify`), or an entry of another party that it had seen (`SKEW` apart, since clocks differ).
  Between the two, nobody can tell.
- What one party says it sent, and the other that it received, must be the same packages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from linkage.errors import LinkageError
from linkage.findings import Finding, Severity
from linkage.ledger import checkpoint
from linkage.ledger.checkpoint import Checkpoint
from linkage.ledger.verify import Parcel, Received, Sent, Verified
from linkage.ledger.witness import Statement

SKEW = timedelta(hours=1)
"""How far two clocks may be apart before times are called false."""
REPLACED = "encodings"
"""Type of package of which a newer one replaces those before."""


def crosscheck(outcomes: Sequence[Verified]) -> tuple[Finding, ...]:
    """Compare ledgers with what others, or the files they came in, say of them.

    Args:
        outcomes: of `linkage.ledger.verify.verify`; a party that is not given cannot be compared with.
    """
    said = [statement for outcome in outcomes for statement in _said(outcome)]
    forged = [statement for statement in said if _forged(statement, outcomes)]
    true = [statement for statement in said if statement not in forged]
    findings = [
        *map(_no_checkpoint, forged), *_refusals(outcomes), *_same_party(outcomes), *_forks(true),
        *(finding for outcome in outcomes if outcome.whole for finding in _judge(outcome, true)),
        *(finding for sender in outcomes for receiver in outcomes for finding in _parcels(sender, receiver)),
    ]  # fmt: skip
    return tuple(dict.fromkeys(findings))


def _said(outcome: Verified) -> list[Statement]:
    """What a file says of ledgers: its entries of others, the checkpoint that came with it of its own."""
    own = [] if outcome.shown is None else [Statement(outcome.where, -1, "", outcome.party, outcome.shown)]
    return own + outcome.record.statements


def _refusals(outcomes: Sequence[Verified]) -> Iterator[Finding]:
    for outcome in outcomes:
        for index, sender, why in outcome.record.refusals:
            where = f"{outcome.party} entry {index}"
            if why == "fork":
                message = f"refused a package of {sender}, whose ledger was not the one seen before, grown: a fork"
                yield Finding("L114", Severity.ERROR, where, message)
            else:
                message = f"refused a package of {sender}: its ledger did not follow from what was seen ({why})"
                yield Finding("L202", Severity.WARNING, where, message)


def _same_party(outcomes: Sequence[Verified]) -> Iterator[Finding]:
    """Two ledgers of one party: one must be the beginning of the other."""
    for one, other in combinations([o for o in outcomes if o.whole], 2):
        if one.party != other.party:
            continue
        size = min(one.size, other.size)
        if one.record.roots([size]) != other.record.roots([size]):
            message = f"{one.where} and {other.where} are two ledgers of one party that differ: a fork"
            yield Finding("L106", Severity.ERROR, one.party, message)
        elif one.size != other.size:
            message = f"{one.where} and {other.where} are one ledger, one of them cut or older"
            yield Finding("L203", Severity.WARNING, one.party, message)


def _forks(said: Sequence[Statement]) -> Iterator[Finding]:
    """Checkpoints of one size and different roots: proof by themselves that a party showed two ledgers."""
    by_size: dict[tuple[str, bytes, int], Statement] = {}
    for statement in said:
        seen = statement.seen
        first = by_size.setdefault((seen.origin, seen.key_id, seen.size), statement)
        if first.seen.contradicts(seen):
            message = (
                f"{_witness(first)} and {_witness(statement)} were shown different ledgers of {statement.sender} with "
                f"{seen.size} entries: a fork"
            )
            yield Finding("L110", Severity.ERROR, statement.sender, message)


def _judge(outcome: Verified, said: Sequence[Statement]) -> Iterator[Finding]:
    """One ledger against all that was said of it."""
    about = [one for one in said if one.sender == outcome.party and _signed(one.seen, outcome)]
    roots = outcome.record.roots([statement.seen.size for statement in about])
    for statement in about:
        yield from _compare(outcome, statement, roots.get(statement.seen.size))


def _compare(outcome: Verified, statement: Statement, root: bytes | None) -> Iterator[Finding]:
    seen, where = statement.seen, _witness(statement)
    if root is None:
        message = f"the ledger of {outcome.party} has {outcome.size} entries, {where} saw {seen.size}: its tail was cut"
        yield Finding("L104", Severity.ERROR, where, message)
    elif root != seen.root:
        message = f"the first {seen.size} entries of {outcome.party} are not those that {where} saw: written anew"
        yield Finding("L109", Severity.ERROR, where, message)
    elif statement.at and _later(outcome.record.at(seen.size - 1), statement.at):
        last = outcome.record.at(seen.size - 1)
        message = f"dated {statement.at}, but it saw an entry of {outcome.party} dated {last}: one of them is false"
        yield Finding("L108", Severity.ERROR, where, message)


def _parcels(sender: Verified, receiver: Verified) -> Iterator[Finding]:
    """Packages from one party to another: sent and not received, received and not sent."""
    if sender.party == receiver.party or not (sender.whole and receiver.whole):
        return
    taken = {one.parcel: one for one in receiver.record.received if one.sender == sender.party}
    for parcel, sent in sender.record.sent.items():
        if receiver.party in sent.to and sent.sealed_at and not _arrived(parcel, taken):
            yield _missing(sender, receiver, parcel, sent)
    for parcel, received in taken.items():
        if received.seen.seen.size <= sender.size:  # else its tail was cut, which is said elsewhere
            yield from _never_sent(sender, receiver, parcel, received)


def _arrived(parcel: Parcel, taken: dict[Parcel, Received]) -> bool:
    protocol, kind, number = parcel
    newer = kind == REPLACED and any(p == protocol and k == kind and n > number for p, k, n in taken)
    return parcel in taken or newer


def _missing(sender: Verified, receiver: Verified, parcel: Parcel, sent: Sent) -> Finding:
    where, what = receiver.party, f"number {parcel[2]} of the {parcel[1]} packages that {sender.party} sealed to it"
    if receiver.record.at(receiver.size - 1) > sent.sealed_at:
        message = f"never took in {what} at {sent.sealed_at}, and has gone on since: a missing witness"
        return Finding("L111", Severity.ERROR, where, message)
    return Finding("L204", Severity.WARNING, where, f"has not yet taken in {what} at {sent.sealed_at}")


def _never_sent(sender: Verified, receiver: Verified, parcel: Parcel, received: Received) -> Iterator[Finding]:
    sent = sender.record.sent.get(parcel)
    where = _witness(received.seen)
    what = f"number {parcel[2]} of the {parcel[1]} packages of {sender.party}"
    if sent is None or receiver.party not in sent.to:
        yield Finding("L112", Severity.ERROR, where, f"took in {what}, which {sender.party} never wrote that it sent")
    elif sent.package not in ("", received.package):
        yield Finding("L112", Severity.ERROR, where, f"took in {what}, but it is not the file that was sealed")


def _forged(statement: Statement, outcomes: Sequence[Verified]) -> bool:
    """Whether the party's card is here, and did not sign what somebody says to have seen."""
    of_party = [outcome for outcome in outcomes if outcome.party == statement.sender]
    return bool(of_party) and not any(_signed(statement.seen, outcome) for outcome in of_party)


def _no_checkpoint(statement: Statement) -> Finding:
    message = f"shows a checkpoint of {statement.sender} that its card did not sign"
    return Finding("L113", Severity.ERROR, _witness(statement), message)


def _signed(seen: Checkpoint, outcome: Verified) -> bool:
    for card in outcome.cards:
        try:
            checkpoint.verify(seen, card, where="")
        except LinkageError:
            continue
        return True
    return False


def _later(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) - datetime.fromisoformat(other) > SKEW


def _witness(statement: Statement) -> str:
    return statement.witness if statement.index < 0 else f"{statement.witness} entry {statement.index}"
