"""Runs of the batch command in processes of their own, to be stopped, killed and compared."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

NOT_COMPARED = frozenset({"log.jsonl", ".lock"})
"""The log has times in it; the lock is empty."""

ORPHANS_GONE_WITHIN = float(os.environ.get("LABSHARK_TEST_ORPHAN_SECONDS", "5"))
"""A machine at leisure needs a tenth of a second; tests share theirs."""


@dataclass(frozen=True, slots=True)
class Code:
    """A copy of labshark's code: the checkout may change under a test's feet, this does not."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *arguments: object) -> list[str]:
        """`labshark ARGUMENTS`."""
        return [sys.executable, "-P", "-m", "report.commands.main", *map(str, arguments)]

    def started(self, *arguments: object, **environment: str) -> "subprocess.Popen[str]":
        """The command, running."""
        return subprocess.Popen(
            self.command(*arguments),
            env={**os.environ, "PYTHONPATH": str(self.root), **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_heeding_ctrl_c,
        )

    def run(self, *arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
        """The command, run to its end."""
        process = self.started(*arguments, **environment)
        out, err = process.communicate(timeout=1800)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _heeding_ctrl_c() -> None:
    """Tests run in the background ignore SIGINT, and what they start inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def results(out: Path) -> dict[str, Any]:
    """Every result by student, as JSON."""
    found = (json.loads(path.read_bytes()) for path in sorted((out / "results").glob("*.json")))
    return {result["who"]["id"]: result for result in found}


def statuses(out: Path) -> dict[str, str]:
    """Every student's status."""
    return {student: result["status"] for student, result in results(out).items()}


def tree(out: Path) -> dict[str, bytes]:
    """Every output file and its bytes, those aside that differ from run to run."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in NOT_COMPARED
    }


def check_not_torn(out: Path) -> dict[str, tuple[int, int]]:
    """That every result can be read and every file it names is whole; where and when each lies."""
    there = {}
    for path in (out / "results").glob("*.json"):
        result = json.loads(path.read_bytes())
        for name, facts in result["files"].items():
            data = (out / result["folder"] / name).read_bytes()
            assert len(data) == facts["size"], (path, name)
            assert hashlib.sha256(data).hexdigest() == facts["sha256"], (path, name)
        status = path.stat()
        there[path.name] = (status.st_ino, status.st_mtime_ns)
    return there


def family(pid: int) -> list[psutil.Process]:
    """A process's descendants."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def wait_gone(processes: list[psutil.Process], seconds: float = 1.0) -> list[psutil.Process]:
    """Those of the processes that are still there after so long."""
    end = time.monotonic() + seconds
    alive = [p for p in processes if _alive(p)]
    while alive and time.monotonic() < end:
        time.sleep(0.02)
        alive = [p for p in alive if _alive(p)]
    return alive


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_runner(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """SIGKILL to the runner alone; gives the children that outlived it for too long."""
    children = family(process.pid)
    process.kill()
    process.communicate()
    return wait_gone(children, ORPHANS_GONE_WITHIN)


def workers(process: "subprocess.Popen[str]", module: str) -> list[psutil.Process]:
    """The runner's worker processes that run `module`."""
    found = []
    for child in family(process.pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if module in child.cmdline():
                found.append(child)
    return found


@contextlib.contextmanager
def stopping_at_end(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Leaves nothing behind when a test fails."""
    try:
        yield
    finally:
        children = family(process.pid)
        if process.poll() is None:
            process.kill()
            process.communicate()
        for child in wait_gone(children, 5):
            child.kill()
