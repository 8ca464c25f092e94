"""Filters of two synthetic registers of one population, for benchmarks of matching."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray

from linkage import files
from linkage.encode import encode
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.synth import graduates

SECRET = bytes(range(32))
OVERLAP = 0.3
"""Share of the people of one register who are in the other."""
COLUMNS = {
    "mbo": {"given-name": "Voornamen", "surname": "Achternaam", "birth-date": "Geboortedatum", "postcode": "Postcode"},
    "gemeente": {
        "given-name": "voornamen", "surname": "geslachtsnaam", "birth-date": "geboortedatum", "postcode": "postcode",
    },
}  # fmt: skip
FIELDS = ("given-name", "surname", "birth-date", "postcode")
ENCODINGS: dict[str, dict[str, Any]] = {
    "clk": {"profile": "clk", "bits": 1024, "prf": "hmac-sha512"},
    "hardened": {"profile": "hardened", "bits": 4096, "votes": 4, "prf": "hmac-sha512-shake256"},
}
"""Profile to what shapes its filters, but for the fields."""

Filters = NDArray[np.uint64]


def protocol(profile: str) -> Protocol:
    """The shipped protocol, with CLKs of 1,024 bits or with hardened filters of 4,096."""
    said = yaml.safe_load(files.shipped("protocols/graduates-on-benefits.yml").read_text("utf-8"))
    weight = {"positions": 6} if profile == "clk" else {"weight": 1}
    fields = [{"field": name, "q": 2, **weight} for name in FIELDS]
    said["encoding"] = {**ENCODINGS[profile], "rules": 2, "fields_needed": 3, "fields": fields}
    if profile == "clk":
        said["matching"]["stages"][1]["similarity"] = "dice"
    return loads(yaml.safe_dump(said, sort_keys=False).encode(), name="protocol.yml")


def filters(rows: int, profile: str = "clk", seed: int = 3) -> tuple[Filters, Filters]:
    """``uint64[rows, words]`` of a school and of a municipality, each in random order; no number is anybody's."""
    said, agreed = graduates(rows, seed=seed, overlap=OVERLAP), protocol(profile)
    found = []
    for party, table in (("mbo", said.school), ("gemeente", said.gemeente)):
        names = COLUMNS[party]
        columns = {
            f.name: table.column(names[f.name]) if f.name in names else pa.nulls(rows, pa.string())
            for f in agreed.fields_of(party)
        }
        made = encode(
            pa.table(columns), agreed, party=party, secret=SECRET, bad_cells="leave-out",
            numbers=lambda field, values: values,  # no token is looked at here, so no key-holder is asked
        )  # fmt: skip
        found.append(made.filters)
    expected = ENCODINGS[profile]["bits"] // 64
    if any(side.shape[1] != expected for side in found):
        raise ValueError("the filters are not what the figures will be said to be of")
    return found[0], found[1]
