"""A release in codes becomes the same figures under their values: each once, in the order of the protocol."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import protocols
from linkage.disclosure.protect import Figure
from linkage.disclosure.reading import readable
from linkage.disclosure.release import Cell, Release, limits, refuse_other
from linkage.disclosure.table import Frame
from linkage.errors import Untrusted
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol

LEVELS = ("1", "2", "3", "4")
SCHEMES = ("PW", "IOAW", "BBZ")
IN_CLEAR = protocols.HASHED.replace("    send: blinded\n", "    send: category\n")
BLINDED = IN_CLEAR.replace(*reversed(protocols.CLEAR)).replace(
    "{name: scheme, kind: category, send: none,",
    "{name: scheme, kind: category, send: blinded, values: [PW, IOAW, BBZ],",
)
OVERLAP: Protocol = loads(BLINDED.replace("margins: []", "margins: [[level], [school-year]]").encode(), name="p.yml")
SPLITS = """question: partition
    splits:
      - name: status
        label: {nl: Stand, en: Status}
        sought:
          - {name: any, label: {nl: Iets, en: Any}, at: [gemeente]}
          - {name: benefit, label: {nl: Uitkering, en: Benefit}, at: [gemeente], field: scheme}
"""
PARTITION: Protocol = loads(
    BLINDED.replace("question: overlap\n", SPLITS)
    .replace("    found_in: [gemeente]        # those", "    # those")
    .encode(),
    name="p.yml",
)
CODEBOOKS = st.fixed_dictionaries({"level": st.permutations(LEVELS), "scheme": st.permutations(SCHEMES)}).map(
    lambda found: {name: tuple(values) for name, values in found.items()}
)


def release(protocol: Protocol, by: tuple[str, ...]) -> Release:
    """One with another figure in every cell, as the linkage unit makes it."""
    output = protocol.tables[0]
    frame = Frame.of(protocol, output, by)
    has_part = output.question == "overlap"
    values = [Figure(100 + 5 * n, "shown") for n in range(len(frame))]
    every = [Cell(name, one, one if has_part else None) for name, one in zip(frame.categories(), values, strict=True)]
    cells = frame.cells if frame.by else 0
    sizes = {"mbo": 100, "gemeente": 100}
    return Release(
        protocol.digest, output.name, protocol.reference_date, sizes, frame.by, tuple(every[:cells]),
        tuple(every[cells:-1]), every[-1],
        limits(output), (),
    )  # fmt: skip


@pytest.mark.parametrize("protocol", [OVERLAP, PARTITION], ids=["overlap", "partition"])
@pytest.mark.parametrize("by", [("level", "school-year"), ("school-year",), ("level",), ()])
@given(codebook=CODEBOOKS)
def test_what_is_read_is_exactly_what_was_received_under_other_names(
    protocol: Protocol, by: tuple[str, ...], codebook: dict[str, tuple[str, ...]]
) -> None:
    received = release(protocol, by)
    refuse_other(received, protocol, where="release")
    found = readable(received, protocol, {name: codebook[name] for name in protocol.blinded(protocol.tables[0])})
    for mine, theirs in ((found.cells, received.cells), (found.margins, received.margins)):
        back = {frozenset(coded(cell, codebook).items()): (cell.persons, cell.part) for cell in mine}
        assert back == {frozenset(cell.categories.items()): (cell.persons, cell.part) for cell in theirs}
        assert len(mine) == len(theirs)
    assert found.total == received.total
    assert (found.parties, found.protection, found.by) == (received.parties, received.protection, received.by)
    if "level" in by:
        order = [cell.categories["level"] for cell in found.cells]
        assert [level for level, _ in itertools.groupby(order)] == list(LEVELS)


def coded(cell: Cell, codebook: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """The names of a cell back in codes."""
    found = dict(cell.categories)
    if "level" in found:
        found["level"] = f"#{codebook['level'].index(found['level'])}"
    if "benefit:" in found.get("status", ""):
        before, value = found["status"].split("benefit:")
        found["status"] = f"{before}benefit:#{codebook['scheme'].index(value)}"
    return found


def test_the_unit_writes_codes_and_nothing_else() -> None:
    for protocol in (OVERLAP, PARTITION):
        text = release(protocol, ("level",)).to_bytes()
        assert not any(f':"{value}"'.encode() in text for value in LEVELS)
        assert not any(value.encode() in text for value in SCHEMES)


def test_a_table_that_the_protocol_does_not_have_is_not_read() -> None:
    received = release(OVERLAP, ("level",))
    other = Release(**{**vars(received), "by": ("school-year", "level")})
    with pytest.raises(Untrusted, match="another table"):
        readable(other, OVERLAP, {"level": LEVELS})


def test_blinded_fields_are_named_with_the_custodians_whose_codes_count() -> None:
    assert OVERLAP.blinded(OVERLAP.tables[0]) == {"level": ("mbo",)}
    assert PARTITION.blinded(PARTITION.tables[0]) == {"level": ("mbo",), "scheme": ("gemeente",)}
    assert np.unique(release(PARTITION, ("level",)).by).tolist() == ["level", "status"]
