"""A run of tshark works wherever Python code runs: threads, processes, notebooks, Python 3.14."""

import asyncio
import asyncio.events
import multiprocessing
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from lxml import etree
from nbclient import NotebookClient
from pyshark.capture.file_capture import FileCapture

from report.capture.passes import TsharkPass
from report.capture.sandbox import Invocation, Limits
from report.capture.trace import open_trace
from report.errors import LabsharkError
from tests.capture.conftest import run_shell

Reading = tuple[int, list[int], int, tuple[int, ...]]

FIELDS = ("frame.number", "tls.handshake.type")


def read(path: Path) -> Reading:
    """Something from every kind of pass over a capture."""
    with open_trace(path) as trace:
        rows = trace.columns(FIELDS).rows
        hellos = trace.matching("tls.handshake.type == 1")
        detail = trace.detail(hellos[:1])
        (frame,) = detail.values()
        lengths = [len(buffer.data) for buffer in frame.buffers]
        return rows.count(b"\n"), lengths, len(frame.tree.findall(".//field")), hellos


@pytest.fixture(scope="module")
def expected(checkout: Path) -> Reading:
    """What the main thread reads of the demo, held against tshark run by hand."""
    path = checkout / "traces" / "demo.pcapng"
    reading = read(path)
    by_hand = ["tshark", "-n", "-2", "-r", str(path), "-Y", "tls.handshake.type == 1"]
    done = subprocess.run(
        [*by_hand, "-T", "fields", "-e", "frame.number", "-e", "frame.len"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert reading[0] == 323
    assert reading[3] == tuple(number for number, _ in rows)
    assert reading[1][0] == rows[0][1]
    assert reading[2] > 100
    return reading


def test_in_a_thread(demo: Path, expected: Reading) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, [demo] * 6)) == [expected] * 6


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_in_a_worker_process(method: str, demo: Path, expected: Reading) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        assert list(pool.map(read, [demo] * 3)) == [expected] * 3


def test_where_a_loop_is_running(demo: Path, expected: Reading) -> None:
    async def cell() -> Reading:
        assert asyncio.get_running_loop().is_running()
        return read(demo)

    assert asyncio.run(cell()) == expected


