"""Commands for what came out: results."""

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
    text = [*map(reports.as_text, found), *_own_rows(options, name)]
    options.show("\n\n".join(text), [reports.as_data(report) for report in found])


def _own_rows(options: Options, name: str | None) -> list[str]:
    """Which of its own rows this organisation left out and why, by its own ledger; nobody else is told."""
    from linkage.report.planned import own_rows

    digest = options.home.linkage(name).protocol.digest
    runs = [e for e in options.home.ledger.entries() if e.act == "tokenise" and e.protocol == digest]
    return [own_rows(runs[-1].at[:10], runs[-1].facts["judged"], options.lang)] if runs else []


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
