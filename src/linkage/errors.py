"""Errors, few and split by whose fault it is.

Rules kept here:

- A message says what, where, why and what to do. It never holds an identifier, a token or a secret:
  a value is shown by its `shape` only (proved by tests/test_leaks.py).
- The exit code belongs to the class; `linkage.cli` is the only place that turns it into one.
"""

from __future__ import annotations


class LinkageError(Exception):
    """Base of every error this library raises on purpose.

    Args:
        message: what is wrong and why, with both sides where there are two ("expected ..., got ...").
        where: file, row and column, or the part of a value that is meant.
        hint: what the reader can do now, with the command meant.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class InputError(LinkageError):
    """What was given cannot be read or used as it is: a file, a value, an option. Exit code 2."""

    exit_code = 2


class Refused(LinkageError):
    """The input is readable, but the protocol, the law declared in it or its state says no. Exit code 1."""


class Untrusted(Refused):
    """A signature, seal, digest or card does not hold: altered, truncated, foreign or replayed. Exit code 1."""


def shape(value: str) -> str:
    """Describe a value without showing it: digits become 9, letters a or A, other signs stay if they print.

    >>> shape("12345678Z")
    '99999999A'
    """
    return "".join(map(_masked, value[:40])) + ("..." if len(value) > 40 else "")


def printable(text: str) -> str:
    """A name from outside as one line that steers no terminal: signs that do not print become ?."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:200])


def _masked(sign: str) -> str:
    if sign.isalpha():
        return "A" if sign.isupper() else "a"
    if sign.isalnum():
        return "9"
    return sign if sign.isprintable() else "?"
