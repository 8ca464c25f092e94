"""What a custodian sends and what it keeps: plan, tokenise, secret, consent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linkage import files
from linkage.consent.registry import Registry
from linkage.errors import InputError, LinkageError, Refused
from linkage.roles import custodian
from linkage.tables import Encodings
from simulator import Simulator


def test_plan_and_tokenise_judge_the_same_rows(agreed: Simulator) -> None:
    tokenised = agreed.tokenise("mbo")
    plan = custodian.plan(agreed.homes["mbo"], agreed.linkage("mbo"), agreed.input("mbo"), agreed.config("mbo"))
    assert plan.judged == tokenised.plan.judged
    assert tokenised.counts["rows"] == plan.judged["included"]
    assert sum(plan.judged.values()) - plan.judged["rows"] == plan.judged["rows"], "each row is counted once"


def test_plan_writes_nothing(agreed: Simulator) -> None:
    Registry(agreed.homes["mbo"].consent).standing("x", "2026-01-01")  # the registry file itself exists
    before = {p: p.read_bytes() for p in agreed.homes["mbo"].path.rglob("*") if p.is_file()}
    custodian.plan(agreed.homes["mbo"], agreed.linkage("mbo"), agreed.input("mbo"), agreed.config("mbo"))
    assert {p: p.read_bytes() for p in agreed.homes["mbo"].path.rglob("*") if p.is_file()} == before


def test_without_any_consent_no_row_of_the_school_leaves(agreed: Simulator) -> None:
    home, identity = agreed.homes["mbo"], agreed.identities["mbo"]
    with pytest.raises(Refused, match="no row may take part"):
        custodian.tokenise(home, identity, agreed.linkage("mbo"), agreed.input("mbo"), agreed.config("mbo"))
    assert not list((home.path / "outbox").rglob("*.mbo.package"))


def test_who_withdraws_is_not_in_the_next_package(agreed: Simulator) -> None:
    before = agreed.tokenise("mbo")
    rows = before.rows
    header, *lines = agreed.input("mbo").read_text("cp1252").splitlines()
    assert header.startswith("Studentnummer")
    person = lines[int(rows[0]) - 1].split(";")[0]
    events = "Studentnummer;doel;status;datum;geldig_tot;kanaal\n"
    path = files.write(
        agreed.folder / "late.csv", f"{events}{person};graduates-on-benefits;ingetrokken;2026-09-30;;brief\n".encode()
    )
    custodian.import_consent(agreed.homes["mbo"], agreed.identities["mbo"], path, agreed.config("mbo"))
    after = agreed.tokenise("mbo").rows
    assert set(rows.tolist()) - set(after.tolist()) == {int(rows[0])}


def test_a_config_of_another_party_or_without_a_column_is_refused(agreed: Simulator) -> None:
    home, linkage = agreed.homes["mbo"], agreed.linkage("mbo")
    with pytest.raises(InputError, match="config is for party gemeente"):
        custodian.plan(home, linkage, agreed.input("mbo"), agreed.config("gemeente"))
    config = agreed.config("mbo")
    fewer = config.model_copy(update={"columns": {k: v for k, v in config.columns.items() if k != "level"}})
    with pytest.raises(InputError, match="names no column for level"):
        custodian.plan(home, linkage, agreed.input("mbo"), fewer)


GOOD = "999990019"
HEAD = "PGN;Voornamen;Achternaam;Geboortedatum;Postcode;Niveau;Schooljaar;Diplomadatum;Studentnummer"
ROW = f"{GOOD};Sanne;Jansen;01-02-2003;1234 AB;2;2023/2024;01-07-2024;s1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (HEAD.encode(), "no rows"),
        (f"{HEAD}\n{ROW}\n".replace(";", "^").encode(), "column"),
        (f"{HEAD.replace('Postcode', 'Pc')}\n{ROW}\n".encode(), "postcode"),
        (f"{HEAD.replace('Studentnummer', 'PGN')}\n{ROW}\n".encode(), "PGN"),
        (f"{HEAD}\n{ROW}\n{ROW};extra\n".encode(), "row 2"),
        (f"{HEAD}\n{ROW.replace(GOOD, '99999O019')}\n".encode(), "row 1, column PGN"),
        (f"{HEAD}\n{ROW.replace(GOOD, '999990018')}\n".encode(), "11-proof"),
        (f"{HEAD}\n{ROW.replace('01-02-2003', '30-02-2003')}\n".encode(), "row 1, column Geboortedatum"),
        (f"{HEAD}\n{ROW.replace(';2;', ';7;')}\n".encode(), "row 1, column Niveau"),
        (b"PK\x03\x04" + bytes(100), "Excel"),
        (b"PAR1" + bytes(100), "Parquet"),
    ],
    ids=["empty", "header-only", "wrong-delimiter", "missing-column", "duplicate-heading", "ragged-row",
         "letter-in-bsn", "eleven-proof", "30-february", "unknown-category", "workbook", "broken-parquet"],
)  # fmt: skip
def test_bad_input_is_refused_with_its_place_and_without_its_value(
    agreed: Simulator, content: bytes, message: str
) -> None:
    agreed.tokenise("mbo")  # an honest package first: it must stay as it is
    before = _files(agreed.homes["mbo"].path)
    path = files.write(agreed.folder / "export.csv", content)
    with pytest.raises(InputError) as caught:
        agreed.tokenise("mbo", path)
    text = str(caught.value)
    assert message.lower() in text.lower()
    for value in ("Sanne", "Jansen", GOOD, "99999O019", "999990018", "2003", "1234"):
        assert value not in text
    changed = {p for p, data in _files(agreed.homes["mbo"].path).items() if before.get(p) != data}
    assert {p.name for p in changed} <= {"ledger.jsonl"}, "only the import of consents was written down"


def _files(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_bad_cells_can_be_left_out_and_are_counted_in_the_ledger(agreed: Simulator) -> None:
    data = agreed.input("mbo").read_text("cp1252").replace(";2023/2024", ";2O23/2024", 3)
    path = files.write(agreed.folder / "export.csv", data.encode("cp1252"))
    home, identity, linkage = agreed.homes["mbo"], agreed.identities["mbo"], agreed.linkage("mbo")
    assert agreed.made is not None
    custodian.import_consent(home, identity, agreed.made.consent, agreed.config("mbo"))
    asked = custodian.tokenise(home, identity, linkage, path, agreed.config("mbo"), bad_cells="leave-out")
    made = agreed.answered("mbo", asked)
    assert made.plan.bad_count == 3
    assert next(e for e in home.ledger.entries() if e.act == "tokenise").facts["bad_cells"] == 3


def test_an_unreadable_input_is_an_input_error(agreed: Simulator) -> None:
    for path in (agreed.folder / "nowhere.csv", agreed.folder):
        with pytest.raises(InputError, match="cannot read"):
            agreed.tokenise("mbo", path)


def test_a_file_that_is_open_in_excel_says_so(agreed: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = agreed.input("gemeente")
    real = Path.open

    def open_(path: Path, *arguments: object, **others: object) -> object:
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **others)  # type: ignore[arg-type,call-overload]

    monkeypatch.setattr(Path, "open", open_)
    with pytest.raises(InputError, match="Close it in Excel"):
        agreed.tokenise("gemeente")


def test_a_parquet_file_gives_the_same_rows_as_csv(agreed: Simulator) -> None:
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    table = pc.read_csv(agreed.input("gemeente"), convert_options=pc.ConvertOptions(strings_can_be_null=True))
    path = agreed.folder / "register.parquet"
    pq.write_table(table, path)  # numbers and dates typed as Arrow guesses them, as an export might
    from_parquet = agreed.tokenise("gemeente", path)
    first = agreed.opened("gemeente")
    from_csv = agreed.tokenise("gemeente")
    second = agreed.opened("gemeente")
    assert from_parquet.counts == from_csv.counts
    assert (first.handles == from_parquet.handles).all()
    a, b = from_parquet.rows.argsort(), from_csv.rows.argsort()
    assert (first.filters[a] == second.filters[b]).all()
    assert (first.tokens["bsn"][a] == second.tokens["bsn"][b]).all()


def test_a_consent_file_with_one_bad_row_imports_nothing(agreed: Simulator) -> None:
    head = "Studentnummer;doel;status;datum;geldig_tot;kanaal\n"
    good = "s1;graduates-on-benefits;ja;2026-01-01;;form\n"
    home = agreed.homes["mbo"]
    for bad in ("s2;graduates-on-benefits;misschien;2026-01-01;;form\n", "s2;graduates-on-benefits;ja;01-01-2026;;x\n"):
        path = files.write(agreed.folder / "consent.csv", (head + good + bad).encode())
        with pytest.raises(LinkageError):
            custodian.import_consent(home, agreed.identities["mbo"], path, agreed.config("mbo"))
        assert Registry(home.consent).counts("graduates-on-benefits", "2026-10-01") == {}


def test_more_rows_than_the_quota_are_seen_by_plan_and_refused_by_tokenise(tmp_path: Path) -> None:
    small = Simulator(tmp_path, people=300).found()
    small.agree(small.protocol({("parties", 1, "quota"): "100"})).synthesise()
    home, linkage = small.homes["gemeente"], small.linkage("gemeente")
    plan = custodian.plan(home, linkage, small.input("gemeente"), small.config("gemeente"))
    assert [finding.code for finding in plan.warnings] == ["E402", "E401"]
    before = _files(home.path)
    with pytest.raises(Refused, match=r"gemeente sends \d{3} rows; its quota is 100"):
        small.tokenise("gemeente")
    assert _files(home.path) == before
    small.tokenise("mbo")  # the quota of one party is not that of another


def leaking(monkeypatch: pytest.MonkeyPatch, leak: Callable[[int], bytes]) -> None:
    """From now on the encoder writes bytes over the filters of some rows."""
    from linkage.encode import encoder

    honest = encoder.pieces

    def pieces(*given: Any, **named: Any) -> Iterator[Encodings]:
        for piece in honest(*given, **named):
            flat = piece.filters.view(np.uint8)
            for row in range(len(piece)):
                data = leak(row)
                flat[row, 7 : 7 + len(data)] = np.frombuffer(data, np.uint8)
            yield piece

    monkeypatch.setattr(encoder, "pieces", pieces)


def cells_of(simulator: Simulator, heading: str) -> list[str]:
    """A column of the municipality's register."""
    header, *lines = simulator.input("gemeente").read_text("utf-8").splitlines()
    at = header.split(",").index(heading)
    return [line.split(",")[at] for line in lines if line.split(",")[at]]


