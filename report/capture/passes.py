"""One run of tshark over a capture, driven by pyshark: the only importer of pyshark.

pyshark 0.6 reads `config.ini` from the current folder, keeps only a path's folder, and takes a
killed tshark for a finished one. `TsharkPass` closes all three: no configuration is read, the
command line is ours (`sandbox`), and the exit status and every line of stderr are kept and judged.
"""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyshark.tshark.tshark
from lxml import etree
from pyshark.capture.file_capture import FileCapture
from pyshark.tshark.output_parser.tshark_xml import TsharkXmlParser

from report.capture.sandbox import Invocation

pyshark.tshark.tshark.get_config = lambda: None

_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""Bytes that XML 1.0 has no place for; tshark writes them as they come."""
_CHUNK = 1 << 18
_ENDS_WITHIN = 10.0
"""Seconds that tshark may take to exit after its last byte of output."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    returncode: int | None
    """None when the deadline passed and the run was killed."""
    stderr: str


class TsharkPass(FileCapture):  # type: ignore[misc]  # pyshark is untyped
    """A `pyshark.FileCapture` whose tshark runs as `call` says, to its end or its deadline."""

    def __init__(self, capture: Path, call: Invocation) -> None:
        # An event loop of our own: nothing is asked of the thread's or of Jupyter's, and the
        # calls that Python 3.14 removed are never reached.
        super().__init__(str(capture), keep_packets=False, eventloop=asyncio.new_event_loop())
        self._call = call
        self._errors: list[str] = []

    def output(self) -> tuple[bytes, Ending]:
        """Everything tshark printed."""
        chunks: list[bytes] = []

        async def drain(stream: asyncio.StreamReader) -> None:
            while chunk := await stream.read(_CHUNK):
                chunks.append(chunk)

        ending = self._run(drain)
        return b"".join(chunks), ending

    def packet_elements(self) -> tuple[list[etree._Element], Ending]:
        """The `<packet>` elements of tshark's PDML, nested as Wireshark shows them."""
        elements: list[etree._Element] = []

        async def parse(stream: asyncio.StreamReader) -> None:
            await self._go_through_packets_from_fd(stream, elements.extend)

        ending = self._run(parse)
        return elements, ending

    def _run(self, consume: Callable[[asyncio.StreamReader], Any]) -> Ending:
        try:
            ending: Ending = self.eventloop.run_until_complete(self._run_to_end(consume))
            return ending
        finally:
            self.eventloop.run_until_complete(self.eventloop.shutdown_asyncgens())
            self.eventloop.close()

    async def _run_to_end(self, consume: Callable[[asyncio.StreamReader], Any]) -> Ending:
        process = await self._get_tshark_process()
        returncode: int | None = None
        try:
            async with asyncio.timeout(self._call.limits.deadline_seconds):
                assert process.stdout is not None  # it was asked for as a pipe
                await consume(process.stdout)
                await asyncio.wait_for(process.wait(), _ENDS_WITHIN)
            returncode = process.returncode
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                _kill_group(process.pid)
                await process.wait()
            self._running_processes.discard(process)
            await asyncio.gather(*self._stderr_handling_tasks)
        return Ending(returncode, "".join(self._errors))

    async def _get_tshark_process(
        self, packet_count: int | None = None, stdin: int | None = None
    ) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *self._call.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._call.environment,
            start_new_session=sys.platform != "win32",
        )
        self._create_stderr_handling_task(process.stderr)
        self._created_new_process(list(self._call.argv), process)
        return process

    def _get_tshark_path(self) -> str:
        return self._call.argv[0]

    async def _handle_process_stderr_forever(self, stderr: asyncio.StreamReader) -> None:
        kept = 0
        while chunk := await _text(stderr):
            if kept < _CHUNK:
                self._errors.append(chunk)
            kept += len(chunk)

    def _setup_tshark_output_parser(self) -> "_ElementParser":
        return _ElementParser()


class _ElementParser(TsharkXmlParser):  # type: ignore[misc]  # pyshark is untyped
    """pyshark's parser up to the packet's text; the element itself is kept, not flattened."""

    def _parse_single_packet(self, packet: bytes) -> tuple[etree._Element]:
        # In a tuple, because pyshark asks whether the packet is true, and an element without
        # children is not.
        text = _NOT_XML.sub(b"", packet).decode("utf-8", "ignore")
        parser = etree.XMLParser(
            recover=True, huge_tree=True, resolve_entities=False, no_network=True, encoding="utf-8"
        )
        return (etree.fromstring(text.encode("utf-8"), parser),)


async def _text(stream: asyncio.StreamReader) -> str:
    """The next piece of a stream as text; empty at its end."""
    return (await stream.read(_CHUNK)).decode("utf-8", "replace")


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)
