"""What a row of a custodian is known by in all its packages under one protocol.

Rules kept here:

- Handles are new in every package, tokens are not: a row is known by the first token that it has, or else by its
  filter.
- Rows with the same token or filter are numbered in the order of all that they say, so that which is which does not
  depend on their handles.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage.tables import Encodings

BYTES = 32


def known_by(encodings: Encodings) -> NDArray[np.uint8]:
    """``uint8[n, 32]``: one digest per row."""
    tokens = [np.ascontiguousarray(encodings.tokens[name]) for name in sorted(encodings.tokens)]
    categories = [encodings.categories[name][:, np.newaxis] for name in sorted(encodings.categories)]
    columns: list[NDArray[Any]] = [encodings.filters, *tokens, *categories]
    said = [b"".join(column[row].tobytes() for column in columns) for row in range(len(encodings))]
    first = [_first(tokens, row) or b"filter" + encodings.filters[row].tobytes() for row in range(len(encodings))]
    found, seen = [b""] * len(encodings), dict[bytes, int]()
    for row in sorted(range(len(encodings)), key=lambda row: said[row]):
        seen[first[row]] = seen.get(first[row], -1) + 1
        found[row] = hashlib.sha256(seen[first[row]].to_bytes(4, "big") + first[row]).digest()
    return np.frombuffer(b"".join(found), np.uint8).reshape(-1, BYTES)


def _first(tokens: list[NDArray[np.uint8]], row: int) -> bytes:
    """The first token of a row, with its place among the fields; empty when it has none."""
    return next((bytes([n]) + token[row].tobytes() for n, token in enumerate(tokens) if token[row].any()), b"")
