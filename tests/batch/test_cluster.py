"""The same class on Dask clusters and behind object stores: every byte as on one machine."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.batch.classes import BROKEN, Source, later
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

QUIET = {
    "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error",
    "DASK_DISTRIBUTED__DASHBOARD__LINK": "",
}


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A scheduler and workers, each a process started by hand on loopback."""

    def __init__(self, code: Code, folder: Path, environment: dict[str, str]) -> None:
        self._code = code
        self._folder = folder
        self._environment = {**os.environ, **QUIET, **environment, "PYTHONPATH": str(code.root)}
        self.address = f"tcp://127.0.0.1:{_free_port()}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """`dask COMMAND`, in the background."""
        log = (self._folder / f"{command[0]}-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            env=self._environment,
            cwd=self._folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def scheduler(self) -> None:
        """The scheduler, listening."""
        host, port = self.address.removeprefix("tcp://").split(":")
        self.start("scheduler", "--host", host, "--port", port, "--no-dashboard", "--no-jupyter")
        end = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
                return
            assert time.monotonic() < end, self.said()
            time.sleep(0.1)

    def worker(self) -> "subprocess.Popen[bytes]":
        """A worker of one thread, without a nanny that would bring it back."""
        return self.start(
            *("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"),
            *("--host", "127.0.0.1", "--local-directory", str(self._folder)),
        )

    def said(self) -> str:
        """What its processes wrote."""
        return "\n".join(p.read_text("utf-8", "replace") for p in self._folder.glob("*.log"))

    def stop(self) -> None:
        """Ends all of it, and whatever its workers had started."""
        for process in self.processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                children = psutil.Process(process.pid).children(recursive=True)
                process.kill()
                process.wait()
                for child in wait_gone(children, 5):
                    child.kill()


@contextlib.contextmanager
def _cluster(code: Code, folder: Path, workers: int, **environment: str) -> Iterator[Cluster]:
    folder.mkdir()
    cluster = Cluster(code, folder, environment)
    try:
        cluster.scheduler()
        for _ in range(workers):
            cluster.worker()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def cluster(code: Code, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers started by hand."""
    with _cluster(code, tmp_path_factory.mktemp("cluster") / "one", 2) as made:
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
        assert "8 of them were done before." in again.stderr
        assert check_not_torn(tmp_path) == before


def test_a_killed_worker_costs_nothing(code: Code, six: Path, alone: Path, tmp_path: Path) -> None:
    with _cluster(code, tmp_path / "cluster", 2) as made:
        out = tmp_path / "out"
        options = ("batch", six, "--out", out, "--no-pdf", "--scheduler", made.address)
        process = code.started(*options)
        with stopping_at_end(process):
            victim = psutil.Process(made.processes[1].pid)
            end = time.monotonic() + 120
            # At work: its own worker process has begun to read a capture.
            while not _at_work(victim):
                assert time.monotonic() < end, made.said()
                time.sleep(0.02)
            children = victim.children(recursive=True)
            victim.kill()
            _, said = process.communicate(timeout=300)
            assert process.returncode == 1, said + made.said()
            assert wait_gone(children, 5) == []
        assert tree(out) == tree(alone)


def _at_work(worker: psutil.Process) -> bool:
    """Whether a Dask worker's own workers have begun on a capture."""
    names = []
    for child in worker.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            names.append(child.name())
    return "bwrap" in names or "tshark" in names


def test_a_folder_that_all_see_is_read_and_written_by_the_workers(
    code: Code, cluster: Cluster, six: Path, alone: Path, tmp_path: Path
) -> None:
    run = code.run(
        *("batch", six.as_uri(), "--out", tmp_path.as_uri(), "--no-pdf"),
        *("--scheduler", cluster.address),
    )
    assert run.returncode == 1, run.stderr + cluster.said()
    assert tree(tmp_path) == tree(alone)


def test_local_cluster(code: Code, six: Path, alone: Path, tmp_path: Path) -> None:
    script = tmp_path / "cluster.py"
    script.write_text(
        "import sys, time\n"
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,\n"
        "                      host='127.0.0.1') as cluster:\n"
        "        print(cluster.scheduler_address, flush=True)\n"
        "        sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, **QUIET, "PYTHONPATH": str(code.root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        address = process.stdout.readline().strip()
        out = tmp_path / "out"
        run = code.run("batch", six, "--out", out, "--no-pdf", "--scheduler", address)
        assert run.returncode == 1, run.stderr
        assert tree(out) == tree(alone)
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


@pytest.fixture(scope="module")
def store(six: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An S3-compatible server on loopback with the class in it; the environment that finds it."""
    pytest.importorskip("moto", reason="needs moto, a server of the S3 protocol")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "NO_PROXY": "127.0.0.1",
        }
        _bucket(environment).put(str(six) + "/", "bucket/class/", recursive=True)
        yield environment
    finally:
        server.stop()


def _bucket(environment: dict[str, str]) -> Any:
    s3fs = pytest.importorskip("s3fs", reason="needs s3fs and moto[server]")

    store = s3fs.S3FileSystem(
        key=environment["AWS_ACCESS_KEY_ID"],
        secret=environment["AWS_SECRET_ACCESS_KEY"],
        endpoint_url=environment["AWS_ENDPOINT_URL"],
    )
    with contextlib.suppress(FileExistsError):
        store.mkdir("bucket")
    return store


def test_an_object_store_is_read_and_written_by_the_workers(
    code: Code, store: dict[str, str], alone: Path, tmp_path: Path
) -> None:
    with _cluster(code, tmp_path / "cluster", 2, **store) as made:
        options = (
            *("batch", "s3://bucket/class", "--out", "s3://bucket/out", "--no-pdf"),
            *("--scheduler", made.address),
        )
        run = code.run(*options, **store)
        assert run.returncode == 1, run.stderr + made.said()
        again = code.run(*options, **store)
        assert "8 of them were done before." in again.stderr, again.stderr
    copy = tmp_path / "copy"
    _bucket(store).get("bucket/out/", str(copy), recursive=True)
    assert tree(copy) == tree(alone)


def test_nobody_at_the_address(code: Code, six: Path, tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{_free_port()}"
    run = code.run(
        *("batch", six, "--out", tmp_path / "out", "--scheduler", address),
        DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="2s",
    )
    assert run.returncode == 2
    assert "[cluster-unreachable]" in run.stderr
    assert "Traceback" not in run.stderr


def test_another_labshark_on_a_worker_is_refused(code: Code, six: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(code.root, other)
    lab = other / "report" / "labs" / "tls-v8.1.toml"
    lab.write_text(lab.read_text("utf-8") + "\n# one byte is enough\n", "utf-8")
    with _cluster(Code(other), tmp_path / "cluster", 1) as made:
        run = code.run(
            *("batch", six, "--out", tmp_path / "out", "--no-pdf", "--scheduler", made.address)
        )
    assert run.returncode == 2, run.stderr
    assert "[cluster-versions]" in run.stderr
    assert json.dumps(str(tmp_path)) not in run.stderr
