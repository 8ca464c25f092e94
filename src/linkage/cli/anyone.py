"""Commands for anyone: demo, init, next, status, synthesise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linkage.cli.options import Options, file, shared, table

if TYPE_CHECKING:
    from linkage.roles.demo import Outcome
    from linkage.roles.home import Home


@click.command()
@click.option("--folder", type=file, default="demo", show_default=True, help="Where the demo is played.")
@click.option("--people", type=click.IntRange(50, 1_000_000), default=20_000, show_default=True, help="Rows a side.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the synthetic people.")
@shared
def demo(options: Options, folder: Path, people: int, seed: int) -> None:
    """Play the main job with all roles on synthetic people: graduates now on benefits."""
    from linkage.roles import demo as role

    started = time.perf_counter()

    def say(text: str) -> None:
        options.say(f"{time.perf_counter() - started:5.1f} s  {text}")

    outcome = role.run(folder, people=people, seed=seed, lang=options.lang, say=say)
    options.show(_demo_text(outcome), outcome.as_data())


def _demo_text(outcome: Outcome) -> str:
    from linkage.report.planned import judged
    from linkage.report.text import as_text
    from linkage.report.words import word

    lang = outcome.result.lang
    took_part = []
    for party, counts in outcome.judged.items():
        left_out = {why: n for why, n in counts.items() if why not in ("rows", "included")}
        reasons = ", ".join(f"{n} {why}" for why, n in judged(left_out, lang).items())
        facts = {"party": party, "included": counts["included"], "rows": counts["rows"], "left_out": reasons}
        took_part.append("  " + word("took_part_of", lang, **facts))
    verified = "ledger verified" if outcome.ledger_verified else "LEDGER NOT VERIFIED"
    findings = [f"  {finding}" for finding in outcome.findings]
    stages = ", ".join(word("per_stage", lang, count=count, stage=stage) for stage, count in outcome.links.items())
    report = f"  {word('report', lang)}: {outcome.report}"
    return "\n".join(["", as_text(outcome.result), "", f"  {stages}", *took_part, report, *findings, verified])


@click.command()
@click.option("--party", required=True, help="Id of the organisation in protocols, for instance mbo.")
@click.option("--name", required=True, help="Its name as people know it.")
@click.option("--number", required=True, help="Official number with its scheme, for instance BRIN:99ZZ or OIN:...")
@shared
def init(options: Options, party: str, name: str, number: str) -> None:
    """Make a home folder with new keys and a card for the others."""
    from linkage.crypto import card as cards

    home = options.home
    identity = home.create(party, name, number, options.passphrase(confirm=True))
    fingerprint = identity.card.fingerprint
    text = (
        f"made {home.path}: send card.json to the other parties and read them these words when they call:\n"
        f"  {cards.words(fingerprint)}\n"
        "Keep the passphrase: without it the keys are lost."
    )
    if (home.path / "config.yml").exists():
        text += f"\n{home.path / 'config.yml'} says which column of your export is which field: make it fit."
    options.show(text, {"home": str(home.path), "fingerprint": fingerprint, "words": cards.words(fingerprint)})


@click.command("next")
@shared
def next_(options: Options) -> None:
    """Take in what came, do what needs no decision, and say what is next."""
    from linkage.roles import post

    steps = post.step(options.home, options.unlock())
    options.show("\n".join(map(str, steps)), [{"kind": step.kind, "text": step.text} for step in steps])
    if any(step.kind == "refused" for step in steps):
        raise click.exceptions.Exit(1)


@click.command()
@shared
def status(options: Options) -> None:
    """Show this home: cards and what they rest on, linkages, who has signed. Needs no passphrase, changes nothing."""
    from linkage.crypto import card as cards
    from linkage.roles import agreement, trust

    home = options.home
    facts = {"party": home.card.party, "name": home.card.name, "card valid until": home.card.valid_until}
    facts["words"] = cards.words(home.card.fingerprint)
    known = {party: _standing(home, party) for party in home.known_parties()}
    warnings = list(trust.expiring(home).values())
    linkages: list[dict[str, Any]] = []
    for linkage in home.linkages():
        signed = {s.party: s.signed_on or s.reason for s in agreement.standings(home, linkage)}
        linkages.append({"folder": linkage.folder.name, "signed": signed})
    lines = [table(facts), "cards", table(known)] if known else [table(facts)]
    for one in linkages:
        lines += [f"linkage {one['folder']}", table(one["signed"])]
    lines += [f"warning: {warning}" for warning in warnings]
    options.show("\n".join(lines), {**facts, "cards": known, "warnings": warnings, "linkages": linkages})


def _standing(home: Home, party: str) -> str:
    """What the trust in a party's card rests on, or why there is none any longer."""
    from linkage.roles import known as knowing

    every = home.known(party)
    newest = knowing.current(every)
    if newest is None:
        return f"no card: {every[-1].ended}" if every else "no card"
    unverified = knowing.unverified(every, newest)
    rests = newest.rests_on if newest.rests_on == unverified or not unverified else f"{newest.rests_on}; {unverified}"
    return f"{rests}; valid until {newest.card.valid_until}"


@click.command()
@click.argument("folder", type=file)
@click.option("--people", type=click.IntRange(1, 1_000_000), default=20_000, show_default=True, help="Rows a side.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same files.")
@shared
def synthesise(options: Options, folder: Path, people: int, seed: int) -> None:
    """Make synthetic registers of a school and a municipality, with consent events and the truth."""
    from linkage.synth import graduates, write

    made = write(graduates(people, seed=seed), folder)
    paths = {name: str(path) for name, path in vars(made).items()}
    options.show(table(paths), paths)
