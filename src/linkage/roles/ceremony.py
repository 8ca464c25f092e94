"""How the custodians make the linkage secret together, the linkage unit at most being the postman.

Rules kept here (docs/spec/secret.md, docs/adr/0017-a-secret-of-shares.md):

- Commit, then show: a custodian commits to its share in its signature under the protocol, and seals the share to the
  other custodians when every signature is here. So two custodians need two files.
- With its share each tells which commitments it saw. A share that was not committed to, or a custodian that was shown
  other commitments, is refused with the name of whom to call, and without every share there is no secret.
- Files may come in any order and more than once, and every step can be done again after a crash: what is here is
  found from what lies in the linkage's folder, and a share that left is never drawn anew.
- At rest share and secret are packages of oneself, sealed to oneself. When the secret is made the shares are removed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage import canonical, files
from linkage.crypto import envelope, signature
from linkage.crypto import secret as secrets
from linkage.crypto.envelope import Package
from linkage.crypto.identity import Identity
from linkage.crypto.secret import Committed
from linkage.errors import LinkageError, Refused, Untrusted
from linkage.roles import agreement, exchange, kept
from linkage.roles import home as homes
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

KEPT_SHARE, KEPT_SECRET, KEPT_HANDLES = "kept-share", "kept-secret", "kept-handles"
"""What the packages say that a custodian seals to itself."""
MAX_BYTES = 1 << 16
_AGAIN = "If it is no mistake, begin again: a new version of the protocol, signed by all."


@dataclass(frozen=True)
class Progress:
    """How far the ceremony is, as seen from one home."""

    here: bool
    """Whether the secret can be used."""
    check: str | None
    """By which holders compare their secrets; None before it is made."""
    missing: tuple[str, ...]
    """What is wanted before it is made, and from whom."""
    last_day: str
    """Until when it may be used, yyyy-mm-dd; then it is to be destroyed."""
    destroyed_on: str | None
    """Day on which it was destroyed here."""


def commit(home: Home, identity: Identity, linkage: Linkage) -> str:
    """Draw this custodian's share, once, and return the commitment to it. The share stays here, sealed.

    Raises:
        Refused: this party is no custodian, or the share it committed to before is gone.
    """
    _refuse_use(home, linkage)
    protocol, me = linkage.protocol, home.card.party
    if not linkage.share(me).exists():
        if linkage.signature(me).exists() or linkage.secret.exists():
            raise Refused("the share that this home committed to is gone", where=linkage.folder.name, hint=_AGAIN)
        kept.seal(home, identity, linkage, KEPT_SHARE, secrets.create(), linkage.share(me))
    share = kept.open_(identity, linkage, KEPT_SHARE, linkage.share(me))
    return secrets.commitment(share, protocol.digest, me, home.card.fingerprint)


def share(home: Home, identity: Identity, linkage: Linkage) -> list[Path]:
    """Seal this custodian's share to every other custodian, never to the linkage unit; asked again, send it again.

    Raises:
        Refused: the protocol is not in effect, this party is no custodian, or the secret was destroyed.
    """
    _refuse_use(home, linkage)
    protocol = agreement.in_effect(home, linkage)
    others = [party.id for party in protocol.custodians if party.id != home.card.party]
    sent, name = linkage.sent_share, f"{protocol.id}.{home.card.party}.share.package"
    if sent.exists():
        return [home.send(sent, other, name) for other in others]
    readers = [agreement.serving(home, protocol, other) for other in others]
    body = _share_to_bytes(kept.open_(identity, linkage, KEPT_SHARE, _own(home, linkage)), _seen(home, linkage))
    draft = linkage.folder / "unsent.package"  # no file leaves under a number that the ledger does not know
    exchange.send(home, identity, linkage, exchange.Letter(exchange.SHARE, readers, body), draft)
    paths = [home.send(draft, other, name) for other in others]
    files.write(sent, files.read(draft))  # last: a crash before this seals the same share once more, which harms nobody
    with suppress(OSError):
        draft.unlink()
    return paths


def take(home: Home, identity: Identity, linkage: Linkage, path: Path) -> None:
    """Take in the share of another custodian.

    Raises:
        Refused: not from a custodian, not in effect, this party is no custodian, or the secret was destroyed.
        Untrusted: not the share that was committed to, or its sender was shown other commitments than this home.
    """
    _refuse_use(home, linkage)
    agreement.in_effect(home, linkage)

    def keep(body: bytes, package: Package) -> None:
        sender = package.header.sender
        committed = {one.party: one for one in _committed(home, linkage)}
        if sender not in committed or sender == home.card.party:
            raise Refused(f"a share comes from another custodian, not from {sender}", where=path.name)
        shown, seen = _share_from_bytes(body, where=path.name)
        if not secrets.opens(shown, committed[sender], linkage.protocol.digest):
            raise Untrusted(
                f"the share of {sender} is not the one that it committed to when it signed",
                where=path.name,
                hint=f"Call {sender}. {_AGAIN}",
            )
        _refuse_other_view(sender, seen, _seen(home, linkage), where=path.name)
        if not linkage.secret.exists():
            kept.seal(home, identity, linkage, KEPT_SHARE, shown, linkage.share(sender))

    exchange.take_in(home, identity, linkage, path, exchange.SHARE, keep)


def combine(home: Home, identity: Identity, linkage: Linkage) -> str | None:
    """Make the linkage secret when every share is here and the own one has left. Returns its check value when new.

    Raises:
        Refused: the protocol is not in effect, this party is no custodian, or the secret was destroyed.
        Untrusted: a share that is here was altered.
    """
    _refuse_use(home, linkage)
    digest, check = linkage.protocol.digest, _check_of(home, linkage)
    if not linkage.secret.exists():
        agreement.in_effect(home, linkage)
        committed = _committed(home, linkage)
        parties = [one.party for one in committed]
        if not linkage.sent_share.exists() or not all(linkage.share(party).exists() for party in parties):
            return None
        shares = {party: kept.open_(identity, linkage, KEPT_SHARE, linkage.share(party)) for party in parties}
        made = secrets.combine(shares, committed, digest)
        kept.seal(home, identity, linkage, KEPT_SECRET, made, linkage.secret)
    if check is None:  # also after a crash between the file and the entry
        check = secrets.check(linkage_secret(home, identity, linkage), digest)
        of = [party.id for party in linkage.protocol.custodians]
        home.ledger.append(identity, "make-secret", protocol=digest, of=of, check=check)
        _remove_shares(linkage)
        return check
    _remove_shares(linkage)
    return None


def linkage_secret(home: Home, identity: Identity, linkage: Linkage) -> bytes:
    """The linkage secret: 32 bytes.

    Raises:
        Refused: this party is no custodian, the secret is not here yet, or its day of destruction has passed.
    """
    _refuse_use(home, linkage)
    if not linkage.secret.exists():
        missing = ", ".join(progress(home, linkage).missing)
        raise Refused(
            f"the linkage secret is not here yet; missing: {missing}", hint="`linkage next` does what it can."
        )
    return kept.open_(identity, linkage, KEPT_SECRET, linkage.secret)


def progress(home: Home, linkage: Linkage) -> Progress:
    """How far the ceremony is. Needs no key.

    Raises:
        Refused: this party is no custodian.
    """
    _must_be_custodian(home, linkage)
    destroyed, last = _destroyed_on(home, linkage), linkage.protocol.retention.secret_destroyed_on
    if destroyed or linkage.secret.exists():
        return Progress(not destroyed, _check_of(home, linkage), (), last, destroyed)
    missing = [f"the signature of {party}" for party in agreement.unsigned(home, linkage)]
    for party in linkage.protocol.custodians:
        if party.id == home.card.party:
            missing += [] if linkage.sent_share.exists() else ["the own share, which is not sent yet"]
        elif not linkage.share(party.id).exists():
            missing.append(f"the share of {party.id}")
    return Progress(False, None, tuple(missing), last, None)


def destroy(home: Home, identity: Identity, linkage: Linkage, *, early: bool = False) -> int:
    """Remove every file here that holds the secret or a share of it, and write that down. Returns how many.

    Removing is no erasing: docs/spec/secret.md says what may remain elsewhere.

    Args:
        home: of a custodian.
        identity: signs the ledger entry.
        linkage: whose secret.
        early: also while the protocol still allows its use.

    Raises:
        Refused: this party is no custodian, nothing of the secret is here, or it may still be used.
    """
    _must_be_custodian(home, linkage)
    last = linkage.protocol.retention.secret_destroyed_on
    if homes.today().isoformat() <= last and not early:
        raise Refused(
            f"the linkage secret may be used until {last}; destroyed, it cannot be made again under this protocol",
            hint="If you mean it: `linkage secret destroy --early`.",
        )
    every = list(_files(home, linkage))
    for path in every:
        path.unlink()
    if _destroyed_on(home, linkage) is None:
        if not every and _check_of(home, linkage) is None:
            raise Refused("nothing of the linkage secret is here", where=linkage.folder.name)
        home.ledger.append(identity, "destroy-secret", protocol=linkage.protocol.digest, files=len(every))
    return len(every)


def _files(home: Home, linkage: Linkage) -> Iterator[Path]:
    """Every file of this home that holds the secret, a share of it, or in re-contact what opens a list, sealed; also
    what a crash left."""
    for folder in (linkage.folder, home.path / "outbox", home.inbox):
        for path in folder.rglob("*"):
            try:
                header = envelope.read(path).header
            except LinkageError:
                continue
            types = (exchange.SHARE, KEPT_SHARE, KEPT_SECRET, KEPT_HANDLES)
            if header.type in types and header.protocol == linkage.protocol.digest:
                yield path


def _refuse_use(home: Home, linkage: Linkage) -> None:
    _must_be_custodian(home, linkage)
    destroyed, last = _destroyed_on(home, linkage), linkage.protocol.retention.secret_destroyed_on
    if destroyed:
        raise Refused(f"the linkage secret was destroyed on {destroyed}", where=linkage.folder.name)
    if homes.today().isoformat() > last:
        raise Refused(f"the linkage secret was to be destroyed on {last}", hint="Run `linkage secret destroy`.")


def _must_be_custodian(home: Home, linkage: Linkage) -> None:
    if "custodian" not in linkage.protocol.party(home.card.party).roles:
        raise Refused(f"{home.card.party} is no custodian: it may not hold the linkage secret")
    if "custodian" in linkage.protocol.unit.roles:  # a lint error too; here in case it was signed elsewhere
        raise Refused("the linkage unit may not be a custodian: it may not hold the linkage secret")


def _refuse_other_view(sender: str, theirs: Mapping[str, str], mine: Mapping[str, str], *, where: str) -> None:
    """Refuse a share whose sender saw other commitments: the shares would not make one secret."""
    twice = sorted(party for party in {*theirs, *mine} if theirs.get(party) != mine.get(party))
    if twice:
        who = " and ".join(twice)
        raise Untrusted(
            f"{sender} was shown another commitment of {who} than this home: {who} gave two, or {sender} is mistaken",
            where=where,
            hint=f"Nothing is made. Call {', '.join({sender: 0} | dict.fromkeys(twice))} and compare the signature "
            f"files. {_AGAIN}",
        )


def _committed(home: Home, linkage: Linkage) -> list[Committed]:
    signed = agreement.commitments(home, linkage)
    return [Committed(one.party, one.card, str(one.commitment)) for one in signed.values()]


def _seen(home: Home, linkage: Linkage) -> dict[str, str]:
    return {one.party: one.commitment for one in _committed(home, linkage)}


def _share_to_bytes(value: bytes, seen: Mapping[str, str]) -> bytes:
    return canonical.to_bytes({"linkage-share": 1, "share": signature.to_text(value), "seen": dict(seen)})


def _share_from_bytes(body: bytes, *, where: str) -> tuple[bytes, dict[str, str]]:
    """Share and commitments seen, from the body of a package."""
    try:
        value: Any = canonical.from_bytes(body)
        if set(value) != {"linkage-share", "share", "seen"} or value["linkage-share"] != 1:
            raise ValueError
        seen = {str(party): str(commitment) for party, commitment in value["seen"].items()}
        return signature.from_text(value["share"], secrets.SECRET_BYTES, where=where), seen
    except (LinkageError, ValueError, TypeError, KeyError, AttributeError):
        raise Untrusted("not a share of a linkage secret", where=where) from None


def _own(home: Home, linkage: Linkage) -> Path:
    path = linkage.share(home.card.party)
    if not path.exists():
        raise Refused("the share that this home committed to is gone", where=linkage.folder.name, hint=_AGAIN)
    return path


def _remove_shares(linkage: Linkage) -> None:
    shutil.rmtree(linkage.folder / "shares", ignore_errors=True)


def _check_of(home: Home, linkage: Linkage) -> str | None:
    made = [e for e in home.ledger.entries() if e.act == "make-secret" and e.protocol == linkage.protocol.digest]
    return str(made[-1].facts["check"]) if made else None


def _destroyed_on(home: Home, linkage: Linkage) -> str | None:
    done = [e for e in home.ledger.entries() if e.act == "destroy-secret" and e.protocol == linkage.protocol.digest]
    return done[-1].at[:10] if done else None
