"""Commands for cards and protocols."""

from __future__ import annotations

from pathlib import Path

import click

from linkage.cli.options import Options, file, in_protocol, shared, table
from linkage.errors import InputError


@click.group()
def card() -> None:
    """Key cards: who is who."""


@card.command("show")
@click.argument("path", type=file, required=False)
@shared
def card_show(options: Options, path: Path | None) -> None:
    """Show a card and its fingerprint; this home's own when no file is named."""
    from linkage import files
    from linkage.crypto import card as cards

    shown = cards.from_bytes(files.read(path, limit=cards.MAX_BYTES), where=path.name) if path else options.home.card
    facts = {
        "party": shown.party,
        "name": shown.name,
        "number": shown.number,
        "valid": f"{shown.valid_from} until {shown.valid_until}",
        "words": cards.words(shown.fingerprint),
        "letters": cards.letters(shown.fingerprint),
        "fingerprint": shown.fingerprint,
    }
    options.show(table(facts), facts)


@card.command("trust")
@click.argument("path", type=file)
@click.option("--fingerprint", "heard", required=True, help="What they read out: the words, the letters, or all of it.")
@click.option("--verified-by", required=True, help="Function of the person who compared.")
@click.option("--how", default="telephone", show_default=True, help="How it was compared.")
@shared
def card_trust(options: Options, path: Path, heard: str, verified_by: str, how: str) -> None:
    """Trust a card, after its owner read you the fingerprint over another way than the file came."""
    from linkage.roles import trust

    trusted = trust.trust(options.home, options.unlock(), path, heard=heard, verified_by=verified_by, how=how)
    options.show(f"the card of {trusted.party} is trusted", {"party": trusted.party, "card": trusted.fingerprint})


@click.group()
def protocol() -> None:
    """Protocols: what was agreed."""


@protocol.command("new")
@click.argument("template")
@click.option("--card", "card_paths", type=file, multiple=True, help="Card of a party; once per party.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change a value, e.g. valid.until=2027-12-31"
)
@click.option("--output", "-o", type=file, required=True, help="File to write.")
@shared
def protocol_new(
    options: Options, template: str, card_paths: tuple[Path, ...], settings: tuple[str, ...], output: Path
) -> None:
    """Make a protocol of your own from a TEMPLATE: a shipped name or a file. Fills in the parties' cards."""
    from linkage import files
    from linkage.crypto import card as cards
    from linkage.roles import agreement

    path = Path(template)
    if not path.is_file():
        path = files.shipped(f"protocols/{template}.yml")
    found = [cards.from_bytes(files.read(p, limit=cards.MAX_BYTES), where=p.name) for p in card_paths]
    for setting in settings:
        if not setting.partition("=")[2]:
            raise InputError("expected KEY=VALUE, for instance valid.until=2027-12-31", where="--set")
    changes: dict[agreement.Place, str] = {
        tuple(int(k) if k.isdigit() else k for k in key.split(".")): value
        for key, _, value in (s.partition("=") for s in settings)
    }
    files.write(output, agreement.new_protocol(path, found, changes).encode())
    options.show(f"wrote {output}: read it, change it, and `linkage protocol check {output}`", {"file": str(output)})


@protocol.command("check")
@click.argument("path", type=file)
@shared
def protocol_check(options: Options, path: Path) -> None:
    """Check a protocol file: form, names, and lint rules. Exit code 1 when there is an error."""
    from linkage import protocol as protocols
    from linkage.findings import Severity, worst
    from linkage.protocol import lint

    checked = protocols.load(path)
    findings = lint.check(checked)
    text = "\n".join([*map(str, findings), f"{path.name}: {len(findings)} findings; digest {checked.digest}"])
    options.show(text, {"digest": checked.digest, "findings": [finding.as_dict() for finding in findings]})
    if worst(findings) is Severity.ERROR:
        raise click.exceptions.Exit(1)


@protocol.command("show")
@click.argument("path", type=file, required=False)
@in_protocol
@shared
def protocol_show(options: Options, path: Path | None, name: str | None) -> None:
    """Show what a protocol says: who sends what to whom, on which declared basis."""
    from linkage import protocol as protocols
    from linkage.report import agreed

    shown = protocols.load(path) if path else options.home.linkage(name).protocol
    options.show(agreed.as_text(shown, options.lang), shown.model_dump(mode="json", by_alias=True))


@protocol.command("digest")
@click.argument("path", type=file)
@shared
def protocol_digest(options: Options, path: Path) -> None:
    """Print the digest of a protocol file: two files agree exactly when their digests are equal."""
    from linkage import protocol as protocols

    digest = protocols.load(path).digest
    options.show(digest, {"digest": digest})


@protocol.command("sign")
@click.argument("path", type=file)
@shared
def protocol_sign(options: Options, path: Path) -> None:
    """Sign a protocol for this organisation; protocol and signature appear in the outbox for every other party."""
    from linkage.roles import signing

    linkage = signing.sign(options.home, options.unlock(), path)
    digest = linkage.protocol.digest
    options.show(f"signed {linkage.protocol.id}, digest {digest}: send what is in outbox/", {"digest": digest})


@protocol.command("verify")
@in_protocol
@shared
def protocol_verify(options: Options, name: str | None) -> None:
    """Say who has and has not signed. Exit code 1 until everybody has."""
    from linkage.roles import agreement

    linkage = options.home.linkage(name)
    standings = agreement.standings(options.home, linkage)
    rows = {s.party: f"signed on {s.signed_on}" if s.signed_on else f"not signed: {s.reason}" for s in standings}
    options.show(table(rows), {s.party: {"signed_on": s.signed_on, "reason": s.reason} for s in standings})
    if any(s.reason for s in standings):
        raise click.exceptions.Exit(1)


@protocol.command("schema")
@shared
def protocol_schema(options: Options) -> None:
    """Print the JSON Schema of protocol files, for editors that complete and check YAML."""
    import json

    from linkage.protocol.schema import json_schema

    schema = json_schema()
    options.show(json.dumps(schema, ensure_ascii=False, indent=2), schema)
