"""Every protocol that is shipped is told of in the table, is played by a test, and is found by its name."""

from __future__ import annotations

import re

import pytest

from linkage import files, protocol
from linkage.findings import Severity
from linkage.protocol import lint

FOLDER = files.shipped("protocols/graduates-on-benefits.yml").parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.yml"))
TABLE = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_table_has_every_protocol_once_in_either_language_and_no_other() -> None:
    rows = re.findall(r"^\|(?:[^|]*\|){2} \[([a-z-]+)\]\(\1\.yml\) \|(?:[^|]+\|){3}$", TABLE, re.MULTILINE)
    assert sorted(rows) == sorted(NAMES * 2)
    assert rows[: len(NAMES)] == rows[len(NAMES) :], "in one order"
    assert TABLE.startswith("# Protocollen / Protocols\n\n|"), "the table first"


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_protocol_is_found_by_its_name_and_is_no_error(name: str) -> None:
    agreed = protocol.load(files.shipped(f"protocols/{name}.yml"))
    assert agreed.id == name
    assert not [f for f in lint.check(agreed) if f.severity is Severity.ERROR]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("graduates-")])
def test_a_regional_protocol_has_its_test(name: str) -> None:
    assert (FOLDER.parent / "tests" / "regional" / f"test_{name.replace('-', '_')}.py").exists()
