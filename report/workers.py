"""A Python process of our own that does one order after another, and may be lost at any time.

`WorkerProcess` is the side that asks, `serve` the side that works: `begin` imports the module that
is named, whose `main(arguments)` calls `serve`. They speak over two pipes in
JSON and bytes, never pickles: a worker that a hostile file took over can lie, and no more. A worker
that dies, hangs or grows costs the order it was at; the next order gets a fresh one.
"""

import contextlib
import importlib
import json
import os
import queue
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any, Literal

from report.search_path import handed_on

_LENGTHS = struct.Struct(">II")
_MOST_HEAD = 64 << 20
_MOST_BLOBS = 1 << 30
_IDLE_SECONDS = 900.0
"""After so long without an order a worker ends: whoever asked may have forgotten it."""
_WELL_ENDED_WITHIN = 5.0
_BOOT = "import report.workers; report.workers.begin()"
_PACKAGE_PARENT = Path(__file__).resolve().parents[1]

Loss = Literal["too-slow", "died"]


@dataclass(frozen=True, slots=True)
class Message:
    """What is said in either direction: values that JSON knows, and named bytes."""

    values: Mapping[str, Any]
    blobs: Mapping[str, bytes] = field(default_factory=dict)


class WorkerLostError(Exception):
    """The worker ended, or was ended, before it answered."""

    def __init__(self, loss: Loss, detail: str = "") -> None:
        super().__init__(f"{loss}: {detail}")
        self.loss: Loss = loss
        self.detail = detail
        """The last line that it wrote to its standard error, or its exit status."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long one process serves; libraries that read strangers' files may leak."""

    orders: int = 100
    resident_bytes: int = 1 << 30
    """The most memory it may have held at any time and still get another order; not on Windows."""


STANDARD_TERM = Term()


class WorkerProcess:
    """The worker in a module, in a process of its own that is started when it is first needed.

    For one thread at a time; `kill` may come from any.
    """

    def __init__(
        self, module: str, arguments: Sequence[str] = (), term: Term = STANDARD_TERM
    ) -> None:
        # -P: a file in the current folder must never be taken for a module.
        self._argv = [sys.executable, "-P", "-c", _BOOT, module, *arguments]
        self._term = term
        self._orders = 0
        self._running: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._ended = threading.Event()

    def start(self) -> None:
        """Starts the process where none runs, so that the first order need not wait for it.

        Raises WorkerLostError.
        """
        if self._running is None:
            self._start()

    def do(self, order: Message, seconds: float) -> Message:
        """The worker's answer to `order`; after `seconds` it is killed.

        Raises WorkerLostError; the next order gets a new process.
        """
        process = self._running or self._start()
        self._orders += 1
        too_slow = threading.Event()
        deadline = threading.Timer(seconds, self._give_up, (too_slow, process))
        deadline.daemon = True
        deadline.start()
        try:
            answer = _asked(process, order)
        except (OSError, EOFError, ValueError, KeyError) as fault:
            raise self._lost(process, too_slow) from fault
        finally:
            deadline.cancel()
        if "fault" in answer.values:
            self._forget(process)
            raise WorkerLostError("died", str(answer.values["fault"])[:200])
        if too_slow.is_set():  # a moment after it had answered
            self._forget(process)
        elif self._orders >= self._term.orders or _grown(answer, self._term):
            self._retire()
        return answer

    def close(self) -> None:
        """Lets the worker go. It takes no more orders after this."""
        self._ended.set()
        self._retire()

    def kill(self) -> None:
        """Ends the worker at once, whatever it is at; `do` then raises. It takes no more orders."""
        self._ended.set()
        if (process := self._running) is not None:
            _kill(process)

    @property
    def ended(self) -> bool:
        """Whether it was closed or killed, and takes no more orders."""
        return self._ended.is_set()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._ended.is_set():
            raise WorkerLostError("died", "no longer wanted")
        try:
            said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
            process = subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                cwd=tempfile.gettempdir(),
                env=handed_on() | {"PYTHONPATH": str(_PACKAGE_PARENT)},
                # Ctrl-C in the terminal is for whoever asks, who then ends the worker.
                start_new_session=sys.platform != "win32",
            )
        except OSError as fault:
            raise WorkerLostError("died", fault.strerror or str(fault)) from fault
        self._running, self._said, self._orders = process, said, 0
        if self._ended.is_set():  # `kill` came meanwhile
            _kill(process)
        return process

    def _give_up(self, too_slow: threading.Event, process: subprocess.Popen[bytes]) -> None:
        too_slow.set()
        _kill(process)

    def _lost(self, process: subprocess.Popen[bytes], too_slow: threading.Event) -> WorkerLostError:
        if too_slow.is_set():
            self._forget(process)
            return WorkerLostError("too-slow")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_WELL_ENDED_WITHIN)
        detail = self._last_words() or f"exit status {process.poll()}"
        self._forget(process)
        return WorkerLostError("died", detail)

    def _last_words(self) -> str:
        if self._said is None:
            return ""
        end = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, end - 4096))
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else ""

    def _retire(self) -> None:
        """The end of its standard input tells a worker to go."""
        if (process := self._running) is None:
            return
        with contextlib.suppress(OSError):
            _pipe(process.stdin).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_WELL_ENDED_WITHIN)
        self._forget(process)

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        _kill(process)
        process.wait()
        for pipe in (process.stdin, process.stdout, self._said):
            with contextlib.suppress(OSError):
                _pipe(pipe).close()
        self._running = self._said = None


