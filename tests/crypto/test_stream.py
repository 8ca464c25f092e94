"""Bodies larger than memory: sealing, opening and verifying under a limit, and the pieces they come in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.crypto import envelope, stream
from linkage.errors import Untrusted

KEY, CONTEXT = bytes(32), b"context"

UNDER_A_LIMIT = """
import resource, sys
from pathlib import Path
from crypto.parcels import LABEL, READER, SENDER
from linkage.crypto import envelope

path, size = Path(sys.argv[1]), int(sys.argv[2])
piece = bytes(3_000_000)
def body():
    for _ in range(size // len(piece)):
        yield piece
envelope.seal(path, [b"warm"], SENDER, [READER.card], LABEL)
used = int(next(l for l in open("/proc/self/status") if l.startswith("VmSize")).split()[1]) << 10
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[3]),) * 2)
envelope.seal(path, body(), SENDER, [READER.card], LABEL)
package = envelope.read(path)
envelope.verify(package, SENDER.card)
found = sum(map(len, envelope.open_body(package, READER, SENDER.card, protocol=LABEL.protocol, type_=LABEL.type)))
assert found == size // len(piece) * len(piece), found
"""


def limited(path: Path, size: int, room: int) -> subprocess.CompletedProcess[str]:
    """Seal, verify and open a body of a size with so much memory more than the process has at the start."""
    command = [sys.executable, "-c", UNDER_A_LIMIT, str(path), str(size), str(room)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_a_body_ten_times_the_memory_goes_through(tmp_path: Path) -> None:
    room = 30_000_000  # buffers, and little else
    done = limited(tmp_path / "large.package", 10 * room, room)
    assert done.returncode == 0, done.stderr
    tight = limited(tmp_path / "large.package", 10 * room, 100_000)
    assert tight.returncode != 0, "the limit is one"
    assert "memory" in tight.stderr.lower()


@given(st.lists(st.binary(max_size=50_000), max_size=6), st.integers(1, 60_000))
def test_the_size_of_pieces_does_not_matter(pieces: list[bytes], size: int) -> None:
    sealed = b"".join(stream.encrypt(KEY, CONTEXT, pieces))
    parts = [sealed[first : first + size] for first in range(0, len(sealed), size)]
    assert b"".join(stream.decrypt(KEY, CONTEXT, parts, where="x")) == b"".join(pieces)


@pytest.mark.parametrize("length", [0, 1, 16_383, 16_384, 16_385, 3 * 16_384])
def test_a_cut_or_lengthened_stream_is_refused_at_its_end(length: int) -> None:
    sealed = b"".join(stream.encrypt(KEY, CONTEXT, [bytes(length)]))
    assert len(sealed) == 56 + length + 16 * (length // 16_384 + 1)
    ends = {*range(57), *range(len(sealed) - 40, len(sealed)), *range(56, len(sealed), 16_400), len(sealed) + 1}
    for end in ends - {len(sealed)}:
        with pytest.raises(Untrusted):
            list(stream.decrypt(KEY, CONTEXT, [(sealed + b"\0")[: max(end, 0)]], where="x"))


def test_another_key_or_context_opens_nothing() -> None:
    sealed = b"".join(stream.encrypt(KEY, CONTEXT, [b"the body"]))
    for key, context in ((bytes(31) + b"\1", CONTEXT), (KEY, b"contexT"), (KEY, b"")):
        with pytest.raises(Untrusted, match="the seal does not hold"):
            list(stream.decrypt(key, context, [sealed], where="x"))


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) - 56 - 16 * 64, (1 << 20) - 56 - 16 * 64 + 1, 5 << 20])
def test_the_list_has_one_digest_for_every_segment(tmp_path: Path, size: int) -> None:
    from crypto.parcels import LABEL, READER, SENDER, opened, sealed

    path = tmp_path / "x.package"
    data = sealed(path, bytes(size))
    package = envelope.read(path)
    assert package.segments == -(-package.body_length // envelope.SEGMENT)
    assert len(data) == package.body_start + package.body_length + 32 * package.segments + 64
    assert opened(path) == bytes(size)
    envelope.verify(package, SENDER.card)
    assert READER.card.fingerprint == package.header.recipients[0][1]
    assert package.header.type == LABEL.type
