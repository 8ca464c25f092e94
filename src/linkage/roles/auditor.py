"""What an auditor does: check protocols and ledgers, offline, seeing no personal data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linkage import files
from linkage.crypto import card as cards
from linkage.findings import Finding, Severity
from linkage.ledger import log, verify
from linkage.ledger.verify import Verified


def verify_ledgers(folders: Sequence[Path]) -> tuple[list[Verified], tuple[Finding, ...]]:
    """Verify the ledger in each folder, and each against what the others saw of it.

    Args:
        folders: home folders, or copies that hold `card.json` and `ledger/ledger.jsonl`. No key is needed.

    Returns:
        One outcome per folder, and what the comparison found.

    Raises:
        InputError: a folder has no card or no ledger.
    """
    outcomes = []
    for folder in folders:
        card = cards.from_bytes(
            files.read(folder / "card.json", limit=cards.MAX_BYTES), where=f"{folder.name}/card.json"
        )
        data = files.read(folder / "ledger" / log.NAME)
        outcomes.append(verify.verify(data, card, where=f"{folder.name}/{log.NAME}"))
    twice = [
        Finding("L106", Severity.ERROR, outcome.party, "two ledgers of one party were given: compare one at a time")
        for i, outcome in enumerate(outcomes)
        if outcome.party in [other.party for other in outcomes[:i]]
    ]
    crossed = verify.crosscheck({outcome.party: outcome.entries for outcome in outcomes})
    return outcomes, (*twice, *crossed)
