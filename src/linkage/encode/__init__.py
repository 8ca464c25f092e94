"""The custodian's room: records become encodings here, on the custodian's own machine.

`read` takes the file as it is, `prepare` normalises it, `encode` tokenises it, `stream` does so into a file when there
are millions of rows. Nothing identifying comes out, and
the linkage unit's code cannot import this room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.encode.encoder import encode, stream

__all__ = ["encode", "stream"]


def __getattr__(name: str) -> Any:
    """Load the encoder, and with it numpy and numba, when it is first asked for."""
    if name in __all__:
        from linkage.encode import encoder

        return getattr(encoder, name)
    raise AttributeError(name)
