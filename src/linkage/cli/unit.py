"""Commands of the linkage unit: inspect, match, release."""

from __future__ import annotations

from pathlib import Path

import click

from linkage.cli.options import Options, file, in_protocol, shared, table
from linkage.cli.watching import comparing


@click.command()
@click.argument("path", type=file)
@shared
def inspect(options: Options, path: Path) -> None:
    """Show what a package says of itself, without opening it, and whether its signature holds."""
    from linkage.crypto import envelope
    from linkage.errors import Refused

    package = envelope.read(path)
    header = package.header
    facts = {
        "type": header.type,
        "from": header.sender,
        "to": ", ".join(party for party, _, _ in header.recipients),
        "protocol": header.protocol,
        "number": header.sequence,
        "sealed bytes": package.body_length,
        **{f"content: {name}": value for name, value in header.content.items()},
    }
    try:
        envelope.verify(package, options.home.trusted(header.sender))
        facts["signature"] = f"holds, by the trusted card of {header.sender}"
    except Refused as error:
        if type(error) is not Refused:
            raise
        facts["signature"] = f"not checked: {error.message}"
    options.show(table(facts), facts)


@click.command()
@in_protocol
@shared
def match(options: Options, name: str | None) -> None:
    """Match the packages that are here. The links stay with the linkage unit.

    A run that is stopped goes on where it was when the command is given again.
    """
    from linkage.roles import unit

    home, identity = options.home, options.unlock()
    with comparing(options) as progress:
        matched = unit.match(home, identity, home.linkage(name), progress=progress)
    lines = ["rows", table(dict(matched.rows)), "links by stage", table(dict(matched.links))]
    for one in matched.estimates:
        lines += [
            f"stage {one.stage + 1}, estimated from {one.pairs} pairs with equal numbers:",
            f"  finds {one.recall:.1%} of such pairs ({one.recall_low:.1%} to {one.recall_high:.1%})",
            f"  expected to have met {one.wrong:.1f} pairs of different persons, for {one.links} links",
            "  if rows without a number are written as carefully as those with one",
        ]
    data = {"rows": dict(matched.rows), "links": dict(matched.links), "estimates": [vars(e) for e in matched.estimates]}
    options.show("\n".join(lines), data)


@click.command()
@in_protocol
@shared
def release(options: Options, name: str | None) -> None:
    """Answer the protocol's outputs, small numbers hidden, sealed to each recipient."""
    from linkage.roles import unit

    made = unit.release(options.home, options.unlock(), options.home.linkage(name))
    paths = [str(path) for _, path in made]
    options.show("send " + "\nsend ".join(paths), {"send": paths})
