"""The peers of `quality.py`, each run by the Python of its own environment.

    quality_peer.py clkhash|splink LEFT RIGHT OUT

LEFT and RIGHT are CSV files with the columns of `linkage.synth.hard`; OUT gets three lists as JSON: left rows, right
rows, scores.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

NAMES = ("given-name", "surname", "birth-date", "sex", "postcode", "house-number")
LOWEST = 0.65
"""Dice below which pairs are not written down."""
Pairs = tuple[list[int], list[int], list[float]]


def rows(path: str) -> list[dict[str, str]]:
    """A CSV file."""
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def clkhash(left: str, right: str) -> Pairs:
    """clkhash with bits per field by what it tells, and anonlink's Dice over all pairs."""
    import anonlink
    from bitarray import bitarray
    from clkhash.clk import generate_clk_from_csv
    from clkhash.schema import from_json_dict
    from clkhash.serialization import deserialize_bitarray

    def feature(name: str, n: int, bits: int) -> dict[str, Any]:
        comparison = {"type": "ngram", "n": n} if n else {"type": "exact"}
        hashing = {"comparison": comparison, "strategy": {"bitsPerFeature": bits}, "hash": {"type": "doubleHash"}}
        return {"identifier": name, "format": {"type": "string", "encoding": "utf-8"}, "hashing": hashing}

    config = {"l": 1024, "kdf": {"type": "HKDF", "hash": "SHA256", "salt": "", "info": "", "keySize": 64}}
    bits = {"given-name": (2, 150), "surname": (2, 150), "birth-date": (1, 150), "sex": (0, 20), "postcode": (2, 60)}
    fields = [feature(name, *bits.get(name, (1, 20))) for name in NAMES]
    schema = from_json_dict({"version": 3, "clkConfig": config, "features": fields})

    def encoded(path: str) -> list[bitarray]:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(NAMES)
        writer.writerows([row[name].lower() for name in NAMES] for row in rows(path))
        text.seek(0)
        made = generate_clk_from_csv(text, "a secret of the benchmark", schema, validate=False, progress_bar=False)
        return [one if isinstance(one, bitarray) else deserialize_bitarray(one) for one in made]

    dice = anonlink.similarities.dice_coefficient_accelerated
    scores, _, (i, j) = anonlink.candidate_generation.find_candidate_pairs(
        [encoded(left), encoded(right)], dice, LOWEST
    )
    return list(i), list(j), list(scores)


def splink(left: str, right: str) -> Pairs:
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
    linker = Linker([api.register(frame) for frame in frames], settings)
    linker.training.estimate_probability_two_random_records_match([block_on("birth_date", "surname")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6)
    for rule in (block_on("birth_date"), block_on("surname"), block_on("postcode")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    return list(map(int, found["unique_id_l"])), list(map(int, found["unique_id_r"])), list(found["match_probability"])


if __name__ == "__main__":
    name, first, second, out = sys.argv[1:]
    left_rows, right_rows, scores = {"clkhash": clkhash, "splink": splink}[name](first, second)
    with open(out, "w", encoding="utf-8") as stream:
        json.dump([list(map(int, left_rows)), list(map(int, right_rows)), list(map(float, scores))], stream)
