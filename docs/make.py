"""Writes the pages that are made of the code: commands, lint rules and JSON Schema. Run by `make docs`.

tests/test_docs.py fails when a page is not what this would write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from linkage import cli
from linkage.protocol import lint, schema

DOCS = Path(__file__).parent
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
    rows = [f"| {r.code} | {r.severity} | {r.check.__name__.replace('_', ' ')} | {r.doc} |" for r in _sorted_rules()]
    head = "# Lint rules\n\nMade by `make docs` from the code. An error keeps a protocol from being signed.\n"
    return "\n".join([head, "| code | severity | what | why |", "|---|---|---|---|", *rows, ""])


def json_schema() -> str:
    """The JSON Schema of protocol files."""
    return json.dumps(schema.json_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES = {"commands.md": commands, "spec/lint-rules.md": rules, "spec/protocol.schema.json": json_schema}


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
