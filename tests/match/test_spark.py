"""Spark gives the links of the local engine, on a real cluster of two workers, whatever happens to one of them."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linkage
import protocols
from cluster import Cluster, cluster, marked, refusing, wrong
from linkage import files
from linkage.errors import InputError, Refused
from linkage.links import Links
from linkage.match import blocking, comparison, match, sampled, spark, work
from linkage.match.comparison import Rule, Side
from linkage.match.work import Progress, Work
from linkage.protocol.load import loads
from linkage.protocol.model import Protocol
from linkage.protocol.stages import SampledBits
from linkage.roles import unit
from linkage.tables import Encodings
from simulator import PASSPHRASE, Simulator

SAMPLED = SampledBits(method="sampled-bits", target_recall=0.9, all_pairs_up_to=0)
RULE = Rule("dice", 0.8, 16)
ROWS = 240
SEED = "abcdefghijklmnopqrstuvwxyzab"


def protocol_of(text: str, **matching: Any) -> Protocol:
    protocol = loads(text.encode(), name="p.yml")
    return protocol.model_copy(update={"matching": protocol.matching.model_copy(update=matching)})


PROTOCOLS = {
    "numbers, then Dice, some rows alike": protocol_of(protocols.CLK),
    "optimal": protocol_of(protocols.CLK, assignment="one-to-one-optimal"),
    "many to one": protocol_of(protocols.CLK, assignment="many-to-one"),
    "hardened, the threshold chosen": protocol_of(protocols.SHIPPED),
    "Tversky, the threshold chosen, no number": protocol_of(protocols.WITHOUT_NUMBER),
    "sampled bits": protocol_of(protocols.CLK, blocking=SAMPLED),
    "sampled bits, the threshold chosen": protocol_of(protocols.WITHOUT_NUMBER, blocking=SAMPLED),
}


def encodings(protocol: Protocol, seed: int = 1) -> list[Encodings]:
    """Two registers of the same persons: some with equal numbers, many alike, some twins bit for bit."""
    bits = 64 * protocol.layout(protocol.custodians[0].id).words
    share = 0.5 if protocol.encoding.profile == "hardened" else 0.3
    draw = np.random.default_rng(seed)
    persons = draw.random((ROWS, bits)) < share
    persons[ROWS // 2 : ROWS // 2 + 20] = persons[:20]
    numbers = draw.integers(1, 256, (ROWS, 16), dtype=np.uint8) * (draw.random((ROWS, 1)) < 0.3).astype(np.uint8)
    sides = []
    for party in protocol.custodians:
        layout = protocol.layout(party.id)
        changed = persons ^ (draw.random((ROWS, bits)) < draw.choice([0.0, 0.02, 0.08], (ROWS, 1)))
        order = draw.permutation(ROWS)
        filters = np.packbits(changed[order], axis=1, bitorder="little").view("<u8").astype(np.uint64)
        handles = draw.integers(0, 256, (ROWS, 16), dtype=np.uint8)
        tokens = dict.fromkeys(layout.tokens, numbers[order])
        codes = {name: np.zeros(ROWS, np.int16) for name, _ in layout.categories}
        sides.append(Encodings(party.id, protocol.digest, handles, tokens, filters, codes))
    return sides


OPTIMAL = PROTOCOLS["optimal"]


def plain(value: Any) -> Any:
    """A value that can be compared."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return {f.name: plain(getattr(value, f.name)) for f in fields(value)} if is_dataclass(value) else value


def same(one: Links, other: Links) -> None:
    """All that links say, and what is known of them."""
    assert plain(one) == plain(other)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers, which are gone at the end."""
    if shutil.which("java") is None or sys.platform != "linux":
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("NO SPARK IS TESTED HERE: it needs Linux and Java 17 (apt install openjdk-17-jre-headless)")
    with cluster(tmp_path_factory.mktemp("spark")) as started, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(started.folder / "conf"))
        yield started
        end_the_gateway()
    assert not started.running()


def end_the_gateway() -> None:
    """PySpark keeps its JVM until Python ends."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        process = gateway.proc  # type: ignore[attr-defined]
        process.stdin.close()
        process.wait(30)
        SparkContext._gateway = SparkContext._jvm = None


