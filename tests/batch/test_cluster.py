"""The same class on Dask clusters and behind object stores: every byte as on one machine."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.batch.classes import BROKEN, Source, later
from tests.batch.clusters import (
    Cluster,
    ObjectStore,
    at_work,
    by_hand,
    free_port,
    local_cluster,
    object_store,
)
from tests.batch.runs import (
    Code,
    check_not_torn,
    statuses,
    stopping_at_end,
    tree,
    wait_gone,
)

pytest.importorskip("distributed", reason="needs labshark[cluster]")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


@pytest.fixture(scope="module")
def six(corpus: list[Source], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six students, one of them with a broken capture, one with two, one with a key log."""
    folder = tmp_path_factory.mktemp("six")
    source = next(s for s in corpus if s.path.stem == "tls13-aes128-gcm")
    data = source.path.read_bytes()
    assert source.keylog is not None
    for number in range(5):
        (folder / f"s{number}.pcapng").write_bytes(later(data, number))
    (folder / "s1.keylog").write_bytes(source.keylog.read_bytes())
    (folder / "s2.pcapng").write_bytes(BROKEN["damaged"][0](data))
    (folder / "s3.pcapng").write_bytes(BROKEN["web-page"][0](data))
    (folder / "s4.pcap").write_bytes(later(data, 4))
    (folder / "none").mkdir()
    (folder / "none" / "essay.md").write_text("nothing")
    return folder


