"""How one organisation runs: its config file, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import files
from linkage.encode import config
from linkage.errors import InputError

WHOLE = """
linkage-config: 1
party: mbo
encoding: auto
delimiter: ";"
reference: Studentnummer
columns:
  given-name: [Voornamen, Roepnaam]
consent:
  reference: Studentnummer
  purpose: Doel
  status: Status
  at: Datum
  valid_until: null
  method: null
  statuses: {ja: given, nee: refused}
"""


def load(folder: Path, text: str) -> config.Config:
    path = folder / "mbo.yml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def test_a_config_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, WHOLE)
    assert (found.party, found.delimiter, found.reference) == ("mbo", ";", "Studentnummer")
    assert found.columns == {"given-name": ("Voornamen", "Roepnaam")}
    assert found.consent is not None
    assert found.consent.statuses == {"ja": "given", "nee": "refused"}


@pytest.mark.parametrize(
    ("story", "old", "new", "line"),
    [
        ("an unknown key", "party: mbo", "party: mbo\nthreshold: 0.7", 4),
        ("a key twice", "party: mbo", "party: mbo\nparty: roc", 4),
        ("another version", "linkage-config: 1", "linkage-config: 2", 2),
        ("another delimiter", 'delimiter: ";"', 'delimiter: "/"', 5),
        ("a status of its own", "ja: given", "ja: maybe", 16),
        ("one heading where a list is meant", "[Voornamen, Roepnaam]", "Voornamen", 8),
    ],
)
def test_what_is_no_config_is_refused_at_its_line(tmp_path: Path, story: str, old: str, new: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, WHOLE.replace(old, new))
    assert f"mbo.yml:{line}:" in str(caught.value) or f"line {line}" in str(caught.value)


def test_no_key_can_change_a_token_a_link_or_a_cell() -> None:
    """The names of what shapes them are the protocol's alone."""
    shaping = {"bits", "positions", "q", "prf", "rules", "fields_needed", "threshold", "stages", "minimum", "rounding"}
    assert not shaping & (set(config.Config.model_fields) | set(config.ConsentConfig.model_fields))


def test_what_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        config.load(tmp_path / "none.yml")


@pytest.mark.parametrize("party", ["mbo", "gemeente"])
def test_the_configs_that_come_with_linkage_are_read(party: str) -> None:
    assert config.load(files.shipped(f"config/{party}.yml")).party == party
