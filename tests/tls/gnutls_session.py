"""A session between GnuTLS's own client and server on loopback, for suites OpenSSL has dropped."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from report.tls.keylog import KeyLog, parse_keylog
from tests.tls.relay import Relay, free_port
from tests.tls.wire import Chunk

_DEADLINE = 20.0


def hold_gnutls_session(folder: Path, priority: str) -> tuple[list[Chunk], KeyLog]:
    """The client says `ping`, the server echoes it. `folder` holds `server.pem` with its key."""
    if not shutil.which("gnutls-serv") or not shutil.which("gnutls-cli"):
        pytest.skip("GnuTLS's programs are not installed")
    port = free_port()
    pem, keylog = str(folder / "server.pem"), folder / "gnutls.log"
    keylog.unlink(missing_ok=True)
    command = ["gnutls-serv", "--echo", "-p", str(port), "--priority", priority]
    server = subprocess.Popen(
        [*command, "--x509certfile", pem, "--x509keyfile", pem],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        relay = Relay(port, server)
        command = ["gnutls-cli", "--insecure", "--priority", priority, "-p", str(relay.port)]
        subprocess.run(
            [*command, "127.0.0.1"],
            input=b"ping\n",
            env=os.environ | {"SSLKEYLOGFILE": str(keylog)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_DEADLINE,
            check=True,
        )
        relay.thread.join(_DEADLINE)
    finally:
        server.kill()
        server.wait()
    return relay.chunks, parse_keylog(keylog.read_bytes())
