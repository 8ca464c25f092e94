"""Writes the pages that are made of the code: commands, lint rules and JSON Schema. Run by `make docs`.

tests/test_docs.py fails when a page is not what this would write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click

from linkage import cli
from linkage.protocol import lint, schema

DOCS = Path(__file__).parent
MEANING = {
    "E101": "a cell that cannot be what its column says",
    "E201": "garbled letters: the file was read in one encoding and written in another",
    "E202": "letters that an export could not write and lost",
    "E203": "empty rows left out",
    "E204": "sheets of a workbook that were not read",
    "E205": "rows above the headings of a sheet, left out",
    "E206": "hidden rows of a sheet, read like all others",
    "E207": "a last row that looks like totals",
    "E301": "a clkhash schema with xorFolds, which clkhash itself ignores",
    "E401": "more rows than the protocol's quota for one package",
    "E402": "numbers of a range that test files use",
    "L101": "an entry that is malformed, or does not follow the one before: removed, moved, repeated, altered",
    "L102": "an entry of another party",
    "L103": "a signature that does not hold: changed, or signed by another",
    "L104": "a ledger that is shorter than somebody saw it: its tail was cut",
    "L105": "an empty ledger",
    "L106": "two ledgers of one party that differ: a fork",
    "L107": "an entry dated before the one above it, or before its card: back-dated",
    "L108": "an entry dated before something that it saw of another ledger: one of them is back-dated",
    "L109": "a ledger that begins otherwise than somebody saw it: written anew",
    "L110": "two different ledgers of one party that others were shown: a fork",
    "L111": "a package that was sealed to a party whose ledger goes on without it: a missing witness",
    "L112": "a package that was taken in, but never sent according to its sender, or not the file that was sealed",
    "L113": "a checkpoint that its owner did not sign, or an act between parties in an unknown form",
    "L114": "a package that was refused, because its sender's ledger was a fork of the one seen before",
    "L115": "an entry that is not in the ledger of the checkpoint beside it",
    "L116": "a ledger under another card than the auditor knows",
    "L201": "a last line without its end: a crash while writing",
    "L202": "a package that was refused: its sender's ledger was not shown to follow from the one seen before",
    "L203": "two copies of one ledger, one of them cut or older",
    "L204": "a package that was sealed and has not been taken in yet",
}
HELP = cli.linkage.context_settings["help_option_names"]


def commands() -> str:
    """Every command with its help."""
    parts = ["# Commands\n\nMade by `make docs` from the code.\n"]
    for name, command in _walk(cli.linkage, ("linkage",)):
        context = click.Context(
            command, info_name=" ".join(name), terminal_width=100, max_content_width=100, help_option_names=HELP
        )
        parts.append(f"### `{' '.join(name)}`\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def rules() -> str:
    """Every lint rule with its reason."""
    rows = [
        f"| {r.code} | {r.severity} | {r.check.__name__.replace('_', ' ')} | {r.doc} | {r.article} |"
        for r in _sorted_rules()
    ]
    head = "# Lint rules\n\nMade by `make docs` from the code. An error keeps a protocol from being signed.\n"
    return "\n".join([head, "| code | severity | what | why | article |", "|---|---|---|---|---|", *rows, ""])


def findings() -> str:
    """Every code that a finding can carry, with what it says where it stands in the code."""
    head = "# Findings\n\nMade by `make docs` from the code. P codes stand in [lint-rules.md](lint-rules.md).\n"
    rows = []
    for path in sorted((DOCS.parent / "src" / "linkage").rglob("*.py")):
        for code, severity in re.findall(r'"([EL][0-9]{3})",\s*Severity\.([A-Z]+)', path.read_text("utf-8")):
            rows.append((code, severity.lower(), path.relative_to(DOCS.parent / "src").as_posix()))
    lines = [f"| {code} | {severity} | {MEANING[code]} | `{where}` |" for code, severity, where in sorted(set(rows))]
    return "\n".join([head, "| code | severity | what | from |", "|---|---|---|---|", *lines, ""])


def json_schema() -> str:
    """The JSON Schema of protocol files."""
    return json.dumps(schema.json_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES = {
    "commands.md": commands,
    "spec/findings.md": findings,
    "spec/lint-rules.md": rules,
    "spec/protocol.schema.json": json_schema,
}


def _sorted_rules() -> list[lint.Rule]:
    return sorted(lint.RULES, key=lambda rule: rule.code)


def _walk(group: click.Group, prefix: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _walk(command, (*prefix, name))
        else:
            yield (*prefix, name), command


if __name__ == "__main__":
    for page, write in PAGES.items():
        (DOCS / page).write_text(write(), encoding="utf-8")
