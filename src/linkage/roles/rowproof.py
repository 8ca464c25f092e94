"""What became of one person's row: kept at every run, shown to an auditor for one person, checked offline.

Rules kept here:

- The registry keeps the rows of a run and its key; the ledger gets root and number of rows, nothing else.
- The proof is one file: the row's way to the root, and the ledger's own proof of the entry that holds the root. It
  holds no reference, and nothing of any other person.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage import canonical, files
from linkage.consent import commitment
from linkage.consent.commitment import INCLUDED, Shown
from linkage.consent.judge import Judgement
from linkage.consent.registry import Registry
from linkage.crypto import signature
from linkage.errors import InputError, Refused, Untrusted
from linkage.ledger import export, log, tree
from linkage.ledger.entries import Entry
from linkage.ledger.verify import Verified
from linkage.roles import auditor
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

FORMAT = "linkage-row-proof"
NOT_SENT = "not asked of key-holders"
"""Outcome of a row that may take part by now, and could not when the key-holders were asked."""
MAX_BYTES = 2 * export.MAX_HEAD
_KEYS = {FORMAT, "entry", "rows"}
_ROW = {"outcome", "index", "salt", "siblings"}


@dataclass(frozen=True)
class Checked:
    """A proof that holds: what became of a person's rows."""

    outcomes: tuple[str, ...]
    """``included`` or the reason, one per row of the person that was shown."""
    entry: Entry
    """The entry of the run in the owner's ledger."""
    ledger: Verified
    """With the card that the ledger was checked with: whether it is the owner's is for a person to know."""


def commit(
    home: Home, protocol: str, references: list[str | None] | None, judged: Judgement, sent: NDArray[np.bool_]
) -> dict[str, Any] | None:
    """Keep what became of every row of a run. Returns root and number of rows for the ledger.

    None where the file has no local references: then nobody can say which row was whose.

    Args:
        home: of the custodian.
        protocol: its digest.
        references: local reference per row.
        judged: why each row stays, or may take part.
        sent: ``bool[n]``: which of those that may did; key-holders may have been asked before the others could.
    """
    if references is None:
        return None
    words = [INCLUDED, *judged.excluded]
    outcomes = [words[reason] for reason in judged.reasons.tolist()]
    for row in np.flatnonzero(judged.included & ~sent).tolist():
        outcomes[row] = NOT_SENT
    made = commitment.run(references, outcomes)
    root = canonical.DIGEST_PREFIX + made.root().hex()
    Registry(home.consent).keep_run(root, protocol, made)
    return {"root": root, "rows": len(made.rows)}


def prove(home: Home, linkage: Linkage, reference: str, path: Path) -> tuple[str, ...]:
    """Write the proof of one person's rows in the last run of a linkage to a file. Returns the outcomes.

    Raises:
        Refused: there was no run, or the person has no row in it.
        Untrusted: the ledger is damaged.
    """
    entry = _last(home, linkage)
    kept = Registry(home.consent).run(entry.facts["commitment"]["root"])
    shown = kept.show(reference) if kept else []
    if not shown:
        raise Refused("no row of this person was in the file of the last run", hint="Nothing can be proved of a row.")
    with log.opened(home.ledger.path) as stream:
        proof = export.prove(stream, auditor.cards_of(home.path), entry.index)
    rows = [
        {"outcome": one.outcome, "index": one.index, "salt": signature.to_text(one.salt),
         "siblings": list(map(signature.to_text, one.siblings))}
        for one in shown
    ]  # fmt: skip
    files.write(path, canonical.to_bytes({FORMAT: 1, "entry": canonical.from_bytes(proof), "rows": rows}))
    return tuple(one.outcome for one in shown)


def check(path: Path, reference: str) -> Checked:
    """Check a proof for a person, offline.

    Args:
        path: the file.
        reference: the local reference of the person whose rows it should show.

    Raises:
        InputError: not a proof.
        Untrusted: it does not hold: of another person, altered, or of another ledger.
    """
    value = canonical.from_bytes(files.read(path, limit=MAX_BYTES), where=path.name)
    if not isinstance(value, dict) or set(value) != _KEYS or type(value[FORMAT]) is not int or value[FORMAT] != 1:
        raise InputError("not a proof of a row (version 1)", where=path.name)
    ledger = export.check_proof(canonical.to_bytes(value["entry"]), where=path.name)
    entry = ledger.entry
    if not ledger.holds or entry is None or entry.act != "tokenise":
        raise Untrusted("the entry of the ledger in it does not hold", where=path.name)
    root, size = _committed(entry, path.name)
    rows = _rows(value["rows"], path.name)
    if not rows or not all(commitment.holds(row, reference, root, size) for row in rows):
        raise Untrusted(
            "does not hold for this reference: of another person, altered, or of another run", where=path.name
        )
    return Checked(tuple(row.outcome for row in rows), entry, ledger)


def _last(home: Home, linkage: Linkage) -> Entry:
    runs = [e for e in home.ledger.entries() if e.act == "tokenise" and e.protocol == linkage.protocol.digest]
    committed = [e for e in runs if e.facts.get("commitment")]
    if not committed:
        raise Refused(
            "no run of this linkage kept what became of each row",
            hint="The config names no `reference`." if runs else "Run `linkage tokenise` first.",
        )
    return committed[-1]


def _committed(entry: Entry, where: str) -> tuple[bytes, int]:
    said = entry.facts.get("commitment")
    try:
        root, size = bytes.fromhex(said["root"].removeprefix(canonical.DIGEST_PREFIX)), said["rows"]  # type: ignore[index]
    except (TypeError, KeyError, AttributeError, ValueError):
        root, size = b"", 0
    if len(root) != tree.HASH_BYTES or type(size) is not int:
        raise Untrusted("the entry of the ledger in it holds no root", where=where)
    return root, size


def _rows(values: Any, where: str) -> list[Shown]:
    def fault() -> Untrusted:
        return Untrusted("not a proof of a row: damaged or altered", where=where)

    if not isinstance(values, list):
        raise fault()
    found = []
    for value in values:
        if not isinstance(value, dict) or set(value) != _ROW or not isinstance(value["siblings"], list):
            raise fault()
        if not isinstance(value["outcome"], str) or type(value["index"]) is not int:
            raise fault()
        salt, *siblings = (
            signature.from_text(text, tree.HASH_BYTES, where=where) for text in (value["salt"], *value["siblings"])
        )
        found.append(Shown(value["outcome"], value["index"], salt, tuple(siblings)))
    return found
