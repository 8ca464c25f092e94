"""The conformance suite: our client does everything right, and a careless one does not get through."""

from __future__ import annotations

import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from conformance import cases, client
from linkage.crypto import envelope, signature

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[cases.Case]]:
    folder = tmp_path_factory.mktemp("suite")
    return folder, cases.make(folder)


@pytest.fixture
def inside(suite: tuple[Path, list[cases.Case]], monkeypatch: pytest.MonkeyPatch) -> list[cases.Case]:
    monkeypatch.chdir(suite[0])
    return suite[1]


def run(case: cases.Case) -> tuple[int, str]:
    """The client in this process."""
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(StringIO()):
        return client.main(case.arguments), out.getvalue()


def test_our_client_does_everything_right(inside: list[cases.Case]) -> None:
    assert list(cases.failures(inside, run)) == []
    assert len({case.name for case in inside}) == len(inside) > 150
    assert sum(not case.fails for case in inside) >= 8


def test_a_client_that_checks_no_signature_fails(inside: list[cases.Case], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "verify", lambda *_, **__: None)
    wrong = "\n".join(cases.failures(inside, run))
    for name in ("signature-of-zeros_fail", "signature-of-another-type_fail", "card-with-small-order-key-0_fail"):
        assert name in wrong


def test_a_client_that_reads_headers_loosely_fails(inside: list[cases.Case], monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    from linkage import canonical
    from linkage.crypto.header import Header
    from linkage.errors import InputError

    def loose(data: bytes, where: str = "") -> object:
        try:
            return json.loads(data)
        except ValueError:
            raise InputError("no JSON") from None

    monkeypatch.setattr(canonical, "from_bytes", loose)
    monkeypatch.setattr(Header, "to_bytes", lambda self: AnyBytes())
    wrong = "\n".join(cases.failures(inside, run))
    for name in ("header-with-spaces_fail", "header-with-an-escape_fail", "header-with-a-key-twice_fail"):
        assert name in wrong


class AnyBytes(bytes):
    """Equal to all."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = bytes.__hash__


def test_a_client_that_does_not_look_at_type_or_list_fails(
    inside: list[cases.Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = envelope.open_body

    def careless(package, reader, sender, *, protocol, type_):  # type: ignore[no-untyped-def]
        return honest(package, reader, sender, protocol=package.header.protocol, type_=package.header.type)

    monkeypatch.setattr(envelope, "open_body", careless)
    wrong = "\n".join(cases.failures(inside, run))
    for name in ("a-release-taken-for-encodings_fail", "another-protocol_fail", "an-older-protocol_fail"):
        assert name in wrong


@pytest.mark.parametrize(
    ("command", "code"), [(f"{sys.executable} {HERE / 'client.py'}", 0), ("true", 1), ("false", 1)]
)
def test_any_client_is_run_by_its_command(command: str, code: int) -> None:
    called = [sys.executable, str(HERE / "run.py"), "--client", command, "--only", "opens"]
    done = subprocess.run(called, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "2 cases" in done.stdout
