"""Commands for what came out: results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.cli.options import Options, file, in_protocol, shared

if TYPE_CHECKING:
    from linkage.report.planned import OwnRows
    from linkage.report.result import Report


@click.group()
def result() -> None:
    """Results that were released to this organisation."""


def _reports(options: Options, name: str | None, own: OwnRows | None = None) -> list[Report]:
    from linkage.report.result import ReleaseFile, Report
    from linkage.roles import recipient

    linkage = options.home.linkage(name)
    return [
        Report(linkage.protocol, one.release, options.lang, own=own, file=ReleaseFile(one.file, one.digest))
        for one in recipient.received(linkage)
    ]


@result.command("show")
@in_protocol
@shared
def result_show(options: Options, name: str | None) -> None:
    """Show the results, the answer first. Of a list of re-contact: how many, and on whose decision; who they are,
    `contacts` writes."""
    from linkage.report.result import as_data
    from linkage.report.text import as_text

    if options.home.linkage(name).protocol.mode == "recontact":
        _show_lists(options, name)
        return
    found, own = _reports(options, name), _own_rows(options, name)
    text = [*map(as_text, found), *([own.as_text(options.lang)] if own else [])]
    options.show("\n\n".join(text), [as_data(report) for report in found])


def _show_lists(options: Options, name: str | None) -> None:
    from linkage.report import returned
    from linkage.roles import contacts

    found = contacts.lists(options.home, options.unlock(), options.home.linkage(name))
    own = _own_rows(options, name)
    text = [*(returned.as_text(one, options.lang) for one in found), *([own.as_text(options.lang)] if own else [])]
    options.show("\n\n".join(text), [returned.as_data(one) for one in found])


def _own_rows(options: Options, name: str | None) -> OwnRows | None:
    """Which of its own rows this organisation left out and why, by its own ledger; nobody else is told."""
    from linkage.report.planned import OwnRows

    digest = options.home.linkage(name).protocol.digest
    runs = [e for e in options.home.ledger.entries() if e.act == "tokenise" and e.protocol == digest]
    return OwnRows(runs[-1].at[:10], runs[-1].facts["judged"]) if runs else None


@result.command("export")
@click.argument("path", type=file)
@click.option("--for-others", is_flag=True, help="Leave out the counts of your own rows: these stay here.")
@in_protocol
@shared
def result_export(options: Options, path: Path, name: str | None, for_others: bool) -> None:
    """Write the result to a file: .html for a page, .xlsx or .csv for Excel, .json for a program. A page and a workbook
    also tell which of your own rows were left out and why, unless they are for others."""
    from linkage import files
    from linkage.errors import InputError
    from linkage.report import page, sheets
    from linkage.report import result as reports

    writers: dict[str, Callable[[Report], str | bytes]] = {
        ".html": page.as_html, ".xlsx": sheets.as_xlsx, ".csv": sheets.as_csv, ".json": reports.as_json
    }  # fmt: skip
    if path.suffix not in writers:
        raise InputError(f"expected a name that ends in {', '.join(writers)}", where=path.name)
    found = _reports(options, name, None if for_others else _own_rows(options, name))
    paths = [path if i == 0 else path.with_stem(f"{path.stem}-{i + 1}") for i in range(len(found))]
    for report, target in zip(found, paths, strict=True):
        made = writers[path.suffix](report)
        files.write(target, made.encode() if isinstance(made, str) else made)
    shown = [str(target) for target in paths]
    options.show("wrote " + ", ".join(shown), {"files": shown})


@result.command("contacts")
@click.argument("path", type=file)
@in_protocol
@click.option("--output", help="Which list, where more than one is here.")
@shared
def result_contacts(options: Options, path: Path, name: str | None, output: str | None) -> None:
    """Open a list of re-contact: write the own references of who may be approached to a CSV file for Excel.

    Consent is looked at again on this day. The file holds personal data; it is yours to keep and to remove.
    """
    from linkage.errors import InputError
    from linkage.report import returned
    from linkage.roles import contacts

    if path.suffix != ".csv":
        raise InputError("expected a name that ends in .csv", where=path.name)
    home, identity = options.home, options.unlock()
    made = contacts.write(home, identity, home.linkage(name), path, lang=options.lang, output=output)
    text = f"{returned.as_text(made, options.lang)}\nwrote {path}"
    options.show(text, {**returned.as_data(made), "file": str(path)})
