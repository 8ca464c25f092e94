"""Loading a protocol: each slip is refused at its line and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

import protocols
from linkage import files, protocol, regions
from linkage.errors import InputError
from linkage.protocol import Protocol
from linkage.protocol.load import loads
from protocols import CLK, HASHED, OPRF, SHIPPED, WITHOUT_NUMBER

PATH = files.shipped("protocols/graduates-on-benefits.yml")


def edited(old: str, new: str, text: str = HASHED) -> bytes:
    assert old in text
    return text.replace(old, new, 1).encode()


def line(of: str, text: str = HASHED) -> int:
    """Which line of a protocol a text stands on."""
    return text[: text.index(of)].count("\n") + 1


def complained(old: str, new: str, message: str, text: str = HASHED) -> bool:
    """Whether the first complaint is this message, at so many lines from the change: ``+0:22: expected ...``."""
    offset, rest = message.split(":", 1)
    return complaints(edited(old, new, text))[0].startswith(f"p.yml:{line(old, text) + int(offset)}:{rest}")


def complaints(data: bytes) -> list[str]:
    with pytest.raises(InputError) as caught:
        loads(data, name="p.yml")
    return str(caught.value).splitlines()


ROLES = "roles: [custodian, recipient]"
POSTCODE = "{field: postcode, q: 2, weight: 1}"
AIM = "{aim: balance}"
PARTIES = "send: exact, parties: [mbo, gemeente]"
TEXT_THAT_FITS = "expected text that fits"

SLIPS = [
    ("linkage: 1 ", "linkage: 2 ", "+0:1: expected 1, got 2"),
    ("linkage: 1 ", "linkage: '1' ", "+0:1: expected a whole number, got text"),
    ("linkage: 1 ", "linkage: true ", "+0:1: expected a whole number, got true or false"),
    ("linkage: 1 ", "linkage: 1.0 ", "+0:1: expected a whole number, got a number"),
    ("rules: 2 ", "rules: true ", "+0:3: expected a whole number, got true or false"),
    ("id: graduates-on", "id: Graduates on", f"+0:1: {TEXT_THAT_FITS} ^[a-z][a-z0-9]*(-[a-z0-9]+)*$"),
    ('version: "1.0"', "version: 1.0", "+0:1: expected text, got a number: put it between quotes"),
    ('version: "1.0"', 'version: "1"', f"+0:1: {TEXT_THAT_FITS} ^[0-9]+\\.[0-9]+(\\.[0-9]+)?$"),
    ('version: "1.0"', 'version: "1.٣"', f"+0:1: {TEXT_THAT_FITS} ^[0-9]+\\.[0-9]+(\\.[0-9]+)?$"),
    ('version: "1.0"', 'version: "1.0\\n"', f"+0:1: {TEXT_THAT_FITS} ^[0-9]+\\.[0-9]+(\\.[0-9]+)?$"),
    ("from: 2026-09-01", "from: 2026-09-31", "+0:9: expected a day of the calendar as yyyy-mm-dd"),
    ("from: 2026-09-01", "from: 1-9-2026", "+0:9: expected a day as yyyy-mm-dd"),
    ("from: 2026-09-01", "from: 20260901", "+0:9: expected text, got a whole number: put it between quotes"),
    ("date: 2026-10-01", "date: 2026-W40-4", "+0:1: expected a day of the calendar as yyyy-mm-dd"),
    ("08-31}", "08-31, unitl: 1}", "+0:46: unknown key 'unitl'"),
    ("mode: statistics", "mode: rows", "+0:1: expected 'statistics' or 'recontact', got 'rows'"),
    ("mode: statistics", "mode: recontact", "+126:5: 'overlap' is no question of mode recontact"),
    ("mode: statistics ", "#", "-20:1: key 'mode' is missing"),
    ("statistics     #", "none #", "+0:3: expected 'statistics', 'same-purpose', 'consent' or 'law', got 'none'"),
    ("authority: false", "authority: no", "+0:5: expected true or false, got text"),
    (ROLES, "roles: custodian", "+0:5: expected a list, got text"),
    (ROLES, "roles: []", "+0:5: expected at least 1 in the list, got 0"),
    (ROLES, "roles: [boss]",
     "+0:13: expected 'custodian', 'key-holder', 'linkage-unit', 'recipient' or 'approver', got 'boss'"),
    ("scheme: BRIN", "scheme: KVK", "+0:14: expected 'BRIN', 'OIN' or 'KvK', got 'KVK'"),
    ("value: 99ZZ", "value: 99zz", f"+0:28: {TEXT_THAT_FITS} ^[0-9A-Z]{{4,20}}$"),
    ("card: null", "card: sha256:ABC", f"+0:5: {TEXT_THAT_FITS} ^sha256:[0-9a-f]{{64}}$"),
    ("- to: unit", "- to: unti", "+0:9: no party is called 'unti'; did you mean 'unit'?"),
    ("law: null, ", "", "+0:9: key 'law' is missing"),
    ("08-20}", "08-20", "+1:14: not YAML: expected ',' or '}', but got ':'"),
    ("field: level, one", "field: levle, one", "+0:10: no field of mbo is called 'levle'; did you mean 'level'?"),
    ('one_of: ["1", "2", "3", "4"], ', "", "+0:9: expected a test: one_of, on_or_after, on_or_before, age_from or "),
    ("    quota: 50000 ", "    # none ", "-17:5: key 'quota' is missing"),
    ("quota: 50000 ", "quota: null ", "+0:5: expected a whole number for a custodian, and null for any other party"),
    ("quota: null ", "quota: 5 ", "+0:5: expected a whole number for a custodian, and null for any other party"),
    ("quota: 50000 ", "quota: 0 ", "+0:5: input should be greater than or equal to 1"),
    ("quota: 50000 ", "quota: 5e4 ", "+0:5: expected a whole number, got text"),
    ("quota: 50000 ", "quota: 100000000 ", "+0:5: input should be less than or equal to 99999999"),
    ("age_from: 16", "age_from: -1", "+0:29: input should be greater than or equal to 0"),
    ("age_from: 16", "age_from: 16.5", "+0:29: expected a whole number, got a number"),
    ("missing: out}", "missing: maybe}", "+0:54: expected 'in' or 'out', got 'maybe'"),
    ("id: gemeente", "id: mbo", "+0:5: party 'mbo' stands twice"),
    ("[linkage-unit]", "[recipient]", "-52:1: expected exactly one party with role linkage-unit, got 0"),
    ("[custodian, recipient]", "[recipient]", "-5:1: expected 2 to 64 parties with role custodian, got 1"),
    ("found_in: [gemeente]", "found_in: [mbo]", "+0:16: no custodian beside mbo is called 'mbo'; there is gemeente"),
    ("found_in: [gemeente]", "found_in: []", "+0:5: expected at least 1 in the list, got 0"),
    ("found_in: [gemeente]", "found_in: [gemeente, gemeente]", "+0:26: custodian 'gemeente' stands twice"),
    ("send: exact", "send: hashed",
     "+0:28: expected 'exact', 'bloom', 'category', 'blinded' or 'none', got 'hashed'"),
    (PARTIES, "send: exact, parties: [mbo, unit]", "+0:56: no custodian is called 'unit'; there is mbo, gemeente"),
    ("{name: surname", "{name: given-name", "+0:5: field 'given-name' stands twice"),
    ('    values: ["1"', "    #", "-4:5: expected 'values': send is 'blinded'"),
    ("bits: 8192", "bits: 8100", "+0:3: input should be a multiple of 64"),
    ("bits: 8192", "bits: 8e3", "+0:3: expected a whole number, got text"),
    ("bits: 8192", "bits: 32768", "+0:3: input should be less than or equal to 16384"),
    ("profile: hardened", "profile: plain", "-1:1: expected 'clk', 'hardened', got 'plain'"),
    ("similarity: agreement", "similarity: dice", "+0:22: expected 'agreement' for profile hardened, got 'dice'"),
    (f"- {POSTCODE}", "", "-31:5: field 'postcode' is sent as bloom but encoding.fields does not name it"),
    (POSTCODE, "{field: postcode, q: 5, weight: 1}", "+0:25: input should be less than or equal to 4"),
    (POSTCODE, "{field: postcode, q: 2, weight: 1, w: 2}", "+0:42: unknown key 'w'"),
    ("field: bsn,", "field: surname,", "+0:7: no field sent as exact is called 'surname'; there is bsn"),
    ("{stage: exact,", "{stage: exakt,", "+0:7: expected 'exact', 'fuzzy', got 'exakt'"),
    ("{stage: exact, ", "{", "+0:7: key 'stage' is missing"),
    (AIM, "80%", "+0:45: expected a number or a mapping with 'aim', got text"),
    (AIM, "[0.8]", "+0:45: expected a number or a mapping with 'aim', got a list"),
    (AIM, "null", "+0:45: expected a number or a mapping with 'aim', got nothing"),
    (AIM, "true", "+0:45: expected a number or a mapping with 'aim', got true or false"),
    (AIM, "0", "+0:45: input should be greater than 0"),
    (AIM, "1.01", "+0:45: input should be less than or equal to 1"),
    (AIM, "{}", "+0:45: key 'aim' is missing"),
    (AIM, "{aims: balance}", "+0:45: key 'aim' is missing"),
    (AIM, "{aim: recall}", "+0:57: expected 'balance' or 'precision', got 'recall'"),
    (AIM, "{aim: precision}", "+0:45: at_least is missing"),
    (AIM, "{aim: precision, at_least: 99%}", "+0:73: expected a number, got text"),
    (AIM, "{aim: precision, at_least: 0.4}", "+0:73: input should be greater than or equal to 0.5"),
    (AIM, "{aim: precision, at_least: 1.0}", "+0:73: input should be less than or equal to 0.9999"),
    (AIM, "{aim: balance, at_least: 0.9}", "+0:45: at_least means nothing for aim 'balance'"),
    (AIM, f"{AIM}, larger_weight: 0.2", "+0:7: larger_weight means nothing for 'agreement'"),
    ("different: [bsn]", "different: [postcode]", "+0:7: no field sent as exact is called 'postcode'; there is bsn"),
    ("method: sampled-bits", "method: phonetic", "+0:3: expected 'all-pairs', 'sampled-bits', got 'phonetic'"),
    ("method: sampled-bits", "method: all-pairs", "+0:33: unknown key 'target_recall'"),
    ("target_recall: 0.995, ", "", "+0:3: key 'target_recall' is missing"),
    ("target_recall: 0.995", "target_recall: 1.0", "+0:36: input should be less than or equal to 0.9999"),
    ("of: [mbo]", "of: [unit]", "+0:10: no custodian is called 'unit'; there is mbo, gemeente"),
    ("by: [level, school-year]", "by: [scheme]", "+0:10: no category of mbo is called 'scheme'; there is level"),
    ("by: [level, school-year]", "by: [level, level]", "+0:17: category 'level' stands twice"),
    ("minimum: 10", "minimum: 4", "+0:7: input should be greater than or equal to 5"),
    ("minimum: 10 ", "minimum: ", "+0:7: expected a whole number, got nothing"),
    ("minimum: 10 ", "minimum: 9 ", "+1:7: is missing: a minimum below 10 is the privacy officer's decision"),
    (
        "minimum_decision: null",
        "minimum_decision: {decided_by: x, decided_on: 2026-08-01, reason: y}",
        "+0:7: means nothing for a minimum of 10 or more",
    ),
    ("minimum_decision: null ", "minimum_decision: {decided_by: x} ", "+0:7: key 'decided_on' is missing"),
    ("      minimum_decision: null", "#", "-3:5: key 'minimum_decision' is missing"),
    ("method: suppression", "method: blanking", "-1:5: expected 'suppression', 'cell-key', 'differential-privacy'"),
    ("method: suppression", "method: cell-key", "-1:5: key 'largest_noise' is missing"),
    ("zero_and_full: hide", "zero_and_full: blank", "+0:7: expected 'hide' or 'show', got 'blank'"),
    ("margins: []", "margins: [[level, school-year]]", "+0:17: expected some, not all, of level, school-year"),
    ("margins: []", "margins: [[scheme]]", "+0:17: expected some, not all, of level, school-year, in this order"),
    ("margins: []", "margins: [[level], [level]]", "+0:26: expected some, not all, of level, school-year, in this"),
    ("margins: []", "margins: [[]]", "+0:17: expected at least 1 in the list, got 0"),
    ("tables: [[level], [school-year]]", "tables: [[year]]", "+0:43: expected some, not all, of level, school-year"),
    ("shown_at_least: 0.25", "shown_at_least: 0", "+0:12: input should be greater than 0"),
    ("smallest_cohort: 30", "smallest_cohort: 1", "+0:5: input should be greater than or equal to 10"),
    ("packages: P30D", "packages: 30 days", f"+0:3: {TEXT_THAT_FITS} ^P([0-9]{{1,3}}Y)?([0-9]{{1,3}}M)?"),
    ("packages: P30D", "packages: P٣D", f"+0:3: {TEXT_THAT_FITS} ^P"),
    ("w3id.org/dpv#Public", "w3id.org/dpv#Públic", f"+0:3: {TEXT_THAT_FITS} ^https://w3id"),
    ("  email: koppeling@example.nl", "  email:", "+0:3: expected text, got nothing"),
    (HASHED, "- a\n", "+0:1: expected a mapping of keys, got a list"),
    (HASHED, "text\n", "+0:1: expected a mapping of keys, got text"),
]  # fmt: skip


OTHERS = [
    (HASHED, "hmac-sha256", "hmac-sha256, check: dleq", "+0:7: check means nothing for 'hmac-sha256'"),
    (HASHED, "hmac-sha256", "hmac-sha256, rounds: 2", "+0:7: rounds means nothing for 'hmac-sha256'"),
    (HASHED, "hmac-sha256", "hmac-sha256, agree: born", "+0:54: no other field is called 'born'"),
    (HASHED, "hmac-sha256", "hmac-sha256, agree: bsn", "+0:54: no other field is called 'bsn'"),
    (
        HASHED,
        "    - {stage: fuzzy",
        "    - {stage: exact, field: bsn, token: hmac-sha256}\n    - {stage: fuzzy",
        "+0:7: stage of",
    ),
    (HASHED, "token: hmac-sha256", OPRF, "+0:34: 'oprf-p256-sha256' needs a party with role key-holder; there is none"),
    (HASHED, "hmac-sha256", "oprf-p384-sha384", "+0:34: expected 'oprf-p256-sha256', 'oprf-ristretto255-sha512' or"),
    (SHIPPED, "check: canary, ", "", "+0:7: check is missing"),
    (SHIPPED, ", rounds: 2", "", "+0:7: rounds is missing"),
    (SHIPPED, "check: canary", "check: trust", "+0:59: expected 'dleq' or 'canary', got 'trust'"),
    (SHIPPED, "rounds: 2", "rounds: 0", "+0:74: input should be greater than or equal to 1"),
    (SHIPPED, "roles: [linkage-unit]", "roles: [linkage-unit, key-holder]", "+60:34: the linkage unit is a key-holder"),
    (CLK, "similarity: dice", "similarity: agreement", "+0:22: expected 'dice' for profile clk, got 'agreement'"),
    (
        CLK,
        "similarity: dice",
        "similarity: jaccard",
        "+0:22: expected 'dice', 'tversky' or 'agreement', got 'jaccard'",
    ),
    (CLK, "similarity: dice", "similarity: tversky", "+0:7: larger_weight is missing"),
    (CLK, "threshold: 0.80", "threshold: 0.80, larger_weight: 0.2", "+0:7: larger_weight means nothing for 'dice'"),
    (CLK, "q: 2, positions: 6", "q: 2, weight: 6", "+0:7: key 'positions' is missing"),
    (WITHOUT_NUMBER, "      larger_weight: 0.2\n", "", "-2:7: larger_weight is missing"),
    (WITHOUT_NUMBER, "weight: 0.2\n", "weight: 0.51\n", "+0:7: input should be less than or equal to 0.5"),
    (WITHOUT_NUMBER, "weight: 0.2\n", "weight: 0\n", "+0:7: input should be greater than or equal to 0.05"),
    (WITHOUT_NUMBER, "weight: 0.2\n", "weight: small\n", "+0:7: expected a number, got text"),
    (WITHOUT_NUMBER, "weight: 0.2\n", "weight: 0.33333\n", "+0:7: expected at most 4 decimals, got 0.33333"),
    (WITHOUT_NUMBER, "threshold: {aim: balance} ", "threshold: high ", "+0:7: expected a number or a mapping with"),
]


@pytest.mark.parametrize(("text", "old", "new", "message"), OTHERS)
def test_a_slip_in_another_protocol_is_refused_at_its_place(text: str, old: str, new: str, message: str) -> None:
    assert complained(old, new, message, text)


def test_the_most_and_the_least_that_may_be_written() -> None:
    for text, old, new in [
        (WITHOUT_NUMBER, "larger_weight: 0.2", "larger_weight: 0.5"),
        (WITHOUT_NUMBER, "larger_weight: 0.2", "larger_weight: 0.05"),
        (WITHOUT_NUMBER, AIM, "{aim: precision, at_least: 0.5}"),
        (HASHED, AIM, "{aim: precision, at_least: 0.9999}"),
        (HASHED, AIM, "1"),
        (SHIPPED, "rounds: 2", "rounds: 100"),
        (SHIPPED, "rounds: 2", "rounds: 1"),
        (SHIPPED, "rounds: 2", "rounds: 2, agree: birth-date"),
        (SHIPPED, "check: canary", "check: dleq"),
        (SHIPPED, "oprf-p256-sha256", "oprf-ristretto255-sha512"),
    ]:
        assert loads(edited(old, new, text), name="p.yml").digest != loads(text.encode(), name="p.yml").digest


NAMES = [f"{number}: {message.split(': ')[1][:40]}" for number, (_, _, message) in enumerate(SLIPS)]


@pytest.mark.parametrize(("old", "new", "message"), SLIPS, ids=NAMES)
def test_a_slip_is_refused_at_its_place(old: str, new: str, message: str) -> None:
    assert complained(old, new, message)


def test_all_slips_are_told_at_once_first_line_first() -> None:
    data = edited("mode: statistics", "mode: rows").replace(b"minimum: 10", b"minimum: 0")
    data = data.replace(b"kind: bsn", b"kind: bns").replace(b"contact:", b"contacts:")
    said = complaints(data)
    places = [line("linkage: 1"), line("mode:"), line("kind: bsn"), line("minimum:"), line("contact:")]
    assert [one.split(": ")[0] for one in said] == [
        f"p.yml:{at}:{column}" for at, column in zip(places, (1, 1, 17, 7, 1), strict=True)
    ]


def test_all_names_that_point_nowhere_are_told_at_once() -> None:
    said = complaints(edited("of: [mbo]", "of: [unit]").replace(b"field: bsn", b"field: bns"))
    stage, of, by = line("{stage: exact"), line("of: [mbo]"), line("by: [level")
    assert [one.split(": ")[0] for one in said] == [
        f"p.yml:{stage}:7", f"p.yml:{of}:10", f"p.yml:{by}:10", f"p.yml:{by}:17",
    ]  # fmt: skip


def test_a_file_is_read_as_its_bytes_are(tmp_path: Path) -> None:
    from_file = protocol.load(str(PATH))
    assert from_file == loads(PATH.read_bytes(), name="p.yml")
    with pytest.raises(InputError, match="cannot read"):
        protocol.load(tmp_path / "none.yml")


def test_a_protocol_does_not_change() -> None:
    agreed = protocol.load(PATH)
    for model, key in [
        (agreed, "mode"),
        (agreed.outputs[0].protection, "minimum"),
        (agreed.matching.stages[1], "threshold"),
    ]:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(model, key, getattr(model, key))
    lists = [agreed.parties, agreed.fields, agreed.outputs[0].by, agreed.parties[0].cohort[0].one_of]
    assert all(isinstance(value, tuple) for value in lists)


@pytest.fixture
def agreed() -> Protocol:
    return protocol.load(PATH)


def test_parties_by_id_and_role(agreed: Protocol) -> None:
    assert agreed.party_ids == ("mbo", "gemeente", "unit")
    assert agreed.unit.id == "unit"
    assert [party.id for party in agreed.custodians] == ["mbo", "gemeente"]
    assert [party.id for party in agreed.key_holders] == ["mbo", "gemeente"]
    assert agreed.party("gemeente").public_authority
    with pytest.raises(InputError, match="names no party 'uwv'; it has mbo, gemeente, unit"):
        agreed.party("uwv")


def test_fields_by_party_and_by_how_they_are_sent(agreed: Protocol) -> None:
    assert [f.name for f in agreed.fields_of("gemeente", "none")] == ["scheme", "benefit-start", "benefit-end"]
    assert [f.name for f in agreed.fields_of("mbo", "exact", "blinded")] == ["bsn", "level", "school-year"]
    assert agreed.fields_of("unit") == ()
    assert agreed.field("level").values == ("1", "2", "3", "4")


def test_the_columns_of_a_package_follow_from_the_protocol(agreed: Protocol) -> None:
    mbo, gemeente, unit = (agreed.layout(party) for party in agreed.party_ids)
    assert (mbo.tokens, mbo.words, mbo.categories) == (("bsn",), 128, (("level", 4), ("school-year", 3)))
    assert (gemeente.tokens, gemeente.words, gemeente.categories) == (("bsn",), 128, ())
    assert (unit.tokens, unit.words, unit.categories) == ((), 0, ())


MADE = """  - {name: hours, kind: number, send: none, parties: [mbo]}
  - {name: town, kind: category, send: none, parties: [mbo]}
  - name: band
    kind: category
    send: category
    parties: [mbo]
    values: [low, high]
    made: {method: bands, of: hours, starts: [12]}
  - name: place
    kind: category
    send: blinded
    parties: [mbo]
    values: [AM01, AM35]
    made: {method: region, of: town, level: labour-market, year: 2026}
