"""What a custodian does: share the linkage secret, plan, tokenise. Its registry of consent is `linkage.roles.consents`.

Rules kept here:

- `plan` and `tokenise` walk the same path; `tokenise` goes one step further.
- Rows without valid consent or outside the cohort are dropped before anything is tokenised.
- The plaintext of a package is searched for person numbers before it is sealed.
- In statistics mode the way back from handle to row is not written anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linkage import files
from linkage.consent import bases
from linkage.consent.judge import Judgement, judge
from linkage.consent.registry import Registry
from linkage.crypto import secret as secrets
from linkage.crypto.card import Card
from linkage.crypto.envelope import Package, open_body, read
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused
from linkage.findings import Finding, Severity
from linkage.protocol.model import Party, Protocol
from linkage.report.planned import Plan
from linkage.roles import agreement, consents, exchange
from linkage.roles import home as homes
from linkage.roles.consents import import_consent
from linkage.roles.home import Home, Linkage

if TYPE_CHECKING:
    from linkage.encode.config import Config
    from linkage.encode.encoder import BadCells
    from linkage.encode.prepare import Prepared
    from linkage.tables import Encodings

__all__ = ["Tokenised", "import_consent", "keep_secret", "linkage_secret", "plan", "share_secret", "tokenise"]


@dataclass(frozen=True, eq=False)
class Tokenised:
    """What `tokenise` made."""

    package: Path
    """The sealed file in the outbox for the linkage unit."""
    digest: str
    """Digest of the file."""
    plan: Plan
    counts: Mapping[str, int]
    """Rows, tokens and filters in the package."""
    encodings: Encodings = field(repr=False)
    """In memory only: with the row numbers, so that an embedder can look up what became of a row."""


def share_secret(home: Home, identity: Identity, linkage: Linkage) -> list[Path]:
    """Make the linkage secret and seal it to every custodian, oneself included; never to the linkage unit.

    The first custodian of the protocol makes it, once; asked again, it puts the same package in the outbox again.

    Raises:
        Refused: the protocol is not in effect, or another custodian makes the secret.
    """
    protocol = agreement.in_effect(home, linkage)
    maker = protocol.custodians[0].id
    if home.card.party != maker:
        raise Refused(f"{maker} makes the linkage secret: the first custodian in the protocol")
    readers = [home.trusted(party.id) for party in protocol.custodians]
    if not linkage.secret.exists():
        _make_secret(home, identity, linkage, readers)
    others = [card.party for card in readers if card.party != home.card.party]
    return [home.send(linkage.secret, other, f"{protocol.id}.secret.package") for other in others]


def _make_secret(home: Home, identity: Identity, linkage: Linkage, readers: list[Card]) -> None:
    if linkage.protocol.unit.id in [card.party for card in readers]:
        raise Refused("the linkage unit may not hold the linkage secret")
    home.ledger.append(identity, "make-secret", protocol=linkage.protocol.digest)
    value = secrets.create()
    exchange.send(home, identity, linkage, exchange.Letter(exchange.SECRET, readers, value), linkage.secret)


def keep_secret(home: Home, identity: Identity, linkage: Linkage, path: Path) -> None:
    """Take in the linkage secret that another custodian sealed to this one; it is kept as it came, sealed.

    Raises:
        Refused: not for this party, not from the first custodian, not in effect, or there is a secret already.
    """
    _must_be_custodian(home, linkage)
    agreement.in_effect(home, linkage)
    if linkage.secret.exists():
        raise Refused("the linkage secret is here already; a second one would part the parties", where=path.name)

    def keep(body: bytes, package: Package) -> None:
        maker = linkage.protocol.custodians[0].id
        if package.header.sender != maker:
            raise Refused(f"{maker} makes the linkage secret, not {package.header.sender}", where=path.name)
        if len(body) != secrets.SECRET_BYTES:
            raise InputError(f"expected a secret of {secrets.SECRET_BYTES} bytes", where=path.name)
        files.write(linkage.secret, files.read(package.path))

    exchange.take_in(home, identity, linkage, path, exchange.SECRET, keep)


def linkage_secret(home: Home, identity: Identity, linkage: Linkage) -> bytes:
    """The linkage secret, opened from its package.

    Raises:
        Refused: this party is no custodian, the secret is not here yet, or its day of destruction has passed.
    """
    _must_be_custodian(home, linkage)
    last = linkage.protocol.retention.secret_destroyed_on
    if homes.today().isoformat() > last:
        raise Refused(f"the linkage secret was to be destroyed on {last}", hint=f"Remove {linkage.secret}.")
    if not linkage.secret.exists():
        maker = linkage.protocol.custodians[0].id
        mine = maker == home.card.party
        hint = "Make it with `linkage secret share`." if mine else f"Wait for the file from {maker}."
        raise Refused("the linkage secret is not here yet", hint=hint)
    package = read(linkage.secret)
    sender = home.trusted(package.header.sender)
    pieces = open_body(package, identity, sender, protocol=linkage.protocol.digest, type_=exchange.SECRET)
    return b"".join(pieces)


def plan(home: Home, linkage: Linkage, path: Path, config: Config) -> Plan:
    """A dry run: read, normalise and judge, and say what would leave. Writes nothing, needs no secret.

    Raises:
        InputError: the file or config cannot be read.
    """
    return _prepare(home, linkage.protocol, path, config)[0]


def tokenise(
    home: Home, identity: Identity, linkage: Linkage, path: Path, config: Config, *, bad_cells: BadCells = "refuse"
) -> Tokenised:
    """Turn a file into a package for the linkage unit.

    Raises:
        InputError: the file, a cell or the config is bad; nothing was written.
        Refused: the protocol is not in effect, the secret is not here, no row may take part, or more rows than the
            quota.
    """
    from linkage.encode import encoder, outgoing

    _must_be_custodian(home, linkage)
    protocol = agreement.in_effect(home, linkage)
    secret = linkage_secret(home, identity, linkage)
    plan_, prepared, judgement = _prepare(home, protocol, path, config)
    encoder.refuse_bad(prepared, bad_cells)
    if not judgement.included.any():
        raise Refused("no row may take part", hint="`linkage plan` says why.")
    exchange.within_quota(protocol, home.card.party, int(judgement.included.sum()))
    encodings = encoder.tokenise(prepared, judgement.included, protocol, secret)
    counts = encoder.counts(encodings)
    body = encodings.to_bytes()
    outgoing.refuse_numbers(body)
    home.ledger.append(
        identity, "tokenise", protocol=protocol.digest, input=exchange.file_digest(path), judged=dict(plan_.judged),
        bad_cells=plan_.bad_count, sent=counts, basis=_basis(protocol, home.card.party),
        row_basis=_row_basis(home, protocol.party(home.card.party)),
    )  # fmt: skip
    unit = home.trusted(protocol.unit.id)
    target = home.outbox(unit.party) / f"{protocol.id}.{home.card.party}.package"
    letter = exchange.Letter(exchange.ENCODINGS, [unit], body, counts)
    digest = exchange.send(home, identity, linkage, letter, target)
    return Tokenised(target, digest, plan_, counts, encodings)


def _prepare(home: Home, protocol: Protocol, path: Path, config: Config) -> tuple[Plan, Prepared, Judgement]:
    from linkage.encode.prepare import prepare
    from linkage.encode.read import Columns
    from linkage.encode.read import read as read_records

    party = protocol.party(home.card.party)
    if config.party != party.id:
        raise InputError(f"the config is for party {config.party}, this home is of {party.id}")
    fields = [f.name for f in protocol.fields_of(party.id)]
    unnamed = [name for name in fields if name not in config.columns]
    if unnamed:
        raise InputError(f"the config names no column for {', '.join(unnamed)}", hint="Add it under 'columns'.")
    columns = Columns(
        {name: config.columns[name] for name in fields},
        reference=config.reference,
        encoding=None if config.encoding == "auto" else config.encoding,
        delimiter=None if config.delimiter == "auto" else config.delimiter.replace("tab", "\t"),
        sheet=config.sheet,
    )
    records = read_records(path, columns, fields)
    prepared = prepare(records, protocol, party.id)
    texts = {c.field: prepared.columns[c.field].texts() for c in party.cohort}
    standing = None
    if party.consent == "required":
        today = homes.today().isoformat()
        standing = Registry(home.consent).usable(protocol.id, protocol.reference_date, today)
    failing = _failing(home, protocol, party, prepared)
    judgement = judge(protocol, party, texts, len(prepared), standing, prepared.references, failing)
    plan_ = Plan(
        source=records.source,
        read_as=" ".join(
            filter(None, [records.encoding, records.delimiter and repr(records.delimiter), records.sheet])
        ),
        headings=dict(records.headings),
        reference=config.reference,
        ignored=records.ignored,
        leaves={f.name: f.send for f in protocol.fields_of(party.id)},
        judged=judgement.summary,
        notes=prepared.counts,
        bad=prepared.bad,
        bad_count=prepared.bad_count,
        warnings=(*records.findings, *_over_quota(party, int(judgement.included.sum()))),
    )
    return plan_, prepared, judgement


def _failing(home: Home, protocol: Protocol, party: Party, prepared: Prepared) -> dict[str, NDArray[np.bool_]]:
    """Rows that nothing identifies, and rows for which no declared basis is possible."""
    sent = [prepared.columns[f.name].codes < 0 for f in protocol.fields_of(party.id, "exact", "bloom")]
    failing = {"placeholder identity": np.logical_and.reduce(sent)} if sent else {}
    if party.row_basis is not None:
        known = consents.bases_of(home, party.row_basis.table)
        texts = {name: prepared.columns[name].texts() for name in party.row_basis.fields}
        declared = frozenset(d.basis.article for d in party.discloses if d.what == "tokens")
        failing["no basis"] = bases.without(party.row_basis, declared, texts, protocol.reference_date, known)
    return failing


def _row_basis(home: Home, party: Party) -> dict[str, object] | None:
    """The table of bases that was looked up, for the ledger: its digest, and the changes that it bore."""
    if party.row_basis is None:
        return None
    known = consents.bases_of(home, party.row_basis.table)
    changed = {rule.id: [d.change for d in rule.decisions] for rule in known.rules if rule.decisions}
    return {"table": known.digest, "role": party.row_basis.role, "changed": changed}


def _over_quota(party: Party, rows: int) -> list[Finding]:
    """What `plan` says of rows that `tokenise` will refuse."""
    if party.quota is None or rows <= party.quota:
        return []
    message = f"{rows:,} rows may take part; the quota is {party.quota:,}: none will be sent"
    return [Finding("E401", Severity.ERROR, f"parties.{party.id}.quota", message)]


def _must_be_custodian(home: Home, linkage: Linkage) -> None:
    if "custodian" not in linkage.protocol.party(home.card.party).roles:
        raise Refused(f"{home.card.party} is no custodian: it may not hold the linkage secret")


def _basis(protocol: Protocol, party_id: str) -> list[str]:
    """The declared bases for the ledger: article and law per direction."""
    party = protocol.party(party_id)
    return [f"{d.what} to {d.to}: GDPR {d.basis.article}, {d.basis.law or 'no law named'}" for d in party.discloses]
