"""Writes `encoding.json`, the vectors of docs/spec/encoding.md for other implementations; README.md says what is in it.

Run as ``python tests/vectors/make.py`` from the top of the repository. tests/encode/test_vectors.py fails when the file
is not, byte for byte, what this would write. Nobody in here exists.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from linkage.crypto.codes import codes
from linkage.crypto.oprf import token
from linkage.crypto.secret import subkey
from linkage.encode import clk, hardened
from linkage.encode import exact as exact_tokens
from linkage.encode.column import Column
from linkage.encode.sounds import skeleton, sound
from linkage.encode.tokens import tokens
from linkage.protocol.profiles import Clk, ClkField, Hardened, HardenedField
from making import as_text

FILE = Path(__file__).parent / "encoding.json"
SECRETS = {
    "counting": (bytes(range(32)), "sha256:" + "00" * 32),
    "other": (bytes.fromhex("f3" * 16 + "5a" * 16), "sha256:" + "0123456789abcdef" * 4),
}
"""Linkage secret and protocol digest of a vector, by the name it uses for them."""

WORDS = """
a d h aa ah ahh eee vos schmidt christiaan vagh philip filip beck quinten tariq max thys szymon meyer meier kuyper
youssef yusuf boer auke marie vreede kooy ruud zacharias jacob willem mohammed mohamed hannah daan jansen janssen
achmed ahmed tsjechov tsjhin banana adh rahhal uyttenbroeck strasse mueller λουκασ иордан qxcvwzyj sszz ddd phhp aaaeee
"""
"""Words for the sounds: one at least for each spelling that is folded, and where the order of steps can be seen."""

VALUES: Mapping[str, Sequence[tuple[str, int]]] = {
    "bsn": [("111222333", 2), ("012345672", 3)],
    "education-number": [("101222331", 2)],
    "given-name": [
        ("an", 2), ("an bo", 2), ("sanne maria", 2), ("s m", 2), ("s", 2), ("philip", 2), ("filip", 2), ("filip", 3),
        ("filip", 1), ("ysbrand jan jan", 2), ("jan jan", 4), ("mohammed amin", 2), ("λουκασ", 2), ("ah", 2),
    ],
    "initials": [("j", 2), ("j a m", 2), ("j a j", 2)],
    "surname": [
        ("vos", 2), ("vos", 1), ("vos", 3), ("vos", 4), ("jansen vos", 2), ("vos jansen", 2), ("vos vos", 2),
        ("meyer", 2), ("meier", 2), ("o", 2), ("x rietveld", 2), ("λουκασ", 2), ("uyttenbroeck", 3), ("anna ana", 2),
    ],
    "prefix": [("van", 2), ("van de", 2), ("van den van", 3), ("t", 2)],
    "birth-date": [
        ("19980317", 2), ("19980305", 2), ("19980503", 2), ("19980404", 2), ("19781231", 2),
        ("19780300", 2), ("19780000", 2), ("19780101", 2), ("19780100", 2), ("19780102", 2), ("18500201", 2),
        ("21001231", 2), ("20000229", 2),
    ],
    "date": [("20260701", 2), ("20260101", 2)],
    "sex": [("m", 2), ("v", 2)],
    "postcode": [("1234ab", 2), ("1234", 2), ("9999zz", 3)],
    "house-number": [("1", 2), ("12", 2), ("99999", 2)],
    "category": [("BBL", 2), ("Wajong 2015", 2), ("é", 2)],
    "text": [("vos", 2), ("aaaa", 2), ("st kilda 12", 2), ("block 12 block", 3)],
    "number": [
        ("0", 2), ("1", 2), ("12", 2), ("12.5", 2), ("7.05", 2), ("-3", 2), ("-3.5", 2), ("0.5", 2), ("-0.5", 2),
        ("2", 2), ("100000000000000000000", 2), ("9" * 100, 2),
    ],
}  # fmt: skip
"""Values with the q of their q-grams, by kind."""

KINDS = {
    "given-name": "given-name", "surname": "surname", "born": "birth-date", "sex": "sex", "postcode": "postcode",
    "house-number": "house-number",
}  # fmt: skip
"""Field of a record to its kind."""
RECORDS: Sequence[Mapping[str, str | None]] = [
    dict(zip(KINDS, row, strict=True))
    for row in (
        ("sanne maria", "jansen vos", "19980317", "v", "1234ab", "12"),
        ("s m", "vos", "19980317", "v", "1234cd", "12"),
        ("mohammed amin", "idrissi alaoui", "20010405", "m", "9876zz", "7"),
        ("mohamed", "idrissi", "20010504", "m", "9876", None),
        ("philip", "meyer", "20000101", None, None, None),
        ("filip", "meier", "20000000", "m", None, "1"),
        ("λουκασ", "παππασ", "19991231", "m", "5555qq", "100"),
        ("bo", None, None, None, None, None),
        (None, None, None, None, None, None),
    )
]
"""Normalised values of people who do not exist."""


def clk_of(bits: int, q: int, needed: int, positions: Mapping[str, int]) -> Clk:
    """A `clk` encoding of the fields in `positions`."""
    fields = tuple(ClkField(field=name, q=q, positions=count) for name, count in positions.items())
    return Clk(profile="clk", rules=2, bits=bits, prf="hmac-sha512", fields_needed=needed, fields=fields)


def hardened_of(bits: int, q: int, votes: int, needed: int, weights: Mapping[str, int]) -> Hardened:
    """A `hardened` encoding of the fields in `weights`."""
    fields = tuple(HardenedField(field=name, q=q, weight=weight) for name, weight in weights.items())
    return Hardened(
        profile="hardened", rules=2, bits=bits, prf="hmac-sha512-shake256", votes=votes, fields_needed=needed,
        fields=fields,
    )  # fmt: skip


ALL = dict.fromkeys(KINDS, 1)
NAMES = {"given-name": 1, "surname": 1, "born": 1}
ENCODINGS: Sequence[tuple[str, Clk | Hardened]] = [
    ("counting", clk_of(1024, 2, 3, dict(zip(KINDS, (5, 5, 5, 2, 4, 3), strict=True)))),
    ("other", clk_of(1024, 2, 3, dict(zip(KINDS, (5, 5, 5, 2, 4, 3), strict=True)))),
    ("counting", clk_of(320, 3, 1, dict.fromkeys(NAMES, 1))),
    ("counting", clk_of(4096, 2, 2, {"born": 64, "surname": 17})),
    ("counting", hardened_of(1024, 2, 4, 3, dict(zip(KINDS, (2, 2, 2, 1, 2, 1), strict=True)))),
    ("other", hardened_of(1024, 2, 4, 3, dict(zip(KINDS, (2, 2, 2, 1, 2, 1), strict=True)))),
    ("counting", hardened_of(192, 3, 3, 1, NAMES)),
    ("counting", hardened_of(64, 1, 8, 2, dict.fromkeys(KINDS, 5))),
    ("counting", hardened_of(256, 2, 1, 2, {"born": 5, "surname": 3})),
]
"""Sets of parameters, each with the name of its secret."""
EXACT = [("bsn", "111222333"), ("bsn", "012345672"), ("bsn", None), ("pgn", "111222333"), ("naam", "λουκασ")]
"""Field and normalised value, for tokens that are compared by equality."""
CODES = [("level", 4), ("region", 4), ("school-year", 3), ("level", 1), ("rmc", 40), ("income", 300)]
"""Field and number of values, for categories that travel blinded."""


def columns() -> dict[str, Column]:
    """The records, field by field."""
    found = {}
    for name, kind in KINDS.items():
        values = list(dict.fromkeys(value for row in RECORDS if (value := row[name]) is not None))
        codes = [-1 if (value := row[name]) is None else values.index(value) for row in RECORDS]
        found[name] = Column(kind, np.asarray(codes, np.int32), values)
    return found


def filters(by: str, encoding: Clk | Hardened) -> list[str]:
    """The filter of every record."""
    secret, digest = SECRETS[by]
    keys = {spec.field: subkey(secret, digest, encoding.profile, spec.field) for spec in encoding.fields}
    if isinstance(encoding, Clk):
        found = clk.filters(columns(), encoding, keys)
    else:
        found = hardened.filters(columns(), encoding, keys)
    return [row.astype("<u8").tobytes().hex() for row in found]


def exact(by: str, field: str, value: str | None) -> str:
    """What stands for an exact value."""
    codes = np.asarray([-1 if value is None else 0], np.int64)
    values = [] if value is None else [value.encode()]
    made = exact_tokens.by_row(token.tokens(subkey(*SECRETS[by], exact_tokens.KEYED, field), values), codes)
    return bytes(made.tobytes()).hex()


def sections() -> Iterator[tuple[str, Any]]:
    """The members of the file in their order."""
    purposes = [(by, purpose, field) for by in SECRETS for purpose in ("token", "clk", "hardened") for field in KINDS]
    yield "format", 1
    yield "rules", 2
    yield "secrets", [{"name": by, "secret": s.hex(), "protocol": digest} for by, (s, digest) in SECRETS.items()]
    yield "sounds", [{"word": word, "sound": sound(word), "skeleton": skeleton(word)} for word in WORDS.split()]
    yield (
        "tokens",
        [
            {"kind": kind, "value": value, "q": q, "tokens": [list(token) for token in tokens(kind, value, q)]}
            for kind, values in VALUES.items()
            for value, q in values
        ],
    )
    yield (
        "subkeys",
        [
            {"by": by, "purpose": purpose, "field": field, "subkey": subkey(*SECRETS[by], purpose, field).hex()}
            for by, purpose, field in purposes
        ],
    )
    yield (
        "exact",
        [
            {"by": by, "field": field, "value": value, "token": exact(by, field, value)}
            for by in SECRETS
            for field, value in EXACT
        ],
    )
    yield (
        "codes",
        [
            {"by": by, "field": field, "codes": list(codes(*SECRETS[by], field, count))}
            for by in SECRETS
            for field, count in CODES
        ],
    )
    yield "kinds", KINDS
    yield "records", list(RECORDS)
    for profile in ("clk", "hardened"):
        yield (
            profile,
            [
                {"by": by, "encoding": encoding.model_dump(mode="json"), "filters": filters(by, encoding)}
                for by, encoding in ENCODINGS
                if encoding.profile == profile
            ],
        )


def text() -> str:
    """The file."""
    return as_text(sections())


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="\n")
