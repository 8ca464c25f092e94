"""What a recipient does: take a release in and read it.

Rules kept here:

- A release is kept as it was received, so that it stays what the linkage unit sealed; it is read each time anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linkage import files
from linkage.crypto.envelope import Package
from linkage.crypto.identity import Identity
from linkage.disclosure import release as releases
from linkage.disclosure.reading import readable
from linkage.disclosure.release import Release
from linkage.errors import Refused, Untrusted
from linkage.roles import agreement, codebook, exchange
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

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


@dataclass(frozen=True)
class Received:
    """A release that is here."""

    release: Release
    """Categories that travelled blinded are read."""
    file: str
    """Its place in the folder of the linkage, with slashes."""
    digest: str
    """Of that file, which is as the linkage unit made it: ``sha256:<hex>``, the same at every recipient."""


def results(linkage: Linkage) -> list[Release]:
    """The releases of `received`."""
    return [one.release for one in received(linkage)]


def received(linkage: Linkage) -> list[Received]:
    """The releases that are here, wave by wave, in the order of the protocol's outputs; categories that
    travelled blinded are read.

    Raises:
        Refused: none is here yet, or not the codebook that one is read with.
        Untrusted: one of another protocol, or something here was altered.
    """
    dates = linkage.protocol.reference_dates
    paths = [linkage.result(output.name, day) for day in dates for output in linkage.protocol.tables]
    digest = linkage.protocol.digest
    here = [path for path in paths if path.exists()]
    found = [releases.from_bytes(files.read(path, limit=MAX_BYTES), where=path.name) for path in here]
    if any(release.protocol != digest for release in found):
        raise Untrusted("a result here belongs to another protocol", where=linkage.folder.name)
    if not found:
        raise Refused("no result is here yet", hint="Drop the release in inbox/ and run `linkage next`.")
    places = [path.relative_to(linkage.folder).as_posix() for path in here]
    return [Received(_read(one, linkage), place, one.digest) for place, one in zip(places, found, strict=True)]


def _read(release: Release, linkage: Linkage) -> Release:
    protocol, here = linkage.protocol, codebook.kept(linkage)
    blinded = protocol.blinded(next(o for o in protocol.tables if o.name == release.output))
    missing = sorted({parties[0] for name, parties in blinded.items() if name not in here})
    if missing:
        raise Refused(
            f"the release '{release.output}' is here, but not what its codes mean: the codebook of "
            + " and ".join(missing),
            hint="Drop it in inbox/ and run `linkage next`.",
        )
    return readable(release, protocol, {name: here[name] for name in blinded})
