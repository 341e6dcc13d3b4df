"""A relay on loopback between a TLS client and a TLS server that keeps what passes."""

import select
import socket
import subprocess
import threading
import time

from report.tls.key_schedule import Sender
from tests.tls.wire import Chunk

_DEADLINE = 20.0


class Relay:
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


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
