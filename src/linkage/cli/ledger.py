"""Commands for the ledger: what was done, and what others can check of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linkage.cli.options import Options, file, shared

if TYPE_CHECKING:
    from linkage.ledger.entries import Entry
    from linkage.ledger.verify import Verified


@click.group()
def ledger() -> None:
    """The ledger: what was done, so that anyone can check it."""


@ledger.command()
@shared
def show(options: Options) -> None:
    """Show this home's ledger, one act a line."""
    entries = options.home.ledger.entries()
    options.show("\n".join(map(_line, entries)), list(map(_data, entries)))


@ledger.command()
@click.argument("paths", type=file, nargs=-1)
@click.option("--card", "cards", type=file, multiple=True, help="A card that you compared with its owner; repeatable.")
@shared
def verify(options: Options, paths: tuple[Path, ...], cards: tuple[Path, ...]) -> None:
    """Verify ledgers, offline and without keys: this home's, or those in PATHS, also against each other.

    A path is a home folder, a ledger file, or a file that `ledger export` or `ledger prove` made.
    """
    from linkage.roles import auditor

    outcomes, crossed = auditor.verify_ledgers(list(paths) or [options.home_path], cards)
    findings = [*(finding for outcome in outcomes for finding in outcome.findings), *crossed]
    holds = not any(finding.severity == "error" for finding in findings)
    proofs = [outcome for outcome in outcomes if outcome.entry]
    what = "proof" if len(proofs) == len(outcomes) else "ledger"
    verdict = f"{what} verified" if holds else f"{what} NOT verified"
    options.show(
        "\n".join([*map(_summary, outcomes), *map(str, findings), verdict]),
        {
            "verified": holds,
            "entries": {o.party: o.size for o in outcomes if o.entry is None},
            "proofs": [{"party": o.party, **_data(o.entry)} for o in proofs if o.entry],
            "findings": [f.as_dict() for f in findings],
        },
    )
    if not holds:
        raise click.exceptions.Exit(1)


@ledger.command()
@click.argument("index", type=int)
@click.argument("path", type=file)
@shared
def prove(options: Options, index: int, path: Path) -> None:
    """Write one entry (INDEX as in `ledger show`) and the proof that it is in the ledger to a file, and nothing else.

    Whoever gets the file checks it with `ledger verify`.
    """
    from linkage.roles import auditor

    auditor.hand_proof(options.home, index, path)
    options.show(f"wrote {path}", {"file": str(path), "index": index})


@ledger.command("export")
@click.argument("path", type=file)
@shared
def export_(options: Options, path: Path) -> None:
    """Write the whole ledger with card and checkpoint to one file, for an auditor."""
    from linkage.roles import auditor

    auditor.hand_ledger(options.home, path)
    options.show(f"wrote {path}", {"file": str(path)})


def _summary(outcome: Verified) -> str:
    from linkage.crypto import card as cards

    card = f"card {cards.letters(outcome.card)}"
    if outcome.entry is None or outcome.shown is None:
        return f"{outcome.party}: {outcome.size} entries, {card}"
    return f"{outcome.party}: one entry of {outcome.shown.size}, {card}\n{_line(outcome.entry)}"


def _line(entry: Entry) -> str:
    facts = ", ".join(f"{key} {_short(value)}" for key, value in entry.facts.items())
    text = f"{entry.index:4}  {entry.at}  {entry.act:15} {facts}".rstrip()
    return "".join(sign if sign.isprintable() else "?" for sign in text)  # it may be another's, and steers no terminal


def _short(value: object) -> object:
    """A fact on a line: digests by their first signs, checkpoints by their size."""
    if not isinstance(value, str):
        return value
    if value.startswith("sha256:"):
        return f"{value[:19]}..."
    origin, _, rest = value.partition("\n")
    return f"{origin} size {rest.partition(chr(10))[0]}" if rest else value


def _data(entry: Entry) -> dict[str, Any]:
    return {
        "index": entry.index, "at": entry.at, "act": entry.act, "protocol": entry.protocol, "facts": dict(entry.facts),
        "software": entry.software,
    }  # fmt: skip
