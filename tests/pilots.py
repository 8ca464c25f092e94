"""A regional protocol played whole, over real folders: homes, cards, signatures, consent, tokens, links, releases.

Rules kept here:

- The protocol is the shipped one; only the key cards are filled in. Its parties act on a day that the test names.
- Every file between the parties is a real one, carried from outbox to inbox; `counted` says what is true.
- What no protocol of a region may lack is asserted here once: `sound`, and of the folders afterwards `well_kept`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from unittest import mock

from counted import Row, Wave
from linkage import files
from linkage.disclosure.release import Release
from linkage.encode import config as configs
from linkage.encode.config import Config
from linkage.errors import Refused
from linkage.findings import Severity
from linkage.protocol import lint
from linkage.protocol.load import load
from linkage.roles import agreement, auditor, custodian, recipient
from linkage.roles import home as homes
from linkage.roles.custodian import Tokenised
from linkage.synth import regional, write_region
from simulator import Simulator

COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "school": {
        "bsn": ("PGN",), "given-name": ("Voornamen", "Roepnaam"), "surname": ("Achternaam",),
        "birth-date": ("Geboortedatum",), "sex": ("Geslacht",), "postcode": ("Postcode",),
        "house-number": ("Huisnummer",), "gemeente-code": ("Gemeentecode",), "level": ("Niveau",), "path": ("Leerweg",),
        "sector": ("Sector",), "diploma-date": ("Diplomadatum",), "school-year": ("Schooljaar",),
        "enrolled": ("Elders ingeschreven",),
    },
    "gemeente": {
        "bsn": ("bsn",), "given-name": ("voornamen",), "surname": ("geslachtsnaam",), "birth-date": ("geboortedatum",),
        "sex": ("geslacht",), "postcode": ("postcode",), "house-number": ("huisnummer",),
        "gemeente-code": ("gemeentecode",), "scheme": ("regeling",), "benefit-start": ("ingangsdatum",),
        "benefit-end": ("einddatum",),
    },
    "uwv": {
        "bsn": ("bsn",), "given-name": ("voorletters",), "initials": ("voorletters",), "surname": ("achternaam",),
        "birth-date": ("geboortedatum",), "sex": ("geslacht",), "postcode": ("postcode",),
        "house-number": ("huisnummer",), "hours": ("uren_per_week",), "work-start": ("datum_aanvang",),
        "work-end": ("datum_einde",),
    },
    "employers": {
        "given-name": ("Voornaam",), "surname": ("Achternaam",), "birth-date": ("Geboortedatum",),
        "postcode": ("Postcode",), "hours": ("Uren",), "work-start": ("In dienst",), "work-end": ("Uit dienst",),
    },
}  # fmt: skip
"""Field of a regional protocol to headings, per kind of register of a region."""
REFERENCES = {
    "school": "Studentnummer",
    "gemeente": "clientnummer",
    "uwv": "ikvnummer",
    "employers": "Personeelsnummer",
}
PURPOSE, WHEN = "doel", "datum"
"""Headings in a school's file of consent."""


@contextmanager
def on(day: str) -> Iterator[None]:
    """Everybody's clock says this day."""
    with mock.patch.object(homes, "today", return_value=date.fromisoformat(day)):
        yield


