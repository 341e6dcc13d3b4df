"""`labshark capture` against a real server on loopback, with everything that can go wrong."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from report.capture.programs import find_program
from report.commands.capture import with_browser_named
from report.doctor.machine import this_family
from report.doctor.remedies import ALLOW_CAPTURE
from tests.commands.process import run, words
from tests.independent.container import read_capture
from tests.independent.packets import Datagram, Segment, transport
from tests.recording.conftest import TLS12_SUITE, Capture, Pages, Server, environment, free_port

SUITES = {
    "1.2": ("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    "1.3": ("TLS 1.3", "TLS_CHACHA20_POLY1305_SHA256"),
}
"""By IANA's names what the server is told to choose."""


def answers(capture: Path, *options: str) -> dict[str, Any]:
    command = words("answer", capture, "--json", "-q", *options)
    done = subprocess.run(command, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def packets(capture: Path) -> list[Segment | Datagram]:
    return [packet for frame in read_capture(capture).frames if (packet := transport(frame))]


def data_frames(capture: Path, port: int) -> list[int]:
    """Frames in which a segment of the client's begins with application data (RFC 8446, 5.1).

    The Finished of TLS 1.3 looks like that, too, but OpenSSL sends it behind a Change Cipher Spec.
    """
    return [
        packet.frame
        for packet in packets(capture)
        if isinstance(packet, Segment)
        and packet.target[1] == port
        and packet.payload.startswith(b"\x17\x03\x03")
    ]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_fetch_is_recorded_whole_and_can_be_read(
    version: str, capture: Capture, server: Server, tmp_path: Path
) -> None:
    url = server.url(f"/the-page-{version}")
    done = capture(url, "--tls-max", version, "--lang", "en", server=server)
    assert (done.code, done.out) == (0, "localhost.pcapng\n"), done.err
    file = tmp_path / "localhost.pcapng"
    shown, suite = SUITES[version]
    assert f"{shown}, {suite}." in done.err
    assert "labshark report localhost.pcapng --host localhost" in done.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = answers(file, "--host", "localhost")
    found = {answer["id"]: answer for answer in document["answers"]}
    assert document["session"]["server_name"] == "localhost"
    assert document["session"]["decrypted"]
    assert found["q9"]["value"] == suite
    assert found["q13"]["value"] == "Recording Test CA"
    assert found["q22"]["value"] == data_frames(file, server.port)[0]
    assert f"GET /the-page-{version}" in found["q23"]["text"]["en"]
    assert found["q24"]["status"] == "found"
    assert not found["q24"]["inferred"], "a close_notify by name"
    ends = [p for p in packets(file) if isinstance(p, Segment) and (p.fin or p.rst)]
    assert {server.port} < {port for p in ends for port in (p.source[1], p.target[1])}


def test_no_keys_means_none(capture: Capture, server: Server, tmp_path: Path) -> None:
    done = capture(server.url(), "--no-keys", "-o", "mine.pcapng", "-q", server=server)
    assert (done.code, done.out, done.err) == (0, "mine.pcapng\n", "")
    assert read_capture(tmp_path / "mine.pcapng").keylogs == []
    found = {a["id"]: a["status"] for a in answers(tmp_path / "mine.pcapng")["answers"]}
    assert found["q11"] == "hidden"


def test_an_earlier_recording_is_not_overwritten(
    capture: Capture, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "localhost.pcapng").write_bytes(b"mine")
    done = capture(server.url(), "--no-keys", "-q", server=server)
    assert (done.code, done.out) == (0, "localhost-2.pcapng\n")
    assert (tmp_path / "localhost.pcapng").read_bytes() == b"mine"


def test_a_certificate_that_is_not_trusted_is_recorded_and_said(
    capture: Capture, server: Server, tmp_path: Path
) -> None:
    done = capture(server.url(), "--lang", "en")
    assert (done.code, done.out) == (1, "localhost.pcapng\n")
    assert "curl: (60)" in done.err
    assert "the handshake failed (unknown_ca)" in done.err
    outcome = answers(tmp_path / "localhost.pcapng", "--sessions")["sessions"][0]
    assert outcome["fatal_alert"] == "unknown_ca"


def test_a_handshake_broken_off_says_where_the_whole_one_is(
    capture: Capture, server: Server, tmp_path: Path
) -> None:
    """As a browser does: it turns the certificate down, and comes back once it may go on."""
    capture(server.url(), "-q", "-o", "refused.pcapng")
    capture(server.url(), "-q", "-o", "whole.pcapng", server=server)
    merge = [str(find_program("mergecap")), "-a", "-w", "both.pcapng"]
    subprocess.run([*merge, "refused.pcapng", "whole.pcapng"], cwd=tmp_path, check=True)

    def said(*options: str) -> str:
        ended = run("answer", "both.pcapng", *options, cwd=tmp_path)
        assert ended.code == 0, ended.err
        return ended.err

    assert "same server (tcp 1) has it: --stream 1 answers from that" in said("--host", "localhost")
    assert "answers from that" not in said("--stream", "0")
    assert "answers from that" not in said(), "the whole one was taken"


@contextlib.contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_names_and_plain_http_are_recorded_and_nothing_else(
    capture: Capture, silent_server: Server, tmp_path: Path
) -> None:
    """The server never answers, so that there is time for this machine to do other things."""
    with listening() as other:

        def busy() -> None:
            while not stop.wait(0.2):
                with socket.socket(type=socket.SOCK_DGRAM) as asking:
                    asking.sendto(b"a question", ("127.0.0.1", 53))
                for port in (80, other):
                    with socket.socket() as asking:
                        asking.connect_ex(("127.0.0.1", port))

        stop = threading.Event()
        worker = threading.Thread(target=busy)
        worker.start()
        try:
            done = capture(silent_server.url(), "--seconds", "3", server=silent_server)
        finally:
            stop.set()
            worker.join()
    assert done.code == 1, done.err
    assert "curl: (28)" in done.err
    recorded = packets(tmp_path / "localhost.pcapng")
    ports = {port for p in recorded for port in (p.source[1], p.target[1])}
    assert {silent_server.port, 53, 80} <= ports
    assert other not in ports


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A TMPDIR with a short name: Chromium puts a socket there, whose path may have 107 bytes."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        yield Path(name)


def started(
    arguments: list[str], folder: Path, scratch: Path, **variables: str
) -> "subprocess.Popen[str]":
    """`labshark capture`, running in `folder`, with `scratch` as its TMPDIR."""
    return subprocess.Popen(
        words("capture", *arguments, "--lang", "en"),
        cwd=folder,
        env={**environment(None), **variables, "TMPDIR": str(scratch)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(process: "subprocess.Popen[str]", so: Callable[[], bool]) -> None:
    """However slow the machine is; but not for a process that has ended."""
    for _ in range(2400):
        if so():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"it did not come so far: {process.communicate()}")


def wait_for_keys(process: "subprocess.Popen[str]", scratch: Path) -> None:
    """A browser writes them when it has the time, which may be after the page is there."""
    pattern = "labshark-run-*/files/keys.log"
    wait_until(process, lambda: any(file.stat().st_size for file in scratch.glob(pattern)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("_may_record")
def test_an_interrupted_recording_is_kept(
    number: signal.Signals, silent_server: Server, tmp_path: Path, scratch: Path
) -> None:
    process = started([silent_server.url()], tmp_path, scratch, **environment(silent_server))
    wait_for_keys(process, scratch)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "localhost.pcapng\n"), err
    (session,) = answers(tmp_path / "localhost.pcapng", "--sessions")["sessions"]
    assert session["version"] == "TLS 1.3"
    assert len(read_capture(tmp_path / "localhost.pcapng").keylogs) == 1
    assert not list(scratch.glob("labshark-run-*")), "what was private is gone"


def test_a_refused_connection(capture: Capture) -> None:
    done = capture(f"https://localhost:{free_port()}/", "--lang", "en")
    assert (done.code, done.out) == (3, "")
    assert "[recording-refused]" in done.err


def test_a_server_that_speaks_no_tls(capture: Capture, tmp_path: Path) -> None:
    """Its answer is no TLS, but the client's hello is: kept, with what the client thinks of it."""
    with socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        plain.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = plain.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        worker = threading.Thread(target=serve)
        worker.start()
        done = capture(f"https://localhost:{plain.getsockname()[1]}/", "--lang", "en")
        worker.join()
    assert (done.code, done.out) == (1, "localhost.pcapng\n"), done.err
    assert "curl: (35)" in done.err
    assert "the handshake was not finished" in done.err


@pytest.mark.parametrize(
    ("words", "code", "slug"),
    [
        (["http://localhost/"], 2, "url-not-https"),
        (["https://nobody.invalid/"], 2, "host-unknown"),
        (["https://localhost/", "--interface", "nonesuch0"], 2, "interface-unknown"),
        (["https://localhost/", "-o", "."], 5, "output-cannot-be-written"),
        (["https://localhost/", "-o", "file/x.pcapng"], 5, "output-cannot-be-written"),
    ],
)
def test_mistakes_get_one_sentence(
    words: list[str], code: int, slug: str, capture: Capture, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = capture(*words)
    assert (done.code, done.out) == (code, "")
    chinese, english = done.err.splitlines()
    assert chinese.startswith("错误：")
    assert english.startswith("error: ")
    assert chinese.endswith(f"[{slug}]")
    assert english.endswith(f"[{slug}]")


def test_an_interface_that_the_visit_does_not_pass(capture: Capture, server: Server) -> None:
    other = "any" if sys.platform == "linux" else "lo0"
    listed = subprocess.run(
        [str(find_program("dumpcap")), "-D"], capture_output=True, text=True
    ).stdout
    quiet = [name for name in ("nflog", "nfqueue", "dbus-system") if f" {name}" in listed]
    if not quiet:
        pytest.skip(f"needs an interface that carries nothing, besides {other}")
    done = capture(server.url(), "--interface", quiet[0], "--lang", "en", server=server)
    assert done.code in (3, 4), "dumpcap may refuse to filter there"
    assert "[recording-nothing-captured]" in done.err or "[dumpcap-failed]" in done.err


def test_missing_rights_get_the_exact_remedy(capture: Capture, server: Server) -> None:
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        pytest.skip("needs root, to give up its right to record")
    without = [setpriv, "--bounding-set=-net_raw,-net_admin", "--inh-caps=-net_raw,-net_admin"]
    done = capture(server.url(), server=server, before=without)
    assert (done.code, done.out) == (4, "")
    remedy = ALLOW_CAPTURE[this_family()]
    for line in done.err.splitlines():
        assert line.endswith(f"{remedy} [recording-no-rights]")


IANA_NAMES = {TLS12_SUITE: SUITES["1.2"][1]}
"""Of suites that OpenSSL calls by a name of its own."""

BROWSER_FLAGS = "--headless=new --no-sandbox --disable-gpu --ignore-certificate-errors"


@pytest.fixture
def _browser() -> None:
    """Skips where there is no browser that needs nobody to look at it."""
    if not any(map(shutil.which, ("chromium", "google-chrome"))):
        pytest.skip("needs Chromium")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.usefixtures("_may_record", "_browser")
def test_a_browser_is_recorded_with_its_keys(
    version: str, pages: Pages, tmp_path: Path, scratch: Path
) -> None:
    """Somebody presses Enter once the page is there, as they are told.

    The certificate is not to the browser's liking, so that it may break off a handshake first.
    """
    process = started(
        [f"{pages.url}/the-page", "--browser", "--tls-max", version],
        tmp_path,
        scratch,
        LABSHARK_BROWSER_FLAGS=BROWSER_FLAGS,
    )
    wait_until(process, lambda: "/shown" in pages.asked)
    wait_for_keys(process, scratch)
    out, err = process.communicate("\n", timeout=60)
    assert (process.returncode, out) == (0, "localhost.pcapng\n"), err
    file = tmp_path / "localhost.pcapng"
    following = err.splitlines()[-1]
    assert following.startswith("Next: labshark report localhost.pcapng ")
    document = answers(file, *following.split()[4:])
    assert document["session"]["decrypted"], err
    found = {answer["id"]: answer for answer in document["answers"]}
    path = re.search(r"GET (\S+)", found["q23"]["text"]["en"])
    assert path is not None
    spoken, suite = pages.asked[path[1]]
    assert document["session"]["version"] == f"TLS {version}" == spoken.replace("TLSv", "TLS ")
    assert found["q9"]["value"] == IANA_NAMES.get(suite, suite)
    datagrams = [p for p in packets(file) if isinstance(p, Datagram)]
    assert all(53 in (p.source[1], p.target[1]) for p in datagrams), "no QUIC"


@pytest.mark.usefixtures("_may_record", "_browser")
def test_a_browser_that_writes_no_keys(pages: Pages, tmp_path: Path, scratch: Path) -> None:
    """What helps is another than for curl; here its own option sends the keys nowhere."""
    nowhere = f"{BROWSER_FLAGS} --ssl-key-log-file={scratch}/nowhere/keys"
    process = started(
        [f"{pages.url}/", "--browser"], tmp_path, scratch, LABSHARK_BROWSER_FLAGS=nowhere
    )
    wait_until(process, lambda: "/shown" in pages.asked)
    out, err = process.communicate("\n", timeout=60)
    assert (process.returncode, out) == (0, "localhost.pcapng\n"), err
    assert "The browser wrote no keys" in err
    assert read_capture(tmp_path / "localhost.pcapng").keylogs == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["u", "--browser"], ["u", "--browser", "auto"]),
        (["--browser", "https://a.example"], ["--browser", "auto", "https://a.example"]),
        (["--browser", "firefox", "u"], ["--browser", "firefox", "u"]),
        (["u", "--browser", "--no-keys"], ["u", "--browser", "auto", "--no-keys"]),
        (["u", "--browser=edge"], ["u", "--browser=edge"]),
        (["u"], ["u"]),
    ],
)
def test_a_browser_need_not_be_named(given: list[str], named: list[str]) -> None:
    assert with_browser_named(given) == named