LEAKS: dict[str, tuple[str, Callable[[list[str]], Callable[[int], bytes]]]] = {
    "one long name": ("geslachtsnaam", lambda c: lambda row: b"" if row else max(c, key=len).encode()),
    "one long name in UTF-16": (
        "geslachtsnaam",
        lambda c: lambda row: b"" if row else max(c, key=len).encode("utf-16-le"),
    ),
    "one person number": ("bsn", lambda c: lambda row: b"" if row else c[0].encode()),
    "every birth date": ("geboortedatum", lambda c: lambda row: c[row].encode()),
    "every short name": ("geslachtsnaam", lambda c: lambda row: min(c[row : row + 9], key=len).encode()),
    "every name as it is compared": ("geslachtsnaam", lambda c: lambda row: c[row].lower().encode()),
    "every postcode": ("postcode", lambda c: lambda row: c[row].encode()),
}


@pytest.mark.parametrize("story", LEAKS)
def test_an_encoder_that_leaks_a_cell_is_caught(agreed: Simulator, monkeypatch: pytest.MonkeyPatch, story: str) -> None:
    heading, leak = LEAKS[story]
    cells = cells_of(agreed, heading)
    leaking(monkeypatch, leak(cells))
    with pytest.raises(Refused, match=r"nothing was sealed") as caught:
        agreed.tokenise("gemeente")
    assert not any(cell in str(caught.value) for cell in set(cells) if len(cell) > 3)
    assert not [p for p in agreed.homes["gemeente"].path.rglob("*") if p.name.endswith((".part", "gemeente.package"))]
    assert [e.act for e in agreed.homes["gemeente"].ledger.entries()][-1] == "send", "meant to be sent, never sealed"


def test_an_encoder_that_leaks_nothing_passes(agreed: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    leaking(monkeypatch, lambda row: b"Nieuwenhuizen" if row == 0 else b"")  # nobody here is called so
    assert "Nieuwenhuizen" not in cells_of(agreed, "geslachtsnaam")
    assert agreed.tokenise("gemeente").package.exists()


def test_an_encoder_that_leaks_references_is_caught(agreed: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    header, *lines = agreed.input("mbo").read_text("cp1252").splitlines()
    at = header.split(";").index("Studentnummer")
    leaking(monkeypatch, lambda row: lines[row].split(";")[at].encode())
    with pytest.raises(Refused, match=r"nothing was sealed"):
        agreed.tokenise("mbo")
