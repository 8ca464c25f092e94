"""What a custodian does: plan, tokenise. Its secret: `linkage.roles.ceremony`; its registry: `linkage.roles.consents`.

Rules kept here:

- `plan` and `tokenise` walk the same path; `tokenise` goes one step further.
- Rows without valid consent or outside the cohort are dropped before anything is tokenised.
- The plaintext of a package is searched for person numbers and for the cells it was made of, as it is sealed; it is
  never whole in memory nor on disk, and a package takes its name only when nothing was found.
- The way back from handle to row is not written anywhere, but at the relation holder of a linkage for re-contact, who
  keeps it sealed to itself (`linkage.roles.contacts`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from linkage import tables
from linkage.consent import bases
from linkage.consent.judge import Judgement, judge
from linkage.crypto import secret as secrets
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused
from linkage.findings import Finding, Severity
from linkage.protocol.model import Protocol
from linkage.protocol.parties import Party
from linkage.report.planned import Plan
from linkage.roles import agreement, blinding, codebook, consents, contacts, exchange, numbers, rowproof
from linkage.roles.asked import Desk, Export
from linkage.roles.blinding import Waiting
from linkage.roles.ceremony import linkage_secret
from linkage.roles.consents import import_consent
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

if TYPE_CHECKING:
    from linkage.encode.config import Config
    from linkage.encode.encoder import BadCells, Tally
    from linkage.encode.prepare import Prepared
    from linkage.encode.read import Records

__all__ = ["Tokenised", "import_consent", "plan", "tokenise"]


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
    left_out: int
    """Rows that may take part by now, and about which the key-holders were not asked."""
    handles: NDArray[np.uint8] = field(repr=False)
    """``uint8[n, 16]``: handles in the package. In memory only, for an embedder to look up what became of a row."""
    rows: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: the row number as given of each handle."""
    codebooks: tuple[Path, ...] = ()
    """Sealed files for recipients that are no custodians: what the codes of blinded categories mean."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The key-holders were asked; the package is made when their answers are here."""

    waiting: Waiting
    plan: Plan


def plan(home: Home, linkage: Linkage, path: Path, config: Config) -> Plan:
    """A dry run: read, normalise and judge, and say what would leave. Writes nothing, needs no secret.

    Raises:
        InputError: the file or config cannot be read.
    """
    return _prepare(home, linkage.protocol, path, config)[0]


def tokenise(
    home: Home,
    identity: Identity,
    linkage: Linkage,
    path: Path,
    config: Config,
    *,
    bad_cells: BadCells = "refuse",
    ask_again: bool = False,
) -> Tokenised | Asked:
    """Turn a file into a package for the linkage unit: encoded, searched and sealed piece by piece.

    Where numbers become tokens by oblivious PRF, the key-holders are asked first; called again with the same file once
    their answers are here, it makes the package.

    Args:
        home: of the custodian.
        identity: its keys.
        linkage: which linkage.
        path: the file.
        config: which column is which field.
        bad_cells: stop at bad cells, or take them for empty.
        ask_again: give up what the key-holders were asked before; it has been counted.

    Raises:
        InputError: the file, a cell or the config is bad; nothing was written.
        Refused: the protocol is not in effect, the secret is not here, no row may take part, more rows than the
            quota, or the key-holders were asked about another file.
    """
    from linkage.encode import encoder, outgoing

    protocol = agreement.in_effect(home, linkage)
    secret = linkage_secret(home, identity, linkage)
    plan_, prepared, judgement, records = _prepare(home, protocol, path, config)
    encoder.refuse_bad(prepared, bad_cells)
    if not judgement.included.any():
        raise Refused("no row may take part", hint="`linkage plan` says why.")
    exchange.within_quota(protocol, home.card.party, int(judgement.included.sum()))
    desk = Desk(home, identity, linkage)
    if ask_again:
        blinding.destroy(desk)
    export = Export(path, config.model_dump(mode="json", by_alias=True), bad_cells)
    blinded = blinding.outputs(desk, export, prepared, judgement.included)
    if isinstance(blinded, blinding.Waiting):
        return Asked(blinded, plan_)
    cells = outgoing.cells_of(records, prepared, protocol)
    del records  # the cells as they were are not needed any more
    committed = rowproof.commit(home, protocol.digest, prepared.references, judgement, blinded.included)
    home.ledger.append(
        identity, "tokenise", protocol=protocol.digest, input=exchange.file_digest(path), judged=dict(plan_.judged),
        bad_cells=plan_.bad_count, basis=_basis(protocol, home.card.party), left_out=blinded.left_out,
        row_basis=_row_basis(home, protocol.party(home.card.party)), commitment=committed, **protocol.wave,
    )  # fmt: skip
    codebooks = codebook.give(home, identity, linkage, secret)
    unit = agreement.serving(home, protocol, protocol.unit.id)
    target = home.outbox(unit.party) / f"{protocol.id}.{home.card.party}.package"
    tally = encoder.Tally()
    made = map(tally.seen, encoder.pieces(prepared, blinded.included, protocol, secret, numbers=blinded.numbers))
    body = outgoing.searched(tables.stream(made), cells, own=_columns(protocol, home.card.party))
    content = exchange.announced(protocol, home.card.party, int(blinded.included.sum()))
    content |= {exchange.CHECK: secrets.check(secret, protocol.digest), **blinded.content}
    gets_rows = contacts.keeps(protocol, home.card.party)
    back = _keeper(desk, prepared, tally, config) if gets_rows else None
    letter = exchange.Letter(exchange.ENCODINGS, [unit], body, content, tally.counts, back)
    digest = exchange.send(home, identity, linkage, letter, target)
    blinding.destroy(desk)
    return Tokenised(target, digest, plan_, tally.counts(), blinded.left_out, *tally.handles(), tuple(codebooks))


