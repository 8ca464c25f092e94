"""Bars on long work.

Rule kept here: only when a person is watching: standard error is a terminal, and neither ``--quiet`` nor ``--json``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from linkage.cli.options import Options

if TYPE_CHECKING:
    from linkage.match.work import Progress


@contextmanager
def comparing(options: Options) -> Iterator[Callable[[Progress], None] | None]:
    """A bar for `linkage.match.match`, or None when nobody is watching.

    A comparison that is over before it can be seen draws nothing.
    """
    if options.quiet or options.as_json or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    bars = Bars(*columns, console=Console(stderr=True), transient=True)
    tasks: dict[tuple[object, ...], TaskID] = {}

    def tell(progress: Progress) -> None:
        if not progress.total:
            return
        which = progress.stage, progress.parties, progress.total
        if which not in tasks:
            tasks[which] = bars.add_task("", total=progress.total)
        who = " and ".join(progress.parties)
        text = f"stage {progress.stage + 1}, {who}: {progress.total:.2g} comparisons, {progress.pairs:,} pairs"
        bars.update(tasks[which], completed=progress.done, description=text)

    with bars:
        yield tell
