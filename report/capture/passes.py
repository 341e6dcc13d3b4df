"""One run of tshark over a capture, driven by pyshark: the only importer of pyshark.

pyshark 0.6 reads `config.ini` from the current folder, keeps only a path's folder, and takes a
killed tshark for a finished one. `TsharkPass` closes all three: no configuration is read, the
command line is ours (`sandbox`), and the exit status and every line of stderr are kept and judged.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, TypeVar

import pyshark.tshark.tshark
from lxml import etree
from pyshark.capture.file_capture import FileCapture
from pyshark.tshark.output_parser.tshark_xml import TsharkXmlParser

from report.capture.sandbox import Invocation
from report.errors import LabsharkError

pyshark.tshark.tshark.get_config = lambda: None

_CHUNK = 1 << 18
_PIPE = 1 << 20
"""Bytes that tshark may be ahead of us where the system lets it, as while we import."""
_ENDS_WITHIN = 10.0
"""Seconds that tshark may take to exit after its last byte of output."""
_STDERR_KEPT = 1 << 18
"""Bytes of stderr that are kept of its beginning, and again of its end."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    returncode: int | None
    """None when it was killed by us: its time was up, or it printed too much."""
    stderr: str
    too_much: bool = False
    """Whether it printed more than its limit."""


class TsharkPass(FileCapture):  # type: ignore[misc]  # pyshark is untyped
    """A `pyshark.FileCapture` whose tshark runs as `call` says, to its end or its deadline.

    pyshark's reading is a coroutine; the pipes given to it here never make it wait, so that no
    event loop runs. A pass works in any thread and process, in one whose loop is running (a
    notebook's), and without asyncio's child watchers, which Python 3.14 no longer has.

    Raises LabsharkError `capture-changed` when the file is gone by now.
    """

    def __init__(self, capture: Path, call: Invocation) -> None:
        try:
            super().__init__(str(capture), keep_packets=False)
        except FileNotFoundError as fault:
            raise LabsharkError("capture-changed", path=capture.name) from fault
        self._call = call
        self._process: subprocess.Popen[bytes] | None = None
        self._ended_by_us = threading.Event()
        self._starting = threading.Lock()

    def output(self) -> tuple[bytes, Ending]:
        """Everything tshark printed."""
        held = BytesIO()

        async def drain(pipe: _Pipe) -> None:
            while chunk := await pipe.read(_CHUNK):
                held.write(chunk)

        ending = self._run(drain)
        return held.getvalue(), ending

    def packet_elements(self) -> tuple[list[etree._Element], Ending]:
        """The `<packet>` elements of tshark's PDML, nested as Wireshark shows them."""
        elements: list[etree._Element] = []

        async def parse(pipe: _Pipe) -> None:
            await self._go_through_packets_from_fd(pipe, elements.extend)

        ending = self._run(parse)
        return elements, ending

    def stop(self) -> None:
        """Ends the run, from any thread; a run that has not begun ends as it begins."""
        with self._starting:
            self._ended_by_us.set()
            if self._process is not None:
                _kill_group(self._process)

    def _run(self, consume: "Callable[[_Pipe], Coroutine[Any, Any, None]]") -> Ending:
        process = self._start()
        with contextlib.ExitStack() as stack:
            stack.callback(self._reap, process)
            errors = _Tail(process.stderr)
            deadline = threading.Timer(self._call.limits.deadline_seconds, self.stop)
            deadline.daemon = True
            deadline.start()
            stack.callback(deadline.cancel)
            pipe = _Pipe(process.stdout, self._call.limits.output_bytes, self.stop)
            _complete(consume(pipe))
            deadline.cancel()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS_WITHIN)
        returncode = None if self._ended_by_us.is_set() else process.returncode
        return Ending(returncode, errors.text(), pipe.too_much)

    def _reap(self, process: "subprocess.Popen[bytes]") -> None:
        if process.poll() is None:
            self.stop()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            with self._starting:
                self._process = subprocess.Popen(
                    self._call.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self._call.environment,
                    cwd=self._call.folder,
                    start_new_session=sys.platform != "win32",
                )
                if self._ended_by_us.is_set():
                    _kill_group(self._process)
        except OSError as fault:
            detail = fault.strerror or str(fault)
            raise LabsharkError("tshark-failed", program="tshark", detail=detail) from fault
        _widen(self._process.stdout)
        return self._process

    def _setup_eventloop(self) -> None:
        """Nothing: no loop is needed, and pyshark's way of getting one fails in Python 3.14."""

    def _get_tshark_path(self) -> str:
        return self._call.argv[0]

    def _setup_tshark_output_parser(self) -> "_ElementParser":
        return _ElementParser()


