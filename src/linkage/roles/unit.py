"""What the linkage unit does: take packages in, match, release.

Rules kept here:

- It reaches neither the encoder nor the linkage secret (import contract in pyproject.toml); what its folder holds
  is searched by tests/roles/test_unit.py.
- Packages stay sealed at rest; encodings are in memory while they are matched, and links name random handles only.
- Only what the protocol's outputs allow is released, and only to their recipients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from linkage import canonical, files
from linkage.crypto.envelope import Package, open_body, read
from linkage.crypto.identity import Identity
from linkage.disclosure import release as releases
from linkage.disclosure.release import Release
from linkage.errors import Refused, Untrusted
from linkage.links import Coverage, Judged, Links
from linkage.match import match as match_encodings
from linkage.match import resume as resumes
from linkage.match.work import Progress
from linkage.protocol.model import Protocol
from linkage.roles import agreement, exchange
from linkage.roles.home import Home, Linkage
from linkage.tables import Encodings, encodings_from_bytes

ABOUT = b"about"


@dataclass(frozen=True)
class Matched:
    """What `match` found, for the unit's own eyes."""

    rows: Mapping[str, int]
    """Rows per custodian."""
    links: Mapping[str, int]
    """Links per stage."""
    judged: Sequence[Judged]
    """How good the fuzzy stages are expected to be."""
    coverage: Sequence[Coverage]
    """Which pairs the fuzzy stages compared, and why these."""
    conflicts: int
    """Numbers that both sides have, with a second field that differs: not linked by number."""


def take_encodings(home: Home, identity: Identity, linkage: Linkage, path: Path) -> Package:
    """Verify a custodian's package, check that it opens and fits the protocol, and keep it sealed.

    Raises:
        Refused, Untrusted: see `linkage.roles.exchange.expect`; also encodings that differ from the protocol's layout,
            or have more rows than the sender's quota.
    """
    protocol = agreement.in_effect(home, linkage)
    _must_be_unit(home, protocol)

    def keep(body: bytes, package: Package) -> None:
        party = package.header.sender
        exchange.within_quota(protocol, party, 0, where=path.name)  # a party without a quota is no custodian
        layout = protocol.layout(party)
        encodings = encodings_from_bytes(body, party=party, protocol_digest=package.header.protocol, layout=layout)
        exchange.within_quota(protocol, party, len(encodings), where=path.name)
        files.write(linkage.received(party), files.read(package.path))

    return exchange.take_in(home, identity, linkage, path, exchange.ENCODINGS, keep)


def match(
    home: Home, identity: Identity, linkage: Linkage, *, progress: Callable[[Progress], None] | None = None
) -> Matched:
    """Match the newest packages of all custodians and keep the links. A run that was stopped goes on where it was.

    Args:
        home: of the linkage unit.
        identity: its keys.
        linkage: which linkage.
        progress: as of `linkage.match.match`.

    Raises:
        Refused: the protocol is not in effect, or a custodian's package is not here; or see `linkage.match.match`.
    """
    protocol = agreement.in_effect(home, linkage)
    _must_be_unit(home, protocol)
    encodings = [_encodings(home, identity, linkage, party.id) for party in protocol.custodians]
    packages = _packages(linkage)
    _same_keys(linkage)
    links = match_encodings(encodings, protocol, resume=_unfinished(linkage, packages), progress=progress)
    files.write(linkage.links, _links_to_bytes(links, encodings, packages))
    per_stage = {f"{n + 1} {name}": int((links.stage == n).sum()) for n, name in enumerate(links.stages)}
    home.ledger.append(
        identity, "match", protocol=protocol.digest, links=exchange.file_digest(linkage.links),
        packages=packages,
        rows={e.party: len(e) for e in encodings}, comparisons=[_recorded(c) for c in links.coverage],
        thresholds={str(one.stage + 1): str(one.threshold) for one in links.judged}, conflicts=links.conflicts,
    )  # fmt: skip
    return Matched({e.party: len(e) for e in encodings}, per_stage, links.judged, links.coverage, links.conflicts)


def release(home: Home, identity: Identity, linkage: Linkage) -> list[tuple[Release, Path]]:
    """Answer the protocol's outputs, small numbers hidden, sealed to each recipient.

    Raises:
        Refused: the protocol is not in effect, or nothing was matched yet, or other packages came in since.
    """
    protocol = agreement.in_effect(home, linkage)
    _must_be_unit(home, protocol)
    if not linkage.links.exists():
        raise Refused("nothing was matched yet", hint="Run `linkage match` first.")
    data = files.read(linkage.links)
    said = _said_of(data)
    if said.get("packages") != _packages(linkage):
        raise Refused("other packages came in since these were matched", hint="Run `linkage match` again.")
    encodings = {p.id: _encodings(home, identity, linkage, p.id) for p in protocol.custodians}
    result = []
    for output in protocol.outputs:
        counted = encodings[output.of]
        other = next(e for name, e in encodings.items() if name != output.of)
        linked = _linked(data, counted)
        answer = releases.overlap(protocol, output, counted, linked, len(other), _judged(said))
        hidden = sum(1 for cell in answer.cells if cell.linked.value is None)
        home.ledger.append(
            identity, "release", protocol=protocol.digest, output=output.name, to=list(output.to),
            cells=len(answer.cells), hidden=hidden, minimum=output.minimum, rounding=output.rounding,
        )  # fmt: skip
        readers = [home.trusted(name) for name in output.to]
        for reader in readers:
            target = home.outbox(reader.party) / f"{protocol.id}.{output.name}.release.package"
            letter = exchange.Letter(exchange.RELEASE, [reader], answer.to_bytes(), {"output": output.name})
            exchange.send(home, identity, linkage, letter, target)
            result.append((answer, target))
    return result


