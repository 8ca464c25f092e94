"""The main job, played by all roles in one folder on synthetic people.

Rules kept here:

- Three home folders, real files between them: each file is carried from an outbox to an inbox, as people would.
- Nothing is done here that the roles could not do apart; the demo only knows the truth, to measure the links.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage import files
from linkage.crypto import card as cards
from linkage.crypto.identity import Identity
from linkage.errors import LinkageError, Refused
from linkage.findings import Finding, Severity
from linkage.report import result as reports
from linkage.report.lang import Lang
from linkage.report.page import as_html
from linkage.report.result import ReleaseFile, Report
from linkage.roles import agreement, auditor, custodian, keeping, post, recipient, signing, trust, unit
from linkage.roles import home as homes
from linkage.roles.custodian import Tokenised
from linkage.roles.home import Home

if TYPE_CHECKING:
    import pyarrow as pa

TEMPLATE = "protocols/graduates-on-benefits.yml"
PARTIES: Mapping[str, tuple[str, str]] = {
    "mbo": ("ROC Voorbeeldstad (fictief)", "BRIN:99ZZ"),
    "gemeente": ("Gemeente Voorbeeldstad (fictief)", "OIN:00000000000000000000"),
    "unit": ("Koppeleenheid Voorbeeld (fictief)", "KvK:99999999"),
}
MARK = "SYNTHETISCH.txt"
"""Marks a demo folder: only a folder that holds it is ever overwritten."""


@dataclass(frozen=True)
class Outcome:
    """How the demo ended."""

    overlap: int
    """Links found."""
    true_overlap: int
    """Persons whose rows both took part."""
    precision: float
    """Share of links that are right."""
    recall: float
    """Share of true pairs that were found."""
    ledger_verified: bool
    findings: tuple[Finding, ...]
    """What the ledger check found."""
    report: Path
    """The HTML page."""
    result: Report = field(repr=False)
    """The release with its words."""
    judged: Mapping[str, Mapping[str, int]]
    """Per custodian: rows, included, excluded by reason."""
    links: Mapping[str, int]
    """Links per stage."""

    def as_data(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "overlap": self.overlap,
            "true_overlap": self.true_overlap,
            "precision": self.precision,
            "recall": self.recall,
            "cells": reports.as_data(self.result)["cells"],
            "total": reports.as_data(self.result)["total"],
            "judged": {party: dict(counts) for party, counts in self.judged.items()},
            "links": dict(self.links),
            "learnt": dict(self.result.learnt),
            "ledger_verified": self.ledger_verified,
            "report": str(self.report),
        }


def run(folder: Path, *, people: int, seed: int, lang: Lang, say: Callable[[str], None]) -> Outcome:
    """Play the main job.

    Args:
        folder: where everything is made; made anew when it holds an earlier demo.
        people: rows in each register.
        seed: of the synthetic people; keys and handles are random all the same.
        lang: language of the report.
        say: told one line per step.

    Raises:
        Refused: the folder holds something else than an earlier demo.
    """
    from linkage.encode import config as configs
    from linkage.synth import graduates, write

    _fresh(folder)
    say(f"making {people} synthetic rows a side")
    scenario = graduates(people, seed=seed)
    made = write(scenario, folder / "data")
    say("three organisations make their keys and read each other their fingerprints")
    everyone = {party: Home(folder / party) for party in PARTIES}
    identities = {party: _create(folder, home, party) for party, home in everyone.items()}
    _introduce(everyone, identities)
    say("all three sign the protocol; school and municipality each seal a share of the linkage secret to the other,")
    say("and make a key for numbers, which stays with them")
    _agree(folder, everyone, identities, people)
    _carry_until_quiet(everyone, identities)
    say("each custodian drops rows without consent or basis, and asks the other blindly about the numbers of the rest;")
    say("each answers within the quota, makes tokens with both keys and seals its package to the linkage unit")
    inputs = {"mbo": made.school, "gemeente": made.gemeente}
    for party, path in inputs.items():
        home, identity = everyone[party], identities[party]
        config = configs.load(files.shipped(f"config/{party}.yml"))
        if config.consent is not None:
            custodian.import_consent(home, identity, made.consent, config)
        custodian.tokenise(home, identity, home.linkage(), path, config)
    sent = _carry_until_quiet(everyone, identities)
    say("the linkage unit matches, and releases what the protocol allows")
    at_unit = everyone["unit"].linkage()
    matched = unit.match(everyone["unit"], identities["unit"], at_unit)
    unit.release(everyone["unit"], identities["unit"], at_unit)
    _carry_until_quiet(everyone, identities)
    say("everyone's ledger is verified, and each against what the others saw of it")
    outcomes, crossed = auditor.verify_ledgers([home.path for home in everyone.values()])
    findings = (*(f for outcome in outcomes for f in outcome.findings), *crossed)
    quality = _quality(scenario.truth, sent, at_unit.links.read_bytes())
    school = everyone["mbo"].linkage()
    (got,) = recipient.received(school)
    report = Report(school.protocol, got.release, lang, quality, file=ReleaseFile(got.file, got.digest))
    page = files.write(folder / "report.html", as_html(report).encode())
    return Outcome(
        **quality,
        ledger_verified=not any(finding.severity is Severity.ERROR for finding in findings),
        findings=findings,
        report=page,
        result=report,
        judged={party: tokenised.plan.judged for party, tokenised in sent.items()},
        links=matched.links,
    )


def _fresh(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise Refused("the folder holds something else than a demo", where=str(folder))
        shutil.rmtree(folder)
    files.write(folder / MARK, b"Alles in deze map is synthetisch. Everything in this folder is synthetic.\n")


def _create(folder: Path, home: Home, party: str) -> Identity:
    name, number = PARTIES[party]
    passphrase = secrets.token_urlsafe(18).encode()
    # only the demo keeps passphrases in files, so that its homes can be explored by hand afterwards
    files.write(folder / "passphrases" / f"{party}.txt", passphrase + b"\n")
    return home.create(party, name, number, passphrase)


def _introduce(everyone: Mapping[str, Home], identities: Mapping[str, Identity]) -> None:
    """Everyone gets everyone's card, and compares the fingerprint by telephone."""
    for party, home in everyone.items():
        for other, theirs in everyone.items():
            if other != party:
                path = home.inbox / f"{other}.card.json"
                shutil.copyfile(theirs.path / "card.json", path)
                heard = cards.words(theirs.card.fingerprint)  # what they read out of their own home
                trust.trust(home, identities[party], path, heard=heard, verified_by="demo", how="played telephone call")