def _keeper(desk: Desk, prepared: Prepared, tally: Tally, config: Config) -> Callable[[str], None]:
    """Keeps which handle is whose, once the package is sealed and its digest known."""

    def keep(package: str) -> None:
        reference = dict(zip(prepared.rows.tolist(), prepared.references or [], strict=True))
        handles, rows = tally.handles()
        pairs = zip(handles, rows.tolist(), strict=True)
        references = {handle.tobytes().hex(): str(reference[row]) for handle, row in pairs}
        kept = contacts.Handles(package, config.reference or "", references)
        contacts.keep(desk.home, desk.identity, desk.linkage, kept)

    return keep


def go_on(home: Home, identity: Identity, linkage: Linkage) -> Tokenised | Asked | None:
    """Tokenise the file that the key-holders were asked about; None when nothing is under way.

    Raises:
        InputError, Refused: see `tokenise`; the file may have moved or changed.
    """
    from linkage.encode.config import from_data

    state = Desk(home, identity, linkage).state()
    if state is None:
        return None
    export = state.export
    return tokenise(home, identity, linkage, export.path, from_data(export.config), bad_cells=export.bad_cells)


def _columns(protocol: Protocol, party: str) -> bytes:
    """The names of the columns that leave."""
    return " ".join(protocol.layout(party).widths).encode()


def _prepare(home: Home, protocol: Protocol, path: Path, config: Config) -> tuple[Plan, Prepared, Judgement, Records]:
    from linkage.encode.prepare import prepare
    from linkage.encode.read import Columns
    from linkage.encode.read import read as read_records

    party = protocol.party(home.card.party)
    if config.party != party.id:
        raise InputError(f"the config is for party {config.party}, this home is of {party.id}")
    fields = [f.name for f in protocol.columns_of(party.id)]
    made = [f.name for f in protocol.fields_of(party.id) if f.made and f.name in config.columns]
    if made:
        raise InputError(
            f"the config names a column for {', '.join(made)}, which the protocol makes of other columns",
            hint="Remove it under 'columns'.",
        )
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
    prepared = prepare(records, protocol, party.id, numbers.aliases_of(home, protocol, config))
    texts = {c.field: prepared.columns[c.field].texts() for c in party.cohort}
    standing = consents.standing(home, protocol, party)
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
        warnings=(
            *records.findings,
            *numbers.of_tests(prepared),
            *_over_quota(party, int(judgement.included.sum())),
        ),
        protocol=protocol,
    )
    return plan_, prepared, judgement, records


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


def _basis(protocol: Protocol, party_id: str) -> list[str]:
    """The declared bases for the ledger: article and law per direction."""
    party = protocol.party(party_id)
    return [f"{d.what} to {d.to}: GDPR {d.basis.article}, {d.basis.law or 'no law named'}" for d in party.discloses]
