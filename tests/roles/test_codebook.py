"""Hours made into bands and codes at the source, read by recipients only: over real folders, with an office that only
receives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import pytest

import protocols
from linkage import canonical, files
from linkage.crypto.card import Card
from linkage.crypto.codes import codes
from linkage.disclosure import release as releases
from linkage.disclosure.rounding import rounded
from linkage.encode.config import Config
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.report import planned
from linkage.roles import agreement, auditor, ceremony, codebook, custodian, exchange, keeping, recipient
from linkage.roles.custodian import Tokenised
from simulator import LONG, NAMES, Simulator

LEVELS = ("Niveau een", "Niveau twee", "Niveau drie", "Niveau vier")
BANDS = ("12 tot 24 uur", "24 tot 32 uur", "32 uur en meer")
OFFICE = """  - id: rmc
    name: Doorstroompunt Voorbeeldregio (fictief)
    number: {scheme: OIN, value: "00000000000000000001"}
    public_authority: true
    roles: [recipient]
    legal_role: recipient
    legal_task: WEB art. 9.2.10
    card: null
    discloses: []
    bsn_basis: null
    consent: not-required
    quota: null
    cohort: []

"""
TO_OFFICE = """      - to: rmc
        what: counts
        basis: {article: 6(1)(e), law: WEB art. 9.2.10, decided_by: Privacy officer rmc, decided_on: 2026-08-21}
"""
MADE = f"""  - {{name: hours, kind: number, send: none, parties: [gemeente]}}
  - name: works
    kind: category
    send: none
    parties: [gemeente]
    values: [under-12, 12-up]
    made: {{method: bands, of: hours, starts: [12]}}
  - name: hours-band
    kind: category
    send: blinded
    parties: [gemeente]
    values: [{", ".join(BANDS)}]
    made: {{method: bands, of: hours, starts: [24, 32]}}
    label: {{nl: Uren, en: Hours}}
"""
WORKS = "      - {field: works, one_of: [12-up], when_missing: out}\n"
PARTITION = """    question: partition
    of: [mbo]
    splits:
      - name: status
        label: {nl: Stand, en: Status}
        sought:
          - {name: work, label: {nl: Werk, en: Work}, at: [gemeente], field: hours-band}
    by: [level]
    to: [mbo, rmc]
