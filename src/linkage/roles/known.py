"""The cards of a party that are known here, and what the trust in each rests on.

Rules kept here (docs/adr/0016-cards-that-follow.md):

- None is forgotten: a protocol keeps naming the card that it was signed with.
- A card that has ended (revoked by its owner, distrusted here, replaced by one that was compared anew) serves for
  nothing, and neither does a card that rests on it. A revoked card never comes back.
- A card rests on a person who compared its fingerprint, on the card before it that signed it, or on nothing; which
  of these can be shown wherever it matters.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from linkage import canonical
from linkage.crypto import card as cards
from linkage.crypto.card import Card
from linkage.errors import LinkageError, Untrusted

Why = Literal["revoked", "distrusted", "replaced"]
_ENDS: tuple[Why, ...] = ("revoked", "distrusted", "replaced")


@dataclass(frozen=True)
class Ended:
    """That a card is not to be believed any longer."""

    on: str
    """Day on which it was written down here, yyyy-mm-dd."""
    why: Why
    """By its owner's statement, by a decision here, or because another was compared anew."""
    reason: str

    def __str__(self) -> str:
        return f"{self.why} on {self.on}: {self.reason}"


@dataclass(frozen=True)
class Known:
    """A card, and what the trust in it rests on."""

    card: Card
    verified_by: str
    """Function of the person who compared its fingerprint; empty when nobody did."""
    verified_on: str
    """Day of that, or on which it was taken in, yyyy-mm-dd."""
    how: str
    """How it was compared, or why it is used although nobody did."""
    follows: str | None = None
    """Fingerprint of the card before it, which signed it."""
    ended: Ended | None = None

    @property
    def fingerprint(self) -> str:
        """Of the card."""
        return self.card.fingerprint

    @property
    def rests_on(self) -> str:
        """What the trust rests on, for a person."""
        if self.verified_by:
            return f"compared by {self.verified_by} on {self.verified_on}, {self.how}"
        if self.follows:
            return f"signed by the card before it, taken in on {self.verified_on}"
        return f"NOT COMPARED by anybody, used since {self.verified_on}: {self.how}"

    def valid_on(self, day: str) -> bool:
        """Whether the card is valid on a day, yyyy-mm-dd."""
        return self.card.valid_from <= day <= self.card.valid_until


def find(every: Sequence[Known], fingerprint: str | None) -> Known | None:
    """The card of that fingerprint, ended or not."""
    return next((one for one in every if one.fingerprint == fingerprint), None)


def current(every: Sequence[Known]) -> Known | None:
    """The newest card that has not ended."""
    return next((one for one in reversed(every) if one.ended is None), None)


def line(every: Sequence[Known], first: str | None) -> list[Known]:
    """The card of that fingerprint and those that followed it, until one has ended."""
    found: list[Known] = []
    following = find(every, first)
    while following and following.ended is None and following not in found:
        found.append(following)
        following = next((one for one in every if one.follows == found[-1].fingerprint), None)
    return found


def unverified(every: Sequence[Known], one: Known) -> str:
    """Why nobody ever compared this card nor one that it rests on; empty when somebody did."""
    seen: set[str] = set()
    while not one.verified_by and one.follows and one.fingerprint not in seen:
        seen.add(one.fingerprint)
        before = find(every, one.follows)
        if before is None:
            break
        one = before
    return "" if one.verified_by else one.rests_on


def added(every: Sequence[Known], new: Known) -> tuple[Known, ...]:
    """With a card that was taken in: as the newest, or in the place where it was."""
    if find(every, new.fingerprint) is None:
        return (*every, new)
    return tuple(new if one.fingerprint == new.fingerprint else one for one in every)


def followed(every: Sequence[Known], new: Known) -> tuple[Known, ...]:
    """With a card that follows one here; if that one was replaced by it only, it is believed again."""
    restored = tuple(replace(one, ended=None) if one.fingerprint == new.follows and one.ended else one for one in every)
    return added(restored, new)


def ended(every: Sequence[Known], fingerprints: Collection[str], how: Ended) -> tuple[Known, ...]:
    """With these cards ended, and all that rest on them alone."""
    gone, result = set(fingerprints), []
    for one in every:  # a card stands after the one it follows
        if one.fingerprint in fingerprints and not (one.ended and one.ended.why == "revoked"):
            one = replace(one, ended=how)  # noqa: PLW2901
        elif one.follows in gone and not one.verified_by and one.ended is None:
            one = replace(one, ended=replace(how, reason=f"rests on a card that was {how.why}"))  # noqa: PLW2901
            gone.add(one.fingerprint)
        result.append(one)
    return tuple(result)


def to_bytes(every: Sequence[Known]) -> bytes:
    """The file of a party's cards."""
    return canonical.to_bytes({"linkage-known": 1, "cards": [_record(one) for one in every]})


def from_bytes(data: bytes, *, where: str) -> tuple[Known, ...]:
    """Read a file of cards.

    Raises:
        Untrusted: not such a file, or a card in it does not hold.
    """
    try:
        value = canonical.from_bytes(data, where=where)
        if set(value) != {"linkage-known", "cards"} or value["linkage-known"] != 1:
            raise ValueError
        return tuple(_known(record, where) for record in value["cards"])
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted("not a record of trust: altered or damaged", where=where) from None


def _record(one: Known) -> dict[str, Any]:
    return {
        "card": canonical.from_bytes(one.card.to_bytes()),
        "verified_by": one.verified_by,
        "verified_on": one.verified_on,
        "how": one.how,
        "follows": one.follows,
        "ended": vars(one.ended) if one.ended else None,
    }


def _known(record: Any, where: str) -> Known:
    texts = [record[key] for key in ("verified_by", "verified_on", "how")]
    end = Ended(**record["ended"]) if record["ended"] else None
    if len(record) != 6 or not all(isinstance(text, str) for text in texts) or (end and end.why not in _ENDS):
        raise ValueError
    card = cards.from_bytes(canonical.to_bytes(record["card"]), where=where)
    return Known(card, texts[0], texts[1], texts[2], record["follows"], end)
