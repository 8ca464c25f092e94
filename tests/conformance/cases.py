"""The cases of the conformance suite: what a client is given, and what it must say.

Every case is one call of the client (docs/spec/conformance.md). The name of a case is its story; one whose name ends
in ``_fail`` must be refused, any other must be taken and answered with `says`. Keys, packages and ledgers are made anew
for every run: nothing can be learnt by heart.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from blake3 import blake3

from crypto.parcels import LABEL, OTHER, PROTOCOL, READER, SENDER, joined, parts
from linkage import canonical, files, protocol
from linkage.crypto import envelope, stream
from linkage.crypto.card import CARD_TYPE
from linkage.crypto.header import Header, Label
from linkage.crypto.identity import Identity
from linkage.ledger.log import Ledger

BODY = bytes(range(256)) * 200
"""Three full chunks of the stream and a part."""
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group of Ed25519."""


@dataclass(frozen=True)
class Case:
    """One call of a client."""

    name: str
    arguments: tuple[str, ...]
    """Verb and arguments; names of files are relative to the folder of the suite."""
    says: str = ""
    """First line of standard output, for a case that must be taken."""
    why: str = field(default="", compare=False)
    """What the client must see."""

    @property
    def fails(self) -> bool:
        """Whether the client must refuse."""
        return self.name.endswith("_fail")