"""
WITH_MADE = HASHED.replace("  - {name: diploma-date", MADE + "  - {name: diploma-date", 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("starts: [12]", "starts: [12, 20]", "expected 3 values, one for each band"),
        ("starts: [12]", "starts: [12, 12]", "expected rising numbers"),
        ("values: [low, high]", "values: [low, low]", "value 'low' stands twice"),
        ("of: hours,", "of: town,", "expected a field of kind number, got category"),
        ("of: hours,", "of: place,", "no field of mbo that is a column is called 'place'"),
        ("year: 2026", "year: 2019", "there is no table of regions for 2019; there is 2020, 2026"),
        ("level: labour-market", "level: rmc", "expected code or name of a region of level rmc in 2026"),
        ("[AM01, AM35]", "[AM01, AM99]", "expected code or name of a region of level labour-market in 2026"),
        ("[AM01, AM35]", "[AM01, GRONINGEN]", "expected code or name of a region"),
    ],
)
def test_a_made_category_that_does_not_fit_is_refused(old: str, new: str, message: str) -> None:
    loads(WITH_MADE.encode(), name="p.yml")
    assert message in " ".join(complaints(edited(old, new, WITH_MADE)))


OTHERS = HASHED.replace('one_of: ["1", "2", "3", "4"]', 'one_of: ["2", "3"]').replace(
    'values: ["1", "2", "3", "4"]', 'values: ["2", "3"]\n    others: ["1", "4"]'
)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('others: ["1", "4"]', 'others: ["1", "2"]', "value '2' stands twice"),
        ('others: ["1", "4"]', 'others: ["1", "1"]', "value '1' stands twice"),
        ('one_of: ["2", "3"]', 'one_of: ["1", "2", "3"]', "expected a test one_of in the cohort of mbo"),
    ],
)
def test_categories_outside_the_cohort_are_kept_out_by_it(old: str, new: str, message: str) -> None:
    loads(OTHERS.encode(), name="p.yml")
    text = edited(old, new, OTHERS)
    assert message in " ".join(complaints(text))


def test_one_region_twice_by_code_and_by_name_is_refused() -> None:
    name = regions.table(2026).name("AM01")
    assert "region AM01 stands twice" in complaints(edited("[AM01, AM35]", f'[AM01, "{name}"]', WITH_MADE))[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("to: [mbo]\n    found_in", "to: [mbo, gemeente]\n    found_in", "nobody else gets them"),
        ("to: [mbo]\n    found_in", "to: [gemeente]\n    found_in", "nobody else gets them"),
        ("of: [mbo]\n", "of: [mbo, gemeente]\n", "expected the one custodian whose rows they are"),
        ("approved_by: approver", "approved_by: unit", "expected a second person"),
        ("approved_by: approver", "approved_by: mbo", "expected a second person"),
        ("approved_by: approver", "approved_by: gemeente", "gemeente does not have the role approver"),
        ("approved_by: approver", "approved_by: nobody", "nobody"),
        ("found_in: [gemeente]", "found_in: [mbo]", "custodian beside mbo"),
        ("mode: recontact", "mode: statistics", "'recontact' is no question of mode statistics"),
    ],
)
def test_a_list_goes_to_the_one_whose_rows_they_are_after_a_second_person(old: str, new: str, message: str) -> None:
    text = protocols.RECONTACT
    assert loads(text.encode(), name="p.yml").lists
    assert text.count(old) == 1
    with pytest.raises(InputError, match=message):
        loads(text.replace(old, new).encode(), name="p.yml")
