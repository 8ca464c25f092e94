"""The peers of `quality.py`, each run by the Python of its own environment: `quality_peer.py clkhash|splink LEFT RIGHT OUT`.

LEFT and RIGHT are CSV files with the columns of `linkage.synth.hard`; OUT gets one line per scored pair: left row,
right row, score.
"""
# ruff: noqa: PLC0415 -- each peer is there in one environment only

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

NAMES = ("given-name", "surname", "birth-date", "sex", "postcode", "house-number")
LOWEST = 0.5


def rows(path: str) -> list[dict[str, str]]:
    """A CSV file."""
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def clkhash(left: str, right: str) -> list[tuple[int, int, float]]:
    """clkhash with a schema as its documentation writes them, weights by field, and anonlink's exact greedy solver."""
    import anonlink
    import clkhash.clk
    from bitarray import bitarray
    from clkhash.schema import from_json_dict
    from clkhash.serialization import deserialize_bitarray, serialize_bitarray

    def feature(name: str, kind: str, n: int, bits: int) -> dict[str, Any]:
        compare = {"type": "ngram", "n": n} if kind == "ngram" else {"type": "exact"}
        return {
            "identifier": name,
            "format": {"type": "string", "encoding": "utf-8"},
            "hashing": {
                "comparison": compare,
                "strategy": {"bitsPerFeature": bits},
                "hash": {"type": "doubleHash"},
                "missingValue": {"sentinel": ""},
            },
        }

    schema = from_json_dict(
        {
            "version": 3,
            "clkConfig": {
                "l": 1024,
                "kdf": {"type": "HKDF", "hash": "SHA256", "salt": "", "info": "", "keySize": 64},
            },
            "features": [
                feature("given-name", "ngram", 2, 150),
                feature("surname", "ngram", 2, 150),
                feature("birth-date", "ngram", 1, 150) | {},
                feature("sex", "exact", 1, 20),
                feature("postcode", "ngram", 2, 60),
                feature("house-number", "ngram", 1, 20),
            ],
        }
    )
    if "salt" in schema.__dict__:
        pass

    def encoded(path: str) -> list[bitarray]:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(NAMES)
        for row in rows(path):
            writer.writerow([row[name].lower() for name in NAMES])
        text.seek(0)
        made = clkhash.clk.generate_clk_from_csv(
            text, "a secret of the benchmark", schema, validate=False, progress_bar=False
        )
        return [clk if isinstance(clk, bitarray) else deserialize_bitarray(clk) for clk in made]

    sides = [encoded(left), encoded(right)]
    _ = serialize_bitarray
    found = anonlink.candidate_generation.find_candidate_pairs(
        sides, anonlink.similarities.dice_coefficient_accelerated, LOWEST
    )
    scores, _, (i, j) = found
    return list(zip(map(int, i), map(int, j), map(float, scores), strict=True))


def splink(left: str, right: str) -> list[tuple[int, int, float]]:
    """Splink on the clear text, with its comparisons for names and dates, trained as its documentation advises."""
    import pandas as pd
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    frames = []
    for path in (left, right):
        frame = pd.DataFrame(rows(path)).rename(columns=lambda name: name.replace("-", "_"))
        frame = frame.apply(lambda column: column.str.lower()).replace("", None)
        frame["initial"] = frame["given_name"].str[:1]
        frame["area"] = frame["postcode"].str[:4]
        frame["unique_id"] = range(len(frame))
        frames.append(frame)
    settings = SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("birth_date"), block_on("surname", "initial"), block_on("postcode", "sex"),
            block_on("given_name", "surname"), block_on("surname", "area"),
        ],
        comparisons=[
            cl.JaroWinklerAtThresholds("given_name", [0.92, 0.8]),
            cl.JaroWinklerAtThresholds("surname", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("birth_date", [1, 2]),
            cl.ExactMatch("sex"),
            cl.LevenshteinAtThresholds("postcode", [1, 2]),
            cl.ExactMatch("house_number"),
            cl.ExactMatch("initial"),
        ],
    )  # fmt: skip
    api = DuckDBAPI()
    linker = Linker(
        [api.register(frame) for frame in frames] if hasattr(api, "register") else frames,
        settings,
        *([] if hasattr(api, "register") else [api]),
    )
    linker.training.estimate_probability_two_random_records_match([block_on("birth_date", "surname")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6)
    for rule in (block_on("birth_date"), block_on("surname"), block_on("postcode")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    return list(
        zip(
            found["unique_id_l"].astype(int),
            found["unique_id_r"].astype(int),
            found["match_weight"].astype(float),
            strict=True,
        )
    )


if __name__ == "__main__":
    name, first, second, out = sys.argv[1:]
    pairs = {"clkhash": clkhash, "splink": splink}[name](first, second)
    with open(out, "w", encoding="utf-8") as stream:
        json.dump([list(zip(*pairs, strict=True))], stream)
