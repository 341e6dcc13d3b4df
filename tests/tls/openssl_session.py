"""A session between openssl's own client and server on loopback, seen from outside and inside."""

import os
import re
import select
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from report.tls.key_schedule import Sender
from report.tls.keylog import KeyLog, parse_keylog
from tests.tls.wire import Chunk

_CONFIG = """\
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = TLSv1
CipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0
"""
_NO_EXTENDED = "Options = -ExtendedMasterSecret\n"
_PRINTED = re.compile(
    r"^(>>>|<<<) [^\n]*?, Handshake \[length \w+\], \w+\n((?:    (?:[0-9a-f]{2} ?)+\n)+)", re.M
)
_DEADLINE = 20.0


@dataclass(frozen=True)
class Session:
    """What passed between the two, what they logged, and what the client printed."""

    chunks: list[Chunk]
    keylog: KeyLog
    printed: list[tuple[Sender, bytes]]
    """Handshake messages in clear, with headers, as `-msg` prints them on the client's side."""


@dataclass(frozen=True)
class Setup:
    """How a session is to be held."""

    server: Sequence[str] = ()
    client: Sequence[str] = ()
    extended_master_secret: bool = True


def hold_session(folder: Path, setup: Setup) -> Session:
    """Hold one session: the client says `ping`, the server answers with it reversed, both close.

    `folder` holds `server.pem`, the certificate with its key.
    """
    config = folder / "openssl.cnf"
    config.write_text(_CONFIG + ("" if setup.extended_master_secret else _NO_EXTENDED))
    keylog = folder / "keys.log"
    keylog.unlink(missing_ok=True)
    environment = os.environ | {"OPENSSL_CONF": str(config)}
    port = _free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-rev", "-naccept", "1"]
    server = subprocess.Popen(
        [*command, "-cert", str(folder / "server.pem"), *setup.server],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        relay = _Relay(port, server)
        _run_client(relay, setup, folder, environment)
        relay.thread.join(_DEADLINE)
    finally:
        server.kill()
        server.communicate()
    printed = _messages((folder / "messages.txt").read_text())
    return Session(relay.chunks, parse_keylog(keylog.read_bytes()), printed)


def _run_client(relay: "_Relay", setup: Setup, folder: Path, environment: dict[str, str]) -> None:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{relay.port}", "-msg", "-msgfile"]
    command += [str(folder / "messages.txt"), "-keylogfile", str(folder / "keys.log")]
    client = subprocess.Popen(
        [*command, *setup.client],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert client.stdin
    assert client.stdout
    deadline = threading.Timer(_DEADLINE, client.kill)
    deadline.start()
    try:
        client.stdin.write(b"ping\n")
        client.stdin.flush()
        # Closing before the answer is there would lose what the server is still sending.
        for line in client.stdout:
            if b"gnip" in line:
                break
        client.communicate(b"Q\n")
    finally:
        deadline.cancel()
        client.kill()


class _Relay:
    """Passes bytes on between client and server and keeps them in the order they came."""

    def __init__(self, port: int, server: "subprocess.Popen[bytes]") -> None:
        self.chunks: list[Chunk] = []
        self._port, self._server = port, server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        client, _ = self._listener.accept()
        with self._listener, client, self._connected() as server:
            peers: dict[socket.socket, tuple[Sender, socket.socket]]
            peers = {client: ("client", server), server: ("server", client)}
            while peers:
                ready, _, _ = select.select(list(peers), [], [], _DEADLINE)
                if not ready:
                    return
                for side in ready:
                    if not self._passed_on(side, *peers[side]):
                        del peers[side]

    def _passed_on(self, side: socket.socket, sender: Sender, other: socket.socket) -> bool:
        try:
            data = side.recv(65536)
            if not data:
                other.shutdown(socket.SHUT_WR)
                return False
            other.sendall(data)
        except OSError:
            return False
        self.chunks.append((sender, data))
        return True

    def _connected(self) -> socket.socket:
        end = time.monotonic() + _DEADLINE
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self._port), timeout=_DEADLINE)
            except OSError:
                if time.monotonic() > end or self._server.poll() is not None:
                    raise
                time.sleep(0.02)


def _messages(output: str) -> list[tuple[Sender, bytes]]:
    return [
        ("client" if arrow == ">>>" else "server", bytes.fromhex(digits))
        for arrow, digits in _PRINTED.findall(output)
    ]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
