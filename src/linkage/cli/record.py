"""Commands for the records of a linkage: log lines, register row, DPIA sections, a letter.

Rule kept here: without --out the record is printed; the form of a file follows from the end of its name. Lines about
persons are never printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.cli.options import Options, file, in_protocol, shared
from linkage.errors import InputError

if TYPE_CHECKING:
    from linkage.report.records.account import Account

out = click.option("--out", type=file, help="The file to write; printed when not named.")


@click.group()
def record() -> None:
    """Records of a linkage for your own files."""


@record.command("log")
@click.option("--persons", is_flag=True, help="One line per person whose row took part in the last run, to --out.")
@click.option("--id-type", default="lokaal kenmerk", show_default=True, help="What the local references are.")
@click.option("--key-file", type=file, help="Write pseudonyms (HMAC-SHA256) under this key in place of references.")
@click.option(
    "--activity", default="", metavar="URI", help="This linkage in your own register of processing activities."
)
@out
@in_protocol
@shared
def record_log(
    options: Options, persons: bool, id_type: str, key_file: Path | None, activity: str, out: Path | None,
    name: str | None,
) -> None:  # fmt: skip
    """Lines for the Logboek Dataverwerkingen.

    JSON, one a line, as the standard of Logius has it: one trace for the whole linkage, the same at every party.
    Lines are about acts, and hold nothing of a person. With --persons a custodian gets a line per person too, in a
    file that stays in its own house; the linkage unit knows nobody, and is refused.
    """
    from linkage import files
    from linkage.report.records import trace
    from linkage.roles import records

    linkage = options.home.linkage(name)
    if persons:
        if out is None:
            raise InputError("lines about persons go to a file, never to a screen", hint="Name one with --out.")
        key = files.read(key_file, limit=4_096).rstrip(b"\r\n") if key_file else None
        told = records.Told(id_type, key, options.lang, activity)
        records.refuse_persons(options.home, linkage, out, told)
        count = records.log_persons(options.home, options.unlock(), linkage, out, told)
        if key is None:
            options.warn(
                f"{out.name} holds references of persons in clear: it is for this organisation (or: --key-file)"
            )
        options.show(f"{count} lines in {out}", {"file": str(out), "persons": count})
        return
    lines = list(trace.lines(records.account(options.home, linkage), options.lang, activity))
    text = "".join(trace.to_text(lines))
    _put(options, out, {"": lambda: text, ".jsonl": lambda: text, ".json": lambda: text}, lines)


@record.command("register")
@out
@in_protocol
@shared
def record_register(options: Options, out: Path | None, name: str | None) -> None:
    """The row for the register of processing.

    GDPR art. 30, .csv for Excel, .json for a program. A processor gets the row of art. 30(2), every other party that
    of art. 30(1). What the protocol does not say, such as the data protection officer, says that it is yours to fill
    in.
    """
    from linkage.report.records import register

    account = _account(options, name)
    row, data = register.row(account, options.lang), register.as_data(account, options.lang)
    forms = {"": lambda: register.as_text(row), ".csv": lambda: register.as_csv(row), ".json": lambda: _json(data)}
    _put(options, out, forms, data)


@record.command("dpia")
@out
@in_protocol
@shared
def record_dpia(options: Options, out: Path | None, name: str | None) -> None:
    """A DPIA, pre-filled from the protocol.

    The sections of the Rijksmodel DPIA 3.0, in Dutch: .md for people, .json for the form of the Rijk. What people must
    still write is marked.
    """
    from datetime import UTC, datetime

    from linkage.report.records import dpia

    protocol = options.home.linkage(name).protocol
    data = dpia.as_data(protocol, datetime.now(UTC).isoformat(timespec="seconds"))
    text = dpia.as_markdown(protocol)
    _put(options, out, {"": lambda: text, ".md": lambda: text, ".json": lambda: _json(data)}, data)


@record.command("letter")
@out
@in_protocol
@shared
def record_letter(options: Options, out: Path | None, name: str | None) -> None:
    """A letter to the data protection officer.

    .txt or .html: what this organisation did on which day, on which declared basis, with which counts, and to whom what
    was sent, by its own ledger.
    """
    from linkage.report.records import letter
    from linkage.roles import records

    made = records.confirm(options.home, options.home.linkage(name), options.lang)
    forms = {
        "": lambda: letter.as_text(made),
        ".txt": lambda: letter.as_text(made),
        ".html": lambda: letter.as_html(made),
    }
    _put(options, out, forms, letter.as_data(made))


def _account(options: Options, name: str | None) -> Account:
    from linkage.roles import records

    return records.account(options.home, options.home.linkage(name))


def _put(options: Options, path: Path | None, forms: Mapping[str, Callable[[], str]], data: object) -> None:
    """Print the record, or write it in the form that the file's name asks for."""
    from linkage import files

    if path is None:
        options.show(forms[""]().rstrip("\n"), data)
        return
    if not path.suffix or path.suffix not in forms:
        raise InputError(f"expected a name that ends in {', '.join(filter(None, forms))}", where=path.name)
    files.write(path, forms[path.suffix]().encode())
    options.show(f"wrote {path}", {"file": str(path)})


def _json(data: object) -> str:
    import json

    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