def _must_be_unit(home: Home, protocol: Protocol) -> None:
    if home.card.party != protocol.unit.id:
        raise Refused(f"{protocol.unit.id} is the linkage unit of this protocol, not {home.card.party}")


def _encodings(home: Home, identity: Identity, linkage: Linkage, party: str) -> Encodings:
    path, protocol = linkage.received(party), linkage.protocol
    if not path.exists():
        raise Refused(f"no package of {party} is here yet", hint="Drop it in inbox/ and run `linkage next`.")
    pieces = open_body(read(path), identity, home.trusted(party), protocol=protocol.digest, type_=exchange.ENCODINGS)
    return encodings_from_bytes(
        b"".join(pieces), party=party, protocol_digest=protocol.digest, layout=protocol.layout(party)
    )


def _same_keys(linkage: Linkage) -> None:
    """Custodians who were told different keys by a key-holder have no number in common: say so instead.

    Raises:
        Refused: the packages name different public keys, or none where the protocol has key-holders.
    """
    if not linkage.protocol.oprf_stages:
        return
    custodians = [party.id for party in linkage.protocol.custodians]
    keys = {party: read(linkage.received(party)).header.content.get("keys") for party in custodians}
    if None in keys.values() or len(set(keys.values())) != 1:
        raise Refused(
            "the packages were made with different keys of the key-holders: their numbers cannot be compared",
            hint=f"Ask {' and '.join(custodians)} to compare the ledger entries oprf-request: a key-holder told them"
            " different keys, or one of them took an older one.",
        )


def _packages(linkage: Linkage) -> dict[str, str]:
    """Digest of each custodian's newest package."""
    return {p.id: exchange.file_digest(linkage.received(p.id)) for p in linkage.protocol.custodians}


def _recorded(coverage: Coverage) -> dict[str, Any]:
    """What the ledger keeps of a comparison: enough to repeat it, and what it promised."""
    facts: dict[str, Any] = {"stage": coverage.stage, "method": coverage.method}
    if coverage.seed is not None:
        facts |= {
            "seed": coverage.seed, "tables": coverage.tables, "width": coverage.width,
            "expected_recall": round(coverage.expected_recall, 6),
            "sample_pairs": coverage.sample_pairs, "sample_found": coverage.sample_found,
        }  # fmt: skip
    return facts


def _unfinished(linkage: Linkage, packages: Mapping[str, str]) -> Path:
    """Where the run over these packages keeps what is done; those over earlier packages are given up."""
    folder = linkage.unfinished / canonical.digest(dict(packages))[len(canonical.DIGEST_PREFIX) :][:16]
    for other in linkage.unfinished.glob("*"):
        if other != folder:
            resumes.clear(other)
    return folder


def _said_of(data: bytes) -> dict[str, Any]:
    """What a file of links says of itself: digests of the packages it was made of, and what to expect of it."""
    with _reader(data) as reader:
        said = canonical.from_bytes((reader.schema.metadata or {}).get(ABOUT, b"{}"))
    return said if isinstance(said, dict) else {}


def _judged(said: Mapping[str, Any]) -> list[Judged]:
    try:
        return TypeAdapter(list[Judged]).validate_json(canonical.to_bytes(said.get("judged", [])), strict=True)
    except ValueError:
        raise Untrusted("not a file of links: damaged or altered") from None


@contextmanager
def _reader(data: bytes) -> Iterator[pa.RecordBatchStreamReader]:
    """Read a file of links; our error when it is none."""
    try:
        with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
            yield reader
    except (pa.ArrowException, OSError, ValueError, KeyError):
        raise Untrusted("not a file of links: damaged or altered") from None


def _links_to_bytes(links: Links, encodings: list[Encodings], packages: Mapping[str, str]) -> bytes:
    """Handles that belong together, and of which packages they are."""
    left, right = encodings
    table = pa.table(
        {
            f"handle:{left.party}": pa.array([h.tobytes() for h in left.handles[links.left]], pa.binary(16)),
            f"handle:{right.party}": pa.array([h.tobytes() for h in right.handles[links.right]], pa.binary(16)),
            "score": pa.array(links.score, pa.float64()),
            "stage": pa.array(links.stage, pa.int16()),
        }
    )
    about = {"packages": dict(packages), "judged": [asdict(one) for one in links.judged]}
    table = table.replace_schema_metadata({ABOUT: canonical.to_bytes(about)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def linked_handles(data: bytes, party: str) -> list[bytes]:
    """The handles of a party in a file of links, in its order.

    Raises:
        Untrusted: not a file of links of that party.
    """
    with _reader(data) as reader:
        handles: list[bytes] = reader.read_all().column(f"handle:{party}").to_pylist()
    return handles


def _linked(data: bytes, counted: Encodings) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """``bool[n]``: whether each row of `counted` is linked."""
    position = {handle.tobytes(): i for i, handle in enumerate(counted.handles)}
    linked = np.zeros(len(counted), dtype=np.bool_)
    for handle in linked_handles(data, counted.party):
        linked[position[handle]] = True
    return linked
