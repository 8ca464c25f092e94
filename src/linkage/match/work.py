"""Blocks of work, here or on a cluster: in any order, resumable, with word of how far it is.

Rules kept here:

- A block's result depends on its number alone; neither the engine, nor its cores, nor the order in which blocks end
  change the whole.
- An engine does blocks and nothing else. What is kept, counted, told and refused happens here, in the caller's thread.
- A block is kept (`linkage.match.resume`) before it is counted as done. A run that ends early, by whatever cause,
  starts no further block.
- Memory holds the pairs found, never more than `most_pairs`: beyond that the threshold is refused.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

import numpy as np

from linkage.errors import Refused
from linkage.match.resume import Block, Pairs, State

MOST_PAIRS = 1 << 23
"""Pairs at or above the threshold that one comparison may always give: some 8 million, about 1 GB with what chooses
among them."""
MOST_PER_ROW = 4
"""Pairs per row of both sides that a larger comparison may give. Real registers give less than one; more means that
the threshold says nothing."""


@dataclass(frozen=True)
class Progress:
    """How far a comparison is. Printed, it is one line for a person."""

    stage: int
    """Place of the stage in the protocol, from 0."""
    parties: tuple[str, str]
    """Whose rows are compared."""
    done: int
    """Comparisons done, those of an earlier run over the same included."""
    total: int
    """Comparisons to do."""
    pairs: int
    """Pairs found so far."""
    seconds_left: float | None
    """Estimate from the rate of this run; None until there is one."""

    def __str__(self) -> str:
        share = self.done / self.total if self.total else 1.0
        left = "" if self.seconds_left is None else f", about {self.seconds_left:,.0f} s left"
        who = " and ".join(self.parties)
        return f"stage {self.stage + 1}, {who}: {share:.1%} of {self.total:.3g} comparisons, {self.pairs:,} pairs{left}"


class Engine(Protocol):
    """What does blocks: the threads of this process, or a cluster (`linkage.match.spark`)."""

    def blocks(self, numbers: Sequence[int], do: Callable[[int], Block]) -> Generator[tuple[int, Block], None, None]:
        """Do blocks, and give each with its number as it ends, in any order.

        Closed early, it starts no further block and leaves nothing running.
        """


@dataclass(frozen=True)
class Threads:
    """The threads of this process."""

    cores: int | None = None
    """How many; None for as many as there are cores."""

    def blocks(self, numbers: Sequence[int], do: Callable[[int], Block]) -> Generator[tuple[int, Block], None, None]:
        """As of `Engine`."""
        cores = self.cores or os.cpu_count() or 1
        todo, waiting = iter(numbers), dict[Future[Block], int]()
        pool = ThreadPoolExecutor(cores)
        try:
            while True:
                for number in islice(todo, 2 * cores - len(waiting)):  # few at a time: results do not pile up
                    waiting[pool.submit(do, number)] = number
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Work:
    """How a comparison is run. Nothing here changes what it finds."""

    cores: int | None = None
    """Threads to use; None for all."""
    state: State | None = None
    """Where finished blocks are kept; None keeps nothing."""
    progress: Callable[[Progress], None] | None = None
    """Told at the start and after every block, in the caller's thread."""
    stage: int = 0
    """Place of the stage in the protocol, from 0; told to `progress` and in the coverage."""
    parties: tuple[str, str] = ("left", "right")
    """Whose rows; likewise."""
    kept: bool = True
    """Whether the caller keeps the pairs: then more than `most_pairs` are refused. A block is bounded in any case."""
    engine: Engine | None = None
    """What does the blocks; None for `Threads`."""


def run(
    sizes: Sequence[int], do: Callable[[int], Block], work: Work, most: int,
    fresh: Callable[[Pairs], Pairs] | None = None,
) -> Iterator[Block]:  # fmt: skip
    """Do every block that is not done yet, and give all of them, in no order.

    Args:
        sizes: comparisons per block.
        do: does a block; called in threads, or on other machines, where it is pickled to.
        work: how to run.
        most: pairs that the caller can keep.
        fresh: leaves out pairs that another block gave; called in the caller's thread, before pairs are kept.

    Raises:
        Refused: more pairs than that, and the caller keeps them.
    """
    meter = _Meter(work, sum(sizes), most)
    todo = []
    for number, size in enumerate(sizes):
        kept = work.state.load(number) if work.state else None
        if kept is None:
            todo.append(number)
        else:
            block = replace(kept, pairs=fresh(kept.pairs)) if fresh else kept
            meter.resumed(size, len(block.pairs[0]))
            yield block
    meter.tell()
    with closing((work.engine or Threads(work.cores)).blocks(todo, do)) as blocks:
        for number, done in blocks:
            block = replace(done, pairs=fresh(done.pairs)) if fresh else done
            if work.state:
                work.state.save(number, block)
            meter.done(sizes[number], len(block.pairs[0]))
            yield block


def most_pairs(left: int, right: int) -> int:
    """Pairs that a comparison of so many rows may give."""
    return max(MOST_PAIRS, MOST_PER_ROW * (left + right))


def gathered(pieces: Iterable[Pairs], most: int) -> Pairs:
    """Pieces of pairs as one.

    Raises:
        Refused: they are more than `most`; the rest of the pieces is not asked for.
    """
    found: list[Pairs] = []
    pairs = 0
    for piece in pieces:
        found.append(piece)
        pairs += len(piece[0])
        too_many(pairs, most)
    empty = np.zeros(0, np.int64)
    left, right, different = (np.concatenate([f[n] for f in found]) if found else empty for n in range(3))
    return left, right, different


def too_many(pairs: int, most: int) -> None:
    """Stop where more pairs reach the threshold than anybody can choose among.

    Raises:
        Refused: more pairs than that.
    """
    if pairs > most:
        raise Refused(
            f"more than {most:,} pairs reach the threshold: it does not tell persons apart",
            hint="Agree on a higher threshold, or on more fields in the filter; or many rows say the same.",
        )


class _Meter:
    """Counts and tells."""

    def __init__(self, work: Work, total: int, most: int) -> None:
        self.work, self.total, self.most = work, total, most
        self.before = self.now = self.pairs = 0
        self.start = time.monotonic()

    def resumed(self, size: int, pairs: int) -> None:
        self.before += size
        self._found(pairs)

    def done(self, size: int, pairs: int) -> None:
        self.now += size
        self._found(pairs)
        self.tell()

    def _found(self, pairs: int) -> None:
        self.pairs += pairs
        if self.work.kept:
            too_many(self.pairs, self.most)

    def tell(self) -> None:
        if self.work.progress is None:
            return
        done, left = self.before + self.now, None
        if self.now:
            left = (time.monotonic() - self.start) / self.now * (self.total - done)
        self.work.progress(Progress(self.work.stage, self.work.parties, done, self.total, self.pairs, left))
