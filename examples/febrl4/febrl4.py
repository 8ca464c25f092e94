"""Link the public FEBRL 4 files through the library and print precision, recall and F1.

Usage: python febrl4.py FOLDER, where FOLDER holds dataset4a.csv and dataset4b.csv.

The records of one person are called rec-N-org and rec-N-dup-0; only the measurement at the end looks at that.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

from linkage import encode, match, protocol
from linkage.crypto.secret import create

FIELDS = {
    "given_name": "given-name",
    "surname": "surname",
    "date_of_birth": "birth-date",
    "suburb": "suburb",
    "postcode": "postcode",
    "street_number": "street-number",
    "address_1": "street",
    "state": "state",
}
STATES = ("act", "nsw", "nt", "qld", "sa", "tas", "vic", "wa")


def main(folder: Path, protocol_file: Path) -> dict[str, float]:
    """Link the two files and measure against the truth in their record names."""
    agreed = protocol.load(protocol_file)
    secret = create()
    frames = [read(folder / f"dataset4{side}.csv") for side in "ab"]
    encodings = [
        # the generator garbles dates: what is no date is taken for empty
        encode.encode(frame, agreed, party=party, secret=secret, bad_cells="leave-out")
        for frame, party in zip(frames, ("file-a", "file-b"), strict=True)
    ]
    found = match.match(encodings, agreed)
    links = found.to_pandas()
    person = [frame["rec_id"].str.extract(r"rec-(\d+)-")[0] for frame in frames]
    right = int((person[0].iloc[links["left"]].to_numpy() == person[1].iloc[links["right"]].to_numpy()).sum())
    precision, recall = right / len(links), right / len(frames[0])
    f1 = 2 * precision * recall / (precision + recall)
    threshold = found.judged[0].threshold  # chosen from the scores alone
    return {"threshold": threshold, "links": len(links), "precision": precision, "recall": recall, "f1": f1}


def read(path: Path) -> pd.DataFrame:
    """One FEBRL file with our names of fields; the eight states and nothing else."""
    frame = pd.read_csv(path, dtype=str, skipinitialspace=True, keep_default_na=False)
    frame = frame.rename(columns=str.strip).rename(columns=FIELDS)
    frame["state"] = frame["state"].where(frame["state"].isin(STATES), None)
    return frame


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(__file__).with_name("protocol.yml"))))
