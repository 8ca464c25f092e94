"""Reading a release whose categories travelled blinded: codes become values again.

Rules kept here:

- The figures are those of the release as it was received, each once; only what they are called and their order change,
  and the order is that of the protocol (tests/disclosure/test_reading.py).
- The linkage unit has no codebook, and no use for this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from linkage.disclosure.release import Cell, Release, frame_of
from linkage.errors import Untrusted
from linkage.protocol.model import Protocol

Codebook = Mapping[str, tuple[str, ...]]
"""Field to its values in the order of their codes."""


def readable(release: Release, protocol: Protocol, codebook: Codebook) -> Release:
    """A release with the values of the protocol in place of codes.

    Args:
        release: as it was received; `linkage.disclosure.release.refuse_other` has nothing against it.
        protocol: under which it was made.
        codebook: of every field in it that is sent blinded.

    Raises:
        Untrusted: not a table of the protocol.
    """
    output = next(o for o in protocol.tables if o.name == release.output)
    frame = frame_of(protocol, output, release.by)
    if frame is None:
        raise Untrusted("a release with another table than the protocol has", where=release.output)
    values = {name: protocol.field(name).values or () for name in codebook}
    codes = {name: tuple(f"#{codebook[name].index(value)}" for value in every) for name, every in values.items()}
    given = {frozenset(c.categories.items()): c for c in (*release.cells, *release.margins, release.total)}
    names, keys = (
        replace(frame, values=tuple(protocol.values(output, name, called) for name in frame.by)).categories()
        for called in (values, codes)
    )
    found = [given[frozenset(key.items())] for key in keys]
    *every, total = (Cell(name, one.persons, one.part) for name, one in zip(names, found, strict=True))
    cells = len(release.cells)
    return replace(release, cells=tuple(every[:cells]), margins=tuple(every[cells:]), total=total)
