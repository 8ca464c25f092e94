"""For a partner that does not run linkage: the files of clkhash, which anonlink matches.

Rules kept here:

- This is outside any linkage protocol, and says so before it begins: no consent is asked, nothing is signed, sealed or
  written in a ledger, and no purpose binds the receiver.
- A file appears whole or not at all, and for its owner only. A row that clkhash would refuse is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from linkage import files
from linkage.errors import InputError, shape
from linkage.findings import Finding

SCHEMA_LIMIT: Final = 1 << 20
"""Bytes of a linkage schema at most."""
WORTH: Final = """\
outside any linkage protocol: no consent is asked, nothing is signed, sealed or written in a ledger.
A CLK of clkhash is pseudonymised personal data. Whoever has the secret reads names and dates from it with a dictionary;
whoever knows about 100 persons in it re-identifies nearly all others without the secret. With doubleHash its bits
follow few patterns, which can be listed. Send it sealed, to one receiver, and have it deleted."""
"""What such a file is worth: docs/threat-model.md, docs/adr/0008-two-profiles.md."""


@dataclass(frozen=True)
class Made:
    """A file of CLKs."""

    path: Path
    """Where it stands."""
    rows: int
    """How many CLKs it holds, in the order of the rows."""
    findings: tuple[Finding, ...]
    """E301 where clkhash itself would make other bits of this schema."""


def clkhash(schema: Path, path: Path, secret: bytes, out: Path) -> Made:
    """Encode a CSV file as clkhash 0.18.3 does, for anonlink.

    Args:
        schema: a linkage schema of clkhash, version 3.
        path: rows with the schema's features as headings, in the schema's order. Cells are taken as they are written.
        secret: the secret that the partners share.
        out: the file to write.

    Raises:
        InputError: the schema or the file cannot be read, they do not fit each other, a cell does not fit its format,
            or the secret is empty; nothing was written.
    """
    from linkage.encode import clkhash as clks
    from linkage.encode import delimited
    from linkage.encode.clkhash_schema import read_schema

    if not secret:
        raise InputError("the secret is empty")
    agreed = read_schema(files.read(schema, limit=SCHEMA_LIMIT), where=schema.name)
    opened = delimited.open_delimited(files.read(path), path.name)
    expected = tuple(feature.identifier for feature in agreed.features)
    if opened.headings != expected:
        found = ", ".join(shape(heading) for heading in opened.headings)
        raise InputError(
            f"expected the headings of the schema, {', '.join(expected)}, got headings of the shape {found}",
            where=path.name,
            hint="Put the columns in the order of the schema, under its names.",
        )
    made = clks.encode(delimited.rows(opened), agreed, secret, where=path.name)
    files.write(out, clks.to_file(made))
    return Made(out, len(made), agreed.findings)
