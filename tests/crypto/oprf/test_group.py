"""What a group takes and gives, on both, and against slow arithmetic that anyone can read."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.crypto.oprf import ristretto
from linkage.crypto.oprf.group import Group, NotAnElement, inverses, parts
from linkage.crypto.oprf.hash_to_curve import A, P, Point
from linkage.crypto.oprf.p256 import P256
from linkage.crypto.oprf.rfc9497 import Mode, suite
from linkage.crypto.oprf.ristretto import Ristretto255
from linkage.errors import InputError, Untrusted

GROUPS = (P256(), Ristretto255())
NAMES = ("P256-SHA256", "ristretto255-SHA512")
BAD_RISTRETTO = [
    bytes(32),  # the identity
    bytes([0xFF] * 32),  # not below the field
    (2**255 - 19).to_bytes(32, "little"),  # 0, spelt otherwise
    (1).to_bytes(32, "little"),  # negative
    bytes.fromhex("26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"),  # no square (RFC 9496 A.3)
    bytes.fromhex("3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e"),  # no square (RFC 9496 A.3)
]
BAD_P256 = [
    b"\2" + P.to_bytes(32, "big"),  # not below the field
    b"\2" + (P + 5).to_bytes(32, "big"),  # 5, spelt otherwise
    b"\2" + (4).to_bytes(32, "big"),  # no point has this x
    bytes(33),  # the identity, padded
    b"\4" + bytes(32),
    b"\6" + bytes(32),
]


def element(group: Group, text: bytes = b"one") -> bytes:
    """An element in working form."""
    return group.hash_to_group([text], b"a tag for tests")


@pytest.mark.parametrize("group", GROUPS)
def test_bad_elements_are_refused_wherever_they_come_in(group: Group) -> None:
    bad = BAD_RISTRETTO if isinstance(group, Ristretto255) else BAD_P256
    good = group.encode(element(group))
    name = NAMES[GROUPS.index(group)]  # type: ignore[arg-type]
    for one in bad:
        with pytest.raises(NotAnElement, match="element 2 "):
            group.decode(good + one)
        for act in (suite(name, Mode.OPRF).evaluate, lambda key, wire: suite(name, Mode.OPRF).unblind(wire, [key] * 2)):
            with pytest.raises(NotAnElement, match="element 2 "):
                act(7, good + one)
    with pytest.raises(Untrusted, match="multiple"):
        group.decode(good[:-1])


@pytest.mark.parametrize("group", GROUPS)
@settings(max_examples=20, deadline=None)
@given(data=st.binary(min_size=33, max_size=33))
def test_what_is_read_is_written_the_same(group: Group, data: bytes) -> None:
    wire = data[: group.wire_bytes]
    try:
        read = group.decode(wire)
    except NotAnElement:
        return
    assert group.encode(read) == wire


@pytest.mark.parametrize("group", GROUPS)
def test_scalars_at_the_ends(group: Group) -> None:
    one = element(group)
    last = group.order - 1
    assert group.multiply(one, [1]) == one
    minus = group.multiply(one, [last])
    assert group.add(group.multiply(one, [2]), minus) == one
    assert group.multiply(one, [group.order - 2]) == group.add(minus, minus)
    assert group.base([1, last]) == group.base([1]) + group.multiply(group.base([1]), [last])
    with pytest.raises(NotAnElement):
        group.add(one, minus)  # the identity has no encoding
    assert group.scalar_from_bytes(group.scalar_to_bytes(last)) == last
    with pytest.raises(NotAnElement):
        group.scalar_from_bytes(group.scalar_to_bytes(group.order))
    with pytest.raises(NotAnElement):
        group.scalar_from_bytes(bytes(31))


@pytest.mark.parametrize("group", GROUPS)
def test_many_at_a_time_are_as_one_by_one(group: Group) -> None:
    points = group.hash_to_group([b"%d" % i for i in range(5)], b"a tag for tests")
    scalars = [secrets.randbelow(group.order - 1) + 1 for _ in range(5)]
    singly = [group.multiply(p, [s]) for p, s in zip(parts(points, group.work_bytes), scalars, strict=True)]
    assert group.multiply(points, scalars) == b"".join(singly)
    assert group.multiply(points, scalars[:1]) == group.multiply(points, scalars[:1] * 5)
    assert group.add(points, points) == group.multiply(points, [2])
    assert group.multiply(b"", [3]) == group.base([]) == group.encode(b"") == b""


def slow_multiply(point: Point, scalar: int) -> Point:
    """Double and add with one inversion each: the definition."""
    result: Point | None = None
    while scalar:
        if scalar & 1:
            result = point if result is None else slow_add(result, point)
        point, scalar = slow_add(point, point), scalar >> 1
    assert result is not None
    return result


def slow_add(p: Point, q: Point) -> Point:
    """The chord or tangent."""
    (x1, y1), (x2, y2) = p, q
    slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) if p == q else (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def test_y_is_recovered_right() -> None:
    group = P256()
    for scalar in (1, 2, 3, 5, group.order // 2, *(secrets.randbelow(group.order) for _ in range(10))):
        work = element(group, b"%d" % scalar)
        point = int.from_bytes(work[:32], "big"), int.from_bytes(work[32:], "big")
        x, y = slow_multiply(point, scalar)
        assert group.multiply(work, [scalar]) == x.to_bytes(32, "big") + y.to_bytes(32, "big")


@settings(deadline=None)
@given(st.lists(st.integers(1, 2**64), max_size=9))
def test_inverses(values: list[int]) -> None:
    assert [v * i % P for v, i in zip(values, inverses(values, P), strict=True)] == [1] * len(values)


def test_ctypes_never_reaches_beyond_a_buffer() -> None:
    group = Ristretto255()
    with pytest.raises(ValueError, match="unequal"):
        group.multiply(element(group) * 3, [1, 2])
    with pytest.raises(Untrusted, match="multiple"):
        group.multiply(element(group)[:-1], [1])


def test_a_missing_or_foreign_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    ristretto._sodium.cache_clear()
    monkeypatch.setenv(ristretto.PLACE, "/nowhere/libsodium.so")
    with pytest.raises(InputError, match="not a libsodium") as wrong:
        Ristretto255()
    assert "oprf-p256-sha256" in wrong.value.hint
    monkeypatch.delenv(ristretto.PLACE)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(InputError, match="not on this machine") as missing:
        suite("ristretto255-SHA512", Mode.OPRF)
    assert "libsodium23" in missing.value.hint
    ristretto._sodium.cache_clear()


def test_no_other_suite() -> None:
    with pytest.raises(InputError, match="no such OPRF suite"):
        suite("decaf448-SHAKE256", Mode.OPRF)