def test_after_pyshark_itself_has_set_its_child_watcher(demo: Path, expected: Reading) -> None:
    if sys.version_info >= (3, 14):
        pytest.skip("Python 3.14 has no child watchers")
    code = (
        "import sys, warnings; warnings.simplefilter('ignore');"
        "import asyncio; asyncio.set_event_loop(asyncio.new_event_loop());"
        "from pathlib import Path; from pyshark import FileCapture;"
        "FileCapture(sys.argv[1]);"
        "from tests.capture.test_passes import read; print(read(Path(sys.argv[1])))"
    )
    argv = [sys.executable, "-c", code, str(demo)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == str(expected)


REMOVED = (
    *("get_child_watcher", "set_child_watcher", "AbstractChildWatcher", "SafeChildWatcher"),
    *("FastChildWatcher", "MultiLoopChildWatcher", "PidfdChildWatcher", "ThreadedChildWatcher"),
)
"""What Python 3.14 took out of asyncio (its "Removed" list); the policy's loop it only makes
raise."""


def test_without_what_python_3_14_removed(
    demo: Path, expected: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise RuntimeError("There is no current event loop")

    for name in REMOVED:
        monkeypatch.delattr(asyncio, name, raising=False)
        monkeypatch.setattr(asyncio.events, name, gone, raising=False)
    for module in (asyncio, asyncio.events):
        monkeypatch.setattr(module, "get_event_loop", gone)
        monkeypatch.setattr(module, "get_event_loop_policy", gone)
    with pytest.raises((RuntimeError, AttributeError)):
        FileCapture(str(demo))  # plain pyshark, for comparison
    assert read(demo) == expected
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(read, demo).result() == expected


CELL = """
from pathlib import Path
from tests.capture.test_passes import read
print(read(Path({path!r})))
"""


def test_in_a_notebook(demo: Path, expected: Reading, checkout: Path, tmp_path: Path) -> None:
    code = CELL.format(path=str(demo))
    cells = [nbformat.v4.new_code_cell(code) for _ in range(2)]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    kernel = AsyncKernelManager(transport="ipc")
    kernel.connection_file = str(tmp_path / "kernel.json")
    client = NotebookClient(
        notebook, km=kernel, timeout=120, resources={"metadata": {"path": str(checkout)}}
    )
    client.execute()
    for done in notebook.cells:
        (output,) = done.outputs
        assert output.text.strip() == str(expected)


def idle_threads() -> int:
    return sum("tshark" in thread.name for thread in threading.enumerate())


def test_nothing_goes_on_after_a_trace_is_closed(demo: Path) -> None:
    with open_trace(demo) as trace:
        trace.start(FIELDS)
        trace.columns(FIELDS)
    for _ in range(50):
        if not idle_threads():
            break
        time.sleep(0.05)
    assert idle_threads() == 0


def test_an_interrupted_command_does_not_wait_for_tshark(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "tshark"
    slow.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "TShark 4.0.17" && exit\nsleep 60\n')
    slow.chmod(0o755)
    monkeypatch.setenv("LABSHARK_TSHARK", str(slow))
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted(demo)
    assert time.monotonic() - started < 30


def interrupted(path: Path) -> None:
    with open_trace(path) as trace:
        trace.start(FIELDS)
        time.sleep(0.5)
        raise KeyboardInterrupt


def test_a_pass_stopped_before_it_begins_ends_at_once(tmp_path: Path) -> None:
    capture = tmp_path / "x"
    capture.touch()
    call = Invocation(("/bin/sleep", "60"), {}, tmp_path, Limits(), sandboxed=False)
    run = TsharkPass(capture, call)
    run.stop()
    _, ending = run.output()
    assert ending.returncode is None


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    capture = tmp_path / "x"
    capture.touch()
    call = Invocation((str(tmp_path / "none"),), {}, tmp_path, Limits(), sandboxed=False)
    with pytest.raises(LabsharkError) as raised:
        TsharkPass(capture, call).output()
    assert raised.value.slug == "tshark-failed"


def test_a_capture_that_is_gone_by_now(tmp_path: Path) -> None:
    call = Invocation(("/bin/true",), {}, tmp_path, Limits(), sandboxed=False)
    with pytest.raises(LabsharkError) as raised:
        TsharkPass(tmp_path / "gone.pcap", call)
    assert raised.value.slug == "capture-changed"


def packet_elements(folder: Path, *pieces: bytes) -> list[etree._Element]:
    """What is made of a program that prints `pieces` with pauses between them."""
    for number, piece in enumerate(pieces):
        (folder / f"piece{number}").write_bytes(piece)
    script = "sleep 0.2; ".join(f"cat piece{number}; " for number in range(len(pieces)))
    capture = folder / "x"
    capture.touch()
    argv = ("/bin/sh", "-c", script)
    call = Invocation(argv, {"PATH": "/usr/bin:/bin"}, folder, Limits(), sandboxed=False)
    elements, ending = TsharkPass(capture, call).packet_elements()
    assert ending.returncode == 0, ending.stderr
    return elements


def test_packets_are_parted_however_they_come(tmp_path: Path) -> None:
    large = b'<packet><field name="d"/>' + b'<field name="e" value="00"/>' * 300_000 + b"</packet>"
    elements = packet_elements(
        tmp_path,
        b"<pdml><pac",
        b'ket><field name="a"/></pack',
        b'et><packet><field name="b"/></packet><packet><field name="c"/></packet>',
        large + b"</pdml>",
    )
    assert [element[0].get("name") for element in elements] == ["a", "b", "c", "d"]
    assert len(elements[3]) == 300_001


def test_what_is_not_xml_is_dropped_and_the_packet_kept(tmp_path: Path) -> None:
    dirty = '<packet><field name="n\x01x" show="汉"/><field name="m"/></packet>'.encode()
    (element,) = packet_elements(tmp_path, dirty.replace(b"\x01", b"\xff\x01"))
    assert [field.get("name") for field in element] == ["nx", "m"]
    assert element[0].get("show") == "汉"


def test_a_packet_that_was_cut_off_is_none(tmp_path: Path) -> None:
    (element,) = packet_elements(tmp_path, b'<packet><field name="a"/></packet><packet><field na')
    assert element[0].get("name") == "a"


def test_no_configuration_of_pysharks_is_read(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in ("[tshark]\ntshark_path = ./evil.sh\n", "not an ini file", "[tshark]\na=%(b)s"):
        (tmp_path / "config.ini").write_text(content)
        monkeypatch.chdir(tmp_path)
        output, ending = run_shell("echo read", tmp_path)
        assert (output, ending.returncode) == ("read\n", 0)