@dataclass
class Pilot(Simulator):
    """The parties of a shipped regional protocol, and the register of each custodian."""

    registers: Mapping[str, str] = field(default_factory=dict)
    """Custodian to its register in the region."""
    region: regional.Region | None = None
    paths: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of(
        cls, folder: Path, name: str, registers: Mapping[str, str], region: regional.Region
    ) -> Pilot:  # fmt: skip
        """Homes, cards and signatures, and the registers exported; nothing is tokenised yet.

        Args:
            folder: of this play alone.
            name: the protocol's id.
            registers: custodian to its register.
            region: where these come from.
        """
        said = load(files.shipped(f"protocols/{name}.yml"))
        numbers = {party.id: f"{party.number.scheme}:{party.number.value}" for party in said.parties}
        made = cls(
            folder, numbers, template=name, registers=registers, region=region,
        )  # fmt: skip
        made.paths = write_region(region, folder / "data")
        made.found().agree()
        return made

    def protocol(self, changes: dict[agreement.Place, str] | None = None, name: str = "protocol.yml") -> Path:
        every = [home.card for home in self.homes.values()]
        text = agreement.new_protocol(self.template_file(), every, changes or {})
        return files.write(self.folder / name, text.encode())

    def kind(self, party: str) -> str:
        """The kind of register that a custodian has."""
        return self.registers[party].split("-")[0]

    def config(self, party: str) -> Config:
        """Every heading of its kind of register; consent as the shipped config of a school reads it."""
        kind = self.kind(party)
        needs = self.linkage(party).protocol.party(party).consent == "required"
        consent = configs.load(files.shipped("config/mbo.yml")).consent if needs else None
        reference = REFERENCES[kind] if needs else None
        said = {"party": party, "encoding": "auto", "delimiter": "auto", "reference": reference}
        columns = {name: list(headings) for name, headings in COLUMNS[kind].items()}
        kept = consent.model_dump() if consent else None
        return configs.from_data({"linkage-config": 1, **said, "columns": columns, "consent": kept})

    def input(self, party: str) -> Path:
        return self.paths[self.registers[party]]

    def consent(self, party: str) -> Path:
        """What a school was answered until today, each for the purpose of this protocol."""
        assert self.region is not None
        events = self.region.consent[self.registers[party]].to_pylist()
        today = homes.today().isoformat()
        told = [{**event, PURPOSE: self.template} for event in events if event[WHEN] <= today]
        lines = [";".join(one) for one in ([*told[0]], *(event.values() for event in told))]
        return files.write(self.folder / "data" / f"{party}-{today}.csv", "\n".join(lines).encode())

    def tokenise(self, party: str, path: Path | None = None) -> Tokenised:
        home, identity, config = self.homes[party], self.identities[party], self.config(party)
        if config.consent is not None:
            custodian.import_consent(home, identity, self.consent(party), config)
        linkage, file = self.linkage(party), path or self.input(party)
        self.sent[party] = self.answered(party, custodian.tokenise(home, identity, linkage, file, config))
        return self.sent[party]

    def wave(self, before: Wave | None = None) -> Wave:
        """Everybody sends, the unit matches and releases, recipients read. Today lies in the wave that is meant."""
        for party in self.registers:
            self.tokenise(party)
        self.carry()
        self.match()
        self.carry()
        rows = {party: self._who(party) for party in self.registers}
        columns = {party: COLUMNS[self.kind(party)] for party in self.registers}
        return Wave(self.linkage("unit").protocol, rows, columns, before)

    def _who(self, party: str) -> list[tuple[int, Row]]:
        """The rows of a custodian that took part, and who each is."""
        assert self.region is not None
        truth, register = self.region.truth, self.registers[party]
        lists = zip(truth["person"].to_pylist(), truth[register].to_pylist(), strict=True)
        who = {row: person for person, rows in lists for row in rows}
        cells = self.region.registers[register].to_pylist()
        return [(who[row], cells[row - 1]) for row in self.sent[party].rows.tolist()]

    def release(self, output: str) -> Release:
        """What the recipients of an output were told in the wave that lasts today: all of them the same, and no other
        party anything."""
        agreed = self.linkage("unit").protocol
        told: dict[str, Release] = {}
        for party in self.homes:
            with suppress(Refused):  # no result is here: asserted below
                for release in recipient.results(self.linkage(party)):
                    if (release.output, release.reference_date) == (output, agreed.reference_date):
                        told[party] = release
        assert set(told) == set(next(o for o in agreed.outputs if o.name == output).to)
        first, *others = told.values()
        assert all(other == first for other in others)
        return first


def sound(name: str, accepted: Collection[str]) -> None:
    """Nothing is wrong with a shipped protocol but what its test says and gives a reason for.

    Args:
        name: the protocol's id, and the name of its file.
        accepted: codes of the warnings that are known and wanted. That no card is named yet, goes without saying.
    """
    path = files.shipped(f"protocols/{name}.yml")
    protocol, text = load(path), path.read_text(encoding="utf-8")
    assert protocol.id == name
    found = {f.code for f in lint.check(protocol) if f.severity is not Severity.INFO}
    assert found - {"P109"} == set(accepted), [str(f) for f in lint.check(protocol)]
    assert all("(fictief)" in party.name for party in protocol.parties)
    said = " ".join(line.partition("#")[2] for line in text.splitlines())
    for words in (DUTCH, ENGLISH):
        assert sum(len(re.findall(rf"\b{word}\b", said, re.IGNORECASE)) for word in words) >= 20, words


DUTCH, ENGLISH = ("de", "het", "een", "van", "niet", "wie"), ("the", "of", "is", "not", "who", "which")
"""Words of which a comment in either language has many."""


def well_kept(pilot: Pilot) -> None:
    """No folder of anybody holds a number or a name of a register, and all ledgers hold and agree."""
    assert pilot.region is not None
    numbers, names = set(), set()
    for table in pilot.region.registers.values():
        for heading in {"PGN", "bsn"} & set(table.column_names):
            numbers |= {n.zfill(9) for n in table[heading].to_pylist() if n}
        for heading in NAMES & set(table.column_names):
            names |= {n.lower() for n in table[heading].to_pylist() if LONG_WORD.fullmatch(n)}
    agreed = pilot.template_file().read_text(encoding="utf-8")
    names -= set(LONG_WORD.findall(agreed.lower()))
    assert min(len(numbers), len(names)) > 100
    for party, home in pilot.homes.items():
        paths = [path for path in home.path.rglob("*") if path.is_file()]
        assert len(paths) > 10
        for path in paths:
            held = path.read_bytes().decode("latin-1")
            assert not numbers & set(NUMBER.findall(held)), f"{party} holds a number, in {path.name}"
            assert not names & set(LONG_WORD.findall(held.lower())), f"{party} holds a name, in {path.name}"
    outcomes, crossed = auditor.verify_ledgers([home.path for home in pilot.homes.values()])
    assert all(one.holds for one in outcomes)
    assert not [f for f in crossed if f.severity is Severity.ERROR], crossed


NAMES = {"Achternaam", "geslachtsnaam", "achternaam", "Voornaam", "Roepnaam"}
NUMBER = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
LONG_WORD = re.compile(r"[A-Za-z]{7,}")
"""So long that no chance puts it into sealed bytes."""
