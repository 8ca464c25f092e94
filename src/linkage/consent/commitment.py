"""Whether the row of one person took part, shown later to an auditor without the list of the others.

Rules kept here:

- The rows of a run, with what became of each, are the leaves of a Merkle tree (RFC 6962, `linkage.ledger.tree`); its
  root stands in the ledger. A leaf is SHA-256(0x00 || salt || canonical JSON of [reference, outcome]).
- Every leaf has a salt of its own: HMAC-SHA256 of the row's place under a key that was made for the run and stays in
  the registry. A proof gives away the salt of its row; no other row can be tried with it, nor from the root.
- Leaves stand in the order of their hashes, so that a place in the tree tells nothing of a place in the file.
- A proof holds no reference: who checks it says whose it is, and it holds for no one else (tests/consent/
  test_commitment.py tries every other reference, outcome, place, salt and root).

What it cannot show: that a person has no row at all, nor that the file was the right one. An owner who gives a person
two rows can show either; the counts in the ledger and the digest of the file are what binds him there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from linkage import canonical
from linkage.crypto import mac
from linkage.ledger import tree

KEY_BYTES = 32
INCLUDED = "included"
"""Outcome of a row that took part; of the others it is the reason."""


@dataclass(frozen=True)
class Shown:
    """One row of a person, and its way to the root."""

    outcome: str
    index: int
    """Place of the leaf in the tree."""
    salt: bytes = field(repr=False)
    siblings: tuple[bytes, ...] = field(repr=False)
    """Lowest first."""


@dataclass(frozen=True)
class Run:
    """The rows of one run, which stay with their owner."""

    key: bytes = field(repr=False)
    """32 bytes, of which the salts are derived."""
    rows: Sequence[tuple[str, str]] = field(repr=False)
    """Reference (empty where a row has none) and outcome, in the order of the file."""

    def root(self) -> bytes:
        """What the ledger gets."""
        return tree.root_of(sorted(self._leaves()))

    def show(self, reference: str) -> list[Shown]:
        """The rows of one person; empty where there is none."""
        leaves = self._leaves()
        levels = tree.levels(sorted(leaves))
        place = {leaf: at for at, leaf in enumerate(levels[0])}
        salts = self._salts()
        return [
            Shown(outcome, place[leaf], salt, tuple(tree.inclusion(levels, place[leaf])))
            for (of, outcome), leaf, salt in zip(self.rows, leaves, salts, strict=True)
            if of == reference
        ]

    def _salts(self) -> list[bytes]:
        return list(mac.macs(self.key, "sha256", (at.to_bytes(8, "big") for at in range(len(self.rows)))))

    def _leaves(self) -> list[bytes]:
        return [_leaf(salt, *row) for salt, row in zip(self._salts(), self.rows, strict=True)]


def run(references: Sequence[str | None], outcomes: Sequence[str]) -> Run:
    """A run over these rows, under a key from the operating system's generator."""
    rows = [(reference or "", outcome) for reference, outcome in zip(references, outcomes, strict=True)]
    return Run(os.urandom(KEY_BYTES), rows)


def holds(shown: Shown, reference: str, root: bytes, size: int) -> bool:
    """Whether a row of this reference had this outcome in the run with that root.

    Args:
        shown: from the proof.
        reference: of the person, as the one who checks knows it.
        root: from the owner's ledger.
        size: number of rows, from the same entry.
    """
    if not reference or len(shown.salt) != tree.HASH_BYTES:
        return False
    leaf = _leaf(shown.salt, reference, shown.outcome)
    return tree.included(leaf, shown.index, size, shown.siblings, root)


def _leaf(salt: bytes, reference: str, outcome: str) -> bytes:
    return tree.leaf_hash(salt + canonical.to_bytes([reference, outcome]))
