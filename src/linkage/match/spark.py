"""Blocks of work on a Spark cluster: another way to do them, with the same functions and so the same links.

Rules kept here:

- The only module that imports pyspark, and not before a cluster is asked for. Spark sends, plans and tries again;
  nothing of that is done here.
- To the cluster go filters, positions, the rule, and the seed of blocking: what a block is done with. Never a token, a
  handle, a category or a secret. Code goes by name: executors have this version of linkage installed.
- Jobs are of as many blocks as the cluster has cores, two at a time: no core waits for the last block of a job, and the
  driver holds the pairs found and what two jobs give. A job is collected whole; fetching partition by partition
  (`toLocalIterator`) would do one block at a time.
- Arrow batches both ways, no pandas: PySpark does not fully support pandas 3.
- Nothing waits for ever: a master that does not answer and a cluster that gives no executor are told.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

import linkage
from linkage.errors import InputError, LinkageError, Refused, printable
from linkage.match.resume import Block
from linkage.match.work import Engine

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame, SparkSession

    Shared = Broadcast[Callable[[int], Block]]

MASTERS = re.compile(r"spark://.+|k8s://.+|yarn|local(-cluster)?\[.+\]")
EXAMPLE = "spark://HOST:7077"
JOBS = 2
"""Jobs at a time."""
ANSWER = 5.0
"""Seconds that a master has to answer."""
PATIENCE = 120.0
"""Seconds that a cluster may have no executor for us before the run ends."""
POLL = 1.0
"""Seconds between two looks at whether it has."""
_KINDS = {"long": pa.int64(), "array<long>": pa.list_(pa.int64()), "string": pa.string()}
COLUMNS = {
    "number": "long", "left": "array<long>", "right": "array<long>", "different": "array<long>",
    "compared": "long", "spared": "long", "refused": "string", "hint": "string",
}  # fmt: skip
"""One row per block, as it comes back; where the block was refused, why."""
SCHEMA = pa.schema([(name, _KINDS[kind]) for name, kind in COLUMNS.items()])


@contextmanager
def engine(name: str, master: str | None) -> Iterator[Engine | None]:
    """What does blocks: for ``local`` None, which means the threads of this process; for ``spark`` a cluster.

    Args:
        name: ``local`` or ``spark``.
        master: URL of the cluster. May be None where this process has a Spark session, which is then used and left
            open; otherwise a session is started, and stopped at the end.

    Raises:
        InputError: another name; a master for the local engine, or none for Spark; or no pyspark, Java or cluster.
    """
    if name not in ("local", "spark"):
        raise InputError("expected one of the engines local, spark, got another", where="engine")
    if name == "local":
        if master is not None:
            raise InputError("only the engine spark has a master", where="master", hint="Add --engine spark.")
        yield None
        return
    with _session(master) as session:
        yield Spark(session, session.sparkContext.master or "")


@dataclass(frozen=True)
class Spark:
    """A cluster, by a session on it."""

    session: SparkSession
    master: str
    """Its URL, to be told where it fails."""

    def blocks(self, numbers: Sequence[int], do: Callable[[int], Block]) -> Generator[tuple[int, Block], None, None]:
        """As of `linkage.match.work.Engine`; `do` goes to every executor once.

        Raises:
            InputError: Spark gave up, or had no executor for too long.
            Refused: a block was refused where it was done.
        """
        if numbers:
            with _told(self.master), self._shared(do) as (shared, pool):
                yield from self._jobs(list(numbers), shared, pool)

    @contextmanager
    def _shared(self, do: Callable[[int], Block]) -> Iterator[tuple[Shared, ThreadPoolExecutor]]:
        """What to do, where executors can fetch it, and threads that wait for jobs; nothing of it stays."""
        context, tag = self.session.sparkContext, f"linkage-{secrets.token_hex(8)}"
        shared, pool = context.broadcast(do), ThreadPoolExecutor(JOBS, initializer=lambda: context.addJobTag(tag))
        try:
            yield shared, pool
        finally:
            with suppress(Exception):  # what can fail here has failed before, and that is what is told
                context.cancelJobsWithTag(tag)
            pool.shutdown(cancel_futures=True)
            with suppress(Exception):
                shared.destroy()

    def _jobs(self, todo: list[int], shared: Shared, pool: ThreadPoolExecutor) -> Iterator[tuple[int, Block]]:
        waiting, seen = set[Future[pa.Table]](), time.monotonic()
        while todo or waiting:
            while todo and len(waiting) < JOBS:
                many = max(1, self.session.sparkContext.defaultParallelism)
                job, todo = self._job(shared, todo[:many]), todo[many:]
                waiting.add(pool.submit(job.toArrow))
            ended, waiting = wait(waiting, POLL, FIRST_COMPLETED)
            seen = time.monotonic() if ended or self.executors() else seen
            if time.monotonic() - seen > PATIENCE:
                raise InputError(
                    f"the cluster had no executor for {PATIENCE:.0f} seconds", where=printable(self.master),
                    hint="Look at the master's page: are workers alive, with a core and spark.executor.memory (1g) to "
                    "spare?",
                )  # fmt: skip
            for future in ended:
                yield from _received(future.result())

    def _job(self, shared: Shared, numbers: list[int]) -> DataFrame:
        """One block per partition, and one partition per task."""
        rows = self.session.range(0, len(numbers), 1, len(numbers))
        with _without_pandas():
            return rows.mapInArrow(
                _Task(shared, numbers, linkage.__version__), ", ".join(" ".join(c) for c in COLUMNS.items())
            )

    def executors(self) -> int:
        """How many there are now; for ``local[n]`` the driver."""
        known = int(self.session.sparkContext._jsc.sc().getExecutorMemoryStatus().size())  # the driver is one of them
        return known if self.master.startswith("local[") else known - 1


@dataclass(frozen=True)
class _Task:
    """What an executor does. Pickled by Spark: a name, some numbers, and the number of the broadcast."""

    shared: Shared
    numbers: list[int]
    version: str

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Places in `numbers` in, blocks out."""
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield pa.RecordBatch.from_pylist([self._row(self.numbers[place])], SCHEMA)

    def _row(self, number: int) -> dict[str, Any]:
        if linkage.__version__ != self.version:
            said = f"an executor has linkage {linkage.__version__}, and this is {self.version}"
            return {"number": number, "refused": said, "hint": "Install the same version on every machine."}
        try:
            block = self.shared.value(number)
        except Refused as error:
            return {"number": number, "refused": error.message, "hint": error.hint}
        left, right, different = block.pairs
        return {
            "number": number, "left": left, "right": right, "different": different,
            "compared": block.compared, "spared": block.spared,
        }  # fmt: skip


