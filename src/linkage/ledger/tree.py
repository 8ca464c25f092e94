"""Merkle trees of RFC 6962: pure functions over hashes.

Rules kept here:

- SHA-256; a leaf is hashed behind a zero byte, a node behind a one, so that neither passes for the other
  (RFC 6962 section 2.1).
- A proof is judged by all it holds: indices, sizes, the number of hashes and the length of each; nothing is left over.
- The algorithms are those of RFC 9162 (sections 2.1.3.2 and 2.1.4.2), in the form that also takes subtrees
  (draft-ietf-plants-merkle-tree-certs, section 4); tests/ledger/test_tree.py runs every published case through them,
  and a slow recursive twin (tests/reference.py) beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY = sha256(b"").digest()
"""Root of the tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf: SHA-256(0x00 || data)."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of a node: SHA-256(0x01 || left || right)."""
    return sha256(b"\1" + left + right).digest()


class Edge:
    """The right edge of a growing tree: as many hashes as its size has ones in binary, and from them its root."""

    def __init__(self) -> None:
        self.size = 0
        """Leaves so far."""
        self._peaks: list[bytes] = []  # roots of full subtrees, the largest first

    def append(self, leaf: bytes) -> None:
        """Add the hash of a leaf; one node is made per leaf, on average."""
        size, peaks = self.size, self._peaks
        while size & 1:
            leaf = sha256(b"\1" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Root of the tree as it is now."""
        return _folded(self._peaks) if self._peaks else EMPTY


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Root of the tree of these leaf hashes."""
    edge = Edge()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


def roots(leaves: Iterable[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """Roots of the first so many leaves, for each of some sizes; a size beyond the leaves has none. One pass."""
    wanted = set(sizes)
    found = {0: EMPTY} if 0 in wanted else {}
    if not wanted:
        return found
    edge, last = Edge(), max(wanted)
    for leaf in leaves:
        if edge.size >= last:
            break
        edge.append(leaf)
        if edge.size in wanted:
            found[edge.size] = edge.root()
    return found


def levels(leaves: Iterable[bytes]) -> list[list[bytes]]:
    """All levels of a tree, the leaves first, for making proofs: a node without a sibling rises as it is."""
    made = [list(leaves)]
    while len(made[-1]) > 1:
        below = made[-1]
        above = [sha256(b"\1" + left + right).digest() for left, right in zip(below[::2], below[1::2], strict=False)]
        made.append(above + below[-1:] if len(below) & 1 else above)
    return made


def inclusion(made: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Proof that leaf `index` is in the tree: the siblings on its way to the root, the lowest first.

    Args:
        made: `levels` of the tree.
        index: of the leaf, from 0.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(made[0]):
        raise IndexError(index)
    return _siblings(made, index)


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes, *, start: int = 0) -> bool:
    """Whether a proof shows a leaf hash at `index` of the tree of `size` leaves (RFC 9162 section 2.1.3.2).

    Args:
        leaf: its hash.
        index: its place in the tree, from 0.
        size: leaves of the tree; with `start`, the end of the subtree ``[start, size)``.
        proof: siblings, the lowest first.
        root: of the tree, or of the subtree.
        start: first leaf of a subtree.
    """
    if not _subtree(start, size) or not start <= index < size or not _hashes([leaf, root, *proof]):
        return False
    here, last = index - start, size - start - 1
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            leaf = node_hash(sibling, leaf)
            while not here & 1:  # without a sibling on its right it rises as it is
                here, last = here >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and leaf == root


def consistency(made: Sequence[Sequence[bytes]], first: int) -> list[bytes]:
    """Proof that the first so many leaves are the beginning of the tree (RFC 6962 section 2.1.2).

    Args:
        made: `levels` of the tree.
        first: size of the earlier tree, from 1.

    Raises:
        IndexError: the earlier tree is empty or larger.
    """
    size = len(made[0])
    if not 1 <= first <= size:
        raise IndexError(first)
    if first == size:
        return []
    here, low = first - 1, 0
    while here & 1:  # the last full subtree of the earlier tree is where the way to the root begins
        here, low = here >> 1, low + 1
    start = [made[low][here]] if here else []  # where it is the whole of it, its hash is known
    return start + _siblings(made[low:], here)


def consistent(first: int, size: int, root1: bytes, root2: bytes, proof: Sequence[bytes], *, start: int = 0) -> bool:
    """Whether a proof shows that a tree only grew (RFC 9162 section 2.1.4.2).

    Args:
        first: size of the earlier tree, from 1; with `start`, the end of the subtree ``[start, first)``.
        size: of the later one.
        root1: of the earlier tree, or of the subtree.
        root2: of the later tree.
        proof: as `consistency` makes it.
        start: first leaf of a subtree.
    """
    if not _subtree(start, first) or first > size or not _hashes(proof):
        return False
    low, here, last = start, first - 1, size - 1
    while low != here and (here == last or here & 1):
        low, here, last = low >> 1, here >> 1, last >> 1
    rest = iter(proof)
    old = new = root1 if low == here else next(rest, b"")
    for sibling in rest:
        if last == 0:
            return False
        if here & 1 or here == last:
            if low < here:
                old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not here & 1:
                low, here, last = low >> 1, here >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        low, here, last = low >> 1, here >> 1, last >> 1
    return last == 0 and old == root1 and new == root2


def hashes(data: bytes | bytearray) -> Iterator[bytes]:
    """The hashes that stand in one block, one behind the other."""
    for i in range(0, len(data), HASH_BYTES):
        yield bytes(data[i : i + HASH_BYTES])


def _siblings(made: Sequence[Sequence[bytes]], here: int) -> list[bytes]:
    found = []
    for level in made:
        if here ^ 1 < len(level):
            found.append(level[here ^ 1])
        here >>= 1
    return found


def _folded(peaks: Sequence[bytes]) -> bytes:
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def _subtree(start: int, end: int) -> bool:
    """Whether ``[start, end)`` is a subtree of some tree: aligned to the power of two that holds it."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def _hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
