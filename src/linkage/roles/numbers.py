"""What is known of a custodian's numbers before anything is made of them.

Rule kept here: numbers that changed stand in a file of the home folder; it never leaves, and neither does its name.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import InputError
from linkage.findings import Finding, Severity
from linkage.protocol.model import Protocol
from linkage.roles.home import Home

if TYPE_CHECKING:
    from linkage.encode.config import Config
    from linkage.encode.prepare import Prepared


def aliases_of(home: Home, protocol: Protocol, config: Config) -> dict[str, dict[str, str]]:
    """Field to old and new numbers, from the file in the home folder that the config names.

    Raises:
        InputError: the config names a field that this party does not have, or a path; or see
            `linkage.encode.aliases.load`.
    """
    from linkage.encode import aliases

    spec = config.aliases
    if spec is None:
        return {}
    if spec.field not in [f.name for f in protocol.fields_of(home.card.party)]:
        raise InputError(f"the config has aliases for '{spec.field}', which {home.card.party} does not have")
    if Path(spec.file).name != spec.file:
        raise InputError("aliases: expected the name of a file in the home folder, without a path", where=spec.file)
    return {spec.field: aliases.load(home.path / spec.file, spec, protocol.field(spec.field).kind)}


def of_tests(prepared: Prepared) -> list[Finding]:
    """What `plan` says of numbers that test files use."""
    found = [(name, n) for name, n in prepared.counts.items() if name.endswith(": test-range")]
    message = "{} numbers of a range that test files use: in a real linkage this is the wrong file"
    return [Finding("E402", Severity.WARNING, name.split(": ")[0], message.format(f"{n:,}")) for name, n in found]
