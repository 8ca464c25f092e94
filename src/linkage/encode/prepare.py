"""From records to normalised columns, with every bad cell known and no value lost unseen.

Rules kept here:

- A cell is a value, nothing, or bad; each distinct cell text is normalised once (`clean`, `normalise`).
- Bad cells are findings with file, row and column; the value is shown by its shape only.
- What was repaired or left out is counted.
- No BSN is touched without a law named in the protocol: hashing one is using it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linkage.encode import clean, distinct, made, normalise
from linkage.encode.aliases import replaced
from linkage.encode.column import Column
from linkage.encode.distinct import Texts
from linkage.errors import Refused, shape
from linkage.findings import Finding, Severity
from linkage.protocol.fields import FieldSpec
from linkage.protocol.model import Protocol

if TYPE_CHECKING:
    from linkage.encode.read import Records

MAX_SHOWN = 20
"""Bad cells listed one by one; the rest is counted."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Records ready to be judged and tokenised."""

    party: str
    columns: Mapping[str, Column] = field(repr=False)
    """Every field of the party, normalised; also those that are made of others."""
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


def prepare(
    records: Records, protocol: Protocol, party: str, aliases: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> Prepared:
    """Normalise the fields that a party has under a protocol.

    Args:
        records: what was read.
        protocol: what was agreed.
        party: id of the party that holds the records.
        aliases: field to old and new numbers (`linkage.encode.aliases`).

    Raises:
        Refused: a BSN would be used, and the protocol names no law under which this party may (UAVG art. 46(1)).
    """
    _within_the_law(protocol, party)
    specs = protocol.columns_of(party)
    done = distinct.side_by_side(lambda spec: _column(spec, records), specs)
    columns = {spec.name: column for spec, (column, _, _, _) in zip(specs, done, strict=True)}
    bad = [finding for _, findings, _, _ in done for finding in findings]
    counts: Counter[str] = Counter()
    for _, _, _, notes in done:
        counts.update(notes)
    for name, changed in aliases.items():
        columns[name], rows = replaced(columns[name], changed)
        counts.update({f"{name}: alias": rows} if rows else {})
    made_bad = _make(columns, counts, records, protocol, party)
    references = None
    if records.reference is not None:
        references = [text.strip() or None if text else None for text in records.reference.to_pylist()]
    bad += [finding for findings, _ in made_bad for finding in findings]
    bad_count = sum(total for _, _, total, _ in done) + sum(total for _, total in made_bad)
    return Prepared(party, columns, records.rows, references, tuple(bad[:MAX_SHOWN]), bad_count, dict(counts))


def _make(
    columns: dict[str, Column], counts: Counter[str], records: Records, protocol: Protocol, party: str
) -> list[tuple[list[Finding], int]]:
    """Add the categories that are made of other columns, and count what has none. Returns what is bad in those."""
    reasons: dict[str, dict[int, str]] = {}
    for spec in protocol.fields_of(party):
        if spec.made is not None:
            one = made.category(spec, columns, protocol.reference_date)
            columns[spec.name] = one.column
            counts.update({f"{spec.name}: {note}": rows for note, rows in one.notes.items()})
            reasons[spec.made.fields[0]] = {**one.bad, **reasons.get(spec.made.fields[0], {})}
    found = []
    for name, bad in reasons.items():
        column = columns[name]
        found.append(_bad_cells(protocol.field(name), records, Texts(column.codes, column.values), bad))
    return found


def _within_the_law(protocol: Protocol, party: str) -> None:
    """Lint rule P101 keeps such a protocol from being signed; who only encodes is stopped here."""
    if protocol.party(party).bsn_basis is None and any(
        f.kind == "bsn" for f in protocol.fields_of(party, "exact", "bloom")
    ):
        raise Refused(
            f"{party} may not use the BSN: bsn_basis names no law (UAVG art. 46(1))",
            hint="Link without it: `linkage protocol new graduates-without-number`.",
        )


def _column(spec: FieldSpec, records: Records) -> tuple[Column, list[Finding], int, Counter[str]]:
    texts = distinct.of_array(records.table.column(spec.name))
    found = clean.normalised(spec.kind, texts.values, lambda text: _value(spec, text))
    in_rows = np.bincount(texts.codes + 1, minlength=len(texts.values) + 1)[1:]
    notes: Counter[str] = Counter()
    for code, note in found.notes.items():
        notes[f"{spec.name}: {note}"] += int(in_rows[code])
    values = distinct.mapped(texts, found.values)
    if distinct.worth_a_search(len(values.values), len(values)):
        once = distinct.of_array(values.values)  # two texts may have one normal form
        values = Texts(np.append(once.codes, np.int32(-1))[values.codes], once.values)
    findings, total = _bad_cells(spec, records, texts, found.bad)
    return Column(spec.kind, values.codes, values.values), findings, total, notes


def _value(spec: FieldSpec, text: str) -> tuple[str | None, str]:
    if spec.kind == "bsn":
        number = normalise.bsn(text)
        return number.value, number.note
    if spec.kind == "education-number":
        number = normalise.education_number(text)
        return number.value, number.note
    if spec.kind == "number" and spec.send == "none":
        return normalise.amount(text), ""
    value = normalise.NORMALISERS[spec.kind](text)
    if value is not None and spec.values is not None and value not in (*spec.values, *(spec.others or ())):
        raise normalise.BadValue("not one of the categories that the protocol names")
    return value, ""


def _bad_cells(
    spec: FieldSpec, records: Records, texts: Texts, reasons: Mapping[int, str]
) -> tuple[list[Finding], int]:
    if not reasons:
        return [], 0
    is_bad = np.zeros(len(texts.values) + 1, dtype=np.bool_)  # the last one serves code -1
    is_bad[list(reasons)] = True
    hit = np.flatnonzero(is_bad[texts.codes])
    heading = records.headings.get(spec.name, spec.name)
    findings = []
    for i in hit[:MAX_SHOWN].tolist():
        code = int(texts.codes[i])
        looks = shape(texts.values[code].as_py())
        where = f"{records.source}, row {records.rows[i]}, column {heading}"
        findings.append(Finding("E101", Severity.ERROR, where, f"{reasons[code]} (looks like {looks})"))
    return findings, len(hit)
