"""An Arrow stream with metadata, a place for text."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from adversary import forging
from linkage.errors import Untrusted
from simulator import Simulator

EXPECT = Untrusted, r"columns differ from what the protocol prescribes"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    layout, sink = simulator.linkage("mbo").protocol.layout("mbo"), pa.BufferOutputStream()
    pa.ipc.new_stream(sink, layout.schema.with_metadata({"note": "Jansen"})).close()
    path = forging.forged(
        simulator,
        simulator.identities["mbo"],
        sink.getvalue().to_pybytes(),
        content=forging.announced(simulator, "mbo", 0),
    )
    return forging.to_unit(simulator, path)
