"""A monitor over three reference dates: tokens, moves, withdrawals between waves, and no count again minus one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import protocols
from linkage import files
from linkage.consent import event as events
from linkage.crypto import envelope
from linkage.disclosure.release import Release
from linkage.disclosure.rows import known_by
from linkage.errors import Refused
from linkage.protocol.load import loads
from linkage.roles import consents, keeping, post, recipient, rowproof, unit
from linkage.roles import home as homes
from simulator import Simulator

FIRST, SECOND, THIRD = "2026-10-01", "2027-10-01", "2028-10-01"
SOUGHT = "sought: [{name: benefits, label: {nl: uitkering, en: benefits}, at: [gemeente]}]"
COMMON = """    question: partition
    of: [mbo]
    to: [mbo, gemeente]
    smallest_cohort: 30
    by: []
    pool: null
"""
STATUS = f"""  - name: status
    title: {{nl: Situatie op de peildatum, en: Situation on the reference date}}
{COMMON}    protection:
      {{method: suppression, minimum: 10, minimum_decision: null, rounding: 5, zero_and_full: hide, margins: []}}
    splits:
      - {{name: status, label: {{nl: situatie, en: situation}}, {SOUGHT}}}
"""
MOVES = f"""  - name: moves
    title: {{nl: Wie is er veranderd, en: Who moved}}
{COMMON}    protection:
      {{method: cell-key, minimum: 10, minimum_decision: null, rounding: 5, largest_noise: 4, margins: []}}
    splits:
      - {{name: before, wave: previous, label: {{nl: toen, en: then}}, {SOUGHT}}}
      - {{name: now, label: {{nl: nu, en: now}}, {SOUGHT}}}
