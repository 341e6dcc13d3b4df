"""One TCP connection for the lab `tcp`: a server sends a file over a link that loses segments.

The client asks in one line, reads slowly for a while (so that its window closes), then reads on.
Recorded at the server, which sends the data: every segment that it sends again is seen twice.
"""

import socket
import struct
import threading
import time
from pathlib import Path

from network import Link
from scene import SERVER, Scene, scene
from truth import Value, write_ends

SCRIPT = "make/tcp.py"
PORT = 9000
SIZE = 48_000
LOST = (9, 10, 34)
"""Which of the server's segments with data the link loses, counted from 1; each only once."""
CLIENT_BUFFER = 16_384


class Loss:
    """Loses the segments in `LOST` on their way out of the server, the first time they come."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self, direction: str, frame: bytes) -> list[tuple[float, bytes]]:
        number = self._data_segment(frame) if direction == "out" else None
        if number is None or number in self.seen:
            return [(0.0, frame)]
        self.seen.append(number)
        return [] if len(self.seen) in LOST else [(0.0, frame)]

    def _data_segment(self, frame: bytes) -> int | None:
        """The sequence number of a TCP segment with data over IPv4."""
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            return None
        header = 14 + (frame[14] & 15) * 4
        total = struct.unpack_from("!H", frame, 16)[0]
        offset = (frame[header + 12] >> 4) * 4
        data = total - (frame[14] & 15) * 4 - offset
        return struct.unpack_from("!I", frame, header + 4)[0] if data > 0 else None


def serve(here: Scene, listening: threading.Event, sent: list[bytes]) -> None:
    with here.server.entered(), socket.create_server((SERVER, PORT)) as server:
        listening.set()
        connection, _ = server.accept()
        with connection:
            connection.recv(1024)
            content = bytes((i * 7 + i // 251) % 256 for i in range(SIZE))
            connection.sendall(content)
            sent.append(content)


def fetch(here: Scene) -> tuple[bytes, tuple[str, int]]:
    with here.laptop.entered(), socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CLIENT_BUFFER)
        client.connect((SERVER, PORT))
        here_end = client.getsockname()
        client.sendall(b"GET file\r\n")
        time.sleep(0.6)  # the window closes meanwhile
        received = b""
        while chunk := client.recv(4096):
            received += chunk
        return received, here_end


def main() -> None:
    loss = Loss()
    far = Link(delay=0.012, tamper=loss)
    with scene("tcp", far=far) as here:
        listening, sent = threading.Event(), []
        server = threading.Thread(target=serve, args=(here, listening, sent))
        with here.record("tcp-retransmissions.pcapng", host=here.server) as capture:
            server.start()
            listening.wait(5)
            received, client = fetch(here)
            server.join(10)
    if received != sent[0]:
        raise RuntimeError("the client did not get what the server sent")
    _write(capture, client)


def _write(capture: Path, client: tuple[str, int]) -> None:
    known: dict[str, Value] = {
        "transport": "tcp",
        "client": f"{client[0]}:{client[1]}",
        "server": f"{SERVER}:{PORT}",
    }
    write_ends(
        capture,
        zh="不加密的 TCP 连接：服务器发送 48000 字节，丢了三个报文段，客户端的窗口一度关闭。",
        en="One TCP connection in clear: the server sends 48000 bytes, three segments are lost, and"
        " the client's window closes for a while.",
        script=SCRIPT,
        known_from="the two programs' own sockets",
        facts=known,
        cases=[{"lab": "tcp", "options": {}, "facts": known}],
    )


if __name__ == "__main__":
    main()
