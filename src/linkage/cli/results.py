"""Commands for what came out: results, and the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.cli.options import Options, file, in_protocol, shared

if TYPE_CHECKING:
    from linkage.report.result import Report


@click.group()
def result() -> None:
    """Results that were released to this organisation."""


def _reports(options: Options, name: str | None) -> list[Report]:
    from linkage.report.result import Report
    from linkage.roles import recipient

    linkage = options.home.linkage(name)
    return [Report(linkage.protocol, release, options.lang) for release in recipient.results(linkage)]


@result.command("show")
@in_protocol
@shared
def result_show(options: Options, name: str | None) -> None:
    """Show the results."""
    from linkage.report import result as reports

    found = _reports(options, name)
    options.show("\n\n".join(map(reports.as_text, found)), [reports.as_data(report) for report in found])


@result.command("export")
@click.argument("path", type=file)
@in_protocol
@shared
def result_export(options: Options, path: Path, name: str | None) -> None:
    """Write the result to a file: .html for a page, .csv for Excel, .json for a program."""
    from linkage import files
    from linkage.errors import InputError
    from linkage.report import result as reports

    writers = {".html": reports.as_html, ".csv": reports.as_csv, ".json": reports.as_json}
    if path.suffix not in writers:
        raise InputError(f"expected a name that ends in {', '.join(writers)}", where=path.name)
    found = _reports(options, name)
    paths = [path if i == 0 else path.with_stem(f"{path.stem}-{i + 1}") for i in range(len(found))]
    for report, target in zip(found, paths, strict=True):
        files.write(target, writers[path.suffix](report).encode())
    shown = [str(target) for target in paths]
    options.show("wrote " + ", ".join(shown), {"files": shown})


@click.group()
def ledger() -> None:
    """The ledger: what was done, so that anyone can check it."""


@ledger.command("show")
@shared
def ledger_show(options: Options) -> None:
    """Show this home's ledger, one act a line."""
    entries = options.home.ledger.entries()
    lines = [f"{e.index:4}  {e.at}  {e.act:15} {_facts(dict(e.facts))}" for e in entries]
    data = [
        {"index": e.index, "at": e.at, "act": e.act, "protocol": e.protocol, "facts": dict(e.facts)} for e in entries
    ]
    options.show("\n".join(lines), data)


def _facts(facts: dict[str, object]) -> str:
    short = {k: v[:19] + "..." if isinstance(v, str) and v.startswith("sha256:") else v for k, v in facts.items()}
    return ", ".join(f"{key} {value}" for key, value in short.items())


@ledger.command("verify")
@click.argument("folders", type=file, nargs=-1)
@shared
def ledger_verify(options: Options, folders: tuple[Path, ...]) -> None:
    """Verify ledgers, offline and without keys: this home's, or those in FOLDERS, also against each other."""
    from linkage.roles import auditor

    outcomes, crossed = auditor.verify_ledgers(list(folders) or [options.home_path])
    findings = [*(finding for outcome in outcomes for finding in outcome.findings), *crossed]
    holds = all(outcome.holds for outcome in outcomes) and not crossed
    from linkage.crypto import card as cards

    lines = [f"{o.party}: {len(o.entries)} entries, card {cards.letters(o.card)}" for o in outcomes]
    verdict = "ledger verified" if holds else "ledger NOT verified"
    data = {"verified": holds, "entries": {o.party: len(o.entries) for o in outcomes}}
    options.show(
        "\n".join([*lines, *map(str, findings), verdict]), {**data, "findings": [f.as_dict() for f in findings]}
    )
    if not holds:
        raise click.exceptions.Exit(1)