"""


def text(tokens: str, outputs: str) -> str:
    waves = f"reference_date: {FIRST}\nwaves: {{dates: ['{SECOND}', '{THIRD}'], {tokens}}}"
    said = protocols.HASHED.replace(f"reference_date: {FIRST}", waves)
    return said[: said.index("  - name: on-benefits")] + outputs + said[said.index("\nretention:") :]


KEPT = text(f"tokens: kept, kept_until: {SECOND}", STATUS + MOVES)
NEW = text("tokens: new, kept_until: null", STATUS)


class Monitor(Simulator):
    """A linkage that goes on for two years."""

    text = KEPT

    def template_file(self) -> Path:
        return files.write(self.folder / "template.yml", self.text.encode())

    def register(self, wave: int) -> Path:
        """The benefits of a wave: every year a fifth of the people leave it, and others come."""
        assert self.made is not None
        head, *lines = self.made.gemeente.read_bytes().splitlines(True)
        now = [line for n, line in enumerate(lines) if n % 5 != wave]
        return files.write(self.folder / f"benefits-{wave}.csv", head + b"".join(now))

    def wave(self, number: int) -> None:
        """Everybody sends, and the unit releases."""
        self.tokenise("mbo")
        self.tokenise("gemeente", self.register(number))
        self.carry()
        self.match()
        self.carry()


def at(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    monkeypatch.setattr(homes, "today", lambda: date.fromisoformat(day))


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    """After the first wave."""
    made = Monitor(tmp_path, people=900, seed=5)
    made.found().agree().synthesise()
    made.wave(0)
    return made


def of(monitor: Monitor, output: str, day: str) -> Release:
    found = [r for r in recipient.results(monitor.linkage("mbo")) if (r.output, r.reference_date) == (output, day)]
    assert len(found) == 1, [(r.output, r.reference_date) for r in recipient.results(monitor.linkage("mbo"))]
    return found[0]


def shown(release: Release) -> Mapping[tuple[str, ...], int | None]:
    return {tuple(cell.categories.values()): cell.persons.value for cell in release.cells}


def tokens(monitor: Monitor, party: str = "mbo") -> set[bytes]:
    return {row.tobytes() for row in monitor.opened(party).tokens["bsn"] if row.any()}


def test_a_wave_is_the_one_that_a_day_lies_in() -> None:
    agreed = loads(KEPT.encode(), name="p.yml")
    days = {"2020-01-01": FIRST, FIRST: FIRST, "2027-09-30": FIRST, SECOND: SECOND, THIRD: THIRD, "2040-01-01": THIRD}
    for day, reference_date in days.items():
        wave = agreed.in_wave(day)
        assert wave.reference_date == reference_date
        assert (wave.digest, wave.reference_dates) == (agreed.digest, (FIRST, SECOND, THIRD))
        assert wave.in_wave(FIRST).reference_date == FIRST
    scopes = [agreed.in_wave(day).token_scope for day in (FIRST, SECOND, THIRD)]
    assert scopes[0] == scopes[1] == agreed.digest != scopes[2], "kept until the second"
    fresh = loads(NEW.encode(), name="p.yml")
    assert len({fresh.in_wave(day).token_scope for day in (FIRST, SECOND, THIRD)}) == 3
    plain = protocols.edited()
    assert (plain.in_wave(THIRD), plain.token_scope, plain.wave) == (plain, plain.digest, {})


def test_moves_are_those_of_the_people_who_take_part_twice(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    first = of(monitor, "status", FIRST)
    assert not [r for r in recipient.results(monitor.linkage("mbo")) if r.output == "moves"], "nobody moved yet"
    before = tokens(monitor)
    then = _found(monitor)
    at(monkeypatch, "2027-10-05")
    assert any(step.kind == "decide" and f"wave {SECOND}" in step.text for step in monitor.step("mbo"))
    monitor.wave(1)
    assert tokens(monitor) & before, "kept"
    assert of(monitor, "status", FIRST) == first, "the earlier one stands"
    moves = shown(of(monitor, "moves", SECOND))
    now = _found(monitor)
    for b, n in itertools.product((True, False), repeat=2):
        true = sum(then.get(name) == b and found == n for name, found in now.items())
        value = moves["benefits" if b else "not-found", "benefits" if n else "not-found"]
        assert (value is None) == (true < 10 + 4 and value is None)
        assert value is None or abs(value - true) <= 4 + 2
    assert sum(value is not None for value in moves.values()) >= 2
    at(monkeypatch, "2028-10-05")
    monitor.wave(2)
    assert not tokens(monitor) & before, "kept no longer than was said"
    assert {r.output for r in recipient.results(monitor.linkage("mbo")) if r.reference_date == THIRD} == {"status"}


def _found(monitor: Monitor) -> dict[bytes, bool]:
    """What every graduate is known by to whether the unit found it in the register of benefits."""
    sent = monitor.opened("mbo")
    kept = keeping.from_bytes(monitor.linkage("unit").links.read_bytes())
    return dict(zip(map(bytes, known_by(sent)), (kept.members(sent) >= 0).tolist(), strict=True))


def test_new_tokens_in_every_wave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Monitor, "text", NEW)
    monitor = Monitor(tmp_path, people=900, seed=5)
    monitor.found().agree().synthesise()
    monitor.wave(0)
    before, filters = tokens(monitor), {row.tobytes() for row in monitor.opened("mbo").filters}
    at(monkeypatch, "2027-10-05")
    monitor.wave(1)
    assert not tokens(monitor) & before
    assert not {row.tobytes() for row in monitor.opened("mbo").filters} & filters
    assert of(monitor, "status", SECOND).total.persons.value


def test_who_withdraws_is_absent_from_the_next_wave_and_can_be_shown_to_be(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    linkage, home, identity = monitor.linkage("mbo"), monitor.homes["mbo"], monitor.identities["mbo"]
    rows = monitor.sent["mbo"].rows
    name = _reference(monitor, int(rows[0]))
    first = of(monitor, "status", FIRST)
    at(monkeypatch, "2026-12-01")
    gone = events.Event(name, linkage.protocol.id, "2026-12-01", "withdrawn", method="telefoon")
    assert consents.withdraw(home, identity, gone)

    monitor.tokenise("mbo")  # the same count again, minus one
    monitor.carry()
    unit.match(monitor.homes["unit"], monitor.identities["unit"], monitor.linkage("unit"))
    with pytest.raises(Refused, match="fewer than 10 persons apart"):
        unit.release(monitor.homes["unit"], monitor.identities["unit"], monitor.linkage("unit"))

    at(monkeypatch, "2027-10-05")
    monitor.wave(1)
    assert int(rows[0]) not in monitor.sent["mbo"].rows.tolist()
    assert of(monitor, "status", FIRST) == first, "what was told stands"
    assert of(monitor, "status", SECOND).total.persons.value
    proof = tmp_path / "proof.json"
    assert rowproof.prove(home, monitor.linkage("mbo"), name, proof) == ("consent: withdrawn",)
    checked = rowproof.check(proof, name)
    assert checked.entry.facts["wave"] == SECOND
    with pytest.raises(Exception, match="another person"):
        rowproof.check(proof, _reference(monitor, int(rows[1])))


def _reference(monitor: Monitor, row: int) -> str:
    assert monitor.made is not None
    line = monitor.made.school.read_bytes().decode("cp1252").splitlines()[row]
    return line.split(";")[0].strip('"')


def test_a_package_of_another_wave_is_refused(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor.tokenise("gemeente")
    at(monkeypatch, "2027-10-05")
    monitor.move()
    (refused,) = [step.text for step in monitor.step("unit") if step.kind == "refused"]
    assert f"is of wave {FIRST}, and this is wave {SECOND}" in refused


def test_results_of_every_wave_stay_readable(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "2027-10-05")
    assert [r.reference_date for r in recipient.results(monitor.linkage("mbo"))] == [FIRST]
    steps = [str(step) for step in post.step(monitor.homes["unit"], monitor.identities["unit"])]
    assert any("wait" in step and SECOND in step for step in steps), steps
    header = envelope.read(monitor.homes["unit"].linkages()[0].folder / "received" / "mbo.package").header
    assert header.content["wave"] == FIRST
    assert np.all(np.diff([int(r.reference_date[:4]) for r in recipient.results(monitor.linkage("mbo"))]) >= 0)
