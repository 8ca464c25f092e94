"""Tokenising: the last step on the custodian's machine.

Rules kept here:

- What leaves is random handles, keyed tokens, filters and categories; rows in an order that says nothing.
- Every field has its own subkey of the linkage secret, bound to the protocol digest.
- One way for all sizes: pieces in the order of their handles, each made when it is asked for. `tokenise` puts them
  together, `write` and `stream` write them one by one; no bit depends on the size of a piece or on the number of cores
  (tests/encode/test_stream.py).
- A bad cell stops the whole, unless the caller says that bad cells count as empty; then they are counted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage import tables
from linkage.crypto.codes import codes
from linkage.crypto.oprf.token import Numbers
from linkage.crypto.secret import subkey
from linkage.encode.clk import BALANCE, ClkFilters
from linkage.encode.column import Column
from linkage.encode.exact import ExactTokens
from linkage.encode.hardened import HardenedFilters
from linkage.encode.prepare import Prepared, prepare
from linkage.errors import InputError
from linkage.protocol.fields import FieldSpec
from linkage.protocol.model import Protocol
from linkage.protocol.profiles import Clk, Hardened
from linkage.tables import HANDLE_BYTES, MISSING_CATEGORY, Encodings, joined

if TYPE_CHECKING:
    import pandas as pd

    from linkage.encode.read import Records

BadCells = Literal["refuse", "leave-out"]


def encode(
    data: pd.DataFrame | pa.Table | Records,
    protocol: Protocol,
    *,
    party: str,
    secret: bytes,
    numbers: Numbers | None = None,
    bad_cells: BadCells = "refuse",
) -> Encodings:
    """Encode records of one party, all of them: consent and cohort are for `linkage.roles.custodian`.

    Args:
        data: one column per field of the protocol that this party has and does not make of others, named like it.
        protocol: what was agreed.
        party: id of the party that holds the records.
        secret: the linkage secret, 32 bytes.
        numbers: gives the key-holders' outputs, where the protocol makes tokens by oblivious PRF; for trials
            `linkage.crypto.oprf.memory.key_holders`, between organisations `linkage.roles.custodian.tokenise`.
        bad_cells: ``refuse`` stops at bad cells; ``leave-out`` takes them for empty.

    Returns:
        Encodings in random order; `rows` holds the row numbers as given.

    Raises:
        InputError: a column is missing, or cells are bad; names rows and columns, shows no value. Or the protocol
            makes tokens by oblivious PRF and `numbers` is None.
    """
    prepared = _prepared(data, protocol, party, bad_cells)
    return tokenise(prepared, np.ones(len(prepared), dtype=np.bool_), protocol, secret, numbers=numbers)


def refuse_bad(prepared: Prepared, bad_cells: BadCells) -> None:
    """Stop at bad cells unless they are to be taken for empty.

    Raises:
        InputError: there are bad cells and `bad_cells` is ``refuse``, or it is neither of its two words.
    """
    if bad_cells not in {"refuse", "leave-out"}:
        raise InputError(f"bad_cells: expected refuse or leave-out, got {bad_cells!r}")
    if bad_cells == "refuse" and prepared.bad:
        listed = "\n".join(f"{f.where}: {f.message}" for f in prepared.bad)
        more = prepared.bad_count - len(prepared.bad)
        raise InputError(
            f"{prepared.bad_count} bad cells\n{listed}" + (f"\nand {more} more" if more else ""),
            where=prepared.party,
            hint="Correct them in the source, or use --bad-cells leave-out to take them for empty; they are counted.",
        )


def stream(
    data: pd.DataFrame | pa.Table | Records,
    protocol: Protocol,
    to: BinaryIO,
    *,
    party: str,
    secret: bytes,
    numbers: Numbers | None = None,
    bad_cells: BadCells = "refuse",
) -> dict[str, int]:
    """Encode records into a file, in memory that grows with the cells only: what leaves is made piece by piece.

    The bytes are those of ``encode(...).to_bytes()``, but for the handles, which are new each time.

    Args:
        data: as for `encode`; `read.read` gives records without holding a file as rows.
        protocol: what was agreed.
        to: a file opened for writing bytes; see `files.atomic` for one that takes its name when all is well.
        party: the party whose records these are.
        secret: the linkage secret, 32 bytes.
        numbers: as for `encode`.
        bad_cells: as for `encode`.

    Returns:
        What was written, in numbers: see `counts`.

    Raises:
        InputError: a column is missing, or cells are bad; then nothing is written.
    """
    prepared = _prepared(data, protocol, party, bad_cells)
    del data  # the cells as they were are not needed any more
    return write(prepared, np.ones(len(prepared), dtype=np.bool_), protocol, secret, to, numbers=numbers)


def _prepared(data: pd.DataFrame | pa.Table | Records, protocol: Protocol, party: str, bad_cells: BadCells) -> Prepared:
    from linkage.encode.read import Records, from_table

    names = [f.name for f in protocol.columns_of(party)]
    prepared = prepare(data if isinstance(data, Records) else from_table(data, names), protocol, party)
    refuse_bad(prepared, bad_cells)
    return prepared


def tokenise(
    prepared: Prepared,
    included: NDArray[np.bool_],
    protocol: Protocol,
    secret: bytes,
    *,
    numbers: Numbers | None = None,
    cores: int | None = None,
) -> Encodings:
    """Tokenise the rows that take part.

    Args:
        prepared: normalised records.
        included: ``bool[n]``: which rows take part.
        protocol: what was agreed.
        secret: the linkage secret, 32 bytes.
        numbers: as for `encode`.
        cores: threads to use; None for all. The bits do not depend on it.
    """
    made = pieces(prepared, included, protocol, secret, numbers=numbers, cores=cores)
    return joined(made, int(included.sum()))


def write(
    prepared: Prepared, included: NDArray[np.bool_], protocol: Protocol, secret: bytes, to: BinaryIO, *,
    numbers: Numbers | None = None, cores: int | None = None,
) -> dict[str, int]:  # fmt: skip
    """The same into a file, piece by piece. Returns what was written, in numbers."""
    tally = Tally()
    made = pieces(prepared, included, protocol, secret, numbers=numbers, cores=cores)
    tables.write(map(tally.seen, made), to)
    return tally.counts()


def pieces(
    prepared: Prepared,
    included: NDArray[np.bool_],
    protocol: Protocol,
    secret: bytes,
    *,
    numbers: Numbers | None = None,
    cores: int | None = None,
) -> Iterator[Encodings]:
    """The encodings of the rows that take part, in the order of their handles, `tables.BATCH_ROWS` rows at a time.

    All handles are drawn beforehand; the tokens and filters of a piece are made when it is asked for. There is one
    piece at least, which may be empty.
    """
    party = prepared.party
    chosen = np.flatnonzero(included)
    exact = ExactTokens(prepared.columns, protocol, party, secret, numbers)
    bloom = {f.name: prepared.columns[f.name] for f in protocol.fields_of(party, "bloom")}
    keyed = [*bloom, BALANCE]
    keys = {name: subkey(secret, protocol.token_scope, protocol.encoding.profile, name) for name in keyed}
    with ThreadPoolExecutor(1) as aside:  # drawing and sorting need no Python, cutting into tokens little else
        drawn = aside.submit(_handles, len(chosen))
        filters = _filters(bloom, protocol.encoding, keys, cores) if bloom else None
        handles, order = drawn.result()
    chosen = chosen[order]  # random handles in order: the rows are shuffled
    counted = protocol.fields_of(party, "category", "blinded")
    index = {f.name: _indices(prepared.columns[f.name], _codes(f, protocol, secret)) for f in counted}
    for first in range(0, max(len(chosen), 1), tables.BATCH_ROWS):
        here = slice(first, first + tables.BATCH_ROWS)
        rows = chosen[here]
        yield Encodings(
            party,
            protocol.digest,
            handles[order[here]],
            exact.of(rows),
            filters.of(rows) if filters else np.zeros((len(rows), 0), dtype=np.uint64),
            {name: table[prepared.columns[name].codes[rows]] for name, table in index.items()},
            prepared.rows[rows],
        )


def _handles(count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Random handles, and the order in which they rise."""
    handles = np.frombuffer(os.urandom(HANDLE_BYTES * count), dtype=np.uint8).reshape(-1, HANDLE_BYTES)
    halves = handles.view(">u8")
    high = halves[:, 0].astype(np.uint64)
    order = np.argsort(high)
    high = high[order]
    if (high[1:] == high[:-1]).any():  # once in 400,000 runs of ten million rows
        order = np.lexsort((halves[:, 1], halves[:, 0]))
    return handles, order


