"""Commands of a custodian: secret, plan, tokenise, clkhash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.cli.options import Options, file, in_protocol, secret_bytes, shared, table
from linkage.errors import InputError

if TYPE_CHECKING:
    from linkage.encode.config import Config
    from linkage.encode.encoder import BadCells
    from linkage.roles.custodian import Asked

with_config = click.option(
    "--config", "config_path", type=file, help="Which column is which field; the home's config.yml when not named."
)


with_sheet = click.option("--sheet", help="Name of the sheet, for a workbook with more than one that can be meant.")


def _config(options: Options, path: Path | None, sheet: str | None = None) -> Config:
    from linkage.encode import config

    chosen = path or options.home_path / "config.yml"
    if path is None and not chosen.exists():
        raise InputError(
            "there is no config that says which column is which field",
            where=str(chosen),
            hint="Start from config/mbo.yml or config/gemeente.yml of linkage, and name it with --config.",
        )
    loaded = config.load(chosen)
    return loaded.model_copy(update={"sheet": sheet}) if sheet else loaded


@click.group()
def secret() -> None:
    """The linkage secret, which custodians share and the linkage unit never holds."""


@secret.command("share")
@in_protocol
@shared
def secret_share(options: Options, name: str | None) -> None:
    """Do what is this custodian's to do: send its share, again if need be, and make the secret when all are here.

    `linkage next` does the same by itself.
    """
    from linkage.roles import ceremony

    home, identity = options.home, options.unlock()
    linkage = home.linkage(name)
    shown = [str(path) for path in ceremony.share(home, identity, linkage)]
    ceremony.combine(home, identity, linkage)
    missing = ceremony.progress(home, linkage).missing
    text = "send " + ", ".join(shown) + "".join(f"\nmissing: {one}" for one in missing)
    options.show(text, {"send": shown, "missing": list(missing)})


@secret.command("status")
@in_protocol
@shared
def secret_status(options: Options, name: str | None) -> None:
    """Say whether the linkage secret is here, and what is missing from whom. Exit code 1 until it can be used.

    Custodians whose words are equal hold the same secret; the words tell nothing of it.
    """
    from linkage.crypto import card as cards
    from linkage.roles import ceremony

    linkage = options.home.linkage(name)
    now = ceremony.progress(options.home, linkage)
    state = f"destroyed on {now.destroyed_on}" if now.destroyed_on else "here" if now.here else "not here yet"
    facts: dict[str, str] = {"secret": state}
    for number, one in enumerate(now.missing):
        facts["missing" if number == 0 else f"missing {number + 1}"] = one
    if now.check:
        facts["words"] = cards.words(now.check)
    facts["made of"] = "shares of " + ", ".join(party.id for party in linkage.protocol.custodians)
    facts["destroy on"] = now.last_day
    options.show(table(facts), {**vars(now), "missing": list(now.missing)})
    if not now.here:
        raise click.exceptions.Exit(1)


@secret.command("destroy")
@in_protocol
@click.option("--early", is_flag=True, help="Also before the day in the protocol: it cannot be made again.")
@shared
def secret_destroy(options: Options, name: str | None, early: bool) -> None:
    """Remove the linkage secret and every share of it from this home, and write that down.

    Files that were mailed, backups and worn-out sectors of a disk are out of its reach: see docs/spec/secret.md.
    """
    from linkage.roles import ceremony

    home, identity = options.home, options.unlock()
    count = ceremony.destroy(home, identity, home.linkage(name), early=early)
    options.show(f"removed {count} files; remove mailed shares and backups yourself", {"removed": count})


@click.command()
@click.argument("path", type=file)
@with_sheet
@with_config
@in_protocol
@shared
def plan(options: Options, path: Path, sheet: str | None, config_path: Path | None, name: str | None) -> None:
    """A dry run: show what would leave of a file, and which rows would not take part. Writes nothing."""
    from linkage.report import guarantee
    from linkage.report.planned import as_text
    from linkage.roles import custodian

    config = _config(options, config_path, sheet)
    planned = custodian.plan(options.home, options.home.linkage(name), path, config)
    data = {
        **{key: value for key, value in vars(planned).items() if key not in ("bad", "warnings", "protocol")},
        "bad": [f.as_dict() for f in planned.bad],
        "warnings": [f.as_dict() for f in planned.warnings],
        "headings": dict(planned.headings),
        "guarantee": guarantee.lines(planned.protocol, options.lang),
    }
    options.show(as_text(planned, options.lang), data)
    if planned.bad:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("path", type=file)
@with_sheet
@with_config
@in_protocol
@click.option(
    "--bad-cells",
    type=click.Choice(["refuse", "leave-out"]),
    default="refuse",
    show_default=True,
    help="Stop at bad cells, or take them for empty and count them.",
)
@click.option("--ask-again", is_flag=True, help="Give up what key-holders were asked before; it stays counted.")
@shared
def tokenise(
    options: Options, path: Path, sheet: str | None, config_path: Path | None, name: str | None, bad_cells: BadCells,
    ask_again: bool,
) -> None:  # fmt: skip
    """Turn a file into a sealed package for the linkage unit. Nothing identifying leaves.

    Where the protocol has key-holders, they are asked first: send what is in outbox/, take in their answers with
    `linkage next`, which then makes the package.
    """
    from linkage.report.planned import judged
    from linkage.report.words import word
    from linkage.roles import custodian

    home, identity = options.home, options.unlock()
    config = _config(options, config_path, sheet)
    linkage = home.linkage(name)
    made = custodian.tokenise(home, identity, linkage, path, config, bad_cells=bad_cells, ask_again=ask_again)
    if isinstance(made, custodian.Asked):
        _show_asked(options, made)
        return
    rows = judged(made.plan.judged, options.lang)
    send = [str(path) for path in (made.package, *made.codebooks)]
    text = "\n".join(
        [word("plan_rows", options.lang), table(rows), "sent", table(dict(made.counts)), f"send {', '.join(send)}"]
    )
    if made.left_out:
        text += f"\nleft out {made.left_out}: {word('asked_since', options.lang)}"
    data = {"package": str(made.package), "digest": made.digest, "judged": dict(made.plan.judged)}
    data |= {"codebooks": send[1:]} if made.codebooks else {}
    options.show(text, {**data, "sent": dict(made.counts), "left out": made.left_out})


def _show_asked(options: Options, made: Asked) -> None:
    from linkage.report.planned import judged
    from linkage.report.words import word

    waiting = made.waiting
    sent = [str(path) for path in waiting.requests]
    asked = {f"asked about {field}": f"{count:,} elements" for field, count in waiting.elements.items()}
    rows = table(judged(made.plan.judged, options.lang))
    text = [word("plan_rows", options.lang), rows, table(asked), *(f"send {path}" for path in sent)]
    text.append(f"waits for the answer of {', '.join(waiting.holders)}: drop it in inbox/ and run linkage next")
    data = {"send": sent, "waits for": list(waiting.holders), "asked": dict(waiting.elements)}
    options.show("\n".join(text), {**data, "judged": dict(made.plan.judged)})


@click.group()
def oprf() -> None:
    """The key that this organisation holds so that numbers become tokens."""


@oprf.command("announce")
@in_protocol
@shared
def oprf_announce(options: Options, name: str | None) -> None:
    """Put this key-holder's public key in the outbox for every custodian, again if need be."""
    from linkage.roles import keyholder

    paths = keyholder.announce(options.home, options.unlock(), options.home.linkage(name))
    shown = [str(path) for path in paths]
    options.show("\n".join(f"send {path}" for path in shown) or "nobody else needs it", {"send": shown})


