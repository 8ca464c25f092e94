"""Published test vectors, read where they lie beside the repository; when they are not there, tests say so.

Rules kept here:

- Every file there is claimed by a test; one that nobody claims fails tests/test_vectors_claimed.py, and so does a claim
  without its file.
- Who runs a file says how many of its cases ran and how many were out of scope, and why; pytest prints it at its end.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[1].parent / "shared" / "vectors"
ROOM = {
    "oprf": "tests/crypto/oprf/test_published.py", "merkle": "tests/ledger", "clkhash": "tests/encode/test_clkhash.py",
}  # fmt: skip
"""Folders of vectors, and the tests that claim every file in them."""
WYCHEPROOF = (
    "c2sp_chunked_encryption_aes_256_gcm", "ed25519", "hkdf_sha256", "hmac_sha256", "x25519", "xchacha20_poly1305",
)  # fmt: skip
"""Files of C2SP/wycheproof that tests/crypto/test_published.py runs."""
OTHERS = {"wycheproof/ecdh_secp256r1_ecpoint_test.json": ROOM["oprf"]}
"""Files that another test claims than their folder's."""
COUNTS: dict[str, Counter[str]] = {}
"""File to what came of its cases, as far as this run of the tests went."""


def claimant(path: Path) -> str | None:
    """Which tests run a file, or None for nobody."""
    name = path.relative_to(SHARED).as_posix()
    if name in OTHERS:
        return OTHERS[name]
    if name in {f"wycheproof/{one}_test.json" for one in WYCHEPROOF}:
        return "tests/crypto/test_published.py"
    return ROOM.get(name.split("/")[0])


def ran(file: str, **counts: int) -> None:
    """Say what came of the cases of a file, for the end of the session."""
    COUNTS[file] = Counter(counts)


def wycheproof(name: str) -> list[dict[str, Any]]:
    """Every test of a C2SP/wycheproof file, with its group under ``group``."""
    path = SHARED / "wycheproof" / f"{name}_test.json"
    if not SHARED.is_dir():
        pytest.skip(f"../shared/vectors is missing: {path.name} not checked")
    published = json.loads(path.read_text(encoding="utf-8"))
    cases = [{**case, "group": group} for group in published["testGroups"] for case in group["tests"]]
    assert len(cases) == published["numberOfTests"] > 0
    return cases