def _filters(
    columns: Mapping[str, Column], encoding: Clk | Hardened, keys: Mapping[str, bytes], cores: int | None
) -> ClkFilters | HardenedFilters:
    """What makes the filters of rows, by the protocol's profile."""
    if isinstance(encoding, Clk):
        return ClkFilters(columns, encoding, keys, cores=cores)
    return HardenedFilters(columns, encoding, keys, cores=cores)


def counts(encodings: Encodings) -> dict[str, int]:
    """What a package holds, in numbers: rows, tokens, filters, repeated tokens."""
    tally = Tally()
    tally.seen(encodings)
    return tally.counts()


class Tally:
    """Counts the pieces that pass by, and keeps handles and row numbers. Of a token it keeps the first 64 bits, which
    tell ten million apart."""

    def __init__(self) -> None:
        self._rows = self._filters = 0
        self._with_filters = False
        self._tokens: dict[str, list[NDArray[np.uint64]]] = {}
        self._handles: list[NDArray[np.uint8]] = []
        self._numbers: list[NDArray[np.int64]] = []

    def seen(self, piece: Encodings) -> Encodings:
        """Count a piece, and hand it on."""
        self._rows += len(piece)
        self._handles.append(piece.handles)
        if piece.rows is not None:
            self._numbers.append(piece.rows)
        for name, token in piece.tokens.items():
            self._tokens.setdefault(name, []).append(token[token.any(axis=1)].view(np.uint64)[:, 0])
        self._with_filters = bool(piece.filters.shape[1])
        self._filters += int(piece.filters.any(axis=1).sum())
        return piece

    def handles(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """``uint8[n, 16]`` and ``int64[n]``: handles so far, and the row number of each."""
        return np.concatenate(self._handles), np.concatenate(self._numbers)

    def counts(self) -> dict[str, int]:
        """The numbers so far."""
        result = {"rows": self._rows}
        for name, parts in self._tokens.items():
            tokens = np.sort(np.concatenate(parts))
            result[f"with {name}"] = len(tokens)
            result[f"repeated {name}"] = int((tokens[1:] == tokens[:-1]).sum())
        if self._with_filters:
            result["with filter"] = self._filters
        return result


def _codes(spec: FieldSpec, protocol: Protocol, secret: bytes) -> dict[str, int]:
    """What each category leaves as: its place among the protocol's values, or where it is sent blinded its code."""
    values = spec.values or ()
    if spec.send == "blinded":
        return dict(zip(values, codes(secret, protocol.digest, spec.name, len(values)), strict=True))
    return {value: place for place, value in enumerate(values)}


def _indices(column: Column, index: Mapping[str, int]) -> NDArray[np.int16]:
    """What each distinct category leaves as; the last one serves code -1."""
    values = column.values.to_pylist()  # of rows outside the cohort too, whose categories may be none of the protocol's
    return np.asarray([*(index.get(value, MISSING_CATEGORY) for value in values), MISSING_CATEGORY], dtype=np.int16)