@pytest.fixture(scope="module")
def alone(code: Code, six: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their outputs from this machine alone."""
    out = tmp_path_factory.mktemp("alone")
    assert code.run("batch", six, "--out", out, "--no-pdf", "-q").returncode == 1
    return out


EXPECTED = {
    "s0": "done",
    "s1": "done",
    "s2": "partial",
    "s3": "failed",
    "s4": "duplicate",
    "none": "no_capture",
}


@pytest.fixture(scope="module")
def cluster(code: Code, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers started by hand."""
    with by_hand(code, tmp_path_factory.mktemp("cluster") / "one", 2) as made:
        yield made


def test_captures_travel_to_two_workers_and_reports_back(
    code: Code, cluster: Cluster, six: Path, alone: Path, tmp_path: Path
) -> None:
    options = ("batch", six, "--out", tmp_path, "--no-pdf", "--scheduler", cluster.address)
    run = code.run(*options)
    assert run.returncode == 1, run.stderr + cluster.said()
    assert statuses(tmp_path) == EXPECTED
    assert tree(tmp_path) == tree(alone)
    # And again: nothing is done twice, there or here.
    before = check_not_torn(tmp_path)
    for further in ((*options,), options[:-2]):
        again = code.run(*further)
        assert "7 of them were done before." in again.stderr
        assert check_not_torn(tmp_path) == before


@pytest.mark.long
@pytest.mark.parametrize("moment", ["asked for its versions", "reading a capture"])
def test_a_killed_worker_costs_nothing(
    code: Code, six: Path, alone: Path, tmp_path: Path, moment: str
) -> None:
    with by_hand(code, tmp_path / "cluster", 2) as made:
        out = tmp_path / "out"
        options = ("batch", six, "--out", out, "--no-pdf", "--scheduler", made.address)
        process = code.started(*options)
        with stopping_at_end(process):
            victim = psutil.Process(made.processes[1].pid)
            end = time.monotonic() + 120
            while not (at_work(victim) and _begun(out) == (moment == "reading a capture")):
                assert time.monotonic() < end, made.said()
                time.sleep(0.02)
            children = victim.children(recursive=True)
            victim.kill()
            _, said = process.communicate(timeout=300)
            assert process.returncode == 1, said + made.said()
            assert wait_gone(children, 5) == []
        assert tree(out) == tree(alone)


def _begun(out: Path) -> bool:
    """Whether the versions are known and work on captures has begun."""
    log = out / "log.jsonl"
    return log.exists() and '"event": "run"' in log.read_text("utf-8")


@pytest.mark.long
def test_a_cluster_that_loses_all_its_workers_ends_the_run(
    code: Code, six: Path, alone: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with by_hand(code, tmp_path / "cluster", 1) as made:
        process = code.started(
            *("batch", six, "--out", out, "--no-pdf", "--scheduler", made.address)
        )
        with stopping_at_end(process):
            victim = psutil.Process(made.processes[1].pid)
            end = time.monotonic() + 120
            while not at_work(victim):
                assert time.monotonic() < end, made.said()
                time.sleep(0.02)
            victim.kill()
            _, said = process.communicate(timeout=300)
        assert process.returncode == 2, said
        assert "[cluster-no-workers]" in said
        assert "Traceback" not in said
    assert code.run("batch", six, "--out", out, "--no-pdf", "-q").returncode == 1
    assert tree(out) == tree(alone)


@pytest.mark.long
def test_a_folder_that_all_see_is_read_and_written_by_the_workers(
    code: Code, cluster: Cluster, six: Path, alone: Path, tmp_path: Path
) -> None:
    run = code.run(
        *("batch", six.as_uri(), "--out", tmp_path.as_uri(), "--no-pdf"),
        *("--scheduler", cluster.address),
    )
    assert run.returncode == 1, run.stderr + cluster.said()
    assert tree(tmp_path) == tree(alone)


@pytest.mark.long
def test_local_cluster(code: Code, six: Path, alone: Path, tmp_path: Path) -> None:
    with local_cluster(code, tmp_path) as address:
        out = tmp_path / "out"
        run = code.run("batch", six, "--out", out, "--no-pdf", "--scheduler", address)
        assert run.returncode == 1, run.stderr
        assert tree(out) == tree(alone)


@pytest.fixture(scope="module")
def store(six: Path) -> Iterator[ObjectStore]:
    """An S3-compatible server on loopback with the class in it."""
    for needed in ("moto", "s3fs"):
        pytest.importorskip(needed, reason="needs moto[server] and s3fs: tests/long/README.md")
    with object_store() as made:
        made.put(six, "bucket/class/")
        yield made


@pytest.mark.long
def test_an_object_store_is_read_and_written_by_the_workers(
    code: Code, store: ObjectStore, alone: Path, tmp_path: Path
) -> None:
    with by_hand(code, tmp_path / "cluster", 2, **store.environment) as made:
        options = (
            *("batch", "s3://bucket/class", "--out", "s3://bucket/out", "--no-pdf"),
            *("--scheduler", made.address),
        )
        run = code.run(*options, **store.environment)
        assert run.returncode == 1, run.stderr + made.said()
        again = code.run(*options, **store.environment)
        assert "7 of them were done before." in again.stderr, again.stderr
    store.get("bucket/out/", tmp_path / "copy")
    assert tree(tmp_path / "copy") == tree(alone)


@pytest.mark.parametrize("address", ["", "scheduler.example"])
def test_an_address_without_a_port(address: str, code: Code, six: Path, tmp_path: Path) -> None:
    run = code.run("batch", six, "--out", tmp_path / "out", "--scheduler", address)
    assert run.returncode == 2
    assert "[cluster-unreachable]" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.long
def test_nobody_at_the_address(code: Code, six: Path, tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    run = code.run(
        *("batch", six, "--out", tmp_path / "out", "--scheduler", address),
        DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="2s",
    )
    assert run.returncode == 2
    assert "[cluster-unreachable]" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.long
def test_another_labshark_on_a_worker_is_refused(code: Code, six: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(code.root, other)
    lab = other / "report" / "labs" / "tls-v8.1.toml"
    lab.write_text(lab.read_text("utf-8") + "\n# one byte is enough\n", "utf-8")
    with by_hand(Code(other), tmp_path / "cluster", 1) as made:
        run = code.run(
            *("batch", six, "--out", tmp_path / "out", "--no-pdf", "--scheduler", made.address)
        )
    assert run.returncode == 2, run.stderr
    assert "[cluster-versions]" in run.stderr
    assert json.dumps(str(tmp_path)) not in run.stderr
