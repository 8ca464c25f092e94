"""Commands for the registry of consent: import, give, withdraw, status, export.

Rule kept here: a person's reference is never an argument, which a shell keeps; it comes by prompt, file or standard
input.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linkage.cli.custodian import _config, with_config, with_sheet
from linkage.cli.options import Options, file, in_protocol, shared, table
from linkage.errors import InputError

if TYPE_CHECKING:
    from linkage.consent.event import Event

of_person = click.option(
    "--reference-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Read the person's reference from a file, or from standard input with -; asked for otherwise.",
)
purpose = click.option("--purpose", help="Id of the protocol it is for; the linkage in this home when not named.")
on = click.option("--on", metavar="YYYY-MM-DD", help="The day it was said; today when not named.")
method = click.option("--method", default="", help="How it was said, for instance form or telephone.")
evidence = click.option("--evidence", default="", help="Where the proof is, for instance the number of a form.")
instemming = click.option(
    "--instemming", is_flag=True, help="Agreement to hand-over (WEB art. 9.2.13), which is not consent."
)


def _reference(path: Path | None) -> str:
    from linkage import files

    if path is None:
        text: str = click.prompt("Reference of the person", err=True)
    elif str(path) == "-":
        text = sys.stdin.readline(4_096)
    else:
        text = files.read(path, limit=4_096).decode("utf-8-sig", "replace")
    lines = text.strip().splitlines()
    if len(lines) != 1:
        raise InputError(f"expected the reference of one person, got {len(lines)} lines", where=str(path or "prompt"))
    return lines[0].strip()


@click.group()
def consent() -> None:
    """The registry of consent of this organisation."""


@consent.command("import")
@click.argument("path", type=file)
@with_sheet
@with_config
@shared
def consent_import(options: Options, path: Path, sheet: str | None, config_path: Path | None) -> None:
    """Add a file of consent events (CSV, Parquet, Excel) to the registry, all or none.

    A file read twice adds nothing. A later file adds to what is there: nobody is taken out because a file does not
    name them.
    """
    from linkage.roles import consents

    config = _config(options, config_path)
    if sheet and config.consent:
        config = config.model_copy(update={"consent": config.consent.model_copy(update={"sheet": sheet})})
    read = consents.import_consent(options.home, options.unlock(), path, config)
    for finding in read.findings:
        options.warn(str(finding))
    counts = asdict(read.counts)
    text = f"{counts['events']} events, {counts['new']} new"
    text += f", {counts['changed']} of them changed" if counts["changed"] else ""
    text += f"; {counts['absent']} persons in the registry are not in this file, and stay" if counts["absent"] else ""
    options.show(text, counts)


def _said(options: Options, reference: str, status: str, **others: Any) -> Event:
    """An event, for the linkage of this home unless a purpose is named, of today unless a day is."""
    from linkage.consent.event import Event
    from linkage.roles import home as homes

    others["purpose"] = others.get("purpose") or options.home.linkage(None).protocol.id
    others["at"] = others.pop("on") or homes.today().isoformat()
    others["kind"] = "instemming" if others.pop("instemming") else "consent"
    return Event(reference, status=status, **others)


@consent.command("give")
@of_person
@purpose
@on
@method
@evidence
@instemming
@click.option("--until", "valid_until", default="", metavar="YYYY-MM-DD", help="Last day on which it holds.")
@click.option("--notice", default="", help="Version of the privacy notice that the person saw.")
@click.option("--type", type=click.Choice(["informed", "expressed", "explicit"]), default="informed", show_default=True)
@click.option("--age", type=click.IntRange(0, 120), help="The person's age in years on that day.")
@click.option("--representative", is_flag=True, help="Given by the legal representative: needed below 16.")
@shared
def consent_give(
    options: Options, reference_file: Path | None, age: int | None, representative: bool, **said: Any
) -> None:
    """Write down that a person gives consent."""
    from linkage.roles import consents

    by = "representative" if representative else "person"
    reference = _reference(reference_file)
    event = _said(options, reference, "given", age="" if age is None else str(age), given_by=by, **said)
    new = consents.say(options.home, options.unlock(), event)
    options.show(f"given for {event.purpose} on {event.at}", {"purpose": event.purpose, "at": event.at, "new": new})


@consent.command("withdraw")
@of_person
@purpose
@on
@method
@evidence
@instemming
@shared
def consent_withdraw(options: Options, reference_file: Path | None, **said: Any) -> None:
    """Write down that a person withdraws: for one purpose, or without --purpose for all that stand."""
    from linkage.roles import consents

    everywhere = not said["purpose"]
    said["purpose"] = said["purpose"] or "all"
    event = _said(options, _reference(reference_file), "withdrawn", **said)
    purposes = consents.withdraw(options.home, options.unlock(), event, everywhere=everywhere)
    options.show(f"withdrawn for {', '.join(purposes)} on {event.at}", {"purposes": list(purposes), "at": event.at})


@consent.command("status")
@click.option("--person", is_flag=True, help="Say where one person stands, in one sentence.")
@of_person
@in_protocol
@shared
def consent_status(options: Options, person: bool, reference_file: Path | None, name: str | None) -> None:
    """Count where people stand on the protocol's reference date, or say where one person stands."""
    from linkage.consent.registry import Registry
    from linkage.report.person import sentence
    from linkage.roles import consents

    linkage = options.home.linkage(name)
    if person or reference_file:
        found = consents.person(options.home, linkage, _reference(reference_file))
        text = sentence(found, options.lang)
        event = {} if found.event is None else {k: v for k, v in asdict(found.event).items() if k != "reference"}
        data = {"standing": found.standing, "instemming": found.agreed, "last": event, "sentence": text}
        options.show(text, data)
        return
    agreed = linkage.protocol
    counts = dict(Registry(options.home.consent).counts(agreed.id, agreed.reference_date))
    options.show(table(counts) or "nobody was asked", counts)


