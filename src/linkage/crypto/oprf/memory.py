"""All key-holders of a protocol in one process: for trying a protocol out, for tests and for measuring.

Rule kept here: who has all keys at once has no guarantee left. `linkage.roles` keeps them apart.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from linkage.crypto.oprf import bulk
from linkage.crypto.oprf.rfc9497 import Mode, Suite, suite
from linkage.crypto.oprf.token import Numbers, material, oprf_inputs

if TYPE_CHECKING:
    from linkage.protocol.model import Protocol
    from linkage.protocol.stages import Exact

SEED_BYTES = 32


def key_holders(protocol: Protocol, seeds: Mapping[str, bytes] | None = None, *, cores: int | None = None) -> Numbers:
    """What `linkage.encode.encode` wants as `numbers`, with the keys of all key-holders at hand.

    Args:
        protocol: what was agreed.
        seeds: 32 bytes per key-holder; drawn when None, so give both parties of a trial the same value of this.
        cores: to use; None for all.
    """
    drawn = seeds or {party.id: os.urandom(SEED_BYTES) for party in protocol.key_holders}

    def numbers(field: str, values: Sequence[bytes]) -> list[bytes]:
        stage = protocol.exact_stage(field)
        assert stage is not None  # noqa: S101  # only asked for fields that are made this way
        one = suite_of(stage)
        inputs = oprf_inputs(protocol.digest, field, values)
        keys = [key_of(one, drawn[party.id], protocol.digest) for party in protocol.key_holders]
        return material([bulk.direct(one, key, inputs, cores=cores) for key in keys])

    return numbers


def suite_of(stage: Exact) -> Suite:
    """The suite of a stage in the mode that its check wants: proofs are of mode VOPRF.

    Raises:
        InputError: the machine lacks the suite's library, or the stage has no suite.
    """
    return suite(stage.oprf_suite or "", Mode.VOPRF if stage.check == "dleq" else Mode.OPRF)


def key_of(one: Suite, seed: bytes, protocol_digest: str) -> int:
    """A key-holder's private key for a linkage (DeriveKeyPair, RFC 9497 section 3.2.1)."""
    return one.derive_key(seed, b"linkage/v1/oprf-key\0" + protocol_digest.encode())
