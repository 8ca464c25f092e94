"""What an owner hands to an auditor: the whole ledger in one file, or one entry and the proof that it is in there.

Rules kept here:

- Both files hold all that is needed to check them, cards included; whether a card is theirs is for a person to know.
- An exported ledger is one line (cards and checkpoint) before the ledger's own lines, byte for byte.
- A proof shows one entry, the checkpoint, and hashes; of the other entries it tells how many there are, no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

from linkage import canonical
from linkage.crypto import card as cards
from linkage.crypto import signature
from linkage.crypto.card import Card
from linkage.errors import InputError, Untrusted
from linkage.findings import Finding, Severity
from linkage.ledger import checkpoint, entries, tree
from linkage.ledger.checkpoint import Checkpoint
from linkage.ledger.verify import Verified, verify

LEDGER, PROOF = "linkage-ledger", "linkage-ledger-proof"
MAX_HEAD = 1 << 20
"""Bytes of the first line of an exported ledger, and of a proof."""


def kind(first: bytes) -> str:
    """What a file is, by its first line: `LEDGER`, `PROOF`, or empty for a bare ledger or anything else."""
    for name in (LEDGER, PROOF):
        if first.startswith(b'{"cards":[') and b'"%s":1' % name.encode() in first:
            return name
    return ""


def head(of: Sequence[Card], shown: Checkpoint) -> bytes:
    """The first line of an exported ledger; the ledger's own lines come behind it."""
    return canonical.to_bytes({LEDGER: 1, "cards": list(map(_plain, of)), "checkpoint": shown.note}) + b"\n"


def check_ledger(stream: BinaryIO, *, where: str) -> Verified:
    """Check an exported ledger, as `linkage.ledger.verify.verify` does a bare one.

    Raises:
        InputError, Untrusted: its first line is not one.
    """
    value = _read(stream.readline(MAX_HEAD).removesuffix(b"\n"), LEDGER, {"cards", "checkpoint"}, where)
    shown = checkpoint.parse(value["checkpoint"], where=where)
    return verify(stream, _cards(value["cards"], where), where=where, shown=shown)


def prove(stream: BinaryIO, of: Sequence[Card], index: int) -> bytes:
    """The proof of one entry, as a file. Other lines are hashed and not read, so the proof is checked in the end.

    Args:
        stream: the ledger file.
        of: its cards.
        index: of the entry, from 0.

    Raises:
        InputError: there is no such entry.
        Untrusted: the ledger does not hold.
    """
    leaves: list[bytes] = []
    wanted = last = b""
    for line in entries.lines(stream):
        wanted = line if len(leaves) == index else wanted
        leaves.append(entries.leaf_of(line))
        last = line
    if not wanted:
        raise InputError(f"no entry {index}: the ledger has entries 0 to {len(leaves) - 1}", where=entries.NAME)
    levels = tree.levels(leaves)
    entry, end = entries.entry(wanted, where=entries.NAME), entries.entry(last, where=entries.NAME)
    proof = {
        PROOF: 1, "cards": list(map(_plain, of)), "checkpoint": end.checkpoint(of[-1], levels[-1][0]).note,
        "entry": canonical.from_bytes(entry.data),
        "siblings": list(map(signature.to_text, tree.inclusion(levels, index))),
    }  # fmt: skip
    data = canonical.to_bytes(proof)
    if not check_proof(data, where=entries.NAME).holds:
        raise Untrusted(
            "does not hold, so nothing in it can be proved", where=entries.NAME, hint="`linkage ledger verify`"
        )
    return data


def check_proof(data: bytes, *, where: str) -> Verified:
    """Check the proof of one entry. The outcome holds the entry.

    Raises:
        InputError, Untrusted: not a proof.
    """
    value = _read(data, PROOF, {"cards", "checkpoint", "entry", "siblings"}, where)
    of, shown = _cards(value["cards"], where), checkpoint.parse(value["checkpoint"], where=where)
    entry = entries.bare(canonical.to_bytes(value["entry"]), where=where)
    if not isinstance(value["siblings"], list):
        raise Untrusted("not a proof of an entry: damaged or altered", where=where)
    siblings = [signature.from_text(text, tree.HASH_BYTES, where=where) for text in value["siblings"]]
    findings = []
    try:
        checkpoint.verify(shown, of[-1], where=where)
    except Untrusted as error:
        findings.append(Finding("L103", Severity.ERROR, where, error.message))
    if not tree.included(entry.leaf, entry.index, shown.size, siblings, shown.root):
        message = f"the entry is not number {entry.index} of the ledger of this checkpoint: altered, or of another"
        findings.append(Finding("L115", Severity.ERROR, where, message))
    if entry.party != of[0].party:
        message = f"entry of {entry.party}, not of {of[0].party}"
        findings.append(Finding("L102", Severity.ERROR, where, message))
    return Verified(of, 1, tuple(findings), where, shown, entry)


def _read(line: bytes, kind: str, keys: set[str], where: str) -> Any:
    value = canonical.from_bytes(line, where=where)
    if not isinstance(value, dict) or set(value) != {kind, *keys} or value[kind] is True or value[kind] != 1:
        raise InputError("neither an exported ledger nor a proof of an entry (version 1)", where=where)
    return value


def _cards(values: Any, where: str) -> tuple[Card, ...]:
    if not isinstance(values, list) or not values:
        raise Untrusted("no card of the ledger's owner", where=where)
    found = tuple(cards.from_bytes(canonical.to_bytes(value), where=where) for value in values)
    if len({card.party for card in found}) > 1:
        raise Untrusted("cards of more than one party", where=where)
    return found


def _plain(card: Card) -> Any:
    return canonical.from_bytes(card.to_bytes())
