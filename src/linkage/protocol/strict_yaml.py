"""YAML as an auditor reads it: what is written is what is loaded.

Rules kept here:

- One document; no tags, anchors or aliases; keys are text and stand once; at most 1 MiB.
- Scalars are text unless they are plainly ``true``, ``false``, ``null`` or a decimal number. Dates stay as
  written, ``no`` stays ``no`` (YAML 1.1 would turn Norway into a boolean and 2026-10-01 into an object).
- Every value remembers its line and column, so that each complaint can name the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from linkage import files
from linkage.errors import InputError

MAX_BYTES = 1 << 20
MAX_DEPTH = 32

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,15})\.[0-9]{1,15}")


@dataclass(frozen=True)
class Document:
    """A YAML file as plain data, with the place of every value."""

    data: Any
    """dict, list, str, int, float, bool or None."""
    places: Mapping[Path, tuple[int, int]]
    """Path inside the data to line and column, both counted from 1. Keys stand under their own path."""
    name: str
    """File name for messages."""
    text: str
    """The file as it was read."""

    def where(self, path: Path) -> str:
        """``file:line:column`` of the value at `path`, or of its nearest parent that is in the file."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return f"{self.name}:{line}:{column}"


def load(path: FilePath) -> Document:
    """Read a YAML file strictly.

    Raises:
        InputError: unreadable, not UTF-8, not YAML, or against the rules above; names line and column.
    """
    return parse(files.read(path, limit=MAX_BYTES), name=path.name)


def parse(data: bytes, *, name: str) -> Document:
    """Read YAML bytes strictly; `name` stands for the file in messages."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError("not UTF-8", where=f"{name}:{line}", hint="Save the file as UTF-8.") from None
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        _refuse_indirection(loader, name)
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise InputError(f"not YAML: {error.problem or error.context}", where=where) from None
    except yaml.reader.ReaderError as error:
        line, column = _line_column(text, error.position)
        raise InputError("not YAML: a sign that YAML does not allow", where=f"{name}:{line}:{column}") from None
    except (ValueError, OverflowError):  # PyYAML hands on what chr() and int() raise
        where = f"{name}:{loader.line + 1}:{loader.column + 1}" if loader else name
        raise InputError("not YAML: an escape or a number that does not exist", where=where) from None
    except RecursionError:
        raise InputError(f"nested deeper than {MAX_DEPTH} levels", where=name) from None
    if node is None:
        raise InputError("empty file", where=name)
    places: dict[Path, tuple[int, int]] = {}
    value = _value(node, (), places, name)
    return Document(value, places, name, text)


def _refuse_indirection(loader: yaml.SafeLoader, name: str) -> None:
    depth = 0
    while loader.check_event():
        event = loader.get_event()  # type: ignore[no-untyped-call]  # stub has no annotation
        where = f"{name}:{event.start_mark.line + 1}:{event.start_mark.column + 1}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InputError("anchors (&) and aliases (*) are not allowed: write the value out", where=where)
        if getattr(event, "tag", None):
            raise InputError("tags (!) are not allowed", where=where)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise InputError(f"nested deeper than {MAX_DEPTH} levels", where=where)


def _value(node: Node, path: Path, places: dict[Path, tuple[int, int]], name: str) -> Any:
    places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, ScalarNode):
        _refuse_halves(node, name)
        return _scalar(node)
    if isinstance(node, SequenceNode):
        return [_value(child, (*path, i), places, name) for i, child in enumerate(node.value)]
    assert isinstance(node, MappingNode)  # noqa: S101  # YAML has three kinds of node
    result: dict[str, Any] = {}
    for key_node, child in node.value:
        where = f"{name}:{key_node.start_mark.line + 1}:{key_node.start_mark.column + 1}"
        if not isinstance(key_node, ScalarNode):
            raise InputError("expected a text key, got a list or mapping", where=where)
        _refuse_halves(key_node, name)
        key = str(key_node.value)
        if key in result:
            first = places[(*path, key)][0]
            raise InputError(f"duplicate key '{key}': it stands already on line {first}", where=where)
        places[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        result[key] = _value(child, (*path, key), places, name)
    return result


def _line_column(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _refuse_halves(node: ScalarNode, name: str) -> None:
    """An escaped surrogate is half a character: it cannot be printed, signed or digested."""
    if any("\ud800" <= sign <= "\udfff" for sign in str(node.value)):
        where = f"{name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
        raise InputError("half a character (\\ud800 to \\udfff): write the character itself", where=where)


def _scalar(node: ScalarNode) -> Any:
    text = str(node.value)
    if node.style is not None:  # quoted or block text
        return text
    if text in ("", "null", "~"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text
