"""What a recipient does: take a release in and read it."""

from __future__ import annotations

from pathlib import Path

from linkage import files
from linkage.crypto.envelope import Package
from linkage.crypto.identity import Identity
from linkage.disclosure import release as releases
from linkage.disclosure.release import Release
from linkage.errors import Refused, Untrusted
from linkage.roles import agreement, exchange
from linkage.roles.home import Home, Linkage

MAX_BYTES = 16 << 20


def take_release(home: Home, identity: Identity, linkage: Linkage, path: Path) -> Path:
    """Verify and open a release, and keep it. Returns the file of the result.

    Raises:
        Refused: the protocol is not in effect, the release is not from the linkage unit or not for this party, or of an
            output that the protocol does not have.
        Untrusted: the signature or seal does not hold, or the body is not a release of this protocol.
    """
    protocol = agreement.in_effect(home, linkage)
    kept: list[Path] = []

    def keep(body: bytes, package: Package) -> None:
        if package.header.sender != protocol.unit.id:
            raise Refused(f"a release comes from {protocol.unit.id}, not from {package.header.sender}", where=path.name)
        release = releases.from_bytes(body, where=path.name)
        allowed = [o.name for o in protocol.tables if home.card.party in o.to]
        if release.protocol != protocol.digest:
            raise Untrusted("a release of another protocol", where=path.name)
        if release.output not in allowed:
            raise Refused(f"output '{release.output}' is not for {home.card.party}", where=path.name)
        releases.refuse_other(release, protocol, where=path.name)
        kept.append(files.write(linkage.result(release.output, release.reference_date), body))

    exchange.take_in(home, identity, linkage, path, exchange.RELEASE, keep)
    return kept[0]


def results(linkage: Linkage) -> list[Release]:
    """The releases that are here, wave by wave, in the order of the protocol's outputs.

    Raises:
        Refused: none is here yet.
    """
    dates = linkage.protocol.reference_dates
    paths = [linkage.result(output.name, day) for day in dates for output in linkage.protocol.tables]
    digest = linkage.protocol.digest
    found = [releases.from_bytes(files.read(p, limit=MAX_BYTES), where=p.name) for p in paths if p.exists()]
    if any(release.protocol != digest for release in found):
        raise Untrusted("a result here belongs to another protocol", where=linkage.folder.name)
    if not found:
        raise Refused("no result is here yet", hint="Drop the release in inbox/ and run `linkage next`.")
    return found