@pytest.fixture(scope="module")
def engine(workers: Cluster) -> Iterator[spark.Spark]:
    """One session for all tests that do not look at sessions: starting one takes seconds."""
    with spark.engine("spark", workers.url) as started:
        assert isinstance(started, spark.Spark)
        yield started


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many blocks of few rows, and keys that are worth it on few."""
    monkeypatch.setattr(comparison, "SLICE_ROWS", 16)
    monkeypatch.setattr(blocking, "ROW", 0.0)
    monkeypatch.setattr(blocking, "CANDIDATE", 0.0001)


def bare(rows: int, seed: int = 3) -> tuple[comparison.Filters, comparison.Filters]:
    left = np.random.default_rng(seed).integers(0, 2**64, (rows, 16), dtype=np.uint64)
    right = left.copy()
    right[:, :2] = 0
    return left, right


class Stopped(Exception):
    """As a person who presses Ctrl-C, only sooner."""


def until(done: Callable[[], bool]) -> bool:
    """Whether it comes true within two minutes."""
    end = time.monotonic() + 120
    while not done() and time.monotonic() < end:
        time.sleep(0.05)
    return done()


@pytest.mark.usefixtures("small", "engine")
@pytest.mark.parametrize("case", PROTOCOLS)
def test_links_are_those_of_the_local_engine(case: str, workers: Cluster) -> None:
    protocol, told = PROTOCOLS[case], list[Progress]()
    sides = encodings(protocol)
    local = match(sides, protocol, seed=SEED, cores=1)
    links = match(sides, protocol, seed=SEED, engine="spark", master=workers.url, progress=told.append)
    same(links, local)
    assert len(links) > ROWS // 2
    assert (links.coverage[0].method == "sampled-bits") == case.startswith("sampled")
    assert {p.done for p in told if p.stage == told[-1].stage} > {0, told[-1].total}  # told on the way


@pytest.mark.usefixtures("small", "engine")
@pytest.mark.parametrize("blocks", [SAMPLED, None], ids=["sampled bits", "all pairs"])
@pytest.mark.parametrize("first", ["local", "spark"])
def test_a_run_that_one_engine_began_is_ended_by_the_other(
    first: str, blocks: SampledBits | None, tmp_path: Path
) -> None:
    protocol = protocol_of(protocols.CLK, **({"blocking": blocks} if blocks else {}))
    sides, folder, told = encodings(protocol), tmp_path / "state", list[Progress]()

    def stop(progress: Progress) -> None:
        if progress.done:
            raise Stopped

    with pytest.raises(Stopped):
        match(sides, protocol, seed=SEED, engine=first, resume=folder, progress=stop)
    assert list(folder.rglob("*.block"))
    other = "spark" if first == "local" else "local"
    links = match(sides, protocol, engine=other, resume=folder, progress=told.append)
    assert 0 < told[0].done < told[0].total
    same(links, match(sides, protocol, seed=SEED))
    assert not folder.exists()


@pytest.mark.usefixtures("small")
def test_a_stopped_run_leaves_nothing_running_and_no_filter_behind(engine: spark.Spark) -> None:
    context = engine.session.sparkContext
    left, right = bare(3_000)

    def stop(progress: Progress) -> None:
        if progress.done:
            assert list(Path(context._temp_dir).iterdir())
            raise Stopped

    with pytest.raises(Stopped):
        comparison.all_pairs(left, right, RULE, Work(progress=stop, engine=engine))
    assert until(lambda: not context.statusTracker().getActiveJobsIds())
    assert not list(Path(context._temp_dir).iterdir())


@pytest.mark.usefixtures("small")
def test_a_worker_killed_in_mid_run_changes_nothing(workers: Cluster, engine: spark.Spark) -> None:
    left, right = bare(6_000)
    told, killed = list[Progress](), list[int]()

    def kill(progress: Progress) -> None:
        told.append(progress)
        if progress.done and not killed:
            killed.append(len(workers.running()))
            workers.kill_worker(0)
            killed.append(len(workers.running()))

    pairs = comparison.all_pairs(left, right, RULE, Work(progress=kill, engine=engine))
    assert killed[0] - killed[1] >= 3, "the worker, its executor, and the Python of that"
    at = next(p for p in told if p.done)
    assert at.done < at.total / 2, "two jobs were running, and more were to come"
    assert told[-1].done == told[-1].total
    local = comparison.all_pairs(left, right, RULE, Work())
    assert [pairs.left.tolist(), pairs.right.tolist()] == [local.left.tolist(), local.right.tolist()]
    assert (pairs.score == local.score).all()
    assert len(pairs) == 6_000
    workers.start_worker()


def test_tasks_that_were_lost_with_their_worker_are_done_again(workers: Cluster, engine: spark.Spark) -> None:
    """Both executors are at work when one is killed: each has said that it has begun, and waits."""
    begun = workers.folder / "begun"
    begun.mkdir()
    assert until(lambda: engine.executors() == 2)
    done = engine.blocks(range(6), partial(marked, str(begun), 2))
    got = dict([next(done)])  # the first job of two blocks has ended
    assert until(lambda: len(list(begun.iterdir())) >= 4)
    workers.kill_worker(len(workers.workers) - 1)
    (workers.folder / "go").touch()
    got |= dict(done)
    assert sorted(got) == list(range(6))
    assert [got[n].compared for n in range(6)] == list(range(6))
    marks = [path.name.partition(" ")[0] for path in begun.iterdir()]
    assert len(marks) > len(set(marks)), "some block was begun twice"
    workers.start_worker()


@pytest.mark.usefixtures("small")
def test_too_many_pairs_are_refused_as_by_the_local_engine(
    engine: spark.Spark, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MOST_PAIRS", 1_000)
    monkeypatch.setattr(work, "MOST_PER_ROW", 0)
    left = np.full((200, 16), 0xF0F0, np.uint64)
    for how in (Work(engine=engine), Work()):
        with pytest.raises(Refused, match="more than 1,000 pairs reach the threshold") as refused:
            comparison.all_pairs(left, left, RULE, how)
        assert "higher threshold" in refused.value.hint


def test_what_goes_wrong_on_the_cluster_is_told_in_one_line(
    engine: spark.Spark, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError) as told:
        list(engine.blocks([7], wrong))
    assert told.value.message == "Spark gave up: MemoryError: no room for block 7"
    assert "memory" in told.value.hint
    with pytest.raises(Refused, match="block 7 says no") as refused:
        list(engine.blocks([7], refusing))
    assert refused.value.hint == "Ask for another."
    monkeypatch.setattr(linkage, "__version__", "9.9")
    with pytest.raises(Refused, match=r"an executor has linkage .*, and this is 9\.9"):
        list(engine.blocks([7], refusing))


def test_a_session_that_is_there_is_used_and_stays(workers: Cluster, engine: spark.Spark) -> None:
    with spark.engine("spark", None) as there:
        assert isinstance(there, spark.Spark)
        assert there.session.sparkContext is engine.session.sparkContext
    with pytest.raises(InputError, match="has a Spark session already, on spark://127"):
        match(encodings(OPTIMAL), OPTIMAL, engine="spark", master="spark://elsewhere:7077")
    assert engine.session.sparkContext.applicationId


def test_what_goes_to_a_cluster_is_filters_and_no_token_or_handle() -> None:
    protocol = PROTOCOLS["sampled bits"]
    sides = encodings(protocol)
    left, right = (Side.of(e.filters) for e in sides)
    plan, _ = blocking.plan(left, right, RULE, 0.9)
    plan = plan or sampled.Plan(3, 8, np.arange(1_024), 0.9, 0.9, 1.0, 1.0)
    for do in (comparison._Comparison(left, right, RULE).block, sampled.Tables(left, right, RULE, plan, SEED).table):
        sent = pickle.dumps(do, pickle.HIGHEST_PROTOCOL)
        assert len(sent) < sum(e.filters.nbytes for e in sides) + 12_000
        for e in sides:
            assert e.filters[5].tobytes() in sent
            assert not [row for row in e.handles if row.tobytes() in sent]
            assert not [row for token in e.tokens.values() for row in token if row.any() and row.tobytes() in sent]
        one, other = do(2), pickle.loads(sent)(2)  # noqa: S301 -- our own
        assert [c.tolist() for c in one.pairs] == [c.tolist() for c in other.pairs]
        assert (one.compared, one.spared) == (other.compared, other.spared)


def test_blocks_travel_in_as_many_rows_as_here(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = (Side.of(side) for side in bare(400))
    monkeypatch.setattr(comparison, "SLICE_ROWS", 16)
    made = comparison._Comparison(left, right, RULE)
    sent = pickle.dumps(made)
    monkeypatch.undo()
    assert pickle.loads(sent).rows == made.rows == 25  # noqa: S301 -- our own


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark import SparkContext

    monkeypatch.setattr(SparkContext, "_active_spark_context", None)


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize(
    ("engine_", "master", "text"),
    [
        ("local", "spark://127.0.0.1:7077", "only the engine spark has a master"),
        ("flink", None, "one of the engines local, spark"),
        ("spark", None, r"no cluster is named\n.*the local engine"),
        ("spark", "spark://127.0.0.1:1", r"spark://127.0.0.1:1: no Spark master answers there"),
        ("spark", "spark://nowhere.invalid:7077", "no Spark master answers there"),
        ("spark", "spark://127.0.0.1", "no Spark master answers there"),
        ("spark", "spark://127.0.0.1:99999", "no Spark master answers there"),
        ("spark", "127.0.0.1:7077", r"127.0.0.1:7077: not a master that Spark knows\n.*spark://HOST:7077"),
    ],
)
def test_a_wrong_engine_or_master_is_told_at_once(engine_: str, master: str | None, text: str) -> None:
    with pytest.raises(InputError, match=text):
        match(encodings(OPTIMAL), OPTIMAL, engine=engine_, master=master)


@pytest.mark.usefixtures("no_session")
def test_missing_pyspark_and_java_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"no Java here.*\n.*openjdk-17-jre-headless"):
        match(encodings(OPTIMAL), OPTIMAL, engine="spark", master="spark://127.0.0.1:7077")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(InputError, match="JAVA_HOME: no Java here"):
        match(encodings(OPTIMAL), OPTIMAL, engine="spark", master="spark://127.0.0.1:7077")
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(InputError, match=r"pyspark is not installed\n  pip install 'linkage\[spark\]'"):
        match(encodings(OPTIMAL), OPTIMAL, engine="spark", master="spark://127.0.0.1:7077")


@pytest.mark.usefixtures("small")
def test_a_session_that_ends_in_mid_run_is_told(engine: spark.Spark) -> None:
    """After this there is no session: the next tests begin their own."""

    def end(progress: Progress) -> None:
        if progress.done:
            engine.session.stop()

    left, right = bare(2_000)
    with pytest.raises(InputError, match="Spark gave up: "):
        comparison.all_pairs(left, right, RULE, Work(progress=end, engine=engine))


def test_the_command_matches_on_a_cluster_and_the_ledger_tells(
    workers: Cluster, agreed: Simulator, tmp_path: Path
) -> None:
    """As the unit would: a process of its own, with a session of its own, which is gone at the end."""
    for party in ("mbo", "gemeente"):
        agreed.tokenise(party)
    agreed.carry()
    local = agreed.match()
    home = agreed.homes["unit"]
    here = agreed.linkage("unit").links.read_bytes()
    password = files.write(tmp_path / "pass", PASSPHRASE)
    command = [sys.executable, "-m", "linkage", "match", "--home", str(home.path), "--json"]
    command += ["--passphrase-file", str(password), "--engine", "spark", "--master", workers.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["links"] == dict(local.links)
    assert agreed.linkage("unit").links.read_bytes() == here
    engines = [entry.facts["engine"] for entry in home.ledger.entries() if entry.act == "match"]
    assert engines == ["local", "spark"]
    assert until(lambda: workers.executors() == 0)
    left = b"\n".join(path.read_bytes() for path in workers.folder.rglob("*") if path.is_file())
    assert b"linkage" in left, "logs, at least"
    for party in ("mbo", "gemeente"):
        sent = unit._encodings(home, agreed.identities["unit"], agreed.linkage("unit"), party)
        for row in (*sent.handles, *(token for column in sent.tokens.values() for token in column if token.any())):
            assert row.tobytes() not in left
            assert row.tobytes().hex().encode() not in left


def test_a_cluster_without_workers_is_told_and_not_waited_for(
    workers: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test here: it needs both workers dead."""
    monkeypatch.setattr(spark, "PATIENCE", 2.0)
    left, right = bare(2_000)
    for number in range(len(workers.workers)):
        workers.kill_worker(number)
    with (
        spark.engine("spark", workers.url) as lonely,
        pytest.raises(InputError, match=r"had no executor for 2 seconds\n.*are workers alive"),
    ):
        comparison.all_pairs(left, right, RULE, Work(engine=lonely))


def test_a_port_that_answers_and_is_no_master(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        assert spark._reached(f"spark://127.0.0.1:1,127.0.0.1:{one.getsockname()[1]}") == "127.0.0.1"


def test_the_local_engine_needs_no_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    sides = encodings(OPTIMAL)
    same(match(sides, OPTIMAL, cores=1), match(sides, OPTIMAL, engine="local"))
    assert replace(Work(), engine=None) == Work()
    assert work.Threads(1) == work.Threads(1)
