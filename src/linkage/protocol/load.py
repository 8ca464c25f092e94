"""From a file to a checked model, with every complaint at its line and column.

Rules kept here:

- Validation never guesses: wrong type, unknown key, dangling name are each refused.
- All complaints of a file are told at once, first line first.
- `validated` serves every YAML file of ours (protocol and organisation config), so they complain alike.
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from linkage.errors import InputError
from linkage.protocol import consistent, strict_yaml
from linkage.protocol.model import Protocol
from linkage.protocol.names import Problem
from linkage.protocol.strict_yaml import Document, Path

M = TypeVar("M", bound=BaseModel)


def load(path: str | FilePath) -> Protocol:
    """Read a protocol file.

    Raises:
        InputError: unreadable, not YAML, or not a protocol; one line per complaint with file, line, column
            and what was expected.
    """
    return from_document(strict_yaml.load(FilePath(path)))


def loads(data: bytes, *, name: str) -> Protocol:
    """Read a protocol from bytes; `name` stands for the file in messages."""
    return from_document(strict_yaml.parse(data, name=name))


def from_document(document: Document) -> Protocol:
    """The protocol in a parsed document, names checked against each other."""
    protocol = validated(Protocol, document)
    _raise(document, sorted(consistent.problems(protocol), key=lambda p: document.places.get(p[0], (0, 0))))
    return protocol


def validated(model: type[M], document: Document) -> M:
    """A document as a model.

    Raises:
        InputError: see `load`.
    """
    try:
        return model.model_validate(_tuples(document.data), by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [_problem(e) for e in error.errors(include_url=False, include_input=True)]
        problems = [(_in_file(path, document), text) for path, text in problems]
        inside = {path[:i] for path, _ in problems for i in range(len(path))}
        problems = [(path, text) for path, text in problems if path not in inside or "at least" not in text]
        _raise(document, sorted(problems, key=lambda p: document.places.get(p[0], (0, 0))))
        raise AssertionError from error  # pragma: no cover  # a ValidationError has at least one problem


def _tuples(value: Any) -> Any:
    """Lists as tuples, which strict pydantic wants for frozen models."""
    if isinstance(value, list):
        return tuple(_tuples(v) for v in value)
    if isinstance(value, dict):
        return {k: _tuples(v) for k, v in value.items()}
    return value


def _raise(document: Document, problems: list[Problem]) -> None:
    if not problems:
        return
    (first_path, first), *rest = problems
    more = "".join(f"\n{document.where(path)}: {text}" for path, text in rest)
    raise InputError(first + more, where=document.where(first_path))


def _in_file(path: Path, document: Document) -> Path:
    """The path without the parts that only the model knows (names of union members)."""
    real: Path = ()
    for part in path:
        if (*real, part) in document.places:
            real = (*real, part)
    return real


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
}


def _got(value: Any) -> str:
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list"}
    names |= {dict: "a mapping of keys", type(None): "nothing"}
    return names.get(type(value), type(value).__name__)


def _problem(error: Any) -> Problem:
    path: Path = error["loc"]
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "missing":
            return path[:-1], f"key '{path[-1]}' is missing"
        case "extra_forbidden":
            return path, f"unknown key '{path[-1]}'"
        case "literal_error" | "enum":
            return path, f"expected {context['expected']}, got {_shown(error['input'])}"
        case "union_tag_invalid":
            return path, f"expected {context['expected_tags']}, got {_shown(context['tag'])}"
        case "union_tag_not_found":
            return path, f"key {context['discriminator']} is missing"
        case "too_short":
            return path, f"expected at least {context['min_length']} in the list, got {context['actual_length']}"
        case "value_error":
            return path, str(context["error"])
        case "string_pattern_mismatch":
            return path, f"expected text that fits {context['pattern']}"
    if kind in _EXPECTED:
        either = " or a mapping with 'aim'" if path[-1:] == ("fixed",) else ""  # a threshold
        hint = ": put it between quotes" if kind == "string_type" and error["input"] is not None else ""
        return path, f"expected {_EXPECTED[kind]}{either}, got {_got(error['input'])}{hint}"
    message = str(error["msg"])
    return path, message[0].lower() + message[1:]


def _shown(value: Any) -> str:
    if type(value) in (int, float):
        return str(value)
    return f"'{value}'" if isinstance(value, str) and len(value) < 60 else _got(value)
