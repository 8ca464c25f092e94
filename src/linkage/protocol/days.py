"""Days as registers hold them: ``yyyymmdd``, with 00 for a month or day that is not known (LO BRP, element 03.10).

Rules kept here:

- A day that is known in part is a stretch of days, and what is said of it must hold for all of them.
"""

from __future__ import annotations


def earliest(date: str) -> str:
    """The first day that a date can be."""
    return date[:4] + _or(date[4:6], "01") + _or(date[6:8], "01")


def latest(date: str) -> str:
    """The last one; 31 will do for any month, since days are only compared."""
    return date[:4] + _or(date[4:6], "12") + _or(date[6:8], "31")


def _or(part: str, unknown: str) -> str:
    return unknown if part == "00" else part
