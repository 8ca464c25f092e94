"""Our own client for the conformance suite: thin over the library. The protocol is in docs/spec/conformance.md."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from linkage import protocol
from linkage.crypto import card as cards
from linkage.crypto import envelope
from linkage.crypto.card import Card
from linkage.crypto.identity import Identity
from linkage.errors import LinkageError, Refused
from linkage.ledger import verify


def main(arguments: Sequence[str]) -> int:
    """Do one verb, print one line. Returns the exit code: 0 taken, 1 refused."""
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    flags_of: dict[str, tuple[str, ...]] = {
        "open": ("card", "reader", "key", "protocol", "type"), "card": (), "protocol-digest": (),
        "verify-ledger": ("card",),
    }  # fmt: skip
    for verb, flags in flags_of.items():
        one = verbs.add_parser(verb)
        one.add_argument("file", type=Path)
        for flag in flags:
            one.add_argument(f"--{flag}", required=True)
    given = parser.parse_args(arguments)
    try:
        print({"open": _open, "card": _card, "protocol-digest": _digest, "verify-ledger": _ledger}[given.verb](given))
    except LinkageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _open(given: argparse.Namespace) -> str:
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(Path(given.key).read_text()))
    reader = Identity(_read(given.reader), Ed25519PrivateKey.generate(), key)
    package, found = envelope.read(given.file), hashlib.sha256()
    for piece in envelope.open_body(package, reader, _read(given.card), protocol=given.protocol, type_=given.type):
        found.update(piece)
    return f"sha256:{found.hexdigest()}"


def _card(given: argparse.Namespace) -> str:
    return _read(given.file).fingerprint


def _digest(given: argparse.Namespace) -> str:
    return protocol.loads(given.file.read_bytes(), name=given.file.name).digest


def _ledger(given: argparse.Namespace) -> str:
    outcome = verify.verify(BytesIO(given.file.read_bytes()), [_read(given.card)])
    if not outcome.holds or outcome.findings:
        raise Refused("; ".join(map(str, outcome.findings)))
    return "holds"


def _read(path: str | Path) -> Card:
    return cards.from_bytes(Path(path).read_bytes(), where=Path(path).name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
