"""The command line: options in, one call of a role, result and exit code out.

Rules kept here:

- A command declares options, calls a role, prints. It decides nothing.
- Results go to standard output, all else to standard error. Exit code 0 done; 1 refused or found wanting; 2 wrong
  use or unreadable input; 70 a fault of ours, shown without any value.
- Heavy modules are imported inside commands: `linkage --help` answers at once (tests/cli/test_commands.py).
- No secret is an argument: passphrases come by prompt, file or descriptor.
"""

from __future__ import annotations

import sys
import traceback

import click

from linkage.cli import agreement, anyone, approver, basis, consent, custodian, ledger, record, results, unit
from linkage.errors import LinkageError

FAULT = 70


class Group(click.Group):
    """The command group; commands are listed in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which they were added."""
        return list(self.commands)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="linkage", prog_name="linkage")
def linkage() -> None:
    """Link records of several organisations without showing them to each other.

    New here: `linkage demo`. In a linkage: `linkage next` says what to do.
    """


for command in (
    anyone.demo, anyone.init, anyone.next_, anyone.status, agreement.card, agreement.protocol,
    custodian.secret, consent.consent, basis.basis, custodian.plan, custodian.tokenise, custodian.oprf,
    unit.inspect, unit.match, unit.release, approver.approve, results.result, record.record, ledger.ledger,
    anyone.synthesise, custodian.clkhash,
):  # fmt: skip
    linkage.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit. The only place where an error becomes an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # consoles that cannot show a sign show '?', not a traceback
            stream.reconfigure(errors="replace")
    try:
        code = linkage.main(arguments, prog_name="linkage", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(1)
    except LinkageError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # a message or a traceback of ours might hold a value
        frames = traceback.extract_tb(error.__traceback__)
        place = next((f"{f.filename}:{f.lineno}" for f in reversed(frames) if "linkage" in f.filename), "")
        click.echo(f"fault in linkage: {type(error).__name__} at {place}. Please report this line.", err=True)
        sys.exit(FAULT)
    sys.exit(code if isinstance(code, int) else 0)  # click hands back the code of an Exit raised in a command
