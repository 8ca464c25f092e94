"""What was released before, and whether a new release may stand beside it.

Rules kept here (docs/spec/disclosure.md):

- Every release is compared with all earlier ones (`linkage.disclosure.beside`), and with those made together with it.
- What is kept of a person is a MAC of what the row is known by, under a key that never leaves the unit's home: no
  token, no filter. A file or key that is lost or altered stops every release: an unknown past is no empty one.
- The file is on disk before the ledger names its digest, and the ledger before anything is sent.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage import canonical, files
from linkage.disclosure.beside import difference
from linkage.disclosure.past import MAC_BYTES, About, Past, from_bytes
from linkage.disclosure.privacy import spent
from linkage.disclosure.protect import HIDDEN, Counted, Protected
from linkage.disclosure.release import Release
from linkage.errors import InputError, Refused, Untrusted
from linkage.ledger.entries import Entry
from linkage.protocol.model import Protocol
from linkage.protocol.outputs import Answer, Partition, Table
from linkage.protocol.protections import DifferentialPrivacy, Suppression

FEW = 10
"""Rows of another custodian: a number that differs by fewer from an earlier one is not shown."""
KEY_BYTES = 32


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


def _in_code(protocol: Protocol, output: Table, name: str) -> bool:
    """Whether a column of a table has values that are sent blinded."""
    values = {field: protocol.field(field).values or () for field in protocol.blinded(output)}
    return protocol.values(output, name) != protocol.values(output, name, values)


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
