"""From records to normalised columns, with every bad cell known and no value lost unseen.

Rules kept here:

- A cell is a value, nothing, or bad; each distinct cell text is normalised once.
- Bad cells are findings with file, row and column; the value is shown by its shape only.
- What was repaired or left out is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.encode import normalise
from linkage.encode.column import Column
from linkage.errors import shape
from linkage.findings import Finding, Severity
from linkage.protocol.model import FieldSpec, Protocol

if TYPE_CHECKING:
    from linkage.encode.read import Records

MAX_SHOWN = 20
"""Bad cells listed one by one; the rest is counted."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Records ready to be judged and tokenised."""

    party: str
    columns: Mapping[str, Column] = field(repr=False)
    """Every field of the party, normalised."""
    rows: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: row numbers as given."""
    references: list[str | None] | None = field(repr=False)
    """Local reference per row, where the file has one; for the registry of consent only."""
    bad: tuple[Finding, ...]
    """The first bad cells."""
    bad_count: int
    """All bad cells."""
    counts: Mapping[str, int]
    """What was repaired or is no evidence: field and note to number of rows."""

    def __len__(self) -> int:
        return len(self.rows)


def prepare(records: Records, protocol: Protocol, party: str) -> Prepared:
    """Normalise the fields that a party has under a protocol."""
    columns: dict[str, Column] = {}
    bad: list[Finding] = []
    bad_count = 0
    counts: Counter[str] = Counter()
    for spec in protocol.fields_of(party):
        column, findings, total, notes = _column(spec, records)
        columns[spec.name] = column
        bad += findings
        bad_count += total
        counts.update(notes)
    references = None
    if records.reference is not None:
        references = [text.strip() or None if text else None for text in records.reference.to_pylist()]
    return Prepared(party, columns, records.rows, references, tuple(bad[:MAX_SHOWN]), bad_count, dict(counts))


def _column(spec: FieldSpec, records: Records) -> tuple[Column, list[Finding], int, Counter[str]]:
    encoded = records.table.column(spec.name).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    raw = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    texts: list[str] = encoded.dictionary.to_pylist()
    in_rows = np.bincount(raw[raw >= 0], minlength=len(texts))
    numbers: dict[str, int] = {}
    translate = np.full(len(texts) + 1, -1, dtype=np.int64)  # the last one serves raw code -1
    notes: Counter[str] = Counter()
    reasons: dict[int, str] = {}
    for code, text in enumerate(texts):
        try:
            value, note = _value(spec, text)
        except normalise.BadValue as error:
            reasons[code] = error.reason
            continue
        if note:
            notes[f"{spec.name}: {note}"] += int(in_rows[code])
        if value is not None:
            translate[code] = numbers.setdefault(value, len(numbers))
    findings, total = _bad_cells(spec, records, raw, texts, reasons)
    return Column(spec.kind, translate[raw], list(numbers)), findings, total, notes


def _value(spec: FieldSpec, text: str) -> tuple[str | None, str]:
    if spec.kind == "bsn":
        number = normalise.bsn(text)
        return number.value, number.note
    if spec.kind == "education-number":
        number = normalise.education_number(text)
        return number.value, number.note
    value = normalise.NORMALISERS[spec.kind](text)
    if value is not None and spec.values is not None and value not in spec.values:
        raise normalise.BadValue("not one of the categories that the protocol names")
    return value, ""


def _bad_cells(
    spec: FieldSpec, records: Records, raw: NDArray[np.int64], texts: list[str], reasons: Mapping[int, str]
) -> tuple[list[Finding], int]:
    if not reasons:
        return [], 0
    hit = np.flatnonzero(np.isin(raw, np.fromiter(reasons, dtype=np.int64)))
    heading = records.headings.get(spec.name, spec.name)
    findings = [
        Finding(
            "E101",
            Severity.ERROR,
            f"{records.source}, row {records.rows[i]}, column {heading}",
            f"{reasons[int(raw[i])]} (looks like {shape(texts[int(raw[i])])})",
        )
        for i in hit[:MAX_SHOWN].tolist()
    ]
    return findings, len(hit)
