"""Writes `exact-tokens.json`, the vectors of docs/spec/exact-tokens.md; README.md says what is in it.

Run as ``python tests/vectors/make_exact.py`` from the top of the repository. tests/encode/test_exact_vectors.py fails
when the file is not, byte for byte, what this would write. Nobody in here exists.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linkage.crypto.oprf import blinding, bulk
from linkage.crypto.oprf.group import parts
from linkage.crypto.oprf.memory import key_of
from linkage.crypto.oprf.rfc9497 import Mode, suite
from linkage.crypto.oprf.token import PURPOSE, PURPOSE_SECOND, material, oprf_inputs, tokens, with_second
from linkage.crypto.secret import subkey

FILE = Path(__file__).parent / "exact-tokens.json"
SECRET, DIGEST, FIELD = bytes(range(32)), "sha256:" + "0123456789abcdef" * 4, "bsn"
VALUES, SECONDS = [b"111222333", b"012345672", b"111222333"], [b"19980317", b"20011102", b"19980300"]
SEEDS = {"mbo": bytes([0x11] * 32), "gemeente": bytes([0x22] * 32)}
SEED, CANARIES = bytes([0x33] * 32), 2
"""Of the request; a real one has 64 canaries."""


def vectors() -> Iterator[dict[str, Any]]:
    """One per suite and mode: two key-holders, of whom the first asks and the second answers."""
    for name in ("P256-SHA256", "ristretto255-SHA512"):
        for mode in Mode:
            one = suite(name, mode)
            canaries = 0 if mode else CANARIES
            keys = {party: key_of(one, seed, DIGEST) for party, seed in SEEDS.items()}
            inputs, seed = oprf_inputs(DIGEST, FIELD, VALUES), blinding.seed_of(SEED, FIELD)
            asked, own = bulk.request(one, inputs, seed, own_key=keys["mbo"], canaries=canaries)
            evaluated = one.evaluate(keys["gemeente"], asked)
            outputs = [own, bulk.outputs(one, inputs, seed, evaluated, canaries=canaries)]
            joined = material(outputs)
            first, second = (subkey(SECRET, DIGEST, purpose, FIELD) for purpose in (PURPOSE, PURPOSE_SECOND))
            scalars = blinding.scalars(seed, 0, len(VALUES) + canaries, one.group.order)
            size = one.group.wire_bytes
            yield {
                "suite": name,
                "mode": mode.name,
                "keys": {party: one.group.scalar_to_bytes(key).hex() for party, key in keys.items()},
                "public": {party: one.public_key(key).hex() for party, key in keys.items()},
                "field_seed": seed.hex(),
                "scalars": [one.group.scalar_to_bytes(scalar).hex() for scalar in scalars],
                "order": blinding.order_of(seed, len(scalars)).tolist(),
                "asked": [element.hex() for element in parts(asked, size)],
                "evaluated": [element.hex() for element in parts(evaluated, size)],
                "outputs": [[output.hex() for output in of_holder] for of_holder in outputs],
                "tokens": [bytes(token).hex() for token in tokens(first, joined)],
                "agree": [bytes(t).hex() for t in tokens(second, map(with_second, joined, SECONDS))],
            }


def text() -> str:
    """The file: one line per vector."""
    given = {
        "format": 1, "secret": SECRET.hex(), "protocol": DIGEST, "field": FIELD,
        "values": [value.decode() for value in VALUES], "seconds": [second.decode() for second in SECONDS],
        "seeds": {party: seed.hex() for party, seed in SEEDS.items()}, "request_seed": SEED.hex(),
        "canaries": CANARIES, "inputs": [one.hex() for one in oprf_inputs(DIGEST, FIELD, VALUES)],
    }  # fmt: skip
    members = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in given.items()]
    made = ",\n  ".join(json.dumps(vector) for vector in vectors())
    return "{\n" + ",\n".join(members) + f',\n"vectors": [\n  {made}\n]\n}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="\n")
