"""The digest: layout and comments do not change it, and every value does."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from linkage import canonical, files
from linkage.errors import InputError
from linkage.protocol import strict_yaml
from linkage.protocol.load import from_document, loads
from linkage.protocol.strict_yaml import Document, Path

SHIPPED = files.shipped("protocols/graduates-on-benefits.yml").read_text(encoding="utf-8")
DATA = strict_yaml.parse(SHIPPED.encode(), name="p.yml").data


def digest(data: Any) -> str:
    return from_document(Document(data, {}, "p.yml", "")).digest


def digest_or_refusal(data: Any) -> str:
    try:
        return digest(data)
    except InputError:
        return "refused"


PINNED = digest(DATA)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of all scalars and of all empty lists."""
    if isinstance(value, dict | list) and value:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, key))
    else:
        yield path


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of everything inside."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        yield (*path, key)
        yield from places(part, (*path, key))


def inside(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def rebuilt(data: Any, path: Path, act: Callable[[Any, Any], None]) -> Any:
    """A copy of the data along a path, with something done at its end."""
    twin = copy.copy(data)
    if len(path) == 1:
        act(twin, path[0])
    else:
        twin[path[0]] = rebuilt(data[path[0]], path[1:], act)
    return twin


def changed(path: Path, new: Any) -> Any:
    return rebuilt(DATA, path, lambda parent, key: parent.__setitem__(key, new))


def others(value: Any) -> list[Any]:
    """Values near this one: the slips and the frauds."""
    near: list[Any] = [None, [value], "", "other", 0, 1, True, False]
    match value:
        case bool():
            near += [int(value), str(value).lower()]
        case int() | float():
            near += [value + 1, value - 1, str(value)]
        case str():
            near += [
                value + "x",
                value.upper(),
                value[:-1],
                value + " ",
                value.replace("0", "1"),
                re.sub(r"-0\d$", "-28", value),
            ]
            near += [int(value)] if value.isdecimal() else []
    return [other for other in near if type(other) is not type(value) or other != value]


LEAVES = list(leaves(DATA))


def test_the_digest_of_the_shipped_protocol_is_stable() -> None:
    agreed = loads(SHIPPED.encode(), name="p.yml")
    assert agreed.digest == PINNED == "sha256:7e30ca1c529d3044d82146265f1cf3a04c563cb5c6330ddb5e4bd1b76ded280d"
    assert agreed.digest == canonical.digest(agreed.model_dump(mode="json", by_alias=True, exclude_none=True))


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_a_changed_value_is_another_protocol_or_none(path: Path) -> None:
    value = inside(DATA, path)
    new = {repr(other): digest_or_refusal(changed(path, other)) for other in others(value)}
    assert [other for other, seen in new.items() if seen == PINNED] == []
    accepted = [seen for seen in new.values() if seen != "refused"]
    assert len(set(accepted)) == len(accepted)


def test_what_is_left_out_is_another_protocol_or_none() -> None:
    for path in places(DATA):
        data = rebuilt(DATA, path, lambda parent, key: parent.__delitem__(key))
        assert digest_or_refusal(data) != PINNED, path


def test_what_is_added_is_another_protocol_or_none() -> None:
    for path in [(), *places(DATA)]:
        value = inside(DATA, path)
        if isinstance(value, dict):
            assert digest_or_refusal(changed((*path, "extra"), None)) == "refused", path
        if isinstance(value, list) and value:
            assert digest_or_refusal(changed(path, [*value, value[-1]])) != PINNED, path


def test_the_order_of_a_list_is_part_of_what_was_agreed() -> None:
    lists = [path for path in places(DATA) if isinstance(inside(DATA, path), list) and len(inside(DATA, path)) > 1]
    assert len(lists) > 10
    for path in lists:
        assert digest_or_refusal(changed(path, inside(DATA, path)[::-1])) != PINNED, path


def strict_dump(data: Any, **layout: Any) -> str:
    """YAML of another program, every text in quotes, so that a date is not made one."""

    class Quoted(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    Quoted.add_representer(str, lambda d, text: d.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
    return yaml.dump(data, Dumper=Quoted, allow_unicode=True, **layout)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(re.sub(r"(^| +)#.*$", "", SHIPPED, flags=re.MULTILINE), id="without comments"),
        pytest.param("# one more\n" + SHIPPED + "\n\n# and one below\n", id="with more comments"),
        pytest.param(SHIPPED.replace("\n", "\r\n"), id="with the line ends of Windows"),
        pytest.param("\ufeff" + SHIPPED, id="with a byte order mark"),
        pytest.param(SHIPPED.replace("0.995,", "0.9950,"), id="with a number spelt longer"),
        pytest.param(SHIPPED.replace("card: null", "card: ~"), id="with null spelt another way"),
        pytest.param(SHIPPED.replace("2026-10-01", "'2026-10-01'"), id="with a date in quotes"),
        pytest.param(strict_dump(DATA, sort_keys=True), id="with keys in another order, written by a program"),
        pytest.param(strict_dump(DATA, default_flow_style=True, width=1 << 20), id="on one line"),
        pytest.param(strict_dump(DATA, indent=8, width=40), id="with wide indents and folded lines"),
    ],
)
def test_layout_comments_and_order_of_keys_do_not_change_the_digest(text: str) -> None:
    assert text != SHIPPED
    assert loads(text.encode(), name="p.yml").digest == PINNED


ANY = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["mbo", "unit", "bsn"])
)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from([path for path in places(DATA) if path]),
    ANY | st.lists(ANY, max_size=2) | st.dictionaries(st.text(max_size=5), ANY, max_size=2),
)
def test_any_value_anywhere_is_refused_or_changes_the_digest(path: Path, new: Any) -> None:
    old = inside(DATA, path)
    assume(not (new == old and isinstance(new, bool) == isinstance(old, bool)))
    assert digest_or_refusal(changed(path, new)) != PINNED