def _agree(folder: Path, everyone: Mapping[str, Home], identities: Mapping[str, Identity], people: int) -> None:
    """The school writes the protocol; it travels, and each signs it."""
    today = homes.today()
    until = (today + timedelta(days=365)).isoformat()
    changes: dict[agreement.Place, str] = {
        ("valid", "until"): until,
        ("retention", "secret_destroyed_on"): until,
        **{("parties", i, "quota"): str(people) for i in range(2)},  # the two custodians come first
    }
    text = agreement.new_protocol(files.shipped(TEMPLATE), [home.card for home in everyone.values()], changes)
    path = files.write(folder / "protocol.yml", text.encode())
    for party, home in everyone.items():
        signing.sign(home, identities[party], path)


def _carry_until_quiet(everyone: Mapping[str, Home], identities: Mapping[str, Identity]) -> dict[str, Tokenised]:
    """Carry every file from outbox to inbox and let the receiver take it in, until nothing moves.

    Returns:
        Custodian to the package that it made on the way.
    """
    made: dict[str, Tokenised] = {}
    while True:
        moved = 0
        for home in everyone.values():
            for path in sorted((home.path / "outbox").glob("*/*")):
                target = everyone[path.parent.name].inbox / f"from-{home.card.party}-{path.name}"
                shutil.move(path, target)
                moved += 1
        for party, home in everyone.items():
            steps = post.step(home, identities[party])
            refused = [step.text for step in steps if step.kind == "refused"]
            if refused:
                raise LinkageError(f"{party} refused what came in: {'; '.join(refused)}")
            for step in steps:
                if step.made:
                    made[party] = step.made
        if not moved and not any(any((home.path / "outbox").glob("*/*")) for home in everyone.values()):
            return made


def _quality(truth: pa.Table, sent: Mapping[str, Tokenised], links: bytes) -> dict[str, Any]:
    """Compare the links with the truth, among the rows that took part."""
    row_of = {party: dict(zip(map(bytes, t.handles), t.rows.tolist(), strict=True)) for party, t in sent.items()}
    found = keeping.from_bytes(links).pairs("mbo", "gemeente")
    pairs = {(row_of["mbo"][a], row_of["gemeente"][b]) for a, b in found}
    school, gemeente = set(row_of["mbo"].values()), set(row_of["gemeente"].values())
    every = zip(truth.column("school_row").to_pylist(), truth.column("gemeente_row").to_pylist(), strict=True)
    true = {(a, b) for a, b in every if a in school and b in gemeente}
    right = len(pairs & true)
    return {
        "overlap": len(pairs),
        "true_overlap": len(true),
        "precision": right / len(pairs) if pairs else 1.0,
        "recall": right / len(true) if true else 1.0,
    }
