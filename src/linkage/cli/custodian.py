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

with_config = click.option(
    "--config", "config_path", type=file, help="Which column is which field; the home's config.yml when not named."
)


def _config(options: Options, path: Path | None) -> Config:
    from linkage.encode import config

    chosen = path or options.home_path / "config.yml"
    if path is None and not chosen.exists():
        raise InputError(
            "there is no config that says which column is which field",
            where=str(chosen),
            hint="Start from config/mbo.yml or config/gemeente.yml of linkage, and name it with --config.",
        )
    return config.load(chosen)


@click.group()
def secret() -> None:
    """The linkage secret, which custodians share and the linkage unit never holds."""


@secret.command("share")
@in_protocol
@shared
def secret_share(options: Options, name: str | None) -> None:
    """Make the linkage secret and seal it to the other custodians. The first custodian in the protocol does this."""
    from linkage.roles import custodian

    paths = custodian.share_secret(options.home, options.unlock(), options.home.linkage(name))
    shown = [str(path) for path in paths]
    options.show("send " + ", ".join(shown), {"send": shown})


@secret.command("combine")
@click.argument("path", type=file)
@in_protocol
@shared
def secret_combine(options: Options, path: Path, name: str | None) -> None:
    """Take in the linkage secret that another custodian sealed to this one."""
    from linkage.roles import custodian

    custodian.keep_secret(options.home, options.unlock(), options.home.linkage(name), path)
    options.show("the linkage secret is here, sealed to this home", {"secret": "here"})


@secret.command("status")
@in_protocol
@shared
def secret_status(options: Options, name: str | None) -> None:
    """Say whether the linkage secret is here, and who makes it. Exit code 1 when it is not."""
    linkage = options.home.linkage(name)
    here = linkage.secret.exists()
    facts = {"secret": "here" if here else "not here", "made by": linkage.protocol.custodians[0].id}
    facts["destroy on"] = linkage.protocol.retention.secret_destroyed_on
    options.show(table(facts), facts)
    if not here:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("path", type=file)
@with_config
@in_protocol
@shared
def plan(options: Options, path: Path, config_path: Path | None, name: str | None) -> None:
    """A dry run: show what would leave of a file, and which rows would not take part. Writes nothing."""
    from linkage.report.planned import as_text
    from linkage.roles import custodian

    planned = custodian.plan(options.home, options.home.linkage(name), path, _config(options, config_path))
    data = {
        **{key: value for key, value in vars(planned).items() if key not in ("bad", "warnings")},
        "bad": [f.as_dict() for f in planned.bad],
        "warnings": [f.as_dict() for f in planned.warnings],
        "headings": dict(planned.headings),
    }
    options.show(as_text(planned, options.lang), data)
    if planned.bad:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("path", type=file)
@with_config
@in_protocol
@click.option(
    "--bad-cells",
    type=click.Choice(["refuse", "leave-out"]),
    default="refuse",
    show_default=True,
    help="Stop at bad cells, or take them for empty and count them.",
)
@shared
def tokenise(options: Options, path: Path, config_path: Path | None, name: str | None, bad_cells: BadCells) -> None:
    """Turn a file into a sealed package for the linkage unit. Nothing identifying leaves."""
    from linkage.report.planned import judged
    from linkage.report.words import word
    from linkage.roles import custodian

    home, identity = options.home, options.unlock()
    config = _config(options, config_path)
    made = custodian.tokenise(home, identity, home.linkage(name), path, config, bad_cells=bad_cells)
    rows = judged(made.plan.judged, options.lang)
    text = "\n".join(
        [word("plan_rows", options.lang), table(rows), "sent", table(dict(made.counts)), f"send {made.package}"]
    )
    data = {"package": str(made.package), "digest": made.digest, "judged": dict(made.plan.judged)}
    options.show(text, {**data, "sent": dict(made.counts)})


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
