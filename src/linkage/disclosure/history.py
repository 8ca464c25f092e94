"""What was released before, and whether a new release may stand beside it.

Rules kept here (docs/spec/disclosure.md):

- Under one protocol persons are compared: of every sum of figures of the new release and of an earlier one, the
  persons counted in one and not in the other are none, or at least the minimum; so are the linked, and the others.
- Where tokens differ (other protocols, other keys of key-holders) or rows cannot be known again, figures are compared
  by their exact counts: equal, or at least the minimum apart.
- What is kept of a person is a MAC of what the row is known by, under a key that never leaves the unit's home: no
  token, no filter. A file or key that is lost or altered stops every release: an unknown past is no empty one.
- The file is on disk before the ledger names its digest, and the ledger before anything is sent.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter

from linkage import canonical, files
from linkage.disclosure.differences import NOBODY, fewest
from linkage.disclosure.privacy import spent
from linkage.disclosure.protect import HIDDEN, Counted, Protected
from linkage.disclosure.release import Release
from linkage.disclosure.table import Frame
from linkage.errors import InputError, LinkageError, Refused, Untrusted
from linkage.ledger.entries import Entry
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Answer, Partition, Table
from linkage.protocol.protections import DifferentialPrivacy, Suppression

SAME_MOMENT = 31
"""Days: figures for reference dates further apart answer different questions."""
FEW = 10
"""Rows of another custodian: a number that differs by fewer from an earlier one is not shown."""
KEY_BYTES = 32
MAC_BYTES = 16
_SCHEMA = pa.schema([("row", pa.binary(MAC_BYTES)), ("cell", pa.int32()), ("part", pa.bool_())])
Units = NDArray[np.int64]
Key = frozenset[tuple[str, str]]
"""What a figure is about: columns with their values."""


@dataclass(frozen=True)
class About:
    """What an earlier release was about."""

    protocol: str
    output: str
    of: tuple[str, ...]
    """Official numbers of the counted custodians."""
    reference_date: str
    method: str
    key: str
    """Digest of the unit's key, to know it by."""
    tokens: str
    """Digest of all that its tokens were made with: rows are known again where it is the same. Empty: nowhere."""
    by: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    margins: tuple[tuple[str, ...], ...]
    moments: tuple[str | None, ...]
    """Per column of the table the day that its states are of; None for a category."""
    persons_shown: tuple[bool, ...]
    """Per figure of the table."""
    part_shown: tuple[bool, ...]
    """None of it where the question asks for no part."""
    sizes: Mapping[str, int]
    """Rows of the other custodians whose number was shown, by official number."""
    blinded: tuple[str, ...] = ()
    """Columns with codes that only holders of the linkage secret of that protocol can read."""


