"""What an auditor does: check ledgers, offline, seeing no personal data; and what an owner hands over for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto.card import Card
from linkage.errors import InputError
from linkage.findings import Finding, Severity
from linkage.ledger import cross, entries, export, log, verify
from linkage.ledger.verify import Verified
from linkage.roles.home import Home


def verify_ledgers(paths: Sequence[Path], known: Iterable[Path] = ()) -> tuple[list[Verified], tuple[Finding, ...]]:
    """Verify ledgers and proofs of entries, and each against what the others say of it.

    Args:
        paths: home folders, or copies that hold `card.json` and `ledger/ledger.jsonl`; ledger files; exported ledgers;
            proofs of entries. No key is needed.
        known: card files whose fingerprints the auditor compared; a ledger of the same party under another card is
            then an error, and a bare ledger file needs no card beside it.

    Returns:
        One outcome per path, and what the comparison found.

    Raises:
        InputError: a path that is none of these, or a ledger without a card.
    """
    trusted = {card.party: card for card in map(_card, known)}
    outcomes = [_as_known(_verify(path, trusted), trusted) for path in paths]
    return outcomes, cross.crosscheck(outcomes)


def hand_ledger(home: Home, path: Path) -> None:
    """Write the whole ledger with card and checkpoint to one file.

    Raises:
        InputError: the file cannot be written.
        Untrusted: the ledger is damaged.
    """
    with home.ledger.held():  # nothing comes behind the checkpoint meanwhile
        head = export.head(cards_of(home.path), home.ledger.checkpoint(home.card))
        with files.atomic(path) as target, log.opened(home.ledger.path) as lines:
            target.write(head)
            shutil.copyfileobj(lines, target)


def hand_proof(home: Home, index: int, path: Path) -> None:
    """Write one entry, and the proof that it is in the ledger, to a file; of the others it shows nothing.

    Raises:
        InputError: there is no such entry, or the file cannot be written.
        Untrusted: the ledger is damaged.
    """
    with log.opened(home.ledger.path) as stream:
        files.write(path, export.prove(stream, cards_of(home.path), index))


def _verify(path: Path, trusted: dict[str, Card]) -> Verified:
    if path.is_dir():
        with log.opened(path / "ledger" / entries.NAME) as stream:
            return verify.verify(stream, cards_of(path), where=f"{path.name}/{entries.NAME}")
    with log.opened(path) as stream:
        kind = export.kind(stream.readline(export.MAX_HEAD))
        stream.seek(0)
        if kind == export.PROOF:
            return export.check_proof(stream.read(export.MAX_HEAD), where=path.name)
        if kind == export.LEDGER:
            return export.check_ledger(stream, where=path.name)
        return verify.verify(stream, _beside(path, trusted), where=path.name)


def cards_of(home: Path) -> list[Card]:
    """The cards that sign the ledger of a home, in the order in which they do."""
    own = _card(home / "card.json")
    return [one.card for one in Home(home).known(own.party)] or [own]


def _beside(path: Path, trusted: dict[str, Card]) -> list[Card]:
    """The cards for a bare ledger file: those in its folder or its home, or the only one that was given.

    Raises:
        InputError: there is none.
    """
    for folder in (path.absolute().parent, path.absolute().parents[1]):
        if (folder / "card.json").is_file():
            return cards_of(folder)
    if len(trusted) == 1:
        return list(trusted.values())
    raise InputError(
        "no card beside this ledger",
        where=str(path),
        hint="Name the card of its owner with --card, or ask for a file made by `linkage ledger export`.",
    )


def _as_known(outcome: Verified, trusted: dict[str, Card]) -> Verified:
    """The outcome, with an error where the ledger shows another card of a party than the auditor knows."""
    card = trusted.get(outcome.party)
    if card is None or card in outcome.cards:  # cards of one ledger vouch for each other
        return outcome
    message = f"shows another card of {outcome.party} than the one given: somebody else's ledger, or an older card"
    return replace(outcome, findings=(*outcome.findings, Finding("L116", Severity.ERROR, outcome.where, message)))


def _card(path: Path) -> Card:
    return cards.from_bytes(files.read(path, limit=cards.MAX_BYTES), where=f"{path.absolute().parent.name}/{path.name}")
