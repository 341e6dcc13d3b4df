"""A session between openssl's own client and server on loopback, seen from outside and inside."""

import os
import re
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from report.tls.key_schedule import Sender
from report.tls.keylog import KeyLog, parse_keylog
from tests.tls.relay import Relay, free_port
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
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-rev", "-naccept", "1"]
    server = subprocess.Popen(
        [*command, "-cert", str(folder / "server.pem"), *setup.server],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        relay = Relay(port, server)
        _run_client(relay, setup, folder, environment)
        relay.thread.join(_DEADLINE)
    finally:
        server.kill()
        server.communicate()
    printed = _messages((folder / "messages.txt").read_text())
    return Session(relay.chunks, parse_keylog(keylog.read_bytes()), printed)


def _run_client(relay: Relay, setup: Setup, folder: Path, environment: dict[str, str]) -> None:
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


def _messages(output: str) -> list[tuple[Sender, bytes]]:
    return [
        ("client" if arrow == ">>>" else "server", bytes.fromhex(digits))
        for arrow, digits in _PRINTED.findall(output)
    ]
