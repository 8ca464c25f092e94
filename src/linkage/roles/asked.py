"""What a custodian keeps between asking the key-holders and making its tokens.

Rules kept here:

- The seed of the blinding scalars, which rows were asked about and one's own outputs are sealed to their owner.
- Public keys and answers are kept as they came; which of them are meant stands in the sealed state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linkage import canonical, files
from linkage.crypto.identity import Identity
from linkage.crypto.oprf import message
from linkage.crypto.oprf.memory import suite_of
from linkage.crypto.oprf.message import Message
from linkage.errors import InputError, Refused
from linkage.protocol.model import Protocol
from linkage.protocol.stages import Exact
from linkage.roles import kept, keyholder
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

if TYPE_CHECKING:
    from linkage.encode.encoder import BadCells

STATE = "oprf-state"
FACTS = ["input", "path", "config", "bad_cells", "request", "rows", "inputs", "keys"]
"""What the head of a state says."""


@dataclass(frozen=True)
class Export:
    """The file that is being tokenised, so that `linkage next` can go on with it."""

    path: Path
    config: Mapping[str, Any]
    """The config as data."""
    bad_cells: BadCells


@dataclass(frozen=True)
class State:
    """What is kept between request and answers."""

    said: Message

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was given and asked: digests, and keys per key-holder."""
        return self.said.facts

    @property
    def seed(self) -> bytes:
        """Of the blinding scalars."""
        return self.said.parts["seed"]

    @property
    def rows(self) -> NDArray[np.bool_]:
        """``bool[n]``: rows that took part when the key-holders were asked."""
        bits = np.frombuffer(self.said.parts["asked"], dtype=np.uint8)
        return np.unpackbits(bits, count=self.facts["rows"]).astype(np.bool_)

    @property
    def export(self) -> Export:
        """The file that was given."""
        return Export(Path(self.facts["path"]), self.facts["config"], self.facts["bad_cells"])


@dataclass(frozen=True)
class Desk:
    """A custodian at work on one linkage, and where it keeps what belongs to its request."""

    home: Home
    identity: Identity
    linkage: Linkage

    @property
    def protocol(self) -> Protocol:
        """What was agreed."""
        return self.linkage.protocol

    @property
    def stages(self) -> dict[str, Exact]:
        """Field to stage, for the numbers of this custodian that are made tokens by oblivious PRF."""
        return keyholder.stages_of(self.protocol, self.home.card.party)

    @property
    def holders(self) -> list[str]:
        """The key-holders that are asked: all but oneself."""
        return [party.id for party in self.protocol.key_holders if party.id != self.home.card.party]

    @property
    def state_path(self) -> Path:
        """Where the state is kept, sealed."""
        return self.linkage.folder / "oprf-state.package"

    @property
    def request_path(self) -> Path:
        """The request as it was sent; its sender can open it too."""
        return self.linkage.folder / "oprf-request.package"

    def answer_path(self, holder: str) -> Path:
        """A key-holder's answer, as it came."""
        return self.linkage.folder / "oprf-answers" / f"{holder}.package"

    def public_path(self, holder: str) -> Path:
        """A key-holder's public keys, as they came."""
        return self.linkage.folder / "oprf-public-keys" / f"{holder}.json"

    @property
    def missing_keys(self) -> list[str]:
        """Key-holders whose public key is not here yet."""
        return [holder for holder in self.holders if not self.public_path(holder).exists()]

    @property
    def missing_answers(self) -> list[str]:
        """Key-holders whose answer is not here yet."""
        return [holder for holder in self.holders if not self.answer_path(holder).exists()]

    @property
    def under_way(self) -> bool:
        """Whether key-holders were asked and no package was made of it yet."""
        return self.state_path.exists()

    def state(self) -> State | None:
        """What is under way, if anything is.

        Raises:
            Untrusted: it was altered.
        """
        if not self.under_way:
            return None
        body = kept.open_(self.identity, self.linkage, STATE, self.state_path)
        return State(message.read(body, "state", FACTS, where=self.state_path.name))

    def request(self) -> Mapping[str, bytes]:
        """Field to the elements of the request that is under way, as they were sealed."""
        body = kept.open_(self.identity, self.linkage, keyholder.REQUEST, self.request_path)
        return message.read(body, "request", ["keys"], where=self.request_path.name).parts

    def elements(self) -> dict[str, int]:
        """Field to number of elements of the request that is under way."""
        return {
            name: len(data) // suite_of(self.stages[name]).group.wire_bytes for name, data in self.request().items()
        }

    def public_keys(self) -> dict[str, keyholder.Keys]:
        """Key-holder to its public keys, one's own among them.

        Raises:
            Refused: one of them is not here yet.
        """
        if self.missing_keys:
            raise Refused(
                f"the public key of {', '.join(self.missing_keys)} is not here yet",
                hint="They send it by `linkage next`. Drop the file in inbox/ and run `linkage next`.",
            )
        return {party.id: self._public_keys(party.id) for party in self.protocol.key_holders}

    def _public_keys(self, holder: str) -> keyholder.Keys:
        if holder == self.home.card.party:
            return keyholder.public_keys(self.protocol, keyholder.seed_of(self.home, self.identity, self.linkage))
        path = self.public_path(holder)
        keys = canonical.from_bytes(files.read(path), where=path.name)
        if not isinstance(keys, dict):
            raise InputError("not public keys: altered or damaged", where=path.name)
        return keys