@dataclass(frozen=True)
class Past:
    """An earlier release, or the one that is to be."""

    about: About
    rows: NDArray[np.bytes_] = field(repr=False)
    """``S16[n]``: the MAC of each row, in order."""
    cell: NDArray[np.int64] = field(repr=False)
    """``int64[n]``: -1 for none."""
    part: NDArray[np.bool_] = field(repr=False)
    """``bool[n]``: the part of the persons that is asked for."""

    @property
    def frame(self) -> Frame:
        """The table."""
        return Frame(self.about.by, self.about.values, self.about.margins)

    def to_bytes(self) -> bytes:
        """An Arrow IPC stream."""
        rows = pa.FixedSizeBinaryArray.from_buffers(
            _SCHEMA.field(0).type, len(self.rows), [None, pa.py_buffer(self.rows.tobytes())]
        )
        columns = [rows, pa.array(self.cell, pa.int32())]
        schema = _SCHEMA.with_metadata({b"about": canonical.to_bytes(asdict(self.about))})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_batch(pa.record_batch([*columns, pa.array(self.part)], schema=schema))
        return bytes(sink.getvalue().to_pybytes())

    def states(self, split: str, rows: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """``int64[n]``: the place of the state that each of some persons had, -1 for none."""
        axis = self.frame.by.index(split)
        there = np.flatnonzero(self.cell >= 0)
        place = np.unravel_index(self.cell[there], self.frame.shape)[axis]
        at = np.minimum(np.searchsorted(self.rows[there], rows), max(len(there) - 1, 0))
        met = self.rows[there][at] == rows if len(there) else np.zeros(len(rows), np.bool_)
        return np.where(met, place[at] if len(there) else 0, -1)

    def units(self) -> Iterator[tuple[str, Units]]:
        """Kind of count, and per row the unit that it is counted in; one for every way to add cells up."""
        frame = self.frame
        shown = {"persons": np.asarray(self.about.persons_shown), "part": np.asarray(self.about.part_shown)}
        shown["left"] = shown["persons"] & shown["part"]
        inside = {"persons": self.cell >= 0, "part": self.part, "left": ~self.part}
        for kind, seen in shown.items():
            who = (self.cell >= 0) & inside[kind]
            single = seen[: frame.cells]
            for place in frame.places if len(frame.places) == 1 else frame.places[1:]:
                unit = np.where(single, np.arange(frame.cells), np.where(seen[place], place, NOBODY))
                yield kind, np.where(who, unit[self.cell], NOBODY)

    def counts(self) -> dict[tuple[str, Key], int]:
        """The exact count of every figure that is shown, or is a sum of cells that are; a state is named by its day."""
        frame, found = self.frame, {}
        whole = Frame(frame.by, frame.values, _subsets(frame.by))
        shown = {"persons": self.about.persons_shown, "part": self.about.part_shown}
        position = {frozenset(key.items()): n for n, key in enumerate(frame.categories())}
        for kind, seen in shown.items():
            who = self.cell if kind == "persons" else np.where(self.part, self.cell, -1)
            cells = whole.figures(frame.counts(who))
            parts = np.asarray(seen[: frame.cells], np.int64)
            summed = whole.figures(parts) == whole.figures(np.ones_like(parts))
            for n, key in enumerate(frozenset(one.items()) for one in whole.categories()):
                if summed[n] or (key in position and seen[position[key]]):
                    found[kind, self._dated(key)] = int(cells[n])
        return found

    def _dated(self, key: Key) -> Key:
        return frozenset((self._called[name], value) for name, value in key)

    @property
    def _called(self) -> dict[str, str]:
        days = zip(self.about.by, self.about.moments, strict=True)
        return {name: f"on {day}" if day else name for name, day in days}

    @property
    def in_code(self) -> set[str]:
        """The columns, as `counts` calls them, whose values are codes that mean nothing under another protocol."""
        return {self._called[name] for name in self.about.blinded}


class History:
    """The releases that a linkage unit's ledger names, read from its home.

    Args:
        folder: where they are kept, and the key beside them.
        entries: the ledger.

    Raises:
        Untrusted: a release of the ledger, or the key, is not here as it was.
    """

    def __init__(self, folder: Path, entries: Sequence[Entry]) -> None:
        self.folder = folder
        named = [entry for entry in entries if entry.act == "release"]
        self.key = self._key(new=not named)
        self.past = [(entry, self._read(entry)) for entry in named]

    def _key(self, *, new: bool) -> bytes:
        path = self.folder / "key"
        if new and not path.exists():
            files.write(path, secrets.token_bytes(KEY_BYTES))
        try:
            key = files.read(path, limit=KEY_BYTES)
        except InputError:
            key = b""
        if len(key) != KEY_BYTES:
            raise Untrusted("the key of the history of releases is lost or damaged", where=str(path), hint=_RESTORE)
        return key

    def _read(self, entry: Entry) -> Past:
        digest = str(entry.facts.get("history", ""))
        path = self.folder / f"{digest.removeprefix(canonical.DIGEST_PREFIX)}.arrow"
        where = f"release of {entry.at}"
        try:
            data = files.read(path)
        except InputError:
            raise Untrusted("what was released then is not in the history here", where=where, hint=_RESTORE) from None
        if canonical.digest_bytes(data) != digest:
            raise Untrusted("the history of this release was changed", where=where, hint=_RESTORE)
        past = from_bytes(data, where=where)
        if past.about.key != self.key_digest:
            raise Untrusted("the history of this release was kept under another key", where=where, hint=_RESTORE)
        return past

    @property
    def key_digest(self) -> str:
        """What the key is known by."""
        return canonical.digest_bytes(hmac.digest(self.key, b"history of releases", "sha256"))

    @property
    def noise_key(self) -> bytes:
        """For cell-key noise."""
        return hmac.digest(self.key, b"cell-key noise", "sha256")

    def of(
        self, protocol: Protocol, output: Table, table: Protected, counted: Counted, sizes: Mapping[str, int],
        keys: Mapping[str, str],
    ) -> Past:  # fmt: skip
        """What is to be kept of a release.

        Args:
            protocol, output: what it answers.
            table: what it shows.
            counted: whom it counts.
            sizes: rows of the other custodians whose number is shown.
            keys: what tells the secrets apart that the tokens were made with.
        """
        rows = self.known(counted.persons.known_by)
        order = np.argsort(rows, kind="stable")
        encoding = protocol.encoding
        random = encoding.profile == "clk" and any(s.step == "randomised-response" for s in encoding.hardening)
        tokens = "" if random else canonical.digest({"protocol": protocol.token_scope, **keys})
        about = About(
            protocol.digest, output.name, numbers(protocol, output), protocol.reference_date,
            output.protection.method, self.key_digest, tokens, table.frame.by, table.frame.values,
            table.frame.margins, moments(protocol, output, table.frame.by),
            tuple(f.status == "shown" for f in table.persons),
            tuple(f.status == "shown" for f in table.part or (HIDDEN,) * len(table.persons)),
            {number(protocol, party): count for party, count in sizes.items()},
            tuple(name for name in table.frame.by if _in_code(protocol, output, name)),
        )  # fmt: skip
        part = np.zeros(len(rows), np.bool_) if counted.part is None else counted.part
        return Past(about, rows[order], table.codes[order], part[order])

    def known(self, known_by: NDArray[np.uint8]) -> NDArray[np.bytes_]:
        """``S16[n]``: the MACs that persons are kept under.

        Args:
            known_by: ``uint8[n, 32]``: what each is known by.
        """
        macs = b"".join(hmac.digest(self.key, b"row" + one.tobytes(), "sha256")[:MAC_BYTES] for one in known_by)
        return np.frombuffer(macs, f"S{MAC_BYTES}")

    def keep(self, new: Past) -> str:
        """Put a release on disk before the ledger names it. Returns its digest."""
        data = new.to_bytes()
        digest = canonical.digest_bytes(data)
        files.write(self.folder / f"{digest.removeprefix(canonical.DIGEST_PREFIX)}.arrow", data)
        return digest

    def without_near_sizes(self, release: Release, protocol: Protocol, rows: Mapping[str, int]) -> Release:
        """The release without the rows of other custodians that are a few more or less than an earlier one said."""
        sizes = dict(release.parties)
        for party, count in rows.items():
            official = number(protocol, party)
            earlier = [past.about.sizes[official] for _, past in self.past if official in past.about.sizes]
            if any(0 < abs(one - count) < FEW for one in earlier):
                sizes[party] = None
        return replace(release, parties=sizes)

    def spend(self, protocol: Protocol, output: Table, pending: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """What an output costs, as a fact for the ledger; nothing where the method has no budget.

        Args:
            protocol, output: what is to be released.
            pending: facts of releases that are to be made together with it.

        Raises:
            Refused: all releases about the counted party would cost more than the budget.
        """
        said = output.protection
        if not isinstance(said, DifferentialPrivacy):
            return {}
        of = list(numbers(protocol, output))
        facts = [*(entry.facts for entry, _ in self.past), *pending]
        before = spent(str(f["epsilon"]) for f in facts if "epsilon" in f and f["of"] == of)
        if before + Fraction(str(said.epsilon)) > Fraction(str(said.budget)):
            raise Refused(
                f"{output.name}: the privacy budget of {' and '.join(output.of)} is spent: {float(before):g} of "
                f"{said.budget:g}, and this would cost {said.epsilon:g}",
                hint="Use the release that was made. Every new one makes each person a little better known.",
            )
        return {"epsilon": str(said.epsilon)}

    def refuse_difference(self, new: Past, protocol: Protocol, output: Table, pending: Sequence[Past]) -> None:
        """Refuse a release from which, with an earlier one, fewer persons than the minimum could be told apart.

        Args:
            new: the release.
            protocol, output: what it answers.
            pending: releases that are to be made together with it.

        Raises:
            Refused: there is such a difference.
        """
        said = output.protection
        if not isinstance(said, Suppression):
            return  # noise stands between any two figures
        when = [(f"the release of {entry.at}", past) for entry, past in self.past]
        for name, past in [*when, *((f"output {one.about.output}", one) for one in pending)]:
            what = difference(new, past, said.minimum)
            if what:
                raise Refused(
                    f"{output.name}: beside {name} this would tell fewer than {said.minimum} persons apart ({what})",
                    hint="Nothing was released. Release the same packages as then; or wait until more has changed: "
                    "gather withdrawals and corrections, and send all packages anew once.",
                )

    def states_before(self, protocol: Protocol, output: Table, known_by: Callable[[], NDArray[np.uint8]]) -> States:
        """The states that persons had in the previous wave, as they were counted then.

        Args:
            protocol: in the wave that lasts.
            output: with splits of the previous wave, or without.
            known_by: gives ``uint8[n, 32]``: what the persons of this wave are known by.

        Returns:
            Per split of the previous wave ``int64[n]``, -1 for who was in no cell; None where there is no such wave, or
            nobody can be followed from it as tokens are new.
        """
        if not isinstance(output, Partition):
            return {}
        splits = [split for split in output.splits if split.wave == "previous"]
        if not splits:
            return {}
        dates = protocol.reference_dates
        before = dates.index(protocol.reference_date) - 1
        if before < 0 or protocol.in_wave(dates[before]).token_scope != protocol.token_scope:
            return None
        then = [past for _, past in self.past
                if (past.about.protocol, past.about.reference_date) == (protocol.digest, dates[before])]  # fmt: skip
        found = {}
        for split in splits:
            source = protocol.of_this_wave(output, split)
            known = [past for past in then if past.about.output == source[0].name]
            if not known:
                return None
            found[split.name] = known[-1].states(source[1].name, self.known(known_by()))
        return found


States = dict[str, NDArray[np.int64]] | None
_RESTORE = "Put the folder history/ of this home back from a copy. Without it no release can be checked."


def difference(new: Past, past: Past, minimum: int) -> str:
    """What differs too little between two releases; empty when nothing does."""
    a, b = new.about, past.about
    apart = abs((date.fromisoformat(a.reference_date) - date.fromisoformat(b.reference_date)).days)
    again = set(filter(None, a.moments)) & set(filter(None, b.moments))  # states of one day, told again later
    if not set(a.of) & set(b.of) or {a.method, b.method} != {"suppression"} or (apart >= SAME_MOMENT and not again):
        return ""
    known = a.tokens == b.tokens != "" and apart < SAME_MOMENT
    if known and (found := _among_persons(new, past, minimum)):
        return found
    if known and a.of == b.of:
        return ""
    ours, theirs = new.counts(), past.counts()
    if a.protocol != b.protocol and (coded := new.in_code | past.in_code):
        ours, theirs = _by_size(ours, coded), _by_size(theirs, coded)
    for (kind, key), count in ours.items():
        if apart >= SAME_MOMENT and not any(name.startswith("on ") for name, _ in key):
            continue
        if 0 < abs(count - theirs.get((kind, key), count)) < minimum:
            return f"{WORDS[kind]}, {', '.join(f'{f} {v}' for f, v in sorted(key)) or 'grand total'}"
    return ""


def _among_persons(new: Past, past: Past, minimum: int) -> str:
    """The same, of any figures of one release and any of the other: who is counted as a person here may be counted as
    found there."""
    every = np.union1d(new.rows, past.rows)
    placed = [(other, _placed(every, past, then)) for other, then in past.units()]
    for kind, now in new.units():
        here = _placed(every, new, now)
        for other, then in placed:
            if fewest(here, then, minimum):
                return WORDS[kind] if kind == other else f"{WORDS[kind]}, beside {WORDS[other]} there"
    return ""


WORDS = {"persons": "persons counted", "part": "persons asked for", "left": "the other persons"}


def from_bytes(data: bytes, *, where: str) -> Past:
    """Read `Past.to_bytes`.

    Raises:
        Untrusted: no such file.
    """
    try:
        with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
            if not reader.schema.equals(_SCHEMA):
                raise ValueError
            table = reader.read_all()
        about = TypeAdapter(About).validate_json(table.schema.metadata[b"about"], strict=True)
        rows = np.frombuffer(b"".join(table["row"].to_pylist()), f"S{MAC_BYTES}")
        return Past(about, rows, table["cell"].to_numpy().astype(np.int64), table["part"].to_numpy())
    except (LinkageError, pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        raise Untrusted("not a history of a release: damaged or altered", where=where) from None


def _by_size(counts: Mapping[tuple[str, Key], int], coded: set[str]) -> dict[tuple[str, Key], int]:
    """Counts of which some columns have codes that mean something else in another protocol: the codes of alike counts
    make way for their ranks by size, so that what hardly changed is compared with itself."""
    alike: dict[tuple[str, Key], list[int]] = {}
    for (kind, key), count in counts.items():
        name = kind, frozenset((column, "#" if column in coded else value) for column, value in key)
        alike.setdefault(name, []).append(count)
    return {
        (kind, key | {("rank", str(rank))} if key & {(column, "#") for column in coded} else key): count
        for (kind, key), every in alike.items()
        for rank, count in enumerate(sorted(every))
    }


def _in_code(protocol: Protocol, output: Table, name: str) -> bool:
    """Whether a column of a table has values that are sent blinded."""
    values = {field: protocol.field(field).values or () for field in protocol.blinded(output)}
    return protocol.values(output, name) != protocol.values(output, name, values)


def _placed(every: NDArray[np.bytes_], of: Past, units: Units) -> Units:
    """Per person of either release its unit in one."""
    result = np.full(len(every), NOBODY, np.int64)
    result[np.searchsorted(every, of.rows)] = units
    return result


def _subsets(by: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    every = [tuple(n for k, n in enumerate(by) if bits >> k & 1) for bits in range(1, 2 ** len(by) - 1)]
    return tuple(every)


def moments(protocol: Protocol, output: Table, by: Sequence[str]) -> tuple[str | None, ...]:
    """Per column of a table the day that its states are of; None for a category."""
    days = protocol.moments(output)
    return tuple(days.get(name) for name in by)


def numbers(protocol: Protocol, output: Answer) -> tuple[str, ...]:
    """The official numbers of the counted custodians, sorted."""
    return tuple(sorted(number(protocol, party) for party in output.of))


def number(protocol: Protocol, party: str) -> str:
    """The official number of a party, with its scheme."""
    official = protocol.party(party).number
    return f"{official.scheme}:{official.value}"
