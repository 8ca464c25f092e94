"""A scenario, or a region, as the files its organisations would export.

Rules kept here:

- Each file looks like its source: schools and employers write code page 1252 with semicolons and CRLF, gemeenten and
  UWV UTF-8 with commas and LF (proved by tests/synth/test_registers.py::test_files_look_like_their_source).
- Every file appears whole or not at all (`linkage.files.atomic`). A value that holds the separator is quoted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from linkage import files
from linkage.synth.regional import Region
from linkage.synth.scenario import Scenario

BATCH = 100_000
"""Rows made into text at a time."""


@dataclass(frozen=True)
class Files:
    """Where the files of a scenario are."""

    school: Path
    """The school's students: cp1252, ``;``, CRLF, dates dd-mm-yyyy."""
    gemeente: Path
    """People on benefits: UTF-8, ``,``, LF, dates yyyymmdd."""
    consent: Path
    """Consent events of the school: UTF-8, ``;``, LF, dates yyyy-mm-dd."""
    truth: Path
    """Which rows are the same person: ``,``, LF."""


@dataclass(frozen=True)
class _Format:
    """How a file is written."""

    separator: str
    """Between two values."""
    line_end: str
    """After each line."""
    encoding: str
    """Name of the code page, as Python knows it."""


SCHOOL = _Format(";", "\r\n", "cp1252")
"""Dutch Windows: list separator, line end and code page."""
GEMEENTE = _Format(",", "\n", "utf-8")
"""A server's export."""
CONSENT = _Format(";", "\n", "utf-8")
"""A portal's export."""
REGISTERS = {
    "school": ("studenten.csv", SCHOOL),
    "gemeente": ("uitkeringen.csv", GEMEENTE),
    "uwv": ("inkomstenverhoudingen.csv", GEMEENTE),
    "employers": ("personeel.csv", SCHOOL),
}
"""Per kind of register of a region: name and form of its file."""


def write(scenario: Scenario, folder: Path) -> Files:
    """Write the files of a scenario and return where they are.

    Args:
        scenario: what to write.
        folder: gets ``school/studenten.csv``, ``school/toestemming.csv``, ``gemeente/uitkeringen.csv`` and
            ``truth.csv``; made if missing. Files of these names are replaced.

    Raises:
        InputError: the folder cannot be written, or the disk is full.
    """
    return Files(
        school=_csv(scenario.school, folder / "school" / "studenten.csv", SCHOOL),
        gemeente=_csv(scenario.gemeente, folder / "gemeente" / "uitkeringen.csv", GEMEENTE),
        consent=_csv(scenario.consent, folder / "school" / "toestemming.csv", CONSENT),
        truth=_csv(scenario.truth, folder / "truth.csv", GEMEENTE),
    )


def write_region(region: Region, folder: Path) -> Mapping[str, Path]:
    """Write the files of a region, and return where each is.

    Args:
        region: what to write.
        folder: gets a folder per register with its file (``school-1/studenten.csv``,
            ``gemeente-0193/uitkeringen.csv``, ``uwv/inkomstenverhoudingen.csv``, ``employers/personeel.csv``),
            ``toestemming.csv`` beside the students of each school, and ``truth.csv`` (several rows of one person with
            a space between); made if missing. Files of these names are replaced.

    Returns:
        Paths by register; the consent of ``school-1`` is ``school-1/consent``, the truth ``truth``.

    Raises:
        InputError: the folder cannot be written, or the disk is full.
    """
    found: dict[str, Path] = {}
    for name, table in region.registers.items():
        file, form = REGISTERS[name.split("-")[0]]
        found[name] = _csv(table, folder / name / file, form)
    for name, table in region.consent.items():
        found[f"{name}/consent"] = _csv(table, folder / name / "toestemming.csv", CONSENT)
    columns = {name: _listed(region.truth.column(name)) for name in region.truth.column_names}
    found["truth"] = _csv(pa.table(columns), folder / "truth.csv", GEMEENTE)
    return found


def _listed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Lists as text, with a space between two values."""
    if not pa.types.is_list(column.type):
        return column
    return pc.binary_join(column.cast(pa.list_(pa.string())), " ")


def _csv(table: pa.Table, path: Path, form: _Format) -> Path:
    """Write one table as text, in batches."""
    with files.atomic(path) as stream:
        stream.write((form.separator.join(table.column_names) + form.line_end).encode(form.encoding))
        for start in range(0, table.num_rows, BATCH):
            part = table.slice(start, BATCH)
            columns = [_quoted(column.cast(pa.string()), form.separator) for column in part.columns]
            lines = pc.binary_join_element_wise(*columns, form.separator).to_pylist()
            stream.write("".join(line + form.line_end for line in lines).encode(form.encoding))
    return path


def _quoted(values: pa.ChunkedArray, separator: str) -> pa.ChunkedArray:
    """Put values that hold the separator between quotation marks; names hold no quotation marks or line ends."""
    inside = pc.match_substring(values, separator)
    return pc.if_else(inside, pc.binary_join_element_wise('"', values, '"', ""), values)
