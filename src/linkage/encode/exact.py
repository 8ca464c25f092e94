"""Exact tokens of rows: of a number by itself, and of a number with a second field that must agree.

Rules kept here (docs/spec/exact-tokens.md):

- A token stands for a distinct value; all zero is no value, and no value leaves no trace of the second field either.
- By oblivious PRF, the number is replaced by the outputs of all key-holders before anything is keyed. By keyed hash, it
  is keyed as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.crypto.oprf.token import PURPOSE, PURPOSE_SECOND, Numbers, tokens, with_second
from linkage.crypto.secret import subkey
from linkage.encode.column import Column
from linkage.errors import InputError
from linkage.protocol.model import Protocol
from linkage.protocol.stages import Exact
from linkage.tables import TOKEN_BYTES

KEYED, KEYED_SECOND = "token", "agree"
"""Purposes of the subkeys of a keyed hash."""


class ExactTokens:
    """Makes the exact tokens of one party's rows.

    Args:
        columns: every field of the party, normalised.
        protocol: what was agreed.
        party: id of the party.
        secret: the linkage secret, 32 bytes.
        numbers: gives the key-holders' outputs.

    Raises:
        InputError: the protocol makes tokens by oblivious PRF, and `numbers` is None.
    """

    def __init__(
        self, columns: Mapping[str, Column], protocol: Protocol, party: str, secret: bytes, numbers: Numbers | None
    ) -> None:
        self._columns, self._numbers = columns, numbers
        self._keys: dict[str, tuple[Exact | None, bytes, bytes]] = {}
        for field in protocol.fields_of(party, "exact"):
            stage = protocol.exact_stage(field.name)
            oprf = bool(stage and stage.oprf_suite)
            if oprf and numbers is None:
                raise InputError(
                    f"the tokens of '{field.name}' need the key-holders' outputs",
                    hint="Give numbers=linkage.crypto.oprf.memory.key_holders(protocol) to try it out in one process;"
                    " between organisations, `linkage tokenise` asks the key-holders.",
                )
            purposes = (PURPOSE, PURPOSE_SECOND) if oprf else (KEYED, KEYED_SECOND)
            first, second = (subkey(secret, protocol.token_scope, purpose, field.name) for purpose in purposes)
            self._keys[field.name] = stage, first, second

    def of(self, rows: NDArray[np.int64]) -> dict[str, NDArray[np.uint8]]:
        """Name to ``uint8[len(rows), 16]``, in the order of the protocol's layout."""
        result, seconds = {}, {}
        for name, (stage, key, second_key) in self._keys.items():
            column = self._columns[name].take(rows)
            codes, joined = self._joined(name, stage, column)
            result[name] = by_row(tokens(key, joined), codes)
            if stage and stage.agree and stage.agree in self._columns:
                other = self._columns[stage.agree].take(rows)
                seconds[str(stage.second)] = _seconds(second_key, codes, joined, other)
        return result | seconds

    def _joined(self, name: str, stage: Exact | None, column: Column) -> tuple[NDArray[np.int64], Sequence[bytes]]:
        """Per row its place among the distinct values, -1 for none; and what each of these is keyed as."""
        used, places = np.unique(column.codes[column.present], return_inverse=True)
        codes = np.full(len(column), -1, dtype=np.int64)
        codes[column.present] = places
        values: list[bytes] = column.values.take(pa.array(used)).cast(pa.binary()).to_pylist()
        if stage and stage.oprf_suite and self._numbers:
            return codes, self._numbers(name, values)
        return codes, values


def _seconds(key: bytes, codes: NDArray[np.int64], joined: Sequence[bytes], other: Column) -> NDArray[np.uint8]:
    """Tokens of number and second field, where a row has both."""
    texts = other.values.cast(pa.binary()).to_pylist()
    result = np.zeros((len(codes), TOKEN_BYTES), dtype=np.uint8)
    both = np.flatnonzero((codes >= 0) & other.present)
    pairs = zip(codes[both].tolist(), other.codes[both].tolist(), strict=True)
    result[both] = tokens(key, (with_second(joined[number], texts[second]) for number, second in pairs))
    return result


def by_row(of_values: NDArray[np.uint8], codes: NDArray[np.int64]) -> NDArray[np.uint8]:
    """``uint8[n, 16]``: the token of each row's value; all zero for code -1."""
    result = np.zeros((len(codes), TOKEN_BYTES), dtype=np.uint8)
    result[codes >= 0] = of_values[codes[codes >= 0]]
    return result
