"""Filters of two synthetic registers of one population, for benchmarks of matching."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
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
HARDENED = """  profile: hardened
  rules: 2
  bits: 4096
  prf: hmac-sha512-shake256
  votes: 4
  fields_needed: 3
  fields:
    - {field: given-name, q: 2, weight: 3}
    - {field: surname, q: 2, weight: 3}
    - {field: birth-date, q: 1, weight: 4}
    - {field: postcode, q: 1, weight: 2}

"""

Filters = NDArray[np.uint64]


def protocol(profile: str) -> Protocol:
    """The shipped protocol, with CLKs of 1,024 bits or with hardened filters of 4,096."""
    text = files.shipped("protocols/graduates-on-benefits.yml").read_text("utf-8")
    if profile == "hardened":
        text = re.sub(r"  profile: clk.*?(?=matching:)", HARDENED, text, flags=re.DOTALL)
        text = text.replace("similarity: dice, threshold: 0.80", "similarity: agreement, threshold: 0.54")
    return loads(text.encode(), name="protocol.yml")


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
    return found[0], found[1]