class Suite:
    """Files and cases in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases: list[Case] = []

    def put(self, name: str, data: bytes) -> str:
        """Write a file of the suite. Returns its name."""
        files.write(self.folder / name, data)
        return name

    def package(self, name: str, data: bytes, why: str = "", **other: str) -> None:
        """A package that is to be opened as the reader, from the sender, under the protocol, as encodings."""
        given = {"card": "sender.card.json", "reader": "reader.card.json", "key": "reader.key"}
        given |= {"protocol": PROTOCOL, "type": "encodings"} | other
        path = self.put(f"{name}.package", data)
        flags = [word for key, value in given.items() for word in (f"--{key}", value)]
        says = "" if name.endswith("_fail") else "sha256:" + hashlib.sha256(BODY).hexdigest()
        self.cases.append(Case(name, ("open", path, *flags), says, why))

    def add(self, name: str, verb: str, data: bytes, says: str, why: str = "", *flags: str) -> None:
        """Any other case: one file, and what must be said of it."""
        self.cases.append(Case(name, (verb, self.put(name, data), *flags), "" if name.endswith("_fail") else says, why))


def make(folder: Path) -> list[Case]:
    """Write the files of the suite, and its manifest. Returns the cases."""
    suite = Suite(folder)
    for name, who in (("sender", SENDER), ("reader", READER), ("other", OTHER)):
        suite.put(f"{name}.card.json", who.card.to_bytes())
        suite.put(f"{name}.key", who.sealing.private_bytes_raw().hex().encode())
    for part in (_packages, _headers, _frames, _signatures, _cards, _protocols, _ledgers):
        part(suite)
    manifest = [{"name": c.name, "arguments": list(c.arguments), "says": c.says, "why": c.why} for c in suite.cases]
    suite.put("manifest.json", json.dumps(manifest, indent=1).encode())
    return suite.cases


def sealed(folder: Path, body: bytes = BODY, sender: Identity = SENDER, label: Label = LABEL, *to: Identity) -> bytes:
    """A package, well made."""
    path = folder / "made.package"
    envelope.seal(path, [body], sender, [one.card for one in to or (READER,)], label)
    data = path.read_bytes()
    path.unlink()
    return data


def _header(data: bytes) -> dict[str, Any]:
    return json.loads(parts(data)[0])


def _packages(suite: Suite) -> None:
    good = sealed(suite.folder)
    head, body, _ = parts(good)
    suite.package("a-package-opens", good)
    suite.package("a-package-for-two-opens", sealed(suite.folder, BODY, SENDER, LABEL, OTHER, READER))
    suite.package("another-protocol_fail", good, "the digest is another", protocol="sha256:" + "00" * 32)
    suite.package("an-older-protocol_fail", sealed(suite.folder, label=replace(LABEL, protocol="sha256:" + "01" * 32)),
                  "replayed from another linkage")  # fmt: skip
    suite.package("a-release-taken-for-encodings_fail", sealed(suite.folder, label=replace(LABEL, type="release")),
                  "type confusion")  # fmt: skip
    secret = sealed(suite.folder, label=replace(LABEL, type="secret-share"))
    suite.package("a-secret-taken-for-a-release_fail", secret, "type confusion", type="release")
    suite.package("sealed-to-another_fail", sealed(suite.folder, BODY, SENDER, LABEL, OTHER), "not for this reader")
    suite.package("sealed-to-nobody_fail", joined(_swapped(head, recipients=[]), body, SENDER), "no reader")
    suite.package("the-card-of-another_fail", good, "signed by another than the given card", card="other.card.json")
    suite.package(
        "signed-by-another_fail", joined(head, body, OTHER), "the header names the sender, the key is another's"
    )
    stolen = _swapped(head, sender={"party": "gemeente", "card": OTHER.card.fingerprint})
    suite.package("signed-again-by-another_fail", joined(stolen, body, OTHER), "stripped and signed anew",
                  card="other.card.json")  # fmt: skip
    wrong = _swapped(head, sender={"party": "gemeente", "card": SENDER.card.fingerprint})
    suite.package("a-wrong-party-id_fail", joined(wrong, body, SENDER), "the card is of another party")
    for key, value in {
        "type": "release", "protocol": "sha256:" + "00" * 32, "sequence": 2, "content": {"rows": 49},
    }.items():  # fmt: skip
        other = {"type": "release"} if key == "type" else {"protocol": str(value)} if key == "protocol" else {}
        name = f"{key}-changed-and-signed-again_fail"
        suite.package(
            name, joined(_swapped(head, **{key: value}), body, SENDER), "the seal is bound to the header", **other
        )
    two = sealed(suite.folder, BODY[::-1])
    suite.package("the-body-of-another-package_fail", joined(head, parts(two)[1], SENDER), "bodies swapped")


def _swapped(head: bytes, **changes: object) -> bytes:
    return canonical.to_bytes({**json.loads(head), **changes})


def _headers(suite: Suite) -> None:
    """Headers in other spellings, each sealed to and signed well by the sender: only their spelling is wrong."""
    content_key = os.urandom(32)
    sender, reader = SENDER.card.fingerprint, READER.card.fingerprint
    wrapped = envelope.wrap(content_key, READER.card.sealing, envelope._info(LABEL, sender, reader))
    head = Header(
        **vars(LABEL), sender=SENDER.party, sender_card=sender, recipients=((READER.party, reader, wrapped),)
    ).to_bytes()

    def package(spelt: bytes) -> bytes:
        body = stream.encrypt(content_key, hashlib.sha512(spelt).digest(), [BODY])
        return joined(spelt, b"".join(body), SENDER)

    suite.package("header-in-its-one-spelling", package(head))
    value = json.loads(head)
    key = value["recipients"][0]["key"]
    raw = base64.b64decode(key)
    loose = key[:-2] + chr(ord(key[-2]) + 1) + "=" if key.endswith("=") and not key.endswith("==") else key + "===="
    spellings: dict[str, bytes] = {
        "keys-in-another-order": json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode(),
        "with-spaces": json.dumps(value, sort_keys=True).encode(),
        "with-a-line-end": head + b"\n",
        "with-a-byte-order-mark": b"\xef\xbb\xbf" + head,
        "with-an-escape": head.replace(b'"encodings"', b'"\\u0065ncodings"'),
        "with-a-float": head.replace(b'"sequence":1', b'"sequence":1.0'),
        "with-an-exponent": head.replace(b'"sequence":1', b'"sequence":1e0'),
        "with-true-for-one": head.replace(b'"package":1', b'"package":true'),
        "with-a-leading-zero": head.replace(b'"sequence":1', b'"sequence":01'),
        "with-a-key-twice": head.replace(b'"sequence":1', b'"sequence":1,"sequence":1'),
        "with-an-unknown-key": _swapped(head, note="x"),
        "with-a-key-missing": canonical.to_bytes({k: v for k, v in value.items() if k != "content"}),
        "of-another-version": _swapped(head, package=2),
        "with-number-zero": _swapped(head, sequence=0),
        "with-nine-digits": _swapped(head, sequence=999_990_019),
        "with-a-minus": _swapped(head, sequence=-1),
        "with-a-path-for-a-party": _swapped(head, sender={**value["sender"], "party": "../mbo"}),
        "with-a-line-in-a-type": _swapped(head, type="encodings\nsignature holds"),
        "with-a-digest-in-capitals": _swapped(head, protocol="sha256:" + "AB" * 32),
        "with-a-short-digest": _swapped(head, protocol="sha256:ab"),
        "with-another-hash": _swapped(head, protocol="sha512:" + "ab" * 32),
        "with-loose-base64": _recipient(value, key=loose),
        "with-base64-without-padding": _recipient(value, key=key.rstrip("=") if "=" in key else key[:-1]),
        "with-base64url": _recipient(value, key=base64.urlsafe_b64encode(b"\xff\xef" * 40).decode()),
        "with-the-key-of-another-kem": _recipient(value, key=base64.b64encode(bytes(33) + raw).decode()),
        "with-a-bare-key": _recipient(value, key=base64.b64encode(raw[:32]).decode()),
        "with-deep-content": _swapped(head, content={"rows": {"deep": 1}}),
        "in-utf-16": head.decode().encode("utf-16-le"),
        "that-is-a-list": b"[" + head + b"]",
    }  # fmt: skip
    for name, spelt in spellings.items():
        assert spelt != head, name
        suite.package(f"header-{name}_fail", package(spelt), "not the one spelling of a header")


def _recipient(value: dict[str, Any], **changes: str) -> bytes:
    return canonical.to_bytes({**value, "recipients": [{**value["recipients"][0], **changes}]})


def _frames(suite: Suite) -> None:
    good = sealed(suite.folder)
    head, body, _ = parts(good)
    start = len(envelope.MAGIC) + 4 + len(head)
    ends = {0, 1, len(envelope.MAGIC), len(envelope.MAGIC) + 4, start - 1, start, start + 24, start + 56}
    ends |= {start + 56 + n * 16_400 for n in range(1, 4)} | {start + len(body)}
    ends |= {start + len(body) + 32, len(good) - 64, len(good) - 1}
    for end in sorted(ends):
        suite.package(f"truncated-at-{end}_fail", good[:end], "the file ends too early")
    for n in range(1, 4):  # cut at a border of chunks, and signed anew by the sender
        cut = body[: 56 + n * 16_400]
        suite.package(f"stream-cut-after-chunk-{n}-and-signed_fail", joined(head, cut, SENDER), "the stream has no end")
    suite.package("one-byte-more_fail", good + b"\0", "bytes are left over")
    suite.package("another-magic_fail", good.replace(b"v1\n", b"v2\n", 1), "no such version")
    suite.package("magic-of-windows_fail", good.replace(b"v1\n", b"v1\r\n", 1), "not the magic")
    for size in (0, len(head) - 1, len(head) + 1, 65_537, 0xFFFFFFFF):
        changed = envelope.MAGIC + struct.pack(">I", size) + good[len(envelope.MAGIC) + 4 :]
        suite.package(f"header-length-{size}_fail", changed, "the length of the header is wrong")
    chunks = [body[56 + n * 16_400 : 56 + (n + 1) * 16_400] for n in range(4)]
    swapped = body[:56] + chunks[1] + chunks[0] + chunks[2] + chunks[3]
    suite.package("chunks-swapped-and-signed_fail", joined(head, swapped, SENDER), "chunks out of order")
    suite.package("a-chunk-twice-and-signed_fail", joined(head, body[:56] + chunks[0] + body[56:], SENDER), "repeated")
    listed = bytearray(good)
    listed[start + len(body)] ^= 1
    suite.package("a-flipped-bit-in-the-list_fail", bytes(listed), "the list is signed")
    listed[start] ^= 1
    suite.package("list-and-body-flipped_fail", bytes(listed), "the list is signed")
    flipped = bytearray(good)
    flipped[start + 20_000] ^= 1
    suite.package("a-flipped-bit-in-the-body_fail", bytes(flipped), "the list names another body")


def _signatures(suite: Suite) -> None:
    good = sealed(suite.folder)
    head, body, signed = parts(good)
    rest = good[:-64]
    s = int.from_bytes(signed[32:], "little")
    variants = {
        "of-zeros": bytes(64),
        "with-s-plus-the-order": signed[:32] + (s + ORDER).to_bytes(32, "little"),
        "with-halves-swapped": signed[32:] + signed[:32],
        "over-bare-bytes": SENDER.signing.sign(head),
        "of-another-type": SENDER.sign("application/vnd.linkage.ledger-entry.v1+json", _payload(head, body)),
        "over-another-list": SENDER.sign(envelope.PACKAGE_TYPE, _payload(head, body[::-1])),
        "over-another-length": SENDER.sign(envelope.PACKAGE_TYPE, _payload(head, body)[:-1] + b"\1"),
    }
    for name, value in variants.items():
        suite.package(f"signature-{name}_fail", rest + value, "the signature does not hold")


def _payload(head: bytes, body: bytes) -> bytes:
    return envelope.signed_part(head, blake3(body).digest(), len(body))


def _cards(suite: Suite) -> None:
    card = SENDER.card
    data = card.to_bytes()
    suite.add("a-card-is-read", "card", data, card.fingerprint)
    for i in range(0, len(data), 7):
        changed = data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]
        suite.add(f"card-flipped-at-{i}_fail", "card", changed, "", "the card is altered")
    suite.add("card-with-a-line-end_fail", "card", data + b"\n", "", "not canonical")
    small = "01" + "00" * 31, "00" * 32, "ec" + "ff" * 30 + "7f", "01" + "00" * 30 + "80"
    for number, key in enumerate(small):
        weak = replace(card, signing=bytes.fromhex(key), signed=bytes.fromhex("01" + "00" * 63))
        suite.add(f"card-with-small-order-key-{number}_fail", "card", weak.to_bytes(), "", "anyone can sign for it")
    foreign = replace(card, signed=SENDER.sign("application/vnd.linkage.package.v1", canonical.to_bytes(card.body)))
    suite.add("card-signed-as-a-package_fail", "card", foreign.to_bytes(), "", "a signature of another type")
    path = replace(card, party="../mbo", signed=b"")
    path = replace(path, signed=SENDER.sign(CARD_TYPE, canonical.to_bytes(path.body)))
    suite.add("card-of-a-path_fail", "card", path.to_bytes(), "", "a party that is no short name")


def _protocols(suite: Suite) -> None:
    for name in ("graduates-on-benefits", "graduates-without-number"):
        data = files.read(files.shipped(f"protocols/{name}.yml"))
        digest = protocol.loads(data, name=name).digest
        suite.add(f"protocol-{name}", "protocol-digest", data, digest)
        suite.add(f"protocol-{name}-comments-changed", "protocol-digest", data + b"# a comment\n", digest)
        suite.add(f"protocol-{name}-unknown-key_fail", "protocol-digest", data + b"extra: 1\n", "", "an unknown key")
        suite.add(
            f"protocol-{name}-key-twice_fail", "protocol-digest", data + b"linkage: 1\n", "", "a key stands twice"
        )
        without = b"\n".join(line for line in data.split(b"\n") if b"quota: 50000" not in line)
        suite.add(f"protocol-{name}-no-quota_fail", "protocol-digest", without, "", "a key is missing")


def _ledgers(suite: Suite) -> None:
    """Ledgers are made by the code, and judged as bytes: whatever their form is, no changed bit may pass."""
    ledger = Ledger(suite.folder / "ledger")
    for number in range(3):
        ledger.append(SENDER, "tokenise", protocol=PROTOCOL, rows=number)
    data = ledger.path.read_bytes()
    card = ("--card", "sender.card.json")
    suite.add("a-ledger-holds", "verify-ledger", data, "holds", "", *card)
    suite.add("ledger-of-another_fail", "verify-ledger", data, "", "another card", "--card", "other.card.json")
    lines = data.splitlines(keepends=True)
    for name, changed in {
        "without-its-first-entry": lines[1:], "without-its-second-entry": [lines[0], lines[2]],
        "with-entries-swapped": [lines[1], lines[0], lines[2]], "with-an-entry-twice": [*lines, lines[2]], "empty": [],
    }.items():  # fmt: skip
        suite.add(f"ledger-{name}_fail", "verify-ledger", b"".join(changed), "", "not one chain", *card)
    for i in range(0, len(data), 11):
        flipped = data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]
        suite.add(f"ledger-flipped-at-{i}_fail", "verify-ledger", flipped, "", "an entry is altered", *card)


def failures(cases: list[Case], run: Callable[[Case], tuple[int, str]]) -> Iterator[str]:
    """Run every case. Yields what a client did wrong, a line each.

    Args:
        cases: of `make`.
        run: gives exit code and standard output of the client.
    """
    for case in cases:
        code, said = run(case)
        first = said.splitlines()[0] if said else ""
        if case.fails and code != 1:
            yield f"{case.name}: exit code {code}, expected 1 ({case.why})"
        elif not case.fails and (code, first) != (0, case.says):
            yield f"{case.name}: exit code {code} and {first!r}, expected 0 and {case.says!r}"
