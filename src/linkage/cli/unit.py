"""Commands of the linkage unit: inspect, match, release."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from linkage.cli.options import Options, file, in_protocol, shared, table
from linkage.cli.watching import comparing

if TYPE_CHECKING:
    from linkage.links import Conflict, Coverage, Judged
    from linkage.roles.recontact import Outcome

STRANGERS = {"numbers": "rows with different numbers", "registers": "rows of one register, which holds nobody twice"}
CONFLICTS = {
    "unlike": "links by number join rows that are less alike than this stage asks",
    "contested": "links by number have a free row that is more alike",
    "differs": "numbers that both have are not linked by number: the second field differs",
    "crossed": "pairs stay apart: together they would be two rows of one party, or two numbers",
}
SAME = {"numbers": "rows with equal numbers", "scores": "how scores thin out"}


@click.command()
@click.argument("path", type=file)
@click.option("--card", "card_path", type=file, help="Check the signature with this card, for who has no home.")
@shared
def inspect(options: Options, path: Path, card_path: Path | None) -> None:
    """Show what a package says of itself, without opening it, and whether its signature holds.

    Needs no passphrase, and no home: then nothing is known of cards and protocols but what is given.
    """
    from linkage import files
    from linkage.crypto import card as cards
    from linkage.roles.inspecting import inspect as inspect_package

    card = None
    if card_path is not None:
        card = cards.from_bytes(files.read(card_path, limit=cards.MAX_BYTES), where=card_path.name)
    home = options.home if (options.home.path / "card.json").exists() else None
    seen = inspect_package(path, home, card)
    options.show(table(seen.as_rows()), seen.as_data())


def _place(of: Judged | Coverage | Conflict) -> str:
    return f"stage {of.stage + 1}, {' and '.join(of.parties)}"


@click.command()
@in_protocol
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Where rows are compared: on this machine, or on a Spark cluster, which then holds their filters.",
)
@click.option("--master", metavar="URL", help="The cluster, for --engine spark: spark://HOST:7077.")
@shared
def match(options: Options, name: str | None, engine: str, master: str | None) -> None:
    """Match the packages that are here. The links stay with the linkage unit.

    A run that is stopped goes on where it was when the command is given again, with either engine.
    """
    if (engine == "spark") != (master is not None):
        raise click.UsageError("--engine spark and --master go together")
    from linkage.roles import unit

    home, identity = options.home, options.unlock()
    with comparing(options) as progress:
        matched = unit.match(home, identity, home.linkage(name), progress=progress, engine=engine, master=master)
    lines = ["rows", table(dict(matched.rows)), "links by stage", table(dict(matched.links))]
    lines += [f"{matched.groups} persons at two or more custodians"]
    for one in matched.judged:
        how = "chosen" if one.chosen else "as agreed"
        lines += [
            f"{_place(one)}, threshold {one.threshold:g} ({how}):",
            f"  right, of {one.links} links: {one.precision:.1%} ({one.precision_low:.1%} to {one.precision_high:.1%})",
            f"  found, of pairs of one person: {one.recall:.1%} ({one.recall_low:.1%} to {one.recall_high:.1%})",
            f"  estimated from {STRANGERS[one.strangers]}, and from {SAME[one.same]}",
        ]
    for covered in matched.coverage:
        lines += [f"{_place(covered)}: {covered.method} ({covered.why})"]
        if covered.seed is not None:
            lines += [
                f"  expected to meet {covered.expected_recall:.2%} of the pairs at or above the threshold",
                f"  met {covered.sample_found} of {covered.sample_pairs} such pairs of a sample; seed {covered.seed}",
            ]
    for conflict in matched.conflicts:
        if conflict.looked_at:
            lines += [f"{_place(conflict)}: {len(conflict)} of {conflict.looked_at} {CONFLICTS[conflict.kind]}"]
    data = {
        "rows": dict(matched.rows),
        "links": dict(matched.links),
        "groups": matched.groups,
        "conflicts": [
            {"stage": c.stage, "parties": c.parties, "kind": c.kind, "found": len(c), "looked_at": c.looked_at}
            for c in matched.conflicts
        ],
        "judged": [asdict(one) for one in matched.judged],
        "comparisons": [asdict(one) for one in matched.coverage],
    }
    options.show("\n".join(lines), data)


@click.command()
@in_protocol
@click.option("--dry-run", is_flag=True, help="Say what would be shown, hidden or refused; release nothing.")
@shared
def release(options: Options, name: str | None, dry_run: bool) -> None:
    """Answer the protocol's outputs, small numbers hidden, sealed to each recipient.

    Refused when, beside an earlier release, it would tell a few persons apart.

    In re-contact: ask the approver about the list of rows; once it said yes to this very list, seal it to the relation
    holder whose own rows they are.
    """
    from linkage.roles import unit

    if options.home.linkage(name).protocol.mode == "recontact":
        _return_rows(options, name, dry_run)
        return
    if dry_run:
        _, planned = unit.plan(options.home, options.unlock(), options.home.linkage(name))
        facts = [{key: value for key, value in one.facts.items() if key != "of"} for one in planned]
        said = [{**one, "to": ", ".join(one["to"]), "by": ", ".join(one["by"]) or "grand total only"} for one in facts]
        options.show("\n".join([*map(table, said), "nothing was released"]), {"planned": facts})
        return
    made = unit.release(options.home, options.unlock(), options.home.linkage(name))
    paths = [str(path) for _, path in made]
    options.show("send " + "\nsend ".join(paths), {"send": paths})


def _return_rows(options: Options, name: str | None, dry_run: bool) -> None:
    from linkage.roles import recontact

    at = options.home, options.unlock(), options.home.linkage(name)
    if dry_run:
        planned = recontact.plan(*at)
        options.show("\n".join([*map(table, planned), "nothing was asked or returned"]), {"planned": planned})
        return
    found = recontact.release(*at)
    data = [
        {"output": one.output, "state": one.state, "rows": one.rows, "send": str(one.package) if one.package else None}
        for one in found
    ]
    options.show("\n".join(map(_told, found)), data)
    if any(one.state == "refused" for one in found):
        raise click.exceptions.Exit(1)


def _told(one: Outcome) -> str:
    if one.state == "asked":
        return f"'{one.output}' waits for the decision of {one.party} ({one.rows} rows): send {one.package}"
    if one.state == "returned":
        return f"'{one.output}' was approved and is sealed to {one.party} ({one.rows} rows): send {one.package}"
    said = f"{one.said.by} on {one.said.on}: {one.said.reason}" if one.said else one.party
    return f"'{one.output}' was refused by {said}; nothing is returned"
