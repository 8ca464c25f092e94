"""Commands for the table of legal bases that are possible per person: show, explain, decide."""

from __future__ import annotations

from typing import Any

import click

from linkage.cli.options import Options, shared

role = click.option("--role", type=click.Choice(["school", "doorstroompunt", "college", "uwv"]), required=True)
day = click.option("--on", metavar="YYYY-MM-DD", help="The reference date; today when not named.")


def _day(text: str | None) -> str:
    from linkage.consent.event import is_day
    from linkage.errors import InputError, shape
    from linkage.roles import home as homes

    if text is not None and not is_day(text):
        raise InputError(f"expected a day as yyyy-mm-dd, got {shape(text)}", where="--on")
    return text or homes.today().isoformat()


@click.group()
def basis() -> None:
    """Which legal bases are possible for whom: a dated table. It says what can be, never what is lawful."""


@basis.command("show")
@role
@day
@shared
def basis_show(options: Options, role: str, on: str | None) -> None:
    """List the rules of a role that hold on a day, with article and conditions."""
    from linkage.report.bases import listed
    from linkage.roles import consents

    rules = consents.bases_of(options.home, "nl-1").of(role, _day(on))
    data = [{"id": r.id, "law": r.law, "articles": list(r.articles), "checked": r.checked} for r in rules]
    options.show("\n".join(listed(rule, options.lang) for rule in rules), data)


@basis.command("explain")
@role
@day
@click.option(
    "--level", type=click.Choice(["0", "1", "2", "3", "4"]), help="Highest diploma; 0 for none, 1 for entree."
)
@click.option("--path", type=click.Choice(["bol", "bbl"]), help="Learning path.")
@click.option("--since", type=click.IntRange(0, 99), help="Full years since the diploma.")
@click.option("--age", type=click.IntRange(0, 120), help="Age in years.")
@click.option("--enrolled/--not-enrolled", default=None, help="Whether the person is at school now.")
@shared
def basis_explain(options: Options, role: str, on: str | None, **known: Any) -> None:
    """Say for a person of a kind which bases are possible, and why the others are not. Exit code 1 for none.

    What is not named counts as not known, and what is not known keeps a person out.
    """
    from linkage.consent.bases import Facts, possible
    from linkage.report.bases import explained
    from linkage.roles import consents

    rules = consents.bases_of(options.home, "nl-1").of(role, _day(on))
    since, age = (known[name] if known[name] is None else (known[name], known[name]) for name in ("since", "age"))
    person = Facts(known["level"], known["path"], since, age, known["enrolled"])
    found = sorted(possible(rules, person))
    text = explained(rules, person, options.lang)
    options.show("\n".join(text), {"possible": found, "explained": text})
    if not found:
        raise click.exceptions.Exit(1)


@basis.command("decide")
@click.argument("rule")
@click.argument("change")
@click.option("--by", required=True, help="Function of who decided, for instance Functionaris gegevensbescherming.")
@click.option("--on", metavar="YYYY-MM-DD", help="The day of the decision; today when not named.")
@click.option("--reason", required=True)
@shared
def basis_decide(options: Options, rule: str, change: str, by: str, on: str | None, reason: str) -> None:
    """Record the privacy officer's decision on a RULE of the table, here and in the ledger.

    CHANGE is off; a test with its value, as since_below=2 (since_from, since_below, age_from, age_below; without value
    to drop the test); or as-table to undo all.
    """
    from linkage.consent.bases import Decision
    from linkage.report.bases import listed
    from linkage.roles import consents

    decision = Decision(rule, change, by, _day(on), reason)
    known = consents.decide(options.home, options.unlock(), decision)
    (now,) = [one for one in known.rules if one.id == rule]
    options.show(listed(now, options.lang), {"rule": rule, "change": change, "decided_on": decision.decided_on})
