"""One linkage in one home: where everything of it is kept.

Rules kept here:

- The folder is named after the protocol's id and the first signs of its digest: a changed protocol is another linkage.
- What belongs to a wave lies by itself; agreement, secret and codebook are of the whole linkage.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from linkage import canonical, files, protocol
from linkage.errors import InputError, Untrusted
from linkage.protocol import strict_yaml
from linkage.protocol.model import Protocol


@dataclass(frozen=True)
class Linkage:
    """One linkage in one home."""

    folder: Path
    protocol: Protocol
    """As it holds in the wave that lasts today."""

    def _of_wave(self, reference_date: str) -> Path:
        """Where that is kept which belongs to one wave."""
        first = self.protocol.reference_dates[0]
        return self.folder if reference_date == first else self.folder / "waves" / reference_date

    @property
    def secret(self) -> Path:
        """The linkage secret, sealed by this organisation to itself. The linkage unit never has one."""
        return self.folder / "secret.package"

    def share(self, party: str) -> Path:
        """A custodian's share of the linkage secret, sealed by this organisation to itself, until all are here."""
        return self.folder / "shares" / f"{party}.package"

    @property
    def sent_share(self) -> Path:
        """The own share as it was sealed to the other custodians."""
        return self.folder / "share.package"

    def signature(self, party: str) -> Path:
        """The signature of a party under the protocol."""
        return self.folder / "signatures" / f"{party}.json"

    def received(self, party: str) -> Path:
        """At the unit: the newest encodings of a custodian, still sealed."""
        return self._of_wave(self.protocol.reference_date) / "received" / f"{party}.package"

    @property
    def links(self) -> Path:
        """At the unit: which handles belong together."""
        return self._of_wave(self.protocol.reference_date) / "links.arrow"

    @property
    def unfinished(self) -> Path:
        """At the unit: what runs of `linkage match` that were stopped have done; empty when none was."""
        return self._of_wave(self.protocol.reference_date) / "unfinished"

    def result(self, output: str, reference_date: str | None = None) -> Path:
        """At a recipient: a release as it was received, of the wave that lasts today or of another."""
        return self._of_wave(reference_date or self.protocol.reference_date) / "results" / f"{output}.json"

    @property
    def handles(self) -> Path:
        """At a relation holder, in re-contact: which handle is which of its own references, sealed to itself."""
        return self._of_wave(self.protocol.reference_date) / "handles.package"

    def listed(self, output: str) -> Path:
        """In re-contact: the newest list, sealed to oneself, at the linkage unit and at the relation holder."""
        return self._of_wave(self.protocol.reference_date) / "lists" / f"{output}.package"

    def request(self, output: str) -> Path:
        """At an approver: the newest request about a list, as it came."""
        return self._of_wave(self.protocol.reference_date) / "requests" / f"{output}.package"

    def approval(self, listed: str) -> Path:
        """The decision on the list of that digest, at the approver and at the linkage unit."""
        return self.folder / "approvals" / f"{listed.removeprefix(canonical.DIGEST_PREFIX)}.json"

    @property
    def codebook(self) -> Path:
        """At a recipient: what the codes of blinded categories mean. The linkage unit never has one."""
        return self.folder / "codebook.json"

    def sent_codebook(self, reader: str) -> Path:
        """At a custodian: the codebook as it was sealed to a recipient."""
        return self.folder / "codebooks" / f"{reader}.package"


def name_of(agreed: Protocol) -> str:
    """Name of a linkage's folder: 128 bits of the digest, so that no other protocol can be made to share it."""
    return f"{agreed.id}-{agreed.digest[7:39]}"


def parsed(data: bytes, name: str) -> Protocol:
    """The protocol in these bytes; the same bytes come from every party, and are parsed once (0.1 s)."""
    try:
        return _once(data)
    except InputError:
        return protocol.loads(data, name=name)  # complains under the name of the file


@lru_cache(maxsize=16)
def _once(data: bytes) -> Protocol:
    return protocol.loads(data, name="")


def kept(path: Path, day: date) -> Linkage:
    """A linkage from its protocol file, in the wave that a day lies in.

    Raises:
        Untrusted: the file was changed after it was taken in.
    """
    try:
        agreed = parsed(files.read(path, limit=strict_yaml.MAX_BYTES), path.name)
    except InputError:
        agreed = None
    if agreed is None or path.parent.name != name_of(agreed):
        raise Untrusted(
            "this protocol was changed after it was taken in",
            where=f"{path.parent.name}/{path.name}",
            hint="Put the file back as it was signed, or remove this folder to drop the linkage.",
        )
    return Linkage(path.parent, agreed.in_wave(day.isoformat()))
