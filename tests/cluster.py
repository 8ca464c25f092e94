"""A standalone Spark cluster on loopback, for tests and benchmarks: a master, and workers of one core each.

All that it starts is in sessions of its own, so that `stop` finds and ends every process: master, workers, their
executors, and the Python of these. Executors can import this module; its last functions are blocks for them to do.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from linkage.errors import Refused
from linkage.match.resume import Block

DAEMONS = "org.apache.spark.deploy"
CONF = """\
spark.executor.memory {memory}m
spark.ui.enabled false
spark.executorEnv.PYTHONPATH {tests}
"""


@dataclass
class Cluster:
    """The processes of a cluster."""

    folder: Path
    memory: int = 512
    """MB of an executor's JVM; its Python comes on top."""
    port: int = 0
    master: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The master's."""
        return f"spark://127.0.0.1:{self.port}"

    def start(self, workers: int) -> Cluster:
        """Start the master, wait until it listens, and start workers."""
        conf = self.folder / "conf" / "spark-defaults.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text(CONF.format(memory=self.memory, tests=Path(__file__).parent), "utf-8")
        self.port = _free_port()
        ports = ["--port", str(self.port), "--webui-port", str(_free_port())]
        self.master = self._run("master.Master", *ports)
        _until(lambda: _listens(self.port), "the master listens")
        for _ in range(workers):
            self.start_worker()
        return self

    def start_worker(self) -> None:
        """One more worker, registered."""
        known = self._log("master.Master").count("Registering worker")
        options = ["--cores", "1", "--memory", f"{2 * self.memory}m", "--webui-port", str(_free_port())]
        work = ["--work-dir", str(self.folder / f"work-{len(self.workers)}")]
        self.workers.append(self._run("worker.Worker", *options, *work, self.url))
        _until(lambda: self._log("master.Master").count("Registering worker") > known, "a worker registers")

    def kill_worker(self, number: int) -> None:
        """SIGKILL a worker and all that it started, at once."""
        _kill(self.workers[number])

    def running(self) -> list[int]:
        """Processes of the cluster that are there."""
        started = [self.master, *self.workers] if self.master else []
        return [pid for process in started for pid in _members(process.pid)]

    def executors(self) -> int:
        """Processes beyond master and workers: executors, and their Python."""
        daemons = {process.pid for process in [self.master, *self.workers] if process}
        return len(set(self.running()) - daemons)

    def stop(self) -> None:
        """End every process, and wait until it is gone."""
        for process in [*self.workers, self.master]:
            if process:
                _kill(process)
        _until(lambda: not self.running(), "all processes are gone")

    def _run(self, daemon: str, *arguments: str) -> subprocess.Popen[bytes]:
        import pyspark

        home = Path(pyspark.__file__).parent
        places = {"CONF_DIR": self.folder / "conf", "LOCAL_DIRS": self.folder / "local", "HOME": home}
        conf = {f"SPARK_{name}": str(place) for name, place in places.items()} | {"SPARK_LOCAL_IP": "127.0.0.1"}
        command = [home / "bin" / "spark-class", f"{DAEMONS}.{daemon}", "--host", "127.0.0.1", *arguments]
        with self._path(daemon).open("ab") as log:
            return subprocess.Popen(
                command, env={**os.environ, **conf, "SPARK_DAEMON_MEMORY": "256m"}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _path(self, daemon: str) -> Path:
        return self.folder / f"{daemon}.log"

    def _log(self, daemon: str) -> str:
        return self._path(daemon).read_text("utf-8", "replace")


def marked(folder: str, waiting: int, number: int) -> Block:
    """A block that says in a file that it has begun; from number `waiting` on it ends when a file says so."""
    (Path(folder) / f"{number} {os.getpid()}").touch()
    if number >= waiting:
        _until((Path(folder).parent / "go").exists, "somebody says go")
    return Block((np.full(1, number), np.full(1, number), np.full(1, number)), number)


def wrong(number: int) -> Block:
    """A block that cannot be done."""
    raise MemoryError(f"no room for block {number}")


def refusing(number: int) -> Block:
    """A block that is refused."""
    raise Refused(f"block {number} says no", hint="Ask for another.")


@contextmanager
def cluster(folder: Path, workers: int = 2, memory: int = 512) -> Iterator[Cluster]:
    """A cluster that is gone at the end, also when something fails in between."""
    started = Cluster(folder, memory)
    try:
        yield started.start(workers)
    finally:
        started.stop()


def _kill(process: subprocess.Popen[bytes]) -> None:
    for pid in _members(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def _members(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, its, *_ = path.read_text("utf-8", "replace").rpartition(") ")[2].split()
            if int(its) == session and state != "Z":
                found.append(int(path.parent.name))
    return found


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _until(done: Callable[[], bool], what: str, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f"{seconds:.0f} s, and still not: {what}")
        time.sleep(0.05)
