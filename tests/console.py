"""Executes the console blocks of a document and compares what comes out with what the document says.

A line that starts with ``$ `` is a command; the lines after it are its output. In the output ``...`` stands for
anything on a line, and alone on a line for any lines. Runs of digits count as equal when `loose`; spaces do always.
A command whose output starts with ``error:`` or ends with ``NOT verified`` must fail; every other must succeed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MARK = "<<<end of command"


@dataclass(frozen=True)
class Command:
    """A command and what the document says it prints."""

    line: int
    text: str
    output: list[str]


def commands(document: Path) -> list[Command]:
    """The commands in the console blocks of a Markdown document."""
    found: list[Command] = []
    inside = False
    for number, line in enumerate(document.read_text("utf-8").splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append(Command(number, line[2:], []))
        elif inside:
            found[-1].output.append(line)
    return found


def run(document: Path, folder: Path, *, loose: bool = False) -> int:
    """Run a document's commands in a folder; raises AssertionError where the document is wrong. Returns how many."""
    todo = commands(document)
    script = "".join(f"{c.text}\ncode=$?; echo; echo '{MARK}' $code\n" for c in todo)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
    }
    environment.pop("LC_ALL", None)
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    pieces = re.split(rf"\n{MARK} (\d+)\n", done.stdout)
    outputs, codes = pieces[0::2], list(map(int, pieces[1::2]))
    assert len(codes) == len(todo), done.stdout[-2000:]
    for command, output, code in zip(todo, outputs, codes, strict=False):
        place = f"{document.name}:{command.line}: $ {command.text}\n{output}"
        fails = command.output and (command.output[0].startswith("error:") or "NOT verified" in command.output[-1])
        assert bool(code) == bool(fails), f"exit code {code}: {place}"
        if command.output:
            assert _pattern(command.output, loose).fullmatch(_plain(output, loose)), place
    return len(todo)


def _plain(text: str, loose: bool) -> str:
    lines = [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]
    joined = "\n".join(line for line in lines if line)
    return (re.sub(r"\d+", "9", joined) if loose else joined) + "\n"


def _pattern(lines: list[str], loose: bool) -> re.Pattern[str]:
    parts = []
    for line in _plain("\n".join(lines), loose).splitlines():
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(map(re.escape, line.split("..."))) + "\n")
    return re.compile("".join(parts))
