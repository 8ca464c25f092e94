"""Tokenising: the last step on the custodian's machine.

Rules kept here:

- What leaves is random handles, keyed tokens, filters and categories; rows in an order that says nothing.
- Every field has its own subkey of the linkage secret, bound to the protocol digest.
- A bad cell stops the whole, unless the caller says that bad cells count as empty; then they are counted.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from linkage.crypto.secret import subkey
from linkage.encode import clk, hardened
from linkage.encode.column import Column
from linkage.encode.prepare import Prepared, prepare
from linkage.errors import InputError
from linkage.protocol.model import Protocol
from linkage.protocol.profiles import Clk, Hardened
from linkage.tables import HANDLE_BYTES, MISSING_CATEGORY, TOKEN_BYTES, Encodings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from linkage.encode.read import Records

BadCells = Literal["refuse", "leave-out"]


def encode(
    data: pd.DataFrame | pa.Table | Records,
    protocol: Protocol,
    *,
    party: str,
    secret: bytes,
    bad_cells: BadCells = "refuse",
) -> Encodings:
    """Encode records of one party, all of them: consent and cohort are for `linkage.roles.custodian`.

    Args:
        data: one column per field of the protocol that this party has, named like the field.
        protocol: what was agreed.
        party: id of the party that holds the records.
        secret: the linkage secret, 32 bytes.
        bad_cells: ``refuse`` stops at bad cells; ``leave-out`` takes them for empty.

    Returns:
        Encodings in random order; `rows` holds the row numbers as given.

    Raises:
        InputError: a column is missing, or cells are bad; names rows and columns, shows no value.
    """
    from linkage.encode.read import Records, from_table

    names = [f.name for f in protocol.fields_of(party)]
    records = data if isinstance(data, Records) else from_table(data, names)
    prepared = prepare(records, protocol, party)
    refuse_bad(prepared, bad_cells)
    return tokenise(prepared, np.ones(len(prepared), dtype=np.bool_), protocol, secret)


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


def tokenise(prepared: Prepared, included: NDArray[np.bool_], protocol: Protocol, secret: bytes) -> Encodings:
    """Tokenise the rows that take part.

    Args:
        prepared: normalised records.
        included: ``bool[n]``: which rows take part.
        protocol: what was agreed.
        secret: the linkage secret, 32 bytes.
    """
    party = prepared.party
    chosen = np.flatnonzero(included)
    handles = np.frombuffer(os.urandom(HANDLE_BYTES * len(chosen)), dtype=np.uint8).reshape(-1, HANDLE_BYTES)
    shuffle = np.argsort(handles.view("S16").reshape(-1))  # random handles in order: the rows are shuffled
    handles, chosen = handles[shuffle], chosen[shuffle]

    def column(name: str) -> Column:
        return prepared.columns[name].take(chosen)

    tokens = {
        f.name: _tokens(column(f.name), subkey(secret, protocol.digest, "token", f.name))
        for f in protocol.fields_of(party, "exact")
    }
    bloom = {f.name: column(f.name) for f in protocol.fields_of(party, "bloom")}
    keys = {name: subkey(secret, protocol.digest, protocol.encoding.profile, name) for name in bloom}
    filters = np.zeros((len(chosen), 0), dtype=np.uint64)
    if bloom:
        filters = _filters(bloom, protocol.encoding, keys)
    categories = {f.name: _codes(column(f.name), f.values or ()) for f in protocol.fields_of(party, "category")}
    return Encodings(party, protocol.digest, handles, tokens, filters, categories, prepared.rows[chosen])


def _filters(columns: Mapping[str, Column], encoding: Clk | Hardened, keys: Mapping[str, bytes]) -> NDArray[np.uint64]:
    """The filters of rows, by the protocol's profile."""
    if isinstance(encoding, Clk):
        return clk.filters(columns, encoding, keys)
    return hardened.filters(columns, encoding, keys)


def counts(encodings: Encodings) -> dict[str, int]:
    """What a package holds, in numbers for plan, header and ledger: rows, tokens, filters, repeated tokens."""
    result = {"rows": len(encodings)}
    for name, token in encodings.tokens.items():
        present = token.any(axis=1)
        result[f"with {name}"] = int(present.sum())
        result[f"repeated {name}"] = int(present.sum()) - len(np.unique(token[present], axis=0))
    if encodings.filters.shape[1]:
        result["with filter"] = int(encodings.filters.any(axis=1).sum())
    return result


def _tokens(column: Column, key: bytes) -> NDArray[np.uint8]:
    """HMAC-SHA256 of each distinct value, cut to 128 bits; all zero for no value."""
    table = np.zeros((len(column.values) + 1, TOKEN_BYTES), dtype=np.uint8)  # the last row serves code -1
    for code, value in enumerate(column.values.to_pylist()):
        table[code] = np.frombuffer(hmac.digest(key, value.encode("utf-8"), "sha256")[:TOKEN_BYTES], dtype=np.uint8)
    return table[column.codes]


def _codes(column: Column, values: tuple[str, ...]) -> NDArray[np.int16]:
    """Index of each row's category in the protocol's values."""
    index: Mapping[str, int] = {value: i for i, value in enumerate(values)}
    table = np.asarray([*(index[value] for value in column.values.to_pylist()), MISSING_CATEGORY], dtype=np.int16)
    return table[column.codes]
