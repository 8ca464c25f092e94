"""Records of a linkage for an organisation's own files: log lines, register row, DPIA sections, a letter.

Rules kept here:

- Protocol and ledger are those of this home; the ledger is verified before anything is told of it.
- Lines about persons are made at a custodian, of its own last run, into one file for its owner only, never in the
  outbox. That they were made stands in the ledger, with their number. The linkage unit knows nobody, and writes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from linkage import files
from linkage.consent.commitment import INCLUDED, Run
from linkage.consent.registry import Registry
from linkage.crypto import card as cards
from linkage.crypto import mac, signature
from linkage.crypto.identity import Identity
from linkage.errors import InputError, Refused, Untrusted
from linkage.ledger.entries import Entry
from linkage.report.lang import Lang
from linkage.report.records import account as accounts
from linkage.report.records import letter, trace
from linkage.report.records.account import Account
from linkage.roles import auditor, exchange
from linkage.roles import home as homes
from linkage.roles.folder import Linkage
from linkage.roles.home import Home

SHORTEST_KEY = 16
"""Bytes of a key for pseudonyms."""
_SPAN = b"linkage/span/v1\n"


def account(home: Home, linkage: Linkage) -> Account:
    """What this organisation did in a linkage, by its own ledger.

    Raises:
        Untrusted: the ledger does not hold.
    """
    _verify(home)
    return accounts.of(linkage.protocol, home.card.party, home.ledger.entries())


def confirm(home: Home, linkage: Linkage, lang: Lang) -> letter.Letter:
    """The letter to this organisation's data protection officer.

    Raises:
        Untrusted: the ledger does not hold.
    """
    with home.ledger.held():  # the letter names the state of the ledger that it tells of
        found, checkpoint = account(home, linkage), home.ledger.checkpoint(home.card)
    root, shown = signature.to_text(checkpoint.root), cards.letters(home.card.fingerprint)
    return letter.letter(found, letter.State(homes.today().isoformat(), checkpoint.size, root, shown), lang)


@dataclass(frozen=True)
class Told:
    """How a person is named in a line."""

    id_type: str
    """What the local references are, for instance ``studentnummer``."""
    key: bytes | None = field(default=None, repr=False)
    """Writes HMAC-SHA256 of the reference under this key of the organisation; None writes the reference."""
    lang: Lang = "nl"
    """Of the names of acts."""
    uri: str = ""
    """Of the activity in the organisation's own register."""


def log_persons(home: Home, identity: Identity, linkage: Linkage, path: Path, told: Told) -> int:
    """Write a line for every person whose row took part in the last run to a file. Returns how many.

    Args:
        home: of a custodian.
        identity: its keys, for the ledger.
        linkage: which linkage.
        path: the file; it holds local references, or pseudonyms of them.
        told: how persons are named in it.

    Raises:
        Refused: this party is no custodian, did not tokenise, or its file had no references; or the file would lie in
            the outbox.
        InputError: a key that is too short, or the file cannot be written.
        Untrusted: the ledger does not hold.
    """
    refuse_persons(home, linkage, path, told)
    found = account(home, linkage)
    run, kept = _last_run(home, found)
    people = list(dict.fromkeys(who for who, outcome in kept.rows if who and outcome == INCLUDED))
    made = trace.persons(found, run, _keyed(people, kept, told.key), told.id_type, told.lang, told.uri)
    with files.atomic(path) as stream:
        stream.writelines(line.encode() for line in trace.to_text(made))
    home.ledger.append(
        identity, "export-persons", protocol=linkage.protocol.digest, persons=len(people),
        root=run.facts["commitment"]["root"], pseudonyms=told.key is not None, output=exchange.file_digest(path),
    )  # fmt: skip
    return len(people)


def refuse_persons(home: Home, linkage: Linkage, path: Path, told: Told) -> None:
    """Refuse lines about persons before anybody is asked for a passphrase.

    Raises:
        Refused, InputError: see `log_persons`.
    """
    party = linkage.protocol.party(home.card.party)
    if "custodian" not in party.roles:
        raise Refused(
            f"{party.id} is no custodian: it knows no person, and writes no line about one",
            hint="Without --persons the lines are about the linkage.",
        )
    if path.resolve().is_relative_to((home.path / "outbox").resolve()):
        raise Refused("lines about persons stay with the organisation: not in the outbox", where=path.name)
    if told.key is not None and len(told.key) < SHORTEST_KEY:
        raise InputError(f"expected a key of at least {SHORTEST_KEY} bytes, got {len(told.key)}")


def _last_run(home: Home, found: Account) -> tuple[Entry, Run]:
    run = found.last_run
    if run is None:
        raise Refused("nothing was tokenised in this linkage yet", hint="Run `linkage tokenise` first.")
    committed = run.facts.get("commitment")
    kept = Registry(home.consent).run(committed["root"]) if committed else None
    if kept is None:
        raise Refused(
            "the last run kept no references of persons",
            hint="Name the column with the local reference in the config (`reference`), and tokenise again.",
        )
    return run, kept


def _keyed(people: Sequence[str], kept: Run, key: bytes | None) -> Iterator[tuple[str, str]]:
    """Id and span of every person; spans are derived under the key of the run, so that none tells a reference."""
    spans = mac.macs(kept.key, "sha256", (_SPAN + who.encode() for who in people))
    if key is None:
        names: Iterator[str] = iter(people)
    else:
        names = (one.hex() for one in mac.macs(key, "sha256", (who.encode() for who in people)))
    for who, span in zip(names, spans, strict=True):
        yield who, span.hex()[: trace.SPAN_SIGNS]


def _verify(home: Home) -> None:
    (outcome,), _ = auditor.verify_ledgers([home.path])
    if not outcome.holds:
        raise Untrusted(
            "this ledger does not hold, so nothing is told of it", where=home.path.name, hint="`linkage ledger verify`"
        )