def _asked(process: subprocess.Popen[bytes], order: Message) -> Message:
    _write(_pipe(process.stdin), order)
    return _read(_pipe(process.stdout))


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # every pipe was asked for
    return pipe


def _grown(answer: Message, term: Term) -> bool:
    return bool(answer.values.get("resident_bytes", 0) > term.resident_bytes)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return  # reaped: its number may be another's by now
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _write(pipe: IO[bytes], message: Message) -> None:
    sizes = [(name, len(data)) for name, data in message.blobs.items()]
    head = json.dumps({"values": dict(message.values), "blobs": sizes}).encode()
    total = sum(map(len, message.blobs.values()))
    pipe.write(_LENGTHS.pack(len(head), total) + head)
    for data in message.blobs.values():
        pipe.write(data)
    pipe.flush()


def _read(pipe: IO[bytes]) -> Message:
    """Raises EOFError where the other side is gone, ValueError where it says nonsense."""
    length, total = _LENGTHS.unpack(_exactly(pipe, _LENGTHS.size))
    if length > _MOST_HEAD or total > _MOST_BLOBS:
        raise ValueError("a message too large")
    head = json.loads(_exactly(pipe, length))
    if sum(size for _, size in head["blobs"]) != total:
        raise ValueError("a message of another size")
    blobs = {name: _exactly(pipe, size) for name, size in head["blobs"]}
    return Message(head["values"], blobs)


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) != length:
        raise EOFError
    return data


# --- the side that works ----------------------------------------------------------------------


_orders: "queue.Queue[Message | None]" = queue.Queue()
"""What to do next; None for nothing, ever again."""
_FAREWELL_SECONDS = 1.0


def begin() -> None:
    """A worker process's whole life; started by `WorkerProcess` only.

    The process ends soon after its standard input does, even while it imports or in the middle of
    an order: nobody waits for the answer any more. One that is idle sweeps up before it goes.
    """
    threading.Thread(target=_listen, daemon=True).start()
    if sys.platform != "win32":
        signal.signal(signal.SIGTERM, _go)
    _, module, *arguments = sys.argv
    importlib.import_module(module).main(arguments)


def serve(work: Callable[[Message], Message], address_space: int | None = None) -> None:
    """Answers orders with `work`, one after another, until there will be no more.

    What `work` prints goes to standard error. `address_space` is the most that the process may
    map, in bytes; not enforced on Windows and macOS.
    """
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit(address_space)
    while True:
        try:
            order = _orders.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            return
        if order is None:
            return
        _write(out, _answered(work, order))


def _listen() -> None:
    given = os.fdopen(os.dup(0), "rb")
    with contextlib.suppress(EOFError, OSError, ValueError):
        while True:
            _orders.put(_read(given))
    _orders.put(None)
    time.sleep(_FAREWELL_SECONDS)
    os._exit(0)


def _go(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


def _answered(work: Callable[[Message], Message], order: Message) -> Message:
    try:
        answer = work(order)
    except BaseException as fault:
        traceback.print_exc()
        sys.stderr.flush()
        return Message({"fault": repr(fault)[:1000]})
    return Message({**answer.values, "resident_bytes": _resident_bytes()}, answer.blobs)


def _resident_bytes() -> int:
    """The most memory that this process has held so far."""
    if sys.platform == "win32":
        return 0
    with contextlib.suppress(OSError):
        # Linux counts what whoever started us held, too, in what getrusage says.
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        if found := re.search(r"^VmHWM:\s*(\d+) kB", status, re.MULTILINE):
            return int(found[1]) << 10
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def _limit(address_space: int | None) -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if address_space is not None and sys.platform.startswith("linux"):
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = address_space if most == resource.RLIM_INFINITY else min(address_space, most)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))