@consent.command("export")
@click.option("--format", "form", type=click.Choice(["dpv", "csv"]), default="csv", show_default=True)
@click.option("--out", type=file, required=True, help="The file to write.")
@click.option("--address", default="", help="Postal address of this organisation, which a consent record must have.")
@in_protocol
@shared
def consent_export(options: Options, form: str, out: Path, address: str, name: str | None) -> None:
    """Write every event of a linkage to a file: W3C DPV (ISO/IEC TS 27560) as JSON-LD, or CSV.

    The file holds local references: it is for this organisation, its auditor, and each person for their own part.
    """
    from linkage.roles import consents

    linkage = options.home.linkage(name)
    count = consents.export(options.home, options.unlock(), linkage, out, form=form, address=address)
    options.warn(f"{out.name} holds references of persons: it is for this organisation")
    options.show(f"{count} events in {out}", {"file": str(out), "events": count})


@consent.command("prove")
@of_person
@click.option("--out", type=file, required=True, help="The file to write.")
@in_protocol
@shared
def consent_prove(options: Options, reference_file: Path | None, out: Path, name: str | None) -> None:
    """Write a proof of what became of one person's row in the last run, for an auditor.

    The file holds no reference and nothing of anybody else. Whoever knows the reference checks it with
    `consent check-proof`, offline.
    """
    from linkage.report.planned import in_words
    from linkage.roles import rowproof

    outcomes = rowproof.prove(options.home, options.home.linkage(name), _reference(reference_file), out)
    said = ", ".join(in_words(outcome, options.lang) for outcome in outcomes)
    options.show(f"{said}: wrote {out}", {"file": str(out), "outcomes": list(outcomes)})


@consent.command("check-proof")
@click.argument("path", type=file)
@of_person
@shared
def consent_check_proof(options: Options, path: Path, reference_file: Path | None) -> None:
    """Check a proof that `consent prove` made, for the person with this reference. Needs no home, key or network.

    It fails for any other reference. Compare the letters of the card with those that its owner reads out.
    """
    from linkage.crypto import card as cards
    from linkage.report.planned import in_words
    from linkage.roles import rowproof

    checked = rowproof.check(path, _reference(reference_file))
    entry, letters = checked.entry, cards.letters(checked.ledger.card)
    said = ", ".join(in_words(outcome, options.lang) for outcome in checked.outcomes)
    options.show(
        f"{said}: in the run of {entry.at} by {entry.party}, card {letters}",
        {"outcomes": list(checked.outcomes), "party": entry.party, "at": entry.at, "protocol": entry.protocol,
         "card": letters},
    )  # fmt: skip
