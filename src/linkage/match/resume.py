"""What a run that was killed leaves behind, so that it can go on where it stopped.

Rules kept here:

- One file per finished block, written whole or not at all; a block without a good file is done again.
- The folder belongs to one run: `Run` binds it to a digest of all that shapes the links, and refuses another's.
- It holds positions and counted bits, never a token, a filter or a handle; for its owner only; removed when done.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linkage import canonical, files
from linkage.errors import InputError, Refused

FORMAT = 2
"""Version of these files; another one is another run."""
MANIFEST = "run.json"
_PART = re.compile(r"[a-z0-9-]+")
_BLOCK = re.compile(r"[0-9]{8}\.block")
_DIGEST_BYTES = 32

Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Left positions, right positions, bits that differ: ``int64[m]`` each."""


@dataclass(frozen=True)
class Block:
    """What one block of work gave."""

    pairs: Pairs
    """The pairs that were found."""
    compared: int
    """Comparisons made."""
    spared: int = 0
    """Comparisons spared by splitting (`linkage.match.sampled`)."""


@dataclass(frozen=True)
class State:
    """The finished blocks of one comparison."""

    folder: Path

    def load(self, number: int) -> Block | None:
        """What a block gave, or None when it has yet to be done."""
        try:
            data = (self.folder / _name(number)).read_bytes()
        except OSError:
            return None
        sealed, payload = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if hashlib.sha256(payload).digest() != sealed:
            return None
        numbers = np.frombuffer(payload, "<i8").astype(np.int64)
        left, right, different = numbers[2:].reshape(3, -1)
        return Block((left, right, different), int(numbers[0]), int(numbers[1]))

    def save(self, number: int, block: Block) -> None:
        """Keep what a finished block gave.

        Raises:
            InputError: the folder cannot be written.
        """
        head = np.array([block.compared, block.spared], np.int64)
        payload = np.concatenate([head, *block.pairs]).astype("<i8").tobytes()
        files.write(self.folder / _name(number), hashlib.sha256(payload).digest() + payload)


@dataclass(frozen=True)
class Run:
    """One run of `linkage.match.match`, with or without a folder."""

    folder: Path | None
    """Where finished blocks are kept; None keeps nothing."""
    seed: str
    """What the keys of blocking are drawn from: 28 letters, drawn once per run."""

    @classmethod
    def open(cls, folder: Path | None, digest: str, seed: str | None = None) -> Run:
        """Begin a run, or go on with the one in the folder.

        Args:
            folder: new, empty, or left by an earlier run over the same.
            digest: of all that shapes the links.
            seed: to repeat an earlier run; drawn when None, or read from the folder.

        Raises:
            InputError: the folder holds something else, or cannot be written; or the seed is not 28 letters.
            Refused: the folder belongs to a run over other input, under another protocol or with another seed.
        """
        if seed is not None and not re.fullmatch(r"[a-z]{28}", seed):
            raise InputError("expected a seed of 28 letters a to z", where="seed")
        drawn = seed or "".join(secrets.choice(string.ascii_lowercase) for _ in range(28))
        if folder is None:
            return cls(None, drawn)
        path = folder / MANIFEST
        if path.exists():
            said = canonical.from_bytes(files.read(path, limit=1_000), where=MANIFEST)
            if not isinstance(said, dict) or (said.get("format"), said.get("digest")) != (FORMAT, digest):
                raise Refused(
                    "belongs to a run over other input or under another protocol", where=str(folder),
                    hint="Name another folder, or remove this one to give that run up.",
                )  # fmt: skip
            if seed not in (None, said["seed"]):
                raise Refused("belongs to a run with another seed", where=str(folder))
            return cls(folder, said["seed"])
        if folder.exists() and any(folder.iterdir()):
            raise InputError("expected a new or empty folder, or one of an earlier run", where=str(folder))
        run = cls(folder, drawn)
        files.write(path, canonical.to_bytes({"format": FORMAT, "digest": digest, "seed": run.seed}))
        return run

    def part(self, name: str) -> State | None:
        """Where one comparison of the run keeps its blocks."""
        return State(self.folder / name) if self.folder else None

    def close(self) -> None:
        """Remove what the run left; called when its links are in hand."""
        if self.folder is None:
            return
        for part in [p for p in self.folder.iterdir() if p.is_dir() and _PART.fullmatch(p.name)]:
            _empty(part)
            part.rmdir()
        _empty(self.folder)
        self.folder.rmdir()


def clear(folder: Path) -> None:
    """Give up the run in a folder, if there is one; anything that no run made stays, and keeps its folder."""
    if (folder / MANIFEST).exists():
        Run(folder, "").close()


def _name(number: int) -> str:
    return f"{number:08d}.block"


def _empty(folder: Path) -> None:
    """Remove blocks, manifest, and what a killed run was writing just then (`linkage.files.atomic`)."""
    for path in folder.iterdir():
        name = re.sub(r"^\.(.+)\.[0-9a-f]{8}\.part$", r"\1", path.name)
        if _BLOCK.fullmatch(name) or name == MANIFEST:
            path.unlink()
