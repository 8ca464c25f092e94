"""The command of an approver: approve."""

from __future__ import annotations

import click

from linkage.cli.options import Options, in_protocol, shared


@click.command()
@in_protocol
@click.option("--output", help="Which list, where more than one is asked about.")
@click.option("--by", required=True, help="Function of the person who decides, not a name.")
@click.option("--refuse", is_flag=True, help="Say no; wants a --reason.")
@click.option("--reason", default="", help="Why, on one line; needed for no.")
@shared
def approve(options: Options, name: str | None, output: str | None, by: str, refuse: bool, reason: str) -> None:
    """Decide whether a list of rows goes back to the relation holder, as the approver of the protocol.

    The decision is signed, holds for exactly this list and stands: given again, it is sent again. `linkage next` says
    what is asked, why, and about how many rows it is.
    """
    from linkage.roles import approver

    home, identity = options.home, options.unlock()
    at = home, identity, home.linkage(name)
    made = approver.decide(*at, approve=not refuse, by=by, reason=reason, output=output)
    said = {"approve": "approved", "refuse": "refused"}[made.said.decision]
    facts = {"output": made.said.output, "decision": made.said.decision, "rows": made.rows, "by": made.said.by}
    text = f"{said} '{made.said.output}' ({made.rows} rows), by {made.said.by}: send {made.package}"
    options.show(text, {**facts, "reason": made.said.reason, "list": made.said.list, "send": str(made.package)})
