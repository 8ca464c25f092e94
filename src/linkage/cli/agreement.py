"""Commands for cards and protocols."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.cli.options import Options, file, in_protocol, shared, table
from linkage.errors import InputError

if TYPE_CHECKING:
    from linkage.crypto.card import Card
    from linkage.protocol.model import Protocol


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
    if warning := _ends(shown):
        options.warn(f"warning: {warning}")


def _ends(card: Card) -> str:
    from linkage.roles import home as homes
    from linkage.roles import trust

    left = trust.days_left(card)
    if left > trust.WARN_DAYS and card.valid_from <= homes.today().isoformat():
        return ""
    return f"this card is valid from {card.valid_from} until {card.valid_until}"


@card.command("trust")
@click.argument("path", type=file)
@click.option("--fingerprint", "heard", help="What they read out: the words, the letters, or all of it.")
@click.option("--verified-by", help="Function of the person who compared.")
@click.option("--how", default="telephone", show_default=True, help="How it was compared.")
@click.option("--unverified", is_flag=True, help="Use the card although nobody compared it; wants a --reason.")
@click.option("--reason", help="Why nobody compared it: shown wherever it matters, and in the ledger.")
@shared
def card_trust(
    options: Options, path: Path, heard: str | None, verified_by: str | None, how: str, unverified: bool,
    reason: str | None,
) -> None:  # fmt: skip
    """Trust a card, after its owner read you the fingerprint over another way than the file came."""
    from linkage.roles import trust

    if unverified != (reason is not None) or unverified == (heard is not None and verified_by is not None):
        raise click.UsageError("give --fingerprint and --verified-by; or else --unverified and --reason")
    home, identity = options.home, options.unlock()
    if unverified:
        card = trust.trust_unverified(home, identity, path, reason=reason or "")
        text = f"the card of {card.party} is used, though NOBODY COMPARED IT"
    else:
        card = trust.trust(home, identity, path, heard=heard or "", verified_by=verified_by or "", how=how)
        text = f"the card of {card.party} is trusted"
    options.show(text, {"party": card.party, "card": card.fingerprint, "verified": not unverified})


@card.command("rotate")
@shared
def card_rotate(options: Options) -> None:
    """Make new keys and a card that follows the own one. The others need no new telephone call.

    The old keys are kept in the key file, to open what was sealed to them. When keys may have been stolen, this is
    not enough: `linkage card revoke` first.
    """
    from linkage.crypto import card as cards
    from linkage.roles import trust

    home = options.home
    _ = home.card  # complain about a wrong folder before asking for a passphrase
    identity, paths = trust.rotate(home, options.passphrase())
    shown, words = [str(path) for path in paths], cards.words(identity.card.fingerprint)
    text = "made new keys and a new card, with these words:\n  " + words
    options.show("\n".join([text, *(f"send {path}" for path in shown)]), {"send": shown, "words": words})


@card.command("revoke")
@click.option("--reason", required=True, help="What the others are told, on one line.")
@click.option("--card", "former", help="Fingerprint, words or letters of one card, when only its key is meant.")
@shared
def card_revoke(options: Options, reason: str, former: str | None) -> None:
    """End the own card and former ones for ever: their keys may be in other hands. Protocols are to be signed anew."""
    from linkage.roles import trust

    paths = [str(path) for path in trust.revoke(options.home, options.unlock(), reason=reason, card=former)]
    text = "the card is revoked; call the others, then make new keys with `linkage card rotate`"
    options.show("\n".join([text, *(f"send {path}" for path in paths)]), {"send": paths})


@card.command("distrust")
@click.argument("party")
@click.option("--reason", required=True, help="Why, on one line; shown wherever it matters, and in the ledger.")
@shared
def card_distrust(options: Options, party: str, reason: str) -> None:
    """Stop believing the cards of PARTY, for instance when its keys were lost. A new telephone call makes it good."""
    from linkage.roles import trust

    trust.distrust(options.home, options.unlock(), party, reason=reason)
    options.show(f"no card of {party} is trusted any longer", {"party": party})


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
    cautions = _cautions(options, checked)
    lines = [*map(str, findings), *(f"parties: warning: {text}" for text in cautions)]
    text = "\n".join([*lines, f"{path.name}: {len(findings)} findings; digest {checked.digest}"])
    data = {"digest": checked.digest, "findings": [finding.as_dict() for finding in findings], "cards": cautions}
    options.show(text, data)
    if worst(findings) is Severity.ERROR:
        raise click.exceptions.Exit(1)


def _cautions(options: Options, checked: Protocol) -> list[str]:
    """What this home, when there is one, knows of the cards that a protocol names."""
    from linkage.roles import agreement

    if not (options.home_path / "card.json").exists():
        return []
    return list(agreement.cautions(options.home, checked).values())


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
    """Say who has and has not signed, which signature is void, and why. Exit code 1 until everybody has."""
    from linkage.roles import agreement

    linkage = options.home.linkage(name)
    standings = agreement.standings(options.home, linkage)
    rows = {s.party: f"signed on {s.signed_on}" if s.signed_on else f"not signed: {s.reason}" for s in standings}
    cautions = agreement.cautions(options.home, linkage.protocol)
    text = "\n".join([table(rows), *(f"warning: {caution}" for caution in cautions.values())])
    data = {
        s.party: {"signed_on": s.signed_on, "reason": s.reason, "caution": cautions.get(s.party, "")} for s in standings
    }
    options.show(text, data)
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