"""


def protocol_text() -> str:
    """Level and hours travel blinded, and an office that sends nothing receives."""
    text = protocols.HASHED
    old = text[text.index("    question: overlap") : text.index("    smallest_cohort: 30")]
    for before, after in [
        ("  - id: unit\n", OFFICE + "  - id: unit\n"),
        ("    bsn_basis: null             # it", TO_OFFICE + "    bsn_basis: null             # it"),
        ("  - {name: scheme,", MADE + "  - {name: scheme,"),
        ('    send: blinded\n    parties: [mbo]\n    values: ["1", "2", "3", "4"]',
         f"    send: blinded\n    parties: [mbo]\n    values: [{', '.join(LEVELS)}]"),
        ('one_of: ["1", "2", "3", "4"]', f"one_of: [{', '.join(LEVELS)}]"),
        ("    cohort:\n      - {field: scheme,", f"    cohort:\n{WORKS}      - {{field: scheme,"),
        (old, PARTITION),
        ("    pool: {shown_at_least: 0.25, tables: [[level], [school-year]]}", "    pool: null"),
    ]:  # fmt: skip
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


class Office(Simulator):
    """Three organisations and an office that only receives."""

    def protocol(self, changes: Mapping[agreement.Place, str] | None = None, name: str = "protocol.yml") -> Path:
        template = files.write(self.folder / "template.yml", protocol_text().encode())
        every: list[Card] = [home.card for home in self.homes.values()]
        return files.write(
            self.folder / name, agreement.new_protocol(template, every, {**LONG, **(changes or {})}).encode()
        )

    def config(self, party: str) -> Config:
        config = super().config(party)
        more = {"hours": ("uren",)} if party == "gemeente" else {}
        return config.model_copy(update={"columns": {**config.columns, **more}})

    def input(self, party: str) -> Path:
        """The school writes levels in words; the source has a column of hours as Dutch people write them."""
        original = super().input(party)
        path = self.folder / f"{party}.csv"
        if path.exists():
            return path
        if party == "mbo":
            head, *rows = (line.split(";") for line in original.read_text("cp1252").splitlines())
            at = head.index("Niveau")
            text = [";".join([*row[:at], LEVELS[int(row[at]) - 1], *row[at + 1 :]]) for row in rows]
            return files.write(path, "\r\n".join([";".join(head), *text]).encode("cp1252"))
        head_, *lines = original.read_text("utf-8").splitlines()
        hours = [f'"{self.hours(n):.1f}"'.replace(".", ",") for n in range(len(lines))]
        return files.write(path, "\n".join([f"{head_},uren", *map(",".join, zip(lines, hours, strict=True))]).encode())

    @staticmethod
    def hours(row: int) -> float:
        """Of row after row of the source: edges of every band, and too few hours."""
        return (11.9, 12.0, 23.9, 24.0, 36.0, 31.9, 28.5, 32.0, 40.0, 33.0, 36.5)[row % 11]

    @cached_property
    def levels(self) -> list[str]:
        head, *rows = (line.split(";") for line in self.input("mbo").read_text("cp1252").splitlines())
        return [row[head.index("Niveau")] for row in rows]


def started(folder: Path) -> Office:
    numbers = {**NAMES, "rmc": "OIN:00000000000000000001"}
    office = Office(folder, numbers=numbers, people=1_500)
    office.found().agree().synthesise()
    return office


@pytest.fixture(scope="module")
def tokenised(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Packages and codebooks lie in the outboxes."""
    office = started(tmp_path_factory.mktemp("office"))
    for party in ("mbo", "gemeente"):
        office.tokenise(party)
    return office


