"""Dask clusters and an object store on loopback, for as long as a test takes."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.batch.runs import Code, wait_gone

QUIET = {
    "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error",
    "DASK_DISTRIBUTED__DASHBOARD__LINK": "",
}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A scheduler and workers, each a process started by hand on loopback."""

    def __init__(self, code: Code, folder: Path, environment: dict[str, str]) -> None:
        self._code = code
        self._folder = folder
        self._environment = {**os.environ, **QUIET, **environment, "PYTHONPATH": str(code.root)}
        self.address = f"tcp://127.0.0.1:{free_port()}"
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
def by_hand(code: Code, folder: Path, workers: int, **environment: str) -> Iterator[Cluster]:
    """A scheduler and so many workers, with their logs in a new `folder`."""
    folder.mkdir()
    cluster = Cluster(code, folder, environment)
    try:
        cluster.scheduler()
        for _ in range(workers):
            cluster.worker()
        yield cluster
    finally:
        cluster.stop()


_LOCAL = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
                      host="127.0.0.1") as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextlib.contextmanager
def local_cluster(code: Code, folder: Path) -> Iterator[str]:
    """The address of a LocalCluster of two workers, in a process of its own."""
    script = folder / "cluster.py"
    script.write_text(_LOCAL)
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
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def at_work(worker: psutil.Process) -> bool:
    """Whether a Dask worker's own workers run a tshark."""
    names = []
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in worker.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                names.append(child.name())
    return "bwrap" in names or "tshark" in names


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A server of the S3 protocol: the environment that finds it, and its files."""

    environment: dict[str, str]
    files: Any

    def put(self, folder: Path, place: str) -> None:
        """Copies what lies in a folder."""
        self.files.put(f"{folder}/", place, recursive=True)

    def get(self, place: str, folder: Path) -> None:
        """Copies what lies in the store."""
        self.files.get(place, str(folder), recursive=True)


@contextlib.contextmanager
def object_store() -> Iterator[ObjectStore]:
    """moto's server with an empty `bucket`; needs moto[server] and s3fs."""
    import s3fs
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
        files = s3fs.S3FileSystem(
            key=environment["AWS_ACCESS_KEY_ID"],
            secret=environment["AWS_SECRET_ACCESS_KEY"],
            endpoint_url=environment["AWS_ENDPOINT_URL"],
        )
        files.mkdir("bucket")
        yield ObjectStore(environment, files)
    finally:
        server.stop()
