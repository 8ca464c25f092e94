"""Filtering before tokenising: who has no possible basis or no identity stays, with counts in plan and ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

import protocols
from linkage import files
from linkage.consent.bases import Decision
from linkage.errors import InputError
from linkage.protocol.load import loads
from linkage.roles import agreement, consents, custodian
from linkage.roles.folder import Linkage
from simulator import LONG, Simulator

ROW_BASIS = """    row_basis:
      {table: nl-1, role: school, level: level, path: path, diploma: diploma-date, born: birth-date,
       enrolled: at-school}
"""
TASK = "article: 6(1)(e), law: WEB art. 9.2.12"
FIELDS = """  - {name: path, kind: category, send: none, parties: [mbo]}
  - {name: at-school, kind: category, send: none, parties: [mbo]}
"""
HEAD = "PGN;Voornamen;Achternaam;Geboortedatum;Postcode;Niveau;Schooljaar;Diplomadatum;Studentnummer;Leerweg;Op school"


def edited(text: str = protocols.SHIPPED) -> str:
    """The shipped protocol with a table of bases, for a school that rests on its task."""
    text = text.replace(
        "    cohort:                     # which", ROW_BASIS + "    cohort:                     # which", 1
    )
    text = text.replace("  - {name: scheme,", FIELDS + "  - {name: scheme,", 1)
    return text.replace("article: 6(1)(a), law: null", TASK, 1).replace(
        "consent: required ", "consent: not-required ", 1
    )


def rows() -> str:
    def row(number: str, level: str, diploma: str, path: str, now: str, born: str = "01-02-2003") -> str:
        return f"{number};Sanne;Jansen;{born};1234 AB;{level};2023/2024;{diploma};s{number[-2:]};{path};{now}"

    return "\n".join(
        [
            HEAD,
            row("999990019", "2", "01-07-2026", "bol", "nee"),
            row("999990020", "2", "01-07-2024", "bol", "nee"),  # aftercare is over
            row("999990032", "2", "01-07-2026", "bol", "ja"),  # at school again
            row("999990044", "4", "01-07-2026", "", "nee"),
            ";;;01-01-2003;;2;2023/2024;01-07-2026;s9;bol;nee",  # a date is left, and no number: still somebody
            ";;;;;2;2023/2024;01-07-2026;s8;bol;nee",
        ]
    )


@pytest.fixture
def school(agreed: Simulator) -> tuple[Simulator, Linkage, Path]:
    home = agreed.homes["mbo"]
    text = agreement.new_protocol(
        files.write(agreed.folder / "t.yml", edited().encode()), [h.card for h in agreed.homes.values()], LONG
    )
    text = text.replace("- {field: birth-date, age_from: 16, age_to: 29, when_missing: out}", "", 1)
    path = files.write(agreed.folder / "export.csv", rows().encode())
    return agreed, Linkage(home.linkage().folder, loads(text.encode(), name="p.yml")), path


def config(agreed: Simulator):  # type: ignore[no-untyped-def]
    found = agreed.config("mbo")
    return found.model_copy(update={"columns": {**found.columns, "path": ("Leerweg",), "at-school": ("Op school",)}})


def test_rows_without_a_possible_basis_or_an_identity_stay(school: tuple[Simulator, Linkage, Path]) -> None:
    agreed, linkage, path = school
    plan = custodian.plan(agreed.homes["mbo"], linkage, path, config(agreed))
    assert dict(plan.judged) == {"rows": 6, "included": 3, "placeholder identity": 1, "no basis": 2}


def test_the_privacy_officer_may_decide_and_the_ledger_says_so(school: tuple[Simulator, Linkage, Path]) -> None:
    agreed, linkage, path = school
    home, identity = agreed.homes["mbo"], agreed.identities["mbo"]
    made = Decision(
        "school-aftercare-bol2", "since_below=3", "Functionaris gegevensbescherming", "2026-08-01", "nazorg"
    )
    known = consents.decide(home, identity, made)
    assert custodian.plan(home, linkage, path, config(agreed)).judged["included"] == 4
    entry = home.ledger.entries()[-1]
    assert (entry.act, entry.facts["change"], entry.facts["table"]) == ("decide-basis", "since_below=3", known.digest)
    facts = custodian._row_basis(home, linkage.protocol.party("mbo"))
    assert facts == {"table": known.digest, "role": "school", "changed": {made.rule: ["since_below=3"]}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reason": " "}, "a reason"), ({"decided_by": ""}, "the function"), ({"decided_on": "2999-01-01"}, "today"),
        ({"decided_on": "1-8-2026"}, "yyyy-mm-dd"), ({"rule": "x"}, "no rule"), ({"change": "x"}, "a change"),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_is_refused_and_written_nowhere(
    agreed: Simulator, changes: dict[str, str], message: str
) -> None:
    home, identity = agreed.homes["mbo"], agreed.identities["mbo"]
    before = len(home.ledger.entries())
    said = {"rule": "school-consent", "change": "off", "decided_by": "FG", "decided_on": "2026-08-01", "reason": "x"}
    with pytest.raises(InputError, match=message):
        consents.decide(home, identity, Decision(**{**said, **changes}))
    assert len(home.ledger.entries()) == before
    assert consents.bases_of(home, "nl-1") == consents.bases_of(agreed.homes["gemeente"], "nl-1")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("path: path", "path: pad", "no field of mbo is called 'pad'"),
        ("diploma: diploma-date", "diploma: level", "expected a field of kind date, got category"),
        ("table: nl-1", "table: nl-9", "expected 'nl-1'"),
        ("role: school", "role: pupil", "expected 'school'"),
        ("birth-date,\n       enrolled: at-school", "birth-date", "key 'enrolled' is missing"),
    ],
)
def test_a_table_that_reads_no_such_field_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        loads(edited().replace(old, new, 1).encode(), name="p.yml")


def test_a_protocol_without_the_table_has_the_digest_it_had() -> None:
    agreed = loads(protocols.SHIPPED.encode(), name="p.yml")
    assert agreed.party("mbo").row_basis is None
    assert loads(edited().encode(), name="p.yml").digest != agreed.digest


def test_a_register_in_a_workbook_gives_the_same_plan_as_in_csv(school: tuple[Simulator, Linkage, Path]) -> None:
    import openpyxl

    agreed, linkage, path = school
    book = openpyxl.Workbook()
    book.active.append(["Export studentenadministratie"])
    for line in rows().splitlines():
        book.active.append([int(cell) if cell.isdecimal() and len(cell) == 9 else cell for cell in line.split(";")])
    book.save(agreed.folder / "export.xlsx")
    planned = custodian.plan(agreed.homes["mbo"], linkage, agreed.folder / "export.xlsx", config(agreed))
    assert planned.judged == custodian.plan(agreed.homes["mbo"], linkage, path, config(agreed)).judged
    assert planned.read_as == "Sheet"
    assert "E205" in {finding.code for finding in planned.warnings}


@pytest.mark.parametrize(("lang", "text"), [("nl", "als school"), ("en", "as school")])
def test_a_protocol_says_that_it_looks_rows_up(lang: str, text: str) -> None:
    from linkage.report.agreed import as_text

    assert text in as_text(loads(edited().encode(), name="p.yml"), lang)  # type: ignore[arg-type]
    assert text not in as_text(loads(protocols.SHIPPED.encode(), name="p.yml"), lang)  # type: ignore[arg-type]
