"""Every single flipped bit of the header, and every cut near its frame and at every border of chunks, is refused."""

from __future__ import annotations

from collections.abc import Callable

from crypto.parcels import Held
from linkage.crypto import envelope
from linkage.errors import LinkageError, Untrusted
from simulator import Simulator

EXPECT = Untrusted, "all of them"
VICTIM = "unit"


def attack(simulator: Simulator) -> Callable[[], object]:
    data = simulator.tokenise("mbo").package.read_bytes()
    package = envelope.read(simulator.sent["mbo"].package)
    agreed, reader = simulator.linkage("unit").protocol, simulator.identities["unit"]
    card, start = simulator.homes["mbo"].card, package.body_start

    def taken(changed: bytes) -> bool:
        held = Held(changed)
        try:
            read = envelope.read(held)  # type: ignore[arg-type]
            for _ in envelope.open_body(read, reader, card, protocol=agreed.digest, type_="encodings"):
                pass
        except LinkageError:
            return False
        return True

    def act() -> None:
        assert taken(data)
        flips = ((at, bit) for at in range(start) for bit in range(8))
        passed = [(at, bit) for at, bit in flips if taken(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])]
        chunks = range(start + 56, start + package.body_length, 16_400)
        cuts = {*range(start + 60), *chunks, *range(len(data) - 100, len(data))}
        passed += [(cut, -1) for cut in cuts if taken(data[:cut])]
        assert passed == []
        raise Untrusted("all of them")

    return act