@pytest.fixture(scope="module")
def played(tokenised: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The codebook of the source reaches the office last, after the release."""
    late = tmp_path_factory.mktemp("late")
    (kept,) = (tokenised.homes["gemeente"].path / "outbox" / "rmc").glob("*.codebook.package")
    kept.rename(late / kept.name)
    tokenised.carry()
    tokenised.match()
    tokenised.carry()
    linkage = tokenised.linkage("rmc")
    assert linkage.result("on-benefits").exists()
    with pytest.raises(Refused, match="codebook of gemeente"):
        recipient.results(linkage)
    assert "wait    graduates-on-benefits 1.0: for the codebook of gemeente" in map(str, tokenised.step("rmc"))
    (late / kept.name).rename(tokenised.homes["rmc"].inbox / "any name")
    assert [step.kind for step in tokenised.step("rmc")] == ["done", "done"]
    return tokenised


def counted(played: Office) -> Counter[tuple[str, str]]:
    """How many persons really have each level and state, by the rows behind the handles that were linked."""
    pairs = keeping.from_bytes(played.linkage("unit").links.read_bytes()).pairs("mbo", "gemeente")
    row = {p: dict(zip(map(bytes, t.handles), t.rows.tolist(), strict=True)) for p, t in played.sent.items()}
    partner = {row["mbo"][a]: row["gemeente"][b] for a, b in pairs}
    found: Counter[tuple[str, str]] = Counter()
    for person in played.sent["mbo"].rows.tolist():
        state = "not-found"
        if person in partner:
            hours = played.hours(partner[person] - 1)
            state = f"work:{BANDS[(hours >= 24) + (hours >= 32)]}"
        found[played.levels[person - 1], state] += 1
    return found


def test_both_recipients_read_the_right_figure_of_every_level_and_band(played: Office) -> None:
    truth = counted(played)
    (school,), (office,) = (recipient.results(played.linkage(party)) for party in ("mbo", "rmc"))
    assert school == office
    names = [dict(cell.categories) for cell in school.cells]
    states = [f"work:{band}" for band in BANDS] + ["not-found"]
    assert names == [{"level": level, "status": state} for level in LEVELS for state in states]
    figures = [(dict(one.categories), one.persons.value) for one in (*school.cells, *school.margins, school.total)]
    assert len({value for _, value in figures}) > 8, "figures must tell the cells apart"
    for categories, value in figures:
        right = sum(
            n for key, n in truth.items() if categories.items() <= dict(zip(names[0], key, strict=True)).items()
        )
        assert value in (None, rounded(right, 10, 5))


def test_what_was_received_stays_as_the_unit_sealed_it(played: Office) -> None:
    protocol = played.linkage("mbo").protocol
    bodies = {played.linkage(party).result("on-benefits").read_bytes() for party in ("mbo", "rmc")}
    (body,) = bodies
    release = releases.from_bytes(body, where="release")
    releases.refuse_other(release, protocol, where="release")
    assert {cell.categories["level"] for cell in release.cells} == {"#0", "#1", "#2", "#3"}
    assert {cell.categories["status"] for cell in release.cells} == {"work:#0", "work:#1", "work:#2", "not-found"}


def test_only_rows_of_the_band_that_the_cohort_wants_left_the_source(played: Office) -> None:
    rows = played.sent["gemeente"].rows.tolist()
    assert rows
    assert {played.hours(row - 1) >= 12 for row in rows} == {True}
    assert played.sent["gemeente"].plan.judged["cohort: works"] > 50


def test_the_units_home_and_all_it_can_open_are_the_same_whatever_the_codes_mean(played: Office) -> None:
    """Beside the protocol, which names the values in its own order, no value stands anywhere at the unit."""
    home = played.homes["unit"].path
    agreed = played.linkage("unit").folder / "protocol.yml"
    held = b"".join(p.read_bytes() for p in sorted(home.rglob("*")) if p.is_file() and p != agreed)
    held += b"".join(played.opened(party).to_bytes() for party in ("mbo", "gemeente"))
    for value in (*LEVELS, *BANDS):
        assert value.encode() not in held
        assert value.encode("utf-16-le") not in held
    assert b"codebook" not in held
    assert LEVELS[0].encode() in played.linkage("rmc").codebook.read_bytes(), "the search can find something"
    assert not played.linkage("unit").codebook.exists()


def test_the_codes_in_a_package_are_the_secret_order(played: Office) -> None:
    secret = ceremony.linkage_secret(played.homes["mbo"], played.identities["mbo"], played.linkage("mbo"))
    protocol, sent = played.linkage("mbo").protocol, played.sent["mbo"]
    of = dict(zip(LEVELS, codes(secret, protocol.digest, "level", 4), strict=True))
    package = played.opened("mbo")
    row = dict(zip(map(bytes, sent.handles), sent.rows.tolist(), strict=True))
    expected = [of[played.levels[row[bytes(handle)] - 1]] for handle in package.handles]
    assert package.categories["level"].tolist() == expected


def test_every_ledger_is_whole_and_fits_the_others(played: Office) -> None:
    outcomes, crossed = auditor.verify_ledgers([home.path for home in played.homes.values()])
    assert [f for outcome in outcomes for f in outcome.findings] == []
    assert [f for f in crossed if f.code != "L204"] == []


def test_plan_says_what_is_made_and_how_it_leaves(played: Office) -> None:
    plan = custodian.plan(
        played.homes["gemeente"], played.linkage("gemeente"), played.input("gemeente"), played.config("gemeente")
    )
    text = planned.as_text(plan, "en")
    assert "uren (hours)" in text
    line = next(line for line in text.splitlines() if line.strip().startswith("hours-band"))
    assert "made here of hours, leaves as the code of a category, which the linkage unit cannot read" in line
    assert "alone: sees codes of level, school-year, hours-band and" in text


def test_a_config_that_names_a_column_for_what_is_made_is_refused(played: Office) -> None:
    config = played.config("gemeente")
    named = config.model_copy(update={"columns": {**config.columns, "hours-band": ("uren",)}})
    with pytest.raises(InputError, match="names a column for hours-band, which the protocol makes"):
        custodian.plan(played.homes["gemeente"], played.linkage("gemeente"), played.input("gemeente"), named)


# --- codebooks that are not what they should be ---


def told(office: Office, change: Callable[[dict[str, list[str]]], object]) -> bytes:
    values = {name: list(every) for name, every in codebook.kept(office.linkage("rmc")).items()}
    values = {"level": values["level"]}
    change(values)
    return canonical.to_bytes({"linkage-codebook": 1, "values": values})


def forged(office: Office, sender: str, body: bytes, to: str = "rmc") -> Path:
    letter = exchange.Letter(exchange.CODEBOOK, [office.homes[to].card], body)
    path = office.folder / "forged.package"
    path.unlink(missing_ok=True)
    exchange.send(office.homes[sender], office.identities[sender], office.linkage(sender), letter, path)
    return path


@pytest.mark.parametrize(
    ("sender", "change", "error", "message"),
    [
        pytest.param("mbo", lambda v: v["level"].reverse(), Untrusted, "another codebook before", id="another order"),
        pytest.param("mbo", lambda v: v["level"].pop(), Untrusted, "not a codebook of the fields", id="one value less"),
        pytest.param("mbo", lambda v: v.update(level=["x"] * 4), Untrusted, "not a codebook of", id="other values"),
        pytest.param("mbo", lambda v: v.update(more=["x"]), Untrusted, "not a codebook of", id="another field"),
        pytest.param("mbo", lambda v: v.update(level=[1, 2, 3, 4]), Untrusted, "damaged or altered", id="numbers"),
        pytest.param("gemeente", lambda _: None, Untrusted, "not a codebook of", id="the field of another"),
        pytest.param("unit", lambda _: None, Refused, "awaits no codebook from unit", id="from the linkage unit"),
    ],
)  # fmt: skip
def test_a_wrong_codebook_is_refused(
    played: Office, sender: str, change: Callable[[dict[str, list[str]]], object], error: type[LinkageError],
    message: str,
) -> None:  # fmt: skip
    before = played.linkage("rmc").codebook.read_bytes()
    path = forged(played, sender, told(played, change))
    with pytest.raises(error, match=message):
        codebook.take(played.homes["rmc"], played.identities["rmc"], played.linkage("rmc"), path)
    assert played.linkage("rmc").codebook.read_bytes() == before


def test_a_custodian_takes_no_codebook_and_the_unit_is_never_sent_one(played: Office) -> None:
    path = forged(played, "gemeente", told(played, lambda _: None), to="mbo")
    with pytest.raises(Refused, match="mbo awaits no codebook"):
        codebook.take(played.homes["mbo"], played.identities["mbo"], played.linkage("mbo"), path)
    protocol = played.linkage("mbo").protocol
    for_unit = protocol.tables[0].model_copy(update={"to": ("mbo", "unit", "rmc")})
    assert codebook.senders(protocol.model_copy(update={"outputs": (for_unit,)}), "unit") == {}
    assert codebook.senders(protocol, "rmc") == {"level": "mbo", "hours-band": "gemeente"}


def test_a_second_package_sends_the_same_codebook_again(tmp_path: Path) -> None:
    office = started(tmp_path)
    first: Tokenised = office.tokenise("mbo")
    (sent,) = first.codebooks
    data = sent.read_bytes()
    office.carry()
    again = office.tokenise("mbo")
    assert [path.read_bytes() for path in again.codebooks] == [data]
    office.carry()
    types = [e.facts["type"] for e in office.homes["mbo"].ledger.entries() if e.act == "send"]
    assert types.count(exchange.CODEBOOK) == 1


def test_a_codebook_that_was_altered_at_rest_is_not_read_with(tmp_path: Path, played: Office) -> None:
    linkage = replace(played.linkage("rmc"), folder=tmp_path)
    files.write(linkage.codebook, b'{"linkage-codebook":1,"values":{}} ')
    with pytest.raises(Untrusted, match="not a codebook"):
        codebook.kept(linkage)