@oprf.command("answer")
@click.argument("request", type=file)
@in_protocol
@shared
def oprf_answer(options: Options, request: Path, name: str | None) -> None:
    """Answer a custodian's request, within its quota. `linkage next` does the same with what is in inbox/."""
    from linkage.roles import keyholder

    made = keyholder.answer(options.home, options.unlock(), options.home.linkage(name), request)
    facts = {field: f"{n:,} elements, {made.total[field]:,} in all" for field, n in made.elements.items()}
    data = {"requester": made.requester, "elements": dict(made.elements), "total": dict(made.total)}
    options.show(f"answered {made.requester}\n{table(facts)}\nsend {made.package}", {**data, "send": str(made.package)})


@click.command()
@click.argument("schema", type=file)
@click.argument("path", type=file)
@click.option("--out", type=file, required=True, help="The file to write, for instance clks.json.")
@click.option("--secret-file", type=file, help="Read the secret shared with the partner from a file.")
@click.option("--secret-fd", type=int, help="Read that secret from a file descriptor.")
@shared
def clkhash(
    options: Options, schema: Path, path: Path, out: Path, secret_file: Path | None, secret_fd: int | None
) -> None:
    """Make the CLKs of clkhash 0.18.3 for a partner who matches with anonlink. Outside any linkage protocol.

    SCHEMA is a linkage schema version 3; PATH a CSV with its features as headings, in its order. No consent is asked,
    nothing is signed, sealed or written in a ledger. For a linkage under a protocol: `linkage tokenise`.
    """
    from linkage.roles import partner

    options.warn(partner.WORTH)
    made = partner.clkhash(schema, path, secret_bytes("secret", secret_file, secret_fd), out)
    for finding in made.findings:
        options.warn(str(finding))
    data = {"clks": str(made.path), "rows": made.rows, "findings": [finding.as_dict() for finding in made.findings]}
    options.show(f"{made.rows} CLKs in {made.path}", data)
