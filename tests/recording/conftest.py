"""A server on loopback, and labshark run against it as a user runs it."""

import contextlib
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from report.capture.programs import find_program
from report.errors import LabsharkError

TLS12_SUITE, TLS13_SUITE = "ECDHE-RSA-AES128-GCM-SHA256", "TLS_CHACHA20_POLY1305_SHA256"
"""What the server is told to choose, in OpenSSL's names."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is, and what a client needs to trust it."""

    port: int
    authority: Path

    def url(self, path: str = "/") -> str:
        return f"https://localhost:{self.port}{path}"


@dataclass(frozen=True, slots=True)
class Done:
    """How `labshark capture` ended."""

    code: int
    out: str
    err: str


Capture = Callable[..., Done]


def run(words: Sequence[str]) -> None:
    subprocess.run(words, check=True, capture_output=True)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority (ca.pem), and the certificate that it gave to localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("certificate")
    request = ["openssl", "req", "-newkey", "rsa:2048", "-nodes"]
    authority = ["-x509", "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", "30"]
    run([*request, *map(str, authority), "-subj", "/O=Recording Test/CN=Recording Test CA"])
    leaf = ["-keyout", folder / "key.pem", "-out", folder / "request.pem", "-subj"]
    run([*request, *map(str, leaf), "/CN=localhost"])
    (folder / "extensions").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-extfile", "extensions", "-days", "20"]
    words = ["openssl", "x509", "-req", "-in", "request.pem", "-out", "leaf.pem", *signed]
    subprocess.run(words, check=True, capture_output=True, cwd=folder)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serving(certificate: Path, *words: str) -> Iterator[Server]:
    """`openssl s_server` on loopback; with `-www` it answers, without it never does."""
    port = free_port()
    process = subprocess.Popen(
        [
            *("openssl", "s_server", "-quiet", "-4", "-accept", f"127.0.0.1:{port}"),
            *("-cert", str(certificate / "leaf.pem"), "-key", str(certificate / "key.pem")),
            *("-cipher", TLS12_SUITE, "-ciphersuites", TLS13_SUITE, *words),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield Server(port, certificate / "ca.pem")
    finally:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[Server]:
    """A server that answers every request with a page about its session."""
    yield from serving(certificate, "-www")


@pytest.fixture
def silent_server(certificate: Path) -> Iterator[Server]:
    """A server that finishes the handshake, and then says nothing."""
    yield from serving(certificate)


@pytest.fixture(scope="session")
def _may_record() -> None:
    """Skips where this user may not record packets."""
    try:
        dumpcap = find_program("dumpcap")
    except LabsharkError:
        pytest.skip("needs a dumpcap that this user may start (see labshark doctor)")
    words = [str(dumpcap), "-i", "lo0" if sys.platform == "darwin" else "lo", "-L"]
    if subprocess.run(words, capture_output=True).returncode != 0:
        pytest.skip("needs the right to record packets (see labshark doctor)")


@dataclass(slots=True)
class Pages:
    """A server of web pages, and what it knows of the sessions in which they were asked for."""

    url: str
    asked: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Path: the version and the cipher suite, by OpenSSL's names, of the first request for it."""

    def page(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answers a request with a page that asks for one thing more once it is shown."""
        suite = handler.connection.cipher()
        self.asked.setdefault(handler.path, (handler.connection.version(), suite[0]))
        body = b"<!doctype html><title>.</title><img src=/shown>"
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def pages(certificate: Path) -> Iterator[Pages]:
    """Unlike `openssl s_server` it speaks with several clients at once, as browsers expect."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "leaf.pem", certificate / "key.pem")
    context.set_ciphers(TLS12_SUITE)
    known = Pages("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.page(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Tls(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: Any, client_address: Any) -> None:
            """In the connection's own thread: a handshake must not keep the others waiting."""
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(request, server_side=True) as wrapped,
            ):
                super().finish_request(wrapped, client_address)

    with Tls(("127.0.0.1", 0), Handler) as listener:
        known.url = f"https://localhost:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        yield known
        listener.shutdown()
        thread.join()


def environment(server: Server | None) -> dict[str, str]:
    trusted = {} if server is None else {"CURL_CA_BUNDLE": str(server.authority)}
    return {**os.environ, "PYTHONIOENCODING": "utf-8", **trusted}


@pytest.fixture
def capture(_may_record: None, tmp_path: Path) -> Capture:
    """Runs `labshark capture` in the test's folder, to its end."""

    def run_capture(
        *words: str, server: Server | None = None, before: Sequence[str] = (), stdin: str = ""
    ) -> Done:
        command = [*before, sys.executable, "-m", "report.commands.main", "capture", *words]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(server),
            capture_output=True,
            encoding="utf-8",
            input=stdin,
            timeout=120,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run_capture
