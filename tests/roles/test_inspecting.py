"""What can be seen of a package without opening it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from linkage.crypto import envelope
from linkage.crypto.header import Label
from linkage.errors import Untrusted
from linkage.roles.exchange import CHECK, KEYS
from linkage.roles.inspecting import inspect
from simulator import Simulator


def test_sizes_and_digests_are_those_of_the_file(agreed: Simulator) -> None:
    path = agreed.tokenise("mbo").package
    seen, data = inspect(path, agreed.homes["unit"]), path.read_bytes()
    start = len(envelope.MAGIC) + 4
    head = data[start : start + seen.sizes["header"]]
    body = data[start + len(head) :][: seen.sizes["sealed body"]]
    assert seen.digests == {
        name: "sha256:" + hashlib.sha256(part).hexdigest()
        for name, part in {"file": data, "header": head, "sealed body": body}.items()
    }
    assert seen.sizes["file"] == len(data)
    assert seen.digests["file"] == agreed.sent["mbo"].digest
    assert (seen.checked, seen.mine, seen.fits) == (
        True,
        True,
        "the columns that the protocol prescribes, within the quota",
    )
    assert seen.protocol == agreed.linkage("unit").protocol


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "the header announces no number of rows"),
        ({"rows": 5}, "does not say by which linkage secret it was made"),
        ({"rows": 5, CHECK: "equal"}, "does not say by which keys of the key-holders it was made"),
        ({"rows": 5, CHECK: "equal", KEYS: "equal"}, "announces other columns than the protocol prescribes for mbo"),
        ({"rows": 60_000}, "mbo sends 60,000 rows; its quota is 50,000"),
    ],
)
def test_what_is_announced_is_compared_with_the_protocol(agreed: Simulator, content: dict[str, Any], said: str) -> None:
    made = envelope.read(agreed.tokenise("mbo").package).header
    columns = (
        {name: value for name, value in made.content.items() if name != "rows"} if content.get("rows", 0) > 5 else {}
    )
    label = Label(made.type, made.protocol, 9, made.ledger, {**columns, **content})
    path = agreed.folder / "x.package"
    envelope.seal(path, [b"x"], agreed.identities["mbo"], [agreed.homes["unit"].card], label)
    assert inspect(path, agreed.homes["unit"]).fits == said


def test_a_stranger_is_shown_and_not_believed(agreed: Simulator, tmp_path: Path) -> None:
    path = agreed.tokenise("mbo").package
    (agreed.homes["unit"].path / "trusted" / "mbo.json").unlink()
    seen = inspect(path, agreed.homes["unit"])
    assert (seen.checked, seen.signature) == (False, "not checked: no trusted card of mbo")
    other = agreed.homes["gemeente"].card
    with pytest.raises(Untrusted, match="another card"):
        inspect(path, agreed.homes["unit"], replace(other, party="mbo"))
