"""A worker process that is asked, lost, replaced; its own little program is in this file."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from report.workers import STANDARD_TERM, Message, Term, WorkerLostError, WorkerProcess, serve


def _work(order: Message) -> Message:
    todo = order.values["do"]
    if todo == "raise":
        raise RuntimeError("no such thing")
    if todo == "die":
        print("last words", file=sys.stderr, flush=True)
        os._exit(7)
    if todo == "sleep":
        time.sleep(60)
    if todo == "print":
        print("this is no answer")
    if todo == "grow":
        bytearray(300 << 20)
    if todo == "too much":
        bytearray(8 << 30)
    return Message({"pid": os.getpid()}, {name: data[::-1] for name, data in order.blobs.items()})


@pytest.fixture
def worker(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> WorkerProcess:
    return _worker(checkout, monkeypatch)


def _worker(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, term: Term = STANDARD_TERM
) -> WorkerProcess:
    made = WorkerProcess("tests.test_workers", [str(2 << 30)], term)
    monkeypatch.setattr("report.workers._PACKAGE_PARENT", checkout)
    return made


def _pid(worker: WorkerProcess, todo: str = "answer", seconds: float = 30) -> int:
    return int(worker.do(Message({"do": todo}), seconds).values["pid"])


def test_orders_and_answers_carry_values_and_bytes(worker: WorkerProcess) -> None:
    blobs = {"a": bytes(range(256)) * 9000, "名": b""}
    answer = worker.do(Message({"do": "answer", "nested": [{"x": "汉"}]}, blobs), 30)
    assert answer.blobs == {name: data[::-1] for name, data in blobs.items()}
    assert answer.values["pid"] != os.getpid()
    assert _pid(worker) == answer.values["pid"]
    worker.close()
    assert not psutil.pid_exists(answer.values["pid"])


def test_what_it_prints_is_no_answer(worker: WorkerProcess) -> None:
    assert _pid(worker, "print") == _pid(worker)
    worker.close()


def test_a_worker_that_dies_costs_one_order(worker: WorkerProcess) -> None:
    first = _pid(worker)
    with pytest.raises(WorkerLostError) as caught:
        _pid(worker, "die")
    assert (caught.value.loss, caught.value.detail) == ("died", "last words")
    assert _pid(worker) != first
    worker.close()


def test_a_worker_that_is_killed_costs_one_order(worker: WorkerProcess) -> None:
    os.kill(_pid(worker), signal.SIGKILL)
    with pytest.raises(WorkerLostError) as caught:
        _pid(worker)
    assert caught.value.loss == "died"
    assert _pid(worker) > 0
    worker.close()


def test_a_worker_that_hangs_is_killed_at_its_deadline(worker: WorkerProcess) -> None:
    pid = _pid(worker)
    began = time.monotonic()
    with pytest.raises(WorkerLostError) as caught:
        _pid(worker, "sleep", 0.5)
    assert caught.value.loss == "too-slow"
    assert time.monotonic() - began < 60
    assert not psutil.pid_exists(pid)
    assert _pid(worker) != pid
    worker.close()


def test_a_fault_in_the_work_is_named(worker: WorkerProcess) -> None:
    with pytest.raises(WorkerLostError, match=r"RuntimeError.*no such thing"):
        _pid(worker, "raise")
    assert _pid(worker) > 0
    worker.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
def test_memory_is_limited(worker: WorkerProcess) -> None:
    with pytest.raises(WorkerLostError, match="MemoryError"):
        _pid(worker, "too much")
    worker.close()


def test_after_its_term_a_fresh_one_takes_over(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = _worker(checkout, monkeypatch, Term(orders=2))
    pids = [_pid(worker) for _ in range(5)]
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]
    worker.close()


@pytest.mark.skipif(sys.platform == "win32", reason="memory is not measured there")
def test_one_that_grew_is_replaced(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = _worker(checkout, monkeypatch, Term(resident_bytes=200 << 20))
    first = _pid(worker)
    assert _pid(worker, "grow") == first
    assert _pid(worker) != first
    worker.close()


def test_it_ends_with_whoever_asks(worker: WorkerProcess) -> None:
    process = psutil.Process(_pid(worker))
    running = worker._running
    assert running is not None
    assert running.stdin is not None
    # What the operating system does when the asking process is killed.
    running.stdin.close()
    process.wait(5)


def test_a_killed_one_takes_no_more_orders(worker: WorkerProcess) -> None:
    pid = _pid(worker)
    worker.kill()
    with pytest.raises(WorkerLostError):
        _pid(worker)
    with pytest.raises(WorkerLostError, match="no longer wanted"):
        _pid(worker)
    assert not psutil.pid_exists(pid)


def main(arguments: list[str]) -> None:
    """The worker's program."""
    serve(_work, int(arguments[0]))