def _received(table: pa.Table) -> Iterator[tuple[int, Block]]:
    """The blocks of a job."""
    for batch in table.to_batches():
        for row in range(len(batch)):
            said = {name: batch.column(name)[row] for name in batch.schema.names}
            if said["refused"].is_valid:
                raise Refused(said["refused"].as_py(), hint=said["hint"].as_py())
            left, right, different = (said[name].values.to_numpy() for name in ("left", "right", "different"))
            yield (
                said["number"].as_py(),
                Block((left, right, different), said["compared"].as_py(), said["spared"].as_py()),
            )


@contextmanager
def _told(master: str) -> Iterator[None]:
    """Our error where Spark gives up."""
    try:
        yield
    except LinkageError:
        raise
    except Exception as error:
        raise InputError(
            f"Spark gave up: {_last_word(error)}", where=printable(master),
            hint="Every machine needs this Python and linkage (PYSPARK_PYTHON says where), and memory for the filters "
            "of both sides per core. What was finished is kept where a run is resumable.",
        ) from None  # fmt: skip


def _last_word(error: Exception) -> str:
    """The line that says why, out of two languages' stack traces."""
    lines = str(error).partition("JVM stacktrace:")[0].splitlines()
    said = [line.strip() for line in lines if re.match(r"\s*[\w.]*(Error|Exception)\b.*: ", line)]
    return printable(said[-1] if said else f"{type(error).__name__}: {lines[0] if lines else ''}")


@contextmanager
def _session(master: str | None) -> Iterator[SparkSession]:
    """The session of this process where there is one, else one of our own."""
    try:
        from pyspark import SparkContext
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError("pyspark is not installed", hint="pip install 'linkage[spark]'") from None
    there = SparkContext._active_spark_context
    if there is not None:
        if master not in (None, there.master):
            raise InputError(
                f"this process has a Spark session already, on {printable(there.master or '')}",
                where=printable(master or ""), hint="Leave master out to use it, or stop it first.",
            )  # fmt: skip
        yield SparkSession.builder.getOrCreate()
        return
    if master is None:
        raise InputError(
            "no cluster is named", where="master",
            hint=f"Add --master {EXAMPLE}. On one machine the local engine gives the same links without Spark.",
        )  # fmt: skip
    _java()
    own: dict[str, str | None] = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": _reached(master)}
    builder = SparkSession.builder.master(master).appName("linkage")
    builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    try:
        with _defaults(own), _without_pandas():
            session = builder.getOrCreate()
    except Exception as error:
        raise InputError(
            f"Spark did not start: {_last_word(error)}", where=printable(master),
            hint="It needs Java 17 or newer, and a master of its own version.",
        ) from None  # fmt: skip
    try:
        session.sparkContext.setLogLevel("ERROR")
        yield session
    finally:
        with suppress(Exception):  # what it says while it goes means nothing to anybody
            session.sparkContext.setLogLevel("OFF")
        session.stop()


def _java() -> None:
    """Complain before Spark does."""
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(home) / "bin") if home else None) is None:
        raise InputError(
            "no Java here, which Spark runs on", where="JAVA_HOME" if home else "",
            hint="Install Java 17 or newer (Debian: openjdk-17-jre-headless), or set JAVA_HOME.",
        )  # fmt: skip


def _reached(master: str) -> str | None:
    """This machine's address as the master sees it, which executors will call; None where Spark must find out.

    Raises:
        InputError: not a master's URL, or no standalone master answers; Spark itself would try for a minute.
    """
    if not MASTERS.fullmatch(master):
        raise InputError("not a master that Spark knows", where=printable(master), hint=f"Name it as {EXAMPLE}.")
    if not master.startswith("spark://"):
        return None
    for place in master.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        try:
            connection = socket.create_connection((host.strip("[]"), int(port)), ANSWER)
        except (OSError, ValueError, OverflowError):
            continue
        with connection:
            return str(connection.getsockname()[0]) if connection.family == socket.AF_INET else None
    raise InputError(
        "no Spark master answers there", where=printable(master),
        hint=f"The master's own page names it: {EXAMPLE}.",
    )  # fmt: skip


@contextmanager
def _without_pandas() -> Iterator[None]:
    """No word of pandas 3: Arrow batches do not touch it. Only in the caller's thread: filters are of the process."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


@contextmanager
def _defaults(values: dict[str, str | None]) -> Iterator[None]:
    """Environment variables for who has not set them."""
    ours = {name: value for name, value in values.items() if value and name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]