class _Pipe:
    """tshark's output as pyshark wants to read it, up to a limit."""

    def __init__(self, file: Any, most: int, stop: Callable[[], None]) -> None:
        self._file: BufferedReader = file
        self._left = most
        self._stop = stop
        self.too_much = False

    async def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; empty at the end, or where the limit is passed."""
        chunk = self._file.read1(size)
        self._left -= len(chunk)
        if self._left < 0:
            self.too_much = True
            self._stop()
            return b""
        return chunk


class _Tail:
    """Reads a stream to its end in the background; keeps its beginning and its end."""

    def __init__(self, file: Any) -> None:
        self._file: BufferedReader = file
        self._head = bytearray()
        self._tail = bytearray()
        self._thread = threading.Thread(target=self._drain, name="tshark-stderr", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        with contextlib.suppress(ValueError, OSError), self._file:
            while chunk := self._file.read1(_CHUNK):
                room = _STDERR_KEPT - len(self._head)
                self._head += chunk[:room]
                self._tail += chunk[room:]
                del self._tail[: max(0, len(self._tail) - _STDERR_KEPT)]

    def text(self) -> str:
        """All that was kept, once the writer has ended."""
        self._thread.join(_ENDS_WITHIN)
        return bytes(self._head + self._tail).decode("utf-8", "replace")


class _ElementParser(TsharkXmlParser):  # type: ignore[misc]  # pyshark is untyped
    """pyshark's parser up to the packet's text; the element itself is kept, not flattened."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()
        self._searched = 0

    async def get_packets_from_stream(
        self, stream: _Pipe, existing_data: bytes, got_first_packet: bool = True
    ) -> tuple[tuple[etree._Element] | None, bytes]:
        """The next packet, or None where more has to be read first; EOFError at the end.

        pyshark's own searches and copies everything it holds for every 64 KiB that come, which
        takes minutes for a packet of some megabytes.
        """
        end = self._held.find(_PACKET_ENDS, self._searched)
        if end < 0:
            self._searched = max(0, len(self._held) - len(_PACKET_ENDS) + 1)
            chunk = await stream.read(_CHUNK)
            if not chunk:
                raise EOFError
            self._held += chunk
            return None, b""
        end += len(_PACKET_ENDS)
        packet = bytes(self._held[max(0, self._held.find(_PACKET_BEGINS, 0, end)) : end])
        del self._held[:end]
        self._searched = 0
        return self._parse_single_packet(packet), b""

    def _parse_single_packet(self, packet: bytes) -> tuple[etree._Element]:
        # In a tuple, because pyshark asks whether the packet is true, and an element without
        # children is not.
        text = packet if packet.isascii() else packet.decode("utf-8", "ignore").encode("utf-8")
        text = _NONCHARACTERS.sub(b"", text.translate(None, _CONTROLS))
        parser = etree.XMLParser(
            recover=True, huge_tree=True, resolve_entities=False, no_network=True, encoding="utf-8"
        )
        return (etree.fromstring(text, parser),)


_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
_NONCHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")
"""U+FFFE and U+FFFF: with the controls all that XML 1.0 does not allow (2.2) and UTF-8 can hold."""
_PACKET_BEGINS = b"<packet>"
_PACKET_ENDS = b"</packet>"


def _complete(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        result: Result = done.value
        return result
    work.close()
    raise RuntimeError("pyshark waited for something other than tshark's output")


def _widen(pipe: Any) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):  # Linux only, and within limits
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        elif process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
